//! Conductivity, diffusion and Onsager coefficients of whole systems, from the motion of their ions.
//!
//! Requests for ions (`ions`) become atoms of a dump (`assignment`); one pass over the dumps (`sequence`, `path`) records
//! the ions' collective motion and the mean squared displacements of single ones (`recorder`, `msd`).

mod agreement;
mod analysis;
mod assignment;
mod axes;
mod charge;
mod common_motion;
mod current;
mod early;
pub mod estimators;
mod ions;
mod job;
mod kinetic;
mod leaps;
mod links;
mod molecules;
mod msd;
mod onsager;
mod path;
mod plausible;
mod record;
mod recorder;
mod remarks;
mod report;
mod resampling;
pub mod response;
mod self_diffusion;
mod sequence;
mod steps;
mod verdict;
mod wrapped;

pub use analysis::{Amount, Analysis, ChargeEstimate, Conditions, Method, Per, analyse};
pub use assignment::{Assignment, IonSpecies, Properties, ReferenceFrame};
pub use charge::ChargeSeries;
pub use current::{CurrentSeries, read_current};
pub use ions::IonRequest;
pub use job::{Job, Outcome};
pub use msd::MsdTable;
pub use onsager::Onsager;
pub(crate) use plausible::implausible;
pub use record::{Record, RecordOptions};
pub use recorder::record;
pub use report::{ConductivityEstimate, OnsagerReport, SpeciesReport, Subject, TransportReport};
pub use self_diffusion::{SelfDiffusion, self_diffusion, yeh_hummer};
pub use verdict::{Judgement, Verdict, best, judge};
