//! Stationary random processes of which the transport coefficient is known.
#![allow(dead_code)]

use nalgebra::DMatrix;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Normal deviates from a seed.
pub struct Normal(ChaCha8Rng);

impl Normal {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn draw(&mut self) -> f64 {
        let (u, v): (f64, f64) = (self.0.random(), self.0.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    pub fn vector(&mut self) -> [f64; 3] {
        std::array::from_fn(|_| self.draw())
    }
}

/// Brownian motion of coefficient `k`, with independent noise of standard deviation `noise` on every position.
pub fn brownian(n: usize, dt: f64, k: f64, noise: f64, seed: u64) -> Vec<[f64; 3]> {
    let mut normal = Normal::new(seed);
    let step = (2.0 * k * dt).sqrt();
    let mut x = [0.0; 3];
    (0..n)
        .map(|_| {
            x = x.map(|x| x + step * normal.draw());
            x.map(|x| x + noise * normal.draw())
        })
        .collect()
}

/// A linear process `dx = -A x dt + noise` with stationary covariance `C`, sampled exactly.
pub struct Linear {
    propagator: DMatrix<f64>,
    noise: DMatrix<f64>,
    stationary: DMatrix<f64>,
}

impl Linear {
    pub fn new(drift: &DMatrix<f64>, stationary: &DMatrix<f64>, dt: f64) -> Self {
        let propagator = (drift * -dt).exp();
        let residual = stationary - &propagator * stationary * propagator.transpose();
        Self { noise: root(&residual), stationary: root(stationary), propagator }
    }

    /// `[n][variable]` for each of three independent components: `[variable][frame][component]`.
    pub fn sample(&self, n: usize, seed: u64) -> Vec<Vec<[f64; 3]>> {
        let mut normal = Normal::new(seed);
        let size = self.propagator.nrows();
        let mut out = vec![vec![[0.0; 3]; n]; size];
        let mut draw = |_: usize, _: usize| normal.draw();
        let mut x = &self.stationary * DMatrix::from_fn(size, 3, &mut draw);
        for frame in 0..n {
            for (variable, series) in out.iter_mut().enumerate() {
                series[frame] = std::array::from_fn(|c| x[(variable, c)]);
            }
            x = &self.propagator * x + &self.noise * DMatrix::from_fn(size, 3, &mut draw);
        }
        out
    }
}

/// A root `R` of a matrix that may be singular: `R R^T` is the matrix.
fn root(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = (0.5 * (matrix + matrix.transpose())).symmetric_eigen();
    let scaled = eigen.eigenvalues.map(|v| v.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&scaled)
}

/// A current of several independent times: `<J.J>/3 = sum variance exp(-t/tau)`; `K = sum variance tau`.
pub fn currents(n: usize, dt: f64, parts: &[(f64, f64)], seed: u64) -> Vec<[f64; 3]> {
    let mut normal = Normal::new(seed);
    let mut states: Vec<[f64; 3]> = parts.iter().map(|(v, _)| normal.vector().map(|x| x * v.sqrt())).collect();
    (0..n)
        .map(|_| {
            let mut sum = [0.0; 3];
            for (state, (variance, tau)) in states.iter_mut().zip(parts) {
                let decay = (-dt / tau).exp();
                let kick = (variance * (1.0 - decay * decay)).sqrt();
                for c in 0..3 {
                    sum[c] += state[c];
                    state[c] = decay * state[c] + kick * normal.draw();
                }
            }
            sum
        })
        .collect()
}

/// A particle of friction 1 bound by a relaxing spring: `<J(0).J(t)>` turns negative. Mass and temperature are 1;
/// `K = 1 / (1 + spring * time)`.
pub fn viscoelastic(spring: f64, time: f64, dt: f64) -> Linear {
    // Velocity, and the spring's force, which has variance `spring` and is even under time reversal.
    let drift = DMatrix::from_row_slice(2, 2, &[1.0, -1.0, spring, 1.0 / time]);
    Linear::new(&drift, &DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, spring]), dt)
}

/// The time integral of a current, by trapezoids.
pub fn integrate(currents: &[[f64; 3]], dt: f64) -> Vec<[f64; 3]> {
    let mut x = [0.0; 3];
    let mut out = vec![x];
    for pair in currents.windows(2) {
        for c in 0..3 {
            x[c] += 0.5 * dt * (pair[0][c] + pair[1][c]);
        }
        out.push(x);
    }
    out
}

/// The displacement of `carriers` that each jump in a frame with this probability, by a normal vector; `K = carriers * rate / 2`.
pub fn hops(n: usize, carriers: usize, rate: f64, seed: u64) -> Vec<[f64; 3]> {
    let mut normal = Normal::new(seed);
    let mut x = [0.0; 3];
    (0..n)
        .map(|_| {
            for _ in 0..carriers {
                if normal.0.random::<f64>() < rate {
                    let jump = normal.vector();
                    x = std::array::from_fn(|k| x[k] + jump[k]);
                }
            }
            x
        })
        .collect()
}
