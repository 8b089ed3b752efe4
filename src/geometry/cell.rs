//! The simulation cell: three vectors, an origin, and which directions repeat.

use crate::{Error, Result};

/// A parallelepiped cell, periodic along any of its three vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    origin: [f64; 3],
    vectors: [[f64; 3]; 3],
    inverse: [[f64; 3]; 3],
    periodic: [bool; 3],
    volume: f64,
}

/// Atoms that are this share of the cell apart, by [`Cell::nearest_image`], cannot be told to be of one molecule: other images are
/// as near.
pub(crate) const WIDEST: f64 = 0.45;

impl Cell {
    /// A cell from its corner and its vectors `a`, `b`, `c` (the rows of `vectors`), in length units.
    ///
    /// # Errors
    /// Vectors that are not finite or that span no volume.
    pub fn new(origin: [f64; 3], vectors: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Self> {
        if !origin.iter().chain(vectors.iter().flatten()).all(|v| v.is_finite()) {
            return Err(Error::Cell(format!("bounds are not finite numbers: origin {origin:?}, vectors {vectors:?}")));
        }
        let [a, b, c] = vectors;
        let determinant = dot(a, cross(b, c));
        let scale = norm(a) * norm(b) * norm(c);
        if determinant.abs() <= 1e-12 * scale || scale == 0.0 {
            return Err(Error::Cell(format!("vectors {vectors:?} span no volume; check the box bounds")));
        }
        let columns = [cross(b, c), cross(c, a), cross(a, b)].map(|v| v.map(|x| x / determinant));
        let inverse = std::array::from_fn(|i| std::array::from_fn(|j| columns[j][i]));
        Ok(Self { origin, vectors, inverse, periodic, volume: determinant.abs() })
    }

    /// A LAMMPS box: corners `lo` and `hi` of the orthogonal part and the tilts `[xy, xz, yz]`.
    ///
    /// # Errors
    /// As [`Cell::new`]; also `hi` not above `lo`.
    pub fn from_lammps(lo: [f64; 3], hi: [f64; 3], tilt: [f64; 3], periodic: [bool; 3]) -> Result<Self> {
        for (axis, name) in ["x", "y", "z"].iter().enumerate() {
            if hi[axis].partial_cmp(&lo[axis]) != Some(std::cmp::Ordering::Greater) {
                return Err(Error::Cell(format!(
                    "{name} bounds {} and {} do not enclose anything",
                    lo[axis], hi[axis]
                )));
            }
        }
        let [xy, xz, yz] = tilt;
        let [lx, ly, lz] = std::array::from_fn(|i| hi[i] - lo[i]);
        Self::new(lo, [[lx, 0.0, 0.0], [xy, ly, 0.0], [xz, yz, lz]], periodic)
    }

    /// The same cell in another length unit, of which there are `factor` in one of the old.
    ///
    /// # Errors
    /// As [`Cell::new`].
    pub fn scaled(&self, factor: f64) -> Result<Self> {
        let scale = |vector: [f64; 3]| vector.map(|x| factor * x);
        Self::new(scale(self.origin), self.vectors.map(scale), self.periodic)
    }

    /// The corner that fractional coordinates are counted from.
    pub fn origin(&self) -> [f64; 3] {
        self.origin
    }

    /// The vectors `a`, `b`, `c`, one a row.
    pub fn vectors(&self) -> [[f64; 3]; 3] {
        self.vectors
    }

    /// Which of the three vectors repeat.
    pub fn periodic(&self) -> [bool; 3] {
        self.periodic
    }

    /// Volume, in length units cubed.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Distances between opposite faces: the thickness of the cell across each pair.
    pub fn widths(&self) -> [f64; 3] {
        std::array::from_fn(|i| 1.0 / norm(std::array::from_fn(|k| self.inverse[k][i])))
    }

    /// Fractional coordinates of a point.
    pub fn to_fractional(&self, point: [f64; 3]) -> [f64; 3] {
        let d: [f64; 3] = std::array::from_fn(|k| point[k] - self.origin[k]);
        std::array::from_fn(|i| (0..3).map(|k| d[k] * self.inverse[k][i]).sum())
    }

    /// The point at fractional coordinates.
    pub fn to_cartesian(&self, fractional: [f64; 3]) -> [f64; 3] {
        let shift = self.translation(fractional);
        std::array::from_fn(|k| self.origin[k] + shift[k])
    }

    /// The vector `n[0] a + n[1] b + n[2] c`.
    pub fn translation(&self, n: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| (0..3).map(|i| n[i] * self.vectors[i][k]).sum())
    }

    /// The periodic image of a point that lies in the cell; directions that do not repeat stay as they are.
    pub fn wrap(&self, point: [f64; 3]) -> [f64; 3] {
        let fractional = self.to_fractional(point);
        // Most points are where they should be.
        if (0..3).all(|i| !self.periodic[i] | (0.0..1.0).contains(&fractional[i])) {
            return point;
        }
        let images = std::array::from_fn(|i| if self.periodic[i] { -fractional[i].floor() } else { 0.0 });
        let shift = self.translation(images);
        std::array::from_fn(|k| point[k] + shift[k])
    }

    /// Whether this is a periodic cube, to a hundredth.
    pub(crate) fn is_cubic(&self) -> bool {
        const NEARLY: f64 = 0.01;
        let edge = self.volume().cbrt();
        let [a, b, c] = self.vectors().map(|vector| vector.map(|v| v / edge));
        let long = [a, b, c].iter().all(|&v| (norm(v) - 1.0).abs() < NEARLY);
        let upright = [(a, b), (b, c), (a, c)].iter().all(|&(u, v)| dot(u, v).abs() < NEARLY);
        self.periodic == [true; 3] && long && upright
    }

    /// The shortest image of a displacement, and how far it goes towards the next, as a share of the translation between them:
    /// near a half, another image is as near.
    pub fn nearest_image(&self, displacement: [f64; 3]) -> ([f64; 3], f64) {
        let point = std::array::from_fn(|k| self.origin[k] + displacement[k]);
        let fractional = self.to_fractional(point);
        let images = std::array::from_fn(|i| if self.periodic[i] { -fractional[i].round() } else { 0.0 });
        let shift = self.translation(images);
        let along = (0..3).filter(|&i| self.periodic[i]).map(|i| (fractional[i] + images[i]).abs());
        let found: [f64; 3] = std::array::from_fn(|k| displacement[k] + shift[k]);
        let widths = self.widths();
        let narrowest = (0..3).filter(|&i| self.periodic[i]).map(|i| widths[i]).fold(f64::INFINITY, f64::min);
        if norm(found) <= 0.5 * narrowest {
            // No translation is shorter than the cell is wide, so that all other images are longer.
            return (found, along.fold(0.0, f64::max));
        }
        self.shortest(found, widths)
    }

    /// As [`Cell::nearest_image`], by looking at every image that can be as short: where a cell leans, rounding fractional
    /// coordinates does not find the shortest.
    fn shortest(&self, displacement: [f64; 3], widths: [f64; 3]) -> ([f64; 3], f64) {
        // Two images of no more than this length differ by so many cells at most. Along a direction that does not repeat, a
        // displacement may be of any length, which asks for no more images.
        let length = norm(displacement);
        let cells = |i: usize| (2.0 * length / widths[i]).ceil().min(MOST_CELLS) as i32;
        let range = [0, 1, 2].map(|i| if self.periodic[i] { cells(i) } else { 0 });
        let mut translations = vec![];
        for a in -range[0]..=range[0] {
            for b in -range[1]..=range[1] {
                for c in -range[2]..=range[2] {
                    if [a, b, c] != [0; 3] {
                        translations.push(self.translation([a, b, c].map(f64::from)));
                    }
                }
            }
        }
        let by = |shift: &[f64; 3]| std::array::from_fn(|k| displacement[k] + shift[k]);
        let shorter = |a: [f64; 3], b: [f64; 3]| if norm(b) < norm(a) { b } else { a };
        let nearest = translations.iter().map(by).fold(displacement, shorter);
        let along = translations.iter().map(|shift| -dot(nearest, *shift) / dot(*shift, *shift));
        (nearest, along.fold(0.0, f64::max))
    }
}

/// Cells that LAMMPS lets lean do so by less than this many widths.
const MOST_CELLS: f64 = 16.0;

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triclinic() -> Cell {
        Cell::from_lammps([-1.0, 2.0, 0.5], [11.0, 13.0, 14.0], [3.5, -2.5, 4.0], [true; 3]).unwrap()
    }

    #[test]
    fn fractional_and_cartesian_are_inverse() {
        let cell = triclinic();
        let point = [4.25, -7.5, 31.0];
        let back = cell.to_cartesian(cell.to_fractional(point));
        for k in 0..3 {
            assert!((back[k] - point[k]).abs() < 1e-12);
        }
        assert!((cell.volume() - 12.0 * 11.0 * 13.5).abs() < 1e-9);
    }

    #[test]
    fn wrapping_moves_by_whole_vectors_and_only_where_periodic() {
        let cell = triclinic();
        let s = cell.to_fractional(cell.wrap([100.0, -50.0, 77.0]));
        assert!(s.iter().all(|v| (0.0..1.0 + 1e-12).contains(v)));
        let slab = Cell::from_lammps([0.0; 3], [2.0; 3], [0.0; 3], [true, true, false]).unwrap();
        assert_eq!(slab.wrap([5.0, -1.0, 9.0]), [1.0, 1.0, 9.0]);
    }

    #[test]
    fn nearest_images_are_within_half_a_cell_where_it_repeats() {
        let slab = Cell::from_lammps([1.0; 3], [3.0; 3], [0.0; 3], [true, true, false]).unwrap();
        let (d, largest) = slab.nearest_image([1.5, -0.25, 5.0]);
        assert!(d.iter().zip([-0.5, -0.25, 5.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{d:?}");
        assert!((largest - 0.25).abs() < 1e-12);
        let cell = triclinic();
        let d = [0.3, -0.2, 0.4];
        let shifted: [f64; 3] = std::array::from_fn(|k| d[k] + cell.translation([2.0, -1.0, 3.0])[k]);
        let (back, _) = cell.nearest_image(shifted);
        assert!((0..3).all(|k| (back[k] - d[k]).abs() < 1e-12));
    }

    #[test]
    fn nearest_images_are_the_shortest_where_a_cell_leans() {
        let leaning = Cell::from_lammps([0.0; 3], [10.0; 3], [30.0, -25.0, 17.0], [true; 3]).unwrap();
        for d in [[1.0, 1.5, -0.5], [-2.0, 0.3, 0.9], [4.0, 0.0, 0.0]] {
            for n in [[0.0, 0.0, 0.0], [2.0, -1.0, 1.0], [-3.0, 2.0, 0.0], [0.0, 0.0, -2.0]] {
                let shift = leaning.translation(n);
                let (found, along) = leaning.nearest_image(std::array::from_fn(|k| d[k] + shift[k]));
                assert!((0..3).all(|k| (found[k] - d[k]).abs() < 1e-12), "{d:?} {n:?}: {found:?}");
                assert!(along < 0.45, "{along}");
            }
        }
        let (_, along) = leaning.nearest_image([5.0, 0.0, 0.0]);
        assert!((along - 0.5).abs() < 1e-12, "{along}");
    }

    #[test]
    fn widths_are_distances_between_faces() {
        let cell = Cell::from_lammps([0.0; 3], [3.0, 4.0, 5.0], [3.0, 0.0, 0.0], [true; 3]).unwrap();
        let w = cell.widths();
        assert!((w[0] - 3.0 * 4.0 / 5.0).abs() < 1e-12 && (w[1] - 4.0).abs() < 1e-12 && (w[2] - 5.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_boxes_are_refused() {
        assert!(
            Cell::from_lammps([0.0; 3], [1.0, 0.0, 1.0], [0.0; 3], [true; 3])
                .unwrap_err()
                .to_string()
                .contains("y bounds")
        );
        assert!(Cell::from_lammps([0.0; 3], [1.0, f64::NAN, 1.0], [0.0; 3], [true; 3]).is_err());
        assert!(
            Cell::new([0.0; 3], [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [true; 3])
                .unwrap_err()
                .to_string()
                .contains("no volume")
        );
    }
}
