//! What commands report: tables on standard output, JSON in a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ionscape::output::AtomicFile;
use ionscape::plot::Figure;
use serde::Serialize;

/// Writes `value` as JSON to a file, if one was asked for.
pub fn write_json(path: Option<&Path>, value: &impl Serialize) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut file = AtomicFile::create(path)?;
    serde_json::to_writer_pretty(&mut file, value).with_context(|| path.display().to_string())?;
    writeln!(file).with_context(|| path.display().to_string())?;
    file.commit()?;
    Ok(())
}

/// Writes a file in one step.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(content.as_ref()).with_context(|| path.display().to_string())?;
    Ok(file.commit()?)
}

/// Four decimals, or three digits of what would lose them or be long.
pub fn number(value: f64) -> String {
    number_beside(value, value.abs())
}

/// The same of a number that stands beside others, by the largest magnitude of them all.
pub fn number_beside(value: f64, largest: f64) -> String {
    if largest == 0.0 || (1e-3..1e9).contains(&largest) { format!("{value:.4}") } else { format!("{value:.2e}") }
}

/// A mean number of things, which may be no whole one.
pub fn count(mean: f64) -> String {
    ((100.0 * mean).round() / 100.0).to_string()
}

/// A mean number of things for a file: a whole one as such.
pub fn number_of(mean: f64) -> serde_json::Number {
    let whole = (mean.fract() == 0.0 && mean >= 0.0).then(|| serde_json::Number::from(mean as u64));
    whole.or_else(|| serde_json::Number::from_f64(mean)).unwrap_or_else(|| 0.into())
}

/// Warns of files with this ending in a folder other than those just written: of an earlier run, say, that had more to tell.
pub fn warn_of_others(folder: &Path, ending: &str, written: &[String]) -> anyhow::Result<()> {
    let mut others = vec![];
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = PathBuf::from(entry.with_context(|| folder.display().to_string())?.file_name());
        let is_written = |name: &Path| written.iter().any(|written| Path::new(written) == name);
        if name.extension().is_some_and(|e| e == ending) && !is_written(&name) {
            others.push(name.display().to_string());
        }
    }
    if !others.is_empty() {
        others.sort();
        let are = if others.len() > 1 { "are not of this run, and were" } else { "is not of this run, and was" };
        log::warn!("{}: {} {are} there before", folder.display(), others.join(", "));
    }
    Ok(())
}

/// Prints rows of a name and a value, values in one column.
pub fn print_table(rows: &[(&str, String)]) -> std::io::Result<()> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = crate::terminal::output();
    for (name, value) in rows {
        writeln!(out, "{name:<width$}  {value}")?;
    }
    Ok(())
}

/// Writes a figure in the format of the file's ending.
pub fn write_figure(path: &Path, figure: &Figure) -> anyhow::Result<()> {
    let bytes = match path.extension().and_then(|e| e.to_str()) {
        Some("png") => figure.to_png(2.0)?,
        _ => figure.to_svg().into_bytes(),
    };
    write(path, bytes)
}

/// Refuses a figure's name that says no format, before anything is computed.
pub fn check_figure(path: &Path) -> anyhow::Result<()> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("svg" | "png") => Ok(()),
        _ => bail!("{}: figures are drawn as .svg or .png; give the file one of these endings", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_their_digits_and_large_ones_are_short() {
        let numbers = [0.0, 1.0, -0.79162, 1e-3, 9.99e-4, -1.08e-5, -1.5e9, f64::NAN].map(number);
        assert_eq!(numbers, ["0.0000", "1.0000", "-0.7916", "0.0010", "9.99e-4", "-1.08e-5", "-1.50e9", "NaN"]);
    }
}
