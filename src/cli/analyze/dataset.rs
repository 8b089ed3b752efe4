//! The systems of a data set, one by one and beside each other.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, bail};
use ionscape::analysis::{AcrossSummary, SystemPoint, across};
use ionscape::local::LocalModel;
use ionscape::model::Conditions;
use serde::Serialize;

use super::options::{Options, can_be_read_twice};
use super::source::{Predictor, Source};
use super::system::Analysis;
use crate::{mapping, systems};

/// All systems, and how fluctuations go with conductivity over them.
#[derive(Serialize)]
pub struct Comparison {
    pub systems: Vec<Analysis>,
    /// Absent for fewer than three systems.
    pub across: Option<AcrossSummary>,
}

impl Comparison {
    /// Analyses the snapshots of each system.
    pub fn of(path: &Path, options: &Options, model: Option<&LocalModel>) -> anyhow::Result<Self> {
        let (_, dataset) = systems::dataset(path)?;
        if dataset.systems.is_empty() {
            bail!("{}: there is no system; list them under [[system]]", path.display());
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut all = vec![];
        for system in &dataset.systems {
            let named = || format!("{}: system {}", path.display(), system.name);
            let Some(snapshots) = &system.snapshots else {
                bail!("{}: it names no snapshots; give the dump of its configurations", named());
            };
            let dumps = snapshots.seen_from(folder);
            can_be_read_twice(&dumps).with_context(named)?;
            let predictor = match (model, &options.model) {
                (Some(local), Some(path)) => {
                    let map = match &options.species {
                        Some(names) => mapping::of_model(local, Some(names))?,
                        None => local.map(&dataset.names_by_type()).with_context(named)?,
                    };
                    let conditions = Conditions { temperature: options.temperature.or(system.temperature) };
                    Some(Predictor { path, local, map, conditions })
                }
                _ => None,
            };
            let mut source = Source::new(&dumps, options, predictor);
            source.dataset_units = Some(&dataset.units);
            all.push(Analysis::of(&mut source, options, Some(&system.name)).with_context(named)?);
        }
        let point = |a: &Analysis| {
            let fluctuation = a.distribution.all.fluctuation.as_ref()?.mean;
            Some(SystemPoint { density: a.density, mean: a.mean, fluctuation })
        };
        let points: Vec<SystemPoint> = all.iter().filter_map(point).collect();
        Ok(Self { systems: all, across: across(&points, options.seed) })
    }

    /// A folder's name for each system: a system's name may be any text, and a folder's holds no separators, is not of dots
    /// alone, and stands once even where capitals and small letters are the same.
    pub fn folders(&self) -> Vec<String> {
        let mut taken = HashSet::new();
        let folder = |a: &Analysis| {
            let mut stem = a.name.as_deref().unwrap_or("").replace(['/', '\\'], "_");
            if stem.chars().all(|c| c == '.') {
                stem = format!("system{stem}");
            }
            let mut name = stem.clone();
            let mut number = 1;
            while !taken.insert(name.to_lowercase()) {
                number += 1;
                name = format!("{stem}_{number}");
            }
            name
        };
        self.systems.iter().map(folder).collect()
    }
}

/// The systems from the dilutest to the densest, those of one concentration from the best conductor to the worst.
pub fn by_concentration(all: &Comparison) -> Vec<&Analysis> {
    let mut systems: Vec<&Analysis> = all.systems.iter().collect();
    systems.sort_by(|a, b| a.density.total_cmp(&b.density));
    systems
        .chunk_by_mut(|a, b| b.density <= 1.02 * a.density)
        .for_each(|group| group.sort_by(|a, b| b.mean.total_cmp(&a.mean)));
    systems
}
