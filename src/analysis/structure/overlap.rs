//! How much of the field's correlation in space comes of ions that see the same neighbours.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::sample::random_of;
use crate::analysis::blocks::{Blocks, Told};
use crate::descriptor::Environment;
use crate::local::{Environments, LocalModel, PeriodicEnvironments};
use crate::model::Conditions;
use crate::{Error, Result};

/// Pairs alike and unlike.
const CLASSES: usize = 2;
/// Numbers of a class in a bin: pairs that there are, pairs sampled, and sums over pairs of products with the second ion as it
/// is, with its spliced environment, and of the change of the second ion's departure by splicing.
const PER_BIN: usize = 5;
/// Numbers besides: ions and squared fluctuations.
const GLOBAL: usize = 2;

/// Which pairs are asked of.
#[derive(Clone, Copy, Debug)]
pub struct OverlapSettings {
    /// Largest distance of pairs, in length units.
    pub radius: f64,
    /// Bins up to there.
    pub n_bins: usize,
    /// Distance from the first ion within which neighbours of both count as shared, above zero; the descriptor's reach for all
    /// that both see, next to nothing for the two ions themselves.
    pub shared: f64,
    /// Pairs of a class sampled in each bin of a frame; all where there are no more.
    pub pairs_per_bin: usize,
    pub seed: u64,
}

/// Gathers pairs of ions, and what the second would conduct if it had nothing but shared neighbours in common with the first.
///
/// For a pair i, j the environment of j is spliced: of its neighbours stay those within `shared` of i, and i itself; all
/// farther ones give way to the neighbours, farther than that from the place of i, of an ion j' in an independent
/// configuration, drawn by chance among the ions of j's species. With `d` the departure of an ion's local conductivity from the
/// mean over the ions at that instant,
///
/// `overlap(r) = <d_i (lambda_spliced - m')> / <d^2>` beside `measured(r) = <d_i d_j> / <d^2>`, as in
/// [`crate::analysis::SpatialCorrelation`].
///
/// `m'` is the mean over the ions of j's species in the independent configuration: where i and j share no neighbours the
/// spliced environment is that of j', whose departure from `m'` has the mean zero whatever `d_i` is, so that `overlap` vanishes
/// beyond the reach and `shared` together. With `shared` at the reach, both are the same in a large ideal gas. A finite number
/// of ions lowers `measured` alone: departures from the frame's mean sum to zero. Neighbours shared through different periodic
/// images do not count as shared; there are none where twice the reach is less than the cell.
pub struct EnvironmentOverlap<'a> {
    local: &'a LocalModel,
    settings: OverlapSettings,
    n_frames: u64,
    n_pairs: usize,
    blocks: Blocks,
}

/// Curves over the same distances.
#[derive(Clone, Debug, Serialize)]
pub struct OverlapSummary {
    /// Middles of the bins.
    pub r: Vec<f64>,
    pub like: OverlapCurves,
    pub unlike: OverlapCurves,
    /// Distance up to which ions count as neighbours, and that within which they count as shared: environments overlap up to
    /// the sum of both.
    pub reach: f64,
    pub shared: f64,
    pub n_frames: usize,
    /// Pairs sampled in all.
    pub n_pairs: usize,
}

/// Curves of one class of pairs. Values that no pair tells are absent; so are errors, which come from the scatter of frames, for
/// fewer than four frames.
#[derive(Clone, Debug, Serialize)]
pub struct OverlapCurves {
    /// Pairs sampled in each bin.
    pub n_pairs: Vec<usize>,
    /// Correlation of the sampled pairs.
    pub measured: Vec<Told>,
    /// What shared neighbours alone give.
    pub overlap: Vec<Told>,
    /// `measured - overlap`: what neighbours that are not shared add, by how they are arranged around those that are.
    pub arrangement: Vec<Told>,
    /// Mean change of the second ion's departure from the mean by splicing, in units of `<d^2>^(1/2)`: far from zero, what
    /// is spliced is unlike any surroundings in the liquid, and `overlap` is to be read with care.
    pub shift: Vec<Told>,
}

/// A pair that was drawn.
#[derive(Clone, Copy)]
struct Pair {
    first: usize,
    second: usize,
    /// Second minus first.
    displacement: [f64; 3],
}

/// Pairs drawn from a stream, each as likely as any other (J. S. Vitter, ACM Trans. Math. Softw. 11, 37 (1985), algorithm R).
#[derive(Clone, Default)]
struct Reservoir {
    seen: usize,
    pairs: Vec<Pair>,
}

impl Reservoir {
    fn offer(&mut self, pair: Pair, size: usize, random: &mut ChaCha8Rng) {
        self.seen += 1;
        if self.pairs.len() < size {
            self.pairs.push(pair);
        } else {
            let place = random.random_range(0..self.seen as u64) as usize;
            if place < size {
                self.pairs[place] = pair;
            }
        }
    }
}

/// Ions with their neighbours up to a distance below that at which they were gathered.
struct Within<'a> {
    environments: &'a PeriodicEnvironments<'a>,
    reach: f64,
}

impl Environments for Within<'_> {
    fn len(&self) -> usize {
        self.environments.len()
    }

    fn species(&self, center: usize) -> usize {
        self.environments.species()[center]
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        self.environments.for_each_neighbor(center, |ion, d| {
            if is_within(d, self.reach) {
                environment.push(self.environments.channel(center, ion), d);
            }
        });
    }
}

/// The second ions of pairs, with what is not shared with the first taken from elsewhere.
struct Spliced<'a> {
    shared: f64,
    frame: Within<'a>,
    independent: Within<'a>,
    /// Pairs, and the ion of the independent configuration for each.
    pairs: &'a [(Pair, usize)],
}

impl Environments for Spliced<'_> {
    fn len(&self) -> usize {
        self.pairs.len()
    }

    fn species(&self, center: usize) -> usize {
        self.frame.species(self.pairs[center].0.second)
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        let (pair, other) = self.pairs[center];
        for (source, ion, keep) in [(&self.frame, pair.second, true), (&self.independent, other, false)] {
            source.environments.for_each_neighbor(ion, |neighbor, d| {
                let from_first = std::array::from_fn(|k| d[k] + pair.displacement[k]);
                if is_within(d, source.reach) && is_within(from_first, self.shared) == keep {
                    environment.push(source.environments.channel(ion, neighbor), d);
                }
            });
        }
    }
}

fn is_within(d: [f64; 3], radius: f64) -> bool {
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= radius * radius
}

impl<'a> EnvironmentOverlap<'a> {
    /// Nothing gathered yet.
    ///
    /// # Errors
    /// A radius that is not positive, no bins, no pairs, or a shared distance that is not above zero or is beyond the reach.
    pub fn new(local: &'a LocalModel, settings: OverlapSettings) -> Result<Self> {
        let OverlapSettings { radius, n_bins, shared, pairs_per_bin, .. } = settings;
        if !(radius.is_finite() && radius > 0.0) || n_bins == 0 || pairs_per_bin == 0 {
            return Err(Error::Input(format!(
                "pairs up to {radius:?} in {n_bins} bins, {pairs_per_bin} in each, are none; give numbers above zero"
            )));
        }
        let reach = local.descriptor().reach();
        if !(shared > 0.0 && shared <= reach) {
            return Err(Error::Input(format!(
                "neighbours within {shared} cannot count as shared; give a distance above zero, up to the model's {reach:.3}"
            )));
        }
        let blocks = Blocks::new(GLOBAL + CLASSES * PER_BIN * n_bins);
        Ok(Self { local, settings, n_frames: 0, n_pairs: 0, blocks })
    }

    /// Distance up to which [`Self::add`] needs neighbours: the larger of the radius and the descriptor's reach.
    pub fn reach(&self) -> f64 {
        self.settings.radius.max(self.local.descriptor().reach())
    }

    /// Adds a frame, with an independent configuration of the same electrolyte, such as a frame far from it in time.
    ///
    /// Runs in rayon's current thread pool; results do not depend on its size.
    ///
    /// # Errors
    /// Neighbours that were gathered up to less than [`Self::reach`]; a species of the frame that the independent configuration
    /// lacks; as [`crate::model::Model::predict`].
    pub fn add(&mut self, frame: &PeriodicEnvironments, independent: &PeriodicEnvironments) -> Result<()> {
        let needed = self.reach();
        if let Some(short) = [frame, independent].iter().map(|e| e.reach()).find(|&reach| reach < needed) {
            return Err(Error::Input(format!(
                "neighbours were gathered up to {short} and overlap needs them up to {needed}; gather them up to there"
            )));
        }
        let mut random = random_of(self.settings.seed, self.n_frames);
        let reservoirs = self.pairs(frame, &mut random);
        let lambda = self.lambda(&self.within(frame))?;
        let others = Others::new(independent, &self.lambda(&self.within(independent))?);
        let drawn = reservoirs.iter().flat_map(|reservoir| &reservoir.pairs);
        let pairs: Vec<(Pair, usize)> = drawn
            .map(|&pair| Ok((pair, others.draw(frame.species()[pair.second], &mut random)?)))
            .collect::<Result<_>>()?;
        let spliced = self.lambda(&Spliced {
            shared: self.settings.shared,
            frame: self.within(frame),
            independent: self.within(independent),
            pairs: &pairs,
        })?;

        let mean = lambda.iter().sum::<f64>() / lambda.len() as f64;
        let departure = |ion: usize| lambda[ion] - mean;
        let mut sums = vec![0.0; GLOBAL + CLASSES * PER_BIN * self.settings.n_bins];
        sums[0] = lambda.len() as f64;
        sums[1] = (0..lambda.len()).map(|ion| departure(ion).powi(2)).sum();
        let mut next = pairs.iter().zip(spliced);
        for (reservoir, at) in reservoirs.iter().zip(sums[GLOBAL..].chunks_mut(PER_BIN)) {
            // Frames count by the pairs that they have, as if all had been asked of.
            let weight = reservoir.seen as f64 / reservoir.pairs.len() as f64;
            for (&(pair, _), spliced) in next.by_ref().take(reservoir.pairs.len()) {
                let own = departure(pair.first);
                at[0] += weight;
                at[1] += 1.0;
                at[2] += weight * own * departure(pair.second);
                let apart = spliced - others.mean(frame.species()[pair.second]);
                at[3] += weight * own * apart;
                at[4] += weight * (apart - departure(pair.second));
            }
        }
        self.blocks.add(&sums);
        self.n_frames += 1;
        self.n_pairs += pairs.len();
        Ok(())
    }

    fn within<'b>(&self, environments: &'b PeriodicEnvironments<'b>) -> Within<'b> {
        Within { environments, reach: self.local.descriptor().reach() }
    }

    fn lambda(&self, environments: &impl Environments) -> Result<Vec<f64>> {
        let mut out = vec![[0.0; 3]; environments.len()];
        self.local.evaluate(environments, &Conditions::default(), &mut out)?.complete().map_err(|(_, e)| e)?;
        Ok(out.into_iter().map(|[lambda, ..]| lambda).collect())
    }

    /// Pairs of each class and bin.
    fn pairs(&self, frame: &PeriodicEnvironments, random: &mut ChaCha8Rng) -> Vec<Reservoir> {
        let OverlapSettings { radius, n_bins, pairs_per_bin, .. } = self.settings;
        let mut reservoirs = vec![Reservoir::default(); CLASSES * n_bins];
        for first in 0..frame.len() {
            frame.for_each_neighbor(first, |second, displacement| {
                let r = displacement.iter().map(|x| x * x).sum::<f64>().sqrt();
                if r <= radius {
                    let bin = ((r / radius * n_bins as f64) as usize).min(n_bins - 1);
                    let reservoir = &mut reservoirs[frame.channel(first, second) * n_bins + bin];
                    reservoir.offer(Pair { first, second, displacement }, pairs_per_bin, random);
                }
            });
        }
        reservoirs
    }

    /// The curves of all frames.
    pub fn summary(&self) -> OverlapSummary {
        let OverlapSettings { radius, n_bins, .. } = self.settings;
        let width = radius / n_bins as f64;
        OverlapSummary {
            r: (0..n_bins).map(|bin| (bin as f64 + 0.5) * width).collect(),
            like: self.curves(0),
            unlike: self.curves(1),
            reach: self.local.descriptor().reach(),
            shared: self.settings.shared,
            n_frames: self.n_frames as usize,
            n_pairs: self.n_pairs,
        }
    }

    fn curves(&self, class: usize) -> OverlapCurves {
        let n_bins = self.settings.n_bins;
        let at = |bin: usize, k: usize| GLOBAL + (class * n_bins + bin) * PER_BIN + k;
        let total = self.blocks.total();
        let points = |of: &dyn Fn(f64, &[f64]) -> f64| -> Vec<Told> {
            let of_bin = |s: &[f64], bin| of(s[1] / s[0], &s[at(bin, 0)..][..PER_BIN]);
            self.blocks.told_with_errors(&|s| (0..n_bins).map(|bin| of_bin(s, bin)).collect())
        };
        OverlapCurves {
            n_pairs: (0..n_bins).map(|bin| total[at(bin, 1)] as usize).collect(),
            measured: points(&|variance, s| s[2] / s[0] / variance),
            overlap: points(&|variance, s| s[3] / s[0] / variance),
            arrangement: points(&|variance, s| (s[2] - s[3]) / s[0] / variance),
            shift: points(&|variance, s| s[4] / s[0] / variance.sqrt()),
        }
    }
}

/// The ions of the independent configuration by species, with the mean of their local conductivities.
struct Others(Vec<(Vec<usize>, f64)>);

impl Others {
    fn new(independent: &PeriodicEnvironments, lambda: &[f64]) -> Self {
        let species = independent.species();
        let of_species = |s: usize| {
            let ions: Vec<usize> = (0..species.len()).filter(|&ion| species[ion] == s).collect();
            let mean = ions.iter().map(|&ion| lambda[ion]).sum::<f64>() / ions.len() as f64;
            (ions, mean)
        };
        Self((0..species.iter().max().map_or(0, |most| most + 1)).map(of_species).collect())
    }

    fn draw(&self, species: usize, random: &mut ChaCha8Rng) -> Result<usize> {
        match self.0.get(species) {
            Some((ions, _)) if !ions.is_empty() => Ok(ions[random.random_range(0..ions.len() as u64) as usize]),
            _ => Err(Error::Input(
                "the independent configuration lacks a species of the frame; take it from the same electrolyte".into(),
            )),
        }
    }

    fn mean(&self, species: usize) -> f64 {
        self.0.get(species).map_or(0.0, |(_, mean)| *mean)
    }
}

#[cfg(test)]
mod tests;
