//! Work that may panic, and whose panic is an error like any other: graphs from files of which nothing is known, and all that
//! C++ calls.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work`; the error is what a panic in the calling thread said.
///
/// Nothing is printed: the caller says what went wrong. State that `work` leaves half changed must not be used again.
///
/// # Errors
/// `work` panicked.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    silence();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        text.unwrap_or("no reason given").into()
    })
}

/// Lets the hook for panics that is in place pass over those that are contained.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                hook(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::contained;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(contained(|| 3), Ok(3));
        assert_eq!(contained(|| panic!("no {}", "more")).unwrap_err(), "no more");
        assert_eq!(contained(|| contained(|| panic!("within")).unwrap_err().len()), Ok(6));
    }
}
