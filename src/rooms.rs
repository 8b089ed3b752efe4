//! Rooms to work in, lent to threads and kept for the next.

use std::fmt;
use std::sync::Mutex;

/// As many rooms as threads have ever worked at a time.
pub(crate) struct Rooms<T>(Mutex<Vec<T>>);

impl<T> Rooms<T> {
    pub fn new() -> Self {
        Self(Mutex::new(vec![]))
    }

    /// Lends the calling thread a room, made anew where all are taken. What is computed must not depend on which.
    pub fn with<R>(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let free = self.0.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let mut room = free.unwrap_or_else(make);
        let result = work(&mut room);
        self.0.lock().unwrap_or_else(|e| e.into_inner()).push(room);
        result
    }
}

impl<T> fmt::Debug for Rooms<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rooms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_lent_once_at_a_time_and_used_again() {
        let rooms = Rooms::new();
        let inner = rooms.with(
            || 1,
            |first| {
                *first += 10;
                rooms.with(|| 2, |second| *second)
            },
        );
        assert_eq!(inner, 2);
        assert_eq!(rooms.with(|| unreachable!(), |last: &mut i32| *last), 11);
    }
}
