//! Configurations of model salts with a planted local field, and data sets of them.
#![allow(dead_code)]

use std::fmt::Write;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How one system's ions are placed.
#[derive(Clone, Copy)]
pub struct Salt {
    /// Ions per volume.
    pub density: f64,
    /// Share of cations with an anion at contact.
    pub paired: f64,
    pub n_ions: usize,
    pub n_frames: usize,
    pub seed: u64,
}

/// A configuration: box length, positions, types (1 cation, 2 anion).
pub struct Configuration {
    pub side: f64,
    pub positions: Vec<[f64; 3]>,
    pub types: Vec<i32>,
}

impl Salt {
    /// A system of a grid of densities and shares of pairs, `i` of `n`, spread evenly over both.
    pub fn of_grid(i: usize, n: usize, seed: u64) -> Self {
        // Additive recurrence with the golden ratio: even in both dimensions for any n.
        let x = (i as f64 + 0.5) / n as f64;
        let y = (i as f64 * 0.618_033_988_75).fract();
        Self { density: 0.01 * 30f64.powf(x), paired: 0.9 * y, n_ions: 64, n_frames: 6, seed: seed + i as u64 }
    }

    /// A system nearer to the middle of the grid: `breadth` 1 leaves it where it is, 0 takes it to the middle.
    pub fn narrowed(self, breadth: f64) -> Self {
        let towards = |x: f64, middle: f64| middle + breadth * (x - middle);
        Self {
            density: towards(self.density.ln(), (0.01 * 30f64.sqrt()).ln()).exp(),
            paired: towards(self.paired, 0.45),
            ..self
        }
    }

    /// Ions no closer than 0.9, pairs at 1.0 to 1.2.
    pub fn configurations(&self) -> Vec<Configuration> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        (0..self.n_frames).map(|_| self.configuration(&mut random)).collect()
    }

    fn configuration(&self, random: &mut ChaCha8Rng) -> Configuration {
        let side = (self.n_ions as f64 / self.density).cbrt();
        let mut c = Configuration { side, positions: vec![], types: vec![] };
        for _ in 0..self.n_ions / 2 {
            let cation = c.free_place(random, |random| std::array::from_fn(|_| side * random.random::<f64>()));
            c.positions.push(cation);
            c.types.push(1);
            let pair = random.random::<f64>() < self.paired;
            let anion = c.free_place(random, |random| match pair {
                false => std::array::from_fn(|_| side * random.random::<f64>()),
                true => {
                    let r = 1.0 + 0.2 * random.random::<f64>();
                    let z = 2.0 * random.random::<f64>() - 1.0;
                    let (s, phi) = ((1.0 - z * z).sqrt(), std::f64::consts::TAU * random.random::<f64>());
                    let step = [s * phi.cos(), s * phi.sin(), z];
                    std::array::from_fn(|k| (cation[k] + r * step[k]).rem_euclid(side))
                }
            });
            c.positions.push(anion);
            c.types.push(2);
        }
        c
    }

    /// A LAMMPS dump of all frames.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        for (frame, c) in self.configurations().iter().enumerate() {
            let n = c.positions.len();
            let _ = write!(text, "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n{n}\n", 100 * frame);
            let _ = write!(text, "ITEM: BOX BOUNDS pp pp pp\n{0}{0}{0}", format!("0 {:.9}\n", c.side));
            text.push_str("ITEM: ATOMS id type q x y z\n");
            for (i, (x, t)) in c.positions.iter().zip(&c.types).enumerate() {
                let q = if *t == 1 { 1 } else { -1 };
                let _ = writeln!(text, "{} {t} {q} {:.9} {:.9} {:.9}", i + 1, x[0], x[1], x[2]);
            }
        }
        text
    }

    /// The planted conductivity of every ion of every frame, in order.
    pub fn field(&self) -> Vec<f64> {
        self.configurations().iter().flat_map(Configuration::field).collect()
    }
}

impl Configuration {
    fn distance(&self, a: [f64; 3], b: [f64; 3]) -> f64 {
        (0..3)
            .map(|k| {
                let d = a[k] - b[k];
                (d - self.side * (d / self.side).round()).powi(2)
            })
            .sum::<f64>()
            .sqrt()
    }

    fn free_place(&self, random: &mut ChaCha8Rng, mut propose: impl FnMut(&mut ChaCha8Rng) -> [f64; 3]) -> [f64; 3] {
        loop {
            let x = propose(random);
            if self.positions.iter().all(|&other| self.distance(x, other) >= 0.9) {
                return x;
            }
        }
    }

    /// A nonlinear function of each ion's surroundings: unlike neighbours hold it back, more and more slowly, and like
    /// ones nearby let it go a little.
    fn field(&self) -> Vec<f64> {
        let n = self.positions.len();
        (0..n)
            .map(|i| {
                let (mut like, mut unlike) = (0.0, 0.0);
                for j in (0..n).filter(|&j| j != i) {
                    let near = (-(self.distance(self.positions[i], self.positions[j]) / 2.0).powi(2)).exp();
                    *(if self.types[i] == self.types[j] { &mut like } else { &mut unlike }) += near;
                }
                2.0 / (1.0 + 1.5 * unlike) * (1.0 + 0.3 * f64::tanh(like))
            })
            .collect()
    }
}

/// Writes systems and a `dataset.toml`, labels being the planted means with normal noise of relative size `noise`.
pub fn write_dataset(folder: &Path, salts: &[Salt], noise: f64) {
    write_noisy_dataset(folder, salts, noise, 99);
}

/// The same with a seed for the noise.
pub fn write_noisy_dataset(folder: &Path, salts: &[Salt], noise: f64, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut text = String::from(
        "units = \"lj\"\nspecies = { 1 = \"cation\", 2 = \"anion\" }\ncharges = { cation = 1.0, anion = -1.0 }\n",
    );
    for (i, salt) in salts.iter().enumerate() {
        std::fs::write(folder.join(format!("s{i}.lammpstrj")), salt.dump()).unwrap();
        let field = salt.field();
        let mean = field.iter().sum::<f64>() / field.len() as f64;
        let (u, v): (f64, f64) = (random.random(), random.random());
        let deviate = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let _ = write!(
            text,
            "\n[[system]]\nname = \"s{i}\"\nsnapshots = \"s{i}.lammpstrj\"\nmolar_conductivity = {:.6}\n\
             molar_conductivity_error = {:.6}\n",
            mean * (1.0 + noise * deviate),
            noise.max(0.002) * mean
        );
    }
    std::fs::write(folder.join("dataset.toml"), text).unwrap();
}

/// Adds to a data set of [`write_dataset`] dumps with the planted response of each ion at times 1 and 2, `noise` (over the
/// system's mean) being their scatter and stated error.
pub fn write_responses(folder: &Path, salts: &[Salt], noise: f64) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let path = folder.join("dataset.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().filter(|line| !line.starts_with("local")).map(String::from).collect();
    for (s, salt) in salts.iter().enumerate() {
        let field = salt.field();
        let mean = field.iter().sum::<f64>() / field.len() as f64;
        let mut ions = field.iter();
        let mut dump = String::new();
        for line in salt.dump().lines() {
            dump += line;
            if line.starts_with("ITEM: ATOMS") {
                dump += " lambda_1 error_1 lambda_2 error_2";
            } else if !line.starts_with("ITEM") && line.split_whitespace().count() == 6 {
                // Responses grow towards the conductivity, all alike; a field is told by departures from their mean.
                let value = 0.5 * (ions.next().unwrap() / mean + noise * normal(&mut random));
                let _ = write!(dump, " {value:.6} {0:.5} {value:.6} {0:.5}", 0.5 * noise);
            }
            dump.push('\n');
        }
        std::fs::write(folder.join(format!("local{s}.lammpstrj")), dump).unwrap();
        let at = lines.iter().position(|line| line.contains(&format!("\"s{s}.lammpstrj\""))).unwrap();
        lines.insert(at + 1, format!("local = \"local{s}.lammpstrj\"\nlocal_time = 1.0"));
    }
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
