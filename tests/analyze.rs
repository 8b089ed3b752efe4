//! `ionscape analyze` on small dumps: what it prints, what it draws, what it refuses.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

struct Run {
    folder: tempfile::TempDir,
}

impl Run {
    /// A dump of frames of ions whose first half are cations, with these local conductivities.
    fn of(columns: &str, frames: &[(i64, Vec<f64>)]) -> Self {
        let run = Self { folder: tempfile::tempdir().unwrap() };
        let mut text = String::new();
        for (step, values) in frames {
            text += &format!("ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}\n", values.len());
            text += "ITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\n";
            text += &format!("ITEM: ATOMS id type q x y z {columns}\n");
            for (i, value) in values.iter().enumerate() {
                let (kind, charge) = if 2 * i < values.len() { (1, 1) } else { (2, -1) };
                let place = (i as f64 * 3.7) % 10.0;
                text += &format!("{} {kind} {charge} {place} {} 5 {value} 0.01 0.5\n", i + 1, 10.0 - place);
            }
        }
        fs::write(run.path("dump"), text).unwrap();
        run
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn analyze(&self, more: &[&str]) -> std::process::Output {
        let mut command = Command::cargo_bin("ionscape").unwrap();
        command.arg("analyze").arg("dump").args(more).current_dir(self.folder.path()).output().unwrap()
    }
}

const COLUMNS: &str = "c_lam[1] c_lam[2] c_lam[3]";

fn frames(n: i64) -> Vec<(i64, Vec<f64>)> {
    // A spread over ions that is the same in each frame, and a mean that goes up and down.
    (0..n)
        .map(|t| (100 * t, (0..40).map(|i| 0.5 + 0.01 * f64::from(i) + 0.05 * (t as f64 * 2.4).sin()).collect()))
        .collect()
}

#[test]
fn table_numbers_and_figures() {
    let run = Run::of(COLUMNS, &frames(30));
    let output = run.analyze(&["--units", "lj", "--plot", "figures", "--json", "out.json"]);
    let (table, notes) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{notes}");
    assert!(table.contains("30, steps 0 to 2900, every 100") && table.contains("outside training  0.00 %"), "{table}");

    let report: Value = serde_json::from_slice(&fs::read(run.path("out.json")).unwrap()).unwrap();
    let mean = report["mean"].as_f64().unwrap();
    assert!((mean - 0.695).abs() < 0.005, "{mean}");
    assert_eq!((report["n_ions"].as_f64(), report["n_frames"].as_u64()), (Some(40.0), Some(30)));
    assert!((report["distribution"]["member_spread"].as_f64().unwrap() - 0.01).abs() < 1e-12);
    assert!(report["distribution"]["types"]["1"]["mean"]["mean"].as_f64().unwrap() < mean);

    let svg = fs::read_to_string(run.path("figures/field.svg")).unwrap();
    for text in
        ["local molar conductivity \u{3bb} (lj units)", "x (\u{3c3})", "cation", "anion", "all ions of 30 frames"]
    {
        assert!(svg.contains(text), "the figure lacks `{text}`");
    }
    let png = fs::read(run.path("figures/field.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 20_000);
}

#[test]
fn the_same_figure_every_time() {
    let run = Run::of(COLUMNS, &frames(3));
    let draw = |folder: &str| {
        assert!(run.analyze(&["--plot", folder]).status.success());
        (fs::read(run.path(folder).join("field.svg")).unwrap(), fs::read(run.path(folder).join("field.png")).unwrap())
    };
    assert!(draw("one") == draw("two"));
}

#[test]
fn one_frame_has_a_mean_and_no_error() {
    let run = Run::of(COLUMNS, &frames(1));
    let table = String::from_utf8(run.analyze(&[]).stdout).unwrap();
    assert!(table.contains("without an error"), "{table}");
}

#[test]
fn equal_values_are_drawn_too() {
    let run = Run::of(COLUMNS, &[(0, vec![0.7; 10])]);
    let output = run.analyze(&["--plot", "figures"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_frame_at_the_seam_of_two_dumps_counts_once() {
    let run = Run::of(COLUMNS, &frames(3));
    fs::copy(run.path("dump"), run.path("again")).unwrap();
    let one = Run::of(COLUMNS, &frames(3)[2..]);
    fs::copy(one.path("dump"), run.path("last")).unwrap();
    let table = String::from_utf8(run.analyze(&["last"]).stdout).unwrap();
    assert!(table.contains("3, steps 0 to 200"), "{table}");
}

#[test]
fn what_cannot_be_analyzed() {
    let refusal = |run: &Run, arguments: &[&str]| {
        let output = run.analyze(arguments);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let other = Run::of("v_a v_b v_c", &frames(2));
    assert!(refusal(&other, &[]).contains("c_lam[1]"));
    let dark = Run::of(COLUMNS, &[(50, vec![0.0; 4])]);
    let message = refusal(&dark, &[]);
    assert!(message.contains("step 50") && message.contains("left all of them out"), "{message}");
    assert!(refusal(&Run::of(COLUMNS, &frames(2)), &["--plot", "dump"]).contains("dump"));
}

#[test]
fn bonds_their_lifetimes_and_what_they_do_are_told_in_time_units() {
    let run = Run::of(COLUMNS, &frames(30));
    let table =
        String::from_utf8(run.analyze(&["--units", "lj", "--timestep", "0.005", "--pair-distance", "2"]).stdout)
            .unwrap();
    for text in
        ["lifetime of bonds between unlike ions, in \u{3c4}", "course in time, in \u{3c4}; frames are 0.5 apart"]
    {
        assert!(table.contains(text), "the table lacks `{text}`:\n{table}");
    }
    let charges = table.split("by their net charge\n").nth(1).unwrap();
    let mut words = charges.split_whitespace();
    assert!(words.next().unwrap().trim_start_matches('+').parse::<i32>().is_ok(), "{charges}");
    assert!(table.contains("per unlike ion more"), "{table}");
}

/// The page on this run, with these options besides.
fn page(run: &Run, more: &[&str]) -> String {
    let mut command = Command::cargo_bin("ionscape").unwrap();
    let arguments = ["report", "dump", "-o", "page.html"];
    command.args(arguments).args(more).current_dir(run.folder.path()).assert().success();
    fs::read_to_string(run.path("page.html")).unwrap()
}

#[test]
fn a_page_on_few_frames_claims_nothing_that_takes_errors() {
    for n in [1, 3] {
        let page = page(&Run::of(COLUMNS, &frames(n)), &["--pair-distance", "2"]);
        assert!(!page.contains("NaN") && !page.contains("know nothing of each other") && !page.contains("1 frames"));
        assert!(page.contains("without which nothing is said of how neighbours conduct"), "{n} frames");
        assert!(!page.contains("correlation of fluctuations"), "a figure of {n} frames");
    }
}

#[test]
fn a_map_of_an_even_liquid_shows_no_place_that_conducts_better() {
    // Ions that swap places at random, and one half of the box where they conduct more.
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    let noise: Vec<(i64, Vec<f64>)> = (0..64).map(|t| (t, (0..40).map(|_| 1.0 + 0.1 * random()).collect())).collect();
    let uneven = noise.iter().map(|(t, values)| {
        let place = |i: usize| (i as f64 * 3.7) % 10.0;
        (*t, values.iter().enumerate().map(|(i, v)| v + if place(i) < 5.0 { 0.5 } else { 0.0 }).collect())
    });
    let options = ["--map", "x", "--map-bins", "5"];
    let better = "conducts better in some places than in others";
    assert!(!page(&Run::of(COLUMNS, &noise), &options).contains(better));
    assert!(page(&Run::of(COLUMNS, &uneven.collect::<Vec<_>>()), &options).contains(better));
}
