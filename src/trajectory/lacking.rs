//! What is said of columns that a dump lacks.

use std::fmt;

use super::attributes::is_attribute;
use super::columns::Quantity;

const WRAPPED: [[&str; 3]; 2] = [["x", "y", "z"], ["xs", "ys", "zs"]];
const WRITTEN: [[&str; 3]; 2] = [["xu", "yu", "zu"], ["xsu", "ysu", "zsu"]];
const FLAGS: [&str; 3] = ["ix", "iy", "iz"];

/// What a dump lacks, and how to have it dumped.
#[derive(Debug)]
pub(super) struct Lack {
    pub(super) what: String,
    cure: String,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.cure)
    }
}

impl Lack {
    /// Of a dump with columns `names`, without those of `quantities` and those called `named`.
    pub(super) fn new(names: &[String], quantities: &[Quantity], named: &[&str]) -> Self {
        let are_wrapped = quantities.contains(&Quantity::Unwrapped) && are_only_wrapped(names);
        let others = quantities.iter().filter(|q| !are_wrapped || **q != Quantity::Unwrapped);
        let mut absent: Vec<&str> = vec![];
        for name in others.flat_map(|q| absent_of(*q, names)).chain(named.iter().copied()) {
            if !absent.contains(&name) {
                absent.push(name);
            }
        }
        let mut what = match absent.len() {
            0 => String::new(),
            1 => format!("there is no column {}", absent[0]),
            _ => format!("there are no columns {}", absent.join(" ")),
        };
        if are_wrapped {
            what += if absent.is_empty() { "" } else { ", and " };
            what += "the coordinates are wrapped into the box and there are no image flags (ix iy iz) to unwrap them; if another \
                     program unwrapped them, name the columns xu yu zu";
            absent.extend(WRITTEN[0]);
        }
        let mut command = String::from("dump 1 all custom 1000 FILE");
        for (i, name) in names.iter().enumerate().filter(|(_, name)| is_attribute(name)) {
            if !names[..i].contains(name) {
                command += &format!(" {name}");
            }
        }
        absent.iter().for_each(|name| command += &format!(" {name}"));
        Self { what, cure: format!("in LAMMPS, add to the dump command: {command}") }
    }

    /// Of a dump that has all under `names` that LAMMPS does not give; `plain` are those that it does.
    pub(super) fn of_names(names: &[&str], plain: &[&str]) -> Self {
        let (names, plain) = (names.join(" "), plain.join(" "));
        Self {
            what: format!("there is no {plain}, which {names} may be"),
            cure: format!(
                "call columns as LAMMPS does without dump_modify colname, in small letters without quotes: {plain}"
            ),
        }
    }
}

/// Whether nothing but image flags, or columns of another kind, makes unwrapped positions of what is there.
fn are_only_wrapped(names: &[String]) -> bool {
    let whole = WRAPPED.iter().any(|three| lacking(three, names).is_empty());
    whole && begun(&WRITTEN, names).is_none() && lacking(&FLAGS, names).len() == 3
}

/// Columns that would complete what is there of a quantity.
fn absent_of(quantity: Quantity, names: &[String]) -> Vec<&'static str> {
    let kinds = [WRAPPED, WRITTEN].concat();
    match quantity {
        Quantity::Positions => begun(&kinds, names).unwrap_or(WRAPPED[0].to_vec()),
        Quantity::Unwrapped => begun(&WRITTEN, names).unwrap_or_else(|| match begun(&WRAPPED, names) {
            Some(wrapped) => [wrapped, lacking(&FLAGS, names)].concat(),
            None => WRITTEN[0].to_vec(),
        }),
        _ => quantity.names().split(' ').filter(|name| !has(names, name)).collect(),
    }
}

/// What the kind of coordinates lacks of which the most columns are there; none where there is no column of any.
fn begun(kinds: &[[&'static str; 3]], names: &[String]) -> Option<Vec<&'static str>> {
    let lacking = kinds.iter().map(|three| lacking(three, names));
    lacking.filter(|absent| absent.len() < 3).min_by_key(Vec::len)
}

fn lacking(three: &[&'static str; 3], names: &[String]) -> Vec<&'static str> {
    three.iter().copied().filter(|name| !has(names, name)).collect()
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|there| there == name)
}
