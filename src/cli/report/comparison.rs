//! The page on the systems of a data set.

use ionscape::analysis::Strength;
use ionscape::page::{Column, Page, Section, Table};

use super::words::{is_clear, with_error};
use super::{system, with_figures};
use crate::analyze::{Analysis, Comparison, Units, plots_over_all};

/// Pages on more systems than this say of each what stands in the table alone.
const MOST_DETAILED: usize = 12;

pub fn page(all: &Comparison) -> anyhow::Result<Page> {
    let mut figures = plots_over_all(all);
    let (_, unit) = Units::names(all.systems[0].unit_style);
    let means = all.systems.iter().map(|a| a.mean);
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let mut opening = Section::new("Does the field fluctuate more where liquids conduct more?");
    for sentence in sentences(all) {
        opening = opening.paragraph(sentence);
    }
    let opening = with_figures(opening, &mut figures, &["fluctuations"]).table(strengths(all)?);
    let beside = with_figures(Section::new("Systems beside each other"), &mut figures, &["systems"]).table(table(all)?);
    let mut sections = vec![opening, beside];
    if all.systems.len() <= MOST_DETAILED {
        sections.extend(all.systems.iter().map(system::short));
    }
    Ok(Page {
        title: "Local molar conductivity in a set of electrolytes".into(),
        lead: format!("{} systems, whose means go from {low:.3} to {high:.3} ({unit}).", all.systems.len()),
        sections,
    })
}

fn sentences(all: &Comparison) -> Vec<String> {
    let Some(across) = &all.across else {
        return vec!["Fewer than three systems say nothing about how fluctuations go with conductivity.".into()];
    };
    let say = |what: &str, s: &Strength| {
        let way = match (is_clear(s.pearson.0, s.pearson.1) && s.chance < 0.05, s.pearson.0 > 0.0) {
            (true, true) => "goes up with the mean",
            (true, false) => "goes down with the mean",
            (false, _) => "does not clearly go with the mean",
        };
        format!(
            "{what} {way} over all systems: correlation {}, and {:.1} % of random orders of the systems are as far from zero.",
            with_error(s.pearson.0, s.pearson.1),
            100.0 * s.chance
        )
    };
    let mut said =
        vec![say("The spread over ions", &across.all.absolute), say("The spread over the mean", &across.all.relative)];
    let clear = |of: &dyn Fn(&ionscape::analysis::Relation) -> f64| {
        let found = across.by_density.iter().filter(|(_, relation)| of(relation) > 0.0).count();
        (found, across.by_density.len())
    };
    let ((up, n), (relative, _)) = (clear(&|r| r.absolute.pearson.0), clear(&|r| r.relative.pearson.0));
    if n > 0 {
        said.push(format!(
            "At one concentration each, the spread goes up with the mean at {up} of {n} concentrations, and the spread over the \
             mean at {relative} of {n}."
        ));
    }
    said
}

fn strengths(all: &Comparison) -> anyhow::Result<Table> {
    let columns = vec![
        Column::words("systems"),
        Column::numbers("number", ""),
        Column::numbers("spread: correlation", ""),
        Column::numbers("chance", ""),
        Column::numbers("spread over mean: correlation", ""),
        Column::numbers("chance", ""),
    ];
    let mut rows = vec![];
    if let Some(across) = &all.across {
        let named = across.by_density.iter().map(|(density, relation)| (format!("density {density:.4}"), relation));
        for (name, relation) in [("all".to_string(), &across.all)].into_iter().chain(named) {
            let mut row = vec![name, relation.n_systems.to_string()];
            for strength in [&relation.absolute, &relation.relative] {
                row.push(with_error(strength.pearson.0, strength.pearson.1));
                row.push(format!("{:.3}", strength.chance));
            }
            rows.push(row);
        }
    }
    let caption = "Correlation over systems of the spread over ions with the mean; chance: share of random orders of the systems in \
                   which it is as far from zero";
    Ok(Table::new(caption, columns, rows)?)
}

fn table(all: &Comparison) -> anyhow::Result<Table> {
    let (length, unit) = Units::names(all.systems[0].unit_style);
    let columns = vec![
        Column::words("system"),
        Column::numbers("ions per volume", format!("1/{length}\u{b3}")),
        Column::numbers("mean", unit),
        Column::numbers("spread over ions", unit),
        Column::numbers("skewness", ""),
        Column::numbers("nearest like pairs", "correlation"),
        Column::numbers("nearest unlike pairs", "correlation"),
    ];
    let row = |a: &Analysis| {
        let estimate = |e: &ionscape::statistics::MeanEstimate| with_error(e.mean, e.error.as_ref().map(|e| e.value));
        let none = || "\u{2013}".to_string();
        let nearest = |like: bool| {
            let spatial = a.spatial.as_ref()?;
            let curves = if like { &spatial.like } else { &spatial.unlike };
            curves.nearest(&spatial.r).map(|(_, value, error)| with_error(value, error))
        };
        vec![
            a.name.clone().unwrap_or_default(),
            format!("{:.4}", a.density),
            with_error(a.mean, a.mean_error),
            a.distribution.all.fluctuation.as_ref().map_or_else(none, estimate),
            a.shape.as_ref().map_or_else(none, |s| estimate(&s.skewness)),
            nearest(true).unwrap_or_else(none),
            nearest(false).unwrap_or_else(none),
        ]
    };
    Ok(Table::new("Each system", columns, all.systems.iter().map(row).collect())?)
}
