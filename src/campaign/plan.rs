//! The systems of a campaign, with all that is asked of them checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{CampaignFile, Grids, Quantity, Variables};
use super::inputs::Hashes;
use crate::species::check_types;
use crate::transport::IonRequest;
use crate::transport::response::{ResponseOptions, check_length};
use crate::units::{TransportUnits, UnitStyle};
use crate::{Error, Result};

/// Names that ionscape itself gives to scripts.
const RESERVED: [&str; 5] = ["stage", "seed", "restart", "stage_file", "folder"];

/// File in the campaign's folder, beside the systems'.
pub(super) const DATASET: &str = "dataset.toml";

/// More steps than any computer makes, and few enough to be counted and added up without loss.
const MOST_STEPS: f64 = 1e12;

/// A campaign whose file makes sense.
#[derive(Clone, Debug)]
pub struct Campaign {
    pub file: CampaignFile,
    /// The campaign file, for messages.
    pub path: PathBuf,
    /// The script, as an absolute path.
    pub input: PathBuf,
    pub input_sha256: String,
    pub units: TransportUnits,
    pub systems: Vec<SystemPlan>,
    hashes: Arc<Hashes>,
}

/// One system to simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemPlan {
    pub name: String,
    /// As LAMMPS gets them.
    pub variables: BTreeMap<String, String>,
    pub temperature: f64,
    pub bjerrum_length: Option<f64>,
    pub field: f64,
    /// Length of a run of a pair, in time.
    pub length: f64,
}

impl Campaign {
    /// Reads a campaign's file and its script.
    ///
    /// # Errors
    /// Files that cannot be read, unknown keys, values outside their ranges, names that stand twice, variables that are
    /// missing, a script that lacks what a campaign needs; each with the file and what to do.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
        let file: CampaignFile = toml::from_str(&text).map_err(|e| refuse(e.to_string().trim_end().into()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let input = folder.join(&file.input);
        let script = std::fs::read_to_string(&input).map_err(|e| Error::io(&input, e))?;
        let input = input.canonicalize().map_err(|e| Error::io(&input, e))?;
        check_script(&script).map_err(|message| Error::Input(format!("{}: {message}", input.display())))?;
        let units = file.units.parse::<UnitStyle>()?.transport()?;
        check(&file).map_err(refuse)?;
        let systems = systems(&file, "response.field").map_err(refuse)?;
        let times = [("production.chunk", file.production.chunk), ("label.longest", file.label.longest)];
        let times = times.into_iter().chain(file.response.interval.map(|time| ("response.interval", time)));
        let lengths = systems.iter().map(|system| ("response.length", system.length));
        if let Some((name, time)) = times.chain(lengths).find(|(_, time)| time / file.timestep > MOST_STEPS) {
            return Err(refuse(format!(
                "{name} is {time}, which is {:.1e} timesteps of {}; check both",
                time / file.timestep,
                file.timestep
            )));
        }
        let hashes = Hashes::default();
        let input_sha256 = hashes.of(&input)?;
        Ok(Self { path: path.into(), input, input_sha256, units, systems, file, hashes: Arc::new(hashes) })
    }

    /// The files that the script reads for a system of these variables, as keys of its identity, with their hashes.
    pub(super) fn files(&self, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        self.hashes.of_script(&self.input, variables)
    }

    /// The script and all files that it reads, as they were.
    pub(super) fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// A time in steps.
    pub fn steps(&self, time: f64) -> u64 {
        (time / self.file.timestep).round() as u64
    }

    pub fn spacing_steps(&self) -> u64 {
        self.steps(self.file.production.spacing)
    }

    /// Configurations that one chunk leaves.
    pub fn configurations_per_chunk(&self) -> usize {
        (self.steps(self.file.production.chunk) / self.spacing_steps()) as usize
    }

    /// Steps between values of the drift of a pair.
    pub fn drift_steps(&self, system: &SystemPlan) -> u64 {
        let default = self.file.thermostat.langevin_damp.map_or(0.01 * system.length, |damp| 0.1 * damp);
        self.steps(self.file.response.interval.unwrap_or(default)).max(1)
    }

    /// Steps of a run of a pair: whole intervals of the drift.
    pub fn response_steps(&self, system: &SystemPlan) -> u64 {
        let every = self.drift_steps(system);
        self.steps(system.length).div_ceil(every) * every
    }

    /// Whether pairs of runs may have a say in labels.
    pub fn has_pairs(&self) -> bool {
        self.file.response.enabled && self.file.response.most_pairs > 0
    }

    /// Refuses what no label can come of as it is asked for, before days are spent on what comes first.
    ///
    /// # Errors
    /// A `label.longest` below a chunk; the first system whose `response.length` is too short for a pair to tell anything.
    pub fn check_label(&self) -> Result<()> {
        let (longest, chunk) = (self.file.label.longest, self.file.production.chunk);
        if longest < chunk {
            return Err(Error::Input(format!(
                "{}: label.longest is {longest}, and a system runs for a production.chunk of {chunk} at least; raise the one or \
                 lower the other",
                self.path.display()
            )));
        }
        if !self.has_pairs() {
            return Ok(());
        }
        for system in &self.systems {
            let every = self.drift_steps(system);
            let options = ResponseOptions {
                interval: every as f64 * self.file.timestep,
                damp: self.file.thermostat.langevin_damp,
                stronger: 1.0,
            };
            check_length((self.response_steps(system) / every) as usize, &options).map_err(|e| {
                let (path, name, length) = (self.path.display(), &system.name, system.length);
                Error::Input(format!("{path}: system {name}: response.length is {length}; {e}"))
            })?;
        }
        Ok(())
    }

    /// Whether a pair is also run under twice the field.
    pub fn tests_linearity(&self, pair: usize) -> bool {
        let every = self.file.response.linearity_every;
        every > 0 && pair.is_multiple_of(every)
    }

    /// Atom types by ion species, in the order of the first type: what has no charge carries no current.
    pub fn types_of_ions(&self) -> Vec<(String, Vec<i32>)> {
        let mut ions = self.types_by_species();
        ions.retain(|(name, _)| self.file.charges[name] != 0.0);
        ions
    }

    /// Charges of the ion species.
    pub fn charges_of_ions(&self) -> BTreeMap<String, f64> {
        self.file.charges.iter().filter(|(_, charge)| **charge != 0.0).map(|(name, q)| (name.clone(), *q)).collect()
    }

    /// The ions as a transport analysis is asked for them.
    pub fn requests(&self) -> Vec<IonRequest> {
        let request = |(name, types): &(String, Vec<i32>)| IonRequest {
            optional: self.file.optional.contains(name),
            molecular: self.file.molecules.contains_key(name),
            ..IonRequest::atoms(name, types, None)
        };
        self.types_of_ions().iter().map(request).collect()
    }

    /// Atom types by species, in the order of the first type.
    pub fn types_by_species(&self) -> Vec<(String, Vec<i32>)> {
        let mut found: Vec<(String, Vec<i32>)> = vec![];
        let mut types: Vec<(i32, &String)> =
            self.file.species.iter().filter_map(|(t, name)| Some((t.parse().ok()?, name))).collect();
        types.sort_unstable();
        for (t, name) in types {
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, types)) => types.push(t),
                None => found.push((name.clone(), vec![t])),
            }
        }
        found
    }
}

/// What a script that serves all stages must use.
fn check_script(script: &str) -> Result<(), String> {
    let code: String = script.lines().map(|line| line.split('#').next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    for (word, why) in [
        ("stage_file", "it must end with `include ${stage_file}`, which runs what a stage needs"),
        ("stage", "it must do different things by `${stage}`: equilibrate, or else read_restart ${restart}"),
        ("restart", "it must read_restart ${restart} where the stage is not equilibrate"),
        ("seed", "its thermostat must take its noise from ${seed}, or all runs are the same"),
    ] {
        let used = [format!("${{{word}}}"), format!("v_{word}")].iter().any(|use_| code.contains(use_.as_str()));
        if !used {
            return Err(format!("the script does not use ${{{word}}}: {why}"));
        }
    }
    Ok(())
}

fn check(file: &CampaignFile) -> Result<(), String> {
    let response = &file.response;
    let positive = [
        ("timestep", file.timestep),
        ("production.chunk", file.production.chunk),
        ("production.spacing", file.production.spacing),
        ("label.target_error", file.label.target_error),
        ("label.longest", file.label.longest),
        ("thermostat.langevin_damp", file.thermostat.langevin_damp.unwrap_or(1.0)),
        ("response.interval", response.interval.unwrap_or(1.0)),
    ];
    if let Some((name, value)) = positive.into_iter().find(|(_, v)| !(*v > 0.0 && v.is_finite())) {
        return Err(format!("{name} is {value}; it must be above zero"));
    }
    let counts = [
        ("run.ranks", file.run.ranks),
        ("run.concurrent", file.run.concurrent.unwrap_or(1)),
        ("production.snapshots", file.production.snapshots),
        ("response.batch", response.batch),
    ];
    if let Some((name, _)) = counts.into_iter().find(|(_, n)| *n == 0) {
        return Err(format!("{name} is 0; it must be at least 1"));
    }
    if file.label.target_error >= 1.0 {
        return Err(format!("label.target_error is {}; it is relative, as in 0.015", file.label.target_error));
    }
    let ratio = file.production.chunk / file.production.spacing;
    if ratio < 0.99 || (ratio - ratio.round()).abs() > 1e-6 * ratio {
        return Err(format!(
            "production.chunk {} is no multiple of production.spacing {}",
            file.production.chunk, file.production.spacing
        ));
    }
    let steps = file.production.spacing / file.timestep;
    if steps < 1.0 - 1e-9 || (steps - steps.round()).abs() > 1e-6 * steps {
        return Err(format!("production.spacing {} is no multiple of the timestep", file.production.spacing));
    }
    check_types(file.species.keys())?;
    for name in file.species.values() {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("species: '{name}' must be of letters, digits and _ to name a LAMMPS group"));
        }
        match file.charges.get(name) {
            None => return Err(format!("charges: there is none for {name}")),
            Some(charge) if !charge.is_finite() => return Err(format!("charges: {name} has {charge}")),
            Some(_) => {}
        }
    }
    if file.charges.values().all(|charge| *charge == 0.0) || file.species.is_empty() {
        return Err("species and charges name no ion; there is no conductivity".into());
    }
    for (name, atoms) in &file.molecules {
        if *atoms == 0 || !file.species.values().any(|species| species == name) {
            return Err(format!(
                "molecules: {name} = {atoms}; give the number of atoms of a species' ions, as in {{ TFSI = 15 }}"
            ));
        }
    }
    if !file.molecules.is_empty() && file.thermostat.forces.is_some() {
        return Err(
            "thermostat.forces: the force route is for ions that are atoms, and molecules are named; leave it out"
                .into(),
        );
    }
    if let Some(name) = file.optional.iter().find(|name| !file.species.values().any(|species| species == *name)) {
        return Err(format!("optional: {name} is not among the species"));
    }
    if file.thermostat.forces.is_some() && file.thermostat.langevin_damp.is_none() {
        return Err("thermostat.forces is for the force route, which needs thermostat.langevin_damp".into());
    }
    Ok(())
}

/// All systems: grids first, in the order of the file, then points.
pub(super) fn systems(file: &CampaignFile, field_key: &str) -> Result<Vec<SystemPlan>, String> {
    let one;
    let grids = match &file.grid {
        Grids::One(grid) => {
            one = [grid.clone()];
            &one[..]
        }
        Grids::Many(grids) => &grids[..],
    };
    let mut all: Vec<Variables> = vec![];
    for grid in grids {
        let mut product: Vec<Variables> = vec![Variables::new()];
        for (name, values) in grid {
            if values.is_empty() {
                return Err(format!(
                    "grid: {name} is a list of no value, which leaves no system; give some, or leave it out"
                ));
            }
            let with = |old: &Variables| {
                let old = old.clone();
                values.iter().map(move |value| {
                    let mut new = old.clone();
                    new.insert(name.clone(), value.clone());
                    new
                })
            };
            product = product.iter().flat_map(with).collect();
        }
        all.extend(product);
    }
    all.extend(file.points.iter().cloned());
    if all.is_empty() {
        return Err("there is no system; give [grid] with lists of values, or [[point]]s".into());
    }
    let mut systems: Vec<SystemPlan> = vec![];
    for own in all {
        let system = system(file, own, field_key)?;
        if let Some(other) = systems.iter().find(|other| other.name == system.name) {
            return Err(format!(
                "two systems are called {}: {} and {}; let `name` tell them apart",
                system.name,
                shown(&other.variables),
                shown(&system.variables)
            ));
        }
        systems.push(system);
    }
    Ok(systems)
}

fn system(file: &CampaignFile, own: Variables, field_key: &str) -> Result<SystemPlan, String> {
    let mut variables = BTreeMap::new();
    for (name, value) in file.variables.iter().chain(&own) {
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("the variable {name} is ionscape's own; call yours otherwise"));
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) if number.is_finite() => number.to_string(),
            other => return Err(format!("the variable {name} is {other}; give a number or a text")),
        };
        variables.insert(name.clone(), text);
    }
    let quantity = |what: &str, quantity: &Quantity| resolve(&variables, what, quantity);
    Ok(SystemPlan {
        name: fill(&file.name, &variables)?,
        temperature: quantity("temperature", &file.temperature)?,
        bjerrum_length: file
            .bjerrum_length
            .as_ref()
            .map(|name| number(&variables, "bjerrum_length", name))
            .transpose()?,
        field: quantity(field_key, &file.response.field)?,
        length: quantity("response.length", &file.response.length)?,
        variables,
    })
}

/// A number above zero that the file gives, or the system's variables.
pub(super) fn resolve(variables: &BTreeMap<String, String>, what: &str, quantity: &Quantity) -> Result<f64, String> {
    let value = match quantity {
        Quantity::Value(value) => *value,
        Quantity::Variable(name) => number(variables, what, name)?,
    };
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err(format!("{what} is {value}; it must be above zero")) }
}

fn number(variables: &BTreeMap<String, String>, what: &str, name: &str) -> Result<f64, String> {
    let text =
        variables.get(name).ok_or(format!("{what} names the variable {name}, which {} lacks", shown(variables)))?;
    text.parse::<f64>().map_err(|_| format!("{what}: the variable {name} is '{text}', which is no number"))
}

/// The pattern with values in place of names in braces.
fn fill(pattern: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (variable, after) =
            after.split_once('}').ok_or(format!("name: '{pattern}' has a brace that does not close"))?;
        let value = variables
            .get(variable)
            .ok_or(format!("name: '{pattern}' uses the variable {variable}, which {} lacks", shown(variables)))?;
        name += before;
        name += value;
        rest = after;
    }
    name += rest;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        return Err(format!("name: '{name}' cannot name a folder; use letters, digits and . _ - +"));
    }
    if name == DATASET {
        return Err(format!("name: '{name}' is what the campaign's data set is called; let the systems' names differ"));
    }
    Ok(name)
}

fn shown(variables: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("({})", all.join(" "))
}
