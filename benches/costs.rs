//! Time of the kernels, for a script to set beside that of other programs.
//!
//! `cargo bench --bench costs -- WORK` prints the median of several warm repetitions on one thread, as processor time:
//! microseconds per ion where the work is on one frame, and seconds otherwise. WORK is
//!
//! - `descriptor DUMP SIGMA`: the features of one frame in DScribe's convention, neighbours included;
//! - `compact DUMP CUTOFF N_MAX L_MAX`: the same in that convention;
//! - `neighbors DUMP RADIUS`: the full list of neighbours of one frame, both indices and the vector of each pair;
//! - `forward MODEL ROWS`: the network on so many rows at once, in the calling thread;
//! - `chunks MODEL ROWS`: the same in chunks of 256 that threads share, as a model goes through a frame;
//! - `local MODEL DUMP`: local conductivities of all frames, which are held in memory;
//! - `load MODEL`: a model file read and made ready;
//! - `read DUMP`: the unwrapped positions of all frames, unpacking included.
//!
//! `... -- serve THREADS WORK` prepares the work, does it once, and then once more for each line that it is sent: it
//! answers with seconds of processor time and seconds by the clock of one repetition, and a number that shows that the
//! work was done. Other programs can so take turns with it, and nothing starts anew between repetitions.
//!
//! `... -- outputs MODEL ROWS FILE.npy` writes what `forward` computes, `... -- write DUMP FRAMES IONS` a dump of
//! walking ions, packed if its name ends in .gz or .zst.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use cpu_time::ProcessTime;
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::descriptor::{Convention, PowerSpectrum, SoapParameters};
use ionscape::geometry::NeighborSearch;
use ionscape::local::{Environments, LocalModel, PeriodicEnvironments, features};
use ionscape::model::{Conditions, Model};
use ionscape::output::AtomicFile;
use ionscape::species::{Species, SpeciesMap};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
use ndarray::{Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const REPETITIONS: usize = 5;

/// A repetition lasts at least so many seconds, for the clock to resolve it.
const SHORTEST: f64 = 0.02;

/// What is timed: it gives a number that shows that it was done.
struct Work {
    once: Box<dyn FnMut() -> f64>,
    /// Over how many ions its time is spread when it is printed.
    ions: Option<usize>,
}

impl Work {
    fn new(once: impl FnMut() -> f64 + 'static) -> Self {
        Self { once: Box::new(once), ions: None }
    }

    fn per_ion(self, ions: usize) -> Self {
        Self { ions: Some(ions), ..self }
    }

    /// Seconds of processor time and by the clock of one repetition, and what it gave.
    fn time(&mut self) -> (f64, f64, f64) {
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        let (mut done, mut value) = (0, 0.0);
        while done == 0 || wall.elapsed().as_secs_f64() < SHORTEST {
            value = (self.once)();
            done += 1;
        }
        let n = f64::from(done);
        (cpu.elapsed().as_secs_f64() / n, wall.elapsed().as_secs_f64() / n, value)
    }

    fn serve(&mut self) {
        (self.once)();
        for line in std::io::stdin().lines() {
            line.expect("standard input can be read");
            let (cpu, wall, value) = self.time();
            println!("{cpu} {wall} {value}");
        }
    }

    fn print_median(&mut self) {
        (self.once)();
        let mut seconds: Vec<f64> = (0..REPETITIONS).map(|_| self.time().0).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[REPETITIONS / 2];
        println!("{}", self.ions.map_or(median, |n| 1e6 * median / n as f64));
    }
}

fn first_frame(dump: &str) -> Frame {
    let mut reader = DumpReader::open(dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
    let mut frame = Frame::default();
    assert!(reader.read(&mut frame).expect("the dump is good"), "the dump has a frame");
    frame
}

fn salt() -> SpeciesMap {
    let species = [("cation", 1.0), ("anion", -1.0)].map(|(n, charge)| Species::atomic(n, charge));
    SpeciesMap::from_names(&species, &["cation", "anion"]).expect("both are species")
}

fn descriptor(dump: &str, parameters: SoapParameters) -> Work {
    let (frame, map) = (first_frame(dump), salt());
    let descriptor = PowerSpectrum::new(parameters, 2).expect("the parameters are valid");
    let order = frame.order_by_id().expect("ids differ");
    let mut out = vec![0.0; frame.n_atoms * descriptor.n_features()];
    let n = frame.n_atoms;
    let work = Work::new(move || {
        let environments =
            PeriodicEnvironments::new(&frame.cell, &frame.types, &frame.positions, &order, &map, descriptor.reach())
                .expect("positions are finite");
        features(&descriptor, &environments, &mut out);
        out[0]
    });
    work.per_ion(n)
}

fn neighbors(dump: &str, radius: f64) -> Work {
    let frame = first_frame(dump);
    let n = frame.n_atoms;
    let work = Work::new(move || {
        let search = NeighborSearch::new(&frame.cell, &frame.positions, radius).expect("positions are finite");
        let (mut pairs, mut vectors) = (vec![], vec![]);
        for i in 0..search.len() {
            search.for_each_neighbor(i, |j, d| {
                pairs.push([i as u64, j as u64]);
                vectors.push(d);
            });
        }
        std::hint::black_box((&pairs, &vectors));
        pairs.len() as f64
    });
    work.per_ion(n)
}

/// The same list in parts, which threads share. Their memory is kept, as what goes through many configurations keeps it:
/// new pages come from the system one core at a time.
fn neighbors_in_parts(dump: &str, radius: f64) -> Work {
    const PART: usize = 250;
    let frame = first_frame(dump);
    let n = frame.n_atoms;
    let mut parts = vec![(vec![], vec![]); n.div_ceil(PART)];
    let work = Work::new(move || {
        let search = NeighborSearch::new(&frame.cell, &frame.positions, radius).expect("positions are finite");
        parts.par_iter_mut().enumerate().for_each(|(k, (pairs, vectors))| {
            pairs.clear();
            vectors.clear();
            for i in k * PART..((k + 1) * PART).min(n) {
                search.for_each_neighbor(i, |j, d| {
                    pairs.push([i as u64, j as u64]);
                    vectors.push(d);
                });
            }
        });
        std::hint::black_box(&parts).iter().map(|(pairs, _)| pairs.len()).sum::<usize>() as f64
    });
    work.per_ion(n)
}

/// Rows of features that a script can make as well.
fn rows(n: usize, n_features: usize) -> Array2<f32> {
    Array2::from_shape_fn((n, n_features), |(i, j)| ((i * 7 + j * 13) % 97) as f32 / 50.0 - 1.0)
}

fn forward(model: &str, n: usize) -> Work {
    let model = Model::load(model).expect("the model loads");
    let x = rows(n, model.n_features());
    let work = Work::new(move || f64::from(model.predict(x.view()).expect("finite features")[[0, 0]]));
    work.per_ion(n)
}

fn chunks(model: &str, n: usize) -> Work {
    let model = LocalModel::load(model).expect("the model loads");
    let x = rows(n, model.descriptor().n_features());
    let mut out = vec![[0.0; 3]; n];
    let work = Work::new(move || {
        let shared = x.axis_chunks_iter(Axis(0), 256).into_par_iter();
        shared.zip(out.par_chunks_mut(256)).for_each(|(x, out)| {
            model.evaluate_features(x, out).expect("finite features");
        });
        out[0][0]
    });
    work.per_ion(n)
}

fn local(model: &str, dump: &str) -> Work {
    let model = LocalModel::load(model).expect("the model loads");
    let map = SpeciesMap::from_names(model.species(), &["cation", "anion"]).expect("both are species");
    let reader = DumpReader::open(dump, Columns::default(), ReadOptions::default()).expect("the dump opens");
    let frames: Vec<Frame> = reader.collect::<Result<_, _>>().expect("the dump is good");
    let mut out = vec![];
    let cautions = Cautions::default();
    Work::new(move || {
        let mut sum = 0.0;
        for frame in &frames {
            let environments = configuration::environments(frame, &map, model.descriptor().reach(), &cautions)
                .expect("positions are finite");
            out.clear();
            out.resize(environments.len(), [0.0; 3]);
            let evaluated = model.evaluate(&environments, &Conditions::default(), &mut out);
            assert!(evaluated.is_ok_and(|evaluated| evaluated.n_failed == 0), "finite features");
            sum += out.iter().map(|ion| ion[0]).sum::<f64>() / out.len() as f64;
        }
        sum / frames.len() as f64
    })
}

fn load(model: &str) -> Work {
    let model = model.to_string();
    Work::new(move || LocalModel::load(&model).expect("the model loads").descriptor().n_features() as f64)
}

fn read(dump: &str) -> Work {
    let dump = dump.to_string();
    Work::new(move || {
        let columns = Columns::none().require(Quantity::Ids).require(Quantity::Types).require(Quantity::Unwrapped);
        let columns = columns.require(Quantity::Charges);
        let mut reader = DumpReader::open(&dump, columns, ReadOptions::default()).expect("the dump opens");
        let mut frame = Frame::default();
        let (mut frames, mut sum) = (0.0, 0.0);
        while reader.read(&mut frame).expect("the dump is good") {
            sum += frame.unwrapped().expect("the dump has unwrapped positions")[0][0];
            frames += 1.0;
        }
        std::hint::black_box(sum);
        frames
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

fn outputs(model: &str, n: usize, file: &str) {
    let model = Model::load(model).expect("the model loads");
    let predicted = model.predict(rows(n, model.n_features()).view()).expect("finite features");
    ndarray_npy::write_npy(file, &predicted).expect("the file can be written");
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is no such number"))
}

/// None where the words name no work.
fn work(words: &[&str]) -> Option<Work> {
    Some(match words {
        ["descriptor", dump, sigma] => {
            let convention = Convention::DscribeGto { sigma: number(sigma) };
            descriptor(dump, SoapParameters { convention, ..Default::default() })
        }
        ["compact", dump, cutoff, n_max, l_max] => {
            let cutoff = number(cutoff);
            let convention = Convention::Compact { switching: 0.5 * cutoff };
            descriptor(dump, SoapParameters { convention, cutoff, n_max: number(n_max), l_max: number(l_max) })
        }
        ["neighbors", dump, radius] => neighbors(dump, number(radius)),
        ["neighbors-in-parts", dump, radius] => neighbors_in_parts(dump, number(radius)),
        ["forward", model, n] => forward(model, number(n)),
        ["chunks", model, n] => chunks(model, number(n)),
        ["local", model, dump] => local(model, dump),
        ["load", model] => load(model),
        ["read", dump] => read(dump),
        _ => return None,
    })
}

fn main() {
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (threads, work_words) = match &words[..] {
        ["serve", threads, rest @ ..] => (number(threads), rest),
        rest => (1, rest),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("no pool was built before");
    match &words[..] {
        ["write", dump, frames, ions] => return write(dump, number(frames), number(ions)),
        ["outputs", model, n, file] => return outputs(model, number(n), file),
        _ => {}
    }
    match work(work_words) {
        Some(mut work) if words[0] == "serve" => work.serve(),
        Some(mut work) => work.print_median(),
        None => {
            eprintln!("usage: costs [serve THREADS] descriptor DUMP SIGMA | compact DUMP CUTOFF N_MAX L_MAX");
            eprintln!(
                "       | neighbors DUMP RADIUS | neighbors-in-parts DUMP RADIUS | forward MODEL ROWS | chunks MODEL ROWS | local MODEL DUMP"
            );
            eprintln!("       | load MODEL | read DUMP");
            eprintln!("   or: costs outputs MODEL ROWS FILE.npy | write DUMP FRAMES IONS");
            std::process::exit(2);
        }
    }
}
