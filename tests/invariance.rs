//! Symmetries that features and local conductivities must have, on random configurations in random cells.

use ionscape::descriptor::{Convention, PowerSpectrum, SoapParameters};
use ionscape::geometry::Cell;
use ionscape::local::{PeriodicEnvironments, features};
use ionscape::species::{Species, SpeciesMap};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn salt(charges: [f64; 2]) -> SpeciesMap {
    let species = ["first", "second"].iter().zip(charges).map(|(n, charge)| Species::atomic(*n, charge));
    SpeciesMap::from_names(&species.collect::<Vec<_>>(), &["first", "second"]).unwrap()
}

#[derive(Clone, Debug)]
struct Configuration {
    vectors: [[f64; 3]; 3],
    fractional: Vec<[f64; 3]>,
    types: Vec<i32>,
}

impl Configuration {
    fn cell(&self) -> Cell {
        Cell::new([0.0; 3], self.vectors, [true; 3]).unwrap()
    }

    fn positions(&self) -> Vec<[f64; 3]> {
        let cell = self.cell();
        self.fractional.iter().map(|&s| cell.to_cartesian(s)).collect()
    }
}

prop_compose! {
    fn configurations()(
        diagonal in prop::array::uniform3(4.0..11.0f64),
        tilt in prop::array::uniform3(-3.0..3.0f64),
        fractional in prop::collection::vec(prop::array::uniform3(0.0..1.0f64), 1..12),
        seed in any::<u64>(),
    ) -> Configuration {
        let [lx, ly, lz] = diagonal;
        let [xy, xz, yz] = tilt;
        let types = (0..fractional.len()).map(|i| 1 + (seed >> (i % 64) & 1) as i32).collect();
        Configuration { vectors: [[lx, 0.0, 0.0], [xy, ly, 0.0], [xz, yz, lz]], fractional, types }
    }
}

/// The features of each ion in every convention, one after the other.
fn describe(cell: &Cell, types: &[i32], positions: &[[f64; 3]], map: &SpeciesMap) -> Vec<Vec<f64>> {
    let order: Vec<usize> = (0..types.len()).collect();
    let mut rows = vec![vec![]; types.len()];
    for convention in [Convention::DscribeGto { sigma: 0.4 }, Convention::Compact { switching: 1.5 }] {
        let parameters = SoapParameters { convention, cutoff: 3.0, n_max: 4, ..Default::default() };
        let descriptor = PowerSpectrum::new(parameters, 2).unwrap();
        let environments = PeriodicEnvironments::new(cell, types, positions, &order, map, descriptor.reach()).unwrap();
        let mut out = vec![0.0; types.len() * descriptor.n_features()];
        features(&descriptor, &environments, &mut out);
        // On one scale, so that a tolerance means the same for both.
        let largest = out.iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
        for (row, features) in rows.iter_mut().zip(out.chunks(descriptor.n_features())) {
            row.extend(features.iter().map(|v| v / largest));
        }
    }
    rows
}

fn assert_same(a: &[Vec<f64>], b: &[Vec<f64>]) -> Result<(), TestCaseError> {
    let scale = a.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        prop_assert!((a - b).abs() <= 1e-9 * scale, "{a} {b}, largest {scale}");
    }
    Ok(())
}

/// The rotation by a unit quaternion.
fn rotate(q: [f64; 4], v: [f64; 3]) -> [f64; 3] {
    let norm = q.iter().map(|c| c * c).sum::<f64>().sqrt();
    let [w, x, y, z] = q.map(|c| c / norm);
    let rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    rows.map(|row| row.iter().zip(v).map(|(r, v)| r * v).sum())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, rng_seed: RngSeed::Fixed(24), failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn rotation_changes_nothing(c in configurations(), q in prop::array::uniform4(0.1..1.0f64)) {
        let map = salt([1.0, -1.0]);
        let turned = Cell::new([0.0; 3], c.vectors.map(|v| rotate(q, v)), [true; 3]).unwrap();
        let positions: Vec<_> = c.positions().into_iter().map(|p| rotate(q, p)).collect();
        assert_same(
            &describe(&c.cell(), &c.types, &c.positions(), &map),
            &describe(&turned, &c.types, &positions, &map),
        )?;
    }

    #[test]
    fn translation_and_periodic_images_change_nothing(
        c in configurations(),
        shift in prop::array::uniform3(-20.0..20.0f64),
        image in prop::array::uniform3(-3i32..=3),
    ) {
        let map = salt([1.0, -1.0]);
        let cell = c.cell();
        let mut moved = c.positions();
        for p in &mut moved {
            *p = std::array::from_fn(|k| p[k] + shift[k]);
        }
        let jump = cell.translation(image.map(f64::from));
        moved[0] = std::array::from_fn(|k| moved[0][k] + jump[k]);
        assert_same(&describe(&cell, &c.types, &c.positions(), &map), &describe(&cell, &c.types, &moved, &map))?;
    }

    #[test]
    fn atoms_in_another_order_keep_their_features(c in configurations(), by in 0usize..12) {
        let map = salt([1.0, -1.0]);
        let by = by % c.types.len();
        let mut expected = describe(&c.cell(), &c.types, &c.positions(), &map);
        expected.rotate_left(by);
        let (mut types, mut positions) = (c.types.clone(), c.positions());
        types.rotate_left(by);
        positions.rotate_left(by);
        assert_same(&expected, &describe(&c.cell(), &types, &positions, &map))?;
    }

    #[test]
    fn swapping_all_charges_changes_nothing(c in configurations()) {
        let (map, swapped) = (salt([1.0, -1.0]), salt([-1.0, 1.0]));
        assert_same(
            &describe(&c.cell(), &c.types, &c.positions(), &map),
            &describe(&c.cell(), &c.types, &c.positions(), &swapped),
        )?;
    }

    #[test]
    fn a_repeated_cell_has_the_same_features(c in configurations()) {
        let map = salt([1.0, -1.0]);
        let mut double = c.vectors;
        double[1] = double[1].map(|v| 2.0 * v);
        let b = c.vectors[1];
        let positions = c.positions();
        let copy: Vec<_> = positions.iter().map(|p| std::array::from_fn(|k| p[k] + b[k])).collect();
        let expected = describe(&c.cell(), &c.types, &positions, &map);
        let types = [&c.types[..], &c.types[..]].concat();
        let cell = Cell::new([0.0; 3], double, [true; 3]).unwrap();
        let found = describe(&cell, &types, &[positions, copy].concat(), &map);
        assert_same(&expected, &found[..expected.len()])?;
        assert_same(&expected, &found[expected.len()..])?;
    }
}
