//! Round ticks on a linear axis.

/// A linear map from values to places on the page.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    /// Place of `low`.
    pub start: f64,
    /// Place of `high`.
    pub end: f64,
}

impl Scale {
    /// Where a value stands on the page.
    pub fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Round numbers within the range, about `n` of them, each with its label.
    pub fn ticks(&self, n: usize) -> Vec<(f64, String)> {
        let step = round_step((self.high - self.low) / n.max(1) as f64);
        let slack = 1e-9 * step;
        let (first, last) = (((self.low - slack) / step).ceil() as i64, ((self.high + slack) / step).floor() as i64);
        (first..=last).map(|i| (i as f64 * step, label(i as f64 * step, step))).collect()
    }
}

/// The number of the form 1, 2 or 5 times a power of ten that is nearest above `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= step * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

fn label(value: f64, step: f64) -> String {
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    if value.abs() >= 1e6 || decimals > 5 {
        return format!("{value:.0e}");
    }
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, n: usize) -> Vec<String> {
        Scale { low, high, start: 0.0, end: 1.0 }.ticks(n).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 21.54, 5), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(0.62, 0.91, 5), ["0.7", "0.8", "0.9"]);
        assert_eq!(labels(0.62, 0.83, 5), ["0.65", "0.70", "0.75", "0.80"]);
        assert_eq!(labels(-0.5, 0.5, 4), ["\u{2212}0.5", "0.0", "0.5"]);
    }

    #[test]
    fn places_are_linear_either_way() {
        let downwards = Scale { low: 1.0, high: 3.0, start: 100.0, end: 20.0 };
        assert_eq!((downwards.place(1.0), downwards.place(2.0), downwards.place(3.0)), (100.0, 60.0, 20.0));
    }
}
