//! Labels written into a data set file, whose text is kept.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use crate::{Error, Result, files};

/// A label for a system.
#[derive(Clone, Debug)]
pub struct Label {
    pub system: String,
    pub molar_conductivity: f64,
    pub molar_conductivity_error: f64,
    pub nernst_einstein: Option<f64>,
}

/// The document of a data set, with systems that labels can be written to.
fn document(path: &Path, text: &str) -> Result<DocumentMut> {
    let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
    let document: DocumentMut = text.parse().map_err(|e| refuse(format!("{e}")))?;
    match document.get("system").and_then(Item::as_array_of_tables) {
        Some(_) => Ok(document),
        None => Err(refuse("systems must stand under [[system]] to be labelled".into())),
    }
}

/// Looks whether [`write_labels`] can write to a data set, before labels are computed.
///
/// # Errors
/// Systems that do not stand under `[[system]]`.
pub fn check_for_labels(path: &Path, text: &str) -> Result<()> {
    document(path, text).map(|_| ())
}

/// Writes labels into a data set's text and puts it in the file's place; comments, layout and line ends stay.
///
/// # Errors
/// Text that is no TOML, a system that is not in it, a file that cannot be written.
pub fn write_labels(path: &Path, text: &str, labels: &[Label]) -> Result<()> {
    let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
    let mut document = document(path, text)?;
    let systems = document["system"].as_array_of_tables_mut().expect("a document with systems");
    for label in labels {
        let named = |table: &&mut Table| table.get("name").and_then(Item::as_str) == Some(&label.system);
        let table = systems.iter_mut().find(named);
        let table = table.ok_or_else(|| refuse(format!("there is no system {}", label.system)))?;
        let digits = digits(label.molar_conductivity_error);
        set(table, "molar_conductivity", rounded(label.molar_conductivity, digits));
        set(table, "molar_conductivity_error", rounded(label.molar_conductivity_error, digits));
        if let Some(nernst_einstein) = label.nernst_einstein {
            // Above zero, however large the label's error.
            set(table, "nernst_einstein", rounded(nernst_einstein, digits.max(self::digits(nernst_einstein))));
        }
    }
    let mut written = document.to_string();
    // The parser takes carriage returns out.
    if text.contains("\r\n") && text.matches('\n').count() == text.matches("\r\n").count() {
        written = written.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    files::write(path, written)
}

/// Replaces a value where there is one, its comment kept, or else adds it at the end of the table.
fn set(table: &mut Table, key: &str, number: f64) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = number.into();
            *old.decor_mut() = decor;
        }
        None => table[key] = value(number),
    }
}

/// Decimals that show an error to its third digit.
fn digits(error: f64) -> i32 {
    (2.0 - error.abs().log10().floor()).clamp(0.0, 300.0) as i32
}

fn rounded(value: f64, digits: i32) -> f64 {
    format!("{value:.*}", digits as usize).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::tests::TEXT;
    use super::*;

    #[test]
    fn labels_are_written_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dataset.toml");
        let label = |system: &str| Label {
            system: system.into(),
            molar_conductivity: 0.761_634,
            molar_conductivity_error: 0.050_312,
            nernst_einstein: Some(0.951_9),
        };
        write_labels(&path, TEXT, &[label("new")]).unwrap();
        let added = "molar_conductivity = 0.7616\nmolar_conductivity_error = 0.0503\nnernst_einstein = 0.9519\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{TEXT}{added}"));
        let rough = Label { molar_conductivity_error: 512.0, nernst_einstein: Some(0.001_234_5), ..label("new") };
        write_labels(&path, TEXT, &[rough]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("molar_conductivity_error = 512.0\nnernst_einstein = 0.00123\n"), "{text}");
        write_labels(&path, TEXT, &[label("labelled")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("molar_conductivity = 0.7616\nmolar_conductivity_error = 0.0503\nnernst_einstein = 0.9519")
        );
        assert!(text.contains("# measured elsewhere") && text.contains("# The next one") && !text.contains("1.25"));
        write_labels(&path, &TEXT.replace('\n', "\r\n"), &[label("new")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{TEXT}{added}").replace('\n', "\r\n"));
        let small = Label { molar_conductivity: 7.6163e-19, molar_conductivity_error: 5.0312e-20, ..label("new") };
        write_labels(&path, TEXT, &[small]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let written: toml::Table = text.parse().unwrap();
        let system = written["system"].as_array().unwrap().iter().find(|s| s["name"].as_str() == Some("new")).unwrap();
        let number = |key: &str| system[key].as_float().unwrap();
        assert_eq!([number("molar_conductivity"), number("molar_conductivity_error")], [7.616e-19, 5.03e-20]);
        write_labels(&path, TEXT, &[label("labelled")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(write_labels(&path, TEXT, &[label("other")]).unwrap_err().to_string().contains("no system other"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
