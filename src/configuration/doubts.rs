//! What speaks against the ions of a frame being those that a map names, and all of them.

use std::collections::{BTreeMap, HashMap};

use crate::cautions::Cautions;
use crate::composition::{self, IonCharges};
use crate::local::Sites;
use crate::species::{Molecule, SpeciesMap};
use crate::trajectory::Frame;

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

/// That charges are in another ratio than those of the species.
pub(super) fn unlike_charges(frame: &Frame, map: &SpeciesMap) -> Option<String> {
    // Others may have been left out of a dump, of which its atoms were parts.
    let message = composition::unlike_charges(&ion_charges(frame, map)?, map, false)?;
    Some(frame.error(None, message).to_string())
}

/// That neutral species are not there.
pub(super) fn absent(frame: &Frame, map: &SpeciesMap) -> Option<String> {
    if frame.n_atoms == 0 {
        return None;
    }
    let is_there = |species| frame.types.iter().any(|&atom_type| map.species_of(atom_type) == Some(species));
    composition::absent(map, is_there).map(|message| frame.error(None, message).to_string())
}

/// By their ids, which are above 0.
pub(super) fn molecules(map: &SpeciesMap, frame: &Frame) -> HashMap<i64, Molecule> {
    let mut found: HashMap<i64, Molecule> = HashMap::new();
    let (Some(ids), Some(charges)) = (&frame.molecules, &frame.charges) else { return found };
    for (atom, &id) in ids.iter().enumerate().filter(|(_, id)| **id > 0) {
        let molecule = found.entry(id).or_default();
        molecule.charge += charges[atom];
        molecule.named += usize::from(map.species_of(frame.types[atom]).is_some());
    }
    found
}

/// Of the first frame that has molecule ids, whether ions which are taken for atoms look like molecules.
pub(super) fn look_at_molecules(frame: &Frame, map: &SpeciesMap, cautions: &Cautions) {
    let Some(ids) = &frame.molecules else { return };
    for (index, species) in map.species().iter().enumerate().filter(|(_, s)| s.is_ion() && !s.molecular) {
        cautions.look_once(&format!("molecules of {}", species.name), || {
            let of_species = (0..frame.n_atoms).filter(|&atom| map.species_of(frame.types[atom]) == Some(index));
            let mut molecules: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
            of_species.for_each(|atom| molecules.entry(ids[atom]).or_default().push(atom));
            // One id for all says nothing, and neither do ids below 1.
            let (id, atoms) = molecules.first_key_value().filter(|(id, _)| molecules.len() > 1 && **id > 0)?;
            let alike = atoms.len() > 1 && molecules.values().all(|others| others.len() == atoms.len());
            alike.then(|| {
                let message = format!(
                    "each molecule id of {name} stands at {} atoms, as {id} here, and each atom is taken for an ion; if {name} is \
                     an ion of several atoms, name it under molecules (a data set, or the card of a model)",
                    atoms.len(),
                    name = species.name
                );
                frame.error(Some(atoms[0]), message).to_string()
            })
        });
    }
}

/// That ions seem to be missing: those that are there, of these species, are not neutral together.
pub(super) fn lacking_ions(frame: &Frame, map: &SpeciesMap, ions: impl Iterator<Item = usize>) -> Option<String> {
    let (mut n, mut net, mut smallest) = (0, 0.0, f64::INFINITY);
    for charge in ions.map(|species| map.species()[species].charge) {
        (n, net, smallest) = (n + 1, net + charge, smallest.min(charge.abs()));
    }
    if n == 0 || net.abs() < 0.5 * smallest {
        return None;
    }
    // All are there where the atoms' own charges add up to nothing; they are others than those of the species then.
    if ion_charges(frame, map).is_some_and(|sums| composition::are_complete(&sums)) {
        return None;
    }
    let message = format!(
        "its {n} ions have a net charge of {net:+} by their species; where some are missing, as in a dump of a group, a region \
         or a threshold, the others' surroundings and values are not those of the simulation"
    );
    Some(frame.error(None, message).to_string())
}

/// That molecules of one species differ in size.
pub(super) fn unlike_molecules(frame: &Frame, map: &SpeciesMap, sites: &Sites) -> Option<String> {
    let (atom, message) = sites.told_unlike(map, frame.molecules.as_deref())?;
    Some(frame.error(atom, message).to_string())
}
