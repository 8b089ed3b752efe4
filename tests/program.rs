//! The program as a user runs it: what comes out, and what is refused with which words and exit status.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use ndarray::Array2;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx");

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/dscribe").join(name)
}

fn ionscape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    command.env_remove("RUST_LOG").env_remove("RAYON_NUM_THREADS");
    command
}

/// Standard error of a command that must fail with `status`.
fn refusal(command: &mut Command, status: i32) -> String {
    String::from_utf8(command.assert().code(status).get_output().stderr.clone()).unwrap()
}

fn featurize(folder: &Path, case: &str, sigma: &str) -> Array2<f64> {
    let out = folder.join("features.npy");
    ionscape()
        .args(["featurize", reference(case).to_str().unwrap(), "-o", out.to_str().unwrap()])
        .args(["--convention", "dscribe-gto", "--cutoff", "5", "--n-max", "6", "--l-max", "5", "--sigma", sigma])
        .args(["--cation", "1", "--anion", "2"])
        .assert()
        .success();
    ndarray_npy::read_npy(out).unwrap()
}

#[test]
fn featurize_writes_dscribe_values_in_id_order_beside_their_frames_and_ids() {
    let folder = tempfile::tempdir().unwrap();
    let ours = featurize(folder.path(), "triclinic.lammpstrj", "0.5");
    let theirs: Array2<f64> = ndarray_npy::read_npy(reference("triclinic_s0.5.npy")).unwrap();
    let largest = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    assert_eq!(ours.dim(), (60, 468));
    assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= 1e-9 * largest));
    let csv = std::fs::read_to_string(folder.path().join("features.csv")).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!((lines[0], lines[1], lines[60], lines.len()), ("frame,id", "0,1", "0,60", 61));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = ["1", "2", "3"].map(|threads| {
        let out = folder.path().join(format!("{threads}.lammpstrj"));
        let dump = reference("cubic.lammpstrj");
        let arguments = ["--threads", threads, "predict", MODEL, dump.to_str().unwrap(), "-o", out.to_str().unwrap()];
        ionscape().args(arguments).assert().success();
        std::fs::read(out).unwrap()
    });
    assert!(outputs[0] == outputs[1] && outputs[1] == outputs[2]);
}

#[test]
fn a_number_of_threads_that_is_none_is_refused_wherever_it_stands() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx");
    ionscape().args(["inspect", model, "--threads", "2"]).env("RAYON_NUM_THREADS", "abc").assert().success();
    for (value, fine) in [("0", true), ("2", true), ("", true), ("abc", false), ("-1", false), ("20000", false)] {
        let mut command = ionscape();
        command.args(["inspect", model]).env("RAYON_NUM_THREADS", value);
        if fine {
            command.assert().success();
        } else {
            let message = refusal(&mut command, 2);
            let expected = format!("RAYON_NUM_THREADS={value}: it is a number of threads from 1 to 1024");
            assert!(message.contains(&expected) && message.lines().count() == 1, "{message}");
        }
    }
}

#[test]
fn predict_keeps_the_dump_adds_three_columns_and_reports_their_mean() {
    let folder = tempfile::tempdir().unwrap();
    let (out, json) = (folder.path().join("out.lammpstrj"), folder.path().join("out.json"));
    let arguments = ["--json", json.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let dump = reference("cubic.lammpstrj");
    ionscape().args(["predict", MODEL, dump.to_str().unwrap()]).args(arguments).assert().success();

    let (before, after) = (std::fs::read_to_string(dump).unwrap(), std::fs::read_to_string(out).unwrap());
    let mut values = vec![];
    for (before, after) in before.lines().zip(after.lines()) {
        if before.starts_with("ITEM: ATOMS") {
            assert_eq!(after, format!("{before} c_lam[1] c_lam[2] c_lam[3]"));
        } else if let Some(added) = after.strip_prefix(before).filter(|rest| !rest.is_empty()) {
            values.push(added.split_whitespace().map(|v| v.parse::<f64>().unwrap()).collect::<Vec<_>>());
        } else {
            assert_eq!(before, after);
        }
    }
    assert!(values.len() == 64 && values.iter().all(|v| v.len() == 3 && v[1] > 0.0 && v[2] > 0.0));
    let mean = values.iter().map(|v| v[0]).sum::<f64>() / 64.0;
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert!((report["mean"].as_f64().unwrap() - mean).abs() < 1e-8);
    assert_eq!((report["n_ions"].as_u64(), report["n_frames"].as_u64()), (Some(64), Some(1)));
    assert!(report["mean_error"].is_null(), "one frame gives no error");
}

#[test]
fn frames_of_another_number_of_atoms_are_taken_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("dump"), folder.path().join("out.json"));
    let whole = std::fs::read_to_string(reference("cubic.lammpstrj")).unwrap();
    let lines: Vec<&str> = whole.trim_end().lines().collect();
    let pair_less = lines[..lines.len() - 2].join("\n").replacen("\n64\n", "\n62\n", 1);
    let at = |text: &str, step: &str| text.replacen("\n0\n", &format!("\n{step}\n"), 1);
    std::fs::write(&dump, format!("{whole}{}\n{}", at(&pair_less, "1"), at(&whole, "2"))).unwrap();
    let predicted = folder.path().join("predicted");
    for command in [
        vec!["predict", MODEL, dump.to_str().unwrap(), "-o", predicted.to_str().unwrap()],
        vec!["featurize", dump.to_str().unwrap(), "-o", predicted.to_str().unwrap(), "--cation", "1", "--anion", "2"],
        vec!["analyze", dump.to_str().unwrap(), "--model", MODEL],
    ] {
        let message = refusal(ionscape().args(&command), 1);
        let place =
            format!("dump: frame 1, line {}: timestep 1: 62 atoms, where the frames before have 64", lines.len() + 9);
        assert!(message.contains(&place) && message.contains("take frames of varying atoms"), "{message}");
        for option in ["--varying-atoms", "--skip-bad-frames"] {
            ionscape().args(&command).arg(option).assert().success();
        }
    }
    for (option, n_ions, n_frames) in [("--varying-atoms", 190.0 / 3.0, 3), ("--skip-bad-frames", 64.0, 2)] {
        let arguments = ["predict", MODEL, dump.to_str().unwrap(), "-o", predicted.to_str().unwrap(), option];
        ionscape().args(arguments).arg("--json").arg(&out).assert().success();
        let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        assert!((report["n_ions"].as_f64().unwrap() - n_ions).abs() < 1e-12);
        assert_eq!(report["n_frames"], n_frames);
    }
}

#[test]
fn local_conductivity_follows_the_ions_when_all_charges_are_swapped() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = ["cation,anion", "anion,cation"].map(|species| {
        let out = folder.path().join("out.lammpstrj");
        // Without charges in the dump, which would contradict the second naming.
        let text = std::fs::read_to_string(reference("cubic.lammpstrj")).unwrap().replace("id type q", "id type c");
        let dump = folder.path().join("in.lammpstrj");
        std::fs::write(&dump, text).unwrap();
        let arguments = ["predict", MODEL, dump.to_str().unwrap(), "-o", out.to_str().unwrap(), "--species", species];
        ionscape().args(arguments).assert().success();
        std::fs::read_to_string(out).unwrap()
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn inspect_shows_the_metadata_and_writes_them_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("model.json");
    let output = ionscape().args(["inspect", MODEL, "--json", json.to_str().unwrap()]).assert().success();
    let table = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(table.contains("cation (+1), anion (-1)") && table.contains("box around 576000 environments"), "{table}");
    let metadata: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(metadata["descriptor"]["convention"], "dscribe-gto");
}

#[test]
fn wrong_input_is_refused_in_words_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.lammpstrj");
    let (dump, out_arg) = (reference("cubic.lammpstrj"), out.to_str().unwrap());
    let text = std::fs::read_to_string(&dump).unwrap();
    let predict = |dump: &Path, more: &[&str]| {
        refusal(ionscape().args(["predict", MODEL, dump.to_str().unwrap(), "-o", out_arg]).args(more), 1)
    };
    let changed = |from: &str, to: &str| {
        let path = folder.path().join("changed.lammpstrj");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        path
    };
    for (message, expected) in [
        (predict(&folder.path().join("none"), &[]), "none: "),
        (predict(&dump, &["--species", "cation,lithium"]), "'lithium', given for atom type 2, is not a species"),
        (predict(&dump, &["--species", "anion,cation"]), "order of the atom types?"),
        (predict(&dump, &["--species", "cation"]), "atom type 2, and species were named for 1 types"),
        (predict(&changed("id type q x", "id type q X"), &[]), "there is no x, which X may be"),
        (predict(&changed("id type q x y z", "id type c_lam[1] x y z"), &[]), "there is a column c_lam[1] already"),
        (predict(&changed("\n64\n", "\n65\n"), &[]), "changed.lammpstrj: frame 0"),
        (predict(&changed("ITEM: TIMESTEP", "ITEM: UNITS\nreal\nITEM: TIMESTEP"), &[]), "the dump is in real units"),
    ] {
        assert!(message.contains(expected) && message.starts_with("ionscape: "), "{message}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["changed.lammpstrj"], "no output, whole or half");

    let npy = folder.path().join("f.npy");
    let featurize = |cation: &str, anion: &str, more: &[&str], status| {
        let arguments = ["featurize", dump.to_str().unwrap(), "-o", npy.to_str().unwrap()];
        refusal(ionscape().args(arguments).args(["--cation", cation, "--anion", anion]).args(more), status)
    };
    assert!(featurize("1", "1", &[], 2).contains("given both as cation and as anion"));
    assert!(featurize("7", "8", &[], 1).contains("no atom has the type"));
    assert!(featurize("1", "2", &["--n-max", "0"], 2).contains("n_max 0 must be from 1"));
    assert!(featurize("1", "x", &[], 2).contains("'x' is no atom type"));
    assert!(featurize("1", "2", &["--convention", "acsf"], 2).contains("there is dscribe-gto and compact"));
    assert!(featurize("1", "2", &["--switching", "1"], 2).contains("dscribe-gto has no switching"));
    assert!(featurize("1", "2", &["--convention", "compact", "--sigma", "1"], 2).contains("compact has no sigma"));
    let wide = ["--convention", "compact", "--switching", "6"];
    assert!(featurize("1", "2", &wide, 2).contains("switching 6.0 must be above 0 and at most the cutoff, 5.0"));
    assert!(!npy.exists());
    refusal(ionscape().arg("predict"), 2);
    refusal(ionscape().args(["--threads", "0", "inspect", MODEL]), 2);
}

#[test]
fn a_frame_cut_short_is_refused_or_left_out_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("in.lammpstrj"), folder.path().join("out.lammpstrj"));
    let whole = std::fs::read_to_string(reference("cubic.lammpstrj")).unwrap();
    std::fs::write(&dump, format!("{whole}{}", &whole[..whole.len() / 2])).unwrap();
    let arguments = ["predict", MODEL, dump.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let message = refusal(ionscape().args(arguments), 1);
    assert!(message.contains("frame 1") && message.contains("skip bad frames") && !out.exists(), "{message}");
    let done = ionscape().args(arguments).arg("--skip-bad-frames").assert().success();
    assert!(String::from_utf8_lossy(&done.get_output().stderr).contains("frame 1"));
    assert_eq!(std::fs::read_to_string(out).unwrap().matches("ITEM: TIMESTEP").count(), 1);
}

#[test]
fn features_name_the_dump_s_frame_where_others_were_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, npy) = (folder.path().join("in.lammpstrj"), folder.path().join("out.npy"));
    let whole = std::fs::read_to_string(reference("cubic.lammpstrj")).unwrap();
    let half = &whole[..whole[..whole.len() / 2].rfind('\n').unwrap() + 1];
    std::fs::write(&dump, format!("{half}{whole}")).unwrap();
    let paths = [dump.to_str().unwrap(), "-o", npy.to_str().unwrap()];
    ionscape().args(["featurize", "--cation", "1", "--anion", "2", "--skip-bad-frames"]).args(paths).assert().success();
    let index = std::fs::read_to_string(npy.with_extension("csv")).unwrap();
    assert!(index.lines().skip(1).all(|row| row.starts_with("1,")), "{index}");
}

#[test]
fn import_refuses_cards_and_graphs_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (card, out) = (folder.path().join("card.toml"), folder.path().join("model.onnx"));
    let good = std::fs::read_to_string(MODEL.replace(".onnx", ".toml")).unwrap();
    let import = |text: &str| {
        std::fs::write(&card, text).unwrap();
        refusal(ionscape().args(["import", MODEL, "--card", card.to_str().unwrap(), "-o", out.to_str().unwrap()]), 1)
    };
    for (from, to, expected) in [
        ("units = \"lj\"", "", "missing field `units`"),
        ("units = \"lj\"", "units = \"furlong\"", "its units are 'furlong'"),
        ("anion = -1.0", "anion = 0.0", "gives 1026 features and its graph takes 468"),
        ("input = \"descriptor\"", "input = \"x\"", "the card calls its input 'x', and the graph has descriptor"),
        ("n_max = 6", "n_max = 7", "features and its graph takes 468"),
        ("n_max = 6", "n_maxx = 6", "n_maxx"),
        ("[\"cation\"", "[\"NULL\"", "the species' name 'NULL' stands for atoms that are no ions; give it another"),
        ("[\"cation\"", "[\"on_error\"", "'on_error' is a keyword of compute conductivity/atom"),
        ("[\"cation\"", "[\"cat,ion\"", "'cat,ion' has a character that LAMMPS's input or --species takes for"),
    ] {
        assert!(good.contains(from));
        let message = import(&good.replacen(from, to, 1));
        assert!(message.contains(expected), "{message}");
    }
    assert!(!out.exists());
}

#[test]
fn import_says_where_channels_do_not_tell_ions_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (card, out) = (folder.path().join("card.toml"), folder.path().join("model.onnx"));
    let good = std::fs::read_to_string(MODEL.replace(".onnx", ".toml")).unwrap();
    for (charge, warned) in [("1.0", false), ("2.0", true)] {
        std::fs::write(&card, good.replacen("cation = 1.0", &format!("cation = {charge}"), 1)).unwrap();
        let arguments = ["import", MODEL, "--card", card.to_str().unwrap(), "-o", out.to_str().unwrap()];
        let done = ionscape().args(arguments).assert().success();
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert_eq!(said.contains("cation (+2), anion (-1) differ in more than their sign"), warned, "{said}");
    }
}

#[test]
fn predict_says_where_ions_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("some.lammpstrj"), folder.path().join("out.lammpstrj"));
    let whole = std::fs::read_to_string(reference("cubic.lammpstrj")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for left_out in [0, 3] {
        let text = lines[..lines.len() - left_out].join("\n") + "\n";
        let n = 64 - left_out;
        std::fs::write(&dump, text.replacen("\n64\n", &format!("\n{n}\n"), 1)).unwrap();
        let net: i32 = lines[9..9 + n].iter().map(|row| row.split(' ').nth(2).unwrap().parse::<i32>().unwrap()).sum();
        let done =
            ionscape().args(["predict", MODEL, dump.to_str().unwrap(), "-o", out.to_str().unwrap()]).assert().success();
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert_eq!(net != 0, left_out > 0);
        let expected =
            format!("frame 0, line 9: timestep 0: its {n} ions have a net charge of {net:+} by their species");
        assert_eq!(said.contains(&expected), left_out > 0, "{said}");
        assert_eq!(said.contains("net charge"), left_out > 0, "{said}");
    }
}
