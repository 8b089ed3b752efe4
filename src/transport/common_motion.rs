//! From which lag on the common motion of a species' ions, and of all ions, is diffusive.

use super::estimators::{EinsteinHelfand, EinsteinOptions, einstein_helfand};
use super::record::Record;
use super::self_diffusion::SelfDiffusion;

/// What moves together by less than this share of what independent ions would, as where the centre of mass rests but for rounding,
/// counts for nothing.
const NOTHING: f64 = 1e-3;

/// How the summed displacements of each species and of all ions go on in time.
///
/// What carries no charge may be slower than the charge, which does not tell: pairs, or all ions under a thermostat's friction.
pub(super) struct CommonMotion {
    /// The shortest lag that suffices for all, as far as there is one.
    pub from: f64,
    /// Those that no lag within the run's reach suffices for.
    pub slow: Vec<String>,
}

impl CommonMotion {
    pub fn of(record: &Record, diffusion: &[SelfDiffusion]) -> Self {
        let species = &record.assignment.species;
        let independent: f64 = species.iter().zip(diffusion).map(|(s, d)| s.n_ions as f64 * d.estimate.value).sum();
        let mut found = Self { from: 0.0, slow: vec![] };
        let mut add = |name: String, path: &[[f64; 3]]| {
            let fit = einstein_helfand(path, record.dt, &EinsteinOptions::default()).ok();
            let Some(fit) = fit.filter(|fit| at_longest_lag(fit) > NOTHING * independent) else { return };
            found.from = found.from.max(fit.fit_from);
            if !fit.diffusive.yes {
                found.slow.push(name);
            }
        };
        for (species, path) in species.iter().zip(&record.displacement) {
            add(species.name.clone(), path);
        }
        if species.len() > 1 {
            add("all ions".into(), &sum_over_species(&record.displacement));
        }
        found
    }
}

/// Mean squared displacement over six times the lag.
fn at_longest_lag(fit: &EinsteinHelfand) -> f64 {
    fit.msd.last().zip(fit.lags.last()).map_or(0.0, |(msd, lag)| msd / (6.0 * lag))
}

/// `[frame]`: of `[species][frame]`.
fn sum_over_species(displacement: &[Vec<[f64; 3]>]) -> Vec<[f64; 3]> {
    let n_frames = displacement.first().map_or(0, Vec::len);
    let sum = |frame: usize, k: usize| displacement.iter().map(|path| path[frame][k]).sum();
    (0..n_frames).map(|frame| [0, 1, 2].map(|k| sum(frame, k))).collect()
}
