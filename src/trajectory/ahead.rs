//! Frames of a plain dump that other threads parse before they are asked for.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::columns::Columns;
use super::cutter::Cutter;
use super::frame::Frame;
use super::header::Header;
use super::parser::Parser;
use super::source::Source;
use super::text::Text;
use crate::pool::Pool;

/// Dumps that are shorter are read by one thread.
pub(super) const SHORTEST: u64 = 1 << 20;

/// Bytes of a piece, what the last frame in it has more than that aside: much beside what a hand-over costs, and little
/// beside the second-level cache.
const PIECE: usize = 1 << 18;

/// The longest frame that is cut out before it is parsed.
const LONGEST: usize = 1 << 25;

/// Bytes of the pieces that are under way, the one that is asked for next aside.
const UNDER_WAY: usize = 1 << 26;

/// Pieces that are under way for each thread: one is parsed, one waits.
const FOR_THREAD: usize = 2;

/// The frames of a dump in order, as long as nothing is wrong with them.
pub(super) struct Ahead {
    cutter: Cutter,
    /// Whether the cutter may have more.
    is_more: bool,
    shared: Arc<Shared>,
    queue: VecDeque<Arc<Job>>,
    /// The piece whose frames are handed out, and how many were.
    current: Piece,
    given: usize,
    /// Lines before the current piece.
    lines: u64,
    /// Pieces whose memory can be used again.
    spare: Vec<Piece>,
}

/// What the threads work with.
struct Shared {
    columns: Columns,
    parsers: Pool<Parser>,
}

/// Whole frames as text, and what they say.
#[derive(Default)]
struct Piece {
    text: Vec<u8>,
    /// Longer than the piece needs where `n_frames` is less.
    frames: Vec<Frame>,
    n_frames: usize,
    n_lines: u64,
    is_good: bool,
}

/// A piece on its way.
struct Job {
    length: usize,
    state: Mutex<State>,
    done: Condvar,
}

enum State {
    Waiting(Piece),
    Taken,
    Done(Piece),
}

/// What comes next of a dump.
pub(super) enum Next {
    /// The frame was filled.
    Frame,
    /// The rest must be read line by line: it ends here, or something is wrong, which is told best by who reads in order.
    Rest(Text),
}

impl Ahead {
    pub(super) fn new(source: Source, columns: Columns) -> Self {
        Self {
            cutter: Cutter::new(source),
            is_more: true,
            shared: Arc::new(Shared { columns, parsers: Pool::new() }),
            queue: VecDeque::new(),
            current: Piece::default(),
            given: 0,
            lines: 0,
            spare: vec![],
        }
    }

    /// Fills `frame` with the next frame, whose place has only its line and whose units are those of its own header. A piece with
    /// a frame of another number of atoms than `expected` is not right; where `is_fixed`, nor is one whose frames differ.
    pub(super) fn next(&mut self, frame: &mut Frame, expected: Option<u64>, is_fixed: bool) -> Next {
        while self.given == self.current.n_frames {
            self.lines += self.current.n_lines;
            let used = mem::take(&mut self.current);
            self.spare.push(used);
            self.given = 0;
            self.look_ahead();
            let Some(job) = self.queue.pop_front() else { return self.rest(vec![]) };
            let piece = job.finish(&self.shared);
            let first = piece.frames[..piece.n_frames].first().map(|frame| frame.n_atoms as u64);
            let right = expected.or(first).filter(|_| is_fixed);
            let fits = |frame: &Frame| right.is_none_or(|n| n == frame.n_atoms as u64);
            if !piece.is_good || !piece.frames[..piece.n_frames].iter().all(fits) {
                return self.rest(piece.text);
            }
            self.current = piece;
        }
        mem::swap(frame, &mut self.current.frames[self.given]);
        frame.place.first_row += self.lines;
        self.given += 1;
        Next::Frame
    }

    /// Cuts pieces for the threads, as many as may be under way.
    fn look_ahead(&mut self) {
        // Who reads one frame alone gets it without what follows.
        let most = if self.lines == 0 { 1 } else { FOR_THREAD * rayon::current_num_threads() };
        while self.is_more && self.queue.len() < most {
            let under_way: usize = self.queue.iter().skip(1).map(|job| job.length).sum();
            if under_way > UNDER_WAY {
                return;
            }
            let mut piece = self.spare.pop().unwrap_or_default();
            // What keeps the file from being read is met again, and told, by who reads the rest.
            self.is_more = self.cutter.next(&mut piece.text, PIECE, LONGEST).unwrap_or(false);
            if self.is_more {
                let job = Arc::new(Job::new(piece));
                self.queue.push_back(Arc::clone(&job));
                let shared = Arc::clone(&self.shared);
                rayon::spawn(move || job.work(&shared));
            }
        }
    }

    /// What is left of the dump, behind `front`.
    fn rest(&mut self, mut front: Vec<u8>) -> Next {
        for job in self.queue.drain(..) {
            front.extend_from_slice(&job.finish(&self.shared).text);
        }
        let cutter = mem::replace(&mut self.cutter, Cutter::new(Source::nothing()));
        Next::Rest(Text::new(cutter.into_source(front), self.lines))
    }
}

impl Job {
    fn new(piece: Piece) -> Self {
        Self { length: piece.text.len(), state: Mutex::new(State::Waiting(piece)), done: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Parses the piece, unless another thread has taken it.
    fn work(&self, shared: &Shared) {
        let mut state = self.state();
        if !matches!(*state, State::Waiting(_)) {
            return;
        }
        let State::Waiting(mut piece) = mem::replace(&mut *state, State::Taken) else { return };
        drop(state);
        let make = || Parser::new(shared.columns.clone(), false);
        shared.parsers.with(make, |parser| piece.parse(parser));
        *self.state() = State::Done(piece);
        self.done.notify_one();
    }

    /// The piece when it is parsed: by this thread where no other has begun.
    fn finish(&self, shared: &Shared) -> Piece {
        self.work(shared);
        let mut state = self.state();
        loop {
            match mem::replace(&mut *state, State::Taken) {
                State::Done(piece) => return piece,
                // Who has taken a piece works on it, and comes to an end.
                _ => state = self.done.wait(state).unwrap_or_else(|e| e.into_inner()),
            }
        }
    }
}

impl Piece {
    fn parse(&mut self, parser: &mut Parser) {
        let mut text = Text::of(mem::take(&mut self.text));
        self.n_frames = 0;
        self.is_good = loop {
            if self.frames.len() == self.n_frames {
                self.frames.push(Frame::default());
            }
            match parser.read(&mut text, None, &mut Header::default(), &mut self.frames[self.n_frames]) {
                Ok(true) => self.n_frames += 1,
                Ok(false) => break true,
                Err(_) => break false,
            }
        };
        self.n_lines = text.line_number() - 1;
        self.text = text.into_bytes();
    }
}
