//! `ionscape report`: one page that says what `analyze` found, of what, and by which command.

mod fields;
mod salts;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use fields::{Folder, MODEL, Run, dataset};
use salts::Salt;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn sha256(path: impl AsRef<Path>) -> String {
    format!("{:x}", Sha256::digest(fs::read(path).unwrap()))
}

/// What stands in an attribute, wherever it does.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!(" {name}=\"");
    html.split(pattern.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The opening tags of elements with this name.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!("<{name}");
    let begins = |rest: &&str| rest.starts_with([' ', '>', '/']);
    html.split(pattern.as_str()).skip(1).filter(begins).filter_map(|rest| rest.split('>').next()).collect()
}

/// What a fact of the page says.
fn fact<'a>(html: &'a str, name: &str) -> &'a str {
    let found = html.split(&format!("<dt>{name}</dt><dd>")).nth(1).unwrap_or_else(|| panic!("no fact {name}"));
    found.split("</dd>").next().unwrap().trim_start_matches("<code>").trim_end_matches("</code>")
}

/// The page needs nothing beside it, and what cannot be seen is told.
fn assert_self_contained(html: &str) {
    for name in ["script", "link", "iframe", "object", "embed", "base"] {
        assert!(tags(html, name).is_empty(), "<{name}>");
    }
    let namespaces = ["xmlns=\"http://www.w3.org/2000/svg\"", "xmlns:xlink=\"http://www.w3.org/1999/xlink\""];
    let rest = namespaces.iter().fold(html.to_string(), |rest, name| rest.replace(name, ""));
    assert!(!rest.contains("http://") && !rest.contains("https://") && !rest.contains("@import"));
    for name in ["src", "href", "xlink:href"] {
        let outside = |target: &&str| !target.starts_with('#') && !target.starts_with("data:");
        assert_eq!(attribute(html, name).into_iter().find(outside), None, "{name}");
    }
    assert!(html.split("url(").skip(1).all(|rest| rest.starts_with(['#', '\'']) || rest.starts_with("data:")));
    let drawings = tags(html, "svg");
    assert!(!drawings.is_empty());
    for drawing in html.split("<svg").skip(1) {
        let (head, body) = drawing.split_once('>').unwrap();
        assert!(head.contains("role=\"img\"") && head.contains("aria-labelledby="), "{head}");
        let title = body.strip_prefix("<title id=\"").and_then(|rest| rest.split_once('>')).unwrap().1;
        assert!(!title.starts_with("</title>"), "a drawing has no title");
        assert!(body.contains("<desc id=\"") && !body.contains("></desc>"), "{title:.60} has no description");
    }
    let (mut ids, all) = (attribute(html, "id"), attribute(html, "id").len());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a name of a place stands twice");
}

/// A value to the second digit of its error.
fn shown(point: [&Value; 2], scale: f64) -> String {
    let [value, error] = point.map(|v| v.as_f64().map(|v| v * scale));
    match (value, error.filter(|e| *e > 0.0)) {
        (Some(value), Some(error)) => {
            let decimals = (1.0 - error.log10().floor()).max(0.0) as usize;
            format!("{value:.decimals$} \u{b1} {error:.decimals$}").replace('-', "\u{2212}")
        }
        (Some(value), None) => {
            let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
            format!("{value:.decimals$}").replace('-', "\u{2212}")
        }
        (None, _) => "\u{2013}".into(),
    }
}

fn point(point: &Value) -> [&Value; 2] {
    [&point[0], &point[1]]
}

#[test]
fn a_page_says_what_analyze_found() {
    let folder = Folder::new(&[("dump", &Run::new(60, 60, 1.0, 6).with_field())]);
    let options = ["dump", "--units", "lj", "--timestep", "0.005", "--pair-distance", "1.6", "--map", "z"];
    let found = folder.analyze(&options);
    let (output, _) = folder.run(&[&["report", "-o", "page.html"], &options[..]].concat());
    assert_eq!(output, "page.html\n");
    let html = folder.read("page.html");
    assert_self_contained(&html);
    let structure = &found["coordination"];
    let states = &found["states"]["states"];
    let relaxation = &found["temporal"]["relaxation"];
    let skewness = &found["shape"]["skewness"];
    for text in [
        "<!DOCTYPE html>".into(),
        format!(
            "The mean local molar conductivity of 60 ions over 60 frames is {} (lj units)",
            shown([&found["mean"], &found["mean_error"]], 1.0)
        ),
        format!("skewness is {}", shown([&skewness["mean"], &skewness["error"]["value"]], 1.0)),
        format!("relaxes over {} \u{3c4}", shown(point(relaxation), 0.5)),
        "frames stand 0.5 \u{3c4} apart".into(),
        format!(
            "{} unlike and {} like neighbours",
            shown(point(&structure["mean_unlike"]), 1.0),
            shown(point(&structure["mean_like"]), 1.0)
        ),
        format!(
            "one more unlike neighbour does not clearly change an ion's conductivity ({} lj units)",
            shown(point(&structure["per_unlike"]), 1.0)
        ),
        format!(
            ">{} %</td><td class=\"number\">{}</td>",
            shown(point(&states[0]["share"]), 100.0),
            shown(point(&states[0]["mean"]), 1.0)
        ),
        "Unlike ions within 1.6 \u{3c3} belong together (as given).".into(),
        format!("the field varies {} times", shown(point(&found["structure_factor"]["field"][0]), 1.0)),
    ] {
        let text = text.replace('\'', "&#39;");
        assert!(html.contains(&text) || html.contains(&text.replace("&#39;", "'")), "the page lacks `{text}`");
    }
    for name in ["How ions differ", "Do neighbours conduct alike?", "How long it lasts", "Where this comes from"] {
        assert!(html.contains(name), "{name}");
    }
    assert_eq!(fact(&html, "seed"), "0");
    assert_eq!(fact(&html, "SHA-256 of dump"), sha256(folder.path("dump")));
    assert_eq!(fact(&html, "made by"), format!("ionscape {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_page_comes_with_the_files_that_analyze_writes() {
    let folder = Folder::new(&[("dump", &Run::new(40, 10, 1.0, 12).with_field())]);
    folder.run(&["analyze", "dump", "--json", "a.json", "--csv", "a", "--plot", "a"]);
    folder.run(&["report", "dump", "-o", "page.html", "--json", "b.json", "--csv", "b", "--plot", "b"]);
    for file in [".json", "/spatial.csv", "/field.svg"] {
        assert!(folder.read(&format!("a{file}")) == folder.read(&format!("b{file}")), "{file}");
    }
    let message = folder.refusal(&["report", "dump", "-o", "new.html", "--json", "new.html"], 1);
    assert!(message.contains("two outputs have this name") && !folder.path("new.html").exists(), "{message}");
}

#[test]
fn a_page_has_the_card_of_its_model() {
    let folder =
        Folder::new(&[("dump", &Salt { density: 0.08, paired: 0.4, n_ions: 40, n_frames: 4, seed: 1 }.dump())]);
    folder.run(&["report", "dump", "--model", MODEL, "-o", "page.html", "--title", "Salt & <water>"]);
    let html = folder.read("page.html");
    assert_self_contained(&html);
    assert!(html.contains("<title>Salt &amp; &lt;water&gt;</title>") && html.contains("What the model goes by"));
    folder.run(&["inspect", MODEL, "--json", "card.json"]);
    let card = folder.json("card.json");
    assert_eq!(fact(&html, "SHA-256"), sha256(MODEL));
    assert_eq!(fact(&html, "SHA-256 of dump"), sha256(folder.path("dump")));
    assert_eq!(fact(&html, "units"), card["units"].as_str().unwrap());
    assert_eq!(fact(&html, "species"), "cation (+1), anion (-1)");
    assert_eq!(fact(&html, "members of the ensemble"), "32");
    let cutoff = format!("cutoff {}", card["descriptor"]["cutoff"].as_f64().unwrap());
    assert!(fact(&html, "descriptor").contains(&cutoff), "{}", fact(&html, "descriptor"));
}

#[test]
fn the_command_is_as_a_shell_takes_it() {
    let names = ["plain-1.0_a", "my run's \"best\" <b>&amp; $HOME`x`;*?.lammpstrj"];
    let folder = Folder::new(&[]);
    names.iter().for_each(|name| folder.write(name, &Run::new(20, 3, 1.0, 7).with_field()));
    for name in names {
        folder.run(&["report", name, "-o", "page.html"]);
        let html = folder.read("page.html");
        assert_self_contained(&html);
        let plain = |text: &str| {
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
            text.replace("&amp;", "&")
        };
        let command = plain(fact(&html, "command"));
        fs::remove_file(folder.path("page.html")).unwrap();
        // The shell finds the program where the test has it.
        let program = format!("'{}'", env!("CARGO_BIN_EXE_ionscape"));
        let line = command.replacen("ionscape", &program, 1);
        let mut shell = std::process::Command::new("sh");
        let done = shell.arg("-c").arg(&line).current_dir(folder.path("")).output().unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(folder.read("page.html") == html, "{command}");
        assert!(plain(&html).contains(&format!("SHA-256 of {name}")));
    }
}

#[test]
fn a_name_that_is_no_unicode_is_shown_as_well_as_it_can_be() {
    let folder = Folder::new(&[("dump", &Run::new(20, 3, 1.0, 8).with_field())]);
    let name = OsStr::from_bytes(b"r\xff.dump");
    // Some file systems have no such names.
    if fs::copy(folder.path("dump"), folder.path("").join(name)).is_err() {
        return;
    }
    let done = folder.command(&["report", "-o", "page.html"]).arg(name).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let html = folder.read("page.html");
    assert_eq!(fact(&html, "SHA-256 of r\u{fffd}.dump"), sha256(folder.path("dump")));
    assert!(fact(&html, "command").contains("r\u{fffd}.dump"));
}

#[test]
fn a_page_on_a_data_set() {
    let systems = [("dilute/1", "a"), ("<two>", "b"), ("three", "c")];
    let folder = Folder::new(&[("set.toml", &dataset(&systems))]);
    for (i, (_, dump)) in systems.iter().enumerate() {
        folder.write(dump, &Run::new(40, 10, 0.5 + 0.3 * i as f64, 20 + i as u64).with_field());
    }
    let found = folder.analyze(&["set.toml"]);
    folder.run(&["report", "set.toml", "-o", "page.html"]);
    let html = folder.read("page.html");
    assert_self_contained(&html);
    assert!(!html.contains("<two>") && html.contains("&lt;two&gt;") && html.contains("dilute/1"));
    let absolute = &found["across"]["all"]["absolute"];
    let chance = 100.0 * absolute["chance"].as_f64().unwrap();
    let said = format!("the correlation is {}, and {chance:.1} % of random", shown(point(&absolute["pearson"]), 1.0));
    assert!(html.contains(&said), "the page lacks `{said}`");
    for system in found["systems"].as_array().unwrap() {
        let mean = shown([&system["mean"], &system["mean_error"]], 1.0);
        assert!(html.contains(&mean), "{mean}");
    }
    assert_eq!(fact(&html, "SHA-256 of set.toml"), sha256(folder.path("set.toml")));
    let mut all = Sha256::new();
    systems.iter().for_each(|(_, dump)| all.update(sha256(folder.path(dump))));
    assert_eq!(fact(&html, "SHA-256 over those of its 3 files"), format!("{:x}", all.finalize()));

    folder.write("two.toml", &dataset(&systems[..2]));
    folder.run(&["report", "two.toml", "-o", "two.html"]);
    assert!(folder.read("two.html").contains("Fewer than three systems say nothing"));
}

#[test]
fn what_must_be_taken_with_care_is_a_warning() {
    let mut run = Run::new(40, 12, 1.0, 9);
    run.frames[5].retain(|ion| ion.id != 9);
    let folder = Folder::new(&[("dump", &run.with_field())]);
    folder.run(&["report", "dump", "-o", "page.html", "--varying-atoms"]);
    let html = folder.read("page.html");
    assert_self_contained(&html);
    assert!(html.contains("Warning") && html.contains("Step 500: the ions are not those of the first frame"));
    assert!(!html.contains("How long it lasts"));
    // 479 ions in 12 frames.
    assert!(html.contains("of 39.92 ions over 12 frames") && !html.contains("39.9166"), "the mean number is rounded");
}

#[test]
fn one_frame_of_one_kind_has_a_page_too() {
    let mut run = Run::new(20, 1, 1.0, 10);
    run.frames[0].retain(|ion| ion.kind == 1);
    let folder = Folder::new(&[("dump", &run.with_field())]);
    folder.run(&["report", "dump", "-o", "page.htm"]);
    let html = folder.read("page.htm");
    assert_self_contained(&html);
    assert!(html.contains("One frame gives no error of a mean over time") && !html.contains("NaN"));
}

#[test]
fn the_same_bytes_every_time_and_on_any_number_of_threads() {
    let salt = Salt { density: 0.08, paired: 0.4, n_ions: 40, n_frames: 8, seed: 2 };
    let folder = Folder::new(&[("dump", &salt.dump())]);
    let page = |threads: &str| {
        // As `--threads` would, but for the command that the page shows.
        let arguments = ["report", "dump", "--model", MODEL, "-o", "page.html"];
        let done = folder.command(&arguments).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        folder.read("page.html")
    };
    let first = page("1");
    assert!(first == page("1") && first == page("2"));
}

#[test]
fn reports_that_are_refused_leave_nothing() {
    let folder = Folder::new(&[("dump.html", &Run::new(20, 3, 1.0, 11).with_field())]);
    fs::copy(MODEL, folder.path("model.html")).unwrap();
    folder.write("bare", &Run::new(20, 3, 1.0, 11).bare());
    folder.write("set.toml", &dataset(&[("one", "dump.html")]));
    let (dump, model) = (folder.read("dump.html"), sha256(MODEL));
    let refusal = |arguments: &[&str]| folder.refusal(&[&["report"], arguments].concat(), 1);
    assert!(
        refusal(&["bare", "-o", "page.pdf"]).contains("page.pdf: the report is an HTML page; give the file the ending")
    );
    let message = refusal(&["dump.html", "-o", "nowhere/page.html"]);
    assert!(message.contains("the directory nowhere does not exist"), "{message}");
    for arguments in [
        &["dump.html", "-o", "dump.html"][..],
        &["set.toml", "-o", "dump.html"],
        &["bare", "--model", "model.html", "-o", "model.html"],
    ] {
        let message = refusal(arguments);
        assert!(message.contains("this file is read, and would be overwritten"), "{message}");
    }
    assert!(folder.read("dump.html") == dump && sha256(folder.path("model.html")) == model);
    assert!(refusal(&["bare", "-o", "page.html"]).contains("ionscape predict") && !folder.path("page.html").exists());
    assert!(refusal(&["none", "-o", "page.html"]).contains("none"));
    assert!(folder.refusal(&["report", "bare"], 2).contains("--output"));
}

/// A field of one value has no spread, no visits and no share of it.
#[test]
fn a_page_of_a_field_that_never_changes_has_numbers_alone() {
    let mut even = Run::new(40, 12, 1.0, 5);
    even.frames.iter_mut().flatten().for_each(|ion| ion.local = 1.0);
    let mut two = Run::new(40, 12, 1.0, 5);
    two.frames.iter_mut().flatten().for_each(|ion| ion.local = if ion.id % 5 == 0 { 1e-9 } else { 2e-9 });
    for (run, is_even) in [(even, true), (two, false)] {
        let folder = Folder::new(&[]);
        let ions = run.dump("id type q x y z local spread grade", ["c_lam[1]", "c_lam[2]", "c_lam[3]"]);
        folder.write("dump", &ions.replace("0.000000002 ", "2e-9 ").replace("0.000000001 ", "1e-9 "));
        folder.run(&["report", "dump", "-o", "page.html"]);
        let page = folder.read("page.html");
        let words: Vec<&str> = page.split(|c: char| !c.is_alphanumeric()).collect();
        for none in ["NaN", "inf", "nan"] {
            assert!(!words.contains(&none), "{none}");
        }
        for lost in ["mean 0.000", "mean of 0.000", "deviation 0.000", "by 0.000"] {
            assert!(is_even || !page.contains(lost), "{lost}");
        }
    }
}
