//! Runs of ions whose coefficient is known.

use super::*;
use crate::random::normal;
use crate::transport::msd::MultipleTau;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// `step` moves one coordinate of a particle; it has a memory of its own.
fn walk(n: usize, n_frames: usize, seed: u64, step: impl Fn(&mut f64, &mut f64, &mut ChaCha8Rng)) -> MsdTable {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut correlator = MultipleTau::new(n);
    let mut positions = vec![[0.0; 3]; n];
    let mut memory = vec![[0.0; 3]; n];
    for _ in 0..n_frames {
        correlator.push(&positions);
        for (position, memory) in positions.iter_mut().flatten().zip(memory.iter_mut().flatten()) {
            step(position, memory, &mut random);
        }
    }
    correlator.table()
}

/// Share of 300 runs of each length whose one-sigma interval holds the truth; also asks that most are diffusive.
fn covers(
    name: &str,
    n: usize,
    lengths: [usize; 3],
    truth: f64,
    step: impl Fn(&mut f64, &mut f64, &mut ChaCha8Rng) + Sync,
) {
    let (mut covered, mut runs) = (0, 0);
    for n_frames in lengths {
        let run = |seed: u64| self_diffusion(&walk(n, n_frames, 70_000 + seed, &step), 1.0).unwrap();
        let runs_here: Vec<SelfDiffusion> = (0..300).into_par_iter().map(run).collect();
        let held = |d: &&SelfDiffusion| (d.estimate.value - truth).abs() <= d.estimate.error;
        let here = runs_here.iter().filter(held).count() as i32;
        let diffusive = runs_here.iter().filter(|d| d.diffusive).count();
        eprintln!("{name}, {n} ions, {n_frames} frames: {:.1} percent", f64::from(here) / 3.0);
        assert!(diffusive > 240, "{name}, {n} ions, {n_frames} frames: diffusive in {diffusive}");
        (covered, runs) = (covered + here, runs + 300);
    }
    let share = f64::from(covered) / f64::from(runs);
    assert!((0.60..=0.76).contains(&share), "{name}, {n} ions: {share}");
}

#[test]
fn brownian_ions_have_their_coefficient_within_its_error() {
    for n in [1, 12] {
        covers("Brownian", n, [300, 1000, 3000], 0.5, |x, _, random| *x += normal(random));
    }
}

#[test]
fn localisation_noise_leaves_the_error_honest() {
    // The offset is worth two frames, so that fits begin at twelve or more; in 1,000 frames of one ion a quarter of the
    // runs are not called diffusive.
    for n in [1, 12] {
        covers("Brownian with noise", n, [2000, 3000, 6000], 0.5, |x, noise, random| {
            let fresh = normal(random);
            *x += normal(random) + fresh - *noise;
            *noise = fresh;
        });
    }
}

#[test]
fn inertia_leaves_the_error_honest() {
    // Velocities with a memory of 4.5 frames: D = (1 + decay) / (1 - decay) / 2.
    let decay = 0.8;
    for n in [1, 12] {
        covers("Ornstein-Uhlenbeck", n, [1500, 3000, 6000], 0.5 * (1.0 + decay) / (1.0 - decay), |x, v, random| {
            let start = *v == 0.0;
            let kick = if start { 1.0 } else { (1.0 - decay * decay).sqrt() };
            *v = decay * *v + kick * normal(random);
            *x += *v;
        });
    }
}

/// Ions that are ten times as fast for some hundred frames at times, which stretches of three frames take for independent.
#[test]
fn bursts_that_outlast_the_shortest_stretches_are_seen() {
    let step = |x: &mut f64, fast: &mut f64, random: &mut ChaCha8Rng| {
        let leaves: f64 = random.random();
        *fast = if *fast > 0.0 { f64::from(leaves > 0.01) } else { f64::from(leaves < 0.001) };
        *x += normal(random) * if *fast > 0.0 { 1.0 } else { 0.1 };
    };
    let share = 1.0 / 11.0;
    let truth = 0.5 * (share + 0.01 * (1.0 - share));
    let runs: Vec<SelfDiffusion> = (0..100u64)
        .into_par_iter()
        .map(|seed| self_diffusion(&walk(2, 4000, 90_000 + seed, step), 1.0).unwrap())
        .collect();
    let departure = |d: &SelfDiffusion| ((d.estimate.value - truth) / d.estimate.error).powi(2);
    let mean = runs.iter().map(departure).sum::<f64>() / runs.len() as f64;
    let longer = runs.iter().filter(|d| d.stretch > STRETCH).count();
    eprintln!("mean square of departure over error {mean:.2}, {longer} with longer stretches");
    assert!(mean < 3.0 && longer > 50, "{mean} {longer}");
}

#[test]
fn inertia_moves_the_fit_to_later_lags() {
    // Velocity with a memory of 20 frames: MSD = 6 D (t - tau (1 - exp(-t/tau))), D = tau in these units.
    let decay = (-1.0f64 / 20.0).exp();
    let table = walk(50, 20_000, 3, |x, v, random| {
        *v = decay * *v + (1.0 - decay * decay).sqrt() * normal(random);
        *x += *v;
    });
    let truth = 0.5 * (1.0 + decay) / (1.0 - decay);
    let d = self_diffusion(&table, 1.0).unwrap();
    assert!((d.estimate.value - truth).abs() < 3.0 * d.estimate.error, "{:?} for {truth}", d.estimate);
    assert!(d.estimate.error < 0.03 * truth && d.fit_from > 20.0 && d.diffusive, "{d:?}");
}

#[test]
fn confined_and_ballistic_motion_are_no_diffusion() {
    let confined = walk(20, 4000, 5, |x, _, random| *x = 0.8 * *x + normal(random));
    assert!(!self_diffusion(&confined, 1.0).unwrap().diffusive);
    let ballistic = walk(20, 4000, 6, |x, v, random| {
        if *v == 0.0 {
            *v = normal(random);
        }
        *x += *v;
    });
    assert!(!self_diffusion(&ballistic, 1.0).unwrap().diffusive);
}

#[test]
fn ions_in_cages_that_move_slowly_are_not_called_diffusive() {
    // Cages of a memory of a tenth of the run: ions move five times as far at first as in the end.
    let (n_frames, memory) = (2000, 200.0f64);
    let (decay, share) = ((-1.0 / memory).exp(), 2.0 * memory);
    let caged = |x: &mut f64, from_middle: &mut f64, random: &mut ChaCha8Rng| {
        let kick = if *from_middle == 0.0 { 1.0 } else { 1.0 - decay * decay };
        let next = decay * *from_middle + (share * kick).sqrt() * normal(random);
        *x += normal(random) + if *from_middle == 0.0 { 0.0 } else { next - *from_middle };
        *from_middle = next;
    };
    let free = |x: &mut f64, _: &mut f64, random: &mut ChaCha8Rng| *x += normal(random);
    let diffusive = |n: usize, step: &(dyn Fn(&mut f64, &mut f64, &mut ChaCha8Rng) + Sync)| {
        let run = |seed: u64| self_diffusion(&walk(n, n_frames, 500 + seed, step), 1.0).unwrap().diffusive;
        (0..100).into_par_iter().map(run).filter(|diffusive| *diffusive).count()
    };
    let (of_few, of_many) = (diffusive(16, &caged), diffusive(60, &caged));
    eprintln!("in cages: {of_few} of 100 runs of 16 ions are called diffusive, {of_many} of 60 ions");
    assert!(of_few < 15 && of_many < 3 && diffusive(16, &free) > 95);
}

#[test]
fn too_few_frames_are_refused() {
    let table = walk(2, 20, 1, |x, _, random| *x += normal(random));
    assert!(self_diffusion(&table, 1.0).unwrap_err().to_string().contains("20 frames are too few"));
}

#[test]
fn the_box_correction_is_the_published_one() {
    // Water of 0.896 mPa s at 298 K in a box of 2 nm: 2.837297 kT / (6 pi eta L) = 3.4554e-10 m2/s.
    let correction = yeh_hummer(1.380_649e-23 * 298.0, 0.896e-3, 8e-27);
    assert!((correction / 3.4559e-10 - 1.0).abs() < 1e-3, "{correction:e}");
}
