//! Ions without interactions, in which environments that overlap are all there is to correlate.

use super::super::planted::{linear, small_descriptor, weight};
use super::*;
use crate::geometry::Cell;
use crate::species::SpeciesMap;
use rand::SeedableRng;

const SIDE: f64 = 14.0;

struct Gas {
    map: SpeciesMap,
    cell: Cell,
    types: Vec<i32>,
    order: Vec<usize>,
}

impl Gas {
    fn new(local: &LocalModel, n: usize) -> Self {
        let map = SpeciesMap::from_names(local.species(), &["cation", "anion"]).unwrap();
        let cell = Cell::from_lammps([0.0; 3], [SIDE; 3], [0.0; 3], [true; 3]).unwrap();
        Self { map, cell, types: (0..n as i32).map(|i| 1 + i % 2).collect(), order: (0..n).collect() }
    }

    fn frame(&self, seed: u64, reach: f64) -> PeriodicEnvironments<'_> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let positions: Vec<[f64; 3]> =
            self.types.iter().map(|_| [0; 3].map(|_| SIDE * random.random::<f64>())).collect();
        PeriodicEnvironments::new(&self.cell, &self.types, &positions, &self.order, &self.map, reach).unwrap()
    }
}

fn settings() -> OverlapSettings {
    OverlapSettings { radius: 4.0, n_bins: 8, shared: 1.5, pairs_per_bin: 300, seed: 2 }
}

fn gather(local: &LocalModel, n_frames: u64) -> OverlapSummary {
    let gas = Gas::new(local, 1500);
    let mut all = EnvironmentOverlap::new(local, settings()).unwrap();
    for frame in 0..n_frames {
        all.add(&gas.frame(2 * frame, all.reach()), &gas.frame(2 * frame + 1, all.reach())).unwrap();
    }
    all.summary()
}

#[test]
fn in_an_ideal_gas_all_correlation_is_by_overlap_and_none_is_beyond_twice_the_reach() {
    let local = linear(&small_descriptor(), weight);
    let found = gather(&local, 40);
    assert_eq!((found.reach, found.n_frames), (1.5, 40));
    let mut largest = 0.0f64;
    for curves in [&found.like, &found.unlike] {
        for bin in 0..8 {
            let (measured, overlap, rest) = (curves.measured[bin], curves.overlap[bin], curves.arrangement[bin]);
            largest = largest.max(overlap.0.unwrap().abs() / overlap.1.unwrap());
            assert!((rest.0.unwrap() - (measured.0.unwrap() - overlap.0.unwrap())).abs() < 1e-12);
            assert!(rest.0.unwrap().abs() < 4.0 * rest.1.unwrap(), "bin {bin}: {measured:?} {overlap:?} {rest:?}");
            let shift = curves.shift[bin];
            assert!(shift.0.unwrap().abs() < 4.0 * shift.1.unwrap(), "bin {bin}: {shift:?}");
            if found.r[bin] > 3.0 {
                assert!(overlap.0.unwrap().abs() < 4.0 * overlap.1.unwrap(), "bin {bin}: {overlap:?}");
            }
        }
    }
    assert!(largest > 10.0, "{largest}: there must be a correlation to be found");
}

#[test]
fn measured_is_the_spatial_correlation_where_all_pairs_are_asked_of() {
    let local = linear(&small_descriptor(), weight);
    let gas = Gas::new(&local, 60);
    let settings = OverlapSettings { pairs_per_bin: 100_000, ..settings() };
    let mut all = EnvironmentOverlap::new(&local, settings).unwrap();
    let mut spatial = crate::analysis::SpatialCorrelation::new(settings.radius, settings.n_bins, 0);
    for seed in 0..5 {
        let frame = gas.frame(seed, all.reach());
        all.add(&frame, &gas.frame(seed + 100, all.reach())).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let positions: Vec<[f64; 3]> = (0..60).map(|_| [0; 3].map(|_| SIDE * random.random::<f64>())).collect();
        let field = all.lambda(&all.within(&frame)).unwrap();
        let snapshot = crate::analysis::FieldSnapshot {
            cell: &gas.cell,
            positions: &positions,
            kinds: &gas.types,
            charges: None,
            local: &field,
        };
        spatial.add(&snapshot).unwrap();
    }
    let (found, exact) = (all.summary(), spatial.summary());
    for (found, exact) in [(&found.like, &exact.like), (&found.unlike, &exact.unlike)] {
        for (a, b) in found.measured.iter().zip(&exact.correlation) {
            assert_eq!(a.0.is_some(), b.0.is_some());
            assert!((a.0.unwrap_or(0.0) - b.0.unwrap_or(0.0)).abs() < 1e-9);
        }
    }
}

/// Where all of the second ion's surroundings are shared, or none, the splice is one environment or the other.
#[test]
fn a_splice_keeps_what_is_shared_and_takes_the_rest_from_elsewhere() {
    let local = linear(&small_descriptor(), weight);
    let gas = Gas::new(&local, 1500);
    let (frame, independent) = (gas.frame(1, 1.5), gas.frame(2, 1.5));
    let within = |environments| Within { environments, reach: 1.5 };
    let splice = |displacement, shared| {
        let pair = Pair { first: 0, second: 4, displacement };
        let spliced = Spliced { shared, frame: within(&frame), independent: within(&independent), pairs: &[(pair, 8)] };
        let mut environment = Environment::new(2);
        spliced.gather(0, &mut environment);
        environment
    };
    let of = |environments: &PeriodicEnvironments, ion| {
        let mut environment = Environment::new(2);
        environments.gather(ion, &mut environment);
        environment
    };
    assert_eq!(splice([0.0; 3], 1.5).channels(), of(&frame, 4).channels());
    assert_eq!(splice([0.0, 3.1, 0.0], 1.5).channels(), of(&independent, 8).channels());
    let near = |d: &[f64; 3]| (d[0] + 1.0).powi(2) + d[1].powi(2) + d[2].powi(2) <= 1.2 * 1.2;
    let half = splice([1.0, 0.0, 0.0], 1.2);
    for channel in 0..2 {
        let (ours, theirs) = (of(&frame, 4), of(&independent, 8));
        let kept = ours.channels()[channel].iter().filter(|d| near(d));
        let taken = theirs.channels()[channel].iter().filter(|d| !near(d));
        let half: Vec<_> = half.channels()[channel].iter().collect();
        assert_eq!(half, kept.chain(taken).collect::<Vec<_>>());
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let local = linear(&small_descriptor(), weight);
    let by = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| gather(&local, 4))).unwrap()
    };
    assert_eq!(by(1), by(3));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let local = linear(&small_descriptor(), weight);
    assert!(EnvironmentOverlap::new(&local, OverlapSettings { radius: f64::NAN, ..settings() }).is_err());
    assert!(EnvironmentOverlap::new(&local, OverlapSettings { n_bins: 0, ..settings() }).is_err());
    for shared in [0.0, 1.6, f64::NAN] {
        let message =
            EnvironmentOverlap::new(&local, OverlapSettings { shared, ..settings() }).err().unwrap().to_string();
        assert!(message.contains("give a distance above zero, up to the model's 1.500"), "{message}");
    }
    let gas = Gas::new(&local, 20);
    let mut all = EnvironmentOverlap::new(&local, settings()).unwrap();
    let message = all.add(&gas.frame(0, 4.0), &gas.frame(1, 1.5)).unwrap_err().to_string();
    assert!(message.contains("gathered up to 1.5 and overlap needs them up to 4"), "{message}");
    let cations = Gas { types: vec![1; 20], ..Gas::new(&local, 20) };
    let message = all.add(&gas.frame(0, 4.0), &cations.frame(1, 4.0)).unwrap_err().to_string();
    assert!(message.contains("lacks a species"), "{message}");
}
