//! What a campaign has found: its data set, a table, and what failed.

use std::io::Write;
use std::path::Path;

use anyhow::bail;
use ionscape::campaign::{Campaign, Label, RouteEstimate, State, SystemPlan, collect};
use serde::Serialize;

use crate::results;

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    finished: bool,
    reached: bool,
    error: Option<String>,
    #[serde(flatten)]
    label: Option<&'a Label>,
    pairs: usize,
    chunks: usize,
}

/// Writes the data set, prints the table, and fails if a system did.
pub(super) fn finish(
    campaign: &Campaign,
    root: &Path,
    failures: &[(String, anyhow::Error)],
    json: Option<&Path>,
) -> anyhow::Result<()> {
    let (path, found) = collect(campaign, root)?;
    let rows: Vec<Row> = campaign
        .systems
        .iter()
        .map(|system| {
            let state = found.iter().find(|(other, _)| other.name == system.name).map(|(_, state)| state);
            let finish = state.and_then(|state| state.finished.as_ref());
            Row {
                name: &system.name,
                finished: finish.is_some(),
                reached: finish.is_some_and(|finish| finish.reached),
                error: failures.iter().find(|(name, _)| *name == system.name).map(|(_, e)| format!("{e:#}")),
                label: state.map(|state| &state.label),
                pairs: state.map_or(0, |state| state.pairs.len()),
                chunks: state.map_or(0, |state| state.chunks),
            }
        })
        .collect();
    let written = |row: &&Row| row.finished && row.label.is_some_and(|label| label.combined.is_some());
    let n_written = rows.iter().filter(written).count();
    let why =
        |row: &Row| row.label.and_then(|label| label.equilibrium_left_out.as_ref()).map(|why| format!(" ({why})"));
    let ended = rows.iter().filter(|row| row.finished && !written(row));
    let without: Vec<String> = ended.map(|row| format!("{}{}", row.name, why(row).unwrap_or_default())).collect();
    // Before the table, whose reader may have had enough.
    results::write_json(json, &rows)?;
    print(&found)?;
    crate::terminal::tell!("{n_written} of {} systems are in {}", rows.len(), path.display());
    if !without.is_empty() {
        log::warn!(
            "{} ended without a label, and not in the data set: the equilibrium run tells none and there are too few pairs; raise \
             label.longest or response.most_pairs, and run the command again",
            without.join(", ")
        );
    }
    if !failures.is_empty() {
        let names: Vec<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
        bail!("{} of {} systems failed: {}", failures.len(), rows.len(), names.join(", "));
    }
    Ok(())
}

fn print(found: &[(&SystemPlan, State)]) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    let width = found.iter().map(|(system, _)| system.name.len()).max().unwrap_or(0).max("system".len());
    writeln!(
        out,
        "{:<width$}  {:>9} {:>8} {:>6}  {:>9} {:>8}  {:>9} {:>8}  {:>6}  {:>5}  note",
        "system", "label", "+-", "%", "equilib.", "+-", "paired", "+-", "apart", "pairs"
    )?;
    for (system, state) in found {
        let label = &state.label;
        let pair = |estimate: Option<RouteEstimate>| match estimate {
            Some(e) => format!("{:>9} {:>8}", results::number(e.value), results::number(e.error)),
            None => format!("{:>9} {:>8}", "-", "-"),
        };
        let percent = label.combined.map_or("-".into(), |e| format!("{:.2}", 100.0 * e.relative_error()));
        let apart = label.apart.map_or("-".into(), |apart| format!("{apart:.1}"));
        let note = note(state);
        writeln!(
            out,
            "{:<width$}  {} {percent:>6}  {}  {}  {apart:>6}  {:>5}  {note}",
            system.name,
            pair(label.combined),
            pair(label.equilibrium),
            pair(label.response),
            state.pairs.len()
        )?;
    }
    Ok(())
}

/// What is to be said of a system beside its numbers.
fn note(state: &State) -> String {
    let label = &state.label;
    let mut notes = vec![];
    match &state.finished {
        None => notes.push("not finished".into()),
        Some(finish) if !finish.reached => notes.push(finish.why.clone()),
        Some(_) => {}
    }
    if !label.doubts.is_empty() {
        notes.push(format!("doubtful: {}", label.doubts.join("; ")));
    }
    if let Some(why) = label.equilibrium_left_out.as_ref().filter(|_| label.equilibrium.is_none()) {
        notes.push(format!("the equilibrium run has no say: {why}"));
    }
    notes.join("; ")
}
