//! The training domain, and how far outside it an environment lies.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use super::ensemble::elementwise::largest_departure;

/// The grade of every ion where a model carries no training domain.
pub const NO_DOMAIN: f64 = -1.0;

/// Half-widths below this share of the widest one count as this share, lest a feature that never varied in training
/// turn rounding into extrapolation.
const NARROWEST: f64 = 1e-6;

/// The box in feature space that holds every training environment.
///
/// The extrapolation grade is `max_f |x_f - center_f| / half_width_f`: 1 on the box's surface, at most 1 inside, 2 where
/// some feature lies as far outside as half the range that it had in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    kind: Kind,
    /// Number of environments that the box was drawn around.
    n_environments: u64,
    low: Vec<f32>,
    high: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Box,
}

impl Domain {
    /// Number of features that it speaks of.
    pub fn n_features(&self) -> usize {
        self.low.len()
    }

    /// Number of environments that it was drawn around.
    pub fn n_environments(&self) -> u64 {
        self.n_environments
    }

    /// A value of a feature inside the box, at a share of its width from the lower end.
    pub(super) fn between(&self, feature: usize, share: f32) -> f32 {
        self.low[feature] * (1.0 - share) + self.high[feature] * share
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let ordered = self.low.iter().zip(&self.high).all(|(l, h)| l.is_finite() && h.is_finite() && l <= h);
        if self.low.len() == self.high.len() && ordered { Ok(()) } else { Err("its training domain is damaged".into()) }
    }

    /// Grades environments by their features, `[n, n_features]`.
    pub fn grader(&self) -> Grader {
        let both = || self.low.iter().zip(&self.high).map(|(&l, &h)| (f64::from(l), f64::from(h)));
        let half: Vec<f64> = both().map(|(l, h)| (h - l) / 2.0).collect();
        let floor = NARROWEST * half.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let half: Vec<f64> = half.into_iter().map(|h| h.max(floor)).collect();
        let center: Vec<f64> = both().map(|(l, h)| (l + h) / 2.0).collect();
        let of_center = center.iter().zip(&half).map(|(c, h)| c.abs() / h).fold(0.0, f64::max);
        Grader {
            rounding: f64::from(f32::EPSILON) * (of_center + 4.0),
            rounded: [center.iter().map(|&c| c as f32).collect(), half.iter().map(|h| (1.0 / h) as f32).collect()],
            center,
            half,
        }
    }
}

/// A domain made ready for grading.
pub struct Grader {
    /// Centers and inverse half-widths, for vectors of many features.
    rounded: [Vec<f32>; 2],
    /// What rounding adds to a grade of 1 at most.
    rounding: f64,
    center: Vec<f64>,
    half: Vec<f64>,
}

impl Grader {
    /// The extrapolation grade of one environment, `[n_features]`.
    pub fn grade(&self, features: ArrayView1<f32>) -> f64 {
        let [center, inverse] = &self.rounded;
        let mut largest = 0.0;
        match features.as_slice() {
            Some(features) => largest_departure(features, center, inverse, &mut largest),
            None => largest_departure(&features.to_vec(), center, inverse, &mut largest),
        }
        let largest = f64::from(largest);
        if largest > 1.0 && largest <= 1.0 + self.rounding { self.exact(features) } else { largest }
    }

    /// As [`Grader::grade`], in double precision: what lies on the box is not outside it by rounding.
    fn exact(&self, features: ArrayView1<f32>) -> f64 {
        let departures =
            features.iter().zip(&self.center).zip(&self.half).map(|((&x, c), h)| (f64::from(x) - c).abs() / h);
        departures.fold(0.0, |largest, departure| if departure > largest { departure } else { largest })
    }
}

/// Draws a box around environments, a batch at a time.
#[derive(Default)]
pub struct DomainBuilder {
    n: u64,
    low: Vec<f32>,
    high: Vec<f32>,
}

impl DomainBuilder {
    /// Takes in a batch of features, `[n, n_features]`.
    pub fn add(&mut self, features: ArrayView2<f32>) {
        if self.low.is_empty() {
            self.low = vec![f32::INFINITY; features.ncols()];
            self.high = vec![f32::NEG_INFINITY; features.ncols()];
        }
        for row in features.rows() {
            for ((low, high), &x) in self.low.iter_mut().zip(&mut self.high).zip(row) {
                (*low, *high) = (low.min(x), high.max(x));
            }
        }
        self.n += features.nrows() as u64;
    }

    /// The box; none if there was no environment.
    pub fn build(self) -> Option<Domain> {
        (self.n > 0).then_some(Domain { kind: Kind::Box, n_environments: self.n, low: self.low, high: self.high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn grade_is_one_on_the_box_and_counts_half_widths_beyond() {
        let mut builder = DomainBuilder::default();
        builder.add(array![[0.0f32, 5.0, 1.0], [2.0, 5.0, 1.0]].view());
        builder.add(array![[1.0f32, 9.0, 1.0]].view());
        let grader = builder.build().unwrap().grader();
        let grade = |x: [f32; 3]| grader.grade(ndarray::aview1(&x));
        assert_eq!(grade([1.0, 7.0, 1.0]), 0.0);
        assert_eq!(grade([2.0, 7.0, 1.0]), 1.0);
        assert_eq!(grade([0.5, 11.0, 1.0]), 2.0);
        assert!(grade([1.0, 7.0, 1.1]) > 1e3, "a feature that never varied in training");
    }

    #[test]
    fn what_was_trained_on_is_not_outside_by_rounding() {
        let row = |i: usize| ndarray::Array1::from_shape_fn(60, |f| 1000.0 + ((7 * i + 3 * f) % 11) as f32 * 1.1e-3);
        let rows: Vec<_> = (0..40).map(row).collect();
        let mut builder = DomainBuilder::default();
        rows.iter().for_each(|row| builder.add(row.view().insert_axis(ndarray::Axis(0))));
        let grader = builder.build().unwrap().grader();
        assert!(rows.iter().all(|row| grader.grade(row.view()) <= 1.0));
        assert_eq!(rows.iter().map(|row| grader.grade(row.view())).fold(0.0, f64::max), 1.0);
    }
}
