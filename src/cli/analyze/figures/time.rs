//! The course of the field in time.

use ionscape::analysis::TemporalSummary;
use ionscape::plot::{CurvePanel, HeatMap, NamedCurve, heat};

use super::{Drawn, Plot, known, plain};

pub const THIRDS: [&str; 3] = ["lower third", "middle third", "upper third"];

/// Autocorrelations that differ by less than this everywhere are one curve to the eye.
const SAME: f64 = 0.01;

pub fn course(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let (scale, unit) = drawn.found.time_unit();
    let curve = |y: &[(f64, Option<f64>)]| known(temporal.lags.iter().map(|lag| *lag as f64 * scale), y);
    let shown = until_forgotten(&temporal.fluctuation);
    let pairs = temporal.full.iter().zip(&temporal.fluctuation).take(shown + 1);
    let same = pairs.map(|(a, b)| (a.0 - b.0).abs()).fold(0.0, f64::max) < SAME;
    let mut curves = vec![NamedCurve::new("without what all ions have in common", curve(&temporal.fluctuation))];
    if !same {
        curves.push(NamedCurve::new("with it", curve(&temporal.full)));
    }
    let panel = CurvePanel {
        title: "How long does an ion stay as it is?".into(),
        note: "1: as now; 0: forgotten".into(),
        x_title: format!("time ({unit})"),
        y_title: "autocorrelation of the field".into(),
        curves,
        level: Some(0.0),
        x_limit: Some(shown as f64 * scale),
        ..Default::default()
    };
    let also = match same {
        true => "; with that mean left in, it is the same within 0.01",
        false => ", and as it is",
    };
    let relaxation = temporal
        .relaxation
        .map_or("longer than a quarter of the run".into(), |(value, _)| format!("{:.3} {unit}", value * scale));
    Some(Plot::of_curves("temporal", "Course in time", &[panel]).told(
        format!(
            "Autocorrelation of an ion's local conductivity with the mean over all ions taken away at each instant{also}. Bands are \
             standard errors."
        ),
        format!("Autocorrelation over time, from one towards zero; its integral, the relaxation time, is {relaxation}."),
    ))
}

/// One and a half times the frames after which a curve that falls from one is below a twentieth.
pub fn until_forgotten(curve: &[(f64, Option<f64>)]) -> usize {
    let end = curve.iter().position(|(value, _)| *value < 0.05).unwrap_or(curve.len());
    (3 * end / 2).clamp(4, curve.len().max(5) - 1)
}

pub fn visits(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let (scale, unit) = drawn.found.time_unit();
    let times = (1..).map(|n| f64::from(n) * scale);
    let bare = |shares: &[f64]| times.clone().zip(shares).map(|(t, share)| (t, *share, 0.0)).collect::<Vec<_>>();
    let visits = |class: usize| NamedCurve::new(THIRDS[class], bare(&temporal.dwell[class]));
    let mut curves: Vec<NamedCurve> = (0..3).map(visits).collect();
    // A third of all values each, so that chance gives the three one curve.
    curves.push(NamedCurve::null("independent frames", bare(&temporal.independent_dwell_distribution[1])));
    let panel = CurvePanel {
        title: "How long do visits to a third last?".into(),
        note: "thirds of all values".into(),
        x_title: format!("length of a visit ({unit})"),
        y_title: "share of visits".into(),
        curves,
        x_limit: (0..3).map(|class| shown(temporal, class)).max().map(|frames| frames as f64 * scale),
        ..Default::default()
    };
    let [low, middle, high] = [0, 1, 2].map(|class| match temporal.mean_dwell[class].0 * scale {
        visit if visit.is_finite() => format!("{visit:.3} {unit}"),
        _ => "(none begins and ends within the run)".into(),
    });
    Some(Plot::of_curves("visits", "How long ions stay good or bad conductors", &[panel]).told(
        "Shares of visits to the lower, middle and upper third of all values by their length, beside what independent frames \
         would give.",
        format!(
            "Falling curves of visit lengths beside a grey one for independent frames; visits last {low} on average in \
             the lower third, {middle} in the middle, {high} in the upper."
        ),
    ))
}

/// Frames up to which visits are shown: all but three in a hundred.
fn shown(temporal: &TemporalSummary, class: usize) -> usize {
    let mut sum = 0.0;
    let end = temporal.dwell[class].iter().position(|share| {
        sum += share;
        sum >= 0.97
    });
    (end.unwrap_or(0) + 2).max(4)
}

pub fn transitions(drawn: &Drawn) -> Option<Plot> {
    let temporal = drawn.found.temporal.as_ref()?;
    let (scale, unit) = drawn.found.time_unit();
    let names = || THIRDS.map(String::from).to_vec();
    let map = HeatMap {
        title: "From one frame to the next".into(),
        note: format!("{} {unit} apart; {:.2} everywhere by chance", plain(scale), temporal.independent[1]),
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
    let [low, middle, high] = [0, 1, 2].map(|class| match temporal.transitions[class][class].0 {
        share if share.is_finite() => format!("{share:.2}"),
        _ => "unknown (no ion is in it)".into(),
    });
    Some(Plot::one("transitions", "Transitions between thirds of the field", || heat(&map)).told(
        "Probability that an ion in one third of all values is in another, or still there, one frame later.",
        format!(
            "Three by three probabilities; on the diagonal, of staying, {low}, {middle} and {high} for the lower, middle and upper \
             third."
        ),
    ))
}
