//! Frame after frame out of a dump.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columns::{Columns, Plan};
use super::error::Trouble;
use super::fill::Filling;
use super::frame::{Frame, Place};
use super::header::Header;
use super::raw::Raw;
use super::rows::Rows;
use super::text::Text;
use crate::{Error, Result};

/// What to do about a frame that is cut short or damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadFrame {
    /// Stop with an error that says where.
    #[default]
    Refuse,
    /// Warn, and go on at the next `ITEM: TIMESTEP`; an error only if no frame of the file is good.
    Skip,
}

/// Whether the frames of a dump may differ in their number of atoms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtomCount {
    /// They may.
    #[default]
    Any,
    /// A frame with another number than the first good one is a bad frame.
    Fixed,
}

/// How a dump is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    pub on_bad_frame: OnBadFrame,
    pub atom_count: AtomCount,
    /// Keep the text of each frame: see [`Frame::raw`].
    pub keep_text: bool,
}

/// Reads a LAMMPS text dump, plain or compressed, one frame at a time.
///
/// Memory is that of one frame, whatever the length of the dump. The format is told by the file's first bytes, not by
/// its name. It is also an iterator of frames of their own; [`DumpReader::read`] uses one frame's memory again.
///
/// ```no_run
/// use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
/// let columns = Columns::default().require(Quantity::Charges);
/// let mut dump = DumpReader::open("out.lammpstrj.gz", columns, ReadOptions::default())?;
/// let mut frame = Frame::default();
/// while dump.read(&mut frame)? {
///     println!("{} has {} atoms", frame.timestep, frame.n_atoms);
/// }
/// # Ok::<(), ionscape::Error>(())
/// ```
pub struct DumpReader {
    path: Arc<PathBuf>,
    text: Text,
    columns: Columns,
    options: ReadOptions,
    /// The columns of the last frame as its header writes them, and what was made of them.
    planned: Option<(Vec<u8>, Arc<Vec<String>>, Plan)>,
    rows: Rows,
    units: Option<String>,
    n_atoms: Option<u64>,
    next_frame: usize,
    n_good: usize,
    n_skipped: usize,
    first_bad: Option<Error>,
    ended: bool,
}

impl DumpReader {
    /// Opens a dump, from which `columns` will be read.
    ///
    /// # Errors
    /// A file that cannot be opened, or is compressed in a way that is not known here.
    pub fn open(path: impl AsRef<Path>, columns: Columns, options: ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self {
            path: Arc::new(path.to_path_buf()),
            text: Text::open(path)?,
            columns,
            options,
            planned: None,
            rows: Rows::default(),
            units: None,
            n_atoms: None,
            next_frame: 0,
            n_good: 0,
            n_skipped: 0,
            first_bad: None,
            ended: false,
        })
    }

    /// Number of bad frames skipped so far.
    pub fn n_skipped(&self) -> usize {
        self.n_skipped
    }

    /// Reads the next frame into `frame`; false at the end of the dump. After an error there is nothing more to read.
    ///
    /// # Errors
    /// A frame that is bad, unless bad frames are skipped; a dump without the required columns, or without any frame.
    pub fn read(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let result = self.next_good(frame);
        self.ended |= !matches!(result, Ok(true));
        result
    }

    fn next_good(&mut self, frame: &mut Frame) -> Result<bool> {
        while !self.ended {
            let index = self.next_frame;
            let mut header = Header::default();
            let first_line = self.text.line_number();
            match self.attempt(&mut header, frame) {
                Ok(true) => {
                    self.next_frame += 1;
                    self.n_good += 1;
                    return Ok(true);
                }
                Ok(false) => break,
                Err(trouble) => {
                    let timestep = header.timestep;
                    let cure = match trouble {
                        Trouble::Frame { .. } => self.options.on_bad_frame,
                        Trouble::Cut { .. } => {
                            self.ended = true;
                            self.options.on_bad_frame
                        }
                        Trouble::Dump { .. } | Trouble::Io(_) => OnBadFrame::Refuse,
                    };
                    let error = trouble.into_error(&self.path, index, timestep);
                    if cure == OnBadFrame::Refuse {
                        return Err(error);
                    }
                    self.skip(error, first_line)?;
                }
            }
        }
        if self.n_good > 0 {
            return Ok(false);
        }
        let empty = || Trouble::frame(1, "the file is empty; the run has written no frame to it yet");
        Err(self.first_bad.take().unwrap_or_else(|| empty().into_error(&self.path, 0, None)))
    }

    /// Leaves a bad frame behind.
    fn skip(&mut self, error: Error, first_line: u64) -> Result<()> {
        log::warn!("{error}; frame skipped");
        self.first_bad.get_or_insert(error);
        self.n_skipped += 1;
        let index = self.next_frame;
        self.next_frame += 1;
        if self.ended {
            return Ok(());
        }
        // A line that looks like a frame's first and still is none must not be found again.
        if self.text.line_number() == first_line {
            self.text.step();
        }
        match self.text.seek_frame() {
            Ok(found) => self.ended = !found,
            Err(Trouble::Cut { line, message }) => {
                log::warn!("{}", Trouble::Cut { line, message }.into_error(&self.path, index, None));
                self.ended = true;
            }
            Err(trouble) => return Err(trouble.into_error(&self.path, index, None)),
        }
        Ok(())
    }

    fn attempt(&mut self, header: &mut Header, frame: &mut Frame) -> Result<bool, Trouble> {
        let keep = self.options.keep_text;
        if !header.read(&mut self.text, keep)? {
            return Ok(false);
        }
        self.plan(header)?;
        let Some((_, names, plan)) = &self.planned else { return Ok(false) };
        let expected = self.n_atoms.filter(|_| self.options.atom_count == AtomCount::Fixed);
        if let Some(n) = expected.filter(|&n| n != header.atoms) {
            let message = format!(
                "{} atoms, where the frames before have {n}; dump a group that keeps its atoms, or skip bad frames",
                header.atoms
            );
            return Err(Trouble::frame(header.columns_line, message));
        }
        frame.place =
            Place { path: Arc::clone(&self.path), frame: self.next_frame, first_row: self.text.line_number() };
        self.rows.read(&mut self.text, header.atoms, plan, names, keep)?;
        if header.units.is_some() {
            self.units = header.units.take();
        }
        frame.units.clone_from(&self.units);
        frame.timestep = header.timestep.unwrap_or_default();
        frame.time = header.time;
        frame.n_atoms = header.atoms as usize;
        frame.column_names = Arc::clone(names);
        if let Some(cell) = header.cell.take() {
            frame.cell = cell;
        }
        Filling { rows: &mut self.rows, plan }.fill(frame)?;
        if keep {
            let raw: &mut Raw = frame.raw.get_or_insert_default();
            raw.header = std::mem::take(&mut header.raw);
            std::mem::swap(&mut raw.rows, &mut self.rows.raw);
        } else {
            frame.raw = None;
        }
        self.n_atoms.get_or_insert(header.atoms);
        Ok(true)
    }

    /// Finds the wanted columns, unless the last frame had the very same.
    fn plan(&mut self, header: &Header) -> Result<(), Trouble> {
        if self.planned.as_ref().is_some_and(|(columns, ..)| *columns == header.columns) {
            return Ok(());
        }
        let names: Vec<String> =
            String::from_utf8_lossy(&header.columns).split_ascii_whitespace().map(String::from).collect();
        let plan =
            Plan::new(&names, &self.columns).map_err(|message| Trouble::Dump { line: header.columns_line, message })?;
        self.planned = Some((header.columns.clone(), Arc::new(names), plan));
        Ok(())
    }
}

impl Iterator for DumpReader {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut frame = Frame::default();
        self.read(&mut frame).map(|read| read.then_some(frame)).transpose()
    }
}
