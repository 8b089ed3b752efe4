//! Transport coefficients from equally spaced series: series in, estimates out.
//!
//! All estimate the same coefficient of a collective displacement `M` with current `J = dM/dt` in `D` dimensions,
//! in units of `M^2` over time:
//!
//! `K = lim 1/(2 D) d/dt <|M(t) - M(0)|^2> = 1/D * integral from 0 to infinity of <J(0).J(t)> dt`
//!
//! so that a conductivity is `K / (V kB T)` when `M` is the charge displacement. Errors are one standard error. They
//! rest on the series being Gaussian, as sums over many ions are: the covariance of every quadratic estimate then
//! follows from the correlations themselves (Isserlis' theorem), and no resampling noise enters the error.

mod bursts;
mod cepstral;
mod einstein;
mod force;
mod green_kubo;
mod series;
mod structure;
mod window;

pub use cepstral::{Cepstral, CepstralOptions, cepstral};
pub use einstein::{Diffusive, EinsteinHelfand, EinsteinOptions, einstein_helfand};
pub use force::{ForceRoute, force_route};
pub use green_kubo::{GreenKubo, GreenKuboOptions, green_kubo};

use serde::Serialize;

/// Frames of the shortest series that an estimator takes: fewer leave no choice of lags, windows and coefficients.
pub(super) const FEWEST_FRAMES: usize = 64;

/// A value and its standard error, which accounts for the correlation of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub error: f64,
}

impl Estimate {
    /// From a variance, which rounding may have brought below zero. One that is not known (NaN) gives no error, not one of zero.
    pub fn of_variance(value: f64, variance: f64) -> Self {
        Self { value, error: if variance < 0.0 { 0.0 } else { variance.sqrt() } }
    }

    /// The error as a part of the value.
    pub fn relative_error(&self) -> f64 {
        self.error / self.value.abs()
    }
}
