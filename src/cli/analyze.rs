//! `ionscape analyze`: what the field of local conductivities in a dump says.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use ionscape::analysis::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
use ionscape::output::AtomicFile;
use ionscape::plot::{FieldFigure, IonKind, Snapshot};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};

use crate::{reading::Reading, report};

/// Describe the field of local conductivities: its mean over time with an error, its distribution over ions.
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

    /// Write field.svg and field.png to DIR: the ions of the last frame, and the distribution.
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
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let names: [String; 3] = [1, 2, 3].map(|i| format!("{}[{i}]", arguments.column));
    let mut field = FieldDistribution::default();
    let mut last: Option<Frame> = None;
    for path in &arguments.dumps {
        read(path, arguments.reading.options(), &names, &mut field, &mut last)?;
    }
    let Some(last) = last else { bail!("there is no frame in {}", list(&arguments.dumps)) };
    let summary = field.summary()?;
    let units = units_of(arguments.units, &last)?;
    print(&summary)?;
    if let Some(folder) = &arguments.plot {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        plot(folder, units, &last, &names[0], &field, &summary)?;
    }
    let report = Report {
        mean: summary.all.mean.mean,
        mean_error: summary.all.mean.error.as_ref().map(|error| error.value),
        n_ions: summary.all.n_ions,
        n_frames: summary.n_frames,
        column: &names[0],
        units: units.map(|units| format!("{units:?}").to_lowercase()),
        distribution: &summary,
    };
    report::write_json(arguments.json.as_deref(), &report)
}

fn read(
    path: &Path,
    options: ReadOptions,
    names: &[String; 3],
    field: &mut FieldDistribution,
    last: &mut Option<Frame>,
) -> anyhow::Result<()> {
    let columns = Columns::none().require(Quantity::Types).require(Quantity::Positions).want(Quantity::Charges);
    let [local, spread, grade] = names;
    let columns = columns.require_column(local).want_column(spread).want_column(grade);
    let mut reader = DumpReader::open(path, columns, options)?;
    let mut frame = Frame::default();
    while reader.read(&mut frame)? {
        // Where one run goes on from another, its first frame is the other's last.
        if last.as_ref().is_some_and(|last| last.timestep == frame.timestep) {
            continue;
        }
        let shown = FieldFrame {
            timestep: frame.timestep,
            types: &frame.types,
            local: frame.column(local).context("the column was required")?,
            member_spread: frame.column(spread),
            grade: frame.column(grade),
        };
        field.add(&shown).with_context(|| path.display().to_string())?;
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

fn print(summary: &FieldSummary) -> anyhow::Result<()> {
    let every = summary.steps_between_frames.map_or(String::new(), |step| format!(", every {step}"));
    let (first, last) = (summary.first_timestep, summary.last_timestep);
    let mut rows = vec![
        ("frames", format!("{}, steps {first} to {last}{every}", summary.n_frames)),
        ("ions", format!("{}", summary.all.n_ions)),
    ];
    let mean = &summary.all.mean;
    match &summary.all.mean.error {
        None => rows.push(("mean", format!("{mean}, without an error: one frame has none"))),
        Some(error) => {
            rows.push(("mean", mean.to_string()));
            let (blocks, length) = (error.n_blocks, error.block_length);
            let worth = error.inefficiency.max(1.0);
            rows.push((
                "error from",
                format!("{blocks} blocks of {length} frames; {worth:.1} frames tell as much as one independent"),
            ));
            if !error.converged {
                log::warn!(
                    "{} frames are too few for the error of the mean, which is larger than stated",
                    summary.n_frames
                );
            }
            if summary.steps_between_frames.is_none() && summary.n_frames > 2 {
                log::warn!("the frames are unevenly spaced, and the error of the mean holds only roughly");
            }
        }
    }
    if let Some(spread) = summary.member_spread {
        rows.push((
            "ensemble",
            format!("members differ by {spread:.4} (standard deviation) about an ion, by at most that about the mean"),
        ));
    }
    if let (Some(share), Some(grade)) = (summary.outside_domain, summary.largest_grade) {
        rows.push(("outside training", format!("{:.2} % of ions; largest grade {grade:.2}", 100.0 * share)));
    }
    if summary.atoms_not_evaluated > 0.0 {
        rows.push(("not evaluated", format!("{} atoms a frame, with the value 0", summary.atoms_not_evaluated)));
    }
    report::print_table(&rows)?;
    print_groups(summary)?;
    Ok(())
}

fn print_groups(summary: &FieldSummary) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "\n{:<8}{:>8}{:>10}{:>10}{:>10}", "type", "ions", "mean", "error", "spread")?;
    for (share, _) in &summary.all.quantiles {
        write!(out, "{:>10}", format!("{:.0} %", 100.0 * share))?;
    }
    writeln!(out)?;
    let types = summary.types.iter().map(|(kind, group)| (kind.to_string(), group));
    for (name, group) in [("all".to_string(), &summary.all)].into_iter().chain(types) {
        let error = group.mean.error.as_ref().map_or("-".into(), |error| format!("{:.4}", error.value));
        let GroupSummary { n_ions, standard_deviation, .. } = group;
        write!(out, "{name:<8}{n_ions:>8}{:>10.4}{error:>10}{standard_deviation:>10.4}", group.mean.mean)?;
        for (_, value) in &group.quantiles {
            write!(out, "{value:>10.4}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn plot(
    folder: &Path,
    units: Option<Units>,
    frame: &Frame,
    column: &str,
    field: &FieldDistribution,
    summary: &FieldSummary,
) -> anyhow::Result<()> {
    let local = frame.column(column).context("the column was required")?;
    let evaluated: Vec<usize> = (0..frame.n_atoms).filter(|&i| local[i] != 0.0).collect();
    let mut types: BTreeMap<i32, Option<f64>> = BTreeMap::new();
    for &i in &evaluated {
        types.entry(frame.types[i]).or_insert(frame.charges.as_ref().map(|charges| charges[i]));
    }
    let places: BTreeMap<i32, usize> = types.keys().enumerate().map(|(place, &kind)| (kind, place)).collect();
    let kinds: Vec<IonKind> =
        types.iter().map(|(&kind, &charge)| IonKind { label: label(kind, &types), charge }).collect();
    let (length_unit, unit) = Units::names(units);
    let figure = FieldFigure {
        snapshot: Snapshot {
            timestep: frame.timestep,
            cell: &frame.cell,
            positions: &evaluated.iter().map(|&i| frame.positions[i]).collect::<Vec<_>>(),
            local: &evaluated.iter().map(|&i| local[i]).collect::<Vec<_>>(),
            kind: &evaluated.iter().map(|&i| places[&frame.types[i]]).collect::<Vec<_>>(),
            kinds: &kinds,
        },
        histogram: field.histogram(),
        mean: &summary.all.mean,
        length_unit,
        unit,
        n_frames: summary.n_frames,
    }
    .draw();
    for (name, bytes) in [("field.svg", figure.to_svg().into_bytes()), ("field.png", figure.to_png(2.0)?)] {
        let path = folder.join(name);
        let mut file = AtomicFile::create(&path)?;
        file.write_all(&bytes).with_context(|| path.display().to_string())?;
        file.commit()?;
    }
    Ok(())
}

/// `cation` or `anion` for the only type of its sign, the type's number for others.
fn label(kind: i32, types: &BTreeMap<i32, Option<f64>>) -> String {
    let sign = |charge: &Option<f64>| charge.filter(|charge| *charge != 0.0).map(f64::is_sign_positive);
    let own = types.get(&kind).and_then(sign);
    match own {
        Some(positive) if types.values().filter(|charge| sign(charge) == own).count() == 1 => {
            if positive {
                "cation".into()
            } else {
                "anion".into()
            }
        }
        _ => format!("type {kind}"),
    }
}
