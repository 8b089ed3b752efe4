//! Standard output and standard error, which may be closed, or files on a full disk.

use std::io::{self, StdoutLock, Write};

/// Standard output; its errors say that it is what cannot be written. A reader that has had enough is no error.
pub struct Output(StdoutLock<'static>);

pub fn output() -> Output {
    Output(io::stdout().lock())
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written.map_err(named),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed.map_err(named),
        }
    }
}

fn named(e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("standard output cannot be written: {e}"))
}

/// A line on standard output, whose failure is an error and no panic.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        writeln!($crate::terminal::output(), $($text)*)
    }};
}

/// A line on standard error. Where it cannot be written there is nobody to tell, and work goes on.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub(crate) use {say, tell};
