//! One pass over the dumps of a run, in bounded memory.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::assignment::{Assignment, weighted};
use super::kinetic::thermal_energy;
use super::leaps::Leaps;
use super::molecules::Molecules;
use super::msd::MultipleTau;
use super::path::Paths;
use super::record::{Record, RecordOptions};
use super::sequence::Sequence;
use super::steps::Steps;
use super::wrapped::Wrapped;
use crate::cautions::Cautions;
use crate::configuration::check_scale;
use crate::geometry::Cell;
use crate::statistics::mean_with_error;
use crate::trajectory::{Columns, Frame, Quantity};
use crate::{Error, Result};

/// Ions that one correlator follows; fixed, so that sums do not depend on the number of threads.
const IONS_TOGETHER: usize = 64;

/// Positions kept before the correlators work on them in parallel.
const POSITIONS_TOGETHER: usize = 1 << 18;

/// The time of a step by the dump and as given may differ by this share, which is above the rounding of written times.
const SAME_TIME: f64 = 1e-6;

/// Reads a run of one or more dumps; `on_frame` is called after each frame.
///
/// # Errors
/// As the dump reader's and [`Assignment::new`]'s; dumps that do not follow one another at one spacing in time; atoms
/// that come, go or change their type; a cell that changes too much between frames; a single frame.
pub fn record(paths: &[PathBuf], options: &RecordOptions, on_frame: &mut dyn FnMut(&Path)) -> Result<Record> {
    let mut sequence = Sequence::open(paths, columns(options), options.skip_bad_frames)?;
    let mut frame = Frame::default();
    let mut recorder: Option<Recorder> = None;
    while sequence.read(&mut frame)? {
        match &mut recorder {
            Some(recorder) => recorder.add(&frame, options)?,
            None => recorder = Some(Recorder::begin(&frame, options)?),
        }
        on_frame(&frame.place.path);
    }
    let Some(recorder) = recorder else {
        return Err(Error::Input("the dumps have no frame; dump a run and give its file".into()));
    };
    recorder.finish(&sequence, options)
}

fn columns(options: &RecordOptions) -> Columns {
    let mut columns = Columns::none().require(Quantity::Ids).require(Quantity::Types).require(Quantity::Unwrapped);
    columns = columns.want(Quantity::Charges).want(Quantity::Velocities).want(Quantity::Masses);
    columns = columns.want(Quantity::Positions).want(Quantity::Images);
    if options.ions.iter().any(|ion| ion.molecular) {
        columns = columns.require(Quantity::Molecules);
    }
    for i in options.forces.iter().flat_map(|name| (1..=3).map(move |i| format!("{name}[{i}]"))) {
        columns = columns.require_column(i);
    }
    columns
}

struct Recorder {
    assignment: Assignment,
    ids: Vec<i64>,
    types: Vec<i32>,
    molecules: Molecules,
    paths: Paths,
    reference_paths: Paths,
    thermal_energies: Vec<f64>,
    centers: Vec<[f64; 3]>,
    displacement: Vec<Vec<[f64; 3]>>,
    current: Option<Vec<Vec<[f64; 3]>>>,
    force: Option<Vec<Vec<[f64; 3]>>>,
    /// Timestep and time of the first frame that has a time.
    begun: Option<(i64, f64)>,
    volumes: Vec<f64>,
    cubic: bool,
    periodic: [bool; 3],
    pending: Vec<Vec<[f64; 3]>>,
    /// Of the ions, and of the reference frame's atoms.
    steps: Steps,
    reference_steps: Steps,
    wrapped: Wrapped,
    leaps: Leaps,
    /// By species and group of ions.
    correlators: Vec<Correlator>,
    units: Option<String>,
    cautions: Cautions,
}

struct Correlator {
    species: usize,
    ions: std::ops::Range<usize>,
    msd: MultipleTau,
}

impl Recorder {
    fn begin(frame: &Frame, options: &RecordOptions) -> Result<Self> {
        let order = frame.order_by_id()?;
        let assignment = Assignment::new(frame, &order, &options.ions, &options.properties, &options.reference)?;
        let n_species = assignment.species.len();
        let mut correlators = vec![];
        let mut start = 0;
        for (species, kind) in assignment.species.iter().enumerate() {
            let end = start + kind.n_ions;
            for first in (start..end).step_by(IONS_TOGETHER) {
                let ions = first..end.min(first + IONS_TOGETHER);
                correlators.push(Correlator { species, msd: MultipleTau::new(ions.len()), ions });
            }
            start = end;
        }
        let mut recorder = Self {
            ids: order.iter().map(|&atom| frame.ids[atom]).collect(),
            types: order.iter().map(|&atom| frame.types[atom]).collect(),
            molecules: Molecules::new(&assignment, frame, &order, frame.unwrapped()?),
            assignment,
            paths: Paths::default(),
            reference_paths: Paths::default(),
            thermal_energies: vec![],
            centers: vec![],
            displacement: vec![vec![]; n_species],
            current: frame.velocities.is_some().then(|| vec![vec![]; n_species]),
            force: options.forces.is_some().then(|| vec![vec![]; n_species]),
            begun: frame.time.map(|time| (frame.timestep, time)),
            volumes: vec![],
            cubic: true,
            periodic: [true; 3],
            pending: vec![],
            steps: Steps::default(),
            reference_steps: Steps::default(),
            wrapped: Wrapped::default(),
            leaps: Leaps::default(),
            correlators,
            units: frame.units.clone(),
            cautions: Cautions::default(),
        };
        recorder.take(frame, &order, options)?;
        Ok(recorder)
    }

    fn add(&mut self, frame: &Frame, options: &RecordOptions) -> Result<()> {
        let order = frame.order_by_id()?;
        if order.len() != self.ids.len() {
            let message = format!(
                "{} atoms, where the first frame has {}; atoms must not be lost or added: dump a group that stays",
                order.len(),
                self.ids.len()
            );
            return Err(frame.error(None, message));
        }
        for (place, &atom) in order.iter().enumerate() {
            if frame.ids[atom] != self.ids[place] {
                let message = format!(
                    "atom {} is not in the first frame, which has atom {} in its place; dump a group that stays the same",
                    frame.ids[atom], self.ids[place]
                );
                return Err(frame.error(Some(atom), message));
            }
            if frame.types[atom] != self.types[place] {
                let message = format!(
                    "atom {} is of type {}, and was of type {} in the first frame; ions keep their species here",
                    frame.ids[atom], frame.types[atom], self.types[place]
                );
                return Err(frame.error(Some(atom), message));
            }
        }
        self.check_units(frame)?;
        self.check_time(frame, options)?;
        self.assignment.check_charges(frame, &order)?;
        self.take(frame, &order, options)
    }

    fn take(&mut self, frame: &Frame, order: &[usize], options: &RecordOptions) -> Result<()> {
        check_scale(frame, &self.cautions)?;
        let unwrapped = frame.unwrapped()?;
        self.molecules.check(frame, order, unwrapped)?;
        self.assignment.centers(|place| unwrapped[order[place]], &mut self.centers);
        self.paths.advance(&self.centers, &frame.cell).map_err(|message| frame.error(None, message))?;
        self.steps.take(self.paths.moved(), frame)?;
        let shift =
            self.reference_shift(unwrapped, order, &frame.cell).map_err(|message| frame.error(None, message))?;
        self.reference_steps.take(self.reference_paths.moved(), frame)?;
        self.wrapped.take(unwrapped, order, frame)?;
        self.leaps.take(unwrapped, order, &frame.cell);
        if self.wrapped.finds_nothing() {
            self.leaps.check(unwrapped, frame)?;
        }
        let mut moved = self.paths.moved().to_vec();
        for position in &mut moved {
            subtract(position, shift);
        }
        sums_by_species(&self.assignment, &moved, &mut self.displacement);
        self.pending.push(moved);

        match (&mut self.current, &frame.velocities) {
            (Some(current), Some(velocities)) => {
                let drift = weighted(&self.assignment.reference, &|place| velocities[order[place]]);
                self.assignment.centers(|place| velocities[order[place]], &mut self.centers);
                self.thermal_energies.extend(thermal_energy(&self.assignment.species, &self.centers));
                for velocity in &mut self.centers {
                    subtract(velocity, drift);
                }
                sums_by_species(&self.assignment, &self.centers, current);
            }
            (Some(_), None) => {
                return Err(frame.error(None, "no velocities here, and the frames before have them".into()));
            }
            (None, _) => {}
        }
        if let (Some(force), Some(name)) = (&mut self.force, &options.forces) {
            let names: [String; 3] = [1, 2, 3].map(|i| format!("{name}[{i}]"));
            let columns = names.map(|name| frame.column(&name));
            let [Some(x), Some(y), Some(z)] = columns else {
                return Err(frame.error(None, format!("no columns {name}[1] to {name}[3]")));
            };
            // The force on a molecule is the sum over its atoms, which is what an ion of one atom has as well.
            self.assignment.total(|place| [x[order[place]], y[order[place]], z[order[place]]], &mut self.centers);
            sums_by_species(&self.assignment, &self.centers, force);
        }
        self.volumes.push(frame.cell.volume());
        self.cubic &= frame.cell.is_cubic();
        self.periodic = std::array::from_fn(|k| self.periodic[k] && frame.cell.periodic()[k]);
        if self.pending.len() * self.assignment.n_ions() >= POSITIONS_TOGETHER {
            self.correlate();
        }
        Ok(())
    }

    /// Refuses units that are not those of the frames before; what has none is in them.
    fn check_units(&mut self, frame: &Frame) -> Result<()> {
        let Some(units) = &frame.units else { return Ok(()) };
        let before = self.units.get_or_insert_with(|| units.clone());
        if before == units {
            return Ok(());
        }
        let message = format!("a frame in {units} units, and those before are in {before}; convert one of them");
        Err(frame.error(None, message))
    }

    /// Refuses a timestep that is not that of the dump, where the dump has times.
    fn check_time(&mut self, frame: &Frame, options: &RecordOptions) -> Result<()> {
        let Some(time) = frame.time else { return Ok(()) };
        let (step, begun) = *self.begun.get_or_insert((frame.timestep, time));
        if step == frame.timestep {
            return Ok(());
        }
        let written = (time - begun) / (frame.timestep - step) as f64;
        if (written - options.timestep).abs() <= SAME_TIME * written.abs() {
            return Ok(());
        }
        let message = format!(
            "a step takes {written} by the dump's ITEM: TIME, and the timestep given is {}; give that of the run, or dumps \
             without times if these are wrong",
            options.timestep
        );
        Err(frame.error(None, message))
    }

    /// How far the reference frame's atoms have moved together.
    fn reference_shift(&mut self, unwrapped: &[[f64; 3]], order: &[usize], cell: &Cell) -> Result<[f64; 3], String> {
        if self.assignment.reference.is_empty() {
            return Ok([0.0; 3]);
        }
        let atoms: Vec<[f64; 3]> =
            self.assignment.reference.iter().map(|&(place, _)| unwrapped[order[place]]).collect();
        self.reference_paths.advance(&atoms, cell)?;
        let moved = self.reference_paths.moved();
        let mut shift = [0.0; 3];
        for ((_, share), moved) in self.assignment.reference.iter().zip(moved) {
            for k in 0..3 {
                shift[k] += share * moved[k];
            }
        }
        Ok(shift)
    }

    fn correlate(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.correlators.par_iter_mut().for_each(|correlator| {
            for positions in &pending {
                correlator.msd.push(&positions[correlator.ions.clone()]);
            }
        });
    }

    fn finish(mut self, sequence: &Sequence, options: &RecordOptions) -> Result<Record> {
        self.correlate();
        self.steps.finish()?;
        self.reference_steps.finish()?;
        let n_frames = self.volumes.len();
        let Some(steps_between_frames) = sequence.spacing() else {
            let message = match sequence.n_repeated() {
                0 => "one frame shows no motion; a transport coefficient needs a trajectory".into(),
                n => format!(
                    "all {} frames have timestep {}; a trajectory has timesteps that go on",
                    n + 1,
                    sequence.first_timestep()
                ),
            };
            return Err(Error::Input(message));
        };
        let mut joined: Vec<MultipleTau> = vec![];
        for correlator in self.correlators {
            if correlator.species == joined.len() {
                joined.push(correlator.msd);
            } else {
                joined[correlator.species].join(&correlator.msd);
            }
        }
        let volume = self.volumes.iter().sum::<f64>() / n_frames as f64;
        let variance = self.volumes.iter().map(|v| (v - volume).powi(2)).sum::<f64>() / n_frames as f64;
        let mut notes = std::mem::take(&mut self.assignment.notes);
        notes.extend(self.cautions.messages().into_values());
        notes.extend(sequence.notes());
        Ok(Record {
            assignment: self.assignment,
            dt: steps_between_frames as f64 * options.timestep,
            steps_between_frames,
            n_frames,
            first_timestep: sequence.first_timestep(),
            last_timestep: sequence.last_timestep(),
            volume,
            volume_deviation: variance.sqrt(),
            cubic: self.cubic,
            periodic: self.periodic,
            displacement: self.displacement,
            current: self.current,
            force: self.force,
            msd: joined.iter().map(MultipleTau::table).collect(),
            thermal_energy: mean_with_error(&self.thermal_energies).ok().filter(|mean| mean.n_samples == n_frames),
            units: self.units,
            notes,
        })
    }
}

fn subtract(vector: &mut [f64; 3], other: [f64; 3]) {
    for k in 0..3 {
        vector[k] -= other[k];
    }
}

/// Appends to each species' series the sum of its ions' vectors.
fn sums_by_species(assignment: &Assignment, vectors: &[[f64; 3]], series: &mut [Vec<[f64; 3]>]) {
    let mut start = 0;
    for (species, series) in assignment.species.iter().zip(series) {
        let mut sum = [0.0; 3];
        for vector in &vectors[start..start + species.n_ions] {
            for k in 0..3 {
                sum[k] += vector[k];
            }
        }
        series.push(sum);
        start += species.n_ions;
    }
}
