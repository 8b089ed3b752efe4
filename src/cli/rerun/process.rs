//! LAMMPS as a child, with a pipe that it reads frames from and one that it writes values to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use ionscape::guard::Guard;
use rustix::fs::{CWD, Mode, mkfifoat};

/// Names within the temporary folder. The ending makes LAMMPS write its binary form.
pub const FRAMES: &str = "frames";
pub const VALUES: &str = "values.bin";

/// A pipe held open at both ends, so that opening it never waits for a child that may be gone.
type Held = Arc<Mutex<Option<File>>>;

/// A running LAMMPS, which ends at the latest with this program.
pub struct Process {
    guard: Guard,
    held_frames: Held,
    /// What LAMMPS prints.
    screen: File,
    watch: JoinHandle<io::Result<ExitStatus>>,
}

/// Our ends of the pipes: writing fails and reading ends as soon as the child has ended.
pub struct Pipes {
    pub frames: File,
    pub values: File,
}

impl Process {
    /// Starts `command` in `folder`, an absolute path, which `guard` removes at the latest with this program.
    ///
    /// # Errors
    /// Pipes that the file system does not have, a program that cannot be started.
    pub fn start(mut command: Command, folder: &Path, guard: Guard) -> anyhow::Result<(Self, Pipes)> {
        let (held_frames, frames) = hold(folder.join(FRAMES))?;
        let (held_values, values) = hold(folder.join(VALUES))?;
        let pipes = Pipes { frames: OpenOptions::new().write(true).open(frames)?, values: File::open(values)? };

        let screen = tempfile::tempfile()?;
        command.current_dir(folder).stdin(Stdio::null()).process_group(guard.group());
        command.stdout(screen.try_clone()?).stderr(screen.try_clone()?);
        let mut child = command.spawn()?;
        let watch = std::thread::Builder::new().name("ionscape-lammps".into()).spawn({
            let held_frames = Arc::clone(&held_frames);
            move || {
                let status = child.wait();
                release(&held_frames);
                release(&held_values);
                status
            }
        })?;
        Ok((Self { guard, held_frames, screen, watch }, pipes))
    }

    /// To be called once values have come: LAMMPS has opened its end of the frames, and will see them end.
    pub fn let_frames_end(&self) {
        release(&self.held_frames);
    }

    /// Ends LAMMPS, whatever it is at.
    pub fn end(self) {
        drop(self.guard);
        // How it ended is known.
        let _ = self.watch.join();
    }

    /// Waits for the child's end; how it ended, and what it printed.
    ///
    /// # Errors
    /// What the system says when it is waited for.
    pub fn finish(mut self) -> io::Result<(ExitStatus, String)> {
        let status = self.watch.join().map_err(|_| io::Error::other("the thread that waits for LAMMPS failed"))??;
        let mut text = vec![];
        self.screen.rewind()?;
        self.screen.read_to_end(&mut text)?;
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    }
}

fn hold(path: PathBuf) -> io::Result<(Held, PathBuf)> {
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR)?;
    let file = OpenOptions::new().read(true).write(true).open(&path)?;
    Ok((Arc::new(Mutex::new(Some(file))), path))
}

fn release(held: &Held) {
    held.lock().unwrap_or_else(PoisonError::into_inner).take();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell at work in a folder, which stays as long as the shell may ask for it.
    fn shell(script: &str) -> (tempfile::TempDir, Process, Pipes) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let guard = Guard::new(Some(folder.path())).unwrap();
        let (process, pipes) = Process::start(command, folder.path(), guard).unwrap();
        (folder, process, pipes)
    }

    #[test]
    fn a_child_that_ends_early_ends_both_pipes() {
        let (_folder, process, mut pipes) = shell("echo gone; exit 3");
        assert_eq!(pipes.values.read(&mut [0]).unwrap(), 0);
        let (status, screen) = process.finish().unwrap();
        assert_eq!((status.code(), screen.as_str()), (Some(3), "gone\n"));
    }

    #[test]
    fn a_child_that_would_go_on_is_ended() {
        let (_folder, process, mut pipes) = shell("sleep 1000");
        process.end();
        assert_eq!(pipes.values.read(&mut [0]).unwrap(), 0);
    }
}
