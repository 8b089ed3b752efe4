//! Curves and tables as columns of numbers, a file each.

mod tables;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ionscape::output::AtomicFile;

use self::tables::tables;
use super::dataset::Comparison;
use super::system::Analysis;
use crate::results;

/// A column of a table: its name, and values that may be absent.
type Column = (String, Vec<Option<f64>>);

/// Writes what was found of one system.
pub fn write(folder: &Path, found: &Analysis) -> anyhow::Result<()> {
    let tables = tables(found);
    for (name, columns) in &tables {
        write_table(&folder.join(format!("{name}.csv")), None, columns)?;
    }
    let written: Vec<String> = tables.iter().map(|(name, _)| format!("{name}.csv")).collect();
    results::warn_of_others(folder, "csv", &written)
}

/// Writes a row for each system, and the tables of each in a folder of its name.
pub fn write_all(folder: &Path, all: &Comparison) -> anyhow::Result<()> {
    let names: Vec<&str> = all.systems.iter().map(|a| a.name.as_deref().unwrap_or("")).collect();
    let of = |of: &dyn Fn(&Analysis) -> Option<f64>| all.systems.iter().map(of).collect::<Vec<_>>();
    let mut columns = vec![];
    let mut add = |name: &str, values: Vec<Option<f64>>| columns.push((name.to_string(), values));
    add("density", of(&|a| Some(a.density)));
    add("mean", of(&|a| Some(a.mean)));
    add("mean_error", of(&|a| a.mean_error));
    let fluctuation = |a: &Analysis| a.distribution.all.fluctuation.clone();
    add("fluctuation", of(&|a| Some(fluctuation(a)?.mean)));
    add("fluctuation_error", of(&|a| Some(fluctuation(a)?.error?.value)));
    add("skewness", of(&|a| Some(a.shape.as_ref()?.skewness.mean)));
    add("low_tail", of(&|a| Some(a.shape.as_ref()?.low_tail.mean)));
    for state in 0..4 {
        let name = ["free", "pair", "balanced_cluster", "unbalanced_cluster"][state];
        add(&format!("share_{name}"), of(&|a| Some(a.states.as_ref()?.states[state].share.0)));
        add(&format!("mean_{name}"), of(&|a| a.states.as_ref()?.states[state].mean.0));
    }
    add("relaxation_frames", of(&|a| Some(a.temporal.as_ref()?.relaxation?.0)));
    write_table(&folder.join("systems.csv"), Some(("system", &names)), &columns)?;
    for (analysis, name) in all.systems.iter().zip(all.folders()) {
        let own = folder.join(name);
        std::fs::create_dir_all(&own).with_context(|| own.display().to_string())?;
        write(&own, analysis)?;
    }
    results::warn_of_others(folder, "csv", &["systems.csv".to_string()])
}

fn write_table(path: &Path, names: Option<(&str, &[&str])>, columns: &[Column]) -> anyhow::Result<()> {
    let mut file = AtomicFile::create(path)?;
    let mut line =
        |cells: Vec<String>| writeln!(file, "{}", cells.join(",")).with_context(|| path.display().to_string());
    let first = names.map(|(heading, _)| quoted(heading));
    line(first.into_iter().chain(columns.iter().map(|(name, _)| quoted(name))).collect())?;
    let n = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    for row in 0..n {
        let name = names.map(|(_, names)| quoted(names[row]));
        let told = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or(String::new(), |v| v.to_string());
        let value = |(_, values): &Column| told(values.get(row).copied().flatten());
        line(name.into_iter().chain(columns.iter().map(value)).collect())?;
    }
    Ok(file.commit()?)
}

/// As RFC 4180 has it.
fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

/// Columns in the making.
struct Columns(Vec<Column>);

impl Columns {
    fn over(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let mut columns = Self(vec![]);
        columns.values(name, values);
        columns
    }

    fn push(&mut self, name: &str, values: Vec<Option<f64>>) {
        self.0.push((name.into(), values));
    }

    fn values(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        self.push(name, values.into_iter().map(Some).collect());
    }

    /// Values and their errors.
    fn optional(&mut self, name: &str, points: &[(Option<f64>, Option<f64>)]) {
        self.push(name, points.iter().map(|p| p.0).collect());
        self.push(&format!("{name}_error"), points.iter().map(|p| p.1).collect());
    }

    fn points(&mut self, name: &str, points: &[(f64, Option<f64>)]) {
        self.optional(name, &points.iter().map(|p| (Some(p.0), p.1)).collect::<Vec<_>>());
    }
}
