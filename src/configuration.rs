//! The ions of a dump's frame as centers of a descriptor, and the field that a model gives them.

mod digits;
mod positions;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Once;

use crate::composition::{self, IonCharges};
use crate::geometry::Cell;
use crate::local::{Atoms, LocalModel, PeriodicEnvironments, Sites};
use crate::model::Conditions;
use crate::species::{Molecule, NOT_AN_ION, SpeciesMap};
use crate::trajectory::{Columns, Frame, Quantity};
use crate::units::UnitStyle;
use crate::{Error, Result};

pub use positions::{check_positions, check_scale};

/// The columns of a dump that ions of these species are found by.
pub fn columns(map: &SpeciesMap) -> Columns {
    let columns = Columns::default().want(Quantity::Charges).want(Quantity::Molecules);
    if map.has_molecules() { columns.want(Quantity::Masses) } else { columns }
}

/// Checks that every type of a frame was named, and that charges, if there are, have the signs of their species.
///
/// Warns, once each, of charges in another ratio and of neutral species that are not there.
///
/// # Errors
/// The first atom that contradicts the map, with file, frame and line.
pub fn check(map: &SpeciesMap, frame: &Frame) -> Result<()> {
    if let Some(atom) = frame.types.iter().position(|&t| t as usize > map.n_types()) {
        let message = format!(
            "atom type {}, and species were named for {} types; give one species (or {NOT_AN_ION}) for each type",
            frame.types[atom],
            map.n_types()
        );
        return Err(frame.error(Some(atom), message));
    }
    check_charges(map, frame)?;
    warn_of_absent(frame, map);
    Ok(())
}

/// Checks the charges alone: atoms of types that were not named are no ions. Warns once of charges in another ratio.
///
/// # Errors
/// The first atom whose charge has not the sign of its species, with file, frame and line, unless it
/// [stands for](SpeciesMap::stands_for) its molecule.
pub fn check_charges(map: &SpeciesMap, frame: &Frame) -> Result<()> {
    let mut known: Option<HashMap<i64, Molecule>> = None;
    for (atom, &charge) in frame.charges.iter().flatten().enumerate() {
        if map.has_sign(frame.types[atom], charge) {
            continue;
        }
        let id = frame.molecules.as_ref().map_or(0, |ids| ids[atom]);
        let molecule = known.get_or_insert_with(|| molecules(map, frame)).get(&id);
        if !molecule.is_some_and(|molecule| map.stands_for(frame.types[atom], *molecule)) {
            map.check_charge(frame.types[atom], charge).map_err(|e| frame.error(Some(atom), e.to_string()))?;
        }
    }
    warn_of_charges(frame, map);
    Ok(())
}

/// Charges of the ions of a frame by species; none without charges of atoms.
fn ion_charges(frame: &Frame, map: &SpeciesMap) -> Option<Vec<IonCharges>> {
    let charges = frame.charges.as_ref()?;
    let molecules = molecules(map, frame);
    let mut sums = vec![IonCharges::default(); map.species().len()];
    for (atom, (&atom_type, &charge)) in frame.types.iter().zip(charges).enumerate() {
        let of_atom = frame.molecules.as_ref().and_then(|ids| molecules.get(&ids[atom]));
        composition::add_ion(&mut sums, map, atom_type, charge, of_atom.copied().unwrap_or_default());
    }
    Some(sums)
}

/// Says once that charges are in another ratio than those of the species.
fn warn_of_charges(frame: &Frame, map: &SpeciesMap) {
    static SAID: Once = Once::new();
    if SAID.is_completed() {
        return;
    }
    // Others may have been left out of a dump, of which its atoms were parts.
    let said = ion_charges(frame, map).and_then(|sums| composition::unlike_charges(&sums, map, false));
    if let Some(message) = said {
        SAID.call_once(|| log::warn!("{}", frame.error(None, message)));
    }
}

/// Says once that neutral species are not there.
fn warn_of_absent(frame: &Frame, map: &SpeciesMap) {
    static SAID: Once = Once::new();
    if SAID.is_completed() || frame.n_atoms == 0 {
        return;
    }
    let is_there = |species| frame.types.iter().any(|&atom_type| map.species_of(atom_type) == Some(species));
    if let Some(message) = composition::absent(map, is_there) {
        SAID.call_once(|| log::warn!("{}", frame.error(None, message)));
    }
}

/// By their ids, which are above 0.
fn molecules(map: &SpeciesMap, frame: &Frame) -> HashMap<i64, Molecule> {
    let mut found: HashMap<i64, Molecule> = HashMap::new();
    let (Some(ids), Some(charges)) = (&frame.molecules, &frame.charges) else { return found };
    for (atom, &id) in ids.iter().enumerate().filter(|(_, id)| **id > 0) {
        let molecule = found.entry(id).or_default();
        molecule.charge += charges[atom];
        molecule.named += usize::from(map.species_of(frame.types[atom]).is_some());
    }
    found
}

/// Where the ions and the neutral neighbours of a frame are.
///
/// # Errors
/// Ids that stand twice; as [`check_positions`]; as [`Sites::new`], with file, frame and line.
pub fn sites(frame: &Frame, map: &SpeciesMap) -> Result<Sites> {
    check_positions(frame)?;
    let order = frame.order_by_id()?;
    let atoms = Atoms {
        types: &frame.types,
        positions: &frame.positions,
        order: &order,
        molecules: frame.molecules.as_deref(),
        masses: frame.masses.as_deref(),
        charges: frame.charges.as_deref(),
    };
    let sites = Sites::new(&frame.cell, &atoms, map).map_err(|bad| frame.error(bad.atom, bad.message))?;
    warn_of_molecules(frame, map);
    warn_of_lacking_ions(frame, map, sites.species()[..sites.n_ions()].iter().copied());
    if map.has_molecules() {
        warn_of_unlike(frame, map, &sites);
    }
    Ok(sites)
}

/// Says what [`sites`] says of a frame whose ions are atoms, where something else looks for them.
pub fn warn_of_atoms(frame: &Frame, map: &SpeciesMap) {
    warn_of_molecules(frame, map);
    let species_of = |&atom_type: &i32| map.species_of(atom_type).filter(|_| map.is_ion(atom_type));
    warn_of_lacking_ions(frame, map, frame.types.iter().filter_map(species_of));
}

/// Says, of the first frame that has molecule ids, that ions which are taken for atoms look like molecules.
fn warn_of_molecules(frame: &Frame, map: &SpeciesMap) {
    static LOOKED: Once = Once::new();
    let Some(ids) = &frame.molecules else { return };
    LOOKED.call_once(|| {
        for (index, species) in map.species().iter().enumerate().filter(|(_, s)| s.is_ion() && !s.molecular) {
            let of_species = (0..frame.n_atoms).filter(|&atom| map.species_of(frame.types[atom]) == Some(index));
            let mut molecules: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
            of_species.for_each(|atom| molecules.entry(ids[atom]).or_default().push(atom));
            // One id for all says nothing, and neither do ids below 1.
            let Some((id, atoms)) = molecules.first_key_value().filter(|(id, _)| molecules.len() > 1 && **id > 0) else {
                continue;
            };
            if atoms.len() > 1 && molecules.values().all(|others| others.len() == atoms.len()) {
                let message = format!(
                    "each molecule id of {name} stands at {} atoms, as {id} here, and each atom is taken for an ion; if {name} is \
                     an ion of several atoms, name it under molecules (a data set, or the card of a model)",
                    atoms.len(),
                    name = species.name
                );
                log::warn!("{}", frame.error(Some(atoms[0]), message));
            }
        }
    });
}

/// Says once that ions seem to be missing: those that are there, of these species, are not neutral together.
fn warn_of_lacking_ions(frame: &Frame, map: &SpeciesMap, ions: impl Iterator<Item = usize>) {
    static SAID: Once = Once::new();
    if SAID.is_completed() {
        return;
    }
    let (mut n, mut net, mut smallest) = (0, 0.0, f64::INFINITY);
    for charge in ions.map(|species| map.species()[species].charge) {
        (n, net, smallest) = (n + 1, net + charge, smallest.min(charge.abs()));
    }
    if n == 0 || net.abs() < 0.5 * smallest {
        return;
    }
    // All are there where the atoms' own charges add up to nothing; they are others than those of the species then.
    if ion_charges(frame, map).is_some_and(|sums| composition::are_complete(&sums)) {
        return;
    }
    let message = format!(
        "its {n} ions have a net charge of {net:+} by their species; where some are missing, as in a dump of a group, a region \
         or a threshold, the others' surroundings and values are not those of the simulation"
    );
    SAID.call_once(|| log::warn!("{}", frame.error(None, message)));
}

/// Says once that molecules of one species differ in size.
fn warn_of_unlike(frame: &Frame, map: &SpeciesMap, sites: &Sites) {
    static SAID: Once = Once::new();
    if SAID.is_completed() {
        return;
    }
    let Some([other, site]) = sites.unlike(map) else { return };
    let described = |site: usize| {
        let atoms = sites.atoms(site);
        let id = atoms.first().zip(frame.molecules.as_ref()).map_or(0, |(&atom, ids)| ids[atom]);
        format!("molecule {id} has {}", atoms.len())
    };
    let message = format!(
        "{} atoms of {}, and {}: ions are at the centre of mass of the atoms that are there; are all there?",
        described(site),
        map.species()[sites.species()[site]].name,
        described(other)
    );
    SAID.call_once(|| log::warn!("{}", frame.error(sites.atoms(site).first().copied(), message)));
}

/// The ions of a frame as centers, in the order of their ids, with neighbours up to `reach`.
///
/// # Errors
/// As [`sites`]; positions or a cell that no neighbours can be found in.
pub fn environments<'a>(frame: &Frame, map: &'a SpeciesMap, reach: f64) -> Result<PeriodicEnvironments<'a>> {
    let sites = sites(frame, map)?;
    PeriodicEnvironments::of_sites(&frame.cell, &sites, map, reach).map_err(|e| frame.error(None, e.to_string()))
}

/// As [`environments`], in the length unit of a model, to which a frame that states its units is converted.
///
/// # Errors
/// As [`environments`]; units that are not the model's kind.
pub fn environments_for<'a>(
    local: &LocalModel,
    frame: &Frame,
    map: &'a SpeciesMap,
    reach: f64,
) -> Result<PeriodicEnvironments<'a>> {
    let (sites, cell) = sites_for(local, frame, map)?;
    PeriodicEnvironments::of_sites(&cell, &sites, map, reach).map_err(|e| frame.error(None, e.to_string()))
}

/// The sites of a frame and its cell in the length unit of a model.
fn sites_for<'f>(local: &LocalModel, frame: &'f Frame, map: &SpeciesMap) -> Result<(Sites, Cow<'f, Cell>)> {
    let length = length_for(local, frame)?;
    let sites = sites(frame, map)?;
    if length == 1.0 {
        return Ok((sites, Cow::Borrowed(&frame.cell)));
    }
    let cell = frame.cell.scaled(length).map_err(|e| frame.error(None, e.to_string()))?;
    Ok((sites.scaled(length), Cow::Owned(cell)))
}

/// What a model gives the ions of a frame.
pub struct Field {
    pub sites: Sites,
    /// Local conductivity, deviation and grade of each ion, as [`LocalModel::evaluate`]; `[n_ions]`.
    pub ions: Vec<[f64; 3]>,
    /// Each ensemble member's sum over the ions.
    pub members: Vec<f64>,
}

impl Field {
    /// The values of all atoms of the frame: each atom of an ion has the ion's, all others have 0.
    pub fn by_atom(&self, n_atoms: usize, atoms: &mut Vec<[f64; 3]>) {
        atoms.clear();
        atoms.resize(n_atoms, [0.0; 3]);
        for (ion, &values) in self.ions.iter().enumerate() {
            self.sites.atoms(ion).iter().for_each(|&atom| atoms[atom] = values);
        }
    }
}

/// Evaluates a model on a frame, whose lengths are converted if it states its units.
///
/// # Errors
/// Units that are not the model's kind; as [`check`], [`sites`] and [`LocalModel::evaluate`].
pub fn field(local: &LocalModel, map: &SpeciesMap, conditions: &Conditions, frame: &Frame) -> Result<Field> {
    let refuse = |e: Error| frame.error(None, e.to_string());
    check(map, frame)?;
    let (sites, cell) = sites_for(local, frame, map)?;
    let reach = local.descriptor().reach();
    let environments = PeriodicEnvironments::of_sites(&cell, &sites, map, reach).map_err(refuse)?;
    let mut ions = vec![[0.0; 3]; sites.n_ions()];
    let evaluated = local.evaluate(&environments, conditions, &mut ions).map_err(refuse)?;
    let atom_of = |ion: usize| sites.atoms(ion).first().copied();
    let members = evaluated.complete().map_err(|(ion, e)| frame.error(atom_of(ion), e.to_string()))?;
    Ok(Field { sites, ions, members })
}

/// The frame's length unit in the model's: 1 where the frame does not state its units.
///
/// # Errors
/// Units of which one is reduced and the other is not.
pub fn length_for(local: &LocalModel, frame: &Frame) -> Result<f64> {
    let model = &local.model().metadata().units;
    let Some(units) = &frame.units else { return Ok(1.0) };
    let style = |name: &str| name.parse::<UnitStyle>();
    let length = style(units).and_then(|here| here.length_for_model(style(model)?));
    length.map_err(|_| frame.error(None, format!("the dump is in {units} units, and the model is for {model} units")))
}
