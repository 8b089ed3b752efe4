//! Numbers in sentences.

/// A value to the second digit of its error, as in `0.742 ± 0.011`.
pub fn with_error(value: f64, error: Option<f64>) -> String {
    match error.filter(|e| e.is_finite() && *e > 0.0) {
        Some(error) => {
            let decimals = (1.0 - error.log10().floor()).clamp(0.0, 12.0) as usize;
            format!("{value:.decimals$} \u{b1} {error:.decimals$}")
        }
        None => format!("{value:.4}"),
    }
}

/// The same of a value that may be absent.
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
        assert_eq!(with_error(12.3, None), "12.3000");
        assert_eq!(percent((0.1234, Some(0.005))), "12.34 \u{b1} 0.50 %");
        assert_eq!(optional((None, None)), "\u{2013}");
        assert!(is_clear(-0.4, Some(0.1)) && !is_clear(0.2, Some(0.1)) && !is_clear(1.0, None));
    }
}
