//! `ionscape featurize`: the descriptor itself, for every ion of every frame.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use ionscape::configuration;
use ionscape::descriptor::{ConventionName, PowerSpectrum, SoapParameters};
use ionscape::local::{Environments, features};
use ionscape::output::{AtomicFile, NpyWriter};
use ionscape::species::CHARGE_SYMMETRIC_CHANNELS;
use ionscape::trajectory::{Columns, DumpReader, Frame};

use crate::{mapping, progress::Progress, reading::Reading};

/// The width of an atom if not given.
const SIGMA: f64 = 0.5;

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
}

#[derive(Clone)]
struct Types(Vec<i32>);

fn types(text: &str) -> Result<Types, String> {
    mapping::parse_types(text).map(Types)
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let csv_path = arguments.output.with_extension("csv");
    if csv_path == arguments.output {
        bail!("{}: the features cannot have the ending .csv, which is for their frames and ids", csv_path.display());
    }
    let (sigma, switching) = match arguments.convention {
        ConventionName::DscribeGto => (arguments.sigma.or(Some(SIGMA)), arguments.switching),
        ConventionName::Compact => (arguments.sigma, arguments.switching.or(Some(arguments.cutoff))),
    };
    let parameters = SoapParameters {
        convention: arguments.convention.with(sigma, switching).map_err(anyhow::Error::msg)?,
        cutoff: arguments.cutoff,
        n_max: arguments.n_max,
        l_max: arguments.l_max,
    };
    let descriptor = PowerSpectrum::new(parameters, CHARGE_SYMMETRIC_CHANNELS)?;
    let map = mapping::salt(&arguments.cation.0, &arguments.anion.0)?;

    let mut dump = DumpReader::open(&arguments.input, Columns::default(), arguments.reading.options())?;
    let mut rows = NpyWriter::create(&arguments.output, descriptor.n_features())?;
    let mut index = AtomicFile::create(&csv_path)?;
    let written = |result: std::io::Result<()>| result.with_context(|| csv_path.display().to_string());
    written(writeln!(index, "frame,id"))?;

    let mut progress = Progress::new(&arguments.input, "frames");
    let (mut frame, mut buffer) = (Frame::default(), Vec::new());
    let (mut n_frames, mut n_rows) = (0, 0);
    while dump.read(&mut frame)? {
        let order = frame.order_by_id()?;
        let environments = configuration::environments(&frame, &map, descriptor.reach())?;
        buffer.resize(environments.len() * descriptor.n_features(), 0.0);
        features(&descriptor, &environments, &mut buffer);
        rows.write_rows(&buffer)?;
        n_rows += environments.len();
        for &atom in order.iter().filter(|&&atom| map.species_of(frame.types[atom]).is_some()) {
            written(writeln!(index, "{n_frames},{}", frame.ids[atom]))?;
        }
        n_frames += 1;
        progress.frame();
    }
    if n_rows == 0 {
        bail!("{}: no atom has the type of a cation or an anion", arguments.input.display());
    }
    rows.finish()?;
    index.commit()?;
    Ok(())
}
