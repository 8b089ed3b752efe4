//! Covariance of overlapping mean squared displacements of a process that is diffusive beyond some lag.

use nalgebra::{DMatrix, DVector};

/// Points per spacing of lags that the sums over pairs of origins are thinned to; they are smooth on that scale.
const POINTS_PER_SPACING: usize = 16;

/// Mean squared displacement against lag: as measured below the shortest lag of a fit, a straight line from there on.
#[derive(Clone, Debug)]
pub(super) struct StructureFunction<'a> {
    /// Measured, by lag in frames; used for lags below `from`.
    pub measured: &'a [f64],
    pub from: usize,
    pub intercept: f64,
    /// Per frame.
    pub slope: f64,
}

impl StructureFunction<'_> {
    fn at(&self, lag: isize) -> f64 {
        let lag = lag.unsigned_abs();
        if lag < self.from { self.measured[lag] } else { self.intercept + self.slope * lag as f64 }
    }

    /// `<[a(i) - a(0)].[b(k + j) - b(k)]>` of stationary increments.
    fn increments(&self, i: usize, j: usize, k: isize) -> f64 {
        let (i, j) = (i as isize, j as isize);
        0.5 * (self.at(k + j) + self.at(i - k) - self.at(k) - self.at(k + j - i))
    }
}

/// The lags, in frames, of a fit: `spacing`, `2 spacing`, ..., on a series of `n_frames` in `dimensions` components.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lags {
    pub spacing: usize,
    pub count: usize,
    pub n_frames: usize,
    pub dimensions: usize,
}

impl Lags {
    pub fn lag(&self, i: usize) -> usize {
        (i + 1) * self.spacing
    }

    /// Covariance of two estimated displacement functions, `<da.db>` and `<dc.dd>`, each summed over components and
    /// averaged over all overlapping origins. The arguments are the structure functions of the pairs.
    ///
    /// For Gaussian increments, with `G_ab(k) = <[a(i) - a(0)].[b(k + j) - b(k)]>` summed over `D` equal components,
    /// `cov = 1/(D N_i N_j) sum over origins m, n of [G_ac(n - m) G_bd(n - m) + G_ad(n - m) G_bc(n - m)]`: Isserlis'
    /// theorem. For a Brownian process with offset this is the covariance of J. T. Bullerjahn, S. von Buelow and
    /// G. Hummer, J. Chem. Phys. 153, 024116 (2020), here with origins at every frame.
    pub fn covariance(&self, ac_bd: [&StructureFunction; 2], ad_bc: [&StructureFunction; 2]) -> DMatrix<f64> {
        let mut covariance = DMatrix::zeros(self.count, self.count);
        let same = std::ptr::eq(ac_bd[0], ad_bc[0]) && std::ptr::eq(ac_bd[1], ad_bc[1]);
        for row in 0..self.count {
            for column in 0..self.count {
                if same && column < row {
                    covariance[(row, column)] = covariance[(column, row)];
                    continue;
                }
                let product = |pair: [&StructureFunction; 2], i, j, k| {
                    let first = pair[0].increments(i, j, k);
                    if std::ptr::eq(pair[0], pair[1]) { first * first } else { first * pair[1].increments(i, j, k) }
                };
                covariance[(row, column)] = self.sum_over_origins(self.lag(row), self.lag(column), |i, j, k| {
                    if same { 2.0 * product(ac_bd, i, j, k) } else { product(ac_bd, i, j, k) + product(ad_bc, i, j, k) }
                });
            }
        }
        covariance
    }

    fn sum_over_origins(&self, i: usize, j: usize, term: impl Fn(usize, usize, isize) -> f64) -> f64 {
        let (n_i, n_j) = ((self.n_frames - i) as isize, (self.n_frames - j) as isize);
        let stride = (self.spacing / POINTS_PER_SPACING).max(1) as isize;
        let (low, high) = (-(j as isize), i as isize);
        let mut sum = 0.0;
        let mut k = low;
        while k <= high {
            let pairs = n_i.min(n_j - k) - 0.max(-k);
            if pairs > 0 {
                sum += pairs as f64 * term(i, j, k);
            }
            k += stride;
        }
        sum * stride as f64 / (self.dimensions as f64 * n_i as f64 * n_j as f64)
    }
}

/// A straight line through correlated points.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub intercept: f64,
    pub slope: f64,
    /// Of intercept and slope.
    pub covariance: [[f64; 2]; 2],
    /// What each point counts in the slope.
    pub weights: Vec<f64>,
    /// Of the residuals, with as many degrees of freedom as points less two.
    pub chi2: f64,
}

/// Generalised least squares for `y = intercept + slope x`; nothing where the covariance is not positive definite.
pub(super) fn fit_line(x: &[f64], y: &[f64], covariance: &DMatrix<f64>) -> Option<Line> {
    let cholesky = covariance.clone().cholesky()?;
    let design = DMatrix::from_fn(x.len(), 2, |row, column| if column == 0 { 1.0 } else { x[row] });
    let y = DVector::from_column_slice(y);
    let solved = cholesky.solve(&design);
    let inverse = (design.transpose() * &solved).try_inverse()?;
    let weights = &inverse * solved.transpose();
    let parameters = &weights * &y;
    let residual = &y - &design * &parameters;
    let chi2 = residual.dot(&cholesky.solve(&residual));
    Some(Line {
        intercept: parameters[0],
        slope: parameters[1],
        weights: weights.row(1).iter().copied().collect(),
        covariance: [[inverse[(0, 0)], inverse[(0, 1)]], [inverse[(1, 0)], inverse[(1, 1)]]],
        chi2,
    })
}
