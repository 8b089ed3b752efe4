//! Frames of a plain dump that other threads read before they are asked for.

use std::collections::VecDeque;
use std::fs::File;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::columns::Columns;
use super::frame::Frame;
use super::piece::{Job, Piece, Readers};
use super::source::Source;
use super::text::Text;

/// Dumps that are shorter are read by one thread.
pub(super) const SHORTEST: u64 = 1 << 20;

/// Bytes in which the frames of a piece begin, about: much beside what a hand-over costs, and little beside the caches.
const PIECE: u64 = 3 << 17;

/// Pieces for each thread that wait or are read: few enough for the caches, and so many that no thread sleeps for want of one.
const PIECES_AHEAD: usize = 4;

/// Parts of a frame by which a piece ends before one is thought to begin.
const SLACK: f64 = 0.02;

/// Bytes of text whose frames are kept before they are asked for, one piece of any length aside.
const UNDER_WAY: u64 = 1 << 26;

/// The frames of a dump in order, as long as nothing is wrong with them.
pub(super) struct Ahead {
    readers: Arc<Readers>,
    /// What is left of the file when it was opened, in pieces to come.
    pieces: Range<u64>,
    queue: VecDeque<Arc<Job>>,
    /// The piece whose frames are handed out, and how many were.
    current: Piece,
    given: usize,
    /// Where the piece that comes next must begin, in bytes and lines.
    at: u64,
    lines: u64,
    /// Frames before the piece that comes next.
    n_frames: usize,
    /// Bytes of the longest piece so far.
    longest: u64,
}

/// What comes next of a dump.
pub(super) enum Next {
    /// The frame was filled.
    Frame,
    /// The rest must be read line by line: it ends here, or something is wrong, which is told best by who reads in order.
    Rest(Text),
}

impl Ahead {
    /// Reads a file of `length` bytes.
    pub(super) fn new(file: File, length: u64, columns: Columns) -> Self {
        Self {
            // Who asks for frames reads as well.
            readers: Arc::new(Readers::new(file, columns, rayon::current_num_threads())),
            pieces: 0..length,
            queue: VecDeque::new(),
            current: Piece::default(),
            given: 0,
            at: 0,
            lines: 0,
            n_frames: 0,
            longest: 0,
        }
    }

    /// Fills `frame` with the next frame, whose place has only its line and whose units are those of its own header. A piece with
    /// a frame of another number of atoms than `expected` is not right; where `is_fixed`, nor is one whose frames differ.
    pub(super) fn next(&mut self, frame: &mut Frame, expected: Option<u64>, is_fixed: bool) -> Next {
        while self.given == self.current.n_frames {
            self.lines += self.current.n_lines;
            let used = mem::take(&mut self.current);
            self.at = used.text.as_ref().map_or(self.at, |text| text.end);
            self.n_frames += used.n_frames;
            self.readers.take_back(used);
            self.given = 0;
            self.look_ahead();
            let Some(job) = self.queue.pop_front() else { return self.rest() };
            let piece = self.finish(&job);
            let first = piece.frames[..piece.n_frames].first().map(|frame| frame.n_atoms as u64);
            let right = expected.or(first).filter(|_| is_fixed);
            let fits = |frame: &Frame| right.is_none_or(|n| n == frame.n_atoms as u64);
            // Where no frame begins, one reaches across.
            let begins_there = piece.text.as_ref().map_or(self.at >= job.range.end, |text| text.start == self.at);
            if !(begins_there && piece.is_good && piece.frames[..piece.n_frames].iter().all(fits)) {
                return self.rest();
            }
            self.longest = self.longest.max(piece.text.as_ref().map_or(0, |text| text.end - text.start));
            self.current = piece;
        }
        mem::swap(frame, &mut self.current.frames[self.given]);
        frame.place.first_row += self.lines;
        self.given += 1;
        Next::Frame
    }

    /// Gives pieces to the threads, as many as may be under way.
    fn look_ahead(&mut self) {
        // Who reads one frame alone gets it without what follows.
        let enough = if self.lines == 0 { 1 } else { 1 + PIECES_AHEAD * rayon::current_num_threads() };
        let few = usize::try_from(1 + UNDER_WAY / self.longest.max(PIECE)).unwrap_or(usize::MAX);
        while self.queue.len() < enough.min(few) && !self.pieces.is_empty() {
            let end = self.end_of_piece().clamp(self.pieces.start + 1, self.pieces.end);
            let range = mem::replace(&mut self.pieces.start, end)..end;
            let job = Arc::new(Job::new(range));
            self.queue.push_back(Arc::clone(&job));
            Readers::add(&self.readers, job);
        }
    }

    /// Where the next piece may end: somewhat before a frame begins, if frames are as long as those before were, so that the search for
    /// the first one of the piece behind does not take long.
    fn end_of_piece(&self) -> u64 {
        let least = self.pieces.start + PIECE;
        if self.n_frames == 0 {
            return least;
        }
        let mean = self.at as f64 / self.n_frames as f64;
        let ahead = ((least - self.at.min(least)) as f64 / mean).ceil();
        self.at + ((ahead - SLACK) * mean) as u64
    }

    /// A piece when it is read: by this thread where no other has begun. While another is at it, this one reads those behind.
    fn finish(&self, job: &Job) -> Piece {
        job.work(&self.readers, 0);
        while !job.is_done() && self.queue.iter().any(|behind| behind.work(&self.readers, 0)) {}
        job.wait()
    }

    /// What is left of the dump.
    fn rest(&mut self) -> Next {
        self.queue.clear();
        Next::Rest(Text::new(Source::section(Arc::clone(self.readers.file()), self.at), self.lines))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.readers.end();
    }
}
