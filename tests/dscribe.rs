//! The descriptor against values that DScribe computed; `tests/reference/dscribe/generate.py` says how.

use std::path::PathBuf;

use ionscape::descriptor::{Convention, InstructionSet, PowerSpectrum, SoapParameters};
use ionscape::local::{PeriodicEnvironments, features};
use ionscape::species::{Species, SpeciesMap};
use ionscape::trajectory::{Columns, DumpReader, Frame, ReadOptions};
use ndarray::{Array2, ArrayView2};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/dscribe")
}

fn salt() -> SpeciesMap {
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species::atomic(n, charge));
    SpeciesMap::from_names(&species, &["cation", "anion"]).unwrap()
}

fn describe(case: &str, sigma: f64, instructions: InstructionSet) -> Array2<f64> {
    let mut dump =
        DumpReader::open(folder().join(format!("{case}.lammpstrj")), Columns::default(), ReadOptions::default())
            .unwrap();
    let mut frame = Frame::default();
    assert!(dump.read(&mut frame).unwrap());
    let parameters = SoapParameters { convention: Convention::DscribeGto { sigma }, ..Default::default() };
    let descriptor = PowerSpectrum::with_instructions(parameters, 2, instructions).unwrap();
    let (map, order) = (salt(), frame.order_by_id().unwrap());
    let environments =
        PeriodicEnvironments::new(&frame.cell, &frame.types, &frame.positions, &order, &map, descriptor.reach())
            .unwrap();
    let mut out = Array2::zeros((frame.n_atoms, descriptor.n_features()));
    features(&descriptor, &environments, out.as_slice_mut().unwrap());
    out
}

/// Every feature within 1e-6 of its value, or of what double precision has of the largest of all.
fn assert_agreement(what: &str, ours: ArrayView2<f64>, theirs: ArrayView2<f64>) {
    assert_eq!(ours.dim(), theirs.dim(), "{what}");
    let largest = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for ((place, ours), theirs) in ours.indexed_iter().zip(theirs) {
        let difference = (ours - theirs).abs();
        assert!(
            difference <= 1e-6 * theirs.abs() || difference <= 1e-15 * largest,
            "{what}: feature {place:?} is {ours:e}, and DScribe has {theirs:e}"
        );
    }
}

#[test]
fn power_spectra_agree_with_dscribe_on_every_instruction_set() {
    for case in ["cubic", "triclinic", "small", "dilute"] {
        for sigma in [0.5, 1.0] {
            let theirs: Array2<f64> = ndarray_npy::read_npy(folder().join(format!("{case}_s{sigma:.1}.npy"))).unwrap();
            for set in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
                if set.is_available() {
                    let ours = describe(case, sigma, set);
                    assert_agreement(&format!("{case}, sigma {sigma}, {set:?}"), ours.view(), theirs.view());
                }
            }
        }
    }
}
