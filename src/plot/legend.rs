//! Names of what is drawn, in as many lines as they need.

use super::canvas::{Anchor, Figure, INK};
use super::marker::Marker;
use super::stroke::Stroke;
use super::text;

/// Height of a line of the legend.
pub const LINE: f64 = 21.0;
const SIZE: u32 = 13;
const SAMPLE: f64 = 28.0;
const APART: f64 = 22.0;

/// A name with a sample of how it is drawn.
#[derive(Clone, Debug)]
pub struct LegendEntry {
    pub name: String,
    pub sample: Sample,
}

#[derive(Clone, Debug)]
pub enum Sample {
    Line(Stroke),
    Point(Marker, String),
    Bar(String),
}

impl LegendEntry {
    fn width(&self) -> f64 {
        self.sample.width() + 6.0 + text::width(&self.name, SIZE)
    }
}

impl Sample {
    fn width(&self) -> f64 {
        match self {
            Self::Line(_) => SAMPLE,
            Self::Point(..) => 11.0,
            Self::Bar(_) => 14.0,
        }
    }

    fn draw(&self, figure: &mut Figure, (x, baseline): (f64, f64)) {
        let middle = baseline - 4.5;
        match self {
            Self::Line(stroke) => figure.polyline(&[(x, middle), (x + SAMPLE, middle)], stroke),
            Self::Point(marker, color) => marker.draw(figure, (x + 5.5, middle), 5.0, color),
            Self::Bar(color) => figure.rectangle((x, middle - 6.0), (14.0, 12.0), color),
        }
    }
}

/// Where each entry starts, as a distance from the left and a line, within `width` pixels.
fn places(entries: &[LegendEntry], width: f64) -> Vec<(f64, usize)> {
    let (mut x, mut line) = (0.0, 0);
    let mut places = Vec::with_capacity(entries.len());
    for entry in entries {
        if x > 0.0 && x + entry.width() > width {
            (x, line) = (0.0, line + 1);
        }
        places.push((x, line));
        x += entry.width() + APART;
    }
    places
}

/// Height of the legend within `width` pixels.
pub fn height(entries: &[LegendEntry], width: f64) -> f64 {
    places(entries, width).last().map_or(0.0, |(_, line)| LINE * (*line as f64 + 1.0))
}

/// Draws the legend below a corner.
pub fn draw(figure: &mut Figure, entries: &[LegendEntry], corner: (f64, f64), width: f64) {
    for (entry, (x, line)) in entries.iter().zip(places(entries, width)) {
        let at = (corner.0 + x, corner.1 + LINE * line as f64 + 15.0);
        entry.sample.draw(figure, at);
        let name = (at.0 + entry.sample.width() + 6.0, at.1);
        figure.text(name, &entry.name, SIZE, Anchor::Start, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_take_more_lines_and_never_overlap() {
        let entry = |name: &str| LegendEntry { name: name.into(), sample: Sample::Bar("#000000".into()) };
        let entries = ["like", "unlike, within the same cluster", "shuffled", "independent of the place"].map(entry);
        let placed = places(&entries, 300.0);
        assert_eq!(placed.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [0, 0, 1, 1]);
        for (pair, at) in entries.windows(2).zip(placed.windows(2)) {
            assert!(at[0].1 < at[1].1 || at[0].0 + pair[0].width() < at[1].0);
        }
        assert_eq!(height(&entries, 300.0), 2.0 * LINE);
        assert_eq!(height(&[], 300.0), 0.0);
    }
}
