//! Densities that a distribution over ions is described by.

use serde::Serialize;

/// Points between two means at which modes are looked for.
const GRID: usize = 400;

/// A probability density with a closed form.
pub trait Density {
    /// Numbers that it is fixed by.
    const PARAMETERS: usize;

    /// Per unit of `x`; its integral is 1.
    fn density(&self, x: f64) -> f64;

    /// The share of values below `x`.
    fn below(&self, x: f64) -> f64;
}

/// A normal distribution.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Normal {
    pub mean: f64,
    pub standard_deviation: f64,
}

/// One population with long tails: `sinh(tails asinh((x - location) / scale) - skew)` is normal with mean 0 and deviation 1
/// (M. C. Jones and A. Pewsey, Biometrika 96, 761 (2009)).
///
/// It has one maximum whatever its parameters.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SinhArcsinh {
    pub location: f64,
    pub scale: f64,
    /// 0 for a symmetric one, below zero for a longer tail of low values.
    pub skew: f64,
    /// 1 for the tails of a normal distribution, less for longer ones.
    pub tails: f64,
}

/// A mixture of two normal distributions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TwoNormals {
    /// The lower one first.
    pub populations: [Population; 2],
    /// Maxima of their sum: two that overlap much have one.
    pub modes: usize,
}

/// A normal distribution with its share of all.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Population {
    pub share: f64,
    #[serde(flatten)]
    pub normal: Normal,
}

impl Density for Normal {
    const PARAMETERS: usize = 2;

    fn density(&self, x: f64) -> f64 {
        standard((x - self.mean) / self.standard_deviation) / self.standard_deviation
    }

    fn below(&self, x: f64) -> f64 {
        standard_below((x - self.mean) / self.standard_deviation)
    }
}

impl SinhArcsinh {
    /// The number that is normal with mean 0 and deviation 1, and how fast it grows with `x`.
    fn normal_of(&self, x: f64) -> (f64, f64) {
        let u = (x - self.location) / self.scale;
        let z = (self.tails * u.asinh() - self.skew).sinh();
        (z, self.tails * z.hypot(1.0) / (u.hypot(1.0) * self.scale))
    }
}

impl Density for SinhArcsinh {
    const PARAMETERS: usize = 4;

    fn density(&self, x: f64) -> f64 {
        let (z, slope) = self.normal_of(x);
        let density = standard(z) * slope;
        // Far out the slope overflows where the normal density has long been zero.
        if density.is_finite() { density } else { 0.0 }
    }

    fn below(&self, x: f64) -> f64 {
        standard_below(self.normal_of(x).0)
    }
}

impl TwoNormals {
    pub fn new(mut populations: [Population; 2]) -> Self {
        populations.sort_by(|a, b| a.normal.mean.total_cmp(&b.normal.mean));
        let [low, high] = populations.map(|p| p.normal.mean);
        // All maxima lie between the means; one more point on either side lets each end be one.
        let step = (high - low) / GRID as f64;
        let values: Vec<f64> = (0..GRID + 3).map(|i| populations.density(low + (i as f64 - 1.0) * step)).collect();
        let modes = values.windows(3).filter(|v| v[1] > v[0] && v[1] >= v[2]).count().max(1);
        Self { populations, modes }
    }
}

impl Density for [Population; 2] {
    const PARAMETERS: usize = 5;

    fn density(&self, x: f64) -> f64 {
        self.iter().map(|p| p.share * p.normal.density(x)).sum()
    }

    fn below(&self, x: f64) -> f64 {
        self.iter().map(|p| p.share * p.normal.below(x)).sum()
    }
}

impl Density for TwoNormals {
    const PARAMETERS: usize = 5;

    fn density(&self, x: f64) -> f64 {
        self.populations.density(x)
    }

    fn below(&self, x: f64) -> f64 {
        self.populations.below(x)
    }
}

fn standard(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

fn standard_below(z: f64) -> f64 {
    0.5 * puruspe::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Density and share below agree, and all of it is one.
    fn check(of: &impl Density, low: f64, high: f64) {
        let n = 400_000;
        let width = (high - low) / f64::from(n);
        let mut sum = of.below(low);
        for i in 0..n {
            let x = low + (f64::from(i) + 0.5) * width;
            sum += width * of.density(x);
            if i % 40_000 == 0 {
                assert!((of.below(x + 0.5 * width) - sum).abs() < 1e-6, "{x}");
            }
        }
        assert!((sum + 1.0 - of.below(high) - 1.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn shares_are_integrals_of_densities() {
        let normal = |mean, standard_deviation| Normal { mean, standard_deviation };
        check(&normal(0.3, 0.7), -6.0, 6.0);
        assert!((normal(0.0, 1.0).below(-2.0) - 0.022_750_131_948).abs() < 1e-9);
        let two = |apart: f64| {
            TwoNormals::new([
                Population { share: 0.7, normal: normal(apart, 1.0) },
                Population { share: 0.3, normal: normal(0.0, 1.0) },
            ])
        };
        check(&two(3.0), -9.0, 12.0);
        assert_eq!((two(3.0).modes, two(1.5).modes, two(0.0).modes), (2, 1, 1));
        assert_eq!(two(3.0).populations[0].share, 0.3);
        for (skew, tails) in [(0.0, 1.0), (-0.8, 0.7), (0.5, 1.5)] {
            check(&SinhArcsinh { location: 1.0, scale: 0.5, skew, tails }, -100.0, 100.0);
        }
    }

    #[test]
    fn without_skew_and_with_normal_tails_it_is_normal() {
        let of = SinhArcsinh { location: 0.4, scale: 0.2, skew: 0.0, tails: 1.0 };
        let normal = Normal { mean: 0.4, standard_deviation: 0.2 };
        for x in [-0.3, 0.1, 0.4, 0.9] {
            assert!((of.density(x) - normal.density(x)).abs() < 1e-12);
        }
        assert_eq!(SinhArcsinh { tails: 5.0, ..of }.density(1e9), 0.0);
    }
}
