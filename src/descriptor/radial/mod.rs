//! The radial part of the expansion: what tells one [`Convention`] from another.

mod compact;
mod gto;
mod gto_basis;
mod table;

use super::lanes::Lanes;
use super::parameters::{Convention, Precision, SoapParameters};
use crate::Result;

pub(super) use compact::Compact;
pub(super) use gto::Gto;

/// What a convention says of neighbours and radial functions; harmonics, sums and power spectrum are the same for all.
///
/// A neighbour's functions stand in a row, those of one degree side by side. Each times [`RadialPart::factor`] is the
/// radial function.
pub(super) trait RadialPart {
    /// Length of a row.
    fn n_functions(&self) -> usize;

    /// How far the functions of a degree are from those of the one before in a row; 0 where all degrees share them.
    fn per_degree(&self) -> usize;

    /// What the center adds to the functions of degree 0, `[n_max]`, where it counts as a neighbour of its own.
    fn center(&self) -> Option<&[f64]>;

    /// A factor that all functions of a neighbour have in common, from its squared distance.
    fn factor<V: Lanes>(&self, r2: V) -> V;

    /// The functions at the first `n` distances, `[neighbour][stride]`; `r` is filled up to whole vectors, by anything, and
    /// there are rows for all of it. What is written behind a row's functions means nothing, and is finite.
    fn evaluate<V: Lanes>(&self, n: usize, r: &[f64], rows: &mut [f64], stride: usize);
}

/// The radial part of the convention at hand.
pub(super) enum Radial {
    Gto(Gto),
    Compact(Compact),
}

impl Radial {
    /// For vectors of `lanes` doubles.
    pub fn new(parameters: &SoapParameters, lanes: usize, precision: Precision) -> Result<Self> {
        Ok(match parameters.convention {
            Convention::DscribeGto { sigma } => Self::Gto(Gto::new(parameters, sigma, lanes, precision)?),
            Convention::Compact { switching } => Self::Compact(Compact::new(parameters, switching)),
        })
    }
}
