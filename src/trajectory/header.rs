//! The lines of a frame before its atoms.

use memchr::memmem;

use super::boxbounds::BoxStyle;
use super::error::{Trouble, quote};
use super::text::Text;
use crate::geometry::Cell;

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// What the lines from `ITEM: TIMESTEP` to `ITEM: ATOMS` say.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Told to the caller even where the rest of the header is bad.
    pub(super) timestep: Option<i64>,
    pub(super) time: Option<f64>,
    pub(super) units: Option<String>,
    pub(super) atoms: u64,
    pub(super) cell: Option<Cell>,
    /// What stands after `ITEM: ATOMS`.
    pub(super) columns: Vec<u8>,
    /// Line of `ITEM: ATOMS`.
    pub(super) columns_line: u64,
    /// All these lines, if they are to be kept.
    pub(super) raw: Vec<u8>,
    /// Whether the next line may begin with `ITEM:`.
    expects_item: bool,
}

impl Header {
    /// Reads a header; false where the text ends before one begins.
    pub(super) fn read(&mut self, text: &mut Text, keep: bool) -> Result<bool, Trouble> {
        let mut atoms = None;
        text.check_kind()?;
        if text.next_byte() == Some(BYTE_ORDER_MARK[0]) && text.line()?.starts_with(&BYTE_ORDER_MARK) {
            text.advance(BYTE_ORDER_MARK.len(), 0);
        }
        if text.next_byte().is_none() && text.line()?.is_empty() {
            return Ok(false);
        }
        loop {
            let line_number = text.line_number();
            self.expects_item = true;
            let line = self.line(text, keep)?;
            self.expects_item = false;
            let trimmed = line.trim_ascii();
            let Some(item) = trimmed.strip_prefix(b"ITEM:").map(spaced) else {
                if trimmed.is_empty() && self.timestep.is_none() {
                    continue;
                }
                return Err(Trouble::frame(line_number, self.unexpected(trimmed)));
            };
            match item.as_slice() {
                b"UNITS" => {
                    self.units = Some(String::from_utf8_lossy(self.line(text, keep)?.trim_ascii()).into_owned())
                }
                b"TIME" => self.time = Some(self.number(text, keep, "a time")?),
                b"TIMESTEP" => self.timestep = Some(self.number(text, keep, "a timestep (an integer)")?),
                b"NUMBER OF ATOMS" => atoms = Some(self.number(text, keep, "a number of atoms")?),
                item if item.starts_with(b"BOX BOUNDS") => {
                    let style = BoxStyle::parse(&String::from_utf8_lossy(&item[b"BOX BOUNDS".len()..]))
                        .map_err(|message| Trouble::frame(line_number, message))?;
                    let lines = [self.line(text, keep)?, self.line(text, keep)?, self.line(text, keep)?];
                    let cell = style.cell(&lines).map_err(|(i, m)| Trouble::frame(line_number + 1 + i as u64, m))?;
                    self.cell = Some(cell);
                }
                item if item == b"ATOMS" || item.starts_with(b"ATOMS ") => {
                    let missing = [
                        (self.timestep.is_none(), "ITEM: TIMESTEP"),
                        (atoms.is_none(), "ITEM: NUMBER OF ATOMS"),
                        (self.cell.is_none(), "ITEM: BOX BOUNDS"),
                    ];
                    if let Some((_, name)) = missing.iter().find(|(missing, _)| *missing) {
                        return Err(Trouble::frame(
                            line_number,
                            format!(
                                "no '{name}' before the atoms; the frame is damaged: dump it again or skip bad frames"
                            ),
                        ));
                    }
                    self.atoms = atoms.unwrap_or(0);
                    self.columns = item[b"ATOMS".len()..].trim_ascii().to_vec();
                    self.columns_line = line_number;
                    return Ok(true);
                }
                _ => {
                    let message = format!(
                        "{} is not part of a dump of atoms; use dump styles atom or custom, not local or grid",
                        quote(trimmed)
                    );
                    return Err(Trouble::frame(line_number, message));
                }
            }
        }
    }

    /// The next line of the header, which must be there in full, and with no other frame's beginning in it.
    fn line(&mut self, text: &mut Text, keep: bool) -> Result<Vec<u8>, Trouble> {
        let line = text.line()?.to_vec();
        if line.is_empty() {
            return Err(unfinished(text));
        }
        let begins_item = line.trim_ascii_start().starts_with(b"ITEM:");
        if memmem::find_iter(&line, b"ITEM:").count() > usize::from(begins_item && self.expects_item) {
            let message = "another frame begins in the header of this one; a run was cut short here and another \
                           appended: skip bad frames to go on";
            return Err(Trouble::frame(text.line_number(), message));
        }
        if keep {
            self.raw.extend_from_slice(&line);
        }
        text.advance(line.len(), 1);
        Ok(line)
    }

    fn number<T: std::str::FromStr>(&mut self, text: &mut Text, keep: bool, what: &str) -> Result<T, Trouble> {
        let line_number = text.line_number();
        let line = self.line(text, keep)?;
        let parsed = std::str::from_utf8(line.trim_ascii()).ok().and_then(|word| word.parse().ok());
        parsed.ok_or_else(|| {
            Trouble::frame(
                line_number,
                format!("{} is not {what}; the frame is damaged: dump it again or skip bad frames", quote(&line)),
            )
        })
    }

    fn unexpected(&self, line: &[u8]) -> String {
        if line.contains(&0) {
            return "binary data; a binary dump of LAMMPS becomes text by its tool binary2txt".to_string();
        }
        match self.timestep {
            Some(_) => format!(
                "expected a line that begins with 'ITEM:', found {}; the frame is damaged: dump it again or skip bad \
                 frames",
                quote(line)
            ),
            None if line.starts_with(b"# Time-averaged data") => {
                "this is a file of fix ave/time, and no dump; ionscape transport takes it with --current".to_string()
            }
            None => format!("expected 'ITEM: TIMESTEP', found {}; this is not a text dump of LAMMPS", quote(line)),
        }
    }
}

/// An item's words with a blank between each two: other programs write tabs.
fn spaced(item: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = item.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// The file ends inside a frame's header.
fn unfinished(text: &Text) -> Trouble {
    let rest = text.unfinished();
    let message = match rest.iter().filter(|b| **b == 0).count() {
        n if n > 0 && n == rest.len() => {
            "zeros where a frame should begin: the machine or its disk failed while the run wrote; skip bad frames to use what \
             comes before"
        }
        0 => "the file ends in the header of a frame; the run was cut short or still writes: wait, or skip bad frames",
        _ => "binary data; a binary dump of LAMMPS becomes text by its tool binary2txt",
    };
    Trouble::Cut { line: text.line_number(), message: message.to_string() }
}
