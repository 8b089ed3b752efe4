//! Files that are whole or not there: written under a temporary name, renamed when complete.

mod atomic;
mod npy;

pub use atomic::AtomicFile;
pub use npy::NpyWriter;
