//! Values of systems, one row for each, in panels side by side.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK};
use super::palette::SERIES;

const PANEL: f64 = 300.0;
const GAP: f64 = 48.0;
const ROW: f64 = 28.0;
const TOP: f64 = 112.0;

/// One value with its error in each row, or none.
pub struct RowSeries {
    pub name: String,
    pub values: Vec<Option<(f64, f64)>>,
}

/// Series over the same rows.
pub struct RowPanel {
    pub title: String,
    pub axis: String,
    pub series: Vec<RowSeries>,
    /// A value that is marked through all rows.
    pub reference: Option<f64>,
    /// The least that the axis spans.
    pub span: (f64, f64),
}

/// Draws panels that share the names of their rows; `note` stands below the heading.
pub fn rows(names: &[String], panels: &[RowPanel], heading: &str, note: &str) -> Figure {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let left = 40.0 + 8.2 * longest as f64;
    let height = ROW * names.len() as f64;
    let width = left + panels.len() as f64 * (PANEL + GAP) - GAP + 36.0;
    let mut figure = Figure::new(width, TOP + height + 66.0);
    figure.heading((24.0, 34.0), heading, 17);
    figure.text((24.0, 56.0), note, 13, Anchor::Start, SOFT_INK);
    for (i, name) in names.iter().enumerate() {
        let y = TOP + ROW * i as f64;
        if i % 2 == 0 {
            figure.rectangle((24.0, y), (width - 48.0, ROW), "#f5f4f0");
        }
        figure.text((left - 14.0, y + 0.5 * ROW + 4.5), name, 13, Anchor::End, INK);
    }
    for (i, panel) in panels.iter().enumerate() {
        panel.draw(&mut figure, left + i as f64 * (PANEL + GAP), height);
    }
    figure
}

impl RowPanel {
    fn draw(&self, figure: &mut Figure, left: f64, height: f64) {
        let ends = |(value, error): &(f64, f64)| [value - error, value + error];
        let all =
            || self.series.iter().flat_map(|s| s.values.iter().flatten().flat_map(ends)).filter(|v| v.is_finite());
        let (low, high) = (all().fold(self.span.0, f64::min), all().fold(self.span.1, f64::max));
        let margin = 0.03 * (high - low);
        let low = if low < 0.0 { low - margin } else { low };
        let x = Scale::linear((low, high + margin), (left, left + PANEL));
        figure.heading((left, TOP - 28.0), &self.title, 14);
        if let Some(reference) = self.reference {
            let at = x.place(reference);
            figure.line((at, TOP), (at, TOP + height), "#8a8a8a", 1.4);
        }
        let mut legend = left;
        for (s, series) in self.series.iter().enumerate() {
            let (color, _) = SERIES[s % SERIES.len()];
            if self.series.len() > 1 {
                figure.disc((legend + 5.0, TOP - 13.5), 4.0, color, "#ffffff", 0.8);
                figure.text((legend + 14.0, TOP - 9.0), &series.name, 13, Anchor::Start, INK);
                legend += 36.0 + 7.8 * series.name.chars().count() as f64;
            }
            let apart = (s as f64 - 0.5 * (self.series.len() as f64 - 1.0)) * 7.0;
            for (row, value) in series.values.iter().enumerate() {
                let Some((value, error)) = value.filter(|(value, _)| value.is_finite()) else { continue };
                let y = TOP + ROW * (row as f64 + 0.5) + apart;
                let error = if error.is_finite() { error } else { 0.0 };
                figure.line((x.place(value - error), y), (x.place(value + error), y), color, 1.6);
                figure.disc((x.place(value), y), 4.0, color, "#ffffff", 0.8);
            }
        }
        figure.axis_below(&x, TOP + height, 5, &self.axis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_is_a_number_is_drawn() {
        let names = ["a".to_string(), "b".to_string()];
        let series = |values| RowSeries { name: "s".into(), values };
        let panel = RowPanel {
            title: "t".into(),
            axis: "x".into(),
            series: vec![series(vec![Some((0.5, 0.1)), None]), series(vec![Some((-0.5, 0.1)), Some((f64::NAN, 0.1))])],
            reference: Some(1.0),
            span: (0.0, 1.0),
        };
        let svg = rows(&names, &[panel], "h", "n").to_svg();
        assert_eq!(svg.matches("<circle").count(), 2 + 2, "{svg}");
        assert!(!svg.contains("NaN"));
    }
}
