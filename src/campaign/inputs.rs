//! The files beside a campaign's script that its results depend on, known by their contents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Begins the key of each file; what follows is as the script has it.
pub const FILE: &str = "sha256 of ";

/// Words of commands that write the files they name.
const WRITES: [&str; 9] =
    ["append", "dump", "log", "print", "restart", "write_coeff", "write_data", "write_dump", "write_restart"];

/// Files that a script of these variables names by `${folder}`, and those that included ones name, with their hashes.
///
/// Names that are no files say nothing: LAMMPS makes them, or stops.
pub fn hashes(script: &Path, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let folder = script.parent().unwrap_or(Path::new("."));
    let mut found = BTreeMap::new();
    let mut unread = vec![script.to_path_buf()];
    while let Some(path) = unread.pop() {
        let Ok(bytes) = fs::read(&path) else { continue };
        for (name, is_included) in names(&String::from_utf8_lossy(&bytes)) {
            let key = format!("{FILE}{name}");
            let path = resolve(&name, folder, variables);
            if found.contains_key(&key) || !path.is_file() {
                continue;
            }
            let Ok(contents) = fs::read(&path) else { continue };
            found.insert(key, hex(&Sha256::digest(contents)));
            if is_included {
                unread.push(path);
            }
        }
    }
    found
}

/// Words of a script with `${folder}` that are read, and whether they stand behind `include`.
fn names(script: &str) -> Vec<(String, bool)> {
    let mut found = vec![];
    for line in script.lines() {
        let line = line.split('#').next().unwrap_or("");
        let blank = |c: char| c.is_whitespace() || c == '"' || c == '\'';
        let words: Vec<&str> = line.split(blank).filter(|word| !word.is_empty()).collect();
        if words.iter().any(|word| WRITES.contains(word)) {
            continue;
        }
        for (k, word) in words.iter().enumerate().filter(|(_, word)| word.contains("${folder}")) {
            let before = if k > 0 { words[k - 1] } else { "" };
            // A fix writes to a file that a variable would read from.
            if !(before == "file" && words.contains(&"fix")) {
                found.push((word.to_string(), before == "include"));
            }
        }
    }
    found
}

fn resolve(name: &str, folder: &Path, variables: &BTreeMap<String, String>) -> PathBuf {
    let mut path = name.replace("${folder}", &folder.display().to_string());
    for (variable, value) in variables {
        path = path.replace(&format!("${{{variable}}}"), value);
    }
    path.into()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
            "include ${folder}/force.in # ${folder}/late.in\nif \"1\" then \"molecule m ${folder}/${kind}.mol\"\n\
             write_data ${folder}/late.in\nfix 1 all ave/time 1 1 1 c_1 file ${folder}/late.in\n",
        );
        write("force.in", "include ${folder}/force.in\npair_coeff * * ${folder}/table.txt\n");
        for name in ["late.in", "a.mol", "b.mol", "table.txt"] {
            write(name, name);
        }
        let script = folder.path().join("in.liquid");
        let of = |kind: &str| hashes(&script, &BTreeMap::from([("kind".to_string(), kind.to_string())]));
        let names: Vec<String> = of("a").into_keys().collect();
        let expected = ["${folder}/${kind}.mol", "${folder}/force.in", "${folder}/table.txt"];
        assert_eq!(names, expected.map(|name| format!("{FILE}{name}")));
        let (a, b) = (of("a"), of("b"));
        assert!(a[&names[0]] != b[&names[0]] && a[&names[1]] == b[&names[1]]);
        write("table.txt", "other");
        assert_ne!(of("a")[&names[2]], a[&names[2]]);
    }
}
