//! `ionscape report`: what was found, as one page to read, print and pass on.

mod card;
mod comparison;
mod provenance;
mod sentences;
mod system;
mod words;

use std::path::PathBuf;

use anyhow::bail;
use ionscape::page::Section;

use crate::analyze::{Findings, Options, Outputs};
use crate::results;

/// Fewer frames tell no errors of what takes all of them together.
const LEAST_FRAMES: usize = 4;

/// Analyse dumps or a data set as `analyze` does, and write one HTML page with figures, tables, sentences on what was found, the
/// model's card, and where all of it comes from. The page needs no network, no script and no file beside it.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Where to write the page.
    #[arg(short, long, value_name = "FILE.html")]
    output: PathBuf,

    /// Title of the page.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    #[command(flatten)]
    outputs: Outputs,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { options, output, title, outputs } = &arguments;
    options.check()?;
    if !output.extension().is_some_and(|e| e == "html" || e == "htm") {
        bail!("{}: the report is an HTML page; give the file the ending .html", output.display());
    }
    outputs.check(Some(output), &options.files()?)?;
    let found = Findings::of(options)?;
    found.warn();
    outputs.write(&found)?;
    let mut page = match &found {
        Findings::One(found) => system::page(found)?,
        Findings::Many(all) => comparison::page(all)?,
    };
    if let Some(title) = title {
        page.title = title.clone();
    }
    if let Some(path) = &options.model {
        page.sections.push(card::section(path)?);
    }
    page.sections.push(provenance::section(options)?);
    results::write(output, page.to_html())?;
    crate::terminal::say!("{}", output.display())?;
    Ok(())
}

/// Adds the figures whose files have these names, in this order, to a section.
fn with_figures(section: Section, plots: &mut Vec<crate::analyze::Plot>, files: &[&str]) -> Section {
    files.iter().fold(section, |section, file| match plots.iter().position(|plot| plot.file == *file) {
        Some(place) => section.figure(plots.remove(place).into()),
        None => section,
    })
}
