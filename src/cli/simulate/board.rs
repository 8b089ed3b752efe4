//! What goes on in a campaign while it runs.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Instant;

use ionscape::campaign::{Event, Label, State};

use crate::results;

/// Tells on standard error what goes on, and how long it will take.
pub(super) struct Board {
    start: Instant,
    /// Share of each system's work that is done, and that was when it was first heard of.
    shares: Mutex<Vec<(f64, Option<f64>)>>,
    terminal: bool,
}

impl Board {
    pub fn new(n: usize) -> Self {
        Self {
            start: Instant::now(),
            shares: Mutex::new(vec![(0.0, None); n]),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    pub fn take(&self, index: usize, name: &str, event: Event) {
        match event {
            Event::Starts(what) => {
                if self.terminal {
                    crate::terminal::tell!("{}{name}: {what}", self.head());
                }
            }
            Event::Advances { label, share } => {
                self.set(index, share);
                crate::terminal::tell!("{}{name}: {}", self.head(), shown(label));
            }
            Event::Note(note) => log::warn!("{name}: {note}"),
        }
    }

    pub fn finished(&self, index: usize, name: &str, state: &State) {
        let known = self.set(index, 1.0);
        let why = state.finished.as_ref().map_or("", |finish| &finish.why);
        let before = if known { "" } else { " (already)" };
        crate::terminal::tell!("{}{name}: finished{before}, {why}: {}", self.head(), shown(&state.label));
    }

    pub fn failed(&self, index: usize, name: &str, error: &str) {
        self.set(index, 1.0);
        log::error!("system {name}: {error}");
    }

    /// Whether the system was heard of before.
    fn set(&self, index: usize, share: f64) -> bool {
        let mut shares = self.shares.lock().expect("no thread panics with the shares");
        let known = shares[index].1.is_some();
        shares[index].1.get_or_insert(if share == 1.0 && !known { 1.0 } else { 0.0 });
        shares[index].0 = share;
        known
    }

    /// Part done, and the time left at the pace of this call.
    fn head(&self) -> String {
        let shares = self.shares.lock().expect("no thread panics with the shares");
        let n = shares.len() as f64;
        let done: f64 = shares.iter().map(|(share, _)| share).sum();
        let own: f64 = shares.iter().map(|(share, first)| share - first.unwrap_or(0.0)).sum();
        let left = self.start.elapsed().as_secs_f64() * (n - done) / own;
        let left = if own > 0.01 { format!(", {} left", duration(left)) } else { String::new() };
        format!("[{:.0} %{left}] ", 100.0 * done / n)
    }
}

pub fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    if minutes < 120 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}

/// The label so far, and what is doubtful about it: a fault of the campaign's file is told before all of it has run.
fn shown(label: &Label) -> String {
    let value = match label.combined {
        None => "no label yet".into(),
        Some(found) => {
            let [value, error] = [found.value, found.error].map(results::number);
            format!("{value} +- {error} ({:.1} %)", 100.0 * found.relative_error())
        }
    };
    match label.doubts.as_slice() {
        [] => value,
        doubts => format!("{value}, doubtful: {}", doubts.join("; ")),
    }
}
