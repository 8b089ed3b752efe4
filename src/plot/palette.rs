//! The colours of series.

use kuva::plot::ColorMap;

/// Of lines and points, and of the bands around them; told apart by the colour-blind (M. Okabe and K. Ito, 2002; the
/// last two darker than theirs, to be seen as lines on white).
pub const SERIES: [(&str, &str); 5] = [
    ("#0072b2", "#cfe3f0"),
    ("#d55e00", "#f7dfcc"),
    ("#009e73", "#ccece3"),
    ("#8f3b76", "#ead5e3"),
    ("#8a7500", "#ece6c8"),
];

/// Of what chance alone would give, and of its band.
pub const NULL: (&str, &str) = ("#6b6b6b", "#ececec");

/// Colour of one of `n` groups that have an order, from dark blue to orange.
pub fn ordered(place: usize, n: usize) -> String {
    // The yellow end would hardly be seen on white, and the dark blues hardly be told apart.
    let share = place as f64 / n.saturating_sub(1).max(1) as f64;
    ColorMap::Plasma.map(0.7 * share.powf(0.85))
}
