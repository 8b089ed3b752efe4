//! Random deviates.

use std::f64::consts::TAU;

use rand::Rng;

/// A standard normal deviate, from two uniform ones (G. E. P. Box and M. E. Muller, Ann. Math. Stat. 29, 610 (1958)).
pub(crate) fn normal(random: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
}
