//! `campaign.toml` as it stands in the file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Values of variables by their names.
pub type Variables = BTreeMap<String, toml::Value>;

/// A campaign. Paths are relative to the file's folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// LAMMPS script that serves all stages.
    pub input: PathBuf,
    pub units: String,
    /// Name of the species that an atom type is, by the type.
    pub species: BTreeMap<String, String>,
    pub charges: BTreeMap<String, f64>,
    /// Species whose ions are molecules, at their centre of mass: the number of their atoms.
    #[serde(default)]
    pub molecules: BTreeMap<String, usize>,
    /// Species that some systems lack, as the end members of mixtures do.
    #[serde(default)]
    pub optional: Vec<String>,
    /// Of the runs; or the name of a variable that holds it.
    pub temperature: Quantity,
    pub timestep: f64,
    /// Pattern of systems' names; `{variable}` stands for its value.
    pub name: String,
    #[serde(default = "one")]
    pub seed: u64,
    /// Variable that holds the Bjerrum length.
    pub bjerrum_length: Option<String>,
    /// What all systems have in common.
    #[serde(default)]
    pub variables: Variables,
    #[serde(default)]
    pub grid: Grids,
    #[serde(default, rename = "point")]
    pub points: Vec<Variables>,
    #[serde(default)]
    pub thermostat: Thermostat,
    #[serde(default)]
    pub run: Run,
    #[serde(default)]
    pub production: Production,
    #[serde(default)]
    pub label: LabelSettings,
    #[serde(default)]
    pub response: Response,
    /// What `ionscape truth` does with the same systems.
    #[serde(default)]
    pub truth: Truth,
}

fn one() -> u64 {
    1
}

/// Lists of values; their product is simulated.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Grids {
    One(BTreeMap<String, Vec<toml::Value>>),
    Many(Vec<BTreeMap<String, Vec<toml::Value>>>),
}

impl Default for Grids {
    fn default() -> Self {
        Self::Many(vec![])
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thermostat {
    /// Damping time of `fix langevin`, if that is what moves the ions.
    pub langevin_damp: Option<f64>,
    /// Id of a `fix store/force` that stands before the thermostat: the force route is used then.
    pub forces: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// MPI ranks of a system's equilibration and production; paired runs have one each, for their noise to repeat.
    pub ranks: usize,
    /// Systems simulated at a time; cores over ranks if not given.
    pub concurrent: Option<usize>,
    pub lammps: Option<PathBuf>,
    pub mpiexec: Option<PathBuf>,
    /// Further arguments to LAMMPS.
    pub arguments: Vec<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self { ranks: 1, concurrent: None, lammps: None, mpiexec: None, arguments: vec![] }
    }
}

/// Times are in the unit of the time step's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Production {
    /// Length of one process.
    pub chunk: f64,
    /// Time between snapshots, which are also the configurations that pairs start from.
    pub spacing: f64,
    /// Snapshots that a system needs at least.
    pub snapshots: usize,
}

impl Default for Production {
    fn default() -> Self {
        Self { chunk: 100.0, spacing: 5.0, snapshots: 40 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelSettings {
    /// Relative error at which a system is done.
    pub target_error: f64,
    /// Simulated time after which a system ends without it, paired runs included.
    pub longest: f64,
}

impl Default for LabelSettings {
    fn default() -> Self {
        Self { target_error: 0.02, longest: 5000.0 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    pub enabled: bool,
    /// Field, in LAMMPS's unit for `fix efield`; or the name of a variable that holds it.
    pub field: Quantity,
    /// Length of a run; or the name of a variable.
    pub length: Quantity,
    /// Time between values of the drift; if not given, a tenth of the damping time or a hundredth of the length.
    pub interval: Option<f64>,
    /// Pairs between two looks at the label.
    pub batch: usize,
    pub most_pairs: usize,
    /// Each so many pairs, one is run under twice the field as well; 0 for none.
    pub linearity_every: usize,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            enabled: true,
            field: Quantity::Value(0.25),
            length: Quantity::Value(16.0),
            interval: None,
            batch: 10,
            most_pairs: 400,
            linearity_every: 4,
        }
    }
}

/// The response of single ions, from configurations of each system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Truth {
    /// Configurations of each system.
    pub configurations: usize,
    /// Time between them.
    pub spacing: f64,
    /// Response times, ascending.
    pub times: Vec<f64>,
    /// The one of them at which the field is taken.
    pub time: f64,
    /// What ions respond to.
    pub perturbation: Perturbation,
    /// Field along each axis, in LAMMPS's unit for `fix efield`; or the name of a variable that holds it. An impulse is that of
    /// this field over `time`.
    pub field: Quantity,
    /// A configuration is done once its ions are told apart with this reliability at `time`.
    pub reliability: f64,
    /// Or after so many pairs; or the name of the variable that holds their number.
    pub most_pairs: Quantity,
    /// Each so many pairs, one is run under twice the field as well; 0 for none.
    pub linearity_every: usize,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            configurations: 4,
            spacing: 20.0,
            times: vec![0.5, 1.0, 2.0],
            time: 1.0,
            perturbation: Perturbation::Field,
            field: Quantity::Value(0.5),
            reliability: 0.8,
            most_pairs: Quantity::Value(400.0),
            linearity_every: 8,
        }
    }
}

/// What single ions respond to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// A field that stays on: each later push finds the configuration that has come about by then.
    #[default]
    Field,
    /// A push at the beginning: the response of this configuration alone, Kubo's formula for each ion.
    Impulse,
}

impl Perturbation {
    /// As files name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Impulse => "impulse",
        }
    }
}

/// A number, or the name of the variable that holds it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Quantity {
    Value(f64),
    Variable(String),
}
