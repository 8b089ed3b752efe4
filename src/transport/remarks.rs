//! What is to be said of a run beside its numbers.

use super::analysis::{Amount, Analysis};
use super::assignment::ReferenceFrame;
use super::job::{Job, is_neutral};
use super::record::Record;

/// A common drift that is more than so much of the ions' own mean square displacement is told.
const DRIFT: f64 = 0.05;

/// So many times what the centre of mass of independent ions diffuses is no chance.
const NO_CHANCE: f64 = 30.0;

/// Velocities' temperature may differ from the one given by this share, and by so many of its errors.
const SAME_TEMPERATURE: (f64, f64) = (0.1, 4.0);

impl Job {
    /// Whether all ions drift together, which diffusion coefficients then include.
    pub(super) fn drift(&self, record: &Record, analysis: &Analysis) -> Option<String> {
        let n: usize = record.assignment.species.iter().map(|s| s.n_ions).sum();
        let coefficients = analysis.self_diffusion.iter().zip(&record.assignment.species);
        let diffusion = coefficients.map(|(d, s)| s.n_ions as f64 * d.estimate.value).sum::<f64>() / n as f64;
        let last = record.displacement.iter().filter_map(|frames| frames.last());
        let total = last.fold([0.0; 3], |sum, d| std::array::from_fn(|k| sum[k] + d[k]));
        let squared = total.iter().map(|d| (d / n as f64).powi(2)).sum::<f64>();
        let share = squared / (6.0 * diffusion * (record.n_frames - 1) as f64 * record.dt);
        (share > DRIFT && share * n as f64 > NO_CHANCE).then(|| {
            format!(
                "all ions drift together, by {:.4} over the run: their diffusion and Onsager coefficients include it, and with them \
                 Nernst-Einstein and Haven ratio; --frame com takes it out, and 'velocity all zero linear' in the script keeps it out",
                squared.sqrt()
            )
        })
    }

    pub(super) fn look_at(&self, record: &Record, notes: &mut Vec<String>) {
        if !is_neutral(record) && self.record.reference == ReferenceFrame::None {
            notes.push(format!(
                "the ions carry a net charge of {:.4}: if none are missing from the dump, their conductivity depends on whose centre \
                 of mass rests; ionscape transport chooses with --frame",
                record.assignment.net_charge()
            ));
        }
        for (name, sign) in [("cation", 1.0), ("anion", -1.0)] {
            if let Some(species) = record.assignment.species.iter().find(|s| s.name == name && s.charge * sign < 0.0) {
                notes.push(format!(
                    "the charge of {name} is {}: are types and names in the same order?",
                    species.charge
                ));
            }
        }
        notes.extend(self.temperature_of_velocities(record));
        if let Some(volume) = self.volume {
            notes.push(format!("volume {volume} as given; the dump's is {:.6}", record.volume));
        }
        if let Some(number) = self.formula_units {
            let amount = Amount::of(&record.assignment.species);
            notes.push(format!(
                "{number} formula units as given; the dump has {} {}",
                amount.number,
                amount.per.label()
            ));
        }
        let walls: Vec<&str> =
            ["x", "y", "z"].into_iter().zip(record.periodic).filter(|(_, p)| !p).map(|(k, _)| k).collect();
        if !walls.is_empty() {
            notes.push(format!(
                "the box is not periodic along {}: all numbers are means over the three directions and the volume of the box, and \
                 walls and empty space are part of both",
                walls.join(" and ")
            ));
        }
        if self.viscosity.is_some() && !record.cubic {
            notes.push(
                "the finite-size correction is that of a periodic cube, which the box is not: the corrected diffusion \
                 coefficients do not hold"
                    .into(),
            );
        }
        if record.volume_deviation > 0.2 * record.volume {
            notes.push(format!(
                "the volume varies by {:.0} %: conductivity and amount are over its mean",
                100.0 * record.volume_deviation / record.volume
            ));
        }
    }

    /// What to say where velocities are of another temperature than the one given.
    fn temperature_of_velocities(&self, record: &Record) -> Option<String> {
        let (mean, given) = (record.thermal_energy.as_ref()?, self.conditions.temperature);
        let scale = 1.0 / (self.conditions.units.thermal_energy * self.conditions.units.acceleration);
        let (found, error) = (scale * mean.mean, scale * mean.error.as_ref()?.value);
        let (share, errors) = SAME_TEMPERATURE;
        let off = (found - given).abs();
        (off > share * given && off > errors * error).then(|| {
            format!(
                "the ions' velocities are of a temperature of {found:.4} +- {error:.4}, and {given} is given: conductivities are per kT; \
                 give the run's temperature"
            )
        })
    }
}
