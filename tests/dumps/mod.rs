//! Dumps of ions whose motion is known, and the program that reads them.
#![allow(dead_code)]

pub mod collective;

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use assert_cmd::Command;
use ionscape::geometry::Cell;
use ionscape::output::AtomicFile;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub fn ionscape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
    command.env_remove("RUST_LOG").env_remove("RAYON_NUM_THREADS");
    command
}

/// `ionscape transport` in the units of [`Brownian`], on ions and at a temperature that are still to be named.
fn transport_in_lj() -> Command {
    let mut command = ionscape();
    command.args(["transport", "--units", "lj", "--timestep", "0.01"]);
    command
}

/// The same at a temperature.
pub fn transport_at(temperature: &str) -> Command {
    let mut command = transport_in_lj();
    command.args(["--temperature", temperature]);
    command
}

/// The same on a dump's cations and anions, without a temperature.
pub fn transport(dump: &Path) -> Command {
    let mut command = transport_in_lj();
    command.arg(dump).args(["--cation", "1", "--anion", "2"]);
    command
}

/// Standard error of a command that must fail with `status`.
pub fn refusal(command: &mut Command, status: i32) -> String {
    String::from_utf8(command.assert().code(status).get_output().stderr.clone()).unwrap()
}

pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// `n` cations and `n` anions that walk independently in a box of volume 1000, one frame every 100 steps of 0.01.
#[derive(Clone, Copy)]
pub struct Brownian {
    pub n: usize,
    /// Of cations and anions.
    pub diffusion: [f64; 2],
    /// Write `x y z ix iy iz` instead of `xu yu zu`.
    pub wrapped: bool,
    /// Lean the box.
    pub tilt: bool,
    /// Flip the leaning box in some frames, which then has other vectors of the same lattice.
    pub flips: bool,
    /// Relative amplitude of the box lengths.
    pub breath: f64,
    /// Atoms in another order in each frame.
    pub shuffle: bool,
    /// Variance of a common walk over that of a cation's.
    pub drift: f64,
    /// Pull to the starting place.
    pub spring: f64,
    /// Anions of two atoms, types 2 and 3 of masses 3 and 1, that turn about their centre of mass.
    pub molecules: bool,
}

impl Default for Brownian {
    fn default() -> Self {
        Self {
            n: 20,
            diffusion: [0.5, 0.5],
            wrapped: false,
            tilt: false,
            flips: false,
            breath: 0.0,
            shuffle: false,
            drift: 0.0,
            spring: 0.0,
            molecules: false,
        }
    }
}

impl Brownian {
    pub fn write(&self, path: &Path, n_frames: usize, seed: u64) {
        self.write_part(path, 0..n_frames, n_frames, seed);
    }

    /// The frames of a part of a run.
    pub fn write_part(&self, path: &Path, part: Range<usize>, n_frames: usize, seed: u64) {
        let mut file = AtomicFile::create(path).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut order = ChaCha8Rng::seed_from_u64(seed + 1);
        let mut places: Vec<[f64; 3]> =
            (0..2 * self.n).map(|_| std::array::from_fn(|_| random.random_range(0.0..1.0))).collect();
        let start = places.clone();
        for frame in 0..n_frames {
            let cell = self.cell(frame);
            if frame > 0 {
                let common: [f64; 3] = std::array::from_fn(|_| self.drift.sqrt() * normal(&mut random));
                for (ion, place) in places.iter_mut().enumerate() {
                    // Variance 2 D t for t = 1.
                    let width = (2.0 * self.diffusion[ion / self.n]).sqrt();
                    let step: [f64; 3] = std::array::from_fn(|k| width * (normal(&mut random) + 2.0 * common[k]));
                    let corner = cell.origin();
                    let moved = cell.to_fractional(std::array::from_fn(|k| corner[k] + step[k]));
                    for k in 0..3 {
                        place[k] += moved[k] - self.spring * (place[k] - start[ion][k]);
                    }
                }
            }
            if part.contains(&frame) {
                file.write_all(self.frame(frame, &cell, &places, &mut order).as_bytes()).unwrap();
            }
        }
        file.commit().unwrap();
    }

    fn cell(&self, frame: usize) -> Cell {
        let half = 5.0 * (1.0 + self.breath * (frame as f64 * 0.7).sin());
        let tilt = if self.tilt { [0.4 * half, -0.2 * half, 0.3 * half] } else { [0.0; 3] };
        Cell::from_lammps([-half; 3], [half; 3], tilt, [true; 3]).unwrap()
    }

    /// The box of a frame as the dump has it.
    fn shown(&self, frame: usize) -> Cell {
        let cell = self.cell(frame);
        if !self.flips || frame % 7 < 4 {
            return cell;
        }
        let [a, b, c] = cell.vectors();
        let sum = |u: [f64; 3], v: [f64; 3], sign: f64| std::array::from_fn(|k| u[k] + sign * v[k]);
        Cell::new(cell.origin(), [a, sum(b, a, -1.0), sum(c, b, 1.0)], [true; 3]).unwrap()
    }

    fn frame(&self, frame: usize, cell: &Cell, places: &[[f64; 3]], random: &mut ChaCha8Rng) -> String {
        let fractional = cell;
        let cell = &self.shown(frame);
        let (lo, vectors) = (cell.origin(), cell.vectors());
        let mut atoms = vec![];
        for (ion, place) in places.iter().enumerate() {
            let center = fractional.to_cartesian(*place);
            let (first, molecule) = (ion / self.n == 0, ion + 1);
            if first || !self.molecules {
                let kind = ion / self.n + 1;
                atoms.push(self.atom(ion + 1, kind, molecule, if first { 1.0 } else { -1.0 }, center, cell));
            } else {
                let arm = (0.9 * frame as f64 + ion as f64).sin_cos();
                let at = |r: f64| [center[0] + r * arm.0, center[1] + r * arm.1, center[2]];
                atoms.push(self.atom(ion + 1, 2, molecule, -0.75, at(0.3), cell));
                atoms.push(self.atom(ion + 1 + self.n, 3, molecule, -0.25, at(-0.9), cell));
            }
        }
        if self.shuffle {
            for i in (1..atoms.len()).rev() {
                atoms.swap(i, random.random_range(0..=i));
            }
        }
        let columns = if self.wrapped { "x y z ix iy iz" } else { "xu yu zu" };
        let mut text = format!("ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n{}\n", 100 * frame, atoms.len());
        let [xy, xz, yz] = [vectors[1][0], vectors[2][0], vectors[2][1]];
        if self.tilt {
            let edges = [
                (
                    lo[0] + 0f64.min(xy).min(xz).min(xy + xz),
                    lo[0] + vectors[0][0] + 0f64.max(xy).max(xz).max(xy + xz),
                    xy,
                ),
                (lo[1] + 0f64.min(yz), lo[1] + vectors[1][1] + 0f64.max(yz), xz),
                (lo[2], lo[2] + vectors[2][2], yz),
            ];
            text.push_str("ITEM: BOX BOUNDS xy xz yz pp pp pp\n");
            edges.iter().for_each(|(low, high, tilt)| writeln!(text, "{low:.16e} {high:.16e} {tilt:.16e}").unwrap());
        } else {
            text.push_str("ITEM: BOX BOUNDS pp pp pp\n");
            (0..3).for_each(|k| writeln!(text, "{:.16e} {:.16e}", lo[k], lo[k] + vectors[k][k]).unwrap());
        }
        writeln!(text, "ITEM: ATOMS id type mol q {columns}").unwrap();
        text.push_str(&atoms.concat());
        text
    }

    fn atom(&self, id: usize, kind: usize, molecule: usize, charge: f64, at: [f64; 3], cell: &Cell) -> String {
        let mut line = format!("{id} {kind} {molecule} {charge}");
        if self.wrapped {
            let images = cell.to_fractional(at).map(f64::floor);
            let shift = cell.translation(images);
            (0..3).for_each(|k| write!(line, " {:.8}", at[k] - shift[k]).unwrap());
            images.iter().for_each(|n| write!(line, " {n}").unwrap());
        } else {
            at.iter().for_each(|x| write!(line, " {x:.8}").unwrap());
        }
        line.push('\n');
        line
    }
}
