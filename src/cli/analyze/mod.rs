//! `ionscape analyze`: what the field of local conductivities in dumps says.

mod course;
mod csv;
mod dataset;
mod figures;
mod identity;
mod ions;
mod notes;
mod options;
mod pairs;
mod pieces;
mod reasons;
mod repeat;
mod rounded;
mod source;
mod system;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ionscape::local::LocalModel;
use ionscape::model::{Condition, Conditions};

use crate::{mapping, outputs, results};
pub use dataset::{Comparison, by_concentration};
pub use figures::{Plot, TOLD_APART, of as plots, over_all as plots_over_all, plain};
pub use options::{Options, Units, is_dataset};
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

    #[command(flatten)]
    outputs: Outputs,
}

/// Where results go besides the terminal.
#[derive(clap::Args)]
pub struct Outputs {
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

impl Outputs {
    /// Refuses what could not be written, before anything is computed: these and the file `page`.
    pub fn check(&self, page: Option<&Path>, inputs: &[PathBuf]) -> anyhow::Result<()> {
        let files: Vec<&Path> = self.json.as_deref().into_iter().chain(page).collect();
        outputs::check(&files, inputs)?;
        for folder in [&self.plot, &self.csv].into_iter().flatten() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        Ok(())
    }

    /// Writes what was asked for.
    pub fn write(&self, findings: &Findings) -> anyhow::Result<()> {
        if let Some(folder) = &self.plot {
            match findings {
                Findings::One(found) => figures::write(folder, found)?,
                Findings::Many(all) => figures::write_all(folder, all)?,
            }
        }
        if let Some(folder) = &self.csv {
            match findings {
                Findings::One(found) => csv::write(folder, found)?,
                Findings::Many(all) => csv::write_all(folder, all)?,
            }
        }
        results::write_json(self.json.as_deref(), findings)
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { options, outputs } = &arguments;
    options.check()?;
    outputs.check(None, &options.files()?)?;
    let findings = Findings::of(options)?;
    findings.warn();
    // Before the table, whose reader may have had enough.
    outputs.write(&findings)?;
    match &findings {
        Findings::One(found) => table::print(found),
        Findings::Many(all) => table::print_all(all),
    }
}

/// What was found of one run, or of the systems of a data set.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub enum Findings {
    One(Box<Analysis>),
    Many(Comparison),
}

impl Findings {
    /// Says on standard error what the results must be taken with; what holds for many systems is said once.
    pub fn warn(&self) {
        match self {
            Self::One(found) => found.cautions().iter().for_each(|caution| log::warn!("{caution}")),
            Self::Many(all) => {
                let mut said: Vec<(String, Vec<&str>)> = vec![];
                for system in &all.systems {
                    let name = system.name.as_deref().unwrap_or("");
                    for caution in system.cautions() {
                        match said.iter_mut().find(|(text, _)| *text == caution) {
                            Some((_, names)) => names.push(name),
                            None => said.push((caution, vec![name])),
                        }
                    }
                }
                for (caution, names) in said {
                    let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
                    log::warn!("{}{more}: {caution}", names[0]);
                }
            }
        }
    }

    /// Reads everything and sums up.
    pub fn of(options: &Options) -> anyhow::Result<Self> {
        let model = options.model.as_ref().map(LocalModel::load).transpose()?;
        if let (Some(local), Some(path), Some(_)) = (&model, &options.model, options.temperature)
            && !local.inputs().conditions().contains(&Condition::Temperature)
        {
            bail!("{}: the model takes no temperature; leave --temperature out", path.display());
        }
        if let Some(path) = options.inputs.iter().find(|path| is_dataset(path)) {
            if options.inputs.len() > 1 {
                bail!("{}: a data set is analysed by itself; leave the other files out", path.display());
            }
            return Ok(Self::Many(Comparison::of(path, options, model.as_ref())?));
        }
        let predictor = match (&model, &options.model) {
            (Some(local), Some(path)) => {
                let map = mapping::of_model(local, options.species.as_deref())?;
                Some(Predictor { path, local, map, conditions: Conditions { temperature: options.temperature } })
            }
            _ => None,
        };
        Ok(Self::One(Box::new(Analysis::of(&mut Source::new(&options.inputs, options, predictor), options, None)?)))
    }
}
