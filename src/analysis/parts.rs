//! Sums over parts of the ions and over parts of the run, and what follows from them with errors.

pub use super::jackknife::Point;
use super::jackknife::{FEWEST_PARTS, leave_one_out, resampled, sums};

/// Parts of the run at most, and frames in one at least.
const MOST_TIMES: usize = 16;
const FEWEST_FRAMES: usize = 4;

/// The same sums twice over: by groups of ions over the whole run, and by parts of the run over all ions.
pub struct Parts {
    pub ions: Vec<Vec<f64>>,
    pub times: Vec<Vec<f64>>,
    pub width: usize,
}

impl Parts {
    /// What `of` makes of the sums. Its errors are the larger of those from leaving out one group of ions and one part of the run
    /// in turn: the former know of ions that change together, the latter of what all have in common. Where the run is too short for
    /// parts, or the ions too few, the other alone; none where one of both says that there is none.
    pub fn with_errors(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
        let by = |parts: &[Vec<f64>]| leave_one_out(parts, &sums(parts, self.width), of);
        by(&self.ions).into_iter().zip(by(&self.times)).map(|((v, a), (_, b))| (v, self.stated(a, b))).collect()
    }

    /// The same of one value that leaving out a part changes by steps: its errors are from drawing parts with replacement.
    pub fn with_error_of_steps(&self, of: &dyn Fn(&[f64]) -> f64) -> Point {
        (of(&sums(&self.ions, self.width)), self.stated(resampled(&self.ions, of), resampled(&self.times, of)))
    }

    fn stated(&self, by_ions: Option<f64>, by_times: Option<f64>) -> Option<f64> {
        let [few_ions, few_times] = [&self.ions, &self.times].map(|parts| parts.len() < FEWEST_PARTS);
        match (few_ions, few_times) {
            (true, _) => by_times,
            (_, true) => by_ions,
            _ => by_ions.zip(by_times).map(|(a, b)| a.max(b)),
        }
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
    fn what_one_group_of_ions_alone_tells_has_no_error() {
        let all = vec![vec![1.0, 1.0]; 4];
        let one = vec![vec![4.0, 4.0], vec![0.0; 2], vec![0.0; 2], vec![0.0; 2]];
        let mean = |ions: &Vec<Vec<f64>>, times: &[Vec<f64>]| {
            Parts { ions: ions.clone(), times: times.to_vec(), width: 2 }.with_errors(&|s| vec![s[0] / s[1]])[0]
        };
        assert_eq!(mean(&one, &all), (1.0, None));
        assert_eq!(mean(&all, &one), (1.0, None));
        // Of a run that is too short for parts, ions alone tell.
        assert_eq!(mean(&all, &one[..1]), (1.0, Some(0.0)));
        assert_eq!(mean(&one, &all[..3]).1, None);
    }

    #[test]
    fn parts_of_a_run_are_all_of_it() {
        assert_eq!(times(9), [0, 4, 9]);
        assert_eq!(times(1), [0, 1]);
        let many = times(1000);
        assert_eq!((many.len(), many[16]), (17, 1000));
    }
}
