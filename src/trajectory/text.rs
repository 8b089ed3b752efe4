//! Lines of a dump, from a buffer that holds many of them at a time.

use std::io;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::error::Trouble;
use super::foreign::{self, SIGNATURE};
use super::source::Source;

/// A line longer than this is no line of a dump.
const LONGEST_LINE: usize = 1 << 24;

/// What the first line of every frame begins with, and what follows after a blank: `TIMESTEP`, or `TIME` before it.
const ITEM: &[u8] = b"ITEM:";
const TIME: &[u8] = b"TIME";

/// Whether a text begins with `ITEM:`, a blank or a tab, and a name.
pub(super) fn is_item(text: &[u8], name: &[u8]) -> bool {
    matches!(text.strip_prefix(ITEM), Some([b' ' | b'\t', rest @ ..]) if rest.starts_with(name))
}

/// A text that is read forwards, whole lines at a time.
pub(super) struct Text {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    lines_done: u64,
    bytes_done: u64,
    /// Trouble met while looking ahead, told when the text before it is used up.
    failure: Option<io::Error>,
}

impl Text {
    /// The text of a source, before which there are `lines` lines.
    pub(super) fn new(source: Source, lines: u64) -> Self {
        Self { source, buffer: vec![], start: 0, end: 0, lines_done: lines, bytes_done: 0, failure: None }
    }

    /// What stands in a part of `buffer`, and in a source behind it.
    pub(super) fn of(buffer: Vec<u8>, Range { start, end }: Range<usize>, behind: Source) -> Self {
        Self { buffer, start, end, ..Self::new(behind, 0) }
    }

    /// The memory of the text.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Number of the line that comes next, counted from 1.
    pub(super) fn line_number(&self) -> u64 {
        self.lines_done + 1
    }

    /// Bytes before that line, from where the text was begun.
    pub(super) fn bytes_done(&self) -> u64 {
        self.bytes_done
    }

    /// Whole lines that come next, each with its line end; empty where the text is at its end.
    pub(super) fn lines(&mut self) -> Result<&[u8], Trouble> {
        loop {
            if let Some(last) = memrchr(b'\n', &self.buffer[self.start..self.end]) {
                return Ok(&self.buffer[self.start..=self.start + last]);
            }
            if !self.fill()? {
                return Ok(&[]);
            }
        }
    }

    /// The line that comes next, with its line end; empty where the text is at its end.
    pub(super) fn line(&mut self) -> Result<&[u8], Trouble> {
        let lines = self.lines()?;
        Ok(memchr(b'\n', lines).map_or(&[], |i| &lines[..=i]))
    }

    /// What stands after the last line end of the text, once [`Text::lines`] has come back empty.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Moves on by `bytes`, in which `lines` lines end.
    pub(super) fn advance(&mut self, bytes: usize, lines: usize) {
        self.start += bytes;
        self.bytes_done += bytes as u64;
        self.lines_done += lines as u64;
    }

    /// Moves on by one byte, if there is one.
    pub(super) fn step(&mut self) {
        if self.start < self.end {
            self.advance(1, usize::from(self.buffer[self.start] == b'\n'));
        }
    }

    /// Leaves blank lines behind, and tells the first byte of the next line that is not blank; trouble in getting it is left for
    /// the next call to meet.
    pub(super) fn next_byte(&mut self) -> Option<u8> {
        let mut at = 0;
        loop {
            match self.buffer[self.start..self.end].get(at) {
                Some(b'\n') => {
                    self.advance(at + 1, 1);
                    at = 0;
                }
                Some(byte) if byte.is_ascii_whitespace() => at += 1,
                Some(&byte) => return Some(byte),
                None if self.failure.is_some() || self.end - self.start >= LONGEST_LINE => return None,
                None => match self.more() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(e) => {
                        self.failure = Some(e);
                        return None;
                    }
                },
            }
        }
    }

    /// Where the text begins, looks whether a packed file holds text at all; of a plain one that is known. Trouble in getting it is
    /// left for the next call to meet.
    pub(super) fn check_kind(&mut self) -> Result<(), Trouble> {
        let Some(compression) = self.source.compression.filter(|_| self.bytes_done == 0) else { return Ok(()) };
        while self.failure.is_none() && self.end - self.start < SIGNATURE {
            match self.more() {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => self.failure = Some(e),
            }
        }
        let packed = format!("what the {compression} data hold");
        let message = foreign::told(&packed, &self.buffer[self.start..self.end]);
        message.map_or(Ok(()), |message| Err(Trouble::Dump { line: self.line_number(), message }))
    }

    /// Moves on to where a frame may begin, be it in the middle of a line that was cut short; false if nowhere.
    pub(super) fn seek_frame(&mut self) -> Result<bool, Trouble> {
        loop {
            let rest = &self.buffer[self.start..self.end];
            let found = memmem::find_iter(rest, ITEM).find(|at| is_item(&rest[*at..], TIME));
            let skip = found.unwrap_or(rest.len().saturating_sub(ITEM.len() + TIME.len()));
            let lines = memchr_iter(b'\n', &rest[..skip]).count();
            self.advance(skip, lines);
            if found.is_some() {
                return Ok(true);
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Reads on behind the text in the buffer; false at the end of the file.
    fn fill(&mut self) -> Result<bool, Trouble> {
        if let Some(e) = self.failure.take() {
            return Err(self.unreadable(e));
        }
        if self.end - self.start >= LONGEST_LINE {
            let message = format!("no line end in {LONGEST_LINE} bytes; this is not a text dump of LAMMPS");
            return Err(Trouble::Dump { line: self.line_number(), message });
        }
        self.more().map_err(|e| self.unreadable(e))
    }

    /// As [`Text::fill`], whatever is in the buffer.
    fn more(&mut self) -> io::Result<bool> {
        let held = self.end - self.start;
        (self.start, self.end) = self.source.fill(&mut self.buffer, self.start, self.end)?;
        Ok(self.end - self.start > held)
    }

    /// An error of a decompressor is a matter of the data, one of the file is not.
    fn unreadable(&self, e: io::Error) -> Trouble {
        match self.source.compression {
            // zstd has no kind of error for it.
            Some(compression) if e.to_string().contains("too much memory") => Trouble::Dump {
                line: self.line_number(),
                message: format!(
                    "the {compression} data ask for more memory than is given ({e}); pack the dump again without --long or --ultra"
                ),
            },
            Some(compression) => Trouble::Cut {
                line: self.line_number(),
                message: format!(
                    "the {compression} data are damaged or cut short here ({e}); copy the file again, or skip bad \
                     frames to use what comes before"
                ),
            },
            None => Trouble::Io(e),
        }
    }
}
