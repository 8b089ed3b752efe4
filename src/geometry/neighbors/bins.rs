//! Bins of equal size that a cell and its surroundings are cut into, and which of them a sphere touches.

use std::mem::MaybeUninit;

use crate::geometry::Cell;

/// Bins a radius at most along the first two vectors: narrower ones would hug the sphere better, and take more visits.
const BINS_PER_RADIUS: f64 = 4.0;

/// Bins a radius along the last vector, where they follow each other in a row that is cut at the sphere: more take no visits.
const CUTS_PER_RADIUS: f64 = 8.0;

/// Points in so much of a row as is a radius long, on average and at least: emptier rows take more visits than they save.
const POINTS_PER_RADIUS: f64 = 32.0;

/// Most rows of bins that a sphere touches: its diameter along two vectors, and a bin more for what rounding may do.
const MOST_ROWS: usize = (2 * (BINS_PER_RADIUS as usize + 1) + 1).pow(2);

/// Rows of bins: the first of each, and the one behind its last.
pub struct Rows {
    n: usize,
    rows: [MaybeUninit<[u32; 2]>; MOST_ROWS],
}

impl Rows {
    pub fn new() -> Self {
        Self { n: 0, rows: [MaybeUninit::uninit(); MOST_ROWS] }
    }

    fn push(&mut self, row: [u32; 2]) {
        self.rows[self.n].write(row);
        self.n += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = [usize; 2]> + Clone {
        // SAFETY: the first `n` were written.
        self.rows[..self.n].iter().map(|row| unsafe { row.assume_init() }.map(|bin| bin as usize))
    }
}

/// Bins between two limits of fractional coordinates.
pub struct Bins {
    cell: Cell,
    frame: Frame,
    radius: f64,
    /// Fractional coordinate of the first bin's lower face, and bins per unit of it, along each vector.
    low: [f64; 3],
    per_unit: [f64; 3],
    bins: [usize; 3],
    /// Bins to visit on either side.
    span: [usize; 3],
}

/// The cell's vectors in rectangular axes, the third along the last vector and the second in the plane of the last two.
#[derive(Clone, Copy)]
struct Frame {
    a: [f64; 3],
    /// Its first component is 0.
    b: [f64; 3],
    /// Length of the last vector.
    c: f64,
}

impl Frame {
    fn of([a, b, c]: [[f64; 3]; 3]) -> Self {
        let dot = |u: [f64; 3], v: [f64; 3]| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
        let less = |u: [f64; 3], along: f64, v: [f64; 3]| std::array::from_fn(|k| u[k] - along * v[k]);
        let length = dot(c, c).sqrt();
        let third = c.map(|v| v / length);
        let in_plane: [f64; 3] = less(b, dot(b, third), third);
        let second = in_plane.map(|v| v / dot(in_plane, in_plane).sqrt());
        let rest = less(less(a, dot(a, third), third), dot(a, second), second);
        Self {
            a: [dot(rest, rest).sqrt(), dot(a, second), dot(a, third)],
            b: [0.0, dot(b, second), dot(b, third)],
            c: length,
        }
    }
}

/// An interval times a number.
fn scaled([low, high]: [f64; 2], by: f64) -> [f64; 2] {
    if by < 0.0 { [high * by, low * by] } else { [low * by, high * by] }
}

fn sum(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// Square of the distance from 0 to an interval.
fn square_from_zero([low, high]: [f64; 2]) -> f64 {
    low.max(-high).max(0.0).powi(2)
}

impl Bins {
    /// Bins for spheres of a radius among so many points, from `low` to `high`; `margin` is the radius in fractional coordinates.
    pub fn new(cell: &Cell, radius: f64, [low, high]: [[f64; 3]; 2], margin: [f64; 3], points: usize) -> Self {
        let (bins, per_unit) = bin_counts(low, high, margin, points);
        let span = std::array::from_fn(|i| (margin[i] * per_unit[i]).ceil().min(bins[i] as f64) as usize);
        Self { cell: cell.clone(), frame: Frame::of(cell.vectors()), radius, low, per_unit, bins, span }
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.bins.iter().product()
    }

    /// Adds the rows of bins of which a part is within the radius of a point.
    pub fn around(&self, at: [f64; 3], rows: &mut Rows) {
        // What rounding may lose is far below this share of a radius and of a bin.
        const SLACK: f64 = 1e-9;
        let Frame { a, b, c } = self.frame;
        let fractional = self.cell.to_fractional(at);
        let home = self.along_vectors(fractional);
        let range = |i: usize| home[i].saturating_sub(self.span[i])..=(home[i] + self.span[i]).min(self.bins[i] - 1);
        // Where bins begin along a vector, counted from the center, and how long they are.
        let per_bin = self.per_unit.map(|n| if n > 0.0 { 1.0 / n } else { 0.0 });
        let origin: [f64; 3] = std::array::from_fn(|i| self.low[i] - fractional[i] - SLACK * per_bin[i]);
        let extent = |i: usize, bin: usize| {
            let low = origin[i] + bin as f64 * per_bin[i];
            [low, low + (1.0 + 2.0 * SLACK) * per_bin[i]]
        };
        let limit = ((1.0 + SLACK) * self.radius).powi(2);
        let (first, last) = (*range(2).start() as f64, *range(2).end() as f64);
        let bins_per_length = self.per_unit[2] / c;
        let own = (fractional[2] - self.low[2]) * self.per_unit[2];
        for i in range(0) {
            let along_a = extent(0, i);
            let left = limit - square_from_zero(scaled(along_a, a[0]));
            if left < 0.0 {
                continue;
            }
            let shift_a = [scaled(along_a, a[1]), scaled(along_a, a[2])];
            for j in range(1) {
                let along_b = extent(1, j);
                let left = left - square_from_zero(sum(shift_a[0], scaled(along_b, b[1])));
                if left < 0.0 {
                    continue;
                }
                let shift = sum(shift_a[1], scaled(along_b, b[2]));
                let half = left.sqrt();
                let from = (own - (half + shift[1]) * bins_per_length - SLACK).max(first) as i64;
                let to = (own + (half - shift[0]) * bins_per_length + SLACK).min(last) as i64;
                if from <= to {
                    let row = (i * self.bins[1] + j) * self.bins[2];
                    rows.push([row + from as usize, row + to as usize + 1].map(|bin| bin as u32));
                }
            }
        }
    }

    /// Bin of a point; bins that differ in their place along the last vector alone follow each other.
    pub fn of(&self, fractional: [f64; 3]) -> usize {
        let [a, b, c] = self.along_vectors(fractional);
        (a * self.bins[1] + b) * self.bins[2] + c
    }

    fn along_vectors(&self, fractional: [f64; 3]) -> [usize; 3] {
        std::array::from_fn(|i| {
            let bin = (fractional[i] - self.low[i]) * self.per_unit[i];
            (bin.max(0.0) as usize).min(self.bins[i] - 1)
        })
    }
}

/// Bins along each vector, and bins per unit of fractional coordinate.
fn bin_counts(low: [f64; 3], high: [f64; 3], margin: [f64; 3], points: usize) -> ([usize; 3], [f64; 3]) {
    let extent: [f64; 3] = std::array::from_fn(|i| high[i] - low[i]);
    let per_radius = [BINS_PER_RADIUS, BINS_PER_RADIUS, CUTS_PER_RADIUS];
    let mut wanted: [f64; 3] = std::array::from_fn(|i| (extent[i] * per_radius[i] / margin[i]).floor().max(1.0));
    let in_row = points.max(1) as f64 / (wanted[0] * wanted[1]) * (margin[2] / extent[2]).min(1.0);
    let thinner = (POINTS_PER_RADIUS / in_row).max(1.0).sqrt();
    wanted[..2].iter_mut().for_each(|n| *n = (*n / thinner).floor().max(1.0));
    let bins = wanted.map(|w| (w.min(2048.0)) as usize);
    let per_unit = std::array::from_fn(|i| if extent[i] > 0.0 { bins[i] as f64 / extent[i] } else { 0.0 });
    (bins, per_unit)
}
