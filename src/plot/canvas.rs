//! A page to draw on, with the house's fonts and inks.

use super::axis::Scale;
use super::stroke::Stroke;
use super::text;
use crate::{Error, Result};
use kuva::backend::svg::SvgBackend;
use kuva::plot::ColorMap;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};
use kuva::{PngBackend, render::color::Color};

pub const INK: &str = "#1a1a1a";
pub const SOFT_INK: &str = "#5c5c5c";
const FONT: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

/// A drawing, in pixels from the upper left corner.
pub struct Figure {
    scene: Scene,
}

#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Figure {
    pub(super) fn new(width: f64, height: f64) -> Self {
        let mut scene = Scene::new(width, height);
        scene.font_family = Some(FONT.into());
        scene.text_color = Some(INK.into());
        Self { scene }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.scene.width, self.scene.height)
    }

    /// The figure as an SVG document.
    pub fn to_svg(&self) -> String {
        SvgBackend::new().render_scene(&self.scene)
    }

    /// The figure as a PNG file with `scale` dots per pixel.
    ///
    /// # Errors
    /// The drawing could not be encoded.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>> {
        let drawn = PngBackend::new().with_scale(scale).render_scene(&self.scene);
        drawn.map_err(|message| Error::Input(format!("the figure could not be drawn as PNG: {message}")))
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.scene.add(Primitive::Line {
            x1,
            y1,
            x2,
            y2,
            stroke: ink.into(),
            stroke_width: width,
            stroke_dasharray: None,
        });
    }

    pub(super) fn rectangle(&mut self, corner: (f64, f64), size: (f64, f64), fill: &str) {
        let ((x, y), (width, height)) = (corner, size);
        self.scene.add(Primitive::Rect {
            x,
            y,
            width,
            height,
            fill: fill.into(),
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
    }

    pub(super) fn disc(&mut self, center: (f64, f64), radius: f64, fill: &str, outline: &str, width: f64) {
        let (cx, cy) = center;
        self.scene.add(Primitive::Circle {
            cx,
            cy,
            r: radius,
            fill: fill.into(),
            fill_opacity: None,
            stroke: Some(outline.into()),
            stroke_width: Some(width),
        });
    }

    /// A closed polygon; `fill` may be `none`.
    pub(super) fn polygon(&mut self, corners: &[(f64, f64)], fill: &str, outline: &str, width: f64) {
        let steps: Vec<String> = corners.iter().map(|(x, y)| format!("{x:.2} {y:.2}")).collect();
        let fill = (fill != "none").then(|| Color::from(fill));
        let d = format!("M {} Z", steps.join(" L "));
        let stroke = outline.into();
        let path = PathData { d, fill, stroke, stroke_width: width, opacity: None, stroke_dasharray: None };
        self.scene.add(Primitive::Path(Box::new(path)));
    }

    /// A line through points.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        let path = |piece: Vec<(f64, f64)>| {
            let steps: Vec<String> = piece.iter().map(|(x, y)| format!("{x:.2} {y:.2}")).collect();
            format!("M {}", steps.join(" L "))
        };
        let d =
            stroke.pieces(points).into_iter().filter(|piece| piece.len() > 1).map(path).collect::<Vec<_>>().join(" ");
        if d.is_empty() {
            return;
        }
        let path = PathData {
            d,
            fill: None,
            stroke: stroke.color.as_str().into(),
            stroke_width: stroke.width,
            opacity: None,
            stroke_dasharray: None,
        };
        self.scene.add(Primitive::Path(Box::new(path)));
    }

    /// Text whose baseline starts, ends or is centred at a point.
    pub(super) fn text(&mut self, at: (f64, f64), content: &str, size: u32, anchor: Anchor, ink: &str) {
        self.write(at, content, size, anchor, ink, None, false);
    }

    pub(super) fn heading(&mut self, at: (f64, f64), content: &str, size: u32) {
        self.write(at, content, size, Anchor::Start, INK, None, true);
    }

    /// Text that runs upwards, centred at a point.
    pub(super) fn upright(&mut self, at: (f64, f64), content: &str, size: u32) {
        self.write(at, content, size, Anchor::Middle, INK, Some(-90.0), false);
    }

    #[allow(clippy::too_many_arguments)]
    fn write(
        &mut self,
        at: (f64, f64),
        content: &str,
        size: u32,
        anchor: Anchor,
        ink: &str,
        rotate: Option<f64>,
        bold: bool,
    ) {
        if content.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => TextAnchor::Start,
            Anchor::Middle => TextAnchor::Middle,
            Anchor::End => TextAnchor::End,
        };
        let (x, y) = at;
        let color = Some(ink.into());
        self.scene.add(Primitive::Text { x, y, content: content.into(), size, anchor, rotate, bold, color });
    }

    /// A horizontal axis below `y`, with ticks and a title.
    pub(super) fn axis_below(&mut self, scale: &Scale, y: f64, n_ticks: usize, title: &str) {
        self.line((scale.start, y), (scale.end, y), INK, 1.0);
        for (value, label) in scale.ticks(n_ticks) {
            let x = scale.place(value);
            self.line((x, y), (x, y + tick_length(&label)), INK, 1.0);
            self.text((x, y + 19.0), &label, TICK, Anchor::Middle, INK);
        }
        let size = fitting(title, (scale.end - scale.start).abs());
        self.text((0.5 * (scale.start + scale.end), y + 42.0), title, size, Anchor::Middle, INK);
    }

    /// A vertical axis left of `x`, with ticks and a title.
    pub(super) fn axis_left(&mut self, scale: &Scale, x: f64, n_ticks: usize, title: &str) {
        self.line((x, scale.start), (x, scale.end), INK, 1.0);
        let mut widest = 0.0f64;
        for (value, label) in scale.ticks(n_ticks) {
            let y = scale.place(value);
            self.line((x - tick_length(&label), y), (x, y), INK, 1.0);
            self.text((x - 9.0, y + 4.5), &label, TICK, Anchor::End, INK);
            widest = widest.max(text::width(&label, TICK));
        }
        let size = fitting(title, (scale.end - scale.start).abs());
        self.upright((x - 24.0 - widest, 0.5 * (scale.start + scale.end)), title, size);
    }

    /// A vertical axis right of `x`, with ticks and a title.
    pub(super) fn axis_right(&mut self, scale: &Scale, x: f64, n_ticks: usize, title: &str) {
        self.line((x, scale.start), (x, scale.end), INK, 1.0);
        let mut widest = 0.0f64;
        for (value, label) in scale.ticks(n_ticks) {
            let y = scale.place(value);
            self.line((x, y), (x + tick_length(&label), y), INK, 1.0);
            self.text((x + 9.0, y + 4.5), &label, TICK, Anchor::Start, INK);
            widest = widest.max(text::width(&label, TICK));
        }
        let size = fitting(title, (scale.end - scale.start).abs());
        self.upright((x + 32.0 + widest, 0.5 * (scale.start + scale.end)), title, size);
    }
}

/// Size of the numbers at axes.
const TICK: u32 = 13;

/// Ticks without a number are shorter.
fn tick_length(label: &str) -> f64 {
    if label.is_empty() { 3.0 } else { 5.0 }
}

/// The size at which an axis' title is no longer than the axis, where that can be read.
fn fitting(title: &str, length: f64) -> u32 {
    (12..=14).rev().find(|size| text::width(title, *size) <= length).unwrap_or(12)
}

/// Colours from dark violet (0) to yellow (1), even to the eye and safe for the colour-blind.
pub fn viridis(share: f64) -> String {
    ColorMap::Viridis.map(share)
}

/// Black or white, whichever stands out on that colour of [`viridis`].
pub fn contrasting(share: f64) -> &'static str {
    // Where the luminance of the colour is 0.179, both have the contrast 4.58 (WCAG 2.2, relative luminance).
    if share > 0.44 { "#000000" } else { "#ffffff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: &str) -> f64 {
        let digits: Vec<f64> = match color.strip_prefix('#') {
            Some(hex) => (0..3).map(|i| f64::from(u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())).collect(),
            None => color
                .trim_matches(|c: char| !c.is_ascii_digit())
                .split(',')
                .map(|d| d.trim().parse().unwrap())
                .collect(),
        };
        let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        [0.2126, 0.7152, 0.0722].iter().zip(digits).map(|(weight, c)| weight * linear(c / 255.0)).sum()
    }

    #[test]
    fn ink_stands_out_on_every_colour() {
        for i in 0..=100 {
            let share = f64::from(i) / 100.0;
            let (a, b) = (luminance(&viridis(share)), luminance(contrasting(share)));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{share}: {contrast}");
        }
    }
}
