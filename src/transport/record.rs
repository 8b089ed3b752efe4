//! What the estimators need of a run.

use super::assignment::{Assignment, Properties, ReferenceFrame};
use super::ions::IonRequest;
use super::msd::MsdTable;
use crate::statistics::MeanEstimate;

/// What to record.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    pub ions: Vec<IonRequest>,
    pub properties: Properties,
    pub reference: ReferenceFrame,
    /// The simulation's time step, in its unit of time.
    pub timestep: f64,
    /// Leave out frames that are damaged or cut short instead of refusing them.
    pub skip_bad_frames: bool,
    /// Name of a dump's force columns, `NAME[1]` to `NAME[3]`: the forces without those of the thermostat.
    pub forces: Option<String>,
}

/// What a run says about the motion of its ions.
#[derive(Debug)]
pub struct Record {
    pub assignment: Assignment,
    /// Time between frames.
    pub dt: f64,
    pub steps_between_frames: i64,
    pub n_frames: usize,
    pub first_timestep: i64,
    pub last_timestep: i64,
    /// Mean volume, and its standard deviation over frames.
    pub volume: f64,
    pub volume_deviation: f64,
    /// Whether the cell is a periodic cube in every frame.
    pub cubic: bool,
    /// Along which of its vectors the cell is periodic in every frame.
    pub periodic: [bool; 3],
    /// `[species][frame]`: sum over ions of the displacement since the first frame.
    pub displacement: Vec<Vec<[f64; 3]>>,
    /// `[species][frame]`: sum over ions of the velocity; none where the dump has no velocities.
    pub current: Option<Vec<Vec<[f64; 3]>>>,
    /// `[species][frame]`: sum over ions of the force; none where none was asked for.
    pub force: Option<Vec<Vec<[f64; 3]>>>,
    /// By species: squared displacements of single ions.
    pub msd: Vec<MsdTable>,
    /// kB times the temperature of the ions' velocities, mass times length squared over time squared; none where velocities or masses
    /// are not known.
    pub thermal_energy: Option<MeanEstimate>,
    /// The unit style that the dump names.
    pub units: Option<String>,
    /// What was left out or assumed.
    pub notes: Vec<String>,
}
