//! What conductivities were read from: the charge displacement, the running integral, the spectrum.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK};

const PANEL: f64 = 330.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 96.0;
const GAP: f64 = 120.0;
const TOP: f64 = 84.0;
const CURVE: &str = "#31688e";
const BAND: &str = "#c9d9e6";
const FIT: &str = "#b5302a";

/// A curve with an error at each point, `x` rising.
pub struct Curve<'a> {
    pub x: &'a [f64],
    pub y: &'a [f64],
    pub error: Option<&'a [f64]>,
}

/// One panel: a curve with its band, and what was made of it.
pub struct Panel<'a> {
    pub heading: &'a str,
    pub note: String,
    pub x_title: String,
    pub y_title: String,
    /// Raw points behind the curve.
    pub points: Option<Curve<'a>>,
    pub curve: Curve<'a>,
    /// A line between two points.
    pub line: Option<[(f64, f64); 2]>,
    /// The estimate with its error, as a level.
    pub level: Option<(f64, f64)>,
    /// Range of `x` that the estimate rests on.
    pub range: Option<(f64, f64)>,
    /// The largest `x` shown.
    pub until: f64,
}

/// Draws panels side by side.
pub fn panels(panels: &[Panel]) -> Figure {
    let mut figure = Figure::new(LEFT + panels.len() as f64 * (PANEL + GAP) - GAP + 40.0, TOP + HEIGHT + 66.0);
    for (i, panel) in panels.iter().enumerate() {
        panel.draw(&mut figure, LEFT + i as f64 * (PANEL + GAP));
    }
    figure
}

impl Panel<'_> {
    fn draw(&self, figure: &mut Figure, left: f64) {
        let bottom = TOP + HEIGHT;
        let shown =
            self.curve.x.iter().take_while(|x| **x <= self.until * (1.0 + 1e-9)).count().max(2).min(self.curve.x.len());
        let error = |i: usize| self.curve.error.map_or(0.0, |error| finite(error[i]));
        let bound = |sign: f64| {
            let values = (0..shown).map(|i| sign * self.curve.y[i] + error(i));
            let level = self.level.map(|(value, error)| sign * value + error);
            values.chain(level).filter(|v| v.is_finite()).fold(0.0, f64::max)
        };
        let (high, low) = (bound(1.0), -bound(-1.0));
        let margin = 0.06 * (high - low).max(f64::MIN_POSITIVE);
        let low = if low < 0.0 { low - margin } else { 0.0 };
        let x = Scale::linear((0.0, self.curve.x[shown - 1].max(f64::MIN_POSITIVE)), (left, left + PANEL));
        let y = Scale::linear((low, high + margin), (bottom, TOP));
        let at = |px: f64, py: f64| (x.place(px), y.place(py.clamp(y.low, y.high)));

        figure.heading((left, 34.0), self.heading, 17);
        figure.text((left, 56.0), &self.note, 13, Anchor::Start, SOFT_INK);
        if let Some((from, to)) = self.range {
            let (from, to) = (x.place(from.clamp(0.0, x.high)), x.place(to.clamp(0.0, x.high)));
            figure.rectangle((from, TOP), ((to - from).max(1.0), HEIGHT), "#f3f1ea");
        }
        if let Some((value, error)) = self.level {
            let ends = [(0.0, value - error), (x.high, value - error), (x.high, value + error), (0.0, value + error)];
            figure.polygon(&ends.map(|(px, py)| at(px, py)), "#f3d9d6", "#f3d9d6", 0.0);
        }
        if self.curve.error.is_some() {
            let upper = (0..shown).map(|i| at(self.curve.x[i], self.curve.y[i] + error(i)));
            let lower = (0..shown).rev().map(|i| at(self.curve.x[i], self.curve.y[i] - error(i)));
            figure.polygon(&upper.chain(lower).collect::<Vec<_>>(), BAND, BAND, 0.0);
        }
        if let Some(points) = &self.points {
            let inside = points.x.iter().zip(points.y).filter(|(px, py)| **px <= x.high && **py <= y.high);
            for (px, py) in thinned(inside.collect(), 600) {
                figure.disc(at(*px, *py), 1.1, "#b9b9b9", "#b9b9b9", 0.0);
            }
        }
        for (a, b) in thinned((0..shown).collect(), 800).windows(2).map(|pair| (pair[0], pair[1])) {
            figure.line(at(self.curve.x[a], self.curve.y[a]), at(self.curve.x[b], self.curve.y[b]), CURVE, 1.8);
        }
        if let Some((value, _)) = self.level {
            figure.line(at(0.0, value), at(x.high, value), FIT, 1.4);
        }
        if let Some([from, to]) = self.line {
            figure.line(at(from.0, from.1), at(to.0, to.1), FIT, 1.8);
        }
        figure.axis_below(&x, bottom, 5, &self.x_title);
        figure.axis_left(&y, left, 5, &self.y_title);
        figure.line((left, bottom), (left + PANEL, bottom), INK, 1.0);
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// At most about `n` of the items, the last among them.
fn thinned<T: Copy>(items: Vec<T>, n: usize) -> Vec<T> {
    let step = items.len().div_ceil(n).max(1);
    let mut kept: Vec<T> = items.iter().copied().step_by(step).collect();
    if let (Some(last), false) = (items.last(), (items.len().max(1) - 1).is_multiple_of(step)) {
        kept.push(*last);
    }
    kept
}
