//! A distribution as bars with errors, and smooth densities that might describe it.

use super::axis::{AxisScale, Scale};
use super::canvas::Figure;
use super::layout::{Area, PanelDrawing, side_by_side};
use super::legend::{LegendEntry, Sample};
use super::palette::SERIES;
use super::stroke::Stroke;

const FILL: &str = "#c3cdd6";
const ERROR: &str = "#3d4a55";

/// Decades that a logarithmic axis shows at most: below, single ions would make the scale.
const DECADES: i32 = 6;

/// One bar, with the error of its height.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    pub low: f64,
    pub high: f64,
    pub value: f64,
    pub error: f64,
}

/// A smooth density beside the bars, in points close enough to be joined.
#[derive(Clone, Debug, Default)]
pub struct DensityCurve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Bars and densities over one axis.
#[derive(Clone, Debug, Default)]
pub struct BarPanel {
    pub title: String,
    pub note: String,
    pub x_title: String,
    pub y_title: String,
    /// What the bars are, such as `all ions`.
    pub name: String,
    pub bars: Vec<Bar>,
    /// Told apart by colour and by broken lines.
    pub curves: Vec<DensityCurve>,
    /// A logarithmic axis shows the tails.
    pub y_scale: AxisScale,
}

/// Draws panels side by side, more than three in several rows.
pub fn bars(panels: &[BarPanel]) -> Figure {
    side_by_side(panels)
}

impl BarPanel {
    fn stroke(i: usize) -> Stroke {
        // Blue is near to the bars' own colour, so that it comes last.
        let (color, _) = SERIES[(i + 1) % SERIES.len()];
        Stroke { color: color.into(), width: 2.4, dashes: Stroke::PATTERNS[i % Stroke::PATTERNS.len()] }
    }

    fn heights(&self) -> (f64, f64) {
        let finite = |v: &f64| v.is_finite();
        let ends = self.bars.iter().flat_map(|bar| [bar.value, bar.value + bar.error]);
        let curves = self.curves.iter().flat_map(|curve| &curve.points).map(|(_, y)| *y);
        let highest = ends.chain(curves).filter(finite).fold(0.0, f64::max);
        let highest = if highest > 0.0 { highest } else { 1.0 };
        if self.y_scale == AxisScale::Linear {
            return (0.0, 1.06 * highest);
        }
        let positive = self.bars.iter().map(|bar| bar.value).filter(|value| *value > 0.0);
        let lowest = positive.fold(0.1 * highest, f64::min);
        ((0.5 * lowest).max(highest * 10f64.powi(-DECADES)), 2.0 * highest)
    }
}

impl PanelDrawing for BarPanel {
    fn words(&self) -> (&str, &str) {
        (&self.title, &self.note)
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let bars =
            (!self.name.is_empty()).then(|| LegendEntry { name: self.name.clone(), sample: Sample::Bar(FILL.into()) });
        let curve = |(i, curve): (usize, &DensityCurve)| LegendEntry {
            name: curve.name.clone(),
            sample: Sample::Line(Self::stroke(i)),
        };
        bars.into_iter().chain(self.curves.iter().enumerate().map(curve)).collect()
    }

    fn draw(&self, figure: &mut Figure, area: Area) {
        let ends = self.bars.iter().flat_map(|bar| [bar.low, bar.high]);
        let x_range = Scale::range(AxisScale::Linear, ends, 0.01);
        let x = Scale::linear(x_range, (area.left, area.right));
        let y = Scale::new(self.y_scale, self.heights(), (area.bottom, area.top));
        let shown = |bar: &&Bar| bar.value.is_finite() && bar.value > y.low;
        for bar in self.bars.iter().filter(shown) {
            let (left, right, top) = (x.place(bar.low), x.place(bar.high), y.place_within(bar.value));
            figure.rectangle((left, top), ((right - left - 0.6).max(0.4), area.bottom - top), FILL);
        }
        for bar in self.bars.iter().filter(shown).filter(|bar| bar.error.is_finite() && bar.error > 0.0) {
            let middle = 0.5 * (x.place(bar.low) + x.place(bar.high));
            let end = |value: f64| (middle, y.place_within(value));
            figure.line(end(bar.value - bar.error), end(bar.value + bar.error), ERROR, 1.1);
        }
        for (i, curve) in self.curves.iter().enumerate() {
            let inside = |p: &(f64, f64)| (x.low..=x.high).contains(&p.0) && p.1 >= y.low;
            for run in curve.points.chunk_by(|a, b| inside(a) == inside(b)).filter(|run| inside(&run[0])) {
                let line: Vec<(f64, f64)> = run.iter().map(|(px, py)| (x.place(*px), y.place_within(*py))).collect();
                figure.polyline(&line, &Self::stroke(i));
            }
        }
        figure.axis_below(&x, area.bottom, 5, &self.x_title);
        figure.axis_left(&y, area.left, 5, &self.y_title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(y_scale: AxisScale) -> BarPanel {
        let bar = |i: i32| Bar {
            low: f64::from(i),
            high: f64::from(i + 1),
            value: if i == 3 { 0.0 } else { 10f64.powi(-i) },
            error: 0.5,
        };
        let points = (0..50).map(|i| 0.1 * f64::from(i)).map(|x| (x, (-x * x).exp())).collect();
        let normal = DensityCurve { name: "normal".into(), points };
        let two = DensityCurve { name: "two populations".into(), ..normal.clone() };
        let (bars, curves) = ((0..5).map(bar).collect(), vec![normal, two]);
        BarPanel { name: "ions".into(), bars, curves, y_scale, ..Default::default() }
    }

    #[test]
    fn empty_bars_are_not_drawn_and_densities_end_at_the_axis() {
        for y_scale in [AxisScale::Linear, AxisScale::Logarithmic] {
            let svg = bars(&[panel(y_scale)]).to_svg();
            // Four bars and the one in the legend.
            assert_eq!(svg.matches(&format!("fill=\"{FILL}\"")).count(), 5, "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
    }

    #[test]
    fn densities_differ_in_colour_and_in_line() {
        for (i, j) in (0..4).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let (a, b) = (BarPanel::stroke(i), BarPanel::stroke(j));
            assert!(a.color != b.color && a.dashes != b.dashes);
        }
    }

    #[test]
    fn a_tail_of_single_ions_does_not_make_the_scale() {
        let mut panel = panel(AxisScale::Logarithmic);
        panel.bars[4].value = 1e-30;
        assert!((panel.heights().0 / 1.5e-6 - 1.0).abs() < 1e-9, "{:?}", panel.heights());
    }
}
