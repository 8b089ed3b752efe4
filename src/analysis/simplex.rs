//! The minimum of a function of a few numbers without its derivatives.

/// Evaluations of a descent at most.
const MOST: usize = 2000;

/// Largest difference of values over a simplex that is small enough.
const CLOSE: f64 = 1e-9;

/// Descents one after the other at most: a simplex that has shrunk too early is set up anew where it ended.
const DESCENTS: usize = 4;

/// Where `f` is least near `start`, and its value there (J. A. Nelder and R. Mead, Comput. J. 7, 308 (1965)).
///
/// `step` is how far the first corners are from the start. Values that are not finite count as infinitely large.
pub fn minimize<const N: usize>(f: &dyn Fn(&[f64; N]) -> f64, start: [f64; N], step: [f64; N]) -> ([f64; N], f64) {
    let mut best = (start, bounded(f(&start)));
    for _ in 0..DESCENTS {
        let next = descend(f, best, step);
        let gained = best.1 - next.1;
        best = next;
        if gained < 10.0 * CLOSE {
            break;
        }
    }
    best
}

fn bounded(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::MAX }
}

fn descend<const N: usize>(f: &dyn Fn(&[f64; N]) -> f64, start: ([f64; N], f64), step: [f64; N]) -> ([f64; N], f64) {
    let at = |x: [f64; N]| (x, bounded(f(&x)));
    let mut corners = vec![start];
    for k in 0..N {
        let mut x = start.0;
        x[k] += step[k];
        corners.push(at(x));
    }
    for _ in 0..MOST {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (least, second, most) = (corners[0], corners[N - 1], corners[N]);
        if most.1 - least.1 < CLOSE {
            break;
        }
        let middle: [f64; N] = std::array::from_fn(|k| corners[..N].iter().map(|(x, _)| x[k]).sum::<f64>() / N as f64);
        let along = |t: f64| at(std::array::from_fn(|k| middle[k] + t * (most.0[k] - middle[k])));
        let reflected = along(-1.0);
        let better = if reflected.1 < least.1 {
            let expanded = along(-2.0);
            Some(if expanded.1 < reflected.1 { expanded } else { reflected })
        } else if reflected.1 < second.1 {
            Some(reflected)
        } else {
            let contracted = along(if reflected.1 < most.1 { -0.5 } else { 0.5 });
            Some(contracted).filter(|c| c.1 < reflected.1.min(most.1))
        };
        match better {
            Some(corner) => corners[N] = corner,
            None => corners[1..].iter_mut().for_each(|corner| {
                *corner = at(std::array::from_fn(|k| 0.5 * (corner.0[k] + least.0[k])));
            }),
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_has_its_known_end() {
        // H. H. Rosenbrock, Comput. J. 3, 175 (1960).
        let valley = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let (x, value) = minimize(&valley, [-1.2, 1.0], [0.1, 0.1]);
        assert!(value < 1e-7 && x.iter().all(|x| (x - 1.0).abs() < 1e-3), "{x:?} {value}");
    }

    #[test]
    fn where_there_is_no_value_it_does_not_go() {
        let (x, value) = minimize(&|x: &[f64; 1]| x[0] - x[0].ln(), [3.0], [-2.9]);
        assert!((x[0] - 1.0).abs() < 1e-3 && (value - 1.0).abs() < 1e-7, "{x:?} {value}");
    }
}
