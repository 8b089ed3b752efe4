//! The radial part of the expansion: what tells one [`Convention`] from another.

mod compact;
mod gto;
mod gto_basis;

use super::lanes::Lanes;
use super::parameters::{Convention, SoapParameters};
use crate::Result;

pub(super) use compact::Compact;
pub(super) use gto::Gto;

/// What a convention says of neighbours and radial functions; harmonics, sums and power spectrum are the same for all.
pub(super) trait RadialPart {
    /// Whether the center counts as a neighbour of its own, at distance 0.
    const WITH_CENTER: bool;

    /// Whether each degree l has functions of its own.
    const BY_DEGREE: bool;

    /// A squared distance at which every function has vanished, for the lanes that no neighbour fills.
    fn nowhere(&self) -> f64;

    /// The vector at which solid harmonics `r^l Y_lm` are evaluated for a displacement, and its square.
    fn angular<V: Lanes>(displacement: [V; 3], r2: V) -> [V; 4];

    /// The functions of degree l at some squared distances, `[n_max][stride]`; `r2` is filled up to whole vectors.
    fn evaluate<V: Lanes>(&self, l: usize, r2: &[f64], values: &mut [f64], stride: usize);

    /// Coefficients `[lm][n_padded]` from sums over neighbours of function times bare harmonic, `[lm][n_max]` where
    /// functions go by degree and `[lm][n_padded]` elsewhere; `normalization[lm]` makes the harmonics orthonormal.
    fn finish<V: Lanes>(&self, normalization: &[f64], sums: &[f64], coefficients: &mut [f64]);
}

/// The radial part of the convention at hand.
pub(super) enum Radial {
    Gto(Gto),
    Compact(Compact),
}

impl Radial {
    pub fn new(parameters: &SoapParameters) -> Result<Self> {
        Ok(match parameters.convention {
            Convention::DscribeGto { sigma } => Self::Gto(Gto::new(parameters, sigma)?),
            Convention::Compact { switching } => Self::Compact(Compact::new(parameters, switching)),
        })
    }
}
