//! `ionscape train` and `ionscape evaluate` as a user runs them.

mod salts;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use salts::{Salt, write_dataset};
use serde_json::Value;

fn ionscape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    command.env_remove("RUST_LOG").env_remove("RAYON_NUM_THREADS");
    command
}

/// `ionscape train` on the data set of a folder, features kept in the folder.
fn train(folder: &Path, output: &str) -> Command {
    let mut command = ionscape();
    command.arg("train").arg(folder.join("dataset.toml")).arg("-o").arg(folder.join(output));
    command.arg("--cache").arg(folder.join("cache"));
    command
}

fn refusal(command: &mut Command) -> String {
    let assert = command.assert().code(1);
    let output = assert.get_output();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn salts(n: usize) -> Vec<Salt> {
    (0..n).map(|i| Salt { n_frames: 3, n_ions: 32, ..Salt::of_grid(i, n, 300) }).collect()
}

#[test]
fn a_model_is_trained_evaluated_and_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    write_dataset(folder.path(), &salts(12), 0.01);
    let mut command = train(folder.path(), "m.onnx");
    command.args(["--members", "6", "--folds", "4", "--seed", "3"]).arg("--json").arg(file("t.json"));
    let assert = command.arg("--plot").arg(file("t.svg")).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains("cross-validation over systems, 4 folds") && stdout.contains("ridge"), "{stdout}");
    let trained = json(&file("t.json"));
    assert_eq!(trained["systems"].as_array().unwrap().len(), 12);
    for system in trained["systems"].as_array().unwrap() {
        for key in ["name", "true", "true_error", "predicted", "predicted_error", "fold"] {
            assert!(!system[key].is_null(), "{key}: {system}");
        }
    }
    let r2 = |value: &Value| value["r2"].as_f64().unwrap();
    assert!(r2(&trained) > 0.9, "{}", r2(&trained));
    assert!(trained["rmse"].is_number() && trained["chi2"].is_number());
    assert!(trained["baselines"]["quadratic"]["r2"].is_number() && trained["baselines"]["ridge"]["r2"].is_number());
    assert!(std::fs::read_to_string(file("t.svg")).unwrap().contains("Cross-validation over systems"));

    // What a model file says of itself.
    ionscape().arg("inspect").arg(file("m.onnx")).arg("--json").arg(file("i.json")).assert().success();
    let inspected = json(&file("i.json"));
    assert_eq!(inspected["provenance"]["n_systems"], 12);
    assert_eq!(inspected["validation"]["cross_validation"]["folds"], 4);

    // Unseen systems of the same kind.
    let unseen = tempfile::tempdir().unwrap();
    let others: Vec<Salt> = salts(5).iter().map(|s| Salt { seed: s.seed + 7000, ..*s }).collect();
    write_dataset(unseen.path(), &others, 0.01);
    let mut command = ionscape();
    command.arg("evaluate").arg(file("m.onnx")).arg(unseen.path().join("dataset.toml"));
    command.arg("--cache").arg(file("cache")).arg("--json").arg(file("e.json")).arg("--plot").arg(file("e.png"));
    command.assert().success();
    let evaluated = json(&file("e.json"));
    assert!(r2(&evaluated) > 0.9, "{evaluated}");

    // The systems that it was trained on, and others of their names, are no test.
    let told = |folder: &Path| {
        let mut command = ionscape();
        command.arg("evaluate").arg(file("m.onnx")).arg(folder.join("dataset.toml")).arg("--cache").arg(file("cache"));
        String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap()
    };
    assert!(told(folder.path()).contains("the model was trained on this very data set"), "{}", told(folder.path()));
    let by_name = "the model was trained on systems of these names: s0, s1, s2, s3, s4; if they are the same";
    assert!(told(unseen.path()).contains(by_name), "{}", told(unseen.path()));
    assert_eq!(evaluated["baselines_fitted_to"], "the model's training systems");
    assert!(std::fs::read(file("e.png")).unwrap().starts_with(b"\x89PNG"));

    // `predict` on one of them gives the mean that `evaluate` gives, and how far members agree on it.
    let mut command = ionscape();
    command.arg("predict").arg(file("m.onnx")).arg(unseen.path().join("s2.lammpstrj")).arg("-o").arg(file("o.dump"));
    command.arg("--json").arg(file("p.json")).assert().success();
    let (predicted, expected) = (json(&file("p.json")), &evaluated["systems"][2]);
    for (ours, theirs) in [
        ("mean", "predicted"),
        ("mean_ensemble_deviation", "ensemble_deviation"),
        ("system_extrapolation", "system_extrapolation"),
    ] {
        let (ours, theirs) = (predicted[ours].as_f64().unwrap(), expected[theirs].as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-4 * theirs.abs(), "{predicted} {expected}");
    }
}

/// No ion has another within the radius, which the quadratic baseline can then tell nothing of.
#[test]
fn coordination_that_no_training_system_has_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    write_dataset(folder.path(), &salts(6), 0.01);
    std::fs::write(file("train.toml"), "members = 2\nfolds = 2\ncoordination_radius = 0.5\n").unwrap();
    let mut command = train(folder.path(), "m.onnx");
    command.arg("--config").arg(file("train.toml")).arg("--json").arg(file("t.json"));
    let told =
        |command: &mut Command| String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap();
    let said = told(&mut command);
    assert!(said.contains("no unlike ions are within the coordination radius of 0.5 of each other"), "{said}");
    assert!(said.contains("set coordination_radius in train.toml"), "{said}");
    let default = told(&mut train(folder.path(), "default.onnx"));
    assert!(!default.contains("coordination radius"), "{default}");
    assert!(json(&file("t.json"))["baselines"]["quadratic"]["rmse"].as_f64().unwrap() < 10.0);
    ionscape().arg("inspect").arg(file("m.onnx")).arg("--json").arg(file("i.json")).assert().success();
    let fitted = &json(&file("i.json"))["validation"]["baselines_fitted"];
    let quadratic = fitted.as_array().unwrap().iter().find(|b| b["kind"] == "quadratic").unwrap();
    let coefficients: Vec<f64> =
        quadratic["coefficients"].as_array().unwrap().iter().map(|c| c.as_f64().unwrap()).collect();
    // Of 1, a, b, a^2, a b, b^2, where b is the coordination.
    assert_eq!([2, 4, 5].map(|c| coefficients[c]), [0.0; 3], "{coefficients:?}");
    assert!(coefficients[0] != 0.0 && coefficients.iter().all(|c| c.abs() < 1e3), "{coefficients:?}");

    let evaluate = |radius: &str| {
        let mut command = ionscape();
        command.arg("evaluate").arg(file("m.onnx")).arg(file("dataset.toml")).arg("--cache").arg(file("cache"));
        command.args(["--coordination-radius", radius]);
        command
    };
    evaluate("0.5").assert().success();
    let message = refusal(&mut evaluate("1.5"));
    assert!(message.contains("its baselines were fitted with a coordination radius of 0.5"), "{message}");
}

#[test]
fn errors_that_a_model_cannot_state_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    write_dataset(folder.path(), &salts(6), 0.01);
    let told =
        |command: &mut Command| String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap();
    let one = told(train(folder.path(), "one.onnx").args(["--members", "1", "--folds", "2"]));
    assert!(one.contains("an ensemble of one member has no deviation"), "{one}");
    let mut command = ionscape();
    command.arg("evaluate").arg(file("one.onnx")).arg(file("dataset.toml")).arg("--cache").arg(file("cache"));
    assert!(told(&mut command).contains("the model has one member, which has no deviation"));
    let mut command = ionscape();
    command.arg("predict").arg(file("one.onnx")).arg(file("s0.lammpstrj")).arg("-o").arg(file("o.lammpstrj"));
    assert!(told(&mut command).contains("so c_lam[2] is 0 for every ion"));

    // Networks that have hardly learned, and agree about it.
    let network = "kind = \"mlp\"\nmembers = 2\nfolds = 2\n[mlp]\nsteps = 5\nhidden = [4]\nlearning_rate = 1e-9\n";
    std::fs::write(file("train.toml"), network).unwrap();
    let far = told(
        train(folder.path(), "far.onnx").arg("--config").arg(file("train.toml")).arg("--json").arg(file("t.json")),
    );
    assert_eq!(json(&file("t.json"))["calibration"].as_f64().map(|c| (1e6 * c).round() / 1e6), Some(5.0));
    assert!(far.contains("multiplied by 5, the most that they are") && far.contains("errors are too small"), "{far}");
}

#[test]
fn a_model_depends_on_its_seed_and_on_no_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(6), 0.01);
    let model = |name: &str, arguments: &[&str]| {
        train(folder.path(), name).args(arguments).assert().success();
        std::fs::read(folder.path().join(name)).unwrap()
    };
    let first = model("a.onnx", &["--threads", "1"]);
    assert!(first == model("b.onnx", &["--threads", "3"]));
    assert!(first != model("c.onnx", &["--seed", "1"]));
}

#[test]
fn a_training_that_was_killed_leaves_no_broken_file_and_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(6), 0.01);
    let began = std::time::Instant::now();
    train(folder.path(), "whole.onnx").assert().success();
    let duration = began.elapsed();
    std::fs::remove_dir_all(folder.path().join("cache")).unwrap();
    for i in 0..20u32 {
        let mut child =
            train(folder.path(), "killed.onnx").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(duration.as_secs_f64() * f64::from(i * 7 % 20) / 20.0));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Ok(model) = std::fs::read(folder.path().join("killed.onnx")) {
            assert!(model == std::fs::read(folder.path().join("whole.onnx")).unwrap(), "killed after {i}");
        }
    }
    train(folder.path(), "killed.onnx").assert().success();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("killed.onnx") == read("whole.onnx"));
}

#[test]
fn networks_go_on_from_their_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(6), 0.01);
    let config = folder.path().join("train.toml");
    std::fs::write(&config, "kind = \"mlp\"\nmembers = 2\nfolds = 2\n[mlp]\nsteps = 1500\nhidden = [20]\n").unwrap();
    let train = |output: &str| {
        let mut command = train(folder.path(), output);
        command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let began = std::time::Instant::now();
    train("whole.onnx").assert().success();
    let duration = began.elapsed().as_secs_f64();
    let states = folder.path().join("cache/training");
    assert_eq!(std::fs::read_dir(&states).unwrap().count(), 0, "checkpoints go when all is done");
    let mut kept = 0;
    for part in [0.3, 0.6] {
        let mut child = train("killed.onnx").spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(part * duration));
        child.kill().unwrap();
        child.wait().unwrap();
        kept += walk(&states);
    }
    assert!(kept > 0, "no checkpoint was written in {duration} s");
    train("killed.onnx").assert().success();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("killed.onnx") == read("whole.onnx"));
}

#[test]
fn damaged_features_are_computed_anew() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(4), 0.01);
    let train = |out: &str| train(folder.path(), out).args(["--folds", "2"]).assert().success();
    train("whole.onnx");
    for file in std::fs::read_dir(folder.path().join("cache")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "f32") {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 4].copy_from_slice(&9.0f32.to_ne_bytes());
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let said = String::from_utf8(train("again.onnx").get_output().stderr.clone()).unwrap();
    assert_eq!(said.matches("the features kept there are damaged, and are computed anew").count(), 4, "{said}");
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("again.onnx") == read("whole.onnx"));
}

/// Files in the folders of a folder.
fn walk(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folders.map(|f| std::fs::read_dir(f.path()).into_iter().flatten().count()).sum()
}

#[test]
fn data_sets_that_nothing_can_be_learned_from_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(4), 0.01);
    let path = folder.path().join("dataset.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let message = |text: String, arguments: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let message = refusal(train(folder.path(), "m.onnx").args(arguments));
        assert!(!folder.path().join("m.onnx").exists());
        message
    };
    let one = good[..good.find("\n[[system]]\nname = \"s1\"").unwrap()].to_string();
    assert!(message(one, &[]).contains("1 system to learn from"));
    assert!(message(good.clone(), &["--folds", "5"]).contains("4 systems cannot be split into 5 folds"));
    for (option, value) in [("--folds", "1"), ("--members", "0")] {
        let assert = train(folder.path(), "m.onnx").args([option, value]).assert().code(2);
        let message = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(message.contains(&format!("{} = {value}", &option[2..])), "{message}");
    }
    let label = good.lines().find(|l| l.starts_with("molar_conductivity_error")).unwrap();
    assert!(message(good.replacen(label, "molar_conductivity_error = 0.0", 1), &[]).contains("must be above zero"));
    assert!(message(good.replacen(label, "", 1), &[]).contains("no molar_conductivity_error"));
    let value = good.lines().find(|l| l.starts_with("molar_conductivity ")).unwrap();
    assert!(message(good.replacen(value, "molar_conductivity = nan", 1), &[]).contains("not finite"));
    for (key, line, number) in [("molar_conductivity", value, "1e300"), ("molar_conductivity_error", label, "1e-40")] {
        let told = message(good.replacen(line, &format!("{key} = {number}"), 1), &[]);
        assert!(told.contains(&format!("{key} must be ")) && told.contains("between 1e-30 and 1e30"), "{told}");
    }
    assert!(message(good.replace("\"s2\"", "\"s1\""), &[]).contains("the name stands twice"));
    let same = message(good.replace("\"s2.lammpstrj\"", "\"s1.lammpstrj\""), &[]);
    assert!(same.contains("systems s1 and s2 have the same snapshots"), "{same}");
    let some = message(good.replace("\"s2.lammpstrj\"", "[\"s2.lammpstrj\", \"s1.lammpstrj\"]"), &[]);
    assert!(some.contains("systems s1 and s2 have the same snapshots"), "{some}");
    let twice = message(good.replace("\"s2.lammpstrj\"", "[\"s2.lammpstrj\", \"s2.lammpstrj\"]"), &[]);
    assert!(twice.contains("system s2: one of its snapshots is given twice"), "{twice}");
    let species = message(good.replace("2 = \"anion\"", "3 = \"anion\""), &[]);
    assert!(species.contains("system s0: its snapshots have no ion of negative charge"), "{species}");
    let charges = message(good.replace("cation = 1.0", "cation = -1.0"), &[]);
    assert!(charges.contains("whose charge is -1"), "{charges}");
    let valence = message(good.replace("cation = 1.0", "cation = 2.0"), &[]);
    assert!(valence.contains("cation (+2), anion (-1) differ in more than their sign"), "{valence}");
    assert!(valence.contains("train with --channels by-species"), "{valence}");
    let none = message(good.replace("\"s2.lammpstrj\"", "[]"), &[]);
    assert!(none.contains("system s2: snapshots is a list of no file"), "{none}");
    let endless = message(good.replace("\"s2.lammpstrj\"", "\"s2.lammpstrj\"\nbjerrum_length = nan"), &[]);
    assert!(endless.contains("system s2: bjerrum_length NaN: it must be above zero"), "{endless}");
    let missing = message(good.replace("\"s3.lammpstrj\"", "\"s9.lammpstrj\""), &[]);
    assert!(missing.contains("system s3") && missing.contains("s9.lammpstrj"), "{missing}");

    let dump = std::fs::read_to_string(folder.path().join("s3.lammpstrj")).unwrap();
    std::fs::write(folder.path().join("s3.lammpstrj"), format!("ITEM: UNITS\nreal\n{dump}")).unwrap();
    assert!(message(good.clone(), &[]).contains("its snapshots are in real units, and the data set is in lj"));
    let solvent = dump.lines().map(|l| match l.split(' ').collect::<Vec<_>>()[..] {
        [id, "1" | "2", _, x, y, z] => format!("{id} 3 0 {x} {y} {z}\n"),
        _ => format!("{l}\n"),
    });
    std::fs::write(folder.path().join("s3.lammpstrj"), solvent.collect::<String>()).unwrap();
    let empty = message(good.replace("species = {", "species = { 4 = \"cation\","), &[]);
    assert!(empty.contains("system s3") && empty.contains("no ion"), "{empty}");
    std::fs::write(folder.path().join("s3.lammpstrj"), dump).unwrap();

    let config = folder.path().join("train.toml");
    for (text, expected) in [
        ("[input]\ncomponent = 3", "unknown field `component`"),
        ("[input]\nwhitening = 2.0", "input.whitening = 2"),
        ("[gaussian_process]\nlength_scales = []", "gaussian_process.length_scales"),
        ("[descriptor]\ncutoff = 0.1", "descriptor"),
        (
            "[descriptor]\nconvention = 'compact'\ncutoff = 5.0\nn_max = 6\nl_max = 5\nsigma = 0.5",
            "compact has no sigma",
        ),
    ] {
        std::fs::write(&config, text).unwrap();
        let found = message(good.clone(), &["--config", config.to_str().unwrap()]);
        assert!(found.contains("train.toml") && found.contains(expected), "{found}");
    }
}

#[test]
fn evaluation_refuses_what_does_not_fit_the_model() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &salts(4), 0.01);
    train(folder.path(), "m.onnx").assert().success();
    let path = folder.path().join("dataset.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let message = |text: String| {
        std::fs::write(&path, text).unwrap();
        let mut command = ionscape();
        command.arg("evaluate").arg(folder.path().join("m.onnx")).arg(&path);
        refusal(command.arg("--cache").arg(folder.path().join("cache")))
    };
    assert!(message(good.replace("\"lj\"", "\"real\"")).contains("the data set is in real units"));
    let species = message(good.replace("cation", "lithium"));
    assert!(species.contains("lithium (+1)") && species.contains("cation (+1), anion (-1)"), "{species}");
    std::fs::write(&path, &good).unwrap();
    let model = folder.path().join("m.onnx");
    let bytes = std::fs::read(&model).unwrap();
    for (from, to, expected) in [
        (r#""kind":"ridge""#, r#""kind":"rigde""#, "unknown variant `rigde`"),
        (r#""temperature":false"#, r#""temperature":true "#, "quadratic has 6 coefficients for 10 terms"),
    ] {
        let place = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut damaged = bytes.clone();
        damaged[place..place + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&model, damaged).unwrap();
        let found = message(good.clone());
        assert!(found.contains("validation.baselines_fitted") && found.contains(expected), "{found}");
    }
}
