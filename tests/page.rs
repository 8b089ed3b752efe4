//! Reports: what anyone can read, with or without eyes, network and style.

use std::collections::HashSet;

use ionscape::page::{Block, Column, Fact, Page, PageFigure, STYLE, Section, Table};
use ionscape::plot::{
    Bar, BarPanel, CurvePanel, DensityCurve, Figure, HeatMap, NamedCurve, ScatterGroup, ScatterPanel, ScatterPoint,
    bars, curves, heat, scatter,
};

const NASTY: &str = "runs/<b>\"a\" & 'b'</b>/dump.lammpstrj";

fn figure(drawing: Figure) -> PageFigure {
    PageFigure {
        drawings: vec![drawing],
        name: NASTY.into(),
        description: "It falls.".into(),
        caption: "A caption.".into(),
    }
}

fn curve(name: &str) -> Figure {
    let points = (1..100).map(|i| f64::from(i) * 0.1).map(|x| (x, (-x).exp(), 0.05)).collect();
    let curves_of =
        vec![NamedCurve::new(name, points), NamedCurve::null("shuffled", vec![(0.0, 0.0, 0.1), (9.0, 0.0, 0.1)])];
    curves(&[CurvePanel { title: name.into(), curves: curves_of, ..Default::default() }])
}

fn map() -> Figure {
    let values = vec![vec![Some((0.5, 0.1)); 40]; 40];
    let names = |word: &str| (0..40).map(|i| format!("{word}{i}")).collect();
    heat(&HeatMap { rows: names("r"), columns: names("c"), values, ..Default::default() })
}

fn cloud() -> Figure {
    let point = |i: i32| ScatterPoint { x: (f64::from(i), 1.0), y: (f64::from(i * i), 2.0) };
    let group = ScatterGroup { name: NASTY.into(), points: (0..64).map(point).collect(), line: Vec::new() };
    scatter(&[ScatterPanel { groups: vec![group], ..Default::default() }])
}

fn distribution() -> Figure {
    let bar =
        |i: i32| Bar { low: f64::from(i), high: f64::from(i + 1), value: 1.0 / (1.0 + f64::from(i)), error: 0.01 };
    let density = DensityCurve { name: "normal".into(), points: vec![(0.0, 1.0), (60.0, 0.0)] };
    bars(&[BarPanel { bars: (0..60).map(bar).collect(), curves: vec![density], ..Default::default() }])
}

fn sample() -> String {
    let columns = vec![Column::words("system"), Column::numbers("\u{39b}", "lj units")];
    let table = |caption: &str| Table::new(caption, columns.clone(), vec![vec![NASTY.into(), "0.79".into()]]).unwrap();
    let sections = vec![
        Section::new("Field")
            .paragraph(NASTY)
            .figure(figure(curve("like")))
            .figure(figure(curve("like")))
            .with(Block::Subheading("Field".into()))
            .figure(figure(map())),
        Section::new("Figure 1").warning(NASTY).table(table(NASTY)).table(table("again")).figure(figure(cloud())),
        Section::new("Field").figure(PageFigure { drawings: vec![distribution(), curve(NASTY)], ..figure(cloud()) }),
        Section::new("Provenance").facts(vec![Fact::new("dump", NASTY), Fact::verbatim("command", NASTY)]).note("ok"),
    ];
    Page { title: NASTY.into(), lead: NASTY.into(), sections }.to_html()
}

/// What stands in an attribute, wherever it does.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!(" {name}=\"");
    html.split(pattern.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn all_text_is_escaped() {
    let html = sample();
    assert!(!html.contains("<b>\"") && !html.contains("\"a\" &"));
    assert!(html.matches("&lt;b&gt;").count() > 15);
    assert!(html.contains("<title>runs/&lt;b&gt;"));
}

#[test]
fn names_are_unique_and_links_lead_somewhere() {
    let html = sample();
    let ids = attribute(&html, "id");
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    for target in attribute(&html, "href") {
        assert!(target.strip_prefix('#').is_some_and(|id| unique.contains(id)), "{target}");
    }
    for names in attribute(&html, "aria-labelledby") {
        assert!(names.split(' ').all(|id| unique.contains(id)), "{names}");
    }
}

#[test]
fn every_figure_is_named_and_described() {
    let html = sample();
    let drawings: Vec<&str> = html.split("<svg ").skip(1).collect();
    assert_eq!(drawings.len(), 6);
    for drawing in drawings {
        let (tag, inside) = drawing.split_once('>').unwrap();
        let id = attribute(tag, "aria-labelledby")[0].split('-').take(2).collect::<Vec<_>>().join("-");
        assert!(tag.contains("role=\"img\"") && tag.contains("viewBox=\"0 0 "), "{tag}");
        assert!(inside.starts_with(&format!("<title id=\"{id}")) && inside.contains("<desc id=\""), "{id}");
    }
}

#[test]
fn the_page_stands_alone() {
    let html = sample();
    let foreign = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for reference in ["http://", "https://", "<script", "<link", "<img", "@import", "url(", "src=\"", "@font-face"] {
        assert!(!foreign.contains(reference), "{reference}");
    }
    assert!(html.contains("default-src 'none'"));
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
}

#[test]
fn headings_go_down_one_step_at_a_time() {
    let html = sample();
    let levels: Vec<u32> = html
        .match_indices("<h")
        .filter_map(|(at, _)| html[at + 2..].chars().next().and_then(|c| c.to_digit(10)))
        .collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn language_width_and_the_scope_of_headers_are_said() {
    let html = sample();
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert!(html.contains("name=\"viewport\" content=\"width=device-width, initial-scale=1\""));
    let (headers, scopes) = (html.matches("<th ").count(), attribute(&html, "scope"));
    assert_eq!((headers, scopes.len()), (6, 6));
    assert!(html.contains("<td class=\"number\">0.79</td>"));
}

#[test]
fn the_same_page_every_time() {
    assert_eq!(sample(), sample());
}

/// Relative luminance of `#rrggbb` (WCAG 2.2).
fn luminance(color: &str) -> f64 {
    let channel = |i: usize| f64::from(u8::from_str_radix(&color[i..i + 2], 16).unwrap()) / 255.0;
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    0.2126 * linear(channel(1)) + 0.7152 * linear(channel(3)) + 0.0722 * linear(channel(5))
}

/// Contrast ratio (WCAG 2.2, success criterion 1.4.3).
fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Value of a colour that the style sheet names.
fn named(name: &str) -> &'static str {
    let (_, rest) = STYLE.split_once(&format!("--{name}: ")).unwrap();
    rest.split(';').next().unwrap()
}

/// The colours that declarations of one property use.
fn used(property: &str) -> HashSet<&'static str> {
    let declarations = STYLE.split(|c| "{;}".contains(c)).map(str::trim);
    let values = declarations.filter_map(|d| d.strip_prefix(property)?.strip_prefix(": var(--")?.strip_suffix(')'));
    values.collect()
}

#[test]
fn contrast_is_that_of_the_standard() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
    // The lightest grey that passes on white, and the darkest that does not.
    assert!(contrast("#767676", "#ffffff") >= 4.5 && contrast("#777777", "#ffffff") < 4.5);
}

#[test]
fn text_stands_out_on_every_ground() {
    let (inks, grounds) = (used("color"), used("background"));
    assert_eq!((inks.len(), grounds.len()), (3, 4), "{inks:?} {grounds:?}");
    for (ink, ground) in inks.iter().flat_map(|ink| grounds.iter().map(move |ground| (ink, ground))) {
        let ratio = contrast(named(ink), named(ground));
        let least = if *ink == "ink" { 7.0 } else { 4.5 };
        assert!(ratio >= least, "--{ink} on --{ground}: {ratio:.2}");
    }
    let rules = STYLE.split_once('}').unwrap().1;
    let literal = rules.match_indices('#').find(|(at, _)| rules[at + 1..].starts_with(|c: char| c.is_ascii_hexdigit()));
    assert!(literal.is_none(), "a colour without a name, which no test sees");
}

#[test]
fn text_of_figures_stands_out_on_white() {
    for drawing in [curve("like"), cloud(), distribution()] {
        for text in drawing.to_svg().split("<text ").skip(1) {
            let ink = attribute(text, "fill")[0];
            assert!(contrast(ink, "#ffffff") >= 4.5, "{ink}");
        }
    }
}
