//! Dumps that state their units: what `ionscape analyze --model` and `ionscape import --domain` take their lengths for.

mod fields;
mod salts;

use fields::{Folder, OTHER_MODEL, Run, close, dataset};
use salts::Salt;
use serde_json::Value;

const NANO: f64 = 0.1;

/// A salt's dump as one of these units, a length of which is written as `factor`.
fn dump(units: &str, factor: f64) -> String {
    let plain = Salt { density: 0.08, paired: 0.4, n_ions: 40, n_frames: 5, seed: 1 }.dump();
    let scaled = |word: &str| format!("{:.12}", factor * word.parse::<f64>().unwrap());
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["0", side] => format!("0 {}\n", scaled(side)),
        [id, kind, q, x, y, z] if !line.starts_with("ITEM") => {
            format!("{id} {kind} {q} {} {} {}\n", scaled(x), scaled(y), scaled(z))
        }
        _ => format!("{line}\n"),
    };
    format!("ITEM: UNITS\n{units}\n{}", plain.lines().map(line).collect::<String>())
}

/// The same salt in dumps of several units, and the card of an example that is made one for `units`.
fn folder(units: &str) -> Folder {
    let card = std::fs::read_to_string(OTHER_MODEL.replace(".onnx", ".toml")).unwrap();
    Folder::new(&[
        ("real", &dump("real", 1.0)),
        ("nano", &dump("nano", NANO)),
        ("lj", &dump("lj", 1.0)),
        ("card.toml", &card.replace("units = \"lj\"", &format!("units = \"{units}\""))),
    ])
}

fn import<'a>(dump: &'a str, output: &'a str) -> [&'a str; 8] {
    ["import", OTHER_MODEL, "--card", "card.toml", "-o", output, "--domain", dump]
}

/// Makes numbers that are lengths, or lists of them, those of angstrom.
fn to_angstrom(lengths: &mut Value) {
    match lengths {
        Value::Array(all) => all.iter_mut().for_each(to_angstrom),
        length => *length = (length.as_f64().unwrap() / NANO).into(),
    }
}

/// The extrapolation grades that a model gives the ions of a dump.
fn grades(folder: &Folder, model: &str, dump: &str) -> Vec<f64> {
    folder.run(&["predict", model, dump, "-o", "out"]);
    let text = folder.read("out");
    let rows = text.lines().filter(|line| line.split(' ').count() == 9 && !line.starts_with("ITEM"));
    rows.map(|row| row.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn what_a_model_goes_by_does_not_depend_on_the_length_unit_of_dumps() {
    let folder = folder("real");
    folder.run(&import("real", "model.onnx"));
    let expected = folder.analyze(&["real", "--model", "model.onnx"]);
    let found = folder.analyze(&["nano", "--model", "model.onnx"]);
    assert!(close(&expected["mean"], &found["mean"]));
    let (expected, mut found) = (&expected["reasons"], found["reasons"].clone());
    // Lengths are told in the dump's unit.
    assert!(close(&found["overlap"]["reach"], &(NANO * expected["overlap"]["reach"].as_f64().unwrap()).into()));
    for place in ["/attribution/r", "/overlap/r", "/overlap/reach", "/overlap/shared"] {
        to_angstrom(found.pointer_mut(place).unwrap());
    }
    for shell in found["attribution"]["shells"].as_array_mut().unwrap() {
        to_angstrom(&mut shell["from"]);
        to_angstrom(&mut shell["to"]);
    }
    for channel in found["partial_dependence"]["channels"].as_array_mut().unwrap() {
        to_angstrom(&mut channel["distance"]);
    }
    assert!(expected["attribution"]["n_neighbors"].as_u64() > Some(0));
    for (name, part) in expected.as_object().unwrap() {
        assert!(close(part, &found[name]), "{name}: {part} {}", found[name]);
    }
    // A distance that is given is the dump's, too.
    let given = folder.analyze(&["nano", "--model", "model.onnx", "--pair-distance", "0.16"]);
    assert!(close(&given["reasons"]["attribution"]["shells"][0]["to"], &0.16.into()));
}

#[test]
fn a_report_tells_shells_in_the_unit_of_the_dump() {
    let folder = folder("real");
    folder.run(&import("real", "model.onnx"));
    for (dump, distance, shell) in [("real", "1.6", "up to 1.60"), ("nano", "0.16", "up to 0.16")] {
        let options = ["--model", "model.onnx", "--pair-distance", distance, "-o", "page.html"];
        folder.run(&[&["report", dump], &options[..]].concat());
        assert!(folder.read("page.html").contains(shell), "{dump}");
    }
}

#[test]
fn dumps_of_one_run_with_other_length_units_are_refused() {
    let folder = folder("real");
    folder.run(&import("real", "model.onnx"));
    let later = folder.read("nano").replace("ITEM: TIMESTEP\n", "ITEM: TIMESTEP\n9");
    folder.write("later", &later);
    folder.write("untold", &later.replace("ITEM: UNITS\nnano\n", ""));
    for (dumps, expected) in [
        (
            ["real", "later"],
            "later: frame 0, line 11: timestep 90: this frame is in nano units, and those before are in real",
        ),
        (["nano", "untold"], "its length unit is not that"),
    ] {
        let message = folder.refusal(&["analyze", dumps[0], dumps[1], "--model", "model.onnx"], 1);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn snapshots_of_other_units_than_the_data_set_are_refused() {
    let folder = folder("real");
    folder.run(&import("real", "model.onnx"));
    let set = |systems: &[_]| dataset(systems).replace("units = \"lj\"", "units = \"real\"");
    folder.write("set.toml", &set(&[("one", "real"), ("two", "nano")]));
    for command in [&["analyze", "set.toml"][..], &["report", "set.toml", "-o", "page.html"]] {
        let message = folder.refusal(&[command, &["--model", "model.onnx"]].concat(), 1);
        let expected = "the snapshots are in nano units, and the data set is in real; convert them";
        assert!(message.contains("set.toml: system two") && message.contains("nano: frame 0"), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    // Also where columns have the field and no model is asked.
    folder.run(&["predict", "model.onnx", "nano", "-o", "columns"]);
    folder.write("set.toml", &set(&[("two", "columns")]));
    assert!(folder.refusal(&["analyze", "set.toml"], 1).contains("the snapshots are in nano units"));
}

#[test]
fn a_domain_is_the_same_from_dumps_of_other_length_units() {
    let folder = folder("real");
    for dump in ["real", "nano"] {
        folder.run(&import(dump, &format!("{dump}.onnx")));
    }
    let expected = grades(&folder, "real.onnx", "real");
    assert!(expected.len() == 200 && expected.iter().all(|&grade| grade <= 1.0 + 1e-6), "{expected:?}");
    for (model, dump) in [("nano.onnx", "nano"), ("nano.onnx", "real"), ("real.onnx", "nano")] {
        let found = grades(&folder, model, dump);
        let apart = expected.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(found.len() == expected.len() && apart < 1e-3, "{model} on {dump}: {apart}");
    }
}

#[test]
fn a_domain_from_reduced_units_is_refused_for_a_real_model_and_the_other_way_round() {
    for (units, dump) in [("real", "lj"), ("lj", "nano")] {
        let folder = folder(units);
        let message = folder.refusal(&import(dump, "out.onnx"), 1);
        let expected = format!("the dump is in {dump} units, and the model is for {units} units");
        assert!(message.contains(&expected) && message.contains(&format!("{dump}: frame 0")), "{message}");
        assert!(!folder.path("out.onnx").exists());
    }
}

#[test]
fn units_that_contradict_each_other_are_refused_without_a_model() {
    let field = Run::new(20, 8, 1.0, 1).with_field();
    let stated = |units: &str| format!("ITEM: UNITS\n{units}\n{field}");
    let later = |units: &str| stated(units).replace("ITEM: TIMESTEP\n", "ITEM: TIMESTEP\n9");
    let folder = Folder::new(&[
        ("real", &stated("real")),
        ("nano", &stated("nano")),
        ("later-real", &later("real")),
        ("later-metal", &later("metal")),
    ]);
    let message = folder.refusal(&["analyze", "nano", "--units", "real"], 1);
    assert!(message.contains("--units says real, the dump says nano; leave --units out"), "{message}");
    let message = folder.refusal(&["analyze", "real", "later-metal"], 1);
    assert!(message.contains("later-metal: frame 0"), "{message}");
    assert!(message.contains("this frame is in metal units, and those before are in real; convert"), "{message}");
    folder.run(&["analyze", "real", "later-real"]);
}
