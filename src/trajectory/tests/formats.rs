//! What LAMMPS writes, in its many forms.

use std::io::Write;

use super::*;
use crate::geometry::Cell;

const ROWS: [&str; 3] = ["2 1 1 0.5 1.5 2.5", "1 2 -1 9.25 0 -3e-05", "3 1 1 4 5 6"];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn a_plain_frame() {
    let frames = read_text(frame_text(700, "id type q x y z", &ROWS), Columns::default().require(Quantity::Charges));
    let [frame] = &frames.unwrap()[..] else { panic!("one frame") };
    assert_eq!((frame.timestep, frame.n_atoms), (700, 3));
    assert_eq!(frame.ids, [2, 1, 3]);
    assert_eq!(frame.types, [1, 2, 1]);
    assert_eq!(frame.charges.as_deref(), Some(&[1.0, -1.0, 1.0][..]));
    assert_eq!(frame.positions, [[0.5, 1.5, 2.5], [9.25, 0.0, -3e-5], [4.0, 5.0, 6.0]]);
    assert_eq!(frame.order_by_id().unwrap(), [1, 0, 2]);
    assert_eq!(frame.cell, Cell::from_lammps([0.0; 3], [10.0; 3], [0.0; 3], [true; 3]).unwrap());
    assert!(frame.velocities.is_none() && frame.raw().is_none() && frame.units.is_none() && frame.time.is_none());
    assert_eq!((frame.place.frame, frame.place.first_row), (0, 10));
    assert_eq!(frame.column_names(), ["id", "type", "q", "x", "y", "z"]);
}

#[test]
fn every_column_in_any_order_and_others_by_name() {
    let columns = "mol c_lam[1] vz vy vx element mass fx fy fz z y x iz iy ix type q id proc";
    let text = frame_text(0, columns, &["7 0.25 3 2 1 Na 22.99 4 5 6 9 8 7 -1 0 2 1 -0.8476 5 0"]);
    let wanted =
        everything().require_column("c_lam[1]").require_column("proc").require_column("mol").want_column("none");
    let frame = read_text(text, wanted).unwrap().remove(0);
    assert_eq!((&frame.ids[..], &frame.types[..]), (&[5][..], &[1][..]));
    assert_eq!(frame.molecules, Some(vec![7]));
    assert_eq!(frame.velocities, Some(vec![[1.0, 2.0, 3.0]]));
    assert_eq!(frame.forces, Some(vec![[4.0, 5.0, 6.0]]));
    assert_eq!(frame.images, Some(vec![[2, 0, -1]]));
    assert_eq!((frame.masses.clone(), frame.charges.clone()), (Some(vec![22.99]), Some(vec![-0.8476])));
    assert_eq!(frame.elements.as_ref().unwrap().get(0), Some("Na"));
    assert_eq!(frame.positions, [[7.0, 8.0, 9.0]]);
    assert_eq!(frame.unwrapped().unwrap(), [[27.0, 8.0, -1.0]]);
    assert_eq!(frame.column("c_lam[1]"), Some(&[0.25][..]));
    assert_eq!(frame.column("proc"), Some(&[0.0][..]));
    assert_eq!(frame.column("mol"), Some(&[7.0][..]));
    assert_eq!(frame.column("none"), None);
}

#[test]
fn columns_that_are_not_wanted_are_not_parsed() {
    let frame = read_text(frame_text(0, "id q x y z", &["1 nan ? - ."]), Columns::none().require(Quantity::Ids));
    let frame = frame.unwrap().remove(0);
    assert_eq!(frame.ids, [1]);
    assert!(frame.positions.is_empty() && frame.types.is_empty());
    assert_eq!(read_text(frame_text(4, "x", &["1", "2"]), Columns::none()).unwrap()[0].n_atoms, 2);
}

#[test]
fn coordinates_of_every_kind_in_a_tilted_box() {
    let cell = Cell::from_lammps([-1.0, 2.0, 0.5], [11.0, 13.0, 14.0], [3.5, -2.5, 4.0], [true; 3]).unwrap();
    let bounds = "ITEM: BOX BOUNDS xy xz yz pp pp pp\n-3.5 14.5 3.5\n2 17 -2.5\n0.5 14 4\n";
    let text = |columns: &str, row: &str| {
        format!("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\n{bounds}ITEM: ATOMS {columns}\n{row}\n")
    };
    let wanted = || Columns::none().require(Quantity::Positions).want(Quantity::Unwrapped);
    let get = |columns, row| read_text(text(columns, row), wanted()).unwrap().remove(0);
    let close = |a: [f64; 3], b: [f64; 3]| (0..3).all(|k| (a[k] - b[k]).abs() < 1e-12);

    let scaled = get("xs ys zs", "0.25 0.5 0.75");
    assert!(close(scaled.positions[0], cell.to_cartesian([0.25, 0.5, 0.75])));
    assert!(scaled.unwrapped.is_none());
    let flagged = get("xs ys zs ix iy iz", "0.25 0.5 0.75 1 -2 3");
    assert!(close(flagged.unwrapped().unwrap()[0], cell.to_cartesian([1.25, -1.5, 3.75])));
    assert!(close(flagged.positions[0], scaled.positions[0]));
    let unwrapped = get("xsu ysu zsu", "1.25 -1.5 3.75");
    assert!(close(unwrapped.unwrapped().unwrap()[0], cell.to_cartesian([1.25, -1.5, 3.75])));
    assert_eq!(unwrapped.positions, unwrapped.unwrapped().unwrap());
    let both = get("x y z xu yu zu", "1 2 3 4 5 6");
    assert_eq!((both.positions[0], both.unwrapped().unwrap()[0]), ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
    let all = get("x y z xu yu zu ix iy iz", "1 2 3 4 5 6 0 0 0");
    assert_eq!(all.unwrapped().unwrap()[0], [1.0, 2.0, 3.0], "image flags come first");
}

#[test]
fn a_general_triclinic_box() {
    let text = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS abc origin pp pp ff\n\
                3 1 0 -1\n-1 4 0 -2\n0.5 0 5 -3\nITEM: ATOMS x y z ix iy iz\n0 0 0 1 1 0\n";
    let frame = read_text(text, Columns::none().require(Quantity::Unwrapped)).unwrap().remove(0);
    assert_eq!(frame.unwrapped().unwrap(), [[2.0, 5.0, 0.0]]);
    assert_eq!(frame.cell.periodic(), [true, true, false]);
}

#[test]
fn image_flags_give_what_lammps_itself_unwraps_while_the_box_changes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dumps/lammps");
    for name in ["tilted.dump", "general.dump"] {
        let wanted = Columns::default().require(Quantity::Unwrapped).require(Quantity::Images);
        let wanted = ["xu", "yu", "zu"].into_iter().fold(wanted, Columns::require_column);
        let frames = read(folder.join(name), wanted, ReadOptions::default()).unwrap();
        assert_eq!(frames.iter().map(|f| f.timestep).collect::<Vec<_>>(), [0, 500, 1000, 1500, 2000, 2500]);
        assert!(frames[5].cell.volume() > 1.05 * frames[0].cell.volume(), "the box should change");
        assert!(frames[5].images.iter().flatten().flatten().any(|&n| n != 0), "atoms should cross its faces");
        for frame in &frames {
            let expected = ["xu", "yu", "zu"].map(|column| frame.column(column).unwrap());
            for (atom, position) in frame.unwrapped().unwrap().iter().enumerate() {
                assert!((0..3).all(|k| (position[k] - expected[k][atom]).abs() < 1e-12), "{name} {}", frame.timestep);
            }
        }
    }
}

#[test]
fn boxes_columns_and_orders_change_from_frame_to_frame() {
    let text = frame_text(0, "id x y z", &["1 1 1 1", "2 2 2 2"])
        + &frame_text(10, "x y z id", &["3 3 3 2", "2 2 2 1"]).replace("0 10\n", "-1 12\n")
        + &frame_text(20, "id xs ys zs", &["9 0.5 0.5 0.5"]);
    let frames = read_text(text, Columns::none().require(Quantity::Ids).require(Quantity::Positions)).unwrap();
    assert_eq!(frames.iter().map(|f| f.timestep).collect::<Vec<_>>(), [0, 10, 20]);
    assert_eq!(frames[1].ids, [2, 1]);
    assert_eq!(frames[1].cell.volume(), 13f64.powi(3));
    assert_eq!(frames[2].positions, [[5.0; 3]]);
    assert_eq!(frames.iter().map(|f| f.place.first_row).collect::<Vec<_>>(), [10, 21, 32]);
}

#[test]
fn units_times_windows_line_ends_and_blank_lines() {
    let first = format!("ITEM: UNITS\nlj\nITEM: TIME\n0.5\n{}", frame_text(100, "id", &["1"]));
    let second = format!("ITEM: TIME\n1\n{}\n", frame_text(200, "id", &["1"]));
    let text = (first + &second).replace('\n', "\r\n");
    let frames = read_text(text, Columns::none().require(Quantity::Ids)).unwrap();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames.iter().map(|f| f.time).collect::<Vec<_>>(), [Some(0.5), Some(1.0)]);
    assert!(frames.iter().all(|f| f.units.as_deref() == Some("lj")));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let text = frame_text(100, "id", &["1"]);
    let options = ReadOptions { keep_text: true, ..ReadOptions::default() };
    let marked = format!("\u{feff}{text}");
    let frames = with_file(marked, |path| read(path, Columns::none().require(Quantity::Ids), options)).unwrap();
    assert_eq!((frames.len(), frames[0].timestep), (1, 100));
    assert!(frames[0].raw().unwrap().header().starts_with(b"ITEM: TIMESTEP"));
}

/// As programs write that separate all words by tabs; also where a bad frame must be left behind.
#[test]
fn tabs_are_blanks_in_headers_too() {
    let plain = frame_text(0, "id type x y z", &["1 1 1 2 3"]);
    let tabbed = |text: String| text.replace(' ', "\t");
    let bad = frame_text(5, "id type x y z", &["1 1 1 nan 3"]);
    let text = format!("ITEM: UNITS\nlj\n{plain}{bad}ITEM: TIME\n7\n{}", plain.replace("STEP\n0", "STEP\n10"));
    let options = ReadOptions { on_bad_frame: OnBadFrame::Skip, keep_text: true, ..ReadOptions::default() };
    let frames = with_file(tabbed(text), |path| read(path, Columns::default(), options)).unwrap();
    assert_eq!(frames.iter().map(|f| (f.timestep, f.time)).collect::<Vec<_>>(), [(0, None), (10, Some(7.0))]);
    assert_eq!((&frames[1].positions[..], frames[1].cell.periodic()), (&[[1.0, 2.0, 3.0]][..], [true; 3]));
    assert!(frames.iter().all(|f| f.units.as_deref() == Some("lj")));
    let mut more = vec![];
    frames[1].raw().unwrap().write_with(&mut more, &["c_lam[1]"], |_, out| out.push(b'7')).unwrap();
    let more = String::from_utf8(more).unwrap();
    assert!(more.ends_with("ITEM:\tATOMS\tid\ttype\tx\ty\tz c_lam[1]\n1\t1\t1\t2\t3 7\t\n"), "{more}");
}

#[test]
fn frames_without_atoms_are_frames() {
    let frames =
        read_text(frame_text(0, "id type x y z", &[]) + &frame_text(1, "id type x y z", &["1 1 0 0 0"]), everything());
    assert_eq!(frames.unwrap().iter().map(|f| f.n_atoms).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn compression_is_told_by_content_and_members_follow_each_other() {
    let one = frame_text(0, "id type q x y z", &ROWS);
    let two = frame_text(1, "id type q x y z", &ROWS);
    let plain = format!("{one}{two}");
    let expected: Vec<_> = read_text(&plain, Columns::default()).unwrap().iter().map(|f| f.positions.clone()).collect();
    let packed = [
        gzip(plain.as_bytes()),
        zst(plain.as_bytes()),
        [gzip(one.as_bytes()), gzip(two.as_bytes())].concat(),
        [zst(one.as_bytes()), zst(two.as_bytes())].concat(),
        [gzip(&plain.as_bytes()[..100]), gzip(b""), gzip(&plain.as_bytes()[100..])].concat(),
    ];
    for bytes in packed {
        let frames = read_text(bytes, Columns::default()).unwrap();
        assert_eq!(frames.iter().map(|f| f.positions.clone()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn frames_larger_than_the_buffer_come_whole_however_they_are_packed() {
    let rows: Vec<String> = (1..=30_000).rev().map(|id| format!("{id} 1 {}.5 0 0", id % 97)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = frame_text(0, "id type x y z", &rows) + &frame_text(1, "id type x y z", &rows);
    assert!(text.len() > 1_000_000);
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes()), zst(text.as_bytes())] {
        let frames = read_text(bytes, Columns::default()).unwrap();
        assert_eq!(frames.len(), 2);
        for frame in frames {
            assert_eq!(frame.order_by_id().unwrap(), (0..30_000).rev().collect::<Vec<_>>());
            assert!(frame.ids.iter().zip(&frame.positions).all(|(id, p)| p[0] == (id % 97) as f64 + 0.5));
        }
    }
}

#[test]
fn a_reader_that_is_dropped_early_leaves_no_thread_waiting() {
    let text = frame_text(0, "id type q x y z", &ROWS).repeat(20_000);
    with_file(gzip(text.as_bytes()), |path| {
        let mut reader = DumpReader::open(path, Columns::default(), ReadOptions::default()).unwrap();
        assert!(reader.read(&mut Frame::default()).unwrap());
    });
}

#[test]
fn kept_text_is_the_files_and_takes_more_columns() {
    let text = format!("ITEM: UNITS\nlj\n{}", frame_text(0, "id type q x y z", &ROWS))
        + &frame_text(5, "id type q x y z ", &ROWS).replace(" \n", "\r\n");
    let options = ReadOptions { keep_text: true, ..ReadOptions::default() };
    let frames = with_file(&text, |path| read(path, Columns::none().require(Quantity::Ids), options)).unwrap();
    let mut same = vec![];
    let mut more = vec![];
    for frame in &frames {
        let raw = frame.raw().unwrap();
        assert_eq!(raw.rows().count(), 3);
        assert!(raw.header().ends_with(b"z\n") || raw.header().ends_with(b"z\r\n"));
        raw.write_with(&mut same, &[], |_, _| {}).unwrap();
        raw.write_with(&mut more, &["c_lam[1]", "c_lam[2]"], |atom, out| {
            write!(out, "{} 0.5", frame.ids[atom]).unwrap()
        })
        .unwrap();
    }
    assert_eq!(String::from_utf8(same).unwrap(), text);
    let more = String::from_utf8(more).unwrap();
    assert!(more.contains("ITEM: ATOMS id type q x y z c_lam[1] c_lam[2]\n2 1 1 0.5 1.5 2.5 2 0.5 \n"), "{more}");
    assert!(more.contains("4 5 6 3 0.5\r\n"), "{more}");
    let back = read_text(&more, Columns::default().require_column("c_lam[1]")).unwrap();
    assert_eq!(back[1].column("c_lam[1]"), Some(&[2.0, 1.0, 3.0][..]));
}

#[test]
fn ids_are_ordered_with_large_gaps_too() {
    let text = frame_text(0, "id", &["9000000000000", "5", "70", "6"]);
    let frame = read_text(text, Columns::none().require(Quantity::Ids)).unwrap().remove(0);
    assert_eq!(frame.order_by_id().unwrap(), [1, 3, 2, 0]);
}
