//! Processor time of the kernels on one thread, for a script to set beside that of other programs.
//!
//! `cargo bench --bench costs -- descriptor DUMP SIGMA` prints microseconds per ion for the features of one frame,
//! neighbours included; `... -- compact DUMP CUTOFF N_MAX L_MAX` does so in that convention; `... -- load MODEL` prints the time that it takes to read
//! a model file and make it ready; `... -- read DUMP` prints seconds to read the unwrapped positions of all frames,
//! unpacking included; `... -- neighbors DUMP RADIUS` prints microseconds per ion for the full list of neighbours of one frame,
//! both indices and the vector of each pair. Each is the median of several warm repetitions.
//! `... -- write DUMP FRAMES IONS` writes a dump of walking ions, packed if its name ends in .gz or .zst.

use std::fmt::Write as _;
use std::io::Write as _;

use cpu_time::ProcessTime;
use ionscape::descriptor::{Convention, PowerSpectrum, SoapParameters};
use ionscape::geometry::NeighborSearch;
use ionscape::local::{Environments, LocalModel, PeriodicEnvironments, features};
use ionscape::output::AtomicFile;
use ionscape::species::{Species, SpeciesMap};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

fn descriptor(dump: &str, parameters: SoapParameters) -> f64 {
    let mut reader = DumpReader::open(dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
    let mut frame = Frame::default();
    assert!(reader.read(&mut frame).expect("the dump is good"), "the dump has a frame");
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species { name: n.into(), charge });
    let map = SpeciesMap::from_names(&species, &["cation", "anion"]).expect("both are species");
    let descriptor = PowerSpectrum::new(parameters, 2).expect("the parameters are valid");
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

fn neighbors(dump: &str, radius: f64) -> f64 {
    let mut reader = DumpReader::open(dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
    let mut frame = Frame::default();
    assert!(reader.read(&mut frame).expect("the dump is good"), "the dump has a frame");
    let seconds = median_seconds(|| {
        let search = NeighborSearch::new(&frame.cell, &frame.positions, radius).expect("positions are finite");
        let (mut pairs, mut vectors) = (vec![], vec![]);
        for i in 0..search.len() {
            search.for_each_neighbor(i, |j, d| {
                pairs.push([i as u64, j as u64]);
                vectors.push(d);
            });
        }
        std::hint::black_box((pairs, vectors));
    });
    1e6 * seconds / frame.n_atoms as f64
}

fn load(model: &str) -> f64 {
    median_seconds(|| drop(LocalModel::load(model).expect("the model loads")))
}

fn read(dump: &str) -> f64 {
    median_seconds(|| {
        let columns = Columns::none().require(Quantity::Ids).require(Quantity::Types).require(Quantity::Unwrapped);
        let columns = columns.require(Quantity::Charges);
        let mut reader = DumpReader::open(dump, columns, ReadOptions::default()).expect("the dump opens");
        let mut frame = Frame::default();
        let mut sum = 0.0;
        while reader.read(&mut frame).expect("the dump is good") {
            sum += frame.unwrapped().expect("the dump has unwrapped positions")[0][0];
        }
        std::hint::black_box(sum);
    })
}

/// Half cations and half anions that walk independently at density 0.1, as LAMMPS writes `id type q xu yu zu`.
fn write(dump: &str, n_frames: usize, n_ions: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let edge = (10.0 * n_ions as f64).cbrt();
    let mut places: Vec<[f64; 3]> = vec![[0.0; 3]; n_ions];
    places.iter_mut().flatten().for_each(|x| *x = edge * random.random::<f64>());
    let mut file = AtomicFile::create(std::path::Path::new(dump)).expect("the dump can be written");
    let mut text = String::new();
    for frame in 0..n_frames {
        text.clear();
        let step = 200 * frame;
        write!(text, "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n_ions}\nITEM: BOX BOUNDS pp pp pp\n")
            .and_then(|()| (0..3).try_for_each(|_| writeln!(text, "0.0000000000000000e+00 {edge:.16e}")))
            .expect("text takes all");
        text.push_str("ITEM: ATOMS id type q xu yu zu\n");
        for (i, at) in places.iter_mut().enumerate() {
            let (kind, charge) = if i < n_ions / 2 { (1, 1) } else { (2, -1) };
            writeln!(text, "{} {kind} {charge} {:.5} {:.5} {:.5}", i + 1, at[0], at[1], at[2]).expect("text takes all");
            // A step of this width at every 200 of 0.005 is a diffusion coefficient of 1/2.
            at.iter_mut().for_each(|x| *x += 3f64.sqrt() * (2.0 * random.random::<f64>() - 1.0));
        }
        file.write_all(text.as_bytes()).expect("the dump can be written");
    }
    file.commit().expect("the dump can be written");
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool was built before");
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["descriptor", dump, sigma] => {
            let convention = Convention::DscribeGto { sigma: sigma.parse().expect("a number") };
            println!("{}", descriptor(dump, SoapParameters { convention, ..Default::default() }));
        }
        ["compact", dump, cutoff, n_max, l_max] => {
            let cutoff = cutoff.parse().expect("a number");
            let [n_max, l_max] = [n_max, l_max].map(|n| n.parse().expect("a whole number"));
            let convention = Convention::Compact { switching: 0.5 * cutoff };
            println!("{}", descriptor(dump, SoapParameters { convention, cutoff, n_max, l_max }));
        }
        ["neighbors", dump, radius] => println!("{}", neighbors(dump, radius.parse().expect("a number"))),
        ["load", model] => println!("model ready after {:.4} s of processor time", load(model)),
        ["read", dump] => println!("{}", read(dump)),
        ["write", dump, frames, ions] => {
            write(dump, frames.parse().expect("a number"), ions.parse().expect("a number"));
        }
        _ => eprintln!(
            "usage: costs descriptor DUMP SIGMA | compact DUMP CUTOFF N_MAX L_MAX | load MODEL | read DUMP | neighbors DUMP RADIUS | write DUMP FRAMES IONS"
        ),
    }
}
