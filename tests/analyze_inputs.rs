//! `ionscape analyze` on dumps that tell less than all, and on what it refuses.

mod fields;

use std::fs;

use fields::{Folder, MODEL, Run, dataset};
use serde_json::Value;

const COLUMNS: [&str; 3] = ["c_lam[1]", "c_lam[2]", "c_lam[3]"];

fn run() -> Run {
    Run::new(40, 12, 1.0, 5)
}

fn notes(found: &Value) -> String {
    found["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn has_lifetimes(found: &Value) -> bool {
    let states = &found["states"];
    let curves = ["continuous", "intermittent"].map(|name| !states[name].as_array().unwrap().is_empty());
    let lengths = ["continuous_lifetime", "intermittent_lifetime"].map(|name| !states[name].is_null());
    assert!(curves[0] == curves[1] && (curves[0] || lengths == [false; 2]), "{states}");
    curves[0]
}

#[test]
fn what_needs_no_course_is_found_without_one() {
    let whole = run();
    let mut fewer = run();
    fewer.frames[7].retain(|ion| ion.id != 9);
    let mut others = run();
    others.frames[7].iter_mut().filter(|ion| ion.id == 9).for_each(|ion| ion.id = 900);
    let mut uneven = run();
    uneven.steps[11] += 50;
    // Atoms of a dump without ids may stand in another order in each frame.
    let mut turned = run();
    turned.frames.iter_mut().enumerate().for_each(|(t, ions)| ions.rotate_left(7 * t % 40));
    let no_ids = turned.dump("type q x y z local spread grade", COLUMNS);
    let folder = Folder::new(&[
        ("whole", &whole.with_field()),
        ("fewer", &fewer.with_field()),
        ("others", &others.with_field()),
        ("uneven", &uneven.with_field()),
        ("no ids", &no_ids),
    ]);
    let analyze = |dump: &str| folder.analyze(&[dump, "--pair-distance", "1.8"]);
    let expected = analyze("whole");
    assert!(expected["temporal"].is_object() && has_lifetimes(&expected) && notes(&expected).is_empty());
    for (dump, note) in [
        ("fewer", "step 700: the ions are not those of the first frame"),
        ("others", "step 700: the ions are not those of the first frame"),
        ("uneven", "step 1150: frames are unevenly spaced from here on"),
        ("no ids", "step 0: the dump has no ids; add id to the dump command"),
    ] {
        let found = analyze(dump);
        assert!(notes(&found).contains(note), "{}", notes(&found));
        assert!(found["temporal"].is_null() && !has_lifetimes(&found), "{dump}");
        for part in ["shape", "spatial", "structure_factor", "states", "coordination"] {
            assert!(found[part].is_object(), "{dump}: {part}");
        }
        let share = |found: &Value| found["states"]["states"][0]["share"][0].as_f64().unwrap();
        assert!((share(&found) - share(&expected)).abs() < 0.01, "{dump}");
        let (_, warnings) = folder.run(&["analyze", dump, "--pair-distance", "1.8"]);
        assert!(warnings.contains(&format!("ionscape: warn: {note}")), "{warnings}");
    }
}

#[test]
fn one_frame_tells_of_one_instant() {
    let mut one = run();
    (one.steps, one.frames) = (vec![700], vec![one.frames[3].clone()]);
    let folder = Folder::new(&[("dump", &one.with_field())]);
    let found = folder.analyze(&["dump", "--pair-distance", "1.8", "--map", "z", "--map-bins", "3"]);
    assert!(found["mean_error"].is_null() && found["temporal"].is_null() && found["time_between_frames"].is_null());
    assert!(notes(&found).contains("one frame is too few for a course in time"));
    let mean = one.frames[0].iter().map(|ion| ion.local).sum::<f64>() / 40.0;
    assert!((found["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
    assert!(found["map"]["values"][0]["ions"][1].is_null(), "one frame has no error");
}

#[test]
fn ions_of_one_kind_have_no_unlike_pairs() {
    let mut alike = run();
    alike.frames.iter_mut().for_each(|ions| ions.retain(|ion| ion.kind == 1));
    let folder = Folder::new(&[("dump", &alike.with_field())]);
    for more in [&["--pair-distance", "1.8"][..], &[]] {
        let found = folder.analyze(&[&["dump"], more].concat());
        assert!(found["states"].is_null() && found["coordination"].is_null());
        assert!(found["spatial"]["like"]["g"][50][0].is_number() && found["temporal"].is_object());
        let unlike = &found["spatial"]["unlike"]["correlation"];
        assert!(unlike.as_array().unwrap().iter().all(|point| point[0].is_null()), "{unlike}");
    }
    let (shown, warnings) = folder.run(&["analyze", "dump", "--pair-distance", "1.8", "--plot", "figures"]);
    assert!(shown.contains("unlike ions  no pair") && warnings.contains("all ions are of one kind"), "{warnings}");
}

#[test]
fn dumps_that_cannot_be_analyzed() {
    let run = run();
    let field = run.with_field();
    let folder = Folder::new(&[
        ("bare", &run.bare()),
        ("no types", &run.dump("id q x y z local spread grade", COLUMNS)),
        ("no places", &run.dump("id type q local spread grade", COLUMNS)),
        ("nan", &field.replacen(" 0.01 ", " nan ", 1)),
        ("empty", ""),
        ("short", &field[..field.len() - 300]),
        ("text", "not a dump\n"),
        ("twice", &field.replacen("\n2 1 1 ", "\n1 1 1 ", 1)),
    ]);
    let refusal = |arguments: &[&str]| folder.refusal(&[&["analyze"], arguments].concat(), 1);
    let message = refusal(&["bare"]);
    assert!(message.contains("bare: frame 0") && message.contains("there is no column c_lam[1]"), "{message}");
    assert!(message.contains("`ionscape predict MODEL DUMP -o OUT` adds it"), "{message}");
    assert!(refusal(&["no types"]).contains("type") && refusal(&["no places"]).contains("x y z"));
    assert!(refusal(&["nan"]).contains("nan"));
    assert!(refusal(&["empty"]).contains("empty"));
    let message = refusal(&["short"]);
    assert!(message.contains("short: frame 11"), "{message}");
    folder.run(&["analyze", "short", "--skip-bad-frames"]);
    assert!(refusal(&["text"]).contains("this is not a text dump of LAMMPS"));
    assert!(refusal(&["twice"]).contains("twice"));
    assert!(refusal(&["nowhere/dump"]).contains("nowhere/dump"));
    assert!(folder.refusal(&["analyze"], 2).contains("<IN>"));
    assert!(folder.refusal(&["analyze", "bare", "--bins", "4"], 2).contains("--bins"));
}

#[test]
fn what_is_read_is_never_overwritten() {
    let folder = Folder::new(&[("dump", &run().with_field()), ("set.toml", &dataset(&[("one", "dump")]))]);
    fs::copy(MODEL, folder.path("model.onnx")).unwrap();
    let files = ["dump", "set.toml", "model.onnx"].map(|name| (name, fs::read(folder.path(name)).unwrap()));
    for arguments in [
        &["analyze", "dump", "--json", "dump"][..],
        &["analyze", "dump", "--json", "./dump"],
        &["analyze", "set.toml", "--json", "set.toml"],
        &["analyze", "set.toml", "--json", "dump"],
        &["analyze", "dump", "--model", "model.onnx", "--json", "model.onnx"],
    ] {
        let message = folder.refusal(arguments, 1);
        assert!(message.contains("this file is read, and would be overwritten"), "{message}");
    }
    files.iter().for_each(|(name, bytes)| assert!(&fs::read(folder.path(name)).unwrap() == bytes, "{name}"));
    assert!(folder.refusal(&["analyze", "dump", "--json", "nowhere/all.json"], 1).contains("does not exist"));
}

#[test]
fn nothing_is_left_of_an_analysis_that_failed() {
    let folder = Folder::new(&[("bare", &run().bare())]);
    folder.refusal(&["analyze", "bare", "--json", "all.json", "--csv", "tables", "--plot", "figures"], 1);
    for name in ["all.json", "tables/frames.csv", "figures/field.svg"] {
        assert!(!folder.path(name).exists(), "{name}");
    }
}
