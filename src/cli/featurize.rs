//! `ionscape featurize`: the descriptor itself, for every ion of every frame.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::descriptor::{ConventionName, PowerSpectrum, SoapParameters};
use ionscape::local::{Environments, Inputs, inputs};
use ionscape::model::{Conditions, GraphBuilder, INPUT, Metadata, OUTPUT};
use ionscape::output::{AtomicFile, NpyWriter};
use ionscape::species::{SpeciesMap, parse_types};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity};
use ndarray::Array2;

use crate::rerun::{self, Style};
use crate::run_units::RunUnits;
use crate::{mapping, outputs, progress::Progress, reading::Reading, usage::OrUsage};

/// The width of an atom if not given.
const SIGMA: f64 = 0.5;

/// Lengths are the dump's own, which in these units LAMMPS leaves alone.
const UNITS: &str = "lj";

/// Compute the descriptor of every ion in a dump.
///
/// Writes float64 [n_frames * n_centers, n_features], centers in the order of their ids, and beside it a CSV file with
/// the frame, counted from 0, and the id of each row.
#[derive(clap::Args)]
pub struct Arguments {
    /// LAMMPS text dump (plain, .gz or .zst).
    input: PathBuf,

    /// Where to write the features; features.npy gets features.csv beside it.
    #[arg(short, long, value_name = "NPY")]
    output: PathBuf,

    /// Definition of the descriptor: dscribe-gto or compact.
    #[arg(long, default_value = "dscribe-gto")]
    convention: ConventionName,

    /// Nominal cutoff radius, in the dump's length unit.
    #[arg(long, default_value_t = SoapParameters::default().cutoff)]
    cutoff: f64,

    /// Number of radial functions.
    #[arg(long, default_value_t = SoapParameters::default().n_max)]
    n_max: usize,

    /// Highest degree of the spherical harmonics.
    #[arg(long, default_value_t = SoapParameters::default().l_max)]
    l_max: usize,

    /// Width of the Gaussian that stands for an atom, in dscribe-gto; 0.5 if not given.
    #[arg(long)]
    sigma: Option<f64>,

    /// Width of the shell in which the weight of neighbours falls to 0, in compact; the cutoff if not
    /// given.
    #[arg(long)]
    switching: Option<f64>,

    /// Atom types of the cations, as in 1 or 1,3.
    #[arg(long, value_name = "TYPES", value_parser = types)]
    cation: Types,

    /// Atom types of the anions.
    #[arg(long, value_name = "TYPES", value_parser = types)]
    anion: Types,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    rerun: rerun::Options,
}

#[derive(Clone)]
struct Types(Vec<i32>);

fn types(text: &str) -> Result<Types, String> {
    parse_types(text).map(Types)
}

pub fn run(arguments: Arguments, threads: Option<NonZeroUsize>) -> anyhow::Result<()> {
    let csv_path = arguments.output.with_extension("csv");
    if csv_path == arguments.output {
        let why = anyhow!(
            "{}: the features cannot have the ending .csv, which is for their frames and ids",
            csv_path.display()
        );
        return Err(why).or_usage();
    }
    let (sigma, switching) = match arguments.convention {
        ConventionName::DscribeGto => (arguments.sigma.or(Some(SIGMA)), arguments.switching),
        ConventionName::Compact => (arguments.sigma, arguments.switching.or(Some(arguments.cutoff))),
    };
    let parameters = SoapParameters {
        convention: arguments.convention.with(sigma, switching).map_err(anyhow::Error::msg).or_usage()?,
        cutoff: arguments.cutoff,
        n_max: arguments.n_max,
        l_max: arguments.l_max,
    };
    let map = mapping::salt(&arguments.cation.0, &arguments.anion.0).or_usage()?;
    let soap = Inputs::in_double_precision(parameters, map.channels(), map.species(), &[]).or_usage()?;
    let descriptor = soap.descriptor();

    // Which tell whether ions are missing.
    let columns = Columns::default().want(Quantity::Charges);
    let mut dump = DumpReader::open(&arguments.input, columns, arguments.reading.options())?;
    outputs::check(&[&arguments.output, &csv_path], std::slice::from_ref(&arguments.input))?;
    let rerun = arguments.rerun.rerun(threads, &arguments.output)?;
    let mut table = Table {
        rows: NpyWriter::create(&arguments.output, descriptor.n_features())?,
        index: AtomicFile::create(&csv_path)?,
        n_rows: 0,
        units: RunUnits::default(),
        missing: arguments.cation.0.iter().chain(&arguments.anion.0).copied().collect(),
        progress: Progress::new(&arguments.input, "frames"),
    };
    table.write_index("frame,id")?;
    let cautions = Cautions::logged();
    match rerun {
        Some(rerun) => {
            let style = Style {
                name: "soap/atom",
                columns: descriptor.n_features(),
                model: &description(descriptor, &map)?,
                units: UNITS,
                species: map.species().iter().map(|species| species.name.as_str()).collect(),
                reach: descriptor.reach(),
                temperature: None,
            };
            let add = |ions: &rerun::Ions, values: &[f64]| table.add(&ions.frame, &ions.atoms, values);
            rerun.evaluate(&style, &map, &mut dump, &cautions, |_| Ok(()), add)?;
        }
        None => {
            let (mut frame, mut buffer) = (Frame::default(), Vec::new());
            while dump.read(&mut frame)? {
                let mut order = frame.order_by_id()?;
                order.retain(|&atom| map.species_of(frame.types[atom]).is_some());
                let environments = configuration::environments(&frame, &map, descriptor.reach(), &cautions)?;
                buffer.resize(environments.len() * descriptor.n_features(), 0.0);
                inputs(&soap, &environments, &Conditions::default(), &mut buffer)?;
                table.add(&frame, &order, &buffer)?;
            }
        }
    }
    if table.n_rows == 0 {
        bail!("{}: no atom has the type of a cation or an anion", arguments.input.display());
    }
    for missing in &table.missing {
        log::warn!("{}: there is no atom of type {missing} in any frame", arguments.input.display());
    }
    table.rows.finish()?;
    table.index.commit()?;
    Ok(())
}

/// The two files in the making.
struct Table {
    rows: NpyWriter,
    index: AtomicFile,
    n_rows: usize,
    units: RunUnits,
    /// Types that were named and are in no frame so far.
    missing: Vec<i32>,
    progress: Progress,
}

impl Table {
    /// Adds the features of a frame's centers, which are `atoms`.
    fn add(&mut self, frame: &Frame, atoms: &[usize], features: &[f64]) -> anyhow::Result<()> {
        self.units.check(frame, None)?;
        self.rows.write_rows(features)?;
        for &atom in atoms {
            self.write_index(&format!("{},{}", frame.place.frame, frame.ids[atom]))?;
        }
        self.missing.retain(|missing| !frame.types.contains(missing));
        self.n_rows += atoms.len();
        self.progress.frame();
        Ok(())
    }

    fn write_index(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.index, "{line}").with_context(|| self.index.path().display().to_string())
    }
}

/// A model file that carries the descriptor to LAMMPS; its graph is never asked.
fn description(descriptor: &PowerSpectrum, map: &SpeciesMap) -> anyhow::Result<Vec<u8>> {
    let species = map.species();
    let metadata = Metadata {
        version: Metadata::VERSION,
        units: UNITS.into(),
        species: species.iter().map(|species| species.name.clone()).collect(),
        charges: species.iter().map(|species| (species.name.clone(), species.charge)).collect(),
        molecules: vec![],
        channels: map.channels(),
        conditions: vec![],
        descriptor: serde_json::to_value(descriptor.parameters())?,
        domain: None,
        provenance: Default::default(),
        validation: Default::default(),
    };
    let mut graph = GraphBuilder::default();
    graph.matrix("weights", Array2::zeros((descriptor.n_features(), 1)).view());
    graph.node("MatMul", &[INPUT, "weights"], OUTPUT);
    graph.finish(descriptor.n_features(), 1, &metadata).map_err(anyhow::Error::msg)
}
