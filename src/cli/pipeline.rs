//! Frames of a dump on their way through reading, work and writing, all three at a time.

use ionscape::trajectory::{DumpReader, Frame};

/// Works on every frame of a dump, and hands frames and outcomes to `write` in order.
///
/// While cores share the work on one frame, those that are free write the frame before it and read the one behind it. One thread does
/// one after the other.
///
/// # Errors
/// The first that a frame meets. The frame before one that cannot be read is then worked on and not written.
pub fn run<T: Send>(
    dump: &mut DumpReader,
    work: impl Fn(&Frame) -> anyhow::Result<T> + Sync,
    mut write: impl FnMut(&Frame, T) -> anyhow::Result<()> + Send,
) -> anyhow::Result<()> {
    let (mut before, mut here, mut behind) = (Frame::default(), Frame::default(), Frame::default());
    let mut is_here = dump.read(&mut here)?;
    let mut outcome = None;
    while is_here || outcome.is_some() {
        let done = outcome.take();
        let (worked, (written, read)) = rayon::join(
            || is_here.then(|| work(&here)).transpose(),
            || {
                rayon::join(
                    || done.map_or(Ok(()), |outcome| write(&before, outcome)),
                    || if is_here { dump.read(&mut behind) } else { Ok(false) },
                )
            },
        );
        written?;
        outcome = worked?;
        is_here = read?;
        std::mem::swap(&mut before, &mut here);
        std::mem::swap(&mut here, &mut behind);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ionscape::trajectory::{Columns, ReadOptions};

    fn dump(frames: &[(i64, &str)]) -> (tempfile::TempDir, DumpReader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.lammpstrj");
        let text: String = (frames.iter())
            .map(|(step, x)| {
                format!(
                    "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n\
                     ITEM: ATOMS id type x y z\n1 1 {x} 0 0\n"
                )
            })
            .collect();
        std::fs::write(&path, text).unwrap();
        let reader = DumpReader::open(&path, Columns::default(), ReadOptions::default()).unwrap();
        (folder, reader)
    }

    /// What was written, and how it ended.
    fn through(frames: &[(i64, &str)], bad_step: i64) -> (Vec<(i64, i64)>, anyhow::Result<()>) {
        let (_folder, mut reader) = dump(frames);
        let mut written = vec![];
        let work = |frame: &Frame| {
            anyhow::ensure!(frame.timestep != bad_step, "no step {bad_step}");
            Ok(10 * frame.timestep)
        };
        let ended = run(&mut reader, work, |frame, outcome| {
            written.push((frame.timestep, outcome));
            Ok(())
        });
        (written, ended)
    }

    #[test]
    fn frames_are_written_in_order_each_with_its_own_outcome() {
        let frames: Vec<(i64, &str)> = (1..8).map(|step| (step, "1")).collect();
        let (written, ended) = through(&frames, 0);
        ended.unwrap();
        assert_eq!(written, (1..8).map(|step| (step, 10 * step)).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_frame_that_fails_is_told_of_and_those_before_it_are_written() {
        let frames = [(1, "1"), (2, "1"), (3, "1"), (4, "what")];
        let (written, ended) = through(&frames, 3);
        assert_eq!(written, [(1, 10), (2, 20)]);
        assert_eq!(ended.unwrap_err().to_string(), "no step 3");
        let (written, ended) = through(&frames, 0);
        assert_eq!(written.len(), 2, "frame 3 was worked on when frame 4 turned out bad");
        assert!(ended.unwrap_err().to_string().contains("what"));
    }
}
