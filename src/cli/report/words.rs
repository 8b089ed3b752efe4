//! Numbers in sentences.

use crate::results;

/// Below this numbers are written with a power of ten.
const SMALL: f64 = 1e-4;

/// A value to the second digit of its error, as in `0.742 ± 0.011`, and to three digits where it has none.
pub fn with_error(value: f64, error: Option<f64>) -> String {
    let size = value.abs().max(error.unwrap_or(0.0));
    if size > 0.0 && size < SMALL {
        let power = size.log10().floor() as i32;
        let by = |x: f64| x / 10f64.powi(power);
        let (open, close) = if error.is_some_and(|e| e > 0.0) { ("(", ")") } else { ("", "") };
        return format!("{open}{}{close}e{power}", with_error(by(value), error.map(by)));
    }
    match error.filter(|e| e.is_finite() && *e > 0.0) {
        Some(error) => {
            let decimals = (1.0 - error.log10().floor()).clamp(0.0, 12.0) as usize;
            format!("{} \u{b1} {error:.decimals$}", number(value, decimals))
        }
        None if value == 0.0 => "0".into(),
        None => number(value, (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize),
    }
}

/// A value with three decimals, or three digits where that shows more of it.
pub fn rounded(value: f64) -> String {
    if value.abs() < 0.1 { with_error(value, None) } else { number(value, 3) }
}

/// A value with so many decimals.
pub fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{value:.decimals$}");
    match digits.strip_prefix('-') {
        Some(zero) if !zero.contains(|c: char| ('1'..='9').contains(&c)) => zero.into(),
        Some(digits) => format!("\u{2212}{digits}"),
        None => digits,
    }
}

/// A number of things, its thousands apart.
pub fn count(n: f64) -> String {
    let digits = results::count(n);
    let whole = digits.find('.').unwrap_or(digits.len());
    let apart = |(i, digit): (usize, char)| {
        let comma = (i > 0 && i < whole && (whole - i).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(apart).collect()
}

/// So many frames.
pub fn frames(n: usize) -> String {
    if n == 1 { "one frame".into() } else { format!("{} frames", count(n as f64)) }
}

/// The same sentence with a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A value that may be absent.
pub fn optional((value, error): (Option<f64>, Option<f64>)) -> String {
    value.map_or("\u{2013}".into(), |value| with_error(value, error))
}

/// A share as a percentage.
pub fn percent((share, error): (f64, Option<f64>)) -> String {
    format!("{} %", with_error(100.0 * share, error.map(|e| 100.0 * e)))
}

/// Whether a value is farther from zero than three of its errors.
pub fn is_clear(value: f64, error: Option<f64>) -> bool {
    error.is_some_and(|error| value.abs() > 3.0 * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_as_many_digits_as_their_errors_allow() {
        assert_eq!(with_error(0.74216, Some(0.0114)), "0.742 \u{b1} 0.011");
        assert_eq!(percent((0.1234, Some(0.005))), "12.34 \u{b1} 0.50 %");
        assert_eq!(with_error(-0.0021, Some(0.3)), "0.00 \u{b1} 0.30");
        assert_eq!(optional((None, None)), "\u{2013}");
        assert!(is_clear(-0.4, Some(0.1)) && !is_clear(0.2, Some(0.1)) && !is_clear(1.0, None));
    }

    #[test]
    fn values_without_an_error_have_three_digits() {
        assert_eq!([12.3, -0.16857, 0.0, 99.3333].map(|v| with_error(v, None)), ["12.3", "\u{2212}0.169", "0", "99.3"]);
        assert_eq!(percent((0.0, None)), "0 %");
        assert_eq!(
            [0.5, 12.3456, 0.00123, -4.56e-7, 0.0].map(rounded),
            ["0.500", "12.346", "0.00123", "\u{2212}4.56e-7", "0"]
        );
        assert_eq!(with_error(1.234e-9, Some(5.6e-11)), "(1.234 \u{b1} 0.056)e-9");
    }

    #[test]
    fn numbers_of_things_are_read_in_thousands() {
        assert_eq!([7.0, 39.917, 1201.5, 803392.0].map(count), ["7", "39.92", "1,201.5", "803,392"]);
        assert_eq!([frames(1), frames(1201)], ["one frame", "1,201 frames"]);
    }
}
