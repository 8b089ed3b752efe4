//! Steps of whole boxes, which image flags make that are not those of their positions.

use crate::geometry::Cell;
use crate::trajectory::Frame;
use crate::{Error, Result};

/// Steps of whole boxes along one vector, and frames with such steps, by which positions are judged.
const ENOUGH: usize = 30;
const ENOUGH_FRAMES: usize = 10;

/// A step of a whole box, or several, is off by less than this share of one.
const ABOUT: f64 = 0.2;

/// Steps below this share of the box are short. Between these and those of whole boxes motion has most of its long steps: 1.7
/// times as many as of whole boxes and more if it is a random walk, and as many at least where ions hop a third of the box, or a fifth.
const SHORT: f64 = 0.4;

/// So many times as many are of whole boxes where flags are wrong.
const TIMES: f64 = 1.5;

/// A flip of the box changes a vector by a whole other one: positions in the boxes before and after it are not to be compared.
const FLIP: f64 = 0.25;

/// The steps of all atoms between frames, in shares of the box, vector by vector.
#[derive(Debug, Default)]
pub struct Leaps {
    before: Vec<[f64; 3]>,
    cell: Option<Cell>,
    along: [Counts; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    short: usize,
    between: usize,
    whole: usize,
    frames: usize,
}

impl Leaps {
    /// Takes the next frame's unwrapped positions and cell; `order` gives the atoms as in the frames before.
    pub fn take(&mut self, unwrapped: &[[f64; 3]], order: &[usize], cell: &Cell) {
        let now = || order.iter().map(|&atom| unwrapped[atom]);
        if let Some(before) = self.cell.as_ref().filter(|before| !is_flip(before, cell)) {
            let was = self.along;
            count(&mut self.along, before, cell, self.before.iter().copied().zip(now()));
            for (counts, was) in self.along.iter_mut().zip(was) {
                counts.frames += usize::from(counts.whole > was.whole);
            }
        }
        self.before.clear();
        self.before.extend(now());
        if self.cell.as_ref() != Some(cell) {
            self.cell = Some(cell.clone());
        }
    }

    /// # Errors
    /// Many steps of whole boxes in many frames, the last of which is given, and few between them and short ones.
    pub fn check(&self, unwrapped: &[[f64; 3]], frame: &Frame) -> Result<()> {
        let found = self.along.iter().position(Counts::are_of_no_motion);
        found.map_or(Ok(()), |k| Err(error(unwrapped, frame, k, self.along[k])))
    }
}

impl Counts {
    fn add(&mut self, step: f64) {
        let length = step.abs();
        let counter = match length {
            _ if length < SHORT => &mut self.short,
            _ if length > 0.5 && (length - length.round()).abs() < ABOUT => &mut self.whole,
            _ => &mut self.between,
        };
        *counter += 1;
    }

    /// Where all go with a stream by a box a frame, there are no short steps.
    fn are_of_no_motion(&self) -> bool {
        let many = self.whole >= ENOUGH && self.frames >= ENOUGH_FRAMES;
        many && self.whole < self.short && self.whole as f64 > TIMES * self.between as f64
    }
}

/// Counts steps from positions in one cell to those in another.
fn count(along: &mut [Counts; 3], before: &Cell, cell: &Cell, steps: impl Iterator<Item = ([f64; 3], [f64; 3])>) {
    let (periodic, widths, origin) = (cell.periodic(), cell.widths(), cell.origin());
    let repeating = || (0..3).filter(|&k| periodic[k]);
    // In a cell that stays most steps are short whichever way they go.
    let short = if before == cell { repeating().map(|k| SHORT * widths[k]).fold(f64::INFINITY, f64::min) } else { 0.0 };
    for (last, now) in steps {
        let step: [f64; 3] = std::array::from_fn(|i| now[i] - last[i]);
        if step.iter().map(|x| x * x).sum::<f64>() < short * short {
            along.iter_mut().for_each(|counts| counts.short += 1);
            continue;
        }
        let share = match before == cell {
            true => cell.to_fractional(std::array::from_fn(|i| origin[i] + step[i])),
            false => {
                let (from, to) = (before.to_fractional(last), cell.to_fractional(now));
                std::array::from_fn(|k| to[k] - from[k])
            }
        };
        repeating().for_each(|k| along[k].add(share[k]));
    }
}

fn is_flip(before: &Cell, cell: &Cell) -> bool {
    let origin = before.origin();
    before != cell
        && cell.vectors().iter().enumerate().any(|(i, vector)| {
            let parts = before.to_fractional(std::array::from_fn(|k| origin[k] + vector[k]));
            (0..3).any(|j| i != j && parts[j].abs() > FLIP)
        })
}

fn error(unwrapped: &[[f64; 3]], frame: &Frame, k: usize, counts: Counts) -> Error {
    let mut flags = frame.images.iter().flatten().zip(frame.positions.iter().zip(unwrapped));
    let cause = match flags.any(|(flags, (written, unwrapped))| *flags != [0; 3] && written != unwrapped) {
        true => {
            "the image flags (ix iy iz) are not those of the positions: another program wrapped or centred x y z, or changed the \
             flags or their order"
        }
        false => "another program wrapped positions that are called unwrapped (xu yu zu) in part",
    };
    frame.error(
        None,
        format!(
            "{} steps in {} frames go along the box's {} by a whole box or several, and {} by other parts of it than small ones, \
             which no motion does: {cause}; dump LAMMPS's own xu yu zu, or its x y z with ix iy iz",
            counts.whole,
            counts.frames,
            ["a", "b", "c"][k],
            counts.between
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Whether 100 frames of 50 atoms that go by `step` of the box, and see `flag` added, are refused.
    fn refused(step: impl Fn(&mut ChaCha8Rng) -> f64, flag: impl Fn(f64) -> f64) -> bool {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut places = vec![[0.0; 3]; 50];
        let mut leaps = Leaps::default();
        (0..100).any(|i| {
            let stretch = 1.0 + 0.03 * f64::from(i).sin();
            let mut frame = Frame::default();
            frame.cell = cell(stretch, if i % 10 < 5 { 0.4 } else { -0.6 });
            frame.place.path = std::sync::Arc::new("dump".into());
            let whole = cell(stretch, 0.4);
            for place in &mut places {
                *place = place.map(|x| x + step(&mut random));
            }
            let shown: Vec<[f64; 3]> = places.iter().map(|p| whole.to_cartesian(p.map(|x| x + flag(x)))).collect();
            leaps.take(&shown, &Vec::from_iter(0..50), &frame.cell);
            leaps.check(&shown, &frame).is_err()
        })
    }

    fn cell(stretch: f64, lean: f64) -> Cell {
        let edge = 10.0 * stretch;
        Cell::from_lammps([0.0; 3], [edge; 3], [lean * edge, 0.0, 0.0], [true; 3]).unwrap()
    }

    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let (u, v): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    #[test]
    fn motion_passes_however_fast() {
        for width in [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0, 5.0] {
            assert!(!refused(|random| width * normal(random), |_| 0.0), "{width}");
        }
        // Hops of a part of the box, several of them between frames; a stream of a box from frame to frame.
        for (hops, sites) in [(1, 3), (3, 3), (9, 3), (30, 3), (6, 4), (9, 5), (20, 5), (60, 6)] {
            let hop = |random: &mut ChaCha8Rng| {
                f64::from((0..hops).map(|_| random.random_range(-1..2)).sum::<i32>()) / f64::from(sites)
            };
            assert!(!refused(|random| hop(random) + 0.02 * normal(random), |_| 0.0), "{hops} of {sites}");
        }
        assert!(!refused(|random| 1.0 + 0.03 * normal(random), |_| 0.0));
    }

    #[test]
    fn flags_that_are_not_those_of_the_positions_are_refused() {
        for width in [0.02, 0.05, 0.1, 0.13] {
            let walk = |random: &mut ChaCha8Rng| width * normal(random);
            // Old ones, negative ones, and those of a box about another middle.
            assert!(refused(walk, |x| -x.floor()), "{width}");
            assert!(refused(walk, |x| -2.0 * x.floor()), "{width}");
            assert!(refused(walk, |x| (x + 0.5).floor() - x.floor()), "{width}");
        }
    }
}
