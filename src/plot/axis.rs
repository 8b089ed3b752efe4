//! Linear and logarithmic axes with round ticks.

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AxisScale {
    #[default]
    Linear,
    /// Equal factors take equal room; values that are not positive have no place.
    Logarithmic,
}

impl AxisScale {
    /// Whether a value has a place on such an axis.
    pub(super) fn admits(self, value: f64) -> bool {
        value.is_finite() && (self == Self::Linear || value > 0.0)
    }
}

/// A map from values to places on the page.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    /// Place of `low`.
    pub start: f64,
    /// Place of `high`.
    pub end: f64,
    kind: AxisScale,
}

/// A place on an axis; small ones between the decades carry no label.
pub type Tick = (f64, String);

impl Scale {
    /// A linear map of `(low, high)` to `(start, end)`.
    pub fn linear(values: (f64, f64), places: (f64, f64)) -> Self {
        Self { low: values.0, high: values.1, start: places.0, end: places.1, kind: AxisScale::Linear }
    }

    /// A map of either kind; that of a logarithmic one needs `0 < low < high`.
    pub fn new(kind: AxisScale, values: (f64, f64), places: (f64, f64)) -> Self {
        Self { kind, ..Self::linear(values, places) }
    }

    /// The range of an axis around `values`, with some room at both ends; all of one value get some room too.
    ///
    /// Values that the axis does not admit are passed over; where none is left, the range is 0 to 1 or 0.1 to 1.
    pub fn range(kind: AxisScale, values: impl Iterator<Item = f64>, room: f64) -> (f64, f64) {
        let bounds = values
            .filter(|value| kind.admits(*value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        match kind {
            AxisScale::Linear => {
                let (low, high) = if bounds.0 <= bounds.1 { bounds } else { (0.0, 1.0) };
                let largest = high.abs().max(low.abs());
                // Values that differ by rounding alone are one, whose axis has ticks that can be told apart.
                let margin = match high - low > 1e-9 * largest {
                    true => room * (high - low),
                    false if largest > 0.0 => 0.1 * largest,
                    false => 0.5,
                };
                let margin = margin.max(1e-12 * largest);
                (low - margin, high + margin)
            }
            AxisScale::Logarithmic => {
                let (low, high) = if bounds.0 <= bounds.1 { bounds } else { (0.1, 1.0) };
                let margin = (room * (high / low).ln()).max(0.05).exp();
                (low / margin, high * margin)
            }
        }
    }

    /// Where a value stands on the page.
    pub fn place(&self, value: f64) -> f64 {
        let share = match self.kind {
            AxisScale::Linear => (value - self.low) / (self.high - self.low),
            AxisScale::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.start + share * (self.end - self.start)
    }

    /// Where a value stands, or the nearest end of the axis for those beyond it.
    pub fn place_within(&self, value: f64) -> f64 {
        self.place(value.clamp(self.low, self.high))
    }

    /// Round numbers within the range, about `n` of them with a label.
    pub fn ticks(&self, n: usize) -> Vec<Tick> {
        match self.kind {
            AxisScale::Linear => self.even_ticks(n),
            AxisScale::Logarithmic => self.decade_ticks(n),
        }
    }

    fn even_ticks(&self, n: usize) -> Vec<Tick> {
        let step = round_step((self.high - self.low) / n.max(1) as f64);
        let slack = 1e-9 * step;
        let (first, last) = (((self.low - slack) / step).ceil() as i64, ((self.high + slack) / step).floor() as i64);
        let largest = self.low.abs().max(self.high.abs());
        (first..=last).map(|i| (i as f64 * step, label(i as f64 * step, step, largest))).collect()
    }

    fn decade_ticks(&self, n: usize) -> Vec<Tick> {
        let slack = 1.0 + 1e-9;
        let within = |value: f64| value * slack >= self.low && value <= self.high * slack;
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let multiples =
            decades.clone().flat_map(|power| (1..10).map(move |m| (f64::from(m) * 10f64.powi(power), m, power)));
        let n_decades = decades.filter(|power| within(10f64.powi(*power))).count();
        let apart = n_decades.div_ceil(n.max(1)).max(1) as i32;
        let labelled = |m: i32, power: i32| match n_decades {
            // Within a decade or so, powers of ten alone would leave the axis without a number.
            0..=2 => [1, 2, 5].contains(&m),
            _ => m == 1 && power.rem_euclid(apart) == 0,
        };
        let plain = self.low * slack >= 1e-3 && self.high <= 1e4 * slack;
        let ticks: Vec<Tick> = multiples
            .filter(|(value, ..)| within(*value))
            .map(|(value, m, power)| {
                (value, if labelled(m, power) { power_label(m, power, plain) } else { String::new() })
            })
            .collect();
        let enough = ticks.iter().filter(|(_, label)| !label.is_empty()).count() >= 2;
        if enough { ticks } else { self.even_ticks(n.min(4)) }
    }
}

/// The number of the form 1, 2 or 5 times a power of ten that is nearest above `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= step * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// A multiple of `step`, in one notation for all ticks of an axis that reaches to `largest`.
fn label(value: f64, step: f64, largest: f64) -> String {
    let decimals = |step: f64| (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    if largest < 1e6 && decimals(step) <= 5 {
        return minus(format!("{value:.*}", decimals(step)));
    }
    let power = (largest.log10() + 1e-9).floor() as i32;
    if value == 0.0 {
        return "0".into();
    }
    let unit = 10f64.powi(power);
    minus(format!("{:.*}\u{00d7}{}", decimals(step / unit), value / unit, power_of_ten(power)))
}

fn power_label(multiple: i32, power: i32, plain: bool) -> String {
    if plain || (0..=1).contains(&power) {
        return format!("{:.*}", (-power).max(0) as usize, f64::from(multiple) * 10f64.powi(power));
    }
    let power = power_of_ten(power);
    if multiple == 1 { power } else { format!("{multiple}\u{00d7}{power}") }
}

/// `10⁻³`.
fn power_of_ten(power: i32) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = power.to_string();
    let raised = digits.chars().map(|c| c.to_digit(10).map_or('⁻', |digit| RAISED[digit as usize]));
    std::iter::once("10".to_string()).chain(raised.map(String::from)).collect()
}

fn minus(number: String) -> String {
    number.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, n: usize) -> Vec<String> {
        Scale::linear((low, high), (0.0, 1.0)).ticks(n).into_iter().map(|(_, label)| label).collect()
    }

    fn decades(low: f64, high: f64, n: usize) -> Vec<String> {
        let ticks = Scale::new(AxisScale::Logarithmic, (low, high), (0.0, 1.0)).ticks(n);
        ticks.into_iter().map(|(_, label)| label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 21.54, 5), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(0.62, 0.91, 5), ["0.7", "0.8", "0.9"]);
        assert_eq!(labels(0.62, 0.83, 5), ["0.65", "0.70", "0.75", "0.80"]);
        assert_eq!(labels(-0.5, 0.5, 4), ["\u{2212}0.5", "0.0", "0.5"]);
    }

    #[test]
    fn large_and_small_numbers_share_one_power() {
        assert_eq!(labels(0.0, 2e6, 4), ["0", "0.5×10⁶", "1.0×10⁶", "1.5×10⁶", "2.0×10⁶"]);
        assert_eq!(labels(-2e-7, 2e-7, 2), ["\u{2212}2×10⁻⁷", "0", "2×10⁻⁷"]);
    }

    #[test]
    fn decades_are_labelled_and_their_multiples_where_there_are_few() {
        assert_eq!(decades(0.008, 2000.0, 6), ["0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(decades(1e-8, 1e4, 5), ["10⁻⁶", "10⁻³", "1", "10³"]);
        assert_eq!(decades(0.3, 4.0, 5), ["0.5", "1", "2"]);
        assert_eq!(decades(2.1, 2.9, 5), ["2.2", "2.4", "2.6", "2.8"]);
    }

    #[test]
    fn places_are_linear_either_way() {
        let downwards = Scale::linear((1.0, 3.0), (100.0, 20.0));
        assert_eq!((downwards.place(1.0), downwards.place(2.0), downwards.place(3.0)), (100.0, 60.0, 20.0));
    }

    #[test]
    fn equal_factors_take_equal_room() {
        let scale = Scale::new(AxisScale::Logarithmic, (0.1, 1000.0), (0.0, 40.0));
        for (value, place) in [(0.1, 0.0), (1.0, 10.0), (10.0, 20.0), (1000.0, 40.0)] {
            assert!((scale.place(value) - place).abs() < 1e-12, "{value}");
        }
        assert_eq!(scale.place_within(1e9), 40.0);
    }

    #[test]
    fn one_value_has_an_axis_whose_ticks_can_be_read() {
        for value in [0.0, 100.0, -3e-7] {
            let range = Scale::range(AxisScale::Linear, [value, value * (1.0 + 1e-15)].into_iter(), 0.06);
            let ticks = labels(range.0, range.1, 5);
            assert!(ticks.len() > 1 && ticks.iter().all(|tick| tick.chars().count() < 10), "{value}: {ticks:?}");
        }
    }

    #[test]
    fn a_range_holds_its_values_and_is_never_empty() {
        for kind in [AxisScale::Linear, AxisScale::Logarithmic] {
            for values in [vec![], vec![0.7], vec![2.0, f64::NAN, 5.0], vec![-1.0, 3.0]] {
                let (low, high) = Scale::range(kind, values.iter().copied(), 0.05);
                assert!(low < high && (kind == AxisScale::Linear || low > 0.0), "{kind:?} {values:?}");
                assert!(values.iter().filter(|v| kind.admits(**v)).all(|v| low < *v && *v < high));
            }
        }
    }
}
