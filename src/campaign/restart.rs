//! What LAMMPS's restart files tell of a system: its units, which no other file of a campaign has.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::units::UnitStyle;
use crate::{Error, Result, files};

/// What a restart file begins and ends with.
pub const MAGIC: &[u8] = b"LammpS RestartT\0";

/// Kinds of a header's entries that are texts, with their length before them. Those of other kinds that stand before the units, as many
/// as a version has, are numbers.
const VERSION: i32 = 0;
const UNITS: i32 = 4;

/// The header up to the units is shorter.
const HEADER: u64 = 1024;

/// Refuses the restarts of a folder's equilibration, or its last one, where they are in other units than a campaign's: its lengths,
/// times and temperatures would be taken for others, and labels be off by powers of ten.
///
/// # Errors
/// The first restart in other units, and both; one that cannot be read. One that is not there, or not understood, says nothing.
pub fn check_units(folder: &Path, units: &str) -> Result<()> {
    for name in ["equilibrate/last.restart", "last.restart"] {
        let path = folder.join(name);
        if let Some(found) = units_of(&path)?.filter(|found| *found != units) {
            return Err(Error::Input(format!(
                "{}: the script's units are {found}, and those of the campaign {units}: correct the one that is wrong, and remove what \
                 was made with it or give another --output",
                path.display()
            )));
        }
    }
    Ok(())
}

/// The units of a restart file; none where there is no such file or it begins otherwise than LAMMPS's do.
fn units_of(path: &Path) -> Result<Option<&'static str>> {
    let Some(file) = files::if_there(path, File::open(path))? else { return Ok(None) };
    let mut header = vec![];
    file.take(HEADER).read_to_end(&mut header).map_err(|e| Error::io(path, e))?;
    Ok(units_in(&header))
}

/// Takes a number off the beginning.
fn number(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    Some(i32::from_ne_bytes(*bytes))
}

fn units_in(header: &[u8]) -> Option<&'static str> {
    let mut rest = header.strip_prefix(MAGIC)?;
    // Bytes of another order make another number; a revision of the format follows, which has not moved what is read here.
    if number(&mut rest)? != 1 {
        return None;
    }
    number(&mut rest)?;
    loop {
        match number(&mut rest)? {
            kind @ (VERSION | UNITS) => {
                let length = usize::try_from(number(&mut rest)?).ok()?;
                let (text, behind) = rest.split_at_checked(length)?;
                if kind == UNITS {
                    let style = std::str::from_utf8(text.strip_suffix(b"\0")?).ok()?.parse::<UnitStyle>().ok()?;
                    return Some(style.name());
                }
                rest = behind;
            }
            _ => drop(number(&mut rest)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As LAMMPS of 22 Jul 2025 begins its restarts.
    fn header(units: &str) -> Vec<u8> {
        let text = |kind: i32, text: &str| {
            let length = text.len() as i32 + 1;
            [&kind.to_ne_bytes(), &length.to_ne_bytes(), text.as_bytes(), b"\0"].concat()
        };
        let numbers = |all: &[i32]| all.iter().flat_map(|n| n.to_ne_bytes()).collect::<Vec<u8>>();
        let sizes = numbers(&[1, 4, 48, 4, 2, 4, 3, 8]);
        [
            MAGIC.to_vec(),
            numbers(&[1, 3]),
            text(VERSION, "22 Jul 2025"),
            sizes,
            text(UNITS, units),
            numbers(&[5, 15000]),
        ]
        .concat()
    }

    #[test]
    fn units_are_read_and_other_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.restart");
        check_units(folder.path(), "metal").unwrap();
        std::fs::write(&path, header("metal")).unwrap();
        check_units(folder.path(), "metal").unwrap();
        let message = check_units(folder.path(), "real").unwrap_err().to_string();
        assert!(
            message.contains("last.restart: the script's units are metal, and those of the campaign real"),
            "{message}"
        );
        for length in 0..header("metal").len() {
            let found = units_in(&header("metal")[..length]);
            assert!(matches!(found, None | Some("metal")), "{found:?}");
        }
        assert_eq!(units_in(&header("none")), None);
        // Something else, or of a machine of the other order of bytes.
        assert_eq!(units_in(b"0 0 0 0 5 5 5 LammpS RestartT\0"), None);
        let mut swapped = header("metal");
        swapped[16..20].reverse();
        assert_eq!(units_in(&swapped), None);
    }
}
