//! Long dumps, which other threads parse ahead of the reader: the same frames, and the same troubles, as in order.

use std::fmt::Write;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::trajectory::ahead::SHORTEST;

/// A dump somewhat longer than what one thread reads, of frames of 0 to `most` atoms, or of `most` all.
fn long_dump(rng: &mut ChaCha8Rng, most: usize, is_fixed: bool) -> String {
    let mut text = String::new();
    let mut timestep = 0;
    while (text.len() as u64) < SHORTEST + SHORTEST / 2 {
        if timestep == 0 {
            text.push_str("ITEM: UNITS\nreal\n");
        }
        if most.is_multiple_of(2) {
            writeln!(text, "ITEM: TIME\n{}", 0.5 * f64::from(timestep)).unwrap();
        }
        let n = if is_fixed { most } else { rng.random_range(0..=most) };
        let rows: Vec<String> = (0..n)
            .map(|i| {
                let [x, y, z]: [f64; 3] = std::array::from_fn(|_| rng.random_range(0.0..10.0));
                format!("{} {} {x:.5} {y:.4} {z}", i + 1, 1 + i % 2)
            })
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        text.push_str(&frame_text(i64::from(timestep), "id type xu yu zu", &rows));
        timestep += 100;
    }
    text
}

/// What a reader gives of a dump, frame by frame, with the error that ends it.
fn told(path: &Path, options: ReadOptions, threads: usize) -> Vec<String> {
    told_of(everything(), path, options, threads)
}

fn told_of(columns: Columns, path: &Path, options: ReadOptions, threads: usize) -> Vec<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut reader = DumpReader::open(path, columns, options).unwrap();
        let mut told = vec![];
        let mut frame = Frame::default();
        loop {
            match reader.read(&mut frame) {
                Ok(true) => {
                    let bits =
                        |list: &[[f64; 3]]| list.iter().flatten().fold(0, |h: u64, x| h.rotate_left(5) ^ x.to_bits());
                    let Frame { place, timestep, time, units, n_atoms, ids, types, positions, .. } = &frame;
                    let place = (place.path.file_name().unwrap(), place.frame, place.first_row);
                    let sums =
                        (ids.iter().sum::<i64>(), types.len(), bits(positions), bits(frame.unwrapped().unwrap()));
                    told.push(format!("{place:?} {timestep} {time:?} {units:?} {n_atoms} {sums:?} {:?}", frame.cell));
                }
                Ok(false) => told.push(format!("end, {} skipped", reader.n_skipped())),
                Err(e) => told.push(e.to_string()),
            }
            if told.last().is_some_and(|line| !line.starts_with('(')) {
                return told;
            }
        }
    })
}

fn all_options() -> impl Iterator<Item = ReadOptions> {
    [OnBadFrame::Refuse, OnBadFrame::Skip].into_iter().flat_map(|on_bad_frame| {
        [AtomCount::Any, AtomCount::Fixed].map(|atom_count| ReadOptions {
            on_bad_frame,
            atom_count,
            ..Default::default()
        })
    })
}

#[test]
fn good_frames_are_the_same_on_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    // The last has a frame longer than what is cut at a time, and the one before a single atom in each.
    for (most, is_fixed) in [(40, false), (3000, false), (2001, true), (1, true), (30_000, true)] {
        with_file(long_dump(&mut rng, most, is_fixed), |path| {
            for options in all_options() {
                let one = told(path, options, 1);
                assert!(one.len() > 1);
                assert_eq!(one, told(path, options, 2), "{most} atoms");
                assert_eq!(one, told(path, options, 5), "{most} atoms");
            }
        });
    }
}

#[test]
fn troubles_are_the_same_on_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for case in 0..40 {
        let mut bytes = long_dump(&mut rng, if case % 2 == 0 { 300 } else { 2001 }, case % 3 == 0).into_bytes();
        for _ in 0..rng.random_range(1..3) {
            let at = rng.random_range(0..bytes.len());
            let end = (at + rng.random_range(1..200)).min(bytes.len());
            match case % 5 {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => bytes[at..end].fill(b'7'),
                3 => bytes[at..end].fill(b'\n'),
                _ => drop(bytes.splice(at..at, *b"\nITEM: TIMESTEP\n5\n")),
            }
        }
        with_file(&bytes, |path| {
            for options in all_options() {
                assert_eq!(told(path, options, 1), told(path, options, 3), "case {case}");
            }
        });
    }
}

/// A column is called otherwise in the first frame, in one amid those that are read ahead, or in the last.
#[test]
fn frames_that_lack_a_column_are_the_same_on_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let text = long_dump(&mut rng, 300, true);
    let headers: Vec<usize> = text.match_indices("ITEM: ATOMS id").map(|(at, _)| at).collect();
    for header in [0, 1, headers.len() / 2, headers.len() - 1] {
        let mut text = text.clone();
        text.replace_range(headers[header] + 12..headers[header] + 14, "no");
        let required = || everything().require(Quantity::Ids);
        with_file(&text, |path| {
            for options in all_options() {
                let one = told_of(required(), path, options, 1);
                assert_eq!(one, told_of(required(), path, options, 3), "frame {header}");
                let skipped = header > 0 && options.on_bad_frame == OnBadFrame::Skip;
                let (good, last) =
                    if skipped { (headers.len() - 1, "end, 1 skipped") } else { (header, "no column id") };
                assert!(one.len() == good + 1 && one[good].contains(last), "frame {header}: {:?}", one.last());
            }
        });
    }
}

#[test]
fn a_frame_that_is_asked_for_again_and_again_keeps_nothing_of_another() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let mut text = long_dump(&mut rng, 500, true);
    text.push_str(&frame_text(-1, "id type x y z q", &["1 1 1 2 3 0.5"]));
    with_file(&text, |path| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let last = pool.install(|| {
            let mut reader = DumpReader::open(path, everything(), ReadOptions::default()).unwrap();
            let mut frame = Frame::default();
            while reader.read(&mut frame).unwrap() {}
            frame
        });
        assert_eq!((last.timestep, last.unwrapped, last.charges), (-1, None, Some(vec![0.5])));
        assert_eq!(last.positions, [[1.0, 2.0, 3.0]]);
    });
}
