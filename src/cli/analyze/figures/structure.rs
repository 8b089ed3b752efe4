//! The field by what ions are part of, by coordination and by place.

use ionscape::plot::{CurvePanel, HeatMap, NamedCurve, RowPanel, RowSeries, heat, rows};

use super::time::until_forgotten;
use super::{Drawn, Plot, Point, known, points};

/// Coordinations of fewer ions than this share are left out of figures.
const LEAST: f64 = 1e-3;

pub fn states(drawn: &Drawn) -> Option<Plot> {
    let states = drawn.found.states.as_ref()?;
    let names: Vec<String> = states.states.iter().map(|s| s.state.name().to_string()).collect();
    let panel = |title: &str, axis: String, values: Vec<Option<(f64, f64)>>, reference| RowPanel {
        title: title.into(),
        axis,
        series: vec![RowSeries { name: String::new(), values }],
        reference,
        span: (0.0, 0.0),
    };
    let share = states.states.iter().map(|s| Some((100.0 * s.share.0, 100.0 * s.share.1.unwrap_or(0.0)))).collect();
    let field = states.states.iter().map(|s| Some((s.mean.0?, s.mean.1.unwrap_or(0.0)))).collect();
    let panels = [
        panel("How many ions are in it", "share of ions (%)".into(), share, None),
        panel("How much they conduct", format!("mean local \u{39b} ({})", drawn.unit), field, Some(drawn.found.mean)),
    ];
    let note = format!("Unlike ions within {:.3} {} belong together", states.distance, drawn.length);
    let draw = || rows(&names, &panels, "Free ions, pairs and clusters", &note);
    Some(Plot::one("states", "Free ions, pairs and clusters", draw).told(
        format!(
            "Shares of ions by what they are part of, and their mean local conductivity; the line marks the mean over all. {note}."
        ),
        "Rows for free ions, pairs, balanced and unbalanced clusters with their share and their mean local conductivity.",
    ))
}

pub fn clusters(drawn: &Drawn) -> Option<Plot> {
    let states = drawn.found.states.as_ref().filter(|s| !s.sizes.is_empty())?;
    let percent = |(share, error): &(f64, Option<f64>)| (100.0 * share, error.map(|e| 100.0 * e));
    let sizes: Vec<_> = states.sizes.iter().map(percent).collect();
    let panel = |title: &str, x_title: &str, curve| CurvePanel {
        title: title.into(),
        x_title: x_title.into(),
        y_title: "share of ions (%)".into(),
        curves: vec![NamedCurve::new("ions", curve)],
        ..Default::default()
    };
    let sizes = known((1..).map(f64::from), &sizes);
    let mut panels = vec![panel("How large clusters are", "ions of a cluster (51: more than 50)", sizes)];
    if let Some(charges) = &states.charges {
        let shares: Vec<_> = charges.iter().map(|(_, share)| percent(share)).collect();
        let curve = known(charges.iter().map(|(charge, _)| f64::from(*charge)), &shares);
        panels.push(panel("Which charge clusters have", "net charge of a cluster (e)", curve));
    }
    Some(Plot::of_curves("clusters", "Sizes and charges of clusters", &panels).told(
        "Share of ions by the size of the cluster that they are part of, and by the net charge of clusters of three or more.",
        "Shares of ions over cluster size and over net charge.",
    ))
}

pub fn lifetimes(drawn: &Drawn) -> Option<Plot> {
    let states = drawn.found.states.as_ref().filter(|s| s.intermittent.len() > 1)?;
    let (scale, unit) = drawn.found.time_unit();
    let curve = |y: &[(f64, Option<f64>)]| known((0..).map(|n| f64::from(n) * scale), y);
    let panel = CurvePanel {
        title: "How long do unlike ions stay together?".into(),
        note: "1: all of them; 0: none".into(),
        x_title: format!("time ({unit})"),
        y_title: "share of bonds".into(),
        curves: vec![
            NamedCurve::new("there again", curve(&states.intermittent)),
            NamedCurve::new("there throughout", curve(&states.continuous)),
        ],
        level: Some(0.0),
        x_limit: Some(until_forgotten(&states.intermittent) as f64 * scale),
        ..Default::default()
    };
    Some(Plot::of_curves("lifetimes", "Lifetimes of bonds", &[panel]).told(
        "Share of pairs of unlike ions that are within the distance again after a time, whatever happened in between, and that \
         were there in all frames up to then.",
        "Two falling curves over time, the upper for bonds that are there again, the lower for those that never broke.",
    ))
}

pub fn coordination(drawn: &Drawn) -> Option<Plot> {
    let coordination = drawn.found.coordination.as_ref()?;
    let cells: Vec<_> = coordination.cells.iter().filter(|cell| cell.share.0 >= LEAST).collect();
    let (like, unlike) = (cells.iter().map(|c| c.like).max()?, cells.iter().map(|c| c.unlike).max()?);
    let name = |n: usize| if n == coordination.most { format!("{n}+") } else { n.to_string() };
    let mut values = vec![vec![None; unlike + 1]; like + 1];
    cells.iter().for_each(|c| values[c.like][c.unlike] = Some((c.mean.0, c.mean.1.unwrap_or(0.0))));
    let map = HeatMap {
        title: "Which neighbourhoods conduct".into(),
        note: format!("ions within {:.3} {}", coordination.distance, drawn.length),
        rows: (0..=like).map(name).collect(),
        columns: (0..=unlike).map(name).collect(),
        row_title: "like neighbours".into(),
        column_title: "unlike neighbours".into(),
        value_title: format!("mean local \u{39b} ({})", drawn.unit),
        values,
        upwards: true,
        ..Default::default()
    };
    Some(Plot::one("coordination", "The field by coordination", || heat(&map)).told(
        "Mean local conductivity of ions with so many like and unlike neighbours; coordinations of fewer than one ion in a \
         thousand are left out.",
        "A grid of mean local conductivities by number of like and of unlike neighbours.",
    ))
}

pub fn map(drawn: &Drawn) -> Option<Plot> {
    let map = drawn.found.map.as_ref()?;
    let axis = |k: usize| format!("{} ({})", map.axes[k].name(), drawn.length);
    match map.axes.len() {
        1 => {
            let column = |of: &dyn Fn(&ionscape::analysis::MapBin) -> Point| {
                points(&map.coordinates[0], &map.values.iter().map(of).collect::<Vec<_>>())
            };
            let panel = |title: &str, y_title: String, curves, level| CurvePanel {
                title: title.into(),
                x_title: axis(0),
                y_title,
                curves,
                level,
                ..Default::default()
            };
            let field = vec![
                NamedCurve::new("field", column(&|bin| bin.mean)),
                NamedCurve::null("shuffled", column(&|bin| bin.shuffled)),
            ];
            let ions = vec![NamedCurve::new("ions", column(&|bin| (Some(bin.ions.0), bin.ions.1)))];
            let panels = [
                panel(
                    "Where ions conduct",
                    format!("mean local \u{39b} ({})", drawn.unit),
                    field,
                    Some(drawn.found.mean),
                ),
                panel("Where ions are", "ions of a bin".into(), ions, None),
            ];
            Some(Plot::of_curves("map", "The field along an axis", &panels).told(
                "Mean local conductivity and number of ions in bins along the axis; the line marks the mean over all ions.",
                "The field and the number of ions along one axis of the box.",
            ))
        }
        2 => {
            let [rows, columns] = [map.bins[0], map.bins[1]];
            // The first axis runs to the right.
            let value = |row: usize, column: usize| {
                let bin = &map.values[row * columns + column];
                Some((bin.mean.0?, bin.mean.1.unwrap_or(0.0)))
            };
            let span = |k: usize| {
                let half = 0.5 * (map.coordinates[k].last()? - map.coordinates[k][0]) / (map.bins[k].max(2) - 1) as f64;
                Some((map.coordinates[k][0] - half, map.coordinates[k].last()? + half))
            };
            let grid = HeatMap {
                title: "Where ions conduct".into(),
                note: "mean over all frames; blank where no ion ever was".into(),
                row_title: axis(1),
                column_title: axis(0),
                value_title: format!("mean local \u{39b} ({})", drawn.unit),
                values: (0..columns).map(|y| (0..rows).map(|x| value(x, y)).collect()).collect(),
                upwards: true,
                spans: Some([span(0)?, span(1)?]),
                ..Default::default()
            };
            Some(Plot::one("map", "Map of the field", || heat(&grid)).told(
                "Mean local conductivity in bins of the box.",
                "A map of the mean local conductivity in colours from dark to bright.",
            ))
        }
        // Three are for files.
        _ => None,
    }
}
