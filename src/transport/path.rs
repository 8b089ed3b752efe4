//! Paths of particles through a periodic cell whose size may change.

use crate::geometry::Cell;

/// A cell's vector may change by this much of a vector between frames. A shear by three quarters with a flip looks like
/// one by a quarter without: what lies between is not told apart.
const LARGEST_CHANGE: f64 = 0.25;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Follows particles from frame to frame and sums up how far they have moved.
///
/// In a cell that stays, this is the difference of unwrapped positions. In one that changes, unwrapped positions jump
/// in proportion to how many cells a particle has crossed, which has nothing to do with its motion. There each step is
/// the difference of the wrapped positions plus the boundaries crossed in that step times the new cell's vectors:
/// the toroidal-view-preserving scheme of J. T. Bullerjahn et al., J. Chem. Theory Comput. 19, 3406 (2023), with the
/// crossings read from the unwrapped positions and not guessed from the nearest image. Wrapped positions are relative to
/// the cell's middle as it grows: what a cell adds by growing about another point, as where its corner stays, is common to all.
///
/// LAMMPS flips a cell that leans too far: other vectors then span the same lattice. Crossings before a flip are
/// counted in the vectors after it.
#[derive(Debug, Default)]
pub struct Paths {
    last: Vec<[f64; 3]>,
    cell: Option<Cell>,
    /// Displacement of each particle since the first frame.
    moved: Vec<[f64; 3]>,
}

impl Paths {
    /// Goes on to the next frame's unwrapped positions in that frame's cell.
    ///
    /// # Errors
    /// In words: a cell that changed so much that a flip cannot be told from a shear.
    pub fn advance(&mut self, unwrapped: &[[f64; 3]], cell: &Cell) -> Result<(), String> {
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
                let flipped = flipped(before, cell)?;
                let middle = middle_moved(flipped.as_ref().unwrap_or(before), cell);
                for ((moved, last), now) in self.moved.iter_mut().zip(&self.last).zip(unwrapped) {
                    let (old, new) = (images(before, *last), images(cell, *now));
                    let (old_shift, new_shift) = (before.translation(old), cell.translation(new));
                    let old = flipped.as_ref().map_or(old, |flipped| counts(flipped, old_shift));
                    let crossed = cell.translation(std::array::from_fn(|k| new[k] - old[k]));
                    for k in 0..3 {
                        moved[k] += (now[k] - new_shift[k]) - (last[k] - old_shift[k]) + crossed[k] - middle[k];
                    }
                }
            }
        }
        if self.cell.as_ref() != Some(cell) {
            self.cell = Some(cell.clone());
        }
        self.last.clear();
        self.last.extend_from_slice(unwrapped);
        Ok(())
    }

    /// Displacement of each particle since the first frame.
    pub fn moved(&self) -> &[[f64; 3]] {
        &self.moved
    }
}

/// How far the middle of a cell moved by growing, along the vectors that repeat; walls follow their atoms. A shear counts for
/// nothing: atoms need not follow it, and where they do not, its middle's motion would be that of all ions.
fn middle_moved(before: &Cell, cell: &Cell) -> [f64; 3] {
    let (origin, periodic) = (before.origin(), before.periodic());
    let shift = before.to_fractional(cell.origin());
    before.translation(std::array::from_fn(|i| {
        let end: [f64; 3] = std::array::from_fn(|k| origin[k] + cell.vectors()[i][k]);
        let growth = before.to_fractional(end)[i] - 1.0;
        if periodic[i] { shift[i] + 0.5 * growth } else { 0.0 }
    }))
}

/// The cell before a flip in the vectors of the one after it: sums of the old vectors with whole factors, those that
/// come closest to the new ones. None where the two have the same vectors but for a small change.
fn flipped(before: &Cell, cell: &Cell) -> Result<Option<Cell>, String> {
    let (origin, periodic) = (before.origin(), before.periodic());
    let mut vectors = before.vectors();
    for i in (0..3).filter(|&i| periodic[i]) {
        let new = cell.vectors()[i];
        let factors = before.to_fractional(std::array::from_fn(|k| origin[k] + new[k]));
        let mut whole = [0.0; 3];
        for j in (0..3).filter(|&j| periodic[j]) {
            whole[j] = if i == j { 1.0 } else { factors[j].round() };
            let change = factors[j] - whole[j];
            // A box that grows or shrinks is the same lattice.
            if i != j && change.abs() > LARGEST_CHANGE {
                return Err(ambiguous(&format!("its vector {} changed by {change:.2} times {}", NAMES[i], NAMES[j])));
            }
        }
        vectors[i] = before.translation(whole);
    }
    if vectors == before.vectors() {
        return Ok(None);
    }
    // The same lattice has the same volume.
    let flipped = Cell::new(origin, vectors, periodic).ok();
    let same = flipped.filter(|flipped| (flipped.volume() / before.volume() - 1.0).abs() < 1e-6);
    same.map(Some).ok_or_else(|| ambiguous("its vectors are none of the lattice before"))
}

fn ambiguous(what: &str) -> String {
    format!(
        "the cell changed too much since the frame before to tell a flip of the box from its shear: {what}; dump more often"
    )
}

/// How many of a cell's vectors make up a translation of its lattice.
fn counts(cell: &Cell, translation: [f64; 3]) -> [f64; 3] {
    let origin = cell.origin();
    cell.to_fractional(std::array::from_fn(|k| origin[k] + translation[k])).map(f64::round)
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
        paths.advance(&[[1.0, 2.0, 3.0]], &cell(1.0)).unwrap();
        paths.advance(&[[14.0, -22.0, 3.5]], &cell(1.0)).unwrap();
        assert_eq!(paths.moved(), [[13.0, -24.0, 0.5]]);
    }

    fn with_its_corner_at_rest(stretch: f64) -> Cell {
        let [a, b, c] = cell(stretch).vectors();
        Cell::new([1.0, 2.0, 3.0], [a, b, c], [true; 3]).unwrap()
    }

    /// A walk through a breathing triclinic cell: the walk is known, the dump would show positions that the barostat
    /// scales about the cell's middle, or its corner, together with the cell.
    #[test]
    fn a_breathing_cell_adds_no_more_than_its_own_breath() {
        breathe(cell);
        breathe(with_its_corner_at_rest);
    }

    fn breathe(cell: impl Fn(f64) -> Cell) {
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
            paths.advance(&[now.to_cartesian(fractional)], &now).unwrap();
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

    /// What is in the middle of the cell stays there, and others move by as much to either side.
    #[test]
    fn a_cell_that_grows_about_its_corner_moves_nothing_as_a_whole() {
        let places = [[0.5; 3], [0.2, 0.9, 0.6], [0.8, 0.1, 0.4], [2.5, -1.5, 0.5]];
        let mut paths = Paths::default();
        for stretch in [1.0, 1.02, 0.97, 1.05] {
            let now = with_its_corner_at_rest(stretch);
            paths.advance(&places.map(|place| now.to_cartesian(place)), &now).unwrap();
        }
        let moved = paths.moved();
        let expected = cell(1.0).translation([-0.3 * 0.05, 0.4 * 0.05, 0.1 * 0.05]);
        for k in 0..3 {
            assert!(moved[0][k].abs() < 1e-12 && moved[3][k].abs() < 1e-12, "{moved:?}");
            assert!(
                (moved[1][k] - expected[k]).abs() < 1e-12 && (moved[2][k] + expected[k]).abs() < 1e-12,
                "{moved:?}"
            );
        }
    }

    fn leaning(tilt: [f64; 3]) -> Cell {
        Cell::from_lammps([-1.0, 2.0, 0.5], [11.0, 12.0, 9.5], tilt, [true; 3]).unwrap()
    }

    /// A box that is sheared until it leans too far, and flipped as LAMMPS does: y past the half of x, z past that of y
    /// (which takes xy with it) and of x. Every second frame only flips; atoms stay where they are or walk on.
    #[test]
    fn a_flip_adds_nothing() {
        let mut random = ChaCha8Rng::seed_from_u64(8);
        let mut paths = Paths::default();
        let (mut tilt, mut flips) = ([0.0f64; 3], 0);
        let mut walked = [[0.0f64; 3]; 5];
        // Where an atom is in the cell, and the image that this is.
        let mut atoms = [([3.0f64, 5.0, 4.0], [0.0f64; 3]); 5];
        for frame in 0..2000 {
            let mut now = leaning(tilt);
            if frame % 2 == 0 {
                for (xyz, rate) in tilt.iter_mut().zip([0.31, -0.17, 0.23]) {
                    *xyz += rate;
                }
                now = leaning(tilt);
                for ((place, _), walked) in atoms.iter_mut().zip(&mut walked) {
                    for k in 0..3 {
                        let step = random.random_range(-1.0..1.0) + 0.05;
                        place[k] += step;
                        walked[k] += step;
                    }
                }
            } else {
                let [a, b, c] = now.vectors();
                let yz = (tilt[2] / b[1]).round();
                tilt = [tilt[0], tilt[1] - yz * tilt[0], tilt[2] - yz * b[1]];
                let (xy, xz) = ((tilt[0] / a[0]).round(), (tilt[1] / a[0]).round());
                tilt = [tilt[0] - xy * a[0], tilt[1] - xz * a[0], tilt[2]];
                flips += usize::from([xy, xz, yz] != [0.0; 3]);
                let flipped = leaning(tilt);
                for (_, image) in &mut atoms {
                    *image = counts(&flipped, now.translation(*image));
                }
                assert!((flipped.vectors()[2][2] - c[2]).abs() < 1e-12);
                now = flipped;
            }
            for (place, image) in &mut atoms {
                let crossed = images(&now, *place);
                let shift = now.translation(crossed);
                *place = std::array::from_fn(|k| place[k] - shift[k]);
                *image = std::array::from_fn(|k| image[k] + crossed[k]);
            }
            let unwrapped = atoms.map(|(place, image)| {
                let shift = now.translation(image);
                std::array::from_fn(|k| place[k] + shift[k])
            });
            paths.advance(&unwrapped, &now).unwrap();
            if frame == 0 {
                walked = [[0.0; 3]; 5];
            }
        }
        assert!(flips > 50, "{flips}");
        for (moved, walked) in paths.moved().iter().zip(&walked) {
            let apart = (0..3).map(|k| (moved[k] - walked[k]).abs()).fold(0.0, f64::max);
            assert!(walked[0] > 10.0 && apart < 1e-7, "{moved:?} for {walked:?}");
        }
    }

    #[test]
    fn a_shear_that_may_be_a_flip_is_refused() {
        let after = |tilt: [f64; 3]| {
            let mut paths = Paths::default();
            paths.advance(&[[0.0; 3]], &leaning([-5.0, 0.0, 0.0])).unwrap();
            paths.advance(&[[0.0; 3]], &leaning(tilt))
        };
        assert_eq!([after([-2.1, 0.0, 0.0]), after([4.5, 0.0, 0.0])], [Ok(()), Ok(())]);
        for tilt in [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [3.9, 0.0, 0.0], [-5.0, 0.0, 4.0]] {
            let message = after(tilt).unwrap_err();
            assert!(message.contains("tell a flip of the box from its shear") && message.contains("dump more often"));
        }
        assert!(after([1.0, 0.0, 0.0]).unwrap_err().contains("its vector b changed by 0.50 times a"));
        // A length that grows by a third flips nothing.
        let mut paths = Paths::default();
        for cell in [cell(1.0), cell(1.33)] {
            paths.advance(&[cell.to_cartesian([0.5; 3])], &cell).unwrap();
        }
        assert!(paths.moved()[0].iter().all(|x| x.abs() < 1e-12), "{:?}", paths.moved());
    }

    #[test]
    fn walls_that_follow_their_atoms_are_no_flip() {
        let slab = |high: f64| Cell::from_lammps([0.0; 3], [10.0, 10.0, high], [2.0, 0.0, 0.0], [true, true, false]);
        let mut paths = Paths::default();
        paths.advance(&[[1.0, 1.0, 2.0]], &slab(3.0).unwrap()).unwrap();
        paths.advance(&[[1.5, 1.0, 6.0]], &slab(7.0).unwrap()).unwrap();
        assert_eq!(paths.moved(), [[0.5, 0.0, 4.0]]);
    }
}
