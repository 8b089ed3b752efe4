//! What the atoms of a configuration tell together and not one by one: ions whose charges are in another ratio than those of their
//! species, neutral species that are not there, and whether some ions are a whole liquid.

use crate::species::{Molecule, Species, SpeciesMap};

/// Charges may be scaled, by one factor for all; factors that differ by more than this share are those of other ions.
const APART: f64 = 0.1;

/// Charges whose sum is a smaller share of their magnitudes are those of whole ions, of which none is missing: an atom that stands
/// for an ion of several has any charge.
const NEUTRAL: f64 = 0.05;

/// Ions of a species whose charge is known, and the sum of their charges.
pub(crate) type IonCharges = [f64; 2];

/// Adds an atom to the sums of its species, if it is an ion or part of one; `molecule` is what its molecule id stands at, of
/// which no atom is named if it has none.
pub(crate) fn add_ion(sums: &mut [IonCharges], map: &SpeciesMap, atom_type: i32, charge: f64, molecule: Molecule) {
    let Some(index) = map.species_of(atom_type).filter(|_| map.is_ion(atom_type)) else { return };
    let [n, of_ion] = match (map.species()[index].molecular, molecule.named) {
        (true, 0) => return,
        // Each of its atoms comes by, with its share.
        (true, named) => [1.0 / named as f64, molecule.charge / named as f64],
        (false, 1) => [1.0, molecule.charge],
        (false, _) => [1.0, charge],
    };
    sums[index][0] += n;
    sums[index][1] += of_ion;
}

/// Whether ions' charges are about neutral together, and with them ions and not atoms of ions.
fn are_neutral(sums: &[IonCharges]) -> bool {
    let (net, all) = sums.iter().fold((0.0, 0.0), |(net, all), [_, charge]| (net + charge, all + charge.abs()));
    net.abs() <= NEUTRAL * all
}

/// Whether not even one ion is missing for charges that add up to nothing.
pub(crate) fn are_complete(sums: &[IonCharges]) -> bool {
    let found = || sums.iter().filter(|[n, _]| *n > 0.0);
    let smallest = found().map(|[n, charge]| (charge / n).abs()).fold(f64::INFINITY, f64::min);
    found().map(|[_, charge]| charge).sum::<f64>().abs() < 0.5 * smallest
}

/// What is said of charges that no common factor makes those of the species; nothing where atoms may stand for ions of several,
/// as those of which the charges do not add up to nothing. `atoms_are_ions` says that none does.
pub(crate) fn unlike_charges(sums: &[IonCharges], map: &SpeciesMap, atoms_are_ions: bool) -> Option<String> {
    if !(atoms_are_ions || are_neutral(sums)) {
        return None;
    }
    let mut found: Vec<(f64, usize, f64)> = vec![];
    for (index, ([n, charge], species)) in sums.iter().zip(map.species()).enumerate() {
        if *n > 0.0 && species.is_ion() {
            let mean = charge / n;
            found.push((mean / species.charge, index, mean));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [(low, ..), .., (high, ..)] = found[..] else { return None };
    let shown = |(_, index, mean): &(f64, usize, f64)| {
        let Species { name, charge, .. } = &map.species()[*index];
        let mean = (1e4 * mean).round() / 1e4;
        format!("q of {} ({name}) is {mean:+} an ion and the species has {charge:+}", types(map, *index))
    };
    (high > (1.0 + APART) * low).then(|| {
        format!(
            "{}, and {}: no common factor makes the ones the others. Are species named in another order than that of the atom \
             types, or are they those of another salt?",
            shown(&found[found.len() - 1]),
            shown(&found[0])
        )
    })
}

/// What is said of neutral species that are not there, of which `is_there` knows by their place in the map.
pub(crate) fn absent(map: &SpeciesMap, is_there: impl Fn(usize) -> bool) -> Option<String> {
    let lacking = |(index, species): &(usize, &Species)| !species.is_ion() && !is_there(*index);
    let lacking: Vec<(usize, &Species)> = map.species().iter().enumerate().filter(lacking).collect();
    let (first, _) = lacking.first()?;
    let names: Vec<&str> = lacking.iter().map(|(_, species)| species.name.as_str()).collect();
    let why = match map.types_of(*first).next() {
        None => "no atom type is named so".into(),
        Some(_) => format!("there is no atom of {}", types(map, *first)),
    };
    Some(format!(
        "ions of this model see {}, and {why}: if the system has any, values are not those of the ions in it; name its atom types, \
         and leave no atoms out",
        names.join(" and ")
    ))
}

/// Whether ions that were evaluated, so many of each species, are no whole liquid, of which `all` are the atoms.
pub(crate) fn are_part(evaluated: &[f64], all: &[f64], map: &SpeciesMap) -> bool {
    let ions = || map.species().iter().zip(evaluated.iter().zip(all)).filter(|(species, _)| species.is_ion());
    let net: f64 = ions().map(|(species, (n, _))| n * species.charge).sum();
    let charge: f64 = ions().map(|(species, (n, _))| n * species.charge.abs()).sum();
    net.abs() > NEUTRAL * charge || ions().any(|(_, (n, all))| *n == 0.0 && *all > 0.0)
}

/// The atom types of a species, in words.
fn types(map: &SpeciesMap, species: usize) -> String {
    let types: Vec<String> = map.types_of(species).map(|t| t.to_string()).collect();
    format!("type{} {}", if types.len() == 1 { "" } else { "s" }, types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Channels;

    const ALONE: Molecule = Molecule { charge: 0.0, named: 0 };

    fn mixture() -> SpeciesMap {
        let [a, b, x] = [("A", 1.0), ("B", 2.0), ("X", -1.0)].map(|(name, charge)| Species::atomic(name, charge));
        let species = [a, b, x, Species::atomic("S", 0.0)];
        SpeciesMap::new(&species, Channels::BySpecies, &["A", "B", "X", "NULL", "S"]).unwrap()
    }

    /// Ten ions of the first two types and as many of the third as make them neutral, with these charges.
    fn said(map: &SpeciesMap, charges: [f64; 3], factor: f64) -> Option<String> {
        let mut sums = vec![[0.0; 2]; map.species().len()];
        let anions = (-10.0 * (charges[0] + charges[1]) / charges[2]) as usize;
        for (t, n) in [(1, 10), (2, 10), (3, anions)] {
            (0..n).for_each(|_| add_ion(&mut sums, map, t, factor * charges[t as usize - 1], ALONE));
        }
        unlike_charges(&sums, map, false)
    }

    #[test]
    fn charges_are_those_of_the_species_up_to_one_factor() {
        let map = mixture();
        assert_eq!(said(&map, [1.0, 2.0, -1.0], 1.0), None);
        assert_eq!(said(&map, [1.0, 2.0, -1.0], 0.8), None);
        assert_eq!(said(&map, [1.05, 2.0, -1.0], 1.0), None);
        let swapped = said(&map, [2.0, 1.0, -1.0], 1.0).unwrap();
        assert!(
            swapped.starts_with("q of type 1 (A) is +2 an ion and the species has +1, and q of type 2 (B) is +1 an"),
            "{swapped}"
        );
        let scaled = said(&map, [2.0, 1.0, -1.0], 0.75).unwrap();
        assert!(scaled.starts_with("q of type 1 (A) is +1.5 an ion"), "{scaled}");
    }

    #[test]
    fn charges_are_means_and_of_whole_molecules() {
        let map = mixture();
        let mut sums = vec![[0.0; 2]; 4];
        // Charges that fluctuate by half of themselves, and atoms that stand for molecules.
        for (t, charge) in [(1, 0.5), (1, 1.5), (2, 1.0), (2, 3.0), (4, 9.0), (5, -0.8)] {
            add_ion(&mut sums, &map, t, charge, ALONE);
        }
        (0..6).for_each(|_| add_ion(&mut sums, &map, 3, 1.3, Molecule { charge: -1.0, named: 1 }));
        assert_eq!(sums, [[2.0, 2.0], [2.0, 4.0], [6.0, -6.0], [0.0, 0.0]]);
        assert_eq!(unlike_charges(&sums, &map, true), None);
        // Molecule ids that all atoms share tell nothing.
        add_ion(&mut sums, &map, 3, -1.0, Molecule { charge: 0.0, named: 9 });
        assert_eq!(sums[2], [7.0, -7.0]);
        let mut species = map.species().to_vec();
        species[2].molecular = true;
        let map = SpeciesMap::new(&species, Channels::BySpecies, &["A", "B", "X", "X"]).unwrap();
        let mut sums = vec![[0.0; 2]; 4];
        (0..8).for_each(|_| add_ion(&mut sums, &map, 3, -0.1, Molecule { charge: -0.75, named: 4 }));
        assert_eq!(sums[2], [2.0, -1.5]);
        add_ion(&mut sums, &map, 3, -0.1, ALONE);
        assert_eq!(sums[2], [2.0, -1.5]);
    }

    #[test]
    fn atoms_that_may_stand_for_ions_of_several_are_not_compared() {
        let map = mixture();
        let mut sums = vec![[0.0; 2]; 4];
        for (t, charge) in [(1, 1.0), (3, -0.66)] {
            (0..10).for_each(|_| add_ion(&mut sums, &map, t, charge, ALONE));
        }
        assert_eq!(unlike_charges(&sums, &map, false), None);
        assert!(
            unlike_charges(&sums, &map, true)
                .unwrap()
                .contains("q of type 3 (X) is -0.66 an ion and the species has -1:")
        );
        assert_eq!(unlike_charges(&[[0.0; 2]; 4], &map, true), None);
    }

    #[test]
    fn one_ion_that_is_missing_is_missed() {
        let whole = [[40.0, 80.0], [0.0, 0.0], [80.0, -80.0]];
        let [mut some, mut fewer] = [whole; 2];
        some[2] = [79.0, -79.0];
        fewer[0] = [39.0, 78.0];
        assert!(are_complete(&whole) && !are_complete(&some) && !are_complete(&fewer) && are_neutral(&some));
    }

    #[test]
    fn neutral_species_that_are_not_there_are_named() {
        let map = mixture();
        assert_eq!(absent(&map, |_| true), None);
        assert!(
            absent(&map, |s| s != 3).unwrap().starts_with("ions of this model see S, and there is no atom of type 5:")
        );
        let dry = SpeciesMap::new(map.species(), Channels::BySpecies, &["A", "B", "X", "NULL"]).unwrap();
        assert!(absent(&dry, |s| s != 3).unwrap().contains("see S, and no atom type is named so: "));
    }

    #[test]
    fn a_part_of_a_liquid_is_told_from_a_whole_one() {
        let map = mixture();
        let all = [10.0, 0.0, 10.0, 50.0];
        assert!(!are_part(&[10.0, 0.0, 10.0, 0.0], &all, &map) && !are_part(&[5.0, 0.0, 5.0, 0.0], &all, &map));
        assert!(are_part(&[10.0, 0.0, 0.0, 0.0], &all, &map) && are_part(&[10.0, 0.0, 5.0, 0.0], &all, &map));
        assert!(are_part(&[0.0, 5.0, 10.0, 0.0], &[1.0, 5.0, 10.0, 0.0], &map));
    }
}
