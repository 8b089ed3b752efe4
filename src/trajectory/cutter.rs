//! Pieces of a plain dump that hold whole frames.

use std::io::{self, Read};

use memchr::{memchr, memmem, memrchr};

use super::source::Source;

/// Bytes that are read at a time.
const STEP: usize = 1 << 17;

/// Where the search for a frame looks again at what was searched, since a line may have been read in two parts.
const OVERLAP: usize = 64;

/// Cuts a dump in front of frames, without a look at what is in them.
pub(super) struct Cutter {
    source: Source,
    /// The beginning of the next piece.
    rest: Vec<u8>,
    ended: bool,
}

impl Cutter {
    pub(super) fn new(source: Source) -> Self {
        Self { source, rest: vec![], ended: false }
    }

    /// The next piece: `least` bytes and what belongs to the last frame in them, in the memory of `piece`; false where nothing
    /// is left, or no frame begins within `most` bytes.
    ///
    /// # Errors
    /// What reading meets. What was read stays.
    pub(super) fn next(&mut self, piece: &mut Vec<u8>, least: usize, most: usize) -> io::Result<bool> {
        piece.clear();
        std::mem::swap(piece, &mut self.rest);
        let mut searched = 0;
        loop {
            if piece.len() >= least {
                if let Some(cut) = last_frame(piece, searched) {
                    self.rest.extend_from_slice(&piece[cut..]);
                    piece.truncate(cut);
                    return Ok(true);
                }
                searched = piece.len().saturating_sub(OVERLAP);
            }
            if self.ended || piece.len() >= most {
                let is_last = self.ended && !piece.is_empty();
                if !is_last {
                    std::mem::swap(piece, &mut self.rest);
                }
                return Ok(is_last);
            }
            piece.reserve(STEP);
            let read = self.source.by_ref().take(STEP as u64).read_to_end(piece);
            match read {
                Ok(n) => self.ended = n == 0,
                Err(e) => {
                    std::mem::swap(piece, &mut self.rest);
                    return Err(e);
                }
            }
        }
    }

    /// The dump from where it was cut last, with `front` before that.
    pub(super) fn into_source(self, mut front: Vec<u8>) -> Source {
        front.extend_from_slice(&self.rest);
        self.source.behind(front)
    }
}

/// Where the last frame begins whose timestep is announced in `text[from..]`; none at the very beginning of the text.
fn last_frame(text: &[u8], from: usize) -> Option<usize> {
    const TIMESTEP: &[u8] = b"ITEM: TIMESTEP";
    let found = memmem::find_iter(&text[from..], TIMESTEP).map(|at| from + at);
    let at = found.filter(|&at| at == 0 || text[at - 1] == b'\n').last()?;
    Some(first_line(text, at)).filter(|&at| at > 0)
}

/// Where the header begins that has its timestep at `at`: units and the time may stand before it, two lines each.
fn first_line(text: &[u8], mut at: usize) -> usize {
    let line_before = |at: usize| at.checked_sub(1).map(|end| memrchr(b'\n', &text[..end]).map_or(0, |i| i + 1));
    while let Some(item) = line_before(at).and_then(line_before) {
        let line = &text[item..];
        let line = line[..memchr(b'\n', line).unwrap_or(line.len())].trim_ascii();
        if line != b"ITEM: TIME" && line != b"ITEM: UNITS" {
            break;
        }
        at = item;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, least: usize, most: usize) -> (Vec<String>, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.dump");
        std::fs::write(&path, text).unwrap();
        let mut cutter = Cutter::new(Source::open(&path).unwrap());
        let (mut pieces, mut piece) = (vec![], vec![]);
        while cutter.next(&mut piece, least, most).unwrap() {
            pieces.push(String::from_utf8(piece.clone()).unwrap());
        }
        let mut rest = String::new();
        cutter.into_source(vec![]).read_to_string(&mut rest).unwrap();
        (pieces, rest)
    }

    #[test]
    fn a_cut_is_in_front_of_a_whole_header() {
        let first = "ITEM: UNITS\nreal\nITEM: TIME\n0\nITEM: TIMESTEP\n0\nITEM: ATOMS x\nITEM: TIMESTEP 3\n1\n";
        let next = "ITEM: TIME\r\n0.5\r\nITEM: TIMESTEP\r\n1\r\nITEM: ATOMS x\r\n1\r\n";
        let text = format!("{first}{next}{next}");
        // Whatever is read at a time is cut at the last frame that begins in it.
        let (cut, rest) = pieces(&text, 1, usize::MAX);
        assert_eq!((cut, rest.as_str()), (vec![format!("{first}{next}"), next.to_string()], ""));
        assert_eq!(pieces(&text, 10_000, usize::MAX), (vec![text.clone()], String::new()));
    }

    #[test]
    fn pieces_are_the_text_whatever_their_length() {
        let frame = "ITEM: TIMESTEP\n1\nITEM: ATOMS x\n".to_string() + &"0.125\n".repeat(3000);
        let text = frame.repeat(40);
        for least in [1, STEP - 3, STEP, STEP + 1, 3 * STEP] {
            let (cut, rest) = pieces(&text, least, usize::MAX);
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|piece| piece.len().is_multiple_of(frame.len())) && rest.is_empty());
        }
    }

    #[test]
    fn a_text_without_frames_is_left_to_others() {
        let text = format!("ITEM: TIMESTEP\n{}", "x\n".repeat(STEP));
        assert_eq!(pieces(&text, 1, STEP), (vec![], text));
    }
}
