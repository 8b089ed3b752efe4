//! Curves and tables as columns of numbers, a file each.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ionscape::output::AtomicFile;

use super::dataset::Comparison;
use super::system::Analysis;

/// A column of a table: its name, and values that may be absent.
type Column = (String, Vec<Option<f64>>);

/// Writes what was found of one system.
pub fn write(folder: &Path, found: &Analysis) -> anyhow::Result<()> {
    for (name, columns) in tables(found) {
        write_table(&folder.join(format!("{name}.csv")), None, &columns)?;
    }
    Ok(())
}

/// Writes a row for each system, and the tables of each in a folder of its name.
pub fn write_all(folder: &Path, all: &Comparison) -> anyhow::Result<()> {
    let names: Vec<&str> = all.systems.iter().map(|a| a.name.as_deref().unwrap_or("")).collect();
    let of = |of: &dyn Fn(&Analysis) -> Option<f64>| all.systems.iter().map(of).collect::<Vec<_>>();
    let mut columns = vec![];
    let mut add = |name: &str, values: Vec<Option<f64>>| columns.push((name.to_string(), values));
    add("density", of(&|a| Some(a.density)));
    add("mean", of(&|a| Some(a.mean)));
    add("mean_error", of(&|a| a.mean_error));
    let fluctuation = |a: &Analysis| a.distribution.all.fluctuation.clone();
    add("fluctuation", of(&|a| Some(fluctuation(a)?.mean)));
    add("fluctuation_error", of(&|a| Some(fluctuation(a)?.error?.value)));
    add("skewness", of(&|a| Some(a.shape.as_ref()?.skewness.mean)));
    add("low_tail", of(&|a| Some(a.shape.as_ref()?.low_tail.mean)));
    for state in 0..4 {
        let name = ["free", "pair", "balanced_cluster", "unbalanced_cluster"][state];
        add(&format!("share_{name}"), of(&|a| Some(a.states.as_ref()?.states[state].share.0)));
        add(&format!("mean_{name}"), of(&|a| a.states.as_ref()?.states[state].mean.0));
    }
    add("relaxation_frames", of(&|a| Some(a.temporal.as_ref()?.relaxation?.0)));
    write_table(&folder.join("systems.csv"), Some(("system", &names)), &columns)?;
    for (analysis, name) in all.systems.iter().zip(all.folders()) {
        let own = folder.join(name);
        std::fs::create_dir_all(&own).with_context(|| own.display().to_string())?;
        write(&own, analysis)?;
    }
    Ok(())
}

fn write_table(path: &Path, names: Option<(&str, &[&str])>, columns: &[Column]) -> anyhow::Result<()> {
    let mut file = AtomicFile::create(path)?;
    let mut line =
        |cells: Vec<String>| writeln!(file, "{}", cells.join(",")).with_context(|| path.display().to_string());
    let first = names.map(|(heading, _)| quoted(heading));
    line(first.into_iter().chain(columns.iter().map(|(name, _)| quoted(name))).collect())?;
    let n = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    for row in 0..n {
        let name = names.map(|(_, names)| quoted(names[row]));
        let told = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or(String::new(), |v| v.to_string());
        let value = |(_, values): &Column| told(values.get(row).copied().flatten());
        line(name.into_iter().chain(columns.iter().map(value)).collect())?;
    }
    Ok(file.commit()?)
}

/// As RFC 4180 has it.
fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

/// Names and columns of all tables of a system.
fn tables(found: &Analysis) -> Vec<(&'static str, Vec<Column>)> {
    let mut tables = vec![("frames", frames(found)), ("distribution", distribution(found))];
    if let Some(spatial) = &found.spatial {
        let mut columns = Columns::over("r", spatial.r.iter().copied());
        for (kind, curves) in [("like", &spatial.like), ("unlike", &spatial.unlike)] {
            columns.optional(&format!("g_{kind}"), &curves.g);
            columns.optional(&format!("correlation_{kind}"), &curves.correlation);
            columns.optional(&format!("shuffled_{kind}"), &curves.shuffled);
            columns.optional(&format!("above_mean_{kind}"), &curves.above_mean);
            columns.optional(&format!("below_mean_{kind}"), &curves.below_mean);
        }
        tables.push(("spatial", columns.0));
    }
    if let Some(waves) = &found.structure_factor {
        let mut columns = Columns::over("k", waves.k.iter().copied());
        columns.points("field", &waves.field);
        columns.points("shuffled", &waves.shuffled);
        columns.points("number", &waves.number);
        tables.push(("structure_factor", columns.0));
    }
    if let Some(temporal) = &found.temporal {
        let mut columns = Columns::over("frames", temporal.lags.iter().map(|lag| *lag as f64));
        columns.points("full", &temporal.full);
        columns.points("fluctuation", &temporal.fluctuation);
        tables.push(("temporal", columns.0));
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
    }
    if let Some(states) = &found.states {
        let mut columns = Columns::over("state", (0..states.states.len()).map(|n| n as f64));
        columns.points("share", &states.states.iter().map(|s| s.share).collect::<Vec<_>>());
        columns.optional("mean", &states.states.iter().map(|s| s.mean).collect::<Vec<_>>());
        columns.push("deviation", states.states.iter().map(|s| s.deviation).collect());
        tables.push(("states", columns.0));
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
    }
    if let Some(coordination) = &found.coordination {
        let cells = &coordination.cells;
        let mut columns = Columns::over("like", cells.iter().map(|c| c.like as f64));
        columns.values("unlike", cells.iter().map(|c| c.unlike as f64));
        columns.points("share", &cells.iter().map(|c| c.share).collect::<Vec<_>>());
        columns.points("mean", &cells.iter().map(|c| c.mean).collect::<Vec<_>>());
        columns.values("deviation", cells.iter().map(|c| c.deviation));
        columns.points("shuffled", &cells.iter().map(|c| c.shuffled).collect::<Vec<_>>());
        tables.push(("coordination", columns.0));
    }
    if let Some(map) = &found.map {
        let place = |axis: usize| {
            let inner: usize = map.bins[axis + 1..].iter().product();
            (0..map.values.len()).map(move |bin| map.coordinates[axis][bin / inner % map.bins[axis]])
        };
        let mut columns = Columns::over(map.axes[0].name(), place(0));
        (1..map.axes.len()).for_each(|axis| columns.values(map.axes[axis].name(), place(axis)));
        columns.points("ions", &map.values.iter().map(|v| v.ions).collect::<Vec<_>>());
        columns.optional("mean", &map.values.iter().map(|v| v.mean).collect::<Vec<_>>());
        columns.optional("shuffled", &map.values.iter().map(|v| v.shuffled).collect::<Vec<_>>());
        tables.push(("map", columns.0));
    }
    tables.extend(reasons(found));
    tables
}

/// What the model goes by.
fn reasons(found: &Analysis) -> Vec<(&'static str, Vec<Column>)> {
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

/// Columns in the making.
struct Columns(Vec<Column>);

impl Columns {
    fn over(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let mut columns = Self(vec![]);
        columns.values(name, values);
        columns
    }

    fn push(&mut self, name: &str, values: Vec<Option<f64>>) {
        self.0.push((name.into(), values));
    }

    fn values(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        self.push(name, values.into_iter().map(Some).collect());
    }

    /// Values and their errors.
    fn optional(&mut self, name: &str, points: &[(Option<f64>, Option<f64>)]) {
        self.push(name, points.iter().map(|p| p.0).collect());
        self.push(&format!("{name}_error"), points.iter().map(|p| p.1).collect());
    }

    fn points(&mut self, name: &str, points: &[(f64, Option<f64>)]) {
        self.optional(name, &points.iter().map(|p| (Some(p.0), p.1)).collect::<Vec<_>>());
    }
}
