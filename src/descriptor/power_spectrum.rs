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
}

/// Memory that [`PowerSpectrum::compute`] works in; one for each thread.
pub struct Workspace {
    buffers: Buffers,
    /// `[channel][lm][n_padded]`
    coefficients: Vec<f64>,
    row: Vec<f64>,
}

impl Workspace {
    fn memory(&self) -> usize {
        self.buffers.memory() + (self.coefficients.len() + self.row.len()) * size_of::<f64>()
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
        Ok(Self { parameters, n_channels, expansion, instructions })
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
            coefficients: vec![0.0; self.n_channels * self.expansion.len()],
            row: vec![0.0; self.expansion.n_padded],
        }
    }

    /// Size of a [`Workspace`] in bytes.
    pub fn memory_of_workspace(&self) -> usize {
        self.workspace().memory()
    }

    /// The features of one center, `[n_features]`.
    ///
    /// `p = pi sqrt(8/(2l+1)) sum_m c_nlm c_n'lm`, ordered by pair of channels (a <= b), then l, n, n' (n' >= n where
    /// a = b). The center itself counts in channel 0. Every neighbour in `environment` counts: the caller applies
    /// [`PowerSpectrum::reach`].
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
        let Workspace { buffers, coefficients, row } = workspace;
        let size = self.expansion.len();
        for (channel, neighbors) in environment.channels().iter().enumerate() {
            let c = &mut coefficients[channel * size..(channel + 1) * size];
            self.expansion.expand::<V>(neighbors, channel == 0, buffers, c);
        }
        let mut at = 0;
        for a in 0..self.n_channels {
            for b in a..self.n_channels {
                let (c_a, c_b) = (&coefficients[a * size..(a + 1) * size], &coefficients[b * size..(b + 1) * size]);
                for l in 0..=self.parameters.l_max {
                    at = self.contract::<V>(l, c_a, c_b, a == b, row, features, at);
                }
            }
        }
    }

    /// One pair of channels and one degree: writes the features from `at` on and gives the place after them.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a piece of `run`, apart for legibility")]
    fn contract<V: Lanes>(
        &self,
        l: usize,
        c_a: &[f64],
        c_b: &[f64],
        same: bool,
        row: &mut [f64],
        features: &mut [f64],
        mut at: usize,
    ) -> usize {
        let (n_max, padded) = (self.parameters.n_max, self.expansion.n_padded);
        let prefactor = V::splat(std::f64::consts::PI * (8.0 / (2 * l + 1) as f64).sqrt());
        for n in 0..n_max {
            let first = if same { n } else { 0 };
            let mut from = first / MAX_LANES * MAX_LANES;
            while from < padded {
                let mut p = V::splat(0.0);
                for lm in l * l..(l + 1) * (l + 1) {
                    p = V::splat(c_a[lm * padded + n]).mul_add(V::load(c_b, lm * padded + from), p);
                }
                p.mul(prefactor).store(row, from);
                from += V::N;
            }
            let count = n_max - first;
            features[at..at + count].copy_from_slice(&row[first..n_max]);
            at += count;
        }
        at
    }
}
