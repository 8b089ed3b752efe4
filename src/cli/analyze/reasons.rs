//! Why a model gives ions the field that it does, on a sample of frames and ions.

use ionscape::analysis::{
    Attribution, AttributionSettings, AttributionSummary, EnvironmentOverlap, OverlapSettings, OverlapSummary,
    PartialDependence, PartialDependenceSettings, PartialDependenceSummary,
};
use ionscape::cautions::Cautions;
use ionscape::configuration::environments_for;
use ionscape::local::PeriodicEnvironments;
use ionscape::trajectory::Frame;
use serde::Serialize;

use super::source::Predictor;

/// Frames that are looked at, evenly spaced over the run: of a run by itself, and of each system of many.
pub const FRAMES: usize = 24;
pub const FRAMES_OF_MANY: usize = 4;
/// Neighbours of all sampled ions of a frame together, each of which asks the model three times.
const NEIGHBORS: f64 = 1200.0;
/// Ions of a frame whose features are set.
const ROWS: usize = 64;
/// Pairs of each class in a bin of a frame.
const PAIRS: usize = 40;
const BINS: usize = 24;

/// What a model goes by.
#[derive(Serialize)]
pub struct Reasons {
    /// What neighbours do to an ion's local conductivity, by their distance.
    pub attribution: AttributionSummary,
    /// How the mean goes with the density of neighbours in each radial function.
    pub partial_dependence: PartialDependenceSummary,
    /// How much of the spatial correlation comes of shared neighbours alone; absent for a single frame.
    pub overlap: Option<OverlapSummary>,
}

/// Gathers them.
pub struct ReasonsOf<'a> {
    predictor: &'a Predictor<'a>,
    /// The dumps' length unit in the model's.
    length: f64,
    /// Every so many frames.
    stride: usize,
    attribution: Attribution<'a>,
    partial_dependence: PartialDependence<'a>,
    overlap: EnvironmentOverlap<'a>,
    /// The sampled frame before, whose ions are independent of this one's.
    before: Option<PeriodicEnvironments<'a>>,
    pairs: bool,
}

impl<'a> ReasonsOf<'a> {
    /// For a run with so many ions per volume, of which every `stride`-th frame is looked at; pairs up to `radius`, and shells that
    /// begin and end at the distance within which ions belong together, if there is one. All of them are the dumps' lengths, of
    /// which one is `length` of the model's.
    pub fn new(
        predictor: &'a Predictor<'a>,
        length: f64,
        stride: usize,
        density: f64,
        radius: f64,
        distance: Option<f64>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let local = predictor.local;
        let reach = local.descriptor().reach();
        let (density, radius) = (density / length.powi(3), radius * length);
        let distance = distance.map(|d| d * length);
        let neighbors = 4.0 / 3.0 * std::f64::consts::PI * reach.powi(3) * density;
        let inner = distance.filter(|d| *d < 0.9 * reach).unwrap_or(0.3 * reach);
        let settings = AttributionSettings {
            radius: reach,
            n_bins: BINS,
            n_centers: ((NEIGHBORS / neighbors.max(1.0)).round() as usize).clamp(4, 200),
            shells: vec![inner, 0.5 * (inner + reach), reach],
            seed,
        };
        // Farther apart, ions share no neighbours.
        let radius = radius.min(2.0 * reach);
        let pairs = OverlapSettings { radius, n_bins: BINS, shared: reach, pairs_per_bin: PAIRS, seed };
        Ok(Self {
            predictor,
            length,
            stride,
            attribution: Attribution::new(local, settings)?,
            partial_dependence: PartialDependence::new(local, PartialDependenceSettings { n_centers: ROWS, seed })?,
            overlap: EnvironmentOverlap::new(local, pairs)?,
            before: None,
            pairs: false,
        })
    }

    /// Adds a frame, if its number is that of one to look at.
    pub fn add(&mut self, number: usize, frame: &Frame) -> anyhow::Result<()> {
        if !number.is_multiple_of(self.stride) {
            return Ok(());
        }
        let Predictor { local, map, .. } = self.predictor;
        // What is to be said of the frame was said where its field was found.
        let said = Cautions::default();
        let near = environments_for(local, frame, map, local.descriptor().reach(), &said)?;
        self.attribution.add(&near)?;
        self.partial_dependence.add(&near)?;
        let far = environments_for(local, frame, map, self.overlap.reach(), &said)?;
        if let Some(before) = &self.before {
            self.overlap.add(&far, before)?;
            self.pairs = true;
        }
        self.before = Some(far);
        Ok(())
    }

    /// What was found, with the dumps' lengths, as all else that is found of them.
    pub fn summary(&self) -> anyhow::Result<Reasons> {
        let mut attribution = self.attribution.summary();
        let mut partial_dependence = self.partial_dependence.summary()?;
        let mut overlap = self.pairs.then(|| self.overlap.summary());
        let of_dumps = |r: &mut f64| *r /= self.length;
        attribution.r.iter_mut().for_each(of_dumps);
        attribution.shells.iter_mut().flat_map(|shell| [&mut shell.from, &mut shell.to]).for_each(of_dumps);
        partial_dependence.channels.iter_mut().for_each(|channel| of_dumps(&mut channel.distance));
        if let Some(overlap) = &mut overlap {
            overlap.r.iter_mut().chain([&mut overlap.reach, &mut overlap.shared]).for_each(of_dumps);
        }
        Ok(Reasons { attribution, partial_dependence, overlap })
    }
}
