//! Learning from responses of single ions, and judging fields by them, on planted fields.

mod salts;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use salts::{Salt, write_dataset, write_responses};
use serde_json::Value;

/// What scatters the planted responses, over their mean.
const NOISE: f64 = 0.05;

fn ionscape() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ionscape"))
}

fn salts(n: usize, seed: u64) -> Vec<Salt> {
    (0..n).map(|i| Salt { n_frames: 6, n_ions: 64, ..Salt::of_grid(i, n, seed) }).collect()
}

/// Fewer features than by default: a test has fewer ions.
const SMALL: &str = "members = 8\n[local]\nweight = 1.0\nlength_scales = [6.0]\nlength_scales_between = [0.3]\n[gaussian_process]\nfeatures = 512\n";
const SEPARATE: &str =
    "members = 8\n[local]\nlearn = false\n[gaussian_process]\nfeatures = 512\nlength_scales = [0.7]\n";

/// Trains on a folder's data set; what `--json` says.
fn train(folder: &Path, name: &str, settings: &str) -> Value {
    fs::write(folder.join("train.toml"), settings).unwrap();
    let mut command = ionscape();
    command.arg("train").arg(folder.join("dataset.toml")).arg("-o").arg(folder.join(format!("{name}.onnx")));
    command.args(["--folds", "4"]).arg("--config").arg(folder.join("train.toml"));
    command.arg("--cache").arg(folder.join("cache")).arg("--json").arg(folder.join("out.json")).assert().success();
    serde_json::from_slice(&fs::read(folder.join("out.json")).unwrap()).unwrap()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let all: Vec<f64> = values.collect();
    all.iter().sum::<f64>() / all.len() as f64
}

fn corrected(report: &Value) -> f64 {
    let systems = report["local"].as_array().unwrap();
    mean(systems.iter().map(|s| s["corrected_correlation"][0].as_f64().unwrap()))
}

fn reproducible(report: &Value) -> f64 {
    mean(report["reproducibility"].as_array().unwrap().iter().map(|s| s["correlation"].as_f64().unwrap()))
}

#[test]
fn responses_of_ions_make_the_field_the_planted_one() {
    let folder = tempfile::tempdir().unwrap();
    let all = salts(16, 40);
    write_dataset(folder.path(), &all, 0.01);
    write_responses(folder.path(), &all, NOISE);
    let without = train(folder.path(), "without", SEPARATE);
    let with = train(folder.path(), "with", SMALL);
    println!("held out: {:.3} without and {:.3} with responses", corrected(&without), corrected(&with));
    println!("reproducibility {:.3} and {:.3}", reproducible(&without), reproducible(&with));
    assert!(corrected(&with) > corrected(&without) + 0.1);
    assert!(reproducible(&with) > reproducible(&without) + 0.05 && reproducible(&with) > 0.8);

    // The file says what it means and how far it goes.
    let json = folder.path().join("i.json");
    ionscape().arg("inspect").arg(folder.path().join("with.onnx")).arg("--json").arg(&json).assert().success();
    let card: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!((&card["provenance"]["local_time"], &card["provenance"]["n_local_systems"]), (&1.0.into(), &16.into()));
    assert!(card["validation"]["field_reproducibility"].is_array());

    // Systems of the same kind that it has not seen.
    let unseen = tempfile::tempdir().unwrap();
    let others = salts(16, 7000);
    write_dataset(unseen.path(), &others, 0.01);
    write_responses(unseen.path(), &others, NOISE);
    let evaluate = |model: &str| -> Vec<Value> {
        let report = unseen.path().join("e.json");
        let mut command = ionscape();
        command.arg("evaluate").arg(folder.path().join(model)).arg(unseen.path().join("dataset.toml"));
        command.arg("--cache").arg(folder.path().join("cache")).arg("--json").arg(&report);
        let assert = command.assert().success();
        let stdout = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(stdout.contains("single ions beside their own responses"), "{stdout}");
        let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        report["systems"].as_array().unwrap().clone()
    };
    let of = |systems: &[Value], key: &str| mean(systems.iter().map(|s| s["local"][key][0].as_f64().unwrap()));
    let (before, after) = (evaluate("without.onnx"), evaluate("with.onnx"));
    // Departures are off by the ensemble's deviation and the noise, or by a little more, and not by far less or more.
    let z = mean(after.iter().map(|s| s["local_mean_squared_z"].as_f64().unwrap()));
    assert!((0.5..6.0).contains(&z), "{z}");
    let [before, after] = [before, after].map(|systems| [of(&systems, "corrected_correlation"), of(&systems, "slope")]);
    println!("unseen: correlation and slope {before:.3?} without and {after:.3?} with responses");
    assert!(after[0] > 0.85 && after[0] > before[0] + 0.1);
    assert!((after[1] - 1.0).abs() < 0.2);
}

#[test]
fn networks_learn_from_responses_too() {
    let folder = tempfile::tempdir().unwrap();
    let all = salts(16, 40);
    write_dataset(folder.path(), &all, 0.01);
    write_responses(folder.path(), &all, NOISE);
    let network = "kind = \"mlp\"\nmembers = 2\n[mlp]\nsteps = 600\nhidden = [32]\n";
    let without = train(folder.path(), "without", &format!("{network}[local]\nlearn = false\n"));
    let with = train(folder.path(), "with", &format!("{network}[local]\nweight = 1.0\n"));
    println!("held out: {:.3} without and {:.3} with responses", corrected(&without), corrected(&with));
    println!("reproducibility {:.3} and {:.3}", reproducible(&without), reproducible(&with));
    assert!(corrected(&with) > corrected(&without) + 0.1);
    assert!(reproducible(&with) > reproducible(&without) + 0.1);
}

/// A corrected correlation does not depend on the noise, and the plain one falls as the root of the reliability.
#[test]
fn noise_is_taken_out_of_correlations() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Salt> = salts(4, 90).iter().map(|s| Salt { n_frames: 40, ..*s }).collect();
    write_dataset(folder.path(), &all, 0.01);
    let mut found = vec![];
    for noise in [0.02, 0.4] {
        write_responses(folder.path(), &all, noise);
        let report = train(folder.path(), "m", SEPARATE);
        found.push(report["local"].as_array().unwrap().clone());
    }
    for (quiet, loud) in found[0].iter().zip(&found[1]) {
        let pair = |v: &Value, key: &str| [0, 1].map(|k| v[key][k].as_f64().unwrap());
        let [a, b] = [quiet, loud].map(|v| pair(v, "corrected_correlation"));
        assert!((a[0] - b[0]).abs() < 4.0 * a[1].hypot(b[1]) + 0.01, "{a:?} {b:?}");
        let [reliability, plain] = ["reliability", "correlation"].map(|key| pair(loud, key)[0]);
        assert!((plain / reliability.sqrt() - b[0]).abs() < 1e-9 && reliability < 0.9, "{loud}");
    }
}

#[test]
fn responses_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let all = salts(8, 40);
    write_dataset(folder.path(), &all, 0.01);
    write_responses(folder.path(), &all, NOISE);
    let path = folder.path().join("dataset.toml");
    let good = fs::read_to_string(&path).unwrap();
    let refusal = |text: &str, options: &[&str]| {
        fs::write(&path, text).unwrap();
        let mut command = ionscape();
        command.arg("train").arg(&path).arg("-o").arg(folder.path().join("m.onnx")).args(options);
        let assert = command.arg("--cache").arg(folder.path().join("cache")).assert().code(1);
        String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
    };
    let first = |from: &str, to: &str| good.replacen(from, to, 1);
    let none: &[&str] = &[];
    for (text, options, message) in [
        (first("local_time = 1.0\n", ""), none, "local needs local_time"),
        (first("local_time = 1.0", "local_time = 3.0"), none, "lambda_3"),
        (first("local_time = 1.0", "local_time = -1.0"), none, "local_time must be above zero"),
        (first("local_time = 1.0", "local_time = 2.0"), none, "a field is defined at one"),
        (
            first("local_time = 1.0", "local_time = 1.0\nlocal_perturbation = \"impulse\""),
            none,
            "some responses of ions are to an impulse up to t = 1, others to a field up to t = 1",
        ),
        (
            first("local_time = 1.0", "local_time = 1.0\nlocal_perturbation = \"push\""),
            none,
            "local_perturbation must be \"field\" or \"impulse\"",
        ),
    ] {
        let found = refusal(&text, options);
        assert!(found.contains(message), "{message}: {found}");
    }
    let label = good.lines().find(|line| line.starts_with("molar_conductivity = ")).unwrap();
    let found = refusal(&first(label, "molar_conductivity = 0.0"), none);
    assert!(found.contains("system s0: its molar_conductivity is 0, and responses of its ions"), "{found}");
    let config = folder.path().join("train.toml");
    fs::write(&config, "[gaussian_process]\nfeatures = 2\n").unwrap();
    let found = refusal(&good, &["--config", config.to_str().unwrap()]);
    assert!(found.contains("features = 2: where responses of ions are learned from it must be from 4"), "{found}");
    let dump = folder.path().join("local0.lammpstrj");
    let text = fs::read_to_string(&dump).unwrap();
    for (change, message) in [
        (text.replacen(" 0.02500", " 0.00000", 2), "is no response with its error"),
        (text.replace("lambda_1", "c_lambda"), "lambda_1"),
    ] {
        fs::write(&dump, change).unwrap();
        let found = refusal(&good, none);
        assert!(found.contains(message) && found.contains("local0.lammpstrj"), "{message}: {found}");
    }
}

/// A salt's dump in which each anion is two atoms and a neutral atom stands beside it.
fn with_molecules_and_solvent(dump: &str) -> String {
    let mut text = String::new();
    for line in dump.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let [id, kind @ ("1" | "2"), _, x, y, z] = words[..] {
            let (id, x): (usize, f64) = (id.parse().unwrap(), x.parse().unwrap());
            if kind == "1" {
                writeln!(text, "{id} 1 0 1 1 {x} {y} {z}").unwrap();
                continue;
            }
            writeln!(text, "{id} 2 {id} -0.5 1 {x} {y} {z}").unwrap();
            writeln!(text, "{} 3 {id} -0.5 1 {} {y} {z}", 1000 + id, x + 0.3).unwrap();
            writeln!(text, "{} 4 0 0 1 {} {y} {z}", 2000 + id, x + 1.3).unwrap();
        } else if words.len() == 1 && line.parse() == Ok(64) {
            text.push_str("128\n");
        } else {
            writeln!(text, "{}", line.replace("id type q x y z", "id type mol q mass x y z")).unwrap();
        }
    }
    text
}

/// What `ionscape predict` wrote as responses: those of ions with a small error, those of solvent with none.
fn as_responses(predicted: &str) -> String {
    let mut text = String::new();
    for line in predicted.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if !line.starts_with("ITEM") && words.len() == 11 {
            let error = if words[1] == "4" { "0" } else { "0.001" };
            writeln!(text, "{} {} {error}", words[..8].join(" "), words[8]).unwrap();
        } else {
            writeln!(text, "{}", line.replace("c_lam[1] c_lam[2] c_lam[3]", "lambda_1 error_1")).unwrap();
        }
    }
    text
}

/// A field is compared with itself, so that all is known: each ion meets its own response.
#[test]
fn ions_of_several_atoms_and_neutral_species_have_the_responses_of_their_ions() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: String| folder.path().join(name);
    let all: Vec<Salt> = salts(4, 60).iter().map(|s| Salt { n_frames: 2, ..*s }).collect();
    write_dataset(folder.path(), &all, 0.01);
    let path = file("dataset.toml".into());
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("2 = \"anion\" }", "2 = \"anion\", 3 = \"anion\", 4 = \"solvent\" }")
        .replace("anion = -1.0 }\n", "anion = -1.0, solvent = 0.0 }\nmolecules = [\"anion\"]\n");
    fs::write(&path, &text).unwrap();
    for (i, salt) in all.iter().enumerate() {
        fs::write(file(format!("s{i}.lammpstrj")), with_molecules_and_solvent(&salt.dump())).unwrap();
    }
    train(folder.path(), "m", SEPARATE);
    let mut with_local = text;
    for i in 0..all.len() {
        let (dump, out) = (format!("s{i}.lammpstrj"), file("out.lammpstrj".into()));
        let mut command = ionscape();
        command.arg("predict").arg(file("m.onnx".into())).arg(file(dump.clone())).arg("-o").arg(&out);
        command.args(["--species", "cation,anion,anion,solvent"]).assert().success();
        fs::write(file(format!("local{i}.lammpstrj")), as_responses(&fs::read_to_string(out).unwrap())).unwrap();
        let local = format!("snapshots = \"{dump}\"\nlocal = \"local{i}.lammpstrj\"\nlocal_time = 1.0");
        with_local = with_local.replace(&format!("snapshots = \"{dump}\""), &local);
    }
    fs::write(&path, with_local).unwrap();
    let evaluate = || {
        let mut command = ionscape();
        command.arg("evaluate").arg(file("m.onnx".into())).arg(&path).arg("--cache").arg(file("cache".into()));
        command.arg("--json").arg(file("e.json".into()));
        command.assert()
    };
    evaluate().success();
    let report: Value = serde_json::from_slice(&fs::read(file("e.json".into())).unwrap()).unwrap();
    for system in report["systems"].as_array().unwrap() {
        let local = &system["local"];
        assert_eq!(local["n_ions"], 128, "{local}");
        for key in ["correlation", "slope"] {
            assert!((local[key][0].as_f64().unwrap() - 1.0).abs() < 1e-3, "{key}: {local}");
        }
    }
    assert!(corrected(&train(folder.path(), "with", SMALL)) > 0.0);

    // Atoms of one ion that have not one response.
    let dump = file("local0.lammpstrj".into());
    let text = fs::read_to_string(&dump).unwrap();
    let second = text.lines().find(|line| line.starts_with("1002 3 2 ")).unwrap();
    fs::write(&dump, text.replacen(second, &format!("{second}5"), 1)).unwrap();
    let assert = evaluate().code(1);
    let message = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(message.contains("system s0") && message.contains("and atom 2 of the same ion has"), "{message}");
    assert!(message.contains("an ion has one response: give it to all its atoms"), "{message}");
}
