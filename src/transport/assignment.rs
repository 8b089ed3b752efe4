//! Which atoms of a dump are which ions, found once on the first frame.

use std::collections::BTreeMap;

use super::ions::{IonRequest, check_requests};
use crate::trajectory::Frame;
use crate::{Error, Result};

/// Charges of the ions of one species may differ by this much, the rounding of a dump.
const CHARGE_ROUNDING: f64 = 1e-3;

/// Whose centre of mass is taken to rest.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceFrame {
    /// Nobody's: displacements and velocities as they are in the dump.
    None,
    /// That of all atoms in the dump.
    CenterOfMass,
    /// That of all atoms of these types.
    Solvent(Vec<i32>),
}

/// What the user says about charges and masses.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// Charge of one ion by the name of its species.
    pub charges: BTreeMap<String, f64>,
    /// Mass by atom type; goes before a dump's column.
    pub masses: BTreeMap<i32, f64>,
}

/// One species of ion as it is in the dump.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IonSpecies {
    pub name: String,
    /// Charge of one ion, in the dump's unit.
    pub charge: f64,
    pub n_ions: usize,
    /// Mass of one ion; none where masses are unknown.
    pub mass: Option<f64>,
}

/// The ions of a dump: species after species, ions of one species in the order of their first atom's id.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub species: Vec<IonSpecies>,
    /// For each ion where its members end in `members`.
    ends: Vec<usize>,
    /// Place of an atom in the order of ids, and its share of the ion's mass.
    members: Vec<(usize, f64)>,
    /// For each species whether its charge is the user's own, whatever the dump has.
    charge_given: Vec<bool>,
    /// The reference frame's atoms in the same way; empty for none.
    pub reference: Vec<(usize, f64)>,
    /// What was assumed.
    pub notes: Vec<String>,
}

impl Assignment {
    /// Finds the ions in a frame whose atoms `order` lists by id.
    ///
    /// # Errors
    /// Types that the dump has not, also for masses; masses that are not positive; ions of one species that differ in charge or size; charges or masses that are
    /// needed and not known. Each says what to give.
    pub fn new(
        frame: &Frame,
        order: &[usize],
        requests: &[IonRequest],
        properties: &Properties,
        reference: &ReferenceFrame,
    ) -> Result<Self> {
        check_requests(requests)?;
        for name in properties.charges.keys() {
            if !requests.iter().any(|r| r.name == *name) {
                let known: Vec<&str> = requests.iter().map(|r| r.name.as_str()).collect();
                let message = format!("a charge is given for {name}, and the species are {}", known.join(", "));
                return Err(Error::Species(message));
            }
        }
        for kind in properties.masses.keys() {
            if !frame.types.contains(kind) && !requests.iter().any(|r| r.types.contains(kind)) {
                let message =
                    format!("a mass is given for atom type {kind}, and the dump has types {:?}", types_of(frame));
                return Err(frame.error(None, message));
            }
        }
        let mut found = Self {
            species: vec![],
            ends: vec![],
            members: vec![],
            charge_given: vec![],
            reference: vec![],
            notes: vec![],
        };
        let atoms = Atoms { frame, order, properties };
        for request in requests {
            found.add(request, &atoms)?;
        }
        found.reference = match reference {
            ReferenceFrame::None => vec![],
            ReferenceFrame::CenterOfMass => atoms.center((0..order.len()).collect(), "--frame com")?,
            ReferenceFrame::Solvent(types) => {
                let of_types = atoms.of_types(types, "the reference frame")?;
                atoms.center(of_types, "--frame solvent")?
            }
        };
        Ok(found)
    }

    /// Number of ions of all species.
    pub fn n_ions(&self) -> usize {
        self.ends.len()
    }

    /// The atoms of each ion: their places in the order of ids, and their shares of its mass.
    pub(super) fn ions(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.members[start..end])
    }

    /// Sum of all ions' charges.
    pub fn net_charge(&self) -> f64 {
        self.species.iter().map(|s| s.charge * s.n_ions as f64).sum()
    }

    /// For each ion the average of `values` (by place in the order of ids) over its mass.
    pub fn centers(&self, value: impl Fn(usize) -> [f64; 3], out: &mut Vec<[f64; 3]>) {
        out.clear();
        let mut start = 0;
        for &end in &self.ends {
            out.push(weighted(&self.members[start..end], &value));
            start = end;
        }
    }

    /// For each ion the sum of `values` (by place in the order of ids) over its atoms.
    pub fn total(&self, value: impl Fn(usize) -> [f64; 3], out: &mut Vec<[f64; 3]>) {
        out.clear();
        let mut start = 0;
        for &end in &self.ends {
            let atoms = self.members[start..end].iter().map(|&(place, _)| value(place));
            out.push(atoms.fold([0.0; 3], |sum, v| std::array::from_fn(|k| sum[k] + v[k])));
            start = end;
        }
    }

    /// Checks that ions still have the charges that they were taken to have in the first frame, where the user gave none.
    ///
    /// # Errors
    /// The first ion that has another, with file, frame and line.
    pub fn check_charges(&self, frame: &Frame, order: &[usize]) -> Result<()> {
        let Some(charges) = &frame.charges else { return Ok(()) };
        let (mut ion, mut start) = (0, 0);
        for (species, given) in self.species.iter().zip(&self.charge_given) {
            for &end in &self.ends[ion..ion + species.n_ions] {
                let members = &self.members[start..end];
                let charge: f64 = members.iter().map(|&(place, _)| charges[order[place]]).sum();
                if !given && (charge - species.charge).abs() > CHARGE_ROUNDING {
                    let atom = order[members[0].0];
                    let message = format!(
                        "an ion of species {name} has the charge {charge:.4} (atom {}), and in the first frame they were taken to \
                         have {:.4}; give all its ions one charge with --charge {name}=VALUE, or take a part of the run",
                        frame.ids[atom],
                        species.charge,
                        name = species.name
                    );
                    return Err(frame.error(Some(atom), message));
                }
                start = end;
            }
            ion += species.n_ions;
        }
        Ok(())
    }

    fn add(&mut self, request: &IonRequest, atoms: &Atoms) -> Result<()> {
        let name = &request.name;
        if request.optional && !atoms.frame.types.iter().any(|t| request.types.contains(t)) {
            return Ok(());
        }
        let places = atoms.of_types(&request.types, &format!("species {name}"))?;
        let first = self.ends.len();
        let mut groups: Vec<Vec<usize>> = vec![];
        if request.molecular {
            groups = atoms.molecules(places, name)?;
        } else {
            groups.extend(places.into_iter().map(|place| vec![place]));
        }
        let charge = self.charge(request, atoms, &groups)?;
        let masses = groups.iter().map(|g| g.iter().map(|&place| atoms.mass(place)).sum::<Result<Option<f64>>>());
        let masses: Option<Vec<f64>> = masses.collect::<Result<Vec<_>>>()?.into_iter().collect();
        let n_ions = groups.len();
        for group in groups {
            let shares = if group.len() == 1 {
                vec![(group[0], 1.0)]
            } else {
                atoms.center(group, &format!("molecular ion {name}"))?
            };
            self.members.extend(shares);
            self.ends.push(self.members.len());
        }
        let mass = masses.map(|masses| masses.iter().sum::<f64>() / n_ions as f64);
        debug_assert_eq!(self.ends.len() - first, n_ions);
        self.charge_given.push(atoms.properties.charges.contains_key(name) || request.charge.is_some());
        self.species.push(IonSpecies { name: name.clone(), charge, n_ions, mass });
        Ok(())
    }

    fn charge(&mut self, request: &IonRequest, atoms: &Atoms, groups: &[Vec<usize>]) -> Result<f64> {
        let name = &request.name;
        let written = atoms.frame.charges.as_ref().map(|charges| {
            let sums = groups.iter().map(|group| group.iter().map(|&place| charges[atoms.order[place]]).sum::<f64>());
            let (low, high, total) = sums.fold((f64::INFINITY, f64::NEG_INFINITY, 0.0), |(low, high, total), q| {
                (f64::min(low, q), f64::max(high, q), total + q)
            });
            (low, high, total / groups.len() as f64)
        });
        let given = atoms.properties.charges.get(name).copied().or(request.charge);
        match (given, written) {
            (Some(given), Some((_, _, mean))) if (mean - given).abs() > CHARGE_ROUNDING => {
                self.notes.push(format!("{name}: charge {given} as given; the dump's column q says {mean:.4}"));
                Ok(given)
            }
            (Some(given), _) => Ok(given),
            (None, Some((low, high, _))) if high - low > CHARGE_ROUNDING => Err(atoms.frame.error(
                None,
                format!(
                    "ions of species {name} carry charges from {low} to {high}; split it by atom type, or give all \
                     its ions one charge with --charge {name}=VALUE"
                ),
            )),
            (None, Some((_, _, mean))) => Ok(mean),
            (None, None) => match request.default_charge {
                Some(charge) => {
                    self.notes.push(format!("{name}: charge {charge:+} assumed; the dump has no column q"));
                    Ok(charge)
                }
                None => Err(atoms.frame.error(
                    None,
                    format!(
                        "there is no column q, and no charge is given for {name}; add q to the dump command, or give \
                         --charge {name}=VALUE"
                    ),
                )),
            },
        }
    }
}

fn types_of(frame: &Frame) -> Vec<i32> {
    let mut types = frame.types.clone();
    types.sort_unstable();
    types.dedup();
    types
}

/// Average of `value` with weights that sum to 1.
pub fn weighted(members: &[(usize, f64)], value: &impl Fn(usize) -> [f64; 3]) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for &(place, share) in members {
        let v = value(place);
        for k in 0..3 {
            sum[k] += share * v[k];
        }
    }
    sum
}

/// The atoms of the first frame, by their place in the order of ids.
struct Atoms<'a> {
    frame: &'a Frame,
    order: &'a [usize],
    properties: &'a Properties,
}

impl Atoms<'_> {
    fn atom_type(&self, place: usize) -> i32 {
        self.frame.types[self.order[place]]
    }

    fn mass(&self, place: usize) -> Result<Option<f64>> {
        let given = self.properties.masses.get(&self.atom_type(place)).copied();
        let mass = given.or_else(|| self.frame.masses.as_ref().map(|masses| masses[self.order[place]]));
        match mass {
            Some(m) if m <= 0.0 => {
                Err(self.frame.error(Some(self.order[place]), format!("mass {m}; masses are positive")))
            }
            _ => Ok(mass),
        }
    }

    fn of_types(&self, types: &[i32], what: &str) -> Result<Vec<usize>> {
        let places: Vec<usize> = (0..self.order.len()).filter(|&p| types.contains(&self.atom_type(p))).collect();
        match types.iter().find(|t| !places.iter().any(|&p| self.atom_type(p) == **t)) {
            None => Ok(places),
            Some(t) => {
                let there = types_of(self.frame);
                let message = format!("there is no atom of type {t}, named for {what}; the dump has types {there:?}");
                Err(self.frame.error(None, message))
            }
        }
    }

    /// Atoms grouped by molecule id, in the order of the first atom of each.
    fn molecules(&self, places: Vec<usize>, name: &str) -> Result<Vec<Vec<usize>>> {
        let Some(ids) = &self.frame.molecules else {
            let message =
                format!("{name} is made of molecules, and there is no column mol; add it to the dump command");
            return Err(self.frame.error(None, message));
        };
        let mut index = BTreeMap::new();
        let mut groups: Vec<Vec<usize>> = vec![];
        for place in places {
            let id = ids[self.order[place]];
            if id < 1 {
                let message = format!("an atom of {name} has molecule id {id}: it belongs to no molecule");
                return Err(self.frame.error(Some(self.order[place]), message));
            }
            let group = *index.entry(id).or_insert_with(|| {
                groups.push(vec![]);
                groups.len() - 1
            });
            groups[group].push(place);
        }
        let size = groups[0].len();
        if let Some((id, group)) = index.iter().find(|&(_, &g)| groups[g].len() != size) {
            let message = format!(
                "molecule {id} has {} atoms of {name}, others have {size}; ions of one species are alike",
                groups[*group].len()
            );
            return Err(self.frame.error(None, message));
        }
        Ok(groups)
    }

    /// The atoms with their shares of the mass; equal ones if all are of one type.
    fn center(&self, places: Vec<usize>, what: &str) -> Result<Vec<(usize, f64)>> {
        let one_type = places.iter().all(|&p| self.atom_type(p) == self.atom_type(places[0]));
        let mut masses = vec![];
        for &place in &places {
            match if one_type { Some(1.0) } else { self.mass(place)? } {
                Some(mass) => masses.push(mass),
                None => {
                    let t = self.atom_type(place);
                    let message = format!(
                        "{what} needs masses, and there is none for atom type {t}; add mass to the dump command, or \
                         give --mass {t}=VALUE"
                    );
                    return Err(self.frame.error(None, message));
                }
            }
        }
        let total = masses.iter().fold(0.0, |sum, mass| sum + mass);
        Ok(places.into_iter().zip(masses).map(|(place, mass)| (place, mass / total)).collect())
    }
}
