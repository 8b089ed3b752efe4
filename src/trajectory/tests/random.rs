//! Frames made up at random, written and read back.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

const COLUMNS: [&str; 13] = ["id", "type", "q", "x", "y", "z", "ix", "iy", "iz", "vx", "vy", "vz", "c_lam[1]"];

#[derive(Clone, Debug)]
struct Atom {
    id: i64,
    atom_type: i32,
    images: [i64; 3],
    /// q, x, y, z, vx, vy, vz, c_lam[1]
    reals: [f64; 8],
}

impl Atom {
    fn field(&self, column: &str) -> String {
        let real = |i: usize| format!("{:?}", self.reals[i]);
        match column {
            "id" => self.id.to_string(),
            "type" => self.atom_type.to_string(),
            "ix" | "iy" | "iz" => self.images[(column.as_bytes()[1] - b'x') as usize].to_string(),
            "x" | "y" | "z" => real(1 + (column.as_bytes()[0] - b'x') as usize),
            "vx" | "vy" | "vz" => real(4 + (column.as_bytes()[1] - b'x') as usize),
            "q" => real(0),
            _ => real(7),
        }
    }
}

fn real() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-10_000_000i32..10_000_000, 0u32..7).prop_map(|(digits, power)| f64::from(digits) / 10f64.powi(power as i32)),
        -1e3..1e3f64,
        -1e-300..1e-300f64,
        -1e300..1e300f64,
    ]
}

fn atoms() -> impl Strategy<Value = Vec<Atom>> {
    let atom = (1i32..9, prop::array::uniform3(-3i64..4), prop::array::uniform8(real()));
    prop::collection::vec(atom, 0..20).prop_flat_map(|atoms| {
        let atoms: Vec<Atom> = atoms
            .into_iter()
            .enumerate()
            .map(|(i, (atom_type, images, mut reals))| {
                // What is farther away is refused.
                reals[1..4].iter_mut().for_each(|x| *x %= 1e9);
                Atom { id: 3 * i as i64 + 1, atom_type, images, reals }
            })
            .collect();
        Just(atoms).prop_shuffle()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(25), ..Default::default() })]

    #[test]
    fn what_is_written_is_read_back(
        frames in prop::collection::vec((any::<i32>(), atoms()), 1..4),
        columns in Just(COLUMNS.to_vec()).prop_shuffle(),
    ) {
        let text = frames.iter().fold(String::new(), |mut text, (timestep, atoms)| {
            let rows: Vec<String> = atoms
                .iter()
                .map(|atom| columns.iter().map(|column| atom.field(column)).collect::<Vec<_>>().join(" "))
                .collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            write!(text, "{}", frame_text(i64::from(*timestep), &columns.join(" "), &rows)).unwrap();
            text
        });
        let read = read_text(text, everything().require_column("c_lam[1]")).unwrap();
        prop_assert_eq!(read.len(), frames.len());
        for (frame, (timestep, atoms)) in read.iter().zip(&frames) {
            prop_assert_eq!(frame.timestep, i64::from(*timestep));
            prop_assert_eq!(frame.n_atoms, atoms.len());
            for (i, atom) in atoms.iter().enumerate() {
                let [q, x, y, z, vx, vy, vz, lambda] = atom.reals;
                prop_assert_eq!((frame.ids[i], frame.types[i]), (atom.id, atom.atom_type));
                prop_assert_eq!(frame.positions[i], [x, y, z]);
                prop_assert_eq!(frame.charges.as_ref().unwrap()[i], q);
                prop_assert_eq!(frame.velocities.as_ref().unwrap()[i], [vx, vy, vz]);
                prop_assert_eq!(frame.images.as_ref().unwrap()[i], atom.images);
                prop_assert_eq!(frame.column("c_lam[1]").unwrap()[i], lambda);
                let unwrapped: [f64; 3] = std::array::from_fn(|k| [x, y, z][k] + 10.0 * atom.images[k] as f64);
                prop_assert_eq!(frame.unwrapped().unwrap()[i], unwrapped);
            }
            let order = frame.order_by_id().unwrap();
            prop_assert!(order.iter().map(|&i| frame.ids[i]).is_sorted());
        }
    }

    #[test]
    fn a_dump_cut_anywhere_is_never_misread(cut in 0.0..1.0f64) {
        let rows = ["1 1 0.125 12.5 3.25", "2 2 7.5 8.75 9.125"];
        let text = frame_text(0, "id type x y z", &rows) + &frame_text(10, "id type x y z", &rows);
        let end = (cut * text.len() as f64) as usize;
        let options = ReadOptions { on_bad_frame: OnBadFrame::Skip, ..ReadOptions::default() };
        let frames = with_file(&text[..end], |path| read(path, Columns::default(), options));
        let whole = text[..end].matches("9.125 \n").count();
        match frames {
            Ok(frames) => {
                prop_assert_eq!(frames.len(), whole);
                prop_assert!(frames.iter().all(|f| f.positions == [[0.125, 12.5, 3.25], [7.5, 8.75, 9.125]]));
            }
            Err(_) => prop_assert_eq!(whole, 0),
        }
    }
}
