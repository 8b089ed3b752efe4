//! Onsager coefficients and transference numbers through whole dumps and the program, for ions that move together by
//! construction; stated errors against actual ones over many short runs.

mod dumps;
mod processes;

use dumps::collective::{Walks, Writing};
use dumps::{json, transport_at};
use ionscape::transport::{
    Conditions, IonRequest, Job, Method, Properties, RecordOptions, ReferenceFrame, TransportReport,
};
use ionscape::units::UnitStyle;
use serde_json::Value;

const EDGE: f64 = 10.0;
const TEMPERATURE: f64 = 2.0;

fn writing(n_frames: usize, seed: u64) -> Writing<'static> {
    Writing {
        n_frames,
        seed,
        edge: EDGE,
        spacing: 1.0,
        steps_between_frames: 100,
        scale: 1.0,
        units: None,
        with_charges: true,
    }
}

/// Cations and anions with walks of their own, one walk that drives all of them to the same side (as momentum exchange
/// with a solvent would), and one that drives them apart.
fn driven() -> Walks {
    let mut walks = Walks::new(&[1.0, -1.0]);
    let (together, apart) = (walks.walk(), walks.walk());
    walks.add(0, 12, 0.6, &[(together, 0.1), (apart, 0.15)]);
    walks.add(1, 12, 0.2, &[(together, 0.1), (apart, -0.05)]);
    walks
}

/// Lithium in groups of one lithium ion and two anions, among free cations and anions of a salt of another cation.
fn grouped() -> Walks {
    let mut walks = Walks::new(&[1.0, -1.0, 1.0]);
    walks.add_groups(&[0, 1, 1], 8, 0.5);
    walks.add(1, 4, 0.3, &[]);
    walks.add(2, 12, 0.3, &[]);
    walks
}

/// Cations of which half are bound to two anions each in groups that are faster than the free ones.
fn triples() -> Walks {
    let mut walks = Walks::new(&[1.0, -1.0]);
    walks.add_groups(&[0, 1, 1], 10, 0.6);
    walks.add(0, 10, 0.15, &[]);
    walks
}

/// Cations and anions with walks of their own, and one of this factor that all have in common and that remembers its steps by
/// this share.
fn together(factor: f64, memory: f64) -> Walks {
    let mut walks = Walks::new(&[1.0, -1.0]);
    let common = walks.walk();
    walks.add(0, 12, 0.3, &[(common, factor)]);
    walks.add(1, 12, 0.3, &[(common, factor)]);
    walks.slow = Some((common, memory));
    walks
}

fn of_program(walks: &Walks, ions: &[&str], n_frames: usize, seed: u64) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("run.lammpstrj"), folder.path().join("t.json"));
    walks.write(&dump, &writing(n_frames, seed));
    let mut command = transport_at("2");
    command.arg(&dump).args(ions.iter().flat_map(|ion| ["--ion", ion])).args(["--json", out.to_str().unwrap()]);
    command.assert().success();
    json(&out)
}

/// Asserts a value of the JSON within three of its errors, and gives its error.
fn within(result: &Value, value: &str, error: &str, truth: f64) -> f64 {
    let get = |at: &str| result.pointer(at).and_then(Value::as_f64).unwrap_or_else(|| panic!("{at} is not there"));
    let (value, error) = (get(value), get(error));
    assert!(error > 0.0 && (value - truth).abs() < 3.0 * error, "{value} +- {error} for {truth}");
    error
}

/// All that the program says of these ions against the truth.
fn check(walks: &Walks, result: &Value, n_frames: usize) {
    let over_volume = 1.0 / (EDGE.powi(3) * TEMPERATURE);
    // No estimate from the steps of a Brownian path has a smaller error than `least`. A line whose offset is free too, as
    // inertia and noise of other runs need it, has about twice that.
    let least = |a: usize, b: usize| {
        let square = walks.coefficient(a, a) * walks.coefficient(b, b) + walks.coefficient(a, b).powi(2);
        (square / (3.0 * n_frames as f64)).sqrt()
    };
    let of_right_size = |error: f64, least: f64, what: &str| {
        assert!((1.0..3.0).contains(&(error / least)), "{what}: error {error}, at least {least} is possible");
    };
    let n_species = walks.charges.len();
    let pairs = (0..n_species).flat_map(|a| (a..n_species).map(move |b| (a, b)));
    for (at, (a, b)) in pairs.enumerate() {
        let path = |key: &str| format!("/onsager/{at}/{key}");
        let total = walks.coefficient(a, b) * over_volume;
        let error = within(result, &path("total"), &path("total_error"), total);
        of_right_size(error, least(a, b) * over_volume, &format!("L of {a} and {b}"));
        if a == b {
            let own = walks.n_ions(a) as f64 * walks.diffusion(a) * over_volume;
            within(result, &path("self"), &path("self_error"), own);
            within(result, &path("distinct"), &path("distinct_error"), total - own);
        }
    }
    let sigma = walks.charge() * over_volume;
    let error = within(result, "/estimates/0/sigma", "/estimates/0/sigma_error", sigma);
    of_right_size(error, sigma * (2.0 / (3.0 * n_frames as f64)).sqrt(), "sigma");
    for species in 0..n_species {
        let path = |key: &str| format!("/species/{species}/{key}");
        within(result, &path("self_diffusion"), &path("self_diffusion_error"), walks.diffusion(species));
        let key = "transference_number";
        let error = within(result, &path(key), &path(&format!("{key}_error")), walks.transference(species));
        assert!(error < 0.1, "{error}");
    }
}

#[test]
fn drives_that_ions_share_show_in_their_onsager_coefficients() {
    let walks = driven();
    // K++ = 12 0.6 + 144 (0.01 + 0.0225), K-- = 12 0.2 + 144 (0.01 + 0.0025), K+- = 144 (0.01 - 0.0075).
    let [plus, minus, cross] = [(0, 0), (1, 1), (0, 1)].map(|(a, b)| walks.coefficient(a, b));
    assert!((plus - 11.88).abs() + (minus - 4.2).abs() + (cross - 0.36).abs() < 1e-9, "{plus} {minus} {cross}");
    assert!((walks.transference(0) - (11.88 - 0.36) / (11.88 + 4.2 - 0.72)).abs() < 1e-9);
    check(&walks, &of_program(&walks, &["cation:1", "anion:2"], 3000, 41), 3000);
}

#[test]
fn common_motion_that_is_slower_than_the_charge_is_waited_for() {
    // Forgotten in five frames; the charge, which has no part in it, is diffusive from the first lag on.
    let walks = together(0.2, 0.8);
    let result = of_program(&walks, &["cation:1", "anion:2"], 4000, 44);
    assert!(result["einstein_helfand"]["fit_from"].as_f64().unwrap() <= 2.0);
    let over_volume = 1.0 / (EDGE.powi(3) * TEMPERATURE);
    for (at, (a, b)) in [(0, 0), (0, 1), (1, 1)].into_iter().enumerate() {
        let path = |key: &str| format!("/onsager/{at}/{key}");
        let truth = walks.coefficient(a, b) * over_volume;
        let error = within(&result, &path("total"), &path("total_error"), truth);
        assert!(error < 0.3 * truth, "{error} of {truth}");
        assert_eq!(result.pointer(&path("diffusive")), Some(&Value::Bool(true)));
    }
}

#[test]
fn common_motion_that_outlasts_the_run_is_told() {
    let walks = together(0.4, 0.98);
    let result = of_program(&walks, &["cation:1", "anion:2"], 2000, 45);
    assert_eq!(result["onsager"][1]["diffusive"], Value::Bool(false));
    let notes = result["notes"].as_array().unwrap();
    let told = |note: &Value| {
        note.as_str().is_some_and(|note| note.starts_with("the common motion of cation, of anion, of all ions"))
    };
    assert!(notes.iter().any(told), "{notes:?}");
}

#[test]
fn a_cation_in_fast_negative_groups_has_a_negative_transference_number() {
    let walks = triples();
    // t+ = (D_free - D_group) / (D_free + D_group).
    assert!((walks.transference(0) + 0.6).abs() < 1e-9);
    let result = of_program(&walks, &["cation:1", "anion:2"], 3000, 42);
    check(&walks, &result, 3000);
    // More than the ions' own diffusion has: the groups carry a charge that is small against that of their parts.
    let haven = result["haven_ratio"].as_f64().unwrap();
    assert!((haven - (10.0 * 0.6 * 3.0 + 1.5) / 7.5).abs() < 0.3, "{haven}");
}

#[test]
fn transference_in_a_mixture_of_three_species() {
    let walks = grouped();
    // 8 groups of 0.5, 4 anions and 12 cations of 0.3: lithium carries 4 - 8 of a charge coefficient of 8.8.
    assert!((walks.transference(0) - (4.0 - 8.0) / 8.8).abs() < 1e-9);
    let ions = ["lithium:1", "anion:2", "cation:3"];
    let result = of_program(&walks, &ions, 3000, 43);
    check(&walks, &result, 3000);
    let shares = result["species"].as_array().unwrap().iter().map(|s| s["transference_number"].as_f64().unwrap());
    assert!((shares.sum::<f64>() - 1.0).abs() < 1e-9);
}

/// Runs of each kind; between these bounds the sum of as many squared normal deviates lies with probability 0.998.
const RUNS: u64 = 40;
const CHI_SQUARE: std::ops::Range<f64> = 17.9..73.4;

/// Squared deviations in units of the stated error, summed by quantity.
#[derive(Default)]
struct Sums(Vec<(String, f64)>);

impl Sums {
    fn add(&mut self, what: &str, value: f64, error: f64, truth: f64) {
        let square = ((value - truth) / error).powi(2);
        match self.0.iter_mut().find(|(known, _)| known == what) {
            Some((_, sum)) => *sum += square,
            None => self.0.push((what.into(), square)),
        }
    }

    fn check(&self) {
        for (what, sum) in &self.0 {
            eprintln!("{what}: {sum:.1} for {RUNS}");
        }
        for (what, sum) in &self.0 {
            assert!(CHI_SQUARE.contains(sum), "{what}: {sum}");
        }
    }
}

fn job() -> Job {
    let ion = |name: &str, kind| IonRequest::atoms(name, &[kind], None);
    Job {
        dumps: vec![],
        currents: vec![],
        current_columns: None,
        record: RecordOptions {
            ions: vec![ion("cation", 1), ion("anion", 2)],
            properties: Properties::default(),
            reference: ReferenceFrame::None,
            timestep: 0.01,
            skip_bad_frames: false,
            forces: None,
        },
        conditions: Conditions {
            temperature: TEMPERATURE,
            units: UnitStyle::Lj.transport().unwrap(),
            langevin_damp: None,
        },
        target_error: 0.05,
        viscosity: None,
        volume: None,
        formula_units: None,
    }
}

fn run(job: &Job) -> TransportReport {
    job.run(&mut |_| {}).unwrap().report
}

/// Of all coefficients, over short runs of both kinds of ions.
#[test]
fn stated_errors_of_short_dumps_are_those_that_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let over_volume = 1.0 / (EDGE.powi(3) * TEMPERATURE);
    for (name, walks, first_seed) in [("driven", driven(), 1000), ("triples", triples(), 2000)] {
        let mut sums = Sums::default();
        for seed in first_seed..first_seed + RUNS {
            let dump = folder.path().join("run.lammpstrj");
            walks.write(&dump, &writing(500, seed));
            let report = run(&Job { dumps: vec![dump], ..job() });
            let mut add = |what: &str, value: Option<f64>, error: Option<f64>, truth: f64| {
                sums.add(&format!("{name}, {what}"), value.unwrap(), error.unwrap(), truth);
            };
            let sigma = &report.estimates[0];
            add("sigma", Some(sigma.sigma), Some(sigma.sigma_error), walks.charge() * over_volume);
            for (l, (a, b)) in report.onsager.iter().zip([(0, 0), (0, 1), (1, 1)]) {
                let total = walks.coefficient(a, b) * over_volume;
                add(&format!("L{a}{b}"), Some(l.total), Some(l.total_error), total);
                if a == b {
                    let own = walks.n_ions(a) as f64 * walks.diffusion(a) * over_volume;
                    add(&format!("self L{a}{b}"), l.own, l.self_error, own);
                    add(&format!("distinct L{a}{b}"), l.distinct, l.distinct_error, total - own);
                }
            }
            let cation = &report.species[0];
            let truth = walks.transference(0);
            add("t+", cation.transference_number, cation.transference_number_error, truth);
        }
        sums.check();
    }
}

/// Of the estimates from a current alone.
#[test]
fn stated_errors_of_recorded_currents_are_those_that_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flux.dat");
    // Variance, time and spacing; the sum over samples that stand for their interval has the coefficient below.
    let (variance, time, spacing) = (2.0, 1.0, 0.25f64);
    let truth = variance * 0.5 * spacing / (0.5 * spacing / time).tanh();
    let mut sums = Sums::default();
    for seed in 3000..3000 + RUNS {
        let current = processes::currents(6000, spacing, &[(variance, time)], seed);
        let row = |(i, j): (usize, &[f64; 3])| format!("{} {} {} {}\n", 25 * (i + 1), j[0], j[1], j[2]);
        let rows: String = current.iter().enumerate().map(row).collect();
        std::fs::write(&path, format!("# TimeStep Jx Jy Jz\n{rows}")).unwrap();
        let report = run(&Job { currents: vec![path.clone()], volume: Some(50.0), formula_units: Some(4.0), ..job() });
        let methods: Vec<Method> = report.estimates.iter().map(|e| e.method).collect();
        assert_eq!(methods, [Method::EinsteinHelfand, Method::GreenKubo, Method::Cepstral]);
        for e in &report.estimates {
            sums.add(e.method.label(), e.sigma, e.sigma_error, truth / (50.0 * TEMPERATURE));
        }
    }
    sums.check();
}
