//! How far an ensemble's members agree on a system's mean.

use super::Metadata;
use crate::statistics::mean_and_deviation;

/// The members' means over a system's ions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Mean over the members: the predicted molar conductivity, in the model's units.
    pub mean: f64,
    /// Standard deviation over the members, their number as denominator. What single ions' values leave open and what
    /// averages out over many ions is no part of it.
    pub deviation: f64,
}

impl Agreement {
    /// A system extrapolation that is worth a word: on training systems it reaches 1, but for rounding.
    pub const NOTABLE: f64 = 1.05;

    /// Of each member's sum over `n_ions` ions.
    pub fn of_sums(sums: &[f64], n_ions: usize) -> Self {
        let [mean, deviation] = mean_and_deviation(sums.iter().map(|sum| sum / n_ions as f64));
        Self { mean, deviation }
    }

    /// The deviation relative to the mean.
    pub fn relative_deviation(&self) -> f64 {
        self.deviation / self.mean.abs()
    }

    /// The relative deviation over the largest one among the systems that the model was trained on: above 1, the members
    /// agree less on this system than on any of those. None for a model that does not carry that figure.
    pub fn system_extrapolation(&self, metadata: &Metadata) -> Option<f64> {
        let largest = metadata.validation.get(Metadata::LARGEST_DEVIATION)?.as_f64()?;
        (largest > 0.0).then(|| self.relative_deviation() / largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_differ_by_two_deviate_by_one() {
        let agreement = Agreement::of_sums(&[4.0, 12.0], 4);
        assert_eq!(agreement, Agreement { mean: 2.0, deviation: 1.0 });
        assert_eq!(agreement.relative_deviation(), 0.5);
    }
}
