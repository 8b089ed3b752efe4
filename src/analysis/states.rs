//! Free ions, pairs and clusters: who belongs together, for how long, and what the field is there.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::blocks::{Blocks, deviation};
use super::lifetimes::BondLifetimes;
use super::parts::Point;
use super::snapshot::FieldSnapshot;
use crate::Result;
use crate::geometry::NeighborSearch;

/// What an ion is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IonState {
    /// No ion of another kind within the distance.
    Free,
    /// One of two ions.
    Pair,
    /// Of three or more without a net charge; where charges are not known, with as many of each kind.
    BalancedCluster,
    /// Of three or more with a net charge, or with more of one kind.
    UnbalancedCluster,
}

impl IonState {
    pub const ALL: [Self; 4] = [Self::Free, Self::Pair, Self::BalancedCluster, Self::UnbalancedCluster];

    /// For tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pair => "pair",
            Self::BalancedCluster => "balanced cluster",
            Self::UnbalancedCluster => "unbalanced cluster",
        }
    }
}

/// Largest cluster that is counted by its size; larger ones are counted together.
const LARGEST: usize = 50;

/// Charges of clusters are counted from its negative to itself; what is beyond is counted there.
const HIGHEST: i32 = 10;
const CHARGES: usize = 2 * HIGHEST as usize + 1;

/// A net charge below this is none but for rounding.
const NEUTRAL: f64 = 1e-6;

/// Ions that a thread looks around of at once.
const CHUNK: usize = 256;

/// Places of the sums of a frame: by state, ions, their field and its square; ions by the size of their cluster; and by the
/// charge of clusters.
const SIZES: usize = 3 * IonState::ALL.len();
const BY_CHARGE: usize = SIZES + LARGEST + 1;
const WIDTH: usize = BY_CHARGE + CHARGES;

/// Gathers states over frames.
pub struct IonStates {
    distance: f64,
    blocks: Blocks,
    lifetimes: BondLifetimes,
    /// False from the first frame without charges on.
    charges_known: bool,
}

/// States over all frames.
#[derive(Clone, Debug, Serialize)]
pub struct StateSummary {
    /// Within which ions of different kinds belong together.
    pub distance: f64,
    pub states: Vec<OfState>,
    /// Share of ions in clusters of 1, 2, ... ions; the last entry is of all larger ones.
    pub sizes: Vec<Point>,
    /// Of the ions in clusters of three or more, the share by the net charge of the cluster, rounded to a whole number, for those
    /// charges that occur; -10 and 10 count what is beyond as well. Absent where charges are not known.
    pub charges: Option<Vec<(i32, Point)>>,
    /// Probability that a bond is there some frames later, whatever happened in between. Empty where there is no bond, or where
    /// the number of ions changes.
    pub intermittent: Vec<Point>,
    /// That it was there in all frames up to then.
    pub continuous: Vec<Point>,
    /// Integrals of these curves, in frames, with what an exponential decay leaves beyond a quarter of the run; absent where a
    /// curve does not fall below 1/e within it.
    pub intermittent_lifetime: Option<Point>,
    pub continuous_lifetime: Option<Point>,
    /// Why there are no lifetimes, or only those of some ions' bonds.
    pub lifetimes_note: Option<String>,
}

/// Ions in one state.
#[derive(Clone, Debug, Serialize)]
pub struct OfState {
    pub state: IonState,
    pub share: Point,
    /// Mean local conductivity, absent where there is no such ion.
    pub mean: (Option<f64>, Option<f64>),
    /// Standard deviation over such ions, absent with their mean.
    pub deviation: Option<f64>,
}

impl IonStates {
    pub fn new(distance: f64) -> Self {
        Self { distance, blocks: Blocks::new(WIDTH), lifetimes: BondLifetimes::default(), charges_known: true }
    }

    /// Adds a frame; gives the state of each ion.
    ///
    /// # Errors
    /// What [`NeighborSearch::new`] refuses.
    pub fn add(&mut self, snapshot: &FieldSnapshot) -> Result<Vec<IonState>> {
        let n = snapshot.local.len();
        let bonds = self.bonds(snapshot)?;
        let mut parent: Vec<usize> = (0..n).collect();
        for &(i, j) in &bonds {
            let (a, b) = (root(&mut parent, i as usize), root(&mut parent, j as usize));
            parent[a.max(b)] = a.min(b);
        }
        let roots: Vec<usize> = (0..n).map(|i| root(&mut parent, i)).collect();
        let (mut size, mut of_first, mut charge) = (vec![0usize; n], vec![0usize; n], vec![0.0; n]);
        for (i, &r) in roots.iter().enumerate() {
            size[r] += 1;
            of_first[r] += usize::from(snapshot.kinds[i] == snapshot.kinds[r]);
            charge[r] += snapshot.charges.map_or(0.0, |charges| charges[i]);
        }
        let balanced = |r: usize| match snapshot.charges {
            Some(_) => charge[r].abs() < NEUTRAL,
            None => 2 * of_first[r] == size[r],
        };
        let state = |r: usize| match size[r] {
            1 => IonState::Free,
            2 => IonState::Pair,
            _ if balanced(r) => IonState::BalancedCluster,
            _ => IonState::UnbalancedCluster,
        };
        let states: Vec<IonState> = roots.iter().map(|&r| state(r)).collect();
        let mut sums = vec![0.0; WIDTH];
        for (i, state) in states.iter().enumerate() {
            let r = roots[i];
            let at = 3 * *state as usize;
            sums[at] += 1.0;
            sums[at + 1] += snapshot.local[i];
            sums[at + 2] += snapshot.local[i].powi(2);
            sums[SIZES + size[r].min(LARGEST + 1) - 1] += 1.0;
            if size[r] > 2 {
                let charge = (charge[r].round() as i32).clamp(-HIGHEST, HIGHEST);
                sums[BY_CHARGE + (charge + HIGHEST) as usize] += 1.0;
            }
        }
        self.charges_known &= snapshot.charges.is_some();
        self.blocks.add(&sums);
        self.lifetimes.add(&bonds, n, unlike_pairs(snapshot.kinds));
        Ok(states)
    }

    /// Pairs of unlike ions within the distance, by lower and upper ion, in rising order and each once.
    fn bonds(&self, snapshot: &FieldSnapshot) -> Result<Vec<(u32, u32)>> {
        let search = NeighborSearch::new(snapshot.cell, snapshot.positions, self.distance)?;
        let n = snapshot.local.len();
        let of_chunk = |chunk: usize| {
            let mut bonds = vec![];
            for i in chunk * CHUNK..n.min((chunk + 1) * CHUNK) {
                search.for_each_neighbor(i, |j, _| {
                    if j > i && snapshot.kinds[i] != snapshot.kinds[j] {
                        bonds.push((i as u32, j as u32));
                    }
                });
            }
            bonds.sort_unstable();
            bonds.dedup();
            bonds
        };
        let chunks: Vec<Vec<(u32, u32)>> = (0..n.div_ceil(CHUNK)).into_par_iter().map(of_chunk).collect();
        Ok(chunks.concat())
    }

    /// States of all frames, lifetimes up to a quarter of them.
    pub fn summary(&self) -> StateSummary {
        let n_states = IonState::ALL.len();
        let ions = |s: &[f64]| (0..n_states).map(|k| s[3 * k]).sum::<f64>();
        let one = |of: &dyn Fn(&[f64]) -> f64| self.blocks.with_errors(&|s| vec![of(s)])[0];
        let of_state = |(k, state): (usize, IonState)| {
            let (mean, error) = one(&|s| s[3 * k + 1] / s[3 * k]);
            let square = one(&|s| s[3 * k + 2] / s[3 * k]).0;
            OfState {
                state,
                share: one(&|s| s[3 * k] / ions(s)),
                mean: (Some(mean).filter(|m| m.is_finite()), error),
                deviation: Some(square).filter(|s| s.is_finite()).map(|s| deviation(mean, s)),
            }
        };
        let shares = |s: &[f64]| -> Vec<f64> { s[SIZES..BY_CHARGE].iter().map(|v| v / ions(s)).collect() };
        let mut sizes = self.blocks.with_errors(&shares);
        while sizes.last().is_some_and(|(share, _)| *share == 0.0) {
            sizes.pop();
        }
        let lifetimes = self.lifetimes.summary();
        StateSummary {
            distance: self.distance,
            states: IonState::ALL.into_iter().enumerate().map(of_state).collect(),
            sizes,
            charges: self.charges_known.then(|| self.charges()),
            intermittent: lifetimes.intermittent,
            continuous: lifetimes.continuous,
            intermittent_lifetime: lifetimes.intermittent_lifetime,
            continuous_lifetime: lifetimes.continuous_lifetime,
            lifetimes_note: lifetimes.note,
        }
    }

    fn charges(&self) -> Vec<(i32, Point)> {
        let shares = |s: &[f64]| -> Vec<f64> {
            let all: f64 = s[BY_CHARGE..].iter().sum();
            s[BY_CHARGE..].iter().map(|v| v / all).collect()
        };
        let all = self.blocks.with_errors(&shares);
        (-HIGHEST..=HIGHEST).zip(all).filter(|(_, (share, _))| *share > 0.0).collect()
    }
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Number of pairs of ions of different kinds.
fn unlike_pairs(kinds: &[i32]) -> f64 {
    let mut of_kind: BTreeMap<i32, f64> = BTreeMap::new();
    kinds.iter().for_each(|kind| *of_kind.entry(*kind).or_default() += 1.0);
    let n = kinds.len() as f64;
    0.5 * (n * n - of_kind.values().map(|k| k * k).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Cell;

    fn snapshot<'a>(cell: &'a Cell, x: &'a [[f64; 3]], kinds: &'a [i32], local: &'a [f64]) -> FieldSnapshot<'a> {
        FieldSnapshot { cell, positions: x, kinds, charges: None, local }
    }

    #[test]
    fn ions_are_told_apart_by_what_they_are_part_of() {
        let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
        // A free ion; a pair across the boundary; a chain of four; a triple; two of a kind, close, are not bound.
        let x = [
            [10.0, 10.0, 10.0],
            [0.2, 0.0, 0.0],
            [19.4, 0.0, 0.0],
            [5.0, 5.0, 5.0],
            [6.0, 5.0, 5.0],
            [7.0, 5.0, 5.0],
            [8.0, 5.0, 5.0],
            [5.0, 15.0, 5.0],
            [6.0, 15.0, 5.0],
            [7.0, 15.0, 5.0],
            [15.0, 15.0, 15.0],
            [15.5, 15.0, 15.0],
        ];
        let kinds = [1, 1, -1, 1, -1, 1, -1, 1, -1, 1, 1, 1];
        let local: Vec<f64> = (0..12).map(f64::from).collect();
        let mut states = IonStates::new(1.2);
        use IonState::*;
        let found = states.add(&snapshot(&cell, &x, &kinds, &local)).unwrap();
        let expected =
            [[Free].as_slice(), &[Pair; 2], &[BalancedCluster; 4], &[UnbalancedCluster; 3], &[Free; 2]].concat();
        assert_eq!(found, expected);
        let summary = states.summary();
        let shares: Vec<f64> = summary.states.iter().map(|s| s.share.0).collect();
        assert_eq!(shares, [3.0 / 12.0, 2.0 / 12.0, 4.0 / 12.0, 3.0 / 12.0]);
        assert_eq!(summary.states[1].mean.0, Some(1.5));
        assert_eq!(summary.states[1].deviation, Some(0.5));
        let mut alone = IonStates::new(1.2);
        for _ in 0..8 {
            alone.add(&snapshot(&cell, &x[..1], &kinds[..1], &local[..1])).unwrap();
        }
        let pairs = &alone.summary().states[1];
        assert_eq!((pairs.share, pairs.mean, pairs.deviation), ((0.0, Some(0.0)), (None, None), None));
        let sizes: Vec<f64> = summary.sizes.iter().map(|s| (12.0 * s.0).round()).collect();
        assert_eq!(sizes, [3.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn clusters_are_balanced_by_their_charge() {
        let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
        // One of two charges with two of one each; two pairs of such unlike ions in a row; a pair.
        let x = [1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 13.0, 14.0].map(|x| [x, 1.0, 1.0]);
        let charges = [-1.0, 2.0, -1.0, 2.0, -1.0, 2.0, -1.0, 2.0, -1.0];
        let kinds = charges.map(|q| f64::signum(q) as i32);
        let mut states = IonStates::new(1.2);
        use IonState::*;
        let mut at = FieldSnapshot { charges: Some(&charges), ..snapshot(&cell, &x, &kinds, &[1.0; 9]) };
        let expected = [[BalancedCluster; 3].as_slice(), &[UnbalancedCluster; 4], &[Pair; 2]].concat();
        assert_eq!(states.add(&at).unwrap(), expected);
        let found = states.summary().charges.unwrap();
        assert_eq!(
            found.iter().map(|(q, (share, _))| (*q, (7.0 * share).round())).collect::<Vec<_>>(),
            [(0, 3.0), (2, 4.0)]
        );
        at.charges = None;
        let without = [[UnbalancedCluster; 3].as_slice(), &[BalancedCluster; 4], &[Pair; 2]].concat();
        assert_eq!(states.add(&at).unwrap(), without);
        assert!(states.summary().charges.is_none());
    }

    #[test]
    fn lifetimes_count_what_comes_back() {
        let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
        let kinds = [1, -1];
        let mut states = IonStates::new(1.2);
        // Bound in three of four frames.
        for frame in 0..64 {
            let apart = if frame % 4 == 3 { 5.0 } else { 1.0 };
            let x = [[1.0; 3], [1.0 + apart, 1.0, 1.0]];
            states.add(&snapshot(&cell, &x, &kinds, &[1.0, 2.0])).unwrap();
        }
        let found = states.summary();
        let values =
            |curve: &[(f64, Option<f64>)]| curve[..5].iter().map(|c| (c.0 * 3.0).round() / 3.0).collect::<Vec<_>>();
        let third = |k: f64| k / 3.0;
        assert_eq!(values(&found.intermittent), [3.0, 2.0, 2.0, 2.0, 3.0].map(third));
        assert_eq!(values(&found.continuous), [3.0, 2.0, 1.0, 0.0, 0.0].map(third));
    }
}
