//! The figures of `ionscape analyze`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use ionscape::analysis::{FieldSummary, SpatialSummary, StateSummary, TemporalSummary};
use ionscape::plot::{
    CurvePanel, FieldFigure, Figure, IonKind, NamedCurve, RowPanel, RowSeries, Snapshot, curves, rows,
};

use super::dataset::Comparison;
use super::options::Units;
use super::system::Analysis;
use crate::results;

/// Writes each figure as SVG and as PNG.
pub fn write(folder: &Path, found: &Analysis) -> anyhow::Result<()> {
    for (name, figure) in all(found) {
        write_both(folder, name, &figure)?;
    }
    Ok(())
}

/// Writes the figures of a data set, and those of each system in a folder of its name.
pub fn write_all(folder: &Path, all: &Comparison) -> anyhow::Result<()> {
    for found in &all.systems {
        let name = found.name.as_deref().unwrap_or("").replace(['/', '\\'], "_");
        let own = folder.join(name);
        std::fs::create_dir_all(&own).with_context(|| own.display().to_string())?;
        write(&own, found)?;
    }
    Ok(())
}

fn write_both(folder: &Path, name: &str, figure: &Figure) -> anyhow::Result<()> {
    ["svg", "png"].iter().try_for_each(|ending| results::write_figure(&folder.join(format!("{name}.{ending}")), figure))
}

/// Names and figures of a system.
pub fn all(found: &Analysis) -> Vec<(&'static str, Figure)> {
    let mut figures = vec![("field", field(found))];
    let (length_unit, unit) = Units::names(found.unit_style);
    if let Some(spatial) = &found.spatial {
        figures.push(("spatial", curves(&in_space(spatial, length_unit))));
    }
    if let Some(temporal) = &found.temporal {
        figures.push(("temporal", curves(&[in_time(temporal, &found.distribution)])));
    }
    if let Some(states) = &found.states {
        figures.push(("states", by_state(states, length_unit, unit)));
    }
    figures
}

fn in_space(spatial: &SpatialSummary, unit: &str) -> Vec<CurvePanel> {
    let curve = |name: &str, points: &[(Option<f64>, Option<f64>)]| NamedCurve {
        name: name.into(),
        points: spatial
            .r
            .iter()
            .zip(points)
            .filter_map(|(r, (value, error))| Some((*r, (*value)?, error.unwrap_or(0.0))))
            .collect(),
    };
    let panel = |title: &str, note: &str, y_title: &str, curves, level| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance ({unit})"),
        y_title: y_title.into(),
        curves,
        level: Some(level),
    };
    let (like, unlike) = (&spatial.like, &spatial.unlike);
    vec![
        panel(
            "Structure",
            "how many ions there are at a distance, over an even spread",
            "radial distribution function",
            vec![curve("like", &like.g), curve("unlike", &unlike.g)],
            1.0,
        ),
        panel(
            "Do neighbours conduct alike?",
            "1: as much as an ion agrees with itself; 0: not at all",
            "correlation of fluctuations",
            vec![
                curve("like", &like.correlation),
                curve("unlike", &unlike.correlation),
                curve("shuffled", &unlike.shuffled),
            ],
            0.0,
        ),
    ]
}

fn in_time(temporal: &TemporalSummary, summary: &FieldSummary) -> CurvePanel {
    let step = summary.steps_between_frames;
    let curve = |name: &str, points: &[(f64, Option<f64>)]| NamedCurve {
        name: name.into(),
        points: temporal
            .lags
            .iter()
            .zip(points)
            .map(|(lag, (value, error))| ((*lag as i64 * step.unwrap_or(1)) as f64, *value, error.unwrap_or(0.0)))
            .collect(),
    };
    CurvePanel {
        title: "How long does an ion stay as it is?".into(),
        note: "1: as now; 0: forgotten".into(),
        x_title: if step.is_some() { "time (steps)" } else { "time (frames)" }.into(),
        y_title: "autocorrelation of the field".into(),
        curves: vec![curve("per ion", &temporal.full), curve("less the mean of all", &temporal.fluctuation)],
        level: Some(0.0),
    }
}

fn by_state(states: &StateSummary, length_unit: &str, unit: &str) -> Figure {
    let names: Vec<String> = states.states.iter().map(|s| s.state.name().to_string()).collect();
    let panel = |title: &str, axis: String, values: Vec<Option<(f64, f64)>>| RowPanel {
        title: title.into(),
        axis,
        series: vec![RowSeries { name: String::new(), values }],
        reference: None,
        span: (0.0, 0.0),
    };
    let share = states.states.iter().map(|s| Some((100.0 * s.share.0, 100.0 * s.share.1.unwrap_or(0.0)))).collect();
    let field = states.states.iter().map(|s| Some((s.mean.0?, s.mean.1.unwrap_or(0.0)))).collect();
    let panels = [
        panel("How many ions are in it", "share of ions (%)".into(), share),
        panel("How much they conduct", format!("mean local \u{039b} ({unit})"), field),
    ];
    let note = format!("unlike ions within {:.3} {length_unit} belong together", states.distance);
    rows(&names, &panels, "Free ions, pairs and clusters", &note)
}

/// The ions of the last frame beside the distribution.
fn field(found: &Analysis) -> Figure {
    let ions = &found.last;
    let mut types: BTreeMap<i32, Option<f64>> = BTreeMap::new();
    for (i, kind) in ions.types.iter().enumerate() {
        types.entry(*kind).or_insert(ions.charges.as_ref().map(|charges| charges[i]));
    }
    let places: BTreeMap<i32, usize> = types.keys().enumerate().map(|(place, &kind)| (kind, place)).collect();
    let kinds: Vec<IonKind> =
        types.iter().map(|(&kind, &charge)| IonKind { label: label(kind, &types), charge }).collect();
    let (length_unit, unit) = Units::names(found.unit_style);
    FieldFigure {
        snapshot: Snapshot {
            timestep: ions.timestep,
            cell: &ions.cell,
            positions: &ions.positions,
            local: &ions.local,
            kind: &ions.types.iter().map(|kind| places[kind]).collect::<Vec<_>>(),
            kinds: &kinds,
        },
        histogram: found.field.histogram(),
        mean: &found.distribution.all.mean,
        length_unit,
        unit,
        n_frames: found.n_frames,
    }
    .draw()
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
