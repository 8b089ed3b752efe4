//! The page on one run.

use ionscape::page::{Block, Column, Page, Section, Table};

use super::words::{optional, percent, with_error};
use super::{sentences, with_figures};
use crate::analyze::{Analysis, Plot, Units, plots};
use crate::results;

pub fn page(found: &Analysis) -> anyhow::Result<Page> {
    let mut figures = plots(found);
    let mut sections = vec![opening(found, &mut figures)];
    let mut add = |heading: &str, said: Vec<String>, files: &[&str], tables: Vec<Table>| {
        if said.is_empty() {
            return;
        }
        let section = said.into_iter().fold(Section::new(heading), Section::paragraph);
        let section = with_figures(section, &mut figures, files);
        sections.push(tables.into_iter().fold(section, Section::table));
    };
    add("How ions differ", sentences::distribution(found), &["distribution"], vec![quantiles(found)?]);
    add("Who conducts: structure", sentences::structure(found), STRUCTURE, structure_tables(found)?);
    add("Do neighbours conduct alike?", sentences::space(found), &["spatial", "structure_factor", "overlap"], vec![]);
    add("How long it lasts", sentences::time(found), &["temporal", "visits", "transitions"], visits(found)?);
    add("What the model goes by", sentences::reasons(found), &["neighbors", "channels"], vec![]);
    let (_, unit) = Units::names(found.unit_style);
    Ok(Page {
        title: "Local molar conductivity of the ions of an electrolyte".into(),
        lead: format!(
            "{} ions, {} frames: mean {} ({unit}).",
            results::count(found.n_ions),
            found.n_frames,
            with_error(found.mean, found.mean_error)
        ),
        sections,
    })
}

const STRUCTURE: &[&str] = &["states", "coordination", "clusters", "lifetimes", "map"];

fn opening(found: &Analysis, figures: &mut Vec<Plot>) -> Section {
    let section = sentences::mean(found).into_iter().fold(Section::new("What conducts"), Section::paragraph);
    let section = found.notes.iter().fold(section, |section, note| section.warning(capital(note)));
    let mean = &found.distribution.all.mean;
    let section = match mean.error.as_ref().filter(|error| !error.converged) {
        Some(_) => section.warning(format!(
            "{} frames are too few for the error of the mean, which is larger than stated.",
            found.n_frames
        )),
        None => section,
    };
    with_figures(section, figures, &["field"])
}

fn capital(note: &str) -> String {
    let mut letters = note.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect::<String>() + ".")
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
        let mut row = vec![name, results::count(group.n_ions), with_error(group.mean.mean, error)];
        row.push(format!("{:.3}", group.standard_deviation));
        row.extend(group.quantiles.iter().map(|(_, value)| format!("{value:.3}")));
        row
    });
    Ok(Table::new(
        "Mean, spread over ions and frames, and the value below which a share of the ions lies",
        columns,
        rows.collect(),
    )?)
}

fn visits(found: &Analysis) -> anyhow::Result<Vec<Table>> {
    let Some(temporal) = &found.temporal else { return Ok(vec![]) };
    let (scale, unit) = found.time_unit();
    let columns = vec![
        Column::words("third of all values"),
        Column::numbers("mean visit", unit),
        Column::numbers("if frames were independent", unit),
    ];
    let rows = ["lower", "middle", "upper"].iter().enumerate().map(|(class, name)| {
        let (value, error) = temporal.mean_dwell[class];
        let independent = temporal.independent_dwell[class] * scale;
        vec![name.to_string(), with_error(value * scale, error.map(|e| e * scale)), format!("{independent:.3}")]
    });
    Ok(vec![Table::new("How long ions stay in a third of all values", columns, rows.collect())?])
}

fn structure_tables(found: &Analysis) -> anyhow::Result<Vec<Table>> {
    let Some(states) = &found.states else { return Ok(vec![]) };
    let (_, unit) = Units::names(found.unit_style);
    let columns = vec![
        Column::words("state"),
        Column::numbers("share of ions", ""),
        Column::numbers("mean", unit),
        Column::numbers("spread over ions", unit),
    ];
    let row = |s: &ionscape::analysis::OfState| {
        let deviation = s.deviation.map_or("\u{2013}".into(), |d| format!("{d:.3}"));
        vec![s.state.name().to_string(), percent(s.share), optional(s.mean), deviation]
    };
    let rows = states.states.iter().map(row).collect();
    Ok(vec![Table::new("The field by what ions are part of", columns, rows)?])
}

impl From<Plot> for ionscape::page::PageFigure {
    fn from(plot: Plot) -> Self {
        Self { drawings: plot.parts, name: plot.name, description: plot.description, caption: plot.caption }
    }
}

/// The paragraphs and figures of a system within a page on many.
pub fn short(found: &Analysis) -> Section {
    let name = found.name.as_deref().unwrap_or("system");
    let mut figures = plots(found);
    let said = [sentences::mean(found), sentences::distribution(found), sentences::space(found)];
    let section = said.into_iter().flatten().fold(Section::new(name), Section::paragraph);
    let section = found.notes.iter().fold(section, |section, note| section.with(Block::Paragraph(capital(note))));
    with_figures(section, &mut figures, &["distribution", "spatial"])
}
