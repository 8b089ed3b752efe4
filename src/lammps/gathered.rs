//! Ions that are centres of mass: the atoms of all ranks in one cell, as in a frame of a dump.
//!
//! A molecule's atoms may be on several ranks, and its neighbours' too; so each rank has all of them and describes its own
//! ions among them, by the same code as outside LAMMPS.

use std::collections::HashMap;

use super::bridge::{Configuration, Failures};
use super::engine::{Engine, account, check_memory, conditions, contained};
use crate::descriptor::Environment;
use crate::geometry::Cell;
use crate::local::{Atoms, Environments, PeriodicEnvironments, Sites};
use crate::{Error, Result};

/// Kind of the caution that molecules of one species differ in size.
const UNLIKE: &str = "unlike molecules";

/// Numbers of an atom: id, type, molecule, mass, charge, position.
const COLUMNS: usize = 8;

/// Some of the ions of a configuration.
struct Chosen<'a> {
    all: &'a PeriodicEnvironments<'a>,
    ions: &'a [usize],
}

impl Environments for Chosen<'_> {
    fn len(&self) -> usize {
        self.ions.len()
    }

    fn species(&self, center: usize) -> usize {
        Environments::species(self.all, self.ions[center])
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        self.all.gather(self.ions[center], environment);
    }
}

/// A configuration, and which ions a rank's atoms belong to.
struct Gathered<'a> {
    environments: PeriodicEnvironments<'a>,
    /// Ions of which this rank has the atom of the lowest id, then the others that it has atoms of.
    ions: Vec<usize>,
    n_counted: usize,
    /// For each wanted atom the place of its ion among these.
    places: Vec<usize>,
}

impl<'a> Gathered<'a> {
    fn new(engine: &'a Engine, configuration: &Configuration, wanted: &[i64], counted: &mut [bool]) -> Result<Self> {
        let scale = |v: [f64; 3]| v.map(|x| engine.length * x);
        let Configuration { rows, lo, hi, tilt, periodic } = *configuration;
        let cell = Cell::from_lammps(scale(lo), scale(hi), scale(tilt), periodic)?;
        let (rows, _) = rows.as_chunks::<COLUMNS>();
        let ids: Vec<i64> = rows.iter().map(|row| row[0] as i64).collect();
        let types: Vec<i32> = rows.iter().map(|row| row[1] as i32).collect();
        let molecules: Vec<i64> = rows.iter().map(|row| row[2] as i64).collect();
        let masses: Vec<f64> = rows.iter().map(|row| row[3]).collect();
        let charges: Vec<f64> = rows.iter().map(|row| row[4]).collect();
        let positions: Vec<[f64; 3]> = rows.iter().map(|row| scale([row[5], row[6], row[7]])).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|&atom| ids[atom]);
        if let Some(pair) = order.windows(2).find(|pair| ids[pair[0]] == ids[pair[1]]) {
            return Err(Error::Input(format!(
                "two atoms have the id {}, by which atoms of all ranks are told apart; ask when each has an id of its own",
                ids[pair[0]]
            )));
        }
        if let Some(lost) = positions.iter().position(|position| !position.iter().all(|x| x.is_finite())) {
            let position = positions[lost].map(|x| x / engine.length);
            return Err(Error::Input(format!("atom {} is at {position:?}; is the run stable?", ids[lost])));
        }
        let atoms = Atoms {
            types: &types,
            positions: &positions,
            order: &order,
            molecules: Some(&molecules),
            masses: Some(&masses),
            charges: Some(charges.as_slice()).filter(|charges| charges.iter().all(|q| !q.is_nan())),
        };
        let sites = Sites::new(&cell, &atoms, &engine.map).map_err(|bad| {
            let atom = bad.atom.map_or(String::new(), |atom| format!("atom {}: ", ids[atom]));
            Error::Input(format!("{atom}{}", bad.message))
        })?;
        engine.cautions.look(UNLIKE, || Some(sites.told_unlike(&engine.map, Some(&molecules))?.1));
        let mut ion_of: HashMap<i64, (usize, bool)> = HashMap::new();
        for ion in 0..sites.n_ions() {
            for (k, &atom) in sites.atoms(ion).iter().enumerate() {
                ion_of.insert(ids[atom], (ion, k == 0));
            }
        }
        let found: Vec<(usize, bool)> = wanted
            .iter()
            .map(|id| ion_of.get(id).copied().ok_or_else(|| Error::Input(format!("atom {id} was not gathered"))))
            .collect::<Result<_>>()?;
        counted.iter_mut().zip(&found).for_each(|(counted, (_, first))| *counted = *first);
        let mut ions: Vec<usize> = found.iter().filter(|(_, first)| *first).map(|(ion, _)| *ion).collect();
        let n_counted = ions.len();
        let mut place: HashMap<usize, usize> = ions.iter().enumerate().map(|(place, &ion)| (ion, place)).collect();
        for &(ion, _) in &found {
            place.entry(ion).or_insert_with(|| {
                ions.push(ion);
                ions.len() - 1
            });
        }
        let places = found.iter().map(|(ion, _)| place[ion]).collect();
        let reach = engine.local.descriptor().reach();
        let environments = PeriodicEnvironments::of_sites(&cell, &sites, &engine.map, reach)?;
        Ok(Self { environments, ions, n_counted, places })
    }

    /// The ions that are counted here, and the others.
    fn parts(&self) -> [Chosen<'_>; 2] {
        let (counted, others) = self.ions.split_at(self.n_counted);
        [counted, others].map(|ions| Chosen { all: &self.environments, ions })
    }
}

pub fn unlike_molecules(engine: &Engine) -> String {
    engine.cautions.messages().remove(UNLIKE).unwrap_or_default()
}

pub fn evaluate_gathered(
    engine: &Engine,
    configuration: &Configuration,
    wanted: &[i64],
    temperature: f64,
    out: &mut [f64],
    counted: &mut [bool],
    members: &mut [f64],
) -> Result<Failures> {
    contained(|| {
        check_memory(engine, wanted.len(), configuration.rows.len() / COLUMNS)?;
        let gathered = Gathered::new(engine, configuration, wanted, counted)?;
        let mut values = vec![[0.0; 3]; gathered.ions.len()];
        let (first, others) = values.split_at_mut(gathered.n_counted);
        let [own, shared] = gathered.parts();
        let conditions = conditions(temperature);
        let evaluated = engine.evaluate(&own, &conditions, first)?;
        // Those that fail there are counted by the rank that has their first atom.
        engine.evaluate(&shared, &conditions, others)?;
        let (out, _) = out.as_chunks_mut::<3>();
        out.iter_mut().zip(&gathered.places).for_each(|(out, &place)| *out = values[place]);
        let atom_of = |ion| gathered.places.iter().position(|&place| place == ion).unwrap_or(0);
        Ok(account(evaluated, members, atom_of))
    })
}

pub fn features_gathered(
    engine: &Engine,
    configuration: &Configuration,
    wanted: &[i64],
    temperature: f64,
    out: &mut [f64],
    counted: &mut [bool],
) -> Result<()> {
    contained(|| {
        check_memory(engine, wanted.len(), configuration.rows.len() / COLUMNS)?;
        let gathered = Gathered::new(engine, configuration, wanted, counted)?;
        let width = engine.n_features();
        let mut features = vec![0.0; gathered.ions.len() * width];
        let chosen = Chosen { all: &gathered.environments, ions: &gathered.ions };
        engine.features(&chosen, &conditions(temperature), &mut features)?;
        for (out, &place) in out.chunks_exact_mut(width).zip(&gathered.places) {
            out.copy_from_slice(&features[place * width..(place + 1) * width]);
        }
        Ok(())
    })
}
