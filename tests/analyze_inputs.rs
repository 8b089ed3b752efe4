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
    let mut back = run();
    (back.steps, back.frames) = (back.steps.into_iter().rev().collect(), back.frames.into_iter().rev().collect());
    let mut again = run();
    again.steps[8..].iter_mut().for_each(|step| *step -= 750);
    // Row numbers in place of ids, of rows that change places: of unlike ions, and of types that tell no charge.
    let mut rows = run();
    rows.frames[7].swap(3, 30);
    rows.frames.iter_mut().for_each(|ions| ions.iter_mut().enumerate().for_each(|(i, ion)| ion.id = i + 1));
    let mut one_type = rows.clone();
    one_type.frames.iter_mut().flatten().for_each(|ion| ion.kind = 1);
    // Atoms of a dump without ids may stand in another order in each frame.
    let mut turned = run();
    turned.frames.iter_mut().enumerate().for_each(|(t, ions)| ions.rotate_left(7 * t % 40));
    let no_ids = turned.dump("type q x y z local spread grade", COLUMNS);
    let folder = Folder::new(&[
        ("whole", &whole.with_field()),
        ("fewer", &fewer.with_field()),
        ("others", &others.with_field()),
        ("uneven", &uneven.with_field()),
        ("back", &back.with_field()),
        ("again", &again.with_field()),
        ("rows", &rows.with_field()),
        ("one type", &one_type.with_field()),
        ("no ids", &no_ids),
    ]);
    fn varying(dump: &str) -> [&str; 4] {
        [dump, "--pair-distance", "1.8", "--varying-atoms"]
    }
    let analyze = |dump: &str| folder.analyze(&varying(dump));
    let expected = analyze("whole");
    assert!(expected["temporal"].is_object() && has_lifetimes(&expected) && notes(&expected).is_empty());
    for (dump, note) in [
        ("fewer", "step 700: the ions are not those of the first frame"),
        ("others", "step 700: the ions are not those of the first frame"),
        ("uneven", "step 1150: frames are unevenly spaced from here on"),
        ("back", "step 1000: time goes back, from step 1100; give frames in the order of time"),
        ("again", "step 50: time goes back, from step 700; give frames in the order of time"),
        ("rows", "step 700: the ion of id 4 is of type 2 here, and was of type 1 at step 0: ids name other atoms"),
        ("one type", "step 700: the ion of id 4 has a charge of -1 here, and had 1 at step 0: ids name other atoms"),
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
        let (shown, warnings) = folder.run(&[&["analyze", "--timestep", "0.005"], &varying(dump)[..]].concat());
        assert!(warnings.contains(&format!("ionscape: warn: {note}")), "{warnings}");
        let turned = note.contains("time goes back");
        assert_eq!(warnings.contains("not in the order of time, and errors hold only roughly"), turned, "{warnings}");
        assert!(!turned || !shown.contains("lifetime") && !shown.contains("every"), "{shown}");
    }
}

#[test]
fn a_timestep_that_stands_twice_has_the_same_contents() {
    let run = run();
    let of = |steps: &[i64], frames: &[usize]| Run {
        steps: steps.to_vec(),
        frames: frames.iter().map(|&t| run.frames[t].clone()).collect(),
    };
    // As a restart writes a frame again: atoms in another order, one on the other side of the box, a value a little different.
    let mut repeated = of(&[0, 100, 100, 200], &[0, 1, 1, 2]);
    repeated.frames[2].rotate_left(7);
    repeated.frames[2][3].x[0] += 10.0;
    repeated.frames[2][5].local *= 1.0001;
    let once = of(&[0, 100, 200], &[0, 1, 2]);
    let (mut moved, mut other) = (repeated.clone(), repeated.clone());
    moved.frames[2][9].x[1] += 0.01;
    other.frames[2][9].local *= 1.1;
    let mut fewer = repeated.clone();
    fewer.frames[2].pop();
    let folder = Folder::new(&[
        ("once", &once.with_field()),
        ("repeated", &repeated.with_field()),
        ("moved", &moved.with_field()),
        ("other", &other.with_field()),
        ("fewer", &fewer.with_field()),
        ("seam", &of(&[200, 300], &[2, 3]).with_field()),
        ("no seam", &of(&[200, 300], &[3, 4]).with_field()),
    ]);
    assert_eq!(folder.analyze(&["repeated"])["mean"], folder.analyze(&["once"])["mean"]);
    assert_eq!(folder.analyze(&["once", "seam"])["n_frames"], 4);
    for dumps in [&["moved"][..], &["other"], &["fewer"], &["once", "no seam"]] {
        let message = folder.refusal(&[&["analyze", "--varying-atoms"], dumps].concat(), 1);
        assert!(message.contains(" has the same timestep and other atoms, places or values"), "{message}");
        let first = if dumps.len() == 1 { format!("frame 1 of {}", dumps[0]) } else { "frame 2 of once".into() };
        assert!(message.contains(&first) && message.contains("a timestep of its own"), "{message}");
    }
}

#[test]
fn what_one_frame_alone_tells_has_no_error() {
    let mut run = Run::new(20, 16, 1.0, 8);
    // A lattice of ions, and in one frame three near each other: two like ions, and one unlike.
    for (t, ions) in run.frames.iter_mut().enumerate() {
        ions.iter_mut().enumerate().for_each(|(i, ion)| ion.x = [i % 3, i / 3 % 3, i / 9].map(|k| 3.0 * k as f64));
        if t == 6 {
            [(1, 0.3), (2, 0.6), (15, 0.8)].iter().for_each(|&(i, x)| ions[i].x = [x, 0.0, 0.0]);
            [0, 1, 2, 15].iter().for_each(|&i| ions[i].local = 3.0);
        }
    }
    let folder = Folder::new(&[("dump", &run.with_field())]);
    let options = ["dump", "--pair-distance", "1", "--radius", "1.2", "--bins", "12"];
    let found = folder.analyze(&options);
    for kind in ["like", "unlike"] {
        let told: Vec<&Value> = found["spatial"][kind]["correlation"].as_array().unwrap().iter().collect();
        let told: Vec<&&Value> = told.iter().filter(|point| point[0].is_number()).collect();
        assert!(told.len() >= 2 && told.iter().all(|point| point[1].is_null()), "{told:?}");
        assert!(found["spatial"][kind]["length"].is_null());
        assert!(found["contact"][kind][0].is_number() && found["contact"][kind][1].is_null());
    }
    let cluster = &found["states"]["states"][3];
    assert!(cluster["mean"][0] == 3.0 && cluster["mean"][1].is_null() && cluster["share"][1].as_f64() > Some(0.0));
    let pair = &found["states"]["states"][1];
    assert!(pair["mean"][0].is_null() && pair["mean"][1].is_null() && pair["deviation"].is_null());
    let (shown, _) = folder.run(&[&["analyze"], &options[..]].concat());
    let row = shown.lines().find(|line| line.starts_with("unbalanced cluster")).unwrap();
    assert!(row.contains("3.0000 +- -") && shown.contains("no distance tells it to 0.1"), "{shown}");
    let cells = found["coordination"]["cells"].as_array().unwrap();
    assert!(cells.len() > 1 && cells.iter().filter(|cell| cell["mean"][1].is_null()).count() == cells.len() - 1);
}

#[test]
fn a_single_ion_has_no_course() {
    let mut one = run();
    one.frames.iter_mut().for_each(|ions| ions.truncate(1));
    let folder = Folder::new(&[("dump", &one.with_field())]);
    let found = folder.analyze(&["dump"]);
    let notes = notes(&found);
    assert!(notes.contains("a single ion has no departure from the mean over ions"), "{notes}");
    assert!(notes.contains("all ions are of one kind") && !notes.contains("too few"), "{notes}");
    assert!(found["temporal"].is_null());
}

#[test]
fn a_radius_beyond_half_the_box_is_told_of() {
    let folder = Folder::new(&[("dump", &run().with_field())]);
    let told = |radius: f64| notes(&folder.analyze(&["dump", "--radius", &radius.to_string()]));
    assert!(!told(5.0).contains("half the box"));
    assert!(told(5.5).contains("--radius 5.5 is more than half the box, 5.0000: pairs farther apart"));
    // What lies within the distance of states is more than the pairs that were counted.
    let within = |distance| folder.analyze(&["dump", "--radius", "2", "--pair-distance", distance]);
    assert!(within("2")["contact"].is_object() && within("2.5")["contact"].is_null());
    assert!(notes(&within("2.5")).contains("pairs are counted up to 2.0000, so nothing is said of the correlation"));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_twice_is_refused() {
    let field = run().with_field();
    let folder = Folder::new(&[("set.toml", &dataset(&[("one", "pipe")])), ("dump", &field)]);
    assert!(std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    for arguments in [&["analyze", "pipe"][..], &["report", "pipe", "-o", "page.html"], &["analyze", "set.toml"]] {
        let message = folder.refusal(arguments, 1);
        let expected = "pipe: this is not a regular file, and inputs are read twice; write it to a file and give that";
        assert!(message.contains(expected), "{message}");
    }
    let output = folder.command(&["analyze", "/dev/stdin"]).write_stdin(field).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/stdin: this is not a regular file"));
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
fn frames_without_atoms_are_left_out_and_a_field_that_never_changes_has_no_course() {
    let mut emptied = run();
    emptied.frames[5].clear();
    let mut without = run();
    without.frames.remove(5);
    without.steps.remove(5);
    let mut constant = run();
    constant.frames.iter_mut().flatten().for_each(|ion| ion.local = 0.7);
    let folder = Folder::new(&[
        ("emptied", &emptied.with_field()),
        ("without", &without.with_field()),
        ("constant", &constant.with_field()),
    ]);
    assert_eq!(folder.analyze(&["emptied", "--varying-atoms"])["mean"], folder.analyze(&["without"])["mean"]);
    let (_, warnings) = folder.run(&["analyze", "emptied", "--varying-atoms"]);
    assert!(warnings.contains("emptied: frame 5") && warnings.contains("it has no atoms"), "{warnings}");

    let spatial = &folder.analyze(&["constant"])["spatial"];
    for curve in ["like", "unlike"].map(|name| spatial[name]["correlation"].as_array().unwrap()) {
        assert!(curve.iter().all(|point| point[0].is_null()), "departures made of rounding");
    }
    let (_, warnings) = folder.run(&["analyze", "constant", "--csv", "tables"]);
    assert!(warnings.contains("the field is the same for all ions at all times"), "{warnings}");
    let tables = std::fs::read_dir(folder.path("tables")).unwrap().map(|entry| entry.unwrap().path());
    let texts: Vec<String> = tables.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(texts.len() > 3 && texts.iter().all(|text| !text.contains("NaN") && !text.contains("inf")));
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

/// Means of a field about 0.2 that is written with few digits: what was rounded to zero is an ion all the same.
#[test]
fn values_that_a_dump_rounds_to_zero() {
    let exact = Run::new(40, 12, 0.2, 5);
    let mut coarse = Run::new(40, 12, 0.2, 5);
    let mut n_zeros = 0;
    for ion in coarse.frames.iter_mut().flatten() {
        ion.local = if ion.id % 4 == 0 { 0.0 } else { (ion.local * 100.0).round() / 100.0 };
        n_zeros += usize::from(ion.local == 0.0);
    }
    assert!(n_zeros >= 120);
    let alone = coarse.dump("id type q x y z local", COLUMNS);
    let folder = Folder::new(&[("exact", &exact.with_field()), ("coarse", &coarse.with_field()), ("alone", &alone)]);
    let [expected, found] = ["exact", "coarse"].map(|dump| folder.analyze(&[dump, "--pair-distance", "1.8"]));
    let [expected, found] = [&expected["distribution"], &found["distribution"]];
    assert_eq!(found["all"]["n_ions"], expected["all"]["n_ions"]);
    assert_eq!(found["atoms_not_evaluated"], 0.0);
    let mean = |of: &Value| of["all"]["mean"]["mean"].as_f64().unwrap();
    assert!((mean(found) - 0.75 * mean(expected)).abs() < 0.01, "{} {}", mean(found), mean(expected));
    let said = |dump: &str| folder.run(&["analyze", dump, "--pair-distance", "1.8"]).1;
    assert!(said("coarse").contains("the values of 10 ions were rounded to 0, and count as 0"), "{}", said("coarse"));
    assert!(said("alone").contains("multiples of 0.01, and some are 0"), "{}", said("alone"));
    assert!(!said("exact").contains("rounded"));
}

/// As OVITO writes a dump that it has read.
#[test]
fn columns_whose_brackets_were_lost_are_the_field_s() {
    let columns = "id type q x y z local spread grade";
    let bare = run().dump(columns, ["c_lam1", "c_lam2", "c_lam3"]);
    let two = run().dump("id type q x y z local spread", ["c_lam1", "c_lam2", ""]);
    let folder = Folder::new(&[("whole", &run().with_field()), ("bare", &bare), ("two", &two)]);
    let [whole, bare] = ["whole", "bare"].map(|dump| folder.analyze(&[dump, "--pair-distance", "1.8"]));
    assert_eq!((&whole["states"], &whole["distribution"]), (&bare["states"], &bare["distribution"]));
    assert_eq!((&whole["column"], &bare["column"]), (&"c_lam[1]".into(), &"c_lam1".into()));
    assert!(notes(&bare).contains("c_lam1 c_lam2 c_lam3 are taken for c_lam[1] c_lam[2] c_lam[3]"), "{}", notes(&bare));
    assert!(folder.refusal(&["analyze", "two"], 1).contains("there is no column c_lam[1]"));
}

/// As `dump FILE.%` writes the atoms of each rank to a file of its own.
#[test]
fn pieces_of_frames_are_no_run() {
    let piece = |keeps: fn(f64) -> bool, n_frames: usize| {
        let mut piece = run();
        piece.steps.truncate(n_frames);
        piece.frames.truncate(n_frames);
        piece.frames.iter_mut().for_each(|ions| ions.retain(|ion| keeps(ion.x[0])));
        piece.with_field()
    };
    let [all, first] = [12, 1].map(|n| [piece(|x| x < 5.0, n), piece(|x| x >= 5.0, n)]);
    let folder =
        Folder::new(&[("dump.0", &all[0]), ("dump.1", &all[1]), ("cat", &all.concat()), ("one step", &first.concat())]);
    for (dumps, first) in [
        (&["dump.0", "dump.1"][..], "dump.1: frame 0, line 9: timestep 0: frame 0 of dump.0 has the same timestep"),
        (&["cat"], "cat: frame 12"),
        (&["one step"], "one step: frame 1"),
    ] {
        let message = folder.refusal(&[&["analyze", "--varying-atoms"], dumps].concat(), 1);
        assert!(
            message.contains(first) && message.contains("they are pieces of one frame, as dump FILE.%"),
            "{message}"
        );
        assert!(message.contains("a FILE without %, or with dump_modify nfile 1"), "{message}");
    }
    // One piece alone shows itself by its charges.
    let alone = notes(&folder.analyze(&["dump.0", "--varying-atoms"]));
    assert!(alone.contains("together by q") && alone.contains("as in a dump of a group, a region"), "{alone}");
}

#[test]
fn an_ion_that_one_frame_lacks_is_told_of() {
    let mut lacking = Run::new(400, 4, 1.0, 5);
    lacking.frames[2].remove(9);
    let folder = Folder::new(&[("lacking", &lacking.with_field()), ("whole", &Run::new(400, 4, 1.0, 5).with_field())]);
    let told = |dump: &str| notes(&folder.analyze(&[dump, "--pair-distance", "0.5", "--varying-atoms"]));
    assert!(told("lacking").contains("step 200: the ions have charges of -1.000 together by q"), "{}", told("lacking"));
    assert!(!told("whole").contains("together by q"));
}

#[test]
fn files_of_an_earlier_run_are_told_of() {
    let folder = Folder::new(&[("dump", &run().with_field())]);
    for (name, file) in [("csv", "csv/map.csv"), ("plot", "plot/map.svg")] {
        fs::create_dir(folder.path(name)).unwrap();
        folder.write(file, "");
    }
    let (_, said) = folder.run(&["analyze", "dump", "--csv", "csv", "--plot", "plot"]);
    for other in ["csv: map.csv is not of this run", "plot: map.svg is not of this run"] {
        assert!(said.contains(other), "{said}");
    }
    let (_, said) = folder.run(&["analyze", "dump", "--map", "z", "--csv", "csv", "--plot", "plot"]);
    assert!(!said.contains("not of this run"), "{said}");
}

/// Neutral ions of the first type are not of the kind of charged ones.
#[test]
fn neutral_ions_are_a_kind_of_their_own() {
    let mut mixed = run();
    mixed.frames.iter_mut().flatten().for_each(|ion| ion.charge = i32::from(ion.kind == 2));
    let mut turned = mixed.clone();
    turned.frames.iter_mut().flatten().for_each(|ion| ion.kind = 3 - ion.kind);
    let folder = Folder::new(&[("mixed", &mixed.with_field()), ("turned", &turned.with_field())]);
    let states = |name: &str| folder.analyze(&[name, "--pair-distance", "2"])["states"]["states"].clone();
    assert!(!states("mixed").is_null());
    assert_eq!(states("mixed"), states("turned"));
}

#[test]
fn values_of_options_that_are_none_are_wrong_usage() {
    let folder = Folder::new(&[("dump", &run().with_field())]);
    for arguments in [
        &["--radius", "-1"][..],
        &["--map", "xx"],
        &["--map", "x", "--map-bins", "0"],
        &["--map", "x", "--map-bins", "3,4"],
        &["--timestep", "0"],
    ] {
        folder.refusal(&[&["analyze", "dump"], arguments].concat(), 2);
    }
}
