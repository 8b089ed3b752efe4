//! The field at one instant.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::geometry::Cell;

/// Ions with their local conductivity, in the order of their ids, which is the same in all frames.
#[derive(Clone, Copy, Debug)]
pub struct FieldSnapshot<'a> {
    pub cell: &'a Cell,
    /// `[n_ions]`, wrapped or not.
    pub positions: &'a [[f64; 3]],
    /// Which ions are alike: the sign of the charge where it is known, or else the type.
    pub kinds: &'a [i32],
    /// `[n_ions]`, in elementary charges, where they are known.
    pub charges: Option<&'a [f64]>,
    /// `[n_ions]`, in the model's unit.
    pub local: &'a [f64],
}

impl FieldSnapshot<'_> {
    /// Mean over ions.
    pub fn mean(&self) -> f64 {
        self.local.iter().sum::<f64>() / self.local.len() as f64
    }

    /// Departures from this instant's mean.
    pub fn fluctuations(&self) -> Vec<f64> {
        // The mean of equal values may differ from them by rounding, which is no departure.
        let is_uniform = self.local.windows(2).all(|pair| pair[0] == pair[1]);
        let mean = if is_uniform { self.local.first().copied().unwrap_or(0.0) } else { self.mean() };
        self.local.iter().map(|v| v - mean).collect()
    }

    /// Departures handed out anew among ions of a kind: a field that knows nothing of places. `frame` is the frame's number, so
    /// that each is shuffled in its own way.
    pub fn shuffled(&self, fluctuations: &[f64], seed: u64, frame: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(frame);
        let mut order: Vec<usize> = (0..self.kinds.len()).collect();
        order.sort_by_key(|&i| self.kinds[i]);
        let mut out = vec![0.0; self.kinds.len()];
        for group in order.chunk_by(|&a, &b| self.kinds[a] == self.kinds[b]) {
            let mut values: Vec<f64> = group.iter().map(|&i| fluctuations[i]).collect();
            values.shuffle(&mut random);
            group.iter().zip(values).for_each(|(&i, v)| out[i] = v);
        }
        out
    }

    /// Ions in the order of cubes of about this size in which they are.
    pub(super) fn order_in_space(&self, size: f64) -> Vec<usize> {
        let cubes = self.cell.widths().map(|width| (width / size).ceil().clamp(1.0, 1024.0));
        let cube = |position: [f64; 3]| {
            let place = self.cell.to_fractional(self.cell.wrap(position));
            (0..3).fold(0u64, |key, k| key * 1024 + (place[k] * cubes[k]).clamp(0.0, cubes[k] - 1.0) as u64)
        };
        let keys: Vec<u64> = self.positions.iter().map(|p| cube(*p)).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&i| keys[i]);
        order
    }
}
