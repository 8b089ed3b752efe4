//! The course of the field in time, in bounded memory.

use std::ops::Range;

use super::FieldSnapshot;
use crate::{Error, Result};

/// Values that are kept at most, of 4 bytes each.
const MOST_VALUES: usize = 32_000_000;

/// Parts of the cell along each of its vectors, by which ions are grouped.
const PARTS: usize = 3;

/// Fewer groups than this say little about their scatter.
const FEWEST_GROUPS: usize = 8;

/// Groups by the order of ids, where the cell's parts give too few.
const GROUPS_BY_ID: usize = 20;

/// Classes of the field, by thirds of all values.
pub const CLASSES: usize = 3;

/// The local conductivities of the same ions in frame after frame.
///
/// Ions are grouped by where they are in the first frame, since neighbours change together: by the 27 cells of a 3 x 3 x 3
/// grid, or by the order of ids where fewer than 8 of them hold ions. At 32 million values every second ion of each group is
/// dropped, so that values take no more than 128 MB as long as a group has more than one ion.
pub struct FieldHistory {
    ids: Vec<i64>,
    /// Places of kept ions in the order of ids, group after group.
    kept: Vec<usize>,
    /// First kept ion of each group, and the end of the last.
    starts: Vec<usize>,
    /// `[frame][kept ion]`.
    values: Vec<Vec<f32>>,
    /// Over all ions, kept or not.
    frame_means: Vec<f64>,
    most_values: usize,
}

impl Default for FieldHistory {
    fn default() -> Self {
        Self {
            ids: vec![],
            kept: vec![],
            starts: vec![],
            values: vec![],
            frame_means: vec![],
            most_values: MOST_VALUES,
        }
    }
}

impl FieldHistory {
    /// Adds a frame; `ids` are those of the snapshot's ions, in rising order.
    ///
    /// # Errors
    /// Other ions than in the first frame.
    pub fn add(&mut self, ids: &[i64], snapshot: &FieldSnapshot) -> Result<()> {
        if self.values.is_empty() {
            self.ids = ids.to_vec();
            self.set_groups(groups(snapshot));
        } else if self.ids != ids {
            return Err(Error::Input(
                "the ions are not those of the first frame; a course in time is that of the same ions throughout"
                    .into(),
            ));
        }
        while (self.values.len() + 1) * self.kept.len() > self.most_values && self.thin() {}
        self.frame_means.push(snapshot.mean());
        self.values.push(self.kept.iter().map(|&i| snapshot.local[i] as f32).collect());
        Ok(())
    }

    fn set_groups(&mut self, groups: Vec<Vec<usize>>) {
        self.starts = vec![0];
        self.starts.extend(groups.iter().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        }));
        self.kept = groups.concat();
    }

    /// Drops every second ion of each group, but its last one; tells whether there were any to drop.
    fn thin(&mut self) -> bool {
        let stay: Vec<usize> = (0..self.n_groups()).flat_map(|g| self.group(g).step_by(2)).collect();
        let fewer = stay.len() < self.kept.len();
        let groups = (0..self.n_groups()).map(|g| self.group(g).step_by(2).map(|at| self.kept[at]).collect()).collect();
        self.set_groups(groups);
        for frame in &mut self.values {
            *frame = stay.iter().map(|&at| frame[at]).collect();
        }
        fewer
    }

    /// For a test of what goes wrong without places.
    #[cfg(test)]
    pub(super) fn group_by_ids(&mut self) {
        self.starts = vec![];
        let order = std::mem::take(&mut self.kept);
        let groups = by_ids(order.len());
        self.set_groups(groups);
        for frame in &mut self.values {
            let mut by_place = vec![0.0; order.len()];
            order.iter().zip(frame.iter()).for_each(|(&i, v)| by_place[i] = *v);
            *frame = self.kept.iter().map(|&i| by_place[i]).collect();
        }
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.values.len()
    }

    /// Number of ions whose values are kept.
    pub fn n_ions(&self) -> usize {
        self.kept.len()
    }

    /// Whether all ions have the same value at all times.
    pub fn is_uniform(&self) -> bool {
        let mut all = self.values.iter().flatten();
        all.next().is_none_or(|first| all.all(|value| value == first))
    }

    pub(super) fn n_groups(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Kept ions of a group.
    pub(super) fn group(&self, g: usize) -> Range<usize> {
        self.starts[g]..self.starts[g + 1]
    }

    /// Mean over all ions of each frame.
    pub(super) fn frame_means(&self) -> &[f64] {
        &self.frame_means
    }

    /// Calls `visit` with the values of each ion of a group over all frames.
    pub(super) fn for_each_course(&self, g: usize, mut visit: impl FnMut(&[f32])) {
        let t = self.values.len();
        // Some ions at a time, so that memory is read in the order in which it lies without a copy of all.
        let at_once = ((1 << 18) / t.max(1)).clamp(1, 64);
        let mut courses = vec![0f32; at_once * t];
        let group = self.group(g);
        for first in group.clone().step_by(at_once) {
            let ions = first..group.end.min(first + at_once);
            for (frame, values) in self.values.iter().enumerate() {
                for (k, value) in values[ions.clone()].iter().enumerate() {
                    courses[k * t + frame] = *value;
                }
            }
            courses.chunks_exact(t).take(ions.len()).for_each(&mut visit);
        }
    }

    /// The values that part all kept ones into thirds, exactly: those of ranks `n/3` and `2n/3` from below.
    pub(super) fn thirds(&self) -> [f32; CLASSES - 1] {
        let n = self.values.len() * self.kept.len();
        let all = || self.values.iter().flatten().map(|&v| ordered(v));
        // Numbers of 32 bits are ranked by their upper and then by their lower halves, without a sorted copy.
        let mut upper = vec![0usize; 1 << 16];
        all().for_each(|key| upper[(key >> 16) as usize] += 1);
        std::array::from_fn(|k| {
            let rank = ((k + 1) * n / CLASSES).min(n.saturating_sub(1));
            let (high, rest) = at_rank(&upper, rank);
            let mut lower = vec![0usize; 1 << 16];
            all().filter(|key| key >> 16 == high).for_each(|key| lower[(key & 0xffff) as usize] += 1);
            unordered(high << 16 | at_rank(&lower, rest).0)
        })
    }
}

/// Ions by the parts of the cell; each group in the order of ids.
fn groups(snapshot: &FieldSnapshot) -> Vec<Vec<usize>> {
    let mut cells = vec![vec![]; PARTS.pow(3)];
    for (i, &position) in snapshot.positions.iter().enumerate() {
        let fractional = snapshot.cell.to_fractional(snapshot.cell.wrap(position));
        let part = fractional.map(|s| ((PARTS as f64 * s).max(0.0) as usize).min(PARTS - 1));
        cells[(part[0] * PARTS + part[1]) * PARTS + part[2]].push(i);
    }
    cells.retain(|cell| !cell.is_empty());
    if cells.len() < FEWEST_GROUPS { by_ids(snapshot.local.len()) } else { cells }
}

fn by_ids(n: usize) -> Vec<Vec<usize>> {
    let groups = GROUPS_BY_ID.min(n);
    (0..groups).map(|g| (g..n).step_by(groups).collect()).collect()
}

/// A number that rises with the value.
fn ordered(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn unordered(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

/// Where in the counts the value of a rank is, and its rank there.
fn at_rank(counts: &[usize], rank: usize) -> (u32, usize) {
    let mut rest = rank;
    for (at, &count) in counts.iter().enumerate() {
        if rest < count {
            return (at as u32, rest);
        }
        rest -= count;
    }
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Cell;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    struct Ions {
        cell: Cell,
        positions: Vec<[f64; 3]>,
        ids: Vec<i64>,
    }

    impl Ions {
        fn at_random(n: usize) -> Self {
            let mut random = ChaCha8Rng::seed_from_u64(5);
            Self {
                cell: Cell::from_lammps([0.0; 3], [9.0; 3], [0.0; 3], [true; 3]).unwrap(),
                positions: (0..n).map(|_| [0; 3].map(|_| random.random_range(-9.0..18.0))).collect(),
                ids: (0..n as i64).collect(),
            }
        }

        fn add(&self, history: &mut FieldHistory, local: &[f64]) -> Result<()> {
            let kinds = vec![1; local.len()];
            let (cell, positions) = (&self.cell, &self.positions[..]);
            history.add(&self.ids, &FieldSnapshot { cell, positions, kinds: &kinds, charges: None, local })
        }
    }

    #[test]
    fn thirds_are_those_of_sorted_values() {
        let ions = Ions::at_random(101);
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut history = FieldHistory::default();
        let mut sorted = vec![];
        for _ in 0..10 {
            let local: Vec<f64> = ions.ids.iter().map(|_| random.random_range(-1.0..2.0)).collect();
            sorted.extend(local.iter().map(|&v| v as f32));
            ions.add(&mut history, &local).unwrap();
        }
        sorted.sort_by(f32::total_cmp);
        assert_eq!(history.thirds(), [sorted[1010 / 3], sorted[2 * 1010 / 3]]);
        for value in [-3.5f32, -0.0, 0.0, 1e-30, 7.0] {
            assert_eq!(unordered(ordered(value)).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn ions_are_grouped_by_place_and_thinned_in_each_group() {
        let ions = Ions::at_random(200);
        let mut history = FieldHistory { most_values: 1000, ..FieldHistory::default() };
        let value = |frame: usize, ion: usize| (1000 * frame + ion) as f64;
        for frame in 0..16 {
            let local: Vec<f64> = (0..200).map(|ion| value(frame, ion)).collect();
            ions.add(&mut history, &local).unwrap();
            assert!(history.n_frames() * history.n_ions() <= 1000);
        }
        assert_eq!(history.n_groups(), 27);
        assert!((27..=62).contains(&history.n_ions()), "{}", history.n_ions());
        for g in 0..history.n_groups() {
            let places: Vec<usize> = history.group(g).map(|at| history.kept[at]).collect();
            let part = |i: usize| {
                let at = ions.cell.to_fractional(ions.cell.wrap(ions.positions[i]));
                at.map(|s| (3.0 * s) as usize)
            };
            assert!(places.iter().all(|&i| part(i) == part(places[0])));
            let mut courses = vec![];
            history.for_each_course(g, |course| courses.push(course.to_vec()));
            for (i, course) in places.iter().zip(&courses) {
                assert!(course.iter().enumerate().all(|(frame, v)| *v == value(frame, *i) as f32));
            }
        }
        assert_eq!(history.frame_means()[3], value(3, 0) + 99.5);
    }

    #[test]
    fn ions_in_one_corner_are_grouped_by_their_ids() {
        let mut ions = Ions::at_random(50);
        ions.positions = vec![[1.0; 3]; 50];
        let mut history = FieldHistory::default();
        ions.add(&mut history, &[0.5; 50]).unwrap();
        assert_eq!((history.n_groups(), history.group(0).len(), history.kept[1]), (20, 3, 20));
    }

    #[test]
    fn other_ions_are_refused() {
        let mut ions = Ions::at_random(2);
        let mut history = FieldHistory::default();
        ions.add(&mut history, &[0.0, 1.0]).unwrap();
        ions.ids[1] = 3;
        let refused = ions.add(&mut history, &[0.0, 1.0]).unwrap_err();
        assert!(refused.to_string().contains("not those of the first frame"));
    }
}
