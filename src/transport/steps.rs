//! Steps between frames that no motion makes: those of image flags that were lost or ran over.

use std::path::PathBuf;

use crate::trajectory::Frame;
use crate::{Error, Result};

/// So many steps of particles tell how long they are; of fewer the longest may be short by chance.
const ENOUGH: usize = 30;

/// No step is so many times as long as the longest of the others.
const LONGER: f64 = 4.0;

/// What image flags lose is a whole cell at least; steps shorter than this share of its width are none of that.
const SHARE_OF_WIDTH: f64 = 0.5;

/// The steps of some particles, frame after frame.
#[derive(Debug, Default)]
pub struct Steps {
    path: PathBuf,
    before: Vec<[f64; 3]>,
    /// Of the first frames, before there are enough to judge by: the longest, and what is wrong if all others are much shorter.
    first: f64,
    doubt: Option<Error>,
    /// Of the later ones.
    longest: f64,
    n: usize,
    n_later: usize,
}

impl Steps {
    /// Takes the displacements of the particles since the first frame, in `frame`.
    ///
    /// # Errors
    /// A step of more than half the cell that is several times as long as all before.
    pub fn take(&mut self, moved: &[[f64; 3]], frame: &Frame) -> Result<()> {
        let joined = *frame.place.path != self.path;
        let steps = self.before.iter().zip(moved);
        let lengths = steps.map(|(a, b)| (0..3).map(|k| (b[k] - a[k]).powi(2)).sum::<f64>().sqrt());
        let longest = lengths.fold(0.0, f64::max);
        let width = frame.cell.widths().into_iter().fold(f64::INFINITY, f64::min);
        let wide = longest > SHARE_OF_WIDTH * width;
        if self.n >= ENOUGH {
            let others = self.first.max(self.longest);
            if wide && longest > LONGER * others {
                return Err(self.error(frame, longest, Some(others), joined));
            }
            self.longest = self.longest.max(longest);
            self.n_later += self.before.len();
        } else if longest > self.first {
            self.first = longest;
            self.doubt = wide.then(|| self.error(frame, longest, None, joined));
        }
        self.n += self.before.len();
        self.before.clear();
        self.before.extend_from_slice(moved);
        if joined {
            self.path.clone_from(&frame.place.path);
        }
        Ok(())
    }

    /// # Errors
    /// As [`Steps::take`], for the first steps beside all that came later.
    pub fn finish(self) -> Result<()> {
        match self.doubt {
            Some(error) if self.n_later >= ENOUGH && self.first > LONGER * self.longest => Err(error),
            _ => Ok(()),
        }
    }

    /// `others` is the longest step before; none where it is those after that tell.
    fn error(&self, frame: &Frame, longest: f64, others: Option<f64>, joined: bool) -> Error {
        let others = match others {
            None => "which is several times as far as between any frames after it".into(),
            Some(others) => format!("and by {others:.4} at most between frames before"),
        };
        let message = match joined {
            true => format!(
                "a particle moved by {longest:.4} since the last frame of {}, {others}: its image flags were lost between \
                 the runs; continue runs from restart files, or from data files with image flags",
                self.path.display()
            ),
            false => format!(
                "a particle moved by {longest:.4} since the frame before, {others}: its image flags were lost or ran over \
                 (LAMMPS counts 512 boxes, and with -D LAMMPS_SIZES=bigbig a million), and the part of the run before or after \
                 is good, as a dump of its own; or another program unwrapped x y z and kept the flags: name them xu yu zu"
            ),
        };
        frame.error(None, message)
    }
}
