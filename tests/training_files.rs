//! Files that `ionscape train` and `ionscape evaluate` cannot or must not write, and data sets that contradict themselves.

mod salts;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use ionscape::output::AtomicFile;
use salts::{Salt, write_dataset, write_responses};

fn dataset(folder: &Path) {
    let salts: Vec<Salt> = (0..4).map(|i| Salt { n_frames: 2, n_ions: 32, ..Salt::of_grid(i, 4, 700) }).collect();
    write_dataset(folder, &salts, 0.01);
}

/// Runs ionscape in a folder with features kept in it.
fn ionscape(folder: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    command.current_dir(folder).env("XDG_CACHE_HOME", folder).env_remove("RUST_LOG").args(words.split(' '));
    command
}

fn refusal(folder: &Path, words: &str) -> String {
    let assert = ionscape(folder, words).assert().code(1);
    let message = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(assert.get_output().stdout.is_empty() && message.lines().count() == 1, "{message}");
    message
}

#[test]
fn files_that_are_read_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    std::fs::write(folder.join("train.toml"), "seed = 1\n").unwrap();
    std::os::unix::fs::symlink("dataset.toml", folder.join("link.json")).unwrap();
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let before = (read("dataset.toml"), read("s1.lammpstrj"));
    for words in [
        "-o dataset.toml",
        "-o ./s1.lammpstrj",
        "-o train.toml --config train.toml",
        "-o m.onnx --json dataset.toml",
        "-o m.onnx --json link.json",
    ] {
        let message = refusal(folder, &format!("train dataset.toml {words}"));
        assert!(
            message.contains("this file is read, and would be overwritten; give the output another name"),
            "{message}"
        );
    }
    let message = refusal(folder, "train dataset.toml -o m.svg --plot ./m.svg");
    assert!(message.contains("two outputs have this name"), "{message}");
    ionscape(folder, "train dataset.toml -o m.onnx").assert().success();
    let model = read("m.onnx");
    let message = refusal(folder, "evaluate m.onnx dataset.toml --json m.onnx");
    assert!(message.contains("m.onnx: this file is read"), "{message}");
    assert!(before == (read("dataset.toml"), read("s1.lammpstrj")) && model == read("m.onnx"));
}

#[test]
fn folders_that_cannot_be_written_to_are_named_once_and_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    for words in ["-o none/m.onnx", "-o m.onnx --json none/m.json", "-o m.onnx --plot none/m.svg"] {
        let message = refusal(folder, &format!("train dataset.toml {words}"));
        assert_eq!(message.matches("the directory none does not exist; create it first").count(), 1, "{message}");
    }
    assert!(refusal(folder, "train dataset.toml -o .").contains("give the name of a file to write"));
    assert!(refusal(folder, "train dataset.toml -o /proc/m.onnx").contains("cannot write in the directory /proc"));
    for cache in ["dataset.toml", "/proc/none"] {
        let message = refusal(folder, &format!("train dataset.toml -o m.onnx --cache {cache}"));
        let expected = format!("system s0: features cannot be kept in the folder {cache}: ");
        assert!(message.contains(&expected) && message.contains("name another with --cache"), "{message}");
    }
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "the data set and its dumps alone: {left:?}");
}

#[test]
fn data_sets_that_contradict_themselves_are_refused_before_features_are_computed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let good = std::fs::read_to_string(folder.join("dataset.toml")).unwrap();
    for (from, to, expected) in [
        ("\"lj\"", "\"si\"", "units = \"si\": a model's units are lj, real or metal; convert"),
        ("cation = 1.0, anion = -1.0", "cation = 0.0, anion = 0.0", "charges: no species has one"),
        ("anion = -1.0", "anion = nan", "charges: anion has NaN"),
        ("{ 1 = \"cation\", 2 = \"anion\" }", "{}", "species: there is none; name the atom types"),
    ] {
        std::fs::write(folder.join("wrong.toml"), good.replace(from, to)).unwrap();
        let message = refusal(folder, "train wrong.toml -o m.onnx");
        assert!(message.starts_with(&format!("ionscape: wrong.toml: {expected}")), "{message}");
    }
    std::fs::write(folder.join("wrong.toml"), good.replace("cation", "threads")).unwrap();
    let message = refusal(folder, "train wrong.toml -o m.onnx");
    assert!(message.contains("the species' name 'threads' is a keyword"), "{message}");
    std::fs::write(folder.join("train.toml"), "coordination_radius = 99\n").unwrap();
    let message = refusal(folder, "train dataset.toml -o m.onnx --config train.toml");
    assert!(message.contains("the coordination radius is 99.0, and neighbours are known up to"), "{message}");
    assert!(!folder.join("ionscape").exists(), "features were computed");
}

#[test]
fn the_same_configurations_in_another_file_are_the_same_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let dump = std::fs::read_to_string(folder.join("s1.lammpstrj")).unwrap();
    let mut packed = AtomicFile::create(folder.join("s2.lammpstrj.gz")).unwrap();
    packed.write_all(dump.as_bytes()).unwrap();
    packed.commit().unwrap();
    let text = std::fs::read_to_string(folder.join("dataset.toml")).unwrap();
    std::fs::write(folder.join("packed.toml"), text.replace("\"s2.lammpstrj\"", "\"s2.lammpstrj.gz\"")).unwrap();
    std::fs::write(folder.join("s2.lammpstrj"), format!("{dump}\n")).unwrap();
    // In other columns, images and digits.
    let mut edge = 0.0;
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["0", side] => {
            edge = side.parse::<f64>().unwrap();
            format!("{line}\n")
        }
        [id, kind, q, x, y, z] if !line.starts_with("ITEM") => {
            let [x, y, z] = [x, y, z].map(|word| word.parse::<f64>().unwrap() / edge);
            format!("{id} {kind} {q} {x:.5} {:.5} {:.5}\n", y + 1.0, z - 2.0)
        }
        _ => format!("{line}\n"),
    };
    let scaled: String = dump.lines().map(line).collect();
    std::fs::write(folder.join("scaled.lammpstrj"), scaled.replace("x y z", "xsu ysu zsu")).unwrap();
    std::fs::write(folder.join("scaled.toml"), text.replace("\"s2.lammpstrj\"", "\"scaled.lammpstrj\"")).unwrap();
    // A second time features come from the cache.
    for name in ["packed.toml", "packed.toml", "dataset.toml", "scaled.toml"] {
        let message = refusal(folder, &format!("train {name} -o m.onnx"));
        assert!(message.contains("systems s1 and s2 have the same snapshots"), "{name}: {message}");
    }
}

#[test]
fn parts_of_a_dump_are_the_same_snapshots_and_a_common_start_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let dump = std::fs::read_to_string(folder.join("s1.lammpstrj")).unwrap();
    let other = std::fs::read_to_string(folder.join("s2.lammpstrj")).unwrap();
    let start = |k: usize| dump.match_indices("ITEM: TIMESTEP").nth(k).map_or(dump.len(), |(at, _)| at);
    std::fs::write(folder.join("s2.lammpstrj"), format!("{}{other}", &dump[..start(2)])).unwrap();
    let message = refusal(folder, "train dataset.toml -o m.onnx");
    assert!(message.contains("systems s1 and s2 have the same snapshots"), "{message}");
    std::fs::write(folder.join("s2.lammpstrj"), format!("{}{other}", &dump[..start(1)])).unwrap();
    let done = ionscape(folder, "train dataset.toml -o m.onnx").assert().success();
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("systems s1 and s2 have a snapshot in common"), "{said}");
    // Where snapshots are what responses are of, a configuration stands twice in a system.
    let all: Vec<Salt> = (0..4).map(|i| Salt { n_frames: 2, n_ions: 32, ..Salt::of_grid(i, 4, 700) }).collect();
    write_responses(folder, &all, 0.1);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (first, own) = (read("local1.lammpstrj"), read("local2.lammpstrj"));
    let start = first.match_indices("ITEM: TIMESTEP").nth(1).unwrap().0;
    std::fs::write(folder.join("local2.lammpstrj"), format!("{}{own}", &first[..start])).unwrap();
    let both = (0..4).fold(read("dataset.toml"), |text, i| {
        text.replace(&format!("\"s{i}.lammpstrj\""), &format!("\"local{i}.lammpstrj\""))
    });
    std::fs::write(folder.join("dataset.toml"), both).unwrap();
    let done = ionscape(folder, "train dataset.toml -o m.onnx").assert().success();
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("systems s1 and s2 have a snapshot in common"), "{said}");
}

#[test]
fn ions_that_look_like_molecules_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let plain = std::fs::read_to_string(folder.join("s0.lammpstrj")).unwrap();
    type Molecule = fn(usize) -> usize;
    let ids: [(Molecule, bool); 4] =
        [(|id| (id - 1) / 4 * 2 + id % 2 + 1, true), (|id| id, false), (|_| 1, false), (|id| (id - 1) / 4 * 2, false)];
    // Cations and anions take turns.
    for (molecule, told) in ids {
        let (mut dump, mut in_atoms) = (String::new(), false);
        for line in plain.lines() {
            let id = line.split(' ').next().and_then(|word| word.parse().ok());
            let in_frame = in_atoms && !line.starts_with("ITEM");
            in_atoms = if line.starts_with("ITEM") { line.starts_with("ITEM: ATOMS") } else { in_atoms };
            dump += line;
            match id.filter(|_| in_frame) {
                Some(id) => dump += &format!(" {}", molecule(id)),
                None if in_atoms => dump += " mol",
                None => {}
            }
            dump.push('\n');
        }
        std::fs::write(folder.join("s0.lammpstrj"), dump).unwrap();
        let done = ionscape(folder, "train dataset.toml -o m.onnx").assert().success();
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        let expected = "each molecule id of cation stands at 2 atoms";
        assert_eq!(said.contains(expected), told, "{said}");
    }
}

#[test]
fn snapshots_of_other_units_are_refused_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let dump = std::fs::read_to_string(folder.join("s1.lammpstrj")).unwrap();
    let late = dump.match_indices("ITEM: TIMESTEP").last().unwrap().0;
    let (early, rest) = dump.split_at(late);
    for (first, second, why) in [
        ("ITEM: UNITS\nlj\n", "ITEM: UNITS\nreal\n", "real units, and those before are in lj"),
        ("", "ITEM: UNITS\nreal\n", "in real units"),
    ] {
        std::fs::write(folder.join("s1.lammpstrj"), format!("{first}{early}{second}{rest}")).unwrap();
        let message = refusal(folder, "train dataset.toml -o m.onnx");
        assert!(message.contains("system s1") && message.contains(why), "{message}");
    }
}

#[test]
fn types_that_the_data_set_does_not_name_are_no_ions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    ionscape(folder, "train dataset.toml -o m.onnx").assert().success();
    let model = std::fs::read(folder.join("m.onnx")).unwrap();
    for i in 0..4 {
        let path = folder.join(format!("s{i}.lammpstrj"));
        let dump = std::fs::read_to_string(&path).unwrap();
        let dump = dump.replace("ATOMS\n32\n", "ATOMS\n33\n").replace("q x y z\n", "q x y z\n33 3 0 0.1 0.2 0.3\n");
        std::fs::write(&path, dump).unwrap();
    }
    ionscape(folder, "train dataset.toml -o with.onnx").assert().success();
    let provenance = |bytes: &[u8]| ionscape::model::Model::from_bytes("m.onnx", bytes).unwrap().metadata().clone();
    let (a, b) = (provenance(&model), provenance(&std::fs::read(folder.join("with.onnx")).unwrap()));
    assert_eq!(a.validation, b.validation);
}
