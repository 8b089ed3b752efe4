//! How much room text takes, so that it is broken into lines before it runs into something.

/// Advances of the characters from space to `~` in DejaVu Sans, in 1/2048 of the size.
#[rustfmt::skip]
const ADVANCES: [u16; 95] = [
    651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303, 1303, 1303,
    1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577, 1294, 1178, 1587,
    1540, 604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403, 1251, 1403, 799,
    690, 799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298, 569, 569, 1186, 569, 1995, 1298, 1253,
    1300, 1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
];

/// No other character of labels is wider: those of mathematical signs.
const OTHERS: f64 = 1716.0;

/// What bold letters take over regular ones, at most for a whole word.
const BOLD: f64 = 1.14;

/// Width of a line of text in pixels, or a little more for characters outside ASCII.
pub fn width(text: &str, size: u32) -> f64 {
    let advance =
        |c: char| (c as usize).checked_sub(32).and_then(|i| ADVANCES.get(i)).map_or(OTHERS, |a| f64::from(*a));
    text.chars().map(advance).sum::<f64>() * f64::from(size) / 2048.0
}

/// Width of a line in bold.
pub fn bold_width(text: &str, size: u32) -> f64 {
    BOLD * width(text, size)
}

/// Breaks text between words into lines of at most `limit` pixels; a longer word has a line of its own.
pub fn wrap(text: &str, limit: f64, width: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}")) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // 1300 + 1253 + 1298 units of 1/2048.
        assert!((width("bon", 16) - 3851.0 / 128.0).abs() < 1e-12);
        assert!(width("\u{03bb}", 10) >= 1212.0 / 204.8);
    }

    #[test]
    fn lines_keep_to_the_limit() {
        let measure = |text: &str| width(text, 13);
        let lines = wrap("how many ions there are at a distance, over an even spread", 150.0, measure);
        assert!(lines.len() > 2 && lines.iter().all(|line| measure(line) <= 150.0), "{lines:?}");
        assert_eq!(lines.join(" "), "how many ions there are at a distance, over an even spread");
        assert_eq!(wrap("unbreakable", 5.0, measure), ["unbreakable"]);
    }
}
