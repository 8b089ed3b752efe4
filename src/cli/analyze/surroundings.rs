//! The ions of a frame as a model sees them.

use ionscape::Result;
use ionscape::configuration;
use ionscape::local::{LocalModel, PeriodicEnvironments};
use ionscape::species::SpeciesMap;
use ionscape::trajectory::Frame;

/// The ions of a frame as centers, with neighbours up to `reach`: in the model's length unit, which the frame's lengths are
/// converted to if it states its units.
///
/// # Errors
/// As [`configuration::length_for`] and [`configuration::environments`].
pub fn environments<'a>(
    local: &LocalModel,
    map: &'a SpeciesMap,
    frame: &Frame,
    reach: f64,
) -> Result<PeriodicEnvironments<'a>> {
    let length = configuration::length_for(local, frame)?;
    if length == 1.0 {
        return configuration::environments(frame, map, reach);
    }
    let refuse = |e: ionscape::Error| frame.error(None, e.to_string());
    let sites = configuration::sites(frame, map)?.scaled(length);
    let cell = frame.cell.scaled(length).map_err(refuse)?;
    PeriodicEnvironments::of_sites(&cell, &sites, map, reach).map_err(refuse)
}
