//! Texts that several threads read: the same frames, and the same complaints.

use std::fmt::Write;

use super::*;

/// Frames of so many atoms each, whose rows are long and short in turn.
fn frames(sizes: &[usize]) -> String {
    let mut text = String::new();
    for (step, &n) in sizes.iter().enumerate() {
        let _ = write!(
            text,
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n"
        );
        text.push_str("ITEM: ATOMS id type x y z q\n");
        for i in 0..n {
            let x = (i * 7919 + step) as f64 / 1000.0;
            let rest = if i % 3 == 0 { "1e-3 -2.5 " } else { "0.125 3.000000000000001 " };
            let _ = writeln!(text, "{} {} {x} {rest}{}", i + 1, 1 + i % 2, if i % 2 == 0 { 1 } else { -1 });
        }
    }
    text
}

/// What comes of reading on some threads: each frame with its text, or the error.
fn read(text: &str, threads: usize) -> Vec<std::result::Result<Frame, String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.lammpstrj");
    std::fs::write(&path, text).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let columns = Columns::default().require(Quantity::Charges);
        let options = ReadOptions { keep_text: true, ..ReadOptions::default() };
        let found = DumpReader::open(&path, columns, options).unwrap();
        found.map(|frame| frame.map_err(|e| e.to_string().replace(&path.display().to_string(), ""))).collect()
    })
}

fn same(text: &str) -> Vec<std::result::Result<Frame, String>> {
    let one = read(text, 1);
    for threads in [2, 3] {
        let several = read(text, threads);
        assert_eq!(one.len(), several.len());
        for (a, b) in one.iter().zip(&several) {
            match (a, b) {
                (Ok(a), Ok(b)) => {
                    assert_eq!(
                        (&a.ids, &a.types, &a.positions, &a.charges),
                        (&b.ids, &b.types, &b.positions, &b.charges)
                    );
                    assert_eq!((a.raw(), a.timestep, a.n_atoms), (b.raw(), b.timestep, b.n_atoms));
                }
                (a, b) => assert_eq!(a.as_ref().err(), b.as_ref().err()),
            }
        }
    }
    one
}

#[test]
fn frames_are_those_of_one_thread_wherever_they_end() {
    // Some end in the first half of a block, some in the second, some just where a block does.
    let found = same(&frames(&[9_001, 1, 4_000, 20_017, 1_500, 1_501, 1_502, 0, 30_000]));
    assert!(found.len() == 9 && found.iter().all(Result::is_ok));
}

#[test]
fn complaints_are_those_of_one_thread_wherever_they_are_due() {
    let good = frames(&[6_000, 12_000]);
    let lines: Vec<&str> = good.lines().collect();
    for bad in (20..lines.len()).step_by(997) {
        for row in ["1 1 x 2 3 1", "7 1 0.5", "1 1 nan 2 3 1"] {
            let mut changed = lines.clone();
            changed[bad] = row;
            assert!(same(&(changed.join("\n") + "\n")).iter().any(Result::is_err), "line {bad}");
        }
    }
    assert!(same(&good[..good.len() - 40_000]).last().unwrap().is_err());
}
