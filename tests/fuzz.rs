//! Every reader on the corpora of `fuzz`, and on inputs made from them: what coverage once led to stays found.

#[path = "../fuzz/src/memory.rs"]
mod memory;
#[path = "../fuzz/src/readers.rs"]
mod readers;

use std::fs;
use std::path::Path;

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Inputs that are made for each reader; `make fuzz` makes as many in a moment.
const MADE: usize = 400;

/// What makes readers lose their footing.
const WORDS: [&[u8]; 16] = [
    b"nan",
    b"-inf",
    b"1e400",
    b"-0",
    b"1e-320",
    b"18446744073709551615",
    b"9223372036854775808",
    b"-1",
    b"",
    b"\n",
    b"\0",
    b"\xff",
    b"ITEM: TIMESTEP\n",
    b"\x1f\x8b\x08\0",
    b"\x28\xb5\x2f\xfd",
    b"= [[[[[[[[[[[[[[[[",
];

/// An input with a few things changed in it.
fn changed(rng: &mut ChaCha8Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus.choose(rng).expect("a corpus holds something").clone();
    for _ in 0..rng.random_range(1..5) {
        let at = rng.random_range(0..=input.len());
        let end = rng.random_range(at..=input.len().min(at + 16));
        match rng.random_range(0..5) {
            0 => input.truncate(at),
            1 => drop(input.splice(at..end, WORDS.choose(rng).expect("there are words").iter().copied())),
            2 => input[at..end].iter_mut().for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
            3 => drop(input.splice(at..at, input[at..end].to_vec())),
            _ => {
                let other = corpus.choose(rng).expect("a corpus holds something");
                let from = rng.random_range(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
    input
}

/// One after the other, since memory is counted for all threads together. What a reader fails on is left in
/// `target/tmp/fuzz-READER`.
#[test]
fn readers_hold_on_to_what_was_found() {
    for (k, (name, reader)) in readers::READERS.into_iter().enumerate() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpora").join(name);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        assert!(!corpus.is_empty(), "{name}");
        let mut rng = ChaCha8Rng::seed_from_u64(k as u64);
        let made: Vec<Vec<u8>> = (0..MADE).map(|_| changed(&mut rng, &corpus)).collect();
        for input in corpus.iter().chain(&made) {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
            fs::write(&kept, input).unwrap();
            memory::within(reader, input);
        }
    }
}
