//! How well predictions agree with labels.

use serde::{Deserialize, Serialize};

/// A label and what was predicted for its system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prediction {
    pub name: String,
    #[serde(rename = "true")]
    pub label: f64,
    #[serde(rename = "true_error")]
    pub label_error: f64,
    pub predicted: f64,
    /// Standard error of the prediction itself; the label's comes on top.
    pub predicted_error: f64,
}

/// Figures of merit over systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `1 - sum (p - t)^2 / sum (t - <t>)^2`; absent where all labels are alike.
    pub r2: Option<f64>,
    pub rmse: f64,
    /// Mean of `((p - t) / error of t)^2`, errors floored.
    pub chi2: f64,
}

/// Share of labels within the stated errors, label and prediction combined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Within one standard error; 0.68 if errors are as stated.
    pub one_sigma: f64,
    /// Within 1.96; 0.95 if errors are as stated.
    pub two_sigma: f64,
    /// Mean of `(p - t)^2` over the squared error; 1 if errors are as stated.
    pub mean_squared_z: f64,
}

impl Prediction {
    fn floored(&self, floor: f64) -> f64 {
        self.label_error.max(floor * self.label.abs())
    }

    /// `|p - t|` over both errors, that of the prediction times `scale`.
    fn z(&self, floor: f64, scale: f64) -> f64 {
        (self.predicted - self.label).abs() / self.floored(floor).hypot(scale * self.predicted_error)
    }
}

/// Scores predictions; label errors below the share `floor` of the label count as that share.
pub fn score(predictions: &[Prediction], floor: f64) -> Score {
    let n = predictions.len() as f64;
    let mean = predictions.iter().map(|p| p.label).sum::<f64>() / n;
    let total: f64 = predictions.iter().map(|p| (p.label - mean).powi(2)).sum();
    let residual: f64 = predictions.iter().map(|p| (p.predicted - p.label).powi(2)).sum();
    let chi2 = predictions.iter().map(|p| ((p.predicted - p.label) / p.floored(floor)).powi(2)).sum::<f64>() / n;
    Score { r2: (total > 0.0).then(|| 1.0 - residual / total), rmse: (residual / n).sqrt(), chi2 }
}

/// Compares actual with stated errors.
pub fn coverage(predictions: &[Prediction], floor: f64) -> Coverage {
    let n = predictions.len() as f64;
    let within = |z: f64| predictions.iter().filter(|p| p.z(floor, 1.0) <= z).count() as f64 / n;
    let mean_squared_z = predictions.iter().map(|p| p.z(floor, 1.0).powi(2)).sum::<f64>() / n;
    Coverage { one_sigma: within(1.0), two_sigma: within(1.96), mean_squared_z }
}

/// The least and the largest factor that [`calibration`] gives.
pub const CALIBRATIONS: [f64; 2] = [0.2, 5.0];

/// The factor by which stated errors of predictions must be multiplied for the mean squared `z` to be 1, or that of
/// [`CALIBRATIONS`] that comes nearest.
pub fn calibration(predictions: &[Prediction], floor: f64) -> f64 {
    let excess = |scale: f64| {
        predictions.iter().map(|p| p.z(floor, scale).powi(2)).sum::<f64>() / predictions.len() as f64 - 1.0
    };
    let [mut low, mut high] = CALIBRATIONS;
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    f64::sqrt(low * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(errors: &[f64], deviation: f64) -> Vec<Prediction> {
        let one = |(i, off): (usize, &f64)| Prediction {
            name: i.to_string(),
            label: i as f64,
            label_error: 0.1,
            predicted: i as f64 + off,
            predicted_error: deviation,
        };
        errors.iter().enumerate().map(one).collect()
    }

    #[test]
    fn figures_of_merit_are_those_of_the_definition() {
        let given = predictions(&[0.1, -0.2, 0.1], 0.0);
        let found = score(&given, 0.0);
        assert!((found.r2.unwrap() - (1.0 - 0.06 / 2.0)).abs() < 1e-12);
        assert!((found.rmse - 0.02f64.sqrt()).abs() < 1e-12);
        assert!((found.chi2 - 2.0).abs() < 1e-12);
        // A floor of 20 percent makes the errors 0.1, 0.2, 0.4.
        assert!((score(&given, 0.2).chi2 - (1.0 + 1.0 + 0.0625) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn calibration_makes_the_mean_squared_z_one() {
        let mut given = predictions(&[0.5, -0.5, 0.5, -0.5], 0.2);
        let factor = calibration(&given, 0.0);
        given.iter_mut().for_each(|p| p.predicted_error *= factor);
        assert!((coverage(&given, 0.0).mean_squared_z - 1.0).abs() < 1e-9);
        assert!((factor * 0.2 - (0.25f64 - 0.01).sqrt()).abs() < 1e-9);
        assert!((calibration(&predictions(&[0.01, -0.01], 1.0), 0.0) - CALIBRATIONS[0]).abs() < 1e-9);
        assert!((calibration(&predictions(&[9.0, -9.0], 0.1), 0.0) - CALIBRATIONS[1]).abs() < 1e-9);
    }
}
