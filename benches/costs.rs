//! Processor time of the kernels on one thread, for a script to set beside that of other programs.
//!
//! `cargo bench --bench costs -- descriptor DUMP SIGMA` prints microseconds per ion for the features of one frame,
//! neighbours included; `... -- load MODEL` prints the time that it takes to read
//! a model file and make it ready.
//! Each is the median of several warm repetitions.

use cpu_time::ProcessTime;
use ionscape::descriptor::{PowerSpectrum, SoapParameters};
use ionscape::local::{Environments, LocalModel, PeriodicEnvironments, features};
use ionscape::species::{Species, SpeciesMap};
use ionscape::trajectory::{Columns, DumpReader, Frame, ReadOptions};

const REPETITIONS: usize = 5;

fn median_seconds(mut work: impl FnMut()) -> f64 {
    work();
    let mut seconds: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let began = ProcessTime::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[REPETITIONS / 2]
}

fn descriptor(dump: &str, sigma: f64) -> f64 {
    let mut reader = DumpReader::open(dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
    let mut frame = Frame::default();
    assert!(reader.read(&mut frame).expect("the dump is good"), "the dump has a frame");
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species { name: n.into(), charge });
    let map = SpeciesMap::from_names(&species, &["cation", "anion"]).expect("both are species");
    let parameters = SoapParameters { sigma, ..Default::default() };
    let descriptor = PowerSpectrum::new(parameters, 2).expect("the paper's setting is valid");
    let order = frame.order_by_id().expect("ids differ");
    let mut out = vec![0.0; frame.n_atoms * descriptor.n_features()];
    let seconds = median_seconds(|| {
        let environments =
            PeriodicEnvironments::new(&frame.cell, &frame.types, &frame.positions, &order, &map, descriptor.reach())
                .expect("positions are finite");
        assert_eq!(environments.len(), frame.n_atoms);
        features(&descriptor, &environments, &mut out);
    });
    1e6 * seconds / frame.n_atoms as f64
}

fn load(model: &str) -> f64 {
    median_seconds(|| drop(LocalModel::load(model).expect("the model loads")))
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool was built before");
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["descriptor", dump, sigma] => println!("{}", descriptor(dump, sigma.parse().expect("a number"))),
        ["load", model] => println!("model ready after {:.4} s of processor time", load(model)),
        _ => eprintln!("usage: costs descriptor DUMP SIGMA | costs load MODEL"),
    }
}
