//! The atom rows of a frame, as tables of numbers.

use std::collections::HashMap;

use memchr::memmem;

use super::columns::{Plan, Reading};
use super::error::{Trouble, quote};
use super::parse::{self, Fault};
use super::text::Text;
#[cfg(target_arch = "x86_64")]
use super::wide;

/// Words that repeat from row to row, such as elements, each kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    words: Vec<String>,
    known: HashMap<Vec<u8>, u32>,
    of_atom: Vec<u32>,
}

impl Labels {
    /// The word of an atom.
    pub fn get(&self, atom: usize) -> Option<&str> {
        self.of_atom.get(atom).map(|&word| self.words[word as usize].as_str())
    }

    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.of_atom.len()
    }

    /// Whether there is no atom.
    pub fn is_empty(&self) -> bool {
        self.of_atom.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.of_atom.clear();
    }

    fn push(&mut self, word: &[u8]) {
        let index = match self.known.get(word) {
            Some(&index) => index,
            None => {
                let index = self.words.len() as u32;
                self.words.push(String::from_utf8_lossy(word).into_owned());
                self.known.insert(word.to_vec(), index);
                index
            }
        };
        self.of_atom.push(index);
    }
}

/// After so many rows that are not of the usual kind, the rest of a text is taken to be like them.
#[cfg(target_arch = "x86_64")]
const MOST_UNUSUAL: usize = 4;

/// Values of the rows of a frame, row after row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The bits of real numbers and integers. Longer than the rows need: what earlier frames left behind them need not
    /// be zero again.
    values: Vec<u64>,
    count: usize,
    pub(super) labels: Labels,
    /// The rows as they are written, if they are to be kept.
    pub(super) raw: Vec<u8>,
}

/// What is wrong with a row.
enum RowFault {
    TooFewFields,
    TooManyFields,
    Field(usize, Fault),
}

impl Rows {
    /// Reads `count` rows. Memory grows with the rows that are there, whatever the header announces.
    pub(super) fn read(
        &mut self,
        text: &mut Text,
        count: u64,
        plan: &Plan,
        names: &[String],
        keep: bool,
    ) -> Result<(), Trouble> {
        self.count = 0;
        self.labels.clear();
        self.raw.clear();
        let mut done = 0;
        while done < count {
            let block = text.lines()?;
            if block.is_empty() {
                return Err(cut_short(text, done, count));
            }
            let most = usize::try_from(count - done).unwrap_or(usize::MAX);
            let (bytes, rows, fault) = self.parse(block, most, plan);
            if keep {
                self.raw.extend_from_slice(&block[..bytes]);
            }
            text.advance(bytes, rows);
            done += rows as u64;
            if let Some(fault) = fault {
                let line_number = text.line_number();
                return Err(Trouble::frame(line_number, describe(text.line()?, &fault, names, done, count)));
            }
        }
        match text.next_byte() {
            // Zeros follow where a machine failed: this frame is whole.
            None | Some(b'I' | 0) => Ok(()),
            Some(_) => Err(Trouble::frame(
                text.line_number(),
                format!(
                    "more atom rows than the {count} that the header announces; the frame is damaged: dump it again or \
                     skip bad frames"
                ),
            )),
        }
    }

    /// The values of each row.
    pub(super) fn values(&self, plan: &Plan) -> impl Iterator<Item = &[u64]> {
        self.values[..self.count * plan.values].chunks_exact(plan.values.max(1))
    }

    /// Parses up to `most` of the whole lines in `text`: bytes and rows read, and what stopped it early.
    fn parse(&mut self, text: &[u8], most: usize, plan: &Plan) -> (usize, usize, Option<RowFault>) {
        // A field and what ends it take two bytes: there cannot be more rows than this, whatever was announced.
        let room = self.count + most.min(text.len() / (2 * plan.readings.len()).max(1));
        if self.values.len() < room * plan.values {
            self.values.resize(room * plan.values, 0);
        }
        let values = &mut self.values[self.count * plan.values..];
        let mut start = 0;
        let mut rows = 0;
        #[cfg(target_arch = "x86_64")]
        let mut unusual = 0;
        let mut fault = None;
        while rows < most && start < text.len() {
            let values = &mut values[rows * plan.values..];
            #[cfg(target_arch = "x86_64")]
            if unusual < MOST_UNUSUAL {
                let (bytes, usual) = wide::rows(&text[start..], most - rows, plan, values);
                if usual > 0 {
                    start += bytes;
                    rows += usual;
                    continue;
                }
                unusual += 1;
            }
            let mut sink = Sink { values: values.iter_mut(), labels: &mut self.labels };
            match sink.parse_row(text, start, plan) {
                Ok(next) => start = next,
                Err(found) => {
                    fault = Some(found);
                    break;
                }
            }
            rows += 1;
        }
        self.count += rows;
        (start, rows, fault)
    }
}

/// Where the values of a row go.
struct Sink<'a> {
    values: std::slice::IterMut<'a, u64>,
    labels: &'a mut Labels,
}

impl Sink<'_> {
    /// Parses the row at `start` and tells where the next one starts.
    #[inline(always)]
    fn parse_row(&mut self, text: &[u8], start: usize, plan: &Plan) -> Result<usize, RowFault> {
        let mut at = start;
        for (column, reading) in plan.readings.iter().enumerate() {
            let (byte, field) = parse::skip_blanks(text, at);
            if byte == b'\n' {
                return Err(RowFault::TooFewFields);
            }
            let fail = |fault| RowFault::Field(column, fault);
            // Not a match: a jump table costs more here than comparisons.
            if *reading == Reading::Real {
                let (value, end) = parse::real(text, field).map_err(fail)?;
                *self.values.next().ok_or(RowFault::TooFewFields)? = value.to_bits();
                at = end;
            } else if *reading == Reading::Integer {
                let (value, end) = parse::integer(text, field).map_err(fail)?;
                *self.values.next().ok_or(RowFault::TooFewFields)? = value as u64;
                at = end;
            } else {
                at = parse::field_end(text, field);
                if at == field {
                    return Err(fail(Fault::Malformed));
                }
                if *reading == Reading::Label {
                    self.labels.push(&text[field..at]);
                }
            }
        }
        // As LAMMPS writes most rows, and as others do.
        if text[at] == b'\n' {
            return Ok(at + 1);
        }
        if text[at] == b' ' && text[at + 1] == b'\n' {
            return Ok(at + 2);
        }
        let (byte, end) = parse::skip_blanks(text, at);
        if byte == b'\n' { Ok(end + 1) } else { Err(RowFault::TooManyFields) }
    }
}

/// The file ends inside the rows.
fn cut_short(text: &Text, done: u64, count: u64) -> Trouble {
    let where_ = if text.unfinished().is_empty() { "" } else { ", in the middle of a row (it has no line end)" };
    let message = format!(
        "the file ends after {done} of {count} atoms{where_}; the run was cut short or still writes: wait, or skip bad \
         frames"
    );
    Trouble::Cut { line: text.line_number(), message }
}

fn describe(line: &[u8], fault: &RowFault, names: &[String], done: u64, count: u64) -> String {
    if memmem::find(line, b"ITEM:").is_some() {
        return format!(
            "the next frame begins after {done} of {count} atoms; a run was cut short here and another appended: skip \
             bad frames to go on"
        );
    }
    let fields: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
    match fault {
        RowFault::TooFewFields | RowFault::TooManyFields => format!(
            "{} fields in a row where there are {} columns ({}): {}; the file is damaged, dump it again or skip bad \
             frames",
            fields.len(),
            names.len(),
            names.join(" "),
            quote(line)
        ),
        RowFault::Field(column, fault) => {
            let field = quote(fields.get(*column).copied().unwrap_or_default());
            let name = &names[*column];
            match fault {
                Fault::Malformed => format!(
                    "{field} in column {name} is not a number; the file is damaged, dump it again or skip bad frames"
                ),
                Fault::NonInteger => {
                    format!("{field} in column {name} is not an integer; dump {name} as LAMMPS writes it by default")
                }
                Fault::NonFinite => format!(
                    "{field} in column {name} is not a finite number; the simulation had gone wrong before this step: \
                     use the frames before it"
                ),
            }
        }
    }
}
