//! `ionscape analyze`: what the field of local conductivities in dumps says.

mod csv;
mod dataset;
mod figures;
mod ions;
mod options;
mod pairs;
mod reasons;
mod source;
mod system;
mod table;

use std::path::PathBuf;

use anyhow::{Context, bail};
use ionscape::local::LocalModel;

use crate::{mapping, outputs, results};
pub use dataset::{Comparison, by_concentration};
pub use figures::{Plot, TOLD_APART, of as plots, over_all as plots_over_all, plain};
pub use options::{Options, Units};
pub use pairs::neighbors;
use source::{Predictor, Source};
pub use system::Analysis;

/// Describe the field of local conductivities: its mean over time, its distribution over ions, its correlation in space and
/// time, what it is for free ions, pairs and clusters, and by coordination; each with errors. Of a data set, system by system
/// and beside each other.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Write figures to DIR, as SVG and PNG.
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,

    /// Write curves and tables to DIR, as CSV.
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,

    /// Write all results to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { options, plot, csv, json } = &arguments;
    options.check()?;
    for folder in [plot, csv].into_iter().flatten() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    if let Some(json) = json {
        outputs::check(&[json], &options.inputs)?;
    }
    match Findings::of(options)? {
        Findings::One(found) => {
            found.warn();
            if let Some(folder) = plot {
                figures::write(folder, &found)?;
            }
            if let Some(folder) = csv {
                csv::write(folder, &found)?;
            }
            results::write_json(json.as_deref(), &found)?;
            table::print(&found)
        }
        Findings::Many(all) => {
            all.systems.iter().for_each(Analysis::warn);
            if let Some(folder) = plot {
                figures::write_all(folder, &all)?;
            }
            if let Some(folder) = csv {
                csv::write_all(folder, &all)?;
            }
            results::write_json(json.as_deref(), &all)?;
            table::print_all(&all)
        }
    }
}

/// What was found of one run, or of the systems of a data set.
pub enum Findings {
    One(Box<Analysis>),
    Many(Comparison),
}

impl Findings {
    /// Reads everything and sums up.
    pub fn of(options: &Options) -> anyhow::Result<Self> {
        let model = options.model.as_ref().map(LocalModel::load).transpose()?;
        let is_dataset = |path: &&PathBuf| path.extension().is_some_and(|e| e == "toml");
        if let Some(path) = options.inputs.iter().find(is_dataset) {
            if options.inputs.len() > 1 {
                bail!("{}: a data set is analysed by itself; leave the other files out", path.display());
            }
            return Ok(Self::Many(Comparison::of(path, options, model.as_ref())?));
        }
        let predictor = match (&model, &options.model) {
            (Some(local), Some(path)) => {
                Some(Predictor { path, local, map: mapping::of_model(local.species(), options.species.as_deref())? })
            }
            _ => None,
        };
        Ok(Self::One(Box::new(Analysis::of(&mut Source::new(&options.inputs, options, predictor), options, None)?)))
    }
}
