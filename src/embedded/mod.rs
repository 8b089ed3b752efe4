//! LAMMPS within this program, with the compute styles in it.
//!
//! ```no_run
//! use ionscape::embedded::{Lammps, Library};
//!
//! # fn main() -> ionscape::Result<()> {
//! let library = Library::open("liblammps.so.0".as_ref())?;
//! let mut lammps = Lammps::open(library, &["-log", "none"])?;
//! lammps.register("ionscapeplugin.so".as_ref())?;
//! lammps.file("in.electrolyte".as_ref())?;
//! let field = lammps.compute_per_atom("lam")?;
//! println!("{} ions on this rank", field.nrows());
//! # Ok(())
//! # }
//! ```
//!
//! A LAMMPS without exceptions (2021 and before, as packaged; [`Library::has_exceptions`]) ends the process at an error,
//! as its own program does.

#[allow(dead_code, non_camel_case_types, unsafe_op_in_unsafe_fn, clippy::all)]
mod bindings;
mod data;
mod instance;
mod library;
mod place;

pub use data::{Global, Number};
pub use instance::Lammps;
pub use library::Library;
pub use place::{library_of, needed_by};
