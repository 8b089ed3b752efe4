//! Predicted against true values, with both errors.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK};

const SIDE: f64 = 420.0;
const LEFT: f64 = 96.0;
const TOP: f64 = 84.0;
const POINT: &str = "#31688e";

/// A value with its error, known and predicted.
pub struct ParityPoint {
    pub label: (f64, f64),
    pub predicted: (f64, f64),
}

/// Draws points around the diagonal; `note` stands below the heading, `unit` behind both axes' names.
pub fn parity(points: &[ParityPoint], heading: &str, note: &str, unit: &str) -> Figure {
    let mut figure = Figure::new(LEFT + SIDE + 40.0, TOP + SIDE + 66.0);
    let ends = |p: &ParityPoint| {
        [p.label.0 - p.label.1, p.label.0 + p.label.1, p.predicted.0 - p.predicted.1, p.predicted.0 + p.predicted.1]
    };
    let all = || points.iter().flat_map(ends).filter(|v| v.is_finite());
    let (low, high) = (all().fold(0.0, f64::min), all().fold(f64::MIN_POSITIVE, f64::max));
    let margin = 0.04 * (high - low);
    let low = if low < 0.0 { low - margin } else { 0.0 };
    let x = Scale::linear((low, high + margin), (LEFT, LEFT + SIDE));
    let y = Scale::linear((low, high + margin), (TOP + SIDE, TOP));
    let at = |px: f64, py: f64| (x.place(px), y.place(py));

    figure.heading((LEFT, 34.0), heading, 17);
    figure.text((LEFT, 56.0), note, 13, Anchor::Start, SOFT_INK);
    figure.line(at(low, low), at(x.high, y.high), "#b9b9b9", 1.2);
    for point in points {
        let ((px, ex), (py, ey)) = (point.label, point.predicted);
        figure.line(at(px - ex, py), at(px + ex, py), POINT, 1.2);
        figure.line(at(px, py - ey), at(px, py + ey), POINT, 1.2);
        figure.disc(at(px, py), 3.4, POINT, "#ffffff", 0.8);
    }
    figure.axis_below(&x, TOP + SIDE, 5, &format!("True \u{039b} ({unit})"));
    figure.axis_left(&y, LEFT, 5, &format!("Predicted \u{039b} ({unit})"));
    figure.line((LEFT, TOP + SIDE), (LEFT + SIDE, TOP + SIDE), INK, 1.0);
    figure
}
