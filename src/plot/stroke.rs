//! Solid and broken lines.

/// How a line is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    pub color: String,
    pub width: f64,
    /// Lengths of the drawn and of the blank pieces, in turn; empty for a solid line.
    pub dashes: &'static [f64],
}

impl Stroke {
    /// Broken lines in the order in which they are taken, the first of them solid.
    pub const PATTERNS: [&'static [f64]; 4] = [&[], &[9.0, 5.0], &[2.5, 4.0], &[11.0, 4.0, 2.5, 4.0]];

    pub fn solid(color: &str, width: f64) -> Self {
        Self { color: color.into(), width, dashes: &[] }
    }

    /// The drawn pieces of a line through points.
    ///
    /// Cut here and not by the `stroke-dasharray` of SVG, which the drawing of PNG starts anew at each point.
    pub fn pieces(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        if self.dashes.is_empty() {
            return vec![points.to_vec()];
        }
        let mut lengths = self.dashes.iter().copied().cycle();
        let mut left = lengths.next().unwrap_or(f64::INFINITY);
        let mut drawing = true;
        let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let mut walked = 0.0;
            while length - walked > left {
                walked += left;
                let share = walked / length;
                let at = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
                if drawing {
                    piece.push(at);
                    pieces.push(std::mem::take(&mut piece));
                } else {
                    piece = vec![at];
                }
                drawing = !drawing;
                left = lengths.next().unwrap_or(f64::INFINITY);
            }
            left -= length - walked;
            if drawing {
                piece.push(to);
            }
        }
        if piece.len() > 1 {
            pieces.push(piece);
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_round_corners() {
        let stroke = Stroke { color: "#000000".into(), width: 1.0, dashes: &[4.0, 2.0] };
        let pieces = stroke.pieces(&[(0.0, 0.0), (3.0, 0.0), (3.0, 5.0)]);
        assert_eq!(pieces, [vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], vec![(3.0, 3.0), (3.0, 5.0)]]);
        assert_eq!(Stroke::solid("#000000", 1.0).pieces(&[(0.0, 0.0), (9.0, 0.0)]).len(), 1);
    }
}
