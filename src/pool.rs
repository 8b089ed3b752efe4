//! What threads work in, lent to them and kept for the next.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard};

/// As many workspaces as threads have ever worked at a time, kept as long as the pool lives.
pub(crate) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    pub const fn new() -> Self {
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

    /// Lends a workspace for as long as what is returned lives; as [`Pool::with`].
    pub fn lend(&'static self, make: impl FnOnce() -> T) -> Lent<T> {
        Lent { pool: self, workspace: Some(self.free().pop().unwrap_or_else(make)) }
    }

    /// Number of workspaces that are not lent.
    pub fn n_free(&self) -> usize {
        self.free().len()
    }

    fn free(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// A workspace that goes back to its pool.
pub(crate) struct Lent<T: 'static> {
    pool: &'static Pool<T>,
    /// There until it goes back.
    workspace: Option<T>,
}

impl<T> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.workspace.as_ref().expect("it has not gone back")
    }
}

impl<T> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.workspace.as_mut().expect("it has not gone back")
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        self.pool.free().extend(self.workspace.take());
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

    #[test]
    fn what_was_lent_comes_back() {
        static POOL: Pool<i32> = Pool::new();
        let mut first = POOL.lend(|| 1);
        *first += 1;
        let second = POOL.lend(|| 7);
        assert_eq!((*first, *second, POOL.n_free()), (2, 7, 0));
        drop(first);
        assert_eq!(POOL.n_free(), 1);
        assert_eq!(*POOL.lend(|| unreachable!()), 2);
    }
}
