//! `ionscape transport` and `ionscape label` on recorded currents and forces of simulated electrolytes, against their
//! known conductivities. `tests/reference/transport/record_flux.py` says where the series come from.

mod dumps;

use std::fmt::Write as _;
use std::path::Path;

use dumps::{Brownian, ionscape, json};
use ndarray::Array2;
use serde_json::Value;

const PAIRS: usize = 200;
/// Steps between samples, and between the frames of a dump.
const SAMPLE: usize = 10;
const FRAME: usize = 1000;
const TIMESTEP: f64 = 0.005;

struct Electrolyte {
    name: &'static str,
    volume: f64,
    /// Molar conductivity with its error: Green-Kubo and force integrals, combined with control variates; for the
    /// dense system also with the response to a field.
    label: (f64, f64),
}

const DILUTE: Electrolyte = Electrolyte { name: "dilute", volume: 200_000.0, label: (1.9575, 0.0078) };
const DENSE: Electrolyte = Electrolyte { name: "dense", volume: 1000.0, label: (0.391, 0.011) };

impl Electrolyte {
    /// Writes the series as `fix ave/time` does, and a dump that it fits to: every ion moves by an equal share of what the
    /// charge moves. Single ions did otherwise, so nothing is asked of them here.
    fn write(&self, folder: &Path) -> [String; 2] {
        let recorded = format!("{}/tests/reference/transport/flux_{}.npy", env!("CARGO_MANIFEST_DIR"), self.name);
        let series: Array2<f32> = ndarray_npy::read_npy(recorded).unwrap();
        let mut flux = String::from("# Time-averaged data for fix flux\n# TimeStep v_Jx v_Jy v_Jz v_Fx v_Fy v_Fz\n");
        let mut moved = [0.0; 3];
        let mut dump = self.frame(0, moved);
        for (i, row) in series.rows().into_iter().enumerate() {
            let step = SAMPLE * (i + 1);
            write!(flux, "{step}").unwrap();
            row.iter().for_each(|value| write!(flux, " {value}").unwrap());
            flux.push('\n');
            for k in 0..3 {
                moved[k] += f64::from(row[k]) * SAMPLE as f64 * TIMESTEP;
            }
            if step.is_multiple_of(FRAME) {
                dump.push_str(&self.frame(step, moved));
            }
        }
        let names = [format!("{}.lammpstrj", self.name), format!("{}.dat", self.name)];
        std::fs::write(folder.join(&names[0]), dump).unwrap();
        std::fs::write(folder.join(&names[1]), flux).unwrap();
        names
    }

    fn frame(&self, step: usize, moved: [f64; 3]) -> String {
        let edge = self.volume.cbrt();
        let mut text = format!("ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}\n", 2 * PAIRS);
        text.push_str("ITEM: BOX BOUNDS pp pp pp\n");
        (0..3).for_each(|_| writeln!(text, "0 {edge}").unwrap());
        text.push_str("ITEM: ATOMS id type xu yu zu\n");
        for ion in 0..2 * PAIRS {
            let (kind, charge) = if ion < PAIRS { (1, 1.0) } else { (2, -1.0) };
            let at = moved.map(|m| charge * m / (2 * PAIRS) as f64);
            writeln!(text, "{} {kind} {:.7} {:.7} {:.7}", ion + 1, at[0], at[1], at[2]).unwrap();
        }
        text
    }

    /// Asserts that a value agrees with the label within two errors of both.
    fn check(&self, value: f64, error: f64) {
        let (label, label_error) = self.label;
        eprintln!("{}: {value:.4} +- {error:.4} for {label} +- {label_error}", self.name);
        let apart = (value - label).abs() / error.hypot(label_error);
        assert!(apart < 2.0, "{}: {value} +- {error} for {label} +- {label_error}", self.name);
    }
}

fn by_method(result: &Value, method: &str) -> (f64, f64) {
    let estimates = result["estimates"].as_array().unwrap();
    let estimate = estimates.iter().find(|e| e["method"] == method).unwrap_or_else(|| panic!("no {method}: {result}"));
    let get = |key: &str| estimate[key].as_f64().unwrap();
    (get("molar_conductivity"), get("molar_conductivity_error"))
}

fn of_program(electrolyte: &Electrolyte) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("t.json");
    let [dump, flux] = electrolyte.write(folder.path());
    let mut command = ionscape();
    command.current_dir(folder.path()).args(["transport", &dump, "--current", &flux, "--units", "lj"]);
    command.args([
        "--timestep",
        "0.005",
        "--temperature",
        "1",
        "--langevin-damp",
        "1",
        "--mass",
        "1=1",
        "--mass",
        "2=1",
    ]);
    command.args(["--cation", "1", "--anion", "2", "--json", out.to_str().unwrap()]).assert().success();
    json(&out)
}

#[test]
fn forces_give_a_dilute_electrolytes_conductivity_to_half_a_percent() {
    let result = of_program(&DILUTE);
    let (value, error) = by_method(&result, "force-route");
    DILUTE.check(value, error);
    assert!((0.004..0.012).contains(&error), "{error}");
    assert_eq!((result["best"].as_str(), result["verdict"].as_str()), (Some("force-route"), Some("good")));
    // 300 time units alone do not tell it to better than 10 percent.
    for method in ["einstein-helfand", "green-kubo", "cepstral"] {
        let (value, error) = by_method(&result, method);
        DILUTE.check(value, error);
        assert!((0.2..0.6).contains(&error), "{method}: {error}");
    }
}

#[test]
fn every_estimator_gives_a_dense_electrolytes_conductivity() {
    let result = of_program(&DENSE);
    for method in ["einstein-helfand", "green-kubo", "cepstral", "force-route"] {
        let (value, error) = by_method(&result, method);
        DENSE.check(value, error);
        assert!((0.008..0.04).contains(&error), "{method}: {error}");
    }
}

#[test]
fn a_data_set_of_both_gets_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    let mut text = String::from(
        "# Two electrolytes.\nunits = \"lj\"\nspecies = { 1 = \"cation\", 2 = \"anion\" }\n\
         charges = { cation = 1.0, anion = -1.0 }\n",
    );
    for electrolyte in [DILUTE, DENSE] {
        let [dump, flux] = electrolyte.write(folder.path());
        write!(
            text,
            "\n[[system]]\nname = \"{}\"\ntrajectory = \"{dump}\"\ncurrent = \"{flux}\"\nlangevin_damp = 1.0\nmass = 1.0\n\
             timestep = {TIMESTEP}\ntemperature = 1.0\n",
            electrolyte.name
        )
        .unwrap();
    }
    std::fs::write(&path, &text).unwrap();
    let assert = ionscape().args(["label", path.to_str().unwrap()]).assert().success();
    let table = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(
        table.lines().next().is_some_and(|line| line.contains("dilute") && line.contains("force route")),
        "{table}"
    );
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.starts_with("# Two electrolytes.\n"));
    let labelled: toml::Table = written.parse().unwrap();
    for (system, electrolyte) in labelled["system"].as_array().unwrap().iter().zip([DILUTE, DENSE]) {
        let number = |key: &str| system[key].as_float().unwrap_or_else(|| panic!("{key}: {written}"));
        electrolyte.check(number("molar_conductivity"), number("molar_conductivity_error"));
        assert!(number("molar_conductivity_error") < 0.06 * electrolyte.label.0);
    }
}

/// A walk of 20 cations and 20 anions, every cation with the type that `kind` gives its id.
fn write_walk(path: &Path, kind: impl Fn(usize) -> i32) {
    Brownian::default().write(path, 1500, 1);
    let mut text = String::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            [id, "1", ref rest @ .., _] if rest.len() == 4 => {
                let (_, after) = line.split_once(" 1 ").unwrap();
                writeln!(text, "{id} {} {after}", kind(id.parse().unwrap())).unwrap();
            }
            _ => writeln!(text, "{line}").unwrap(),
        }
    }
    std::fs::write(path, text).unwrap();
}

fn data_set_of(charges: &str, systems: &[&str]) -> String {
    let mut text = format!(
        "units = \"lj\"\nspecies = {{ 1 = \"first\", 2 = \"anion\", 3 = \"second\" }}\ncharges = {{ {charges} }}\n"
    );
    for name in systems {
        write!(text, "\n[[system]]\nname = \"{name}\"\ntrajectory = \"{name}.lammpstrj\"\n").unwrap();
        text.push_str("timestep = 0.01\ntemperature = 1.0\n");
    }
    text
}

/// The same walk of ions under other names has the same labels, whatever is mixed.
#[test]
fn labels_of_a_data_set_are_per_one_amount() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    let file = |name: &str| folder.path().join(name);
    write_walk(&file("first.lammpstrj"), |_| 1);
    write_walk(&file("second.lammpstrj"), |_| 3);
    write_walk(&file("mixture.lammpstrj"), |id| if id % 2 == 0 { 1 } else { 3 });
    let labels = |charges: &str, systems: &[&str]| {
        std::fs::write(&path, data_set_of(charges, systems)).unwrap();
        let mut command = ionscape();
        command.args(["label", path.to_str().unwrap(), "--accept-doubtful"]);
        command.args(["--json", file("l.json").to_str().unwrap()]);
        let table = String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap();
        let written: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let number = |system: &toml::Value, key: &str| system[key].as_float().unwrap();
        let systems = written["system"].as_array().unwrap();
        let labels: Vec<[f64; 2]> =
            systems.iter().map(|s| [number(s, "molar_conductivity"), number(s, "nernst_einstein")]).collect();
        for (label, full) in labels.iter().zip(json(&file("l.json")).as_array().unwrap()) {
            assert!((label[1] / full["nernst_einstein"].as_f64().unwrap() - 1.0).abs() < 1e-2, "{full}");
        }
        (labels, table)
    };

    let (of_one_magnitude, table) = labels("first = 0.8, second = 0.8, anion = -0.8", &["first", "mixture", "second"]);
    assert!(of_one_magnitude.iter().all(|label| label[0] == of_one_magnitude[0][0]), "{of_one_magnitude:?}");
    assert_eq!(table.matches("per formula unit").count(), 3, "{table}");

    // Two charges: the first salt is per equivalent as all are, of which each formula unit has 0.8, whether its mixture is
    // labelled in the same call or not.
    for systems in [["first", "mixture"].as_slice(), &["first"]] {
        let (per_equivalent, table) = labels("first = 0.8, second = 1.6, anion = -0.8", systems);
        let ratio = per_equivalent[0][0] / of_one_magnitude[0][0];
        assert!((ratio - 1.0 / 0.8).abs() < 2e-3, "{ratio}");
        assert_eq!(table.matches("per equivalent").count(), systems.len(), "{table}");
    }
}

#[test]
fn what_was_computed_is_written_where_another_system_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    Brownian::default().write(&folder.path().join("good.lammpstrj"), 1500, 1);
    let charges = "first = 1.0, second = 1.0, anion = -1.0";
    let label = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut command = ionscape();
        command.args(["label", path.to_str().unwrap()]);
        command
    };
    let text = data_set_of(charges, &["none", "good", "cold"]);
    let text = text.strip_suffix("temperature = 1.0\n").unwrap();
    let message = dumps::refusal(&mut label(text), 1);
    assert!(message.contains("1 of 3 labels were written; system none: "), "{message}");
    assert!(message.contains("none.lammpstrj: No such file or directory (os error 2); system cold: it"), "{message}");
    assert!(message.contains("gives a trajectory without timestep and temperature"), "{message}");
    let written: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    let labelled = |i: usize| written["system"][i].get("molar_conductivity").is_some();
    assert_eq!([0, 1, 2].map(labelled), [false, true, false]);

    // A label that is the user's own is left as it is, and what it lacks is told.
    let own = format!("{}molar_conductivity = 5.0\n", data_set_of(charges, &["good"]));
    let assert = label(&own).assert().success();
    let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(told.contains("good: its molar_conductivity has no molar_conductivity_error"), "{told}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), own);
}

/// A dump without its anions has a conductivity too, which is nobody's.
#[test]
fn a_trajectory_of_one_sign_of_charge_is_not_labelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    let dump = folder.path().join("first.lammpstrj");
    write_walk(&dump, |_| 1);
    let whole = std::fs::read_to_string(&dump).unwrap();
    let rows = |line: &&str| line.split(' ').nth(1) == Some("2") && !line.starts_with("ITEM");
    let n_anions = whole.lines().filter(rows).count() / whole.matches("ITEM: TIMESTEP").count();
    let mut lines: Vec<String> = whole.lines().filter(|line| !rows(line)).map(String::from).collect();
    for i in 1..lines.len() {
        if lines[i - 1].starts_with("ITEM: NUMBER") {
            lines[i] = (lines[i].parse::<usize>().unwrap() - n_anions).to_string();
        }
    }
    std::fs::write(&dump, lines.join("\n") + "\n").unwrap();
    let text = data_set_of("first = 1.0, second = 1.0, anion = -1.0", &["first"]);
    std::fs::write(&path, &text).unwrap();
    let message = dumps::refusal(ionscape().args(["label", path.to_str().unwrap(), "--accept-doubtful"]), 1);
    assert!(message.contains("system first: its trajectory has ions of one sign of charge alone (first)"), "{message}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// A data set has no option that names columns of forces.
#[test]
fn a_damping_time_without_forces_is_refused_in_words_that_fit_data_sets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    write_walk(&folder.path().join("first.lammpstrj"), |_| 1);
    let text = data_set_of("first = 1.0, second = 1.0, anion = -1.0", &["first"]) + "langevin_damp = 1.0\n";
    std::fs::write(&path, &text).unwrap();
    let message = dumps::refusal(ionscape().args(["label", path.to_str().unwrap()]), 1);
    assert!(message.contains("system first: a Langevin damping time asks for the force route"), "{message}");
    assert!(message.contains("give a current with columns Fx Fy Fz (to ionscape transport also columns"), "{message}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// As of a run in lj units that is called real: no verdict tells, and the size does.
#[test]
fn labels_beyond_those_of_any_ion_are_doubtful() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("dataset.toml"), folder.path().join("t.json"));
    let dump = folder.path().join("a.lammpstrj");
    Brownian::default().write(&dump, 1500, 1);
    // Frames are 100 steps apart, D is half an angstrom squared in that time: 25e-9 m2/s with steps of 2 fs.
    let data = |units: &str, timestep: &str| {
        format!(
            "units = \"{units}\"\nspecies = {{ 1 = \"first\", 2 = \"anion\" }}\ncharges = {{ first = 1.0, anion = -1.0 }}\n\n[[system]]\n\
             name = \"a\"\ntrajectory = \"a.lammpstrj\"\ntimestep = {timestep}\ntemperature = 298.15\n"
        )
    };
    let label = |units: &str, timestep: &str, arguments: &[&str]| {
        std::fs::write(&path, data(units, timestep)).unwrap();
        let mut command = ionscape();
        command.args(["label", path.to_str().unwrap()]).args(arguments);
        command
    };
    let message = dumps::refusal(&mut label("real", "0.02", &[]), 1);
    assert!(message.contains("0 of 1 labels were written; those of a are doubtful"), "{message}");
    assert!(
        message.contains("S cm2/mol is beyond that of any ions") && message.contains("which may be lj"),
        "{message}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), data("real", "0.02"));
    label("real", "0.02", &["--accept-doubtful"]).assert().success();
    label("real", "2.0", &[]).assert().success();
    label("lj", "0.0001", &[]).assert().success();

    let notes = |timestep: &str| {
        let mut command = ionscape();
        command.args(["transport", dump.to_str().unwrap(), "--units", "real", "--temperature", "298.15"]);
        command.args(["--timestep", timestep, "--cation", "1", "--anion", "2", "--json", out.to_str().unwrap()]);
        command.assert().success();
        json(&out)["notes"].to_string()
    };
    assert!(notes("0.02").contains("S cm2/mol is beyond that of any ions"), "{}", notes("0.02"));
    assert!(!notes("2").contains("beyond that of any ions"), "{}", notes("2"));
}

#[test]
fn what_cannot_be_written_to_is_refused_before_labels_are_computed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    let text = "units = \"lj\"\nspecies = { 1 = \"first\", 2 = \"anion\" }\ncharges = { first = 1.0, anion = -1.0 }\n\
                system = [ { name = \"a\", trajectory = \"none\", timestep = 1.0, temperature = 1.0 } ]\n";
    std::fs::write(&path, text).unwrap();
    let message = dumps::refusal(ionscape().args(["label", path.to_str().unwrap()]), 1);
    assert!(message.contains("systems must stand under [[system]]") && !message.contains("No such file"), "{message}");
}

/// The data set is written to while a trajectory comes through a pipe.
#[test]
fn what_is_written_to_a_data_set_meanwhile_stays() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let (path, pipe, dump) = (folder.path().join("set.toml"), folder.path().join("pipe"), folder.path().join("dump"));
    Brownian::default().write(&dump, 1500, 1);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = "units = \"lj\"\nspecies = { 1 = \"cation\", 2 = \"anion\" }\ncharges = { cation = 1.0, anion = -1.0 }\n\n[[system]]\n\
                name = \"a\"\ntrajectory = \"pipe\"\ntimestep = 0.01\ntemperature = 1.0\n";
    let labelled = |change: &dyn Fn(&str) -> String| {
        std::fs::write(&path, text).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_ionscape"));
        program.args(["label", path.to_str().unwrap(), "--accept-doubtful"]).env_remove("RUST_LOG");
        let running = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // Opened when the program reads the trajectory, long after it has read the data set.
        let (send, receive) = std::sync::mpsc::channel();
        let end = pipe.clone();
        std::thread::spawn(move || send.send(std::fs::OpenOptions::new().write(true).open(end).unwrap()));
        let mut end = receive.recv_timeout(std::time::Duration::from_secs(60)).expect("the program opens the pipe");
        std::fs::write(&path, change(text)).unwrap();
        end.write_all(&std::fs::read(&dump).unwrap()).unwrap();
        drop(end);
        let done = running.wait_with_output().unwrap();
        (done.status.success(), String::from_utf8(done.stderr).unwrap(), std::fs::read_to_string(&path).unwrap())
    };
    let more = "\n[[system]]\nname = \"b\"\ntrajectory = \"later\"\n";
    let (good, said, written) = labelled(&|text| format!("# measured again\n{text}{more}"));
    assert!(good && written.contains("# measured again") && written.contains("name = \"b\""), "{said} {written}");
    assert!(written.contains("molar_conductivity = "), "{written}");
    // What no label is computed from may change.
    let (good, said, written) = labelled(&|text| format!("{text}bjerrum_length = 2.0\n"));
    assert!(good && written.contains("bjerrum_length = 2.0\nmolar_conductivity = "), "{said} {written}");
    for (change, words) in [
        (
            (&|text: &str| text.replace("temperature = 1.0", "temperature = 2.0")) as &dyn Fn(&str) -> String,
            "0 of 1 labels were written; system a: it was changed in the data set while its label was computed",
        ),
        (&|text| text.replace("anion = -1.0", "anion = -2.0"), "system a: it was changed in the data set"),
        (
            &|text| text.replace("units", "unit"),
            "the data set was changed while labels were computed, and cannot be read",
        ),
    ] {
        let (good, said, written) = labelled(change);
        assert!(!good && said.contains(words), "{said}");
        assert_eq!(written, change(text));
    }
}
