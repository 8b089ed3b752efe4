//! The kernels whose instructions `count.py` counts, each on a small piece of work that is the same everywhere.
//!
//! `counts` prints their names, and `counts KERNEL` runs one of them on one thread: once to warm up, and once inside
//! [`under_count`], the function that the counter watches.

use ionscape::descriptor::{Convention, PowerSpectrum, SoapParameters};
use ionscape::geometry::{Cell, NeighborSearch};
use ionscape::local::{PeriodicEnvironments, features};
use ionscape::model::Model;
use ionscape::species::{Species, SpeciesMap};
use ionscape::training::mlp::{MlpSettings, train};
use ionscape::training::{Pooled, Rows};
use ionscape::trajectory::{Columns, DumpReader, Frame, ReadOptions};
use ndarray::{Array2, ArrayViewMut2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;

const KERNELS: [(&str, fn()); 8] = [
    ("descriptor", dscribe_gto),
    ("compact", compact),
    ("neighbors", neighbors),
    ("perceptrons", perceptrons),
    ("waves", waves),
    ("grades", grades),
    ("read", read),
    ("training", training),
];

const N_FEATURES: usize = 468;

#[inline(never)]
fn under_count(work: &mut dyn FnMut()) {
    work();
    // What follows the call keeps it from becoming a jump, with which the counter would not see its end.
    std::hint::black_box(());
}

fn count(mut work: impl FnMut()) {
    work();
    under_count(&mut work);
}

/// Ions at density 0.1, anywhere.
fn ions(n: usize) -> (Cell, Vec<i32>, Vec<[f64; 3]>) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let edge = (10.0 * n as f64).cbrt();
    let vectors = std::array::from_fn(|i| std::array::from_fn(|j| if i == j { edge } else { 0.0 }));
    let cell = Cell::new([0.0; 3], vectors, [true; 3]).expect("a cube is a cell");
    let positions = (0..n).map(|_| std::array::from_fn(|_| edge * random.random::<f64>())).collect();
    (cell, (0..n).map(|i| 1 + (i % 2) as i32).collect(), positions)
}

fn describe(convention: Convention) {
    let (cell, types, positions) = ions(200);
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species::atomic(n, charge));
    let map = SpeciesMap::from_names(&species, &["cation", "anion"]).expect("both are species");
    let parameters = SoapParameters { convention, ..Default::default() };
    let descriptor = PowerSpectrum::new(parameters, 2).expect("the parameters are valid");
    let order: Vec<usize> = (0..types.len()).collect();
    let environments = PeriodicEnvironments::new(&cell, &types, &positions, &order, &map, descriptor.reach())
        .expect("positions are finite");
    let mut out = vec![0.0; types.len() * descriptor.n_features()];
    count(|| features(&descriptor, &environments, &mut out));
}

fn dscribe_gto() {
    describe(Convention::DscribeGto { sigma: 0.5 });
}

fn compact() {
    describe(Convention::Compact { switching: SoapParameters::default().cutoff });
}

fn neighbors() {
    let (cell, _, positions) = ions(2000);
    count(|| {
        let search = NeighborSearch::new(&cell, &positions, 5.0).expect("positions are finite");
        let mut sum = 0.0;
        (0..search.len()).for_each(|i| search.for_each_neighbor(i, |j, d| sum += j as f64 * d[0]));
        std::hint::black_box(sum);
    });
}

fn environments(n: usize) -> Array2<f32> {
    Array2::from_shape_fn((n, N_FEATURES), |(i, j)| ((i * 7 + j * 13) % 97) as f32 / 50.0 - 1.0)
}

fn model(name: &str) -> Model {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    Model::load(folder.join(name)).expect("the model loads")
}

fn predict(name: &str) {
    let (model, x) = (model(name), environments(256));
    count(|| drop(model.predict(x.view()).expect("finite features")));
}

fn perceptrons() {
    predict("baseline.onnx");
}

fn waves() {
    predict("electrolyte.onnx");
}

fn grades() {
    let (model, x) = (model("electrolyte.onnx"), environments(1024));
    count(|| drop(std::hint::black_box(model.grades(x.view()))));
}

fn read() {
    let (_, types, positions) = ions(2000);
    let mut text = String::new();
    for step in 0..5 {
        write!(text, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}\n", types.len()).expect("text takes all");
        text.push_str("ITEM: BOX BOUNDS pp pp pp\n0 30\n0 30\n0 30\nITEM: ATOMS id type q x y z\n");
        for (i, (kind, [x, y, z])) in types.iter().zip(&positions).enumerate() {
            writeln!(text, "{} {kind} {} {x:.5} {y:.5} {z:.5}", i + 1, 3 - 2 * kind).expect("text takes all");
        }
    }
    let folder = tempfile::tempdir().expect("a place to write");
    let dump = folder.path().join("ions.lammpstrj");
    std::fs::write(&dump, text).expect("the dump can be written");
    count(|| {
        let mut reader = DumpReader::open(&dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
        let mut frame = Frame::default();
        while reader.read(&mut frame).expect("the dump is good") {}
    });
}

/// All rows of a matrix.
struct Whole(Array2<f32>);

impl Rows for Whole {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn width(&self) -> usize {
        self.0.ncols()
    }

    fn gather(&self, indices: &[usize], mut out: ArrayViewMut2<f32>) {
        out.rows_mut().into_iter().zip(indices).for_each(|(mut row, &i)| row.assign(&self.0.row(i)));
    }
}

fn training() {
    let rows = [Whole(environments(512)), Whole(environments(512) + 1.0)];
    let systems: Vec<Pooled> = rows
        .iter()
        .zip([0.5, 1.0])
        .map(|(rows, label)| Pooled { name: "one", rows, label, error: 1.0, local: None })
        .collect();
    let settings = MlpSettings { steps: 2, ..Default::default() };
    count(|| drop(train(&systems, &[], &settings, 1, None, None).expect("good data")));
}

fn main() {
    // Work in a thread of rayon's own would be none of `under_count`'s.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("no pool was built before");
    let wanted = std::env::args().nth(1);
    for (name, kernel) in KERNELS {
        match &wanted {
            None => println!("{name}"),
            Some(wanted) if wanted == name => kernel(),
            Some(_) => (),
        }
    }
}
