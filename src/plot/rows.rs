//! Values of systems, one row for each, in panels side by side.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK};
use super::palette::SERIES;
use super::text;

/// Width of a panel, and of one by itself, which shall fit on a telephone with its names.
const PANEL: f64 = 300.0;
const SINGLE: f64 = 250.0;
const NAME: u32 = 13;
const GAP: f64 = 48.0;
/// Height of a row, and of one of many, which would fill screens and sheets otherwise.
const ROW: f64 = 28.0;
const CLOSE_ROW: f64 = 18.0;
const MANY: usize = 24;
/// Above the rows, with a heading and a note and without them.
const TOP: f64 = 112.0;
const BARE_TOP: f64 = 58.0;

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

/// Draws panels that share the names of their rows; `note` stands below the heading, which may be empty.
pub fn rows(names: &[String], panels: &[RowPanel], heading: &str, note: &str) -> Figure {
    let longest = names.iter().map(|name| text::width(name, NAME)).fold(0.0, f64::max);
    let left = (42.0 + longest).round();
    let panel = if panels.len() == 1 { SINGLE } else { PANEL };
    let row = if names.len() > MANY { CLOSE_ROW } else { ROW };
    let height = row * names.len() as f64;
    let top = if heading.is_empty() { BARE_TOP } else { TOP };
    let width = left + panels.len() as f64 * (panel + GAP) - GAP + 36.0;
    let mut figure = Figure::new(width, top + height + 66.0);
    figure.heading((24.0, 34.0), heading, 17);
    figure.text((24.0, 56.0), note, 13, Anchor::Start, SOFT_INK);
    for (i, name) in names.iter().enumerate() {
        let y = top + row * i as f64;
        if i % 2 == 0 {
            figure.rectangle((24.0, y), (width - 48.0, row), "#f5f4f0");
        }
        figure.text((left - 14.0, y + 0.5 * row + 4.5), name, NAME, Anchor::End, INK);
    }
    for (i, drawn) in panels.iter().enumerate() {
        let corner = (left + i as f64 * (panel + GAP), top);
        drawn.draw(&mut figure, corner, Sizes { panel, row, height });
    }
    figure
}

/// Width of a panel, height of a row and of all rows.
struct Sizes {
    panel: f64,
    row: f64,
    height: f64,
}

impl RowPanel {
    fn draw(&self, figure: &mut Figure, (left, top): (f64, f64), sizes: Sizes) {
        let Sizes { panel, row, height } = sizes;
        let ends = |(value, error): &(f64, f64)| [value - error, value + error];
        let all =
            || self.series.iter().flat_map(|s| s.values.iter().flatten().flat_map(ends)).filter(|v| v.is_finite());
        let (low, high) = (all().fold(self.span.0, f64::min), all().fold(self.span.1, f64::max));
        let margin = 0.03 * (high - low);
        let low = if low < 0.0 { low - margin } else { low };
        let x = Scale::linear((low, high + margin), (left, left + panel));
        figure.heading((left, top - 28.0), &self.title, 14);
        if let Some(reference) = self.reference {
            let at = x.place(reference);
            figure.line((at, top), (at, top + height), "#8a8a8a", 1.4);
        }
        let mut legend = left;
        for (s, series) in self.series.iter().enumerate() {
            let (color, _) = SERIES[s % SERIES.len()];
            if self.series.len() > 1 {
                figure.disc((legend + 5.0, top - 13.5), 4.0, color, "#ffffff", 0.8);
                figure.text((legend + 14.0, top - 9.0), &series.name, 13, Anchor::Start, INK);
                legend += 36.0 + 7.8 * series.name.chars().count() as f64;
            }
            let apart = (s as f64 - 0.5 * (self.series.len() as f64 - 1.0)) * 7.0;
            for (i, value) in series.values.iter().enumerate() {
                let Some((value, error)) = value.filter(|(value, _)| value.is_finite()) else { continue };
                let y = top + row * (i as f64 + 0.5) + apart;
                let error = if error.is_finite() { error } else { 0.0 };
                figure.line((x.place(value - error), y), (x.place(value + error), y), color, 1.6);
                figure.disc((x.place(value), y), 4.0, color, "#ffffff", 0.8);
            }
        }
        figure.axis_below(&x, top + height, 5, &self.axis);
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

    #[test]
    fn many_rows_stand_closer() {
        let height = |n: usize| rows(&vec!["a".to_string(); n], &[], "", "").size().1;
        assert_eq!((height(24) - height(23), height(64) - height(63)), (ROW, CLOSE_ROW));
    }
}
