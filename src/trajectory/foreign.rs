//! Files of other kinds than text, told by their first bytes.

/// A kind of file.
struct Kind {
    signature: &'static [u8],
    /// Follows `this file is`.
    what: &'static str,
    cure: &'static str,
}

const UNPACK: &str = "plain text, gzip and zstd are read: unpack it first";
const DUMP_TEXT: &str = "text dumps of LAMMPS are read: use dump styles atom or custom";
const RECODE: &str = "UTF-8 is read: iconv -f UTF-16 -t UTF-8 FILE > NEW makes it so";

/// Bytes that tell all kinds apart.
pub(super) const SIGNATURE: usize = 8;

const fn kind(signature: &'static [u8], what: &'static str, cure: &'static str) -> Kind {
    Kind { signature, what, cure }
}

/// What is read, gzip and zstd, stands here for where it is packed a second time.
const KINDS: [Kind; 18] = [
    kind(&[0x1f, 0x8b], "compressed with gzip", UNPACK),
    kind(&[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd", UNPACK),
    kind(b"BZh", "compressed with bzip2", UNPACK),
    kind(b"\xfd7zXZ\0", "compressed with xz", UNPACK),
    kind(&[0x04, 0x22, 0x4d, 0x18], "compressed with lz4", UNPACK),
    kind(b"PK\x03\x04", "a zip archive", UNPACK),
    kind(b"CDF\x01", "a trajectory or table in netCDF", DUMP_TEXT),
    kind(b"CDF\x02", "a trajectory or table in netCDF", DUMP_TEXT),
    kind(b"CDF\x05", "a trajectory or table in netCDF", DUMP_TEXT),
    kind(b"\x89HDF", "in HDF5, as H5MD and netCDF-4 are", DUMP_TEXT),
    kind(b"\x54\0\0\0CORD", "a DCD trajectory", DUMP_TEXT),
    kind(b"\0\0\0\x54CORD", "a DCD trajectory", DUMP_TEXT),
    kind(&[0, 0, 0x07, 0xcb], "an XTC trajectory", DUMP_TEXT),
    kind(&[0, 0, 0x07, 0xc9], "a TRR trajectory", DUMP_TEXT),
    kind(&[0xff, 0xfe], "text in UTF-16", RECODE),
    kind(&[0xfe, 0xff], "text in UTF-16", RECODE),
    kind(b"I\0T\0E\0M\0", "text in UTF-16", RECODE),
    kind(b"\0I\0T\0E\0M", "text in UTF-16", RECODE),
];

/// What `subject`, a file or what is packed in one, is by its first bytes, and what to do; none where it may be text.
pub(super) fn told(subject: &str, head: &[u8]) -> Option<String> {
    let found = KINDS.iter().find(|kind| head.starts_with(kind.signature))?;
    Some(format!("{subject} is {}; {}", found.what, found.cure))
}
