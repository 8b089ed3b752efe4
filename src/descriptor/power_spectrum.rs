//! The power spectrum: rotational invariants of the expanded density.

use super::environment::Environment;
use super::expansion::{Buffers, Expansion};
use super::lanes::{InstructionSet, Lanes, MAX_LANES, Portable};
use super::parameters::SoapParameters;
use crate::Result;

/// A SOAP power spectrum, ready to be computed for any number of centers.
pub struct PowerSpectrum {
    parameters: SoapParameters,
    n_channels: usize,
    expansion: Expansion,
    instructions: InstructionSet,
    /// Products within a channel and between two.
    same: Pieces,
    cross: Pieces,
}

/// Memory that [`PowerSpectrum::compute`] works in; one for each thread.
pub struct Workspace {
    buffers: Buffers,
    /// `[channel][lm][n_padded]`
    coefficients: Vec<f64>,
}

impl Workspace {
    fn memory(&self) -> usize {
        self.buffers.memory() + size_of_val(&self.coefficients[..])
    }
}

impl PowerSpectrum {
    /// Prepares a power spectrum over `n_channels` channels of neighbours.
    ///
    /// # Errors
    /// Parameters out of range, see [`SoapParameters::validate`], or a radial basis that double precision cannot hold.
    pub fn new(parameters: SoapParameters, n_channels: usize) -> Result<Self> {
        Self::with_instructions(parameters, n_channels, InstructionSet::best())
    }

    /// The same on a given instruction set; one that the processor lacks becomes the portable one.
    ///
    /// # Errors
    /// As [`PowerSpectrum::new`].
    pub fn with_instructions(
        parameters: SoapParameters,
        n_channels: usize,
        instructions: InstructionSet,
    ) -> Result<Self> {
        parameters.validate()?;
        let expansion = Expansion::new(&parameters)?;
        let instructions = if instructions.is_available() { instructions } else { InstructionSet::Portable };
        let [same, cross] = [true, false].map(|same| Pieces::new(parameters.n_max, same, instructions.lanes()));
        Ok(Self { parameters, n_channels, expansion, instructions, same, cross })
    }

    /// The parameters that it was made with.
    pub fn parameters(&self) -> &SoapParameters {
        &self.parameters
    }

    /// Channels of neighbours around a center.
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Number of features of one center.
    pub fn n_features(&self) -> usize {
        self.parameters.n_features(self.n_channels)
    }

    /// Distance up to which neighbours count, in the length unit of the parameters.
    pub fn reach(&self) -> f64 {
        self.parameters.reach()
    }

    /// Memory for one thread.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            buffers: self.expansion.buffers(),
            // Vectors that begin in the last row may end beyond it.
            coefficients: vec![0.0; self.n_channels * self.expansion.len() + MAX_LANES],
        }
    }

    /// Size of a [`Workspace`] in bytes.
    pub fn memory_of_workspace(&self) -> usize {
        self.workspace().memory()
    }

    /// The features of one center, `[n_features]`.
    ///
    /// `p = pi sqrt(8/(2l+1)) sum_m c_nlm c_n'lm`, ordered by pair of channels (a <= b), then l, n, n' (n' >= n where
    /// a = b). In `dscribe-gto` the center itself counts in channel 0. Every neighbour in `environment` counts: the caller
    /// applies [`PowerSpectrum::reach`].
    ///
    /// # Panics
    /// `features` has another length, or `environment` another number of channels.
    pub fn compute(&self, environment: &Environment, workspace: &mut Workspace, features: &mut [f64]) {
        assert_eq!(features.len(), self.n_features(), "length of the features");
        assert_eq!(environment.channels().len(), self.n_channels, "channels of the environment");
        match self.instructions {
            // SAFETY: `with_instructions` keeps an instruction set only if this processor has it.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { self.run_avx512(environment, workspace, features) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { self.run_avx2(environment, workspace, features) },
            _ => self.run::<Portable>(environment, workspace, features),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn run_avx512(&self, environment: &Environment, workspace: &mut Workspace, features: &mut [f64]) {
        self.run::<super::lanes::Avx512>(environment, workspace, features);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2(&self, environment: &Environment, workspace: &mut Workspace, features: &mut [f64]) {
        self.run::<super::lanes::Avx2>(environment, workspace, features);
    }

    #[inline(always)]
    fn run<V: Lanes>(&self, environment: &Environment, workspace: &mut Workspace, features: &mut [f64]) {
        let Workspace { buffers, coefficients } = workspace;
        let size = self.expansion.len();
        for (channel, neighbors) in environment.channels().iter().enumerate() {
            let c = &mut coefficients[channel * size..(channel + 1) * size];
            self.expansion.expand::<V>(neighbors, channel == 0, buffers, c);
        }
        let mut at = 0;
        for a in 0..self.n_channels {
            for b in a..self.n_channels {
                let pieces = if a == b { &self.same } else { &self.cross };
                let pair = [&coefficients[a * size..(a + 1) * size], &coefficients[b * size..]];
                for l in 0..=self.parameters.l_max {
                    at += self.contract::<V>(l, pair, pieces, &mut features[at..]);
                }
            }
        }
    }

    /// One pair of channels and one degree: writes the first features and gives their number.
    ///
    /// Vectors are written in order, and each may overlap what comes after it with values that mean nothing.
    #[inline(always)]
    fn contract<V: Lanes>(&self, l: usize, pair: [&[f64]; 2], pieces: &Pieces, features: &mut [f64]) -> usize {
        const TOGETHER: usize = 4;
        let padded = self.expansion.n_padded;
        let prefactor = V::splat(std::f64::consts::PI * (8.0 / (2 * l + 1) as f64).sqrt());
        for pieces in pieces.list.chunks(TOGETHER) {
            // Several at a time: each is a chain of dependent operations.
            let mut p = [V::splat(0.0); TOGETHER];
            let piece = |u: usize| pieces[u.min(pieces.len() - 1)];
            let places: [Piece; TOGETHER] = std::array::from_fn(piece);
            for lm in l * l..(l + 1) * (l + 1) {
                let (a, b) = (&pair[0][lm * padded..(lm + 1) * padded], &pair[1][lm * padded..]);
                for u in 0..TOGETHER {
                    p[u] = V::splat(a[places[u].n]).mul_add(V::load(b, places[u].first), p[u]);
                }
            }
            for (p, piece) in p.iter().zip(pieces) {
                let p = p.mul(prefactor);
                if piece.at + V::N <= features.len() {
                    p.store(features, piece.at);
                } else {
                    let mut last = [0.0; MAX_LANES];
                    p.store(&mut last, 0);
                    let room = features.len() - piece.at;
                    features[piece.at..].copy_from_slice(&last[..room]);
                }
            }
        }
        pieces.n_features
    }
}

/// The products of two channels' coefficients in one degree, cut into vectors.
struct Pieces {
    list: Vec<Piece>,
    n_features: usize,
}

/// One n, with n' from `first` on.
#[derive(Clone, Copy)]
struct Piece {
    n: usize,
    first: usize,
    /// Place among the features of this degree.
    at: usize,
}

impl Pieces {
    fn new(n_max: usize, same: bool, lanes: usize) -> Self {
        let (mut list, mut n_features) = (Vec::new(), 0);
        for n in 0..n_max {
            let start = if same { n } else { 0 };
            for first in (start..n_max).step_by(lanes) {
                list.push(Piece { n, first, at: n_features + first - start });
            }
            n_features += n_max - start;
        }
        Self { list, n_features }
    }
}
