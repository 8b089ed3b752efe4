//! Several curves with their errors in a panel, panels side by side.

use super::axis::{AxisScale, Scale};
use super::canvas::Figure;
use super::layout::{Area, PanelDrawing, side_by_side};
use super::legend::{LegendEntry, Sample};
use super::palette::{NULL, SERIES};
use super::stroke::Stroke;

/// Points in the order of `x`, each with its value and its error; those without a value are left out.
#[derive(Clone, Debug, Default)]
pub struct NamedCurve {
    pub name: String,
    pub points: Vec<(f64, f64, f64)>,
    /// What chance alone would give, such as a shuffled field: drawn grey and broken.
    pub null: bool,
    /// Its place among the colours; that among the curves by default.
    pub color: Option<usize>,
}

impl NamedCurve {
    /// A curve of data.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        Self { name: name.into(), points, ..Default::default() }
    }

    /// A curve of what chance alone would give.
    pub fn null(name: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        Self { null: true, ..Self::new(name, points) }
    }

    /// The same in another colour, where that of its place stands for something else in a figure's other panels.
    pub fn in_color(self, place: usize) -> Self {
        Self { color: Some(place), ..self }
    }
}

/// Curves over one axis.
#[derive(Clone, Debug, Default)]
pub struct CurvePanel {
    pub title: String,
    pub note: String,
    pub x_title: String,
    pub y_title: String,
    pub curves: Vec<NamedCurve>,
    /// A level that is marked, such as what no correlation looks like.
    pub level: Option<f64>,
    /// On a logarithmic axis, points whose `x` is not positive are left out.
    pub x_scale: AxisScale,
    /// The largest `x` shown.
    pub x_limit: Option<f64>,
}

/// Draws panels side by side, more than three in several rows.
pub fn curves(panels: &[CurvePanel]) -> Figure {
    side_by_side(panels)
}

impl CurvePanel {
    fn shown<'a>(&'a self, curve: &'a NamedCurve) -> impl DoubleEndedIterator<Item = (f64, f64, f64)> + 'a {
        let limit = self.x_limit.map_or(f64::INFINITY, |limit| limit * (1.0 + 1e-9));
        let inside = move |(x, y, _): &(f64, f64, f64)| self.x_scale.admits(*x) && *x <= limit && y.is_finite();
        let known = |(x, y, e): (f64, f64, f64)| (x, y, if e.is_finite() { e } else { 0.0 });
        curve.points.iter().copied().filter(inside).map(known)
    }

    /// Each curve with its stroke and the colour of its band.
    fn styled(&self) -> impl Iterator<Item = (&NamedCurve, Stroke, &'static str)> {
        let (mut n_data, mut n_null) = (0, 0);
        self.curves.iter().map(move |curve| {
            let count = if curve.null { &mut n_null } else { &mut n_data };
            let place = *count;
            *count += 1;
            let ((color, band), patterns) = match curve.null {
                true => (NULL, &Stroke::PATTERNS[1..]),
                false => (SERIES[curve.color.unwrap_or(place) % SERIES.len()], &Stroke::PATTERNS[..1]),
            };
            let dashes = patterns[place % patterns.len()];
            (curve, Stroke { color: color.into(), width: 2.0, dashes }, band)
        })
    }

    fn scales(&self, area: &Area) -> (Scale, Scale) {
        let points = || self.curves.iter().flat_map(|curve| self.shown(curve));
        let ends = points().flat_map(|(_, y, e)| [y - e, y + e]).chain(self.level);
        let y = Scale::linear(Scale::range(AxisScale::Linear, ends, 0.06), (area.bottom, area.top));
        let ends = points().map(|(x, ..)| x).chain(self.x_limit);
        let bounds = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        let values = match self.x_scale {
            AxisScale::Linear if bounds.0.min(0.0) < bounds.1 => (bounds.0.min(0.0), bounds.1),
            AxisScale::Logarithmic if bounds.0 < bounds.1 => bounds,
            scale => Scale::range(scale, points().map(|(x, ..)| x), 0.0),
        };
        (Scale::new(self.x_scale, values, (area.left, area.right)), y)
    }
}

impl PanelDrawing for CurvePanel {
    fn words(&self) -> (&str, &str) {
        (&self.title, &self.note)
    }

    fn legend(&self) -> Vec<LegendEntry> {
        // The axis says what a single curve is.
        if self.curves.len() < 2 {
            return vec![];
        }
        let entry = |(curve, stroke, _): (&NamedCurve, Stroke, _)| LegendEntry {
            name: curve.name.clone(),
            sample: Sample::Line(stroke),
        };
        self.styled().map(entry).collect()
    }

    fn draw(&self, figure: &mut Figure, area: Area) {
        let (x, y) = self.scales(&area);
        let at = |px: f64, py: f64| (x.place(px), y.place_within(py));
        // What chance gives lies behind the data, all bands behind all lines.
        let mut styled: Vec<_> = self.styled().collect();
        styled.sort_by_key(|(curve, ..)| !curve.null);
        for (curve, _, band) in &styled {
            let upper = self.shown(curve).map(|(px, py, e)| at(px, py + e));
            let lower = self.shown(curve).rev().map(|(px, py, e)| at(px, py - e));
            let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
            if outline.len() > 2 {
                figure.polygon(&outline, band, band, 0.0);
            }
        }
        if let Some(level) = self.level {
            figure.line((area.left, y.place(level)), (area.right, y.place(level)), "#8a8a8a", 1.2);
        }
        for (curve, stroke, _) in &styled {
            let line: Vec<(f64, f64)> = self.shown(curve).map(|(px, py, _)| at(px, py)).collect();
            figure.polyline(&line, stroke);
        }
        figure.axis_below(&x, area.bottom, 5, &self.x_title);
        figure.axis_left(&y, area.left, 5, &self.y_title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> CurvePanel {
        CurvePanel {
            title: "Do neighbours conduct alike?".into(),
            x_title: "distance (\u{3c3})".into(),
            y_title: "correlation".into(),
            curves: vec![
                NamedCurve::new("like", vec![(1.0, 0.5, 0.1), (2.0, 0.2, f64::NAN), (40.0, 9.0, 0.0)]),
                NamedCurve::null("shuffled", vec![(1.0, 0.0, 0.1), (2.0, 0.1, 0.1), (40.0, 0.1, 0.1)]),
            ],
            ..Default::default()
        }
    }

    #[test]
    fn what_chance_gives_is_grey_and_broken() {
        let svg = curves(&[panel()]).to_svg();
        let strokes = |color: &str| -> Vec<usize> {
            let paths = svg.split("<path ").filter(|path| path.contains(&format!("stroke=\"{color}\"")));
            paths.map(|path| path.matches('M').count()).collect()
        };
        assert_eq!(strokes(SERIES[0].0), [1, 1], "in the legend and in the panel, solid");
        assert!(strokes(NULL.0).iter().all(|pieces| *pieces > 1), "broken");
    }

    #[test]
    fn the_limit_leaves_out_what_lies_beyond() {
        let limited = curves(&[CurvePanel { x_limit: Some(2.0), ..panel() }]).to_svg();
        assert!(curves(&[panel()]).to_svg().contains(">40<") && !limited.contains(">40<") && limited.contains(">2.0<"));
        assert!(!limited.contains("NaN"));
    }

    #[test]
    fn a_logarithmic_axis_leaves_out_zero() {
        let mut panel = CurvePanel { x_scale: AxisScale::Logarithmic, ..panel() };
        panel.curves[0].points.insert(0, (0.0, 0.6, 0.1));
        let svg = curves(&[panel]).to_svg();
        assert!(svg.contains(">10<") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn more_than_three_panels_take_two_rows() {
        let size = |n: usize| curves(&vec![panel(); n]).size();
        assert_eq!(size(3).1, size(1).1);
        assert_eq!((size(5).0, size(4).0), (size(3).0, size(2).0));
        assert_eq!(size(4).1, 2.0 * size(1).1);
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        let empty = CurvePanel { x_limit: Some(0.0), ..Default::default() };
        assert!(!curves(&[empty, CurvePanel::default()]).to_svg().contains("NaN"));
    }
}
