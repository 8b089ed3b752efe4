//! Deviations of predictions made as large as the predictions are wrong, for systems and for single ions.

use super::score::{Prediction, calibration};

/// What squared errors of responses are multiplied by for the deviations of a field, one after the other.
///
/// A fit takes each ion for a measurement of one function of its surroundings. Ions of one liquid share what the surroundings
/// do not say, so that the function is known less well than so many ions would have it.
pub const WIDENINGS: [f64; 7] = [1.0, 3.0, 9.0, 27.0, 81.0, 243.0, 729.0];

/// Ions of one system that a field was not learned from.
pub struct HeldOutIons {
    /// Squared differences of departures from the mean, in field and response.
    pub squared: Vec<f64>,
    /// Squared errors of the responses.
    pub noise: Vec<f64>,
    /// Squared standard deviations over the ensemble, over the mean, for each widening.
    pub deviations: Vec<Vec<f64>>,
}

impl HeldOutIons {
    /// Mean squared difference over both errors, where deviations are multiplied by `scale`.
    pub fn mean_squared_z(&self, widening: usize, scale: f64) -> f64 {
        let all = self.squared.iter().zip(&self.noise).zip(&self.deviations[widening]);
        all.map(|((squared, noise), deviation)| squared / (noise + scale * scale * deviation)).sum::<f64>()
            / self.squared.len() as f64
    }
}

/// Which widening makes deviations of ions most nearly as large as they should be, and the factor that deviations are then
/// to be multiplied by for systems; `predictions` gives them for each widening.
pub fn calibrate(
    n_widenings: usize,
    predictions: &dyn Fn(usize) -> Vec<Prediction>,
    ions: &[HeldOutIons],
    floor: f64,
) -> (usize, f64) {
    let off = |widening: usize| {
        let scale = calibration(&predictions(widening), floor);
        let mean = ions.iter().map(|i| i.mean_squared_z(widening, scale)).sum::<f64>() / ions.len() as f64;
        (mean.ln().abs(), widening, scale)
    };
    if ions.is_empty() {
        return (0, calibration(&predictions(0), floor));
    }
    let best = (0..n_widenings).map(off).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or((0, 1.0), |(_, widening, scale)| (widening, wide_enough(widening, ions, scale)))
}

/// The factor, or the larger one with which ions are off by their deviations: widenings end, and labels that are less precise than the
/// model's systems leave a factor that is smaller than ions bear out.
fn wide_enough(widening: usize, ions: &[HeldOutIons], scale: f64) -> f64 {
    const TOO_NARROW: f64 = 1.5;
    const MOST: f64 = 1e3;
    let mean_squared_z =
        |scale: f64| ions.iter().map(|i| i.mean_squared_z(widening, scale)).sum::<f64>() / ions.len() as f64;
    // Where noise alone is larger than stated, no deviation helps.
    if mean_squared_z(scale) < TOO_NARROW || mean_squared_z(MOST * scale) > 1.0 {
        return scale;
    }
    let (mut low, mut high) = (scale, MOST * scale);
    while high / low > 1.0 + 1e-9 {
        let middle = (low * high).sqrt();
        if mean_squared_z(middle) > 1.0 { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widening_is_that_of_the_planted_deviation() {
        let n = 1000;
        // Differences as from a deviation of 0.3 and noise of 0.1.
        let wave = |i: usize| 2.0 * (0.7 * i as f64).sin().powi(2);
        let ions = HeldOutIons {
            squared: (0..n).map(|i| wave(i) * (0.09 + 0.01)).collect(),
            noise: vec![0.01; n],
            deviations: WIDENINGS.map(|w| vec![0.09 * w / 27.0; n]).to_vec(),
        };
        // Systems are off by twice their deviation.
        let predictions = |_: usize| {
            let one = |i: usize| Prediction {
                name: i.to_string(),
                label: 1.0,
                label_error: 0.0,
                predicted: if i.is_multiple_of(2) { 1.2 } else { 0.8 },
                predicted_error: 0.1,
            };
            (0..10).map(one).collect()
        };
        let (widening, scale) = calibrate(WIDENINGS.len(), &predictions, &[], 0.0);
        assert!(widening == 0 && (scale - 2.0).abs() < 1e-6, "{widening} {scale}");
        // What systems need makes ions wider by 4 in squares, so less is left for them.
        let (widening, _) = calibrate(WIDENINGS.len(), &predictions, &[ions], 0.0);
        assert_eq!(WIDENINGS[widening], 9.0);
    }

    #[test]
    fn ions_that_no_widening_reaches_have_a_factor_of_their_own() {
        let n = 100;
        // Off by ten deviations, without noise, at the widest.
        let ions = || HeldOutIons { squared: vec![1.0; n], noise: vec![1e-9; n], deviations: vec![vec![0.01; n]] };
        let precise = |_: usize| {
            let one = |i: usize| Prediction {
                name: i.to_string(),
                label: 1.0,
                label_error: 0.5,
                predicted: 1.0,
                predicted_error: 0.1,
            };
            (0..10).map(one).collect()
        };
        let (_, scale) = calibrate(1, &precise, &[ions()], 0.0);
        assert!((scale - 10.0).abs() < 1e-6, "{scale}");
        // Noise that is larger than stated is no deviation's fault.
        let noisy = HeldOutIons { squared: vec![1.0; n], noise: vec![0.01; n], deviations: vec![vec![0.0; n]] };
        assert_eq!(calibrate(1, &precise, &[noisy], 0.0).1, calibrate(1, &precise, &[], 0.0).1);
    }
}
