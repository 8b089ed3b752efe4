//! Panels side by side, in rows of at most three, each with a title, a note and a legend above it.

use super::canvas::{Anchor, Figure, SOFT_INK};
use super::legend::{self, LegendEntry};
use super::text;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 300.0;
/// Left of a panel, for the numbers and the title of its axis.
const LEFT: f64 = 104.0;
const RIGHT: f64 = 40.0;
const BELOW: f64 = 66.0;
const TITLE: u32 = 17;
const NOTE: u32 = 13;

/// Where a panel's axes enclose its curves.
#[derive(Clone, Copy)]
pub struct Area {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// What can be drawn side by side.
pub trait PanelDrawing {
    /// Title and note.
    fn words(&self) -> (&str, &str);
    fn legend(&self) -> Vec<LegendEntry>;
    fn draw(&self, figure: &mut Figure, area: Area);
}

/// Draws panels, the axes of each row at one height.
pub fn side_by_side<P: PanelDrawing>(panels: &[P]) -> Figure {
    let columns = match panels.len() {
        4 => 2,
        n => n.clamp(1, 3),
    };
    let headers: Vec<Header> = panels.iter().map(Header::of).collect();
    let tops: Vec<f64> = headers.chunks(columns).map(|row| row.iter().map(|h| h.height).fold(0.0, f64::max)).collect();
    let height = tops.iter().map(|top| top + HEIGHT + BELOW).sum();
    let mut figure = Figure::new(columns as f64 * (LEFT + WIDTH + RIGHT), height);
    let mut above = 0.0;
    for ((row, headers), header) in panels.chunks(columns).zip(headers.chunks(columns)).zip(tops) {
        let top = above + header;
        for (column, (panel, header)) in row.iter().zip(headers).enumerate() {
            let left = column as f64 * (LEFT + WIDTH + RIGHT) + LEFT;
            header.draw(&mut figure, (left, above));
            panel.draw(&mut figure, Area { left, right: left + WIDTH, top, bottom: top + HEIGHT });
        }
        above = top + HEIGHT + BELOW;
    }
    figure
}

/// What stands above a panel, broken into lines.
struct Header {
    title: Vec<String>,
    note: Vec<String>,
    legend: Vec<LegendEntry>,
    height: f64,
}

impl Header {
    fn of(panel: &impl PanelDrawing) -> Self {
        let (title, note) = panel.words();
        let room = WIDTH + 0.8 * RIGHT;
        let title = text::wrap(title, room, |line| text::bold_width(line, TITLE));
        let note = text::wrap(note, room, |line| text::width(line, NOTE));
        let legend = panel.legend();
        let height = below_words(&title, &note) + legend::height(&legend, room) + 18.0;
        Self { title, note, legend, height }
    }

    fn draw(&self, figure: &mut Figure, corner: (f64, f64)) {
        words(figure, corner, &self.title, &self.note);
        let below = corner.1 + below_words(&self.title, &self.note);
        legend::draw(figure, &self.legend, (corner.0, below), WIDTH + 0.8 * RIGHT);
    }
}

/// Height of a title and the note below it.
pub fn below_words(title: &[String], note: &[String]) -> f64 {
    22.0 + 22.0 * title.len() as f64 + 19.0 * note.len() as f64
}

/// Writes a title with the note below it.
pub fn words(figure: &mut Figure, corner: (f64, f64), title: &[String], note: &[String]) {
    let (left, mut y) = (corner.0, corner.1 + 12.0);
    for line in title {
        y += 22.0;
        figure.heading((left, y), line, TITLE);
    }
    for line in note {
        y += 19.0;
        figure.text((left, y), line, NOTE, Anchor::Start, SOFT_INK);
    }
}
