//! Whether single ions move as fast over the lags of the charge's fit as over those at which they diffuse.

use super::assignment::IonSpecies;
use super::estimators::Estimate;
use super::self_diffusion::SelfDiffusion;

/// Diffusion of single ions over the lags `from` to `to` that the charge's line was fitted to, over that at the lags of their own
/// fits, summed over species with the squares of their charges as in the Nernst-Einstein equation.
///
/// The charge's path is one, and cannot tell so well as those of all ions from which lag on motion is diffusive. Of ions that rattle
/// in what moves slowly the ratio is far above 1; before inertia is forgotten it is below. Errors are added as if lags were
/// independent, which they are not: those of one run rise and fall together, so that the ratio's is smaller. None where a curve does
/// not reach these lags, or there is none.
pub(super) fn early_diffusion(
    (from, to): (f64, f64),
    diffusion: &[SelfDiffusion],
    species: &[IonSpecies],
) -> Option<Estimate> {
    let (mut early, mut late, mut variance) = (0.0, 0.0, 0.0);
    for (of, species) in diffusion.iter().zip(species) {
        let weight = species.n_ions as f64 * species.charge * species.charge;
        let slope = of.slope_between(from, to)?;
        early += weight * slope.value;
        late += weight * of.estimate.value;
        variance += weight * weight * (slope.error.powi(2) + of.estimate.error.powi(2));
    }
    let ratio = early / late;
    ratio.is_finite().then(|| Estimate { value: ratio, error: variance.sqrt() / late })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn species_count_by_the_squares_of_their_charges() {
        let lags: Vec<f64> = (1..=40).map(f64::from).collect();
        // 0.5 everywhere; and 0.5 up to a lag of 10 and 0.1 beyond.
        let free = SelfDiffusion::of_curve(lags.iter().map(|t| (*t, 3.0 * t, 0.0)), 0.5, 0.02);
        let caged = lags.iter().map(|t| (*t, 3.0 * t.min(10.0) + 0.6 * (t - 10.0).max(0.0), 0.0));
        let caged = SelfDiffusion::of_curve(caged, 0.1, 0.01);
        let species = |charge: f64, n_ions: usize| IonSpecies { name: "ion".into(), charge, n_ions, mass: None };
        let species = [species(1.0, 20), species(-2.0, 10)];
        let ratio = |range| early_diffusion(range, &[free.clone(), caged.clone()], &species);
        let found = ratio((1.0, 8.0)).unwrap();
        assert!((found.value - (20.0 * 0.5 + 40.0 * 0.5) / (20.0 * 0.5 + 40.0 * 0.1)).abs() < 1e-12);
        assert!((found.error - f64::hypot(20.0 * 0.02, 40.0 * 0.01) / 14.0).abs() < 1e-12);
        assert!((ratio((10.0, 40.0)).unwrap().value - 1.0).abs() < 1e-12);
        assert!(ratio((40.0, 320.0)).is_none() && early_diffusion((1.0, 8.0), &[], &species).is_none());
    }
}
