//! How each piece of a section is written.

use maud::{Markup, PreEscaped, html};

use super::ids::Ids;
use super::{Block, Fact, Notice, NoticeKind, PageFigure, Section, Table, drawing};
use crate::plot::Figure;

/// Below this share of its size, the words of a drawing can hardly be read: narrower screens move along it instead.
const LEAST_SCALE: f64 = 0.72;

/// Room for a drawing on the narrowest screens that are thought of, of 400 pixels.
const NARROW: f64 = 368.0;

/// How many figures and tables there were.
#[derive(Default)]
pub struct Numbers {
    figures: usize,
    tables: usize,
}

impl Section {
    pub(super) fn render(&self, anchor: &str, ids: &mut Ids, numbers: &mut Numbers) -> Markup {
        html! {
            section aria-labelledby=(anchor) {
                h2 id=(anchor) { (self.heading) }
                @for block in &self.blocks { (block.render(ids, numbers)) }
            }
        }
    }
}

impl Block {
    fn render(&self, ids: &mut Ids, numbers: &mut Numbers) -> Markup {
        match self {
            Self::Paragraph(text) => html! { p { (text) } },
            Self::Subheading(text) => html! { h3 id=(ids.unique(text)) { (text) } },
            Self::List(items) => html! { ul { @for item in items { li { (item) } } } },
            Self::Figure(figure) => figure.render(ids, numbers),
            Self::Table(table) => table.render(ids, numbers),
            Self::Facts(facts) => html! { dl { @for fact in facts { (fact.render()) } } },
            Self::Notice(notice) => notice.render(),
        }
    }
}

impl PageFigure {
    fn render(&self, ids: &mut Ids, numbers: &mut Numbers) -> Markup {
        numbers.figures += 1;
        let id = ids.unique(&format!("figure {}", numbers.figures));
        let name = |i: usize| match self.drawings.len() {
            1 => self.name.clone(),
            n => format!("{} ({} of {n})", self.name, i + 1),
        };
        html! {
            figure id=(id) {
                div.drawings {
                    @for (i, drawing) in self.drawings.iter().enumerate() {
                        (frame(drawing, &ids.unique(&format!("{id} drawing")), &name(i), &self.description))
                    }
                }
                figcaption { b { "Figure " (numbers.figures) ". " } (self.caption) }
            }
        }
    }
}

/// A drawing in a box within which a narrow screen moves along it, if need be.
fn frame(figure: &Figure, id: &str, name: &str, description: &str) -> Markup {
    let (width, height) = figure.size();
    let least = (LEAST_SCALE * width).floor();
    // The share of height to width keeps a tall drawing on one sheet of paper.
    let style = format!("--width:{width}px;--least:{least}px;--tall:{:.3}", height / width);
    let svg = PreEscaped(drawing::inline(figure, id, name, description));
    html! {
        @if least > NARROW {
            div.across.wide style=(style) role="region" tabindex="0" aria-label=(name) { (svg) }
        } @else {
            div.across style=(style) { (svg) }
        }
    }
}

impl Table {
    fn render(&self, ids: &mut Ids, numbers: &mut Numbers) -> Markup {
        numbers.tables += 1;
        let id = ids.unique(&format!("table {}", numbers.tables));
        let caption = format!("{id}-caption");
        let class = |i: usize| self.columns[i].numbers.then_some("number");
        html! {
            div.across role="region" tabindex="0" aria-labelledby=(caption) {
                table id=(id) {
                    caption id=(caption) { b { "Table " (numbers.tables) ". " } (self.caption) }
                    thead {
                        tr {
                            @for (i, column) in self.columns.iter().enumerate() {
                                th scope="col" class=[class(i)] {
                                    (column.title)
                                    @if !column.unit.is_empty() { " " span.unit { "(" (column.unit) ")" } }
                                }
                            }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (i, cell) in row.iter().enumerate() {
                                    @if i == 0 { th scope="row" class=[class(i)] { (cell) } }
                                    @else { td class=[class(i)] { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Fact {
    fn render(&self) -> Markup {
        html! {
            div {
                dt { (self.name) }
                dd { @if self.verbatim { code { (self.value) } } @else { (self.value) } }
            }
        }
    }
}

impl Notice {
    fn render(&self) -> Markup {
        let (class, word) = match self.kind {
            NoticeKind::Note => ("notice", "Note"),
            NoticeKind::Warning => ("notice warning", "Warning"),
        };
        html! { div class=(class) role="note" { p { b { (word) ". " } (self.text) } } }
    }
}
