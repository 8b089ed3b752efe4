//! A data set with the features of its systems.

use std::collections::BTreeMap;
use std::path::Path;

use super::cache::{Features, Recipe};
use super::local::{LocalResponse, ResponseKind};
use super::outline::{Outline, n_shared};
use super::rows::sum_over_chunks;
use super::settings::TrainSettings;
use super::{Pooled, Rows};
use crate::dataset::{Dataset, Paths, System};
use crate::descriptor::SoapParameters;
use crate::local::Inputs;
use crate::model::{Condition, Conditions, Metadata};
use crate::species::{Channels, Species, SpeciesMap, check_name};
use crate::{Error, Result};

/// Systems to learn from or to predict, with their features.
pub struct Corpus {
    /// Name of the data set's file, without its folder, which changes nothing.
    pub data_set: String,
    pub units: String,
    pub species: Vec<Species>,
    pub inputs: Inputs,
    pub systems: Vec<Member>,
}

/// A system of a corpus.
pub struct Member {
    pub name: String,
    /// Molar conductivity.
    pub label: f64,
    /// Its standard error.
    pub error: f64,
    pub nernst_einstein: Option<f64>,
    pub bjerrum_length: Option<f64>,
    pub temperature: Option<f64>,
    pub features: Features,
    /// Mean over environments, `[n_features]`.
    pub mean_features: Vec<f64>,
    /// Responses of single ions, where they are known.
    pub local: Option<LocalResponse>,
}

/// How features are obtained.
pub struct Source<'a> {
    pub descriptor: &'a SoapParameters,
    pub channels: Channels,
    /// What a model takes beside the structure.
    pub conditions: &'a [Condition],
    /// Names of the species in the order of a model's; that of the first atom types if not given.
    pub order: Option<&'a [Species]>,
    pub coordination_radius: f64,
    /// Folder that keeps features.
    pub cache: &'a Path,
}

impl Corpus {
    /// Reads the snapshots of all systems of a data set; `path` is the data set's, `on_frame` is called after each frame
    /// whose features had to be computed.
    ///
    /// # Errors
    /// Systems without label, error or snapshots; the same configurations under two names; dumps of other units or species;
    /// what [`Features::obtain`] refuses. Each names its system.
    pub fn read(path: &Path, dataset: &Dataset, source: &Source, on_frame: &mut dyn FnMut(&str)) -> Result<Self> {
        let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
        if dataset.systems.is_empty() {
            return Err(refuse("there is no system; list them under [[system]]".into()));
        }
        if !Metadata::UNITS.contains(&dataset.units.as_str()) {
            return Err(refuse(format!(
                "units = \"{}\": a model's units are lj, real or metal; convert snapshots and labels to one of them",
                dataset.units
            )));
        }
        let reach = source.descriptor.reach();
        if source.coordination_radius > reach {
            return Err(Error::Input(format!(
                "the coordination radius is {:?}, and neighbours are known up to the descriptor's reach of {reach:.6}; take a smaller one",
                source.coordination_radius
            )));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let (species, map) = species(dataset, source).map_err(|e| refuse(e.to_string()))?;
        let inputs = Inputs::new(source.descriptor.clone(), source.channels, &species, source.conditions)
            .map_err(|e| refuse(e.to_string()))?;
        // What is missing is said before hours are spent on features.
        let labelled: Vec<_> = dataset
            .systems
            .iter()
            .map(|s| {
                let conditions = Conditions { temperature: s.temperature };
                let known = conditions.values(source.conditions).map_err(|e| e.to_string());
                known.and_then(|_| labelled(s)).map_err(|message| refuse(format!("system {}: {message}", s.name)))
            })
            .collect::<Result<_>>()?;
        let mut systems: Vec<Member> = vec![];
        for (system, labelled) in dataset.systems.iter().zip(labelled) {
            let recipe = Recipe {
                inputs: &inputs,
                map: &map,
                conditions: Conditions { temperature: system.temperature },
                coordination_radius: source.coordination_radius,
            };
            let read = Reading { dataset, folder, cache: source.cache, recipe, on_frame: &mut *on_frame };
            let member = read
                .member(system, labelled)
                .map_err(|message| refuse(format!("system {}: {message}", system.name)))?;
            for other in &systems {
                check_apart(path, other, &member)?;
            }
            systems.push(member);
        }
        warn_of_cautions(path, &systems);
        warn_of_absent(path, &map, &systems);
        let data_set = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        Ok(Self { data_set, units: dataset.units.clone(), species, inputs, systems })
    }

    /// The systems as a trainer with these settings sees them.
    pub fn pooled(&self, settings: &TrainSettings) -> Vec<Pooled<'_>> {
        self.systems
            .iter()
            .map(|s| {
                let error = s.floored_error(settings.label_floor);
                let local = s.local.as_ref().filter(|_| settings.local.learn).map(|local| local.rows(&settings.local));
                Pooled { name: &s.name, rows: &s.features, label: s.label, error, local }
            })
            .collect()
    }

    /// A digest of features and labels: what a model was trained on. What responses are to is left out, which changes no number
    /// that is learned.
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hasher = Sha256::new();
        for system in &self.systems {
            hasher.update(format!("{} {} {} {}\n", system.name, system.features.key, system.label, system.error));
            if let Some(local) = &system.local {
                hasher.update(format!("{} {}\n", local.features.key, local.kind.time));
            }
        }
        format!("{:x}", hasher.finalize())
    }
}

impl Member {
    /// The label's error, at least the share `floor` of the label.
    pub fn floored_error(&self, floor: f64) -> f64 {
        self.error.max(floor * self.label.abs())
    }
}

/// What a system is read with.
struct Reading<'a> {
    dataset: &'a Dataset,
    /// That of the data set, which paths are seen from.
    folder: &'a Path,
    cache: &'a Path,
    recipe: Recipe<'a>,
    on_frame: &'a mut dyn FnMut(&str),
}

impl Reading<'_> {
    fn member(self, system: &System, (label, error, snapshots): (f64, f64, &Paths)) -> Result<Member, String> {
        let Self { dataset, folder, cache, recipe, on_frame } = self;
        let name = &system.name;
        let features = Features::obtain(cache, &snapshots.seen_from(folder), &recipe, &mut || on_frame(name))
            .map_err(|e| e.to_string())?;
        check_units("snapshots", &features, dataset)?;
        for (sign, word) in [(1.0, "positive"), (-1.0, "negative")] {
            let of_sign = |(ions, s): (&f64, &Species)| *ions > 0.0 && s.charge * sign > 0.0;
            if !features.contents.ions.iter().zip(recipe.map.species()).any(of_sign) {
                return Err(format!(
                    "its snapshots have no ion of {word} charge; do the types under species fit them?"
                ));
            }
        }
        let dumps = &features.contents.dumps;
        if (1..dumps.len()).any(|i| dumps[..i].contains(&dumps[i])) {
            return Err("one of its snapshots is given twice; give each once".into());
        }
        let mean_features =
            mean_features(&features).ok_or("its features are not finite; do atoms lie on top of each other?")?;
        let local = match (&system.local, system.local_time) {
            (Some(dump), Some(time)) => {
                let perturbation = system.local_perturbation.clone().unwrap_or_else(|| "field".into());
                let kind = ResponseKind { time, perturbation };
                let local = LocalResponse::obtain(cache, &folder.join(dump), kind, &recipe, &mut || on_frame(name))
                    .map_err(|e| e.to_string())?;
                check_units("responses", &local.features, dataset)?;
                Some(local)
            }
            _ => None,
        };
        Ok(Member {
            name: name.clone(),
            label,
            error,
            nernst_einstein: system.nernst_einstein,
            bjerrum_length: system.bjerrum_length,
            temperature: system.temperature,
            features,
            mean_features,
            local,
        })
    }
}

/// Refuses two systems of the same configurations; `path` is the data set's.
fn check_apart(path: &Path, first: &Member, second: &Member) -> Result<()> {
    let names = format!("{} and {}", first.name, second.name);
    match n_shared(outlines(first), outlines(second)) {
        0 => Ok(()),
        // Runs may begin from the same configuration.
        1 if [first, second].iter().all(|member| member.features.contents.outlines.len() > 1) => {
            log::warn!(
                "{}: systems {names} have a snapshot in common, which is learned from and tested on at once",
                path.display()
            );
            Ok(())
        }
        _ => Err(Error::Input(format!(
            "{}: systems {names} have the same snapshots; what stands twice would be learned from and tested on at once: leave \
             them out of one",
            path.display()
        ))),
    }
}

/// Warns of what is to be said of the systems' dumps: of each kind the first in full, and whose dumps are alike. `path` is the data
/// set's.
fn warn_of_cautions(path: &Path, systems: &[Member]) {
    let mut by_kind: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for member in systems {
        let responses = member.local.iter().map(|local| &local.features);
        let of_system: BTreeMap<&String, &String> =
            responses.chain([&member.features]).flat_map(|features| &features.cautions).collect();
        for (kind, message) in of_system {
            by_kind.entry(kind).or_default().push((&member.name, message));
        }
    }
    for told in by_kind.values() {
        let [(name, message), others @ ..] = told.as_slice() else { continue };
        let others: Vec<&str> = others.iter().map(|(name, _)| *name).collect();
        let alike = if others.is_empty() { String::new() } else { format!(" (and so in {})", some_of(&others)) };
        log::warn!("{}: system {name}: {message}{alike}", path.display());
    }
}

/// Names, the first few of many.
fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// Warns of species that the data set names and that no snapshot has, and of neutral ones that those of some systems lack: charges
/// tell where ions are missing, and nothing else tells where solvent is. `path` is the data set's.
fn warn_of_absent(path: &Path, map: &SpeciesMap, systems: &[Member]) {
    for (index, species) in map.species().iter().enumerate() {
        let Some(first) = map.types_of(index).next() else { continue };
        let lacks = |member: &&Member| {
            let contents = &member.features.contents;
            let found = if species.is_ion() { &contents.ions } else { &contents.neutral };
            found.get(index).is_none_or(|n| *n == 0.0)
        };
        let lacking: Vec<&str> = systems.iter().filter(lacks).map(|member| member.name.as_str()).collect();
        let (path, name) = (path.display(), &species.name);
        if lacking.len() == systems.len() {
            log::warn!(
                "{path}: no snapshot has an atom of {name} (type {first}); do the types under species fit the snapshots?"
            );
        } else if !species.is_ion() && !lacking.is_empty() {
            log::warn!(
                "{path}: snapshots of {} have no atom of {name} (type {first}), and others have; were they left out of the \
                 dumps? Ions that see {name} and ions that do not have other surroundings",
                some_of(&lacking)
            );
        }
    }
}

fn labelled(system: &System) -> Result<(f64, f64, &Paths), String> {
    let Some(label) = system.molar_conductivity else {
        return Err("it has no molar_conductivity; compute it with ionscape label".into());
    };
    let Some(error) = system.molar_conductivity_error else {
        return Err("it has no molar_conductivity_error; labels count by their errors, give it".into());
    };
    let Some(snapshots) = &system.snapshots else {
        return Err("it names no snapshots; give the dump of its configurations".into());
    };
    Ok((label, error, snapshots))
}

/// Of all configurations of a system; responses may be those of the snapshots themselves.
fn outlines(member: &Member) -> impl Iterator<Item = &Outline> {
    let local = member.local.as_ref().map_or(&[][..], |local| &local.features.contents.outlines);
    member.features.contents.outlines.iter().chain(local)
}

/// Refuses dumps that state other units than the data set's.
fn check_units(what: &str, features: &Features, dataset: &Dataset) -> Result<(), String> {
    match &features.contents.units {
        Some(units) if *units != dataset.units => Err(format!(
            "its {what} are in {units} units, and the data set is in {}; convert them, or make a data set of each unit style",
            dataset.units
        )),
        _ => Ok(()),
    }
}

/// The species, in a model's order or else that of their first atom types, and the map from types.
fn species(dataset: &Dataset, source: &Source) -> Result<(Vec<Species>, SpeciesMap)> {
    let own = dataset.species_by_type();
    let species = match source.order {
        Some(model) => {
            for species in &own {
                if !model.contains(species) {
                    let shown = |s: &Species| {
                        let molecular = if s.molecular { ", under molecules" } else { "" };
                        format!("{} ({:+}{molecular})", s.name, s.charge)
                    };
                    let known: Vec<String> = model.iter().map(shown).collect();
                    return Err(Error::Input(format!(
                        "the data set has the species {}, and the model knows {}",
                        shown(species),
                        known.join(", ")
                    )));
                }
            }
            let unseen = model.iter().filter(|species| !species.is_ion() && !own.contains(species));
            for Species { name, .. } in unseen {
                log::warn!(
                    "the model sees {name}, which the data set does not name: if its snapshots have {name}, name its atom types under \
                     species, or ions' surroundings lack it"
                );
            }
            model.to_vec()
        }
        None => {
            own.iter().try_for_each(|species| check_name(&species.name)).map_err(Error::Input)?;
            let refuse = |why| Error::Input(format!("{why}; train with --channels by-species"));
            source.channels.check(&own).map_err(refuse)?;
            own
        }
    };
    let map = SpeciesMap::new(&species, source.channels, &dataset.names_by_type())?;
    Ok((species, map))
}

/// Mean over environments; none if some feature is not finite.
fn mean_features(features: &Features) -> Option<Vec<f64>> {
    const CHUNK: usize = 1024;
    let view = features.view();
    let mut mean = sum_over_chunks(view.nrows(), CHUNK, view.ncols(), |rows| {
        let mut sum = vec![0.0; view.ncols()];
        for row in rows {
            sum.iter_mut().zip(view.row(row)).for_each(|(s, &x)| *s += f64::from(x));
        }
        sum
    });
    mean.iter_mut().for_each(|m| *m /= features.len() as f64);
    mean.iter().all(|m| m.is_finite()).then_some(mean)
}
