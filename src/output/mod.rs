//! Files that are whole or not there: written under a temporary name, renamed when complete.

mod atomic;
mod npy;
mod target;
mod unfinished;

pub use atomic::AtomicFile;
pub use npy::NpyWriter;
pub use unfinished::discard_unfinished;
pub(crate) use unfinished::remove_leftovers;
