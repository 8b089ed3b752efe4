//! What the model goes by.

use ionscape::analysis::AttributionSummary;
use ionscape::plot::{CurvePanel, NamedCurve, RowPanel, RowSeries};

use super::super::pairs::TOLD;
use super::{Drawn, Plot, Point, both, points};

pub fn neighbors(drawn: &Drawn) -> Option<Plot> {
    let attribution = &drawn.found.reasons.as_ref()?.attribution;
    let curve = |y: &[Point]| points(&attribution.r, y);
    let (like, unlike) = (&attribution.like, &attribution.unlike);
    let panel = |title: &str, note: &str, curves| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance of the neighbour ({})", drawn.length),
        y_title: format!("change of \u{3bb} ({})", drawn.unit),
        curves,
        level: Some(0.0),
        ..Default::default()
    };
    let panels = [
        panel(
            "What a neighbour does",
            "below zero: the ion conducts less for it",
            both(curve(&like.removal), curve(&unlike.removal)),
        ),
        panel(
            "Its share to first order",
            "the same if neighbours act one by one",
            both(curve(&like.attribution), curve(&unlike.attribution)),
        ),
    ];
    Some(Plot::of_curves("neighbors", "What each neighbour does to an ion", &panels).told(
        "Mean change of an ion's local conductivity by one neighbour at a distance: against the ion without it (left), and its \
         share to first order in the descriptor (right).",
        format!("Curves for like and unlike neighbours over distance. {}", strongest(attribution, drawn)),
    ))
}

/// The distances at which like and unlike neighbours do most.
fn strongest(attribution: &AttributionSummary, drawn: &Drawn) -> String {
    let told = |name: &str, curve: &[(Option<f64>, Option<f64>)]| {
        let known = attribution.r.iter().zip(curve).filter_map(|(r, point)| Some((*r, point.0?)));
        let (r, value) = known.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        Some(format!("One {name} neighbour does most at {r:.2} {}: {value:.3} ({}).", drawn.length, drawn.unit))
    };
    let both = [told("like", &attribution.like.removal), told("unlike", &attribution.unlike.removal)];
    both.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub fn channels(drawn: &Drawn) -> Option<Plot> {
    let dependence = &drawn.found.reasons.as_ref()?.partial_dependence;
    let name = |c: &ionscape::analysis::RadialDependence| {
        format!("{} at {:.1} {} (n = {})", if c.like { "like" } else { "unlike" }, c.distance, drawn.length, c.n)
    };
    let mut channels: Vec<_> = dependence.channels.iter().collect();
    channels.sort_by(|a, b| b.like.cmp(&a.like).then(a.distance.total_cmp(&b.distance)));
    let names: Vec<String> = channels.iter().map(|channel| name(channel)).collect();
    let series = |of: &dyn Fn(&ionscape::analysis::RadialDependence) -> Point| {
        let value = |c: &&ionscape::analysis::RadialDependence| of(c).0.map(|v| (v, of(c).1.unwrap_or(0.0)));
        vec![RowSeries { name: String::new(), values: channels.iter().map(value).collect() }]
    };
    let panel = |title: &str, axis: &str, series, reference| RowPanel {
        title: title.into(),
        axis: format!("{axis} ({})", drawn.unit),
        series,
        reference,
        span: (0.0, 0.0),
    };
    let panels = [
        panel("From few to many neighbours", "change of the mean \u{3bb}", series(&|c| c.change), Some(0.0)),
        panel("How much it matters", "root mean square change", series(&|c| c.importance), None),
    ];
    let note = "radial functions of the descriptor, by where they look";
    let matters = |c: &&&ionscape::analysis::RadialDependence| c.importance.0.unwrap_or(0.0);
    let most = channels.iter().max_by(|a, b| matters(a).total_cmp(&matters(b)));
    let most = most.map_or(String::new(), |c| format!(" The model goes most by {}.", name(c)));
    Some(Plot::of_rows("channels", "Which distances the model goes by", &names, &panels, note).told(
        "Radial functions of the descriptor by the distance at which they look. Change of the mean local conductivity when the \
         density of neighbours in one goes from its 5th to its 95th percentile, all else as it is; and change of single ions when \
         that density is shuffled among them.",
        format!("Rows for the radial functions of like and unlike neighbours, with the change of the mean and the importance of \
                 each.{most}"),
    ))
}

pub fn overlap(drawn: &Drawn) -> Option<Plot> {
    let overlap = drawn.found.reasons.as_ref()?.overlap.as_ref()?;
    let known = |y: &[(Option<f64>, Option<f64>)]| -> Vec<(f64, f64, f64)> {
        let told = |(.., error): &(f64, f64, f64)| *error > 0.0 && *error < TOLD;
        points(&overlap.r, y).into_iter().filter(told).collect()
    };
    let panel = |title: &str, curves: &ionscape::analysis::OverlapCurves| CurvePanel {
        title: title.into(),
        note: "in a sample of frames".into(),
        x_title: format!("distance ({})", drawn.length),
        y_title: "correlation of fluctuations".into(),
        curves: vec![
            NamedCurve::new("measured", known(&curves.measured)),
            NamedCurve::new("shared neighbours alone", known(&curves.overlap)),
        ],
        level: Some(0.0),
        ..Default::default()
    };
    let panels: Vec<CurvePanel> = [("Like ions", &overlap.like), ("Unlike ions", &overlap.unlike)]
        .into_iter()
        .map(|(title, curves)| panel(title, curves))
        .filter(|panel| panel.curves[0].points.iter().any(|(_, value, error)| value.abs() > 3.0 * error))
        .collect();
    if panels.is_empty() {
        return None;
    }
    Some(Plot::of_curves("overlap", "How much of the correlation shared neighbours build in", &panels).told(
        "Correlation of fluctuations, and what it would be if two ions had only those neighbours in common that both see, the \
         others being taken from another frame: where the two curves are one, the correlation is built into any model that looks \
         so far. Bands are standard errors; distances at which they are large are left out.",
        "For like and for unlike ions, the measured correlation over distance beside that from shared neighbours alone.",
    ))
}
