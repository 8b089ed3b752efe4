//! Currents out of `fix ave/time`, alone and beside the dump of the same run: what their columns mean, and that both are
//! of one run.

mod dumps;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dumps::{Brownian, json, refusal, transport, transport_at};

const N_FRAMES: usize = 400;

/// A run's dump, and its charge's displacement by frame.
fn run(folder: &Path) -> (PathBuf, Vec<[f64; 3]>) {
    let dump = folder.join("dump");
    Brownian::default().write(&dump, N_FRAMES, 5);
    let mut moments = vec![];
    for line in std::fs::read_to_string(&dump).unwrap().lines() {
        if line.starts_with("ITEM: TIMESTEP") {
            moments.push([0.0; 3]);
        } else if let [_, _, _, charge, at @ ..] = &line.split(' ').collect::<Vec<_>>()[..]
            && at.len() == 3
            && !line.starts_with("ITEM")
        {
            let moment = moments.last_mut().unwrap();
            for k in 0..3 {
                moment[k] += charge.parse::<f64>().unwrap() * at[k].parse::<f64>().unwrap();
            }
        }
    }
    (dump, moments)
}

/// The current as averages over `every` frames, each of 100 steps and one unit of time; written `late` steps too late.
fn flux(moments: &[[f64; 3]], every: usize, late: usize, change: impl Fn([f64; 3]) -> [f64; 3]) -> String {
    let mut text = String::from("# Time-averaged data for fix flux\n# TimeStep v_Jx v_Jy v_Jz\n");
    for end in (every..moments.len()).step_by(every) {
        let [x, y, z] = change(std::array::from_fn(|k| (moments[end][k] - moments[end - every][k]) / every as f64));
        writeln!(text, "{} {x} {y} {z}", 100 * end + late).unwrap();
    }
    text
}

fn beside(dump: &Path, current: &Path, out: &Path) -> Command {
    let mut command = transport(dump);
    command.args(["--temperature", "1", "--current", current.to_str().unwrap(), "--json", out.to_str().unwrap()]);
    command
}

#[test]
fn a_current_finer_as_or_coarser_than_the_dump_is_compared_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let (dump, moments) = run(folder.path());
    for every in [1, 2, 5] {
        std::fs::write(&path, flux(&moments, every, 0, |j| j)).unwrap();
        beside(&dump, &path, &out).assert().success();
        let notes = json(&out)["notes"].to_string();
        assert!(!notes.contains("not checked"), "every {every} frames: {notes}");
        std::fs::write(&path, flux(&moments, every, 0, |j| j.map(|j| -j))).unwrap();
        let message = refusal(&mut beside(&dump, &path, &out), 1);
        assert!(message.contains("misses the charge's displacement in the dumps by 200 %"), "{every}: {message}");
    }
    std::fs::write(&path, flux(&moments, 2, 50, |j| j)).unwrap();
    beside(&dump, &path, &out).assert().success();
    let notes = json(&out)["notes"].to_string();
    assert!(notes.contains("no two frames of the dumps are at timesteps of the current"), "{notes}");
}

/// As where the charges of a run are scaled, and those of its dump or its current are not.
#[test]
fn a_current_that_is_a_multiple_of_the_displacement_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let (dump, moments) = run(folder.path());
    for every in [1, 5, 50] {
        for (by, percent) in [(0.8, "20 %"), (1.1, "10 %")] {
            std::fs::write(&path, flux(&moments, every, 0, |j| j.map(|j| by * j))).unwrap();
            let message = refusal(&mut beside(&dump, &path, &out), 1);
            let said = format!("displacement in the dumps by {percent}: throughout it is {by:.3} +- 0.000 of that");
            assert!(message.contains(&said) && message.contains("scaled"), "{every}: {message}");
        }
    }
    // What scatters about the displacement is no multiple of it.
    let scatter = |j: [f64; 3]| j.map(|j| j + 1.5 * ((j * 1e6).rem_euclid(2.0) - 1.0));
    std::fs::write(&path, flux(&moments, 1, 0, scatter)).unwrap();
    beside(&dump, &path, &out).assert().success();
    let notes = json(&out)["notes"].to_string();
    assert!(notes.contains("and is not larger or smaller throughout"), "{notes}");
    let data = "units = \"lj\"\nspecies = { 1 = \"a\", 2 = \"b\" }\ncharges = { a = 0.8, b = -0.8 }\n\n[[system]]\nname = \"s\"\n\
                trajectory = \"dump\"\ncurrent = \"flux.dat\"\ntimestep = 0.01\ntemperature = 1.0\n";
    let set = folder.path().join("set.toml");
    std::fs::write(&set, data).unwrap();
    std::fs::write(&path, flux(&moments, 1, 0, |j| j)).unwrap();
    let message = refusal(dumps::ionscape().args(["label", set.to_str().unwrap()]), 1);
    assert!(message.contains("throughout it is 1.250 +- 0.000 of that"), "{message}");
}

#[test]
fn the_force_route_asked_for_has_forces_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let (dump, moments) = run(folder.path());
    let text = flux(&moments, 1, 0, |j| j);
    std::fs::write(&path, &text).unwrap();
    let asked = ["--langevin-damp", "1", "--mass", "1=1", "--mass", "2=1"];
    for columns in [&[][..], &["--force-columns", "f_F"]] {
        let message = refusal(beside(&dump, &path, &out).args(asked).args(columns), 1);
        assert!(message.contains("the current has no columns Fx Fy Fz"), "{message}");
    }

    let forces = |line: &str| match line.split(' ').count() {
        4 if !line.starts_with('#') => format!("{line} 0.1 -0.2 {}\n", line.len() % 5),
        _ => format!("{line}\n"),
    };
    let text: String = text.replace("v_Jz", "v_Jz v_Fx v_Fy v_Fz").lines().map(forces).collect();
    let flat: String = text.lines().map(|line| line.replace(" 0.1 -0.2 ", " 0 -0.2 ") + "\n").collect();
    std::fs::write(&path, flat).unwrap();
    let message = refusal(beside(&dump, &path, &out).args(asked), 1);
    assert!(message.contains("the forces are 0 along x at all times"), "{message}");
    std::fs::write(&path, text).unwrap();
    let with_forces = |line: &str| match line.split(' ').count() {
        7 if !line.starts_with("ITEM") => format!("{line} 0.1 0.2 0.3\n"),
        _ => format!("{line}\n"),
    };
    let text = std::fs::read_to_string(&dump).unwrap().replace("xu yu zu", "xu yu zu f_F[1] f_F[2] f_F[3]");
    std::fs::write(&dump, text.lines().map(with_forces).collect::<String>()).unwrap();
    for (columns, told) in [(&[][..], false), (&["--force-columns", "f_F"], true)] {
        beside(&dump, &path, &out).args(asked).args(columns).assert().success();
        let result = json(&out);
        let estimates = result["estimates"].as_array().unwrap();
        assert!(estimates.iter().any(|e| e["method"] == "force-route"), "{result}");
        assert_eq!(result["notes"].to_string().contains("Fx Fy Fz, and not the dump's"), told, "{result}");
    }
}

#[test]
fn a_frame_of_reference_is_that_of_all_that_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let (dump, moments) = run(folder.path());
    std::fs::write(&path, flux(&moments, 1, 0, |j| j)).unwrap();
    let framed = ["--frame", "com", "--mass", "1=1", "--mass", "2=1"];
    // Without a net charge the current is the same in all frames.
    beside(&dump, &path, &out).args(framed).assert().success();
    let message = refusal(alone(&path, &[]).args(["--frame", "com"]), 1);
    assert!(message.contains("--frame needs the atoms of a dump"), "{message}");
    let charged = ["--charge", "cation=2"];
    let message = refusal(beside(&dump, &path, &out).args(framed).args(charged), 1);
    assert!(message.contains("a net charge of 20.0000"), "{message}");
    let message = refusal(alone(&path, &[]).args(["--viscosity", "1"]), 2);
    assert!(message.contains("which a current alone does not tell"), "{message}");
}

/// Rows of two vectors in whole numbers, and their difference.
fn rows(n: i64) -> [String; 2] {
    let a = |i: i64| [i * 7919 % 13 - 6, i * 104_729 % 11 - 5, i * 1_299_709 % 7 - 3];
    let b = |i: i64| [i * 31 % 5 - 2, i * 37 % 13 - 6, i * 41 % 17 - 8];
    let write = |values: &dyn Fn(i64) -> Vec<i64>| {
        let line = |i| format!("{}{}\n", 10 * i, values(i).iter().map(|v| format!(" {v}")).collect::<String>());
        (1..=n).map(line).collect::<String>()
    };
    [write(&|i| [a(i), b(i)].concat()), write(&|i| a(i).iter().zip(b(i)).map(|(a, b)| a - b).collect())]
}

fn alone(path: &Path, arguments: &[&str]) -> Command {
    let mut command = transport_at("1");
    command.args(["--volume", "500", "--formula-units", "4", "--current", path.to_str().unwrap()]).args(arguments);
    command
}

#[test]
fn species_are_told_apart_by_case_and_have_the_charges_of_their_ions() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let result = |header: &str, rows: &str, arguments: &[&str]| {
        std::fs::write(&path, format!("# TimeStep {header}\n{rows}")).unwrap();
        alone(&path, arguments).args(["--json", out.to_str().unwrap()]).assert().success();
        let result = json(&out);
        (result["estimates"].clone(), result["notes"].to_string())
    };
    let [both, difference] = rows(600);
    let (expected, _) = result("v_Jx v_Jy v_Jz", &difference, &[]);
    let header = "v_Jx_A v_Jy_A v_Jz_A v_Jx_a v_Jy_a v_Jz_a";
    assert_eq!(result(header, &both, &["--charge", "A=1", "--charge", "a=-1"]).0, expected);
    assert_eq!(result(header, &both, &["--ion", "A:1:1", "--ion", "a:2:-1"]).0, expected);
    let salt = header.replace("_A", "_cation").replace("_a", "_anion");
    let salt = salt.replace("_anionnion", "_anion");
    assert_eq!(result(&salt, &both, &["--cation", "1", "--anion", "2"]).0, expected);
    std::fs::write(&path, format!("# TimeStep v_Jx_cation v_Jy_cation v_Jz_cation\n{difference}")).unwrap();
    let message = refusal(&mut alone(&path, &["--cation", "1", "--anion", "2"]), 1);
    assert!(message.contains("the current has columns for cation, and none for anion"), "{message}");
    let message = refusal(&mut alone(&path, &["--charge", "cation=1", "--charge", "anion=-1"]), 1);
    assert!(message.contains("a charge is given for anion, and the current has cation"), "{message}");
    // The total is left aside where there are species.
    let header = "v_Jx v_Jy v_Jz v_Jx_A v_Jy_A v_Jz_A";
    let (found, notes) = result(header, &both, &["--charge", "A=1"]);
    assert!(found != expected && notes.contains("the columns Jx Jy Jz are not used"), "{notes}");
}

#[test]
fn columns_that_are_missing_doubled_or_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    let [both, total] = rows(600);
    let refused = |text: String, arguments: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let message = refusal(&mut alone(&path, arguments), 1);
        assert!(message.contains("flux.dat: line "), "{message}");
        message
    };
    let text = format!("# TimeStep v_Jx_A v_Jy_A v_Jz_A v_Jx_B v_Jy_B v_T\n{both}");
    let message = refused(text, &["--charge", "A=1", "--charge", "B=-1"]);
    assert!(message.contains("species B has not all of the columns Jx_B Jy_B Jz_B"), "{message}");
    let message = refused(format!("# TimeStep v_Jx v_Jy v_Jz c_Jx v_T v_P\n{both}"), &[]);
    assert!(message.contains("the columns v_Jx and c_Jx mean the same"), "{message}");

    let head = "# Time-averaged data for fix flux\n# TimeStep v_Jx v_Jy v_Jz\n";
    let (first, rest) = total.split_at(total.find("\n3010 ").unwrap() + 1);
    let joined = |header: &str| format!("{head}{first}# Time-averaged data for fix flux\n{header}\n{rest}");
    for header in ["# TimeStep v_Jy v_Jx v_Jz", "# TimeStep v_Jx v_Jy v_T", "# Step v_Jz v_Jx v_Jy"] {
        let message = refused(joined(header), &[]);
        assert!(message.contains("line 304") && message.contains("from here on"), "{message}");
    }
    let named = ["--current-columns", "Jx,Jy,Jz"];
    let message = refused(joined("# TimeStep v_Jy v_Jx v_Jz"), &named);
    assert!(message.contains("from here on"), "{message}");
    for header in ["# TimeStep v_Jx v_Jy v_Jz", "# TimeStep c_Jx c_Jy c_Jz", "# the run went on"] {
        std::fs::write(&path, joined(header)).unwrap();
        alone(&path, &[]).assert().success();
    }
}

#[test]
fn the_volume_that_is_printed_is_the_one_used() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("t.json");
    let (dump, _) = run(folder.path());
    let sigma = |arguments: &[&str], printed: &str| {
        let mut command = transport(&dump);
        command.args(["--temperature", "1", "--json", out.to_str().unwrap()]).args(arguments);
        let stdout = String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap();
        assert!(stdout.contains(printed), "{stdout}");
        let result = json(&out);
        (result["volume"].as_f64().unwrap(), result["estimates"][0]["sigma"].as_f64().unwrap())
    };
    let (of_dump, small) = sigma(&[], "volume              1000.000000\n");
    let (given, large) =
        sigma(&["--volume", "500"], "volume              500.000000 as given; 1000.000000 in the dump\n");
    assert!((of_dump - 1000.0).abs() < 1e-6 && given == 500.0 && (large / small - 2.0).abs() < 1e-6);
}

#[test]
fn no_file_at_all_is_an_error() {
    let message = ionscape::transport::read_current(&[], None).unwrap_err().to_string();
    assert!(message.contains("there is no file of a current"), "{message}");
}

#[test]
fn a_running_average_is_no_current() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    let noise = |i: u64, axis: u64| ((i * 3 + axis).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 8e6 - 1.0;
    for n in [256, 5000] {
        let mut sum = [0.0; 3];
        let mut text = "# TimeStep v_Jx v_Jy v_Jz\n".to_string();
        let mut averages = text.clone();
        for i in 1..=n {
            let current = [0, 1, 2].map(|axis| noise(i, axis));
            let [x, y, z] = current;
            text += &format!("{} {x} {y} {z}\n", 10 * i);
            sum = [0, 1, 2].map(|axis| sum[axis] + current[axis]);
            let [x, y, z] = sum.map(|sum| sum / i as f64);
            averages += &format!("{} {x} {y} {z}\n", 10 * i);
        }
        std::fs::write(&path, text).unwrap();
        alone(&path, &[]).assert().success();
        std::fs::write(&path, averages).unwrap();
        let message = refusal(&mut alone(&path, &[]), 1);
        assert!(message.contains("flux.dat: its numbers settle") && message.contains("`ave one`"), "{message}");
    }
    // What is quiet in the latter half, and was quiet before, comes in bursts.
    let loud = |i: u64| matches!(i, 1..170 | 800..1500);
    let rows = (1..=5000).map(|i| {
        let [x, y, z] = [0, 1, 2].map(|axis| noise(i, axis) * if loud(i) { 1.0 } else { 0.01 });
        format!("{} {x} {y} {z}\n", 10 * i)
    });
    let bursts = format!("# TimeStep v_Jx v_Jy v_Jz\n{}", rows.collect::<String>());
    std::fs::write(&path, &bursts).unwrap();
    let out = folder.path().join("t.json");
    alone(&path, &["--json", out.to_str().unwrap()]).assert().success();
    let found = json(&out);
    let widening = found["einstein_helfand"]["widening"].as_f64().unwrap();
    assert!(widening > 1.25 && found["notes"].to_string().contains("the charge moves in bursts"), "{found}");
}

#[test]
fn currents_beyond_what_squares_of_sums_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    let rows: String =
        (1..100).map(|i| format!("{} {} 0.5 {i}\n", 10 * i, if i == 50 { "-1e200" } else { "1" })).collect();
    std::fs::write(&path, format!("# TimeStep v_Jx v_Jy v_Jz\n{rows}")).unwrap();
    let message = refusal(&mut alone(&path, &[]), 1);
    assert!(message.contains("flux.dat: line 51: -1e200 is beyond 1e60"), "{message}");
}
