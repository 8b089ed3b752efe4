//! Which atom types of a dump are which ions, as given on the command line.

use anyhow::bail;
use ionscape::local::LocalModel;
use ionscape::species::{NOT_AN_ION, Species, SpeciesMap};

/// A salt of one cation and one anion, from the atom types of each.
pub fn salt(cations: &[i32], anions: &[i32]) -> anyhow::Result<SpeciesMap> {
    if let Some(t) = cations.iter().find(|t| anions.contains(t)) {
        bail!("atom type {t} is given both as cation and as anion");
    }
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(name, charge)| Species::atomic(name, charge));
    let last = cations.iter().chain(anions).copied().max().unwrap_or(0);
    let name = |t| match (cations.contains(&t), anions.contains(&t)) {
        (true, _) => "cation",
        (_, true) => "anion",
        _ => NOT_AN_ION,
    };
    Ok(SpeciesMap::from_names(&species, &(1..=last).map(name).collect::<Vec<_>>())?)
}

/// The types of a model's species: `names` one a type as in the LAMMPS command, or else the model's order.
pub fn of_model(local: &LocalModel, names: Option<&[String]>) -> anyhow::Result<SpeciesMap> {
    let in_order: Vec<String> = local.species().iter().map(|s| s.name.clone()).collect();
    Ok(local.map(names.unwrap_or(&in_order))?)
}
