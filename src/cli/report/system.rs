//! The page on one run.

use ionscape::page::{Column, Page, Section, Table};

use super::words::{capital, count, frames, optional, percent, rounded, with_error};
use super::{LEAST_FRAMES, sentences, with_figures};
use crate::analyze::{Analysis, Plot, Units, plots};

pub fn page(found: &Analysis) -> anyhow::Result<Page> {
    let mut figures = plots(found);
    let mut sections = vec![opening(found, &mut figures), distribution(found, &mut figures)?];
    let more = [
        structure(found, &mut figures)?,
        space(found, &mut figures),
        time(found, &mut figures)?,
        map(found, &mut figures),
        reasons(found, &mut figures)?,
    ];
    sections.extend(more.into_iter().flatten());
    let (_, unit) = Units::names(found.unit_style);
    Ok(Page {
        title: "Local molar conductivity of an electrolyte".into(),
        lead: format!(
            "{} ions, {}: mean {} ({unit}).",
            count(found.n_ions),
            frames(found.n_frames),
            with_error(found.mean, found.mean_error)
        ),
        sections,
    })
}

/// A section that begins with sentences; none where there is nothing to say.
fn said(heading: &str, sentences: Vec<String>) -> Option<Section> {
    (!sentences.is_empty()).then(|| sentences.into_iter().fold(Section::new(heading), Section::paragraph))
}

fn opening(found: &Analysis, figures: &mut Vec<Plot>) -> Section {
    let section = sentences::mean(found).into_iter().fold(Section::new("What conducts"), Section::paragraph);
    let cautions = found.cautions();
    let section = cautions.iter().fold(section, |section, caution| section.warning(capital(caution) + "."));
    with_figures(section, figures, &["field"])
}

fn distribution(found: &Analysis, figures: &mut Vec<Plot>) -> anyhow::Result<Section> {
    let said = sentences::distribution(found).into_iter().fold(Section::new("How ions differ"), Section::paragraph);
    Ok(with_figures(said, figures, &["distribution"]).table(quantiles(found)?))
}

fn structure(found: &Analysis, figures: &mut Vec<Plot>) -> anyhow::Result<Option<Section>> {
    let Some(section) = said("Who conducts: free ions, pairs, clusters", sentences::states(found)) else {
        return Ok(None);
    };
    let section = match states(found)? {
        Some(table) => with_figures(section, figures, &["states"]).table(table),
        None => section,
    };
    let section = with_figures(section, figures, &["clusters", "lifetimes"]);
    let section = sentences::coordination(found).into_iter().fold(section, Section::paragraph);
    Ok(Some(with_figures(section, figures, &["coordination"])))
}

fn space(found: &Analysis, figures: &mut Vec<Plot>) -> Option<Section> {
    let section = said("Do neighbours conduct alike?", sentences::space(found))?;
    Some(with_figures(section, figures, &["spatial", "structure_factor", "overlap"]))
}

fn time(found: &Analysis, figures: &mut Vec<Plot>) -> anyhow::Result<Option<Section>> {
    let section = said("How long it lasts", sentences::time(found));
    let section = section.map(|section| with_figures(section, figures, &["temporal", "visits"]));
    let Some((section, table)) = section.zip(visits(found)?) else { return Ok(None) };
    Ok(Some(with_figures(section.table(table), figures, &["transitions"])))
}

fn map(found: &Analysis, figures: &mut Vec<Plot>) -> Option<Section> {
    Some(with_figures(said("Where in the box", sentences::map(found))?, figures, &["map"]))
}

fn reasons(found: &Analysis, figures: &mut Vec<Plot>) -> anyhow::Result<Option<Section>> {
    let section = said("What the model goes by", sentences::reasons(found));
    let Some((section, table)) = section.zip(shells(found)?) else { return Ok(None) };
    Ok(Some(with_figures(section.table(table), figures, &["neighbors", "channels"])))
}

fn quantiles(found: &Analysis) -> anyhow::Result<Table> {
    let (_, unit) = Units::names(found.unit_style);
    let all = &found.distribution.all;
    let mut columns = vec![Column::words("ions"), Column::numbers("number", ""), Column::numbers("mean", unit)];
    columns.push(Column::numbers("spread", unit));
    columns.extend(all.quantiles.iter().map(|(share, _)| Column::numbers(format!("{:.0} %", 100.0 * share), unit)));
    let groups = found.distribution.types.iter().map(|(kind, group)| (format!("type {kind}"), group));
    let rows = [("all".to_string(), all)].into_iter().chain(groups).map(|(name, group)| {
        let error = group.mean.error.as_ref().map(|e| e.value);
        let mut row = vec![name, count(group.n_ions), with_error(group.mean.mean, error)];
        row.push(rounded(group.standard_deviation));
        row.extend(group.quantiles.iter().map(|(_, value)| rounded(*value)));
        row
    });
    Ok(Table::new(
        "Mean, spread over ions and frames, and the value below which a share of the ions lies",
        columns,
        rows.collect(),
    )?)
}

fn visits(found: &Analysis) -> anyhow::Result<Option<Table>> {
    let Some(temporal) = &found.temporal else { return Ok(None) };
    let (scale, unit) = found.time_unit();
    let columns = vec![
        Column::words("third of all values"),
        Column::numbers("mean visit", unit),
        Column::numbers("if frames were independent", unit),
    ];
    let classes = ["lower", "middle", "upper"].iter().enumerate();
    // Where no visit both begins and ends within the run there is none.
    let rows = classes.filter(|(class, _)| temporal.mean_dwell[*class].0.is_finite()).map(|(class, name)| {
        let (value, error) = temporal.mean_dwell[class];
        let independent = temporal.independent_dwell[class] * scale;
        vec![name.to_string(), with_error(value * scale, error.map(|e| e * scale)), with_error(independent, None)]
    });
    Ok(Some(Table::new("How long ions stay in a third of all values", columns, rows.collect())?))
}

fn states(found: &Analysis) -> anyhow::Result<Option<Table>> {
    let Some(states) = &found.states else { return Ok(None) };
    let (_, unit) = Units::names(found.unit_style);
    let columns = vec![
        Column::words("state"),
        Column::numbers("share of ions", ""),
        Column::numbers("mean", unit),
        Column::numbers("spread over ions", unit),
    ];
    let row = |s: &ionscape::analysis::OfState| {
        let deviation = s.deviation.map_or("\u{2013}".into(), rounded);
        vec![s.state.name().to_string(), percent(s.share), optional(s.mean), deviation]
    };
    let rows = states.states.iter().map(row).collect();
    Ok(Some(Table::new("Local molar conductivity of ions by what they are part of", columns, rows)?))
}

fn shells(found: &Analysis) -> anyhow::Result<Option<Table>> {
    let Some(reasons) = &found.reasons else { return Ok(None) };
    let (length, unit) = Units::names(found.unit_style);
    let columns = vec![
        Column::words(format!("distance ({length})")),
        Column::numbers("unlike neighbours", unit),
        Column::numbers("like neighbours", unit),
    ];
    let row = |shell: &ionscape::analysis::ShellEffects| {
        let name = match shell.from > 0.0 {
            true => format!("{:.2} to {:.2}", shell.from, shell.to),
            false => format!("up to {:.2}", shell.to),
        };
        vec![name, optional(shell.unlike.removal), optional(shell.like.removal)]
    };
    let rows = reasons.attribution.shells.iter().map(row).collect();
    let caption =
        "Change of an ion's local molar conductivity by all its neighbours within a shell: with them less without them";
    Ok(Some(Table::new(caption, columns, rows)?))
}

impl From<Plot> for ionscape::page::PageFigure {
    fn from(plot: Plot) -> Self {
        Self { drawings: plot.parts, name: plot.name, description: plot.description, caption: plot.caption }
    }
}

/// What a page on many says of a system; the rest stands in its tables.
pub fn short(found: &Analysis) -> Section {
    let name = found.name.as_deref().unwrap_or("system");
    let mut figures = plots(found);
    let said = sentences::mean(found).into_iter().take(1).chain(sentences::distribution(found));
    let distribution = said.fold(Section::new(name), Section::paragraph);
    let section = with_figures(distribution, &mut figures, &["distribution"]);
    // Without errors nothing is said of neighbours.
    if found.n_frames < LEAST_FRAMES {
        return section;
    }
    let section = sentences::space(found).into_iter().fold(section, Section::paragraph);
    with_figures(section, &mut figures, &["spatial"])
}
