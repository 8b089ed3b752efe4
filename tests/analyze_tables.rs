//! `ionscape analyze` on single runs: columns, maps, tables and times.

mod fields;

use fields::{Folder, Run, close};
use serde_json::Value;

fn run() -> Run {
    Run::new(60, 12, 1.0, 3)
}

/// The columns of a table by their names; what is empty is null, as in the JSON.
fn table(text: &str) -> Vec<(String, Vec<Value>)> {
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',');
    let mut columns: Vec<(String, Vec<Value>)> = names.map(|name| (name.to_string(), vec![])).collect();
    for line in lines {
        assert_eq!(line.split(',').count(), columns.len(), "{line}");
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.1.push(if cell.is_empty() { Value::Null } else { cell.parse::<f64>().unwrap().into() });
        }
    }
    columns
}

fn column<'a>(table: &'a [(String, Vec<Value>)], name: &str) -> &'a [Value] {
    &table.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no column {name}")).1
}

/// Whether numbers are the same, but for how JSON's are read.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-14 * a.abs(),
        _ => a.is_null() && b.is_null(),
    }
}

/// That a column and its errors are points of the JSON.
fn assert_points(table: &[(String, Vec<Value>)], name: &str, points: &[&Value]) {
    let errors = column(table, &format!("{name}_error"));
    assert_eq!(errors.len(), points.len(), "{name}");
    for ((value, error), point) in column(table, name).iter().zip(errors).zip(points) {
        assert!(same(value, &point[0]) && same(error, &point[1]), "{name}: {value} {point}");
    }
}

fn all(values: &Value) -> Vec<&Value> {
    values.as_array().unwrap().iter().collect()
}

#[test]
fn tables_hold_the_numbers_of_the_json() {
    let folder = Folder::new(&[("dump", &run().with_field())]);
    let options = ["--csv", "tables", "--pair-distance", "1.5", "--bins", "20", "--map", "xz", "--map-bins", "2,3"];
    let found = folder.analyze(&[&["dump"], &options[..]].concat());
    let table = |name: &str| table(&folder.read(&format!("tables/{name}.csv")));

    let frames = table("frames");
    assert_eq!(column(&frames, "step").len(), 12);
    for (i, frame) in found["distribution"]["frames"].as_array().unwrap().iter().enumerate() {
        assert_eq!(column(&frames, "step")[i].as_f64(), frame["timestep"].as_f64());
        assert!(same(&column(&frames, "mean")[i], &frame["mean"]));
    }
    let spatial = table("spatial");
    assert_eq!(column(&spatial, "r").len(), 20);
    for kind in ["like", "unlike"] {
        for (name, key) in [("g", "g"), ("correlation", "correlation"), ("shuffled", "shuffled")] {
            assert_points(&spatial, &format!("{name}_{kind}"), &all(&found["spatial"][kind][key]));
        }
    }
    let waves = table("structure_factor");
    ["field", "shuffled", "number"]
        .iter()
        .for_each(|name| assert_points(&waves, name, &all(&found["structure_factor"][name])));
    assert_points(&table("temporal"), "fluctuation", &all(&found["temporal"]["fluctuation"]));
    let states = &found["states"];
    let of_states: Vec<&Value> = states["states"].as_array().unwrap().iter().map(|s| &s["share"]).collect();
    assert_points(&table("states"), "share", &of_states);
    assert_points(&table("clusters"), "share", &all(&states["sizes"]));
    assert_points(&table("lifetimes"), "continuous", &all(&states["continuous"]));
    let charges = states["charges"].as_array().unwrap();
    assert_points(&table("cluster_charges"), "share", &charges.iter().map(|c| &c[1]).collect::<Vec<_>>());
    let cells = found["coordination"]["cells"].as_array().unwrap();
    let coordination = table("coordination");
    assert_points(&coordination, "mean", &cells.iter().map(|c| &c["mean"]).collect::<Vec<_>>());
    assert!(cells.iter().zip(column(&coordination, "unlike")).all(|(c, n)| c["unlike"].as_f64() == n.as_f64()));

    let map = table("map");
    let bins = found["map"]["values"].as_array().unwrap();
    assert_eq!(bins.len(), 6);
    assert_points(&map, "ions", &bins.iter().map(|b| &b["ions"]).collect::<Vec<_>>());
    assert_points(&map, "mean", &bins.iter().map(|b| &b["mean"]).collect::<Vec<_>>());
    let place = |name| column(&map, name).iter().map(|v| (10.0 * v.as_f64().unwrap()).round()).collect::<Vec<_>>();
    assert_eq!(place("x"), [25.0, 25.0, 25.0, 75.0, 75.0, 75.0]);
    assert_eq!(place("z"), [17.0, 50.0, 83.0, 17.0, 50.0, 83.0]);

    let distribution = table("distribution");
    let (local, density) = (column(&distribution, "local"), column(&distribution, "density"));
    let width = local[1].as_f64().unwrap() - local[0].as_f64().unwrap();
    let whole: f64 = density.iter().map(|d| width * d.as_f64().unwrap()).sum();
    assert!((whole - 1.0).abs() < 1e-9, "{whole}");
}

#[test]
fn maps_count_ions_where_they_are() {
    let run = run();
    let folder = Folder::new(&[("dump", &run.with_field())]);
    let n = run.frames.len() as f64;
    for (axes, bins, places) in
        [("z", "4", vec![(2, 4)]), ("xy", "3", vec![(0, 3), (1, 3)]), ("zyx", "2,3,4", vec![(2, 2), (1, 3), (0, 4)])]
    {
        let found = &folder.analyze(&["dump", "--map", axes, "--map-bins", bins])["map"];
        let size: usize = places.iter().map(|(_, bins)| bins).product();
        let (mut ions, mut sum) = (vec![0.0; size], vec![0.0; size]);
        for ion in run.frames.iter().flatten() {
            let bin = places.iter().fold(0, |bin, &(k, bins)| bin * bins + (ion.x[k] / 10.0 * bins as f64) as usize);
            ions[bin] += 1.0;
            sum[bin] += ion.local;
        }
        let values = found["values"].as_array().unwrap();
        assert_eq!(values.len(), size);
        for (bin, value) in values.iter().enumerate() {
            assert!((value["ions"][0].as_f64().unwrap() - ions[bin] / n).abs() < 1e-9, "{axes} {bin}: {value}");
            assert_eq!(value["mean"][0].is_null(), ions[bin] == 0.0);
            assert!(ions[bin] == 0.0 || (value["mean"][0].as_f64().unwrap() - sum[bin] / ions[bin]).abs() < 1e-6);
        }
    }
    assert_eq!(folder.analyze(&["dump", "--map", "z"])["map"]["bins"], Value::from(vec![40]));
    let (shown, _) = folder.run(&["analyze", "dump", "--map", "z", "--map-bins", "4"]);
    let rows = shown.split("field along z").nth(1).unwrap();
    let places = rows.lines().skip(2).take(4).map(|row| row.split_whitespace().next().unwrap());
    assert_eq!(places.collect::<Vec<_>>(), ["1.250", "3.750", "6.250", "8.750"], "{shown}");
}

#[test]
fn maps_that_cannot_be_made() {
    let folder = Folder::new(&[("dump", &run().with_field())]);
    let refusal = |more: &[&str], status| folder.refusal(&[&["analyze", "dump"], more].concat(), status);
    assert!(refusal(&["--map", "w"], 2).contains("'w' is no axis; write x, y, z"));
    assert!(refusal(&["--map", "zz"], 2).contains("different axes"));
    assert!(refusal(&["--map", ""], 2).contains("one, two or three different axes"));
    assert!(refusal(&["--map", "xy", "--map-bins", "2,3,4"], 2).contains("there are 3 numbers for 2 axes"));
    assert!(refusal(&["--map", "z", "--map-bins", "0"], 2).contains("1 to 1000000 bins"));
    assert!(refusal(&["--map", "xyz", "--map-bins", "2000"], 2).contains("take fewer along each axis"));
    assert!(refusal(&["--map", "z", "--map-bins=-3"], 2).contains("--map-bins"));
    assert!(refusal(&["--map-bins", "3"], 2).contains("--map"));
}

#[test]
fn one_column_is_named_by_itself_or_with_its_numbers() {
    let run = run();
    let folder = Folder::new(&[
        ("three", &run.with_field()),
        ("other", &run.dump("id type q x y z local spread grade", ["c_field[1]", "c_field[2]", "c_field[3]"])),
        ("single", &run.dump("id type q x y z local", ["v_mine", "", ""])),
    ]);
    let expected = folder.analyze(&["three"]);
    assert_eq!(expected["column"], "c_lam[1]");
    assert!(expected["distribution"]["member_spread"].is_number());
    for (dump, name, column) in [
        ("three", "c_lam[1]", "c_lam[1]"),
        ("other", "c_field", "c_field[1]"),
        ("other", "c_field[1]", "c_field[1]"),
        ("single", "v_mine", "v_mine"),
    ] {
        let mut found = folder.analyze(&[dump, "--column", name]);
        assert_eq!(found["column"], column);
        assert_eq!(found["distribution"]["member_spread"].is_number(), dump == "other" && name == "c_field");
        for part in ["mean", "shape", "spatial", "structure_factor", "temporal", "states"] {
            assert!(close(&expected[part], &found[part].take()), "{name}: {part}");
        }
    }
    let message = folder.refusal(&["analyze", "single", "--column", "v_yours"], 1);
    assert!(
        message.contains("there is no column v_yours[1]") && message.contains("--column names another"),
        "{message}"
    );
}

#[test]
fn the_time_between_frames_is_given_or_read() {
    let run = run();
    let mut timed = String::new();
    // Each piece ends with the line that the next frame's time stands before.
    for (i, piece) in run.with_field().split_inclusive("ITEM: TIMESTEP\n").enumerate() {
        timed += &piece.replace("ITEM: TIMESTEP", &format!("ITEM: TIME\n{}\nITEM: TIMESTEP", 0.5 * i as f64));
    }
    let folder = Folder::new(&[("dump", &run.with_field()), ("timed", &format!("ITEM: UNITS\nlj\n{timed}"))]);
    assert!(folder.analyze(&["dump"])["time_between_frames"].is_null());
    let found = folder.analyze(&["timed"]);
    assert_eq!((&found["time_between_frames"], &found["units"]), (&0.5.into(), &"lj".into()));
    assert_eq!(folder.analyze(&["dump", "--timestep", "0.002"])["time_between_frames"], 0.2);
    // What is written may be given again, and not otherwise.
    assert!(close(&folder.analyze(&["timed", "--timestep", "0.005000001"])["time_between_frames"], &0.5.into()));
    let message = folder.refusal(&["analyze", "timed", "--timestep", "0.00500001"], 1);
    let expected = "--timestep says 0.00500001, and by ITEM: TIME a step takes 0.005; leave --timestep out";
    assert!(message.contains("timed: frame 1") && message.contains(expected), "{message}");
    let message = folder.refusal(&["analyze", "timed", "./timed"], 1);
    assert!(message.contains("./timed is given twice; give each dump of a run once"), "{message}");
    let message = folder.refusal(&["analyze", "timed", "--units", "real"], 1);
    assert!(message.contains("--units says real, the dump says lj"), "{message}");
    for (option, value) in
        [("--timestep", "0"), ("--timestep", "nan"), ("--radius", "-1"), ("--pair-distance", "1e308")]
    {
        let message = folder.refusal(&["analyze", "dump", option, value], 2);
        assert!(message.contains(&format!("{option}: it must be above zero")), "{message}");
    }

    // Steps of a length that changed on the way have no one time, nor a course in it.
    let changed = folder.read("timed").replace("ITEM: TIME\n5\n", "ITEM: TIME\n8\n");
    folder.write("changed", &changed);
    let found = folder.analyze(&["changed"]);
    assert!(found["time_between_frames"].is_null() && found["temporal"].is_null());
    let note = "frames are unevenly spaced in time from here on, by ITEM: TIME; nothing is said of the course in time";
    assert!(found["notes"].to_string().contains(note), "{}", found["notes"]);
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new(&[("dump", &Run::new(600, 10, 1.0, 4).with_field())]);
    let bytes = |threads: &str| {
        let options = ["--map", "xy", "--json", "all.json", "--csv", "tables", "--plot", "figures"];
        let (table, _) = folder.run(&[&["--threads", threads, "analyze", "dump"], &options[..]].concat());
        let drawn = ["figures/spatial.svg", "figures/map.svg", "tables/structure_factor.csv"].map(|f| folder.read(f));
        (table, folder.read("all.json"), drawn)
    };
    assert!(bytes("1") == bytes("2"));
}

#[test]
fn what_results_must_be_taken_with_is_told() {
    let notes = |run: &Run, options: &[&str]| {
        let folder = Folder::new(&[("dump", &run.with_field())]);
        folder.analyze(&[&["dump"], options].concat())["notes"].to_string()
    };
    // Ions that are elsewhere in each frame are bound for no time.
    let mut run = Run::new(60, 12, 1.0, 3);
    let places: Vec<_> = (0..12).map(|seed| Run::new(60, 1, 1.0, seed).frames.remove(0)).collect();
    for (frame, places) in run.frames.iter_mut().zip(&places) {
        frame.iter_mut().zip(places).for_each(|(ion, other)| ion.x = other.x);
    }
    assert!(notes(&run, &["--pair-distance", "1.5"]).contains("bonds break within"), "{}", notes(&run, &[]));
    assert!(!notes(&self::run(), &["--pair-distance", "3"]).contains("together by q"));
    // Random places have a first minimum by chance alone.
    let broad = notes(&run, &["--bins", "60"]);
    assert!(broad.contains("may as well be anywhere from"), "{broad}");
    // An ion shown by an atom of the other sign makes all of one sign.
    run.frames.iter_mut().flatten().for_each(|ion| ion.charge = 1);
    assert!(notes(&run, &[]).contains("the ions have charges of +60.000 together by q"));
}
