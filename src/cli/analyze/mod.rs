//! `ionscape analyze`: what the field of local conductivities in a dump says.

mod figures;
mod ions;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use ionscape::analysis::{
    FieldDistribution, FieldFrame, FieldHistory, FieldShape, FieldSummary, IonStates, ShapeSummary, SpatialCorrelation,
    SpatialSummary, StateSummary, TemporalSummary,
};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};

use crate::{reading::Reading, report};
use ions::Ions;

/// Describe the field of local conductivities: its mean over time, its distribution over ions, its correlation in space and
/// time, and what it is for free ions, pairs and clusters; each with errors.
#[derive(clap::Args)]
pub struct Arguments {
    /// LAMMPS text dumps of one run, in the order of time; .gz and .zst are unpacked.
    #[arg(required = true, value_name = "DUMP")]
    dumps: Vec<PathBuf>,

    /// The compute's columns, without their numbers: NAME[1] is the local conductivity, NAME[2] its standard deviation
    /// over the ensemble, NAME[3] the extrapolation grade.
    #[arg(long, default_value = "c_lam", value_name = "NAME")]
    column: String,

    /// Unit style of the run, for the labels of figures; read from the dump where `dump_modify units yes` wrote it.
    #[arg(long)]
    units: Option<Units>,

    /// Largest distance of pairs; half the box, or less where that holds more than 1,000 ions, if not given.
    #[arg(long, value_name = "LENGTH")]
    radius: Option<f64>,

    /// Bins up to that distance.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    bins: u32,

    /// Distance within which unlike ions belong together; the first minimum of their g(r) if not given.
    #[arg(long, value_name = "LENGTH")]
    pair_distance: Option<f64>,

    /// Seed of the shuffled comparison.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Write figures to DIR, as SVG and PNG: the ions of the last frame beside the distribution, and correlations in space and
    /// time and states where the dump has enough for them.
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,

    /// Write all results to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Units {
    Lj,
    Real,
    Metal,
}

impl Units {
    /// Names of the units of length and of molar conductivity.
    fn names(units: Option<Self>) -> (&'static str, &'static str) {
        match units {
            Some(Self::Lj) => ("\u{03c3}", "lj units"),
            Some(Self::Real | Self::Metal) => ("\u{00c5}", "S cm\u{00b2} mol\u{207b}\u{00b9}"),
            None => ("length units", "model's units"),
        }
    }
}

#[derive(serde::Serialize)]
struct Report<'a> {
    mean: f64,
    mean_error: Option<f64>,
    n_ions: f64,
    n_frames: usize,
    column: &'a str,
    units: Option<String>,
    distribution: &'a FieldSummary,
    #[serde(flatten)]
    found: &'a Found,
}

/// What there is besides the distribution; absent where the dump does not tell it.
#[derive(Default, serde::Serialize)]
struct Found {
    shape: Option<ShapeSummary>,
    spatial: Option<SpatialSummary>,
    temporal: Option<TemporalSummary>,
    states: Option<StateSummary>,
    /// Whether the distance of states was given, or taken from the radial distribution function.
    distance_given: bool,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    for (name, value) in [("--radius", arguments.radius), ("--pair-distance", arguments.pair_distance)] {
        if value.is_some_and(|v| !(v.is_finite() && v > 0.0)) {
            bail!("{name}: it must be above zero");
        }
    }
    let names: [String; 3] = [1, 2, 3].map(|i| format!("{}[{i}]", arguments.column));
    let mut first = FirstPass::new(&arguments);
    let mut last: Option<Frame> = None;
    each_frame(&arguments, &names, &mut last, &mut |frame| first.add(frame, &names))?;
    let Some(last) = last else { bail!("there is no frame in {}", list(&arguments.dumps)) };
    let summary = first.field.summary()?;
    let units = units_of(arguments.units, &last)?;
    let found = second_pass(&arguments, &names, &first, &summary)?;
    table::print(&summary, &found)?;
    if let Some(folder) = &arguments.plot {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        figures::field(folder, units, &last, &names[0], &first.field, &summary)?;
        figures::write(folder, units, &summary, &found)?;
    }
    let report = Report {
        mean: summary.all.mean.mean,
        mean_error: summary.all.mean.error.as_ref().map(|error| error.value),
        n_ions: summary.all.n_ions,
        n_frames: summary.n_frames,
        column: &names[0],
        units: units.map(|units| format!("{units:?}").to_lowercase()),
        distribution: &summary,
        found: &found,
    };
    report::write_json(arguments.json.as_deref(), &report)
}

/// What one reading of the dumps gathers.
struct FirstPass<'a> {
    arguments: &'a Arguments,
    field: FieldDistribution,
    shape: FieldShape,
    spatial: Option<SpatialCorrelation>,
    history: Option<FieldHistory>,
}

impl<'a> FirstPass<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        Self {
            arguments,
            field: FieldDistribution::default(),
            shape: FieldShape::default(),
            spatial: None,
            history: Some(FieldHistory::default()),
        }
    }

    fn add(&mut self, frame: &Frame, [local, spread, grade]: &[String; 3]) -> anyhow::Result<()> {
        self.field.add(&FieldFrame {
            timestep: frame.timestep,
            types: &frame.types,
            local: frame.column(local).context("the column was required")?,
            member_spread: frame.column(spread),
            grade: frame.column(grade),
        })?;
        let ions = Ions::of(frame, local)?;
        self.shape.add(&ions.local);
        let spatial = self.spatial.get_or_insert_with(|| {
            let radius = self.arguments.radius.unwrap_or_else(|| ions.radius());
            SpatialCorrelation::new(radius, self.arguments.bins as usize, self.arguments.seed)
        });
        spatial.add(&ions.snapshot())?;
        if let Some(history) = &mut self.history
            && (ions.ids.is_empty() || history.add(&ions.ids, &ions.snapshot()).is_err())
        {
            log::warn!(
                "step {}: the ions are not those of the first frame, or have no ids; nothing is said of the course in time",
                frame.timestep
            );
            self.history = None;
        }
        Ok(())
    }
}

/// What needs to know the first reading's results: states by their distance.
fn second_pass(
    arguments: &Arguments,
    names: &[String; 3],
    first: &FirstPass,
    summary: &FieldSummary,
) -> anyhow::Result<Found> {
    let spatial = first.spatial.as_ref().map(SpatialCorrelation::summary);
    let temporal = first.history.as_ref().and_then(FieldHistory::summary);
    let distance = arguments.pair_distance.or(spatial.as_ref().and_then(|s| s.first_minimum));
    let states = match distance {
        Some(distance) => {
            let mut states = IonStates::new(distance);
            each_frame(arguments, names, &mut None, &mut |frame| {
                states.add(&Ions::of(frame, &names[0])?.snapshot())?;
                Ok(())
            })?;
            let states = states.summary();
            if let Some(note) = &states.lifetimes_note {
                log::warn!("{note}");
            }
            Some(states)
        }
        None => {
            log::warn!("the unlike g(r) has no first minimum; --pair-distance gives states a distance");
            None
        }
    };
    // An ion is worth an independent value each two relaxation times.
    let relaxation = temporal.as_ref().and_then(|t| t.relaxation).map_or(0.5, |(value, _)| value.max(0.5));
    let independent = summary.all.n_ions * (summary.n_frames as f64 / (2.0 * relaxation)).max(1.0);
    Ok(Found {
        shape: first.shape.summary(first.field.histogram(), independent)?,
        spatial,
        temporal,
        states,
        distance_given: arguments.pair_distance.is_some(),
    })
}

/// Calls `visit` with each frame of all dumps, in order; the last one is left in `last`.
fn each_frame(
    arguments: &Arguments,
    names: &[String; 3],
    last: &mut Option<Frame>,
    visit: &mut dyn FnMut(&Frame) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for path in &arguments.dumps {
        read(path, arguments.reading.options(), names, last, visit).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn read(
    path: &Path,
    options: ReadOptions,
    names: &[String; 3],
    last: &mut Option<Frame>,
    visit: &mut dyn FnMut(&Frame) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let columns = Columns::none().require(Quantity::Types).require(Quantity::Positions);
    let columns = columns.want(Quantity::Charges).want(Quantity::Ids);
    let [local, spread, grade] = names;
    let columns = columns.require_column(local).want_column(spread).want_column(grade);
    let mut reader = DumpReader::open(path, columns, options)?;
    let mut frame = Frame::default();
    while reader.read(&mut frame)? {
        // Where one run goes on from another, its first frame is the other's last.
        if last.as_ref().is_some_and(|last| last.timestep == frame.timestep) {
            continue;
        }
        visit(&frame)?;
        // The memory of the frame before serves the next.
        frame = last.replace(std::mem::take(&mut frame)).unwrap_or_default();
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn units_of(asked: Option<Units>, frame: &Frame) -> anyhow::Result<Option<Units>> {
    let written = frame.units.as_deref().and_then(|name| Units::from_str(name, true).ok());
    match (asked, written) {
        (Some(asked), Some(written)) if asked != written => {
            bail!("--units says {asked:?}, the dump says {written:?}; leave --units out")
        }
        _ => Ok(asked.or(written)),
    }
}
