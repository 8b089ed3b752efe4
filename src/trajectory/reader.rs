//! Frame after frame out of a dump.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ahead::{Ahead, Next, SHORTEST};
use super::columns::Columns;
use super::error::Trouble;
use super::frame::Frame;
use super::header::Header;
use super::parser::Parser;
use super::source::Source;
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
/// Memory is that of one frame, or of some that other threads parse meanwhile (of a plain file, where there are threads), whatever
/// the length of the dump. The format is told by the file's first bytes, not by
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
    /// What reads as long as all is well, and whole frames are wanted of a long dump.
    ahead: Option<Ahead>,
    /// What is read line by line: all, or what the other leaves.
    text: Text,
    parser: Parser,
    options: ReadOptions,
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
    /// A file that cannot be opened, or is of another kind than text, plain or packed with gzip or zstd.
    pub fn open(path: impl AsRef<Path>, columns: Columns, options: ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let source = Source::open(path)?;
        let whole = source.plain_file().filter(|(_, length)| *length >= SHORTEST && !options.keep_text);
        let ahead = whole.filter(|_| rayon::current_num_threads() > 1);
        let ahead = ahead.map(|(file, length)| Ahead::new(file, length, columns.clone()));
        Ok(Self {
            path: Arc::new(path.to_path_buf()),
            ahead,
            text: Text::new(source, 0),
            parser: Parser::new(columns, options.keep_text),
            options,
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
    /// A frame that is bad, unless bad frames are skipped; a dump whose frames lack required columns from the first on, or that has
    /// none.
    pub fn read(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let result = self.next_good(frame);
        self.ended |= !matches!(result, Ok(true));
        result
    }

    fn next_good(&mut self, frame: &mut Frame) -> Result<bool> {
        if self.parsed_ahead(frame) {
            return Ok(true);
        }
        while !self.ended {
            let index = self.next_frame;
            let mut header = Header::default();
            let first_line = self.text.line_number();
            match self.attempt(&mut header, frame) {
                Ok(true) => return Ok(true),
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

    /// Takes the next frame of those that are parsed ahead; false where there are none any more.
    fn parsed_ahead(&mut self, frame: &mut Frame) -> bool {
        let (expected, is_fixed) = (self.expected(), self.options.atom_count == AtomCount::Fixed);
        match self.ahead.as_mut().map(|ahead| ahead.next(frame, expected, is_fixed)) {
            Some(Next::Frame) => {
                if frame.units.is_some() {
                    self.units.clone_from(&frame.units);
                }
                self.place(frame);
                true
            }
            Some(Next::Rest(text)) => {
                (self.ahead, self.text) = (None, text);
                self.parser.goes_on = self.n_good > 0;
                false
            }
            None => false,
        }
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
        let expected = self.expected();
        let result = self.parser.read(&mut self.text, expected, header, frame);
        // A run tells its units in its first frame alone, which may be bad.
        if header.units.is_some() {
            self.units = header.units.take();
        }
        let is_there = result?;
        if is_there {
            self.place(frame);
        }
        Ok(is_there)
    }

    /// The number of atoms that the next frame must have.
    fn expected(&self) -> Option<u64> {
        self.n_atoms.filter(|_| self.options.atom_count == AtomCount::Fixed)
    }

    /// Tells a good frame what only the frames before it know.
    fn place(&mut self, frame: &mut Frame) {
        frame.place.path = Arc::clone(&self.path);
        frame.place.frame = self.next_frame;
        frame.units.clone_from(&self.units);
        self.n_atoms.get_or_insert(frame.n_atoms as u64);
        self.next_frame += 1;
        self.n_good += 1;
    }
}

impl Iterator for DumpReader {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut frame = Frame::default();
        self.read(&mut frame).map(|read| read.then_some(frame)).transpose()
    }
}
