//! Which atom types of a dump are which ions, as given on the command line.

use anyhow::{Context, bail};
use ionscape::local::PeriodicEnvironments;
use ionscape::species::{NOT_AN_ION, Species, SpeciesMap};
use ionscape::trajectory::Frame;

/// Atom types, as in `1` or `1,3`.
pub fn parse_types(text: &str) -> Result<Vec<i32>, String> {
    let parse = |word: &str| match word.trim().parse::<i32>() {
        Ok(t) if t > 0 => Ok(t),
        _ => Err(format!("'{word}' is no atom type; types are whole numbers from 1, as in 1 or 1,3")),
    };
    text.split(',').map(parse).collect()
}

/// A salt of one cation and one anion, from the atom types of each.
pub fn salt(cations: &[i32], anions: &[i32]) -> anyhow::Result<SpeciesMap> {
    if let Some(t) = cations.iter().find(|t| anions.contains(t)) {
        bail!("atom type {t} is given both as cation and as anion");
    }
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(name, charge)| Species { name: name.into(), charge });
    let last = cations.iter().chain(anions).copied().max().unwrap_or(0);
    let name = |t| match (cations.contains(&t), anions.contains(&t)) {
        (true, _) => "cation",
        (_, true) => "anion",
        _ => NOT_AN_ION,
    };
    Ok(SpeciesMap::from_names(&species, &(1..=last).map(name).collect::<Vec<_>>())?)
}

/// The types of a model's species: `names` one a type as in the LAMMPS command, or else the model's order.
pub fn of_model(species: &[Species], names: Option<&[String]>) -> anyhow::Result<SpeciesMap> {
    let in_order: Vec<String> = species.iter().map(|s| s.name.clone()).collect();
    Ok(SpeciesMap::from_names(species, names.unwrap_or(&in_order))?)
}

/// Refuses a frame whose types were not all named, or whose charges contradict their species.
pub fn check(map: &SpeciesMap, frame: &Frame) -> anyhow::Result<()> {
    if let Some(atom) = frame.types.iter().position(|&t| t as usize > map.n_types()) {
        let message = format!(
            "atom type {}, and species were named for {} types; give one species (or {NOT_AN_ION}) for each type",
            frame.types[atom],
            map.n_types()
        );
        return Err(frame.error(Some(atom), message).into());
    }
    for (atom, &charge) in frame.charges.iter().flatten().enumerate() {
        map.check_charge(frame.types[atom], charge)
            .with_context(|| format!("{}: timestep {}", frame.place.path.display(), frame.timestep))?;
    }
    Ok(())
}

/// The ions of a frame as centers, in the order of their ids.
pub fn environments<'a>(frame: &Frame, map: &'a SpeciesMap, reach: f64) -> anyhow::Result<PeriodicEnvironments<'a>> {
    let order = frame.order_by_id()?;
    PeriodicEnvironments::new(&frame.cell, &frame.types, &frame.positions, &order, map, reach)
        .map_err(|e| frame.error(None, e.to_string()).into())
}
