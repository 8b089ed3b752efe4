//! Parts of a plain dump that begin with a frame, read without those before.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use super::source::Source;
use super::text::{Text, is_item};

/// With `ITEM:` and a blank in front of it, a frame's timestep follows.
const TIMESTEP: &[u8] = b"TIMESTEP";
const ITEM: usize = 6;

/// Bytes that are searched at a time.
const STEP: usize = 1 << 17;

/// Longer than the lines of a header that may stand before the timestep's.
const BEFORE: u64 = 256;

/// The text from the first frame whose header begins within `range`, and where that is; none where none begins there. It does not
/// end with the range. At the start of the file, text begins in any case. It stands in `buffer`, whatever that was.
///
/// # Errors
/// What reading meets.
pub(super) fn from_first_frame(
    file: &Arc<File>,
    range: Range<u64>,
    mut buffer: Vec<u8>,
) -> io::Result<Option<(u64, Text)>> {
    let source = |at| Source::section(Arc::clone(file), at);
    if range.start == 0 {
        return Ok(Some((0, Text::of(buffer, 0..0, source(0)))));
    }
    let begin = range.start.saturating_sub(BEFORE);
    let (mut held, mut searched) = (0, 0);
    loop {
        if buffer.len() < held + STEP {
            buffer.resize(held + STEP, 0);
        }
        let read = read_at(file, &mut buffer[held..held + STEP], begin + held as u64)?;
        held += read;
        for name in memmem::find_iter(&buffer[searched..held], TIMESTEP).map(|at| searched + at) {
            let Some(found) = name.checked_sub(ITEM).filter(|at| is_item(&buffer[*at..], TIMESTEP)) else { continue };
            if found > 0 && buffer[found - 1] != b'\n' {
                continue;
            }
            let first = first_line(&buffer[..held], found);
            let at = begin + first as u64;
            if at >= range.end {
                return Ok(None);
            }
            if at >= range.start {
                return Ok(Some((at, Text::of(buffer, first..held, source(begin + held as u64)))));
            }
        }
        if read == 0 || begin + held as u64 > range.end + BEFORE {
            return Ok(None);
        }
        searched = held.saturating_sub(TIMESTEP.len());
    }
}

/// As many bytes as there are, at a place of a file.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Where the header begins that has its timestep at `at`: units and the time may stand before it, two lines each.
fn first_line(text: &[u8], mut at: usize) -> usize {
    let line_before = |at: usize| at.checked_sub(1).map(|end| memrchr(b'\n', &text[..end]).map_or(0, |i| i + 1));
    while let Some(item) = line_before(at).and_then(line_before) {
        let line = &text[item..];
        let line = line[..memchr(b'\n', line).unwrap_or(line.len())].trim_ascii();
        let is_before = |name: &[u8]| is_item(line, name) && line.len() == ITEM + name.len();
        if !(is_before(b"TIME") || is_before(b"UNITS")) {
            break;
        }
        at = item;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Arc::new(file)
    }

    /// Where the first frame begins within each range, and that its text does there.
    fn firsts(text: &str, length: usize) -> Vec<u64> {
        let file = file(text);
        let ranges = (0..text.len()).step_by(length).map(|at| at as u64..(at + length) as u64);
        ranges
            .filter_map(|range| {
                let (at, mut found) = from_first_frame(&file, range, b"ITEM: TIMESTEP\n".repeat(99)).unwrap()?;
                assert!(text.as_bytes()[at as usize..].starts_with(found.line().unwrap()));
                Some(at)
            })
            .collect()
    }

    #[test]
    fn every_header_begins_in_one_range() {
        let first = "ITEM: UNITS\nreal\nITEM: TIME\n0\nITEM: TIMESTEP\n0\nITEM: ATOMS x\nITEM: TIMESTE\n1\n";
        let next = "ITEM: TIME\r\n0.5\r\nITEM: TIMESTEP\r\n1\r\nITEM: ATOMS x\r\n1\r\n".to_string()
            + &"0.125\n".repeat(50_000);
        let text = format!("{first}{next}{next}");
        let expected = [0, first.len(), first.len() + next.len()].map(|at| at as u64);
        for length in [7, 29, 30, 31, 32] {
            assert_eq!(firsts(&text[..2000], length), expected[..2]);
        }
        assert_eq!(firsts(&text[..2000].replace("ITEM: ", "ITEM:\t"), 31), expected[..2]);
        for length in [1000, STEP - 1, STEP, STEP + 1] {
            let found = firsts(&text, length);
            assert!(expected.iter().all(|at| *at < length as u64 || found.contains(at)), "{length} {found:?}");
            assert!(found.iter().all(|at| expected.contains(at)));
        }
    }
}
