//! Time series of the current, as LAMMPS's `fix ave/time` writes them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::trajectory::unpacked;
use crate::{Error, Result};

/// A current, and the forces that drive it if they are there, at equally spaced times.
#[derive(Debug, Default)]
pub struct CurrentSeries {
    /// Species of each current: `None` for the charge current of all ions.
    pub species: Vec<Option<String>>,
    /// `[species][sample]`: the charge current `sum q v`, or of one species the sum of its velocities.
    pub current: Vec<Vec<[f64; 3]>>,
    /// `[sample]`: charge-weighted sum of forces; none where the files have no columns for it.
    pub force: Option<Vec<[f64; 3]>>,
    pub steps_between_samples: i64,
    pub first_timestep: i64,
    pub last_timestep: i64,
    pub notes: Vec<String>,
}

/// Columns of a series, by their place.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    n_columns: usize,
    currents: Vec<(Option<String>, [usize; 3])>,
    /// Whether the charge current stands beside those of species.
    unused_total: bool,
    force: Option<[usize; 3]>,
}

/// Reads files of `fix ave/time` (mode scalar), plain, `.gz` or `.zst`, that continue one another.
///
/// The comment before the numbers names the columns: the timestep first, then in any order `Jx Jy Jz` for the charge
/// current, or `Jx_NAME Jy_NAME Jz_NAME` for the sum of the velocities of species NAME, and `Fx Fy Fz` for the
/// charge-weighted sum of forces. Currents of species go before the charge current. LAMMPS's `v_`, `c_` or `f_` before a name does not matter, nor do further columns.
/// `names` says what the columns after the timestep are, where the files call them otherwise; `-` for others.
///
/// # Errors
/// A file without these columns, or with a part or two of one; columns that change within a file or between files; a
/// line that is cut short or no numbers; samples that are not evenly spaced.
pub fn read_current(paths: &[PathBuf], names: Option<&[String]>) -> Result<CurrentSeries> {
    let mut files = vec![];
    for path in paths {
        files.push(File::read(path, names)?);
    }
    files.sort_by_key(|file| file.steps[0]);
    if let Some([a, b]) = files.windows(2).find_map(|w| w.first_chunk::<2>().filter(|[a, b]| a.steps[0] == b.steps[0]))
    {
        if a.path == b.path {
            return Err(Error::Input(format!("{} is given twice; give each file of a series once", a.path.display())));
        }
        return Err(Error::Input(format!(
            "{} and {} both begin at timestep {}; give the series of one run, each once",
            a.path.display(),
            b.path.display(),
            a.steps[0]
        )));
    }
    let layout = files[0].layout.clone();
    let starts: Vec<i64> = files.iter().skip(1).map(|file| file.steps[0]).chain([i64::MAX]).collect();
    let mut series = CurrentSeries {
        species: layout.currents.iter().map(|(species, _)| species.clone()).collect(),
        current: vec![vec![]; layout.currents.len()],
        force: layout.force.map(|_| vec![]),
        ..Default::default()
    };
    let mut steps: Vec<i64> = vec![];
    let mut repeated = 0;
    for (file, next) in files.iter().zip(starts) {
        if file.layout != layout {
            return Err(file.error(0, "its columns differ from those of the other files".into()));
        }
        let kept = file.steps.partition_point(|step| *step < next);
        repeated += file.steps.len() - kept;
        for (row, &step) in file.steps[..kept].iter().enumerate() {
            if let [.., before, last] = steps[..]
                && step - last != last - before
            {
                let message = format!(
                    "timestep {step} follows {last} after {} steps, and the samples before are {} steps apart; give \
                     evenly spaced samples without gaps",
                    step - last,
                    last - before
                );
                return Err(file.error(file.lines[row], message));
            }
            steps.push(step);
            let triple = |columns: [usize; 3]| columns.map(|c| file.values[row * file.width + c - 1]);
            for ((_, columns), current) in layout.currents.iter().zip(&mut series.current) {
                current.push(triple(*columns));
            }
            if let (Some(columns), Some(force)) = (layout.force, &mut series.force) {
                force.push(triple(columns));
            }
        }
    }
    let twice: usize = files.iter().map(|file| file.repeated).sum();
    if twice > 0 {
        series.notes.push(format!("{twice} samples of the current dropped whose timestep stands there already"));
    }
    if layout.unused_total {
        series
            .notes
            .push("the columns Jx Jy Jz are not used: the current is from those of the species beside them".into());
    }
    if repeated > 0 {
        series.notes.push(format!("{repeated} samples of the current dropped that a continuation has again"));
    }
    let [first, second, ..] = steps[..] else {
        return Err(files[0].error(0, "one sample of the current is no series".into()));
    };
    series.steps_between_samples = second - first;
    series.first_timestep = first;
    series.last_timestep = steps[steps.len() - 1];
    Ok(series)
}

struct File {
    path: PathBuf,
    layout: Layout,
    steps: Vec<i64>,
    lines: Vec<u64>,
    /// Numbers after the timestep, row after row.
    values: Vec<f64>,
    width: usize,
    /// Samples whose timestep stood there already.
    repeated: usize,
}

impl File {
    fn read(path: &Path, names: Option<&[String]>) -> Result<Self> {
        let mut text = BufReader::new(unpacked(path)?);
        let mut file = Self {
            path: path.into(),
            layout: Layout { n_columns: 0, currents: vec![], unused_total: false, force: None },
            steps: vec![],
            lines: vec![],
            values: vec![],
            width: 0,
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
            if content.starts_with("ITEM:") {
                let message = "this is a dump, and no file of fix ave/time; give it without --current (each --current takes \
                               one file)";
                return Err(file.error(number, message.into()));
            }
            if file.steps.is_empty() {
                file.layout = match names {
                    Some(names) => layout(names.iter().map(String::as_str)),
                    None => layout(header.split_whitespace().skip(1)),
                }
                .map_err(|message| file.error(number, message))?;
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
            Ok(found) if !named => found != self.layout,
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
                Ok(value) if value.is_finite() => self.values.push(value),
                _ => return Err(self.error(number, format!("'{word}' is no finite number"))),
            }
        }
        let width = self.values.len() - before;
        if self.steps.is_empty() {
            self.width = width;
        }
        if width != self.width || width < self.layout.n_columns {
            let message = format!(
                "{} columns, and {} are named; give a file of fix ave/time in mode scalar",
                width + 1,
                self.layout.n_columns.max(self.width) + 1
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

    fn error(&self, line: u64, message: String) -> Error {
        match line {
            0 => Error::Input(format!("{}: {message}", self.path.display())),
            line => Error::Input(format!("{}: line {line}: {message}", self.path.display())),
        }
    }
}

/// Columns of one vector, by axis.
struct Vector<'a> {
    letter: char,
    species: Option<&'a str>,
    columns: [Option<usize>; 3],
}

impl Vector<'_> {
    fn whole(&self) -> Option<[usize; 3]> {
        let [x, y, z] = self.columns;
        Some([x?, y?, z?])
    }
}

/// What a name says: `j` or `f`, the axis, and the species after the underscore.
fn component(name: &str) -> Option<(char, usize, Option<&str>)> {
    let prefixed = ["v_", "c_", "f_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let mut letters = prefixed.unwrap_or(name).chars();
    let letter = letters.next().map(|letter| letter.to_ascii_lowercase()).filter(|letter| "jf".contains(*letter))?;
    let axis = "xyz".find(letters.next()?.to_ascii_lowercase())?;
    let species = match letters.as_str() {
        "" => None,
        rest if letter == 'j' => Some(rest.strip_prefix('_').filter(|species| !species.is_empty())?),
        _ => return None,
    };
    Some((letter, axis, species))
}

/// Finds the columns by the names that follow the timestep's. Those of species are told apart by case as well.
fn layout<'a>(names: impl Iterator<Item = &'a str>) -> Result<Layout, String> {
    let names: Vec<&str> = names.collect();
    let mut vectors: Vec<Vector> = vec![];
    for (place, name) in names.iter().enumerate() {
        let Some((letter, axis, species)) = component(name) else { continue };
        let at = vectors.iter().position(|v| (v.letter, v.species) == (letter, species)).unwrap_or_else(|| {
            vectors.push(Vector { letter, species, columns: [None; 3] });
            vectors.len() - 1
        });
        // Columns count from 1: the timestep is 0.
        if let Some(other) = vectors[at].columns[axis].replace(place + 1) {
            return Err(format!(
                "the columns {} and {name} mean the same; say with --current-columns which counts, with - for the other",
                names[other - 1]
            ));
        }
    }
    let mut currents: Vec<(Option<String>, [usize; 3])> = vec![];
    for vector in vectors.iter().filter(|v| v.letter == 'j') {
        let Some(species) = vector.species else { continue };
        let Some(columns) = vector.whole() else {
            return Err(format!(
                "species {species} has not all of the columns Jx_{species} Jy_{species} Jz_{species} (there are: {}); \
                 give all three, or say with --current-columns what the columns are",
                names.join(" ")
            ));
        };
        currents.push((Some(species.to_string()), columns));
    }
    let total = |letter: char| vectors.iter().find(|v| v.letter == letter && v.species.is_none())?.whole();
    let unused_total = !currents.is_empty() && total('j').is_some();
    if currents.is_empty() {
        currents.extend(total('j').map(|columns| (None, columns)));
    }
    if currents.is_empty() {
        return Err(format!(
            "no columns Jx Jy Jz are named above the numbers (there are: {}); name them with --current-columns, as in \
             --current-columns Jx,Jy,Jz",
            names.join(" ")
        ));
    }
    let force = total('f');
    let last = currents.iter().map(|(_, columns)| columns).chain(&force).flatten().max();
    Ok(Layout { n_columns: last.copied().unwrap_or(0), currents, unused_total, force })
}
