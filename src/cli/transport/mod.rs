//! `ionscape transport`: conductivity and other transport coefficients of whole systems.

mod figure;
mod table;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::species::parse_types;
use ionscape::transport::{Conditions, IonRequest, Job, Properties, RecordOptions, ReferenceFrame};
use ionscape::units::UnitStyle;
use serde::Serialize;

use crate::{outputs, progress::Progress, results, usage::OrUsage};

/// Conductivity of a trajectory, with errors that account for its correlations.
///
/// Reads LAMMPS text dumps with unwrapped coordinates (xu yu zu, or x y z with ix iy iz) and, where they are there,
/// velocities, or the current from files of fix ave/time. Several dumps of one run are joined in the order of
/// their timesteps. lj units stay reduced; in real, metal and nano units conductivities are in S/m and S cm2/mol, and diffusion
/// coefficients in m2/s.
#[derive(clap::Args)]
pub struct Arguments {
    /// LAMMPS text dumps of one run; .gz and .zst are unpacked.
    #[arg(value_name = "DUMP", required_unless_present = "current")]
    dumps: Vec<PathBuf>,

    /// Unit style of the run: lj, real, metal or nano.
    #[arg(long)]
    units: UnitStyle,

    /// Temperature of the run, in kelvin (reduced for lj).
    #[arg(long, value_name = "T")]
    temperature: f64,

    /// Time step of the simulation, in its unit of time.
    #[arg(long, value_name = "DT")]
    timestep: f64,

    /// Atom types of the cations, as in 1 or 1,3; charge +1 unless the dump has q or --charge cation=VALUE is given.
    #[arg(long, value_name = "TYPES", value_parser = types)]
    cation: Option<Types>,

    /// Atom types of the anions; charge -1 unless the dump has q or --charge anion=VALUE is given.
    #[arg(long, value_name = "TYPES", value_parser = types)]
    anion: Option<Types>,

    /// A species: NAME:TYPES[:CHARGE] for single atoms, NAME:mol:TYPES[:CHARGE] for molecules by their centre of mass
    /// (one ion for each molecule id). May be repeated.
    #[arg(long = "ion", value_name = "ION")]
    ions: Vec<IonRequest>,

    /// Charge of one ion of a species; goes before the dump's column q. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<String>)]
    charge: Vec<(String, f64)>,

    /// Mass of an atom type; goes before the dump's column mass. May be repeated.
    #[arg(long, value_name = "TYPE=VALUE", value_parser = pair::<i32>)]
    mass: Vec<(i32, f64)>,

    /// Whose centre of mass is taken to rest: none, com (all atoms of the dump), or solvent=TYPES.
    #[arg(long, value_name = "FRAME", default_value = "none", value_parser = reference)]
    frame: ReferenceFrame,

    /// Files of fix ave/time with columns Jx Jy Jz (sum of charge times velocity), and Fx Fy Fz (sum of charge times
    /// force) for the force route, instead of or beside dumps; Jx_NAME is the sum of velocities of one species. May be
    /// repeated, for files that continue one another.
    #[arg(long, value_name = "FILE")]
    current: Vec<PathBuf>,

    /// What the current's columns after the timestep are, as in Jx,Jy,Jz, or -,Jx,Jy,Jz where the first does not count, if their names
    /// in the file do not say.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', allow_hyphen_values = true, requires = "current")]
    current_columns: Option<Vec<String>>,

    /// Damping time of fix langevin: adds the force route, for ions that a Langevin thermostat alone acts on beside their
    /// forces.
    #[arg(long, value_name = "TIME")]
    langevin_damp: Option<f64>,

    /// The dump's columns NAME[1] to NAME[3] with forces before the thermostat's, from fix store/force.
    #[arg(long, value_name = "NAME", requires = "langevin_damp")]
    force_columns: Option<String>,

    /// Volume of the box, if no dump tells.
    #[arg(long, value_name = "V")]
    volume: Option<f64>,

    /// Formula units of salt in the box that the molar conductivity is per; counted from the ions if not given.
    #[arg(long, value_name = "N")]
    formula_units: Option<f64>,

    /// Shear viscosity, in mPa s (reduced for lj): adds the finite-size correction to self-diffusion coefficients.
    #[arg(long, value_name = "ETA")]
    viscosity: Option<f64>,

    /// Relative error that the conductivity should have; the verdict says how much longer the run must be for it.
    #[arg(long, value_name = "ERROR", default_value = "5%", value_parser = share)]
    target_error: f64,

    /// Leave out frames that are damaged or cut short.
    #[arg(long)]
    skip_bad_frames: bool,

    /// Draw the charge displacement with its fit, the running Green-Kubo integral and the spectrum, as .svg or .png.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    /// Write all results to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone)]
struct Types(Vec<i32>);

fn types(text: &str) -> Result<Types, String> {
    parse_types(text).map(Types)
}

fn pair<K: std::str::FromStr>(text: &str) -> Result<(K, f64), String> {
    let parsed = text.split_once('=').and_then(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)));
    parsed.filter(|(_, value): &(K, f64)| value.is_finite()).ok_or_else(|| "write it as in cation=1 or 1=22.99".into())
}

/// The values of an option that is given once for each key.
fn by_key<K: Ord + Clone + Display>(pairs: &[(K, f64)], option: &str) -> anyhow::Result<BTreeMap<K, f64>> {
    let mut values = BTreeMap::new();
    for (key, value) in pairs {
        if let Some(before) = values.insert(key.clone(), *value) {
            bail!("{option} {key}={before} and {option} {key}={value}: give one value for {key}");
        }
    }
    Ok(values)
}

fn reference(text: &str) -> Result<ReferenceFrame, String> {
    match text.split_once('=') {
        None if text == "none" => Ok(ReferenceFrame::None),
        None if text == "com" => Ok(ReferenceFrame::CenterOfMass),
        Some(("solvent", types)) => parse_types(types).map(ReferenceFrame::Solvent),
        _ => Err("write none, com, or solvent=TYPES as in solvent=3,4".into()),
    }
}

/// A share, as in `5%` or `0.05`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
    let value = number.trim().parse::<f64>().ok().map(|value| value * unit).filter(|v| *v > 0.0 && *v < 1.0);
    value.ok_or_else(|| "write it as in 5% or 0.05".into())
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a ionscape::transport::TransportReport,
    units: &'a str,
    timestep: f64,
    reference_frame: String,
    einstein_helfand: &'a Option<ionscape::transport::estimators::EinsteinHelfand>,
    green_kubo: Option<Plateau<'a>>,
    cepstral: Option<Coefficients>,
    self_diffusion: &'a [ionscape::transport::SelfDiffusion],
}

/// What the Green-Kubo estimate rests on; times in the run's unit.
#[derive(Serialize)]
struct Plateau<'a> {
    plateau_from: f64,
    plateau_to: f64,
    has_plateau: bool,
    rule: &'a str,
    /// The course of the integral to four times its upper limit; `acf` is `<J(0).J(t)>`, in the run's units.
    times: &'a [f64],
    acf: &'a [f64],
}

/// What the cepstral estimate rests on.
#[derive(Serialize)]
struct Coefficients {
    n_coefficients: usize,
}

impl Arguments {
    fn job(&self) -> anyhow::Result<Job> {
        let mut ions = vec![];
        for (name, types, charge) in [("cation", &self.cation, 1.0), ("anion", &self.anion, -1.0)] {
            ions.extend(types.iter().map(|types| IonRequest::atoms(name, &types.0, Some(charge))));
        }
        ions.extend(self.ions.iter().cloned());
        Ok(Job {
            dumps: self.dumps.clone(),
            currents: self.current.clone(),
            current_columns: self.current_columns.clone(),
            record: RecordOptions {
                ions,
                properties: Properties {
                    charges: by_key(&self.charge, "--charge")?,
                    masses: by_key(&self.mass, "--mass")?,
                },
                reference: self.frame.clone(),
                timestep: self.timestep,
                skip_bad_frames: self.skip_bad_frames,
                forces: self.force_columns.clone(),
            },
            conditions: Conditions {
                temperature: self.temperature,
                units: self.units.transport()?,
                langevin_damp: self.langevin_damp,
            },
            target_error: self.target_error,
            viscosity: self.viscosity,
            volume: self.volume,
            formula_units: self.formula_units,
        })
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let job = arguments.job().or_usage()?;
    job.check().or_usage()?;
    arguments.plot.as_deref().map_or(Ok(()), results::check_figure).or_usage()?;
    let files: Vec<&Path> = [&arguments.plot, &arguments.json].into_iter().flat_map(|path| path.as_deref()).collect();
    let inputs: Vec<PathBuf> = arguments.dumps.iter().chain(&arguments.current).cloned().collect();
    outputs::check(&files, &inputs)?;
    let mut progress = Progress::new(arguments.dumps.first().map_or(Path::new("current"), |p| p), "frames");
    let outcome = job.run(&mut |_| progress.frame())?;
    drop(progress);
    if let Some(units) = outcome.record.as_ref().and_then(|r| r.units.as_deref())
        && units.parse::<UnitStyle>().ok() != Some(arguments.units)
    {
        bail!("--units says {}, and the dump is in {units} units", arguments.units.name());
    }
    for note in &outcome.report.notes {
        log::warn!("{note}");
    }
    let document = Document {
        report: &outcome.report,
        units: arguments.units.name(),
        timestep: arguments.timestep,
        reference_frame: table::frame_name(&arguments.frame),
        einstein_helfand: &outcome.analysis.einstein,
        green_kubo: outcome.analysis.green_kubo.as_ref().map(|gk| Plateau {
            plateau_from: gk.plateau_from,
            plateau_to: gk.plateau_to,
            has_plateau: gk.has_plateau,
            rule: &gk.rule,
            times: &gk.times[..shown(&gk.times, 4.0 * gk.plateau_from)],
            acf: &gk.acf[..shown(&gk.times, 4.0 * gk.plateau_from)],
        }),
        cepstral: outcome.analysis.cepstral.as_ref().map(|c| Coefficients { n_coefficients: c.n_coefficients }),
        self_diffusion: &outcome.analysis.self_diffusion,
    };
    // Before the table, whose reader may have had enough.
    results::write_json(arguments.json.as_deref(), &document)?;
    // A run that has no curve to draw has numbers all the same.
    let drawn = arguments.plot.as_deref().map_or(Ok(()), |path| figure::write(path, &outcome, arguments.units));
    table::print(&outcome, &arguments.frame, arguments.units)?;
    drawn
}

/// How many of the rising times come up to this one.
fn shown(times: &[f64], until: f64) -> usize {
    times.partition_point(|t| *t <= until * (1.0 + 1e-9))
}
