//! The data set file: systems with what they were simulated at, and their molar conductivities.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::output::AtomicFile;
use crate::species::{NOT_AN_ION, Species, check_types};
use crate::units::is_measurable;
use crate::{Error, Result};

/// Sizes of labels and of their errors that a model's numbers, which are float32, can be of.
const LABELS: std::ops::RangeInclusive<f64> = 1e-30..=1e30;

/// An error of a label is at most so many times the largest label: more leaves nothing to learn.
const LARGEST_ERROR: f64 = 1e6;

/// A `dataset.toml`, as it stands in the file. Paths are relative to the file's folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Unit style of all systems.
    pub units: String,
    /// Name of the species that an atom type is, by the type.
    pub species: BTreeMap<String, String>,
    /// Charge of an ion by the name of its species; 0 for a neutral species, which ions see.
    pub charges: BTreeMap<String, f64>,
    /// Species whose ions are all atoms of one molecule id, at their centre of mass.
    #[serde(default)]
    pub molecules: Vec<String>,
    /// Where the data set comes from; for people.
    pub provenance: Option<toml::Table>,
    #[serde(rename = "system", default)]
    pub systems: Vec<System>,
}

/// One system of a data set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub name: String,
    /// Configurations to learn from.
    pub snapshots: Option<Paths>,
    /// The label and its standard error; absent where it is to be computed.
    pub molar_conductivity: Option<f64>,
    pub molar_conductivity_error: Option<f64>,
    pub nernst_einstein: Option<f64>,
    /// Length at which the Coulomb energy of two unit charges is kT, for a baseline in it.
    pub bjerrum_length: Option<f64>,
    /// Dump of configurations with the response of each ion, as `ionscape truth` writes it.
    pub local: Option<PathBuf>,
    /// Which of its response times is meant.
    pub local_time: Option<f64>,
    /// What ions responded to: `field` if not given, or `impulse`.
    pub local_perturbation: Option<String>,
    /// Dumps with unwrapped coordinates to compute the label from.
    pub trajectory: Option<Paths>,
    /// Files of `fix ave/time` with the current, beside the trajectory.
    pub current: Option<Paths>,
    /// Damping time of `fix langevin`, for the force route.
    pub langevin_damp: Option<f64>,
    /// Mass of every ion, for the force route.
    pub mass: Option<f64>,
    pub timestep: Option<f64>,
    pub temperature: Option<f64>,
    /// Where the label comes from; for people.
    pub provenance: Option<toml::Table>,
}

/// One path or a list of them.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Paths {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

impl Paths {
    /// All of them, seen from `folder`.
    pub fn seen_from(&self, folder: &Path) -> Vec<PathBuf> {
        let paths = match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Many(paths) => paths,
        };
        paths.iter().map(|path| folder.join(path)).collect()
    }
}

impl Dataset {
    /// Reads a data set's text; `path` is for messages.
    ///
    /// # Errors
    /// Text that is no TOML or has unknown keys, with the line; names that stand twice, labels without errors, values that are
    /// not above zero, lists of no path, species without charges, types that are no numbers.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let dataset: Self = toml::from_str(text)
            .map_err(|e| Error::Input(format!("{}: {}", path.display(), e.to_string().trim_end())))?;
        dataset.check().map_err(|message| Error::Input(format!("{}: {message}", path.display())))?;
        Ok(dataset)
    }

    /// Atom types by species name, in the order of the first type.
    pub fn types_by_species(&self) -> Vec<(String, Vec<i32>)> {
        let mut types: Vec<(i32, &String)> =
            self.species.iter().filter_map(|(t, name)| Some((t.parse().ok()?, name))).collect();
        types.sort_unstable();
        let mut found: Vec<(String, Vec<i32>)> = vec![];
        for (t, name) in types {
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, types)) => types.push(t),
                None => found.push((name.clone(), vec![t])),
            }
        }
        found
    }

    /// The species in the order of their first atom type.
    pub fn species_by_type(&self) -> Vec<Species> {
        let of = |(name, _): (String, Vec<i32>)| Species {
            charge: self.charges[&name],
            molecular: self.molecules.contains(&name),
            name,
        };
        self.types_by_species().into_iter().map(of).collect()
    }

    /// Name of the species of each atom type from 1 to the highest that is named, `NULL` for the others.
    pub fn names_by_type(&self) -> Vec<&str> {
        let named: BTreeMap<usize, &str> =
            self.species.iter().filter_map(|(t, name)| Some((t.parse().ok()?, name.as_str()))).collect();
        let last = named.keys().last().copied().unwrap_or(0);
        (1..=last).map(|t| named.get(&t).copied().unwrap_or(NOT_AN_ION)).collect()
    }

    fn check(&self) -> Result<(), String> {
        self.units.parse::<crate::units::UnitStyle>().map_err(|e| e.to_string())?;
        if self.species.is_empty() {
            return Err(
                "species: there is none; name the atom types of the ions as in species = { 1 = \"cation\" }".into()
            );
        }
        if let Some((name, charge)) = self.charges.iter().find(|(_, charge)| !charge.is_finite()) {
            return Err(format!(
                "charges: {name} has {charge}; give an ion's charge in elementary charges, 0 for solvent"
            ));
        }
        if self.charges.values().all(|charge| *charge == 0.0) {
            return Err("charges: no species has one; what conducts are ions".into());
        }
        if let Some(name) = self.molecules.iter().find(|name| !self.species.values().any(|species| species == *name)) {
            return Err(format!("molecules: {name} is not among the species"));
        }
        check_types(self.species.keys())?;
        for name in self.species.values() {
            if !self.charges.contains_key(name) {
                return Err(format!("charges: there is none for {name}; write it as in charges = {{ {name} = 1.0 }}"));
            }
        }
        let labels = self.systems.iter().filter_map(|system| system.molar_conductivity).map(f64::abs);
        let largest = labels.fold(0.0, f64::max);
        for (i, system) in self.systems.iter().enumerate() {
            let name = &system.name;
            let refuse = |what: &str| Err(format!("system {name}: {what}"));
            if name.contains(char::is_control) {
                return Err(format!("system {}: the name {name:?} has control characters; give it another", i + 1));
            }
            if self.systems[..i].iter().any(|other| other.name == *name) {
                return refuse("the name stands twice; give each system its own");
            }
            match (system.molar_conductivity, system.molar_conductivity_error) {
                (None, None) if system.trajectory.is_none() && system.local.is_none() => {
                    return refuse(
                        "there is neither molar_conductivity nor a trajectory to compute it from; give one of them",
                    );
                }
                (None, Some(_)) => return refuse("molar_conductivity_error stands without molar_conductivity"),
                (Some(v), _) if !v.is_finite() => return refuse("molar_conductivity is not finite"),
                (Some(v), _) if v != 0.0 && !LABELS.contains(&v.abs()) => {
                    return refuse("molar_conductivity must be between 1e-30 and 1e30 in size, for float32 to hold it");
                }
                (_, Some(e)) if !LABELS.contains(&e) => {
                    return refuse("molar_conductivity_error must be above zero, and between 1e-30 and 1e30");
                }
                (Some(_), Some(e)) if e > LARGEST_ERROR * largest => {
                    return refuse("molar_conductivity_error is more than a million times the largest label of all");
                }
                _ => {}
            }
            system.check_values().or_else(|message| refuse(&message))?;
            match (&system.local, system.local_time) {
                (Some(_), None) => return refuse("local needs local_time, the response time that is meant"),
                (None, Some(_)) => return refuse("local_time stands without local"),
                (_, Some(time)) if !(time > 0.0 && time.is_finite()) => {
                    return refuse("local_time must be above zero");
                }
                _ => {}
            }
            match (&system.local, system.local_perturbation.as_deref()) {
                (None, Some(_)) => return refuse("local_perturbation stands without local"),
                (_, None | Some("field" | "impulse")) => {}
                _ => return refuse("local_perturbation must be \"field\" or \"impulse\""),
            }
        }
        Ok(())
    }
}

impl System {
    /// Checks what is above zero in any system, and that lists name a file.
    fn check_values(&self) -> Result<(), String> {
        for (key, value) in [
            ("nernst_einstein", self.nernst_einstein),
            ("bjerrum_length", self.bjerrum_length),
            ("temperature", self.temperature),
            ("timestep", self.timestep),
            ("mass", self.mass),
            ("langevin_damp", self.langevin_damp),
        ] {
            if let Some(value) = value.filter(|&value| !is_measurable(value)) {
                return Err(format!("{key} {value:?}: it must be above zero, and between 1e-60 and 1e60"));
            }
        }
        for (key, paths) in
            [("snapshots", &self.snapshots), ("trajectory", &self.trajectory), ("current", &self.current)]
        {
            if matches!(paths, Some(Paths::Many(paths)) if paths.is_empty()) {
                return Err(format!("{key} is a list of no file; name one, or leave the key out"));
            }
        }
        Ok(())
    }
}

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
    let mut file = AtomicFile::create(path)?;
    file.write_all(written.as_bytes()).map_err(|e| Error::io(path, e))?;
    file.commit()
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
    (2.0 - error.abs().log10().floor()).clamp(0.0, 15.0) as i32
}

fn rounded(value: f64, digits: i32) -> f64 {
    format!("{value:.*}", digits as usize).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# Two salts.
units = "lj"
species = { 2 = "anion", 1 = "cation", 3 = "cation" } # three types
charges = { cation = 1.0, anion = -1.0 }

[[system]]
name = "labelled"   # measured elsewhere
snapshots = "a.lammpstrj"
molar_conductivity = 1.25
molar_conductivity_error = 0.05

# The next one is not labelled yet.
[[system]]
name = "new"
trajectory = ["a.lammpstrj", "b.lammpstrj"]
timestep = 0.005
temperature = 1.0
"#;

    fn parse(text: &str) -> Result<Dataset> {
        Dataset::parse(Path::new("dataset.toml"), text)
    }

    #[test]
    fn a_data_set_is_read() {
        let dataset = parse(TEXT).unwrap();
        let types = dataset.types_by_species();
        assert_eq!(types, [("cation".to_string(), vec![1, 3]), ("anion".to_string(), vec![2])]);
        let trajectory = dataset.systems[1].trajectory.as_ref().unwrap().seen_from(Path::new("/data"));
        assert_eq!(trajectory, [Path::new("/data/a.lammpstrj"), Path::new("/data/b.lammpstrj")]);
    }

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
        write_labels(&path, TEXT, &[label("labelled")]).unwrap();
        assert!(write_labels(&path, TEXT, &[label("other")]).unwrap_err().to_string().contains("no system other"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn mistakes_are_named() {
        for (change, to, message) in [
            ("timestep", "time_step", "unknown field `time_step`"),
            ("name = \"new\"", "name = \"labelled\"", "the name stands twice"),
            ("name = \"new\"", "name = \"a\\nb\"", "system 2: the name \"a\\nb\" has control characters"),
            ("\"lj\"", "\"lj2\"", "'lj2' is no LAMMPS unit style"),
            ("cation = 1.0, ", "", "there is none for cation"),
            ("3 = ", "x = ", "'x' is no atom type"),
            ("3 = ", "01 = ", "'01' and '1' are the same atom type"),
            ("molar_conductivity = 1.25", "", "stands without molar_conductivity"),
            ("trajectory = [\"a.lammpstrj\", \"b.lammpstrj\"]", "", "neither molar_conductivity nor a trajectory"),
            ("0.05\n", "0.0\n", "must be above zero"),
            ("temperature = 1.0", "temperature = nan", "system new: temperature NaN: it must be above zero"),
            ("0.05\n", "0.05\nbjerrum_length = -1.0\n", "system labelled: bjerrum_length -1.0: it must be above zero"),
            ("0.05\n", "0.05\nnernst_einstein = inf\n", "system labelled: nernst_einstein inf: it must be"),
            ("0.005", "0.0", "system new: timestep 0.0"),
            ("0.005", "0.005\nmass = -1.0", "system new: mass -1.0"),
            (
                "0.005",
                "0.005\nlangevin_damp = 1e61",
                "langevin_damp 1e61: it must be above zero, and between 1e-60 and 1e60",
            ),
            ("\"a.lammpstrj\"\nmol", "[]\nmol", "system labelled: snapshots is a list of no file"),
            ("[\"a.lammpstrj\", \"b.lammpstrj\"]", "[]", "system new: trajectory is a list of no file"),
        ] {
            let error = parse(&TEXT.replace(change, to)).unwrap_err().to_string();
            assert!(error.starts_with("dataset.toml: ") && error.contains(message), "{to}: {error}");
        }
    }
}
