//! Reports as single HTML files: no network, no script, no file beside them.

mod blocks;
mod drawing;
mod ids;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::plot::Figure;
use ids::Ids;

pub use table::{Column, Table};

/// The rules of how a page looks, on screens and on paper.
pub const STYLE: &str = include_str!("style.css");

/// A report: a title, what it says in short, and sections.
#[derive(Default)]
pub struct Page {
    pub title: String,
    /// One or two sentences below the title.
    pub lead: String,
    pub sections: Vec<Section>,
}

/// What stands below one heading.
#[derive(Default)]
pub struct Section {
    pub heading: String,
    pub blocks: Vec<Block>,
}

/// One piece of a section.
pub enum Block {
    Paragraph(String),
    /// A heading within the section.
    Subheading(String),
    /// Sentences that stand side by side.
    List(Vec<String>),
    Figure(PageFigure),
    Table(Table),
    /// Names and what they stand for.
    Facts(Vec<Fact>),
    Notice(Notice),
}

/// Drawings with words for those who see them and for those who do not.
pub struct PageFigure {
    /// Side by side where there is room, else one below the other: panels are best drawn one by one.
    pub drawings: Vec<Figure>,
    /// Its name in a few words.
    pub name: String,
    /// What it shows, for those who cannot see it, and what they would conclude.
    pub description: String,
    pub caption: String,
}

/// What something is, such as the hash of a file.
pub struct Fact {
    pub name: String,
    pub value: String,
    /// Whether the value is to be copied: a command, a path, a hash.
    pub verbatim: bool,
}

/// Something that a reader must not miss.
pub struct Notice {
    pub kind: NoticeKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Note,
    Warning,
}

impl Fact {
    /// A fact in words.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), verbatim: false }
    }

    /// A command, a path, a hash: to be copied as it stands.
    pub fn verbatim(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { verbatim: true, ..Self::new(name, value) }
    }
}

impl Section {
    /// A section without content, to which the methods below add in order.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), blocks: Vec::new() }
    }

    /// The section with one more block below the others.
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// The same with a paragraph.
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Block::Paragraph(text.into()))
    }

    /// The same with a figure.
    pub fn figure(self, figure: PageFigure) -> Self {
        self.with(Block::Figure(figure))
    }

    /// The same with a table.
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// The same with facts, a row each.
    pub fn facts(self, facts: Vec<Fact>) -> Self {
        self.with(Block::Facts(facts))
    }

    /// The same with a note, set apart from paragraphs.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.with(Block::Notice(Notice { kind: NoticeKind::Note, text: text.into() }))
    }

    /// The same with a warning.
    pub fn warning(self, text: impl Into<String>) -> Self {
        self.with(Block::Notice(Notice { kind: NoticeKind::Warning, text: text.into() }))
    }
}

impl Page {
    /// The page as one HTML file.
    ///
    /// Figures and tables are numbered in the order in which they stand. The same page gives the same file. All text
    /// is escaped; the file refers to nothing outside itself and forbids the browser to fetch anything.
    pub fn to_html(&self) -> String {
        let mut ids = Ids::default();
        let anchors: Vec<String> = self.sections.iter().map(|section| ids.unique(&section.heading)).collect();
        let mut numbers = blocks::Numbers::default();
        let sections: Vec<Markup> = self
            .sections
            .iter()
            .zip(&anchors)
            .map(|(section, anchor)| section.render(anchor, &mut ids, &mut numbers))
            .collect();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (self.title) }
                        @if !self.lead.is_empty() { p.lead { (self.lead) } }
                    }
                    @if self.sections.len() > 1 { (self.contents(&anchors)) }
                    main { @for section in &sections { (section) } }
                }
            }
        };
        page.into_string()
    }

    fn contents(&self, anchors: &[String]) -> Markup {
        html! {
            nav aria-labelledby="contents" {
                h2 id="contents" { "Contents" }
                ol {
                    @for (section, anchor) in self.sections.iter().zip(anchors) {
                        li { a href={ "#" (anchor) } { (section.heading) } }
                    }
                }
            }
        }
    }
}
