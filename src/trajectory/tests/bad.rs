//! Dumps that must be refused, and what is said about them.

use std::fs;
use std::path::PathBuf;

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dumps")
}

fn skipping() -> ReadOptions {
    ReadOptions { on_bad_frame: OnBadFrame::Skip, ..ReadOptions::default() }
}

fn message(text: impl AsRef<[u8]>, columns: Columns) -> String {
    read_text(text, columns).unwrap_err().to_string()
}

/// Each dump in the folder is refused with the words of the `.message` beside it, and its good frames survive.
#[test]
fn bad_dumps_are_refused_with_their_message() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "lammpstrj") {
            continue;
        }
        let expected = fs::read_to_string(path.with_extension("message")).unwrap();
        let options = ReadOptions { atom_count: AtomCount::Fixed, ..ReadOptions::default() };
        let frames = read(&path, Columns::default(), options);
        let text = frames.unwrap_err().to_string();
        let text =
            text.strip_prefix(&format!("{}: ", path.parent().unwrap().join(path.file_name().unwrap()).display()));
        assert_eq!(text, Some(expected.trim_end()), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 15, "{seen} dumps in {}", folder().display());
}

#[test]
fn good_frames_around_a_bad_one_are_kept_on_request() {
    let good = |step| frame_text(step, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]);
    let bad = [
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 nan 5 6"]),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5"]),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]).replace("ATOMS\n2", "ATOMS\n3"),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]).replace("ATOMS\n2", "ATOMS\n1"),
        frame_text(1, "id type x y z", &["1 0 1 2 3", "2 1 4 5 6"]),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]).replace("TIMESTEP\n1", "TIMESTEP\nx"),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]).replace("0 10", "10 0"),
        "ITEM: TIMESTEP\n1\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 1".to_string(),
        frame_text(1, "id type x y z", &["1 1 1 2 3", "2 1 4 5 6"]).trim_end().to_string() + "7",
    ];
    for bad in bad {
        let text = good(0) + &bad + &good(2);
        let frames = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap();
        assert_eq!(frames.iter().map(|f| f.timestep).collect::<Vec<_>>(), [0, 2], "{text}");
        assert_eq!(frames[1].positions, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(frames[1].place.frame, 2, "skipped frames count");
        assert_eq!(text.lines().nth(frames[1].place.first_row as usize - 1), Some("1 1 1 2 3 "), "{text}");
        assert!(read_text(&text, Columns::default()).is_err());
    }
}

#[test]
fn what_follows_the_last_row_makes_its_frame_doubtful() {
    let good = |step| frame_text(step, "id type x y z", &["1 1 1 2 3"]);
    let text = good(0) + "some noise\n" + &good(2);
    let frames = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap();
    assert_eq!(frames.iter().map(|f| f.timestep).collect::<Vec<_>>(), [2]);
}

#[test]
fn skipping_every_frame_is_an_error_and_so_is_a_missing_column() {
    let text = frame_text(0, "id type x y z", &["1 1 1 2 inf"]);
    let error = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap_err().to_string();
    assert!(error.contains("'inf' in column z"), "{error}");
    let text = frame_text(0, "id x y z", &["1 1 2 3"]);
    let error = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap_err().to_string();
    assert!(error.contains("there is no column type"), "{error}");
}

#[test]
fn a_frame_that_lacks_what_those_before_had_is_a_bad_one() {
    let good = |step| frame_text(step, "id type x y z", &["1 1 1 2 3"]);
    let text = good(0) + &frame_text(1, "id type xs ys", &["1 1 1 2"]) + &good(2);
    let error = message(&text, Columns::default());
    assert!(
        error.contains("frame 1, line 19: timestep 1: there is no column zs, and the frames before had all"),
        "{error}"
    );
    let frames = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap();
    assert_eq!(frames.iter().map(|f| (f.timestep, f.place.frame)).collect::<Vec<_>>(), [(0, 0), (2, 2)]);
    // Also where the frame that had them was bad itself; not where none had.
    let text = good(0).replace("1 1 1 2 3", "1 1 1 2 nan") + &frame_text(1, "id", &["1"]) + &good(2);
    assert_eq!(with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap().len(), 1);
    let text = frame_text(1, "id", &["1"]) + &good(2);
    let error = with_file(&text, |path| read(path, Columns::default(), skipping())).unwrap_err().to_string();
    assert!(error.contains("there are no columns type x y z; in LAMMPS"), "{error}");
}

#[test]
fn after_an_error_there_is_nothing_more() {
    let text = frame_text(0, "id", &["x"]) + &frame_text(1, "id", &["1"]);
    with_file(text, |path| {
        let mut reader =
            DumpReader::open(path, Columns::none().require(Quantity::Ids), ReadOptions::default()).unwrap();
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    });
}

#[test]
fn missing_columns_are_named_with_the_command_that_gives_them() {
    let text = frame_text(0, "id type x y z", &["1 1 1 2 3"]);
    let wanted = Columns::default().require(Quantity::Charges).require(Quantity::Velocities).require_column("c_lam[1]");
    let error = message(&text, wanted);
    assert!(error.contains("frame 0, line 9: timestep 0: there are no columns q vx vy vz c_lam[1]"), "{error}");
    assert!(error.contains("dump 1 all custom 1000 FILE id type x y z q vx vy vz c_lam[1]"), "{error}");
    let error = message(&text, Columns::none().require(Quantity::Unwrapped));
    assert!(error.contains("wrapped into the box") && error.contains("id type x y z xu yu zu"), "{error}");
    let frame = read_text(&text, Columns::default()).unwrap().remove(0);
    assert!(frame.unwrapped().unwrap_err().to_string().contains("add xu yu zu, or ix iy iz beside x y z"));
    let error = message(frame_text(0, "id type x y zu", &["1 1 1 2 3"]), Columns::default());
    assert!(error.contains("there is no column z") && error.contains("FILE id type x y zu z"), "{error}");
}

#[test]
fn of_coordinates_the_columns_that_complete_them_are_named() {
    let told = |columns: &str, wanted: Quantity| message(frame_text(0, columns, &[]), Columns::none().require(wanted));
    for (columns, lack, command) in [
        ("id xu yu", "there is no column zu;", "id xu yu zu"),
        ("x y z xu yu", "there is no column zu;", "x y z xu yu zu"),
        ("ysu", "there are no columns xsu zsu;", "ysu xsu zsu"),
        ("x y z ix iy", "there is no column iz;", "x y z ix iy iz"),
        ("x y ix iy iz", "there is no column z;", "x y ix iy iz z"),
        ("xs zs", "there are no columns ys ix iy iz;", "xs zs ys ix iy iz"),
        ("id q", "there are no columns xu yu zu;", "id q xu yu zu"),
        ("xs ys zs", "the coordinates are wrapped into the box", "xs ys zs xu yu zu"),
    ] {
        let error = told(columns, Quantity::Unwrapped);
        assert!(error.contains(lack) && error.ends_with(&format!("FILE {command}")), "{columns}: {error}");
    }
    for (columns, lack) in [("xs ys", "no column zs;"), ("xu yu", "no column zu;"), ("id", "no columns x y z;")] {
        let error = told(columns, Quantity::Positions);
        assert!(error.contains(lack), "{columns}: {error}");
    }
    let both = Columns::default().require(Quantity::Unwrapped).require(Quantity::Molecules);
    let error = message(frame_text(0, "id type x y z", &[]), both.clone());
    assert!(error.contains("there is no column mol, and the coordinates are wrapped"), "{error}");
    assert!(error.ends_with("FILE id type x y z mol xu yu zu"), "{error}");
    let error = message(frame_text(0, "id type mol xu yu", &[]), both);
    assert!(error.contains("there is no column zu;"), "{error}");
}

#[test]
fn columns_under_other_names_are_no_part_of_the_command() {
    let told = |columns: &str| message(frame_text(0, columns, &[]), Columns::default().require(Quantity::Charges));
    let error = told("id type X Y Z q");
    assert!(error.contains("there is no x y z, which X Y Z may be; call columns as LAMMPS does"), "{error}");
    assert!(error.ends_with("in small letters without quotes: x y z"), "{error}");
    let error = told("\"id\" 'type' x y z \"Q\" \"Note\"");
    assert!(error.contains("there is no id type q, which \"id\" 'type' \"Q\" may be;"), "{error}");
    // What is lacking besides: LAMMPS takes the command as it stands.
    let error = told("ID TYPE X Y Z charge X c_Lam[1]");
    assert!(error.contains("there is no column q;"), "{error}");
    assert!(error.ends_with("FILE id type x y z c_Lam[1] q"), "{error}");
    let error = told("id type x y posz charge");
    assert!(error.contains("there are no columns z q;") && error.ends_with("FILE id type x y z q"), "{error}");
    // Names of a compute are as they are.
    let wanted = Columns::none().require_column("c_lam[1]");
    assert!(message(frame_text(0, "c_Lam[1]", &[]), wanted).ends_with("FILE c_Lam[1] c_lam[1]"));
}

#[test]
fn duplicate_ids_are_found_with_and_without_gaps() {
    for (ids, id) in [(["1", "3", "2", "3"], "3"), (["900000000", "1", "2", "900000000"], "900000000")] {
        let frame = read_text(frame_text(8, "id", &ids), Columns::none().require(Quantity::Ids)).unwrap().remove(0);
        let error = frame.order_by_id().unwrap_err().to_string();
        let first = if id == "3" { 11 } else { 10 };
        let expected = format!("line 13: timestep 8: atom id {id} stands here a second time, first on line {first}");
        assert!(error.contains(&expected), "{error}");
    }
    let frame = read_text(frame_text(8, "id", &["1"]), Columns::none()).unwrap().remove(0);
    assert!(frame.order_by_id().unwrap_err().to_string().contains("add id"));
}

#[test]
fn the_number_of_atoms_may_change_unless_it_is_told_not_to() {
    let text = frame_text(0, "id", &["1", "2"]) + &frame_text(5, "id", &["1"]) + &frame_text(10, "id", &["2", "1"]);
    let ids = || Columns::none().require(Quantity::Ids);
    assert_eq!(read_text(&text, ids()).unwrap().len(), 3);
    let fixed = ReadOptions { atom_count: AtomCount::Fixed, ..ReadOptions::default() };
    let error = with_file(&text, |path| read(path, ids(), fixed)).unwrap_err().to_string();
    assert!(error.contains("frame 1, line 20: timestep 5: 1 atoms, where the frames before have 2"), "{error}");
    let frames = with_file(&text, |path| read(path, ids(), ReadOptions { atom_count: AtomCount::Fixed, ..skipping() }));
    assert_eq!(frames.unwrap().len(), 2);
}

#[test]
fn atoms_too_far_away_for_their_digits_are_refused_and_travellers_are_not() {
    let rows = |x: &str| frame_text(7, "id type x y z xu yu zu", &["1 1 1 1 1 1 1 1", &format!("2 1 1 1 1 1 {x} 1")]);
    let columns = Columns::default().want(Quantity::Unwrapped);
    for x in ["1e30", "-1e10"] {
        let text = message(rows(x), columns.clone());
        assert!(text.contains("frame 0, line 11: timestep 7") && text.contains("more than 1e8 boxes away"), "{text}");
    }
    let text = message(frame_text(7, "id type xs ys zs", &["1 1 0.5 2e9 0.5"]), Columns::default());
    assert!(text.contains("more than 1e8 boxes away"), "{text}");
    assert_eq!(read_text(rows("-1e8"), columns).unwrap()[0].n_atoms, 2);
}

#[test]
fn an_absurd_number_of_atoms_takes_no_memory() {
    let text = frame_text(0, "id type x y z", &["1 1 1 2 3"]).replace("ATOMS\n1\n", "ATOMS\n18446744073709551615\n");
    let error = message(text, Columns::default());
    assert!(error.contains("the file ends after 1 of 18446744073709551615 atoms"), "{error}");
}

#[test]
fn damaged_compressed_files_are_told_apart_from_short_ones() {
    let text = frame_text(0, "id type x y z", &["1 1 1.25 2.5 3.75", "2 1 4 5 6"]).repeat(2000);
    let gz = {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (name, bytes) in [("gzip", gz), ("zstd", zst)] {
        let cut = &bytes[..bytes.len() * 2 / 3];
        let error = message(cut, Columns::default());
        assert!(error.contains(&format!("the {name} data are damaged or cut short here")), "{error}");
        let mut wrong = bytes.clone();
        wrong.iter_mut().skip(bytes.len() / 2).take(40).for_each(|b| *b = !*b);
        assert!(with_file(&wrong, |path| read(path, Columns::default(), ReadOptions::default())).is_err());
    }
    // What is wrong where one frame has ended and the next should begin is told in the decoder's words.
    let frame = frame_text(0, "id type x y z", &["1 1 1.25 2.5 3.75"]);
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, frame.as_bytes()).unwrap();
    let mut bytes = encoder.finish().unwrap();
    let sum = bytes.len() - 8;
    bytes[sum] ^= 1;
    let error = message(&bytes, Columns::default());
    assert!(error.contains("the gzip data are damaged or cut short here") && error.contains("checksum"), "{error}");
    // A cut in a small file leaves nothing; in a large one, the frames before it.
    let rows: Vec<String> = (1..5000).map(|i| format!("{i} 1 {} 0 0", (i * 7919) % 10007)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = frame_text(0, "id type x y z", &rows).repeat(30);
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    let frames = with_file(&bytes[..bytes.len() / 2], |path| read(path, Columns::default(), skipping())).unwrap();
    assert!((10..16).contains(&frames.len()), "{}", frames.len());
}

#[test]
fn columns_of_one_name_must_say_the_same() {
    let frame = |x: &str, vx: &str| {
        frame_text(0, "id type x y z vx x vx", &["1 1 1 2 3 4 1 4", &format!("2 1 4 5 6 7 {x} {vx}")])
    };
    let frames = read_text(frame("4", "8"), Columns::default()).unwrap();
    assert_eq!(frames[0].positions, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let error = message(frame("4.5", "7"), Columns::default());
    assert!(error.contains("line 11: ") && error.contains("two columns are called x and differ here"), "{error}");
}

#[test]
fn zeros_behind_a_whole_frame_do_not_make_it_bad() {
    let text = [frame_text(0, "id", &["1"]).into_bytes(), vec![0; 4096]].concat();
    let wanted = || Columns::none().require(Quantity::Ids);
    let error = message(&text, wanted());
    assert!(error.contains("frame 1, line 11: zeros where a frame should begin: the machine or its disk"), "{error}");
    let frames = with_file(&text, |path| read(path, wanted(), skipping())).unwrap();
    assert_eq!(frames.len(), 1);
}

#[test]
fn what_is_no_dump_is_told_what_it_is() {
    assert!(message("", Columns::default()).contains("frame 0, line 1: the file is empty"));
    assert!(message("\n \n", Columns::default()).contains("the file is empty"));
    assert!(message(b"BZh91AY", Columns::default()).contains("compressed with bzip2"));
    assert!(message(b"\xfd7zXZ\0...", Columns::default()).contains("compressed with xz"));
    assert!(message(b"\n\0\0\0\0\0\0\0\x01\n\0", Columns::default()).contains("binary2txt"));
    assert!(message(vec![b'a'; 20_000_000], Columns::default()).contains("no line end in"));
    let error = DumpReader::open("no/such.dump", Columns::default(), ReadOptions::default()).err().unwrap().to_string();
    assert!(error.contains("no/such.dump") && error.contains("No such file"), "{error}");
}

/// Plain, and packed with what is read.
#[test]
fn files_of_other_programs_are_told_by_their_first_bytes() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let kinds: [(Vec<u8>, &str); 10] = [
        (
            b"CDF\x01\0\0\0\x05 some more".to_vec(),
            "in netCDF; text dumps of LAMMPS are read: use dump styles atom or custom",
        ),
        (b"CDF\x05\0\0\0\0".to_vec(), "in netCDF"),
        (b"\x89HDF\r\n\x1a\n\0\0\n".to_vec(), "in HDF5"),
        (b"\x54\0\0\0CORD\x0a\0".to_vec(), "a DCD trajectory"),
        (b"\0\0\x07\xcb\0\0\0\x08\n".to_vec(), "an XTC trajectory"),
        (b"\0\0\x07\xc9\0\0\0\x0d\n".to_vec(), "a TRR trajectory"),
        (b"PK\x03\x04\x14\0\0\0".to_vec(), "a zip archive; plain text, gzip and zstd are read: unpack it first"),
        (utf16("\u{feff}ITEM: TIMESTEP\n"), "text in UTF-16; UTF-8 is read: iconv -f UTF-16 -t UTF-8"),
        (utf16("ITEM: TIMESTEP\n"), "text in UTF-16"),
        (b"BZh91AY".to_vec(), "compressed with bzip2"),
    ];
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    for (bytes, words) in kinds {
        let error = message(&bytes, Columns::default());
        assert!(error.contains("this file is ") && error.contains(words), "{words}: {error}");
        let error = message(zst(&bytes), Columns::default());
        assert!(error.contains("line 1: what the zstd data hold is ") && error.contains(words), "{words}: {error}");
        let skipped =
            with_file(zst(&bytes), |path| read(path, Columns::default(), skipping()).unwrap_err().to_string());
        assert_eq!(skipped.split_once(": ").unwrap().1, error.split_once(": ").unwrap().1);
    }
    let twice = message(zst(&zst(frame_text(0, "id", &["1"]).as_bytes())), Columns::none());
    assert!(twice.contains("what the zstd data hold is compressed with zstd; plain text"), "{twice}");
    // What another kind's first bytes are cut from is told as ever.
    assert!(message(b"\0\0\x07", Columns::default()).contains("binary"));
    assert!(message(zst(b""), Columns::default()).contains("the file is empty"));
}

#[test]
fn zstd_with_a_window_beyond_what_is_given_is_told_from_damage() {
    // A frame that asks for a window of 2 GiB, and one raw block of one byte.
    let bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, b'a'];
    let error = with_file(bytes, |path| read(path, everything(), ReadOptions::default()).unwrap_err().to_string());
    assert!(error.contains("the zstd data ask for more memory than is given"), "{error}");
}
