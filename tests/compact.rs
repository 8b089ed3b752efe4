//! The `compact` descriptor against its formulas, summed plainly in double precision over all images.

use std::f64::consts::PI;

use ionscape::descriptor::{Convention, Environment, InstructionSet, PowerSpectrum, SoapParameters};
use ionscape::geometry::Cell;
use ionscape::local::{PeriodicEnvironments, features};
use ionscape::species::{Species, SpeciesMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn compact(cutoff: f64, n_max: usize, l_max: usize, switching: f64) -> SoapParameters {
    SoapParameters { convention: Convention::Compact { switching }, cutoff, n_max, l_max }
}

fn length(d: [f64; 3]) -> f64 {
    d.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// `f_c(r) R_n(r)`.
fn radial(p: &SoapParameters, n: usize, r: f64) -> f64 {
    let Convention::Compact { switching } = p.convention else { unreachable!() };
    let x = ((r - p.cutoff + switching) / switching).clamp(0.0, 1.0);
    let weight = 1.0 - 10.0 * x.powi(3) + 15.0 * x.powi(4) - 6.0 * x.powi(5);
    weight * (2.0 / p.cutoff).sqrt() * (n as f64 * PI * r / p.cutoff).sin() / r
}

/// Legendre polynomial by Bonnet's recursion.
fn legendre(l: usize, x: f64) -> f64 {
    let (mut before, mut current) = (0.0, 1.0);
    for k in 0..l {
        let next = ((2 * k + 1) as f64 * x * current - k as f64 * before) / (k + 1) as f64;
        (before, current) = (current, next);
    }
    current
}

/// Features from displacements by the addition theorem: `sum_m Y_lm(i) Y_lm(j) = (2l+1)/(4 pi) P_l(cos)`, no harmonic used.
fn by_formula(p: &SoapParameters, channels: [&[[f64; 3]]; 2]) -> Vec<f64> {
    let mut out = vec![];
    for (a, b) in [(0, 0), (0, 1), (1, 1)] {
        for l in 0..=p.l_max {
            let factor = PI * (8.0 / (2 * l + 1) as f64).sqrt() * (2 * l + 1) as f64 / (4.0 * PI);
            for n in 1..=p.n_max {
                for m in if a == b { n } else { 1 }..=p.n_max {
                    let mut sum = 0.0;
                    for &i in channels[a] {
                        for &j in channels[b] {
                            let (ri, rj) = (length(i), length(j));
                            let cosine = (i[0] * j[0] + i[1] * j[1] + i[2] * j[2]) / (ri * rj);
                            sum += radial(p, n, ri) * radial(p, m, rj) * legendre(l, cosine);
                        }
                    }
                    out.push(factor * sum);
                }
            }
        }
    }
    out
}

/// Like and unlike neighbours of an ion among all images within the cutoff.
fn neighbors(
    cell: [[f64; 3]; 3],
    positions: &[[f64; 3]],
    types: &[i32],
    center: usize,
    cutoff: f64,
) -> [Vec<[f64; 3]>; 2] {
    let mut found = [vec![], vec![]];
    let images = -6i32..=6;
    for (position, kind) in positions.iter().zip(types) {
        for (a, b, c) in images
            .clone()
            .flat_map(|a| images.clone().map(move |b| (a, b)))
            .flat_map(|(a, b)| images.clone().map(move |c| (a, b, c)))
        {
            let shift = |k: usize| f64::from(a) * cell[0][k] + f64::from(b) * cell[1][k] + f64::from(c) * cell[2][k];
            let d: [f64; 3] = std::array::from_fn(|k| position[k] + shift(k) - positions[center][k]);
            if length(d) > 1e-9 && length(d) < cutoff {
                found[usize::from(*kind != types[center])].push(d);
            }
        }
    }
    found
}

fn assert_close(what: &str, ours: &[f64], expected: &[f64]) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= 1e-12 * largest,
            "{what}: feature {i} is {a:e}, not {b:e}; the largest is {largest:e}"
        );
    }
}

#[test]
fn features_are_those_of_the_formula_in_every_kind_of_cell() {
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species::atomic(n, charge));
    let map = SpeciesMap::from_names(&species, &["cation", "anion"]).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let cells = [
        ("cubic", [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]], 20),
        ("triclinic", [[7.0, 0.0, 0.0], [2.5, 6.5, 0.0], [-2.0, 1.5, 8.0]], 12),
        ("small", [[1.6, 0.0, 0.0], [0.0, 2.1, 0.0], [0.4, 0.0, 1.9]], 2),
    ];
    for (name, vectors, n) in cells {
        let cell = Cell::new([0.0; 3], vectors, [true; 3]).unwrap();
        let positions: Vec<[f64; 3]> =
            (0..n).map(|_| cell.to_cartesian(std::array::from_fn(|_| rng.random()))).collect();
        let types: Vec<i32> = (0..n).map(|i| 1 + (i % 3 == 0) as i32).collect();
        let order: Vec<usize> = (0..n).collect();
        for p in [compact(4.0, 6, 5, 2.0), compact(3.0, 1, 0, 3.0), compact(2.5, 9, 9, 0.3), compact(3.5, 16, 2, 1.0)] {
            for set in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
                let descriptor = PowerSpectrum::with_instructions(p.clone(), 2, set).unwrap();
                let environments =
                    PeriodicEnvironments::new(&cell, &types, &positions, &order, &map, descriptor.reach()).unwrap();
                let mut found = vec![0.0; n * descriptor.n_features()];
                features(&descriptor, &environments, &mut found);
                // Pairs of pairs are slow to sum: one ion of each cell.
                let [like, unlike] = neighbors(vectors, &positions, &types, 1, p.cutoff);
                let row = &found[descriptor.n_features()..2 * descriptor.n_features()];
                assert_close(&format!("{name}, {p:?}, {set:?}"), row, &by_formula(&p, [&like, &unlike]));
            }
        }
    }
}

fn of_environment(p: &SoapParameters, channels: [&[[f64; 3]]; 2]) -> Vec<f64> {
    let descriptor = PowerSpectrum::new(p.clone(), 2).unwrap();
    let mut environment = Environment::new(2);
    for (channel, neighbors) in channels.iter().enumerate() {
        neighbors.iter().for_each(|&d| environment.push(channel, d));
    }
    // What was in the memory must not matter.
    let mut out = vec![f64::NAN; descriptor.n_features()];
    descriptor.compute(&environment, &mut descriptor.workspace(), &mut out);
    out
}

#[test]
fn an_ion_alone_has_zeros_and_so_has_one_with_neighbors_at_the_cutoff_alone() {
    let p = compact(5.0, 6, 5, 2.0);
    assert!(of_environment(&p, [&[], &[]]).iter().all(|&v| v == 0.0));
    assert!(of_environment(&p, [&[[5.0, 0.0, 0.0]], &[[0.0, 3.0, 4.0]]]).iter().all(|&v| v.abs() < 1e-30));
}

#[test]
fn a_neighbor_just_within_the_cutoff_is_as_exact_as_any() {
    // Its features are tiny but all that the ion has, and a perceptron standardises them.
    let p = compact(5.0, 3, 0, 2.0);
    for inside in [0.1f64, 1e-2, 1e-3] {
        let r = 5.0 - inside;
        let (left, x) = (5.0 - r, (5.0 - r) / 2.0);
        let weight = x.powi(3) * (10.0 - 15.0 * x + 6.0 * x * x);
        let radial = |n: f64| -(n * PI).cos() * weight * (2.0f64 / 5.0).sqrt() * (n * PI * left / 5.0).sin() / r;
        let first = PI * 8f64.sqrt() / (4.0 * PI);
        let expected = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)]
            .map(|(n, m)| first * radial(f64::from(n)) * radial(f64::from(m)));
        let found = of_environment(&p, [&[[0.0, r, 0.0]], &[]]);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-11, "{inside}: {found:e}, not {expected:e}");
        }
    }
}

#[test]
fn a_neighbor_on_top_of_the_center_counts_without_direction() {
    let p = compact(5.0, 3, 2, 2.0);
    let found = of_environment(&p, [&[[0.0; 3]], &[]]);
    let limit = |n: f64| (2.0f64 / 5.0).sqrt() * n * PI / 5.0;
    let first = PI * 8f64.sqrt() / (4.0 * PI) * limit(1.0) * limit(1.0);
    assert!((found[0] / first - 1.0).abs() < 1e-12);
    assert!(found.iter().all(|v| v.is_finite()) && found[6..18].iter().all(|&v| v == 0.0), "{found:?}");
}

#[test]
fn many_neighbors_are_the_sum_of_few() {
    // More than fit in one block of the kernels.
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let p = compact(5.0, 4, 3, 5.0);
    let many: Vec<[f64; 3]> = (0..300).map(|_| std::array::from_fn(|_| rng.random_range(-2.5..2.5))).collect();
    assert_close("300 neighbours", &of_environment(&p, [&many, &many[..7]]), &by_formula(&p, [&many, &many[..7]]));
}

#[test]
fn features_and_their_first_two_derivatives_vanish_at_the_cutoff() {
    // With one neighbour fixed and one at r, features are f_c(r) R_n(r) and its square, up to factors.
    let p = compact(5.0, 4, 3, 2.0);
    let at = |r: f64| of_environment(&p, [&[[1.0, 0.2, 0.0]], &[[0.0, r, 0.0]]]);
    let h = 1e-3;
    // Second differences: about f'' inside, bounded by the third derivative times h across the edge.
    let second = |r: f64| {
        let (low, middle, high) = (at(r - h), at(r), at(r + h));
        (0..low.len()).map(|i| ((low[i] + high[i] - 2.0 * middle[i]) / (h * h)).abs()).fold(0.0, f64::max)
    };
    let first = |r: f64| at(r - h).iter().zip(at(r + h)).map(|(a, b)| ((a - b) / (2.0 * h)).abs()).fold(0.0, f64::max);
    // Only what the second channel adds changes with r.
    assert!(first(5.0) < 1e-3 * first(4.0), "{} {}", first(5.0), first(4.0));
    assert!(second(5.0) < 2e-2 * second(4.0), "{} {}", second(5.0), second(4.0));
    // No kink where the switching begins: the second derivative is continuous.
    let jump: f64 = [-2.0 * h, 2.0 * h].iter().map(|d| second(3.0 + d)).fold(0.0, |a, b| (a - b).abs());
    assert!(jump < 2e-2 * second(3.0), "{jump} {}", second(3.0));
}

#[test]
fn functions_and_degrees_that_are_left_out_leave_the_others_as_they_are() {
    let spiral = |n: usize, pitch: f64| -> Vec<[f64; 3]> {
        (1..=n)
            .map(|i| i as f64)
            .map(|t| [0.9 * (t * pitch).cos(), 1.1 * (t * pitch).sin(), 4.0 * (0.7 * t).sin()])
            .collect()
    };
    // More than fit into a block of neighbours, and fewer than a vector of them.
    let (like, unlike) = (spiral(71, 1.3), spiral(3, 0.4));
    let conventions = [Convention::Compact { switching: 2.0 }, Convention::DscribeGto { sigma: 0.5 }];
    for set in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
        for (convention, n_max, l_max) in conventions.into_iter().flat_map(|c| {
            // In the other convention functions depend on their number.
            let most: Vec<usize> = if c == conventions[0] { (1..=16).collect() } else { (1..=8).collect() };
            most.into_iter().flat_map(move |n| (0..=9).map(move |l| (c, n, l)))
        }) {
            let all_n = if convention == conventions[0] { 16 } else { n_max };
            let p = SoapParameters { convention, cutoff: 5.0, n_max, l_max };
            let all = SoapParameters { n_max: all_n, l_max: 9, ..p.clone() };
            let of = |p: &SoapParameters| {
                let mut environment = Environment::new(2);
                like.iter().for_each(|&d| environment.push(0, d));
                unlike.iter().for_each(|&d| environment.push(1, d));
                let descriptor = PowerSpectrum::with_instructions(p.clone(), 2, set).unwrap();
                let mut features = vec![f64::NAN; descriptor.n_features()];
                descriptor.compute(&environment, &mut descriptor.workspace(), &mut features);
                features
            };
            let (some, all_features) = (of(&p), of(&all));
            let largest = all_features.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            // Tables of more degrees may have other pieces.
            let tolerance = if convention == conventions[0] { 1e-12 } else { 1e-10 } * largest;
            for pair in [[0, 0], [0, 1], [1, 1]] {
                for (l, n, other) in
                    (0..=l_max).flat_map(|l| (0..n_max).flat_map(move |n| (0..n_max).map(move |o| (l, n, o))))
                {
                    let Some(place) = p.feature(2, pair, l, [n, other]) else { continue };
                    let expected = all_features[all.feature(2, pair, l, [n, other]).unwrap()];
                    assert!(
                        (some[place] - expected).abs() <= tolerance,
                        "{set:?} {p:?}: {pair:?} l {l} n {n} n' {other} is {}, not {expected}",
                        some[place]
                    );
                }
            }
        }
    }
}
