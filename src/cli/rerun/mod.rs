//! Evaluations of a dump by LAMMPS's `rerun` on several MPI ranks.
//!
//! Frames are read and checked here, as without LAMMPS, and pass through a pipe; LAMMPS spreads the ions over its
//! ranks, evaluates a compute style, and sends the values of each ion back through another. No frame stands on the
//! disk, and a few are in memory.

mod configuration;
mod input;
mod process;
mod values;

use std::fs::File;
use std::io::{BufWriter, ErrorKind};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, anyhow, bail};
use ionscape::cautions::Cautions;
use ionscape::guard::Guard;
use ionscape::species::SpeciesMap;
use ionscape::trajectory::{DumpReader, Frame};
use tempfile::TempDir;

use crate::doctor::{self, Installation};
use configuration::Configuration;
pub use input::Style;
use process::{Pipes, Process};
use values::Values;

/// Frames on their way between the thread that reads them and the one that takes the values.
const ON_THE_WAY: usize = 1;

/// What the user can do when LAMMPS does not do it.
const CURE: &str = "`ionscape doctor` checks LAMMPS, MPI and plugin; without --ranks the work is done here";

#[derive(clap::Args)]
pub struct Options {
    /// Evaluate in LAMMPS, on N ranks of MPI; --threads are then those of each rank.
    #[arg(long, value_name = "N")]
    ranks: Option<NonZeroUsize>,

    /// LAMMPS program for --ranks; found as `ionscape doctor` does if not given.
    #[arg(long, value_name = "LMP", requires = "ranks")]
    lammps: Option<PathBuf>,

    /// Program that starts the ranks; if not given, mpiexec beside LAMMPS or on PATH.
    #[arg(long, value_name = "MPIEXEC", requires = "ranks")]
    mpiexec: Option<PathBuf>,

    /// The plugin; if not given, ionscapeplugin.so beside this program.
    #[arg(long, value_name = "FILE", requires = "ranks")]
    plugin: Option<PathBuf>,
}

/// A frame and its ions as indices of atoms, in the order of their ids.
pub struct Ions {
    pub frame: Frame,
    pub atoms: Vec<usize>,
}

/// A way of evaluating a dump in LAMMPS.
pub struct Rerun {
    installation: Installation,
    plugin: PathBuf,
    ranks: usize,
    threads: usize,
    folder: TempDir,
    /// Removes the folder, however this program ends.
    guard: Guard,
}

impl Options {
    /// The rerun that was asked for, if one was; its temporary folder is beside `output`.
    ///
    /// # Errors
    /// Programs that are not there; a folder that cannot be written to.
    pub fn rerun(&self, threads: Option<NonZeroUsize>, output: &Path) -> anyhow::Result<Option<Rerun>> {
        let Some(ranks) = self.ranks.map(NonZeroUsize::get) else { return Ok(None) };
        let installation = doctor::installation(self.lammps.clone(), self.mpiexec.clone())?;
        if ranks > 1 && installation.mpiexec.is_none() {
            bail!(
                "there is no MPI: no mpiexec beside LAMMPS nor on PATH; name the one of LAMMPS's MPI with --mpiexec, or \
                 take --ranks 1"
            );
        }
        let plugin = doctor::plugin(self.plugin.clone());
        if !plugin.is_file() {
            bail!(
                "the plugin {} is not there; build it with `make build` in the checkout, or name it with --plugin",
                plugin.display()
            );
        }
        let beside = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::path::absolute(beside);
        let folder = folder.and_then(|beside| tempfile::Builder::new().prefix(".ionscape-rerun.").tempdir_in(beside));
        let folder = folder.with_context(|| format!("a temporary folder is needed beside {}", output.display()))?;
        let plugin = std::path::absolute(plugin)?;
        let guard = Guard::new(Some(folder.path()))?;
        Ok(Some(Rerun { installation, plugin, ranks, threads: threads_of_rank(ranks, threads), folder, guard }))
    }
}

impl Rerun {
    /// Evaluates the ions of all frames; what LAMMPS printed.
    ///
    /// `check` looks at each frame before it is sent; `collect` takes the frames in their order, each with the values
    /// of its ions, `[n_ions, columns]`.
    ///
    /// # Errors
    /// A frame that is bad, by the reader or `check`; LAMMPS's own words if it fails; what `collect` says.
    pub fn evaluate(
        self,
        style: &Style,
        map: &SpeciesMap,
        dump: &mut DumpReader,
        cautions: &Cautions,
        check: impl Fn(&Frame) -> anyhow::Result<()> + Sync,
        mut collect: impl FnMut(&Ions, &[f64]) -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        let mut next = || -> anyhow::Result<Option<Ions>> {
            let mut frame = Frame::default();
            if !dump.read(&mut frame)? {
                return Ok(None);
            }
            check(&frame)?;
            ionscape::configuration::check_positions(&frame, cautions)?;
            ionscape::configuration::look_at_atoms(&frame, map, cautions);
            let mut atoms = frame.order_by_id()?;
            atoms.retain(|&atom| map.species_of(frame.types[atom]).is_some());
            Ok(Some(Ions { frame, atoms }))
        };
        // LAMMPS takes its box from the first frame that has ions.
        let first = loop {
            match next()? {
                None => return Ok(String::new()),
                Some(ions) if ions.atoms.is_empty() => collect(&ions, &[])?,
                Some(ions) => break ions,
            }
        };
        let start = configuration(&first, map)?;
        let boundary = start.boundary();
        self.write_files(style, &start)?;
        drop(start);
        let command = self.command();
        let program = command.get_program().to_string_lossy().into_owned();
        let (process, Pipes { frames, values }) = Process::start(command, self.folder.path(), self.guard)
            .with_context(|| format!("{program} cannot be started here; {CURE}"))?;
        // Once values have come, all files have been opened; nothing is left then if this program is ended.
        let mut folder = Some(self.folder);
        let mut begun = |process: &Process| {
            process.let_frames_end();
            drop(folder.take());
        };

        let (fed, taken) = std::thread::scope(|scope| {
            let (send, receive) = sync_channel(ON_THE_WAY);
            let feeder = scope.spawn(|| feed(first, &mut next, map, boundary, frames, send));
            let taken = take(receive, Values::new(values, style.columns), || begun(&process), &mut collect);
            let taken = match taken {
                // The feeder may be waiting for LAMMPS to read, and LAMMPS for us.
                Err(error) => {
                    process.end();
                    Err(error)
                }
                Ok(all) => Ok((all, process)),
            };
            let fed = feeder.join().unwrap_or_else(|_| Err(anyhow!("internal error in the thread that reads frames")));
            (fed, taken)
        });
        let (all, process) = taken?;
        let (status, screen) = process.finish()?;
        fed?;
        if !all || !status.success() {
            let why = doctor::telling_line(&screen).unwrap_or(doctor::last_line(&screen));
            bail!("LAMMPS failed: {why}; {CURE}");
        }
        Ok(screen)
    }

    /// Writes the input script, and puts the files that it names beside it: no path needs quoting then.
    fn write_files(&self, style: &Style, start: &Configuration) -> std::io::Result<()> {
        let folder = self.folder.path();
        std::fs::write(folder.join("model.onnx"), style.model)?;
        std::os::unix::fs::symlink(&self.plugin, folder.join("ionscapeplugin.so"))?;
        std::fs::write(folder.join("in.rerun"), input::script(style, start, self.ranks, self.threads))
    }

    fn command(&self) -> Command {
        let Installation { lammps, mpiexec, environment, .. } = &self.installation;
        let mut command = match mpiexec.as_ref().filter(|_| self.ranks > 1) {
            None => Command::new(lammps),
            Some(mpiexec) => {
                let mut command = Command::new(mpiexec);
                command.arg("-n").arg(self.ranks.to_string()).arg(lammps);
                command
            }
        };
        command.args(["-in", "in.rerun", "-log", "none", "-nocite"]).env("OMP_NUM_THREADS", "1");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Threads of each rank: as asked, else what the cores give.
///
/// Says so where ranks and threads together are more than the cores of this machine.
fn threads_of_rank(ranks: usize, asked: Option<NonZeroUsize>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let variable = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    let threads = asked.or(variable).map_or((cores / ranks).max(1), NonZeroUsize::get);
    if ranks * threads > cores {
        log::warn!(
            "{ranks} ranks of {threads} threads are more than the {cores} cores of this machine; on one machine, fewer \
             are faster"
        );
    }
    threads
}

fn configuration(ions: &Ions, map: &SpeciesMap) -> anyhow::Result<Configuration> {
    let frame = &ions.frame;
    let kind = |atom: usize| map.species_of(frame.types[atom]).map_or(0, |species| species + 1);
    let placed = ions.atoms.iter().map(|&atom| (kind(atom), frame.positions[atom])).collect();
    Ok(Configuration::new(&frame.cell, placed).map_err(|e| frame.error(None, e.to_string()))?)
}

/// Sends frames to LAMMPS and on to where their values are taken; ends quietly when either takes no more.
fn feed(
    first: Ions,
    mut next: impl FnMut() -> anyhow::Result<Option<Ions>>,
    map: &SpeciesMap,
    boundary: [char; 3],
    pipe: File,
    taken: SyncSender<Ions>,
) -> anyhow::Result<()> {
    let mut pipe = BufWriter::with_capacity(1 << 18, pipe);
    let mut ions = Some(first);
    let mut step = 0;
    while let Some(sent) = ions {
        if !sent.atoms.is_empty() {
            let configuration = configuration(&sent, map)?;
            if configuration.boundary() != boundary {
                let message = "the box's boundaries are others than in the frames before, which LAMMPS's rerun does \
                               not allow; leave --ranks out, or split the dump";
                return Err(sent.frame.error(None, message.into()).into());
            }
            match configuration.write(step, &mut pipe) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                    // What was not sent is nothing to send again.
                    let _ = pipe.into_parts();
                    return Ok(());
                }
                Err(e) => return Err(anyhow!(e).context("a frame cannot be sent to LAMMPS")),
            }
            step += 1;
        }
        if taken.send(sent).is_err() {
            return Ok(());
        }
        ions = next()?;
    }
    Ok(())
}

/// Takes the values of frame after frame; false if LAMMPS ended before they had all come.
fn take(
    frames: Receiver<Ions>,
    mut values: Values<File>,
    mut begun: impl FnMut(),
    collect: &mut impl FnMut(&Ions, &[f64]) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let (mut step, mut rows) = (0, vec![]);
    for ions in frames {
        rows.clear();
        if !ions.atoms.is_empty() {
            match values.read(step, ions.atoms.len(), &mut rows) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(false),
                Err(e) => {
                    let message = format!("LAMMPS's values for this frame are not understood ({e}); {CURE}");
                    return Err(ions.frame.error(None, message).into());
                }
            }
            begun();
            step += 1;
        }
        collect(&ions, &rows)?;
    }
    Ok(true)
}
