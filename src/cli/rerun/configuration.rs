//! Ions of a frame as LAMMPS reads them: in a box of its form, in text that keeps every digit.

use std::io::{self, Write};

use ionscape::geometry::Cell;

/// Share of a box that goes beyond its outermost ion, where a direction does not repeat.
const MARGIN: f64 = 1e-6;

/// One ion: LAMMPS's atom type, and where it is.
pub type Ion = (usize, [f64; 3]);

/// Ions in a box whose first vector lies along x and whose second lies in the xy plane, with all ions inside.
///
/// Distances between ions and their periodic images are those of the cell that it was made from; a cell of three free
/// vectors is turned, and mirrored if it is left-handed, which a power spectrum does not see.
pub struct Configuration {
    cell: Cell,
    ions: Vec<Ion>,
}

impl Configuration {
    /// # Errors
    /// As [`Cell::new`].
    pub fn new(cell: &Cell, mut ions: Vec<Ion>) -> ionscape::Result<Self> {
        let [a, b, c] = cell.vectors();
        let upright = a[1] == 0.0 && a[2] == 0.0 && b[2] == 0.0 && [a[0], b[1], c[2]].iter().all(|&l| l > 0.0);
        let mut upright_cell = cell.clone();
        if !upright {
            upright_cell = Cell::new(cell.origin(), turned(a, b, c), cell.periodic())?;
            for (_, point) in &mut ions {
                *point = upright_cell.to_cartesian(cell.to_fractional(*point));
            }
        }
        let cell = enclosing(&upright_cell, &ions)?;
        for (_, point) in &mut ions {
            *point = cell.wrap(*point);
        }
        Ok(Self { cell, ions })
    }

    /// Which directions repeat, as in LAMMPS's `boundary` command.
    pub fn boundary(&self) -> [char; 3] {
        self.cell.periodic().map(|periodic| if periodic { 'p' } else { 'f' })
    }

    /// Limits and tilts of the box, as in LAMMPS's `region prism`.
    pub fn prism(&self) -> String {
        let (lo, hi, tilt) = self.limits();
        let limits: Vec<String> = (0..3).map(|i| format!("{} {}", lo[i], hi[i])).collect();
        format!("{} {} {} {}", limits.join(" "), tilt[0], tilt[1], tilt[2])
    }

    /// Writes a frame of a text dump; ids count the ions from 1.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, step: usize, out: &mut impl Write) -> io::Result<()> {
        let (lo, hi, tilt @ [xy, xz, yz]) = self.limits();
        // The bounds are those of the upright box around the tilted one.
        let low = [0f64.min(xy).min(xz).min(xy + xz), 0f64.min(yz), 0.0];
        let high = [0f64.max(xy).max(xz).max(xy + xz), 0f64.max(yz), 0.0];
        writeln!(out, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}", self.ions.len())?;
        write!(out, "ITEM: BOX BOUNDS xy xz yz")?;
        self.boundary().iter().try_for_each(|flag| write!(out, " {flag}{flag}"))?;
        writeln!(out)?;
        for i in 0..3 {
            writeln!(out, "{} {} {}", lo[i] + low[i], hi[i] + high[i], tilt[i])?;
        }
        writeln!(out, "ITEM: ATOMS id type x y z")?;
        for (k, (kind, [x, y, z])) in self.ions.iter().enumerate() {
            writeln!(out, "{} {kind} {x} {y} {z}", k + 1)?;
        }
        out.flush()
    }

    fn limits(&self) -> ([f64; 3], [f64; 3], [f64; 3]) {
        let lo = self.cell.origin();
        let [a, b, c] = self.cell.vectors();
        let lengths = [a[0], b[1], c[2]];
        (lo, std::array::from_fn(|i| lo[i] + lengths[i]), [b[0], c[0], c[1]])
    }
}

/// Vectors of the same lengths and angles, the first along x and the second in the xy plane.
fn turned(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> [[f64; 3]; 3] {
    let dot = |u: [f64; 3], v: [f64; 3]| -> f64 { (0..3).map(|i| u[i] * v[i]).sum() };
    let ax = dot(a, a).sqrt();
    let bx = dot(a, b) / ax;
    let by = (dot(b, b) - bx * bx).sqrt();
    let cx = dot(a, c) / ax;
    let cy = (dot(b, c) - bx * cx) / by;
    [[ax, 0.0, 0.0], [bx, by, 0.0], [cx, cy, (dot(c, c) - cx * cx - cy * cy).sqrt()]]
}

/// The cell, grown in the directions that do not repeat until no ion is outside: LAMMPS would lose those that are.
fn enclosing(cell: &Cell, ions: &[Ion]) -> ionscape::Result<Cell> {
    let periodic = cell.periodic();
    let (mut low, mut high) = ([0.0f64; 3], [1.0f64; 3]);
    for (_, point) in ions.iter().filter(|_| periodic.contains(&false)) {
        for (i, share) in cell.to_fractional(*point).into_iter().enumerate().filter(|(i, _)| !periodic[*i]) {
            (low[i], high[i]) = (low[i].min(share - MARGIN), high[i].max(share + MARGIN));
        }
    }
    if low == [0.0; 3] && high == [1.0; 3] {
        return Ok(cell.clone());
    }
    let vectors = cell.vectors();
    let grown = std::array::from_fn(|i| vectors[i].map(|v| v * (high[i] - low[i])));
    Cell::new(cell.to_cartesian(low), grown, periodic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(configuration: &Configuration) -> String {
        let mut text = vec![];
        configuration.write(7, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn positions_inside_the_box_keep_their_digits() {
        let cell = Cell::from_lammps([-1.0, 0.0, 0.5], [11.0, 13.0, 14.0], [3.5, -2.5, 4.0], [true; 3]).unwrap();
        let ions = vec![(1, [0.1 + 0.2, 10.0 / 3.0, 7.0]), (2, [4.0, 5.0, 6.0])];
        let configuration = Configuration::new(&cell, ions).unwrap();
        assert_eq!(configuration.prism(), "-1 11 0 13 0.5 14 3.5 -2.5 4");
        let text = text(&configuration);
        assert!(text.starts_with("ITEM: TIMESTEP\n7\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS xy xz yz pp pp pp\n"));
        assert!(text.contains("\n-3.5 14.5 3.5\n0 17 -2.5\n0.5 14 4\nITEM: ATOMS id type x y z\n"), "{text}");
        assert!(text.ends_with("1 1 0.30000000000000004 3.3333333333333335 7\n2 2 4 5 6\n"), "{text}");
    }

    #[test]
    fn ions_outside_come_in_or_the_box_grows() {
        let cell = Cell::from_lammps([0.0; 3], [4.0; 3], [0.0; 3], [true, true, false]).unwrap();
        let configuration = Configuration::new(&cell, vec![(1, [9.0, -1.0, 6.0]), (1, [1.0, 1.0, -2.0])]).unwrap();
        assert_eq!(configuration.ions[0].1, [1.0, 3.0, 6.0]);
        assert_eq!(configuration.boundary(), ['p', 'p', 'f']);
        let (lo, hi, _) = configuration.limits();
        assert!(lo[2] < -2.0 && hi[2] > 6.0 && lo[2] > -2.001 && hi[2] < 6.001);
    }

    #[test]
    fn free_vectors_are_turned_and_distances_stay() {
        for c in [[0.5, 0.3, 5.0], [0.5, 0.3, -5.0]] {
            let cell = Cell::new([1.0, 2.0, 3.0], [[3.0, 1.0, 0.2], [-1.0, 4.0, 0.0], c], [true; 3]).unwrap();
            let inside = [[0.1, 0.2, 0.3], [0.6, 0.9, 0.4]].map(|share| cell.to_cartesian(share));
            let configuration = Configuration::new(&cell, inside.map(|point| (1, point)).to_vec()).unwrap();
            let distance = |a: [f64; 3], b: [f64; 3]| (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
            let found = distance(configuration.ions[0].1, configuration.ions[1].1);
            assert!((found - distance(inside[0], inside[1])).abs() < 1e-12);
            assert!((configuration.cell.volume() - cell.volume()).abs() < 1e-10);
            let [a, b, _] = configuration.cell.vectors();
            assert_eq!([a[1], a[2], b[2]], [0.0; 3]);
        }
    }
}
