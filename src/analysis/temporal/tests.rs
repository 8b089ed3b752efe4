use super::*;
use crate::analysis::FieldSnapshot;
use crate::analysis::jackknife::{leave_one_out, sums};
use crate::geometry::Cell;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Ions in clusters, each in one place; `local` gives a frame's values.
fn course(
    clusters: usize,
    size: usize,
    t: usize,
    seed: u64,
    mut local: impl FnMut(&mut ChaCha8Rng) -> Vec<f64>,
) -> FieldHistory {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let cell = Cell::from_lammps([0.0; 3], [1.0; 3], [0.0; 3], [true; 3]).unwrap();
    let places: Vec<[f64; 3]> = (0..clusters).map(|_| [0; 3].map(|_| random.random())).collect();
    let positions: Vec<[f64; 3]> = places.iter().flat_map(|place| std::iter::repeat_n(*place, size)).collect();
    let ids: Vec<i64> = (0..positions.len() as i64).collect();
    let kinds = vec![1; positions.len()];
    let mut history = FieldHistory::default();
    for _ in 0..t {
        let local = local(&mut random);
        let snapshot =
            FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local };
        history.add(&ids, &snapshot).unwrap();
    }
    history
}

/// Clusters that switch between two values with probability `p` a frame, all ions of one together.
fn telegraph(p: f64, clusters: usize, size: usize, t: usize, seed: u64) -> FieldHistory {
    let mut state: Option<Vec<bool>> = None;
    course(clusters, size, t, seed, |random| {
        let state = state.get_or_insert_with(|| (0..clusters).map(|_| random.random()).collect());
        let values = state.iter().flat_map(|&up| std::iter::repeat_n(f64::from(up), size)).collect();
        state.iter_mut().for_each(|up| *up ^= random.random::<f64>() < p);
        values
    })
}

#[test]
fn a_telegraph_process_has_the_correlation_and_the_dwell_times_that_it_was_made_with() {
    let p = 0.1;
    let found = telegraph(p, 400, 1, 400, 3).summary().unwrap();
    assert_eq!(found.n_ions, 400);
    for lag in [1, 3, 10] {
        let exact = (1.0 - 2.0 * p).powi(lag as i32);
        for curve in [&found.full, &found.fluctuation] {
            let (value, error) = curve[lag];
            assert!((value - exact).abs() < 4.0 * error.unwrap(), "{lag}: {value} {error:?} {exact}");
        }
    }
    // Sum of a geometric series from 1, less half of the first.
    let exact = 1.0 / (2.0 * p) - 0.5;
    let (value, error) = found.relaxation.unwrap();
    assert!((value - exact).abs() < 4.0 * error.unwrap() + 0.03 * exact, "{value} {error:?} {exact}");
    // Two values leave the lowest third empty.
    for class in [1, 2] {
        let (value, error) = found.mean_dwell[class];
        // Visits longer than what is left of the run are cut: a bias of their length over the run's.
        assert!((value - 1.0 / p).abs() < 4.0 * error.unwrap() + 0.3, "{value} {error:?}");
        let (stay, error) = found.transitions[class][class];
        assert!((stay - (1.0 - p)).abs() < 4.0 * error.unwrap(), "{stay}");
        assert!((found.independent[class] - 0.5).abs() < 0.02);
        let independent = &found.independent_dwell_distribution[class];
        assert_eq!(independent.len(), found.dwell[class].len());
        assert!(independent[0] > 4.0 * found.dwell[class][0] && (independent.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn independent_values_have_no_correlation() {
    let found = course(300, 1, 120, 8, |random| (0..300).map(|_| random.random()).collect()).summary().unwrap();
    let off = |points: &[Point]| points.iter().filter(|(v, e)| v.abs() > 2.0 * e.unwrap()).count();
    // One in twenty beyond two errors, of thirty.
    assert!(off(&found.fluctuation[1..]) <= 5, "{:?}", found.fluctuation);
    for (a, row) in found.transitions.iter().enumerate() {
        for (b, (value, error)) in row.iter().enumerate() {
            assert!((value - found.independent[b]).abs() < 4.0 * error.unwrap(), "{a} {b}");
        }
        let (dwell, error) = found.mean_dwell[a];
        assert!((dwell - found.independent_dwell[a]).abs() < 4.0 * error.unwrap());
        for (found, independent) in found.dwell[a].iter().zip(&found.independent_dwell_distribution[a]) {
            assert!((found - independent).abs() < 0.02);
        }
    }
}

#[test]
fn correlations_are_the_direct_sums() {
    let t = 37;
    let mut frames: Vec<Vec<f64>> = vec![];
    let history = course(40, 1, t, 5, |random| {
        frames.push((0..40).map(|i| f64::from(i) + random.random::<f64>()).collect());
        frames[frames.len() - 1].clone()
    });
    let found = history.summary().unwrap();
    let means: Vec<f64> = frames.iter().map(|f| f.iter().sum::<f64>() / 40.0).collect();
    let mean = means.iter().sum::<f64>() / t as f64;
    let direct = |lag: usize, of: &dyn Fn(usize, usize) -> f64| {
        let origins = 0..t - lag;
        let sum: f64 = origins.flat_map(|f| (0..40).map(move |i| (f, i))).map(|(f, i)| of(f, i) * of(f + lag, i)).sum();
        sum / (t - lag) as f64
    };
    for lag in 0..=t / 4 {
        let full = |f: usize, i: usize| frames[f][i] - mean;
        let fluctuation = |f: usize, i: usize| frames[f][i] - means[f];
        assert!((found.full[lag].0 - direct(lag, &full) / direct(0, &full)).abs() < 1e-6);
        assert!((found.fluctuation[lag].0 - direct(lag, &fluctuation) / direct(0, &fluctuation)).abs() < 1e-6);
    }
}

/// Scatter over runs and mean stated error of some results.
fn scatter(runs: u64, of: impl Fn(u64) -> Vec<Point>) -> Vec<(f64, f64)> {
    let all: Vec<Vec<Point>> = (0..runs).map(of).collect();
    (0..all[0].len())
        .map(|k| {
            let n = runs as f64;
            let mean = all.iter().map(|run| run[k].0).sum::<f64>() / n;
            let variance = all.iter().map(|run| (run[k].0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let stated = all.iter().map(|run| run[k].1.unwrap().powi(2)).sum::<f64>() / n;
            (variance.sqrt(), stated.sqrt())
        })
        .collect()
}

/// Processes shared by eight neighbours: groups by place know that there are eight times fewer of them than ions.
#[test]
fn neighbours_that_change_together_have_the_errors_that_runs_scatter_by() {
    let of = |seed: u64| telegraph(0.02, 125, 8, 64, seed);
    let stated = |seed: u64| {
        let found = of(seed).summary().unwrap();
        vec![found.fluctuation[5], found.fluctuation[10], found.mean_dwell[1], found.transitions[2][2]]
    };
    for (scatter, stated) in scatter(100, stated) {
        assert!((0.8..1.25).contains(&(scatter / stated)), "scatter {scatter}, stated {stated}");
    }
    let by_groups_alone = |history: &FieldHistory| {
        let parts = autocorrelations(history).fluctuation;
        leave_one_out(&parts.ions, &sums(&parts.ions, parts.width), &normalized)[5..=5].to_vec()
    };
    let by_ids = |seed: u64| {
        let mut history = of(seed);
        history.group_by_ids();
        by_groups_alone(&history)
    };
    let (right, wrong) = (scatter(100, |seed| by_groups_alone(&of(seed)))[0], scatter(100, by_ids)[0]);
    assert!((0.8..1.25).contains(&(right.0 / right.1)), "{right:?}");
    assert!(wrong.0 / wrong.1 > 2.0, "{wrong:?}");
}

/// Processes that all ions share, which only parts of the run know of: fast ones, and one that remembers 25 of 400 frames, as long as
/// a part is.
#[test]
fn what_all_ions_share_has_the_errors_that_runs_scatter_by() {
    for p in [0.3, 0.05, 0.02] {
        let of = |seed: u64| {
            let mut up = seed.is_multiple_of(2);
            course(200, 1, 400, seed, |random| {
                up ^= random.random::<f64>() < p;
                (0..200).map(|_| f64::from(up) + 0.2 * random.random::<f64>()).collect()
            })
        };
        let lags = |seed| of(seed).summary().unwrap().full[1..100].iter().step_by(11).copied().collect();
        for (scatter, stated) in scatter(100, lags) {
            assert!((0.75..1.3).contains(&(scatter / stated)), "{p}: scatter {scatter}, stated {stated}");
        }
    }
}

/// Of runs that are short and of ions that are few as well, where the curve's end is chance.
#[test]
fn relaxation_times_have_the_errors_that_runs_scatter_by() {
    for (p, n_ions, t) in [(0.142, 300, 200), (0.142, 40, 200), (0.197, 300, 1000), (0.4, 300, 100)] {
        let found = |seed| vec![telegraph(p, n_ions, 1, t, seed).summary().unwrap().relaxation.unwrap()];
        let (scatter, stated) = scatter(100, found)[0];
        assert!((0.7..1.15).contains(&(scatter / stated)), "{p} {n_ions} {t}: scatter {scatter}, stated {stated}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let history = telegraph(0.1, 60, 2, 100, 1);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| history.summary())).unwrap()
    };
    assert_eq!(on(1), on(3));
}
