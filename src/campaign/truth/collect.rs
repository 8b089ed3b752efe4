//! What lies in a campaign's folder: responses of ions as dumps, and what they say together.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::batch::Batch;
use super::drive::batch_file;
use super::plan::TruthPlan;
use super::summary::{Configuration, Summary, WithError, mean_and_error, summarize};
use crate::campaign::collect::number;
use crate::campaign::doubts;
use crate::campaign::file::Perturbation;
use crate::campaign::plan::Campaign;
use crate::campaign::store::{State, truth_identity};
use crate::campaign::systems::SystemPlan;
use crate::output::AtomicFile;
use crate::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
use crate::transport::Amount;
use crate::{Error, Result, files};

/// A system whose configurations are done.
#[derive(Clone, Debug, Serialize)]
pub struct SystemTruth {
    pub name: String,
    /// Dump of the configurations with the response of each ion.
    pub local: PathBuf,
    /// The response time at which the field is taken.
    pub time: f64,
    /// What ions responded to.
    pub perturbation: Perturbation,
    /// Why the responses are doubtful.
    pub doubts: Vec<String>,
    #[serde(flatten)]
    pub summary: Summary,
}

/// Writes `NAME/truth.lammpstrj.zst` for a system, and says what is in it; nothing where no configuration is done.
///
/// Columns `lambda_T` and `error_T` are an ion's molar conductivity up to the response time T: by its mean drift under a field,
/// or by its displacement after an impulse.
///
/// # Errors
/// Files that cannot be read or are of another campaign; a folder that cannot be written to.
pub fn collect(campaign: &Campaign, plan: &TruthPlan, system: &SystemPlan, root: &Path) -> Result<Option<SystemTruth>> {
    let folder = root.join(&system.name);
    let Some(state) = State::read(&folder)? else { return Ok(None) };
    state.check(&folder, &truth_identity(campaign, system))?;
    let mut configurations = vec![];
    for configuration in 0..plan.configurations.min(state.chunks) {
        let mut batches = vec![];
        while let Some(batch) = Batch::read(&batch_file(&folder, configuration, batches.len()), &plan.times)? {
            batches.push(batch);
        }
        if batches.is_empty() {
            break;
        }
        configurations.push(Configuration { batches });
    }
    if configurations.is_empty() {
        return Ok(None);
    }
    let times: Vec<f64> = (0..plan.times.len()).map(|t| plan.time(t)).collect();
    let local = folder.join("truth.lammpstrj.zst");
    let durations: Vec<f64> = (0..plan.times.len()).map(|t| plan.duration(t)).collect();
    let molar = write_dump(campaign, &folder, &configurations, (&times, &durations), &local)?;
    let doubts = doubtful(campaign, system, &folder, configurations.len())?;
    let equilibrium = equilibrium(campaign, system, plan, &folder, state.chunks, molar)?;
    let summary = summarize(&configurations, (&times, &durations), molar, &equilibrium);
    Ok(Some(SystemTruth {
        name: system.name.clone(),
        local,
        time: plan.time(plan.chosen),
        perturbation: plan.perturbation,
        doubts,
        summary,
    }))
}

fn configuration_folder(folder: &Path, configuration: usize) -> PathBuf {
    folder.join(format!("produce-{configuration:03}"))
}

/// Why responses are doubtful, as so many configurations tell before any ion responds.
///
/// # Errors
/// Configurations that cannot be read.
pub fn doubtful(campaign: &Campaign, system: &SystemPlan, folder: &Path, configurations: usize) -> Result<Vec<String>> {
    let runs: Vec<PathBuf> = (0..configurations).map(|run| configuration_folder(folder, run)).collect();
    let counts = counts(campaign, &read_configuration(folder, 0)?.types);
    let net_charge = counts.iter().map(|(charge, n)| charge * *n as f64).sum();
    Ok(doubts::net_charge(campaign, net_charge).into_iter().chain(doubts::temperature(system, &runs)?).collect())
}

/// A configuration with its text.
fn read_configuration(folder: &Path, number: usize) -> Result<Frame> {
    let dump = configuration_folder(folder, number).join("configuration.lammpstrj");
    let options = ReadOptions { keep_text: true, ..ReadOptions::default() };
    let columns = Columns::none().require(Quantity::Ids).require(Quantity::Types);
    let mut frame = Frame::default();
    match DumpReader::open(&dump, columns, options)?.read(&mut frame)? {
        true => Ok(frame),
        false => Err(Error::Input(format!("{}: there is no frame", dump.display()))),
    }
}

/// The dump; what turns responses summed over ions into a molar conductivity.
fn write_dump(
    campaign: &Campaign,
    folder: &Path,
    configurations: &[Configuration],
    (times, durations): (&[f64], &[f64]),
    path: &Path,
) -> Result<f64> {
    let names: Vec<String> = times.iter().flat_map(|t| [format!("lambda_{t}"), format!("error_{t}")]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut out = AtomicFile::create(path)?;
    let mut molar = 0.0;
    for (number, configuration) in configurations.iter().enumerate() {
        let frame = read_configuration(folder, number)?;
        molar = molar_factor(campaign, &counts(campaign, &frame.types));
        let ions = ions_of(campaign, &frame);
        let n = ions.iter().flatten().count();
        let values: Vec<(Vec<f64>, Vec<f64>)> = (0..times.len())
            .map(|t| {
                let moments = configuration.moments(t).0;
                (moments.means(), moments.errors())
            })
            .collect();
        if values[0].0.len() != n {
            return Err(frame.error(None, format!("{} ions responded, and {n} are here", values[0].0.len())));
        }
        let scales: Vec<f64> = durations.iter().map(|duration| molar * n as f64 / duration).collect();
        let decimals: Vec<usize> =
            scales.iter().zip(&values).map(|(scale, (means, _))| decimals(*scale, means)).collect();
        // Rows of the file are sorted by id, and so are responses.
        let raw = frame.raw().ok_or_else(|| frame.error(None, "the reader kept no text".into()))?;
        raw.write_with(&mut out, &names, |atom, text| {
            let words = (0..values.len()).flat_map(|t| {
                let of = |list: &[f64]| {
                    ions[atom].map_or("0".into(), |ion| format!("{:.1$}", scales[t] * list[ion], decimals[t]))
                };
                [of(&values[t].0), of(&values[t].1)]
            });
            text.extend_from_slice(words.collect::<Vec<String>>().join(" ").as_bytes());
        })
        .map_err(|e| Error::io(path, e))?;
    }
    out.commit()?;
    Ok(molar)
}

/// Which of the ions each atom is, in the order of the frame; none for atoms of neutral species, which ions see.
fn ions_of(campaign: &Campaign, frame: &Frame) -> Vec<Option<usize>> {
    let charged: Vec<i32> = campaign.types_of_ions().into_iter().flat_map(|(_, types)| types).collect();
    let mut next = 0..;
    frame.types.iter().map(|t| charged.contains(t).then(|| next.next()).flatten()).collect()
}

/// Five, or as many more as the unit makes responses small.
fn decimals(scale: f64, responses: &[f64]) -> usize {
    let largest = responses.iter().fold(0.0f64, |most, response| most.max((scale * response).abs()));
    if largest > 0.0 { (5.0 - largest.log10().floor()).clamp(5.0, 300.0) as usize } else { 5 }
}

/// The charge of each species of ions that is there, and how many there are.
fn counts(campaign: &Campaign, types: &[i32]) -> Vec<(f64, usize)> {
    let of = |(name, of_species): (String, Vec<i32>)| {
        (campaign.file.charges[&name], types.iter().filter(|t| of_species.contains(t)).count())
    };
    campaign.types_of_ions().into_iter().map(of).filter(|(_, n)| *n > 0).collect()
}

/// sigma V is K/kT; molar conductivity is sigma over the formula units per volume.
fn molar_factor(campaign: &Campaign, counts: &[(f64, usize)]) -> f64 {
    let mixtures = Amount::of_mixtures(campaign.charges_of_ions().into_values());
    let amount = if mixtures { Amount::equivalents(counts) } else { Amount::of_ions(counts) };
    let units = &campaign.units;
    units.conductivity * units.thermal_energy * units.molar_conductivity / amount.number
}

/// Half the mean square displacement of the charge over kT, as a molar conductivity at each response time: over the time, or
/// its growth with time, which an impulse tells.
///
/// Each run between two configurations gives one independent value; fewer than two tell no error.
fn equilibrium(
    campaign: &Campaign,
    system: &SystemPlan,
    plan: &TruthPlan,
    folder: &Path,
    chunks: usize,
    molar: f64,
) -> Result<Vec<Option<WithError>>> {
    let mut runs = vec![];
    for chunk in 0..chunks {
        runs.push(read_displacements(&configuration_folder(folder, chunk).join("displacement.dat"))?);
    }
    let thermal = system.temperature * campaign.units.thermal_energy;
    let every = plan.sampling();
    let spread = |run: &[[f64; 3]], lag: usize| {
        let squares = run.iter().zip(&run[lag..]).map(|(a, b)| (0..3).map(|k| (b[k] - a[k]).powi(2)).sum::<f64>());
        squares.sum::<f64>() / (3 * (run.len() - lag)) as f64 / (2.0 * thermal) * molar
    };
    let at = |t: usize| {
        let lag = (plan.times[t] * plan.interval / every) as usize;
        let each: Vec<f64> = runs
            .iter()
            .filter(|run| run.len() > lag + 1)
            .map(|run| match plan.perturbation {
                Perturbation::Field => spread(run, lag) / plan.time(t),
                Perturbation::Impulse => {
                    let step = every as f64 * plan.timestep;
                    (spread(run, lag + 1) - spread(run, lag - 1)) / (2.0 * step)
                }
            })
            .collect();
        (each.len() >= 2).then(|| mean_and_error(&each))
    };
    Ok((0..plan.times.len()).map(at).collect())
}

fn read_displacements(path: &Path) -> Result<Vec<[f64; 3]>> {
    let text = files::read_text(path)?;
    let numbers = |line: &str| -> Option<[f64; 3]> {
        let words: Vec<f64> = line.split_whitespace().skip(1).map_while(|word| word.parse().ok()).collect();
        words.try_into().ok()
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(numbers)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Input(format!("{}: a line does not hold a step and three displacements", path.display())))
}

/// The data set of all systems: configurations with the responses of their ions.
///
/// The label is what `labels` has for a system's name or, if that has none for any, the mean response up to the time that
/// the field is taken at: then labels and responses are of one quantity.
pub fn dataset(campaign: &Campaign, found: &[SystemTruth], labels: &dyn Fn(&str) -> Option<[f64; 2]>) -> String {
    let file = &campaign.file;
    let quoted = |text: &str| toml::Value::String(text.into()).to_string();
    let species: Vec<String> = file.species.iter().map(|(t, name)| format!("{t} = {}", quoted(name))).collect();
    let charges: Vec<String> = file.charges.iter().map(|(name, charge)| format!("{name} = {charge:?}")).collect();
    let given = found.iter().any(|system| labels(&system.name).is_some());
    let at_time = |system: &SystemTruth| Some(system.summary.at.iter().find(|at| at.time == system.time)?.mean);
    let mut text = format!(
        "# Made by ionscape truth.\n{}units = {}\nspecies = {{ {} }}\ncharges = {{ {} }}\n",
        match given {
            true => "",
            false => "# Labels are mean responses up to local_time, which are no long-time conductivities.\n",
        },
        quoted(&file.units),
        species.join(", "),
        charges.join(", ")
    );
    for system in found {
        let dump = quoted(&format!("{}/truth.lammpstrj.zst", system.name));
        let _ = write!(
            text,
            "\n[[system]]\nname = {}\nsnapshots = {dump}\nlocal = {dump}\nlocal_time = {:?}\nlocal_perturbation = {}\n",
            quoted(&system.name),
            system.time,
            quoted(system.perturbation.name())
        );
        if !system.doubts.is_empty() {
            let all: Vec<String> = system.doubts.iter().map(|doubt| quoted(doubt)).collect();
            let _ = writeln!(text, "provenance.doubts = [{}]", all.join(", "));
        }
        let label = if given { labels(&system.name) } else { at_time(system) };
        // A label needs an error; where there is no noise, one below all rounding.
        if let Some([value, error]) = label.map(|[value, error]| [value, error.max(1e-6 * value.abs())]) {
            let (value, error) = (number(value, error), number(error, error));
            let _ = write!(text, "molar_conductivity = {value}\nmolar_conductivity_error = {error}\n");
        }
        if let Some(plan) = campaign.systems.iter().find(|plan| plan.name == system.name) {
            let _ = writeln!(text, "temperature = {:?}", plan.temperature);
            if let Some(length) = plan.bjerrum_length {
                let _ = writeln!(text, "bjerrum_length = {length:?}");
            }
        }
    }
    text
}

/// Writes a text in one step.
///
/// # Errors
/// A folder that is not there or cannot be written to, a disk that is full.
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    files::write(path, text)
}
