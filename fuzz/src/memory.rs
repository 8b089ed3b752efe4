//! An allocator that knows how much is held, and ends the program where a reader holds more than its input can justify.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a reader may hold, whatever its input: buffers, tables of a descriptor, a model at work on a block.
pub const ALLOWANCE: usize = 192 << 20;

/// What it may hold beside that for each byte of its input.
pub const PER_BYTE: usize = 4096;

static HELD: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

pub struct Counting;

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn count(size: usize) {
    let held = HELD.fetch_add(size, Relaxed).saturating_add(size);
    let limit = LIMIT.load(Relaxed);
    if held > limit {
        // Before anything that allocates: the message does.
        LIMIT.store(usize::MAX, Relaxed);
        eprintln!("a reader asked for {size} bytes and would hold {held}, where {limit} are allowed");
        std::process::abort();
    }
}

/// Runs a reader on an input within its allowance.
pub fn within(reader: fn(&[u8]), input: &[u8]) {
    LIMIT.store(HELD.load(Relaxed) + ALLOWANCE + PER_BYTE * input.len(), Relaxed);
    reader(input);
    LIMIT.store(usize::MAX, Relaxed);
}
