//! Visits of ions to classes of the field, and moves between them from frame to frame.

use rayon::prelude::*;

use super::FieldHistory;
use super::history::CLASSES;
use super::parts::{Parts, Point, times};

/// Numbers of a part: visits and the frames that they last, by class; moves from class to class.
const WIDTH: usize = 2 * CLASSES + CLASSES * CLASSES;

/// What was counted.
pub struct Visits {
    sums: Parts,
    /// Visits by class and length, from one frame up.
    pub lengths: [Vec<f64>; CLASSES],
    /// Share of all values in each class.
    pub shares: [f64; CLASSES],
}

/// Mean length of a visit to a class, from the sums.
pub fn mean_length(sums: &[f64], class: usize) -> f64 {
    sums[CLASSES + class] / sums[class]
}

/// Probability to move from a class to another by the next frame, from the sums.
pub fn probability(sums: &[f64], from: usize, to: usize) -> f64 {
    let moves = &sums[2 * CLASSES + from * CLASSES..][..CLASSES];
    moves[to] / moves.iter().sum::<f64>()
}

impl Visits {
    /// Counts visits and moves of all kept ions. Visits that the ends of the run cut are left out.
    pub fn of(history: &FieldHistory) -> Self {
        let t = history.n_frames();
        let starts = times(t);
        let bounds = history.thirds();
        let groups: Vec<Counts> =
            (0..history.n_groups()).into_par_iter().map(|g| Counts::of(history, g, &starts, &bounds)).collect();
        let mut lengths: [Vec<f64>; CLASSES] = Default::default();
        let mut shares = [0.0; CLASSES];
        let mut by_time = vec![vec![0.0; WIDTH]; starts.len() - 1];
        for group in &groups {
            for class in 0..CLASSES {
                shares[class] += group.values[class] / (history.n_ions() * t) as f64;
                let (sum, own) = (&mut lengths[class], &group.lengths[class]);
                sum.resize(sum.len().max(own.len()), 0.0);
                sum.iter_mut().zip(own).for_each(|(a, b)| *a += b);
            }
            by_time.iter_mut().flatten().zip(group.times.iter().flatten()).for_each(|(a, b)| *a += b);
        }
        let of_group = |group: &Counts| (0..WIDTH).map(|k| group.times.iter().map(|part| part[k]).sum()).collect();
        let sums = Parts { ions: groups.iter().map(of_group).collect(), times: by_time, width: WIDTH };
        Self { sums, lengths, shares }
    }

    /// What `of` makes of the sums, with its error.
    pub fn point(&self, of: &dyn Fn(&[f64]) -> f64) -> Point {
        self.sums.with_errors(&|sums| vec![of(sums)])[0]
    }
}

/// Of a group of ions.
struct Counts {
    /// `[part of the run][WIDTH]`; a visit belongs to the part that it begins in.
    times: Vec<Vec<f64>>,
    lengths: [Vec<f64>; CLASSES],
    values: [f64; CLASSES],
}

impl Counts {
    fn of(history: &FieldHistory, g: usize, starts: &[usize], bounds: &[f32]) -> Self {
        let mut counts = Self {
            times: vec![vec![0.0; WIDTH]; starts.len() - 1],
            lengths: Default::default(),
            values: [0.0; CLASSES],
        };
        let part: Vec<usize> =
            starts.windows(2).enumerate().flat_map(|(k, s)| std::iter::repeat_n(k, s[1] - s[0])).collect();
        let class_of = |v: f32| bounds.iter().filter(|bound| v >= **bound).count();
        history.for_each_course(g, |course| counts.add(course.iter().map(|&v| class_of(v)), &part));
        counts
    }

    fn add(&mut self, mut classes: impl Iterator<Item = usize>, part: &[usize]) {
        let Some(mut class) = classes.next() else { return };
        self.values[class] += 1.0;
        // The first visit began before the run.
        let mut began: Option<usize> = None;
        for (before, next) in classes.enumerate() {
            self.values[next] += 1.0;
            self.times[part[before]][2 * CLASSES + class * CLASSES + next] += 1.0;
            if next == class {
                continue;
            }
            if let Some(began) = began {
                let length = before + 1 - began;
                let lengths = &mut self.lengths[class];
                lengths.resize(lengths.len().max(length), 0.0);
                lengths[length - 1] += 1.0;
                let sums = &mut self.times[part[began]];
                sums[class] += 1.0;
                sums[CLASSES + class] += length as f64;
            }
            (class, began) = (next, Some(before + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_has_its_visits_and_moves() {
        let mut counts =
            Counts { times: vec![vec![0.0; WIDTH]; 2], lengths: Default::default(), values: [0.0; CLASSES] };
        let part = [0, 0, 0, 0, 1, 1, 1, 1];
        counts.add([0, 0, 1, 1, 1, 2, 1, 1].into_iter(), &part);
        // The visits to 1 of three frames from the third, and to 2 of one; those at the ends are cut.
        assert_eq!(counts.lengths, [vec![], vec![0.0, 0.0, 1.0], vec![1.0]]);
        assert_eq!(counts.values, [2.0, 5.0, 1.0]);
        assert_eq!(counts.times[0], [0.0, 1.0, 0.0, 0.0, 3.0, 0.0, 1.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(counts.times[1], [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    }
}
