//! Ends that come from outside: signals, and memory that the system does not give.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Cursor, Write};
use std::sync::Arc;

use ionscape::output::discard_unfinished;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};

use crate::terminal::tell;

/// Lets a signal end this program as it would anyway, but with a word, and without the files that are not complete.
///
/// # Errors
/// What the system says.
pub fn watch_signals() -> std::io::Result<()> {
    // Handled, it leaves an error of the file that became too large.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let ignored = ignored_signals();
    // nohup, and shells in the background, have a signal ignored.
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(wanted)?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // No thread completes a file from here on.
            let _held = discard_unfinished();
            tell!(
                "ionscape: ended by {}; files that were not complete are removed",
                signal_name(signal).unwrap_or("a signal")
            );
            // Not by an exit status: a shell's loop ends with its program only then.
            let _ = emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new().name("ionscape-signals".into()).spawn(wait)?;
    Ok(())
}

/// A bit for each signal that this program was started to ignore; none where the system does not tell.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The system's memory; where there is none left, the program ends with a message and exit status 1.
pub struct Memory;

// SAFETY: all is the system's allocator's, whose results are looked at and passed on.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to what `alloc` asks for.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.realloc(at, layout, size) }, size)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[inline]
fn given(at: *mut u8, size: usize) -> *mut u8 {
    if at.is_null() { out_of_memory(size) } else { at }
}

#[cold]
fn out_of_memory(size: usize) -> ! {
    // In memory that is there already.
    let mut text = Cursor::new([0; 200]);
    let _ = writeln!(
        text,
        "ionscape: out of memory: {size} bytes more are not to be had; take fewer --threads, smaller frames, or a machine \
         with more memory"
    );
    let length = text.position() as usize;
    let _ = std::io::stderr().write_all(&text.get_ref()[..length]);
    let _held = discard_unfinished();
    std::process::exit(1)
}
