//! What LAMMPS sends back: its binary form of `dump custom`, an id and the values of each ion.

use std::io::{self, BufReader, ErrorKind, Read};

/// No string in a header is longer.
const LONGEST: usize = 1 << 20;

const BUFFER: usize = 1 << 18;

/// Frames of values out of a stream.
pub struct Values<R> {
    stream: BufReader<R>,
    /// Values of an ion.
    columns: usize,
}

impl<R: Read> Values<R> {
    pub fn new(stream: R, columns: usize) -> Self {
        Self { stream: BufReader::with_capacity(BUFFER, stream), columns }
    }

    /// Reads the values of `n` ions, rows in the order of their ids, `[n, columns]`.
    ///
    /// # Errors
    /// `UnexpectedEof` where the stream ends; `InvalidData` for another step or other ions than expected.
    pub fn read(&mut self, step: usize, n: usize, values: &mut Vec<f64>) -> io::Result<()> {
        let ranks = self.header(step, n)?;
        values.clear();
        values.resize(n * self.columns, f64::NAN);
        let mut came = vec![false; n];
        let mut row = vec![0; (1 + self.columns) * size_of::<f64>()];
        for _ in 0..ranks {
            let numbers = usize::try_from(self.integer()?).unwrap_or(usize::MAX);
            if !numbers.is_multiple_of(1 + self.columns) {
                return Err(odd(format!("{numbers} numbers of a rank make no whole rows")));
            }
            for _ in 0..numbers / (1 + self.columns) {
                self.stream.read_exact(&mut row)?;
                let mut numbers = row.chunks_exact(size_of::<f64>()).map(real);
                let id = numbers.next().unwrap_or_default();
                let ion = (id as usize).wrapping_sub(1);
                if ion >= n || std::mem::replace(&mut came[ion], true) {
                    return Err(odd(format!("ion {id} comes twice or is none")));
                }
                values[ion * self.columns..].iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
            }
        }
        match came.iter().position(|came| !came) {
            Some(ion) => Err(odd(format!("ion {} of {n} is missing", ion + 1))),
            None => Ok(()),
        }
    }

    /// Reads a frame's header, and tells how many ranks follow.
    fn header(&mut self, step: usize, n: usize) -> io::Result<i32> {
        let mut revision = 0;
        let mut found = self.long()?;
        // A negative step is the length of a name, after which the format says its revision.
        if found < 0 {
            self.skip(usize::try_from(found.unsigned_abs()).unwrap_or(usize::MAX))?;
            self.integer()?;
            revision = self.integer()?;
            found = self.long()?;
        }
        let atoms = self.long()?;
        let triclinic = self.integer()?;
        let bounds = if triclinic == 0 { 6 } else { 9 };
        self.skip(6 * size_of::<i32>() + bounds * size_of::<f64>())?;
        let width = self.integer()?;
        if (found, atoms, width) != (step as i64, n as i64, 1 + self.columns as i32) {
            return Err(odd(format!(
                "step {found} has {atoms} ions of {width} numbers, not step {step} with {n} ions"
            )));
        }
        if revision > 1 {
            self.skip_string()?;
            let mut timed = [0];
            self.stream.read_exact(&mut timed)?;
            self.skip(if timed[0] == 0 { 0 } else { size_of::<f64>() })?;
            self.skip_string()?;
        }
        self.integer()
    }

    fn integer(&mut self) -> io::Result<i32> {
        let mut bytes = [0; 4];
        self.stream.read_exact(&mut bytes)?;
        Ok(i32::from_ne_bytes(bytes))
    }

    fn long(&mut self) -> io::Result<i64> {
        let mut bytes = [0; 8];
        self.stream.read_exact(&mut bytes)?;
        Ok(i64::from_ne_bytes(bytes))
    }

    fn skip_string(&mut self) -> io::Result<()> {
        let length = self.integer()?;
        self.skip(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn skip(&mut self, bytes: usize) -> io::Result<()> {
        if bytes > LONGEST {
            return Err(odd("a header has no end".into()));
        }
        let passed = io::copy(&mut Read::by_ref(&mut self.stream).take(bytes as u64), &mut io::sink())?;
        if passed == bytes as u64 { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

fn real(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(f64::NAN, f64::from_ne_bytes)
}

fn odd(message: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Step 5 with three ions of two values on two ranks, in the newest layout or in those before it.
    fn frame(revision: Option<i32>, ids: [f64; 3]) -> Vec<u8> {
        let mut bytes = vec![];
        if let Some(revision) = revision {
            bytes.extend((-10i64).to_ne_bytes());
            bytes.extend(b"DUMPCUSTOM");
            bytes.extend([1, revision].map(i32::to_ne_bytes).as_flattened());
        }
        bytes.extend([5i64, 3].map(i64::to_ne_bytes).as_flattened());
        bytes.extend([1i32, 0, 0, 0, 0, 0, 0].map(i32::to_ne_bytes).as_flattened());
        bytes.extend([0.5f64; 9].map(f64::to_ne_bytes).as_flattened());
        bytes.extend(3i32.to_ne_bytes());
        if revision.is_some_and(|revision| revision > 1) {
            bytes.extend([0i32.to_ne_bytes().as_slice(), &[0], &2i32.to_ne_bytes(), b"id"].concat());
        }
        bytes.extend([2i32, 6].map(i32::to_ne_bytes).as_flattened());
        bytes.extend([ids[0], 3.0, 3.5, ids[1], 1.0, 1.5].map(f64::to_ne_bytes).as_flattened());
        bytes.extend(3i32.to_ne_bytes());
        bytes.extend([ids[2], 2.0, 2.5].map(f64::to_ne_bytes).as_flattened());
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<f64>> {
        let mut values = vec![];
        Values::new(bytes, 2).read(5, 3, &mut values).map(|()| values)
    }

    #[test]
    fn rows_of_all_ranks_come_in_the_order_of_ids() {
        for revision in [None, Some(1), Some(2)] {
            assert_eq!(read(&frame(revision, [3.0, 1.0, 2.0])).unwrap(), [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
        }
    }

    #[test]
    fn what_is_lost_or_odd_is_told() {
        let whole = frame(Some(2), [3.0, 1.0, 2.0]);
        for end in [0, 4, 30, 100, whole.len() - 1] {
            assert_eq!(read(&whole[..end]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        assert!(read(&frame(Some(2), [3.0, 3.0, 2.0])).unwrap_err().to_string().contains("ion 3 comes twice"));
        assert!(read(&frame(Some(2), [3.0, 4.0, 2.0])).unwrap_err().to_string().contains("ion 4"));
        let mut values = vec![];
        let message = Values::new(&whole[..], 2).read(6, 3, &mut values).unwrap_err().to_string();
        assert!(message.contains("not step 6"), "{message}");
    }
}
