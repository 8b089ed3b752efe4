//! Dumps of ions with a field that is known, in a folder where the program runs.
#![allow(dead_code)]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

pub const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/electrolyte.onnx");
pub const OTHER_MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx");

/// An ion of one frame.
#[derive(Clone, Copy)]
pub struct Ion {
    pub id: usize,
    pub kind: i32,
    pub charge: i32,
    pub x: [f64; 3],
    pub local: f64,
}

/// Frames of ions in a box of length 10: cations of type 1, then as many anions of type 2.
#[derive(Clone)]
pub struct Run {
    pub steps: Vec<i64>,
    pub frames: Vec<Vec<Ion>>,
}

impl Run {
    /// Ions that walk, and values about `mean` that forget themselves within some frames.
    pub fn new(n_ions: usize, n_frames: usize, mean: f64, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut ions: Vec<Ion> = (0..n_ions)
            .map(|i| {
                let (kind, charge) = if 2 * i < n_ions { (1, 1) } else { (2, -1) };
                let x = std::array::from_fn(|_| 10.0 * random.random::<f64>());
                Ion { id: i + 1, kind, charge, x, local: mean }
            })
            .collect();
        let mut frames = vec![];
        for _ in 0..n_frames {
            for ion in &mut ions {
                ion.x = ion.x.map(|x| (x + 0.4 * (random.random::<f64>() - 0.5)).rem_euclid(10.0));
                let own = 0.7 * (ion.local - mean) + 0.3 * mean * (random.random::<f64>() - 0.5);
                ion.local = mean + own;
            }
            frames.push(ions.clone());
        }
        Self { steps: (0..n_frames as i64).map(|t| 100 * t).collect(), frames }
    }

    /// A dump with these columns of `id type q x y z local spread grade`; the last three have names of their own.
    pub fn dump(&self, columns: &str, names: [&str; 3]) -> String {
        let mut text = String::new();
        for (step, ions) in self.steps.iter().zip(&self.frames) {
            let heading = columns.replace("local", names[0]).replace("spread", names[1]).replace("grade", names[2]);
            let _ = writeln!(text, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}", ions.len());
            let _ = writeln!(text, "ITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\nITEM: ATOMS {heading}");
            for ion in ions {
                let cell = |name| match name {
                    "id" => ion.id.to_string(),
                    "type" => ion.kind.to_string(),
                    "q" => ion.charge.to_string(),
                    "x" => format!("{:.6}", ion.x[0]),
                    "y" => format!("{:.6}", ion.x[1]),
                    "z" => format!("{:.6}", ion.x[2]),
                    "local" => format!("{:.9}", ion.local),
                    "spread" => "0.01".into(),
                    _ => "0.5".into(),
                };
                let _ = writeln!(text, "{}", columns.split(' ').map(cell).collect::<Vec<_>>().join(" "));
            }
        }
        text
    }

    /// As `compute lam ... conductivity/atom` has it.
    pub fn with_field(&self) -> String {
        self.dump("id type q x y z local spread grade", ["c_lam[1]", "c_lam[2]", "c_lam[3]"])
    }

    pub fn bare(&self) -> String {
        self.dump("id type q x y z", [""; 3])
    }
}

/// A folder of files that a test writes and the program reads.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
        command.env_remove("RUST_LOG").env_remove("RAYON_NUM_THREADS").current_dir(self.0.path()).args(arguments);
        command
    }

    /// Standard output and standard error of a command that must succeed.
    pub fn run(&self, arguments: &[&str]) -> (String, String) {
        let done = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (output, notes) = (text(done.stdout), text(done.stderr));
        assert!(done.status.success(), "{notes}");
        (output, notes)
    }

    /// All results of `ionscape analyze`.
    pub fn analyze(&self, arguments: &[&str]) -> Value {
        self.run(&[&["analyze", "--json", "all.json"], arguments].concat());
        self.json("all.json")
    }

    /// Standard error of a command that must fail with `status`, in words of the program.
    pub fn refusal(&self, arguments: &[&str], status: i32) -> String {
        let done = self.command(arguments).output().unwrap();
        let message = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(status), "{message}");
        assert!(status != 1 || message.lines().last().is_some_and(|line| line.starts_with("ionscape: ")), "{message}");
        message
    }
}

/// A data set of these systems, with their dumps.
pub fn dataset(systems: &[(&str, &str)]) -> String {
    let mut text = "units = \"lj\"\nspecies = { 1 = \"cation\", 2 = \"anion\" }\n".to_string();
    text += "charges = { cation = 1.0, anion = -1.0 }\n";
    for (name, dump) in systems {
        let _ = write!(text, "[[system]]\nname = \"{name}\"\nsnapshots = \"{dump}\"\n");
        let _ = write!(text, "molar_conductivity = 1.0\nmolar_conductivity_error = 0.1\n");
    }
    text
}

/// Whether numbers are the same but for rounding.
pub fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(k, v)| close(v, &b[k])),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * (1.0 + a.abs()),
            _ => a == b,
        },
    }
}
