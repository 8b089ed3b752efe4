//! The box of a dump: orthogonal, tilted, or given by three free vectors.

use crate::geometry::Cell;

use super::error::quote;

/// Which of the three forms the lines after `ITEM: BOX BOUNDS` have, and which directions repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoxStyle {
    form: Form,
    periodic: [bool; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `lo hi`
    Orthogonal,
    /// `lo_bound hi_bound tilt`, where the bounds are those of the box that encloses the tilted one
    Tilted,
    /// `ax ay az ox`, with the vectors as rows and the origin as the last column
    General,
}

impl BoxStyle {
    /// Reads what follows `ITEM: BOX BOUNDS`. Without boundary flags, as in dumps before 2010, all directions repeat.
    pub(super) fn parse(words: &str) -> Result<Self, String> {
        let words: Vec<&str> = words.split_ascii_whitespace().collect();
        let (form, flags) = match words.as_slice() {
            ["xy", "xz", "yz", flags @ ..] => (Form::Tilted, flags),
            ["abc", "origin", flags @ ..] => (Form::General, flags),
            flags => (Form::Orthogonal, flags),
        };
        let periodic = match flags {
            [] => [true; 3],
            [x, y, z] => [repeats(x)?, repeats(y)?, repeats(z)?],
            _ => {
                return Err(format!(
                    "box style '{}' is not known; expected boundaries such as pp pp pp",
                    words.join(" ")
                ));
            }
        };
        Ok(Self { form, periodic })
    }

    /// The cell from the three lines that follow; an error comes with the number of the line, 0 to 2.
    pub(super) fn cell(self, lines: &[Vec<u8>; 3]) -> Result<Cell, (usize, String)> {
        let width = match self.form {
            Form::Orthogonal => 2,
            Form::Tilted => 3,
            Form::General => 4,
        };
        let mut rows = [[0.0; 4]; 3];
        for (i, line) in lines.iter().enumerate() {
            let fields: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|f| !f.is_empty()).collect();
            if fields.len() != width {
                return Err((i, format!("expected {width} box bounds, found {}", quote(line))));
            }
            for (value, field) in rows[i].iter_mut().zip(fields) {
                *value = fast_float2::parse(field)
                    .ok()
                    .filter(|v: &f64| v.is_finite())
                    .ok_or_else(|| (i, format!("box bound {} is not a finite number", quote(field))))?;
            }
        }
        let cell = match self.form {
            Form::Orthogonal | Form::Tilted => {
                let [xy, xz, yz] = rows.map(|row| row[2]);
                let low = [0.0f64.min(xy).min(xz).min(xy + xz), 0.0f64.min(yz), 0.0];
                let high = [0.0f64.max(xy).max(xz).max(xy + xz), 0.0f64.max(yz), 0.0];
                let lo: [f64; 3] = std::array::from_fn(|i| rows[i][0] - low[i]);
                let hi: [f64; 3] = std::array::from_fn(|i| rows[i][1] - high[i]);
                if let Some(i) = (0..3).find(|&i| hi[i] <= lo[i]) {
                    let message = format!(
                        "box bounds {} leave no room: the lower must come first and the upper be larger; dump it again \
                         or skip bad frames",
                        quote(&lines[i])
                    );
                    return Err((i, message));
                }
                Cell::from_lammps(lo, hi, [xy, xz, yz], self.periodic)
            }
            Form::General => Cell::new(rows.map(|row| row[3]), rows.map(|[x, y, z, _]| [x, y, z]), self.periodic),
        };
        cell.map_err(|e| (0, e.to_string()))
    }
}

/// Whether a boundary flag such as `pp` or `fs` is that of a periodic direction.
fn repeats(flag: &str) -> Result<bool, String> {
    let known = flag.len() == 2 && flag.bytes().all(|b| b"pfsm".contains(&b));
    match (known, flag.matches('p').count()) {
        (true, 2) => Ok(true),
        (true, 0) => Ok(false),
        _ => Err(format!("boundary '{flag}' is not known; expected two letters such as pp, ff, ss, mm or fs")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(style: &str, lines: [&str; 3]) -> Result<Cell, (usize, String)> {
        BoxStyle::parse(style).unwrap().cell(&lines.map(|l| l.as_bytes().to_vec()))
    }

    #[test]
    fn bounds_of_the_enclosing_box_become_those_of_the_tilted_one() {
        let found = cell("xy xz yz pp ff ss", ["-3.5 14.5 3.5", "2 17 -2.5", "0.5 14 4"]).unwrap();
        let expected = Cell::from_lammps([-1.0, 2.0, 0.5], [11.0, 13.0, 14.0], [3.5, -2.5, 4.0], [true, false, false]);
        assert_eq!(found, expected.unwrap());
    }

    #[test]
    fn three_free_vectors_are_rows() {
        let found = cell("abc origin pp pp pp", ["3 1 0 -1", "-1 4 0 -2", "0.5 0 5 -3"]).unwrap();
        assert_eq!(found.origin(), [-1.0, -2.0, -3.0]);
        assert_eq!(found.vectors(), [[3.0, 1.0, 0.0], [-1.0, 4.0, 0.0], [0.5, 0.0, 5.0]]);
    }

    #[test]
    fn flags_say_what_repeats() {
        let periodic = |style| cell(style, ["0 1", "0 1", "0 1"]).unwrap().periodic();
        assert_eq!(periodic("pp pp pp"), [true; 3]);
        assert_eq!(periodic("fs pp mm"), [false, true, false]);
        assert_eq!(periodic(""), [true; 3]);
        assert!(BoxStyle::parse("pp pp").unwrap_err().contains("not known"));
        assert!(BoxStyle::parse("pp pf pp").unwrap_err().contains("'pf'"));
    }

    #[test]
    fn bad_bounds_name_their_line() {
        assert_eq!(cell("pp pp pp", ["0 1", "2 1", "0 1"]).unwrap_err().0, 1);
        assert_eq!(cell("pp pp pp", ["0 1", "0 1", "0 nan"]).unwrap_err().0, 2);
        assert!(cell("pp pp pp", ["0 1 2", "0 1", "0 1"]).unwrap_err().1.contains("expected 2 box bounds"));
        assert!(cell("xy xz yz pp pp pp", ["0 1 5", "0 1 0", "0 1 0"]).unwrap_err().1.contains("no room"));
        assert!(cell("abc origin pp pp pp", ["1 0 0 0", "2 0 0 0", "0 0 1 0"]).unwrap_err().1.contains("no volume"));
    }
}
