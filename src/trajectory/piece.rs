//! Pieces of a plain dump, and the threads that read them.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::mem;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use super::columns::Columns;
use super::frame::Frame;
use super::header::Header;
use super::parser::Parser;
use super::section;

/// A number of threads that read pieces: who asks for them, and others of their own.
///
/// Pieces come every half a millisecond. Threads of rayon's pool, one more than there are cores beside who asks, look around for work
/// between them, and take turns with those that have some; these sleep.
pub(super) struct Readers {
    file: Arc<File>,
    columns: Columns,
    /// Of who asks, and of each other thread.
    workspaces: Vec<Mutex<Workspace>>,
    others: Mutex<Others>,
    called: Condvar,
}

/// What the other threads are to do.
struct Others {
    waiting: VecDeque<Arc<Job>>,
    started: usize,
    asleep: usize,
    is_over: bool,
}

/// What a thread works in. Memory that another core has written would have to come from there first.
#[derive(Default)]
struct Workspace {
    tools: Vec<Tools>,
    pieces: Vec<Piece>,
}

struct Tools {
    parser: Parser,
    buffer: Vec<u8>,
}

/// The frames that begin within a range of bytes.
#[derive(Default)]
pub(super) struct Piece {
    /// Where the first begins, and where the last ends.
    pub text: Option<Range<u64>>,
    /// Longer than the piece needs where `n_frames` is less.
    pub frames: Vec<Frame>,
    pub n_frames: usize,
    pub n_lines: u64,
    pub is_good: bool,
    /// The workspace that its memory is from.
    workspace: usize,
}

/// A piece on its way.
pub(super) struct Job {
    pub range: Range<u64>,
    state: Mutex<State>,
    done: Condvar,
}

enum State {
    Waiting,
    Taken,
    Done(Piece),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Readers {
    /// So many threads, the calling one among them.
    pub fn new(file: File, columns: Columns, threads: usize) -> Self {
        Self {
            file: Arc::new(file),
            columns,
            workspaces: (0..threads.max(1)).map(|_| Mutex::default()).collect(),
            others: Mutex::new(Others { waiting: VecDeque::new(), started: 0, asleep: 0, is_over: false }),
            called: Condvar::new(),
        }
    }

    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Gives a piece to the other threads.
    pub fn add(readers: &Arc<Self>, job: Arc<Job>) {
        let mut others = locked(&readers.others);
        others.waiting.push_back(job);
        if others.asleep > 0 {
            readers.called.notify_one();
        } else if others.started + 1 < readers.workspaces.len() {
            let index = others.started + 1;
            let shared = Arc::clone(readers);
            let thread = thread::Builder::new().name(format!("reader-{index}"));
            // Without it, who asks for the pieces reads them.
            others.started += usize::from(thread.spawn(move || shared.work(index)).is_ok());
        }
    }

    /// Reads what waits, until nothing will.
    fn work(&self, index: usize) {
        let mut others = locked(&self.others);
        while !others.is_over {
            if let Some(job) = others.waiting.pop_front() {
                drop(others);
                job.work(self, index);
                others = locked(&self.others);
            } else {
                others.asleep += 1;
                others = self.called.wait(others).unwrap_or_else(|e| e.into_inner());
                others.asleep -= 1;
            }
        }
    }

    /// Ends the other threads.
    pub fn end(&self) {
        locked(&self.others).is_over = true;
        self.called.notify_all();
    }

    /// Takes the memory of a piece whose frames were used.
    ///
    /// Frames that are larger than what was in them last are given up: where frames differ in size, all would grow to the largest.
    pub fn take_back(&self, mut piece: Piece) {
        piece.frames.truncate(piece.n_frames);
        piece.frames.iter_mut().filter(|frame| frame.is_roomy()).for_each(|frame| *frame = Frame::default());
        locked(&self.workspaces[piece.workspace]).pieces.push(piece);
    }

    /// Reads the frames that begin within a range, in memory of the calling thread.
    fn read(&self, range: Range<u64>, index: usize) -> Piece {
        let mut workspace = locked(&self.workspaces[index]);
        let (tools, piece) = (workspace.tools.pop(), workspace.pieces.pop());
        drop(workspace);
        let new = || Tools { parser: Parser::new(self.columns.clone(), false), buffer: vec![] };
        let mut tools = tools.unwrap_or_else(new);
        let mut piece = piece.unwrap_or_default();
        // What keeps the file from being read is met again, and told, by who reads in order; so would a panic be, which must not
        // leave the piece waited for.
        let read = panic::catch_unwind(AssertUnwindSafe(|| piece.read(&self.file, range, &mut tools)));
        piece.is_good = matches!(read, Ok(Ok(true)));
        piece.workspace = index;
        locked(&self.workspaces[index]).tools.push(tools);
        piece
    }
}

impl Job {
    pub fn new(range: Range<u64>) -> Self {
        Self { range, state: Mutex::new(State::Waiting), done: Condvar::new() }
    }

    /// Reads the piece in a thread, of which 0 is who asks; false where another has taken it.
    pub fn work(&self, readers: &Readers, thread: usize) -> bool {
        let mut state = locked(&self.state);
        if !matches!(*state, State::Waiting) {
            return false;
        }
        *state = State::Taken;
        drop(state);
        *locked(&self.state) = State::Done(readers.read(self.range.clone(), thread));
        self.done.notify_one();
        true
    }

    pub fn is_done(&self) -> bool {
        matches!(*locked(&self.state), State::Done(_))
    }

    /// The piece, which a thread has taken.
    pub fn wait(&self) -> Piece {
        let mut state = locked(&self.state);
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
    /// Reads the frames that begin within a range; false where one is not good.
    fn read(&mut self, file: &Arc<File>, range: Range<u64>, tools: &mut Tools) -> io::Result<bool> {
        (self.text, self.n_frames, self.n_lines) = (None, 0, 0);
        let found = section::from_first_frame(file, range.clone(), mem::take(&mut tools.buffer))?;
        let Some((first, mut text)) = found else { return Ok(true) };
        while first + text.bytes_done() < range.end {
            if self.frames.len() == self.n_frames {
                self.frames.push(Frame::default());
            }
            match tools.parser.read(&mut text, None, &mut Header::default(), &mut self.frames[self.n_frames]) {
                Ok(true) => self.n_frames += 1,
                Ok(false) => break,
                Err(_) => return Ok(false),
            }
        }
        self.text = Some(first..first + text.bytes_done());
        self.n_lines = text.line_number() - 1;
        tools.buffer = text.into_buffer();
        Ok(true)
    }
}
