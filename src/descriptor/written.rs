//! The layout of the descriptor's parameters in model files, cards and `train.toml`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::parameters::{Convention, ConventionName, SoapParameters};

/// What stands in the file; each convention has one key of its own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default = "kind")]
    kind: String,
    convention: ConventionName,
    cutoff: f64,
    n_max: usize,
    l_max: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sigma: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    switching: Option<f64>,
}

fn kind() -> String {
    SoapParameters::KIND.into()
}

impl TryFrom<Written> for SoapParameters {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { kind, convention, cutoff, n_max, l_max, sigma, switching } = written;
        if kind != Self::KIND {
            return Err(format!("kind '{kind}' is not known; there is {}", Self::KIND));
        }
        let convention = convention.with(sigma, switching)?;
        Ok(Self { convention, cutoff, n_max, l_max })
    }
}

/// What stands in `train.toml`: any of the keys.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Chosen {
    kind: Option<String>,
    convention: Option<ConventionName>,
    cutoff: Option<f64>,
    n_max: Option<usize>,
    l_max: Option<usize>,
    sigma: Option<f64>,
    switching: Option<f64>,
}

/// Reads parameters of which any may be left out: the default's stand in for them, and in `compact`, which is not the
/// default's convention, weights fall over the whole cutoff.
///
/// # Errors
/// A key that is not known, or is another convention's.
pub(crate) fn completed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SoapParameters, D::Error> {
    let chosen = Chosen::deserialize(deserializer)?;
    let mut written = Written::from(SoapParameters::default());
    let cutoff = chosen.cutoff.unwrap_or(written.cutoff);
    if chosen.convention == Some(ConventionName::Compact) {
        (written.sigma, written.switching) = (None, Some(cutoff));
    }
    let all = Written {
        kind: chosen.kind.unwrap_or(written.kind),
        convention: chosen.convention.unwrap_or(written.convention),
        cutoff,
        n_max: chosen.n_max.unwrap_or(written.n_max),
        l_max: chosen.l_max.unwrap_or(written.l_max),
        sigma: chosen.sigma.or(written.sigma),
        switching: chosen.switching.or(written.switching),
    };
    all.try_into().map_err(D::Error::custom)
}

impl ConventionName {
    /// The convention of this name, from a file's or a command's values.
    ///
    /// # Errors
    /// The key of this convention is missing, or one of another convention is there.
    pub fn with(self, sigma: Option<f64>, switching: Option<f64>) -> Result<Convention, String> {
        match (self, sigma, switching) {
            (Self::DscribeGto, Some(sigma), None) => Ok(Convention::DscribeGto { sigma }),
            (Self::DscribeGto, None, _) => Err("convention dscribe-gto needs sigma, the width of an atom".into()),
            (Self::DscribeGto, _, Some(_)) => {
                Err("convention dscribe-gto has no switching; that belongs to compact".into())
            }
            (Self::Compact, None, Some(switching)) => Ok(Convention::Compact { switching }),
            (Self::Compact, Some(_), _) => Err("convention compact has no sigma; that belongs to dscribe-gto".into()),
            (Self::Compact, None, None) => {
                Err("convention compact needs switching, the width in which its cutoff is switched".into())
            }
        }
    }
}

impl From<SoapParameters> for Written {
    fn from(parameters: SoapParameters) -> Self {
        let SoapParameters { convention, cutoff, n_max, l_max } = parameters;
        let (convention, sigma, switching) = match convention {
            Convention::DscribeGto { sigma } => (ConventionName::DscribeGto, Some(sigma), None),
            Convention::Compact { switching } => (ConventionName::Compact, None, Some(switching)),
        };
        Self { kind: kind(), convention, cutoff, n_max, l_max, sigma, switching }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        serde_json::from_str::<SoapParameters>(text).unwrap_err().to_string()
    }

    #[test]
    fn parameters_are_written_as_they_are_read() {
        for text in [
            r#"{"kind":"soap-power-spectrum","convention":"dscribe-gto","cutoff":5.0,"n_max":6,"l_max":5,"sigma":0.5}"#,
            r#"{"kind":"soap-power-spectrum","convention":"compact","cutoff":5.0,"n_max":6,"l_max":5,"switching":2.0}"#,
        ] {
            let parameters: SoapParameters = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&parameters).unwrap(), text);
            let without_kind = text.replace(r#""kind":"soap-power-spectrum","#, "");
            assert_eq!(serde_json::from_str::<SoapParameters>(&without_kind).unwrap(), parameters);
        }
    }

    #[test]
    fn keys_that_are_left_out_have_the_defaults() {
        #[derive(Debug, Deserialize)]
        struct Table(#[serde(deserialize_with = "completed")] SoapParameters);
        let read = |text: &str| serde_json::from_str::<Table>(text).map(|table| table.0).map_err(|e| e.to_string());
        let default = SoapParameters::default();
        assert_eq!(read("{}").unwrap(), default);
        assert_eq!(read(r#"{"cutoff":4.0}"#).unwrap(), SoapParameters { cutoff: 4.0, ..default.clone() });
        let compact = |switching| Convention::Compact { switching };
        let expected = |switching| SoapParameters { convention: compact(switching), cutoff: 4.0, ..default.clone() };
        assert_eq!(read(r#"{"convention":"compact","cutoff":4.0}"#).unwrap(), expected(4.0));
        assert_eq!(read(r#"{"convention":"compact","cutoff":4.0,"switching":1.0}"#).unwrap(), expected(1.0));
        assert!(read(r#"{"convention":"compact","sigma":1.0}"#).unwrap_err().contains("compact has no sigma"));
        assert!(read(r#"{"switching":1.0}"#).unwrap_err().contains("dscribe-gto has no switching"));
        assert!(read(r#"{"kind":"acsf"}"#).unwrap_err().contains("kind 'acsf' is not known"));
        assert!(read(r#"{"width":1.0}"#).unwrap_err().contains("width"));
    }

    #[test]
    fn keys_of_the_other_convention_are_refused() {
        let text = |convention: &str, rest: &str| {
            refusal(&format!(r#"{{"convention":"{convention}","cutoff":5.0,"n_max":6,"l_max":5{rest}}}"#))
        };
        assert!(text("dscribe-gto", "").contains("dscribe-gto needs sigma"));
        assert!(text("dscribe-gto", r#","sigma":0.5,"switching":1.0"#).contains("dscribe-gto has no switching"));
        assert!(text("compact", "").contains("compact needs switching"));
        assert!(text("compact", r#","sigma":0.5,"switching":1.0"#).contains("compact has no sigma"));
        assert!(text("compact", r#","switching":1.0,"kind":"acsf""#).contains("kind 'acsf' is not known"));
        assert!(text("compact", r#","switching":1.0,"width":1.0"#).contains("width"));
        assert!(text("soap", r#","switching":1.0"#).contains("soap"));
    }
}
