//! Points with errors in groups: one quantity of systems against another.

use super::axis::{AxisScale, Scale};
use super::canvas::{Anchor, Figure, SOFT_INK};
use super::layout::{Area, PanelDrawing, side_by_side};
use super::legend::{LegendEntry, Sample};
use super::marker::Marker;
use super::palette::{SERIES, ordered};
use super::stroke::Stroke;

/// Two values of one system, each with its error.
#[derive(Clone, Copy, Debug)]
pub struct ScatterPoint {
    pub x: (f64, f64),
    pub y: (f64, f64),
}

/// Points of one colour and one shape.
#[derive(Clone, Debug, Default)]
pub struct ScatterGroup {
    pub name: String,
    pub points: Vec<ScatterPoint>,
    /// Points of a line that was fitted to the group, close enough to be joined; empty for none.
    pub line: Vec<(f64, f64)>,
}

/// Groups over two axes, linear or logarithmic.
///
/// Values that an axis does not admit are left out and counted below the panel.
#[derive(Clone, Debug, Default)]
pub struct ScatterPanel {
    pub title: String,
    pub note: String,
    pub x_title: String,
    pub y_title: String,
    pub x_scale: AxisScale,
    pub y_scale: AxisScale,
    pub groups: Vec<ScatterGroup>,
    /// Whether the groups have an order, such as that of concentrations: colours then run from dark to bright.
    pub ordered: bool,
}

/// Draws panels side by side, more than three in several rows.
pub fn scatter(panels: &[ScatterPanel]) -> Figure {
    side_by_side(panels)
}

impl ScatterPanel {
    fn admits(&self, point: &ScatterPoint) -> bool {
        self.x_scale.admits(point.x.0) && self.y_scale.admits(point.y.0)
    }

    fn style(&self, group: usize) -> (String, Marker) {
        let color = match self.ordered {
            true => ordered(group, self.groups.len()),
            false => SERIES[group % SERIES.len()].0.into(),
        };
        (color, Marker::ALL[group % Marker::ALL.len()])
    }

    fn points(&self) -> impl Iterator<Item = &ScatterPoint> {
        self.groups.iter().flat_map(|group| &group.points)
    }
}

impl PanelDrawing for ScatterPanel {
    fn words(&self) -> (&str, &str) {
        (&self.title, &self.note)
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let entry = |(i, group): (usize, &ScatterGroup)| {
            let (color, marker) = self.style(i);
            LegendEntry { name: group.name.clone(), sample: Sample::Point(marker, color) }
        };
        self.groups.iter().enumerate().map(entry).collect()
    }

    fn draw(&self, figure: &mut Figure, area: Area) {
        let ends = |(value, error): (f64, f64)| [value - error, value, value + error];
        let shown = || self.points().filter(|point| self.admits(point));
        let range = |kind, values: &mut dyn Iterator<Item = f64>| Scale::range(kind, values, 0.06);
        let (x_range, y_range) = (
            range(self.x_scale, &mut shown().flat_map(|point| ends(point.x))),
            range(self.y_scale, &mut shown().flat_map(|point| ends(point.y))),
        );
        let x = Scale::new(self.x_scale, x_range, (area.left, area.right));
        let y = Scale::new(self.y_scale, y_range, (area.bottom, area.top));
        let at = |px: f64, py: f64| (x.place_within(px), y.place_within(py));
        for (i, group) in self.groups.iter().enumerate() {
            let inside = |p: &&(f64, f64)| (x.low..=x.high).contains(&p.0) && (y.low..=y.high).contains(&p.1);
            let line: Vec<(f64, f64)> = group.line.iter().filter(inside).map(|p| at(p.0, p.1)).collect();
            figure.polyline(&line, &Stroke::solid(&self.style(i).0, 1.6));
        }
        for (i, group) in self.groups.iter().enumerate() {
            let (color, marker) = self.style(i);
            for point in group.points.iter().filter(|point| self.admits(point)) {
                let ((px, ex), (py, ey)) = (point.x, point.y);
                if ex.is_finite() {
                    figure.line(at(px - ex, py), at(px + ex, py), &color, 1.3);
                }
                if ey.is_finite() {
                    figure.line(at(px, py - ey), at(px, py + ey), &color, 1.3);
                }
                marker.draw(figure, at(px, py), 5.0, &color);
            }
        }
        let n_left_out = self.points().filter(|point| !self.admits(point)).count();
        if n_left_out > 0 {
            let said = format!("left out, having no place on these axes: {n_left_out}");
            figure.text((area.right, area.bottom - 8.0), &said, 12, Anchor::End, SOFT_INK);
        }
        figure.axis_below(&x, area.bottom, 5, &self.x_title);
        figure.axis_left(&y, area.left, 5, &self.y_title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(points: &[(f64, f64)]) -> ScatterPanel {
        let points = points.iter().map(|(x, y)| ScatterPoint { x: (*x, 0.01), y: (*y, f64::NAN) }).collect();
        let group = |points| ScatterGroup { name: "c".into(), points, line: vec![(0.0, 0.0), (1.0, 1.0)] };
        ScatterPanel { groups: vec![group(points), group(Vec::new())], ..Default::default() }
    }

    #[test]
    fn every_point_with_two_values_is_drawn() {
        let svg = scatter(&[panel(&[(0.1, 0.2), (0.5, f64::NAN), (0.9, 0.8)])]).to_svg();
        assert_eq!(svg.matches("<circle").count(), 2 + 1, "two points and the legend");
        assert!(svg.contains("left out, having no place on these axes: 1") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn logarithmic_axes_leave_out_what_has_no_logarithm() {
        let panel = ScatterPanel {
            x_scale: AxisScale::Logarithmic,
            y_scale: AxisScale::Logarithmic,
            ..panel(&[(0.001, 0.2), (5.0, -0.3), (90.0, 80.0)])
        };
        let svg = scatter(&[panel]).to_svg();
        assert_eq!(svg.matches("<circle").count(), 2 + 1);
        assert!(svg.contains(">10⁻²<") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn groups_differ_in_colour_and_in_shape() {
        let panel = ScatterPanel { groups: vec![ScatterGroup::default(); 5], ordered: true, ..Default::default() };
        for (i, j) in (0..5).flat_map(|i| (0..i).map(move |j| (i, j))) {
            assert!(panel.style(i).0 != panel.style(j).0 && panel.style(i).1 != panel.style(j).1);
        }
    }
}
