//! Which atoms hold a molecule together.

use crate::geometry::WIDEST;

/// Nearest atoms that an atom is linked to. Bonded ones are among them wherever the molecule is folded.
const NEAREST: usize = 6;

/// Pairs of atoms, by their places in a list, that may be what holds the list together.
///
/// At first each atom is linked to the nearest and, since ids mostly follow bonds, to the next; the shortest tree links what these
/// leave apart. A link that grows too long is cut. In a molecule, however it folds, its bonds are never cut; molecules that share
/// an id drift apart until nothing links them.
#[derive(Debug)]
pub(super) struct Links {
    n: usize,
    pairs: Vec<[u32; 2]>,
}

impl Links {
    /// Of so many atoms, which take time as the square of their number.
    pub fn new(n: usize, distance: impl Fn(usize, usize) -> f64) -> Self {
        let mut pairs: Vec<[u32; 2]> = (1..n).map(|i| ordered(i - 1, i)).collect();
        // The tree grows by the atom that is nearest to it (R. C. Prim, 1957): how near each is, and to which.
        let mut outside: Vec<(f64, usize)> = vec![(f64::INFINITY, 0); n];
        let mut row = vec![(0.0, 0); n];
        let mut next = (n > 0).then_some(0);
        while let Some(atom) = next {
            outside[atom].0 = f64::NAN;
            for (other, near) in outside.iter_mut().enumerate() {
                row[other] = (if other == atom { f64::INFINITY } else { distance(atom, other) }, other);
                if row[other].0 < near.0 {
                    *near = (row[other].0, atom);
                }
            }
            let nearest = NEAREST.min(n - 1);
            if nearest > 0 {
                row.select_nth_unstable_by(nearest - 1, |a, b| a.0.total_cmp(&b.0));
            }
            pairs.extend(row[..nearest].iter().map(|&(_, other)| ordered(atom, other)));
            next = (0..n).filter(|&i| !outside[i].0.is_nan()).min_by(|&a, &b| outside[a].0.total_cmp(&outside[b].0));
            pairs.extend(next.map(|new| ordered(new, outside[new].1)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self { n, pairs }
    }

    /// Cuts the links that are too long, by their shares of the cell: one that held the atoms together with that share, if now
    /// none does.
    pub fn cut(&mut self, along: impl Fn(usize, usize) -> f64) -> Option<([usize; 2], f64)> {
        let mut parted = vec![];
        self.pairs.retain(|pair| {
            let pair = pair.map(|i| i as usize);
            let share = along(pair[0], pair[1]);
            if share > WIDEST {
                parted.push((pair, share));
            }
            share <= WIDEST
        });
        if parted.is_empty() {
            return None;
        }
        let part = self.parts();
        parted.into_iter().find(|([a, b], _)| part[*a] != part[*b])
    }

    /// For each atom a number that those have too that links lead to.
    fn parts(&self) -> Vec<usize> {
        let mut part: Vec<usize> = (0..self.n).collect();
        let root = |part: &mut Vec<usize>, mut i: usize| {
            while part[i] != i {
                part[i] = part[part[i]];
                i = part[i];
            }
            i
        };
        for pair in &self.pairs {
            let [a, b] = pair.map(|i| root(&mut part, i as usize));
            part[a.max(b)] = a.min(b);
        }
        (0..self.n).map(|i| root(&mut part, i)).collect()
    }
}

fn ordered(a: usize, b: usize) -> [u32; 2] {
    [a.min(b) as u32, a.max(b) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::seq::SliceRandom;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
        (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
    }

    /// A share that only the distance tells, of a cell without images.
    fn cut(links: &mut Links, at: &[[f64; 3]], width: f64) -> Option<[usize; 2]> {
        links.cut(|a, b| distance(at[a], at[b]) / width).map(|(pair, _)| pair)
    }

    /// Beads of a chain in a heap, close to many that they are not bonded to; ids in no order.
    #[test]
    fn a_chain_that_unfolds_hangs_together() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        for n in [2, 3, 40, 300] {
            let mut names: Vec<usize> = (0..n).collect();
            names.shuffle(&mut random);
            let mut heap = vec![[0.0; 3]; n];
            let edge = 0.75 * (n as f64).cbrt() + 0.5;
            for i in 1..n {
                let fits = |at: &[f64; 3]| {
                    at.iter().all(|x| x.abs() < edge) && names[..i].iter().all(|&j| distance(heap[j], *at) > 0.9)
                };
                let next = || {
                    let step: [f64; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
                    let length = distance(step, [0.0; 3]);
                    std::array::from_fn(|k| heap[names[i - 1]][k] + 0.97 * step[k] / length)
                };
                let found = std::iter::repeat_with(next).take(100_000).find(fits);
                heap[names[i]] = found.expect("there is room");
            }
            let mut links = Links::new(n, |a, b| distance(heap[a], heap[b]));
            assert_eq!(cut(&mut links, &heap, 4.0), None);
            let mut chain = heap.clone();
            (0..n).for_each(|i| chain[names[i]] = [0.97 * i as f64, 0.0, 0.0]);
            assert_eq!(cut(&mut links, &chain, 4.0), None, "{n}");
            // Where one bond breaks, nothing holds.
            (n / 2..n).for_each(|i| chain[names[i]][0] += 2.0);
            let broken = cut(&mut links, &chain, 4.0).unwrap();
            assert_eq!(ordered(broken[0], broken[1]), ordered(names[n / 2 - 1], names[n / 2]));
        }
    }

    #[test]
    fn pairs_that_drift_apart_hold_nothing() {
        let pairs = |apart: f64| -> Vec<[f64; 3]> {
            let center = |i: usize| [(i / 2 % 3) as f64, (i / 6 % 3) as f64, (i / 18) as f64].map(|x| apart * x);
            (0..54).map(|i| center(i).map(|x| x + 0.5 * (i % 2) as f64)).collect()
        };
        let mut links = Links::new(54, |a, b| distance(pairs(2.0)[a], pairs(2.0)[b]));
        assert_eq!(cut(&mut links, &pairs(2.0), 10.0), None);
        let [a, b] = cut(&mut links, &pairs(6.0), 10.0).unwrap();
        assert_ne!(a / 2, b / 2);
        assert!(Links::new(1, |_, _| 0.0).cut(|_, _| 1.0).is_none());
    }
}
