//! Whether frames are pieces of one: `dump FILE.%` writes a file for each rank, with the atoms of that rank.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ionscape::trajectory::Frame;

/// Which atoms each timestep has.
#[derive(Default)]
pub struct Pieces(HashMap<i64, Seen>);

/// The first frame of a timestep.
struct Seen {
    atoms: Atoms,
    path: Arc<PathBuf>,
    frame: usize,
}

/// A number of atoms, and what sums over their ids tell of which they are, in whatever order.
#[derive(Clone, Copy, PartialEq)]
struct Atoms {
    n: usize,
    ids: u64,
}

impl Atoms {
    fn of(frame: &Frame) -> Self {
        // Ids as such would have the same sum for 1 and 4 as for 2 and 3.
        let scattered = |id: i64| {
            let mixed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
        };
        Self { n: frame.n_atoms, ids: frame.ids.iter().fold(0, |sum: u64, &id| sum.wrapping_add(scattered(id))) }
    }
}

impl Pieces {
    /// Refuses a frame of a timestep that had other atoms; frames of one timestep that follow each other in a file are for others to judge.
    pub fn check(&mut self, frame: &Frame) -> ionscape::Result<()> {
        let atoms = Atoms::of(frame);
        let first = self.0.entry(frame.timestep).or_insert_with(|| {
            let place = &frame.place;
            Seen { atoms, path: place.path.clone(), frame: place.frame }
        });
        let follows = first.path == frame.place.path && first.frame + 1 == frame.place.frame;
        if first.atoms == atoms || follows {
            return Ok(());
        }
        Err(refusal(frame, &first.path, first.frame))
    }
}

/// Says how frames that are pieces of one, the first of them being this one of a dump, become one.
pub fn refusal(frame: &Frame, path: &Path, first: usize) -> ionscape::Error {
    let message = format!(
        "frame {first} of {} has the same timestep and other atoms: they are pieces of one frame, as dump FILE.% writes them rank by \
         rank, and ions in one lack their neighbours in the others; dump to a FILE without %, or with dump_modify nfile 1, or join the \
         rows of each timestep under one header, which cat does not",
        path.display()
    );
    frame.error(None, message)
}
