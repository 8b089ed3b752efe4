//! The field by what ions are part of, by coordination and by place.

use ionscape::analysis::{Coordination, MapBin, MapSummary};
use ionscape::plot::{Bar, BarPanel, CurvePanel, HeatMap, NamedCurve, RowPanel, RowSeries, bars, heat};

use super::super::pairs::number_of_neighbors;
use super::time::until_forgotten;
use super::{Drawn, Plot, Point, in_words, known, plain, points};

/// Coordinations of fewer ions than this share are left out of figures.
const LEAST: f64 = 1e-3;

/// And those of fewer ions than this in all frames, which tell no mean.
const FEWEST: f64 = 10.0;

/// Clusters of more ions are not told apart by size.
pub const TOLD_APART: usize = 50;

/// Errors of a bin that the colours of a map span at least, to either side of their middle.
const ERRORS: f64 = 6.0;

/// Where clusters of this share of the ions are larger, sizes say nothing.
const NEARLY_ALL: f64 = 0.9;

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
        panel("How many there are", "share of ions (%)".into(), share, None),
        panel("What they conduct", format!("mean \u{3bb} ({})", drawn.unit), field, Some(drawn.found.mean)),
    ];
    let note = format!("Unlike ions within {} {} belong together", plain(states.distance), drawn.length);
    let told = states.states.iter().map(|s| {
        let mean = s.mean.0.map_or(String::new(), |mean| format!(", mean {}", in_words(mean)));
        format!("{}: {:.1} %{mean}", s.state.name(), 100.0 * s.share.0)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    Some(Plot::of_rows("states", "Free ions, pairs and clusters", &names, &panels, &note).told(
        format!("Shares of ions by what they are part of, and their mean local conductivity; the line marks the mean over all. {note}."),
        format!("A row each with the share of ions and their mean local conductivity ({}). {told}.", drawn.unit),
    ))
}

pub fn clusters(drawn: &Drawn) -> Option<Plot> {
    let states = drawn.found.states.as_ref().filter(|s| !s.sizes.is_empty())?;
    let bar = |at: f64, (share, error): &(f64, Option<f64>)| Bar {
        low: at - 0.5,
        high: at + 0.5,
        value: 100.0 * share,
        error: 100.0 * error.unwrap_or(0.0),
    };
    let panel = |title: &str, x_title: &str, bars| BarPanel {
        title: title.into(),
        x_title: x_title.into(),
        y_title: "share of ions (%)".into(),
        bars,
        ..Default::default()
    };
    // The few that are left out of a cluster that spans the box make no distribution.
    if states.sizes.get(TOLD_APART).is_some_and(|(share, _)| *share >= NEARLY_ALL) {
        return None;
    }
    // As many as all but one ion in a hundred are part of, or the bars would be thin.
    let mut sum = 0.0;
    let enough = states.sizes.iter().position(|(share, _)| {
        sum += share;
        sum > 0.99
    });
    let shown = enough.unwrap_or(states.sizes.len()).max(2) + 2;
    let sizes = (1..).map(f64::from).zip(&states.sizes).take(shown).map(|(size, share)| bar(size, share)).collect();
    let more = if shown > TOLD_APART { format!(" ({}: more)", TOLD_APART + 1) } else { String::new() };
    let mut panels = vec![panel("How large clusters are", &format!("ions of a cluster{more}"), sizes)];
    let often = |charges: &Vec<(i32, (f64, Option<f64>))>| -> Vec<(i32, (f64, Option<f64>))> {
        charges.iter().copied().filter(|(_, share)| share.0 >= LEAST).collect()
    };
    let charges = states.charges.as_ref().map(often).filter(|charges| charges.len() > 1);
    if let Some(charges) = &charges {
        let bars = charges.iter().map(|(charge, share)| bar(f64::from(*charge), share)).collect();
        panels.push(panel("Which charge clusters have", "net charge of a cluster (e)", bars));
    }
    let largest = |shares: &mut dyn Iterator<Item = (i32, f64)>| shares.max_by(|a, b| a.1.total_cmp(&b.1));
    let size = largest(&mut (1..).zip(states.sizes.iter().map(|s| s.0)));
    let mut told = size.map_or(String::new(), |(size, share)| {
        format!(
            "Most ions, {:.1} %, are in clusters of {}. ",
            100.0 * share,
            if size == 1 { "one, free".into() } else { size.to_string() }
        )
    });
    let charge =
        charges.as_ref().and_then(|charges| largest(&mut charges.iter().map(|(charge, share)| (*charge, share.0))));
    if let Some((charge, share)) = charge {
        told +=
            &format!("Of clusters of three and more, charge {charge} has most ions, {:.1} % of all. ", 100.0 * share);
    }
    Some(Plot {
        file: "clusters",
        name: "Sizes and charges of clusters".into(),
        whole: bars(&panels),
        parts: panels.iter().map(|panel| bars(std::slice::from_ref(panel))).collect(),
        caption: "Share of ions by the size of the cluster that they are part of (1: free, 2: pairs), and by the net charge of \
                  clusters of three or more."
            .into(),
        description: format!("Bars of shares of ions over cluster size and over net charge. {}", told.trim_end()),
    })
}

pub fn lifetimes(drawn: &Drawn) -> Option<Plot> {
    let states = drawn.found.states.as_ref().filter(|s| s.intermittent.len() > 1)?;
    let (scale, unit) = drawn.found.time_unit();
    let curve = |y: &[(f64, Option<f64>)]| known((0..).map(|n| f64::from(n) * scale), y);
    let panel = CurvePanel {
        title: "How long do pairs stay together?".into(),
        note: "1: all of them; 0: none".into(),
        x_title: format!("time ({unit})"),
        y_title: "share of bonds".into(),
        curves: vec![
            NamedCurve::new("together again", curve(&states.intermittent)),
            NamedCurve::new("without a break", curve(&states.continuous)),
        ],
        level: Some(0.0),
        x_limit: Some(until_forgotten(&states.intermittent) as f64 * scale),
        ..Default::default()
    };
    let lifetime = |name: &str, point: Option<(f64, Option<f64>)>| {
        point.map_or(String::new(), |(value, _)| format!(" Mean lifetime {name}: {:.3} {unit}.", value * scale))
    };
    let told = lifetime("if they may meet again", states.intermittent_lifetime)
        + &lifetime("without a break", states.continuous_lifetime);
    Some(Plot::of_curves("lifetimes", "Lifetimes of bonds", &[panel]).told(
        "Share of pairs of unlike ions that are within the distance again after a time, whatever happened in between, and that \
         were there in all frames up to then.",
        format!("Two falling curves over time, the upper for bonds that are there again, the lower for those that never broke.{told}"),
    ))
}

pub fn coordination(drawn: &Drawn) -> Option<Plot> {
    let coordination = drawn.found.coordination.as_ref()?;
    let all = drawn.found.n_ions * drawn.found.n_frames as f64;
    let least = LEAST.max(FEWEST / all);
    let cells: Vec<_> = coordination.cells.iter().filter(|cell| cell.share.0 >= least).collect();
    if cells.len() < 2 {
        return None;
    }
    let ends = |pick: fn(&f64, &f64) -> std::cmp::Ordering| cells.iter().max_by(|a, b| pick(&a.mean.0, &b.mean.0));
    let name = |n: usize| number_of_neighbors(n, coordination);
    let cell = |c: &&Coordination| {
        format!("{} with {} like and {} unlike neighbours", in_words(c.mean.0), name(c.like), name(c.unlike))
    };
    let (best, worst) = (ends(f64::total_cmp)?, ends(|a, b| b.total_cmp(a))?);
    let told = format!("The largest is {}, the smallest {}.", cell(best), cell(worst));
    let (like, unlike) = (cells.iter().map(|c| c.like).max()?, cells.iter().map(|c| c.unlike).max()?);
    let mut values = vec![vec![None; unlike + 1]; like + 1];
    cells.iter().for_each(|c| values[c.like][c.unlike] = Some((c.mean.0, c.mean.1.unwrap_or(0.0))));
    let map = HeatMap {
        title: "Which neighbourhoods conduct".into(),
        note: format!("ions within {} {}", plain(coordination.distance), drawn.length),
        rows: (0..=like).map(name).collect(),
        columns: (0..=unlike).map(name).collect(),
        row_title: "like neighbours".into(),
        column_title: "unlike neighbours".into(),
        value_title: format!("mean \u{3bb} ({})", drawn.unit),
        values,
        upwards: true,
        ..Default::default()
    };
    Some(Plot::one("coordination", "The field by coordination", || heat(&map)).told(
        format!(
            "Mean local conductivity of ions with so many like and unlike neighbours; coordinations of fewer than {} are left out.",
            if least > LEAST { format!("{FEWEST:.0} ions in all frames") } else { "one ion in a thousand".into() }
        ),
        format!("A grid of mean local conductivities by number of like and of unlike neighbours. {told}"),
    ))
}

pub fn map(drawn: &Drawn) -> Option<Plot> {
    let map = drawn.found.map.as_ref()?;
    match map.axes.len() {
        1 => Some(map_along(drawn, map)),
        2 => map_across(drawn, map),
        // Three are for files.
        _ => None,
    }
}

fn axis(drawn: &Drawn, map: &MapSummary, k: usize) -> String {
    format!("{} ({})", map.axes[k].name(), drawn.length)
}

/// Curves along one axis.
fn map_along(drawn: &Drawn, map: &MapSummary) -> Plot {
    let column =
        |of: &dyn Fn(&MapBin) -> Point| points(&map.coordinates[0], &map.values.iter().map(of).collect::<Vec<_>>());
    let panel = |title: &str, y_title: String, curves, level| CurvePanel {
        title: title.into(),
        x_title: axis(drawn, map, 0),
        y_title,
        curves,
        level,
        ..Default::default()
    };
    let field = vec![
        NamedCurve::new("field", column(&|bin| bin.mean)),
        NamedCurve::null("shuffled", column(&|bin| bin.shuffled)),
    ];
    let ions = vec![NamedCurve::new("", column(&|bin| (Some(bin.ions.0), bin.ions.1)))];
    let panels = [
        panel("Where ions conduct", format!("mean \u{3bb} ({})", drawn.unit), field, Some(drawn.found.mean)),
        panel("Where ions are", "ions of a bin".into(), ions, None),
    ];
    Plot::of_curves("map", "The field along an axis", &panels).told(
        "Mean local conductivity and number of ions in bins along the axis; the line marks the mean over all ions.",
        format!("The field and the number of ions along the {} axis of the box.", map.axes[0].name()),
    )
}

/// Colours over two axes; none if a bin has no place.
fn map_across(drawn: &Drawn, map: &MapSummary) -> Option<Plot> {
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
    let known = map.values.iter().filter_map(|bin| bin.mean.0);
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    // Colours that span many errors: else chance alone would go from dark to bright.
    let errors: Vec<f64> = map.values.iter().filter_map(|bin| bin.mean.1).collect();
    let error = (errors.iter().map(|error| error * error).sum::<f64>() / errors.len().max(1) as f64).sqrt();
    let middle = 0.5 * (low + high);
    let half = (0.5 * (high - low)).max(ERRORS * error);
    let grid = HeatMap {
        title: "Where ions conduct".into(),
        note: "mean over all frames; blank where no ion ever was".into(),
        row_title: axis(drawn, map, 1),
        column_title: axis(drawn, map, 0),
        value_title: format!("mean \u{3bb} ({})", drawn.unit),
        values: (0..columns).map(|y| (0..rows).map(|x| value(x, y)).collect()).collect(),
        upwards: true,
        range: Some((middle - half, middle + half)),
        spans: Some([span(0)?, span(1)?]),
        ..Default::default()
    };
    Some(Plot::one("map", "Map of the field", || heat(&grid)).told(
        "Mean local conductivity in bins of the box; the colours span at least twelve errors of a bin.",
        format!(
            "A map of the mean local conductivity in colours from dark, {}, to bright, {} ({}).",
            in_words(low),
            in_words(high),
            drawn.unit
        ),
    ))
}
