//! The radial part of `dscribe-gto`: Gaussian-type functions, a Gaussian for each atom, the center included.

use super::RadialPart;
use super::gto_basis::RadialBasis;
use super::table::{MOST_PLACES, Places, Table};
use crate::descriptor::lanes::Lanes;
use crate::descriptor::parameters::{Precision, SoapParameters};
use crate::{Error, Result};

/// `r^l sum_k weights_nk exp(-decay_k r^2)` for each degree, over the slowest of all decays.
///
/// That one Gaussian is common to all functions of a neighbour. Without it they change little at far distances, and
/// a table of them is as good there as near by.
pub(in crate::descriptor) struct Gto {
    functions: Functions,
    table: Table,
    center: Vec<f64>,
}

struct Functions {
    n_max: usize,
    bases: Vec<RadialBasis>,
    slowest: f64,
}

impl Functions {
    /// `[l][n]` at a distance; what is behind them becomes 0.
    fn evaluate(&self, r: f64, out: &mut [f64]) {
        out.fill(0.0);
        let rows = out.chunks_exact_mut(self.n_max).zip(&self.bases);
        for (l, (out, basis)) in rows.enumerate() {
            for (k, decay) in basis.decay.iter().enumerate() {
                let gaussian = r.powi(l as i32) * ((self.slowest - decay) * r * r).exp();
                out.iter_mut().zip(&basis.weights).for_each(|(out, weights)| *out += weights[k] * gaussian);
            }
        }
    }
}

impl Gto {
    /// With a table of this precision, or of the lower one where no table has that.
    pub fn new(parameters: &SoapParameters, sigma: f64, lanes: usize, precision: Precision) -> Result<Self> {
        let n_max = parameters.n_max;
        let bases = (0..=parameters.l_max)
            .map(|l| RadialBasis::new(parameters.cutoff, n_max, sigma, l))
            .collect::<Result<Vec<_>>>()?;
        let slowest = bases.iter().flat_map(|b| &b.decay).copied().fold(f64::INFINITY, f64::min);
        let functions = Functions { n_max, bases, slowest };
        let n_functions = n_max * functions.bases.len();
        let common = |r: f64| (-slowest * r * r).exp();
        let exact = |r: f64, out: &mut [f64]| functions.evaluate(r, out);
        let table = |precision: Precision| {
            Table::new(n_functions, parameters.reach(), lanes, precision.tolerance(), common, exact)
        };
        let table = table(precision).or_else(|| table(Precision::Single)).ok_or_else(|| {
            Error::Descriptor(format!(
                "the radial functions of n_max {n_max}, cutoff {:?} and sigma {sigma:?} are too narrow for their reach, or too alike \
                 to be told apart; raise sigma or lower n_max",
                parameters.cutoff
            ))
        })?;
        let mut center = vec![0.0; n_functions];
        functions.evaluate(0.0, &mut center);
        center.truncate(n_max);
        Ok(Self { functions, table, center })
    }
}

impl RadialPart for Gto {
    fn n_functions(&self) -> usize {
        self.functions.n_max * self.functions.bases.len()
    }

    fn per_degree(&self) -> usize {
        self.functions.n_max
    }

    fn center(&self) -> Option<&[f64]> {
        Some(&self.center)
    }

    /// `exp(-slowest r^2)`.
    #[inline(always)]
    fn factor<V: Lanes>(&self, r2: V) -> V {
        V::exp2_nonpositive([r2.mul(V::splat(-self.functions.slowest * std::f64::consts::LOG2_E))])[0]
    }

    #[inline(always)]
    fn evaluate<V: Lanes>(&self, n: usize, r: &[f64], rows: &mut [f64], stride: usize) {
        let mut places = Places::new();
        let parts = r.chunks(MOST_PLACES).zip(rows.chunks_mut(MOST_PLACES * stride));
        for (part, (r, rows)) in parts.enumerate() {
            let n = n.saturating_sub(part * MOST_PLACES).min(r.len());
            self.table.find::<V>(r, &mut places);
            self.table.evaluate::<V>(&places, n, rows, stride);
            // Whoever gathers neighbours stops at the reach; rounding may carry one beyond.
            for (i, &r) in r[..n].iter().enumerate().filter(|(_, r)| **r > self.table.end()) {
                self.functions.evaluate(r, &mut rows[i * stride..(i + 1) * stride]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::parameters::Convention;

    #[test]
    fn tables_keep_their_tolerance_for_every_setting() {
        for (cutoff, sigma, n_max, l_max) in [
            (5.0, 0.5, 6, 5),
            (5.0, 1.0, 6, 5),
            (3.0, 0.3, 8, 9),
            (7.0, 0.2, 4, 2),
            (1.2, 0.05, 2, 0),
            (20.0, 0.5, 6, 3),
        ] {
            let convention = Convention::DscribeGto { sigma };
            let parameters = SoapParameters { convention, cutoff, n_max, l_max };
            for precision in [Precision::Single, Precision::Double] {
                let gto = Gto::new(&parameters, sigma, 4, precision).unwrap();
                let width = gto.n_functions().next_multiple_of(4);
                let [mut largest, mut error] = [vec![0.0f64; width], vec![0.0f64; width]];
                let [mut right, mut found] = [vec![0.0; width], vec![0.0; width]];
                for i in 0..=20_000 {
                    let r = parameters.reach() * f64::from(i) / 20_000.0;
                    gto.functions.evaluate(r, &mut right);
                    gto.table.at(r, &mut found);
                    for f in 0..width {
                        largest[f] = largest[f].max(right[f].abs());
                        error[f] = error[f].max((right[f] - found[f]).abs());
                    }
                }
                let tolerance = precision.tolerance();
                for (largest, error) in largest.iter().zip(error) {
                    assert!(error <= 2.0 * tolerance * largest, "{parameters:?}: {error:e} of {largest:e}");
                }
            }
        }
    }
}
