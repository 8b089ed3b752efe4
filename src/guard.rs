//! Other programs, which end with this one.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Error, Result};

/// Ends all processes of its group once its input closes, which it does however this program ends; then removes the
/// folder that is its argument, if there is one.
const WATCH: &str = "trap '' TERM INT HUP; cat >/dev/null; kill -TERM 0; sleep 0.3; \
                     [ -z \"$1\" ] || rm -rf -- \"$1\"; kill -KILL 0";

/// A process group that does not outlive this program.
///
/// Its leader waits at a pipe whose other end this program alone holds; the system closes it when this program ends, be it
/// by kill -9. A signal at the death of the parent would reach a launcher and not the programs that it started.
pub struct Guard {
    leader: Child,
}

impl Guard {
    /// With a temporary folder that those programs work in, which shall not outlive this program either.
    ///
    /// # Errors
    /// A system without `sh`.
    pub fn new(folder: Option<&Path>) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCH, "sh"])
            .args(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        Ok(Self { leader: command.spawn().map_err(|e| Error::io("/bin/sh", e))? })
    }

    /// For [`CommandExt::process_group`] of the programs to start.
    pub fn group(&self) -> i32 {
        self.leader.id() as i32
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.leader.stdin.take());
        // The leader ends itself with its group.
        let _ = self.leader.wait();
    }
}
