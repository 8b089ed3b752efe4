//! A grid of values in colours: a matrix, a mean by two numbers, a map.

use super::axis::{AxisScale, Scale};
use super::canvas::{Anchor, Figure, INK, contrasting, viridis};
use super::layout::{below_words, words};
use super::text;

/// Up to this many cells along each side carry their values as numbers.
const FEW: usize = 12;
/// Longer side of a grid without numbers.
const MAP: f64 = 420.0;
const LABEL: u32 = 13;
const NUMBER: u32 = 14;
const ERROR: u32 = 12;
const MOST_DECIMALS: usize = 3;
const STRIP: f64 = 18.0;
const MARGIN: f64 = 24.0;

/// Values by row and column.
#[derive(Clone, Debug, Default)]
pub struct HeatMap {
    pub title: String,
    pub note: String,
    /// Names of the rows, from above.
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    pub row_title: String,
    pub column_title: String,
    /// What the colours say, with its unit.
    pub value_title: String,
    /// `[n_rows, n_columns]`: values with their errors (zero for none); cells without a value are blank.
    pub values: Vec<Vec<Option<(f64, f64)>>>,
    /// Ends of the colours, such as 0 and 1 for probabilities; those of the values by default.
    pub range: Option<(f64, f64)>,
    /// Whether the first row is the lowest, as on an axis.
    pub upwards: bool,
    /// What the columns and the rows of a map cover, as `(low, high)`: axes then take the place of names and numbers.
    pub spans: Option<[(f64, f64); 2]>,
}

impl HeatMap {
    /// Numbers of rows and of columns.
    fn shape(&self) -> (usize, usize) {
        let widest = self.values.iter().map(Vec::len).max().unwrap_or(0);
        (self.values.len().max(self.rows.len()), widest.max(self.columns.len()))
    }
}

/// Draws the grid with its colours beside it.
pub fn heat(map: &HeatMap) -> Figure {
    Grid::of(map).draw()
}

struct Grid<'a> {
    map: &'a HeatMap,
    /// Those of the map, where they are ranges.
    spans: Option<[(f64, f64); 2]>,
    /// Width and height of a cell.
    cell: (f64, f64),
    numbers: bool,
    decimals: usize,
    range: (f64, f64),
    left: f64,
    top: f64,
    title: Vec<String>,
    note: Vec<String>,
    width: f64,
}

impl<'a> Grid<'a> {
    fn of(map: &'a HeatMap) -> Self {
        let (n_rows, n_columns) = map.shape();
        let (n_rows, n_columns) = (n_rows.max(1), n_columns.max(1));
        let spans = map.spans.filter(|spans| spans.iter().all(|(low, high)| low < high && (high - low).is_finite()));
        let numbers = n_rows <= FEW && n_columns <= FEW && spans.is_none();
        let cells = || map.values.iter().flatten().flatten().filter(|(value, _)| value.is_finite());
        let range = match map.range {
            Some((low, high)) if low < high => (low, high),
            _ => Scale::range(AxisScale::Linear, cells().map(|(value, _)| *value), 0.0),
        };
        let mut errors: Vec<f64> = cells().map(|(_, error)| *error).filter(|e| e.is_finite() && *e > 0.0).collect();
        errors.sort_by(f64::total_cmp);
        // As far as most errors allow, and no farther than a cell has room for.
        let by_errors = errors.get(errors.len() / 2).map_or(0, |error| decimals(*error).min(MOST_DECIMALS));
        let decimals = decimals((range.1 - range.0) / 20.0).max(by_errors);
        let widest =
            |names: &mut dyn Iterator<Item = &str>| names.map(|name| text::width(name, LABEL)).fold(0.0, f64::max);
        let row_names = widest(&mut map.rows.iter().map(String::as_str));
        // The titles beside the grid run along its height.
        let least = text::width(&map.value_title, 13).max(text::width(&map.row_title, 13)).clamp(150.0, MAP);
        let cell = if numbers {
            let printed = cells().flat_map(|(value, error)| {
                [
                    text::width(&number(*value, decimals), NUMBER),
                    text::width(&error_of(*error, decimals).unwrap_or_default(), ERROR),
                ]
            });
            let words = widest(&mut map.columns.iter().flat_map(|name| name.split_whitespace()));
            let height: f64 = if cells().any(|(_, error)| error_of(*error, decimals).is_some()) { 44.0 } else { 36.0 };
            (printed.fold(words, f64::max).max(34.0) + 14.0, height.max(least / n_rows as f64))
        } else {
            // Whole pixels, or seams would show between the cells.
            let across = spans.map_or((n_columns as f64, n_rows as f64), |[x, y]| (x.1 - x.0, y.1 - y.0));
            let scale = MAP / across.0.max(across.1);
            let whole = |length: f64, n: usize| (length * scale / n as f64).round().max(2.0);
            (whole(across.0, n_columns), whole(across.1, n_rows).max((least / n_rows as f64).ceil()))
        };
        let row_names = if spans.is_some() { 40.0 } else { row_names };
        let left = (MARGIN + if map.row_title.is_empty() { 0.0 } else { 22.0 } + row_names + 10.0).round();
        let ticks = Scale::linear(range, (0.0, 1.0)).ticks(5);
        let strip = 26.0 + STRIP + 46.0 + widest(&mut ticks.iter().map(|(_, label)| label.as_str()));
        let width = (left + cell.0 * n_columns as f64 + strip).max(440.0);
        let room = width - 2.0 * MARGIN;
        let title = text::wrap(&map.title, room, |line| text::bold_width(line, 17));
        let note = text::wrap(&map.note, room, |line| text::width(line, 13));
        let top = below_words(&title, &note) + 18.0;
        Self { map, spans, cell, numbers, decimals, range, left, top, title, note, width }
    }

    fn size(&self) -> (f64, f64) {
        let (n_rows, n_columns) = self.map.shape();
        (self.cell.0 * n_columns as f64, self.cell.1 * n_rows as f64)
    }

    /// Upper left corner of a cell.
    fn corner(&self, row: usize, column: usize) -> (f64, f64) {
        let line = if self.map.upwards { self.map.shape().0 - 1 - row } else { row };
        (self.left + self.cell.0 * column as f64, self.top + self.cell.1 * line as f64)
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.range.0) / (self.range.1 - self.range.0)).clamp(0.0, 1.0)
    }

    fn draw(&self) -> Figure {
        let names: Vec<Vec<String>> = match self.spans {
            Some(_) => Vec::new(),
            None => self.map.columns.iter().map(|name| self.column_lines(name)).collect(),
        };
        let below = 18.0 * names.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let (width, height) = self.size();
        let mut figure = Figure::new(self.width, self.top + height + below + 44.0);
        words(&mut figure, (MARGIN, 0.0), &self.title, &self.note);
        let (right, bottom) = (self.left + width, self.top + height);
        for (row, values) in self.map.values.iter().enumerate() {
            for (column, cell) in values.iter().enumerate() {
                if let Some((value, error)) = cell.filter(|(value, _)| value.is_finite()) {
                    self.draw_cell(&mut figure, self.corner(row, column), value, error);
                }
            }
        }
        let outline = [(self.left, self.top), (right, self.top), (right, bottom), (self.left, bottom)];
        figure.polygon(&outline, "none", "#b9b9b9", 1.0);
        if let Some([x, y]) = self.spans {
            let ends = if self.map.upwards { (bottom, self.top) } else { (self.top, bottom) };
            figure.axis_below(&Scale::linear(x, (self.left, right)), bottom, 5, &self.map.column_title);
            figure.axis_left(&Scale::linear(y, ends), self.left, 5, &self.map.row_title);
        } else {
            self.draw_names(&mut figure, &names);
            let middle = (self.left + 0.5 * width, self.top + 0.5 * height);
            figure.text((middle.0, bottom + below + 26.0), &self.map.column_title, 14, Anchor::Middle, INK);
            figure.upright((MARGIN + 10.0, middle.1), &self.map.row_title, 14);
        }
        self.draw_colors(&mut figure, right + 26.0, bottom);
        figure
    }

    fn draw_cell(&self, figure: &mut Figure, corner: (f64, f64), value: f64, error: f64) {
        let share = self.share(value);
        // Cells of maps reach into the next ones, which cover them: where pages scale the map, no seam shows.
        let seam = if self.numbers { -1.0 } else { 0.5 };
        figure.rectangle(corner, (self.cell.0 + seam, self.cell.1 + seam), &viridis(share));
        if !self.numbers {
            return;
        }
        let (x, y) = (corner.0 + 0.5 * self.cell.0, corner.1 + 0.5 * self.cell.1);
        let (ink, error) = (contrasting(share), error_of(error, self.decimals));
        let lift = if error.is_some() { 3.0 } else { -5.0 };
        figure.text((x, y - lift), &number(value, self.decimals), NUMBER, Anchor::Middle, ink);
        figure.text((x, y + 14.0), &error.unwrap_or_default(), ERROR, Anchor::Middle, ink);
    }

    fn column_lines(&self, name: &str) -> Vec<String> {
        match self.numbers {
            true => text::wrap(name, self.cell.0 - 4.0, |line| text::width(line, LABEL)),
            false => vec![name.to_string()],
        }
    }

    /// Names of all rows and columns, or of as many as there is room for.
    fn draw_names(&self, figure: &mut Figure, columns: &[Vec<String>]) {
        let widest = self.map.columns.iter().map(|name| text::width(name, LABEL)).fold(0.0, f64::max);
        let every = |room: f64, needed: f64| if self.numbers { 1 } else { (needed / room).ceil().max(1.0) as usize };
        let bottom = self.top + self.size().1;
        for (i, lines) in columns.iter().enumerate().step_by(every(self.cell.0, widest + 12.0)) {
            let x = self.left + self.cell.0 * (i as f64 + 0.5);
            for (line, words) in lines.iter().enumerate() {
                figure.text((x, bottom + 18.0 + 18.0 * line as f64), words, LABEL, Anchor::Middle, INK);
            }
        }
        for (i, name) in self.map.rows.iter().enumerate().step_by(every(self.cell.1, 19.0)) {
            let y = self.corner(i, 0).1 + 0.5 * self.cell.1 + 4.5;
            figure.text((self.left - 8.0, y), name, LABEL, Anchor::End, INK);
        }
    }

    fn draw_colors(&self, figure: &mut Figure, left: f64, bottom: f64) {
        let steps = 128;
        let slice = (bottom - self.top) / f64::from(steps);
        // From above, each slice over all that is below, so that no seam shows.
        for i in (0..steps).rev() {
            let top = bottom - slice * f64::from(i + 1);
            let share = (f64::from(i) + 0.5) / f64::from(steps);
            figure.rectangle((left, top), (STRIP, bottom - top), &viridis(share));
        }
        let scale = Scale::linear(self.range, (bottom, self.top));
        figure.axis_right(&scale, left + STRIP, 5, &self.map.value_title);
    }
}

/// Decimals that show a difference of that size.
fn decimals(difference: f64) -> usize {
    (-difference.log10()).ceil().clamp(0.0, 6.0) as usize
}

fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{value:.decimals$}");
    match digits.strip_prefix('-') {
        // What is rounded to zero has no sign.
        Some(zero) if !zero.contains(|c: char| ('1'..='9').contains(&c)) => zero.into(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => digits,
    }
}

/// An error to its first digit, or none that is less than a tenth of the value's last digit.
fn error_of(error: f64, decimals: usize) -> Option<String> {
    let first = |error: f64| (-error.log10().floor()).clamp(0.0, 6.0) as usize;
    (error.is_finite() && error > 0.0 && error >= 10f64.powi(-(decimals as i32) - 1)).then(|| {
        // Rounded before its digits are counted, or 0.00098 would have two.
        let power = 10f64.powi(first(error) as i32);
        format!("\u{b1}{error:.*}", first(((error * power).round() / power).max(1e-6)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(n: usize) -> HeatMap {
        let value = |i: usize, j: usize| (i != j).then_some((0.1 * i as f64 - 0.02 * j as f64, 0.01));
        HeatMap {
            rows: (0..n).map(|i| format!("row {i}")).collect(),
            columns: (0..n).map(|i| format!("column {i}")).collect(),
            values: (0..n).map(|i| (0..n).map(|j| value(i, j)).collect()).collect(),
            value_title: "mean".into(),
            ..Default::default()
        }
    }

    #[test]
    fn few_cells_carry_numbers_and_blank_ones_none() {
        let svg = heat(&map(3)).to_svg();
        assert_eq!(svg.matches(">\u{b1}0.01<").count(), 6, "{svg}");
        assert!(svg.contains(">0.10<") && svg.contains(">\u{2212}0.04<"), "{svg}");
    }

    #[test]
    fn what_is_rounded_to_zero_has_no_sign() {
        assert_eq!(
            [-0.004, -0.0, -0.006, 0.004].map(|value| number(value, 2)),
            ["0.00", "0.00", "\u{2212}0.01", "0.00"]
        );
    }

    #[test]
    fn errors_have_one_digit() {
        let errors = [0.00098, 0.0123, 0.3, 14.0, 0.0, 0.00004].map(|error| error_of(error, 3).unwrap_or_default());
        assert_eq!(errors, ["\u{b1}0.001", "\u{b1}0.01", "\u{b1}0.3", "\u{b1}14", "", ""]);
    }

    #[test]
    fn many_cells_carry_colours_alone() {
        let svg = heat(&map(30)).to_svg();
        assert_eq!(svg.matches("<rect").count(), 30 * 29 + 128 + 1, "cells, colours and the page");
        assert!(!svg.contains('\u{b1}') && svg.matches(">column").count() < 10);
    }

    #[test]
    fn the_first_row_is_above_or_below() {
        let names = |upwards: bool| {
            let svg = heat(&HeatMap { upwards, ..map(2) }).to_svg();
            svg.find(">row 0<").is_some().then_some(svg)
        };
        let height = |svg: &str, name: &str| -> f64 {
            let text = svg.split("<text ").find(|text| text.contains(&format!(">{name}<"))).unwrap();
            text.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let (down, up) = (names(false).unwrap(), names(true).unwrap());
        assert!(height(&down, "row 0") < height(&down, "row 1") && height(&up, "row 0") > height(&up, "row 1"));
    }

    #[test]
    fn a_map_has_axes_in_place_of_names() {
        let svg = heat(&HeatMap { spans: Some([(0.0, 10.0), (-5.0, 5.0)]), upwards: true, ..map(30) }).to_svg();
        assert!(!svg.contains(">row") && !svg.contains(">column"), "{svg}");
        assert!([">0<", ">10<", ">\u{2212}4<", ">4<"].iter().all(|label| svg.contains(label)), "{svg}");
    }

    #[test]
    fn no_values_or_one_value_make_a_figure() {
        let one = HeatMap { values: vec![vec![Some((0.5, 0.0)); 2]], ..map(2) };
        let flat = HeatMap { spans: Some([(1.0, 1.0), (0.0, f64::NAN)]), ..map(2) };
        for map in [HeatMap::default(), HeatMap { values: Vec::new(), ..map(2) }, one, flat] {
            let svg = heat(&map).to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
