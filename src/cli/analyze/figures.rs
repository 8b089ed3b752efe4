//! The figures of `ionscape analyze`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use ionscape::analysis::{FieldDistribution, FieldSummary, SpatialSummary, StateSummary, TemporalSummary};
use ionscape::plot::{
    CurvePanel, FieldFigure, Figure, IonKind, NamedCurve, RowPanel, RowSeries, Snapshot, curves, rows,
};
use ionscape::trajectory::Frame;

use super::{Found, Units};
use crate::report;

/// Writes each figure as SVG and as PNG.
pub fn write(folder: &Path, units: Option<Units>, summary: &FieldSummary, found: &Found) -> anyhow::Result<()> {
    let both = |name: &str, figure: &Figure| -> anyhow::Result<()> {
        ["svg", "png"]
            .iter()
            .try_for_each(|ending| report::write_figure(&folder.join(format!("{name}.{ending}")), figure))
    };
    let (length_unit, unit) = Units::names(units);
    if let Some(spatial) = &found.spatial {
        both("spatial", &curves(&in_space(spatial, length_unit)))?;
    }
    if let Some(temporal) = &found.temporal {
        both("temporal", &curves(&[in_time(temporal, summary)]))?;
    }
    if let Some(states) = &found.states {
        both("states", &by_state(states, length_unit, unit))?;
    }
    Ok(())
}

fn in_space(spatial: &SpatialSummary, unit: &str) -> Vec<CurvePanel> {
    let points = |points: &[(Option<f64>, Option<f64>)]| {
        let known = spatial.r.iter().zip(points);
        known.filter_map(|(r, (value, error))| Some((*r, (*value)?, error.unwrap_or(0.0)))).collect()
    };
    let curve = |name: &str, values: &[(Option<f64>, Option<f64>)]| NamedCurve::new(name, points(values));
    let panel = |title: &str, note: &str, y_title: &str, curves, level| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance ({unit})"),
        y_title: y_title.into(),
        curves,
        level: Some(level),
        ..Default::default()
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
                NamedCurve::null("shuffled", points(&unlike.shuffled)),
            ],
            0.0,
        ),
    ]
}

fn in_time(temporal: &TemporalSummary, summary: &FieldSummary) -> CurvePanel {
    let step = summary.steps_between_frames;
    let time = |lag: usize| (lag as i64 * step.unwrap_or(1)) as f64;
    let curve = |name: &str, points: &[(f64, Option<f64>)]| {
        let points = temporal.lags.iter().zip(points);
        NamedCurve::new(name, points.map(|(lag, (value, error))| (time(*lag), *value, error.unwrap_or(0.0))).collect())
    };
    CurvePanel {
        title: "How long does an ion stay as it is?".into(),
        note: "1: as now; 0: forgotten".into(),
        x_title: if step.is_some() { "time (steps)" } else { "time (frames)" }.into(),
        y_title: "autocorrelation of the field".into(),
        curves: vec![curve("per ion", &temporal.full), curve("less the mean of all", &temporal.fluctuation)],
        level: Some(0.0),
        ..Default::default()
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

/// Draws the ions of a frame beside the distribution.
pub fn field(
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
    ["svg", "png"].iter().try_for_each(|ending| report::write_figure(&folder.join(format!("field.{ending}")), &figure))
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
