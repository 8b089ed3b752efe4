//! Names of places within a page, each once.

use std::collections::HashSet;

/// The names that were given.
pub struct Ids {
    taken: HashSet<String>,
}

impl Default for Ids {
    fn default() -> Self {
        // The heading above the list of sections.
        Self { taken: HashSet::from(["contents".to_string()]) }
    }
}

impl Ids {
    /// A name made of the letters and digits of `words`, with a number behind it where it is taken.
    pub fn unique(&mut self, words: &str) -> String {
        let plain: String =
            words.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
        let joined = plain.split_whitespace().collect::<Vec<_>>().join("-");
        let stem = if joined.is_empty() { "section".to_string() } else { joined };
        let numbered = (2..).map(|n| format!("{stem}-{n}"));
        let free = std::iter::once(stem.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(stem);
        self.taken.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_never_given_twice() {
        let mut ids = Ids::default();
        let names = ["Do neighbours conduct alike?", "do neighbours conduct alike", "\u{3bb}", "Contents"];
        let given = names.map(|words| ids.unique(words));
        assert_eq!(given, ["do-neighbours-conduct-alike", "do-neighbours-conduct-alike-2", "section", "contents-2"]);
    }
}
