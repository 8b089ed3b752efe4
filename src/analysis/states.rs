//! Free ions, pairs and clusters: who belongs together, for how long, and what the field is there.

use std::collections::HashSet;

use serde::Serialize;

use super::blocks::Blocks;
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
    /// Of three or more, with as many of each kind.
    BalancedCluster,
    /// Of three or more, with more of one kind.
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

/// Gathers states over frames.
pub struct IonStates {
    distance: f64,
    /// Of each frame: by state, ions, their field and its square; then clusters by size.
    blocks: Blocks,
    /// Bonds of each frame, as pairs of places in the order of ids.
    bonds: Vec<Vec<(u32, u32)>>,
}

/// States over all frames.
#[derive(Clone, Debug, Serialize)]
pub struct StateSummary {
    /// Within which ions of different kinds belong together.
    pub distance: f64,
    pub states: Vec<OfState>,
    /// Share of ions in clusters of 1, 2, ... ions; the last entry is of all larger ones.
    pub sizes: Vec<(f64, Option<f64>)>,
    /// Probability that a bond is there some frames later, whatever happened in between.
    pub intermittent: Vec<(f64, Option<f64>)>,
    /// That it was there in all frames up to then.
    pub continuous: Vec<(f64, Option<f64>)>,
}

/// Ions in one state.
#[derive(Clone, Debug, Serialize)]
pub struct OfState {
    pub state: IonState,
    pub share: (f64, Option<f64>),
    /// Mean local conductivity, absent where there is no such ion.
    pub mean: (Option<f64>, Option<f64>),
    /// Standard deviation over such ions.
    pub deviation: Option<f64>,
}

impl IonStates {
    pub fn new(distance: f64) -> Self {
        Self { distance, blocks: Blocks::new(3 * IonState::ALL.len() + LARGEST + 1), bonds: vec![] }
    }

    /// Adds a frame; gives the state of each ion.
    ///
    /// # Errors
    /// What [`NeighborSearch::new`] refuses.
    pub fn add(&mut self, snapshot: &FieldSnapshot) -> Result<Vec<IonState>> {
        let search = NeighborSearch::new(snapshot.cell, snapshot.positions, self.distance)?;
        let n = snapshot.local.len();
        let mut parent: Vec<usize> = (0..n).collect();
        let mut bonds = vec![];
        for i in 0..n {
            search.for_each_neighbor(i, |j, _| {
                if j > i && snapshot.kinds[i] != snapshot.kinds[j] {
                    bonds.push((i as u32, j as u32));
                    let (a, b) = (root(&mut parent, i), root(&mut parent, j));
                    parent[a.max(b)] = a.min(b);
                }
            });
        }
        bonds.sort_unstable();
        bonds.dedup();
        let roots: Vec<usize> = (0..n).map(|i| root(&mut parent, i)).collect();
        let (mut size, mut of_first) = (vec![0usize; n], vec![0usize; n]);
        for (i, &r) in roots.iter().enumerate() {
            size[r] += 1;
            of_first[r] += usize::from(snapshot.kinds[i] == snapshot.kinds[r]);
        }
        let state = |r: usize| match size[r] {
            1 => IonState::Free,
            2 => IonState::Pair,
            n if 2 * of_first[r] == n => IonState::BalancedCluster,
            _ => IonState::UnbalancedCluster,
        };
        let states: Vec<IonState> = roots.iter().map(|&r| state(r)).collect();
        let mut sums = vec![0.0; 3 * IonState::ALL.len() + LARGEST + 1];
        for (i, state) in states.iter().enumerate() {
            let at = 3 * *state as usize;
            sums[at] += 1.0;
            sums[at + 1] += snapshot.local[i];
            sums[at + 2] += snapshot.local[i].powi(2);
            sums[3 * IonState::ALL.len() + size[roots[i]].min(LARGEST + 1) - 1] += 1.0;
        }
        self.blocks.add(&sums);
        self.bonds.push(bonds);
        Ok(states)
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
                deviation: Some((square - mean * mean).max(0.0).sqrt()).filter(|d| d.is_finite()),
            }
        };
        let shares = |s: &[f64]| -> Vec<f64> { s[3 * n_states..].iter().map(|v| v / ions(s)).collect() };
        let mut sizes = self.blocks.with_errors(&shares);
        while sizes.last().is_some_and(|(share, _)| *share == 0.0) {
            sizes.pop();
        }
        let (intermittent, continuous) = self.lifetimes();
        StateSummary {
            distance: self.distance,
            states: IonState::ALL.into_iter().enumerate().map(of_state).collect(),
            sizes,
            intermittent,
            continuous,
        }
    }

    /// Probabilities that bonds are still there, by lag; origins in blocks of time give errors.
    #[allow(clippy::type_complexity)]
    fn lifetimes(&self) -> (Vec<(f64, Option<f64>)>, Vec<(f64, Option<f64>)>) {
        let t = self.bonds.len();
        let most = t / 4;
        let sets: Vec<HashSet<(u32, u32)>> = self.bonds.iter().map(|b| b.iter().copied().collect()).collect();
        // By lag: bonds at the origin, there again, there throughout.
        let mut blocks = Blocks::new(3 * (most + 1));
        for origin in 0..t - most.min(t) {
            let mut sums = vec![0.0; 3 * (most + 1)];
            let mut throughout: Vec<(u32, u32)> = self.bonds[origin].clone();
            for lag in 0..=most {
                let later = &sets[origin + lag];
                throughout.retain(|bond| later.contains(bond));
                sums[3 * lag] = self.bonds[origin].len() as f64;
                sums[3 * lag + 1] = self.bonds[origin].iter().filter(|bond| later.contains(bond)).count() as f64;
                sums[3 * lag + 2] = throughout.len() as f64;
            }
            blocks.add(&sums);
        }
        let curve = |k: usize| -> Vec<(f64, Option<f64>)> {
            let of = move |s: &[f64]| -> Vec<f64> { (0..=most).map(|lag| s[3 * lag + k] / s[3 * lag]).collect() };
            let all = blocks.with_errors(&of);
            if all.iter().any(|(v, _)| !v.is_finite()) { vec![] } else { all }
        };
        (curve(1), curve(2))
    }
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
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
        let sizes: Vec<f64> = summary.sizes.iter().map(|s| (12.0 * s.0).round()).collect();
        assert_eq!(sizes, [3.0, 2.0, 3.0, 4.0]);
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
