//! Who shares the work on many centers.

use std::sync::{Mutex, MutexGuard};

use rayon::ThreadPool;
use rayon::prelude::*;

/// Threads among which parts of a work are shared.
#[derive(Clone, Copy)]
pub(crate) enum Threads<'a> {
    /// Those of rayon's current pool.
    Pool,
    /// The calling thread, which is in no pool, and those of one if there is one. It takes its share: while it waited for others to do all,
    /// one of them would have to find its way to the core that it leaves.
    Calling(Option<&'a ThreadPool>),
}

impl Threads<'_> {
    /// What `work` gives for each part, in their order; whoever is done takes the next.
    pub fn map<T: Send, R: Send>(self, parts: Vec<T>, work: impl Fn((usize, T)) -> R + Sync) -> Vec<R> {
        match self {
            // Parts that rayon puts into one job cannot be taken over by a core that is done.
            Self::Pool => parts.into_par_iter().with_max_len(1).enumerate().map(&work).collect(),
            Self::Calling(None) => parts.into_iter().enumerate().map(&work).collect(),
            Self::Calling(Some(others)) => beside(others, parts, work),
        }
    }
}

fn beside<T: Send, R: Send>(others: &ThreadPool, parts: Vec<T>, work: impl Fn((usize, T)) -> R + Sync) -> Vec<R> {
    let n = parts.len();
    let left = Mutex::new(parts.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(n));
    let next = || lock(&left).next();
    let take_part = || {
        while let Some((i, part)) = next() {
            let result = work((i, part));
            lock(&done).push((i, result));
        }
    };
    others.in_place_scope(|scope| {
        for _ in 0..others.current_num_threads().min(n.saturating_sub(1)) {
            scope.spawn(|_| take_part());
        }
        take_part();
    });
    let mut done = done.into_inner().unwrap_or_else(|e| e.into_inner());
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// No part is at work while it is held, so that none can leave it poisoned.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn parts_are_done_once_each_and_results_are_in_order() {
        for n in [0, 1, 2, 7, 100] {
            let expected: Vec<usize> = (0..n).map(|i| 3 * i + i * i).collect();
            let parts = || (0..n).map(|i| i * i).collect::<Vec<_>>();
            let work = |(i, part): (usize, usize)| 3 * i + part;
            assert_eq!(Threads::Calling(None).map(parts(), work), expected);
            for threads in 1..4 {
                let pool = pool(threads);
                assert_eq!(Threads::Calling(Some(&pool)).map(parts(), work), expected);
                assert_eq!(pool.install(|| Threads::Pool.map(parts(), work)), expected);
            }
        }
    }

    #[test]
    fn the_calling_thread_takes_part() {
        let (pool, barrier) = (pool(1), std::sync::Barrier::new(2));
        let caller = std::thread::current().id();
        // Neither of two parts ends before the other has begun.
        let who = Threads::Calling(Some(&pool)).map(vec![(); 2], |_| {
            barrier.wait();
            std::thread::current().id()
        });
        assert!(who.contains(&caller) && who[0] != who[1]);
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let pool = pool(2);
        for bad in 0..3 {
            let work = |(i, ()): (usize, ())| assert_ne!(i, bad, "the bad one");
            let outcome = crate::contained::contained(|| Threads::Calling(Some(&pool)).map(vec![(); 3], work));
            assert!(outcome.unwrap_err().contains("the bad one"));
        }
    }
}
