//! Several curves with their errors in a panel, panels side by side.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK};
use super::palette::SERIES;

const PANEL: f64 = 360.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 96.0;
const GAP: f64 = 120.0;
const TOP: f64 = 118.0;

/// Points in the order of `x`; those without a value are left out.
pub struct NamedCurve {
    pub name: String,
    pub points: Vec<(f64, f64, f64)>,
}

/// Curves over one axis.
pub struct CurvePanel {
    pub title: String,
    pub note: String,
    pub x_title: String,
    pub y_title: String,
    pub curves: Vec<NamedCurve>,
    /// A level that is marked, such as what no correlation looks like.
    pub level: Option<f64>,
}

/// Draws panels side by side.
pub fn curves(panels: &[CurvePanel]) -> Figure {
    let mut figure = Figure::new(LEFT + panels.len() as f64 * (PANEL + GAP) - GAP + 40.0, TOP + HEIGHT + 66.0);
    for (i, panel) in panels.iter().enumerate() {
        panel.draw(&mut figure, LEFT + i as f64 * (PANEL + GAP));
    }
    figure
}

impl CurvePanel {
    fn draw(&self, figure: &mut Figure, left: f64) {
        let bottom = TOP + HEIGHT;
        let points = || self.curves.iter().flat_map(|c| &c.points);
        let ends = points().flat_map(|(_, y, e)| [y - e, y + e]).chain(self.level).filter(|v| v.is_finite());
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let margin = 0.06 * (high - low).max(1e-12);
        let (first, last) = points().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (x, ..)| (a.min(*x), b.max(*x)));
        let (first, last) = if first < last { (first.min(0.0), last) } else { (0.0, 1.0) };
        let x = Scale { low: first, high: last, start: left, end: left + PANEL };
        let y = Scale { low: low - margin, high: high + margin, start: bottom, end: TOP };
        let at = |px: f64, py: f64| (x.place(px), y.place(py.clamp(y.low, y.high)));
        figure.heading((left, 34.0), &self.title, 17);
        figure.text((left, 56.0), &self.note, 13, Anchor::Start, SOFT_INK);
        let mut legend = left;
        for (curve, (color, _)) in self.curves.iter().zip(SERIES.iter().cycle()) {
            figure.line((legend, TOP - 25.0), (legend + 18.0, TOP - 25.0), color, 2.4);
            figure.text((legend + 24.0, TOP - 20.5), &curve.name, 13, Anchor::Start, INK);
            legend += 46.0 + 7.8 * curve.name.chars().count() as f64;
        }
        if let Some(level) = self.level {
            figure.line(at(first, level), at(last, level), "#8a8a8a", 1.2);
        }
        for (curve, (_, band)) in self.curves.iter().zip(SERIES.iter().cycle()) {
            let upper = curve.points.iter().map(|(px, py, e)| at(*px, py + e));
            let lower = curve.points.iter().rev().map(|(px, py, e)| at(*px, py - e));
            let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
            if outline.len() > 2 {
                figure.polygon(&outline, band, band, 0.0);
            }
        }
        for (curve, (color, _)) in self.curves.iter().zip(SERIES.iter().cycle()) {
            for pair in curve.points.windows(2) {
                figure.line(at(pair[0].0, pair[0].1), at(pair[1].0, pair[1].1), color, 1.8);
            }
        }
        figure.axis_below(&x, bottom, 5, &self.x_title);
        figure.axis_left(&y, left, 5, &self.y_title);
    }
}
