//! How the mean local conductivity goes with the density of neighbours at each distance, as the descriptor holds it.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

use super::field_of;
use super::sample::{SampleBlocks, draw, random_of};
use crate::analysis::blocks::Told;
use crate::descriptor::{Environment, PowerSpectrum};
use crate::local::{Environments, LocalModel};
use crate::model::Conditions;
use crate::{Error, Result};

/// Environments that are kept at most: 8 MiB in the setting of the paper.
const MOST: usize = 4096;
/// Shares of the sample that quantiles leave below.
const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// Distances, up to the reach, among which that of a radial function is looked for.
const GRID: usize = 1000;
/// Environments that a thread asks the model of at once.
const CHUNK: usize = 256;

/// How many ions are asked of.
#[derive(Clone, Copy, Debug)]
pub struct PartialDependenceSettings {
    /// Ions drawn from each frame.
    pub n_centers: usize,
    pub seed: u64,
}

/// Gathers the features of ions drawn by chance, for the partial dependence of the model on single ones.
///
/// The partial dependence on feature s at value v is `<f(v, x_rest)>`, the mean of the model's output over the sample with that
/// feature set to v in all of it, whatever the others are (J. H. Friedman, Ann. Stat. 29, 1189 (2001)). Features that go
/// together in the sample are torn apart, so it tells what the model goes by, not what a change in the liquid would do.
pub struct PartialDependence<'a> {
    local: &'a LocalModel,
    settings: PartialDependenceSettings,
    /// Of every `stride`-th frame, `[n_centers, n_features]`.
    frames: Vec<Array2<f32>>,
    stride: u64,
    n_frames: u64,
}

/// The dependence on each radial channel.
///
/// Errors come from the scatter of frames, for fewer than four from that of groups of ions, which does not know how frames
/// differ; quantiles are taken as they are.
#[derive(Clone, Debug, Serialize)]
pub struct PartialDependenceSummary {
    /// Frames and ions that the sample consists of, after long runs were thinned.
    pub n_frames: usize,
    pub n_centers: usize,
    /// Mean local conductivity of the sample as it is, in the model's unit.
    pub mean: Told,
    /// Share of the sample below each quantile.
    pub shares: [f64; 5],
    /// Like neighbours by radial function, then unlike ones.
    pub channels: Vec<RadialDependence>,
}

/// The dependence on `p_nn` of degree 0 of like or unlike neighbours: the squared density of neighbours in radial function n,
/// averaged over all directions.
#[derive(Clone, Debug, Serialize)]
pub struct RadialDependence {
    /// Whether of like neighbours.
    pub like: bool,
    /// Number of the radial function, from 1.
    pub n: usize,
    /// Place of the feature among all, from 0.
    pub feature: usize,
    /// Distance of the shell of neighbours, spread evenly, that moves the radial function's coefficient the most: where
    /// `r^2 |g_n(r)|` is largest. Functions that were made orthogonal have further maxima.
    pub distance: f64,
    /// Quantiles of the feature in the sample.
    pub values: [f64; 5],
    /// Mean of the model's output with the feature at each quantile, in the model's unit.
    pub outputs: Vec<Told>,
    /// Last output less the first, whose error is smaller than theirs since the same ions are in both.
    pub change: Told,
    /// Root mean square of the change of the output when the feature is shuffled among the ions of the sample (L. Breiman,
    /// Machine Learning 45, 5 (2001), of outputs instead of losses).
    pub importance: Told,
}

/// A diagonal feature of degree 0.
struct Radial {
    channel: usize,
    n: usize,
    feature: usize,
}

impl<'a> PartialDependence<'a> {
    /// Nothing gathered yet.
    ///
    /// # Errors
    /// No ions to draw.
    pub fn new(local: &'a LocalModel, settings: PartialDependenceSettings) -> Result<Self> {
        if settings.n_centers == 0 {
            return Err(Error::Input("partial dependence needs at least one ion of each frame".into()));
        }
        Ok(Self { local, settings, frames: vec![], stride: 1, n_frames: 0 })
    }

    /// Adds a frame, of which ions are drawn; in rayon's current thread pool, with results that do not depend on its size.
    ///
    /// Memory does not grow with the number of frames: of long runs, every second, fourth, ... frame is kept.
    ///
    /// # Errors
    /// As [`LocalModel::features`].
    pub fn add(&mut self, environments: &impl Environments) -> Result<()> {
        let frame = self.n_frames;
        self.n_frames += 1;
        if !frame.is_multiple_of(self.stride) || environments.is_empty() {
            return Ok(());
        }
        let PartialDependenceSettings { n_centers, seed } = self.settings;
        let drawn = draw(&mut random_of(seed, frame), environments.len(), n_centers.min(MOST / 2));
        let mut features = Array2::zeros((drawn.len(), self.local.descriptor().n_features()));
        let chosen = Chosen { environments, centers: &drawn };
        // An array that was just made is in order.
        self.local.features(&chosen, &Conditions::default(), features.as_slice_mut().unwrap_or_default())?;
        self.frames.push(features.mapv(|v| v as f32));
        if self.frames.iter().map(|frame| frame.nrows()).sum::<usize>() > MOST {
            let mut place = 0;
            self.frames.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
        }
        Ok(())
    }

    /// The dependence over the ions of all frames kept.
    ///
    /// # Errors
    /// No ion; as [`crate::model::Model::predict`].
    pub fn summary(&self) -> Result<PartialDependenceSummary> {
        let views: Vec<ArrayView2<f32>> = self.frames.iter().map(|frame| frame.view()).collect();
        let rows = concatenate(Axis(0), &views)
            .map_err(|_| Error::Input("there is no ion to tell the partial dependence of".into()))?;
        let radials = radials(self.local.descriptor());
        let base = self.field(&rows, None)?;
        let n_values = SHARES.len();
        // Of each ion: its output, and for each radial channel outputs at quantiles and the squared change by shuffling.
        let mut columns = vec![base.clone()];
        let mut values = vec![];
        for (k, radial) in radials.iter().enumerate() {
            let own: Vec<f32> = rows.column(radial.feature).to_vec();
            let quantiles = quantiles(&own);
            for &value in &quantiles {
                columns.push(self.field(&rows, Some((radial.feature, &vec![value; own.len()])))?);
            }
            let mut shuffled = own;
            shuffled.shuffle(&mut random_of(self.settings.seed, u64::MAX - k as u64));
            let moved = self.field(&rows, Some((radial.feature, &shuffled)))?;
            columns.push(base.iter().zip(moved).map(|(a, b)| (a - b).powi(2)).collect());
            values.push(quantiles.map(f64::from));
        }
        let mut blocks = SampleBlocks::new(1 + columns.len());
        let mut first = 0;
        for frame in &self.frames {
            let centers: Vec<usize> = (first..first + frame.nrows()).collect();
            blocks.add(&centers, |&center, sums| {
                sums[0] += 1.0;
                sums[1..].iter_mut().zip(&columns).for_each(|(sum, column)| *sum += column[center]);
            });
            first += frame.nrows();
        }
        let means = |at: usize, n: usize| blocks.with_errors(&|s| s[at..at + n].iter().map(|sum| sum / s[0]).collect());
        let one = |of: &dyn Fn(&[f64]) -> f64| blocks.with_errors(&|s| vec![of(s)])[0];
        let stride = n_values + 1;
        let of_radial = |(k, radial): (usize, &Radial)| {
            let at = 2 + k * stride;
            RadialDependence {
                like: radial.channel == 0,
                n: radial.n + 1,
                feature: radial.feature,
                distance: distance(self.local.descriptor(), radial.n),
                values: values[k],
                outputs: means(at, n_values),
                change: one(&|s| (s[at + n_values - 1] - s[at]) / s[0]),
                importance: one(&|s| (s[at + n_values] / s[0]).sqrt()),
            }
        };
        Ok(PartialDependenceSummary {
            n_frames: self.frames.len(),
            n_centers: rows.nrows(),
            mean: means(1, 1)[0],
            shares: SHARES,
            channels: radials.iter().enumerate().map(of_radial).collect(),
        })
    }

    /// Output for each environment, with one feature replaced.
    fn field(&self, rows: &Array2<f32>, replaced: Option<(usize, &[f32])>) -> Result<Vec<f64>> {
        let chunks: Vec<usize> = (0..rows.nrows()).step_by(CHUNK).collect();
        let of_chunk = |first: usize| {
            let range = first..(first + CHUNK).min(rows.nrows());
            let mut rows = rows.slice_axis(Axis(0), range.clone().into()).to_owned();
            if let Some((feature, values)) = replaced {
                rows.column_mut(feature).iter_mut().zip(&values[range]).for_each(|(to, &value)| *to = value);
            }
            field_of(self.local, rows.view())
        };
        let parts: Vec<Vec<f64>> = chunks.into_par_iter().map(of_chunk).collect::<Result<_>>()?;
        Ok(parts.concat())
    }
}

/// Some of the centers.
struct Chosen<'a, E> {
    environments: &'a E,
    centers: &'a [usize],
}

impl<E: Environments> Environments for Chosen<'_, E> {
    fn len(&self) -> usize {
        self.centers.len()
    }

    fn species(&self, center: usize) -> usize {
        self.environments.species(self.centers[center])
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        self.environments.gather(self.centers[center], environment);
    }
}

fn radials(descriptor: &PowerSpectrum) -> Vec<Radial> {
    let (parameters, n_channels) = (descriptor.parameters(), descriptor.n_channels());
    let of = |channel: usize, n: usize| {
        let feature = parameters.feature(n_channels, [channel; 2], 0, [n; 2])?;
        Some(Radial { channel, n, feature })
    };
    (0..n_channels).flat_map(|channel| (0..parameters.n_max).filter_map(move |n| of(channel, n))).collect()
}

/// Where `r^2 |g_n|` is largest, from the features of a center with a single neighbour in the last channel: of degree 0 they are
/// the square of `g_n`, and the center itself is not among them.
fn distance(descriptor: &PowerSpectrum, n: usize) -> f64 {
    let n_channels = descriptor.n_channels();
    let Some(feature) = descriptor.parameters().feature(n_channels, [n_channels - 1; 2], 0, [n; 2]) else {
        return 0.0;
    };
    let (mut workspace, mut row) = (descriptor.workspace(), vec![0.0; descriptor.n_features()]);
    let mut environment = Environment::new(n_channels);
    let mut weight = |r: f64| {
        environment.clear();
        environment.push(n_channels - 1, [0.0, 0.0, r]);
        descriptor.compute(&environment, &mut workspace, &mut row);
        r * r * row[feature].sqrt()
    };
    let grid = (1..=GRID).map(|k| descriptor.reach() * k as f64 / GRID as f64);
    grid.map(|r| (r, weight(r))).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(r, _)| r)
}

/// Values below which lie [`SHARES`] of all, straight between neighbours in rank.
fn quantiles(values: &[f32]) -> [f32; 5] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    SHARES.map(|share| {
        let at = share * (sorted.len() - 1) as f64;
        let (below, part) = (sorted[at as usize], at.fract() as f32);
        let above = sorted[(at as usize + 1).min(sorted.len() - 1)];
        below + part * (above - below)
    })
}

#[cfg(test)]
mod tests {
    use super::super::planted::{Scattered, linear, small_descriptor, weight};
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn gather(local: &LocalModel, n_frames: u64, n_centers: usize) -> PartialDependenceSummary {
        let mut all = PartialDependence::new(local, PartialDependenceSettings { n_centers, seed: 5 }).unwrap();
        for frame in 0..n_frames {
            all.add(&Scattered::new(&mut ChaCha8Rng::seed_from_u64(frame), 40)).unwrap();
        }
        all.summary().unwrap()
    }

    #[test]
    fn of_a_linear_model_the_slope_is_the_coefficient() {
        let found = gather(&linear(&small_descriptor(), weight), 6, 30);
        assert_eq!((found.n_frames, found.n_centers, found.channels.len()), (6, 180, 6));
        for channel in &found.channels {
            let coefficient = f64::from(weight(channel.feature));
            let outputs: Vec<f64> = channel.outputs.iter().map(|p| p.0.unwrap()).collect();
            let scale = outputs.iter().fold(1.0f64, |most, v| most.max(v.abs()));
            for k in 1..5 {
                let step = channel.values[k] - channel.values[k - 1];
                let difference = outputs[k] - outputs[k - 1];
                assert!((difference - coefficient * step).abs() < 2e-6 * scale, "{difference} {coefficient} {step}");
            }
            let (change, error) = channel.change;
            assert!((change.unwrap() - (outputs[4] - outputs[0])).abs() < 1e-12);
            // The same for all ions: no scatter but that of float32.
            assert!(error.unwrap() < 1e-6 * scale);
        }
    }

    /// Values of two ions without anything in common differ by twice the variance.
    #[test]
    fn shuffling_a_linear_model_moves_it_by_the_coefficient_times_the_root_of_twice_the_variance() {
        let local = linear(&small_descriptor(), weight);
        let found = gather(&local, 60, 40);
        let mut rows = vec![];
        for frame in 0..60 {
            let scattered = Scattered::new(&mut ChaCha8Rng::seed_from_u64(frame), 40);
            let mut features = vec![0.0; 40 * local.descriptor().n_features()];
            local.features(&scattered, &Conditions::default(), &mut features).unwrap();
            rows.extend(features);
        }
        for channel in &found.channels {
            let own: Vec<f64> =
                rows.iter().skip(channel.feature).step_by(local.descriptor().n_features()).copied().collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            let variance = own.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / own.len() as f64;
            let exact = f64::from(weight(channel.feature)).abs() * (2.0 * variance).sqrt();
            let (value, error) = channel.importance;
            assert!((value.unwrap() - exact).abs() < 4.0 * error.unwrap() + 1e-6, "{value:?} {error:?} {exact}");
        }
    }

    #[test]
    fn radial_functions_have_the_distances_of_their_maxima() {
        // `r sin(pi r / 1.5)` without a weight that falls early has its maximum where tan x = -x, at x = 2.0288.
        let descriptor =
            serde_json::json!({"convention": "compact", "cutoff": 1.5, "n_max": 1, "l_max": 0, "switching": 1e-6});
        let local = linear(&descriptor, weight);
        let found = distance(local.descriptor(), 0);
        assert!((found - 2.0288 / std::f64::consts::PI * 1.5).abs() < 2e-3, "{found}");
    }

    #[test]
    fn long_runs_are_thinned_and_keep_their_span() {
        let local = linear(&small_descriptor(), weight);
        let mut all = PartialDependence::new(&local, PartialDependenceSettings { n_centers: 40, seed: 5 }).unwrap();
        let scattered = Scattered::new(&mut ChaCha8Rng::seed_from_u64(1), 40);
        (0..300).for_each(|_| all.add(&scattered).unwrap());
        let found = all.summary().unwrap();
        assert_eq!((all.stride, found.n_frames, found.n_centers), (4, 75, 3000));
    }

    #[test]
    fn quantiles_lie_straight_between_ranks() {
        let values: Vec<f32> = (0..=10).rev().map(|v| v as f32).collect();
        assert_eq!(quantiles(&values), [0.5, 2.5, 5.0, 7.5, 9.5]);
        assert_eq!(quantiles(&[3.0]), [3.0; 5]);
    }

    #[test]
    fn no_ions_are_refused() {
        let local = linear(&small_descriptor(), weight);
        let none = PartialDependence::new(&local, PartialDependenceSettings { n_centers: 3, seed: 0 }).unwrap();
        assert!(none.summary().unwrap_err().to_string().contains("no ion"));
        assert!(PartialDependence::new(&local, PartialDependenceSettings { n_centers: 0, seed: 0 }).is_err());
    }
}
