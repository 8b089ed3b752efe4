//! A file of `fix ave/time`, line by line.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::foreign;
use super::layout::{Layout, layout};
use crate::trajectory::unpacked;
use crate::{Error, Result};

/// No current is larger in size; squares of sums of such are numbers.
const LARGEST: f64 = 1e60;

/// Names of columns after the timestep.
#[derive(Clone, Copy)]
enum Named {
    /// By the file's header, which has one for each column.
    ByHeader(usize),
    /// By the user, from the first column on.
    ByUser(usize),
}

/// One file, read.
pub(super) struct File {
    pub path: PathBuf,
    pub layout: Layout,
    pub steps: Vec<i64>,
    /// Where in the file each sample stands.
    pub lines: Vec<u64>,
    /// Numbers after the timestep, row after row.
    pub values: Vec<f64>,
    pub width: usize,
    /// How many columns after the timestep have a name, and who gave it.
    named: Named,
    /// Samples whose timestep stood there already.
    pub repeated: usize,
}

impl File {
    pub fn read(path: &Path, names: Option<&[String]>) -> Result<Self> {
        let mut text = BufReader::new(unpacked(path)?);
        let mut file = Self {
            path: path.into(),
            layout: Layout::default(),
            steps: vec![],
            lines: vec![],
            values: vec![],
            width: 0,
            named: Named::ByHeader(0),
            repeated: 0,
        };
        let mut header = String::new();
        let mut line = vec![];
        for number in 1.. {
            line.clear();
            // A line longer than this is no row of a fix ave/time.
            Read::by_ref(&mut text).take(1 << 16).read_until(b'\n', &mut line).map_err(|e| Error::io(path, e))?;
            if line.is_empty() {
                break;
            }
            let Ok(content) = std::str::from_utf8(&line) else {
                return Err(file.error(number, "this is no text; give a file that fix ave/time wrote".into()));
            };
            if file.steps.is_empty()
                && let Some(message) = foreign::kind(content)
            {
                return Err(file.error(number, message));
            }
            if let Some(comment) = content.trim_start().strip_prefix('#') {
                // A continuation in the same file repeats its header; the names are those above the first numbers.
                if file.steps.is_empty() {
                    header = comment.to_string();
                } else {
                    file.check_header(number, &header, comment, names.is_some())?;
                }
                continue;
            }
            if content.trim().is_empty() {
                continue;
            }
            if file.steps.is_empty() && !begins_with_a_timestep(content) {
                let message =
                    format!("the line does not begin with a timestep; give a file as of {}", foreign::INSTEAD);
                return Err(file.error(number, message));
            }
            if file.steps.is_empty() {
                let words: Vec<&str> = match names {
                    Some(names) => names.iter().map(String::as_str).collect(),
                    None => header.split_whitespace().skip(1).collect(),
                };
                file.named = match names {
                    Some(_) => Named::ByUser(words.len()),
                    None => Named::ByHeader(words.len()),
                };
                file.layout = layout(words.into_iter()).map_err(|message| file.error(number, message))?;
            }
            if !content.ends_with('\n') {
                let message = "the file ends in the middle of a line; the run was cut short or still writes: remove it";
                return Err(file.error(number, message.into()));
            }
            file.row(number, content)?;
        }
        if file.steps.is_empty() {
            return Err(file.error(0, "there are no numbers in it; give a file that fix ave/time wrote".into()));
        }
        Ok(file)
    }

    /// Refuses a header between numbers that names other columns than the first. Where the user says what the columns
    /// are, the names must be the same words.
    fn check_header(&self, number: u64, first: &str, again: &str, named: bool) -> Result<()> {
        let (first, again): (Vec<&str>, Vec<&str>) =
            (first.split_whitespace().collect(), again.split_whitespace().collect());
        if first == again {
            return Ok(());
        }
        let found = layout(again.iter().skip(1).copied());
        let differs = match found {
            Ok(found) if !named => found != self.layout || first.len() != again.len(),
            _ => again.first().is_some_and(|word| first.first() == Some(word)),
        };
        if differs {
            let message = format!(
                "the columns are called '{}' from here on, and '{}' before; a series has the same columns from its \
                 first line to its last: write these rows as those before",
                again.join(" "),
                first.join(" ")
            );
            return Err(self.error(number, message));
        }
        Ok(())
    }

    fn row(&mut self, number: u64, content: &str) -> Result<()> {
        let mut words = content.split_ascii_whitespace();
        let Some(step) = words.next().and_then(|word| word.parse::<i64>().ok()) else {
            return Err(self.error(number, "the line does not begin with a timestep".into()));
        };
        let before = self.values.len();
        for word in words {
            match word.parse::<f64>() {
                Ok(value) if value.abs() <= LARGEST => self.values.push(value),
                Ok(value) if value.is_finite() => {
                    return Err(
                        self.error(number, format!("{word} is beyond {LARGEST:e}, whose powers no number holds"))
                    );
                }
                _ => return Err(self.error(number, format!("'{word}' is no finite number"))),
            }
        }
        let width = self.values.len() - before;
        if self.steps.is_empty() {
            self.width = width;
            self.check_names().map_err(|message| self.error(number, message))?;
        }
        if width != self.width {
            let message = format!(
                "{} columns, and {} are named; give a file of fix ave/time in mode scalar",
                width + 1,
                self.width + 1
            );
            return Err(self.error(number, message));
        }
        match self.steps.last() {
            Some(last) if step == *last => {
                self.values.truncate(before);
                self.repeated += 1;
            }
            Some(last) if step < *last => {
                let message =
                    format!("timestep {step} after {last}: time goes back; split the file there and give both");
                return Err(self.error(number, message));
            }
            _ => {
                self.steps.push(step);
                self.lines.push(number);
            }
        }
        Ok(())
    }

    /// Refuses names that are not one for each column: which column is which is then anybody's guess. The user may leave out the last.
    fn check_names(&self) -> Result<(), String> {
        let columns = self.width + 1;
        match self.named {
            Named::ByHeader(named) if named != self.width => Err(format!(
                "{columns} columns, and {} are named above the numbers, the timestep among them; write one name for each, or say with \
                 --current-columns what the columns after the timestep are, with - for one that does not count",
                named + 1
            )),
            Named::ByUser(named) if named > self.width => Err(format!(
                "{} columns after the timestep, and --current-columns names {named}; name the columns from the first one after the \
                 timestep on, with - for one that does not count",
                self.width
            )),
            _ => Ok(()),
        }
    }

    /// What is wrong at a line, or with the file where that is 0.
    pub fn error(&self, line: u64, message: String) -> Error {
        match line {
            0 => Error::Input(format!("{}: {message}", self.path.display())),
            line => Error::Input(format!("{}: line {line}: {message}", self.path.display())),
        }
    }
}

fn begins_with_a_timestep(line: &str) -> bool {
    line.split_ascii_whitespace().next().is_some_and(|word| word.parse::<i64>().is_ok())
}
