//! What is to be said of an input beside refusals: each kind once, however many frames it holds for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Cautions about one input, from any thread.
#[derive(Debug, Default)]
pub struct Cautions {
    is_logged: bool,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    messages: BTreeMap<String, String>,
    /// Kinds that are not looked for any more.
    settled: BTreeSet<String>,
}

impl Cautions {
    /// Those that are logged as warnings when they are found; of a default they are only kept.
    pub fn logged() -> Self {
        Self { is_logged: true, ..Self::default() }
    }

    /// Looks for a caution of this kind, unless one was found before.
    pub fn look(&self, kind: &str, find: impl FnOnce() -> Option<String>) {
        self.find(kind, find, false);
    }

    /// Looks for a caution of this kind a first time, and whatever comes of it never again.
    pub fn look_once(&self, kind: &str, find: impl FnOnce() -> Option<String>) {
        self.find(kind, find, true);
    }

    fn find(&self, kind: &str, find: impl FnOnce() -> Option<String>, once: bool) {
        if self.locked(|found| found.settled.contains(kind)) {
            return;
        }
        let message = find();
        if message.is_none() && !once {
            return;
        }
        let is_new = self.locked(|found| found.settled.insert(kind.into()));
        let Some(message) = message.filter(|_| is_new) else { return };
        if self.is_logged {
            log::warn!("{message}");
        }
        self.locked(|found| found.messages.insert(kind.into(), message));
    }

    /// All that were found, by their kinds.
    pub fn messages(&self) -> BTreeMap<String, String> {
        self.locked(|found| found.messages.clone())
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Found) -> T) -> T {
        // A thread that panicked has left whole messages.
        work(&mut self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_kept_once() {
        let cautions = Cautions::default();
        cautions.look("charge", || None);
        cautions.look("charge", || Some("first".into()));
        cautions.look("charge", || panic!("it was found"));
        cautions.look_once("molecules", || None);
        cautions.look_once("molecules", || panic!("it was looked for"));
        let [kept] = cautions.messages().into_iter().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(kept, ("charge".to_string(), "first".to_string()));
    }
}
