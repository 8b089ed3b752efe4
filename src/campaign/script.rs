//! Which files a LAMMPS script reads, as far as it can be told without running it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Commands whose words may be files that they read. Those of other commands are not looked at: most of them write.
const READS: [&str; 18] = [
    "include",
    "jump",
    "read_data",
    "read_dump",
    "read_restart",
    "rerun",
    "molecule",
    "variable",
    "labelmap",
    "plugin",
    "python",
    "pair_style",
    "pair_coeff",
    "bond_coeff",
    "angle_coeff",
    "dihedral_coeff",
    "improper_coeff",
    "kspace_modify",
];

/// How the styles of fixes begin whose words may be files that they read; other fixes write theirs.
const READING_FIXES: [&str; 7] = ["acks2/", "bond/react", "cmap", "colvars", "plumed", "qeq/", "rigid"];

/// Before the name of a file that such a fix writes.
const WRITES: [&str; 1] = ["outfile"];

/// A word that may be a file.
#[derive(Debug, PartialEq)]
pub struct Reads {
    /// As the script has it, and with its variables' values.
    pub name: String,
    pub path: PathBuf,
    /// Whether LAMMPS goes on in it.
    pub goes_on: bool,
}

/// The words that may be files which a script reads. Variables that it gives a value, as `string` or `index`, are added to those that
/// are known.
pub fn reads(script: &str, variables: &mut BTreeMap<String, String>) -> Vec<Reads> {
    let mut found = vec![];
    for line in joined(script) {
        command(&words(&line), variables, &mut found);
    }
    found
}

/// The unit styles that a script sets, where it names them itself; which of several LAMMPS comes to is not told.
pub fn units(script: &str) -> Vec<String> {
    let mut found = vec![];
    for line in joined(script) {
        units_of(&words(&line), &mut found);
    }
    found
}

fn units_of(all: &[String], found: &mut Vec<String>) {
    match all {
        [name, rest @ ..] if name == "if" => rest.iter().for_each(|inner| {
            let inner = words(inner);
            if inner.len() > 1 {
                units_of(&inner, found);
            }
        }),
        [name, style] if name == "units" => found.push(style.clone()),
        _ => {}
    }
}

/// Lines with those that they go on in.
fn joined(script: &str) -> Vec<String> {
    let (mut lines, mut begun) = (vec![], String::new());
    for line in script.lines() {
        match line.trim_end().strip_suffix('&') {
            Some(part) => begun += part,
            None => lines.push(std::mem::take(&mut begun) + line),
        }
    }
    lines.push(begun);
    lines
}

/// Words without their quotes, up to a comment.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote) = (vec![], None::<String>, None::<char>);
    for c in line.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '#' => break,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => found.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    found.retain(|word| !word.is_empty());
    found
}

fn command(all: &[String], variables: &mut BTreeMap<String, String>, found: &mut Vec<Reads>) {
    let [name, rest @ ..] = all else { return };
    match name.as_str() {
        // Their words are commands.
        "if" | "run" => rest.iter().for_each(|inner| {
            let inner = words(inner);
            if inner.len() > 1 {
                command(&inner, variables, found);
            }
        }),
        "variable" if matches!(rest, [_, style, _, ..] if style == "string" || style == "index") => {
            let value = filled(&rest[2], variables);
            if rest[1] == "string" || !variables.contains_key(&rest[0]) {
                variables.insert(rest[0].clone(), value);
            }
        }
        "fix" => {
            let [_, _, style, arguments @ ..] = rest else { return };
            if READING_FIXES.iter().any(|begin| style.starts_with(begin)) {
                let before = std::iter::once(style).chain(arguments);
                let read = before.zip(arguments).filter(|(before, _)| !WRITES.contains(&before.as_str()));
                found.extend(read.map(|(_, word)| file(word, variables, false)));
            }
        }
        known if READS.contains(&known) => {
            let goes_on = matches!(known, "include" | "jump");
            found.extend(rest.iter().map(|word| file(word, variables, goes_on)));
        }
        _ => {}
    }
}

fn file(word: &str, variables: &BTreeMap<String, String>, goes_on: bool) -> Reads {
    Reads { name: word.into(), path: filled(word, variables).into(), goes_on }
}

/// A word with the values of its variables, where they are known.
fn filled(word: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(word.to_string(), |word, (name, value)| word.replace(&format!("${{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_lammps_reads_them() {
        let mut variables = BTreeMap::from([("folder".to_string(), "/there".to_string())]);
        let script = "variable which string step.in\nvariable table index ${folder}/table.txt\n\
                      include ${folder}/${which}\ninclude \"${folder}/my step.in\" # include ${folder}/never\n\
                      read_data ${folder}/a.data &\n add append\nif \"1 == 1\" then \"print hello\" 'jump ${folder}/b.in'\n\
                      pair_coeff * * ${table}\nfix b all plumed plumedfile ${folder}/bias.dat outfile ${folder}/bias.log\n\
                      fix a all ave/time 1 1 1 c_t file ${folder}/t.txt\nprint ${folder}/out append ${folder}/log\n";
        let found = reads(script, &mut variables);
        let paths: Vec<&str> = found.iter().filter_map(|r| r.path.to_str()).filter(|p| p.starts_with('/')).collect();
        assert_eq!(
            paths,
            [
                "/there/step.in",
                "/there/my step.in",
                "/there/a.data",
                "/there/b.in",
                "/there/table.txt",
                "/there/bias.dat"
            ]
        );
        let goes_on: Vec<&str> = found.iter().filter(|r| r.goes_on).map(|r| r.name.as_str()).collect();
        assert_eq!(goes_on, ["${folder}/${which}", "${folder}/my step.in", "${folder}/b.in"]);
    }

    #[test]
    fn units_are_found_also_within_if() {
        let script = "# units si\nunits &\n  metal # real\nif \"${stage} == equilibrate\" then \"units lj\" else 'units ${u}'\n\
                      dump_modify 1 units yes\nregion all block 0 1 0 1 0 1 units box\n";
        assert_eq!(units(script), ["metal", "lj", "${u}"]);
        assert!(units("dimension 3\n").is_empty());
    }
}
