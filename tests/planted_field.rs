//! A local field that nothing but means over systems was told of is found again.

mod salts;

use std::path::Path;

use assert_cmd::Command;
use salts::{Salt, write_noisy_dataset};

/// What a model is trained on, and how different the systems are that it then predicts.
#[derive(Clone, Copy)]
struct Case {
    n_systems: usize,
    /// Of the labels, relative.
    noise: f64,
    /// Share of the whole range of densities and pairs that the training systems span.
    breadth: f64,
    /// The same for the unseen systems.
    unseen: f64,
    seed: u64,
}

impl Default for Case {
    fn default() -> Self {
        Self { n_systems: 40, noise: 0.01, breadth: 1.0, unseen: 1.0, seed: 0 }
    }
}

/// Shares of the variance of the planted field that the model explains on unseen systems.
struct Recovery {
    ions: f64,
    /// Over ions, each system's mean taken away from what was found and from the truth.
    within: f64,
    systems: f64,
}

/// `1 - sum (f - t)^2 / sum (t - <t>)^2`.
fn r2(found: &[f64], truth: &[f64]) -> f64 {
    let mean = mean(truth);
    let residual: f64 = found.iter().zip(truth).map(|(f, t)| (f - t).powi(2)).sum();
    1.0 - residual / truth.iter().map(|t| (t - mean).powi(2)).sum::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn ionscape() -> Command {
    Command::cargo_bin("ionscape").unwrap()
}

/// Local conductivities that the model writes into a dump.
fn predicted(folder: &Path, salt: &Salt) -> Vec<f64> {
    let (dump, out) = (folder.join("unseen.lammpstrj"), folder.join("out.lammpstrj"));
    std::fs::write(&dump, salt.dump()).unwrap();
    ionscape().arg("predict").arg(folder.join("m.onnx")).arg(&dump).arg("-o").arg(&out).assert().success();
    let text = std::fs::read_to_string(&out).unwrap();
    let rows = text.lines().filter(|line| line.split(' ').count() == 9 && !line.starts_with("ITEM"));
    rows.map(|row| row.split(' ').nth(6).unwrap().parse().unwrap()).collect()
}

/// Trains, and predicts the ions of twelve systems that the model has not seen.
fn recovery(case: Case) -> Recovery {
    let folder = tempfile::tempdir().unwrap();
    let n = case.n_systems;
    let salts: Vec<Salt> =
        (0..n).map(|i| Salt::of_grid(i, n, 1000 + 10_000 * case.seed).narrowed(case.breadth)).collect();
    write_noisy_dataset(folder.path(), &salts, case.noise, 99 + case.seed);
    let config = folder.path().join("train.toml");
    std::fs::write(&config, "[gaussian_process]\nfeatures = 2048\n").unwrap();
    let mut train = ionscape();
    train.arg("train").arg(folder.path().join("dataset.toml")).arg("-o").arg(folder.path().join("m.onnx"));
    train.arg("--cache").arg(folder.path()).arg("--config").arg(&config).args(["--folds", "0"]).assert().success();
    let (mut found, mut truth) = (vec![], vec![]);
    let (mut found_within, mut true_within) = (vec![], vec![]);
    let (mut found_means, mut true_means) = (vec![], vec![]);
    for i in 0..12 {
        let salt = Salt::of_grid(i, 12, 5000 + 10_000 * case.seed).narrowed(case.unseen);
        let (f, t) = (predicted(folder.path(), &salt), salt.field());
        let (f_mean, t_mean) = (mean(&f), mean(&t));
        found_within.extend(f.iter().map(|x| x - f_mean));
        true_within.extend(t.iter().map(|x| x - t_mean));
        found_means.push(f_mean);
        true_means.push(t_mean);
        found.extend(f);
        truth.extend(t);
    }
    Recovery {
        ions: r2(&found, &truth),
        within: r2(&found_within, &true_within),
        systems: r2(&found_means, &true_means),
    }
}

/// Prints a case over three seeds: mean, and half of what the seeds differ by.
fn print(case: Case) {
    let found: Vec<Recovery> = (0..3).map(|seed| recovery(Case { seed, ..case })).collect();
    let over_seeds = |of: fn(&Recovery) -> f64| {
        let values: Vec<f64> = found.iter().map(of).collect();
        let range = values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min);
        format!("{:.3} +- {:.3}", mean(&values), 0.5 * range)
    };
    eprintln!(
        "{} systems, noise {}, breadth {}, unseen breadth {}: R2 over ions {}, within systems {}, over systems {}",
        case.n_systems,
        case.noise,
        case.breadth,
        case.unseen,
        over_seeds(|r| r.ions),
        over_seeds(|r| r.within),
        over_seeds(|r| r.systems)
    );
}

/// With `PLANTED_FIELD_TABLE` set it prints the tables of docs/training.md as well, which takes minutes.
#[test]
fn forty_systems_give_the_field_of_single_ions() {
    if std::env::var_os("PLANTED_FIELD_TABLE").is_some() {
        for (n_systems, noise) in [(10, 0.01), (20, 0.01), (40, 0.0), (40, 0.01), (40, 0.05), (80, 0.01)] {
            print(Case { n_systems, noise, ..Case::default() });
        }
        for breadth in [0.02, 0.1, 0.25, 0.5] {
            print(Case { breadth, unseen: breadth, ..Case::default() });
            print(Case { breadth, ..Case::default() });
        }
        for n_systems in [10, 20, 80] {
            print(Case { n_systems, breadth: 0.25, unseen: 0.25, ..Case::default() });
        }
    }
    // Of one seed, R2 over ions is known to 0.01.
    let found: Vec<Recovery> = (0..3).map(|seed| recovery(Case { seed, ..Case::default() })).collect();
    for Recovery { ions, within, systems } in &found {
        eprintln!("R2 over ions {ions:.4}, within systems {within:.4}, over systems {systems:.4}");
        assert!(*ions > 0.88 && *systems > 0.99, "{ions} {systems}");
    }
    let ions = mean(&found.iter().map(|recovery| recovery.ions).collect::<Vec<_>>());
    assert!(ions > 0.9, "{ions}");
}
