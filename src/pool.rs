//! What threads work in, lent to them and kept for the next.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

/// As many workspaces as threads have ever worked at a time, kept as long as the pool lives.
pub(crate) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    pub fn new() -> Self {
        Self(Mutex::new(vec![]))
    }

    /// Lends the calling thread a workspace, made anew where all are taken. What is computed must not depend on which.
    pub fn with<R>(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let free = self.free().pop();
        let mut workspace = free.unwrap_or_else(make);
        let result = work(&mut workspace);
        self.free().push(workspace);
        result
    }

    /// Number of workspaces that are not lent.
    pub fn n_free(&self) -> usize {
        self.free().len()
    }

    fn free(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_lent_once_at_a_time_and_used_again() {
        let pool = Pool::new();
        let inner = pool.with(
            || 1,
            |first| {
                *first += 10;
                pool.with(|| 2, |second| *second)
            },
        );
        assert_eq!((inner, pool.n_free()), (2, 2));
        assert_eq!(pool.with(|| unreachable!(), |last: &mut i32| *last), 11);
    }
}
