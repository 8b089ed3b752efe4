//! The systems that a campaign's file stands for.

use std::collections::BTreeMap;

use super::file::{CampaignFile, Grids, Quantity, Variables};

/// Names that ionscape itself gives to scripts.
const RESERVED: [&str; 5] = ["stage", "seed", "restart", "stage_file", "folder"];

/// File in the campaign's folder, beside the systems'.
pub(super) const DATASET: &str = "dataset.toml";

/// One system to simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemPlan {
    pub name: String,
    /// As LAMMPS gets them.
    pub variables: BTreeMap<String, String>,
    pub temperature: f64,
    pub bjerrum_length: Option<f64>,
    pub field: f64,
    /// Length of a run of a pair, in time.
    pub length: f64,
}

/// All systems: grids first, in the order of the file, then points.
pub(super) fn systems(file: &CampaignFile, field_key: &str) -> Result<Vec<SystemPlan>, String> {
    let grids = match &file.grid {
        Grids::One(grid) => std::slice::from_ref(grid),
        Grids::Many(grids) => grids,
    };
    let mut all: Vec<Variables> = vec![];
    for grid in grids {
        all.extend(product(grid)?);
    }
    all.extend(file.points.iter().cloned());
    if all.is_empty() {
        return Err("there is no system; give [grid] with lists of values, or [[point]]s".into());
    }
    let mut systems: Vec<SystemPlan> = vec![];
    for own in all {
        let system = system(file, own, field_key)?;
        if let Some(other) = systems.iter().find(|other| other.name == system.name) {
            return Err(format!(
                "two systems are called {}: {} and {}; let `name` tell them apart",
                system.name,
                shown(&other.variables),
                shown(&system.variables)
            ));
        }
        systems.push(system);
    }
    Ok(systems)
}

/// Each value of each variable of a grid with all those of the others; that of the last variable changes first.
fn product(grid: &BTreeMap<String, Vec<toml::Value>>) -> Result<Vec<Variables>, String> {
    let mut product: Vec<Variables> = vec![Variables::new()];
    for (name, values) in grid {
        if values.is_empty() {
            return Err(format!(
                "grid: {name} is a list of no value, which leaves no system; give some, or leave it out"
            ));
        }
        let with = |(old, value): (&Variables, &toml::Value)| {
            let mut new = old.clone();
            new.insert(name.clone(), value.clone());
            new
        };
        product = product.iter().flat_map(|old| values.iter().map(move |value| (old, value))).map(with).collect();
    }
    Ok(product)
}

fn system(file: &CampaignFile, own: Variables, field_key: &str) -> Result<SystemPlan, String> {
    let mut variables = BTreeMap::new();
    for (name, value) in file.variables.iter().chain(&own) {
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("the variable {name} is ionscape's own; call yours otherwise"));
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) if number.is_finite() => number.to_string(),
            other => return Err(format!("the variable {name} is {other}; give a number or a text")),
        };
        variables.insert(name.clone(), text);
    }
    let quantity = |what: &str, quantity: &Quantity| resolve(&variables, what, quantity);
    Ok(SystemPlan {
        name: fill(&file.name, &variables)?,
        temperature: quantity("temperature", &file.temperature)?,
        bjerrum_length: file
            .bjerrum_length
            .clone()
            .map(|name| quantity("bjerrum_length", &Quantity::Variable(name)))
            .transpose()?,
        field: quantity(field_key, &file.response.field)?,
        length: quantity("response.length", &file.response.length)?,
        variables,
    })
}

/// A number above zero that the file gives, or the system's variables.
pub(super) fn resolve(variables: &BTreeMap<String, String>, what: &str, quantity: &Quantity) -> Result<f64, String> {
    let value = match quantity {
        Quantity::Value(value) => *value,
        Quantity::Variable(name) => number(variables, what, name)?,
    };
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err(format!("{what} is {value}; it must be above zero")) }
}

fn number(variables: &BTreeMap<String, String>, what: &str, name: &str) -> Result<f64, String> {
    let text =
        variables.get(name).ok_or(format!("{what} names the variable {name}, which {} lacks", shown(variables)))?;
    text.parse::<f64>().map_err(|_| format!("{what}: the variable {name} is '{text}', which is no number"))
}

/// The pattern with values in place of names in braces.
fn fill(pattern: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (variable, after) =
            after.split_once('}').ok_or(format!("name: '{pattern}' has a brace that does not close"))?;
        let value = variables
            .get(variable)
            .ok_or(format!("name: '{pattern}' uses the variable {variable}, which {} lacks", shown(variables)))?;
        name += before;
        name += value;
        rest = after;
    }
    name += rest;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        return Err(format!("name: '{name}' cannot name a folder; use letters, digits and . _ - +"));
    }
    if name == DATASET {
        return Err(format!("name: '{name}' is what the campaign's data set is called; let the systems' names differ"));
    }
    Ok(name)
}

fn shown(variables: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("({})", all.join(" "))
}
