//! Processor time of training, for a script to set beside that of PyTorch.
//!
//! `cargo bench --bench training -- epoch FEATURES.npy SYSTEMS EPOCHS WEIGHTS.f32 [THREADS]` trains the paper's network
//! on all rows at once, rows of a system together and as many of each; system `s` has the label `sin s`. It writes the
//! initial weights, each layer's `[out, in]` and then its biases, and prints one JSON object: seconds of each epoch
//! after the first, as processor time and by the clock, the loss before each epoch, and the largest resident memory
//! over that of the features.
//!
//! `... -- ensemble MEMBERS MODEL.onnx` writes an ensemble of such networks, and `... -- forward MEMBERS MODEL.onnx`
//! also prints one JSON object: numbers of rows, and microseconds for so many by ionscape's own forward pass and by
//! tract on one thread, taking turns, the median of each.

use std::time::Instant;

use cpu_time::ProcessTime;
use ionscape::model::{GraphBuilder, INPUT, Model, OUTPUT};
use ionscape::training::mlp::{Checkpoints, MlpSettings, Network, State, train};
use ionscape::training::{Pooled, Rows};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

/// The rows of one system among those of all.
struct Part<'a>(ArrayView2<'a, f32>);

impl Rows for Part<'_> {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn width(&self) -> usize {
        self.0.ncols()
    }

    fn gather(&self, indices: &[usize], mut out: ArrayViewMut2<f32>) {
        for (mut row, &i) in out.rows_mut().into_iter().zip(indices) {
            row.assign(&self.0.row(i));
        }
    }

    fn in_place(&self, rows: std::ops::Range<usize>) -> Option<ArrayView2<'_, f32>> {
        Some(self.0.slice(s![rows, ..]))
    }
}

/// Largest resident memory of this process so far, in bytes.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).expect("a peak");
    1024.0 * line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).expect("a number of kB")
}

fn epoch(features: &str, n_systems: usize, epochs: usize, weights: &str) {
    let x: Array2<f32> = ndarray_npy::read_npy(features).expect("float32 features");
    let per_system = x.nrows() / n_systems;
    let parts: Vec<Part> =
        (0..n_systems).map(|k| Part(x.slice(s![k * per_system..(k + 1) * per_system, ..]))).collect();
    let label = |k: usize| (k as f64).sin();
    let systems: Vec<Pooled> = parts
        .iter()
        .enumerate()
        .map(|(k, rows)| Pooled { name: "part", rows, label: label(k), error: 1.0, local: None })
        .collect();
    let settings = MlpSettings { steps: epochs, ions_per_system: 0, group: 0, check_every: 1, ..Default::default() };

    let network = Network::initial(x.ncols(), &settings, 1);
    let layers = network.layers();
    let flat = layers.iter().flat_map(|l| l.weights.iter().chain(l.biases));
    std::fs::write(weights, flat.flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>()).expect("a place to write");

    let (mut seconds, mut clock, mut began) = (vec![], vec![], (ProcessTime::now(), Instant::now()));
    let mut stop = |_: &State| {
        seconds.push(began.0.elapsed().as_secs_f64());
        clock.push(began.1.elapsed().as_secs_f64());
        began = (ProcessTime::now(), Instant::now());
        Ok(())
    };
    let checkpoints = Checkpoints { every: 1, save: &mut stop };
    let trained = train(&systems, &[], &settings, 1, Some(checkpoints), None).expect("good data");
    let losses: Vec<f64> = trained.history.iter().map(|c| c.training).collect();
    let memory = peak_memory() / (4.0 * x.len() as f64);
    let (seconds, clock) = (&seconds[1..], &clock[1..]);
    println!("{{\"seconds\": {seconds:?}, \"clock\": {clock:?}, \"losses\": {losses:?}, \"memory\": {memory:?}}}");
}

/// Weights of an ensemble of the paper's networks as a graph, and in it a description that serves for any.
fn ensemble(members: usize) -> Vec<u8> {
    let mut graph = GraphBuilder::default();
    let mut outputs = vec![];
    for m in 0..members {
        let network = Network::initial(468, &MlpSettings::default(), m as u64);
        let mut from = INPUT.to_string();
        for (l, layer) in network.layers().iter().enumerate() {
            let name = |what: &str| format!("{what}{m}.{l}");
            graph.matrix(&name("weights"), layer.weights.t());
            graph.vector(&name("biases"), layer.biases);
            graph.node("Gemm", &[&from, &name("weights"), &name("biases")], &name("sum"));
            from = name("sum");
            if l < 2 {
                graph.node("Relu", &[&from], &name("output"));
                from = name("output");
            }
        }
        outputs.push(from);
    }
    graph.concatenate(&outputs.iter().map(String::as_str).collect::<Vec<_>>(), OUTPUT);
    let baseline = Model::load("examples/models/baseline.onnx").expect("the baseline loads");
    graph.finish(468, members, baseline.metadata()).expect("good metadata")
}

fn write_ensemble(members: usize, file: &str) -> Vec<u8> {
    let bytes = ensemble(members);
    std::fs::write(file, &bytes).expect("a place to write");
    bytes
}

fn forward(members: usize, file: &str) {
    const REPETITIONS: usize = 9;
    // A repetition lasts at least so long, for the clock to resolve it.
    const SECONDS: f64 = 0.01;
    let bytes = write_ensemble(members, file);
    let models = [Model::from_bytes(file, &bytes), Model::by_tract(file, &bytes)].map(|m| m.expect("it loads"));
    let sizes = [1, 2, 8, 32, 256, 1000, 8000];
    let mut medians = [vec![], vec![]];
    for n in sizes {
        let x = Array2::from_shape_fn((n, 468), |(i, j)| ((i * 7 + j * 13) % 97) as f32 / 50.0 - 1.0);
        let mut seconds = [vec![], vec![]];
        for _ in 0..REPETITIONS {
            for (model, seconds) in models.iter().zip(&mut seconds) {
                let (began, mut done) = (ProcessTime::now(), 0);
                while done == 0 || began.elapsed().as_secs_f64() < SECONDS {
                    std::hint::black_box(model.predict(x.view()).expect("finite features"));
                    done += 1;
                }
                seconds.push(began.elapsed().as_secs_f64() / f64::from(done));
            }
        }
        for (medians, mut seconds) in medians.iter_mut().zip(seconds) {
            seconds.sort_by(f64::total_cmp);
            medians.push((1e7 * seconds[REPETITIONS / 2]).round() / 10.0);
        }
    }
    println!("{{\"rows\": {sizes:?}, \"own\": {:?}, \"tract\": {:?}}}", medians[0], medians[1]);
}

fn main() {
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let threads = match &words[..] {
        ["epoch", _, _, _, _, threads] => threads.parse().expect("a number"),
        _ => 1,
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("no pool was built before");
    match &words[..] {
        ["epoch", features, systems, epochs, weights, ..] => {
            epoch(features, systems.parse().expect("a number"), epochs.parse().expect("a number"), weights);
        }
        ["ensemble", members, file] => drop(write_ensemble(members.parse().expect("a number"), file)),
        ["forward", members, file] => forward(members.parse().expect("a number"), file),
        _ => {
            eprintln!("usage: training epoch FEATURES.npy SYSTEMS EPOCHS WEIGHTS.f32 [THREADS]");
            eprintln!("       | ensemble MEMBERS MODEL.onnx | forward MEMBERS MODEL.onnx");
            std::process::exit(2);
        }
    }
}
