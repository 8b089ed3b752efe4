//! Conductivities in S/m and S cm2/mol and diffusion coefficients in m2/s, through the program: one run of Brownian ions
//! written in real, metal and reduced units, against values from the constants of nature.

mod dumps;

use dumps::collective::{Walks, Writing};
use dumps::{ionscape, json};
use serde_json::Value;

// CODATA 2018, in SI units.
const AVOGADRO: f64 = 6.022_140_76e23;
const BOLTZMANN: f64 = 1.380_649e-23;
const ELEMENTARY_CHARGE: f64 = 1.602_176_634e-19;
const VACUUM_PERMITTIVITY: f64 = 8.854_187_812_8e-12;

const TEMPERATURE: f64 = 298.15;
/// In angstrom.
const EDGE: f64 = 40.0;
/// In m2/s, of cations and anions.
const DIFFUSION: [f64; 2] = [1.3e-9, 0.7e-9];
const N_FRAMES: usize = 2000;
/// Picoseconds between frames.
const SPACING: f64 = 2.0;
const STEPS: usize = 1000;

/// Ions of these charges and numbers; diffusion coefficients in angstrom squared over picosecond.
fn salt(charges: [f64; 2], n: [usize; 2]) -> Walks {
    let mut walks = Walks::new(&charges);
    for species in [0, 1] {
        walks.add(species, n[species], 1e8 * DIFFUSION[species], &[]);
    }
    walks
}

/// The same run for every unit style: lengths in units of `length` angstrom.
fn writing(length: f64, units: &str, with_charges: bool) -> Writing<'_> {
    Writing {
        n_frames: N_FRAMES,
        seed: 7,
        edge: EDGE / length,
        spacing: SPACING,
        steps_between_frames: STEPS,
        scale: 1.0 / length,
        units: Some(units),
        with_charges,
    }
}

/// What the program says of a run; `timestep` in the style's unit.
fn report(
    walks: &Walks,
    length: f64,
    units: &str,
    timestep: f64,
    temperature: f64,
    options: &[&str],
) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let (dump, out) = (folder.path().join("run.lammpstrj"), folder.path().join("t.json"));
    walks.write(&dump, &writing(length, units, options.is_empty()));
    let mut command = ionscape();
    command.args(["transport", dump.to_str().unwrap(), "--units", units, "--json", out.to_str().unwrap()]);
    command.args(["--timestep", &timestep.to_string(), "--temperature", &temperature.to_string()]);
    match options {
        [] => command.args(["--cation", "1", "--anion", "2"]),
        options => command.args(options),
    };
    let assert = command.assert().success();
    (json(&out), String::from_utf8(assert.get_output().stdout.clone()).unwrap())
}

fn number(result: &Value, at: &str) -> f64 {
    result.pointer(at).and_then(Value::as_f64).unwrap_or_else(|| panic!("{at} is not there"))
}

/// Asserts a value within three of its errors.
fn within(result: &Value, at: &str, truth: f64) {
    let (value, error) = (number(result, at), number(result, &format!("{at}_error")));
    assert!(error > 0.0 && (value - truth).abs() < 3.0 * error, "{at}: {value} +- {error} for {truth}");
    assert!(error < 0.1 * truth.abs(), "{at}: {value} +- {error}");
}

/// sigma, molar conductivity and their errors, diffusion coefficients, Nernst-Einstein values, L++ and its self part.
const VALUES: [&str; 10] = [
    "/estimates/0/sigma",
    "/estimates/0/sigma_error",
    "/estimates/0/molar_conductivity",
    "/estimates/0/molar_conductivity_error",
    "/species/0/self_diffusion",
    "/species/1/self_diffusion",
    "/nernst_einstein",
    "/nernst_einstein_sigma",
    "/onsager/0/total",
    "/onsager/0/self",
];

/// SI value of `charge^2 / (length energy time)`, the unit of conductivities, for lengths in metres.
fn si_conductivity(charge: f64, length: f64, energy: f64, time: f64) -> f64 {
    charge * charge / (length * energy * time)
}

#[test]
fn a_one_to_one_salt_in_real_metal_and_reduced_units() {
    const PAIRS: usize = 40;
    let walks = salt([1.0, -1.0], [PAIRS, PAIRS]);
    let timestep = SPACING / STEPS as f64;
    let (real, text) = report(&walks, 1.0, "real", 1e3 * timestep, TEMPERATURE, &[]);
    let (metal, _) = report(&walks, 1.0, "metal", timestep, TEMPERATURE, &[]);

    // Nernst and Einstein: Lambda = e^2 NA (D+ + D-) / kB T, in S m2/mol.
    let molar = ELEMENTARY_CHARGE.powi(2) * AVOGADRO * (DIFFUSION[0] + DIFFUSION[1]) / (BOLTZMANN * TEMPERATURE);
    let concentration = PAIRS as f64 / AVOGADRO / (1e-10 * EDGE).powi(3);
    for result in [&real, &metal] {
        within(result, "/estimates/0/sigma", molar * concentration);
        within(result, "/estimates/0/molar_conductivity", 1e4 * molar);
        within(result, "/nernst_einstein", 1e4 * molar);
        within(result, "/species/0/self_diffusion", DIFFUSION[0]);
        within(result, "/species/1/self_diffusion", DIFFUSION[1]);
        let own = DIFFUSION[0] / (DIFFUSION[0] + DIFFUSION[1]) * molar * concentration;
        let (value, error) = (number(result, "/onsager/0/self"), number(result, "/onsager/0/self_error"));
        assert!((value - own).abs() < 3.0 * error && error < 0.03 * own, "{value} +- {error} for {own}");
        assert_eq!(result["amount"]["per"], "formula_unit");
    }
    assert!(text.contains("S/m") && text.contains("S cm2/mol") && text.contains("m2/s"), "{text}");
    for at in VALUES {
        let ratio = number(&real, at) / number(&metal, at);
        assert!((ratio - 1.0).abs() < 1e-9, "{at}: {ratio}");
    }

    // Reduced by a length, an energy and a mass; their unit of charge is the one whose Coulomb energy is reduced too.
    let (length, energy, mass) = (3.2e-10, 0.8 * BOLTZMANN * TEMPERATURE, 30.0e-3 / AVOGADRO);
    let time = length * (mass / energy).sqrt();
    let charge = (4.0 * std::f64::consts::PI * VACUUM_PERMITTIVITY * length * energy).sqrt();
    let reduced = ELEMENTARY_CHARGE / charge;
    let reduced_walks = salt([reduced, -reduced], [PAIRS, PAIRS]);
    let (lj, _) = report(&reduced_walks, 1e10 * length, "lj", timestep * 1e-12 / time, 1.0 / 0.8, &[]);
    let conductivity = si_conductivity(charge, length, energy, time);
    let diffusion = length * length / time;
    // Onsager coefficients of the program are per squared charge: the squared number of elementary charges in real units.
    let per_charge = conductivity * reduced.powi(2);
    let molar = conductivity * length.powi(3) * AVOGADRO * 1e4;
    let factors =
        [conductivity, conductivity, molar, molar, diffusion, diffusion, molar, conductivity, per_charge, per_charge];
    for (at, factor) in VALUES.into_iter().zip(factors) {
        let ratio = number(&lj, at) * factor / number(&real, at);
        assert!((ratio - 1.0).abs() < 1e-5, "{at}: {ratio}");
    }
}

/// A 2:1 salt, charges from the command line and from the dump: per equivalent, which the table says, and per formula
/// unit where their number is given.
#[test]
fn a_two_to_one_salt_is_per_equivalent_unless_formula_units_are_given() {
    const CATIONS: usize = 20;
    let walks = salt([2.0, -1.0], [CATIONS, 2 * CATIONS]);
    let timestep = 1e3 * SPACING / STEPS as f64;
    let ions = ["--ion", "calcium:1:2", "--ion", "chloride:2:-1"];
    let (given, text) = report(&walks, 1.0, "real", timestep, TEMPERATURE, &ions);
    let (read, _) = report(&walks, 1.0, "real", timestep, TEMPERATURE, &[]);
    let per_unit: Vec<&str> = ions.into_iter().chain(["--formula-units", "20"]).collect();
    let (of_formula_units, _) = report(&walks, 1.0, "real", timestep, TEMPERATURE, &per_unit);

    // Lambda_eq = e^2 NA (z+ D+ + |z-| D-) / kB T.
    let per_equivalent = ELEMENTARY_CHARGE.powi(2) * AVOGADRO / (BOLTZMANN * TEMPERATURE);
    let molar = per_equivalent * (2.0 * DIFFUSION[0] + DIFFUSION[1]);
    let concentration = 2.0 * CATIONS as f64 / AVOGADRO / (1e-10 * EDGE).powi(3);
    for result in [&given, &read] {
        assert_eq!(result["amount"]["per"], "equivalent");
        assert_eq!(number(result, "/amount/number"), 2.0 * CATIONS as f64);
        within(result, "/estimates/0/molar_conductivity", 1e4 * molar);
        within(result, "/estimates/0/sigma", molar * concentration);
        within(result, "/nernst_einstein", 1e4 * molar);
        // z+^2 N+ D+ over z+^2 N+ D+ + z-^2 N- D-.
        let share = 4.0 * DIFFUSION[0] / (4.0 * DIFFUSION[0] + 2.0 * DIFFUSION[1]);
        within(result, "/species/0/transference_number", share);
        // L++ is per squared charge number, so that sigma = sum z_a z_b L_ab.
        let own = per_equivalent * DIFFUSION[0] * 0.5 * concentration;
        let (value, error) = (number(result, "/onsager/0/self"), number(result, "/onsager/0/self_error"));
        assert!((value - own).abs() < 3.0 * error, "{value} +- {error} for {own}");
        assert_eq!(number(result, "/estimates/0/sigma"), number(&given, "/estimates/0/sigma"));
    }
    assert!(text.contains("equivalent"), "{text}");
    let twice = number(&of_formula_units, "/estimates/0/molar_conductivity");
    let ratio = twice / number(&given, "/estimates/0/molar_conductivity");
    assert!((ratio - 2.0).abs() < 1e-12, "{ratio}");
    assert_eq!(of_formula_units["amount"]["per"], "formula_unit");
}
