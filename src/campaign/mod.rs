//! Campaigns: a grid of systems simulated in LAMMPS until each has its label, and a data set of them.
//!
//! A `campaign.toml` (`file`), checked (`check`), becomes a plan (`plan`) of systems (`systems`). Each system goes through
//! LAMMPS processes (`engine`) whose last lines ionscape writes (`stage`); what they leave is kept in the system's folder
//! (`store`), labelled (`label`), and decides what comes next (`steer`, `drive`). All systems together make a data set
//! (`collect`).
//!
//! Every decision rests on what the processes wrote and on counted steps, never on the clock, and seeds derive from names
//! alone: a campaign that was cut off and goes on ends as one left alone, byte by byte.

mod check;
mod collect;
mod doubts;
mod drive;
mod engine;
mod file;
mod inputs;
mod label;
mod plan;
mod restart;
mod results;
mod script;
mod seeds;
mod slurm;
mod stage;
mod steer;
mod store;
mod systems;
pub mod truth;
mod whole;

pub use collect::collect;
pub use drive::{Event, drive};
pub use engine::{Engine, Process};
pub use file::{
    CampaignFile, Grids, LabelSettings, Perturbation, Production, Quantity, Response, Run, Thermostat, Truth,
};
pub use label::{Closed, Label, RouteEstimate};
pub use plan::Campaign;
pub use slurm::{SlurmJob, script};
pub use steer::{End, Next};
pub use store::{Finish, State, Store};
pub use systems::SystemPlan;
