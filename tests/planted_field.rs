//! A local field that nothing but means over systems was told of is found again.

mod salts;

use assert_cmd::Command;
use salts::{Salt, write_dataset};

/// `1 - sum (f - t)^2 / sum (t - <t>)^2` over ions.
fn r2(found: &[f64], truth: &[f64]) -> f64 {
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    let residual: f64 = found.iter().zip(truth).map(|(f, t)| (f - t).powi(2)).sum();
    1.0 - residual / truth.iter().map(|t| (t - mean).powi(2)).sum::<f64>()
}

/// Local conductivities that the model writes into a dump.
fn predicted(folder: &std::path::Path, salt: &Salt) -> Vec<f64> {
    let (dump, out) = (folder.join("unseen.lammpstrj"), folder.join("out.lammpstrj"));
    std::fs::write(&dump, salt.dump()).unwrap();
    let mut command = Command::cargo_bin("ionscape").unwrap();
    command.arg("predict").arg(folder.join("m.onnx")).arg(&dump).arg("-o").arg(&out).assert().success();
    let text = std::fs::read_to_string(&out).unwrap();
    let rows = text.lines().filter(|line| line.split(' ').count() == 9 && !line.starts_with("ITEM"));
    rows.map(|row| row.split(' ').nth(6).unwrap().parse().unwrap()).collect()
}

/// R2 over the ions, and over the means, of twelve systems that a model trained on `n_systems` others has not seen.
fn recovery(n_systems: usize, noise: f64) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let salts: Vec<Salt> = (0..n_systems).map(|i| Salt::of_grid(i, n_systems, 1000)).collect();
    write_dataset(folder.path(), &salts, noise);
    let config = folder.path().join("train.toml");
    std::fs::write(&config, "[gaussian_process]\nfeatures = 2048\n").unwrap();
    let mut command = Command::cargo_bin("ionscape").unwrap();
    command.arg("train").arg(folder.path().join("dataset.toml")).arg("-o").arg(folder.path().join("m.onnx"));
    command.arg("--cache").arg(folder.path()).arg("--config").arg(&config).args(["--folds", "0"]).assert().success();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mut found, mut truth) = (vec![], vec![]);
    let (mut found_means, mut true_means) = (vec![], vec![]);
    for i in 0..12 {
        let salt = Salt::of_grid(i, 12, 5000);
        let (f, t) = (predicted(folder.path(), &salt), salt.field());
        found_means.push(mean(&f));
        true_means.push(mean(&t));
        found.extend(f);
        truth.extend(t);
    }
    (r2(&found, &truth), r2(&found_means, &true_means))
}

/// With `PLANTED_FIELD_TABLE` set it prints the table of docs/training.md as well, which takes a minute.
#[test]
fn forty_systems_give_the_field_of_single_ions() {
    if std::env::var_os("PLANTED_FIELD_TABLE").is_some() {
        for (n, noise) in [(10, 0.01), (20, 0.01), (40, 0.0), (40, 0.01), (40, 0.05), (80, 0.01)] {
            let (ions, systems) = recovery(n, noise);
            eprintln!("{n} systems, noise {noise}: R2 over ions {ions:.3}, over systems {systems:.4}");
        }
    }
    let (ions, systems) = recovery(40, 0.01);
    eprintln!("R2 over ions {ions:.4}, over systems {systems:.4}");
    assert!(ions > 0.9 && systems > 0.99, "{ions} {systems}");
}
