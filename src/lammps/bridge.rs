//! The one bridge between C++ and Rust.

use super::engine::{Engine, agreement, check, evaluate, features, load, read_model};

#[cxx::bridge(namespace = "ionscape")]
mod ffi {
    /// What LAMMPS knows of the atoms and their neighbours on this rank, as the compute finds it.
    ///
    /// `positions` and `types` have an entry for each of `n_atoms` local and ghost atoms (three coordinates each);
    /// `n_neighbors` and `neighbors` have one for each local atom; `mask` takes the special-bond bits off an index.
    struct AtomsView {
        positions: *const f64,
        types: *const i32,
        n_atoms: usize,
        n_neighbors: *const i32,
        neighbors: *const *const i32,
        mask: i32,
    }

    /// An ensemble's mean, its standard deviation over the members, and the grade of the system; the grade is -1 for a
    /// model that does not carry what it needs.
    struct Agreement {
        mean: f64,
        deviation: f64,
        extrapolation: f64,
    }

    extern "Rust" {
        type Engine;

        /// The content of a model file.
        fn read_model(path: &str) -> Result<Vec<u8>>;

        /// A model made ready for a simulation: `species` has a name, or NULL, for each atom type.
        fn load(path: &str, model: &[u8], species: &[String], unit_style: &str, threads: usize) -> Result<Box<Engine>>;

        /// Distance up to which neighbours count, in LAMMPS's length unit.
        fn reach(self: &Engine) -> f64;
        fn n_features(self: &Engine) -> usize;
        fn n_members(self: &Engine) -> usize;
        /// Whether the model carries a training domain.
        fn has_domain(self: &Engine) -> bool;
        /// Whether atoms of this type are ions of the model.
        fn is_ion(self: &Engine, atom_type: i32) -> bool;
        /// Fails if an ion's charge has not the sign of its species.
        fn check(engine: &Engine, atom_type: i32, charge: f64) -> Result<()>;
        /// Memory held by all threads while they work, in bytes.
        fn memory(self: &Engine) -> f64;

        /// Conductivity, deviation and grade of each center, `[n, 3]`; each member's sum over the centers is added to
        /// `members`, `[n_members]`.
        ///
        /// # Safety
        /// The view is as described there, and `centers` are local atoms.
        unsafe fn evaluate(
            engine: &Engine,
            atoms: &AtomsView,
            centers: &[i32],
            out: &mut [f64],
            members: &mut [f64],
        ) -> Result<()>;

        /// How far the members agree on a mean, given their sums over `n_ions` ions.
        fn agreement(engine: &Engine, members: &[f64], n_ions: usize) -> Agreement;

        /// The features of each center, `[n, n_features]`.
        ///
        /// # Safety
        /// As `evaluate`.
        unsafe fn features(engine: &Engine, atoms: &AtomsView, centers: &[i32], out: &mut [f64]) -> Result<()>;
    }
}

pub(super) use ffi::{Agreement, AtomsView};
