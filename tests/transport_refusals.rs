//! Wrong inputs of `ionscape transport` and `ionscape label`: each with its words and exit status, nothing half-written.

mod dumps;

use std::path::{Path, PathBuf};

use dumps::{Brownian, ionscape, json, refusal, transport, transport_at};

/// The text of a small run, changed by `change`, as a dump.
fn damaged(folder: &Path, style: Brownian, change: impl Fn(String) -> String) -> PathBuf {
    let path = folder.join("dump");
    style.write(&path, 80, 1);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(text)).unwrap();
    path
}

/// What `ionscape transport` says of a run that it must refuse, after a check that it left no file.
fn refused(change: impl Fn(String) -> String, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let style = Brownian { wrapped: true, n: 4, ..Brownian::default() };
    let dump = damaged(folder.path(), style, change);
    let out = folder.path().join("t.json");
    let mut command = transport(&dump);
    let message = refusal(command.args(["--temperature", "1", "--json", out.to_str().unwrap()]), 1);
    for word in words {
        assert!(message.contains(word), "'{word}' is not in: {message}");
    }
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "only the dump is there: {files:?}");
}

/// Text with the frame of this timestep taken out.
fn without_frame(text: &str, step: usize) -> String {
    let start = text.find(&format!("ITEM: TIMESTEP\n{step}\n")).unwrap();
    let end = text.find(&format!("ITEM: TIMESTEP\n{}\n", step + 100)).unwrap();
    format!("{}{}", &text[..start], &text[end..])
}

#[test]
fn wrapped_coordinates_tell_how_to_dump() {
    refused(
        |text| text.replace("x y z ix iy iz", "x y z a b c"),
        &["wrapped", "image flags (ix iy iz)", "dump 1 all custom", "xu yu zu"],
    );
}

#[test]
fn columns_that_are_not_there() {
    refused(|text| text.replace("ATOMS id type", "ATOMS id kind"), &["there is no column type", "dump 1 all custom"]);
    refused(|text| text.replace("ATOMS id", "ATOMS number"), &["there is no column id"]);
}

#[test]
fn types_and_charges_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let dump = damaged(folder.path(), Brownian::default(), |text| text.replace(" mol q ", " mol c "));
    let run = |ions: &[&str]| {
        let mut command = transport_at("1");
        command.arg(&dump).args(ions);
        command
    };
    let message = refusal(&mut run(&["--cation", "1", "--anion", "7"]), 1);
    assert!(message.contains("no atom of type 7, named for species anion; the dump has types [1, 2]"), "{message}");
    let message = refusal(&mut run(&["--ion", "Li:1", "--ion", "Cl:2:-1"]), 1);
    assert!(message.contains("no charge is given for Li") && message.contains("--charge Li=VALUE"), "{message}");
    let message = refusal(&mut run(&[]), 2);
    assert!(message.contains("no ions were named"), "{message}");
    let message = refusal(&mut run(&["--cation", "1,2", "--anion", "2"]), 2);
    assert!(message.contains("atom type 2 is given both as cation and as anion"), "{message}");
    let message = refusal(&mut run(&["--cation", "1", "--charge", "Na=1"]), 1);
    assert!(message.contains("a charge is given for Na, and the species are cation"), "{message}");
    let message = refusal(&mut run(&["--cation", "1", "--mass", "9=1"]), 1);
    assert!(message.contains("a mass is given for atom type 9, and the dump has types [1, 2]"), "{message}");
    let twice = ["--cation", "1", "--anion", "2", "--mass", "2=3", "--mass", "2=4"];
    let message = refusal(&mut run(&twice), 2);
    assert!(message.contains("--mass 2=3 and --mass 2=4: give one value for 2"), "{message}");
    let message = refusal(&mut run(&["--cation", "1", "--charge", "cation=2", "--charge", "cation=3"]), 2);
    assert!(message.contains("--charge cation=2 and --charge cation=3: give one value for cation"), "{message}");
    // The salt's charges are assumed, and that is said.
    let assert = run(&["--cation", "1", "--anion", "2"]).assert().success();
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("cation: charge +1 assumed; the dump has no column q"), "{stderr}");
}

#[test]
fn frames_that_are_unevenly_spaced_are_named() {
    refused(
        |text| without_frame(&text, 3000),
        &["timestep 3100 follows 2900 (frame 29 of", "200 steps", "100 steps apart", "evenly spaced"],
    );
    refused(|text| text.replace("TIMESTEP\n3000\n", "TIMESTEP\n100\n"), &["time goes back", "split the dump"]);
    refused(
        |text| text.replace("TIMESTEP\n3000\n", "TIMESTEP\n2900\n"),
        &["timestep 2900 stands there already (frame 29 of", "atom 1 is elsewhere", "split the dump"],
    );
}

/// A frame left out in the middle leaves a gap, which the message says; masses of the dump are positive.
#[test]
fn a_damaged_frame_in_the_middle_and_masses_of_the_dump() {
    let folder = tempfile::tempdir().unwrap();
    let style = Brownian { wrapped: true, n: 4, ..Brownian::default() };
    let dump = damaged(folder.path(), style, |text| {
        let start = text.find("ITEM: TIMESTEP\n3000\n").unwrap();
        format!("{}{}", &text[..start], text[start..].replacen("\n1 1 1 1 ", "\n1 1 1 one ", 1))
    });
    let message = refusal(transport(&dump).args(["--temperature", "1", "--skip-bad-frames"]), 1);
    for words in ["timestep 3100 follows 2900", "1 frame left out as damaged", "the part of the run before or after"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    refused(|text| text.replace(" mol q ", " mol mass "), &["frame 0, line ", "mass -1; masses are positive"]);
}

#[test]
fn charges_that_change_and_times_that_contradict() {
    let doubled = |line: &str| match &line.split(' ').collect::<Vec<_>>()[..] {
        [id, kind, molecule, charge, rest @ ..] if rest.len() > 5 && *id != "ITEM:" => {
            let charge = 2.0 * charge.parse::<f64>().unwrap();
            format!("{id} {kind} {molecule} {charge} {}\n", rest.join(" "))
        }
        _ => format!("{line}\n"),
    };
    let change = |from: usize, text: &str| {
        let start = text.find(&format!("ITEM: TIMESTEP\n{from}\n")).unwrap();
        format!("{}{}", &text[..start], text[start..].lines().map(doubled).collect::<String>())
    };
    refused(|text| change(3000, &text), &["frame 30, line ", "has the charge", "--charge ", "take a part of the run"]);
    let timed = |text: String, per_step: f64| {
        let mut out = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line == "ITEM: TIMESTEP" {
                let step = lines.next().unwrap();
                let time = per_step * step.parse::<f64>().unwrap();
                out += &format!("ITEM: TIME\n{time}\nITEM: TIMESTEP\n{step}\n");
            } else {
                out += &format!("{line}\n");
            }
        }
        out
    };
    refused(
        |text| timed(text, 5.0),
        &["frame 1, line ", "a step takes 5 by the dump's ITEM: TIME", "the timestep given is"],
    );
    let folder = tempfile::tempdir().unwrap();
    let style = Brownian { wrapped: true, n: 4, ..Brownian::default() };
    let dump = damaged(folder.path(), style, |text| timed(text, 0.01));
    transport(&dump).args(["--temperature", "1"]).assert().success();
}

#[test]
fn frames_of_one_timestep_are_no_trajectory() {
    let still = |text: String| {
        let steps = (0..80).map(|i| format!("TIMESTEP\n{}\n", 100 * i));
        steps.fold(text, |text, step| text.replace(&step, "TIMESTEP\n0\n"))
    };
    refused(still, &["timestep 0 stands there already (frame 0 of", "a trajectory has timesteps that go on"]);
    let same = |text: String| text[..text.find("ITEM: TIMESTEP\n100\n").unwrap()].repeat(80);
    refused(same, &["all 80 frames have timestep 0"]);
}

#[test]
fn a_truncated_last_frame() {
    let cut = |text: String| text[..text.len() - 30].to_string();
    refused(cut, &["frame 79", "cut short"]);
    let folder = tempfile::tempdir().unwrap();
    let dump = damaged(folder.path(), Brownian::default(), cut);
    let out = folder.path().join("t.json");
    let arguments = ["--temperature", "1", "--skip-bad-frames", "--json", out.to_str().unwrap()];
    transport(&dump).args(arguments).assert().success();
    let result = json(&out);
    assert_eq!(
        (result["n_frames"].as_u64(), result["notes"].to_string().contains("1 frame left out: damaged")),
        (Some(79), true)
    );
}

#[test]
fn atoms_that_come_go_or_change() {
    let in_last = |text: String, from: &str, to: &str| {
        let start = text.rfind("ITEM: TIMESTEP").unwrap();
        format!("{}{}", &text[..start], text[start..].replacen(from, to, 1))
    };
    let lost = |text: String| {
        let text = in_last(text, "ATOMS\n8\n", "ATOMS\n7\n");
        let end = text.trim_end().rfind('\n').unwrap();
        text[..=end].to_string()
    };
    refused(lost, &["7 atoms, where the first frame has 8", "lost"]);
    refused(|text| in_last(text, "\n8 2 8 -1", "\n9 2 8 -1"), &["atom 9 is not in the first frame"]);
    refused(|text| in_last(text, "\n8 2 8 -1", "\n8 1 8 -1"), &["atom 8 is of type 1, and was of type 2"]);
}

#[test]
fn a_continuation_without_its_image_flags() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let style = Brownian { wrapped: true, diffusion: [0.05, 0.05], ..Brownian::default() };
    style.write_part(&first, 0..100, 160, 1);
    style.write_part(&second, 100..160, 160, 1);
    let run = || {
        let mut command = transport(&first);
        command.args([second.to_str().unwrap(), "--temperature", "1"]);
        command
    };
    run().assert().success();
    let text = std::fs::read_to_string(&second).unwrap();
    std::fs::write(&second, without_flags(&text)).unwrap();
    let message = refusal(&mut run(), 1);
    assert!(message.contains("second") && message.contains("image flags were lost between the runs"), "{message}");
    // The same within a dump, and where a single frame stands before it.
    style.write_part(&second, 100..160, 160, 1);
    let whole = format!("{}{}", std::fs::read_to_string(&first).unwrap(), without_flags(&text));
    std::fs::write(&first, whole).unwrap();
    let message = refusal(transport(&first).args(["--temperature", "1"]), 1);
    assert!(message.contains("frame 100") && message.contains("image flags were lost or ran over"), "{message}");
    style.write_part(&first, 0..1, 160, 1);
    style.write_part(&second, 1..160, 160, 1);
    run().assert().success();
    let text = std::fs::read_to_string(&first).unwrap();
    assert!(text.contains(" 0 0 0\n"));
    std::fs::write(&first, text.replace(" 0 0 0\n", " 0 0 5\n")).unwrap();
    let message = refusal(&mut run(), 1);
    assert!(message.contains("several times as far as between any frames after it"), "{message}");
}

#[test]
fn wrapped_positions_under_the_names_of_unwrapped_ones() {
    let columns = |text: String| text.replace("x y z ix iy iz", "xu yu zu a b c");
    for change in [&columns as &dyn Fn(String) -> String, &|text| without_flags(&text)] {
        refused(
            change,
            &["100 steps between frames", "no atom was ever outside", "(xu yu zu) have wrapped positions", "ix iy iz"],
        );
    }
    // Ions that stay in the box are what unwrapped positions may be of.
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    Brownian { diffusion: [0.1, 0.1], spring: 0.2, ..Brownian::default() }.write(&dump, 80, 1);
    transport(&dump).args(["--temperature", "1"]).assert().success();
}

/// As where another program unwraps positions, calls them x y z, and keeps the flags.
#[test]
fn unwrapped_positions_beside_image_flags_that_count_again() {
    let unwrap = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [id, kind, mol, q, x, y, z, ix, iy, iz] if id != "ITEM:" => {
            let unwrapped = [(x, ix), (y, iy), (z, iz)].map(|(x, image)| {
                (x.parse::<f64>().unwrap() + 10.0 * image.trim().parse::<f64>().unwrap()).to_string()
            });
            format!("{id} {kind} {mol} {q} {} {ix} {iy} {iz}", unwrapped.join(" "))
        }
        _ => line.to_string(),
    };
    let twice = |text: String| text.split('\n').map(unwrap).collect::<Vec<_>>().join("\n");
    refused(twice, &["outside the box by as many boxes as their image flags", "would count again", "xu yu zu"]);
    // Flags beside columns that say what they are count nothing.
    let folder = tempfile::tempdir().unwrap();
    let style = Brownian { wrapped: true, n: 4, ..Brownian::default() };
    let dump = damaged(folder.path(), style, |text| twice(text).replace("x y z ix iy iz", "xu yu zu ix iy iz"));
    transport(&dump).args(["--temperature", "1"]).assert().success();
}

/// As where another program wraps `x y z` anew and keeps the flags, or another sign or order of atoms is in them.
#[test]
fn image_flags_that_contradict_the_positions() {
    let flags = |change: fn(usize, f64, f64) -> f64| {
        move |text: String| {
            let row = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
                [id, kind, mol, q, x, y, z, ix, iy, iz] if id != "ITEM:" => {
                    let atom: usize = id.parse().unwrap();
                    let number = |word: &str| word.trim().parse::<f64>().unwrap();
                    let flags = [(x, ix), (y, iy), (z, iz)].map(|(x, flag)| change(atom, number(x), number(flag)));
                    let [ix, iy, iz] = flags.map(|flag| flag.to_string());
                    format!("{id} {kind} {mol} {q} {x} {y} {z} {ix} {iy} {iz}\n")
                }
                _ => format!("{line}\n"),
            };
            text.lines().map(row).collect()
        }
    };
    let words = [
        "frame ",
        "go along the box's ",
        "by a whole box or several, and ",
        "the image flags (ix iy iz) are not those of the positions",
        "dump LAMMPS's own xu yu zu",
    ];
    // Of a start that lies boxes away, counted the other way, and of a box whose middle is elsewhere.
    let changes: [fn(usize, f64, f64) -> f64; 3] = [
        |atom, _, _| (atom % 7) as f64 - 3.0,
        |_, _, flag| 3.0 - flag,
        |_, x, flag| flag + f64::from(u8::from(x > 0.0)),
    ];
    let folder = tempfile::tempdir().unwrap();
    for change in changes {
        let style = Brownian { wrapped: true, ..Brownian::default() };
        let dump = damaged(folder.path(), style, flags(change));
        let message = refusal(transport(&dump).args(["--temperature", "1"]), 1);
        for word in words {
            assert!(message.contains(word), "'{word}' is not in: {message}");
        }
    }
    // Ions that go by half the box and more from frame to frame, also in a box that breathes, leans and flips.
    let dump = folder.path().join("dump");
    for diffusion in [2.0, 12.5, 50.0] {
        let style = Brownian { wrapped: true, diffusion: [diffusion; 2], ..Brownian::default() };
        for style in [style, Brownian { tilt: true, flips: true, breath: 0.05, ..style }] {
            style.write(&dump, 200, 1);
            transport(&dump).args(["--temperature", "1"]).assert().success();
        }
    }
}

/// A dump's text with image flags of zero.
fn without_flags(text: &str) -> String {
    let reset = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [id, kind, mol, q, x, y, z, _, _, _] => format!("{id} {kind} {mol} {q} {x} {y} {z} 0 0 0\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(reset).collect()
}

#[test]
fn a_dump_of_one_frame_goes_before_another() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let style = Brownian { wrapped: true, diffusion: [20.0, 20.0], ..Brownian::default() };
    style.write_part(&first, 0..1, 160, 1);
    style.write_part(&second, 1..160, 160, 1);
    transport(&first).args([second.to_str().unwrap(), "--temperature", "1"]).assert().success();
}

#[test]
fn units_times_and_charges_that_come_late() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    Brownian::default().write_part(&first, 0..100, 160, 1);
    Brownian::default().write_part(&second, 100..160, 160, 1);
    let text = std::fs::read_to_string(&second).unwrap();
    let run = |text: String| {
        std::fs::write(&second, text).unwrap();
        let mut command = transport(&first);
        command.args([second.to_str().unwrap(), "--temperature", "1"]);
        command
    };
    let stated = |units: &str| format!("ITEM: UNITS\n{units}\n{text}");
    run(stated("lj")).assert().success();
    let message = refusal(&mut run(stated("metal")), 1);
    assert!(message.contains("the dump is in metal units"), "{message}");
    let mixed = text.replacen("ITEM: TIMESTEP\n15900", "ITEM: UNITS\nreal\nITEM: TIMESTEP\n15900", 1);
    let message = refusal(&mut run(format!("ITEM: UNITS\nlj\n{mixed}")), 1);
    assert!(message.contains("a frame in real units, and those before are in lj"), "{message}");
    let timed = (100..160).fold(text.clone(), |text, i| {
        let step = 100 * i;
        text.replacen(
            &format!("ITEM: TIMESTEP\n{step}\n"),
            &format!("ITEM: TIME\n{}\nITEM: TIMESTEP\n{step}\n", 2 * step),
            1,
        )
    });
    let message = refusal(&mut run(timed), 1);
    assert!(message.contains("a step takes 2 by the dump's ITEM: TIME"), "{message}");
    let early = std::fs::read_to_string(&first).unwrap();
    std::fs::write(&first, early.replace("mol q xu", "mol other xu")).unwrap();
    run(text.clone()).assert().success();
    let twice = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [id, kind, mol, q, x, y, z] if !line.starts_with("ITEM") => {
            format!("{id} {kind} {mol} {} {x} {y} {z}\n", 2.0 * q.parse::<f64>().unwrap())
        }
        _ => format!("{line}\n"),
    };
    let message = refusal(&mut run(text.lines().map(twice).collect()), 1);
    assert!(message.contains("in the first frame they were taken to have 1"), "{message}");
}

#[test]
fn numbers_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    Brownian::default().write(&dump, 80, 1);
    let message = refusal(transport(&dump).args(["--temperature", "0"]), 2);
    assert!(message.contains("temperature 0") && message.contains("above zero"), "{message}");
    for (option, value) in
        [("--temperature", "-1"), ("--temperature", "1e308"), ("--volume", "-2"), ("--viscosity", "1e-100")]
    {
        let arguments: &[&str] = if option == "--temperature" { &[] } else { &["--temperature", "1"] };
        let message = refusal(transport(&dump).args(arguments).args([option, value]), 2);
        let expected = ["above zero, and between 1e-60 and 1e60", value, &option[2..]];
        assert!(expected.iter().all(|part| message.contains(part)), "{message}");
    }
    for mass in ["-1", "0", "1e300"] {
        let message = refusal(transport(&dump).args(["--temperature", "1", "--mass", &format!("2={mass}")]), 2);
        assert!(message.contains("of atom type 2: it must be above zero, and between 1e-60 and 1e60"), "{message}");
    }
    let message = refusal(transport(&dump).args(["--temperature", "1", "--target-error", "0"]), 2);
    assert!(message.contains("5% or 0.05"), "{message}");
    let message = refusal(&mut transport(&dump), 2);
    assert!(message.contains("--temperature <T>"), "{message}");
    let message =
        refusal(ionscape().args(["transport", "--units", "si", "--timestep", "1", "--temperature", "1", "x"]), 2);
    assert!(message.contains("lj, real, metal and nano"), "{message}");
    let message = refusal(transport(&dump).args(["--temperature", "1", "--langevin-damp", "1"]), 2);
    assert!(message.contains("fix store/force"), "{message}");
    let message = refusal(transport(&dump).args(["--temperature", "1", "--frame", "box"]), 2);
    assert!(message.contains("none, com, or solvent=TYPES"), "{message}");
    let twice = [dump.to_str().unwrap(), "--temperature", "1"];
    let message = refusal(transport(&dump).args(twice), 1);
    assert!(message.contains("dump is given twice"), "{message}");
    let other = folder.path().join("other");
    Brownian::default().write(&other, 80, 2);
    let message = refusal(transport(&dump).args([other.to_str().unwrap(), "--temperature", "1"]), 1);
    assert!(message.contains("both begin at timestep 0"), "{message}");
}

#[test]
fn a_run_of_a_few_frames_is_too_short() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    Brownian::default().write(&dump, 1, 1);
    let message = refusal(transport(&dump).args(["--temperature", "1"]), 1);
    assert!(message.contains("one frame shows no motion"), "{message}");
    let out = folder.path().join("t.json");
    for frames in [2, 10, 63] {
        Brownian::default().write(&dump, frames, 1);
        let mut command = transport(&dump);
        let assert = command.args(["--temperature", "1", "--json", out.to_str().unwrap()]).assert().success();
        let output = assert.get_output();
        let [printed, told] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(
            printed.contains("verdict: too short\n  the run has fewer frames than any estimator takes"),
            "{printed}"
        );
        assert!(told.contains(&format!("{frames} frames are too few; at least 64")), "{told}");
        let result = json(&out);
        assert_eq!((&result["verdict"], &result["estimates"]), (&"too-short".into(), &serde_json::json!([])));
        assert!(result["haven_ratio"].is_null() && result["best"].is_null());
        // Single ions diffuse from 48 frames on.
        assert_eq!(result["nernst_einstein"].is_f64(), frames == 63);
    }
    let figure = folder.path().join("t.svg");
    let message = refusal(transport(&dump).args(["--temperature", "1", "--plot", figure.to_str().unwrap()]), 1);
    assert!(message.contains("too short for any estimate"), "{message}");
    Brownian::default().write(&dump, 100, 1);
    transport(&dump)
        .args(["--temperature", "1", "--target-error", "1%", "--json", out.to_str().unwrap()])
        .assert()
        .success();
    let result = json(&out);
    assert_eq!(result["verdict"], "too-short");
    let judgement = &result["judgement"];
    let (error, longer) =
        (judgement["relative_error"].as_f64().unwrap(), judgement["duration_needed"].as_f64().unwrap());
    assert!((longer / judgement["duration"].as_f64().unwrap() - (error / 0.01).powi(2)).abs() < 1e-6);
}

#[test]
fn currents_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    let rows =
        |n: i64| (1..=n).map(|i| format!("{} {} 1 {}\n", 10 * i, (i * 7919 % 13) - 6, i % 3)).collect::<String>();
    let run = |text: &str, arguments: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let mut command = transport_at("1");
        command.args(["--current", path.to_str().unwrap()]).args(arguments);
        refusal(&mut command, 1)
    };
    let size = ["--volume", "100", "--formula-units", "4"];
    let good = format!("# Time-averaged data for fix out\n# TimeStep v_Jx v_Jy v_Jz\n{}", rows(200));
    assert!(run(&good, &[]).contains("give --volume and --formula-units"));
    let renamed = good.replace("v_J", "c_flux");
    let message = run(&renamed, &size);
    assert!(message.contains("no columns Jx Jy Jz") && message.contains("--current-columns"), "{message}");
    for (text, words) in [
        (good.replace("\n500 ", "\n505 "), "timestep 505 follows 490"),
        (good.replace("\n500 ", "\n5 "), "timestep 5 after 490: time goes back"),
        (good.replace("\n500 ", "\n500 nan "), "'nan' is no finite number"),
        (good.replace("\n500 ", "\n500 1 "), "5 columns, and 4 are named"),
        (good.trim_end().to_string(), "ends in the middle of a line"),
        ("# nothing\n".to_string(), "there are no numbers in it"),
    ] {
        let message = run(&text, &size);
        assert!(message.contains(words) && message.contains("flux.dat"), "{words}: {message}");
    }
}

/// LAMMPS names every column; where others do not, no name is sure.
#[test]
fn a_current_with_more_or_fewer_columns_than_names() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let j = |i: i64| format!("{} {} {}", i * 7919 % 13 - 6, i * 104_729 % 11 - 5, i * 1_299_709 % 7 - 3);
    let run = |header: &str, row: &dyn Fn(i64) -> String, arguments: &[&str]| {
        std::fs::write(&path, format!("{header}\n{}", (1..=200).map(row).collect::<String>())).unwrap();
        let mut command = transport_at("1");
        command.args(["--volume", "100", "--formula-units", "4", "--current", path.to_str().unwrap()]);
        command.args(["--json", out.to_str().unwrap()]).args(arguments);
        command
    };
    let timed = |i: i64| format!("{} {} {}\n", 10 * i, 0.1 * i as f64, j(i));
    let plain = |i: i64| format!("{} {}\n", 10 * i, j(i));
    run("# step v_Jx v_Jy v_Jz", &plain, &[]).assert().success();
    let expected = json(&out)["estimates"].clone();
    let message = refusal(&mut run("# step v_Jx v_Jy v_Jz", &timed, &[]), 1);
    assert!(message.contains("flux.dat: line 2: 5 columns, and 4 are named above the numbers"), "{message}");
    assert!(message.contains("--current-columns"), "{message}");
    let message = refusal(&mut run("# step v_Jx v_Jy v_Jz v_T", &plain, &[]), 1);
    assert!(message.contains("4 columns, and 5 are named above the numbers"), "{message}");
    run("# step v_Jx v_Jy v_Jz", &timed, &["--current-columns", "-,Jx,Jy,Jz"]).assert().success();
    assert_eq!(json(&out)["estimates"], expected);
    // The last columns need no name of the user's, and what is not there has none.
    let wide = |i: i64| format!("{} {} 7 8\n", 10 * i, j(i));
    run("# step", &wide, &["--current-columns", "Jx,Jy,Jz"]).assert().success();
    assert_eq!(json(&out)["estimates"], expected);
    let message = refusal(&mut run("# step", &plain, &["--current-columns", "step,Jx,Jy,Jz"]), 1);
    assert!(message.contains("3 columns after the timestep, and --current-columns names 4"), "{message}");
    // A continuation in the same file.
    let again = |i: i64| format!("{}{}", if i == 100 { "# step v_Jx v_Jy v_Jz v_T\n" } else { "" }, plain(i));
    let message = refusal(&mut run("# step v_Jx v_Jy v_Jz", &again, &[]), 1);
    assert!(message.contains("'step v_Jx v_Jy v_Jz v_T' from here on"), "{message}");
}

/// As LAMMPS of 22 Jul 2025 writes them.
#[test]
fn files_of_other_kinds_in_the_place_of_a_current() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    for (text, what) in [
        (
            "# Time-correlated data for fix c\n# Timestep Number-of-time-windows\n# Index TimeDelta Ncount v_Jx*v_Jx\n0 20\n1 0 1 0.96\n",
            "correlations",
        ),
        ("# Time-correlated data for fix c\n# Time v_Jx*v_Jx v_Jy*v_Jy\n# Timestep: 0\n0 0.96 30.5\n", "correlations"),
        (
            "# Time-averaged data for fix v\n# TimeStep Number-of-rows\n# Row c_J\n10 3\n1 -0.4\n2 -6\n3 0.2\n",
            "mode vector",
        ),
        ("# Histogrammed data for fix h\n# TimeStep Number-of-bins Total-counts\n0 10 1\n", "histograms or chunks"),
        (
            "# Chunk-averaged data for fix h and group all\n# Timestep Number-of-chunks Total-count\n0 10 1\n",
            "histograms or chunks",
        ),
        (
            "# Time-averaged data for fix y\n# TimeStep v_Jx v_Jy v_Jz\n---\nkeywords: ['Step', 'v_Jx', ]\ndata:\n  - [10, 1, ]\n",
            "YAML",
        ),
        ("keywords: ['Step', 'v_Jx', ]\ndata:\n  - [10, 1, ]\n", "YAML"),
        ("LAMMPS (22 Jul 2025 - Update 4)\nunits lj\n", "a log"),
        ("   Step          Temp          v_Jx          v_Jy          v_Jz\n   0   1   2   3   4\n", "a log"),
        ("step,Jx,Jy,Jz\n10,1,2,3\n", "does not begin with a timestep"),
    ] {
        std::fs::write(&path, text).unwrap();
        for arguments in [&[][..], &["--current-columns", "Jx,Jy,Jz"]] {
            let mut command = transport_at("1");
            command
                .args(["--current", path.to_str().unwrap(), "--volume", "9", "--formula-units", "4"])
                .args(arguments);
            let message = refusal(&mut command, 1);
            let says = message.contains("flux.dat: line ") && message.contains(what);
            assert!(
                says && message.contains("fix flux all ave/time 1 10 10 v_Jx v_Jy v_Jz file flux.dat"),
                "{message}"
            );
        }
    }
}

#[test]
fn samples_that_stand_twice_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("flux.dat"), folder.path().join("t.json"));
    let row = |i: i64| format!("{} {} 1 {}\n", 10 * i, (i * 7919 % 13) - 6, i % 3);
    let rows: String = (1..=200).map(row).collect();
    let text = format!("# TimeStep v_Jx v_Jy v_Jz\n{}{}{rows}", row(1), row(1).replace(" 1 ", " 2 "));
    std::fs::write(&path, text).unwrap();
    let mut command = transport_at("1");
    command.args([
        "--volume",
        "100",
        "--formula-units",
        "4",
        "--current",
        path.to_str().unwrap(),
        "--json",
        out.to_str().unwrap(),
    ]);
    command.assert().success();
    let notes = json(&out)["notes"].to_string();
    assert!(notes.contains("2 samples of the current dropped whose timestep stands there already"), "{notes}");
}

#[test]
fn a_dump_and_a_current_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, flux) = (folder.path().join("dump"), folder.path().join("flux.dat"));
    Brownian::default().write(&dump, 200, 1);
    let header = "# Time-averaged data for fix out\n# TimeStep v_Jx v_Jy v_Jz\n";
    let rows: String = (1..=200).map(|i| format!("{} {} 1 {}\n", 10 * i, i * 7919 % 13 - 6, i % 3)).collect();
    std::fs::write(&flux, format!("{header}{rows}")).unwrap();
    let run = |arguments: &[&Path]| {
        let mut command = transport_at("1");
        command.args(["--cation", "1", "--anion", "2"]).args(arguments);
        refusal(&mut command, 1)
    };
    let current = Path::new("--current");
    // The dump after the current's file is a dump: the two are compared.
    let message = run(&[current, &flux, &dump]);
    assert!(message.contains("displacement") && !message.contains("ITEM"), "{message}");
    let message = run(&[current, &dump]);
    assert!(message.contains("this is a dump") && message.contains("without --current"), "{message}");
    let message = run(&[current, &flux, current, &flux]);
    assert!(message.contains("flux.dat is given twice"), "{message}");
    let message = run(&[&flux]);
    assert!(message.contains("file of fix ave/time") && message.contains("--current"), "{message}");
}

#[test]
fn labels_are_filled_in_or_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.toml");
    Brownian::default().write(&folder.path().join("a.lammpstrj"), 1500, 1);
    Brownian { spring: 0.5, ..Brownian::default() }.write(&folder.path().join("b.lammpstrj"), 200, 1);
    let head = "# A salt.\nunits = \"lj\"\nspecies = { 1 = \"cation\", 2 = \"anion\" }\ncharges = { cation = 1.0, anion = -1.0 }\n";
    let system = |name: &str, more: &str| {
        format!("\n[[system]]\nname = \"{name}\" # mine\ntrajectory = \"{name}.lammpstrj\"\ntimestep = 0.01\n{more}")
    };
    let label = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut command = ionscape();
        command.args(["label", path.to_str().unwrap()]);
        command
    };
    let text = format!("{head}{}", system("a", "temperature = 1.0\n"));
    label(&text).assert().success();
    let written = std::fs::read_to_string(&path).unwrap();
    let added = written.strip_prefix(&text).expect("what was there stays");
    let value = |key: &str| {
        let line = added.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        line.parse::<f64>().unwrap()
    };
    let error = value("molar_conductivity_error");
    assert!((value("molar_conductivity") - 1.0).abs() < 3.0 * error && error < 0.2, "{added}");
    assert!((value("nernst_einstein") - 1.0).abs() < 0.03);
    // A second run has nothing to do.
    label(&written).assert().success();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);

    // Of a sound system and a doubtful one the first is written, and the command fails for the other.
    let both = format!("{head}{}{}", system("b", "temperature = 1.0\n"), system("a", "temperature = 1.0\n"));
    let message = refusal(&mut label(&both), 1);
    assert!(
        message.contains("1 of 2 labels were written; those of b are doubtful and were not (b: not diffusive): run"),
        "{message}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{both}{added}"));

    for (text, words) in [
        (format!("{head}{}", system("a", "")), "without timestep and temperature"),
        (format!("{head}{}", system("c", "temperature = 1.0\n")), "c.lammpstrj"),
        (format!("{text}mass = -1.0\n"), "system a: mass -1.0: it must be above zero"),
        (text.replace("temperature", "temprature"), "unknown field `temprature`"),
        (text.replace("= 1.0\n", "= 0.0\n"), "temperature 0"),
    ] {
        let message = refusal(&mut label(&text), 1);
        assert!(message.contains(words), "{words}: {message}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{words}");
    }
}

/// A run whose rows of atoms `row` changes: columns `id type mol q xu yu zu` as words.
fn with_rows(folder: &Path, header: &str, row: impl Fn(&mut Vec<String>)) -> PathBuf {
    damaged(folder, Brownian { n: 4, ..Brownian::default() }, |text| {
        let changed = text.lines().map(|line| {
            let mut words: Vec<String> = line.split(' ').map(String::from).collect();
            match words.len() {
                7 => row(&mut words),
                _ if line.starts_with("ITEM: ATOMS") => return format!("{line}{header}\n"),
                _ => {}
            }
            words.join(" ") + "\n"
        });
        changed.collect()
    })
}

#[test]
fn runs_in_a_plane() {
    let folder = tempfile::tempdir().unwrap();
    let dump = with_rows(folder.path(), "", |words| words[6] = "0.5".into());
    let message = refusal(transport(&dump).args(["--temperature", "1"]), 1);
    assert!(message.contains("no ion ever moves along z: conductivity, diffusion"), "{message}");
}

/// As of velocities that were dumped as `vx vy`, with a column of zeros.
#[test]
fn currents_in_a_plane() {
    let folder = tempfile::tempdir().unwrap();
    let velocities = |z: &str| {
        with_rows(folder.path(), " vx vy vz", |words| {
            let last: Vec<u32> = words[4..7].iter().map(|at| u32::from(at.as_bytes()[at.len() - 1])).collect();
            words.extend([
                last[0].to_string(),
                last[1].to_string(),
                if z == "0" { "0".into() } else { last[2].to_string() },
            ]);
        })
    };
    let dump = velocities("0");
    let message = refusal(transport(&dump).args(["--temperature", "1"]), 1);
    assert!(message.contains("the current by the dump's velocities is 0 along z at all times"), "{message}");
    transport(&velocities("z")).args(["--temperature", "1"]).assert().success();

    let path = folder.path().join("flux.dat");
    let file = |row: &dyn Fn([i64; 3]) -> [i64; 3]| {
        let line = |i: i64| {
            let [x, y, z] = row([i * 7919 % 13 - 6, i * 104_729 % 11 - 5, i * 1_299_709 % 7 - 3]);
            format!("{} {x} {y} {z}\n", 100 * i)
        };
        std::fs::write(&path, format!("# TimeStep v_Jx v_Jy v_Jz\n{}", (1..=200).map(line).collect::<String>()))
            .unwrap();
        let mut command = transport_at("1");
        command.args(["--volume", "100", "--formula-units", "4", "--current", path.to_str().unwrap()]);
        command
    };
    for (row, words) in [
        (&(|[x, y, _]: [i64; 3]| [x, y, 0]) as &dyn Fn([i64; 3]) -> [i64; 3], "the current is 0 along z at all times"),
        (&|[_, y, _]| [0, y, 0], "the current is 0 along x and z at all times"),
    ] {
        let message = refusal(&mut file(row), 1);
        assert!(message.contains(words), "{message}");
        // Beside a dump that is in space, this is said and not how much of its motion the current misses.
        let message = refusal(file(row).arg(&dump).args(["--cation", "1", "--anion", "2"]), 1);
        assert!(message.contains(words), "{message}");
    }
    file(&|row| row).assert().success();
}

/// Free ions whose unwrapped positions `change` writes anew, in a box of the edge that is known to it.
fn under_another_name(folder: &Path, names: &str, change: impl Fn(f64, f64) -> f64) -> PathBuf {
    damaged(folder, Brownian::default(), |text| {
        let edge: f64 = text.lines().nth(5).unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let line = |line: &str| {
            let mut words: Vec<String> = line.split(' ').map(String::from).collect();
            if words.len() == 7 && !line.starts_with("ITEM") {
                words[4..].iter_mut().for_each(|word| *word = change(word.parse().unwrap(), edge).to_string());
            }
            words.join(" ") + "\n"
        };
        text.lines().map(line).collect::<String>().replace("xu yu zu", names)
    })
}

#[test]
fn positions_under_the_names_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let fractions = under_another_name(folder.path(), "xu yu zu", |x, edge| x / edge);
    let output = transport(&fractions).args(["--temperature", "1"]).assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert_eq!(said.matches("if they are fractions of it, name them xsu ysu zsu").count(), 1, "{said}");
    let good = under_another_name(folder.path(), "xsu ysu zsu", |x, edge| x / edge);
    let output = transport(&good).args(["--temperature", "1"]).assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(!said.contains("name them"), "{said}");
}

#[test]
fn ions_that_share_a_molecule_id() {
    let folder = tempfile::tempdir().unwrap();
    let dump = with_rows(folder.path(), "", |words| words[2] = words[1].clone());
    let mut command = ionscape();
    command.args(["transport", dump.to_str().unwrap(), "--units", "lj", "--timestep", "0.01", "--temperature", "1"]);
    let message = refusal(command.args(["--ion", "a:mol:1:1", "--ion", "b:mol:2:-1"]), 1);
    let said = message.contains("of the cell apart, which no bond spans");
    assert!(said && message.contains("do several ions share a molecule id?"), "{message}");
}

/// Each atom's nearest is its own partner: what matters is whether all hang together.
#[test]
fn molecules_that_share_an_id() {
    let folder = tempfile::tempdir().unwrap();
    let style = Brownian { n: 60, molecules: true, ..Brownian::default() };
    let dump = folder.path().join("dump");
    style.write(&dump, 80, 1);
    let text = std::fs::read_to_string(&dump).unwrap();
    // Ids of anions are from 61 on, each on two rows: one for all, one for each two, and their own.
    let shared = |name: fn(usize) -> usize| -> String {
        let row = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
            [id, kind @ ("2" | "3"), mol, ref rest @ ..] => {
                format!("{id} {kind} {} {}\n", name(mol.parse().unwrap()), rest.join(" "))
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(row).collect()
    };
    let run = |text: String| {
        std::fs::write(&dump, text).unwrap();
        let mut command = transport_at("1");
        command.arg(&dump).args(["--ion", "cat:1:1", "--ion", "an:mol:2,3:-1", "--mass", "2=3", "--mass", "3=1"]);
        command
    };
    for name in [(|_| 1) as fn(usize) -> usize, |mol| mol.div_ceil(2)] {
        let message = refusal(&mut run(shared(name)), 1);
        let said = message.contains("of the cell apart, which no bond spans, and no others hold the molecule together");
        assert!(said && message.contains("do several ions share a molecule id?"), "{message}");
    }
    run(shared(|mol| mol)).assert().success();
}

#[test]
fn temperatures_that_velocities_contradict() {
    let folder = tempfile::tempdir().unwrap();
    // m v^2 / 3 is 2, of velocities that add up to nothing and tell nothing of the path.
    let dump = with_rows(folder.path(), " mass vx vy vz", |words| {
        let id: usize = words[0].parse().unwrap();
        let mut v = [0.0; 3];
        v[id % 3] = if id.is_multiple_of(2) { 1.0 } else { -1.0 };
        words.extend(["6".into()].into_iter().chain(v.map(|v| f64::to_string(&v))));
    });
    let note = |temperature: &str| {
        let output = transport(&dump).args(["--temperature", temperature]).assert().success().get_output().clone();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    // Of 8 ions, less the three degrees of freedom of their centre of mass.
    assert!(note("1").contains("velocities are of a temperature of 2."), "{}", note("1"));
    assert!(!note("2.2").contains("velocities are of a temperature"), "{}", note("2.2"));
}

#[test]
fn a_volume_beside_the_dumps_own_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    Brownian::default().write(&dump, 80, 1);
    let output =
        transport(&dump).args(["--temperature", "1", "--volume", "500"]).assert().success().get_output().clone();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(text.contains("volume 500 as given; the dump's is 1000"), "{text}");
}

/// A run of so few frames has numbers, and no curve.
#[test]
fn a_figure_of_nothing_loses_no_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    Brownian::default().write(&dump, 30, 1);
    let (figure, out) = (folder.path().join("f.svg"), folder.path().join("t.json"));
    let mut command = transport(&dump);
    command.args(["--temperature", "1", "--plot", figure.to_str().unwrap(), "--json", out.to_str().unwrap()]);
    let output = command.assert().code(1).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no curve to draw"));
    assert!(!output.stdout.is_empty() && json(&out)["verdict"] == "too-short" && !figure.exists());
    let message = refusal(transport(&dump).args(["--temperature", "1", "--plot", "f.pdf"]), 2);
    assert!(message.contains("figures are drawn as .svg or .png"), "{message}");
}
