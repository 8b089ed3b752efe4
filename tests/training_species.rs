//! Models of salts with several species at several temperatures: a planted field is found again.

mod salts;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use salts::Salt;
use serde_json::Value;

/// What an ion of each type conducts over what its surroundings let one conduct: two cations, and the anion.
const FACTORS: [f64; 3] = [1.6, 1.0, 0.5];

fn ionscape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    command.env_remove("RUST_LOG").env_remove("RAYON_NUM_THREADS");
    command
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A system in which every cation is of the second kind (type 3) but a share `first`, at a temperature.
struct Mixture {
    salt: Salt,
    first: f64,
    temperature: f64,
}

impl Mixture {
    fn of_grid(i: usize, n: usize, seed: u64) -> Self {
        let salt = Salt { n_frames: 3, n_ions: 48, ..Salt::of_grid(i, n, seed) };
        let spread = |step: f64| (i as f64 * step + 0.3).fract();
        Self { salt, first: spread(0.754_877_666), temperature: 1.0 + spread(0.569_840_291) }
    }

    /// Types of the ions: cations are of the first kind as their number allows.
    fn types(&self) -> Vec<i32> {
        let n = self.salt.n_ions / 2;
        let firsts = (self.first * n as f64).round() as usize;
        (0..self.salt.n_ions)
            .map(|i| match (i % 2, (i / 2) % n < firsts) {
                (1, _) => 2,
                (_, true) => 1,
                (_, false) => 3,
            })
            .collect()
    }

    fn mean(&self, of_type: Option<i32>) -> f64 {
        let (types, field) = (self.types(), self.salt.field());
        let factor = |t: i32| [FACTORS[0], FACTORS[2], FACTORS[1]][t as usize - 1];
        let ions = field.iter().enumerate().map(|(i, value)| (types[i % types.len()], value));
        let chosen: Vec<f64> = ions
            .filter(|(t, _)| of_type.is_none_or(|wanted| wanted == *t))
            .map(|(t, value)| self.temperature * factor(t) * value)
            .collect();
        chosen.iter().sum::<f64>() / chosen.len() as f64
    }

    fn dump(&self) -> String {
        let types = self.types();
        let mut text = String::new();
        for line in self.salt.dump().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                [id, _, q, x, y, z] if q == "1" || q == "-1" => {
                    let t = types[id.parse::<usize>().unwrap() - 1];
                    let _ = writeln!(text, "{id} {t} {q} {x} {y} {z}");
                }
                _ => {
                    let _ = writeln!(text, "{line}");
                }
            }
        }
        text
    }
}

fn write_dataset(folder: &Path, mixtures: &[Mixture]) {
    let mut text = String::from(
        "units = \"lj\"\nspecies = { 1 = \"light\", 2 = \"anion\", 3 = \"heavy\" }\n\
         charges = { light = 1.0, heavy = 1.0, anion = -1.0 }\n",
    );
    for (i, mixture) in mixtures.iter().enumerate() {
        std::fs::write(folder.join(format!("s{i}.lammpstrj")), mixture.dump()).unwrap();
        let mean = mixture.mean(None);
        let _ = write!(
            text,
            "\n[[system]]\nname = \"s{i}\"\nsnapshots = \"s{i}.lammpstrj\"\nmolar_conductivity = {mean:.6}\n\
             molar_conductivity_error = {:.6}\ntemperature = {:?}\n",
            0.005 * mean,
            mixture.temperature
        );
    }
    std::fs::write(folder.join("dataset.toml"), text).unwrap();
}

fn train(folder: &Path, output: &str, more: &[&str]) -> Command {
    let mut command = ionscape();
    command.arg("train").arg(folder.join("dataset.toml")).arg("-o").arg(folder.join(output));
    command
        .args(["--cache".as_ref(), folder.join("cache").as_os_str()])
        .args(["--members", "4", "--folds", "0"])
        .args(more);
    command
}

#[test]
fn species_and_temperatures_that_were_left_out_are_predicted() {
    let (folder, unseen) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, unseen) = (folder.path(), unseen.path());
    write_dataset(folder, &(0..40).map(|i| Mixture::of_grid(i, 40, 900)).collect::<Vec<_>>());
    let others: Vec<Mixture> = (0..12).map(|i| Mixture::of_grid(i, 12, 2000)).collect();
    write_dataset(unseen, &others);
    let by_species = ["--channels", "by-species"];
    train(folder, "full.onnx", &["--channels", "by-species", "--condition", "temperature"]).assert().success();
    train(folder, "cold.onnx", &by_species).assert().success();
    train(folder, "plain.onnx", &[]).assert().success();
    let r2 = |model: &str| {
        let out = folder.join("evaluated.json");
        let mut command = ionscape();
        command.arg("evaluate").arg(folder.join(model)).arg(unseen.join("dataset.toml")).arg("--json").arg(&out);
        command.args(["--cache".as_ref(), folder.join("cache").as_os_str()]).assert().success();
        json(&out)["r2"].as_f64().unwrap()
    };
    let (full, cold, plain) = (r2("full.onnx"), r2("cold.onnx"), r2("plain.onnx"));
    assert!(full > 0.95 && full > cold && full > plain, "{full} {cold} {plain}");

    // How the cations differ, which no label told. What cations and anions have apart, it could not tell: there are as many of
    // the ones as of the others in every system.
    let apart = |from: &dyn Fn(&Mixture, i32) -> f64| others.iter().map(|m| from(m, 1) - from(m, 3)).sum::<f64>();
    let predicted: Vec<Vec<(i32, f64)>> = others
        .iter()
        .enumerate()
        .map(|(i, mixture)| {
            let out = folder.join("out.lammpstrj");
            let mut command = ionscape();
            command.arg("predict").arg(folder.join("full.onnx")).arg(unseen.join(format!("s{i}.lammpstrj")));
            command.args(["-o".as_ref(), out.as_os_str()]).args(["--species", "light,anion,heavy", "--temperature"]);
            command.arg(mixture.temperature.to_string()).assert().success();
            let text = std::fs::read_to_string(&out).unwrap();
            let rows = text.lines().map(|line| line.split(' ').collect::<Vec<_>>()).filter(|words| words.len() == 9);
            rows.map(|words| (words[1].parse().unwrap(), words[6].parse().unwrap())).collect()
        })
        .collect();
    let found = |m: &Mixture, t: i32| {
        let i = others.iter().position(|other| std::ptr::eq(other, m)).unwrap();
        let of_type: Vec<f64> = predicted[i].iter().filter(|(kind, _)| *kind == t).map(|(_, v)| *v).collect();
        of_type.iter().sum::<f64>() / of_type.len() as f64
    };
    let truth = |m: &Mixture, t: i32| m.mean(Some(t));
    let (found, truth) = (apart(&found), apart(&truth));
    assert!((found / truth - 1.0).abs() < 0.25, "{found} for {truth}");
}

/// A dump of 48 ions with an atom of type 4 more in each frame.
fn with_an_atom_more(dump: &str) -> String {
    let frames = dump.split("ITEM: TIMESTEP\n").filter(|frame| !frame.is_empty());
    let more = |frame: &str| {
        let frame = frame.replacen("\n48\n", "\n49\n", 1);
        format!("ITEM: TIMESTEP\n{frame}49 4 0 0.5 0.5 0.5\n")
    };
    frames.map(more).collect()
}

#[test]
fn species_that_snapshots_lack_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_dataset(folder, &(0..3).map(|i| Mixture::of_grid(i, 3, 300)).collect::<Vec<_>>());
    let path = folder.join("dataset.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let said = |species: &str, charges: &str| {
        let named = text.replacen("3 = \"heavy\"", &format!("3 = \"heavy\"{species}"), 1);
        std::fs::write(&path, named.replacen("anion = -1.0", &format!("anion = -1.0{charges}"), 1)).unwrap();
        std::fs::write(folder.join("train.toml"), "[descriptor]\nn_max = 2\nl_max = 1\n").unwrap();
        let mut command = train(folder, "m.onnx", &["--channels", "by-species", "--config"]);
        command.arg(folder.join("train.toml"));
        String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap()
    };
    let whole = said("", "");
    assert!(!whole.contains("no atom of") && !whole.contains("has an atom of"), "{whole}");
    let (species, charges) = (", 4 = \"water\", 5 = \"glycol\"", ", water = 0.0, glycol = 0.0");
    let none = said(species, charges);
    assert!(none.contains("no snapshot has an atom of water (type 4)") && none.contains("glycol (type 5)"), "{none}");
    let dump = std::fs::read_to_string(folder.join("s1.lammpstrj")).unwrap();
    std::fs::write(folder.join("s1.lammpstrj"), with_an_atom_more(&dump)).unwrap();
    // Computed, and then kept.
    for _ in 0..2 {
        let some = said(species, charges);
        assert!(some.contains("snapshots of s0, s2 have no atom of water (type 4), and others have"), "{some}");
        assert!(some.contains("no snapshot has an atom of glycol (type 5)"), "{some}");
    }
    let mut command = ionscape();
    command
        .arg("evaluate")
        .arg(folder.join("m.onnx"))
        .arg(&path)
        .args(["--cache".as_ref(), folder.join("cache").as_os_str()]);
    let evaluated = String::from_utf8(command.assert().success().get_output().stderr.clone()).unwrap();
    assert!(evaluated.contains("snapshots of s0, s2 have no atom of water (type 4)"), "{evaluated}");
}

#[test]
fn a_temperature_that_is_missing_is_asked_for_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), &[Mixture::of_grid(0, 2, 1), Mixture::of_grid(1, 2, 1)]);
    let path = folder.path().join("dataset.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("temperature = ")).collect();
    std::fs::write(&path, without.join("\n")).unwrap();
    let mut command = train(folder.path(), "m.onnx", &["--condition", "temperature"]);
    let output = command.assert().code(1).get_output().stderr.clone();
    let message = String::from_utf8(output).unwrap();
    assert!(
        message.contains(
            "system s0: the model takes the temperature of the system, and it is not given: for dumps by --temperature, in a data set \
             by temperature of each system"
        ),
        "{message}"
    );
    assert!(!folder.path().join("cache").exists());
    let output =
        train(folder.path(), "m.onnx", &["--condition", "pressure"]).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8(output).unwrap().contains("there is temperature"));
}
