//! The power spectrum: rotational invariants of the expanded density.

use super::aligned::Aligned;
use super::environment::Environment;
use super::expansion::{Buffers, Expansion};
use super::lanes::{Lanes, MAX_LANES, Portable, lanes};
use super::parameters::{Precision, SoapParameters};
use crate::Result;
use crate::processor::{InstructionSet, expect_writes};

/// A SOAP power spectrum, ready to be computed for any number of centers.
pub struct PowerSpectrum {
    parameters: SoapParameters,
    n_channels: usize,
    expansion: Expansion,
    instructions: InstructionSet,
    /// `pi sqrt(8/(2l+1))`
    prefactors: Vec<f64>,
    /// Products within a channel and between two.
    same: Products,
    cross: Products,
}

/// Memory that [`PowerSpectrum::compute`] works in; one for each thread.
pub struct Workspace {
    buffers: Buffers,
    /// `[channel][lm][n_padded]`
    coefficients: Aligned,
}

impl Workspace {
    fn memory(&self) -> usize {
        self.buffers.memory() + size_of_val(&self.coefficients[..])
    }
}

impl PowerSpectrum {
    /// Prepares a power spectrum over `n_channels` channels of neighbours, in double precision.
    ///
    /// # Errors
    /// Parameters out of range, see [`SoapParameters::validate`], or a radial basis that double precision cannot hold.
    pub fn new(parameters: SoapParameters, n_channels: usize) -> Result<Self> {
        Self::with_instructions(parameters, n_channels, InstructionSet::best())
    }

    /// The same for features that become float32, as those of models do: sooner computed.
    ///
    /// # Errors
    /// As [`PowerSpectrum::new`].
    pub fn in_single_precision(parameters: SoapParameters, n_channels: usize) -> Result<Self> {
        Self::made(parameters, n_channels, InstructionSet::best(), Precision::Single)
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
        Self::made(parameters, n_channels, instructions, Precision::Double)
    }

    fn made(
        parameters: SoapParameters,
        n_channels: usize,
        instructions: InstructionSet,
        precision: Precision,
    ) -> Result<Self> {
        parameters.validate()?;
        let instructions = if instructions.is_available() { instructions } else { InstructionSet::Portable };
        let expansion = Expansion::new(&parameters, lanes(instructions), precision)?;
        let [same, cross] = [true, false].map(|same| Products::new(parameters.n_max, same, lanes(instructions)));
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

    /// How many of a center's features to ask of memory at a time: the first before its neighbours are gathered, more before each
    /// channel is expanded. All at once are more than can be under way, and what asks next waits.
    pub(crate) fn features_at_a_time(&self) -> usize {
        self.n_features().div_ceil(1 + self.n_channels)
    }

    /// Memory for one thread.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            buffers: self.expansion.buffers(),
            coefficients: Aligned::zeros(self.n_channels * self.expansion.len()),
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
        let Workspace { buffers, coefficients } = workspace;
        let size = self.expansion.len();
        let at_a_time = self.features_at_a_time();
        for (channel, neighbors) in environment.channels().iter().enumerate() {
            expect_writes(features.chunks(at_a_time).nth(channel + 1).unwrap_or_default());
            let c = &mut coefficients[channel * size..(channel + 1) * size];
            self.expansion.expand::<V>(neighbors, channel == environment.center(), buffers, c);
        }
        let mut at = 0;
        for a in 0..self.n_channels {
            for b in a..self.n_channels {
                let products = if a == b { &self.same } else { &self.cross };
                let pair = [&coefficients[a * size..(a + 1) * size], &coefficients[b * size..(b + 1) * size]];
                let end = at + self.prefactors.len() * products.of_degree;
                self.contract::<V>(products, pair, &mut features[at..end]);
                at = end;
            }
        }
    }

    /// All products of two channels' coefficients, summed over m, times the prefactor: `[l]` of the pair's features of a degree.
    #[inline(always)]
    fn contract<V: Lanes>(&self, products: &Products, [a, b]: [&[f64]; 2], features: &mut [f64]) {
        // Once for all: in the loops, checks would take as long as the arithmetic.
        assert!(a.len() == self.expansion.len() && b.len() == a.len(), "coefficients of a channel");
        assert_eq!(features.len(), self.prefactors.len() * products.of_degree, "features of two channels");
        assert_eq!(products.lanes, V::N, "lanes of a vector");
        let padded = self.expansion.n_padded;
        let rows = Rows { a: a.as_ptr(), b: b.as_ptr(), padded, prefactors: &self.prefactors };
        for tile in &products.tiles {
            // SAFETY: each channel has rows for all degrees, which hold whole vectors, and a tile's rows are among the features
            // of a degree, of which there are as many as degrees.
            unsafe {
                match (tile.rows, tile.vectors) {
                    (4, 1) if tile.half => rows.multiply::<V::Half, 4, 1>(tile, products.of_degree, features),
                    (6, 2) => rows.multiply::<V, 6, 2>(tile, products.of_degree, features),
                    (4, 2) => rows.multiply::<V, 4, 2>(tile, products.of_degree, features),
                    (2, 2) => rows.multiply::<V, 2, 2>(tile, products.of_degree, features),
                    (1, 2) => rows.multiply::<V, 1, 2>(tile, products.of_degree, features),
                    (6, 1) => rows.multiply::<V, 6, 1>(tile, products.of_degree, features),
                    (4, 1) => rows.multiply::<V, 4, 1>(tile, products.of_degree, features),
                    (2, 1) => rows.multiply::<V, 2, 1>(tile, products.of_degree, features),
                    (1, 1) => rows.multiply::<V, 1, 1>(tile, products.of_degree, features),
                    _ => unreachable!("a tile of products is of one of these sizes"),
                }
            }
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
}

impl Rows<'_> {
    /// `prefactor sum_m a_mn b_mn'` for the n and n' of a tile, which has `H` of n and `W` vectors of n', in every degree.
    ///
    /// # Safety
    /// The rows are there and hold the tile's n and n', and its own rows are within `of_degree` features of each degree.
    #[inline(always)]
    unsafe fn multiply<V: Lanes, const H: usize, const W: usize>(
        self,
        tile: &Tile,
        of_degree: usize,
        features: &mut [f64],
    ) {
        debug_assert_eq!((tile.rows, tile.vectors), (H, W));
        debug_assert!(tile.at[..H].iter().all(|at| at + (W - 1) * V::N + tile.last <= of_degree));
        // SAFETY: promised by the caller, for all pointers that are made of these.
        unsafe {
            let (mut a, mut b) = (self.a.add(tile.n), self.b.add(tile.first));
            let mut to = features.as_mut_ptr();
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
                for sum in sums.as_flattened_mut() {
                    *sum = sum.mul(V::splat(prefactor));
                }
                match tile.last {
                    1 => write::<V, H, W, 1>(sums, &tile.at, to),
                    2 => write::<V, H, W, 2>(sums, &tile.at, to),
                    3 => write::<V, H, W, 3>(sums, &tile.at, to),
                    4 => write::<V, H, W, 4>(sums, &tile.at, to),
                    5 => write::<V, H, W, 5>(sums, &tile.at, to),
                    6 => write::<V, H, W, 6>(sums, &tile.at, to),
                    7 => write::<V, H, W, 7>(sums, &tile.at, to),
                    _ => write::<V, H, W, 8>(sums, &tile.at, to),
                }
                to = to.wrapping_add(of_degree);
            }
        }
    }
}

/// Writes a tile's products to where its rows are among the features of a degree, `LAST` lanes of each row's last vector.
///
/// Rows from the last to the first: within a channel a row's first lanes are no features, and lie where rows before it have theirs.
///
/// # Safety
/// A tile's rows are within the features of the degree, which begin at `to`.
#[inline(always)]
unsafe fn write<V: Lanes, const H: usize, const W: usize, const LAST: usize>(
    sums: [[V; W]; H],
    at: &[usize; MOST_ROWS],
    to: *mut f64,
) {
    // SAFETY: promised by the caller.
    unsafe {
        for h in (0..H).rev() {
            let row = to.add(at[h]);
            for (w, sum) in sums[h].into_iter().enumerate() {
                if w + 1 < W {
                    sum.write(row.add(w * V::N));
                } else {
                    sum.write_first::<LAST>(row.add(w * V::N));
                }
            }
        }
    }
}

/// Which products of two channels' coefficients are features, tile by tile.
struct Products {
    /// From the last rows to the first, and of the same rows from the first columns to the last: a later one overwrites what an
    /// earlier one has written too much.
    tiles: Vec<Tile>,
    lanes: usize,
    /// Features of each degree.
    of_degree: usize,
}

/// Most rows and vectors of a tile: as many sums as the registers hold.
const MOST_ROWS: usize = 6;
const MOST_VECTORS: usize = 2;

/// Products of `rows` n from `n` on with `vectors` vectors of n' from `first` on.
struct Tile {
    n: usize,
    first: usize,
    rows: usize,
    vectors: usize,
    /// Whether its one vector is of half as many lanes.
    half: bool,
    /// Lanes of the last vector that are functions.
    last: usize,
    /// Where the first lane of a row is among the features of a degree: in a row before, if it is none itself.
    at: [usize; MOST_ROWS],
}

/// Rows of a channel with itself that begin at the same n', which leaves out most of the products that are no features: as many as half
/// the lanes of the widest vectors.
const ROWS_TOGETHER: usize = MAX_LANES / 2;

impl Products {
    /// Of `n_max` functions, in a channel or between two.
    fn new(n_max: usize, same: bool, lanes: usize) -> Self {
        let mut products =
            Self { tiles: vec![], lanes, of_degree: if same { n_max * (n_max + 1) / 2 } else { n_max * n_max } };
        let mut end = n_max;
        while end > 0 {
            if same && end >= ROWS_TOGETHER {
                end -= ROWS_TOGETHER;
                products.add_rows(n_max, same, [end, ROWS_TOGETHER], n_max - end);
            } else {
                let rows = [6, 4, 2].into_iter().find(|&rows| rows <= end).unwrap_or(1);
                end -= rows;
                products.add_rows(n_max, same, [end, rows], n_max);
            }
        }
        products
    }

    /// Adds tiles of `rows` rows from `n` on with the last `functions` functions, or with some more where vectors would end behind the
    /// functions that fill up a row of coefficients.
    fn add_rows(&mut self, n_max: usize, same: bool, [n, rows]: [usize; 2], functions: usize) {
        let start = |n: usize| if same { n } else { 0 };
        let row = |n: usize| (0..n).map(|n| n_max - start(n)).sum::<usize>();
        // Only vectors of eight have a kind of half as many.
        let half = self.lanes == MAX_LANES && functions == ROWS_TOGETHER && rows == ROWS_TOGETHER;
        let lanes = if half { self.lanes / 2 } else { self.lanes };
        let padded = n_max.next_multiple_of(MAX_LANES);
        let from = (n_max - functions).min(padded - functions.next_multiple_of(lanes));
        for first in (from..n_max).step_by(MOST_VECTORS * lanes) {
            let functions = (n_max - first).min(MOST_VECTORS * lanes);
            let vectors = functions.div_ceil(lanes);
            // What reads of whole vectors rely on.
            assert!(first + vectors * lanes <= padded, "functions of a tile");
            let mut at = [0; MOST_ROWS];
            for (h, at) in at.iter_mut().enumerate().take(rows) {
                *at = row(n + h) - start(n + h) + first;
            }
            self.tiles.push(Tile { n, first, rows, vectors, half, last: functions - (vectors - 1) * lanes, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`write`] does, with the n and n' of a product in its place.
    #[test]
    fn every_feature_is_written_last_by_its_own_product() {
        for (lanes, n_max, same) in [4, 8]
            .into_iter()
            .flat_map(|lanes| (1..=16).flat_map(move |n_max| [true, false].map(move |same| (lanes, n_max, same))))
        {
            let products = Products::new(n_max, same, lanes);
            let mut features = vec![None; products.of_degree];
            for tile in &products.tiles {
                for h in (0..tile.rows).rev() {
                    let whole = (tile.vectors - 1) * if tile.half { lanes / 2 } else { lanes };
                    for lane in 0..whole + tile.last {
                        features[tile.at[h] + lane] = Some([tile.n + h, tile.first + lane]);
                    }
                }
            }
            let of_row = |n: usize| (if same { n } else { 0 }..n_max).map(move |other| Some([n, other]));
            assert!(features.into_iter().eq((0..n_max).flat_map(of_row)), "{lanes} lanes, n_max {n_max}, same {same}");
        }
    }
}
