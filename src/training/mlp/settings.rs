//! What a user may set of a network and its training.

use serde::{Deserialize, Serialize};

use crate::model::ensemble::{Activation, Output};
use crate::{Error, Result};

/// Wider layers are refused.
const MOST_UNITS: usize = 1 << 16;

/// Shape and training of one network. Every key has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MlpSettings {
    /// Widths of the hidden layers; none makes a linear model.
    pub hidden: Vec<usize>,
    /// Function behind every hidden layer: `relu` or `softplus`.
    pub activation: Activation,
    /// Function behind the last layer: `linear` or `softplus`.
    pub output: Output,
    /// Adam's step at the start; it falls to one percent of this by half a cosine.
    pub learning_rate: f64,
    /// Steps of the optimiser.
    pub steps: usize,
    /// Environments drawn from each system at each step; 0 takes all of them.
    pub ions_per_system: usize,
    /// Drawn environments whose mean is compared with the label; 0 pools all that were drawn.
    pub group: usize,
    /// Share of each weight (not bias) taken off per step and unit of learning rate, apart from the gradient (AdamW,
    /// arXiv:1711.05101).
    pub weight_decay: f64,
    /// Steps between two looks at the validation systems.
    pub check_every: usize,
    /// Looks without improvement before training stops; 0 never stops early. The best weights are kept in any case.
    pub patience: usize,
    /// Environments of each validation system that a look evaluates, evenly spaced; 0 takes all of them.
    pub validation_ions: usize,
}

impl Default for MlpSettings {
    fn default() -> Self {
        Self {
            hidden: vec![100, 100],
            activation: Activation::Relu,
            output: Output::Linear,
            learning_rate: 1e-3,
            steps: 3000,
            ions_per_system: 128,
            group: 64,
            weight_decay: 0.0,
            check_every: 100,
            patience: 0,
            validation_ions: 4096,
        }
    }
}

impl MlpSettings {
    /// Whether the settings can be trained with.
    ///
    /// # Errors
    /// The first key with a value that makes no sense.
    pub fn check(&self) -> Result<()> {
        let refuse = |key: &str, must: &str| Err(Error::Input(format!("training: {key} {must}")));
        if let Some(i) = self.hidden.iter().position(|&width| width == 0) {
            return refuse("hidden", &format!("gives layer {} no units; each layer needs at least one", i + 1));
        }
        if let Some(width) = self.hidden.iter().find(|&&width| width > MOST_UNITS) {
            return refuse("hidden", &format!("gives a layer {width} units; at most {MOST_UNITS} are trained"));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return refuse("learning_rate", &format!("must be above zero, not {:?}", self.learning_rate));
        }
        if !(0.0..1.0).contains(&(self.weight_decay * self.learning_rate)) || !self.weight_decay.is_finite() {
            return refuse(
                "weight_decay",
                &format!("must be at least zero and below 1 / learning_rate, not {:?}", self.weight_decay),
            );
        }
        if self.steps == 0 {
            return refuse("steps", "must be at least 1");
        }
        if self.check_every == 0 {
            return refuse("check_every", "must be at least 1");
        }
        if self.ions_per_system > 0 && self.group > self.ions_per_system {
            return refuse(
                "group",
                &format!("is {}, more than the {} of ions_per_system", self.group, self.ions_per_system),
            );
        }
        Ok(())
    }

    /// Weights that members share, and those of one.
    pub(in crate::training) fn n_weights(&self, n_inputs: u64) -> [u64; 2] {
        let widths: Vec<u64> = [n_inputs].into_iter().chain(self.hidden.iter().map(|&width| width as u64)).collect();
        [0, widths.windows(2).map(|pair| pair[0] * pair[1]).sum()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_good_and_unknown_keys_are_refused() {
        let settings: MlpSettings = toml::from_str("").unwrap();
        assert_eq!(settings, MlpSettings::default());
        settings.check().unwrap();
        assert!(toml::from_str::<MlpSettings>("stpes = 3").unwrap_err().to_string().contains("stpes"));
        assert_eq!(toml::from_str::<MlpSettings>("output = 'softplus'").unwrap().output, Output::Softplus);
    }

    #[test]
    fn wrong_settings_name_their_key() {
        for (text, key) in [
            ("steps = 0", "steps must be at least 1"),
            ("hidden = [100, 0]", "hidden gives layer 2 no units"),
            ("learning_rate = -1e-3", "learning_rate must be above zero, not -0.001"),
            ("learning_rate = nan", "learning_rate must be above zero, not NaN"),
            ("weight_decay = -1.0", "weight_decay must be at least zero"),
            ("weight_decay = inf", "weight_decay must be at least zero"),
            ("weight_decay = 2000.0", "weight_decay must be at least zero"),
            ("check_every = 0", "check_every must be at least 1"),
            ("group = 200", "group is 200, more than the 128 of ions_per_system"),
        ] {
            let settings: MlpSettings = toml::from_str(text).unwrap();
            let message = settings.check().unwrap_err().to_string();
            assert!(message.contains(key), "{text}: {message}");
        }
    }
}
