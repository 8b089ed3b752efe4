//! Where a page comes from: program, command, seed, files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use ionscape::page::{Fact, Section};
use sha2::{Digest, Sha256};

use crate::analyze::{Options, is_dataset};
use crate::{outputs, systems};

pub fn section(options: &Options) -> anyhow::Result<Section> {
    let command: Vec<String> = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy())).collect();
    let mut facts = vec![
        Fact::new("made by", format!("ionscape {}", env!("CARGO_PKG_VERSION"))),
        Fact::verbatim("command", format!("ionscape {}", command.join(" "))),
        Fact::new("seed", options.seed.to_string()),
    ];
    for path in &options.inputs {
        facts.push(hash(path)?);
        if is_dataset(path) {
            let (_, dataset) = systems::dataset(path)?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let snapshots = outputs::named_by(&dataset, folder).into_iter().filter(|file| file.is_file());
            // All of them in one, in the order of the data set.
            let mut all = Sha256::new();
            let mut count = 0;
            for file in snapshots {
                all.update(sha256(&file).with_context(|| file.display().to_string())?);
                count += 1;
            }
            facts.push(Fact::verbatim(
                format!("SHA-256 over those of its {count} files"),
                format!("{:x}", all.finalize()),
            ));
        }
    }
    Ok(Section::new("Where this comes from").facts(facts))
}

fn hash(path: &Path) -> anyhow::Result<Fact> {
    let sum = sha256(path).with_context(|| path.display().to_string())?;
    Ok(Fact::verbatim(format!("SHA-256 of {}", path.display()), sum))
}

/// The hash of a file, read piece by piece.
pub fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut piece) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(format!("{:x}", hasher.finalize())),
            n => hasher.update(&piece[..n]),
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:+@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
