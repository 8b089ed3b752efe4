//! One system from its beginning, or from where it was cut off, to its label.

use std::fs;
use std::path::Path;

use super::engine::{Engine, Process, remove};
use super::label::{Closed, Label, STRONGER, label, n_snapshots};
use super::plan::Campaign;
use super::restart::check_units;
use super::results::{gather_snapshots, read_drift, write_pair};
use super::seeds::seed;
use super::stage;
use super::steer::{End, FEWEST_CHUNKS_TO_END, Next, Situation, expected_error, next};
use super::store::{Finish, State, Store, identity};
use super::systems::SystemPlan;
use super::whole;
use crate::{Error, Result};

/// Intervals of the drift over which two equal runs are compared.
const REPEAT_INTERVALS: u64 = 10;

/// What happens to a system, for whoever watches.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    Starts(&'a str),
    /// After each step: the label so far, and about how much of the work is done.
    Advances {
        label: &'a Label,
        share: f64,
    },
    Note(String),
}

/// Works on a system until it ends.
///
/// # Errors
/// A folder of another campaign, LAMMPS's errors, outputs that make no sense. What was done stays done.
pub fn drive(
    campaign: &Campaign,
    system: &SystemPlan,
    engine: &Engine,
    root: &Path,
    keep: bool,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<State> {
    let (store, state) = Store::open(system, identity(campaign, system), root, &engine.version)?;
    let mut driver = Driver { campaign, system, engine, store, state, keep, warned: false, watch };
    driver.run()?;
    Ok(driver.state)
}

struct Driver<'a> {
    campaign: &'a Campaign,
    system: &'a SystemPlan,
    engine: &'a Engine,
    store: Store,
    state: State,
    keep: bool,
    warned: bool,
    watch: &'a (dyn Fn(Event<'_>) + Sync),
}

impl Driver<'_> {
    fn run(&mut self) -> Result<()> {
        if self.state.finished.is_some() && !matches!(self.next(), Next::End(_)) {
            self.state.finished = None;
        }
        if self.state.finished.is_some() {
            return self.clean();
        }
        if !self.state.equilibrated {
            (self.watch)(Event::Starts("equilibration"));
            let folder = self.store.equilibrate();
            let process = self.process(&folder, ("equilibrate", 0), stage::equilibrate());
            let ranks = self.campaign.file.run.ranks;
            let whole = |folder: &Path| check_units(folder, &self.campaign.file.units);
            self.engine.run(&Process { ranks, expected: &["last.restart"], whole: &whole, ..process })?;
            self.state.equilibrated = true;
            self.store.save(&self.state)?;
        }
        // A kill may have come between a step and its label.
        if self.state.chunks > self.state.first_chunk {
            self.state.label = label(self.campaign, self.system, &self.store, &self.state)?;
        }
        loop {
            match self.next() {
                Next::Produce => self.produce()?,
                Next::Respond(pairs) => self.respond(pairs)?,
                Next::End(end) => return self.finish(end),
            }
            self.state.label = label(self.campaign, self.system, &self.store, &self.state)?;
            self.store.save(&self.state)?;
            self.tell();
        }
    }

    fn situation(&self) -> Situation<'_> {
        let (file, state) = (&self.campaign.file, &self.state);
        let chunk = self.campaign.steps(file.production.chunk);
        let run = self.campaign.response_steps(self.system);
        let runs = |pair: usize| if self.campaign.tests_linearity(pair) { 4 } else { 2 };
        let steps = |pairs: std::ops::Range<usize>| pairs.map(|pair| runs(pair) * run).sum::<u64>();
        let n = state.pairs.len();
        let most_pairs =
            if file.response.enabled && state.repeatable != Some(false) { file.response.most_pairs } else { 0 };
        // What has ended with the error asked stays so, by the rules of an earlier version too.
        let has_reached = state.finished.as_ref().is_some_and(|finish| finish.reached);
        Situation {
            label: &state.label,
            target_error: file.label.target_error,
            most_steps: self.campaign.steps(file.label.longest),
            chunks: state.chunks,
            chunks_needed: if has_reached { 1 } else { FEWEST_CHUNKS_TO_END },
            production: state.chunks as u64 * chunk,
            response: steps(0..n),
            pairs: n,
            most_pairs,
            batch_pairs: file.response.batch,
            unused: (state.chunks * self.campaign.configurations_per_chunk()).saturating_sub(self.next_configuration()),
            snapshots: n_snapshots(self.campaign, state),
            snapshots_needed: file.production.snapshots,
        }
    }

    /// The rest of a batch that a kill cut short, so that the end does not depend on it; else what the data ask for.
    fn next(&self) -> Next {
        match self.state.pairs_begun.saturating_sub(self.state.pairs.len()) {
            0 => next(&self.situation()),
            left => Next::Respond(left),
        }
    }

    /// The first configuration that is on the disk and that no pair has started from.
    fn next_configuration(&self) -> usize {
        let first = self.state.first_chunk * self.campaign.configurations_per_chunk();
        self.state.pairs.last().map_or(first, |last| first.max(last + 1))
    }

    fn produce(&mut self) -> Result<()> {
        (self.watch)(Event::Starts("equilibrium run"));
        let chunk = self.state.chunks;
        let restart = match chunk {
            0 => "../equilibrate/last.restart".into(),
            _ if chunk == self.state.first_chunk => "../last.restart".into(),
            _ => format!("../produce-{:03}/last.restart", chunk - 1),
        };
        let last = (chunk + 1) * self.campaign.configurations_per_chunk() - 1;
        let configuration = self.configuration(last);
        let expected = ["current.dat", "trajectory.lammpstrj", "snapshots.lammpstrj", &configuration, "last.restart"];
        let text = stage::produce(self.campaign);
        let folder = self.store.chunk(chunk);
        let process = self.process(&folder, ("produce", chunk), text);
        let ranks = self.campaign.file.run.ranks;
        let end = (chunk as u64 + 1) * self.campaign.steps(self.campaign.file.production.chunk);
        let whole = |folder: &Path| {
            whole::series(&folder.join("current.dat"), end)?;
            whole::dump(&folder.join("trajectory.lammpstrj"), end)?;
            whole::dump(&folder.join("snapshots.lammpstrj"), end)
        };
        self.engine.run(&Process { restart: Some(restart), ranks, expected: &expected, whole: &whole, ..process })?;
        self.state.chunks += 1;
        Ok(())
    }

    /// Name of a configuration's file.
    fn configuration(&self, index: usize) -> String {
        format!("configuration.{}.restart", (index as u64 + 1) * self.campaign.spacing_steps())
    }

    fn respond(&mut self, pairs: usize) -> Result<()> {
        (self.watch)(Event::Starts("pairs"));
        if self.state.repeatable.is_none() && !self.try_repeating()? {
            (self.watch)(Event::Note(
                "two equal runs differ: the thermostat's noise does not repeat with the seed, so there are no pairs; use fix \
                 langevin with ${seed}"
                    .into(),
            ));
            return Ok(());
        }
        self.state.pairs_begun = self.state.pairs.len() + pairs;
        for _ in 0..pairs {
            self.pair()?;
            self.store.save(&self.state)?;
        }
        Ok(())
    }

    fn pair(&mut self) -> Result<()> {
        let pair = self.state.pairs.len();
        let configuration = self.next_configuration();
        let (drift, folder) = (self.store.drift(pair), self.store.pair(pair));
        if !drift.is_file() {
            let field = self.system.field;
            let strong = self.campaign.tests_linearity(pair).then_some(STRONGER * field);
            let mut runs = vec![("plus", field), ("minus", -field)];
            runs.extend(strong.iter().flat_map(|strong| [("plus2", *strong), ("minus2", -*strong)]));
            for some in runs.chunks(self.campaign.file.run.ranks) {
                self.side_by_side(some, &folder, pair, configuration)?;
            }
            let steps = self.campaign.response_steps(self.system);
            let expected = self.drift_values(steps);
            let response = |plus: &str, minus: &str, field: f64| -> Result<Vec<f64>> {
                let (plus, minus) =
                    (read_drift(&folder.join(plus), expected)?, read_drift(&folder.join(minus), expected)?);
                let scale = 2.0 * field * self.campaign.units.field;
                Ok(plus.iter().zip(&minus).map(|(a, b)| (a - b) / scale).collect())
            };
            let weak = response("plus", "minus", field)?;
            let strong = strong.map(|strong| response("plus2", "minus2", strong)).transpose()?;
            let header = format!(
                "configuration {configuration}, axis {}, field {field}, seed {}",
                ["x", "y", "z"][pair % 3],
                seed(self.campaign.file.seed, &self.system.name, "respond", pair)
            );
            let interval = self.campaign.drift_steps(self.system) as f64 * self.campaign.file.timestep;
            write_pair(&drift, interval, &header, &weak, strong.as_deref())?;
        }
        remove(&folder)?;
        self.state.pairs.push(configuration);
        Ok(())
    }

    /// Runs of a pair at the same time.
    fn side_by_side(&self, runs: &[(&str, f64)], folder: &Path, pair: usize, configuration: usize) -> Result<()> {
        let steps = self.campaign.response_steps(self.system);
        let one =
            |(name, field): &(&str, f64)| self.response_run(&folder.join(name), pair, configuration, *field, steps);
        std::thread::scope(|scope| {
            let one = &one;
            let started: Vec<_> = runs.iter().map(|run| scope.spawn(move || one(run))).collect();
            started.into_iter().try_for_each(|run| {
                run.join().unwrap_or_else(|_| Err(Error::Input("a thread that runs LAMMPS has failed".into())))
            })
        })
    }

    fn response_run(&self, folder: &Path, pair: usize, configuration: usize, field: f64, steps: u64) -> Result<()> {
        let chunk = configuration / self.campaign.configurations_per_chunk();
        let restart = format!("../../produce-{chunk:03}/{}", self.configuration(configuration));
        let text = stage::respond(self.campaign, self.system, pair % 3, field, steps);
        // Noise is drawn for atoms in their order, which ranks exchange; on one rank the order stays.
        let process = self.process(folder, ("respond", pair), text);
        let whole = |folder: &Path| read_drift(folder, self.drift_values(steps)).map(drop);
        self.engine.run(&Process { restart: Some(restart), expected: &["drift.dat"], whole: &whole, ..process })
    }

    /// Values of the drift in a run of so many steps.
    fn drift_values(&self, steps: u64) -> usize {
        (steps / self.campaign.drift_steps(self.system)) as usize + 1
    }

    /// Whether two equal runs are equal.
    fn try_repeating(&mut self) -> Result<bool> {
        let folder = self.store.folder.join("repeat");
        let configuration = self.next_configuration();
        let steps = REPEAT_INTERVALS * self.campaign.drift_steps(self.system);
        let mut found = vec![];
        for name in ["first", "second"] {
            self.response_run(&folder.join(name), 0, configuration, self.system.field, steps)?;
            found.push(read_drift(&folder.join(name), REPEAT_INTERVALS as usize + 1)?);
        }
        remove(&folder)?;
        let repeatable = found[0] == found[1];
        self.state.repeatable = Some(repeatable);
        Ok(repeatable)
    }

    fn process<'b>(&'b self, folder: &'b Path, stage: (&'b str, usize), stage_file: String) -> Process<'b> {
        Process::of(self.campaign, self.system, folder, stage, stage_file)
    }

    fn tell(&mut self) {
        let situation = self.situation();
        let spent = (situation.production + situation.response) as f64;
        let all = situation.label.combined.map_or(situation.most_steps as f64, |label| {
            (spent * (label.relative_error() / situation.target_error).powi(2).max(1.0))
                .min(situation.most_steps as f64)
        });
        let expected = expected_error(&situation)
            .filter(|error| *error > situation.target_error && situation.snapshots >= situation.snapshots_needed);
        let note = expected.map(|error| {
            format!(
                "at the limit of {} its error will be about {:.1} %, and {:.1} % are asked",
                self.campaign.file.label.longest,
                100.0 * error,
                100.0 * situation.target_error
            )
        });
        (self.watch)(Event::Advances { label: &self.state.label, share: (spent / all.max(1.0)).min(0.99) });
        if let (Some(note), false) = (note, self.warned) {
            (self.watch)(Event::Note(note));
            self.warned = true;
        }
    }

    fn finish(&mut self, end: End) -> Result<()> {
        let mut dumps = vec![];
        if self.store.snapshots().is_file() {
            dumps.push(self.store.snapshots());
        } else if self.state.first_chunk > 0 {
            return Err(Error::Input(format!(
                "{}: it is gone, with the snapshots of {} chunks that were removed; put it back, or remove the system's folder",
                self.store.snapshots().display(),
                self.state.first_chunk
            )));
        }
        let chunks = self.state.first_chunk..self.state.chunks;
        dumps.extend(chunks.map(|chunk| self.store.chunk(chunk).join("snapshots.lammpstrj")));
        gather_snapshots(&dumps, &self.store.snapshots())?;
        let file = &self.campaign.file;
        let reached = end == End::Reached;
        let (asked, longest) = (100.0 * file.label.target_error, file.label.longest);
        let why = match end {
            End::Reached => format!("the error asked, {asked:.1} %, is reached"),
            End::LimitReached { lacking: None } => format!("the limit of {longest} is reached"),
            End::LimitReached { lacking: Some(lacking) } => format!(
                "the limit of {longest} is reached: the error is within the {asked:.1} % asked, but rests on {lacking}; raise \
                 label.longest"
            ),
        };
        if self.state.chunks > self.state.first_chunk {
            let from = self.store.chunk(self.state.chunks - 1).join("last.restart");
            let new = self.store.last().with_extension("new");
            fs::copy(&from, &new).map_err(|e| Error::io(&from, e))?;
            fs::rename(&new, self.store.last()).map_err(|e| Error::io(&new, e))?;
            if !self.keep {
                self.state.closed = vec![Closed { equilibrium: self.state.label.equilibrium }];
                self.state.first_chunk = self.state.chunks;
            }
        }
        self.state.finished = Some(Finish { reached, why });
        self.store.save(&self.state)?;
        self.clean()
    }

    /// Removes what a finished system does not need to go on.
    fn clean(&self) -> Result<()> {
        for chunk in 0..self.state.first_chunk {
            remove(&self.store.chunk(chunk))?;
        }
        if self.state.first_chunk > 0 {
            remove(&self.store.equilibrate())?;
        }
        Ok(())
    }
}
