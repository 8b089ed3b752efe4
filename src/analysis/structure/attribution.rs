//! What each neighbour does to an ion's local conductivity.

use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;

use super::field_of;
use super::left_out::LeftOut;
use super::sample::{SampleBlocks, draw, random_of};
use crate::analysis::blocks::Told;
use crate::descriptor::Environment;
use crate::local::{Environments, LocalModel};
use crate::model::Conditions;
use crate::{Error, Result};

/// Neighbours alike and unlike.
const CLASSES: usize = 2;
/// Numbers of a class in a bin: neighbours, removal, its square and attribution.
const PER_BIN: usize = 4;
/// The same in a shell: neighbours, removal and attribution.
const PER_SHELL: usize = 3;
/// Numbers besides: centers, neighbours, and first and second moments of attribution and removal.
const GLOBAL: usize = 7;

/// Share of the change by a neighbour by which features are moved either way.
///
/// What float32 loses grows with the inverse of the step, and larger steps miss the derivative: networks that take the root of
/// features bend where a feature changes its sign. Here both errors are small: on the models of `examples` and three of its
/// electrolytes, half and twice the step change means by less than 0.4 %, slopes by less than 2 % and single neighbours by at
/// most 6 % of their root mean square.
const STEP: f64 = 1.0 / 2048.0;

/// What is asked of how many ions.
#[derive(Clone, Debug)]
pub struct AttributionSettings {
    /// Distance up to which neighbours are looked at, in length units; at most the descriptor's reach.
    pub radius: f64,
    /// Bins up to there.
    pub n_bins: usize,
    /// Ions drawn from each frame.
    pub n_centers: usize,
    /// Outer radii of shells, ascending; the first begins at the ion, each other where the one before ends.
    pub shells: Vec<f64>,
    pub seed: u64,
}

/// Gathers what neighbours do to the local conductivity of ions drawn by chance.
///
/// By removal, neighbour j of ion i does `lambda_i - lambda_i(without j)`: below zero, it makes the ion conduct less. By
/// attribution it does `grad lambda_i . (p_i - p_i(without j))`, with `p` the features: its part in the change of features,
/// to first order. Where the two agree, neighbours act one by one; where they do not, what one does depends on others.
pub struct Attribution<'a> {
    local: &'a LocalModel,
    settings: AttributionSettings,
    blocks: SampleBlocks,
}

/// What neighbours do, over all frames; in the model's unit.
///
/// Errors come from the scatter of frames, for fewer than four from that of groups of ions, which does not know how frames
/// differ. What no neighbour tells is absent.
#[derive(Clone, Debug, Serialize)]
pub struct AttributionSummary {
    /// Middles of the bins.
    pub r: Vec<f64>,
    pub like: EffectCurves,
    pub unlike: EffectCurves,
    /// Correlation (Pearson's) of attribution with removal, over all neighbours of all ions drawn.
    pub correlation: Told,
    /// Slope of the line of least squares of removal over attribution: 1 where neighbours act one by one.
    pub slope: Told,
    pub shells: Vec<ShellEffects>,
    pub n_frames: usize,
    /// Ions drawn, in all frames.
    pub n_centers: usize,
    /// Their neighbours.
    pub n_neighbors: usize,
}

/// What one neighbour of a class does, by its distance.
#[derive(Clone, Debug, Serialize)]
pub struct EffectCurves {
    /// Neighbours in each bin, in all.
    pub n_neighbors: Vec<usize>,
    /// Mean removal effect.
    pub removal: Vec<Told>,
    /// Standard deviation over neighbours of the removal effect.
    pub deviation: Vec<Told>,
    /// Mean attribution.
    pub attribution: Vec<Told>,
}

/// What all neighbours in a shell do to an ion together.
#[derive(Clone, Debug, Serialize)]
pub struct ShellEffects {
    /// Distances from the ion that the shell lies between.
    pub from: f64,
    pub to: f64,
    pub like: ShellEffect,
    pub unlike: ShellEffect,
}

/// Sums over the neighbours of a class in a shell, mean over ions.
#[derive(Clone, Debug, Serialize)]
pub struct ShellEffect {
    pub n_neighbors: Told,
    /// Sum of their removal effects, each removed alone.
    pub removal: Told,
    /// Sum of their attributions.
    pub attribution: Told,
}

/// One neighbour.
struct Effect {
    class: usize,
    r: f64,
    removal: f64,
    attribution: f64,
}

impl<'a> Attribution<'a> {
    /// Nothing gathered yet.
    ///
    /// # Errors
    /// A radius beyond the descriptor's reach, no bins, or shells that are not in order or lie beyond the radius.
    pub fn new(local: &'a LocalModel, settings: AttributionSettings) -> Result<Self> {
        let AttributionSettings { radius, n_bins, n_centers, shells, .. } = &settings;
        let reach = local.descriptor().reach();
        if !(*radius > 0.0 && *radius <= reach) {
            return Err(Error::Input(format!(
                "neighbours up to {radius:?} were asked for; the model sees them up to {reach:.3}, so give a distance up to that"
            )));
        }
        if *n_bins == 0 || *n_centers == 0 {
            return Err(Error::Input("attribution needs at least one bin, and one ion of each frame".into()));
        }
        let edges: Vec<f64> = [0.0].iter().chain(shells).copied().collect();
        if !edges.windows(2).all(|edge| edge[0] < edge[1] && edge[1] <= *radius) {
            return Err(Error::Input(format!("shells {shells:?} must ascend from above 0 to at most {radius:?}")));
        }
        let width = GLOBAL + CLASSES * (PER_BIN * n_bins + PER_SHELL * shells.len());
        Ok(Self { local, settings, blocks: SampleBlocks::new(width) })
    }

    /// Adds a frame, of which ions are drawn; in rayon's current thread pool, with results that do not depend on its size.
    ///
    /// # Errors
    /// As [`crate::model::Model::predict`].
    pub fn add(&mut self, environments: &impl Environments) -> Result<()> {
        let AttributionSettings { n_centers, seed, .. } = self.settings;
        let mut random = random_of(seed, self.blocks.n_frames() as u64);
        let drawn = draw(&mut random, environments.len(), n_centers);
        let effects: Vec<Vec<Effect>> =
            drawn.into_par_iter().map(|center| self.effects(environments, center)).collect::<Result<_>>()?;
        let Self { settings, blocks, .. } = self;
        blocks.add(&effects, |effects, sums| add(settings, effects, sums));
        Ok(())
    }

    fn effects(&self, environments: &impl Environments, center: usize) -> Result<Vec<Effect>> {
        let descriptor = self.local.descriptor();
        let mut full = Environment::new(descriptor.n_channels());
        environments.gather(center, &mut full);
        let changed = LeftOut::new(full, environments.species(center), self.settings.radius);
        let shape = (changed.len(), descriptor.n_features());
        let mut features = Array2::zeros(shape);
        // An array that was just made is in order.
        self.local.features(&changed, &Conditions::default(), features.as_slice_mut().unwrap_or_default())?;
        let n = changed.neighbors.len();
        let whole = features.row(n).to_owned();
        let moved = |step: f64| {
            let mut rows = Array2::zeros((n, shape.1));
            for (mut row, without) in rows.rows_mut().into_iter().zip(features.rows()) {
                let values = whole.iter().zip(without).map(|(whole, without)| whole + step * (whole - without));
                row.iter_mut().zip(values).for_each(|(to, value)| *to = value as f32);
            }
            field_of(self.local, rows.view())
        };
        let (up, down) = (moved(STEP)?, moved(-STEP)?);
        let lambda = field_of(self.local, features.mapv(|v| v as f32).view())?;
        let effect = |(j, &(class, _, r)): (usize, &(usize, usize, f64))| Effect {
            class,
            r,
            removal: lambda[n] - lambda[j],
            attribution: (up[j] - down[j]) / (2.0 * STEP),
        };
        Ok(changed.neighbors.iter().enumerate().map(effect).collect())
    }

    /// The curves of all frames.
    pub fn summary(&self) -> AttributionSummary {
        let AttributionSettings { radius, n_bins, shells, .. } = &self.settings;
        let total = self.blocks.total();
        let width = radius / *n_bins as f64;
        let line = self.blocks.with_errors(&|s| {
            let (n, x, y) = (s[1], s[2] / s[1], s[3] / s[1]);
            let (xx, yy, xy) = (s[4] / n - x * x, s[5] / n - y * y, s[6] / n - x * y);
            vec![xy / (xx * yy).sqrt(), xy / xx]
        });
        let edges: Vec<f64> = [0.0].iter().chain(shells).copied().collect();
        let of_shell = |(shell, edge): (usize, &[f64])| ShellEffects {
            from: edge[0],
            to: edge[1],
            like: self.shell(0, shell),
            unlike: self.shell(1, shell),
        };
        AttributionSummary {
            r: (0..*n_bins).map(|bin| (bin as f64 + 0.5) * width).collect(),
            like: self.curves(0, &total),
            unlike: self.curves(1, &total),
            correlation: line[0],
            slope: line[1],
            shells: edges.windows(2).enumerate().map(of_shell).collect(),
            n_frames: self.blocks.n_frames(),
            n_centers: total[0] as usize,
            n_neighbors: total[1] as usize,
        }
    }

    fn curves(&self, class: usize, total: &[f64]) -> EffectCurves {
        let settings = &self.settings;
        let points = |of: &dyn Fn(&[f64]) -> f64| {
            let of_bin = |s: &[f64], bin| of(&s[place_of_bin(settings, class, bin)..][..PER_BIN]);
            self.blocks.with_errors(&|s| (0..settings.n_bins).map(|bin| of_bin(s, bin)).collect())
        };
        EffectCurves {
            n_neighbors: (0..settings.n_bins).map(|bin| total[place_of_bin(settings, class, bin)] as usize).collect(),
            removal: points(&|s| s[1] / s[0]),
            deviation: points(&|s| (s[2] / s[0] - (s[1] / s[0]).powi(2)).clamp(0.0, f64::INFINITY).sqrt()),
            attribution: points(&|s| s[3] / s[0]),
        }
    }

    fn shell(&self, class: usize, shell: usize) -> ShellEffect {
        let at = place_of_shell(&self.settings, class, shell);
        let means = self.blocks.with_errors(&|s| s[at..at + PER_SHELL].iter().map(|sum| sum / s[0]).collect());
        ShellEffect { n_neighbors: means[0], removal: means[1], attribution: means[2] }
    }
}

fn place_of_bin(settings: &AttributionSettings, class: usize, bin: usize) -> usize {
    GLOBAL + (class * settings.n_bins + bin) * PER_BIN
}

fn place_of_shell(settings: &AttributionSettings, class: usize, shell: usize) -> usize {
    place_of_bin(settings, CLASSES, 0) + (class * settings.shells.len() + shell) * PER_SHELL
}

/// Adds an ion's neighbours to the sums.
fn add(settings: &AttributionSettings, effects: &[Effect], sums: &mut [f64]) {
    let mut add = |at: usize, values: &[f64]| sums[at..].iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
    add(0, &[1.0]);
    for &Effect { class, r, removal, attribution } in effects {
        add(1, &[1.0, attribution, removal, attribution.powi(2), removal.powi(2), attribution * removal]);
        let bin = ((r / settings.radius * settings.n_bins as f64) as usize).min(settings.n_bins - 1);
        add(place_of_bin(settings, class, bin), &[1.0, removal, removal.powi(2), attribution]);
        if let Some(shell) = settings.shells.iter().position(|&outer| r <= outer) {
            add(place_of_shell(settings, class, shell), &[1.0, removal, attribution]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Scattered, linear, parameters, small_descriptor, weight};
    use super::*;
    use ndarray::ArrayView1;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn dot(weights: &[f32], row: ArrayView1<f64>) -> f64 {
        row.iter().zip(weights).map(|(x, &w)| x * f64::from(w)).sum()
    }

    fn settings() -> AttributionSettings {
        AttributionSettings { radius: 1.5, n_bins: 5, n_centers: 20, shells: vec![0.8, 1.5], seed: 3 }
    }

    fn gather(local: &LocalModel, n_frames: u64) -> AttributionSummary {
        let mut all = Attribution::new(local, settings()).unwrap();
        for frame in 0..n_frames {
            all.add(&Scattered::new(&mut ChaCha8Rng::seed_from_u64(frame), 50)).unwrap();
        }
        all.summary()
    }

    #[test]
    fn of_a_linear_model_attribution_is_removal_and_removal_is_the_change_of_features() {
        let descriptor = small_descriptor();
        let local = linear(&descriptor, weight);
        let found = gather(&local, 1);
        assert_eq!((found.n_frames, found.n_centers, found.n_neighbors), (1, 20, 200));
        assert!((found.correlation.0.unwrap() - 1.0).abs() < 1e-5 && (found.slope.0.unwrap() - 1.0).abs() < 1e-3);
        // One ion by hand.
        let scattered = Scattered::new(&mut ChaCha8Rng::seed_from_u64(8), 1);
        let effects = Attribution::new(&local, settings()).unwrap().effects(&scattered, 0).unwrap();
        let changed = LeftOut::new(scattered.0[0].clone(), 0, 1.5);
        let mut features = Array2::zeros((11, parameters(&descriptor).n_features(2)));
        local.features(&changed, &Conditions::default(), features.as_slice_mut().unwrap()).unwrap();
        let weights: Vec<f32> = (0..features.ncols()).map(weight).collect();
        let scale = dot(&weights, features.row(10)).abs().max(1.0);
        for (j, effect) in effects.iter().enumerate() {
            let exact = dot(&weights, features.row(10)) - dot(&weights, features.row(j));
            assert!((effect.removal - exact).abs() < 1e-5 * scale, "{} {exact}", effect.removal);
            // Single precision, over twice the step.
            assert!((effect.attribution - exact).abs() < 5e-4 * scale, "{} {exact}", effect.attribution);
        }
    }

    #[test]
    fn neighbors_in_a_channel_that_the_model_ignores_do_nothing() {
        let descriptor = small_descriptor();
        let like = parameters(&descriptor).feature(2, [0, 1], 0, [0, 0]).unwrap();
        let found = gather(&linear(&descriptor, |i| if i < like { weight(i) } else { 0.0 }), 5);
        let nothing = |points: &[Told]| points.iter().all(|p| p.0.is_none_or(|v| v == 0.0));
        assert!(nothing(&found.unlike.removal) && nothing(&found.unlike.attribution));
        assert!(!nothing(&found.like.removal) && !nothing(&found.like.attribution));
        let shell = &found.shells[1].unlike;
        assert!(shell.n_neighbors.0.unwrap() > 1.0 && shell.removal.0 == Some(0.0));
    }

    #[test]
    fn shells_add_up_to_the_curves() {
        let found = gather(&linear(&small_descriptor(), weight), 6);
        for (curves, of_shell) in [(&found.like, 0), (&found.unlike, 1)] {
            let effect = |shell: &ShellEffects| if of_shell == 0 { shell.like.clone() } else { shell.unlike.clone() };
            let neighbors: f64 = found.shells.iter().map(|s| effect(s).n_neighbors.0.unwrap()).sum();
            assert!((neighbors - 5.0).abs() < 1e-12);
            let shells: f64 = found.shells.iter().map(|s| effect(s).removal.0.unwrap()).sum();
            let all = curves.n_neighbors.iter().zip(&curves.removal).map(|(&n, p)| n as f64 * p.0.unwrap_or(0.0));
            assert!((shells - all.sum::<f64>() / 120.0).abs() < 1e-9);
            assert!(curves.removal.iter().filter(|p| p.0.is_some()).all(|p| p.1.is_some()));
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let local = linear(&small_descriptor(), weight);
        let by = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            serde_json::to_string(&pool.install(|| gather(&local, 3))).unwrap()
        };
        assert_eq!(by(1), by(3));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let local = linear(&small_descriptor(), weight);
        let message = |change: fn(&mut AttributionSettings)| {
            let mut settings = settings();
            change(&mut settings);
            Attribution::new(&local, settings).err().expect("refused").to_string()
        };
        assert!(message(|s| s.radius = 2.0).contains("sees them up to 1.500"));
        assert!(message(|s| s.n_bins = 0).contains("at least one bin"));
        assert!(message(|s| s.shells = vec![1.0, 0.5]).contains("must ascend"));
        assert!(message(|s| s.shells = vec![1.6]).contains("at most 1.5"));
    }
}
