//! The ions of a frame that have a local conductivity.

use ionscape::analysis::FieldSnapshot;
use ionscape::cautions::Cautions;
use ionscape::geometry::Cell;
use ionscape::local::FAILED;
use ionscape::trajectory::Frame;

use super::source::Values;

/// Ions that a sphere holds on average, by which the default distance is limited.
const MOST_NEIGHBORS: f64 = 1000.0;

/// That the model failed on ions of a frame, which are no part of the field.
fn failed(frame: &Frame, values: &Values) -> Option<String> {
    let grades = values.grade.as_ref()?;
    let failed = |i: &usize| values.local[*i] == FAILED[0] && grades[*i] == FAILED[2];
    let first = (0..frame.n_atoms).find(failed)?;
    let n = (first..frame.n_atoms).filter(failed).count();
    let message = format!(
        "the model failed on {n} of the ions here (grade {}, as on_error warn has it); ions that it failed on are left out",
        FAILED[2]
    );
    Some(frame.error(Some(first), message).to_string())
}

/// Ions in the order of their ids, or of the file where it has none.
#[derive(Clone)]
pub struct Ions {
    pub timestep: i64,
    pub cell: Cell,
    pub ids: Vec<i64>,
    pub types: Vec<i32>,
    pub positions: Vec<[f64; 3]>,
    pub kinds: Vec<i32>,
    pub charges: Option<Vec<f64>>,
    pub local: Vec<f64>,
}

impl Ions {
    /// Those of a frame that were evaluated.
    pub fn of(frame: &Frame, values: &Values, cautions: &Cautions) -> anyhow::Result<Self> {
        let mut order: Vec<usize> =
            if frame.ids.is_empty() { (0..frame.n_atoms).collect() } else { frame.order_by_id()? };
        cautions.look("failed", || failed(frame, values));
        order.retain(|&i| values.evaluated[i]);
        // Signs of charges are kinds, and types where there are none; those of neutral ions are beyond the signs.
        let kind = |i: usize| match &frame.charges {
            Some(charges) if charges[i] != 0.0 => charges[i].signum() as i32,
            Some(_) => frame.types[i].saturating_add(1),
            None => frame.types[i],
        };
        Ok(Self {
            timestep: frame.timestep,
            cell: frame.cell.clone(),
            ids: order.iter().filter_map(|&i| frame.ids.get(i).copied()).collect(),
            types: order.iter().map(|&i| frame.types[i]).collect(),
            positions: order.iter().map(|&i| frame.positions[i]).collect(),
            kinds: order.iter().map(|&i| kind(i)).collect(),
            charges: frame.charges.as_ref().map(|charges| order.iter().map(|&i| charges[i]).collect()),
            local: order.iter().map(|&i| values.local[i]).collect(),
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

    /// Ions per volume.
    pub fn density(&self) -> f64 {
        self.local.len() as f64 / self.cell.volume()
    }

    /// Half the distance of the nearest images; infinite without any.
    pub fn half_of_periods(&self) -> f64 {
        let periods = self.cell.widths().into_iter().zip(self.cell.periodic()).filter(|(_, periodic)| *periodic);
        0.5 * periods.fold(f64::INFINITY, |least, (width, _)| least.min(width))
    }

    /// Half the box, or that of a sphere with so many ions if it is less.
    pub fn radius(&self) -> f64 {
        let half = 0.5 * self.cell.widths().into_iter().fold(f64::INFINITY, f64::min);
        half.min((MOST_NEIGHBORS / self.density() * 3.0 / (4.0 * std::f64::consts::PI)).cbrt())
    }

    /// The sum of the charges that tell kinds, where it is no rounding: half a charge or more where all ions of a type have the same
    /// one, and far from 0 beside their magnitudes where charges vary.
    pub fn net_charge(&self) -> Option<f64> {
        const FAR: f64 = 0.05;
        let charges = self.charges.as_ref()?;
        let (mut net, mut all, mut smallest, mut vary) = (0.0, 0.0, f64::INFINITY, false);
        let mut of_type: Vec<(i32, f64)> = vec![];
        for (&kind, &charge) in self.types.iter().zip(charges) {
            (net, all) = (net + charge, all + charge.abs());
            smallest = if charge == 0.0 { smallest } else { smallest.min(charge.abs()) };
            match of_type.iter().find(|(known, _)| *known == kind) {
                Some((_, known)) => vary |= *known != charge,
                None => of_type.push((kind, charge)),
            }
        }
        let least = if vary { FAR * all } else { 0.5 * smallest };
        (net.abs() > least).then_some(net)
    }

    /// Whether all ions are of one kind, so that there are no unlike pairs.
    pub fn are_of_one_kind(&self) -> bool {
        self.kinds.iter().all(|kind| *kind == self.kinds[0])
    }
}
