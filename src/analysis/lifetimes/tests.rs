use std::collections::HashSet;

use super::super::blocks::Blocks;
use super::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Bonds = Vec<(u32, u32)>;

fn gather(frames: &[Bonds], n_ions: usize, most_runs: usize) -> BondLifetimes {
    let mut all = BondLifetimes { most_runs, ..BondLifetimes::default() };
    let n_pairs = 0.5 * n_ions as f64 * (n_ions as f64 - 1.0);
    frames.iter().for_each(|bonds| all.add(bonds, n_ions, n_pairs));
    all
}

/// Bonds between all of some ions that form and break at random.
fn flicker(n_ions: u32, n_frames: usize, form: f64, break_up: f64, seed: u64) -> Vec<Bonds> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let all: Bonds = (0..n_ions).flat_map(|i| (i + 1..n_ions).map(move |j| (i, j))).collect();
    let mut there: Vec<bool> = all.iter().map(|_| random.random::<f64>() < form / (form + break_up)).collect();
    (0..n_frames)
        .map(|_| {
            let bonds = all.iter().zip(&there).filter(|(_, there)| **there).map(|(bond, _)| *bond).collect();
            there.iter_mut().for_each(|there| *there ^= random.random::<f64>() < if *there { break_up } else { form });
            bonds
        })
        .collect()
}

/// Both curves, by looking for each bond of each origin at each lag.
fn direct(frames: &[Bonds]) -> [Vec<Point>; 2] {
    let (t, most) = (frames.len(), frames.len() / 4);
    let sets: Vec<HashSet<(u32, u32)>> = frames.iter().map(|b| b.iter().copied().collect()).collect();
    let mut blocks = Blocks::new(3 * (most + 1));
    for origin in 0..t - most {
        let mut sums = vec![0.0; 3 * (most + 1)];
        let mut throughout = frames[origin].clone();
        for lag in 0..=most {
            let later = &sets[origin + lag];
            throughout.retain(|bond| later.contains(bond));
            sums[3 * lag] = frames[origin].len() as f64;
            sums[3 * lag + 1] = frames[origin].iter().filter(|bond| later.contains(bond)).count() as f64;
            sums[3 * lag + 2] = throughout.len() as f64;
        }
        blocks.add(&sums);
    }
    [1, 2].map(|k| blocks.with_errors(&|s| (0..=most).map(|lag| s[3 * lag + k] / s[3 * lag]).collect()))
}

#[test]
fn runs_tell_what_looking_at_each_origin_and_lag_tells() {
    for (n_frames, form, break_up) in
        [(7, 0.3, 0.3), (40, 0.5, 0.5), (90, 0.02, 0.1), (301, 0.01, 0.002), (333, 0.4, 0.1)]
    {
        let frames = flicker(9, n_frames, form, break_up, n_frames as u64);
        let found = gather(&frames, 9, usize::MAX).summary();
        let [intermittent, continuous] = direct(&frames);
        for (found, direct) in [(&found.intermittent, &intermittent), (&found.continuous, &continuous)] {
            assert_eq!(found.len(), n_frames / 4 + 1);
            for ((v, e), (dv, de)) in found.iter().zip(direct) {
                assert!((v - dv).abs() < 1e-12 && e.is_some() == de.is_some());
                assert!((e.unwrap_or(0.0) - de.unwrap_or(0.0)).abs() < 1e-9);
            }
        }
        assert_eq!(found.note, None);
    }
}

#[test]
fn bonds_that_break_at_a_rate_live_its_inverse() {
    let rate = 0.1;
    let frames = flicker(40, 400, 0.002, rate, 4);
    let found = gather(&frames, 40, usize::MAX).summary();
    // Sum of a geometric series from 1, less half of the first; what forms again adds to the other.
    let exact = 1.0 / rate - 0.5;
    let (value, error) = found.continuous_lifetime.unwrap();
    assert!((value - exact).abs() < 4.0 * error.unwrap(), "{value} {error:?} {exact}");
    // A bond that may form again is forgotten at the sum of both rates, however long the run: the share of bonds is no part of it.
    for (form, n_frames) in [(0.002, 400), (0.05, 400), (0.05, 1600)] {
        let found = gather(&flicker(40, n_frames, form, rate, 4), 40, usize::MAX).summary();
        let exact = 1.0 / (rate + form) - 0.5;
        let (value, error) = found.intermittent_lifetime.unwrap();
        assert!((value - exact).abs() < 4.0 * error.unwrap() + 0.01 * exact, "{value} {error:?} {exact}");
    }
    // However little of an exponential there is.
    let curve: Vec<f64> = (0..12).map(|lag| (1.0 - rate).powi(lag)).collect();
    assert!((integral(&curve) - exact).abs() < 1e-12);
    // Ever there.
    assert_eq!(gather(&vec![vec![(0, 1)]; 40], 2, usize::MAX).summary().continuous_lifetime, None);
}

#[test]
fn in_bounded_memory_it_is_of_fewer_ions() {
    let frames = flicker(30, 200, 0.1, 0.1, 2);
    let found = gather(&frames, 30, 1500);
    let kept: usize = found.closed.iter().map(Vec::len).sum();
    assert_eq!(kept, found.n_closed);
    assert!(found.n_closed + found.open.len() <= 1500 && found.stride == 4);
    let of_some: Vec<Bonds> =
        frames.iter().map(|bonds| bonds.iter().copied().filter(|(i, _)| i.is_multiple_of(4)).collect()).collect();
    let (found, direct) = (found.summary(), gather(&of_some, 30, usize::MAX).summary());
    assert_eq!((&found.intermittent, &found.continuous), (&direct.intermittent, &direct.continuous));
    assert!(found.note.unwrap().contains("one in 4"));
}

#[test]
fn without_bonds_or_with_other_ions_there_are_no_curves() {
    assert_eq!(gather(&[], 0, 9).summary(), Lifetimes::default());
    assert_eq!(gather(&vec![vec![]; 20], 5, 9).summary(), Lifetimes::default());
    let mut changing = gather(&vec![vec![(0, 1)]; 20], 5, 9);
    changing.add(&[(0, 1)], 6, 15.0);
    changing.add(&[(0, 1)], 6, 15.0);
    let found = changing.summary();
    assert!(found.continuous.is_empty() && found.note.unwrap().contains("number of ions changes"));
}
