//! Campaigns with a program in LAMMPS's place: plans, refusals, failures, and ends after kills at random moments.

mod standin;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use standin::{Bench, CAMPAIGN, SCRIPT};

#[test]
fn a_campaign_ends_with_a_data_set() {
    let bench = Bench::new();
    bench.succeed(&["-o", "out", "--json", "out.json"]);
    let dataset = bench.read("out/dataset.toml");
    let path = bench.path("out/dataset.toml");
    let parsed = ionscape::dataset::Dataset::parse(&path, &dataset).unwrap();
    assert_eq!(parsed.systems.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a1_b2", "a1_b3", "a9_b9"]);
    for system in &parsed.systems {
        // The stand-in's ions drift with a slope of 2 per pair under a unit field.
        let (value, error) = (system.molar_conductivity.unwrap(), system.molar_conductivity_error.unwrap());
        assert!((value - 2.0).abs() < 5.0 * error && error < 0.2, "{value} +- {error}");
        assert!(bench.path("out").join(&system.name).join("snapshots.lammpstrj.zst").is_file());
        assert!(!bench.path("out").join(&system.name).join("produce-000").exists());
    }
    let json: serde_json::Value = serde_json::from_str(&bench.read("out.json")).unwrap();
    assert!(json[0]["reached"].as_bool().unwrap() && json[0]["response"]["value"].is_number());
}

#[test]
fn one_system_alone_and_nothing_yet_are_told() {
    let bench = Bench::new();
    let message = bench.fail(&["-o", "out", "--collect"]);
    assert!(message.contains("out: there are no results yet; run without --collect"), "{message}");
    // Results are of whole campaigns: with one system alone, there would be no file.
    let alone = ["-o", "out", "--system", "a1_b2", "--json", "out.json"];
    assert_eq!(bench.command(&alone).stderr(Stdio::null()).status().unwrap().code(), Some(2));
    let plan = bench.output(&["-o", "out", "--system", "a1_b3", "--dry-run"]);
    assert!(plan.contains("a1_b3: ") && !plan.contains("a1_b2: "), "{plan}");
}

#[test]
fn temperatures_may_vary_and_species_may_be_lacking() {
    let bench = Bench::new();
    // The stand-in has types 1 and 2; a system without the third is an end of a series of mixtures.
    let third = CAMPAIGN.replace("2 = \"anion\" }", "2 = \"anion\", 3 = \"other\", 4 = \"solvent\" }");
    let third = third.replace("anion = -1.0", "anion = -1.0, other = 1.0, solvent = 0.0");
    let third = third.replace("temperature = 1.0", "temperature = \"b\"");
    assert!(third.contains("solvent = 0.0") && third.contains("temperature = \"b\""));
    bench.campaign(&third);
    let message = bench.fail(&["-o", "refused", "--system", "a1_b2"]);
    assert!(message.contains("no atom of type 3"), "{message}");
    bench.campaign(&format!("optional = [\"other\"]\n{third}"));
    bench.succeed(&["-o", "out"]);
    let dataset = bench.read("out/dataset.toml");
    let parsed = ionscape::dataset::Dataset::parse(&bench.path("out/dataset.toml"), &dataset).unwrap();
    let system = &parsed.systems[0];
    assert_eq!((system.temperature, parsed.charges["solvent"]), (Some(2.0), 0.0));
    let made = system.provenance.as_ref().unwrap();
    // One pair in a volume of 1000, in lj units.
    let value = |key: &str| made[key].as_array().map(|pair| pair[0].as_float().unwrap());
    assert_eq!(made["volume"].as_float(), Some(1000.0));
    let found = value("conductivity").unwrap() * 1000.0;
    assert!((found / system.molar_conductivity.unwrap() - 1.0).abs() < 0.01, "{found}");
    bench.campaign(&format!("optional = [\"another\"]\n{third}"));
    assert!(bench.fail(&["-o", "refused"]).contains("optional: another is not among the species"));
}

#[test]
fn killed_at_random_moments_it_ends_with_the_same_bytes() {
    let bench = Bench::new();
    bench.succeed(&["-o", "whole"]);
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..10 {
        let mut child = bench.command(&["-o", "cut", "--concurrent", "1"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.random_range(30..900)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    bench.succeed(&["-o", "cut", "--concurrent", "1"]);
    assert_eq!(bench.read("whole/dataset.toml"), bench.read("cut/dataset.toml"));
    let again = bench.succeed(&["-o", "cut"]);
    assert!(again.contains("finished (already)"), "{again}");
    assert_eq!(bench.read("whole/dataset.toml"), bench.read("cut/dataset.toml"));
}

/// The pairs of a batch that is under way when the limit is reached are run to its end, kill or none.
#[test]
fn killed_within_a_batch_at_its_limit_it_ends_with_the_same_bytes() {
    let bench = Bench::new();
    bench.campaign(
        &CAMPAIGN.replace("longest = 400", "longest = 60").replace("target_error = 0.05", "target_error = 1e-4"),
    );
    let only = |output| ["-o", output, "--system", "a1_b2"];
    bench.succeed(&only("whole"));
    fs::write(bench.path("killer"), "").unwrap();
    let status = bench.command(&only("cut")).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success() && !bench.path("killer").exists(), "it was not killed");
    let state = bench.read("cut/a1_b2/state.json");
    assert!(state.contains("\"pairs_begun\": 8") && state.contains("\"finished\": null"), "{state}");
    bench.succeed(&only("cut"));
    assert_eq!(bench.read("whole/a1_b2/state.json"), bench.read("cut/a1_b2/state.json"));
}

#[test]
fn nothing_runs_on_after_a_kill() {
    let bench = Bench::new();
    fs::write(bench.path("slow"), "").unwrap();
    let mut child = bench.command(&["-o", "out", "--concurrent", "1"]).stderr(Stdio::null()).spawn().unwrap();
    let alive = || fs::read_to_string(bench.path("beat")).ok();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(50));
        if alive().is_some() {
            break;
        }
    }
    assert!(alive().is_some(), "the stand-in did not start");
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let then = alive();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(alive(), then, "the stand-in's heart still beats");
}

#[test]
fn a_failure_stops_one_system_and_is_told_in_lammps_words() {
    let bench = Bench::new();
    fs::write(bench.path("fail-b3"), "").unwrap();
    let message = bench.fail(&["-o", "out"]);
    assert!(
        message.contains("ERROR: Lost atoms") && message.contains("a1_b3/produce-000.partial/log.lammps"),
        "{message}"
    );
    assert!(message.contains("1 of 3 systems failed: a1_b3"), "{message}");
    assert_eq!(bench.read("out/dataset.toml").matches("[[system]]").count(), 2);
    fs::remove_file(bench.path("fail-b3")).unwrap();
    bench.succeed(&["-o", "out"]);
    assert_eq!(bench.read("out/dataset.toml").matches("[[system]]").count(), 3);
}

#[test]
fn a_longer_target_goes_on_and_other_variables_are_refused() {
    let bench = Bench::new();
    bench.succeed(&["-o", "out"]);
    let pairs =
        |text: &str| -> usize { text.lines().filter_map(|l| l.strip_prefix("pairs = ")?.parse::<usize>().ok()).sum() };
    let before = pairs(&bench.read("out/dataset.toml"));
    bench.campaign(
        &CAMPAIGN.replace("target_error = 0.05", "target_error = 0.015").replace("most_pairs = 8", "most_pairs = 20"),
    );
    bench.succeed(&["-o", "out"]);
    assert!(pairs(&bench.read("out/dataset.toml")) > before);
    bench.campaign(&CAMPAIGN.replace("temperature = 1.0", "temperature = 2.0"));
    let message = bench.fail(&["-o", "out"]);
    assert!(message.contains("temperature = 1, and the campaign now says 2"), "{message}");
    bench.campaign(&format!("{CAMPAIGN}\n[run]\narguments = [\"-sf\", \"opt\"]\n"));
    let message = bench.fail(&["-o", "out"]);
    assert!(message.contains("run.arguments = nothing, and the campaign now says -sf opt"), "{message}");
}

/// Steps between values of the drift follow from the timestep, and matter to pairs alone.
#[test]
fn of_what_changed_that_is_named_which_the_file_says() {
    let bench = Bench::new();
    let without = CAMPAIGN.replace("[response]", "[response]\nenabled = false").replace("= 0.05", "= 0.9");
    bench.campaign(&without);
    bench.succeed(&["-o", "out", "--system", "a1_b2"]);
    let refuse = |text: &str, message: &str| {
        bench.campaign(text);
        let found = bench.fail(&["-o", "out", "--system", "a1_b2"]);
        assert!(found.contains(message), "{found}");
    };
    refuse(&without.replace("timestep = 0.01", "timestep = 0.02"), "timestep = 0.01, and the campaign now says 0.02:");
    bench.campaign(&without.replace("length = 8", "length = 9\ninterval = 0.5").replace("every = 5", "every = 4"));
    bench.succeed(&["-o", "out", "--system", "a1_b2"]);
    bench.campaign(CAMPAIGN);
    bench.succeed(&["-o", "pairs", "--system", "a1_b2"]);
    bench.campaign(&CAMPAIGN.replace("length = 8", "length = 8\ninterval = 0.2"));
    let found = bench.fail(&["-o", "pairs", "--system", "a1_b2"]);
    assert!(found.contains("response.interval = 10 steps, and the campaign now says 20 steps"), "{found}");
}

/// The error asked, by too few pairs when the limit comes: that is what is lacking, and a later limit cures it.
#[test]
fn what_a_label_lacks_at_its_limit_is_said() {
    let bench = Bench::new();
    let many = CAMPAIGN.replace("most_pairs = 8", "most_pairs = 40");
    bench.campaign(&many.replace("longest = 400", "longest = 60"));
    let only = ["-o", "out", "--system", "a1_b2"];
    let said = bench.succeed(&only);
    let message = "the limit of 60 is reached: the error is within the 5.0 % asked, but rests on 8 pairs, and 20 are needed; raise \
                   label.longest";
    assert!(said.contains(message) && bench.read("out/a1_b2/state.json").contains(message), "{said}");
    bench.campaign(&many.replace("longest = 400", "longest = 4000"));
    let said = bench.succeed(&only);
    assert!(said.contains("the error asked, 5.0 %, is reached"), "{said}");
}

/// An end at the first error that happens to be small would come too early.
#[test]
fn one_chunk_is_not_believed_alone() {
    let bench = Bench::new();
    let text =
        CAMPAIGN.replace("target_error = 0.05", "target_error = 0.5").replace("most_pairs = 8", "most_pairs = 0");
    bench.campaign(&text.replace("longest = 400", "longest = 20"));
    let said = bench.succeed(&["-o", "short"]);
    assert!(said.contains("but rests on 1 chunk, and 2 are needed; raise label.longest"), "{said}");
    bench.campaign(&text);
    bench.succeed(&["-o", "out", "--json", "out.json"]);
    let json: serde_json::Value = serde_json::from_str(&bench.read("out.json")).unwrap();
    assert!(json.as_array().unwrap().iter().all(|row| row["chunks"] == 2 && row["reached"] == true), "{json}");
    // What ended before this rule was there stays as it is.
    let state = bench.path("short/a1_b2/state.json");
    let old = fs::read_to_string(&state).unwrap().replace("\"reached\": false", "\"reached\": true");
    fs::write(&state, &old).unwrap();
    let said = bench.succeed(&["-o", "short"]);
    assert!(said.contains("a1_b2: finished (already)") && !said.contains("a1_b3: finished (already)"), "{said}");
    assert_eq!(fs::read_to_string(&state).unwrap(), old);
}

#[test]
fn noise_that_does_not_repeat_is_said() {
    let bench = Bench::new();
    fs::write(bench.path("unrepeatable"), "").unwrap();
    bench.campaign(&CAMPAIGN.replace("longest = 400", "longest = 60"));
    let message = bench.succeed(&["-o", "out"]);
    assert!(message.contains("does not repeat with the seed"), "{message}");
    assert!(!bench.read("out/dataset.toml").contains("pairs ="));
}

#[test]
fn wrong_campaigns_are_refused_before_anything_runs() {
    let bench = Bench::new();
    for (from, to, message) in [
        ("in.test", "in.none", "in.none: No such file"),
        ("a{a}_b{b}", "a{a}_c{c}", "uses the variable c"),
        ("a{a}_b{b}", "a{a}", "two systems are called a1"),
        ("a{a}_b{b}", "a{a}/{b}", "cannot name a folder"),
        ("a{a}_b{b}", "dataset.toml", "is what the campaign's data set is called"),
        ("2 = \"anion\" }", "2 = \"anion\", 02 = \"cation\" }", "'02' and '2' are the same atom type"),
        ("target_error = 0.05", "target_error = 0.0", "target_error is 0; it must be above zero"),
        ("target_error = 0.05", "target = 0.05", "unknown field `target`"),
        ("chunk = 20", "chunk = 20.5", "no multiple of production.spacing"),
        (
            "longest = 400",
            "longest = 10",
            "label.longest is 10, and a system runs for a production.chunk of 20 at least",
        ),
        ("cation = 1.0, ", "", "there is none for cation"),
        ("b = 9", "b = 9\nseed = 1", "the variable seed is ionscape's own"),
        ("b = [2, 3]", "b = []", "grid: b is a list of no value"),
        ("b = 9", "b = nan", "the variable b is nan; give a number or a text"),
        ("length = 8", "length = \"none\"", "names the variable none"),
        (
            "timestep = 0.01",
            "timestep = 0.01\nbjerrum_length = \"l\"\nvariables = { l = 0 }",
            "bjerrum_length is 0; it must be above zero",
        ),
        (
            "length = 8",
            "length = 0.001",
            "system a1_b2: response.length is 0.001; paired response: the runs are too short",
        ),
        ("\"lj\"", "\"electron\"", "lj, real, metal and nano"),
    ] {
        assert!(CAMPAIGN.contains(from), "{from}");
        bench.campaign(&CAMPAIGN.replacen(from, to, 1));
        let found = bench.fail(&["-o", "refused"]);
        assert!(found.contains(message), "{to}: {found}");
        assert_eq!(bench.fail(&["-o", "refused", "--dry-run"]), found);
        assert!(!bench.path("refused").exists());
    }
    bench.campaign(CAMPAIGN);
    for (word, message) in
        [("stage_file", "must end with `include ${stage_file}`"), ("seed", "take its noise from ${seed}")]
    {
        fs::write(bench.path("in.test"), SCRIPT.replace(&format!("${{{word}}}"), "x")).unwrap();
        let found = bench.fail(&["-o", "refused"]);
        assert!(found.contains(message), "{found}");
    }
    fs::write(bench.path("in.test"), format!("include ${{folder}}/in.start\n{SCRIPT}")).unwrap();
    fs::write(bench.path("in.start"), "units metal # not lj\n").unwrap();
    for more in [&[][..], &["--dry-run"], &["--collect"], &["--slurm", "job.sh"]] {
        let found = bench.fail(&[&["-o", "refused"], more].concat());
        assert!(found.contains("in.test: the script's units are metal, and those of the campaign lj"), "{found}");
    }
    assert!(!bench.path("refused").exists());
}

#[test]
fn plans_and_job_arrays_run_nothing() {
    let bench = Bench::new();
    let plan = bench.output(&["-o", "out", "--dry-run"]);
    assert!(plan.contains("a1_b3: a=1 b=3") && plan.contains("3 systems"), "{plan}");
    bench.succeed(&["-o", "out", "--slurm", "job.sh"]);
    assert!(!bench.path("out").exists());
    let script = bench.read("job.sh");
    assert!(script.contains("systems=('a1_b2' 'a1_b3' 'a9_b9')") && script.contains("--array=0-2"), "{script}");
    // Each task, then the job that collects, as Slurm would run them.
    for task in ["0", "1", "2"] {
        let done = std::process::Command::new("bash")
            .arg(bench.path("job.sh"))
            .env("SLURM_ARRAY_TASK_ID", task)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    bench.succeed(&["-o", "out", "--collect"]);
    bench.succeed(&["-o", "whole"]);
    assert_eq!(bench.read("out/dataset.toml"), bench.read("whole/dataset.toml"));
}

#[test]
fn results_take_the_place_of_nothing_else() {
    let bench = Bench::new();
    let refuse = |arguments: &[&str], message: &str| {
        let found = bench.fail(arguments);
        assert!(found.contains(message), "{arguments:?}: {found}");
    };
    let itself = "is for what the campaign itself writes";
    refuse(&["-o", "out", "--slurm", "campaign.toml"], "campaign.toml: this file is read");
    refuse(&["-o", "out", "--slurm", "in.test"], "in.test: this file is read");
    refuse(&["-o", "out", "--json", "out"], itself);
    refuse(&["-o", "out", "--json", "out/a1_b2/state.json"], itself);
    refuse(&["-o", ".", "--json", "dataset.toml"], itself);
    refuse(&["-o", "lmp"], "lmp: this is no folder");
    fs::write(bench.path("a1_b3"), "mine").unwrap();
    refuse(&["-o", ".", "--dry-run"], "a1_b3: this is a file, and a system's folder has its name");
    assert!(!bench.path("out").exists());
    assert_eq!((bench.read("campaign.toml"), bench.read("in.test")), (CAMPAIGN.into(), SCRIPT.into()));

    bench.succeed(&["-o", "out"]);
    std::os::unix::fs::symlink("out/a1_b2/new.json", bench.path("link")).unwrap();
    let files = ["out/dataset.toml", "out/a1_b2/state.json", "out/a1_b2/snapshots.lammpstrj.zst"];
    let content = || files.map(|name| fs::read(bench.path(name)).unwrap());
    let before = content();
    for name in files.into_iter().chain(["out/a1_b2/new.json", "link"]) {
        for more in [&["--json", name][..], &["--json", name, "--collect"], &["--slurm", name]] {
            refuse(&[&["-o", "out"], more].concat(), itself);
        }
    }
    assert_eq!(content(), before);
    assert!(!bench.path("out/a1_b2/new.json").exists());
    bench.succeed(&["-o", "out", "--collect", "--json", "out/new.json"]);
}

#[test]
fn a_data_set_is_replaced_by_the_campaign_that_it_is_of() {
    let bench = Bench::new();
    bench.succeed(&["-o", "out"]);
    let own = bench.read("out/dataset.toml");
    let refuse = |why: &str| {
        let before = bench.read("out/dataset.toml");
        for more in [&[][..], &["--collect"], &["--dry-run"], &["--slurm", "job.sh"], &["--system", "a1_b2"]] {
            let found = bench.fail(&[&["-o", "out"], more].concat());
            assert!(
                found.contains("out/dataset.toml: this data set was not made from this campaign"),
                "{why}: {found}"
            );
        }
        assert_eq!(bench.read("out/dataset.toml"), before);
    };
    bench.campaign(&CAMPAIGN.replace("a{a}_b{b}", "c{a}_b{b}"));
    refuse("other systems");
    // Fewer systems, of which the others are still there, and one that is to be done again.
    let fewer = CAMPAIGN.replace("b = [2, 3]", "b = [2]");
    bench.campaign(&fewer);
    fs::remove_dir_all(bench.path("out/a9_b9")).unwrap();
    bench.succeed(&["-o", "out"]);
    assert_eq!(bench.read("out/dataset.toml").matches("[[system]]").count(), 2);
    bench.campaign(CAMPAIGN);
    bench.succeed(&["-o", "out", "--collect"]);
    assert_eq!(bench.read("out/dataset.toml"), own);
    let write = |text: &str| fs::write(bench.path("out/dataset.toml"), text).unwrap();
    let elsewhere = "\n[[system]]\nname = \"x\"\nmolar_conductivity = 1.0\nmolar_conductivity_error = 0.1\n";
    for text in [&format!("{own}{elsewhere}"), own.split_once('\n').unwrap().1, CAMPAIGN, ""] {
        write(text);
        refuse(text);
    }
}
