//! What the model goes by.

use ionscape::plot::{CurvePanel, NamedCurve, RowPanel, RowSeries, rows};

use super::{Drawn, Plot, Point, both, points};

pub fn neighbors(drawn: &Drawn) -> Option<Plot> {
    let attribution = &drawn.found.reasons.as_ref()?.attribution;
    let curve = |y: &[Point]| points(&attribution.r, y);
    let (like, unlike) = (&attribution.like, &attribution.unlike);
    let panel = |title: &str, note: &str, curves| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance of the neighbour ({})", drawn.length),
        y_title: format!("change of local \u{39b} ({})", drawn.unit),
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
        "Curves for like and unlike neighbours over distance; values below zero mark neighbours that lower an ion's \
         conductivity.",
    ))
}

pub fn channels(drawn: &Drawn) -> Option<Plot> {
    let dependence = &drawn.found.reasons.as_ref()?.partial_dependence;
    let name = |c: &ionscape::analysis::RadialDependence| {
        format!("{}, n = {}, {:.1} {}", if c.like { "like" } else { "unlike" }, c.n, c.distance, drawn.length)
    };
    let names: Vec<String> = dependence.channels.iter().map(name).collect();
    let series = |of: &dyn Fn(&ionscape::analysis::RadialDependence) -> Point| {
        let value = |c| of(c).0.map(|v| (v, of(c).1.unwrap_or(0.0)));
        vec![RowSeries { name: String::new(), values: dependence.channels.iter().map(value).collect() }]
    };
    let panel = |title: &str, axis: &str, series, reference| RowPanel {
        title: title.into(),
        axis: format!("{axis} ({})", drawn.unit),
        series,
        reference,
        span: (0.0, 0.0),
    };
    let panels = [
        panel("From few to many neighbours", "change of the mean \u{39b}", series(&|c| c.change), Some(0.0)),
        panel("How much it matters", "root mean square change", series(&|c| c.importance), None),
    ];
    let note = "radial functions of the descriptor, by where they look";
    Some(Plot::one("channels", "Partial dependence on the radial channels", || {
        rows(&names, &panels, "Which distances the model goes by", note)
    })
    .told(
        "Left: change of the mean local conductivity when the density of neighbours in a radial function goes from its 5th to its \
         95th percentile, all else as it is. Right: change of single ions when that density is shuffled among them.",
        "Rows for the radial functions of like and unlike neighbours, with the change of the mean and the importance of each.",
    ))
}

pub fn overlap(drawn: &Drawn) -> Option<Plot> {
    let overlap = drawn.found.reasons.as_ref()?.overlap.as_ref()?;
    let panel = |title: &str, curves: &ionscape::analysis::OverlapCurves| CurvePanel {
        title: title.into(),
        note: "measured, and with nothing in common but shared neighbours".into(),
        x_title: format!("distance ({})", drawn.length),
        y_title: "correlation of fluctuations".into(),
        curves: vec![
            NamedCurve::new("measured", points(&overlap.r, &curves.measured)),
            NamedCurve::new("shared neighbours alone", points(&overlap.r, &curves.overlap)),
        ],
        level: Some(0.0),
        ..Default::default()
    };
    let panels = [panel("Like ions", &overlap.like), panel("Unlike ions", &overlap.unlike)];
    Some(Plot::of_curves("overlap", "How much of the correlation shared neighbours build in", &panels).told(
        "Correlation of fluctuations, and what it would be if two ions had only those neighbours in common that both see, the \
         others being taken from another frame.",
        "Two panels, like and unlike ions: the measured correlation beside that from shared neighbours alone.",
    ))
}
