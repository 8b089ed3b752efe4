//! A system's folder: what is done, and where things are.
//!
//! ```text
//! NAME/state.json                 what is done, written atomically after each step
//! NAME/equilibrate/  produce-000/  processes that ended well; X.partial: under way, or failed
//! NAME/pair-003/plus/  minus/      the runs of a pair, until its drift is written
//! NAME/drift/003.csv              the drift of a pair
//! NAME/snapshots.lammpstrj.zst    in the end
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::engine::remove;
use super::file::Perturbation;
use super::inputs::FILE;
use super::label::{Closed, Label};
use super::plan::Campaign;
use super::restart::check_units;
use super::systems::SystemPlan;
use crate::{Error, Result, files};

/// Key of what is given to LAMMPS beside the input.
const ARGUMENTS: &str = "run.arguments";

/// Key of the unit style.
const UNITS: &str = "units";

/// Keys of what pairs alone depend on; the first, in steps, follows from others.
const INTERVAL: &str = "response.interval";
const LINEARITY: &str = "response.linearity_every";

/// What the key `response` says where there are no pairs.
const OFF: &str = "off";

/// Format of `state.json`.
const FORMAT: u32 = 1;

/// How far a system has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub format: u32,
    /// What its results depend on; a campaign that says otherwise is another one.
    pub identity: BTreeMap<String, String>,
    pub lammps: String,
    pub equilibrated: bool,
    /// Chunks that are done, and the first that is still on the disk.
    pub chunks: usize,
    pub first_chunk: usize,
    /// Configuration that each pair started from.
    pub pairs: Vec<usize>,
    /// Pairs at the end of the batch that was begun last: whoever goes on after a kill ends it before deciding anything.
    #[serde(default)]
    pub pairs_begun: usize,
    /// Whether the thermostat's noise can be repeated; none before it was tried.
    pub repeatable: Option<bool>,
    /// Equilibrium estimates whose trajectories are gone.
    pub closed: Vec<Closed>,
    pub label: Label,
    pub finished: Option<Finish>,
}

/// How a system ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// Whether the label is as precise as it was asked for.
    pub reached: bool,
    pub why: String,
}

/// A system's folder, locked against a second program.
pub struct Store {
    pub folder: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens or begins a system's folder, whose numbers depend on what `identity` says.
    ///
    /// # Errors
    /// A folder that another program works in or that cannot be written; a state of other variables or another script.
    pub fn open(
        system: &SystemPlan,
        identity: BTreeMap<String, String>,
        root: &Path,
        lammps: &str,
    ) -> Result<(Self, State)> {
        let folder = root.join(&system.name);
        fs::create_dir_all(folder.join("drift")).map_err(|e| Error::io(&folder, e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| Error::io(&path, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Input(format!("{}: another ionscape simulate works here", folder.display())));
            }
            Err(TryLockError::Error(e)) => return Err(Error::io(&path, e)),
        }
        let store = Self { folder, _lock: lock };
        let state = match State::read(&store.folder)? {
            None => {
                store.forget_what_no_state_is_of()?;
                State {
                    format: FORMAT,
                    identity,
                    lammps: lammps.into(),
                    equilibrated: false,
                    chunks: 0,
                    first_chunk: 0,
                    pairs: vec![],
                    pairs_begun: 0,
                    repeatable: None,
                    closed: vec![],
                    label: Label::default(),
                    finished: None,
                }
            }
            Some(mut state) => {
                state.check(&store.folder, &identity)?;
                // What was not known of before is from now on.
                state.identity.extend(identity);
                state
            }
        };
        Ok((store, state))
    }

    /// Where there is no state, a kill may have left an equilibration, which is run again. All else was made after a state was
    /// written, and nothing says any more what of.
    fn forget_what_no_state_is_of(&self) -> Result<()> {
        let results = [self.chunk(0), self.drift(0), self.last(), self.snapshots()];
        if let Some(left) = results.iter().find(|path| path.exists()) {
            return Err(Error::Input(format!(
                "{}: there is no state.json beside it, which says what it is of: put it back, remove the folder, or give another \
                 --output",
                left.display()
            )));
        }
        remove(&self.equilibrate())
    }

    /// Writes the state in one step.
    pub fn save(&self, state: &State) -> Result<()> {
        let path = self.folder.join("state.json");
        let text = serde_json::to_string_pretty(state).map_err(|e| Error::Input(format!("{}: {e}", path.display())))?;
        files::write(&path, text + "\n")
    }

    pub fn equilibrate(&self) -> PathBuf {
        self.folder.join("equilibrate")
    }

    pub fn chunk(&self, chunk: usize) -> PathBuf {
        self.folder.join(format!("produce-{chunk:03}"))
    }

    pub fn pair(&self, pair: usize) -> PathBuf {
        self.folder.join(format!("pair-{pair:03}"))
    }

    pub fn drift(&self, pair: usize) -> PathBuf {
        self.folder.join(format!("drift/{pair:03}.csv"))
    }

    /// The last configuration of a system whose files were removed.
    pub fn last(&self) -> PathBuf {
        self.folder.join("last.restart")
    }

    pub fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots.lammpstrj.zst")
    }
}

impl State {
    /// The state in a system's folder; none where nothing has begun.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is of another version of the format.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("state.json");
        let Some(text) = files::if_there(&path, fs::read_to_string(&path))? else { return Ok(None) };
        let state: Self = serde_json::from_str(&text)
            .map_err(|e| Error::Input(format!("{}: {e}; it is damaged or of another version", path.display())))?;
        if state.format != FORMAT {
            return Err(Error::Input(format!("{}: format {} is of another version", path.display(), state.format)));
        }
        Ok(Some(state))
    }

    /// Refuses a campaign that this state is not of.
    ///
    /// # Errors
    /// The first key of `identity` whose value differs from the one that the system was begun with, and both values; a restart of
    /// other units, which versions before did not look for.
    pub fn check(&self, folder: &Path, identity: &BTreeMap<String, String>) -> Result<()> {
        let keys = identity.keys().chain(self.identity.keys());
        // States of versions that did not write them say nothing of arguments and files, nor of a file that was not there yet.
        let unknown = |key: &str| (key == ARGUMENTS || key.starts_with(FILE)) && !self.identity.contains_key(key);
        let without_pairs = [identity, &self.identity].iter().all(|map| map.get("response").is_some_and(|r| r == OFF));
        let unused = |key: &str| without_pairs && (key == INTERVAL || key == LINEARITY);
        let changed = keys.filter(|key| identity.get(*key) != self.identity.get(*key) && !unknown(key) && !unused(key));
        // What was changed in the file is told before what follows from it.
        let changed = changed.min_by_key(|key| *key == INTERVAL);
        let Some(key) = changed else {
            return identity.get(UNITS).map_or(Ok(()), |units| check_units(folder, units));
        };
        let shown = |map: &BTreeMap<String, String>| {
            map.get(key).filter(|value| !value.is_empty()).cloned().unwrap_or("nothing".into())
        };
        let unit = if key == INTERVAL { " steps" } else { "" };
        Err(Error::Input(format!(
            "{}: it was begun with {key} = {}{unit}, and the campaign now says {}{unit}: change that back, remove the folder, or give \
             another --output",
            folder.display(),
            shown(&self.identity),
            shown(identity)
        )))
    }
}

/// All that a system's numbers depend on, apart from LAMMPS and how many numbers there are.
pub fn identity(campaign: &Campaign, system: &SystemPlan) -> BTreeMap<String, String> {
    let file = &campaign.file;
    let mut all: BTreeMap<String, String> =
        system.variables.iter().map(|(name, value)| (format!("variable {name}"), value.clone())).collect();
    let response = match file.response.enabled {
        true => format!("field {} length {}", system.field, system.length),
        false => OFF.into(),
    };
    for (key, value) in [
        ("input's sha256", campaign.input_sha256.clone()),
        (UNITS, file.units.clone()),
        ("species", format!("{:?}", file.species)),
        ("charges", format!("{:?}", file.charges)),
        ("temperature", system.temperature.to_string()),
        ("timestep", file.timestep.to_string()),
        ("seed", file.seed.to_string()),
        ("thermostat", format!("damp {:?} forces {:?}", file.thermostat.langevin_damp, file.thermostat.forces)),
        ("production", format!("chunk {} spacing {}", file.production.chunk, file.production.spacing)),
        ("response", response),
        (INTERVAL, campaign.drift_steps(system).to_string()),
        (LINEARITY, file.response.linearity_every.to_string()),
    ] {
        all.insert(key.into(), value);
    }
    if !file.molecules.is_empty() {
        all.insert("molecules".into(), format!("{:?}", file.molecules));
    }
    all.insert(ARGUMENTS.into(), file.run.arguments.join(" "));
    all.extend(campaign.files(&system.variables));
    all
}

/// The same for the responses of single ions.
pub fn truth_identity(campaign: &Campaign, system: &SystemPlan) -> BTreeMap<String, String> {
    let mut all = identity(campaign, system);
    let truth = &campaign.file.truth;
    if truth.perturbation != Perturbation::Field {
        all.insert("truth.perturbation".into(), format!("{} over {}", truth.perturbation.name(), truth.time));
    }
    all
}
