//! Training as a whole, and gradients against finite differences.

use ndarray::{Array1, Array2, ArrayView2, s};
use rand::Rng;

use super::batch::Batch;
use super::gradient::{Data, Engine};
use super::random;
use super::target::{Scale, with_responses};
use super::*;
use crate::training::{LocalRows, Pooled};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Environments of each system around a centre of its own, `[n, width]`.
fn inputs(seed: u64, sizes: &[usize], width: usize) -> Vec<Array2<f32>> {
    let mut random = random::of_step(seed, 0);
    let system = |&n: &usize| {
        let center = Array1::from_shape_fn(width, |_| random.random_range(-2.0..2.0));
        Array2::from_shape_fn((n, width), |(_, j)| center[j] + random.random_range(-1.0..1.0))
    };
    sizes.iter().map(system).collect()
}

fn label_with(rows: &[Array2<f32>], field: impl Fn(&[f32]) -> f64) -> Vec<Pooled<'_>> {
    let label =
        |x: &Array2<f32>| x.rows().into_iter().map(|r| field(r.as_slice().unwrap())).sum::<f64>() / x.nrows() as f64;
    rows.iter()
        .zip(NAMES.iter().cycle())
        .map(|(x, name)| Pooled { name, rows: x, label: label(x), error: 0.1, local: None })
        .collect()
}

fn linear(x: &[f32]) -> f64 {
    7.0 + x.iter().enumerate().map(|(j, &x)| (j as f64 - 1.0) * f64::from(x)).sum::<f64>()
}

fn quick() -> MlpSettings {
    MlpSettings { hidden: vec![8, 5], steps: 30, ions_per_system: 20, group: 7, check_every: 10, ..Default::default() }
}

fn on_threads<T: Send>(n: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
}

/// The forward pass in float64, written out.
fn reference(network: &Network, flat: &[f64], x: &[f32]) -> f64 {
    let (mut a, mut at): (Vec<f64>, usize) = (x.iter().copied().map(f64::from).collect(), 0);
    let softplus = |z: f64| z.exp().ln_1p();
    let layers = network.layers();
    for (l, layer) in layers.iter().enumerate() {
        let (n_out, n_in) = layer.weights.dim();
        let z = |o: usize| {
            let sum: f64 = (0..n_in).map(|i| flat[at + o * n_in + i] * a[i]).sum();
            let z = sum + flat[at + n_out * n_in + o];
            match (l + 1 == layers.len(), network.activation(), network.output()) {
                (true, _, Output::Linear) => z,
                (false, Activation::Relu, _) => z.max(0.0),
                _ => softplus(z),
            }
        };
        a = (0..n_out).map(z).collect();
        at += n_out * (n_in + 1);
    }
    a[0]
}

#[test]
fn gradients_agree_with_finite_differences() {
    // 700 rows: groups in pieces; 300 and 4: chunks of several groups.
    let rows = inputs(11, &[700, 300, 4], 3);
    let mut systems = label_with(&rows, linear);
    // Ions of the second system have responses of their own.
    let departures: Vec<f64> = (0..300).map(|i| 0.3 * f64::from(i).sin()).collect();
    systems[1].local = Some(LocalRows { rows: &rows[1], departures: &departures, error: 0.2 });
    for (activation, output, group) in [
        (Activation::Relu, Output::Linear, 0),
        (Activation::Relu, Output::Softplus, 50),
        (Activation::Softplus, Output::Linear, 50),
        (Activation::Softplus, Output::Softplus, 0),
    ] {
        let settings = MlpSettings { activation, output, group, ions_per_system: 0, hidden: vec![6, 4], ..quick() };
        let network = Network::initial(3, &settings, 12);
        let (architecture, flat) = network.clone().into_parts();
        let scale = Scale::of(&systems, output);
        let targets = scale.targets(&systems);
        let learned = with_responses(&systems);
        let mut batch = Batch::default();
        batch.draw(&learned, &targets, &settings, 13, 0);
        let ions: Vec<_> = batch.groups.iter().filter(|g| g.system == 3).collect();
        assert_eq!(ions.len(), 300);
        // An ion's error is 0.2 of the label, and a label's is 0.1 for all of them.
        let weight = (0.1 / (0.2 * systems[1].label)).powi(2) / 3.0;
        assert!(ions.iter().all(|g| (g.weight - weight).abs() < 1e-12 * weight));
        let data = Data { kind: "training", systems: &learned };
        let mut gradient = vec![0.0; flat.len()];
        let mut engine = Engine::new(architecture);
        let value = engine.gradient(&flat, data, &batch, &mut gradient).unwrap();
        let alone = engine.loss(&flat, data, &batch).unwrap();
        let loss = |flat: &[f64]| -> f64 {
            let term = |g: &super::batch::Group| {
                let x = |i: usize| rows[[0, 1, 2, 1][g.system]].row(batch.rows[i]).to_slice().unwrap();
                let mean = g.rows.clone().map(|i| reference(&network, flat, x(i))).sum::<f64>() / g.rows.len() as f64;
                g.weight * (mean - g.label).powi(2)
            };
            batch.groups.iter().map(term).sum()
        };
        let exact: Vec<f64> = flat.iter().copied().map(f64::from).collect();
        assert!((value - loss(&exact)).abs() < 1e-6 * value, "{value} {}", loss(&exact));
        assert!((alone - value).abs() < 1e-9 * value);
        let largest = gradient.iter().fold(0.0f32, |m, g| m.max(g.abs()));
        for k in 0..flat.len() {
            let shifted = |h: f64| {
                let mut moved = exact.clone();
                moved[k] += h;
                loss(&moved)
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            let off = (f64::from(gradient[k]) - difference).abs();
            assert!(off < 1e-5 * f64::from(largest), "{activation:?} {output:?} {k}: {} {difference}", gradient[k]);
        }
    }
}

#[test]
fn the_forward_pass_is_that_of_the_layers() {
    let settings = MlpSettings { output: Output::Softplus, ..quick() };
    let network = Network::initial(3, &settings, 1);
    let layers: Vec<_> = network.layers().iter().map(|l| (l.weights.to_owned(), l.biases.to_owned())).collect();
    let again = Network::from_layers(&layers, Activation::Relu, Output::Softplus, 2.5).unwrap();
    let flat: Vec<f64> = again.clone().into_parts().1.into_iter().map(f64::from).collect();
    let x = &inputs(2, &[1000], 3)[0];
    for (x, y) in x.rows().into_iter().zip(again.forward(x.view())) {
        let expected = 2.5 * reference(&again, &flat, x.as_slice().unwrap());
        assert!((f64::from(y) - expected).abs() < 1e-5 * expected.abs().max(1.0));
    }
    let columns = x.t().as_standard_layout().into_owned();
    assert_eq!(again.forward(columns.t()), again.forward(x.view()), "any strides");
    assert!(again.forward(ArrayView2::from(&[[1.0, f32::NAN, 1.0]]))[0].is_nan());
    assert_eq!(again.forward(Array2::zeros((0, 3)).view()).len(), 0);
    let message = Network::from_layers(&layers[1..2], Activation::Relu, Output::Linear, 1.0).unwrap_err().to_string();
    assert!(message.contains("exactly one unit"), "{message}");
    let message = Network::from_layers(&[layers[0].clone(), layers[2].clone()], Activation::Relu, Output::Linear, 1.0);
    assert!(message.unwrap_err().to_string().contains("layer 2 has weights (1, 5)"));
    let hollow = [(Array2::zeros((0, 3)), Array1::zeros(0)), (Array2::zeros((1, 0)), Array1::zeros(1))];
    let message = Network::from_layers(&hollow, Activation::Relu, Output::Linear, 1.0).unwrap_err().to_string();
    assert!(message.contains("layer 1 has no units"), "{message}");
}

#[test]
fn a_planted_linear_field_is_recovered_at_every_environment() {
    let rows = inputs(21, &[60; 40], 4);
    let systems = label_with(&rows, linear);
    let settings = MlpSettings {
        hidden: vec![],
        steps: 1500,
        learning_rate: 0.03,
        ions_per_system: 0,
        group: 0,
        check_every: 500,
        ..Default::default()
    };
    let trained = train(&systems, &[], &settings, 22, None, None).unwrap();
    assert_eq!((trained.best_step, trained.history.len()), (1500, 3));
    let x = &inputs(23, &[200], 4)[0];
    for (x, y) in x.rows().into_iter().zip(trained.network.forward(x.view())) {
        assert!((f64::from(y) - linear(x.as_slice().unwrap())).abs() < 0.01);
    }
}

#[test]
fn the_loss_falls_and_the_best_weights_are_kept() {
    let rows = inputs(31, &[200; 30], 3);
    let systems = label_with(&rows, |x| 5.0 + f64::from(x[0] * x[1]) - f64::from(x[2]).abs());
    let settings = MlpSettings { steps: 600, learning_rate: 0.01, check_every: 20, group: 10, ..quick() };
    let trained = train(&systems[..20], &systems[20..], &settings, 32, None, None).unwrap();
    let (first, last) = (trained.history[0], trained.history[trained.history.len() - 1]);
    assert!(last.training < 0.2 * first.training, "{first:?} {last:?}");
    let best = trained.history.iter().min_by(|a, b| a.validation.unwrap().total_cmp(&b.validation.unwrap())).unwrap();
    assert_eq!(best.step, trained.best_step);
    // The loss in the labels' scale, by the network alone.
    let terms = systems[20..].iter().zip(&rows[20..]).map(|(system, x)| {
        let mean = f64::from(trained.network.forward(x.view()).mapv(f64::from).mean().unwrap() as f32);
        ((mean - system.label) / system.error).powi(2)
    });
    let chi2 = terms.sum::<f64>() / 10.0;
    assert!((chi2 - best.validation.unwrap()).abs() < 1e-3 * chi2, "{chi2} {best:?}");
}

#[test]
fn patience_ends_training() {
    let rows = inputs(41, &[50; 8], 3);
    let systems = label_with(&rows, linear);
    // Validation labels that lie the other way: learning can only make them worse.
    let opposite: Vec<_> = systems.iter().map(|s| Pooled { label: 14.0 - s.label, ..*s }).collect();
    let settings = MlpSettings { steps: 5000, patience: 3, learning_rate: 0.01, ..quick() };
    let trained = train(&systems, &opposite, &settings, 42, None, None).unwrap();
    let last = trained.history[trained.history.len() - 1].step;
    assert!(last < 5000);
    assert_eq!(last, trained.best_step + 30);
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let rows = inputs(51, &[3000, 70, 5000, 256], 3);
    let systems = label_with(&rows, linear);
    for (ions_per_system, group) in [(20, 7), (0, 0), (2000, 900)] {
        let settings = MlpSettings { ions_per_system, group, ..quick() };
        let run = || train(&systems, &systems[1..], &settings, 52, None, None).unwrap();
        let alone = on_threads(1, run);
        assert_eq!(alone, on_threads(3, run));
        let other = train(&systems, &systems[1..], &settings, 53, None, None).unwrap();
        assert_ne!(alone.network, other.network);
        let x = rows[2].view();
        assert_eq!(on_threads(1, || alone.network.forward(x)), on_threads(3, || alone.network.forward(x)));
    }
}

#[test]
fn a_resumed_training_ends_on_the_same_bits() {
    let rows = inputs(61, &[50; 6], 3);
    let systems = label_with(&rows, linear);
    let settings = MlpSettings { weight_decay: 0.1, ..quick() };
    type Run<'a> = dyn Fn(&MlpSettings, u64, Option<Checkpoints>, Option<State>) -> crate::Result<Trained> + 'a;
    let run: &Run =
        &|settings, seed, checkpoints, resume| train(&systems[..4], &systems[4..], settings, seed, checkpoints, resume);
    let mut states = vec![];
    let mut save = |state: &State| {
        states.push(state.to_bytes());
        Ok(())
    };
    let full = run(&settings, 62, Some(Checkpoints { every: 7, save: &mut save }), None).unwrap();
    assert_eq!(states.len(), 4);
    for bytes in &states {
        let state = State::from_bytes(bytes).unwrap();
        assert_eq!(run(&settings, 62, None, Some(state)).unwrap(), full);
    }
    let state = || Some(State::from_bytes(&states[0]).unwrap());
    let longer = MlpSettings { steps: 31, ..settings.clone() };
    for refused in [run(&longer, 62, None, state()), run(&settings, 63, None, state())] {
        assert!(refused.unwrap_err().to_string().contains("other settings, seed or systems"));
    }
    let mut fail = |_: &State| Err(crate::Error::Input("disk full".into()));
    let failed = run(&settings, 62, Some(Checkpoints { every: 7, save: &mut fail }), None);
    assert_eq!(failed.unwrap_err().to_string(), "disk full");
}

#[test]
fn wrong_systems_are_refused_by_name() {
    let rows = inputs(71, &[50; 3], 3);
    let good = label_with(&rows, linear);
    let message = |systems: &[Pooled], settings: &MlpSettings| {
        train(&good, systems, settings, 1, None, None).unwrap_err().to_string()
    };
    let with = |label: f64, error: f64| vec![good[0], Pooled { label, error, ..good[1] }];
    let settings = quick();
    assert!(message(&with(f64::NAN, 1.0), &settings).contains("validation system b: its label is NaN"));
    assert!(message(&with(1.0, 0.0), &settings).contains("validation system b: the error of its label is 0"));
    assert!(message(&with(1.0, f64::NAN), &settings).contains("the error of its label is NaN"));
    let softplus = MlpSettings { output: Output::Softplus, ..quick() };
    let positive: Vec<_> = good.iter().map(|s| Pooled { label: 2.0, ..*s }).collect();
    let negative = [Pooled { label: -1.0, ..good[0] }];
    let refused = train(&positive, &negative, &softplus, 1, None, None).unwrap_err().to_string();
    assert!(refused.contains("can never reach"), "{refused}");
    assert!(train(&[], &[], &settings, 1, None, None).unwrap_err().to_string().contains("no system"));
    let (empty, narrow) = (Array2::zeros((0, 3)), rows[0].slice(s![.., ..2]).to_owned());
    let pooled = |rows| [Pooled { name: "one", rows, label: 1.0, error: 1.0, local: None }];
    assert!(message(&pooled(&empty), &settings).contains("validation system one: it has no environments"));
    assert!(message(&pooled(&narrow), &settings).contains("have 2 inputs, others have 3"));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut rows = rows.clone();
        rows[2][[17, 1]] = bad;
        let systems = label_with(&rows, |_| 1.0);
        let all = MlpSettings { ions_per_system: 0, ..quick() };
        let refused = train(&systems, &[], &all, 1, None, None).unwrap_err().to_string();
        assert!(refused.contains("training system 2, row 17: an input is not a finite number"), "{refused}");
        assert!(message(&systems, &settings).contains("validation system 2, row 17"));
    }
    let wild = MlpSettings { learning_rate: 1e30, ..quick() };
    let refused = train(&good, &[], &wild, 1, None, None).unwrap_err().to_string();
    assert!(refused.contains("give a lower learning_rate"), "{refused}");
}
