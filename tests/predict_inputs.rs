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
