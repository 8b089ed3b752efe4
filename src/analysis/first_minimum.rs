//! The distance within which ions pair: the first minimum of a radial distribution function.

use super::blocks::Told;

/// The first minimum behind the first maximum, of a curve smoothed over three bins.
pub struct FirstMinimum {
    /// Its bin, and the first and last of those about it that are not above it by more than two errors.
    pub place: usize,
    pub range: [usize; 2],
}

impl FirstMinimum {
    /// `g` are values with errors, bin by bin; none where there is no maximum above 1, or no minimum behind it.
    pub fn of(g: &[Told]) -> Option<Self> {
        let about = |i: usize, by: usize| i.saturating_sub(by)..=(i + by).min(g.len() - 1);
        let mean = |i: usize, of: &dyn Fn(&Told) -> f64| g[about(i, 1)].iter().map(of).sum::<f64>() / 3.0;
        let smooth: Vec<f64> = (0..g.len()).map(|i| mean(i, &|g| g.0.unwrap_or(0.0))).collect();
        let variance: Vec<f64> = (0..g.len()).map(|i| mean(i, &|g| g.1.unwrap_or(0.0).powi(2)) / 3.0).collect();
        let top =
            (1..g.len().saturating_sub(1)).find(|&i| smooth[i] > 1.0 && about(i, 3).all(|j| smooth[j] <= smooth[i]))?;
        let place = (top + 1..g.len().saturating_sub(3)).find(|&i| (i - 3..=i + 3).all(|j| smooth[j] >= smooth[i]))?;
        let is_alike = |&i: &usize| smooth[i] - smooth[place] <= 2.0 * (variance[i] + variance[place]).sqrt();
        let first = (top..place).rev().take_while(is_alike).last().unwrap_or(place);
        let last = (place + 1..g.len()).take_while(is_alike).last().unwrap_or(place);
        Some(Self { place, range: [first, last] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A maximum at bin 10 and a minimum at bin 30.
    fn curve(error: f64) -> Vec<Told> {
        let g = |bin: usize| 1.0 + (std::f64::consts::PI * (bin as f64 - 10.0) / 20.0).cos();
        (0..45).map(|bin| (Some(g(bin)), Some(error))).collect()
    }

    #[test]
    fn a_minimum_is_as_broad_as_its_errors_leave_it() {
        let sharp = FirstMinimum::of(&curve(0.0)).unwrap();
        assert_eq!((sharp.place, sharp.range), (30, [30, 30]));
        // Smoothed over three bins, errors of 0.1 are 0.0577, two of a difference 0.163: the cosine rises by this in 3.7 bins.
        let broad = FirstMinimum::of(&curve(0.1)).unwrap();
        assert_eq!((broad.place, broad.range), (30, [27, 33]));
    }

    #[test]
    fn what_never_rises_above_one_or_falls_again_has_none() {
        let low: Vec<Told> = curve(0.0).into_iter().map(|(g, error)| (g.map(|g| 0.4 * g), error)).collect();
        assert!(FirstMinimum::of(&low).is_none() && FirstMinimum::of(&curve(0.0)[..31]).is_none());
        assert!(FirstMinimum::of(&[]).is_none() && FirstMinimum::of(&[(None, None); 20]).is_none());
    }
}
