//! Numbers that begin at a cache line, so that no vector lies across two lines where rows are whole vectors.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

/// A list of fixed length, zero at first.
pub(super) struct Aligned {
    /// Room for the list and for what comes before its first line.
    room: Vec<f64>,
    first: usize,
    len: usize,
}

impl Aligned {
    pub fn zeros(len: usize) -> Self {
        let slack = LINE / size_of::<f64>() - 1;
        let room = vec![0.0; len + slack];
        // The standard library may decline to say; the list is then where it happens to be.
        let first = room.as_ptr().align_offset(LINE).min(slack);
        Self { room, first, len }
    }
}

impl Deref for Aligned {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.room[self.first..self.first + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.room[self.first..self.first + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_begin_at_a_line_and_are_as_long_as_asked() {
        for len in [0, 1, 7, 8, 1000] {
            let mut list = Aligned::zeros(len);
            assert_eq!((list.len(), list.as_ptr() as usize % LINE), (len, 0));
            list.fill(1.0);
            assert!(list.iter().all(|&v| v == 1.0));
        }
    }
}
