use super::*;
use crate::analysis::blocks::Told;
use crate::geometry::Cell;
use crate::random::normal;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

const SIDE: f64 = 12.0;

/// Ions at random with a Gaussian random field of correlation `exp(-r/length)`: waves whose frequencies are distributed as
/// its spectrum, a Cauchy distribution in three dimensions.
fn planted(random: &mut ChaCha8Rng, n: usize, length: f64) -> (Vec<[f64; 3]>, Vec<i32>, Vec<f64>) {
    const WAVES: usize = 300;
    let waves: Vec<([f64; 3], f64)> = (0..WAVES)
        .map(|_| {
            let scale = 1.0 / (length * normal(random).abs());
            ([0; 3].map(|_| normal(random) * scale), TAU * random.random::<f64>())
        })
        .collect();
    let positions: Vec<[f64; 3]> = (0..n).map(|_| [0; 3].map(|_| SIDE * random.random::<f64>())).collect();
    let field = |x: &[f64; 3]| {
        let wave = |(k, phase): &([f64; 3], f64)| (k[0] * x[0] + k[1] * x[1] + k[2] * x[2] + phase).cos();
        waves.iter().map(wave).sum::<f64>() * (2.0 / WAVES as f64).sqrt()
    };
    let local = positions.iter().map(field).collect();
    (positions, (0..n as i32).map(|i| i % 2).collect(), local)
}

fn gather(n_frames: usize, length: Option<f64>, periodic: bool) -> SpatialCorrelation {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let cell = Cell::from_lammps([0.0; 3], [SIDE; 3], [0.0; 3], [periodic; 3]).unwrap();
    let mut all = SpatialCorrelation::new(5.0, 25, 1);
    for _ in 0..n_frames {
        let (positions, kinds, mut local) = planted(&mut random, 800, length.unwrap_or(1.0));
        if length.is_none() {
            local.iter_mut().for_each(|v| *v = normal(&mut random));
        }
        all.add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local })
            .unwrap();
    }
    all
}

#[test]
fn a_planted_field_has_its_correlation_and_its_length() {
    let length = 1.5;
    let all = gather(200, Some(length), false);
    let found = all.summary();
    // A frame's mean is taken away, and with it what the field has in common over the whole box: the mean over all pairs.
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let place = |random: &mut ChaCha8Rng| [0; 3].map(|_| SIDE * random.random::<f64>());
    let mut apart = || {
        let (a, b) = (place(&mut random), place(&mut random));
        (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
    };
    let common = (0..100_000).map(|_| (-apart() / length).exp()).sum::<f64>() / 1e5;
    for curves in [&found.like, &found.unlike] {
        for (i, (value, error)) in curves.correlation.iter().enumerate().skip(1).take(12) {
            let exact = ((-found.r[i] / length).exp() - common) / (1.0 - common);
            let (value, error) = (value.unwrap(), error.unwrap());
            assert!((value - exact).abs() < 4.0 * error + 0.02, "{}: {value} +- {error}, {exact}", found.r[i]);
        }
        assert!(curves.shuffled.iter().skip(1).all(|(v, e)| v.unwrap().abs() < 4.5 * e.unwrap() + 2e-3));
    }
    // Over all pairs nearer than 1: the mean of the same over a ball, whose places are as r^2.
    let steps = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0);
    let (sum, weight) = steps.fold((0.0, 0.0), |(a, b), r| (a + r * r * (-r / length).exp(), b + r * r));
    let exact = (sum / weight - common) / (1.0 - common);
    for (value, error) in [all.within(1.0).like, all.within(1.0).unlike] {
        assert!((value.unwrap() - exact).abs() < 4.0 * error.unwrap() + 0.02, "{value:?} {error:?} {exact}");
    }
    let (value, error) = found.like.length.unwrap();
    // Shorter for what was taken away.
    assert!((0.75 * length..length).contains(&value.unwrap()), "{value:?} {error:?}");
}

#[test]
fn pairs_of_a_single_frame_make_no_length() {
    let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut all = SpatialCorrelation::new(3.0, 30, 1);
    for frame in 0..20 {
        // Ions far apart but in one frame, where a row of four departs strongly and alike.
        let row = |i: usize| if frame == 5 && i < 4 { 0.45 * i as f64 } else { 4.0 * i as f64 };
        let positions: Vec<[f64; 3]> = (0..20).map(|i| [row(i) % 20.0, 4.0 * (i / 5) as f64, 1.0]).collect();
        let local: Vec<f64> =
            (0..20).map(|i| normal(&mut random) + if frame == 5 && i < 4 { 9.0 } else { 0.0 }).collect();
        let (cell, positions, local) = (&cell, &positions[..], &local[..]);
        all.add(&FieldSnapshot { cell, positions, kinds: &[1; 20], charges: None, local }).unwrap();
    }
    let found = all.summary().like;
    let told: Vec<&Told> = found.correlation.iter().filter(|(value, _)| value.is_some()).collect();
    assert!(told.len() >= 3 && told.iter().all(|(value, error)| value.unwrap() > 1.0 && error.is_none()), "{told:?}");
    assert!(found.length.is_none() && found.g.iter().all(|(_, error)| error.is_some()));
}

#[test]
fn independent_values_have_no_correlation_and_random_places_no_structure() {
    let found = gather(60, None, true).summary();
    for curves in [&found.like, &found.unlike] {
        for curve in [&curves.correlation, &curves.shuffled] {
            let beyond = curve.iter().filter(|(v, e)| v.unwrap().abs() > 2.0 * e.unwrap() + 1.5e-3).count();
            // One in twenty of 25.
            assert!(beyond <= 4, "{beyond}");
        }
        assert!(curves.g.iter().skip(2).all(|(g, e)| (g.unwrap() - 1.0).abs() < 5.0 * e.unwrap()));
        assert!(curves.length.is_none());
    }
}

/// Alternating signs on a cubic lattice: like ions at the root of two, unlike ones at one; fluctuations by the kind.
#[test]
fn a_lattice_is_exact() {
    let n = 6;
    let cell = Cell::from_lammps([0.0; 3], [n as f64; 3], [0.0; 3], [true; 3]).unwrap();
    let (mut positions, mut kinds, mut local) = (vec![], vec![], vec![]);
    for i in 0..n * n * n {
        let at = [i / (n * n), i / n % n, i % n];
        let kind = (at.iter().sum::<usize>() % 2) as i32;
        positions.push(at.map(|x| x as f64));
        kinds.push(kind);
        local.push(if kind == 0 { 3.0 } else { 1.0 });
    }
    let mut all = SpatialCorrelation::new(1.6, 16, 1);
    all.add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local })
        .unwrap();
    let found = all.summary();
    // Bins of 0.1: one at 1.0, the root of two at 1.4.
    let at = |points: &[Told], bin: usize| points[bin].0;
    assert_eq!((at(&found.unlike.correlation, 10), at(&found.like.correlation, 14)), (Some(-1.0), Some(1.0)));
    assert_eq!((at(&found.like.above_mean, 14), at(&found.unlike.below_mean, 10)), (Some(1.0), Some(-1.0)));
    assert_eq!(at(&found.like.correlation, 10), None);
    let shell = |a: f64, b: f64| 4.0 / 3.0 * std::f64::consts::PI * (b.powi(3) - a.powi(3));
    // Six unlike neighbours, where a gas of 108 unlike ions in 216 has half an ion per volume.
    let g = at(&found.unlike.g, 10).unwrap();
    assert!((g - 6.0 / (0.5 * shell(1.0, 1.1))).abs() < 1e-9, "{g}");
    assert!(found.like.g.iter().all(|(_, error)| error.is_none()));
}
