//! Figures within a page.

use crate::plot::Figure;

/// A figure as an element of a page, named for those who cannot see it; `id` is its own within the page.
pub fn inline(figure: &Figure, id: &str, name: &str, description: &str) -> String {
    let (width, height) = figure.size();
    let svg = figure.to_svg();
    let (head, rest) = svg.split_once('>').unwrap_or((svg.as_str(), ""));
    let attributes = head.trim_start_matches("<svg");
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-name {id}-description\"{attributes}>\
         <title id=\"{id}-name\">{}</title><desc id=\"{id}-description\">{}</desc>{}",
        escaped(name),
        escaped(description),
        own_ids(rest, id)
    )
}

fn escaped(text: &str) -> String {
    maud::html! { (text) }.into_string()
}

/// Names within the drawing, and what refers to them, made the figure's own: several share a page.
fn own_ids(svg: &str, id: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    // Text is escaped, so that `<` begins a tag and `>` ends it.
    for piece in svg.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        out.push_str(text);
        if tag.contains('#') || tag.contains(" id=\"") {
            let tag = tag.replace(" id=\"", &format!(" id=\"{id}-"));
            let tag = tag.replace("url(#", &format!("url(#{id}-"));
            out.push_str(&tag.replace("href=\"#", &format!("href=\"#{id}-")));
        } else {
            out.push_str(tag);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_refers_to_them_change_together() {
        let svg = "<g id=\"a\"/><g clip-path=\"url(#a)\"/><use xlink:href=\"#a\"/><text fill=\"#a\">url(#a)</text>";
        let own =
            "<g id=\"f-a\"/><g clip-path=\"url(#f-a)\"/><use xlink:href=\"#f-a\"/><text fill=\"#a\">url(#a)</text>";
        assert_eq!(own_ids(svg, "f"), own);
    }
}
