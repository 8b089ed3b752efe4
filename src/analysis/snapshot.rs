//! The field at one instant.

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
        let mean = self.mean();
        self.local.iter().map(|v| v - mean).collect()
    }
}
