//! The power spectrum: rotational invariants of the expanded density.

use super::aligned::Aligned;
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
    /// `pi sqrt(8/(2l+1))`
    prefactors: Vec<f64>,
    /// Products within a channel and between two.
    same: Pieces,
    cross: Pieces,
}

/// Memory that [`PowerSpectrum::compute`] works in; one for each thread.
pub struct Workspace {
    buffers: Buffers,
    /// `[channel][lm][n_padded]`
    coefficients: Aligned,
    /// `[l]`, each of [`PowerSpectrum::n_products`].
    products: Aligned,
}

impl Workspace {
    fn memory(&self) -> usize {
        self.buffers.memory() + size_of_val(&self.coefficients[..]) + size_of_val(&self.products[..])
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
        let instructions = if instructions.is_available() { instructions } else { InstructionSet::Portable };
        let expansion = Expansion::new(&parameters, instructions.lanes())?;
        let n_products = parameters.n_max * expansion.n_padded + MAX_LANES;
        let [same, cross] = [true, false].map(|same| Pieces::new(&parameters, same, n_products, instructions.lanes()));
        let prefactor = |l: usize| std::f64::consts::PI * (8.0 / (2 * l + 1) as f64).sqrt();
        let prefactors = (0..=parameters.l_max).map(prefactor).collect();
        Ok(Self { parameters, n_channels, expansion, instructions, prefactors, same, cross })
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
            coefficients: Aligned::zeros(self.n_channels * self.expansion.len()),
            products: Aligned::zeros((self.parameters.l_max + 1) * self.n_products()),
        }
    }

    /// Size of a [`Workspace`] in bytes.
    pub fn memory_of_workspace(&self) -> usize {
        self.workspace().memory()
    }

    /// The features of one center, `[n_features]`.
    ///
    /// `p = pi sqrt(8/(2l+1)) sum_m c_nlm c_n'lm`, ordered by pair of channels (a <= b), then l, n, n' (n' >= n where
    /// a = b). In `dscribe-gto` the center itself counts, in the channel that `environment` names. Every neighbour in `environment` counts: the caller
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
        let Workspace { buffers, coefficients, products } = workspace;
        let size = self.expansion.len();
        for (channel, neighbors) in environment.channels().iter().enumerate() {
            let c = &mut coefficients[channel * size..(channel + 1) * size];
            self.expansion.expand::<V>(neighbors, channel == environment.center(), buffers, c);
        }
        let mut at = 0;
        for a in 0..self.n_channels {
            for b in a..self.n_channels {
                let pieces = if a == b { &self.same } else { &self.cross };
                let pair = [&coefficients[a * size..(a + 1) * size], &coefficients[b * size..(b + 1) * size]];
                self.contract::<V>(pair, products);
                pieces.copy::<V>(products, &mut features[at..at + pieces.n_features]);
                at += pieces.n_features;
            }
        }
    }

    /// Length of the products of one degree, `[n][n_padded]` and room for a vector that begins in the last row.
    fn n_products(&self) -> usize {
        self.parameters.n_max * self.expansion.n_padded + MAX_LANES
    }

    /// All products of two channels' coefficients, summed over m, times the prefactor: `[l][n][n']`.
    #[inline(always)]
    fn contract<V: Lanes>(&self, [a, b]: [&[f64]; 2], products: &mut [f64]) {
        let (n_max, padded) = (self.parameters.n_max, self.expansion.n_padded);
        let n_products = self.n_products();
        // Once for all: in the loops, checks would take as long as the arithmetic.
        assert!(a.len() == self.expansion.len() && b.len() == a.len(), "coefficients of a channel");
        assert!(self.prefactors.len() * n_products <= products.len(), "room for all degrees");
        assert!(n_max.next_multiple_of(V::N) <= padded && n_max * padded <= n_products, "room for whole vectors");
        let rows = Rows { a: a.as_ptr(), b: b.as_ptr(), padded, prefactors: &self.prefactors, n_products };
        let mut first = 0;
        while first < n_max {
            let two = first + V::N < n_max;
            let mut n = 0;
            while n < n_max {
                // SAFETY: each channel has rows for all degrees, `n_max` and whole vectors from `first` on are within a row,
                // and there is room for `n_max` rows of each degree, as asserted above.
                n += unsafe {
                    // As many sums as the registers hold.
                    match (two, n_max - n) {
                        (true, 6..) => rows.multiply::<V, 6, 2>(n, first, products),
                        (true, 3..) => rows.multiply::<V, 3, 2>(n, first, products),
                        (true, _) => rows.multiply::<V, 1, 2>(n, first, products),
                        (false, 6..) => rows.multiply::<V, 6, 1>(n, first, products),
                        (false, 3..) => rows.multiply::<V, 3, 1>(n, first, products),
                        (false, _) => rows.multiply::<V, 1, 1>(n, first, products),
                    }
                };
            }
            first += if two { 2 } else { 1 } * V::N;
        }
    }
}

/// Coefficients of two channels, `[lm][padded]` each.
#[derive(Clone, Copy)]
struct Rows<'a> {
    a: *const f64,
    b: *const f64,
    padded: usize,
    /// Of each degree.
    prefactors: &'a [f64],
    /// Length of the products of one degree.
    n_products: usize,
}

impl Rows<'_> {
    /// `prefactor sum_m a_mn b_mn'` for `H` n from `n` on and `W` vectors of n' from `first` on, in every degree; gives `H`.
    ///
    /// # Safety
    /// The rows are there, reach to `n + H` and to `first` and `W` vectors, and `products` has `n + H` rows of each degree.
    #[inline(always)]
    unsafe fn multiply<V: Lanes, const H: usize, const W: usize>(
        self,
        n: usize,
        first: usize,
        products: &mut [f64],
    ) -> usize {
        // SAFETY: promised by the caller, for all pointers that are made of these.
        unsafe {
            let (mut a, mut b) = (self.a.add(n), self.b.add(first));
            let mut to = products.as_mut_ptr().add(n * self.padded + first);
            for (l, &prefactor) in self.prefactors.iter().enumerate() {
                let mut sums = [[V::splat(0.0); W]; H];
                for _ in 0..2 * l + 1 {
                    let mut vectors = [V::splat(0.0); W];
                    for (w, vector) in vectors.iter_mut().enumerate() {
                        *vector = V::read(b.add(w * V::N));
                    }
                    for (h, sums) in sums.iter_mut().enumerate() {
                        let a = V::splat(*a.add(h));
                        for (sum, vector) in sums.iter_mut().zip(vectors) {
                            *sum = a.mul_add(vector, *sum);
                        }
                    }
                    (a, b) = (a.wrapping_add(self.padded), b.wrapping_add(self.padded));
                }
                for (h, sums) in sums.into_iter().enumerate() {
                    for (w, sum) in sums.into_iter().enumerate() {
                        sum.mul(V::splat(prefactor)).write(to.add(h * self.padded + w * V::N));
                    }
                }
                to = to.wrapping_add(self.n_products);
            }
        }
        H
    }
}

/// Which products of two channels' coefficients are features, cut into vectors.
struct Pieces {
    whole: Vec<Piece>,
    /// Those that would end behind the last feature, and how many numbers of each are features.
    rest: Vec<(Piece, usize)>,
    n_features: usize,
    /// End of what is read of the products.
    end: usize,
}

/// A vector of features.
#[derive(Clone, Copy)]
struct Piece {
    /// Place among the products, `[l][n][n_padded]`, and among the features of the two channels.
    from: usize,
    at: usize,
}

impl Pieces {
    fn new(parameters: &SoapParameters, same: bool, n_products: usize, lanes: usize) -> Self {
        let (n_max, padded) = (parameters.n_max, parameters.n_max.next_multiple_of(MAX_LANES));
        let (mut list, mut n_features) = (Vec::new(), 0);
        for l in 0..=parameters.l_max {
            for n in 0..n_max {
                let start = if same { n } else { 0 };
                for first in (start..n_max).step_by(lanes) {
                    let from = l * n_products + n * padded + first;
                    list.push(Piece { from, at: n_features + first - start });
                }
                n_features += n_max - start;
            }
        }
        let end = list.iter().map(|piece| piece.from + lanes).max().unwrap_or(0);
        let n_whole = list.partition_point(|piece| piece.at + lanes <= n_features);
        let rest = list.split_off(n_whole).into_iter().map(|piece| (piece, n_features - piece.at)).collect();
        Self { whole: list, rest, n_features, end }
    }

    /// Copies the features of two channels from their products.
    ///
    /// Vectors are written in order, and each may overlap what comes after it with values that mean nothing.
    #[inline(always)]
    fn copy<V: Lanes>(&self, products: &[f64], features: &mut [f64]) {
        assert!(
            self.end <= products.len() && features.len() == self.n_features,
            "products and features of two channels"
        );
        for piece in &self.whole {
            // SAFETY: no piece is read from behind `end`, and a whole one ends within the features.
            unsafe { V::read(products.as_ptr().add(piece.from)).write(features.as_mut_ptr().add(piece.at)) };
        }
        for &(piece, count) in &self.rest {
            features[piece.at..].copy_from_slice(&products[piece.from..piece.from + count]);
        }
    }
}
