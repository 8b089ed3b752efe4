//! Dumps of ions that move together in a way that fixes all their transport coefficients.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use ionscape::output::AtomicFile;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::normal;

/// One ion and the independent walks, each of diffusion coefficient 1, that its motion is a sum of.
#[derive(Clone)]
pub struct Ion {
    pub species: usize,
    /// Walk, and its factor in this ion's displacement.
    pub walks: Vec<(usize, f64)>,
}

/// Ions whose steps are sums of independent random walks; a walk that several ions share makes them move together.
#[derive(Clone)]
pub struct Walks {
    /// Charge by species; atom types are species counted from 1.
    pub charges: Vec<f64>,
    pub ions: Vec<Ion>,
    pub n_walks: usize,
    /// A walk whose steps remember the one before by this share; its coefficient is 1 at long times all the same.
    pub slow: Option<(usize, f64)>,
}

/// How a run is written; lengths and times in the dump's units.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    pub n_frames: usize,
    pub seed: u64,
    /// Edge of the cubic box.
    pub edge: f64,
    /// Time between frames.
    pub spacing: f64,
    pub steps_between_frames: usize,
    /// The length unit over that in which the walks have coefficient 1.
    pub scale: f64,
    /// Name of the unit style in the dump's header.
    pub units: Option<&'a str>,
    pub with_charges: bool,
}

impl Walks {
    pub fn new(charges: &[f64]) -> Self {
        Self { charges: charges.to_vec(), ions: vec![], n_walks: 0, slow: None }
    }

    /// A walk that nothing has yet.
    pub fn walk(&mut self) -> usize {
        self.n_walks += 1;
        self.n_walks - 1
    }

    /// Ions that each have a walk of coefficient `diffusion` of their own, and the shared ones of these factors.
    pub fn add(&mut self, species: usize, n: usize, diffusion: f64, shared: &[(usize, f64)]) {
        for _ in 0..n {
            let own = (self.walk(), diffusion.sqrt());
            let walks = shared.iter().copied().chain([own]).collect();
            self.ions.push(Ion { species, walks });
        }
    }

    /// Groups of ions (by species) that move as one with coefficient `diffusion`.
    pub fn add_groups(&mut self, members: &[usize], n: usize, diffusion: f64) {
        for _ in 0..n {
            let walk = self.walk();
            let ion = |&species: &usize| Ion { species, walks: vec![(walk, diffusion.sqrt())] };
            self.ions.extend(members.iter().map(ion));
        }
    }

    pub fn n_ions(&self, species: usize) -> usize {
        self.ions.iter().filter(|ion| ion.species == species).count()
    }

    /// `K_ab = 1/6 d/dt <M_a.M_b>`: a walk that `a` has with factors that add up to `A` and `b` to `B` gives `A B`.
    pub fn coefficient(&self, a: usize, b: usize) -> f64 {
        let factors = |species: usize| {
            let mut sums = vec![0.0; self.n_walks];
            for (walk, factor) in self.ions.iter().filter(|ion| ion.species == species).flat_map(|ion| &ion.walks) {
                sums[*walk] += factor;
            }
            sums
        };
        factors(a).iter().zip(factors(b)).map(|(a, b)| a * b).sum()
    }

    /// Mean self-diffusion coefficient of a species.
    pub fn diffusion(&self, species: usize) -> f64 {
        let squares = |ion: &Ion| ion.walks.iter().map(|(_, factor)| factor * factor).sum::<f64>();
        let sum: f64 = self.ions.iter().filter(|ion| ion.species == species).map(squares).sum();
        sum / self.n_ions(species) as f64
    }

    /// Coefficient of the charge, `sum z_a z_b K_ab`.
    pub fn charge(&self) -> f64 {
        (0..self.charges.len()).map(|a| self.current_of(a)).sum()
    }

    /// Share of the current that a species carries.
    pub fn transference(&self, species: usize) -> f64 {
        self.current_of(species) / self.charge()
    }

    fn current_of(&self, a: usize) -> f64 {
        let part = |b: usize| self.charges[a] * self.charges[b] * self.coefficient(a, b);
        (0..self.charges.len()).map(part).sum()
    }

    /// Writes a run as `id type [q] xu yu zu`.
    pub fn write(&self, path: &Path, writing: &Writing) {
        let mut file = AtomicFile::create(path).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(writing.seed);
        let edge = writing.edge;
        let mut places: Vec<[f64; 3]> =
            self.ions.iter().map(|_| std::array::from_fn(|_| edge * random.random::<f64>())).collect();
        let width = writing.scale * (2.0 * writing.spacing).sqrt();
        let mut remembered = [0.0; 3];
        for frame in 0..writing.n_frames {
            if frame > 0 {
                let mut steps: Vec<[f64; 3]> =
                    (0..self.n_walks).map(|_| std::array::from_fn(|_| width * normal(&mut random))).collect();
                if let Some((walk, share)) = self.slow {
                    let kick = if frame == 1 { 1.0 } else { (1.0 - share * share).sqrt() };
                    let scale = ((1.0 - share) / (1.0 + share)).sqrt();
                    remembered = std::array::from_fn(|k| share * remembered[k] + kick * scale * steps[walk][k]);
                    steps[walk] = remembered;
                }
                for (place, ion) in places.iter_mut().zip(&self.ions) {
                    for (walk, factor) in &ion.walks {
                        (0..3).for_each(|k| place[k] += factor * steps[*walk][k]);
                    }
                }
            }
            file.write_all(self.frame(frame, &places, writing).as_bytes()).unwrap();
        }
        file.commit().unwrap();
    }

    fn frame(&self, frame: usize, places: &[[f64; 3]], writing: &Writing) -> String {
        let mut text = String::new();
        if let Some(units) = writing.units {
            write!(text, "ITEM: UNITS\n{units}\n").unwrap();
        }
        let step = frame * writing.steps_between_frames;
        write!(text, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}\n", places.len()).unwrap();
        text.push_str("ITEM: BOX BOUNDS pp pp pp\n");
        (0..3).for_each(|_| writeln!(text, "0 {}", writing.edge).unwrap());
        let charges = if writing.with_charges { "q " } else { "" };
        writeln!(text, "ITEM: ATOMS id type {charges}xu yu zu").unwrap();
        for (i, (ion, at)) in self.ions.iter().zip(places).enumerate() {
            write!(text, "{} {}", i + 1, ion.species + 1).unwrap();
            if writing.with_charges {
                write!(text, " {}", self.charges[ion.species]).unwrap();
            }
            writeln!(text, " {:.8} {:.8} {:.8}", at[0], at[1], at[2]).unwrap();
        }
        text
    }
}
