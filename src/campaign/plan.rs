//! A campaign as its file plans it, with all that is asked of it checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{check, check_script, check_units};
use super::file::CampaignFile;
use super::inputs::{Hashes, units_of_script};
use super::systems::{SystemPlan, systems};
use crate::species::types_by_species;
use crate::transport::IonRequest;
use crate::transport::response::{ResponseOptions, check_length};
use crate::units::{TransportUnits, UnitStyle};
use crate::{Error, Result, files};

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

impl Campaign {
    /// Reads a campaign's file and its script.
    ///
    /// # Errors
    /// Files that cannot be read, unknown keys, values outside their ranges, names that stand twice, variables that are
    /// missing, a script that lacks what a campaign needs; each with the file and what to do.
    pub fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path)?;
        let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
        let file: CampaignFile = toml::from_str(&text).map_err(|e| refuse(e.to_string().trim_end().into()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let input = folder.join(&file.input);
        let script = files::read_text(&input)?;
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
        for system in &systems {
            check_units(&file.units, &units_of_script(&input, &system.variables))
                .map_err(|message| Error::Input(format!("{}: {message}", input.display())))?;
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

    /// Steps between snapshots.
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
        types_by_species(&self.file.species)
    }
}
