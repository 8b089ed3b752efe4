//! Sums over parts of the ions and over parts of the run, and what follows from them with errors.

use super::blocks::{leave_one_out, sums};

/// Parts of the run at most, and frames in one at least.
const MOST_TIMES: usize = 16;
const FEWEST_FRAMES: usize = 4;

/// A value and its standard error.
pub type Point = (f64, Option<f64>);

/// The same sums twice over: by groups of ions over the whole run, and by parts of the run over all ions.
pub struct Parts {
    pub ions: Vec<Vec<f64>>,
    pub times: Vec<Vec<f64>>,
    pub width: usize,
}

impl Parts {
    /// What `of` makes of the sums. Its errors are the larger of those from leaving out one group of ions and one part of the run
    /// in turn: the former know of ions that change together, the latter of what all have in common.
    pub fn with_errors(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
        let by = |parts: &[Vec<f64>]| leave_one_out(parts, &sums(parts, self.width), of);
        // None is less than any number.
        let larger = |a: Option<f64>, b: Option<f64>| if a > b { a } else { b };
        by(&self.ions).into_iter().zip(by(&self.times)).map(|((v, a), (_, b))| (v, larger(a, b))).collect()
    }
}

/// First frame of each part of a run of `t` frames, and its end.
pub fn times(t: usize) -> Vec<usize> {
    let n = (t / FEWEST_FRAMES).clamp(1, MOST_TIMES);
    (0..=n).map(|k| k * t / n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_error_is_stated() {
        let parts = |values: [f64; 4]| values.map(|v| vec![v, 1.0]).to_vec();
        let (wide, narrow) = ([1.0, 2.0, 3.0, 4.0], [2.4, 2.6, 2.4, 2.6]);
        // Standard error of a mean of four.
        let exact = (5.0 / 12.0f64).sqrt();
        for (ions, times) in [(wide, narrow), (narrow, wide)] {
            let found = Parts { ions: parts(ions), times: parts(times), width: 2 }.with_errors(&|s| vec![s[0] / s[1]]);
            assert!((found[0].0 - 2.5).abs() < 1e-12 && (found[0].1.unwrap() - exact).abs() < 1e-12);
        }
    }

    #[test]
    fn parts_of_a_run_are_all_of_it() {
        assert_eq!(times(9), [0, 4, 9]);
        assert_eq!(times(1), [0, 1]);
        let many = times(1000);
        assert_eq!((many.len(), many[16]), (17, 1000));
    }
}
