//! The figures of `ionscape analyze` and `ionscape report`.

mod across;
mod distribution;
mod ions;
mod reasons;
mod space;
mod structure;
mod time;

use std::path::Path;

use anyhow::Context;
use ionscape::plot::{CurvePanel, Figure, NamedCurve, RowPanel, curves, rows};

use super::dataset::Comparison;
use super::options::Units;
use super::pairs::TOLD;
use super::system::Analysis;
use crate::results;
pub use structure::TOLD_APART;

/// A figure as a file, and its panels one by one for a page, with words for those who see it and for those who do not.
pub struct Plot {
    /// The file's name, without its ending.
    pub file: &'static str,
    /// What it is, in a few words.
    pub name: String,
    pub whole: Figure,
    pub parts: Vec<Figure>,
    /// What it shows and what one would conclude.
    pub description: String,
    pub caption: String,
}

impl Plot {
    /// Curves, a panel each.
    fn of_curves(file: &'static str, name: &str, panels: &[CurvePanel]) -> Self {
        Self {
            file,
            name: name.into(),
            whole: curves(panels),
            parts: panels.iter().map(|panel| curves(std::slice::from_ref(panel))).collect(),
            description: String::new(),
            caption: String::new(),
        }
    }

    /// Rows of names with values, a panel each.
    fn of_rows(file: &'static str, name: &str, names: &[String], panels: &[RowPanel], note: &str) -> Self {
        let part = |panel| rows(names, std::slice::from_ref(panel), "", "");
        Self {
            file,
            name: name.into(),
            whole: rows(names, panels, name, note),
            parts: panels.iter().map(part).collect(),
            description: String::new(),
            caption: String::new(),
        }
    }

    /// A single drawing.
    fn one(file: &'static str, name: &str, draw: impl Fn() -> Figure) -> Self {
        let (whole, parts) = (draw(), vec![draw()]);
        Self { file, name: name.into(), whole, parts, description: String::new(), caption: String::new() }
    }

    /// The same with words.
    fn told(mut self, caption: impl Into<String>, description: impl Into<String>) -> Self {
        (self.caption, self.description) = (caption.into(), description.into());
        self
    }
}

/// A value that may be absent, and its error.
type Point = (Option<f64>, Option<f64>);

/// What figures of a system need to know of it.
struct Drawn<'a> {
    found: &'a Analysis,
    length: &'static str,
    unit: &'static str,
}

/// The figures of a system.
pub fn of(found: &Analysis) -> Vec<Plot> {
    let (length, unit) = Units::names(found.unit_style);
    let drawn = Drawn { found, length, unit };
    let mut plots = vec![ions::field(&drawn), distribution::distribution(&drawn)];
    let more = [
        space::correlation(&drawn),
        space::waves(&drawn),
        time::course(&drawn),
        time::visits(&drawn),
        time::transitions(&drawn),
        structure::states(&drawn),
        structure::clusters(&drawn),
        structure::lifetimes(&drawn),
        structure::coordination(&drawn),
        structure::map(&drawn),
        reasons::neighbors(&drawn),
        reasons::channels(&drawn),
        reasons::overlap(&drawn),
    ];
    plots.extend(more.into_iter().flatten());
    plots
}

/// The figures over all systems.
pub fn over_all(all: &Comparison) -> Vec<Plot> {
    let (_, unit) = Units::names(all.systems.first().and_then(|a| a.unit_style));
    [across::fluctuations(all, unit), across::systems(all, unit)].into_iter().flatten().collect()
}

/// Writes each figure as SVG and as PNG.
pub fn write(folder: &Path, found: &Analysis) -> anyhow::Result<()> {
    write_these(folder, &of(found))
}

/// Writes the figures over all systems, and those of each in a folder of its name.
pub fn write_all(folder: &Path, all: &Comparison) -> anyhow::Result<()> {
    write_these(folder, &over_all(all))?;
    for (found, name) in all.systems.iter().zip(all.folders()) {
        let own = folder.join(name);
        std::fs::create_dir_all(&own).with_context(|| own.display().to_string())?;
        write(&own, found)?;
    }
    Ok(())
}

fn write_these(folder: &Path, plots: &[Plot]) -> anyhow::Result<()> {
    plots.iter().try_for_each(|plot| write_both(folder, plot))?;
    let written: Vec<String> = plots.iter().map(|plot| format!("{}.svg", plot.file)).collect();
    results::warn_of_others(folder, "svg", &written)
}

fn write_both(folder: &Path, plot: &Plot) -> anyhow::Result<()> {
    let file = |ending: &str| folder.join(format!("{}.{ending}", plot.file));
    ["svg", "png"].iter().try_for_each(|ending| results::write_figure(&file(ending), &plot.whole))
}

/// Points whose value is known, an error of zero where none is.
fn points(x: &[f64], y: &[Point]) -> Vec<(f64, f64, f64)> {
    x.iter().zip(y).filter_map(|(x, (value, error))| Some((*x, (*value)?, error.unwrap_or(0.0)))).collect()
}

/// The same of correlations that are told: a handful of pairs tells none, and would make the scale.
fn told(x: &[f64], y: &[(Option<f64>, Option<f64>)]) -> Vec<(f64, f64, f64)> {
    let clear = y.iter().filter_map(|(value, error)| Some((value.as_ref()?.abs(), (*error)?)));
    let largest = clear.filter(|(value, error)| *value > 3.0 * error).map(|(value, _)| value).fold(0.0, f64::max);
    let limit = if largest > 0.0 { (0.3 * largest).clamp(0.01, TOLD) } else { TOLD };
    let known = x.iter().zip(y).filter_map(|(x, (value, error))| Some((*x, (*value)?, (*error)?)));
    known.filter(|(.., error)| *error > 0.0 && *error < limit).collect()
}

/// The same of values that are all known.
fn known(x: impl Iterator<Item = f64>, y: &[(f64, Option<f64>)]) -> Vec<(f64, f64, f64)> {
    x.zip(y).map(|(x, (value, error))| (x, *value, error.unwrap_or(0.0))).collect()
}

/// Like and unlike pairs in the same order everywhere.
fn both(like: Vec<(f64, f64, f64)>, unlike: Vec<(f64, f64, f64)>) -> Vec<NamedCurve> {
    vec![NamedCurve::new("like", like), NamedCurve::new("unlike", unlike)]
}

/// A value of the field with three decimals, or three digits of a small one.
fn in_words(value: f64) -> String {
    if value == 0.0 || value.abs() >= 0.1 { format!("{value:.3}") } else { format!("{value:.2e}") }
}

/// A length or a time, without the zeros at its end.
pub fn plain(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').into()
}
