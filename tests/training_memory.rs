//! A data set that is larger than memory trains from disk.

mod salts;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use salts::{Salt, write_dataset};

/// Trains on the data set of a folder; the most anonymous memory that the process was seen to hold, in bytes.
fn anonymous(folder: &Path) -> f64 {
    let mut train = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    train.arg("train").arg(folder.join("dataset.toml")).arg("-o").arg(folder.join("m.onnx")).arg("--threads").arg("1");
    train.arg("--cache").arg(folder).arg("--config").arg(folder.join("train.toml"));
    let mut child = train.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0f64;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        most = most.max(line.map_or(0.0, |l| l.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success());
    most
}

/// Bytes of the features that are kept in a folder.
fn features(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    files.filter(|p| p.extension().is_some_and(|e| e == "f32")).map(|p| p.metadata().unwrap().len() as f64).sum()
}

#[test]
fn anonymous_memory_does_not_grow_with_the_number_of_environments() {
    let measure = |factor: usize| {
        let folder = tempfile::tempdir().unwrap();
        let salts: Vec<Salt> = (0..3).map(|i| Salt { n_frames: 8 * factor, ..Salt::of_grid(i, 3, 40) }).collect();
        write_dataset(folder.path(), &salts, 0.01);
        let settings = "[input]\nsample = 200\n[gaussian_process]\nfeatures = 64\nsample = 200\nlength_scales = [1.0]\n\
                        [descriptor]\nkind = \"soap-power-spectrum\"\nconvention = \"dscribe-gto\"\ncutoff = 3.0\n\
                        n_max = 4\nl_max = 3\nsigma = 0.5\n";
        std::fs::write(folder.path().join("train.toml"), settings).unwrap();
        let anonymous = anonymous(folder.path());
        (anonymous, features(folder.path()))
    };
    let (few, many) = (measure(1), measure(64));
    eprintln!("anonymous memory {few:?} and {many:?} bytes, beside features");
    assert!(many.1 - few.1 > 5e7);
    assert!(many.0 - few.0 < 0.2 * (many.1 - few.1), "{few:?} {many:?}");
}
