//! Real spherical harmonics by recursion in Cartesian coordinates, for many vectors at once.

use super::lanes::Lanes;

/// Number of harmonics up to and including degree `l_max`.
pub(super) const fn count(l_max: usize) -> usize {
    (l_max + 1) * (l_max + 1)
}

/// Factors that turn the bare polynomials of [`evaluate`] into orthonormal harmonics, in the same order.
///
/// `sqrt((2l+1)/(2 pi) (l-|m|)!/(l+|m|)!)`, over sqrt 2 for m = 0, times the leading coefficient of the associated
/// Legendre function, `(2l-1)!!/(l-|m|)!`.
pub(super) fn normalization(l_max: usize) -> Vec<f64> {
    let mut factors = Vec::with_capacity(count(l_max));
    for l in 0..=l_max {
        for m in -(l as i64)..=l as i64 {
            let m = m.unsigned_abs() as usize;
            let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
            let leading: f64 = (1..=l).map(|k| (2 * k - 1) as f64 / k.saturating_sub(m).max(1) as f64).product();
            let zonal = if m == 0 { 0.5 } else { 1.0 };
            factors.push(leading * (zonal * (2 * l + 1) as f64 / (2.0 * std::f64::consts::PI) * ratio).sqrt());
        }
    }
    factors
}

/// Highest degree that [`evaluate`] goes to.
pub(super) const MOST_DEGREE: usize = 9;

/// `[m][l]`: what `P_(l-2)m` is multiplied by in the recursion of the polynomials with leading coefficient 1,
/// `P_lm = z P_(l-1)m - ((l-1)^2 - m^2) / ((2l-1)(2l-3)) P_(l-2)m`.
const RECURSION: [[f64; MOST_DEGREE + 1]; MOST_DEGREE + 1] = {
    let mut table = [[0.0; MOST_DEGREE + 1]; MOST_DEGREE + 1];
    let mut m = 0;
    while m <= MOST_DEGREE {
        let mut l = m + 2;
        while l <= MOST_DEGREE {
            table[m][l] = -(((l - 1) * (l - 1) - m * m) as f64) / ((2 * l - 1) * (2 * l - 3)) as f64;
            l += 1;
        }
        m += 1;
    }
    table
};

/// A loop whose every round the compiler knows: places in memory and coefficients become constants.
macro_rules! for_each_degree {
    ($l:ident above $below:expr => $last:expr, $body:block, $($degree:literal)*) => {
        $({
            let $l: usize = $degree;
            if $below < $l && $l <= $last $body
        })*
    };
    ($l:ident above $below:expr, $last:expr, $body:block) => {
        for_each_degree!($l above $below => $last, $body, 1 2 3 4 5 6 7 8 9)
    };
}

/// Bare harmonics of one vector of lanes up to degree `L`, all times a factor, written to `out[l^2 + l + m][at..]`.
///
/// `x`, `y` and `z` are unit vectors, and `one` is 1; where all four are 0, there is no direction, and every degree but the first
/// vanishes. A harmonic is a polynomial in z, with leading coefficient 1, times the real or imaginary part of
/// `(x + i y)^|m|`. Sign conventions differ between authors and cancel in the power spectrum.
#[inline(always)]
pub(super) fn evaluate<V: Lanes, const L: usize, const B: usize>(
    [x, y, z, one]: [V; 4],
    factor: V,
    out: &mut [[f64; B]],
    at: usize,
) {
    let out = &mut out[..count(L)];
    factor.store(&mut out[0], at);
    // Degrees of order 0, whose recursion begins with what vanishes where there is no direction.
    let mut polynomials = [one, z];
    for_each_degree!(l above 0, L, {
        if l > 1 {
            polynomials = next(z, polynomials, RECURSION[0][l]);
        }
        polynomials[1].mul(factor).store(&mut out[l * l + l], at);
    });
    let mut powers = [factor, V::splat(0.0)];
    // Each call knows its order, and is compiled to a straight line.
    order::<V, L, B, 1>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 2>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 3>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 4>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 5>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 6>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 7>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 8>([x, y, z], &mut powers, out, at);
    order::<V, L, B, 9>([x, y, z], &mut powers, out, at);
}

/// The harmonics of orders `M` and `-M`; `powers` goes from `(x + i y)^(M-1)` to the next power.
#[inline(always)]
fn order<V: Lanes, const L: usize, const B: usize, const M: usize>(
    [x, y, z]: [V; 3],
    powers: &mut [V; 2],
    out: &mut [[f64; B]],
    at: usize,
) {
    if M > L {
        return;
    }
    let [real, imaginary] = *powers;
    *powers = if M == 1 {
        [real.mul(x), real.mul(y)]
    } else {
        [x.mul_add(real, y.mul(imaginary).mul(V::splat(-1.0))), x.mul_add(imaginary, y.mul(real))]
    };
    let [real, imaginary] = *powers;
    real.store(&mut out[M * M + 2 * M], at);
    imaginary.store(&mut out[M * M], at);
    let mut polynomials = [V::splat(1.0), z];
    for_each_degree!(l above M, L, {
        if l > M + 1 {
            polynomials = next(z, polynomials, RECURSION[M][l]);
        }
        polynomials[1].mul(real).store(&mut out[l * l + l + M], at);
        polynomials[1].mul(imaginary).store(&mut out[l * l + l - M], at);
    });
}

/// Goes on by one degree.
#[inline(always)]
fn next<V: Lanes>(z: V, [last, current]: [V; 2], coefficient: f64) -> [V; 2] {
    [current, z.mul_add(current, last.mul(V::splat(coefficient)))]
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
    use super::*;

    fn unit(v: [f64; 3]) -> [f64; 3] {
        let length = v.iter().map(|c| c * c).sum::<f64>().sqrt();
        v.map(|c| c / length)
    }

    /// Of a unit vector.
    fn at<const L: usize>([x, y, z]: [f64; 3]) -> Vec<f64> {
        let mut out = vec![[0.0; 4]; count(L)];
        evaluate::<Portable, L, 4>([x, y, z, 1.0].map(Portable::splat), Portable::splat(1.0), &mut out, 0);
        out.iter().zip(normalization(L)).map(|(v, n)| v[0] * n).collect()
    }

    #[test]
    fn low_degrees_are_the_textbook_ones() {
        let [x, y, z] = unit([0.3, -1.1, 0.7]);
        let h = at::<2>([x, y, z]);
        let pi = std::f64::consts::PI;
        let expected = [
            (0.25 / pi).sqrt(),
            (0.75 / pi).sqrt() * y,
            (0.75 / pi).sqrt() * z,
            (0.75 / pi).sqrt() * x,
            (15.0 / (4.0 * pi)).sqrt() * x * y,
            (15.0 / (4.0 * pi)).sqrt() * y * z,
            (5.0 / (16.0 * pi)).sqrt() * (2.0 * z * z - x * x - y * y),
            (15.0 / (4.0 * pi)).sqrt() * x * z,
            (15.0 / (16.0 * pi)).sqrt() * (x * x - y * y),
        ];
        for (a, b) in h.iter().zip(expected) {
            assert!((a - b).abs() < 1e-14, "{a} {b}");
        }
    }

    #[test]
    fn addition_theorem_holds_to_degree_9() {
        // sum_m Y_lm(a) Y_lm(b) = (2l+1)/(4 pi) P_l(cos) for unit vectors.
        let (a, b) = (unit([0.3, -1.1, 0.7]), unit([-0.8, 0.2, 0.5]));
        let cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let (ha, hb) = (at::<9>(a), at::<9>(b));
        let (mut before, mut legendre) = (0.0, 1.0);
        for l in 0..=9usize {
            let sum: f64 = (l * l..(l + 1) * (l + 1)).map(|i| ha[i] * hb[i]).sum();
            assert!((sum - (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI) * legendre).abs() < 1e-13, "l = {l}");
            let next = ((2 * l + 1) as f64 * cosine * legendre - l as f64 * before) / (l + 1) as f64;
            (before, legendre) = (legendre, next);
        }
    }

    #[test]
    fn without_a_direction_there_is_only_the_first() {
        let mut out = vec![[1.0; 4]; count(9)];
        let [none, factor] = [0.0, 0.5].map(Portable::splat);
        evaluate::<Portable, 9, 4>([none; 4], factor, &mut out, 0);
        assert_eq!(out[0], [0.5; 4]);
        assert!(out[1..].iter().flatten().all(|&h| h == 0.0));
    }
}
