//! `ionscape transport` and `ionscape label` as a user runs them, on dumps whose answers are known.

mod dumps;

use dumps::{Brownian, ionscape, json, refusal, transport, transport_at};

#[test]
fn independent_ions_have_their_exact_coefficients() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("a.lammpstrj.zst");
    // D = 0.5 and 0.25, 30 ions each, V = 1000, T = 2: Lambda = (D+ + D-)/T.
    let brownian = Brownian { n: 30, diffusion: [0.5, 0.25], ..Brownian::default() };
    brownian.write(&dump, 1500, 1);
    let out = folder.path().join("t.json");
    transport(&dump).args(["--temperature", "2", "--json", out.to_str().unwrap()]).assert().success();
    let result = json(&out);
    let within = |value: &str, error: &str, truth: f64, sigmas: f64| {
        let (value, error) =
            (result.pointer(value).unwrap().as_f64().unwrap(), result.pointer(error).unwrap().as_f64().unwrap());
        assert!(error > 0.0 && (value - truth).abs() < sigmas * error, "{value} +- {error} for {truth}");
        error / truth.abs()
    };
    let lambda = within("/estimates/0/molar_conductivity", "/estimates/0/molar_conductivity_error", 0.375, 3.0);
    assert!(lambda < 0.1, "{lambda}");
    within("/estimates/0/sigma", "/estimates/0/sigma_error", 0.375 * 30.0 / 1000.0, 3.0);
    for (species, d) in [(0, 0.5), (1, 0.25)] {
        let at = |key: &str| format!("/species/{species}/{key}");
        assert!(within(&at("self_diffusion"), &at("self_diffusion_error"), d, 3.0) < 0.02);
    }
    within("/species/0/transference_number", "/species/0/transference_number_error", 2.0 / 3.0, 3.0);
    within("/haven_ratio", "/haven_ratio_error", 1.0, 3.0);
    assert!((result["nernst_einstein"].as_f64().unwrap() - 0.375).abs() < 0.01);
    // L++ = N D / (V T) and nothing between different ions.
    within("/onsager/0/total", "/onsager/0/total_error", 30.0 * 0.5 / 2000.0, 3.0);
    within("/onsager/0/self", "/onsager/0/self_error", 30.0 * 0.5 / 2000.0, 3.0);
    for pair in [0, 2] {
        let at = |key: &str| result["onsager"][pair][key].as_f64().unwrap();
        assert!(at("distinct").abs() < 3.0 * at("distinct_error"));
    }
    let cross = |key: &str| result["onsager"][1][key].as_f64().unwrap();
    assert!(cross("total").abs() < 3.0 * cross("total_error"));
}

#[test]
fn image_flags_triclinic_boxes_and_changing_volumes_give_the_unwrapped_truth() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, style: Brownian| {
        let dump = folder.path().join(name);
        style.write(&dump, 400, 5);
        let out = folder.path().join("t.json");
        transport(&dump).args(["--temperature", "1", "--json", out.to_str().unwrap()]).assert().success();
        json(&out)
    };
    let lambda = |result: &serde_json::Value| result["estimates"][0]["molar_conductivity"].as_f64().unwrap();
    let unwrapped = run("xu", Brownian::default());
    for (name, style) in [
        ("images", Brownian { wrapped: true, ..Brownian::default() }),
        ("tilted", Brownian { wrapped: true, tilt: true, ..Brownian::default() }),
        ("tilted-xu", Brownian { tilt: true, ..Brownian::default() }),
        ("flipping", Brownian { wrapped: true, tilt: true, flips: true, ..Brownian::default() }),
        ("flipping-xu", Brownian { tilt: true, flips: true, ..Brownian::default() }),
    ] {
        let result = run(name, style);
        assert!((lambda(&result) / lambda(&unwrapped) - 1.0).abs() < 1e-4, "{name}");
    }
    for (name, wrapped, flips) in
        [("breathing", true, false), ("breathing-xu", false, false), ("breathing-flipping", true, true)]
    {
        let result = run(name, Brownian { wrapped, tilt: true, flips, breath: 0.01, ..Brownian::default() });
        let error = result["estimates"][0]["molar_conductivity_error"].as_f64().unwrap();
        assert!((lambda(&result) - lambda(&unwrapped)).abs() < error, "{name}: {}", lambda(&result));
        let d = result["species"][0]["self_diffusion"].as_f64().unwrap();
        assert!((d - 0.5).abs() < 0.05, "{name}: D {d}");
    }
}

#[test]
fn results_do_not_depend_on_threads_order_or_how_a_run_is_split() {
    let folder = tempfile::tempdir().unwrap();
    let dump = |name: &str| folder.path().join(name);
    let style = Brownian { n: 100, ..Brownian::default() };
    style.write(&dump("whole"), 300, 9);
    style.write_part(&dump("first"), 0..180, 300, 9);
    // The second part repeats what the first had from frame 150 on.
    style.write_part(&dump("second"), 150..300, 300, 9);
    let shuffled = Brownian { shuffle: true, ..style };
    shuffled.write(&dump("shuffled"), 300, 9);
    let run = |threads: &str, dumps: &[&str]| {
        let out = dump("t.json");
        let mut command = transport_at("1");
        command.args(["--threads", threads, "--cation", "1", "--anion", "2"]).args(dumps.iter().map(|d| dump(d)));
        command.args(["--json", out.to_str().unwrap()]).assert().success();
        let mut result = json(&out);
        let notes = result["notes"].take().to_string();
        (result.to_string(), notes)
    };
    let (whole, notes) = run("1", &["whole"]);
    assert_eq!(notes, "[]");
    assert_eq!(run("3", &["whole"]).0, whole);
    assert_eq!(run("2", &["shuffled"]).0, whole);
    let (joined, notes) = run("2", &["second", "first"]);
    assert_eq!(joined, whole);
    assert!(notes.contains("30 frames dropped that a continuation has again"), "{notes}");
}

#[test]
fn the_centre_of_mass_can_be_taken_to_rest() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("a");
    let out = folder.path().join("t.json");
    let drifting = Brownian { drift: 0.3, ..Brownian::default() };
    drifting.write(&dump, 400, 2);
    let diffusion = |frame: &str| {
        let mut command = transport(&dump);
        command.args(["--temperature", "1", "--frame", frame, "--json", out.to_str().unwrap()]);
        let assert = command.args(["--mass", "1=1", "--mass", "2=1"]).assert().success();
        let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        (json(&out)["species"][0]["self_diffusion"].as_f64().unwrap(), stdout)
    };
    let (moving, stdout) = diffusion("none");
    assert!(moving > 1.0 && stdout.contains("none: motion as in the dump"), "{moving}");
    let (resting, stdout) = diffusion("com");
    assert!((resting - 0.5).abs() < 0.1 && stdout.contains("centre of mass of all atoms"), "{resting}");
    let (resting, stdout) = diffusion("solvent=2");
    assert!((resting - 0.55).abs() < 0.1 && stdout.contains("centre of mass of atom types 2"), "{resting}");
}

#[test]
fn a_common_drift_is_said_where_nobody_rests() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, drifting) = (folder.path().join("a"), folder.path().join("b"));
    Brownian::default().write(&dump, 200, 2);
    let mut frame = 0;
    let moved: Vec<String> = std::fs::read_to_string(&dump)
        .unwrap()
        .lines()
        .map(|line| {
            frame += usize::from(line.starts_with("ITEM: TIMESTEP"));
            match line.split(' ').collect::<Vec<_>>()[..] {
                [id, t, molecule, q, x, y, z] if !line.starts_with("ITEM") => {
                    format!("{id} {t} {molecule} {q} {} {y} {z}", x.parse::<f64>().unwrap() + 2.0 * frame as f64)
                }
                _ => line.into(),
            }
        })
        .collect();
    std::fs::write(&drifting, moved.join("\n") + "\n").unwrap();
    let told = |dump: &std::path::Path, more: &[&str]| {
        let mut command = transport(dump);
        let assert =
            command.args(["--temperature", "1", "--mass", "1=1", "--mass", "2=1"]).args(more).assert().success();
        let output = assert.get_output();
        let both = [output.stdout.as_slice(), &output.stderr].concat();
        String::from_utf8(both).unwrap().contains("all ions drift together")
    };
    assert_eq!([told(&dump, &[]), told(&drifting, &[]), told(&drifting, &["--frame", "com"])], [false, true, false]);
}

#[test]
fn molecules_move_as_their_centres_of_mass() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("a");
    let out = folder.path().join("t.json");
    Brownian { molecules: true, ..Brownian::default() }.write(&dump, 400, 3);
    let run = |arguments: &[&str]| {
        let mut command = transport_at("1");
        command.arg(&dump).args(["--json", out.to_str().unwrap()]).args(arguments);
        command
    };
    run(&["--ion", "Li:1", "--ion", "X:mol:2,3", "--mass", "2=3", "--mass", "3=1"]).assert().success();
    let result = json(&out);
    assert_eq!(result["species"][1]["n_ions"], 20);
    assert_eq!(result["species"][1]["mass"], 4.0);
    assert!((result["species"][1]["charge"].as_f64().unwrap() + 1.0).abs() < 1e-9);
    let d = result["species"][1]["self_diffusion"].as_f64().unwrap();
    assert!((d - 0.5).abs() < 0.05, "{d}");
    let message = refusal(&mut run(&["--ion", "Li:1", "--ion", "X:mol:2,3"]), 1);
    assert!(message.contains("molecular ion X needs masses") && message.contains("--mass 2=VALUE"), "{message}");
    let message = refusal(&mut run(&["--cation", "1", "--anion", "2,3"]), 1);
    assert!(message.contains("carry charges from") && message.contains("--charge anion=VALUE"), "{message}");
}

#[test]
fn one_ion_and_a_net_charge_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("a");
    let out = folder.path().join("t.json");
    Brownian { n: 1, ..Brownian::default() }.write(&dump, 600, 4);
    let mut command = transport_at("1");
    let assert = command.arg(&dump).args(["--cation", "1", "--json", out.to_str().unwrap()]).assert().success();
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("net charge of 1.0000"), "{stderr}");
    let result = json(&out);
    assert_eq!(
        (result["onsager"][0]["distinct"].as_f64(), result["amount"]["per"].as_str()),
        (Some(0.0), Some("equivalent"))
    );
    let haven = result["haven_ratio"].as_f64().unwrap();
    assert!((haven - 1.0).abs() < 0.2, "{haven}");
}

#[test]
fn motion_that_is_no_diffusion_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("a");
    let out = folder.path().join("t.json");
    Brownian { spring: 0.5, ..Brownian::default() }.write(&dump, 600, 4);
    transport(&dump).args(["--temperature", "1", "--json", out.to_str().unwrap()]).assert().success();
    assert_eq!(json(&out)["verdict"], "not-diffusive");
    assert_eq!(json(&out)["species"][0]["diffusive"], false);
}

/// The current of 400 ions of density 0.1 and Bjerrum length 5 under Langevin dynamics, 600 time units. Its molar
/// conductivity is 0.762(50): Green-Kubo and force integrals of the same run, combined.
#[test]
fn an_electrolytes_current_gives_its_conductivity_by_each_estimator() {
    let folder = tempfile::tempdir().unwrap();
    let (out, figure) = (folder.path().join("t.json"), folder.path().join("t.svg"));
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/transport/current.npy");
    let current: ndarray::Array2<f32> = ndarray_npy::read_npy(recorded).unwrap();
    let row = |(i, j): (usize, ndarray::ArrayView1<f32>)| format!("{} {} {} {}\n", 10 * (i + 1), j[0], j[1], j[2]);
    let rows: String = current.rows().into_iter().enumerate().map(row).collect();
    let flux = folder.path().join("flux.dat");
    let header = "# Time-averaged data for fix flux\n# TimeStep v_Jx v_Jy v_Jz\n";
    std::fs::write(&flux, format!("{header}{rows}")).unwrap();
    let mut command = ionscape();
    command.args([
        "transport",
        "--current",
        flux.to_str().unwrap(),
        "--units",
        "lj",
        "--timestep",
        "0.005",
        "--temperature",
        "1",
    ]);
    command.args(["--volume", "4000", "--formula-units", "200", "--json", out.to_str().unwrap()]);
    command.args(["--plot", figure.to_str().unwrap()]).assert().success();
    let result = json(&out);
    let estimates = result["estimates"].as_array().unwrap();
    let methods: Vec<&str> = estimates.iter().map(|e| e["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["einstein-helfand", "green-kubo", "cepstral"]);
    for estimate in estimates {
        let [value, error] =
            ["molar_conductivity", "molar_conductivity_error"].map(|key| estimate[key].as_f64().unwrap());
        assert!((value - 0.762).abs() < 2.0 * error && (0.03..0.1).contains(&error), "{estimate}");
        let sigma = estimate["sigma"].as_f64().unwrap();
        assert!((sigma - value * 200.0 / 4000.0).abs() < 1e-9);
    }
    let drawn = std::fs::read_to_string(&figure).unwrap();
    assert!(drawn.contains("Running Green-Kubo integral") && drawn.contains("Spectrum of the current"));
}

#[test]
fn walls_and_names_against_the_charges_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, slab) = (folder.path().join("a"), folder.path().join("slab"));
    Brownian::default().write(&dump, 300, 5);
    std::fs::write(&slab, std::fs::read_to_string(&dump).unwrap().replace("pp pp pp", "pp pp ff")).unwrap();
    let told = |dump: &std::path::Path, [cation, anion]: [&str; 2]| {
        let mut command = transport_at("1");
        let assert = command.arg(dump).args(["--cation", cation, "--anion", anion]).assert().success();
        String::from_utf8(assert.get_output().stderr.clone()).unwrap()
    };
    assert!(!told(&dump, ["1", "2"]).contains("the box is") && !told(&dump, ["1", "2"]).contains("same order"));
    assert!(told(&slab, ["1", "2"]).contains("the box is not periodic along z"));
    let turned = told(&dump, ["2", "1"]);
    assert!(turned.contains("the charge of cation is -1: are types and names in the same order?"), "{turned}");
    assert!(turned.contains("the charge of anion is 1: "), "{turned}");
}
