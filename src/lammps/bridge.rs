//! The one bridge between C++ and Rust.

use super::arguments::arguments;
use super::composition::{absent, unlike_charges};
use super::engine::{Engine, agreement, check, evaluate, features, load, read_model};
use super::gathered::{evaluate_gathered, features_gathered, unlike_molecules};

#[cxx::bridge(namespace = "ionscape")]
mod ffi {
    /// The atoms of this rank, local ones and ghosts: three coordinates each, and a type.
    struct AtomsView {
        positions: *const f64,
        types: *const i32,
        n_atoms: usize,
    }

    /// The atoms of all ranks whose types are seen, eight numbers each: id, type, molecule id, mass, charge (NaN if there is
    /// none) and position; and the cell: corners, tilts `xy xz yz`, and whether each direction is periodic.
    struct Configuration<'a> {
        rows: &'a [f64],
        lo: [f64; 3],
        hi: [f64; 3],
        tilt: [f64; 3],
        periodic: [bool; 3],
    }

    /// An ensemble's mean, its standard deviation over the members, and the grade of the system; the grade is -1 for a
    /// model that does not carry what it needs.
    struct Agreement {
        mean: f64,
        deviation: f64,
        extrapolation: f64,
    }

    /// Centers that the model failed on; the first of them by its place among the centers, and why.
    struct Failures {
        count: usize,
        first: usize,
        reason: String,
    }

    /// Where a compute takes the temperature from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum TemperatureKind {
        Absent,
        Number,
        Variable,
        Compute,
    }

    /// The temperature: a number, NaN where it is none, or the name of an equal-style variable or a compute.
    #[derive(Clone, Debug)]
    struct Temperature {
        kind: TemperatureKind,
        number: f64,
        name: String,
    }

    /// What follows the style in the definition of a compute: the model file, a species or NULL for each atom type, threads of each
    /// rank, and whether it goes on where the model fails on an ion.
    #[derive(Clone, Debug)]
    struct Arguments {
        model: String,
        names: Vec<String>,
        threads: usize,
        goes_on: bool,
        temperature: Temperature,
    }

    extern "Rust" {
        type Engine;

        /// What the words behind a compute's style say.
        fn arguments(style: &str, words: &[String], n_types: usize) -> Result<Arguments>;

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
        /// Whether atoms of this type are ions of the model, parts of them, or neutral neighbours.
        fn is_seen(self: &Engine, atom_type: i32) -> bool;
        /// Whether the model takes the temperature.
        fn takes_temperature(self: &Engine) -> bool;
        /// Whether some ions are centres of mass: atoms of all ranks are needed then.
        fn has_molecules(self: &Engine) -> bool;
        /// Fails if an ion's charge has not the sign of its species.
        fn check(engine: &Engine, atom_type: i32, charge: f64) -> Result<()>;
        /// Whether the charge of an atom of this type has the sign of its species.
        fn has_sign(self: &Engine, atom_type: i32, charge: f64) -> bool;
        /// Whether an atom of this type stands for a molecule of this charge, of which so many atoms have a species.
        fn stands_for(self: &Engine, atom_type: i32, charge: f64, named: usize) -> bool;
        fn n_species(self: &Engine) -> usize;
        /// The species of atoms of this type, or -1.
        fn species_of(self: &Engine, atom_type: i32) -> i32;
        /// Adds an atom to its species' ions and their charge, `sums`, `[n_species, 2]`; `named` is how many atoms of its molecule have
        /// a species, 0 where it has no molecule.
        fn add_ion(self: &Engine, atom_type: i32, charge: f64, molecule_charge: f64, named: usize, sums: &mut [f64]);
        /// What is to be said of these sums over all ranks, or nothing; `atoms_are_ions` where no atom is anything else.
        fn unlike_charges(engine: &Engine, sums: &[f64], atoms_are_ions: bool) -> Result<String>;
        /// What is to be said of neutral species that are not there, given the atoms of each species, or nothing.
        fn absent(engine: &Engine, atoms: &[f64]) -> Result<String>;
        /// What is to be said of molecules that differ in size among the atoms that were gathered so far, or nothing.
        fn unlike_molecules(engine: &Engine) -> String;
        /// Whether so many ions of each species are no whole liquid, of which `all` are the atoms.
        fn are_part(self: &Engine, evaluated: &[f64], all: &[f64]) -> bool;
        /// Memory held while so many atoms are looked at, by all threads, in bytes.
        fn memory(self: &Engine, n_atoms: usize) -> f64;

        /// Conductivity, deviation and grade of each center, `[n, 3]`; each member's sum over the centers is added to
        /// `members`, `[n_members]`. A `temperature` that is not known is NaN. Centers that the model fails on have grade -2.
        ///
        /// # Safety
        /// The view is as described there, and `centers` are atoms of it that are ions.
        unsafe fn evaluate(
            engine: &Engine,
            atoms: &AtomsView,
            centers: &[i32],
            temperature: f64,
            out: &mut [f64],
            members: &mut [f64],
        ) -> Result<Failures>;

        /// The same for ions that may be centres of mass. `wanted` are ids of atoms that are ions
        /// or parts of them; each gets its ion's values, `[n, 3]`. An ion is counted at its atom of the lowest id, and each
        /// member's sum is over those that are counted, as failures are.
        fn evaluate_gathered(
            engine: &Engine,
            configuration: &Configuration,
            wanted: &[i64],
            temperature: f64,
            out: &mut [f64],
            counted: &mut [bool],
            members: &mut [f64],
        ) -> Result<Failures>;

        /// As `evaluate_gathered`, for the model's inputs, `[n, n_features]`.
        fn features_gathered(
            engine: &Engine,
            configuration: &Configuration,
            wanted: &[i64],
            temperature: f64,
            out: &mut [f64],
            counted: &mut [bool],
        ) -> Result<()>;

        /// How far the members agree on a mean, given their sums over `n_ions` ions.
        fn agreement(engine: &Engine, members: &[f64], n_ions: usize) -> Agreement;

        /// The inputs of the model for each center, `[n, n_features]`.
        ///
        /// # Safety
        /// As `evaluate`.
        unsafe fn features(
            engine: &Engine,
            atoms: &AtomsView,
            centers: &[i32],
            temperature: f64,
            out: &mut [f64],
        ) -> Result<()>;
    }
}

pub(super) use ffi::{Agreement, AtomsView, Configuration, Failures};
pub use ffi::{Arguments, Temperature, TemperatureKind};
