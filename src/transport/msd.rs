//! Mean squared displacements over many lag times in one pass and bounded memory.

/// Lags at the finest spacing; each further level has half as many at twice the spacing of the one before.
const LAGS: usize = 16;

/// Blocks of time that sums are kept for: at most this many, at least half.
const BLOCKS: usize = 64;

/// Squared displacements of some particles by lag time and block of time.
///
/// A multiple-tau scheme (D. Frenkel and B. Smit, Understanding Molecular Simulation, 2nd ed., section 4.4.2) without its
/// averaging: level `l` keeps every `2^l`-th frame, so that each squared displacement is an exact one, of lags 1 to 16
/// from all frames, 18 to 32 from every second, and so on. Memory is 16 positions a particle and level, and one more level
/// each time the number of frames doubles.
#[derive(Clone, Debug)]
pub struct MultipleTau {
    n_particles: usize,
    levels: Vec<Level>,
    n_frames: usize,
    block_length: usize,
    /// `[block][lag]`: sums of squared displacements over particles and time origins.
    sums: Vec<Vec<f64>>,
    /// `[block][lag]`: time origins that went into a sum.
    origins: Vec<Vec<u64>>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// The last 16 frames, in a ring: `[LAGS][n_particles]`.
    ring: Vec<[f64; 3]>,
    pushed: usize,
}

impl MultipleTau {
    pub fn new(n_particles: usize) -> Self {
        Self { n_particles, levels: vec![], n_frames: 0, block_length: 1, sums: vec![], origins: vec![] }
    }

    /// Takes the next frame's positions.
    pub fn push(&mut self, positions: &[[f64; 3]]) {
        let frame = self.n_frames;
        self.n_frames += 1;
        let mut block = frame / self.block_length;
        if block >= BLOCKS {
            self.merge_blocks();
            block = frame / self.block_length;
        }
        if block >= self.sums.len() {
            self.sums.resize(block + 1, vec![]);
            self.origins.resize(block + 1, vec![]);
        }
        for level in 0.. {
            if !frame.is_multiple_of(1 << level) || (frame == 0 && level > 0) {
                break;
            }
            if level == self.levels.len() {
                self.levels.push(self.next_level());
            }
            let Level { ring, pushed } = &mut self.levels[level];
            let shortest = if level == 0 { 1 } else { LAGS / 2 + 1 };
            for k in shortest..=LAGS.min(*pushed) {
                let start = (*pushed - k) % LAGS * self.n_particles;
                let sum = squared_distances(positions, &ring[start..start + self.n_particles]);
                add(&mut self.sums[block], lag_index(level, k), sum);
                add(&mut self.origins[block], lag_index(level, k), 1);
            }
            let start = *pushed % LAGS * self.n_particles;
            if ring.len() <= start {
                ring.extend_from_slice(positions);
            } else {
                ring[start..start + self.n_particles].copy_from_slice(positions);
            }
            *pushed += 1;
        }
    }

    /// A level that begins with the very first frame, which the level before it still has when this one is needed.
    fn next_level(&self) -> Level {
        match self.levels.last() {
            None => Level::default(),
            Some(before) => Level { ring: before.ring[..self.n_particles].to_vec(), pushed: 1 },
        }
    }

    fn merge_blocks(&mut self) {
        self.block_length *= 2;
        self.sums = merge_pairs(&self.sums);
        self.origins = merge_pairs(&self.origins);
    }

    /// Adds what other particles did in the same frames.
    pub fn join(&mut self, other: &Self) {
        self.n_particles += other.n_particles;
        for (sums, others) in self.sums.iter_mut().zip(&other.sums) {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum += other;
            }
        }
        // The ring holds the positions of one group alone, and is of no use any more.
        self.levels.clear();
    }

    /// What was gathered.
    pub fn table(&self) -> MsdTable {
        let n_lags = self.sums.iter().map(Vec::len).max().unwrap_or(0);
        let padded = |row: &Vec<f64>| (0..n_lags).map(|k| row.get(k).copied().unwrap_or(0.0)).collect();
        let per_origin = self.n_particles as f64;
        MsdTable {
            lags: (0..n_lags).map(lag_of).collect(),
            n_particles: self.n_particles,
            n_frames: self.n_frames,
            block_length: self.block_length,
            sums: self.sums.iter().map(padded).collect(),
            weights: self
                .origins
                .iter()
                .map(|row| padded(&row.iter().map(|&n| n as f64 * per_origin).collect()))
                .collect(),
        }
    }
}

fn squared_distances(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>()).sum()
}

fn add<T: Default + Clone + std::ops::AddAssign>(row: &mut Vec<T>, index: usize, value: T) {
    if row.len() <= index {
        row.resize(index + 1, T::default());
    }
    row[index] += value;
}

fn merge_pairs<T: Default + Clone + std::ops::AddAssign>(rows: &[Vec<T>]) -> Vec<Vec<T>> {
    let merge = |pair: &[Vec<T>]| {
        let mut sum = pair[0].clone();
        for (index, value) in pair.iter().skip(1).flat_map(|row| row.iter().enumerate()) {
            add(&mut sum, index, value.clone());
        }
        sum
    };
    rows.chunks(2).map(merge).collect()
}

fn lag_index(level: usize, k: usize) -> usize {
    if level == 0 { k - 1 } else { LAGS + (level - 1) * LAGS / 2 + k - LAGS / 2 - 1 }
}

fn lag_of(index: usize) -> usize {
    match index.checked_sub(LAGS) {
        None => index + 1,
        Some(beyond) => (LAGS / 2 + 1 + beyond % (LAGS / 2)) << (beyond / (LAGS / 2) + 1),
    }
}

/// Squared displacements by lag and block of time.
#[derive(Clone, Debug)]
pub struct MsdTable {
    /// Lag times in frames, rising.
    pub lags: Vec<usize>,
    pub n_particles: usize,
    pub n_frames: usize,
    /// Frames in a block.
    pub block_length: usize,
    /// `[block][lag]`: sums of squared displacements, by the block in which the displacement ends.
    pub sums: Vec<Vec<f64>>,
    /// `[block][lag]`: number of displacements summed.
    pub weights: Vec<Vec<f64>>,
}

impl MsdTable {
    /// Products of two displacements, `[frame]`, at these lags, over the same blocks of time as this table's.
    pub(super) fn products(&self, a: &[[f64; 3]], b: &[[f64; 3]], lags: &[usize]) -> Self {
        let n_frames = a.len();
        let n_blocks = n_frames.div_ceil(self.block_length);
        let product =
            |t: usize, lag: usize| (0..3).map(|k| (a[t][k] - a[t - lag][k]) * (b[t][k] - b[t - lag][k])).sum::<f64>();
        let ends = |block: usize, lag: usize| {
            let start = block * self.block_length;
            start.max(lag)..(start + self.block_length).min(n_frames)
        };
        let each = |value: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
            (0..n_blocks).map(|block| lags.iter().map(|&lag| value(block, lag)).collect()).collect()
        };
        Self {
            lags: lags.to_vec(),
            n_particles: 1,
            n_frames,
            block_length: self.block_length,
            sums: each(&|block, lag| ends(block, lag).map(|t| product(t, lag)).sum()),
            weights: each(&|block, lag| ends(block, lag).len() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::resampling::Jackknife;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn lags_are_a_rising_list_without_gaps_in_it() {
        let lags: Vec<usize> = (0..40).map(lag_of).collect();
        assert_eq!(lags[..16], (1..=16).collect::<Vec<_>>());
        assert_eq!(lags[16..32], [18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60, 64]);
        for level in 0..3 {
            for k in if level == 0 { 1..=16 } else { 9..=16 } {
                assert_eq!(lag_of(lag_index(level, k)), k << level);
            }
        }
    }

    #[test]
    fn displacements_are_those_of_the_definition() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let (n_frames, n) = (700, 3);
        let frames: Vec<Vec<[f64; 3]>> = (0..n_frames)
            .map(|_| (0..n).map(|_| std::array::from_fn(|_| random.random_range(-1.0..1.0))).collect())
            .collect();
        let mut all = MultipleTau::new(n);
        let (mut first, mut rest) = (MultipleTau::new(1), MultipleTau::new(2));
        for frame in &frames {
            all.push(frame);
            first.push(&frame[..1]);
            rest.push(&frame[1..]);
        }
        first.join(&rest);
        let table = all.table();
        let means = Jackknife::new(&table, 1).means().to_vec();
        let joined = Jackknife::new(&first.table(), 1).means().to_vec();
        for (index, &lag) in table.lags.iter().enumerate() {
            let every = (1..=lag).rev().find(|every| every.is_power_of_two() && lag_is_at(lag, *every)).unwrap();
            let pairs: Vec<f64> = (0..n_frames - lag)
                .step_by(every)
                .map(|t| squared_distances(&frames[t + lag], &frames[t]) / n as f64)
                .collect();
            let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
            assert!((means[index] - mean).abs() < 1e-12, "lag {lag}: {} for {mean}", means[index]);
            assert!((joined[index] - mean).abs() < 1e-12);
        }
        assert!(*table.lags.last().unwrap() > n_frames / 2);
    }

    /// Whether a lag is measured from every `every`-th frame.
    fn lag_is_at(lag: usize, every: usize) -> bool {
        lag.is_multiple_of(every) && lag / every <= 16 && (every == 1 || lag / every > 8)
    }
}
