//! Ions coloured by their local conductivity, beside the distribution over all of them.

use super::axis::Scale;
use super::canvas::{Anchor, Figure, INK, SOFT_INK, contrasting, viridis};
use crate::analysis::Histogram;
use crate::geometry::Cell;
use crate::statistics::MeanEstimate;

const PANEL: f64 = 470.0;
const LEFT: f64 = 84.0;
const LEGEND: f64 = 80.0;
const TOP: f64 = 100.0;
const STRIP_LEFT: f64 = LEFT + PANEL + 118.0;
const STRIP: f64 = 18.0;
const BARS_LEFT: f64 = STRIP_LEFT + STRIP + 8.0;
const BARS: f64 = 270.0;
const N_BARS: usize = 48;

/// What the figure shows.
pub struct FieldFigure<'a> {
    pub snapshot: Snapshot<'a>,
    pub histogram: &'a Histogram,
    /// The mean over ions and time.
    pub mean: &'a MeanEstimate,
    /// Unit of lengths, such as `σ`.
    pub length_unit: &'a str,
    /// Unit of the local conductivity, such as `S cm² mol⁻¹`.
    pub unit: &'a str,
    /// Frames that the distribution is over.
    pub n_frames: usize,
}

/// The ions of one frame, `[n_ions]` each.
pub struct Snapshot<'a> {
    pub timestep: i64,
    pub cell: &'a Cell,
    pub positions: &'a [[f64; 3]],
    pub local: &'a [f64],
    /// Each ion's place in `kinds`.
    pub kind: &'a [usize],
    pub kinds: &'a [IonKind],
}

/// A kind of ion, and how it is told from the others.
pub struct IonKind {
    pub label: String,
    /// Its charge, where it is known: it is drawn with its sign.
    pub charge: Option<f64>,
}

impl FieldFigure<'_> {
    /// Draws it.
    pub fn draw(&self) -> Figure {
        let mut figure = Figure::new(BARS_LEFT + BARS + 34.0, TOP + PANEL + 66.0);
        let (low, high) = self.values();
        // Colours span the bulk, so that a few far values do not bleach all others.
        let (dark, bright) = (self.quantile(0.01, low), self.quantile(0.99, high));
        let color = |value: f64| if bright > dark { ((value - dark) / (bright - dark)).clamp(0.0, 1.0) } else { 0.5 };
        self.draw_ions(&mut figure, &color);
        self.draw_distribution(&mut figure, &color, low, high);
        figure
    }

    fn quantile(&self, share: f64, otherwise: f64) -> f64 {
        self.histogram.quantile(share).unwrap_or(otherwise)
    }

    /// The range of the axis: all values, but for tails that would leave it almost empty.
    fn values(&self) -> (f64, f64) {
        let (minimum, maximum) = self.histogram.range().unwrap_or((0.0, 1.0));
        let (inner_low, inner_high) = (self.quantile(0.001, minimum), self.quantile(0.999, maximum));
        let margin = (inner_high - inner_low).max(1e-3 * inner_high.abs()).max(1e-12);
        (minimum.max(inner_low - 0.3 * margin) - 0.03 * margin, maximum.min(inner_high + 0.3 * margin) + 0.03 * margin)
    }

    fn draw_ions(&self, figure: &mut Figure, color: &dyn Fn(f64) -> f64) {
        let shown = self.snapshot.slab();
        let unit = self.length_unit;
        figure.heading((LEFT, 34.0), "Local molar conductivity of each ion", 18);
        let depth = shown.thickness;
        let note = format!(
            "step {}, slab of {depth:.1} {unit} through the middle: {} of {} ions",
            self.snapshot.timestep,
            shown.ions.len(),
            self.snapshot.positions.len()
        );
        figure.text((LEFT, 56.0), &note, 13, Anchor::Start, SOFT_INK);

        let size = (shown.high[0] - shown.low[0]).max(shown.high[1] - shown.low[1]);
        let scale = PANEL / size;
        let width = (shown.high[0] - shown.low[0]) * scale;
        let height = (shown.high[1] - shown.low[1]) * scale;
        let (left, bottom) = (LEFT + 0.5 * (PANEL - width), TOP + PANEL);
        let x = Scale::linear((0.0, shown.high[0] - shown.low[0]), (left, left + width));
        let y = Scale::linear((0.0, shown.high[1] - shown.low[1]), (bottom, bottom - height));
        let on_page = |p: [f64; 3]| (x.place(p[0] - shown.low[0]), y.place(p[1] - shown.low[1]));

        let corners: Vec<(f64, f64)> = shown.outline.iter().map(|&corner| on_page(corner)).collect();
        figure.polygon(&corners, "#f6f6f4", "#8a8a8a", 1.0);
        for &(i, position) in &shown.ions {
            let kind = &self.snapshot.kinds[self.snapshot.kind[i]];
            let share = color(self.snapshot.local[i]);
            draw_ion(figure, on_page(position), shown.radius * scale, share, kind, self.snapshot.kind[i]);
        }
        figure.axis_below(&x, bottom + 10.0, 5, &format!("x ({unit})"));
        figure.axis_left(&y, left - 10.0, 5, &format!("y ({unit})"));

        let mut end = LEFT + PANEL;
        for (i, kind) in self.snapshot.kinds.iter().enumerate().rev() {
            figure.text((end, LEGEND), &kind.label, 13, Anchor::End, INK);
            end -= 8.0 * kind.label.chars().count() as f64 + 14.0;
            draw_ion(figure, (end, LEGEND - 4.5), 7.5, 0.25, kind, i);
            end -= 24.0;
        }
    }

    fn draw_distribution(&self, figure: &mut Figure, color: &dyn Fn(f64) -> f64, low: f64, high: f64) {
        figure.heading((BARS_LEFT - STRIP - 8.0, 34.0), "Distribution over ions", 18);
        let note = match self.n_frames {
            1 => "all ions of one frame".into(),
            n => format!("all ions of {n} frames"),
        };
        figure.text((BARS_LEFT - STRIP - 8.0, 56.0), &note, 13, Anchor::Start, SOFT_INK);

        let values = Scale::linear((low, high), (TOP + PANEL, TOP));
        let steps = 160;
        for i in 0..steps {
            let value = low + (high - low) * (f64::from(i) + 0.5) / f64::from(steps);
            let slice = PANEL / f64::from(steps);
            let top = values.place(value) - 0.5 * slice;
            figure.rectangle((STRIP_LEFT, top), (STRIP, slice + 0.6), &viridis(color(value)));
        }
        let title = format!("local molar conductivity \u{03bb} ({})", self.unit);
        figure.axis_left(&values, STRIP_LEFT, 7, &title);

        let width = (high - low) / N_BARS as f64;
        let total = self.histogram.n() as f64;
        let density: Vec<f64> =
            self.histogram.rebin(low, high, N_BARS).into_iter().map(|count| count / total / width).collect();
        let highest = density.iter().copied().fold(0.0, f64::max);
        let across = Scale::linear((0.0, 1.08 * highest), (BARS_LEFT, BARS_LEFT + BARS));
        let thickness = PANEL / N_BARS as f64;
        for (i, &height) in density.iter().enumerate().filter(|(_, height)| **height > 0.0) {
            let middle = low + (i as f64 + 0.5) * width;
            let corner = (BARS_LEFT, values.place(middle) - 0.5 * thickness);
            let size = (across.place(height) - BARS_LEFT, thickness - 1.0);
            figure.rectangle(corner, size, &viridis(color(middle)));
        }
        figure.axis_below(&across, TOP + PANEL + 10.0, 4, "probability density");

        let level = values.place(self.mean.mean);
        figure.line((BARS_LEFT, level), (BARS_LEFT + BARS, level), INK, 1.6);
        let label = format!("mean {}", self.mean);
        figure.text((BARS_LEFT + BARS, LEGEND), &label, 13, Anchor::End, INK);
        let start = BARS_LEFT + BARS - 8.0 * label.chars().count() as f64 - 34.0;
        figure.line((start, LEGEND - 4.5), (start + 24.0, LEGEND - 4.5), INK, 1.6);
    }
}

fn draw_ion(figure: &mut Figure, at: (f64, f64), radius: f64, share: f64, kind: &IonKind, index: usize) {
    let (x, y) = at;
    let fill = viridis(share);
    let positive = kind.charge.map_or(index == 0, |charge| charge >= 0.0);
    if positive {
        figure.disc(at, radius, &fill, INK, 1.2);
    } else {
        // Of the same area as the disc.
        let r = radius * (0.5 * std::f64::consts::PI).sqrt();
        figure.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], &fill, INK, 1.2);
    }
    if kind.charge.is_some_and(|charge| charge != 0.0) && radius > 4.0 {
        let (arm, ink) = (0.48 * radius, contrasting(share));
        figure.line((x - arm, y), (x + arm, y), ink, 1.6);
        if positive {
            figure.line((x, y - arm), (x, y + arm), ink, 1.6);
        }
    }
}

/// What is seen along the third direction of the cell, in a slab thin enough that few ions hide behind others.
struct Slab {
    thickness: f64,
    radius: f64,
    /// Index and wrapped position, the farthest first.
    ions: Vec<(usize, [f64; 3])>,
    outline: [[f64; 3]; 4],
    low: [f64; 2],
    high: [f64; 2],
}

impl Snapshot<'_> {
    fn slab(&self) -> Slab {
        let cell = self.cell;
        let spacing = (cell.volume() / self.positions.len().max(1) as f64).cbrt();
        let radius = 0.23 * spacing;
        // The discs of the slab cover two fifths of the cell's face.
        let share = (0.4 * spacing.powi(3) / (std::f64::consts::PI * radius * radius) / cell.widths()[2]).min(1.0);
        let mut ions: Vec<(usize, [f64; 3], f64)> = Vec::new();
        for (i, &position) in self.positions.iter().enumerate() {
            let wrapped = cell.wrap(position);
            let depth = cell.to_fractional(wrapped)[2];
            if (depth - 0.5).abs() <= 0.5 * share {
                // The cell's third vector may lean: the slab is drawn as seen along it.
                ions.push((
                    i,
                    cell.to_cartesian([cell.to_fractional(wrapped)[0], cell.to_fractional(wrapped)[1], 0.5]),
                    depth,
                ));
            }
        }
        ions.sort_by(|a, b| a.2.total_cmp(&b.2));
        let outline = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|[a, b]| cell.to_cartesian([a, b, 0.5]));
        let bound =
            |axis: usize, pick: fn(f64, f64) -> f64| outline.iter().map(|c| c[axis]).reduce(pick).unwrap_or(0.0);
        Slab {
            thickness: share * cell.widths()[2],
            radius,
            ions: ions.into_iter().map(|(i, position, _)| (i, position)).collect(),
            outline,
            low: [bound(0, f64::min), bound(1, f64::min)],
            high: [bound(0, f64::max), bound(1, f64::max)],
        }
    }
}
