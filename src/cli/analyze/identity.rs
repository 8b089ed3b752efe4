//! Whether an id names one ion throughout: converters write row numbers for ids, and rows change places.

use super::ions::Ions;

/// What ions of the first frame are, by their ids.
#[derive(Default)]
pub struct Identity {
    step: i64,
    ids: Vec<i64>,
    types: Vec<i32>,
    charges: Option<Vec<f64>>,
}

impl Identity {
    /// Adds a frame; says which id names another ion than in the first one, if any does.
    pub fn add(&mut self, ions: &Ions) -> Option<String> {
        if self.ids.is_empty() {
            (self.step, self.ids, self.types) = (ions.timestep, ions.ids.clone(), ions.types.clone());
            self.charges = ions.charges.clone();
            return None;
        }
        if self.ids != ions.ids {
            // Other ions are told of by the course itself.
            return None;
        }
        let charges = self.charges.as_ref().zip(ions.charges.as_ref());
        let why = |what: String| {
            format!(
                "{what} at step {}: ids name other atoms from frame to frame, as row numbers in place of ids do; dump LAMMPS's own ids",
                self.step
            )
        };
        (0..self.ids.len()).find_map(|i| {
            let id = self.ids[i];
            if self.types[i] != ions.types[i] {
                return Some(why(format!(
                    "the ion of id {id} is of type {} here, and was of type {}",
                    ions.types[i], self.types[i]
                )));
            }
            let (before, now) = charges.map(|(before, now)| (before[i], now[i]))?;
            (before * now < 0.0)
                .then(|| why(format!("the ion of id {id} has a charge of {now} here, and had {before}")))
        })
    }
}
