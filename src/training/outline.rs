//! What a configuration is, told by a few numbers that every file of it has.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::geometry::Cell;
use crate::local::Sites;

/// Waves of one configuration differ by less than this between files: positions of four digits and more leave it a few ten-thousandths.
const SAME_WAVES: f64 = 1e-3;

/// The same of one frame that a file has twice.
const SAME_DIGITS: f64 = 1e-9;

/// Edges of one cell differ by less than this share.
const SAME_EDGE: f64 = 1e-4;

/// The same, to the digits of a dump, of wrapped and unwrapped positions, fractions and lengths, whatever else the file has; of
/// independent configurations it is never.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outline {
    /// Sites of each species that is there.
    sites: Vec<usize>,
    /// Lengths of the cell's vectors.
    edges: [f64; 3],
    /// Along each vector of the cell the sum over sites of `±exp(2πi s)`, `s` their fraction of it, over the root of their number. The
    /// signs go by the site's place among the others; without them, charges that screen one another leave little of the sum.
    waves: [f64; 6],
}

impl Outline {
    /// Of the sites in a cell, in the order of their ids.
    pub fn new(cell: &Cell, sites: &Sites) -> Self {
        let mut numbers: Vec<usize> = vec![];
        let mut waves = [0.0; 6];
        for (place, (&species, &position)) in sites.species().iter().zip(sites.positions()).enumerate() {
            numbers.resize(numbers.len().max(species + 1), 0);
            numbers[species] += 1;
            let sign = sign(place as u64);
            for (k, s) in cell.to_fractional(position).into_iter().enumerate() {
                let (sine, cosine) = (TAU * s).sin_cos();
                waves[2 * k] += sign * cosine;
                waves[2 * k + 1] += sign * sine;
            }
        }
        let root = (sites.positions().len().max(1) as f64).sqrt();
        Self {
            sites: numbers,
            edges: cell.vectors().map(|edge| edge.iter().map(|x| x * x).sum::<f64>().sqrt()),
            waves: waves.map(|wave| wave / root),
        }
    }

    fn is_like(&self, other: &Self, tolerance: f64) -> bool {
        let near = |a: &f64, b: &f64| (a - b).abs() <= tolerance;
        let alike = |a: &f64, b: &f64| (a - b).abs() <= SAME_EDGE * a.max(*b);
        self.sites == other.sites
            && self.edges.iter().zip(&other.edges).all(|(a, b)| alike(a, b))
            && self.waves.iter().zip(&other.waves).all(|(a, b)| near(a, b))
    }
}

/// Either sign for half of all places, without a pattern.
fn sign(place: u64) -> f64 {
    // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    let mut mixed = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    if (mixed ^ (mixed >> 31)) & 1 == 0 { 1.0 } else { -1.0 }
}

/// Configurations whose waves differ by more than a tolerance, in the order of their first waves.
struct Distinct<'a> {
    outlines: Vec<&'a Outline>,
    tolerance: f64,
}

impl<'a> Distinct<'a> {
    fn of(outlines: impl Iterator<Item = &'a Outline>, tolerance: f64) -> Self {
        let mut all: Vec<&Outline> = outlines.collect();
        all.sort_by(|a, b| a.waves[0].total_cmp(&b.waves[0]));
        let mut distinct = Self { outlines: vec![], tolerance };
        for outline in all {
            if !distinct.has(outline) {
                distinct.outlines.push(outline);
            }
        }
        distinct
    }

    fn has(&self, outline: &Outline) -> bool {
        let [first, tolerance] = [outline.waves[0], self.tolerance];
        let start = self.outlines.partition_point(|other| other.waves[0] < first - tolerance);
        let near = self.outlines[start..].iter().take_while(|other| other.waves[0] <= first + tolerance);
        near.into_iter().any(|other| other.is_like(outline, tolerance))
    }
}

/// How many of these configurations are the same as others of them, to the last digit: frames of one run may be near each other.
pub fn n_repeated(outlines: &[Outline]) -> usize {
    outlines.len() - Distinct::of(outlines.iter(), SAME_DIGITS).outlines.len()
}

/// How many configurations are among both, to the digits of a dump.
pub fn n_shared<'a>(ours: impl Iterator<Item = &'a Outline>, theirs: impl Iterator<Item = &'a Outline>) -> usize {
    let ours = Distinct::of(ours, SAME_WAVES);
    Distinct::of(theirs, SAME_WAVES).outlines.into_iter().filter(|outline| ours.has(outline)).count()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn outline(seed: u64, error: f64) -> Outline {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let waves = std::array::from_fn(|_| random.random::<f64>() - 0.5 + error);
        Outline { sites: vec![30, 30], edges: [12.0, 12.0, 15.0], waves }
    }

    #[test]
    fn configurations_are_known_again_to_the_digits_of_a_dump() {
        let run: Vec<Outline> = (0..50).map(|i| outline(i, 0.0)).collect();
        assert_eq!(n_repeated(&run), 0);
        let again: Vec<Outline> = (40..60).map(|i| outline(i, 3e-4)).collect();
        assert_eq!(n_shared(run.iter(), again.iter()), 10);
        assert_eq!(n_repeated(&[&run[..], &again].concat()), 0);
        assert_eq!(n_repeated(&[&run[..], &run[45..]].concat()), 5);
        let wider = Outline { edges: [12.01, 12.0, 15.0], ..outline(3, 0.0) };
        let fewer = Outline { sites: vec![30, 29], ..outline(3, 0.0) };
        assert_eq!(n_shared(run.iter(), [wider, fewer, outline(3, 0.01)].iter()), 0);
    }
}
