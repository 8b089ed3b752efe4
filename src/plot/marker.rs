//! Marks of points, told apart by shape as well as by colour.

use super::canvas::Figure;

/// Shapes of equal area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Disc,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Pentagon,
}

impl Marker {
    /// In the order in which groups take them.
    pub const ALL: [Self; 6] =
        [Self::Disc, Self::Square, Self::Triangle, Self::Diamond, Self::TriangleDown, Self::Pentagon];

    /// Draws the shape with the area of a disc of that radius.
    pub fn draw(self, figure: &mut Figure, at: (f64, f64), radius: f64, color: &str) {
        const OUTLINE: &str = "#ffffff";
        const QUARTER: f64 = std::f64::consts::FRAC_PI_2;
        let (n, first) = match self {
            Self::Disc => return figure.disc(at, radius, color, OUTLINE, 0.8),
            Self::Square => (4, 0.5 * QUARTER),
            Self::Triangle => (3, -QUARTER),
            Self::Diamond => (4, 0.0),
            Self::TriangleDown => (3, QUARTER),
            Self::Pentagon => (5, -QUARTER),
        };
        let turn = std::f64::consts::TAU / f64::from(n);
        // A regular polygon of n corners at distance R has the area n R^2 sin(turn) / 2.
        let reach = radius * (turn / turn.sin()).sqrt();
        let corner = |i: i32| {
            let angle = first + f64::from(i) * turn;
            (at.0 + reach * angle.cos(), at.1 + reach * angle.sin())
        };
        figure.polygon(&(0..n).map(corner).collect::<Vec<_>>(), color, OUTLINE, 0.8);
    }
}
