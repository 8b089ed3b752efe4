//! A file that takes its name only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

use super::target::{folder, target};
use super::unfinished::Unfinished;
use crate::{Error, Result};

/// Bytes gathered before they go to the file.
const BUFFER: usize = 1 << 18;

/// A file being written beside its final name.
///
/// A name that ends in `.gz` or `.zst` makes it compress. [`AtomicFile::commit`] renames it; dropped without that, it
/// leaves no trace, and a file of the same name from before stays as it was. A file that takes the place of another has its
/// permissions. A program that is killed leaves a hidden file `.NAME.XXXXXX.part`, which whoever writes NAME later removes.
///
/// ```
/// use std::io::Write;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("table.txt");
/// let mut file = ionscape::output::AtomicFile::create(&path)?;
/// writeln!(file, "1 2 3").unwrap();
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "1 2 3\n");
/// # Ok::<(), ionscape::Error>(())
/// ```
pub struct AtomicFile {
    path: PathBuf,
    /// The file that `path` names, links followed.
    target: PathBuf,
    encoder: Encoder,
    unfinished: Unfinished,
}

enum Encoder {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl AtomicFile {
    /// Begins a file that will be named `path`.
    ///
    /// # Errors
    /// A directory that does not exist or cannot be written to; a path that names something other than a file, or what a
    /// program has open, as `/dev/stdout` does.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |message: String| Err(Error::io(path, io::Error::other(message)));
        if path == Path::new("-") {
            return refuse("output goes to a file, not to standard output; give a file name".into());
        }
        let target = target(path).map_err(|e| Error::io(path, e))?;
        let before = fs::metadata(&target).ok();
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            return refuse("this is not a regular file; give the name of a file to write".into());
        }
        let is_folder = target.as_os_str().as_encoded_bytes().ends_with(b"/");
        let Some(name) = target.file_name().filter(|_| !is_folder) else {
            return refuse("this is no file name; give the name of a file to write".into());
        };
        let folder = folder(&target);
        if !folder.is_dir() {
            return refuse(format!("the directory {} does not exist; create it first", folder.display()));
        }
        let (file, unfinished) = match Unfinished::begin(folder, name, before.as_ref()) {
            Ok((file, unfinished)) => (BufWriter::with_capacity(BUFFER, file), unfinished),
            Err(e) => return refuse(format!("cannot write in the directory {}: {}", folder.display(), reason(&e))),
        };
        let encoder = match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => Encoder::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Some("zst") => {
                let mut encoder =
                    zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL).map_err(|e| Error::io(path, e))?;
                encoder.include_checksum(true).map_err(|e| Error::io(path, e))?;
                Encoder::Zstd(encoder)
            }
            _ => Encoder::Plain(file),
        };
        Ok(Self { path: path.to_path_buf(), target, encoder, unfinished })
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Completes the file on the disk and gives it its name.
    ///
    /// # Errors
    /// A full disk, or a directory that has changed since; nothing is left behind then.
    pub fn commit(self) -> Result<()> {
        let Self { path, target, encoder, unfinished } = self;
        let complete = || -> io::Result<()> {
            let buffer = match encoder {
                Encoder::Plain(file) => file,
                Encoder::Gzip(encoder) => encoder.finish()?,
                Encoder::Zstd(encoder) => encoder.finish()?,
            };
            let file = buffer.into_inner().map_err(|e| e.into_error())?;
            file.sync_all()?;
            unfinished.complete(&target)
        };
        complete().map_err(|e| Error::io(path, told(e)))
    }

    /// Writes over the first bytes of a file that is not compressed.
    pub(super) fn rewrite_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Encoder::Plain(buffer) = &mut self.encoder else {
            return Err(io::Error::other("a compressed file cannot be written over"));
        };
        let mut rewrite = || {
            buffer.flush()?;
            let file: &mut File = buffer.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(bytes)?;
            file.seek(SeekFrom::End(0))
        };
        rewrite().map(drop).map_err(told)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.encoder {
            Encoder::Plain(file) => file.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        };
        written.map_err(told)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.encoder {
            Encoder::Plain(file) => file.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        };
        flushed.map_err(told)
    }
}

/// The system's own words, without the temporary name that nobody knows.
fn reason(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::ReadOnlyFilesystem => "read-only file system".into(),
        io::ErrorKind::StorageFull => "no space is left on the disk; make room and run this again".into(),
        io::ErrorKind::QuotaExceeded => "the quota is used up; make room and run this again".into(),
        io::ErrorKind::FileTooLarge => {
            "the file became larger than is allowed here; raise the limit (ulimit -f)".into()
        }
        _ => e.to_string(),
    }
}

/// An error with what to do about it.
fn told(e: io::Error) -> io::Error {
    io::Error::new(e.kind(), reason(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn entries(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    fn refusal(path: impl AsRef<Path>) -> String {
        match AtomicFile::create(path) {
            Err(e) => e.to_string(),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn the_name_appears_at_commit_and_replaces_what_had_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        assert_eq!(file.path(), path);
        file.write_all(b"new").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(entries(folder.path()), ["a.txt"]);
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        let ordinary = folder.path().join("b.txt");
        fs::write(&ordinary, "").unwrap();
        assert_eq!(mode(&path), mode(&ordinary));
    }

    #[test]
    fn without_commit_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(folder.path().join("a.gz")).unwrap();
        file.write_all(&[7; 1 << 20]).unwrap();
        drop(file);
        assert!(entries(folder.path()).is_empty());
    }

    #[test]
    fn the_ending_of_the_name_compresses() {
        let folder = tempfile::tempdir().unwrap();
        let text = "some text that is long enough ".repeat(1000);
        for name in ["a.gz", "a.zst"] {
            let path = folder.path().join(name);
            let mut file = AtomicFile::create(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.commit().unwrap();
            let packed = fs::read(&path).unwrap();
            assert!(packed.len() < text.len() / 10);
            let mut back = String::new();
            match name {
                "a.gz" => flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut back).unwrap(),
                _ => zstd::Decoder::new(&packed[..]).unwrap().read_to_string(&mut back).unwrap(),
            };
            assert_eq!(back, text);
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        let mut writer = AtomicFile::create(&link).unwrap();
        writer.write_all(b"new").unwrap();
        writer.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn a_link_to_a_file_that_is_not_there_yet_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("inner")).unwrap();
        symlink("inner/second", path("first")).unwrap();
        symlink("../file", path("inner/second")).unwrap();
        let mut writer = AtomicFile::create(path("first")).unwrap();
        writer.write_all(b"new").unwrap();
        writer.commit().unwrap();
        assert!(path("first").is_symlink() && path("inner/second").is_symlink());
        assert_eq!(fs::read(path("file")).unwrap(), b"new");
        symlink("none/file", path("lost")).unwrap();
        assert!(refusal(path("lost")).contains("none does not exist; create it first"));
        symlink("circle", path("circle")).unwrap();
        assert!(refusal(path("circle")).contains("links that go in a circle"));
    }

    #[test]
    fn what_takes_the_place_of_a_file_has_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.gz"), folder.path().join("link"));
        symlink(&path, &link).unwrap();
        // One is narrower than new files, one wider, one not writable.
        for (mode, name) in [(0o600, &path), (0o666, &path), (0o440, &link)] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let file = AtomicFile::create(name).unwrap();
            let begun = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
            let begun: Vec<_> = begun.filter(|e| e.file_name().to_string_lossy().ends_with(".part")).collect();
            assert_eq!(begun[0].metadata().unwrap().permissions().mode() & 0o777, mode);
            file.commit().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn what_is_open_already_is_not_replaced_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let log = File::create(&path).unwrap();
        let number = log.as_raw_fd();
        let link = folder.path().join("link");
        symlink(format!("/dev/fd/{number}"), &link).unwrap();
        for name in [format!("/dev/fd/{number}").into(), format!("/proc/self/fd/{number}").into(), link] {
            let name: PathBuf = name;
            let message = refusal(&name);
            assert!(message.contains("what is open already, such as standard output"), "{message}");
        }
        // What lies in memory there are files like any others.
        assert!(AtomicFile::create("/dev/shm/ionscape-test.json").is_ok() || !Path::new("/dev/shm").is_dir());
    }

    #[test]
    fn places_that_cannot_be_written_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refusal("-").contains("give a file name"));
        assert!(refusal("/dev/null").contains("not a regular file"));
        assert!(refusal(folder.path()).contains("not a regular file"));
        assert!(refusal(folder.path().join("new/")).contains("no file name"));
        let message = refusal(folder.path().join("none/a.npy"));
        assert!(message.contains("none/a.npy") && message.contains("does not exist; create it first"), "{message}");
        let message = refusal("/proc/a.npy");
        assert!(message.contains("cannot write in the directory /proc"), "{message}");
    }
}
