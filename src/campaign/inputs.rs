//! The files beside a campaign's script that its results depend on, known by their contents.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::SystemTime;

use super::script::{self, Reads};
use crate::{Error, Result, digest};

/// Begins the key of each file; what follows is as the script has it.
pub const FILE: &str = "sha256 of ";

/// Hashes of files as they were when they were first asked for.
#[derive(Debug, Default)]
pub struct Hashes(Mutex<HashMap<PathBuf, (Stamp, String)>>);

/// What changes where a file does.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl Hashes {
    /// The hash of a file's contents.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(&self, path: &Path) -> Result<String> {
        if let Some((_, hash)) = self.known().get(path) {
            return Ok(hash.clone());
        }
        let found = (Stamp::of(path)?, digest::of_file(path)?);
        let mut known = self.known();
        Ok(known.entry(path.into()).or_insert(found).1.clone())
    }

    /// Refuses to go on where a file is not what it was.
    ///
    /// # Errors
    /// The first file that has changed, or is gone.
    pub fn check(&self) -> Result<()> {
        let mut known: Vec<_> = self.known().iter().map(|(path, about)| (path.clone(), about.clone())).collect();
        known.sort_by(|a, b| a.0.cmp(&b.0));
        for (path, (stamp, before)) in known {
            let now = Stamp::of(&path)?;
            if now == stamp {
                continue;
            }
            if digest::of_file(&path)? != before {
                return Err(Error::Input(format!(
                    "{}: it has changed since this command began: put it back and go on, or give another --output to begin anew",
                    path.display()
                )));
            }
            self.known().insert(path, (now, before));
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, (Stamp, String)>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The files that a script of these variables reads from its folder, or by absolute names, and that those read that it includes or
    /// jumps to, with their hashes.
    ///
    /// Names that are no files say nothing: LAMMPS makes them, or stops.
    pub fn of_script(&self, script: &Path, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        each_text(script, variables, &mut |_, files| {
            for Reads { name, path, .. } in files {
                if let Ok(hash) = self.of(path) {
                    found.insert(format!("{FILE}{name}"), hash);
                }
            }
        });
        found
    }
}

/// The unit styles that a script of these variables names, or what it includes or jumps to.
pub fn units_of_script(script: &Path, variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = vec![];
    each_text(script, variables, &mut |text, _| found.extend(script::units(text)));
    found
}

/// Looks at a script and at each file that it goes on in, with the files that are read there.
fn each_text(script: &Path, variables: &BTreeMap<String, String>, look: &mut dyn FnMut(&str, &[Reads])) {
    let mut known = variables.clone();
    known.insert("folder".into(), script.parent().unwrap_or(Path::new(".")).display().to_string());
    let mut seen = HashSet::new();
    let mut unread = vec![script.to_path_buf()];
    while let Some(path) = unread.pop() {
        let Ok(bytes) = fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let mut files = script::reads(&text, &mut known);
        files.retain(|file| file.path.is_absolute() && file.path.is_file());
        look(&text, &files);
        let next = files.into_iter().filter(|file| file.goes_on).map(|file| file.path);
        unread.extend(next.filter(|path| seen.insert(path.clone())));
    }
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        let about = fs::metadata(path).map_err(|e| Error::io(path, e))?;
        Ok(Self { length: about.len(), modified: about.modified().ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_what_is_in_them_also_where_an_included_one_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "in.liquid",
            "jump ${folder}/force.in # ${folder}/late.in\ninclude ${folder}/force.in\n\
             if \"1\" then \"print hello\" \"molecule m ${folder}/${kind}.mol\"\nwrite_data ${folder}/late.in\n\
             fix 1 all ave/time 1 1 1 c_1 &\n  file ${folder}/late.in\n",
        );
        write("force.in", "include ${folder}/force.in\npair_coeff * * ${folder}/table.txt\n");
        for name in ["late.in", "a.mol", "b.mol", "table.txt"] {
            write(name, name);
        }
        let script = folder.path().join("in.liquid");
        let hashes = Hashes::default();
        let variables = |kind: &str| BTreeMap::from([("kind".to_string(), kind.to_string())]);
        let of = |kind: &str| hashes.of_script(&script, &variables(kind));
        let names: Vec<String> = of("a").into_keys().collect();
        let expected = ["${folder}/${kind}.mol", "${folder}/force.in", "${folder}/table.txt"];
        assert_eq!(names, expected.map(|name| format!("{FILE}{name}")));
        let (a, b) = (of("a"), of("b"));
        assert!(a[&names[0]] != b[&names[0]] && a[&names[1]] == b[&names[1]]);
        hashes.check().unwrap();
        write("table.txt", "other");
        assert_eq!(of("a"), a);
        assert!(hashes.check().unwrap_err().to_string().contains("table.txt: it has changed since this command began"));
        assert_ne!(Hashes::default().of_script(&script, &variables("a"))[&names[2]], a[&names[2]]);
        write("table.txt", "table.txt");
        hashes.check().unwrap();
    }
}
