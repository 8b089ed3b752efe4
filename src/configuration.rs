//! The ions of a dump's frame as centers of a descriptor.

use crate::Result;
use crate::local::PeriodicEnvironments;
use crate::species::{NOT_AN_ION, SpeciesMap};
use crate::trajectory::Frame;

/// Checks that every type of a frame was named, and that charges, if there are, have the signs of their species.
///
/// # Errors
/// The first atom that contradicts the map, with file, frame and line.
pub fn check(map: &SpeciesMap, frame: &Frame) -> Result<()> {
    if let Some(atom) = frame.types.iter().position(|&t| t as usize > map.n_types()) {
        let message = format!(
            "atom type {}, and species were named for {} types; give one species (or {NOT_AN_ION}) for each type",
            frame.types[atom],
            map.n_types()
        );
        return Err(frame.error(Some(atom), message));
    }
    check_charges(map, frame)
}

/// Checks the charges alone: atoms of types that were not named are no ions.
///
/// # Errors
/// The first atom whose charge has not the sign of its species, with file, frame and line.
pub fn check_charges(map: &SpeciesMap, frame: &Frame) -> Result<()> {
    for (atom, &charge) in frame.charges.iter().flatten().enumerate() {
        map.check_charge(frame.types[atom], charge).map_err(|e| frame.error(Some(atom), e.to_string()))?;
    }
    Ok(())
}

/// The ions of a frame as centers, in the order of their ids, with neighbours up to `reach`.
///
/// # Errors
/// Ids that stand twice, positions or a cell that no neighbours can be found in.
pub fn environments<'a>(frame: &Frame, map: &'a SpeciesMap, reach: f64) -> Result<PeriodicEnvironments<'a>> {
    let order = frame.order_by_id()?;
    PeriodicEnvironments::new(&frame.cell, &frame.types, &frame.positions, &order, map, reach)
        .map_err(|e| frame.error(None, e.to_string()))
}
