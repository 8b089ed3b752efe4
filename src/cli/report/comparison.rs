//! The page on the systems of a data set.

use ionscape::analysis::{AcrossSummary, Relation, Strength};
use ionscape::page::{Column, Page, Section, Table};
use ionscape::statistics::MeanEstimate;

use super::words::{is_clear, number, with_error};
use super::{LEAST_FRAMES, system, with_figures};
use crate::analyze::{Analysis, Comparison, Units, by_concentration, plots_over_all};

/// Pages on more systems than this say of each what stands in the table alone.
const MOST_DETAILED: usize = 12;

/// What goes together in fewer random orders than this does so clearly.
const CHANCE: f64 = 0.05;

pub fn page(all: &Comparison) -> anyhow::Result<Page> {
    let mut figures = plots_over_all(all);
    let (_, unit) = Units::names(all.systems[0].unit_style);
    let means = all.systems.iter().map(|a| a.mean);
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let mut opening = Section::new("Does the field fluctuate more where liquids conduct more?");
    for sentence in sentences(all) {
        opening = opening.paragraph(sentence);
    }
    let opening = with_figures(opening, &mut figures, &["fluctuations"]);
    let opening = match &all.across {
        Some(across) => opening.table(strengths(across)?),
        None => opening,
    };
    let beside = notes(all).into_iter().fold(Section::new("Systems beside each other"), Section::note);
    let beside = with_figures(beside, &mut figures, &["systems"]).table(table(all)?);
    let mut sections = vec![opening, beside];
    if all.systems.len() <= MOST_DETAILED {
        sections.extend(by_concentration(all).into_iter().map(system::short));
    }
    let size = match all.systems.len() {
        1 => "One system, whose mean is".to_string(),
        n => format!("{n} systems, whose means go from {} to", number(low, 3)),
    };
    Ok(Page {
        title: "Local molar conductivity in a set of electrolytes".into(),
        lead: format!("{size} {} ({unit}).", number(high, 3)),
        sections,
    })
}

/// What the dumps do not tell, each once, with how many systems it is true of.
fn notes(all: &Comparison) -> Vec<String> {
    let mut notes: Vec<(String, usize)> = vec![];
    let mut add = |note: String| match notes.iter_mut().find(|(known, _)| *known == note) {
        Some((_, n)) => *n += 1,
        None => notes.push((note, 1)),
    };
    for system in &all.systems {
        if system.distribution.all.mean.error.as_ref().is_some_and(|error| !error.converged) {
            add("their frames are too few for the errors of means, which are left out".into());
        }
        if system.n_frames < LEAST_FRAMES {
            add(format!("fewer than {LEAST_FRAMES} frames do not tell whether neighbours conduct alike"));
        }
        system.notes.iter().for_each(|note| add(note.clone()));
    }
    let n = all.systems.len();
    let of = |count: usize| if count == n { "All systems".to_string() } else { format!("{count} of {n} systems") };
    notes.into_iter().map(|(note, count)| format!("{}: {note}.", of(count))).collect()
}

fn sentences(all: &Comparison) -> Vec<String> {
    let Some(across) = &all.across else {
        return vec!["Fewer than three systems say nothing about how fluctuations go with conductivity.".into()];
    };
    let say = |what: &str, s: &Strength| {
        let way = match (is_clear(s.pearson.0, s.pearson.1) && s.chance < CHANCE, s.pearson.0 > 0.0) {
            (true, true) => "goes up with the mean",
            (true, false) => "goes down with the mean",
            (false, _) => "does not clearly go with the mean",
        };
        format!(
            "{what} {way} over all systems: the correlation is {}, and {} of random orders of the systems have one as far from zero.",
            with_error(s.pearson.0, s.pearson.1),
            if s.chance < 0.001 { "fewer than 0.1 %".into() } else { format!("{:.1} %", 100.0 * s.chance) }
        )
    };
    let mut said = vec![
        say("The spread over ions", &across.all.absolute),
        say("The spread over ions as a share of the mean", &across.all.relative),
    ];
    let n = across.by_density.len();
    if n > 1 {
        let tell = |of: &dyn Fn(&Relation) -> Strength| {
            let with = |sign: f64| {
                let strengths = across.by_density.iter().map(|(_, relation)| of(relation));
                let with: Vec<Strength> = strengths.filter(|s| sign * s.pearson.0 > 0.0).collect();
                (with.len(), with.iter().filter(|s| s.chance < CHANCE).count())
            };
            let ((up, clearly_up), (down, clearly_down)) = (with(1.0), with(-1.0));
            format!("up at {up} (clearly at {clearly_up}) and down at {down} (clearly at {clearly_down})")
        };
        said.push(format!(
            "Among systems of one concentration, of which there are {n}, the spread goes {} as the mean goes up; as a share of the \
             mean it goes {}.",
            tell(&|r| r.absolute.clone()),
            tell(&|r| r.relative.clone())
        ));
    }
    said
}

fn strengths(across: &AcrossSummary) -> anyhow::Result<Table> {
    let columns = vec![
        Column::words("ions per volume"),
        Column::numbers("systems", ""),
        Column::numbers("spread", "correlation"),
        Column::numbers("chance", ""),
        Column::numbers("spread over mean", "correlation"),
        Column::numbers("chance", ""),
    ];
    let named = across.by_density.iter().map(|(density, relation)| (number(*density, 4), relation));
    let row = |(name, relation): (String, &Relation)| {
        let mut row = vec![name, relation.n_systems.to_string()];
        for strength in [&relation.absolute, &relation.relative] {
            row.push(with_error(strength.pearson.0, strength.pearson.1));
            row.push(if strength.chance < 5e-4 { "< 0.001".into() } else { number(strength.chance, 3) });
        }
        row
    };
    let rows = [("all".to_string(), &across.all)].into_iter().chain(named).map(row).collect();
    let caption = "Correlation over systems of the spread over ions with the mean; chance: share of random orders of the systems in \
                   which it is as far from zero";
    Ok(Table::new(caption, columns, rows)?)
}

fn table(all: &Comparison) -> anyhow::Result<Table> {
    let style = all.systems[0].unit_style;
    let (length, unit) = Units::names(style);
    let volume = style.map_or(String::new(), |_| format!("1/{length}\u{b3}"));
    let none = || "\u{2013}".to_string();
    let contact = |a: &Analysis, like: bool| -> Option<String> {
        let contact = a.contact.as_ref()?;
        let (value, error) = if like { contact.like } else { contact.unlike };
        Some(with_error(value?, Some(error?)))
    };
    let pairs = all.systems.iter().any(|a| contact(a, true).or(contact(a, false)).is_some());
    let mut columns = vec![
        Column::words("system"),
        Column::numbers("ions per volume", volume),
        Column::numbers("mean", unit),
        Column::numbers("spread over ions", unit),
        Column::numbers("skewness", ""),
    ];
    if pairs {
        columns.push(Column::numbers("like pairs", "correlation"));
        columns.push(Column::numbers("unlike pairs", "correlation"));
    }
    let row = |a: &Analysis| {
        let mut row = vec![
            a.name.clone().unwrap_or_default(),
            number(a.density, 4),
            settled(&a.distribution.all.mean),
            a.distribution.all.fluctuation.as_ref().map_or_else(none, settled),
            a.shape.as_ref().map_or_else(none, |s| settled(&s.skewness)),
        ];
        if pairs {
            row.extend([true, false].map(|like| contact(a, like).unwrap_or_else(none)));
        }
        row
    };
    let caption = match pairs {
        true => {
            "Each system; pairs: mean product of the fluctuations of ions within the distance of pairs over the variance of all, above 1 where \
              pairs depart more than ions do on the whole"
        }
        false => "Each system",
    };
    Ok(Table::new(caption, columns, by_concentration(all).into_iter().map(row).collect())?)
}

/// A value with its error, if the run is long enough for one.
fn settled(estimate: &MeanEstimate) -> String {
    with_error(estimate.mean, estimate.error.as_ref().filter(|error| error.converged).map(|error| error.value))
}
