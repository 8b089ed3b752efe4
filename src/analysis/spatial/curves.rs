//! What sums over pairs say: curves over distance, with errors.

use serde::Serialize;

use super::{GLOBAL, PER_BIN, SpatialCorrelation};
use crate::analysis::blocks::Told;
use crate::analysis::first_minimum::FirstMinimum;

/// Curves over the same distances.
#[derive(Clone, Debug, Serialize)]
pub struct SpatialSummary {
    /// Middles of the bins.
    pub r: Vec<f64>,
    pub like: PairCurves,
    pub unlike: PairCurves,
    /// First minimum of the unlike radial distribution function behind its first maximum: the distance within which ions pair.
    pub first_minimum: Option<f64>,
    /// Distances about it up to which the function is not above it by more than two errors: where the minimum may be as well.
    pub first_minimum_range: Option<[f64; 2]>,
}

/// Correlation of fluctuations of all pairs nearer than a distance.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Contact {
    pub distance: f64,
    pub like: Told,
    pub unlike: Told,
}

/// Curves of one class of pairs. Values that no pair tells are absent; so are errors for fewer than four frames, and of values
/// that pairs of a single block of frames tell.
#[derive(Clone, Debug, Serialize)]
pub struct PairCurves {
    /// Radial distribution function.
    pub g: Vec<Told>,
    /// Correlation of fluctuations.
    pub correlation: Vec<Told>,
    /// The same with fluctuations shuffled among ions of a kind: what no correlation looks like here.
    pub shuffled: Vec<Told>,
    /// `<d_i d_j> / <d^2>` over pairs whose first ion conducts more than the mean, and less.
    pub above_mean: Vec<Told>,
    pub below_mean: Vec<Told>,
    /// Pairs of all frames, by bin.
    #[serde(skip)]
    pub n_pairs: Vec<f64>,
    /// Distance over which the correlation falls by e, from a straight line through the logarithm of its values above three
    /// errors; absent where fewer than three are.
    pub length: Option<Told>,
}

impl PairCurves {
    /// Distance, value and error of the correlation at the nearest pairs that tell it to 0.1, or at the nearest pairs of all where
    /// none do; `r` are the distances of the curves. A few pairs have such an error by chance, so there must be as many as would
    /// leave it to independent values.
    pub fn nearest(&self, r: &[f64]) -> Option<(f64, f64, Option<f64>)> {
        const TOLD: f64 = 0.1;
        let enough = |bin: usize| self.n_pairs[bin] >= 1.0 / (TOLD * TOLD);
        let told = |bin: usize| {
            enough(bin) && self.correlation[bin].0.is_some() && self.correlation[bin].1.is_some_and(|e| e < TOLD)
        };
        let curve = &self.correlation;
        let place = (0..curve.len()).find(|&bin| told(bin)).or_else(|| curve.iter().position(|c| c.0.is_some()))?;
        Some((*r.get(place)?, curve[place].0?, curve[place].1))
    }
}

impl SpatialCorrelation {
    /// The curves of all frames.
    pub fn summary(&self) -> SpatialSummary {
        let width = self.radius / self.n_bins as f64;
        let r: Vec<f64> = (0..self.n_bins).map(|b| (b as f64 + 0.5) * width).collect();
        let (like, unlike) = (self.curves(0, &r), self.curves(1, &r));
        let minimum = FirstMinimum::of(&unlike.g);
        let first_minimum = minimum.as_ref().map(|minimum| r[minimum.place]);
        let first_minimum_range = minimum.as_ref().map(|minimum| minimum.range.map(|bin| r[bin]));
        SpatialSummary { first_minimum, first_minimum_range, r, like, unlike }
    }

    /// Correlation of fluctuations over all pairs nearer than `distance`, like and unlike, with errors; to a bin.
    pub fn within(&self, distance: f64) -> Contact {
        let n = ((distance / self.radius * self.n_bins as f64).round() as usize).clamp(1, self.n_bins);
        let of_class = |class: usize| -> Told {
            let sum = |s: &[f64], k: usize| -> f64 { (0..n).map(|bin| s[self.place(class, bin) + k]).sum() };
            self.blocks.told_with_errors(&|s| vec![sum(s, 1) / sum(s, 0) / mean_square(s)])[0]
        };
        Contact { distance, like: of_class(0), unlike: of_class(1) }
    }

    /// Where the numbers of a class in a bin begin.
    fn place(&self, class: usize, bin: usize) -> usize {
        GLOBAL + (class * self.n_bins + bin) * PER_BIN
    }

    fn curves(&self, class: usize, r: &[f64]) -> PairCurves {
        let n_bins = self.n_bins;
        let at = |bin: usize, k: usize| self.place(class, bin) + k;
        let width = self.radius / n_bins as f64;
        let shell = |bin: usize| {
            let (a, b) = (bin as f64 * width, (bin + 1) as f64 * width);
            4.0 / 3.0 * std::f64::consts::PI * (b.powi(3) - a.powi(3))
        };
        let points = |of: &dyn Fn(&[f64], usize) -> f64| -> Vec<Told> {
            self.blocks.told_with_errors(&|sums| (0..n_bins).map(|bin| of(sums, bin)).collect())
        };
        let ratio = |of: &dyn Fn(&[f64], usize) -> f64| points(&|s, bin| of(s, bin) / mean_square(s));
        let correlation = ratio(&|s, bin| s[at(bin, 1)] / s[at(bin, 0)]);
        let total = self.blocks.total();
        PairCurves {
            // They count from either side.
            n_pairs: (0..n_bins).map(|bin| 0.5 * total[at(bin, 0)]).collect(),
            g: points(&|s, bin| s[at(bin, 0)] / (s[2 + class] * shell(bin))),
            shuffled: ratio(&|s, bin| s[at(bin, 2)] / s[at(bin, 0)]),
            above_mean: ratio(&|s, bin| s[at(bin, 4)] / s[at(bin, 3)]),
            below_mean: ratio(&|s, bin| (s[at(bin, 1)] - s[at(bin, 4)]) / (s[at(bin, 0)] - s[at(bin, 3)])),
            length: self.length(&correlation, r, &|s, bin| s[at(bin, 1)] / s[at(bin, 0)] / mean_square(s)),
            correlation,
        }
    }

    fn length(&self, curve: &[Told], r: &[f64], of: &dyn Fn(&[f64], usize) -> f64) -> Option<Told> {
        let told = |&(value, error): &Told| matches!((value, error), (Some(v), Some(e)) if v > 3.0 * e);
        let first = curve.iter().position(told)?;
        let bins: Vec<usize> = (first..curve.len()).take_while(|&bin| told(&curve[bin])).collect();
        if bins.len() < 3 {
            return None;
        }
        let fit = |sums: &[f64]| -> f64 {
            let (x, y): (Vec<f64>, Vec<f64>) = bins.iter().map(|&bin| (r[bin], of(sums, bin).ln())).unzip();
            let n = x.len() as f64;
            let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
            let sxy: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
            let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
            -sxx / sxy
        };
        let (value, error) = self.blocks.with_errors(&|sums| vec![fit(sums)])[0];
        (value.is_finite() && value > 0.0).then_some((Some(value), error))
    }
}

/// Of the fluctuations of all ions.
fn mean_square(sums: &[f64]) -> f64 {
    sums[1] / sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_a_single_instant_tell_no_correlation() {
        let correlation = vec![
            (None, None),
            (Some(11.9), None),
            (Some(0.3), Some(0.4)),
            // Three pairs that happen to agree.
            (Some(0.7), Some(0.07)),
            (Some(0.2), Some(0.05)),
        ];
        let n_pairs = vec![0.0, 2.0, 90.0, 3.0, 400.0];
        let none = || vec![(None, None); 5];
        let (g, shuffled, above_mean, below_mean) = (none(), none(), none(), none());
        let curves = PairCurves { g, correlation, shuffled, above_mean, below_mean, n_pairs, length: None };
        assert_eq!(curves.nearest(&[0.5, 1.0, 1.5, 2.0, 2.5]), Some((2.5, 0.2, Some(0.05))));
    }
}
