//! What a compute holds: the model, the species of the atom types, and its threads.

use rayon::ThreadPool;

use super::bridge::{Agreement, AtomsView, Failures};
use super::surroundings::Surroundings;
use crate::cautions::Cautions;
use crate::local::{CHUNK, Environments, Evaluated, LocalModel, Threads};
use crate::model::{self, Condition, Conditions};
use crate::species::{Molecule, SpeciesMap};
use crate::units::UnitStyle;
use crate::{Error, Result};

/// More threads than this are a mistake in the input.
const MOST_THREADS: usize = 1024;

/// Bytes for this and that, beside what threads are known to work in.
const SMALL_THINGS: usize = 1 << 20;

/// Bytes for each atom among which neighbours are looked for.
const OF_ATOM: usize = 256;

/// A model made ready for one simulation.
pub struct Engine {
    pub(super) local: LocalModel,
    pub(super) map: SpeciesMap,
    /// Model length units in a LAMMPS length unit.
    pub(super) length: f64,
    /// What is to be said of the atoms of all ranks.
    pub(super) cautions: Cautions,
    /// None where the calling thread works alone.
    started: Option<Started>,
}

/// Threads beside the calling one, and the process that has them: a child of a fork does not.
struct Started {
    pool: ThreadPool,
    process: u32,
}

/// Runs `work` and turns a panic into an error: none may cross into C++.
pub(super) fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let internal = |panic| Error::Input(format!("internal error, please report it: {panic}"));
    crate::contained::contained(work).map_err(internal).flatten()
}

pub fn read_model(path: &str) -> Result<Vec<u8>> {
    contained(|| model::read_file(path.as_ref()))
}

pub fn load(path: &str, bytes: &[u8], species: &[String], unit_style: &str, threads: usize) -> Result<Box<Engine>> {
    contained(|| {
        let local = LocalModel::from_bytes(path, bytes)?;
        let map = local.map(species)?;
        let model_units: UnitStyle = local.model().metadata().units.parse()?;
        let length = unit_style.parse::<UnitStyle>()?.length_for_model(model_units)?;
        if !(1..=MOST_THREADS).contains(&threads) {
            return Err(Error::Input(format!("threads must be from 1 to {MOST_THREADS}, not {threads}")));
        }
        let started = (threads > 1).then(|| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads - 1).thread_name(|i| format!("ionscape-{i}"));
            let pool = pool.build().map_err(|e| Error::Input(format!("{threads} threads cannot be started: {e}")))?;
            Ok(Started { pool, process: std::process::id() })
        });
        let started = started.transpose()?;
        Ok(Box::new(Engine { local, map, length, cautions: Cautions::default(), started }))
    })
}

pub fn check(engine: &Engine, atom_type: i32, charge: f64) -> Result<()> {
    contained(|| engine.map.check_charge(atom_type, charge))
}

impl Engine {
    pub fn has_sign(&self, atom_type: i32, charge: f64) -> bool {
        self.map.has_sign(atom_type, charge)
    }

    pub fn stands_for(&self, atom_type: i32, charge: f64, named: usize) -> bool {
        self.map.stands_for(atom_type, Molecule { charge, named })
    }

    pub fn reach(&self) -> f64 {
        self.local.descriptor().reach() / self.length
    }

    pub fn n_features(&self) -> usize {
        self.local.inputs().len()
    }

    pub fn n_members(&self) -> usize {
        self.local.model().n_members()
    }

    pub fn has_domain(&self) -> bool {
        self.local.model().metadata().domain.is_some()
    }

    pub fn is_ion(&self, atom_type: i32) -> bool {
        self.map.is_ion(atom_type)
    }

    pub fn is_seen(&self, atom_type: i32) -> bool {
        self.map.species_of(atom_type).is_some()
    }

    pub fn takes_temperature(&self) -> bool {
        self.local.inputs().conditions().contains(&Condition::Temperature)
    }

    pub fn has_molecules(&self) -> bool {
        self.map.has_molecules()
    }

    pub fn memory(&self, n_atoms: usize) -> f64 {
        (self.n_threads() * self.local.memory_of_thread() + n_atoms * OF_ATOM) as f64
    }

    /// The threads that this process has; in a child of a fork the calling one works alone.
    fn pool(&self) -> Option<&ThreadPool> {
        self.started.as_ref().filter(|started| started.process == std::process::id()).map(|started| &started.pool)
    }

    fn n_threads(&self) -> usize {
        1 + self.pool().map_or(0, ThreadPool::current_num_threads)
    }

    pub(super) fn evaluate(
        &self,
        environments: &impl Environments,
        conditions: &Conditions,
        out: &mut [[f64; 3]],
    ) -> Result<Evaluated> {
        self.local.evaluate_on(Threads::Calling(self.pool()), environments, conditions, out)
    }

    pub(super) fn features(
        &self,
        environments: &impl Environments,
        conditions: &Conditions,
        out: &mut [f64],
    ) -> Result<()> {
        self.local.features_on(Threads::Calling(self.pool()), environments, conditions, out)
    }

    /// # Safety
    /// As [`Surroundings::new`].
    unsafe fn environments(&self, atoms: &AtomsView, centers: &[i32]) -> Result<Surroundings<'_>> {
        check_memory(self, centers.len(), atoms.n_atoms)?;
        // SAFETY: promised by the caller.
        unsafe { Surroundings::new(atoms, centers, &self.map, self.length, self.local.descriptor().reach()) }
    }
}

/// As LAMMPS gives them: what it does not know is not a number.
pub(super) fn conditions(temperature: f64) -> Conditions {
    Conditions { temperature: Some(temperature).filter(|t| !t.is_nan()) }
}

/// Refuses to begin without memory to work in. Where Rust misses some later it ends the process at once, and what LAMMPS
/// has not yet written of its log and dumps is lost.
pub(super) fn check_memory(engine: &Engine, n_centers: usize, n_atoms: usize) -> Result<()> {
    let busy = engine.n_threads().min(n_centers.div_ceil(CHUNK));
    reserve(engine.local.memory_to_begin(busy) + n_atoms * OF_ATOM + SMALL_THINGS, busy)
}

fn reserve(size: usize, threads: usize) -> Result<()> {
    let mut room = Vec::<u8>::new();
    let outcome = room.try_reserve_exact(size);
    // What nobody looks at would not be asked for.
    std::hint::black_box(&mut room);
    outcome.map_err(|_| {
        let size = size as f64 / 1e6;
        Error::Input(format!(
            "out of memory: {threads} threads work in {size:.1} MB, which are not to be had; take fewer threads, or run on \
             more nodes"
        ))
    })
}

/// # Safety
/// As [`Surroundings::new`].
pub unsafe fn evaluate(
    engine: &Engine,
    atoms: &AtomsView,
    centers: &[i32],
    temperature: f64,
    out: &mut [f64],
    members: &mut [f64],
) -> Result<Failures> {
    contained(|| {
        // SAFETY: promised by the caller.
        let environments = unsafe { engine.environments(atoms, centers) }?;
        let (rows, rest) = out.as_chunks_mut::<3>();
        debug_assert!(rest.is_empty());
        let evaluated = engine.evaluate(&environments, &conditions(temperature), rows)?;
        Ok(account(evaluated, members, |center| center))
    })
}

/// Adds up the members' sums, and says what failed, by the place that the caller knows a center by.
pub(super) fn account(evaluated: Evaluated, members: &mut [f64], place: impl Fn(usize) -> usize) -> Failures {
    debug_assert_eq!(evaluated.sums.len(), members.len());
    members.iter_mut().zip(evaluated.sums).for_each(|(total, sum)| *total += sum);
    let (first, reason) = evaluated.first_failure.map_or((0, String::new()), |(at, e)| (place(at), e.to_string()));
    Failures { count: evaluated.n_failed, first, reason }
}

pub fn agreement(engine: &Engine, members: &[f64], n_ions: usize) -> Agreement {
    let agreement = model::Agreement::of_sums(members, n_ions);
    let extrapolation = agreement.system_extrapolation(engine.local.model().metadata()).unwrap_or(model::NO_DOMAIN);
    Agreement { mean: agreement.mean, deviation: agreement.deviation, extrapolation }
}

/// # Safety
/// As [`Surroundings::new`].
pub unsafe fn features(
    engine: &Engine,
    atoms: &AtomsView,
    centers: &[i32],
    temperature: f64,
    out: &mut [f64],
) -> Result<()> {
    contained(|| {
        // SAFETY: promised by the caller.
        let environments = unsafe { engine.environments(atoms, centers) }?;
        engine.features(&environments, &conditions(temperature), out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_errors_with_their_message() {
        let message = |work: fn() -> Result<()>| contained(work).unwrap_err().to_string();
        assert!(message(|| panic!("lost {}", 7)).ends_with("please report it: lost 7"));
        assert!(message(|| panic!("lost")).ends_with("please report it: lost"));
        assert!(message(|| std::panic::panic_any(7)).ends_with("no reason given"));
        assert!(contained(|| Ok(1)).is_ok());
    }

    #[test]
    fn memory_that_no_machine_has_is_asked_for_before_the_work() {
        let model = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx");
        let species = ["cation".into(), "anion".into()];
        let engine = load(model, &read_model(model).unwrap(), &species, "lj", 1).unwrap();
        check_memory(&engine, 1000, 10_000).unwrap();
        let message = reserve(usize::MAX / 2, 3).unwrap_err().to_string();
        assert!(message.starts_with("out of memory: 3 threads work in "), "{message}");
    }

    #[test]
    fn files_and_models_are_refused_with_their_path() {
        assert!(read_model("no/such.onnx").unwrap_err().to_string().starts_with("no/such.onnx: "));
        let Err(error) = load("odd.onnx", b"odd", &["cation".into()], "lj", 1) else { panic!("loaded") };
        assert!(error.to_string().starts_with("model odd.onnx: it is not an ONNX file"), "{error}");
    }
}
