//! One system: its configurations, and pairs from each until its ions are told apart.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::batch::{Batch, read_pair, read_run};
use super::collect::doubtful;
use super::plan::{BATCH, TruthPlan};
use super::stage;
use crate::campaign::engine::{Engine, Process, remove};
use crate::campaign::label::STRONGER;
use crate::campaign::plan::Campaign;
use crate::campaign::restart::check_units;
use crate::campaign::stage::{charged_types, equilibrate};
use crate::campaign::store::{State, Store, truth_identity};
use crate::campaign::systems::SystemPlan;
use crate::campaign::whole;
use crate::{Error, Result};

/// Fewer batches say too little of their own noise to end by.
const FEWEST_BATCHES: usize = 2;

/// What happens to a system, for whoever watches.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    Starts(&'a str),
    /// What speaks against the configurations, before the pairs begin.
    Doubts(Vec<String>),
    /// After each batch of a configuration.
    Batch {
        configuration: usize,
        pairs: usize,
        reliability: f64,
        relative_error: f64,
        share: f64,
    },
}

/// Works on a system until all its configurations are done; what was done stays done.
///
/// # Errors
/// A folder of another campaign, LAMMPS's errors, outputs that make no sense.
pub fn drive(
    campaign: &Campaign,
    plan: &TruthPlan,
    system: &SystemPlan,
    engine: &Engine,
    root: &Path,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<()> {
    let (store, state) = Store::open(system, truth_identity(campaign, system), root, &engine.version)?;
    let mut driver = Driver { campaign, plan, system, engine, store, state, watch };
    driver.run()
}

/// Where a batch is kept.
pub fn batch_file(folder: &Path, configuration: usize, batch: usize) -> PathBuf {
    folder.join(format!("response/{configuration:03}-{batch:03}.json"))
}

struct Driver<'a> {
    campaign: &'a Campaign,
    plan: &'a TruthPlan,
    system: &'a SystemPlan,
    engine: &'a Engine,
    store: Store,
    state: State,
    watch: &'a (dyn Fn(Event<'_>) + Sync),
}

impl Driver<'_> {
    fn run(&mut self) -> Result<()> {
        let ranks = self.campaign.file.run.ranks;
        if !self.state.equilibrated {
            (self.watch)(Event::Starts("equilibration"));
            let folder = self.store.equilibrate();
            let process = self.process(&folder, ("equilibrate", 0), equilibrate());
            let whole = |folder: &Path| check_units(folder, &self.campaign.file.units);
            self.engine.run(&Process { ranks, expected: &["last.restart"], whole: &whole, ..process })?;
            self.state.equilibrated = true;
            self.store.save(&self.state)?;
        }
        while self.state.chunks < self.plan.configurations {
            (self.watch)(Event::Starts("configurations"));
            let chunk = self.state.chunks;
            let restart = match chunk {
                0 => "../equilibrate/last.restart".into(),
                _ => format!("../produce-{:03}/last.restart", chunk - 1),
            };
            let text = stage::configuration(self.campaign, self.plan);
            let expected = ["displacement.dat", "last.restart", "configuration.lammpstrj"];
            let folder = self.store.chunk(chunk);
            let process = self.process(&folder, ("produce", chunk), text);
            let run = self.campaign.spacing_steps();
            let whole = |folder: &Path| {
                // The last sample is at a multiple of the steps between samples.
                let (end, every) = ((chunk as u64 + 1) * run, self.plan.sampling());
                whole::series(&folder.join("displacement.dat"), end - end % every)?;
                whole::dump(&folder.join("configuration.lammpstrj"), end)
            };
            self.engine.run(&Process {
                restart: Some(restart),
                ranks,
                expected: &expected,
                whole: &whole,
                ..process
            })?;
            self.state.chunks += 1;
            self.store.save(&self.state)?;
        }
        let doubts = doubtful(self.campaign, self.system, &self.store.folder, self.plan.configurations)?;
        if !doubts.is_empty() {
            (self.watch)(Event::Doubts(doubts));
        }
        let responses = self.store.folder.join("response");
        fs::create_dir_all(&responses).map_err(|e| Error::io(&responses, e))?;
        (0..self.plan.configurations).try_for_each(|configuration| self.configuration(configuration))
    }

    fn configuration(&self, configuration: usize) -> Result<()> {
        let mut all = super::Moments::default();
        let most_batches = self.plan.most_batches(self.system);
        for batch in 0..most_batches {
            let path = batch_file(&self.store.folder, configuration, batch);
            let new = !path.is_file();
            if new {
                self.batch(configuration, batch)?.write(&path)?;
                remove(&self.folder(configuration, batch))?;
            }
            let found = Batch::read(&path, &self.plan.times)?.unwrap_or_default();
            let Some(moments) = found.ions.get(self.plan.chosen) else {
                return Err(Error::Input(format!("{}: it lacks the response time", path.display())));
            };
            all.merge(moments);
            let reliability = all.reliability();
            let done =
                batch + 1 >= FEWEST_BATCHES && reliability >= self.plan.reliability && self.plan.reliability > 0.0;
            if new {
                let errors = all.errors();
                let relative_error = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
                    / (all.means().iter().sum::<f64>() / errors.len() as f64).abs();
                let within = if done { 1.0 } else { (batch + 1) as f64 / most_batches as f64 };
                let share = (configuration as f64 + within) / self.plan.configurations as f64;
                (self.watch)(Event::Batch { configuration, pairs: all.n, reliability, relative_error, share });
            }
            if done {
                return Ok(());
            }
        }
        Ok(())
    }

    fn folder(&self, configuration: usize, batch: usize) -> PathBuf {
        self.store.folder.join(format!("batch-{configuration:03}-{batch:03}"))
    }

    fn batch(&self, configuration: usize, batch: usize) -> Result<Batch> {
        let folder = self.folder(configuration, batch);
        let field = self.system.field;
        let mut runs = vec![];
        for pair in batch * BATCH..(batch + 1) * BATCH {
            let strengths: &[f64] = if self.campaign.tests_linearity(pair) { &[1.0, STRONGER] } else { &[1.0] };
            runs.extend(strengths.iter().flat_map(|s| [(pair, *s, 1.0, "plus"), (pair, *s, -1.0, "minus")]));
        }
        let place = |pair: usize, strength: f64, name: &str| folder.join(format!("{pair:04}-{strength}-{name}"));
        let run = |(pair, strength, sign, name): &(usize, f64, f64, &str)| {
            let text = stage::respond(self.campaign, self.system, self.plan, *pair, sign * strength * field);
            let restart = Some(format!("../../produce-{configuration:03}/last.restart"));
            // Each configuration has noise of its own.
            let index = configuration * 1_000_000 + pair;
            // Noise is drawn for atoms in their order, which ranks exchange; on one rank the order stays.
            let folder = place(*pair, *strength, name);
            let process = self.process(&folder, ("respond", index), text);
            let whole = |folder: &Path| read_run(folder, self.plan, &|_| 0.0).map(drop);
            self.engine.run(&Process { restart, expected: &["response.lammpstrj"], whole: &whole, ..process })
        };
        runs.par_iter().try_for_each(run)?;
        let types = charged_types(self.campaign);
        let charge = |kind: i32| types.iter().find(|(_, t)| *t == kind).map_or(0.0, |(q, _)| *q);
        let mut found = Batch { times: self.plan.times.clone(), ..Batch::default() };
        for pair in batch * BATCH..(batch + 1) * BATCH {
            let response = |strength: f64| {
                let field = strength * field * self.campaign.units.field;
                let [plus, minus] = ["plus", "minus"].map(|name| place(pair, strength, name));
                read_pair(&plus, &minus, self.plan, pair, field, &charge)
            };
            let stronger = self.campaign.tests_linearity(pair).then(|| response(STRONGER)).transpose()?;
            found.add(&response(1.0)?, stronger.as_ref());
        }
        Ok(found)
    }

    fn process<'b>(&'b self, folder: &'b Path, stage: (&'b str, usize), stage_file: String) -> Process<'b> {
        Process::of(self.campaign, self.system, folder, stage, stage_file)
    }
}
