//! Real solid harmonics `r^l Y_lm` by recursion in Cartesian coordinates, for many vectors at once.

use super::lanes::Lanes;

/// Number of harmonics up to and including degree `l_max`.
pub(super) const fn count(l_max: usize) -> usize {
    (l_max + 1) * (l_max + 1)
}

/// Factors that turn the bare polynomials of [`evaluate`] into orthonormal harmonics, in the same order.
///
/// `sqrt((2l+1)/(2 pi) (l-|m|)!/(l+|m|)!)`, over sqrt 2 for m = 0.
pub(super) fn normalization(l_max: usize) -> Vec<f64> {
    let mut factors = Vec::with_capacity(count(l_max));
    for l in 0..=l_max {
        for m in -(l as i64)..=l as i64 {
            let m = m.unsigned_abs() as usize;
            let ratio: f64 = (l - m + 1..=l + m).map(|k| 1.0 / k as f64).product();
            let zonal = if m == 0 { 0.5 } else { 1.0 };
            factors.push((zonal * (2 * l + 1) as f64 / (2.0 * std::f64::consts::PI) * ratio).sqrt());
        }
    }
    factors
}

/// Bare harmonics of one vector of lanes up to degree `L`, written to `out[(l^2 + l + m) * stride + at..]`.
///
/// `P_lm(z, r^2)` times the real or imaginary part of `(x + i y)^|m|`, with `P` from the recursion of the associated
/// Legendre functions: `(l - m) P_lm = (2l - 1) z P_(l-1)m - (l + m - 1) r^2 P_(l-2)m`. Sign conventions differ
/// between authors and cancel in the power spectrum.
#[inline(always)]
pub(super) fn evaluate<V: Lanes, const L: usize>([x, y, z, r2]: [V; 4], out: &mut [f64], stride: usize, at: usize) {
    let out = &mut out[..count(L) * stride];
    let (mut cosine, mut sine) = (V::splat(1.0), V::splat(0.0));
    let mut sectoral = V::splat(1.0);
    for m in 0..=L {
        if m > 0 {
            let next = x.mul(cosine).add(y.mul(sine).mul(V::splat(-1.0)));
            sine = x.mul_add(sine, y.mul(cosine));
            cosine = next;
            sectoral = sectoral.mul(V::splat((2 * m - 1) as f64));
        }
        let (mut last, mut current) = (V::splat(0.0), sectoral);
        for l in m..=L {
            if l > m {
                let inverse = 1.0 / (l - m) as f64;
                let next = z
                    .mul(V::splat((2 * l - 1) as f64 * inverse))
                    .mul_add(current, r2.mul(V::splat(-((l + m - 1) as f64) * inverse)).mul(last));
                (last, current) = (current, next);
            }
            let center = l * l + l;
            current.mul(cosine).store(out, (center + m) * stride + at);
            if m > 0 {
                current.mul(sine).store(out, (center - m) * stride + at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
    use super::*;

    fn at<const L: usize>([x, y, z]: [f64; 3]) -> Vec<f64> {
        let mut out = vec![0.0; count(L) * 4];
        let r2 = x * x + y * y + z * z;
        evaluate::<Portable, L>([x, y, z, r2].map(Portable::splat), &mut out, 4, 0);
        out.chunks(4).zip(normalization(L)).map(|(v, n)| v[0] * n).collect()
    }

    #[test]
    fn low_degrees_are_the_textbook_ones() {
        let (x, y, z) = (0.3, -1.1, 0.7);
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
        let unit = |v: [f64; 3]| v.map(|c| c / (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt());
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
}
