//! `ionscape predict` and `ionscape evaluate` on models and dumps that tell less than they seem to.

mod fields;
mod salts;

use fields::{Folder, MODEL, OTHER_MODEL, dataset};
use salts::Salt;

/// Frames of a salt of a few ions.
fn salt(n_frames: usize, seed: u64) -> String {
    Salt { density: 0.08, paired: 0.4, n_ions: 32, n_frames, seed }.dump()
}

#[test]
fn a_model_without_a_domain_grades_nothing() {
    let folder = Folder::new(&[("dump", &salt(3, 1)), ("set.toml", &dataset(&[("one", "dump")]))]);
    let card = OTHER_MODEL.replace(".onnx", ".toml");
    folder.run(&["import", OTHER_MODEL, "--card", &card, "-o", "without.onnx"]);
    for (model, known) in [("without.onnx", false), (MODEL, true)] {
        folder.run(&["evaluate", model, "set.toml", "--cache", "kept", "--json", "all.json"]);
        let system = &folder.json("all.json")["systems"][0];
        for key in ["outside_domain", "ion_extrapolation", "extrapolation"] {
            assert!(if known { system[key].is_number() } else { system[key].is_null() }, "{key}: {system}");
        }
        let larger = ["ion_extrapolation", "system_extrapolation"].map(|key| system[key].as_f64().unwrap_or(-1.0));
        assert!(!known || system["extrapolation"] == larger[0].max(larger[1]), "{system}");
    }
}

/// A salt's frames, whose lengths are written as `factor`, as of a later part of the run.
fn in_units(units: &str, factor: f64, step: usize) -> String {
    let scaled = |word: &str| format!("{:.9}", factor * word.parse::<f64>().unwrap());
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["0", side] => format!("0 {}\n", scaled(side)),
        [id, kind, q, x, y, z] if !line.starts_with("ITEM") => {
            format!("{id} {kind} {q} {} {} {}\n", scaled(x), scaled(y), scaled(z))
        }
        _ => format!("{line}\n"),
    };
    let frames: String = salt(2, 1).lines().map(line).collect();
    let header = if units.is_empty() { String::new() } else { format!("ITEM: UNITS\n{units}\n") };
    format!("{header}{}", frames.replace("ITEM: TIMESTEP\n", &format!("ITEM: TIMESTEP\n{step}")))
}

#[test]
fn frames_in_other_units_than_those_before_are_refused() {
    let card = std::fs::read_to_string(OTHER_MODEL.replace(".onnx", ".toml")).unwrap();
    let [real, metal, nano, untold] = [("real", 1.0), ("metal", 1.0), ("nano", 0.1), ("", 1.0)]
        .map(|(units, factor)| move |step| in_units(units, factor, step));
    let folder = Folder::new(&[
        ("card.toml", &card.replace("units = \"lj\"", "units = \"real\"")),
        ("real-nano", &(real(1) + &nano(2))),
        ("nano-real", &(nano(1) + &real(2))),
        ("real-metal", &(real(1) + &metal(2))),
        ("untold-nano", &(untold(1) + &nano(2))),
        ("untold-real", &(untold(1) + &real(2))),
    ]);
    folder.run(&["import", OTHER_MODEL, "--card", "card.toml", "-o", "model.onnx"]);
    let commands = [
        &["predict", "model.onnx"][..],
        &["analyze", "--model", "model.onnx"],
        &["featurize", "--cation", "1", "--anion", "2"],
    ];
    for (dump, expected) in [
        ("real-nano", "this frame is in nano units, and those before are in real; convert the dumps of a run"),
        ("nano-real", "this frame is in real units, and those before are in nano; convert the dumps of a run"),
        ("real-metal", "this frame is in metal units, and those before are in real; convert the dumps of a run"),
    ] {
        for command in commands {
            let output: &[&str] = if command[0] == "analyze" { &[] } else { &["-o", "out"] };
            let message = folder.refusal(&[command, &[dump], output].concat(), 1);
            assert!(message.contains(&format!("{dump}: frame 2")) && message.contains(expected), "{message}");
            assert!(!folder.path("out").exists(), "{command:?}");
        }
    }
    for command in [
        &["predict", "model.onnx", "untold-nano", "-o", "out"][..],
        &["analyze", "untold-nano", "--model", "model.onnx"],
    ] {
        let message = folder.refusal(command, 1);
        assert!(
            message.contains("untold-nano: frame 2") && message.contains("its length unit is not that"),
            "{message}"
        );
    }
    // Without a model nobody knows.
    let (_, said) = folder.run(&["featurize", "untold-nano", "--cation", "1", "--anion", "2", "-o", "out"]);
    assert!(
        said.contains("frame 2") && said.contains("those before do not state theirs: all are taken for the same"),
        "{said}"
    );
    folder.run(&["predict", "model.onnx", "untold-real", "-o", "out"]);
}

#[test]
fn frames_that_stand_twice_are_told_of() {
    let once = salt(3, 1);
    let folder = Folder::new(&[
        ("once", &once),
        ("twice", &once.repeat(2)),
        ("set.toml", &dataset(&[("one", "twice"), ("two", "other")])),
    ]);
    folder.write("other", &salt(3, 2));
    let said = |dump: &str| folder.run(&["predict", MODEL, dump, "-o", "out"]);
    let expected = "twice: 3 of 6 frames have a timestep that is not after those before: the error of the mean takes";
    let (table, warnings) = said("twice");
    assert!(warnings.contains(expected) && !table.contains("timestep"), "{warnings}");
    assert!(!said("once").1.contains("timestep"));
    let (_, warnings) = folder.run(&["evaluate", MODEL, "set.toml", "--cache", "kept"]);
    assert!(warnings.contains("one: 3 of 6 frames are the same as others"), "{warnings}");
    assert!(!warnings.contains("two: 3 of"), "{warnings}");
}

#[test]
fn lengths_and_fractions_under_each_other_s_names() {
    let text = salt(2, 1);
    let side: f64 = text.lines().find_map(|line| line.strip_prefix("0 ")).unwrap().parse().unwrap();
    let share = |word: &str| format!("{:.9}", word.parse::<f64>().unwrap() / side);
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [id, kind, q, x, y, z] if !line.starts_with("ITEM") => {
            format!("{id} {kind} {q} {} {} {}\n", share(x), share(y), share(z))
        }
        _ => format!("{line}\n"),
    };
    let fractions: String = text.lines().map(line).collect();
    let folder = Folder::new(&[
        ("good", &text),
        ("lengths", &text.replace("x y z", "xs ys zs")),
        ("fractions", &fractions),
        ("scaled", &fractions.replace("x y z", "xs ys zs")),
        ("unwrapped", &text.replace("x y z", "xsu ysu zsu")),
        ("set.toml", &dataset(&[("one", "lengths"), ("two", "good")])),
    ]);
    let options = |command: &str| match command {
        "predict" => vec!["predict", MODEL, "-o", "out"],
        "featurize" => vec!["featurize", "--cation", "1", "--anion", "2", "-o", "out.npy"],
        _ => vec!["analyze", "--model", MODEL],
    };
    for command in ["predict", "featurize", "analyze"] {
        let on = |dump| [options(command), vec![dump]].concat();
        let message = folder.refusal(&on("lengths"), 1);
        assert!(message.contains("lengths: frame 0, line 10: ") && message.contains("xs ys zs are "), "{message}");
        assert!(message.contains("if they are lengths, name them x y z"), "{message}");
        let (_, said) = folder.run(&on("fractions"));
        assert!(said.contains("fractions: frame 0") && said.contains("x y z of all atoms are from 0 to 1"), "{said}");
        assert_eq!(said.matches("name them xs ys zs").count(), 1, "{said}");
        for dump in ["good", "scaled"] {
            let (_, said) = folder.run(&on(dump));
            assert!(!said.contains("xs ys zs"), "{said}");
        }
    }
    folder.run(&["predict", MODEL, "unwrapped", "-o", "out"]);
    let message = folder.refusal(&["evaluate", MODEL, "set.toml", "--cache", "kept"], 1);
    assert!(message.contains("system one") && message.contains("xs ys zs are "), "{message}");
    // Also where columns have the field and no model is asked.
    folder.run(&["predict", MODEL, "good", "-o", "field"]);
    folder.write("called", &folder.read("field").replace("x y z", "xs ys zs"));
    assert!(folder.refusal(&["analyze", "called"], 1).contains("xs ys zs are "));
}

/// A salt's frames with the box at `origin`, positions as `written`.
fn placed(n_frames: usize, origin: f64, written: impl Fn(f64) -> String) -> String {
    let text = salt(n_frames, 1);
    let moved = |word: &str| origin + word.parse::<f64>().unwrap();
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["0", side] => format!("{:.6} {:.6}\n", origin, moved(side)),
        [id, kind, q, x, y, z] if !line.starts_with("ITEM") => {
            let [x, y, z] = [x, y, z].map(|word| written(moved(word)));
            format!("{id} {kind} {q} {x} {y} {z}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn positions_of_few_digits_are_told_of() {
    let six = |x: f64| format!("{x:.5e}");
    let far = placed(4, 1e4, six);
    // A lattice that melts.
    let melts = placed(1, 0.0, |x| format!("{x:.1}")) + &salt(3, 2).replace("TIMESTEP\n", "TIMESTEP\n9");
    let folder = Folder::new(&[
        ("far", &far),
        ("coarse", &placed(4, 0.0, |x| format!("{x:.1}"))),
        ("near", &placed(4, 0.0, six)),
        ("eight", &placed(4, 1e4, |x| format!("{x:.7e}"))),
        ("melts", &melts),
        ("set.toml", &dataset(&[("first", "far"), ("second", "near")])),
    ]);
    let commands = [
        &["predict", MODEL, "-o", "out"][..],
        &["featurize", "--cation", "1", "--anion", "2", "-o", "out.npy"],
        &["analyze", "--model", MODEL, "--pair-distance", "1.5"],
    ];
    for command in commands {
        let said = |dump: &str| folder.run(&[command, &[dump]].concat()).1;
        for dump in ["far", "coarse"] {
            let expected = "positions are whole multiples of 0.1, as a dump of few digits rounds them";
            let told = said(dump);
            assert!(told.matches(expected).count() == 1 && told.contains(&format!("{dump}: frame ")), "{told}");
            assert!(told.contains("dump_modify ID format float %.8g"), "{told}");
        }
        for dump in ["near", "eight", "melts"] {
            assert!(!said(dump).contains("whole multiples"), "{dump}: {}", said(dump));
        }
    }
    let (_, told) = folder.run(&["evaluate", MODEL, "set.toml", "--cache", "kept"]);
    assert!(told.contains("far: frame 1") && told.contains("whole multiples of 0.1,"), "{told}");
}

/// Every second anion of a salt's frames is not there.
fn without_half_the_anions(text: &str) -> String {
    let mut n = 0;
    let is_kept = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let is_anion = words.len() == 6 && words[1] == "2";
        n += usize::from(is_anion);
        !is_anion || n % 2 == 0
    };
    let left: Vec<&str> = text.lines().filter(is_kept).collect();
    left.join("\n").replace("ATOMS\n32\n", "ATOMS\n24\n") + "\n"
}

/// Also of features that were kept: the second time nothing is computed.
#[test]
fn each_system_of_a_data_set_has_its_cautions() {
    let folder = Folder::new(&[
        ("first", &without_half_the_anions(&salt(2, 1))),
        ("second", &without_half_the_anions(&salt(2, 2))),
        ("third", &salt(2, 3)),
        ("set.toml", &dataset(&[("one", "first"), ("two", "second"), ("three", "third")])),
    ]);
    for _ in 0..2 {
        let (_, said) = folder.run(&["evaluate", MODEL, "set.toml", "--cache", "kept"]);
        assert!(said.contains("system one: first: frame 0") && said.contains("have a net charge of"), "{said}");
        assert!(said.contains("(and so in two)") && !said.contains("system three"), "{said}");
    }
}
