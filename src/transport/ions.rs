//! What the user says are ions: names, atom types, charges.

use std::str::FromStr;

use crate::species::parse_types;
use crate::{Error, Result};

/// One species of ion as it is asked for.
///
/// Written `NAME:TYPES` or `NAME:TYPES:CHARGE` for ions that are single atoms, as in `Li:1` or `Li:1,2:0.8`, and
/// `NAME:mol:TYPES` or `NAME:mol:TYPES:CHARGE` for ions of several atoms, one for each molecule id, that are represented
/// by the centre of mass of their atoms of these types, as in `TFSI:mol:3,4,5`.
#[derive(Clone, Debug, PartialEq)]
pub struct IonRequest {
    pub name: String,
    pub types: Vec<i32>,
    /// Charge of one ion, if it is to be taken from here and not from the dump.
    pub charge: Option<f64>,
    /// Charge where neither the user nor the dump gives one.
    pub default_charge: Option<f64>,
    /// Whether all its atoms of one molecule id are one ion.
    pub molecular: bool,
    /// Whether a dump may have none of it.
    pub optional: bool,
}

impl IonRequest {
    /// Ions that are single atoms of these types.
    pub fn atoms(name: &str, types: &[i32], default_charge: Option<f64>) -> Self {
        Self {
            name: name.into(),
            types: types.to_vec(),
            charge: None,
            default_charge,
            molecular: false,
            optional: false,
        }
    }
}

impl FromStr for IonRequest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: String| {
            Err(Error::Species(format!(
                "'{text}': {why}; write NAME:TYPES[:CHARGE], as in Li:1:1, or NAME:mol:TYPES[:CHARGE] for molecules, \
                 as in TFSI:mol:3,4"
            )))
        };
        let mut parts: Vec<&str> = text.split(':').map(str::trim).collect();
        let molecular = parts.get(1) == Some(&"mol");
        if molecular {
            parts.remove(1);
        }
        let (name, types, charge) = match parts[..] {
            [name, types] => (name, types, None),
            [name, types, charge] => (name, types, Some(charge)),
            _ => return refuse("a name and atom types are needed".into()),
        };
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '=') {
            return refuse("the name is empty, or has a blank or '='".into());
        }
        let types = match parse_types(types) {
            Ok(types) => types,
            Err(why) => return refuse(why),
        };
        let charge = match charge.map(|word| (word, word.parse::<f64>())) {
            None => None,
            Some((_, Ok(charge))) if charge.is_finite() => Some(charge),
            Some((word, _)) => return refuse(format!("'{word}' is no charge")),
        };
        Ok(Self { name: name.into(), types, charge, default_charge: None, molecular, optional: false })
    }
}

/// Refuses requests that contradict one another.
///
/// # Errors
/// No ion at all, a name given twice, a type in two species.
pub fn check_requests(requests: &[IonRequest]) -> Result<()> {
    if requests.is_empty() {
        return Err(Error::Species(
            "no ions were named; use --cation TYPES and --anion TYPES, or --ion NAME:TYPES for each species".into(),
        ));
    }
    for (i, a) in requests.iter().enumerate() {
        for b in &requests[..i] {
            if a.name == b.name {
                return Err(Error::Species(format!("two species are called {}; give each its own name", a.name)));
            }
            if let Some(t) = a.types.iter().find(|t| b.types.contains(t)) {
                let message =
                    format!("atom type {t} is given both as {} and as {}; an atom is one ion", b.name, a.name);
                return Err(Error::Species(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<IonRequest> {
        text.parse()
    }

    #[test]
    fn requests_are_read() {
        let lithium = parse("Li:1").unwrap();
        assert_eq!((lithium.name.as_str(), lithium.types, lithium.charge), ("Li", vec![1], None));
        let scaled = parse("Ca : 1,2 : +1.5").unwrap();
        assert_eq!((scaled.types, scaled.charge, scaled.molecular), (vec![1, 2], Some(1.5), false));
        let molecule = parse("TFSI:mol:3,4,5:-1").unwrap();
        assert_eq!((molecule.types, molecule.charge, molecule.molecular), (vec![3, 4, 5], Some(-1.0), true));
    }

    #[test]
    fn what_is_no_ion_is_refused_with_an_example() {
        for (text, what) in [
            ("Li", "a name and atom types"),
            (":1", "name is empty"),
            ("Li:x", "'x' is no atom type"),
            ("Li:0", "'0' is no atom type"),
            ("Li:1:plus", "'plus' is no charge"),
            ("Li:1:nan", "'nan' is no charge"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(what) && message.contains("NAME:TYPES[:CHARGE]"), "{text}: {message}");
        }
        let check = |texts: &[&str]| {
            check_requests(&texts.iter().map(|t| parse(t).unwrap()).collect::<Vec<_>>()).unwrap_err().to_string()
        };
        assert!(check(&[]).contains("no ions were named"));
        assert!(check(&["a:1", "a:2"]).contains("called a"));
        assert!(check(&["a:1", "b:2,1"]).contains("atom type 1 is given both as a and as b"));
    }
}
