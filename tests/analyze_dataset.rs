//! `ionscape analyze` on data sets: each system by itself, and all beside each other.

mod fields;

use std::fs;

use fields::{Folder, Run, close, dataset};

/// Systems whose mean goes up, with a spread that goes up with it.
fn systems() -> Folder {
    let names = [("dilute/1", "a"), ("dilute/2", "b"), ("three, \"quoted\"", "c"), ("four", "d")];
    let quoted: Vec<(String, &str)> = names.iter().map(|(name, dump)| (name.replace('"', "\\\""), *dump)).collect();
    let listed: Vec<(&str, &str)> = quoted.iter().map(|(name, dump)| (name.as_str(), *dump)).collect();
    let folder = Folder::new(&[("set.toml", &dataset(&listed))]);
    for (i, (_, dump)) in names.iter().enumerate() {
        folder.write(dump, &Run::new(40, 10, 0.5 + 0.3 * i as f64, 10 + i as u64).with_field());
    }
    folder
}

/// The cells of a table as RFC 4180 has it.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn each_system_is_what_its_dump_alone_is() {
    let folder = systems();
    let all = folder.analyze(&["set.toml"]);
    let found = all["systems"].as_array().unwrap();
    assert_eq!(found.len(), 4);
    for (system, dump) in found.iter().zip(["a", "b", "c", "d"]) {
        let mut system = system.clone();
        assert!(system.as_object_mut().unwrap().remove("name").is_some_and(|name| name.is_string()));
        assert!(close(&system, &folder.analyze(&[dump, "--units", "lj"])), "{dump}");
    }
    assert_eq!((&found[0]["name"], &found[2]["name"]), (&"dilute/1".into(), &"three, \"quoted\"".into()));
}

#[test]
fn fluctuations_go_with_conductivity_over_systems() {
    let folder = systems();
    let all = folder.analyze(&["set.toml"]);
    let across = &all["across"]["all"];
    assert_eq!(across["n_systems"], 4);
    assert!(across["absolute"]["pearson"][0].as_f64().unwrap() > 0.9, "{across}");
    // Of 24 orders this one alone, or with its reverse.
    assert!(across["absolute"]["chance"].as_f64().unwrap() < 2.5 / 24.0);
    let points = |of: &dyn Fn(&serde_json::Value) -> f64| -> Vec<f64> {
        all["systems"].as_array().unwrap().iter().map(of).collect()
    };
    let mean = points(&|s| s["mean"].as_f64().unwrap());
    let spread = points(&|s| s["distribution"]["all"]["fluctuation"]["mean"].as_f64().unwrap());
    let centred = |v: &[f64]| -> Vec<f64> { v.iter().map(|x| x - v.iter().sum::<f64>() / 4.0).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (x, y) = (centred(&spread), centred(&mean));
    let pearson = dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt();
    assert!((across["absolute"]["pearson"][0].as_f64().unwrap() - pearson).abs() < 1e-9);
    // All have one concentration.
    assert!(close(&all["across"]["by_density"][0][1], across));
}

#[test]
fn fewer_than_three_systems_are_not_compared() {
    let folder = systems();
    folder.write("two.toml", &dataset(&[("one", "a"), ("two", "b")]));
    assert!(folder.analyze(&["two.toml"])["across"].is_null());
    assert!(!folder.run(&["analyze", "two.toml"]).0.contains("does the field fluctuate more"));
    assert!(folder.run(&["analyze", "set.toml"]).0.contains("does the field fluctuate more"));
}

#[test]
fn tables_of_all_systems_and_of_each() {
    let folder = systems();
    let all = folder.analyze(&["set.toml", "--csv", "tables"]);
    let text = folder.read("tables/systems.csv");
    let rows: Vec<Vec<String>> = text.lines().map(cells).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    assert_eq!(rows[0][..4], ["system", "density", "mean", "mean_error"]);
    for (row, system) in rows[1..].iter().zip(all["systems"].as_array().unwrap()) {
        assert_eq!(row[0], system["name"].as_str().unwrap().replace('"', ""));
        assert_eq!(row[1].parse::<f64>().unwrap(), system["density"].as_f64().unwrap());
        assert_eq!(row[2].parse::<f64>().unwrap(), system["mean"].as_f64().unwrap());
        assert_eq!(row[3].parse::<f64>().unwrap(), system["mean_error"].as_f64().unwrap());
    }
    for name in ["dilute_1", "dilute_2", "three, \"quoted\"", "four"] {
        let frames = folder.read(&format!("tables/{name}/frames.csv"));
        assert_eq!(frames.lines().count(), 11, "{name}");
    }
}

#[test]
fn names_that_make_one_folder_have_one_each() {
    let names = ["a/b", "a_b", "A_B", "..", ".", ""];
    let folder = Folder::new(&[]);
    let dumps: Vec<String> = (0..names.len()).map(|i| format!("dump{i}")).collect();
    let listed: Vec<(&str, &str)> = names.iter().zip(&dumps).map(|(name, dump)| (*name, dump.as_str())).collect();
    folder.write("set.toml", &dataset(&listed));
    for (i, dump) in dumps.iter().enumerate() {
        folder.write(dump, &Run::new(20, 2, 1.0, i as u64).with_field());
    }
    let all = folder.analyze(&["set.toml", "--csv", "tables", "--plot", "figures"]);
    for (place, file) in [("tables", "frames.csv"), ("figures", "field.svg")] {
        let here = fs::read_dir(folder.path(place)).unwrap().map(|entry| entry.unwrap().path());
        let folders: Vec<_> = here.filter(|path| path.is_dir()).collect();
        // Also where a file system does not tell small letters from capitals.
        let mut small: Vec<String> = folders.iter().map(|path| path.to_str().unwrap().to_lowercase()).collect();
        small.sort();
        small.dedup();
        assert_eq!(small.len(), names.len(), "{folders:?}");
        assert!(folders.iter().all(|path| path.join(file).is_file()) && !folder.path(file).exists());
    }
    assert_eq!(all["systems"].as_array().unwrap().len(), names.len());
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let folder = systems();
    let bytes = |threads: &str| {
        let (table, _) = folder.run(&["--threads", threads, "analyze", "set.toml", "--json", "all.json"]);
        (table, folder.read("all.json"))
    };
    assert!(bytes("1") == bytes("2"));
}

#[test]
fn data_sets_that_cannot_be_analyzed() {
    let folder = systems();
    let refusal = |arguments: &[&str]| folder.refusal(&[&["analyze"], arguments].concat(), 1);
    assert!(refusal(&["set.toml", "a"]).contains("set.toml: a data set is analysed by itself"));
    assert!(refusal(&["a", "set.toml"]).contains("set.toml: a data set is analysed by itself"));
    folder.write("empty.toml", &dataset(&[]));
    assert!(refusal(&["empty.toml"]).contains("empty.toml: there is no system; list them under [[system]]"));
    folder.write("without.toml", &dataset(&[("one", "a")]).replace("snapshots = \"a\"", "bjerrum_length = 1.0"));
    let message = refusal(&["without.toml"]);
    assert!(message.contains("without.toml: system one: it names no snapshots"), "{message}");
    folder.write("lost.toml", &dataset(&[("one", "a"), ("two", "nowhere/dump")]));
    let message = refusal(&["lost.toml"]);
    assert!(message.contains("lost.toml: system two") && message.contains("nowhere/dump"), "{message}");
    folder.write("bare", &Run::new(10, 2, 1.0, 1).bare());
    folder.write("bare.toml", &dataset(&[("dark", "bare")]));
    let message = refusal(&["bare.toml"]);
    assert!(message.contains("system dark") && message.contains("ionscape predict"), "{message}");
    assert!(refusal(&["none.toml"]).contains("none.toml"));
    folder.write("twice.toml", &dataset(&[("one", "a"), ("one", "b")]));
    assert!(refusal(&["twice.toml"]).contains("system one: the name stands twice"));
}
