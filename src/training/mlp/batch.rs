//! Which environments a step looks at, and how they are pooled and cut into chunks.

use std::ops::Range;

use rand::seq::index;

use super::random;
use super::settings::MlpSettings;
use super::target::{Known, Target};
use crate::model::ensemble::BLOCK;
use crate::training::Pooled;

/// Most rows of a piece of a group: several blocks, whose gradients are added up in place.
const PIECE: usize = 16 * BLOCK;

/// Environments of one system whose mean output is compared with a label.
pub(super) struct Group {
    pub system: usize,
    pub label: f64,
    /// Where they stand in [`Batch::rows`].
    pub rows: Range<usize>,
    /// Share of the group's squared error in the loss.
    pub weight: f64,
}

/// Rows that one thread takes: whole groups of at most [`BLOCK`] rows together, or a piece of a larger one.
pub(super) struct Chunk {
    pub groups: Range<usize>,
    pub rows: Range<usize>,
}

#[derive(Default)]
pub(super) struct Batch {
    /// Environments, each by its row in its system.
    pub rows: Vec<usize>,
    pub groups: Vec<Group>,
    pub chunks: Vec<Chunk>,
}

impl Batch {
    /// Draws the batch of a step: from each system `ions_per_system` different environments, in random groups; ions with
    /// labels of their own are groups of one.
    ///
    /// It depends on seed and step alone. Groups of a system differ in size by one at most, and none is smaller than
    /// `group` unless the system is.
    pub fn draw(&mut self, systems: &[Pooled], targets: &[Target], settings: &MlpSettings, seed: u64, step: u64) {
        let mut random = random::of_step(seed, step);
        let n_labels = n_labels(targets);
        self.rows.clear();
        self.groups.clear();
        for (system, (pooled, target)) in systems.iter().zip(targets).enumerate() {
            let n = pooled.rows.len();
            let count = if settings.ions_per_system == 0 { n } else { n.min(settings.ions_per_system) };
            let n_groups = count.checked_div(settings.group).map_or(1, |n| n.max(1));
            let start = self.rows.len();
            let in_order = count == n && (n_groups == 1 || matches!(target.known, Known::Each(_)));
            if in_order {
                self.rows.extend(0..n);
            } else {
                self.rows.extend(index::sample(&mut random, n, count));
            }
            self.group(system, start, n_groups, n, target, n_labels);
        }
        self.cut();
    }

    /// Of each system up to `most` environments, evenly spaced (0: all of them), as one group a system.
    pub fn evenly_spaced(systems: &[Pooled], targets: &[Target], most: usize) -> Self {
        let mut batch = Self::default();
        let n_labels = n_labels(targets);
        for (system, (pooled, target)) in systems.iter().zip(targets).enumerate() {
            let n = pooled.rows.len();
            let count = if most == 0 { n } else { n.min(most) };
            let start = batch.rows.len();
            batch.rows.extend((0..count).map(|i| i * n / count));
            batch.group(system, start, 1, n, target, n_labels);
        }
        batch.cut();
        batch
    }

    /// Groups the rows from `start` on, which were drawn from `n`: the loss is that of all `n`, over the number of labels.
    fn group(&mut self, system: usize, start: usize, n_groups: usize, n: usize, target: &Target, n_labels: usize) {
        let count = self.rows.len() - start;
        let groups = match &target.known {
            Known::Mean(label) => {
                let weight = target.weight / (n_labels * n_groups) as f64;
                let rows = |g: usize| start + g * count / n_groups..start + (g + 1) * count / n_groups;
                (0..n_groups).map(|g| Group { system, label: *label, rows: rows(g), weight }).collect::<Vec<_>>()
            }
            Known::Each(labels) => {
                let weight = target.weight * n as f64 / (n_labels * count) as f64;
                let group = |row: usize| Group { system, label: labels[self.rows[row]], rows: row..row + 1, weight };
                (start..start + count).map(group).collect()
            }
        };
        self.groups.extend(groups);
    }

    /// Packs groups into chunks in their order; a group that is larger than a block gets chunks of its own.
    fn cut(&mut self) {
        self.chunks.clear();
        for (g, group) in self.groups.iter().enumerate() {
            if group.rows.len() > BLOCK {
                let starts = group.rows.clone().step_by(PIECE);
                self.chunks.extend(starts.map(|s| Chunk { groups: g..g + 1, rows: s..group.rows.end.min(s + PIECE) }));
                continue;
            }
            match self.chunks.last_mut() {
                Some(chunk)
                    if self.groups[chunk.groups.start].rows.len() <= BLOCK
                        && chunk.rows.len() + group.rows.len() <= BLOCK =>
                {
                    chunk.groups.end = g + 1;
                    chunk.rows.end = group.rows.end;
                }
                _ => self.chunks.push(Chunk { groups: g..g + 1, rows: group.rows.clone() }),
            }
        }
    }

    /// Whether a chunk holds groups that go through the network in one block, not a piece of a larger one.
    pub fn is_one_block(&self, chunk: &Chunk) -> bool {
        self.groups[chunk.groups.start].rows.len() <= BLOCK
    }
}

/// Labels of systems among the targets.
fn n_labels(targets: &[Target]) -> usize {
    targets.iter().filter(|target| matches!(target.known, Known::Mean(_))).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn batch(sizes: &[usize], settings: &MlpSettings, step: u64) -> Batch {
        let rows: Vec<Array2<f32>> = sizes.iter().map(|&n| Array2::zeros((n, 1))).collect();
        let systems: Vec<Pooled> =
            rows.iter().map(|rows| Pooled { name: "", rows, label: 1.0, error: 1.0, local: None }).collect();
        let targets = vec![Target { known: Known::Mean(0.0), weight: 1.0 }; sizes.len()];
        let mut batch = Batch::default();
        batch.draw(&systems, &targets, settings, 5, step);
        batch
    }

    #[test]
    fn groups_and_chunks_cover_the_batch_in_order() {
        let settings = MlpSettings { ions_per_system: 1000, group: 300, ..Default::default() };
        for (group, ions_per_system) in [(0, 0), (64, 128), (60, 1000), (300, 1000), (1000, 1000), (7, 0)] {
            let settings = MlpSettings { group, ions_per_system, ..settings.clone() };
            let batch = batch(&[1, 900, 63, 65, 64, 3000, 20], &settings, 1);
            let mut end = 0;
            for group in &batch.groups {
                assert_eq!(group.rows.start, end);
                assert!(!group.rows.is_empty());
                end = group.rows.end;
            }
            assert_eq!(end, batch.rows.len());
            end = 0;
            for chunk in &batch.chunks {
                assert_eq!(chunk.rows.start, end);
                assert!(chunk.rows.len() <= if batch.is_one_block(chunk) { BLOCK } else { PIECE });
                end = chunk.rows.end;
                let groups = &batch.groups[chunk.groups.clone()];
                let whole = groups[0].rows.start == chunk.rows.start && groups[groups.len() - 1].rows.end == end;
                let small = groups.iter().all(|group| group.rows.len() <= BLOCK);
                assert_eq!(batch.is_one_block(chunk), small);
                assert!(if small { whole } else { groups.len() == 1 });
            }
            assert_eq!(end, batch.rows.len());
            let total: f64 = batch.groups.iter().map(|g| g.weight).sum();
            assert!((total - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_batch_depends_on_the_step_alone() {
        let settings = MlpSettings::default();
        let rows = |step| batch(&[500, 700], &settings, step).rows;
        assert_eq!(rows(3), rows(3));
        assert_ne!(rows(3), rows(4));
        assert_eq!(rows(3).len(), 256);
    }
}
