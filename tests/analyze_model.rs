//! `ionscape analyze --model`: a field that the model computes, and one that it is asked about.

mod fields;
mod salts;

use fields::{Folder, MODEL, OTHER_MODEL, close};
use salts::Salt;
use serde_json::Value;

/// A few frames of a salt without a field.
fn salt(n_frames: usize, seed: u64) -> String {
    Salt { density: 0.08, paired: 0.4, n_ions: 40, n_frames, seed }.dump()
}

/// What is said of the field itself, whoever computed it.
fn of_field(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("reasons");
    report
}

#[test]
fn a_field_computed_here_is_the_one_that_predict_writes() {
    let folder = Folder::new(&[("dump", &salt(9, 1))]);
    folder.run(&["predict", MODEL, "dump", "-o", "predicted"]);
    let computed = folder.analyze(&["dump", "--model", MODEL, "--map", "z", "--map-bins", "4"]);
    // The model knows its units, which a dump need not state.
    let written = folder.analyze(&["predicted", "--map", "z", "--map-bins", "4", "--units", "lj"]);
    assert!(computed["reasons"]["attribution"]["n_centers"].as_u64() > Some(0) && written["reasons"].is_null());
    assert!(computed["states"].is_object() && computed["temporal"].is_object());
    assert!(close(&of_field(computed), &of_field(written)), "a part differs");
}

#[test]
fn the_model_of_the_columns_explains_them_and_another_does_not() {
    let folder = Folder::new(&[("dump", &salt(3, 2))]);
    folder.run(&["predict", MODEL, "dump", "-o", "predicted"]);
    let own = folder.analyze(&["predicted", "--model", MODEL]);
    assert!(own["reasons"]["overlap"].is_object());
    let message = folder.refusal(&["analyze", "predicted", "--model", OTHER_MODEL], 1);
    assert!(message.contains("baseline.onnx is not the model of column c_lam[1]"), "{message}");
    assert!(message.contains("predicted: frame 0") && message.contains("give the model that made them"), "{message}");

    // Also where the column is named by itself.
    folder.analyze(&["predicted", "--column", "c_lam[1]", "--model", MODEL]);
    let message = folder.refusal(&["analyze", "predicted", "--column", "c_lam[1]", "--model", OTHER_MODEL], 1);
    assert!(message.contains("baseline.onnx is not the model of column c_lam[1]"), "{message}");
}

#[test]
fn an_atom_that_stands_for_an_ion_has_the_ion_s_charge() {
    let text = salt(6, 9);
    // As of the nitrogen of an anion of many atoms.
    let of_an_atom = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [id, "2", "-1", rest @ ..] => format!("{id} 2 -0.66 {}\n", rest.join(" ")),
        _ => format!("{line}\n"),
    };
    let atoms: String = text.lines().map(of_an_atom).collect();
    assert!(atoms != text);
    let folder = Folder::new(&[("ions", &text), ("atoms", &atoms)]);
    let [ions, atoms] = ["ions", "atoms"].map(|dump| {
        let found = folder.analyze(&[dump, "--model", MODEL, "--pair-distance", "1.5"]);
        assert!(found["states"]["states"].is_array());
        found["states"].clone()
    });
    assert_eq!(ions, atoms);
}

#[test]
fn solvent_does_not_hide_that_a_model_is_another() {
    let text = salt(1, 3);
    let folder = Folder::new(&[("dump", &text)]);
    folder.run(&["predict", MODEL, "dump", "-o", "predicted"]);
    // Values off by 4 % of the mean, and nine neutral atoms for each ion.
    let mut lines = vec![];
    for line in folder.read("predicted").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["40"] => lines.push("400".into()),
            [id, kind, q, x, y, z, local, spread, grade] => {
                let local = 1.04 * local.parse::<f64>().unwrap();
                lines.push(format!("{id} {kind} {q} {x} {y} {z} {local} {spread} {grade}"));
            }
            _ => lines.push(line.into()),
        }
    }
    lines.extend((41..=400).map(|id| format!("{id} 3 0 1 2 3 0 0 0")));
    folder.write("predicted", &(lines.join("\n") + "\n"));
    let message = folder.refusal(&["analyze", "predicted", "--model", MODEL, "--species", "cation,anion,NULL"], 1);
    assert!(message.contains("is not the model of column c_lam[1]"), "{message}");
}

#[test]
fn dumps_with_and_without_the_field_may_follow_each_other() {
    let text = salt(6, 4);
    let second = text.match_indices("ITEM: TIMESTEP").nth(1).unwrap().0;
    let folder = Folder::new(&[("whole", &text), ("first", &text[..second]), ("rest", &text[second..])]);
    folder.run(&["predict", MODEL, "first", "-o", "predicted"]);
    let whole = folder.analyze(&["whole", "--model", MODEL, "--pair-distance", "1.6"]);
    let parts = folder.analyze(&["predicted", "rest", "--model", MODEL, "--pair-distance", "1.6"]);
    for part in ["mean", "states", "coordination", "spatial"] {
        assert!(close(&whole[part], &parts[part]), "{part}: {} {}", whole[part], parts[part]);
    }
}

#[test]
fn species_are_those_of_the_model_or_as_given() {
    let folder = Folder::new(&[("dump", &salt(2, 5)), ("solvent", &salt(2, 5).replace(" 2 -1 ", " 5 -1 "))]);
    let expected = folder.analyze(&["dump", "--model", MODEL]);
    let renamed = folder.analyze(&["solvent", "--model", MODEL, "--species", "cation,NULL,NULL,NULL,anion"]);
    assert!(close(&expected["mean"], &renamed["mean"]));
    assert!(folder.refusal(&["analyze", "solvent", "--model", MODEL], 1).contains("atom type 5"));
    let message = folder.refusal(&["analyze", "dump", "--model", MODEL, "--species", "cation,lithium"], 1);
    assert!(message.contains("'lithium', given for atom type 2, is not a species"), "{message}");
    assert!(folder.refusal(&["analyze", "dump", "--species", "cation,anion"], 2).contains("--model"));
}

#[test]
fn a_data_set_says_which_type_is_which() {
    let swapped = salt(2, 6).replace(" 1 1 ", " 9 1 ").replace(" 2 -1 ", " 1 -1 ").replace(" 9 1 ", " 2 1 ");
    let set = fields::dataset(&[("one", "dump")]).replace("1 = \"cation\", 2", "2 = \"cation\", 1");
    let folder = Folder::new(&[("plain", &salt(2, 6)), ("dump", &swapped), ("set.toml", &set)]);
    let expected = folder.analyze(&["plain", "--model", MODEL]);
    let found = folder.analyze(&["set.toml", "--model", MODEL]);
    assert!(close(&expected["mean"], &found["systems"][0]["mean"]));
    assert!(found["systems"][0]["reasons"].is_object());
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new(&[("dump", &salt(8, 7))]);
    let bytes = |threads: &str| {
        let arguments = ["--threads", threads, "analyze", "dump", "--model", MODEL, "--json", "all.json"];
        let (table, _) = folder.run(&arguments);
        (table, folder.read("all.json"))
    };
    assert!(bytes("1") == bytes("2"));
}

#[test]
fn models_and_dumps_that_do_not_fit_are_refused() {
    let folder = Folder::new(&[("dump", &salt(2, 8))]);
    folder.write("real", &format!("ITEM: UNITS\nreal\n{}", folder.read("dump")));
    assert!(folder.refusal(&["analyze", "dump", "--model", "none.onnx"], 1).contains("none.onnx"));
    assert!(folder.refusal(&["analyze", "dump", "--model", "dump"], 1).contains("dump"));
    let message = folder.refusal(&["analyze", "real", "--model", MODEL], 1);
    assert!(message.contains("the dump is in real units, and the model is for lj units"), "{message}");
}

#[test]
fn a_temperature_that_the_model_does_not_take_is_refused() {
    let set = fields::dataset(&[("one", "dump")]) + "temperature = 1.2\n";
    let folder = Folder::new(&[("dump", &salt(2, 9)), ("set.toml", &set)]);
    for input in ["dump", "set.toml"] {
        for command in [&["analyze", input][..], &["report", input, "-o", "page.html"]] {
            let message = folder.refusal(&[command, &["--model", MODEL, "--temperature", "300"]].concat(), 1);
            assert!(message.contains("electrolyte.onnx: the model takes no temperature; leave --temperature out"));
        }
    }
    // What a data set says of a system is no wish.
    folder.run(&["analyze", "set.toml", "--model", MODEL]);
}
