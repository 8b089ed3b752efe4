//! One reader on inputs that libFuzzer makes: `IONSCAPE_READER=dump ionscape-fuzz CORPUS ...`.
#![no_main]

mod memory;
mod readers;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

static READER: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("IONSCAPE_READER").unwrap_or_default();
    match readers::READERS.iter().find(|(known, _)| *known == name) {
        Some((_, reader)) => *reader,
        None => {
            let known: Vec<&str> = readers::READERS.iter().map(|(name, _)| *name).collect();
            eprintln!("IONSCAPE_READER is '{name}'; it must be one of {}", known.join(", "));
            std::process::exit(2);
        }
    }
});

fuzz_target!(|input: &[u8]| memory::within(*READER, input));
