//! What training and evaluation share: data sets, their features, tables and figures of systems.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::dataset::Dataset;
use ionscape::descriptor::SoapParameters;
use ionscape::model::{Condition, Metadata};
use ionscape::plot::{ParityPoint, RowPanel, RowSeries, parity, rows};
use ionscape::species::{Channels, Species};
use ionscape::training::cache;
use ionscape::training::corpus::{Corpus, Source};
use ionscape::training::local::Agreement;
use ionscape::training::score::{Coverage, Prediction, Score};

use crate::results::number;
use crate::{outputs, progress::Progress, reading, results};

/// Where features are kept.
#[derive(clap::Args)]
pub struct Reading {
    /// Folder that keeps features from one call to the next; $XDG_CACHE_HOME/ionscape or ~/.cache/ionscape if not given.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

impl Reading {
    /// The folder that features are kept in.
    pub fn folder(&self) -> PathBuf {
        self.cache.clone().unwrap_or_else(cache::default_folder)
    }

    /// The systems of a data set with their features, for a model of the species `model` if there is one.
    pub fn corpus(
        &self,
        path: &Path,
        dataset: &Dataset,
        inputs: (&SoapParameters, Channels, &[Condition]),
        model: Option<&[Species]>,
        coordination_radius: f64,
    ) -> anyhow::Result<Corpus> {
        let cache = self.folder();
        let (descriptor, channels, conditions) = inputs;
        let source = Source { descriptor, channels, conditions, order: model, coordination_radius, cache: &cache };
        let mut progress = Progress::new(path, "frames featurized");
        let corpus = Corpus::read(path, dataset, &source, &mut |_| progress.frame())?;
        warn_of_coordination(path, &corpus, coordination_radius);
        Ok(corpus)
    }
}

/// Says that one of the baselines knows the density alone: no ions are as near to each other as its other variable asks.
fn warn_of_coordination(path: &Path, corpus: &Corpus, radius: f64) {
    let radius = (1e6 * radius).round() / 1e6;
    let is_asked_for = corpus.systems.iter().any(|system| system.bjerrum_length.is_none());
    if is_asked_for && corpus.systems.iter().all(|system| system.features.contents.coordination[0] == 0.0) {
        log::warn!(
            "{}: no unlike ions are within the coordination radius of {radius} of each other in any system, so that the quadratic \
             baseline does not tell coordination; set coordination_radius in train.toml (evaluate: --coordination-radius) to \
             where the first shell of unlike ions ends",
            path.display()
        );
    }
}

/// Where results go besides the terminal.
#[derive(clap::Args)]
pub struct Outputs {
    /// Draw predicted against true conductivities (.svg or .png).
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    /// Draw how far single ions agree with their own responses, where the data set has them (.svg or .png).
    #[arg(long, value_name = "FILE")]
    plot_ions: Option<PathBuf>,

    /// Write predictions and figures of merit to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Outputs {
    /// Refuses, before anything is computed, what could not be written: these files and those of `others`, given what
    /// is read besides the data set's own files.
    pub fn check(&self, others: &[&Path], read: &[&Path], (path, dataset): (&Path, &Dataset)) -> anyhow::Result<()> {
        let own = [&self.plot, &self.plot_ions].map(Option::as_deref);
        own.iter().flatten().try_for_each(|path| results::check_figure(path))?;
        if let (Some(path), false) = (&self.plot_ions, dataset.systems.iter().any(|s| s.local.is_some())) {
            bail!(
                "{}: no system of the data set has responses of ions to draw; they come from ionscape truth",
                path.display()
            );
        }
        let files: Vec<&Path> =
            others.iter().copied().chain(own.into_iter().flatten()).chain(self.json.as_deref()).collect();
        let mut inputs = outputs::named_by(dataset, path.parent().unwrap_or(Path::new("")));
        inputs.extend(read.iter().chain([&path]).map(|path| path.to_path_buf()));
        outputs::check(&files, &inputs)
    }

    /// Writes what was asked for.
    pub fn write(
        &self,
        predictions: &[Prediction],
        heading: &str,
        score: &Score,
        local: &[&Agreement],
        units: &str,
        document: &impl serde::Serialize,
    ) -> anyhow::Result<()> {
        if let Some(path) = &self.plot {
            plot(path, predictions, heading, score, units)?;
        }
        if let Some(path) = &self.plot_ions {
            plot_ions(path, local)?;
        }
        results::write_json(self.json.as_deref(), document)
    }
}

/// Reads a data set file.
pub fn dataset(path: &Path) -> anyhow::Result<(&Path, Dataset)> {
    Ok((path, Dataset::parse(path, &reading::text(path)?)?))
}

/// Prints a row for each system.
pub fn print(predictions: &[Prediction], units: &str) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    let width = predictions.iter().map(|p| p.name.len()).max().unwrap_or(0).max("system".len());
    writeln!(out, "{:<width$}  {:>10} {:>9}  {:>10} {:>9}  {:>6}", "system", "true", "+-", "predicted", "+-", "z")?;
    for p in predictions {
        let z = (p.predicted - p.label) / p.label_error.hypot(p.predicted_error);
        writeln!(
            out,
            "{:<width$}  {:>10} {:>9}  {:>10} {:>9}  {z:>6.2}",
            p.name,
            number(p.label),
            number(p.label_error),
            number(p.predicted),
            // One member, and no error of its sampling.
            if p.predicted_error > 0.0 { number(p.predicted_error) } else { "-".into() }
        )?;
    }
    writeln!(out, "molar conductivity, {}\n", unit(units))
}

/// Prints figures of merit, a model a row.
pub fn print_scores(scores: &[(&str, &Score)]) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    let width = scores.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    writeln!(out, "{:<width$}  {:>8}  {:>9}  {:>8}", "", "R2", "RMSE", "chi2")?;
    for (name, score) in scores {
        let r2 = score.r2.map_or("-".into(), |r2| format!("{r2:.4}"));
        writeln!(out, "{:<width$}  {r2:>8}  {:>9}  {:>8.2}", name.replace('_', "-"), number(score.rmse), score.chi2)?;
    }
    Ok(())
}

/// Says where a data set is in units that no model is learned in.
pub fn warn_of_units(path: &Path, units: &str) {
    if !Metadata::UNITS.contains(&units) {
        log::warn!("{}: units = \"{units}\": ionscape train learns from lj, real or metal units alone", path.display());
    }
}

/// Prints how fields compare with the responses of single ions.
pub fn print_local(all: &[&Agreement]) -> std::io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let mut out = crate::terminal::output();
    let width = all.iter().map(|a| a.name.len()).max().unwrap_or(0).max("system".len());
    writeln!(out, "\nsingle ions beside their own responses")?;
    writeln!(
        out,
        "{:<width$}  {:>5}  {:>6}  {:>11}  {:>13}  {:>13}  {:>13}  {:>8}  {:>8}  {:>5}",
        "system", "time", "ions", "reliability", "correlation", "without noise", "slope", "field, %", "truth, %", "z^2"
    )?;
    let shown = |[value, error]: [f64; 2]| match value.is_finite() {
        true => format!("{value:.2} +- {error:.2}"),
        false => "-".into(),
    };
    for a in all {
        let [reliability, _] = a.reliability;
        let reliability = if reliability.is_finite() { format!("{reliability:.2}") } else { "-".into() };
        writeln!(
            out,
            "{:<width$}  {:>5}  {:>6}  {reliability:>11}  {:>13}  {:>13}  {:>13}  {:>8.1}  {:>8.1}  {:>5.2}",
            a.name,
            a.time,
            a.n_ions,
            shown(a.correlation),
            shown(a.corrected_correlation),
            shown(a.slope),
            100.0 * a.predicted_deviation,
            100.0 * a.true_deviation,
            a.mean_squared_z
        )?;
    }
    Ok(())
}

/// Prints how far stated errors were right.
pub fn print_coverage(coverage: &Coverage) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    writeln!(
        out,
        "\nwithin one stated error {:.0} % (68 expected), within 1.96 {:.0} % (95)",
        100.0 * coverage.one_sigma,
        100.0 * coverage.two_sigma
    )
}

/// Draws predicted against true conductivities.
fn plot(path: &Path, predictions: &[Prediction], heading: &str, score: &Score, units: &str) -> anyhow::Result<()> {
    let point =
        |p: &Prediction| ParityPoint { label: (p.label, p.label_error), predicted: (p.predicted, p.predicted_error) };
    let points: Vec<ParityPoint> = predictions.iter().map(point).collect();
    let r2 = score.r2.map_or(String::new(), |r2| format!("R\u{b2} {r2:.4}, "));
    let note = format!("{} systems, {r2}\u{3c7}\u{b2} {:.2}", points.len(), score.chi2);
    let figure = parity(&points, heading, &note, unit(units));
    results::write_figure(path, &figure)
}

/// Draws how far fields agree with the responses of single ions.
fn plot_ions(path: &Path, local: &[&Agreement]) -> anyhow::Result<()> {
    if local.is_empty() {
        bail!(
            "{}: no field was compared with responses, so nothing is drawn; that takes cross-validation",
            path.display()
        );
    }
    let names: Vec<String> = local.iter().map(|a| a.name.clone()).collect();
    let series = |name: &str, of: &dyn Fn(&Agreement) -> (f64, f64)| RowSeries {
        name: name.into(),
        values: local.iter().map(|a| Some(of(a))).collect(),
    };
    let correlation = RowPanel {
        title: "Does the field order ions as they respond?".into(),
        axis: "correlation over ions, without noise".into(),
        series: vec![series("", &|a| a.corrected_correlation.into())],
        reference: Some(1.0),
        span: (0.0, 1.0),
    };
    let spread = RowPanel {
        title: "How far ions differ from each other".into(),
        axis: "standard deviation over ions, % of the mean".into(),
        series: vec![
            series("in the field", &|a| (100.0 * a.predicted_deviation, 0.0)),
            series("in truth", &|a| (100.0 * a.true_deviation, 0.0)),
        ],
        reference: None,
        span: (0.0, 1.0),
    };
    let ions: usize = local.iter().map(|a| a.n_ions).sum();
    let (n, time, perturbation) = (local.len(), local[0].time, &local[0].perturbation);
    let note = format!("{ions} ions of {n} systems; truth: each ion's response ({perturbation}) up to t = {time}");
    results::write_figure(path, &rows(&names, &[correlation, spread], "Single ions beside their own responses", &note))
}

fn unit(units: &str) -> &'static str {
    match units {
        "lj" => "lj units",
        _ => "S cm2/mol",
    }
}
