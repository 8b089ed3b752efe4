//! The dumps of one run as one sequence of frames, evenly spaced in time.

use std::path::PathBuf;

use crate::trajectory::{Columns, DumpReader, Frame, OnBadFrame, ReadOptions};
use crate::{Error, Result};

/// Two writings of one position differ by at most this share of it, or of the cell's largest width.
const WRITTEN: f64 = 1e-5;

/// Reads dumps that continue one another, in the order of their first timesteps.
///
/// Where a run went on from an earlier point of another, the frames that the earlier file has from there on belong to no
/// continuous motion: they are dropped, and a note says so. So is a frame that stands twice in a file, if it is the same.
pub struct Sequence {
    columns: Columns,
    options: ReadOptions,
    /// Files still to be read, the next one last, with their first timesteps.
    waiting: Vec<(PathBuf, i64)>,
    reader: Option<DumpReader>,
    /// The frame that is read, while who reads has the one before.
    next: Frame,
    /// Timestep and place of the last frame given.
    last: Option<(i64, String)>,
    first_timestep: i64,
    spacing: Option<i64>,
    n_repeated: usize,
    n_skipped: usize,
}

impl Sequence {
    /// # Errors
    /// A file that cannot be read, two that begin at the same timestep.
    pub fn open(paths: &[PathBuf], columns: Columns, skip_bad_frames: bool) -> Result<Self> {
        let on_bad_frame = if skip_bad_frames { OnBadFrame::Skip } else { OnBadFrame::Refuse };
        let options = ReadOptions { on_bad_frame, ..Default::default() };
        let mut waiting = vec![];
        if let [path] = paths {
            // A single file is not opened twice: it may be a pipe.
            waiting.push((path.clone(), i64::MIN));
        } else {
            for path in paths {
                let mut frame = Frame::default();
                DumpReader::open(path, Columns::none(), options)?.read(&mut frame)?;
                waiting.push((path.clone(), frame.timestep));
            }
        }
        waiting.sort_by_key(|(_, timestep)| *timestep);
        let same = waiting.windows(2).find_map(|w| w.first_chunk::<2>().filter(|[a, b]| a.1 == b.1));
        if let Some([(a, step), (b, _)]) = same {
            if a == b {
                return Err(Error::Input(format!("{} is given twice; give each dump of a run once", a.display())));
            }
            return Err(Error::Input(format!(
                "{} and {} both begin at timestep {step}; give the dumps of one run, each once: independent runs are \
                 analysed one by one",
                a.display(),
                b.display()
            )));
        }
        waiting.reverse();
        Ok(Self {
            columns,
            options,
            waiting,
            reader: None,
            next: Frame::default(),
            last: None,
            first_timestep: 0,
            spacing: None,
            n_repeated: 0,
            n_skipped: 0,
        })
    }

    /// Puts the next frame in the place of `frame`, which must be the one that was read last: they are compared. False after the
    /// last.
    ///
    /// # Errors
    /// As the dump reader's; frames that go back in time or are not evenly spaced; two of one file and timestep that differ.
    pub fn read(&mut self, frame: &mut Frame) -> Result<bool> {
        loop {
            let Some(reader) = &mut self.reader else {
                let Some((path, _)) = self.waiting.pop() else { return Ok(false) };
                self.reader = Some(DumpReader::open(path, self.columns.clone(), self.options)?);
                continue;
            };
            if !reader.read(&mut self.next)? {
                self.n_skipped += reader.n_skipped();
                self.reader = None;
                continue;
            }
            if self.waiting.last().is_some_and(|(_, next)| self.next.timestep >= *next) {
                self.n_repeated += 1;
                continue;
            }
            if self.accept(frame)? {
                std::mem::swap(frame, &mut self.next);
                return Ok(true);
            }
        }
    }

    fn accept(&mut self, before: &Frame) -> Result<bool> {
        let frame = &self.next;
        let step = frame.timestep;
        let here = format!("frame {} of {}", frame.place.frame, frame.place.path.display());
        let Some((last, place)) = &self.last else {
            self.first_timestep = step;
            self.last = Some((step, here));
            return Ok(true);
        };
        if step == *last {
            check_same(before, frame, place)?;
            self.n_repeated += 1;
            return Ok(false);
        }
        if step < *last {
            let message = format!(
                "timestep {step} after {last} ({place}): time goes back; where a run was restarted into the same dump, \
                 split the dump there and give both files; where reset_timestep counted anew, give one of the parts alone"
            );
            return Err(frame.error(None, message));
        }
        match self.spacing {
            None => self.spacing = Some(step - last),
            Some(spacing) if step - last != spacing => {
                let skipped = self.n_skipped + self.reader.as_ref().map_or(0, DumpReader::n_skipped);
                let cure = match skipped {
                    0 => "give evenly spaced frames without gaps".into(),
                    n => format!(
                        "{} left out as damaged, which leaves a gap: give the part of the run before or after it alone",
                        frames(n)
                    ),
                };
                let message = format!(
                    "timestep {step} follows {last} ({place}) after {} steps, and the frames before are {spacing} steps \
                     apart; {cure}",
                    step - last
                );
                return Err(frame.error(None, message));
            }
            Some(_) => {}
        }
        self.last = Some((step, here));
        Ok(true)
    }

    /// Timesteps between frames; none before the second frame.
    pub fn spacing(&self) -> Option<i64> {
        self.spacing
    }

    /// Frames that were left out because their timestep was there already.
    pub fn n_repeated(&self) -> usize {
        self.n_repeated
    }

    pub fn first_timestep(&self) -> i64 {
        self.first_timestep
    }

    pub fn last_timestep(&self) -> i64 {
        self.last.as_ref().map_or(0, |(step, _)| *step)
    }

    /// What was left out.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if self.n_repeated > 0 {
            notes.push(format!("{} dropped that a continuation has again", frames(self.n_repeated)));
        }
        if self.n_skipped > 0 {
            notes.push(format!("{} left out: damaged", frames(self.n_skipped)));
        }
        notes
    }
}

/// Refuses a frame whose atoms are not where those of `before` are, at the same timestep: what moved them is no motion of the run.
fn check_same(before: &Frame, frame: &Frame, place: &str) -> Result<()> {
    let (Some(was), Some(is)) = (&before.unwrapped, &frame.unwrapped) else { return Ok(()) };
    let (first, second) = (before.order_by_id()?, frame.order_by_id()?);
    let what = if first.iter().map(|&atom| before.ids[atom]).ne(second.iter().map(|&atom| frame.ids[atom])) {
        "other atoms are there".to_string()
    } else {
        let width = frame.cell.widths().into_iter().fold(0.0, f64::max);
        let moved = first.iter().zip(&second).find(|&(&a, &b)| {
            let apart = frame.cell.nearest_image(std::array::from_fn(|k| is[b][k] - was[a][k])).0;
            (0..3).any(|k| apart[k].abs() > WRITTEN * is[b][k].abs().max(was[a][k].abs()).max(width))
        });
        let Some((_, &atom)) = moved else { return Ok(()) };
        format!("atom {} is elsewhere", frame.ids[atom])
    };
    let message = format!(
        "timestep {} stands there already ({place}), and {what}: a trajectory has timesteps that go on; where a run was \
         restarted from an earlier step into the same dump, split the dump there and give both files; where something \
         other than the run moved atoms, analyse the parts one by one",
        frame.timestep
    );
    Err(frame.error(None, message))
}

fn frames(n: usize) -> String {
    format!("{n} {}", if n == 1 { "frame" } else { "frames" })
}
