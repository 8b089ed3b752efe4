//! Paths of particles through a periodic cell whose size may change.

use crate::geometry::Cell;

/// Follows particles from frame to frame and sums up how far they have moved.
///
/// In a cell that stays, this is the difference of unwrapped positions. In one that changes, unwrapped positions jump
/// in proportion to how many cells a particle has crossed, which has nothing to do with its motion. There each step is
/// the difference of the wrapped positions plus the boundaries crossed in that step times the new cell's vectors:
/// the toroidal-view-preserving scheme of J. T. Bullerjahn et al., J. Chem. Theory Comput. 19, 3406 (2023), with the
/// crossings read from the unwrapped positions and not guessed from the nearest image.
#[derive(Debug, Default)]
pub struct Paths {
    last: Vec<[f64; 3]>,
    cell: Option<Cell>,
    /// Displacement of each particle since the first frame.
    moved: Vec<[f64; 3]>,
}

impl Paths {
    /// Goes on to the next frame's unwrapped positions in that frame's cell.
    pub fn advance(&mut self, unwrapped: &[[f64; 3]], cell: &Cell) {
        match &self.cell {
            None => self.moved = vec![[0.0; 3]; unwrapped.len()],
            Some(before) if before == cell => {
                for ((moved, last), now) in self.moved.iter_mut().zip(&self.last).zip(unwrapped) {
                    for k in 0..3 {
                        moved[k] += now[k] - last[k];
                    }
                }
            }
            Some(before) => {
                for ((moved, last), now) in self.moved.iter_mut().zip(&self.last).zip(unwrapped) {
                    let (old, new) = (images(before, *last), images(cell, *now));
                    let crossed = cell.translation(std::array::from_fn(|k| new[k] - old[k]));
                    let (old_shift, new_shift) = (before.translation(old), cell.translation(new));
                    for k in 0..3 {
                        moved[k] += (now[k] - new_shift[k]) - (last[k] - old_shift[k]) + crossed[k];
                    }
                }
            }
        }
        if self.cell.as_ref() != Some(cell) {
            self.cell = Some(cell.clone());
        }
        self.last.clear();
        self.last.extend_from_slice(unwrapped);
    }

    /// Displacement of each particle since the first frame.
    pub fn moved(&self) -> &[[f64; 3]] {
        &self.moved
    }
}

/// How many cells a position lies away from the first, along each vector that repeats.
fn images(cell: &Cell, position: [f64; 3]) -> [f64; 3] {
    let fractional = cell.to_fractional(position);
    std::array::from_fn(|k| if cell.periodic()[k] { fractional[k].floor() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn cell(stretch: f64) -> Cell {
        let half = 5.0 * stretch;
        Cell::from_lammps([-half; 3], [half; 3], [2.0 * stretch, -stretch, 1.5 * stretch], [true; 3]).unwrap()
    }

    #[test]
    fn in_a_cell_that_stays_it_is_the_difference_of_positions() {
        let mut paths = Paths::default();
        paths.advance(&[[1.0, 2.0, 3.0]], &cell(1.0));
        paths.advance(&[[14.0, -22.0, 3.5]], &cell(1.0));
        assert_eq!(paths.moved(), [[13.0, -24.0, 0.5]]);
    }

    /// A walk through a breathing triclinic cell: the walk is known, the dump would show positions that the barostat
    /// scales about the cell's middle together with the cell.
    #[test]
    fn a_breathing_cell_adds_no_more_than_its_own_breath() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut paths = Paths::default();
        let mut walked = [0.0f64; 3];
        let mut fractional = [0.5f64; 3];
        let mut farthest = 0.0f64;
        let mut plain = 0.0f64;
        for frame in 0..4000 {
            let now = cell(1.0 + 0.02 * (f64::from(frame) * 0.37).sin());
            if frame > 0 {
                let step: [f64; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0) + 0.05);
                let corner = now.to_cartesian([0.0; 3]);
                let shift = now.to_fractional(std::array::from_fn(|k| corner[k] + step[k]));
                walked = std::array::from_fn(|k| walked[k] + step[k]);
                fractional = std::array::from_fn(|k| fractional[k] + shift[k]);
            }
            paths.advance(&[now.to_cartesian(fractional)], &now);
            let apart = |a: [f64; 3]| a.iter().zip(&walked).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            farthest = farthest.max(apart(paths.moved()[0]));
            plain = plain.max(apart(now.to_cartesian(fractional)));
        }
        assert!(walked[0] > 100.0, "the walk crosses boundaries: {walked:?}");
        // Scaling moves a wrapped particle by at most 2 percent of half a cell; positions unwrapped as they are jump
        // by 2 percent of the whole way.
        assert!(farthest < 4.0, "{farthest}");
        assert!(plain > 5.0, "{plain}");
    }
}
