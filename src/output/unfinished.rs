//! Files that are being written: known, so that a program that is ended removes them, and the next one what is left.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::{Builder, TempPath};

/// What ends the name of a file in the making; `.NAME.` begins it.
const ENDING: &str = ".part";

/// Locks may hold on one machine of a cluster alone: what was written to later than this is somebody's work.
const ABANDONED: Duration = Duration::from_secs(600);

/// Those of this program.
static ALL: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<PathBuf>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all files that this program is writing, and lets none begin or be completed as long as the result lives: for a
/// program that is about to end. Needs no memory.
pub fn discard_unfinished() -> Option<impl Drop> {
    // The thread that holds the list may be this one, where it is memory that has run out: none waits forever.
    let attempt = |_| ALL.try_lock().map_err(|_| thread::sleep(Duration::from_millis(1))).ok();
    let mut all = (0..100).find_map(attempt)?;
    // A file that is gone already is as good as removed.
    all.drain(..).for_each(|path| drop(fs::remove_file(path)));
    Some(all)
}

/// Removes what programs that were killed have left of a file, for one who finds it complete and does not write it again.
pub fn remove_leftovers(of: &Path) {
    if let (Some(folder), Some(name)) = (of.parent(), of.file_name()) {
        clear(folder, name);
    }
}

/// A file in the making under a name of its own; dropped, it is gone.
pub(super) struct Unfinished {
    path: TempPath,
    /// Dropped after the file.
    _entry: Entry,
}

/// A file's place among those of this program.
struct Entry(PathBuf);

impl Drop for Entry {
    fn drop(&mut self) {
        all().retain(|path| *path != self.0);
    }
}

impl Unfinished {
    /// Begins a file that will be named `name` in `folder`, and removes what programs that were killed have left of it. It has
    /// the permissions of the one whose place it takes, `before`.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(super) fn begin(folder: &Path, name: &OsStr, before: Option<&Metadata>) -> io::Result<(File, Self)> {
        let prefix = prefix(name);
        clear(folder, name);
        let mut builder = Builder::new();
        // What the user's umask makes of it, as for any other new file; nobody else's until it has another one's permissions.
        let mode = before.map_or(0o666, |before| before.mode() & 0o700);
        builder.prefix(&prefix).suffix(ENDING).permissions(Permissions::from_mode(mode));
        let mut all = all();
        loop {
            let (file, path) = builder.tempfile_in(folder)?.into_parts();
            // The lock says that the file is being written. Whoever took it first takes the file for abandoned. Where there
            // are no locks, nothing is taken for abandoned.
            let taken = matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
            if !taken && file.metadata()?.nlink() > 0 {
                if let Some(before) = before {
                    take_permissions(&file, before);
                }
                all.push(path.to_path_buf());
                let entry = Entry(path.to_path_buf());
                return Ok((file, Self { path, _entry: entry }));
            }
        }
    }

    /// Gives the file its name.
    pub(super) fn complete(self, target: &Path) -> io::Result<()> {
        let Self { path, _entry } = self;
        // Dropped before the entry, which asks for it as well.
        let _all = all();
        path.persist(target).map_err(|e| e.error)
    }
}

/// Gives a file the permissions of another, or less where the system does not let it.
fn take_permissions(file: &File, of: &Metadata) {
    let mut mode = of.mode() & 0o777;
    if fchown(file, None, Some(of.gid())).is_err() {
        // What one group may do is not for another, which may do what everybody may.
        mode &= 0o707 | (mode & 0o7) << 3;
    }
    // Without it the file stays its owner's alone.
    let _ = file.set_permissions(Permissions::from_mode(mode));
}

/// What begins the name of a file in the making.
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// Removes files that are in the making of one that is to be named `name`, and have been abandoned.
fn clear(folder: &Path, name: &OsStr) {
    let prefix = prefix(name);
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let rest = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(ENDING.as_bytes()));
        // Six letters, as tempfile has it: `.a.b.XXXXXX.part` is not of the file `a`.
        if rest.is_some_and(|rest| rest.len() == 6 && rest.iter().all(u8::is_ascii_alphanumeric)) {
            // It is no failure if somebody else's cannot be removed.
            let _ = remove_abandoned(&entry.path());
        }
    }
}

fn remove_abandoned(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
    if age > ABANDONED && file.try_lock().is_ok() {
        fs::remove_file(path)?;
    }
    Ok(())
}
