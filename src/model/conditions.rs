//! What a model takes beside the structure.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Something that is the same for all ions of a configuration, and not in its structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// In kelvin, or reduced in `lj` units.
    Temperature,
}

/// Values of the conditions, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    pub temperature: Option<f64>,
}

impl Conditions {
    /// What a model takes of them, in its order.
    ///
    /// # Errors
    /// A condition that is not known, or not a number above zero, or beyond float32.
    pub fn values(&self, taken: &[Condition]) -> Result<Vec<f64>> {
        let value = |condition: &Condition| {
            let (name, value) = match condition {
                Condition::Temperature => ("temperature", self.temperature),
            };
            match value {
                // Models take float32.
                Some(value) if (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&value) => Ok(value),
                Some(value) if value > 0.0 => {
                    Err(Error::Input(format!("the {name} is {value:e}, which is beyond what models take (float32)")))
                }
                Some(value) => Err(Error::Input(format!("the {name} is {value}, and must be above zero"))),
                None => Err(Error::Input(format!(
                    "the model takes the {name} of the system, and it is not given: for dumps by --{name}, in a data set by \
                     {name} of each system"
                ))),
            }
        };
        taken.iter().map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_are_not_known_are_asked_for() {
        let values = |temperature| Conditions { temperature }.values(&[Condition::Temperature]);
        assert_eq!(values(Some(300.0)).unwrap(), [300.0]);
        let missing = values(None).unwrap_err().to_string();
        assert!(
            missing.ends_with("not given: for dumps by --temperature, in a data set by temperature of each system")
        );
        assert!(values(Some(-1.0)).unwrap_err().to_string().contains("above zero"));
        for beyond in [1e-300, 1e39, f64::INFINITY] {
            assert!(values(Some(beyond)).unwrap_err().to_string().contains("beyond what models take"));
        }
        assert!(values(Some(f64::NAN)).unwrap_err().to_string().contains("is NaN, and must be above zero"));
        assert!(Conditions::default().values(&[]).unwrap().is_empty());
    }
}
