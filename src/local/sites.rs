//! Where ions are: at an atom, or at the centre of mass of the atoms of a molecule.

use std::collections::BTreeMap;

use crate::geometry::{Cell, WIDEST};
use crate::species::SpeciesMap;

/// The atoms of one configuration.
#[derive(Clone, Copy)]
pub struct Atoms<'a> {
    pub types: &'a [i32],
    /// Wrapped or not.
    pub positions: &'a [[f64; 3]],
    /// Indices into the lists, in the order of the atoms' ids.
    pub order: &'a [usize],
    /// Molecule ids.
    pub molecules: Option<&'a [i64]>,
    pub masses: Option<&'a [f64]>,
    pub charges: Option<&'a [f64]>,
}

/// What is wrong with some atoms, and the first of them.
#[derive(Debug)]
pub struct BadAtoms {
    pub atom: Option<usize>,
    pub message: String,
}

/// Ions and neutral sites of one configuration: ions first, each in the order of the lowest id among its atoms.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    species: Vec<usize>,
    positions: Vec<[f64; 3]>,
    /// For each site where its atoms end in `atoms`.
    ends: Vec<usize>,
    atoms: Vec<usize>,
    n_ions: usize,
}

/// The atoms of a site.
struct Group {
    species: usize,
    /// Of the lowest id.
    atom: usize,
    /// All of them, if there can be several: most ions are one atom, and need no list.
    molecule: Vec<usize>,
}

impl Group {
    fn atoms(&self) -> &[usize] {
        if self.molecule.is_empty() { std::slice::from_ref(&self.atom) } else { &self.molecule }
    }
}

impl Sites {
    /// Finds the sites of a map's species.
    ///
    /// An ion of several atoms is at `sum m_k r_k / sum m_k`, each `r_k` the periodic image nearest to the atom of the
    /// lowest id: image flags do not matter.
    ///
    /// # Errors
    /// Molecules without ids or masses, as wide as half the cell, or whose charge has not the sign of their species.
    pub fn new(cell: &Cell, atoms: &Atoms, map: &SpeciesMap) -> Result<Self, BadAtoms> {
        let mut groups: Vec<Group> = Vec::with_capacity(atoms.order.len());
        let mut molecules: BTreeMap<(usize, i64), usize> = BTreeMap::new();
        for &atom in atoms.order {
            let Some(species) = map.species_of(atoms.types[atom]) else { continue };
            if !map.species()[species].molecular {
                groups.push(Group { species, atom, molecule: vec![] });
                continue;
            }
            let name = &map.species()[species].name;
            let bad = |message: String| BadAtoms { atom: Some(atom), message };
            let Some(ids) = atoms.molecules else {
                return Err(bad(format!(
                    "{name} is an ion of several atoms, and there are no molecule ids; add mol to the dump"
                )));
            };
            if ids[atom] <= 0 {
                return Err(bad(format!(
                    "an atom of {name}, an ion of several atoms, has molecule id {}; ids of molecules are above 0",
                    ids[atom]
                )));
            }
            let group = *molecules.entry((species, ids[atom])).or_insert_with(|| {
                groups.push(Group { species, atom, molecule: vec![] });
                groups.len() - 1
            });
            groups[group].molecule.push(atom);
        }
        let is_ion = |species: usize| map.species()[species].is_ion();
        let n = groups.len();
        let mut sites = Self {
            species: Vec::with_capacity(n),
            positions: Vec::with_capacity(n),
            ends: Vec::with_capacity(n),
            atoms: Vec::with_capacity(atoms.order.len()),
            n_ions: groups.iter().filter(|group| is_ion(group.species)).count(),
        };
        for ions in [true, false] {
            for group in groups.iter().filter(|group| is_ion(group.species) == ions) {
                let (species, members) = (&map.species()[group.species], group.atoms());
                if species.molecular {
                    check_charge(atoms, members, group.species, map)?;
                }
                sites.species.push(group.species);
                sites.positions.push(center(cell, atoms, members, &species.name)?);
                sites.atoms.extend(members);
                sites.ends.push(sites.atoms.len());
            }
        }
        Ok(sites)
    }

    /// Number of ions.
    pub fn n_ions(&self) -> usize {
        self.n_ions
    }

    /// Species of each site.
    pub fn species(&self) -> &[usize] {
        &self.species
    }

    /// Position of each site.
    pub fn positions(&self) -> &[[f64; 3]] {
        &self.positions
    }

    /// The same sites in another length unit, of which there are `factor` in one of the old.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.positions.iter_mut().for_each(|position| *position = position.map(|x| factor * x));
        self
    }

    /// The first site of a molecular species that has more or fewer atoms than an earlier one, and that one; some atoms may be
    /// missing then, as in a dump of a group that cuts through molecules.
    pub fn unlike(&self, map: &SpeciesMap) -> Option<[usize; 2]> {
        let mut first: Vec<Option<usize>> = vec![None; map.species().len()];
        let molecular = (0..self.species.len()).filter(|&site| map.species()[self.species[site]].molecular);
        let mut pairs = molecular.map(|site| [*first[self.species[site]].get_or_insert(site), site]);
        pairs.find(|&[other, site]| self.atoms(other).len() != self.atoms(site).len())
    }

    /// The same in words, with the first atom of the later one; `molecules` are the atoms' molecule ids, where they have some.
    pub fn told_unlike(&self, map: &SpeciesMap, molecules: Option<&[i64]>) -> Option<(Option<usize>, String)> {
        let [other, site] = self.unlike(map)?;
        let described = |site: usize| {
            let atoms = self.atoms(site);
            let id = atoms.first().zip(molecules).map_or(0, |(&atom, ids)| ids[atom]);
            format!("molecule {id} has {}", atoms.len())
        };
        let message = format!(
            "{} atoms of {}, and {}: ions are at the centre of mass of the atoms that are there; are all there?",
            described(site),
            map.species()[self.species[site]].name,
            described(other)
        );
        Some((self.atoms(site).first().copied(), message))
    }

    /// The atoms of a site, in the order of their ids.
    pub fn atoms(&self, site: usize) -> &[usize] {
        let start = site.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.atoms[start..self.ends[site]]
    }
}

fn check_charge(atoms: &Atoms, group: &[usize], species: usize, map: &SpeciesMap) -> Result<(), BadAtoms> {
    let (Some(charges), species) = (atoms.charges, &map.species()[species]) else { return Ok(()) };
    let charge: f64 = group.iter().map(|&atom| charges[atom]).sum();
    if !species.is_ion() || (charge * species.charge > 0.0) {
        return Ok(());
    }
    Err(BadAtoms {
        atom: Some(group[0]),
        message: format!(
            "the atoms of an ion {}, whose charge is {:+}, have the charge {charge:+} together; are the species in the \
             order of the atom types, and all atoms of the ion named?",
            species.name, species.charge
        ),
    })
}

fn center(cell: &Cell, atoms: &Atoms, group: &[usize], name: &str) -> Result<[f64; 3], BadAtoms> {
    let first = atoms.positions[group[0]];
    if group.len() == 1 {
        return Ok(first);
    }
    let bad = |atom: usize, message: String| BadAtoms { atom: Some(atom), message };
    let Some(masses) = atoms.masses else {
        return Err(bad(
            group[0],
            format!("{name} is at the centre of mass of its atoms, and masses are not known; add mass to the dump"),
        ));
    };
    let (mut total, mut sum) = (0.0, [0.0; 3]);
    for &atom in group {
        let mass = masses[atom];
        if !(mass > 0.0 && mass.is_finite()) {
            return Err(bad(
                atom,
                format!("an atom of {name} has mass {mass}; the centre of mass needs masses above zero"),
            ));
        }
        let (d, along) = cell.nearest_image(std::array::from_fn(|k| atoms.positions[atom][k] - first[k]));
        if along > WIDEST {
            return Err(bad(
                atom,
                format!(
                    "this atom of an ion {name} is {along:.2} of the cell away from the ion's first atom: with its images, \
                     where the ion's centre is cannot be told. Do all its atoms share one molecule id, which no other ion \
                     has? Else take a larger cell, or one atom type to stand for the ion"
                ),
            ));
        }
        total += mass;
        sum.iter_mut().zip(d).for_each(|(sum, d)| *sum += mass * d);
    }
    Ok(std::array::from_fn(|k| first[k] + sum[k] / total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::{Channels, Species};

    fn species() -> Vec<Species> {
        vec![
            Species::atomic("water", 0.0),
            Species::atomic("lithium", 1.0),
            Species { name: "anion".into(), charge: -1.0, molecular: true },
        ]
    }

    fn map() -> SpeciesMap {
        SpeciesMap::new(&species(), Channels::BySpecies, &["anion", "lithium", "anion", "water", "NULL"]).unwrap()
    }

    fn sites(positions: &[[f64; 3]], molecules: Option<&[i64]>, masses: Option<&[f64]>) -> Result<Sites, BadAtoms> {
        let cell = Cell::from_lammps([0.0; 3], [10.0; 3], [0.0; 3], [true; 3]).unwrap();
        let charges = [-0.4, 1.0, -0.6, -0.8, 0.4];
        let atoms = Atoms {
            types: &[1, 2, 3, 4, 5],
            positions,
            order: &[4, 3, 2, 1, 0],
            molecules,
            masses,
            charges: Some(&charges),
        };
        Sites::new(&cell, &atoms, &map())
    }

    #[test]
    fn ions_come_first_and_molecules_are_at_their_centre_across_the_boundary() {
        let positions = [[0.5, 1.0, 1.0], [5.0, 5.0, 5.0], [9.5, 1.0, 1.0], [7.0, 7.0, 7.0], [8.0, 7.0, 7.0]];
        let found = sites(&positions, Some(&[7, 1, 7, 2, 2]), Some(&[3.0, 7.0, 1.0, 16.0, 1.0])).unwrap();
        assert_eq!((found.n_ions(), found.species()), (2, &[2, 1, 0][..]));
        assert_eq!((found.atoms(0), found.atoms(1), found.atoms(2)), (&[2, 0][..], &[1][..], &[3][..]));
        // From the atom of the lowest id, at 9.5, three quarters of the way to its partner's image at 10.5.
        assert!((found.positions()[0][0] - 10.25).abs() < 1e-12, "{:?}", found.positions());
    }

    #[test]
    fn ions_that_have_no_centre_are_refused() {
        let near = [[0.5, 1.0, 1.0], [5.0; 3], [9.5, 1.0, 1.0], [7.0; 3], [8.0; 3]];
        let (ids, masses) = ([7, 1, 7, 2, 2], [1.0; 5]);
        let message = |sites: Result<Sites, BadAtoms>| sites.unwrap_err().message;
        assert!(message(sites(&near, None, Some(&masses))).contains("add mol to the dump"));
        assert!(message(sites(&near, Some(&ids), None)).contains("add mass to the dump"));
        assert!(message(sites(&near, Some(&[0, 1, 7, 2, 2]), Some(&masses))).contains("molecule id 0"));
        assert!(message(sites(&near, Some(&ids), Some(&[0.0; 5]))).contains("has mass 0"));
        let mut far = near;
        far[0][0] = 4.4;
        assert!(message(sites(&far, Some(&ids), Some(&masses))).contains("0.49 of the cell away"));
    }

    #[test]
    fn molecules_that_lack_an_atom_are_found() {
        let near = [[0.5, 1.0, 1.0], [5.0; 3], [9.5, 1.0, 1.0], [7.0; 3], [8.0; 3]];
        let whole = sites(&near, Some(&[7, 1, 7, 2, 2]), Some(&[1.0; 5])).unwrap();
        assert_eq!(whole.unlike(&map()), None);
        let named = SpeciesMap::new(&species(), Channels::BySpecies, &["anion", "lithium", "anion", "anion"]).unwrap();
        let cell = Cell::from_lammps([0.0; 3], [10.0; 3], [0.0; 3], [true; 3]).unwrap();
        let atoms = Atoms {
            types: &[1, 2, 3, 4],
            positions: &near[..4],
            order: &[0, 1, 2, 3],
            molecules: Some(&[7, 1, 7, 2]),
            masses: Some(&[1.0; 4]),
            charges: None,
        };
        assert_eq!(Sites::new(&cell, &atoms, &named).unwrap().unlike(&named), Some([0, 2]));
    }

    #[test]
    fn a_molecule_s_charge_has_the_sign_of_its_species() {
        let cell = Cell::from_lammps([0.0; 3], [10.0; 3], [0.0; 3], [true; 3]).unwrap();
        let atoms = Atoms {
            types: &[1, 2],
            positions: &[[1.0; 3], [2.0; 3]],
            order: &[0, 1],
            molecules: Some(&[1, 2]),
            masses: Some(&[1.0, 1.0]),
            charges: Some(&[0.5, 1.0]),
        };
        let bad = Sites::new(&cell, &atoms, &map()).unwrap_err();
        assert!(bad.atom == Some(0) && bad.message.contains("have the charge +0.5 together"), "{}", bad.message);
    }
}
