//! What is asked of a data set beyond its keys.

use super::{Dataset, Paths, System};
use crate::species::check_types;
use crate::units::{UnitStyle, check_measurable};

/// Sizes of labels and of their errors that a model's numbers, which are float32, can be of.
const LABELS: std::ops::RangeInclusive<f64> = 1e-30..=1e30;

/// An error of a label is at most so many times the largest label: more leaves nothing to learn.
const LARGEST_ERROR: f64 = 1e6;

impl Dataset {
    /// The first mistake, with its key or its system.
    pub(super) fn check(&self) -> Result<(), String> {
        self.units.parse::<UnitStyle>().map_err(|e| e.to_string())?;
        self.check_species()?;
        let labels = self.systems.iter().filter_map(|system| system.molar_conductivity).map(f64::abs);
        let largest = labels.fold(0.0, f64::max);
        for (i, system) in self.systems.iter().enumerate() {
            let name = &system.name;
            if name.contains(char::is_control) {
                return Err(format!("system {}: the name {name:?} has control characters; give it another", i + 1));
            }
            let checked = match self.systems[..i].iter().any(|other| other.name == *name) {
                true => Err("the name stands twice; give each system its own".into()),
                false => system.check(largest),
            };
            checked.map_err(|what| format!("system {name}: {what}"))?;
        }
        Ok(())
    }

    /// Checks the tables by species: charges, molecules and atom types.
    fn check_species(&self) -> Result<(), String> {
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
        Ok(())
    }
}

impl System {
    /// Checks all but the name; `largest` is the largest label of all systems in size.
    fn check(&self, largest: f64) -> Result<(), String> {
        self.check_label(largest)?;
        self.check_values()?;
        self.check_local()
    }

    /// Checks the label and its error, each for itself and against the largest label.
    fn check_label(&self, largest: f64) -> Result<(), String> {
        let what = match (self.molar_conductivity, self.molar_conductivity_error) {
            (None, None) if self.trajectory.is_none() && self.local.is_none() => {
                "there is neither molar_conductivity nor a trajectory to compute it from; give one of them"
            }
            (None, Some(_)) => "molar_conductivity_error stands without molar_conductivity",
            (Some(v), _) if !v.is_finite() => "molar_conductivity is not finite",
            (Some(v), _) if v != 0.0 && !LABELS.contains(&v.abs()) => {
                "molar_conductivity must be between 1e-30 and 1e30 in size, for float32 to hold it"
            }
            (_, Some(e)) if !LABELS.contains(&e) => {
                "molar_conductivity_error must be above zero, and between 1e-30 and 1e30"
            }
            (Some(_), Some(e)) if e > LARGEST_ERROR * largest => {
                "molar_conductivity_error is more than a million times the largest label of all"
            }
            _ => return Ok(()),
        };
        Err(what.into())
    }

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
            if let Some(value) = value {
                check_measurable(key, value)?;
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

    /// Checks what goes with responses of single ions.
    fn check_local(&self) -> Result<(), String> {
        let what = match (&self.local, self.local_time, self.local_perturbation.as_deref()) {
            (Some(_), None, _) => "local needs local_time, the response time that is meant",
            (None, Some(_), _) => "local_time stands without local",
            (_, Some(time), _) if !(time > 0.0 && time.is_finite()) => "local_time must be above zero",
            (None, _, Some(_)) => "local_perturbation stands without local",
            (_, _, None | Some("field" | "impulse")) => return Ok(()),
            _ => "local_perturbation must be \"field\" or \"impulse\"",
        };
        Err(what.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TEXT, parse};

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
