//! The ions of a frame that have a local conductivity.

use anyhow::Context;
use ionscape::analysis::FieldSnapshot;
use ionscape::geometry::Cell;
use ionscape::trajectory::Frame;

/// Ions that a sphere holds on average, by which the default distance is limited.
const MOST_NEIGHBORS: f64 = 1000.0;

/// Ions in the order of their ids, or of the file where it has none.
pub struct Ions {
    cell: Cell,
    pub ids: Vec<i64>,
    positions: Vec<[f64; 3]>,
    kinds: Vec<i32>,
    charges: Option<Vec<f64>>,
    pub local: Vec<f64>,
}

impl Ions {
    /// Those of a frame whose value is not exactly zero.
    pub fn of(frame: &Frame, column: &str) -> anyhow::Result<Self> {
        let local = frame.column(column).context("the column was required")?;
        let mut order: Vec<usize> =
            if frame.ids.is_empty() { (0..frame.n_atoms).collect() } else { frame.order_by_id()? };
        order.retain(|&i| local[i] != 0.0);
        let kind = |i: usize| match &frame.charges {
            Some(charges) if charges[i] != 0.0 => charges[i].signum() as i32,
            _ => frame.types[i],
        };
        Ok(Self {
            cell: frame.cell.clone(),
            ids: order.iter().filter_map(|&i| frame.ids.get(i).copied()).collect(),
            positions: order.iter().map(|&i| frame.positions[i]).collect(),
            kinds: order.iter().map(|&i| kind(i)).collect(),
            charges: frame.charges.as_ref().map(|charges| order.iter().map(|&i| charges[i]).collect()),
            local: order.iter().map(|&i| local[i]).collect(),
        })
    }

    pub fn snapshot(&self) -> FieldSnapshot<'_> {
        FieldSnapshot {
            cell: &self.cell,
            positions: &self.positions,
            kinds: &self.kinds,
            charges: self.charges.as_deref(),
            local: &self.local,
        }
    }

    /// Half the box, or that of a sphere with so many ions if it is less.
    pub fn radius(&self) -> f64 {
        let half = 0.5 * self.cell.widths().into_iter().fold(f64::INFINITY, f64::min);
        let density = self.local.len() as f64 / self.cell.volume();
        half.min((MOST_NEIGHBORS / density * 3.0 / (4.0 * std::f64::consts::PI)).cbrt())
    }
}
