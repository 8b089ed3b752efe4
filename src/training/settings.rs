//! What `train.toml` may say, with its defaults.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::gaussian::{GaussianSettings, check_scales};
use super::input::InputSettings;
use super::mlp::MlpSettings;
use crate::descriptor::{SoapParameters, completed};
use crate::model::Condition;
use crate::species::Channels;
use crate::{Error, Result};

const DEFAULT_FOLDS: usize = 5;

/// Four bytes each, less than the largest model file that is read.
const MOST_WEIGHTS: u64 = 60_000_000;

/// How a model is trained; every key has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainSettings {
    pub kind: ModelKind,
    /// Members of the ensemble.
    pub members: usize,
    /// Parts that the systems are split into for cross-validation, 0 for none; 5, or as many as there are systems, if not
    /// given.
    pub folds: Option<usize>,
    pub seed: u64,
    /// Errors of labels below this share of the label count as this share.
    pub label_floor: f64,
    /// Distance within which unlike ions count as coordinated, for the baselines; 0.3 cutoffs if not given.
    pub coordination_radius: Option<f64>,
    /// How neighbours are sorted: `charge-symmetric`, or `by-species` for ions that differ in more than the sign of their charge.
    pub channels: Channels,
    /// What the model takes beside the structure: `temperature`, where systems differ in it.
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "completed")]
    pub descriptor: SoapParameters,
    pub input: InputSettings,
    pub gaussian_process: GaussianSettings,
    pub mlp: MlpSettings,
    pub local: LocalSettings,
    /// Share of the systems that each network of an `mlp` ensemble is not trained on but stopped by; another share for each.
    pub validation: f64,
}

/// What responses of single ions are for, where a data set has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalSettings {
    /// Whether they are learned from, beside the labels; they are compared with in any case.
    pub learn: bool,
    /// By what the squared error of a response is divided: the smaller, the more the labels count.
    pub weight: f64,
    /// What surroundings within the cutoff leave open of an ion's response, as a standard deviation over the mean.
    pub scatter: f64,
    /// In place of the Gaussian process's own: single ions tell how smooth the field is about them, and it is smoother than
    /// labels alone would have it.
    pub length_scales: Vec<f64>,
    /// The same for the part of the field in the directions in which systems differ.
    pub length_scales_between: Vec<f64>,
}

impl Default for LocalSettings {
    fn default() -> Self {
        Self {
            learn: true,
            weight: 0.1,
            scatter: 0.1,
            length_scales: vec![0.7, 2.0, 6.0, 20.0],
            length_scales_between: vec![0.1, 0.3, 1.0],
        }
    }
}

/// What maps an environment to its conductivity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// A Gaussian process for the local field, observed through its means over systems.
    GaussianProcess,
    /// An ensemble of multilayer perceptrons.
    Mlp,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            kind: ModelKind::GaussianProcess,
            members: 16,
            folds: None,
            seed: 0,
            label_floor: 0.01,
            coordination_radius: None,
            channels: Channels::ChargeSymmetric,
            conditions: vec![],
            descriptor: SoapParameters::default(),
            input: InputSettings::default(),
            gaussian_process: GaussianSettings::default(),
            mlp: MlpSettings::default(),
            local: LocalSettings::default(),
            validation: 0.2,
        }
    }
}

impl TrainSettings {
    /// Reads settings from a file's text; `path` is for messages.
    ///
    /// # Errors
    /// Text that is no TOML, unknown keys, values out of range, with the line or the key.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let refuse = |message: String| Error::Input(format!("{}: {message}", path.display()));
        let settings: Self = toml::from_str(text).map_err(|e| refuse(e.to_string().trim_end().into()))?;
        settings.check().map_err(|e| refuse(e.to_string()))?;
        Ok(settings)
    }

    /// # Errors
    /// A value out of range, by its key.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::Input(message));
        if self.members == 0 || self.members > 1000 {
            return refuse(format!("members = {}: it must be from 1 to 1000", self.members));
        }
        if self.folds == Some(1) {
            return refuse("folds = 1: cross-validation needs at least 2 parts; 0 turns it off".into());
        }
        if !(0.0..1.0).contains(&self.label_floor) {
            return refuse(format!(
                "label_floor = {}: it is a share of the label, from 0 to below 1",
                self.label_floor
            ));
        }
        if !(0.0..0.9).contains(&self.validation) {
            return refuse(format!(
                "validation = {:?}: it is a share of the systems, from 0 to below 0.9",
                self.validation
            ));
        }
        if let Some(radius) = self.coordination_radius.filter(|r| !(r.is_finite() && *r > 0.0)) {
            return refuse(format!("coordination_radius = {radius:?}: it must be above zero"));
        }
        if !(1e-6..=1e6).contains(&self.local.weight) {
            return refuse(format!("local.weight = {:?}: it must be from 1e-6 to 1e6", self.local.weight));
        }
        if !(0.0..=1e3).contains(&self.local.scatter) {
            return refuse(format!("local.scatter = {:?}: it must be from 0 to 1000", self.local.scatter));
        }
        check_scales("local.length_scales", &self.local.length_scales)?;
        check_scales("local.length_scales_between", &self.local.length_scales_between)?;
        self.descriptor.validate()?;
        self.input.check()?;
        self.gaussian_process.check()?;
        self.mlp.check()?;
        let (key, weights) = match self.kind {
            ModelKind::GaussianProcess => {
                ("gaussian_process.features", self.gaussian_process.n_weights(self.n_inputs()))
            }
            ModelKind::Mlp => ("mlp.hidden", self.mlp.n_weights(self.n_inputs())),
        };
        let [shared, of_member] = weights;
        let of_inputs = self.n_inputs() * self.descriptor.n_features(2) as u64;
        let weights = of_inputs + shared + of_member * self.members as u64;
        if weights > MOST_WEIGHTS {
            return refuse(format!(
                "{key}, members and input.components make about {weights} weights, and a model file has room for \
                 {MOST_WEIGHTS}; take fewer"
            ));
        }
        Ok(())
    }

    /// Inputs of the model, about.
    fn n_inputs(&self) -> u64 {
        let n_features = self.descriptor.n_features(2);
        let n = if self.input.components == 0 { n_features } else { self.input.components.min(n_features) };
        n as u64
    }

    /// The number of folds for so many systems.
    pub fn folds(&self, n_systems: usize) -> usize {
        self.folds.unwrap_or(DEFAULT_FOLDS.min(n_systems))
    }

    /// The distance within which unlike ions count as coordinated.
    pub fn coordination_radius(&self) -> f64 {
        self.coordination_radius.unwrap_or(0.3 * self.descriptor.cutoff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_default() {
        let page = include_str!("../../docs/training.md");
        let block = page.split("```toml\nkind = ").nth(1).unwrap().split("```").next().unwrap();
        let shown = TrainSettings::parse(Path::new("training.md"), &format!("kind = {block}")).unwrap();
        assert_eq!(shown, TrainSettings::default());
        let written = toml::to_string(&TrainSettings::default()).unwrap();
        for key in written.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
            assert!(block.contains(&format!("{key} = ")) || key == "kind", "{key} is not on the page");
        }
    }

    #[test]
    fn values_out_of_range_are_named() {
        for (text, message) in [
            ("members = 0", "members = 0"),
            ("folds = 1", "folds = 1"),
            ("label_floor = 1.0", "label_floor = 1"),
            ("validation = 0.95", "validation = 0.95"),
            ("coordination_radius = -1.0", "coordination_radius = -1"),
            ("[input]\nsample = 1", "input.sample = 1"),
            ("[gaussian_process]\nfeatures = 0", "features = 0"),
            ("[gaussian_process]\nfeatures = 5", "features = 5: it must be an even number"),
            (
                "[gaussian_process]\nlength_scales = [1e12]",
                "length_scales: give one or more numbers, from 0.0001 to 10000",
            ),
            ("[local]\nlength_scales_between = [1e-300]", "local.length_scales_between: give one or more"),
            ("[local]\nweight = 1e308", "local.weight = 1e308"),
            ("[input]\ndeviation_floor = 1e300", "input.deviation_floor = 1e300: it must be from 0 to 1e6"),
            ("[input]\nsoftening = 1e-45", "input.softening = 1e-45"),
            (
                "members = 1000\n[gaussian_process]\nfeatures = 65536",
                "gaussian_process.features, members and input.components make about 68859600 weights",
            ),
            ("kind = \"mlp\"\nmembers = 25\n[mlp]\nhidden = [16384, 16384]", "mlp.hidden, members and"),
            ("[mlp]\nhidden = [9223372036854775807]", "hidden gives a layer 9223372036854775807 units"),
            ("[mlp]\nsteps = 0", "steps must be at least 1"),
            ("[mlp]\nstep = 3", "unknown field `step`"),
        ] {
            let error = TrainSettings::parse(Path::new("train.toml"), text).unwrap_err().to_string();
            assert!(error.starts_with("train.toml: ") && error.contains(message), "{text}: {error}");
        }
    }
}
