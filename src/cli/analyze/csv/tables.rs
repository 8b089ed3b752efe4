//! What is in the tables of a system.

use ionscape::analysis::{
    CoordinationSummary, MapSummary, SpatialSummary, StateSummary, StructureFactorSummary, TemporalSummary,
};

use super::{Column, Columns};
use crate::analyze::system::Analysis;

/// A table's name, and its columns.
type Table = (&'static str, Vec<Column>);

/// All tables of a system.
pub(super) fn tables(found: &Analysis) -> Vec<Table> {
    let mut tables = vec![("frames", frames(found)), ("distribution", distribution(found))];
    tables.extend(found.spatial.as_ref().map(|found| ("spatial", spatial(found))));
    tables.extend(found.structure_factor.as_ref().map(|found| ("structure_factor", structure_factor(found))));
    tables.extend(found.temporal.iter().flat_map(temporal));
    tables.extend(found.states.iter().flat_map(states));
    tables.extend(found.coordination.as_ref().map(|found| ("coordination", coordination(found))));
    tables.extend(found.map.as_ref().map(|found| ("map", map(found))));
    tables.extend(reasons(found));
    tables
}

fn spatial(spatial: &SpatialSummary) -> Vec<Column> {
    let mut columns = Columns::over("r", spatial.r.iter().copied());
    for (kind, curves) in [("like", &spatial.like), ("unlike", &spatial.unlike)] {
        columns.optional(&format!("g_{kind}"), &curves.g);
        columns.optional(&format!("correlation_{kind}"), &curves.correlation);
        columns.optional(&format!("shuffled_{kind}"), &curves.shuffled);
        columns.optional(&format!("above_mean_{kind}"), &curves.above_mean);
        columns.optional(&format!("below_mean_{kind}"), &curves.below_mean);
    }
    columns.0
}

fn structure_factor(waves: &StructureFactorSummary) -> Vec<Column> {
    let mut columns = Columns::over("k", waves.k.iter().copied());
    columns.points("field", &waves.field);
    columns.points("shuffled", &waves.shuffled);
    columns.points("number", &waves.number);
    columns.0
}

fn temporal(temporal: &TemporalSummary) -> Vec<Table> {
    let mut columns = Columns::over("frames", temporal.lags.iter().map(|lag| *lag as f64));
    columns.points("full", &temporal.full);
    columns.points("fluctuation", &temporal.fluctuation);
    let mut tables = vec![("temporal", columns.0)];
    let longest = temporal.dwell.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns = Columns::over("frames", (1..=longest).map(|n| n as f64));
    for (class, name) in THIRDS.iter().enumerate() {
        columns.values(name, temporal.dwell[class].iter().copied());
        let independent = &temporal.independent_dwell_distribution[class];
        columns.values(&format!("{name}_independent"), independent.iter().copied());
    }
    tables.push(("visits", columns.0));
    let mut columns = Columns::over("from", (0..3).map(f64::from));
    for (to, name) in THIRDS.iter().enumerate() {
        columns.points(&format!("to_{name}"), &temporal.transitions.map(|row| row[to]));
        columns.values(&format!("to_{name}_independent"), [temporal.independent[to]; 3]);
    }
    tables.push(("transitions", columns.0));
    tables
}

fn states(states: &StateSummary) -> Vec<Table> {
    let mut columns = Columns::over("state", (0..states.states.len()).map(|n| n as f64));
    columns.points("share", &states.states.iter().map(|s| s.share).collect::<Vec<_>>());
    columns.optional("mean", &states.states.iter().map(|s| s.mean).collect::<Vec<_>>());
    columns.push("deviation", states.states.iter().map(|s| s.deviation).collect());
    let mut tables = vec![("states", columns.0)];
    let mut columns = Columns::over("ions", (1..=states.sizes.len()).map(|n| n as f64));
    columns.points("share", &states.sizes);
    tables.push(("clusters", columns.0));
    if let Some(charges) = &states.charges {
        let mut columns = Columns::over("charge", charges.iter().map(|(charge, _)| f64::from(*charge)));
        columns.points("share", &charges.iter().map(|(_, share)| *share).collect::<Vec<_>>());
        tables.push(("cluster_charges", columns.0));
    }
    let mut columns = Columns::over("frames", (0..states.intermittent.len()).map(|n| n as f64));
    columns.points("intermittent", &states.intermittent);
    columns.points("continuous", &states.continuous);
    tables.push(("lifetimes", columns.0));
    tables
}

fn coordination(coordination: &CoordinationSummary) -> Vec<Column> {
    let cells = &coordination.cells;
    let mut columns = Columns::over("like", cells.iter().map(|c| c.like as f64));
    columns.values("unlike", cells.iter().map(|c| c.unlike as f64));
    columns.points("share", &cells.iter().map(|c| c.share).collect::<Vec<_>>());
    columns.points("mean", &cells.iter().map(|c| c.mean).collect::<Vec<_>>());
    columns.values("deviation", cells.iter().map(|c| c.deviation));
    columns.points("shuffled", &cells.iter().map(|c| c.shuffled).collect::<Vec<_>>());
    columns.0
}

fn map(map: &MapSummary) -> Vec<Column> {
    let place = |axis: usize| {
        let inner: usize = map.bins[axis + 1..].iter().product();
        (0..map.values.len()).map(move |bin| map.coordinates[axis][bin / inner % map.bins[axis]])
    };
    let mut columns = Columns::over(map.axes[0].name(), place(0));
    (1..map.axes.len()).for_each(|axis| columns.values(map.axes[axis].name(), place(axis)));
    columns.points("ions", &map.values.iter().map(|v| v.ions).collect::<Vec<_>>());
    columns.optional("mean", &map.values.iter().map(|v| v.mean).collect::<Vec<_>>());
    columns.optional("shuffled", &map.values.iter().map(|v| v.shuffled).collect::<Vec<_>>());
    columns.0
}

/// What the model goes by.
fn reasons(found: &Analysis) -> Vec<Table> {
    let Some(reasons) = &found.reasons else { return vec![] };
    let attribution = &reasons.attribution;
    let mut columns = Columns::over("r", attribution.r.iter().copied());
    for (kind, curves) in [("like", &attribution.like), ("unlike", &attribution.unlike)] {
        columns.values(&format!("neighbors_{kind}"), curves.n_neighbors.iter().map(|n| *n as f64));
        columns.optional(&format!("removal_{kind}"), &curves.removal);
        columns.optional(&format!("attribution_{kind}"), &curves.attribution);
    }
    let mut tables = vec![("neighbors", columns.0)];
    let channels = &reasons.partial_dependence.channels;
    let mut columns = Columns::over("like", channels.iter().map(|c| f64::from(u8::from(c.like))));
    columns.values("n", channels.iter().map(|c| c.n as f64));
    columns.values("distance", channels.iter().map(|c| c.distance));
    columns.optional("change", &channels.iter().map(|c| c.change).collect::<Vec<_>>());
    columns.optional("importance", &channels.iter().map(|c| c.importance).collect::<Vec<_>>());
    tables.push(("channels", columns.0));
    if let Some(overlap) = &reasons.overlap {
        let mut columns = Columns::over("r", overlap.r.iter().copied());
        for (kind, curves) in [("like", &overlap.like), ("unlike", &overlap.unlike)] {
            columns.optional(&format!("measured_{kind}"), &curves.measured);
            columns.optional(&format!("overlap_{kind}"), &curves.overlap);
            columns.optional(&format!("arrangement_{kind}"), &curves.arrangement);
        }
        tables.push(("overlap", columns.0));
    }
    tables
}

const THIRDS: [&str; 3] = ["lower", "middle", "upper"];

fn frames(found: &Analysis) -> Vec<Column> {
    let frames = &found.distribution.frames;
    let mut columns = Columns::over("step", frames.iter().map(|f| f.timestep as f64));
    columns.values("mean", frames.iter().map(|f| f.mean));
    columns.0
}

fn distribution(found: &Analysis) -> Vec<Column> {
    const BINS: usize = 100;
    let histogram = found.field.histogram();
    let (low, high) = histogram.range().unwrap_or_default();
    let width = (high - low) / BINS as f64;
    let counts = histogram.rebin(low, high, BINS);
    let scale = histogram.n() as f64 * width;
    let mut columns = Columns::over("local", (0..BINS).map(|i| low + (i as f64 + 0.5) * width));
    columns.push("density", counts.iter().map(|c| Some(c / scale).filter(|d| d.is_finite())).collect());
    columns.0
}
