//! The ions of a dump's frame as centers of a descriptor, and the field that a model gives them.

mod digits;
mod doubts;
mod positions;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::cautions::Cautions;
use crate::geometry::Cell;
use crate::local::{Atoms, LocalModel, PeriodicEnvironments, Sites};
use crate::model::Conditions;
use crate::species::{Molecule, NOT_AN_ION, SpeciesMap};
use crate::trajectory::{Columns, Frame, Quantity};
use crate::units::UnitStyle;
use crate::{Error, Result};

use doubts::{absent, lacking_ions, look_at_molecules, molecules, unlike_charges, unlike_molecules};
pub use positions::{check_positions, check_scale};

/// The columns of a dump that ions of these species are found by.
pub fn columns(map: &SpeciesMap) -> Columns {
    let columns = Columns::default().want(Quantity::Charges).want(Quantity::Molecules);
    if map.has_molecules() { columns.want(Quantity::Masses) } else { columns }
}

/// Checks that every type of a frame was named, and that charges, if there are, have the signs of their species.
///
/// Cautions are charges in another ratio, and neutral species that are not there.
///
/// # Errors
/// The first atom that contradicts the map, with file, frame and line.
pub fn check(map: &SpeciesMap, frame: &Frame, cautions: &Cautions) -> Result<()> {
    if let Some(atom) = frame.types.iter().position(|&t| t as usize > map.n_types()) {
        let message = format!(
            "atom type {}, and species were named for {} types; give one species (or {NOT_AN_ION}) for each type",
            frame.types[atom],
            map.n_types()
        );
        return Err(frame.error(Some(atom), message));
    }
    check_charges(map, frame, cautions)?;
    cautions.look("absent", || absent(frame, map));
    Ok(())
}

/// Checks the charges alone: atoms of types that were not named are no ions. A caution is charges in another ratio.
///
/// # Errors
/// The first atom whose charge has not the sign of its species, with file, frame and line, unless it
/// [stands for](SpeciesMap::stands_for) its molecule.
pub fn check_charges(map: &SpeciesMap, frame: &Frame, cautions: &Cautions) -> Result<()> {
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
    cautions.look("charges", || unlike_charges(frame, map));
    Ok(())
}

/// Where the ions and the neutral neighbours of a frame are.
///
/// Cautions are those of [`check_positions`] and [`look_at_atoms`], and molecules of one species that differ in size.
///
/// # Errors
/// Ids that stand twice; as [`check_positions`]; as [`Sites::new`], with file, frame and line.
pub fn sites(frame: &Frame, map: &SpeciesMap, cautions: &Cautions) -> Result<Sites> {
    check_positions(frame, cautions)?;
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
    look_at_molecules(frame, map, cautions);
    cautions.look("lacking ions", || lacking_ions(frame, map, sites.species()[..sites.n_ions()].iter().copied()));
    if map.has_molecules() {
        cautions.look("unlike molecules", || unlike_molecules(frame, map, &sites));
    }
    Ok(sites)
}

/// The cautions of a frame whose ions are atoms: ions that look like molecules, and a net charge of all, as where some are missing.
pub fn look_at_atoms(frame: &Frame, map: &SpeciesMap, cautions: &Cautions) {
    look_at_molecules(frame, map, cautions);
    let species_of = |&atom_type: &i32| map.species_of(atom_type).filter(|_| map.is_ion(atom_type));
    cautions.look("lacking ions", || lacking_ions(frame, map, frame.types.iter().filter_map(species_of)));
}

/// The ions of a frame as centers, in the order of their ids, with neighbours up to `reach`.
///
/// # Errors
/// As [`sites`]; positions or a cell that no neighbours can be found in.
pub fn environments<'a>(
    frame: &Frame,
    map: &'a SpeciesMap,
    reach: f64,
    cautions: &Cautions,
) -> Result<PeriodicEnvironments<'a>> {
    let sites = sites(frame, map, cautions)?;
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
    cautions: &Cautions,
) -> Result<PeriodicEnvironments<'a>> {
    let (sites, cell) = sites_for(local, frame, map, cautions)?;
    PeriodicEnvironments::of_sites(&cell, &sites, map, reach).map_err(|e| frame.error(None, e.to_string()))
}

/// The sites of a frame and its cell in the length unit of a model.
fn sites_for<'f>(
    local: &LocalModel,
    frame: &'f Frame,
    map: &SpeciesMap,
    cautions: &Cautions,
) -> Result<(Sites, Cow<'f, Cell>)> {
    let length = length_for(local, frame)?;
    let sites = sites(frame, map, cautions)?;
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
pub fn field(
    local: &LocalModel,
    map: &SpeciesMap,
    conditions: &Conditions,
    frame: &Frame,
    cautions: &Cautions,
) -> Result<Field> {
    let refuse = |e: Error| frame.error(None, e.to_string());
    check(map, frame, cautions)?;
    let (sites, cell) = sites_for(local, frame, map, cautions)?;
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
