//! The bytes of a dump file: plain, or unpacked by a thread of its own.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::foreign::{self, SIGNATURE};
use super::section;
use crate::{Error, Result};

/// First size of the buffer of a plain file: small enough for the second-level cache.
const BUFFER: usize = 1 << 17;

/// Bytes that a decompression thread hands over at a time, and how many such blocks are on their way.
const BLOCK: usize = 1 << 17;
const BLOCKS: usize = 4;

/// Room in front of a block, for what is left of the line that began in the block before.
const HEAD: usize = 1 << 10;

/// A dump file as plain text.
pub(super) struct Source {
    bytes: Bytes,
    /// How the file is compressed, for messages.
    pub(super) compression: Option<&'static str>,
}

enum Bytes {
    Plain(Plain),
    Section { file: Arc<File>, at: u64 },
    Packed(Unpacked),
}

/// A file, with bytes in front of it that were read already.
struct Plain {
    front: Cursor<Vec<u8>>,
    file: File,
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.front.read(buffer)? {
            0 => self.file.read(buffer),
            n => Ok(n),
        }
    }
}

impl Source {
    /// Opens a file; its first bytes, not its name, tell how it is compressed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let mut head = vec![];
        Read::by_ref(&mut file).take(SIGNATURE as u64).read_to_end(&mut head).map_err(io)?;
        let (is_gzip, is_zstd) = (head.starts_with(&[0x1f, 0x8b]), head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
        let other = foreign::told("this file", &head).filter(|_| !is_gzip && !is_zstd);
        if let Some(message) = other {
            return Err(Error::Input(format!("{}: {message}", path.display())));
        }
        // No seek back to the start: the file may be a pipe.
        let whole = Plain { front: Cursor::new(head), file };
        if is_gzip {
            let decoder = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BLOCK, whole));
            Ok(Self { bytes: Bytes::Packed(Unpacked::new(decoder).map_err(io)?), compression: Some("gzip") })
        } else if is_zstd {
            let decoder = zstd::Decoder::new(whole).map_err(io)?;
            Ok(Self { bytes: Bytes::Packed(Unpacked::new(decoder).map_err(io)?), compression: Some("zstd") })
        } else {
            Ok(Self { bytes: Bytes::Plain(whole), compression: None })
        }
    }

    /// A plain file from a place on, whoever else reads it meanwhile.
    pub(super) fn section(file: Arc<File>, at: u64) -> Self {
        Self { bytes: Bytes::Section { file, at }, compression: None }
    }

    /// The file and its length, if it is not compressed, and neither a pipe nor a device.
    pub(super) fn plain_file(&self) -> Option<(File, u64)> {
        let Bytes::Plain(Plain { file, .. }) = &self.bytes else { return None };
        let length = file.metadata().ok().filter(|file| file.is_file())?.len();
        Some((file.try_clone().ok()?, length))
    }

    /// Reads on into `buffer`, which holds text from `start` to `end`: where it does now.
    ///
    /// A block that was unpacked takes the place of the buffer, where there is room for the text in front of it.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>, start: usize, end: usize) -> io::Result<(usize, usize)> {
        if let Bytes::Packed(unpacked) = &mut self.bytes
            && end - start <= HEAD
        {
            return unpacked.next(buffer, start, end);
        }
        buffer.copy_within(start..end, 0);
        let held = end - start;
        if held == buffer.len() {
            buffer.resize(BUFFER.max(2 * held), 0);
        }
        Ok((0, held + self.read(&mut buffer[held..])?))
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match &mut self.bytes {
                Bytes::Plain(file) => file.read(buffer),
                Bytes::Packed(unpacked) => unpacked.read(buffer),
                Bytes::Section { file, at } => {
                    let read = section::read_at(file, buffer, *at);
                    *at += read.as_ref().map_or(0, |n| *n as u64);
                    read
                }
            };
            match result {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                result => return result,
            }
        }
    }
}

/// The bytes of a file, unpacked if it is compressed as dumps may be.
///
/// # Errors
/// A file that cannot be opened, or is of another kind than text, plain or packed as dumps may be.
pub fn unpacked(path: &Path) -> Result<impl Read + Send> {
    Source::open(path)
}

/// Unpacked bytes behind a head that is free.
struct Block {
    bytes: Vec<u8>,
    end: usize,
}

impl Block {
    /// The next bytes of a decoder, as many as fit; what was read before an error stays.
    fn fill(&mut self, decoder: &mut impl Read) -> io::Result<()> {
        self.bytes.resize(HEAD + BLOCK, 0);
        self.end = HEAD;
        while self.end < self.bytes.len() {
            match decoder.read(&mut self.bytes[self.end..]) {
                Ok(0) => break,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.end == HEAD
    }
}

/// Blocks from a decoder that runs in a thread of its own, so that unpacking and parsing take turns on no core.
struct Unpacked {
    filled: Receiver<io::Result<Block>>,
    spare: Sender<Vec<u8>>,
    block: Block,
    at: usize,
    ended: bool,
}

impl Unpacked {
    fn new(mut decoder: impl Read + Send + 'static) -> io::Result<Self> {
        let (send, filled) = channel();
        let (spare, empty) = channel::<Vec<u8>>();
        for _ in 0..BLOCKS {
            // The receiver lives: it moves into the thread only below.
            let _ = spare.send(vec![]);
        }
        thread::Builder::new().name("ionscape-unpack".into()).spawn(move || {
            // Either channel closes when the reader is dropped, and the thread ends with it.
            while let Ok(bytes) = empty.recv() {
                let mut block = Block { bytes, end: HEAD };
                let outcome = block.fill(&mut decoder);
                // An empty block says that the end was reached; a channel that just closes would not.
                let last = block.is_empty() || outcome.is_err();
                if !(block.is_empty() && outcome.is_err()) && send.send(Ok(block)).is_err() {
                    return;
                }
                if let Err(e) = outcome {
                    let _ = send.send(Err(e));
                }
                if last {
                    return;
                }
            }
        })?;
        Ok(Self { filled, spare, block: Block { bytes: vec![], end: HEAD }, at: HEAD, ended: false })
    }

    /// Takes the next block, if the last one is used up; its bytes go from `at` to the block's end.
    fn advance(&mut self) -> io::Result<()> {
        while self.at == self.block.end && !self.ended {
            let next = self.filled.recv().map_err(|_| io::Error::other("the decompression thread stopped"))?;
            let used = std::mem::replace(&mut self.block, next?);
            // A thread that has met the end takes no more blocks back.
            let _ = self.spare.send(used.bytes);
            self.at = HEAD;
            self.ended = self.block.is_empty();
        }
        Ok(())
    }

    /// Puts the next block with the text in `buffer` in front of it in the place of the buffer, and tells where in it
    /// text is.
    fn next(&mut self, buffer: &mut Vec<u8>, start: usize, end: usize) -> io::Result<(usize, usize)> {
        self.advance()?;
        if self.at == self.block.end {
            return Ok((start, end));
        }
        // There is as much room as the head is long.
        let front = self.at - (end - start);
        self.block.bytes[front..self.at].copy_from_slice(&buffer[start..end]);
        let filled = (front, self.block.end);
        std::mem::swap(buffer, &mut self.block.bytes);
        self.at = self.block.end;
        Ok(filled)
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.advance()?;
        let n = buffer.len().min(self.block.end - self.at);
        buffer[..n].copy_from_slice(&self.block.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
