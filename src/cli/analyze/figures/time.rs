//! The course of the field in time.

use ionscape::analysis::TemporalSummary;
use ionscape::plot::{CurvePanel, HeatMap, NamedCurve, heat};

use super::{Drawn, Plot, known};

pub const THIRDS: [&str; 3] = ["lower third", "middle third", "upper third"];

pub fn course(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let (scale, unit) = drawn.found.time_unit();
    let curve = |y: &[(f64, Option<f64>)]| known(temporal.lags.iter().map(|lag| *lag as f64 * scale), y);
    let panel = CurvePanel {
        title: "How long does an ion stay as it is?".into(),
        note: "1: as now; 0: forgotten".into(),
        x_title: format!("time ({unit})"),
        y_title: "autocorrelation of the field".into(),
        curves: vec![
            NamedCurve::new("per ion", curve(&temporal.full)),
            NamedCurve::new("less the mean of all", curve(&temporal.fluctuation)),
        ],
        level: Some(0.0),
        x_limit: Some(until_forgotten(&temporal.fluctuation) as f64 * scale),
        ..Default::default()
    };
    Some(Plot::of_curves("temporal", "Course in time", &[panel]).told(
        "Autocorrelation of an ion's local conductivity, as it is and with the mean over all ions taken away at each instant.",
        "Autocorrelation falling with time from one towards zero.",
    ))
}

/// Twice the frames after which a curve that falls from one is below a fiftieth.
pub fn until_forgotten(curve: &[(f64, Option<f64>)]) -> usize {
    2 * curve.iter().position(|(value, _)| *value < 0.02).unwrap_or(curve.len()).max(4)
}

pub fn visits(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let (scale, unit) = drawn.found.time_unit();
    let panel = |class: usize| {
        let times = (1..).map(|n| f64::from(n) * scale);
        let bare = |shares: &[f64]| times.clone().zip(shares).map(|(t, share)| (t, *share, 0.0)).collect::<Vec<_>>();
        CurvePanel {
            title: format!("Visits to the {}", THIRDS[class]),
            note: format!("{:.2} {unit} on average", temporal.mean_dwell[class].0 * scale),
            x_title: format!("length of a visit ({unit})"),
            y_title: "share of visits".into(),
            curves: vec![
                NamedCurve::new("visits", bare(&temporal.dwell[class])),
                NamedCurve::null("independent frames", bare(&temporal.independent_dwell_distribution[class])),
            ],
            level: None,
            x_limit: Some(shown(temporal, class) as f64 * scale),
            ..Default::default()
        }
    };
    let panels: Vec<CurvePanel> = (0..3).map(panel).collect();
    Some(Plot::of_curves("visits", "How long ions stay good or bad conductors", &panels).told(
        "Shares of visits to the lower, middle and upper third of all values by their length, beside what independent frames \
         would give.",
        "Three falling curves of visit lengths, each beside a grey curve for independent frames.",
    ))
}

/// Frames up to which visits are shown: all but one in a hundred.
fn shown(temporal: &TemporalSummary, class: usize) -> usize {
    let mut sum = 0.0;
    let end = temporal.dwell[class].iter().position(|share| {
        sum += share;
        sum >= 0.99
    });
    (end.unwrap_or(0) + 2).max(4)
}

pub fn transitions(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let names = || THIRDS.map(String::from).to_vec();
    let map = HeatMap {
        title: "Where ions go within one frame".into(),
        note: format!(
            "independent frames: {:.2}, {:.2}, {:.2} in every row",
            temporal.independent[0], temporal.independent[1], temporal.independent[2]
        ),
        rows: names(),
        columns: names(),
        row_title: "from".into(),
        column_title: "to".into(),
        value_title: "probability".into(),
        values: temporal
            .transitions
            .iter()
            .map(|row| row.iter().map(|(p, e)| p.is_finite().then(|| (*p, e.unwrap_or(0.0)))).collect())
            .collect(),
        range: Some((0.0, 1.0)),
        ..Default::default()
    };
    Some(Plot::one("transitions", "Transitions between thirds of the field", || heat(&map)).told(
        "Probability that an ion of one third of all values is in another one frame later.",
        "A matrix of three by three probabilities; a bright diagonal means that ions stay.",
    ))
}
