//! The bytes of a dump file: plain, or unpacked by a thread of its own.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::{Error, Result};

/// Bytes that a decompression thread hands over at a time, and how many such blocks are on their way.
const BLOCK: usize = 1 << 18;
const BLOCKS: usize = 4;

/// Longest of the signatures that tell formats apart.
const SIGNATURE: usize = 6;

/// A dump file as plain text.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    /// How the file is compressed, for messages.
    pub(super) compression: Option<&'static str>,
}

impl Source {
    /// Opens a file; its first bytes, not its name, tell how it is compressed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let mut head = vec![];
        Read::by_ref(&mut file).take(SIGNATURE as u64).read_to_end(&mut head).map_err(io)?;
        let signature: [u8; SIGNATURE] = std::array::from_fn(|i| head.get(i).copied().unwrap_or(0));
        // No seek back to the start: the file may be a pipe.
        let whole = Cursor::new(head).chain(file);
        match signature {
            [0x1f, 0x8b, ..] => {
                let decoder = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BLOCK, whole));
                Ok(Self { reader: Box::new(Unpacked::new(decoder).map_err(io)?), compression: Some("gzip") })
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let decoder = zstd::Decoder::new(whole).map_err(io)?;
                Ok(Self { reader: Box::new(Unpacked::new(decoder).map_err(io)?), compression: Some("zstd") })
            }
            [b'B', b'Z', b'h', ..] => Err(foreign(path, "bzip2")),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(foreign(path, "xz")),
            [0x04, 0x22, 0x4d, 0x18, ..] => Err(foreign(path, "lz4")),
            _ => Ok(Self { reader: Box::new(whole), compression: None }),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                result => return result,
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Source::read(self, buffer)
    }
}

/// The bytes of a file, unpacked if it is compressed as dumps may be.
///
/// # Errors
/// A file that cannot be opened, or is compressed in a way that is not known here.
pub fn unpacked(path: &Path) -> Result<impl Read + Send> {
    Source::open(path)
}

fn foreign(path: &Path, compression: &str) -> Error {
    Error::Input(format!(
        "{}: this file is compressed with {compression}; plain text, gzip and zstd are read: unpack it first",
        path.display()
    ))
}

/// Blocks from a decoder that runs in a thread of its own, so that unpacking and parsing take turns on no core.
struct Unpacked {
    filled: Receiver<io::Result<Vec<u8>>>,
    spare: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Unpacked {
    fn new(mut decoder: impl Read + Send + 'static) -> io::Result<Self> {
        let (send, filled) = channel();
        let (spare, empty) = channel::<Vec<u8>>();
        for _ in 0..BLOCKS {
            // The receiver lives: it moves into the thread only below.
            let _ = spare.send(Vec::with_capacity(BLOCK));
        }
        thread::Builder::new().name("ionscape-unpack".into()).spawn(move || {
            // Either channel closes when the reader is dropped, and the thread ends with it.
            while let Ok(mut block) = empty.recv() {
                block.clear();
                let outcome = Read::by_ref(&mut decoder).take(BLOCK as u64).read_to_end(&mut block);
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
        Ok(Self { filled, spare, block: vec![], at: 0, ended: false })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() && !self.ended {
            let next = self.filled.recv().map_err(|_| io::Error::other("the decompression thread stopped"))?;
            let used = std::mem::replace(&mut self.block, next?);
            // A thread that has met the end takes no more blocks back.
            let _ = self.spare.send(used);
            self.at = 0;
            self.ended = self.block.is_empty();
        }
        let n = buffer.len().min(self.block.len() - self.at);
        buffer[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
