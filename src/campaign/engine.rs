//! LAMMPS processes: started, watched, and believed only when they ended well with all their files.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::inputs::Hashes;
use super::plan::Campaign;
use super::seeds::seed;
use super::systems::SystemPlan;
use super::whole;
use crate::guard::Guard;
use crate::{Error, Result};

/// How LAMMPS is started.
pub struct Engine {
    pub program: PathBuf,
    /// Such as a path to libraries.
    pub environment: Vec<(String, String)>,
    /// Starts MPI ranks.
    pub launcher: Option<PathBuf>,
    /// After ionscape's own arguments.
    pub arguments: Vec<String>,
    /// As LAMMPS says it.
    pub version: String,
    pub guard: Guard,
}

/// One process.
pub struct Process<'a> {
    /// Folder that appears when the process has ended well.
    pub folder: &'a Path,
    pub input: &'a Path,
    pub stage: &'a str,
    /// What the script includes at its end.
    pub stage_file: String,
    pub seed: u64,
    /// Relative to the folder.
    pub restart: Option<String>,
    pub variables: Vec<(&'a str, &'a str)>,
    pub ranks: usize,
    /// Files that it must leave.
    pub expected: &'a [&'a str],
    /// Refuses its folder where these are cut short; restart files are looked at anyway.
    pub whole: &'a (dyn Fn(&Path) -> Result<()> + Sync),
    /// What must not change meanwhile.
    pub(super) files: &'a Hashes,
}

impl<'a> Process<'a> {
    /// A stage of a system, with the seed that is the stage's and its index's; on one rank, from nothing, leaving nothing.
    pub fn of(
        campaign: &'a Campaign,
        system: &'a SystemPlan,
        folder: &'a Path,
        (stage, index): (&'a str, usize),
        stage_file: String,
    ) -> Self {
        Self {
            folder,
            input: &campaign.input,
            stage,
            stage_file,
            seed: seed(campaign.file.seed, &system.name, stage, index),
            restart: None,
            variables: system.variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            ranks: 1,
            expected: &[],
            whole: &|_| Ok(()),
            files: campaign.hashes(),
        }
    }
}

impl Engine {
    /// The command line of a process, for people to read and for [`Engine::run`].
    pub fn command(&self, process: &Process) -> Vec<String> {
        let mut words = vec![];
        if process.ranks > 1 {
            let launcher = self.launcher.as_deref().unwrap_or(Path::new("mpiexec"));
            words.extend([launcher.display().to_string(), "-n".into(), process.ranks.to_string()]);
        }
        words.push(self.program.display().to_string());
        words.extend(["-in".into(), process.input.display().to_string()]);
        words.extend(["-log", "log.lammps", "-screen", "none", "-nocite"].map(String::from));
        words.extend(self.arguments.iter().cloned());
        let seed = process.seed.to_string();
        let restart = process.restart.as_deref().unwrap_or("none");
        let folder = process.input.parent().unwrap_or(Path::new(".")).display().to_string();
        let own = [
            ("stage", process.stage),
            ("seed", &seed),
            ("restart", restart),
            ("stage_file", "stage.in"),
            ("folder", &folder),
        ];
        for (name, value) in own.into_iter().chain(process.variables.iter().copied()) {
            words.extend(["-var".into(), name.into(), value.into()]);
        }
        words
    }

    /// Runs a process unless its folder is there already.
    ///
    /// It works in `FOLDER.partial`, which is renamed in the end; what an earlier attempt left there is removed.
    ///
    /// # Errors
    /// A LAMMPS that cannot be started or fails, with its own error line and the log's place; files missing or cut short; a script, or
    /// files that it reads, which changed.
    pub fn run(&self, process: &Process) -> Result<()> {
        if process.folder.is_dir() {
            return Ok(());
        }
        process.files.check()?;
        let partial = partial(process.folder);
        remove(&partial)?;
        fs::create_dir_all(&partial).map_err(|e| Error::io(&partial, e))?;
        let stage = partial.join("stage.in");
        fs::write(&stage, &process.stage_file).map_err(|e| Error::io(&stage, e))?;
        let output = partial.join("output.txt");
        let out = File::create(&output).map_err(|e| Error::io(&output, e))?;
        let err = out.try_clone().map_err(|e| Error::io(&output, e))?;
        let words = self.command(process);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&partial).stdin(Stdio::null()).stdout(out).stderr(err);
        command.env("OMP_NUM_THREADS", "1").envs(self.environment.iter().map(|(k, v)| (k, v)));
        command.process_group(self.guard.group());
        let mut child = command.spawn().map_err(|e| Error::io(&words[0], e))?;
        let status = child.wait().map_err(|e| Error::io(&words[0], e))?;
        let failed = |what: String| {
            let (room, log) = (whole::room(&partial), partial.join("log.lammps"));
            Error::Input(format!("{what}{room} (stage {}, log: {})", process.stage, log.display()))
        };
        if !status.success() {
            return Err(failed(complaint(&partial).unwrap_or(format!("LAMMPS ended with {status}"))));
        }
        for name in process.expected {
            if !fs::metadata(partial.join(name)).is_ok_and(|m| m.len() > 0) {
                let line = complaint(&partial).map_or(String::new(), |line| format!("; it says: {line}"));
                return Err(failed(format!(
                    "LAMMPS ended without an error and without {name}: does the script come to its `include ${{stage_file}}` \
                     in this stage?{line}"
                )));
            }
        }
        process.files.check()?;
        whole::restarts(&partial).and_then(|()| (process.whole)(&partial)).map_err(|e| failed(e.to_string()))?;
        fs::rename(&partial, process.folder).map_err(|e| Error::io(process.folder, e))
    }
}

/// The name of a folder while its process runs.
fn partial(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    folder.with_file_name(name)
}

/// Removes a folder if it is there; a process that has just been ended may still write into it.
pub fn remove(folder: &Path) -> Result<()> {
    for _ in 0..20 {
        match fs::remove_dir_all(folder) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::DirectoryNotEmpty => {
                std::thread::sleep(Duration::from_millis(100))
            }
            Err(e) => return Err(Error::io(folder, e)),
        }
    }
    fs::remove_dir_all(folder).map_err(|e| Error::io(folder, e))
}

/// LAMMPS's error line, with the command that it stopped at, or what else was printed last.
fn complaint(folder: &Path) -> Option<String> {
    let read = |name: &str| String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned();
    let (log, output) = (read("log.lammps"), read("output.txt"));
    let lines = || log.lines().chain(output.lines()).map(str::trim);
    let error = lines().find(|line| line.starts_with("ERROR"));
    let at = lines().find(|line| line.starts_with("Last input line:") || line.starts_with("Last command:"));
    match (error, at) {
        (Some(error), Some(at)) => Some(format!("LAMMPS: {error} {at}")),
        (Some(error), None) => Some(format!("LAMMPS: {error}")),
        (None, _) => output.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(String::from),
    }
}
