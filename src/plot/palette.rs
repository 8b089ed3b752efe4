//! The colours of series.

/// Of lines and points, and of the bands around them; told apart by the colour-blind (M. Okabe and K. Ito, 2002).
pub const SERIES: [(&str, &str); 4] =
    [("#0072b2", "#cfe3f0"), ("#d55e00", "#f7dfcc"), ("#009e73", "#ccece3"), ("#5c5c5c", "#dedede")];
