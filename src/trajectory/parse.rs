//! Numbers out of rows of text: exact, and quick for the short decimals that dumps are made of.

/// Why a field is not the number that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NotANumber,
    NotFinite,
    NotAnInteger,
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Digits that always fit a `u64`.
const MOST_DIGITS: usize = 19;

/// The first byte at or after `start` that is no blank, and where it stands. `text` ends with a line end.
#[inline(always)]
pub(super) fn skip_blanks(text: &[u8], start: usize) -> (u8, usize) {
    let mut at = start;
    loop {
        let byte = text[at];
        // One comparison settles most bytes; control characters other than these are for the parsers to refuse.
        if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\r') {
            return (byte, at);
        }
        at += 1;
    }
}

fn ends_field(byte: u8) -> bool {
    byte <= b' '
}

/// Where the field that begins at `start` ends. `text` ends with a line end.
pub(super) fn field_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while !ends_field(text[at]) {
        at += 1;
    }
    at
}

/// The finite number in the field at `start`, correctly rounded, and where the field ends.
///
/// A decimal whose digits, read as an integer, and whose power of ten are both exact doubles takes one division, which
/// rounds once and so correctly (Clinger 1990, doi:10.1145/93542.93557); anything longer goes through a full parser.
#[inline]
pub(super) fn real(text: &[u8], start: usize) -> Result<(f64, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    match Word::load(text, first).and_then(Word::decimal) {
        Some((digits, decimals, length)) => {
            let size = f64::from(digits) / POWERS[decimals];
            // Signs are as good as random too: set the bit instead of choosing a path.
            Ok((f64::from_bits(size.to_bits() | u64::from(negative) << 63), first + length))
        }
        None => medium_real(text, start),
    }
}

/// Digit by digit, for what is longer than a word or ends where the text does.
#[inline(never)]
fn medium_real(text: &[u8], start: usize) -> Result<(f64, usize), Fault> {
    let mut at = start;
    let negative = text[at] == b'-';
    at += usize::from(negative);
    let first = at;
    let mut digits = 0u64;
    at = read_digits(text, at, &mut digits);
    let mut count = at - first;
    let mut decimals = 0;
    if text[at] == b'.' {
        let point = at + 1;
        at = read_digits(text, point, &mut digits);
        decimals = at - point;
        count += decimals;
    }
    if count == 0 || count > MOST_DIGITS || digits > 1 << 53 || !ends_field(text[at]) {
        return long_real(text, start);
    }
    let size = digits as f64 / POWERS[decimals];
    Ok((if negative { -size } else { size }, at))
}

#[inline(always)]
fn read_digits(text: &[u8], start: usize, digits: &mut u64) -> usize {
    let mut at = start;
    loop {
        let digit = text[at].wrapping_sub(b'0');
        if digit > 9 {
            return at;
        }
        // Wraps only where there are more digits than are used.
        *digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
}

#[inline(never)]
fn long_real(text: &[u8], start: usize) -> Result<(f64, usize), Fault> {
    let end = field_end(text, start);
    let value: f64 = fast_float2::parse(&text[start..end]).map_err(|_| Fault::NotANumber)?;
    if value.is_finite() { Ok((value, end)) } else { Err(Fault::NotFinite) }
}

/// The integer in the field at `start`, and where the field ends.
#[inline]
pub(super) fn integer(text: &[u8], start: usize) -> Result<(i64, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    if let Some((digits, length)) = Word::load(text, first).and_then(Word::integer) {
        let size = i64::from(digits);
        return Ok((if negative { -size } else { size }, first + length));
    }
    long_integer(text, start)
}

#[inline(never)]
fn long_integer(text: &[u8], start: usize) -> Result<(i64, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    let mut digits = 0u64;
    let end = read_digits(text, first, &mut digits);
    let count = end - first;
    if count == 0 || count > MOST_DIGITS || !ends_field(text[end]) {
        return Err(Fault::NotAnInteger);
    }
    let size = i64::try_from(digits).map_err(|_| Fault::NotAnInteger)?;
    Ok((if negative { -size } else { size }, end))
}

/// A byte in every place of a word.
const fn everywhere(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Eight bytes of text, the first one lowest, of which a field fills the first `length`.
///
/// All bytes are treated at once: where a digit, a point or a field ends is as good as random, and a processor that
/// has to guess it byte by byte is wrong too often.
#[derive(Clone, Copy)]
struct Word {
    bytes: u64,
    length: usize,
}

impl Word {
    /// The field at `start`, if it is at most a word long and not at the very end of the text.
    #[inline(always)]
    fn load(text: &[u8], start: usize) -> Option<Self> {
        let (word, rest) = text.get(start..)?.split_first_chunk::<8>()?;
        let bytes = u64::from_le_bytes(*word);
        // The lowest byte not above a blank is found right; a borrow can only mark bytes after it.
        let ends = bytes.wrapping_sub(everywhere(b' ' + 1)) & !bytes & everywhere(0x80);
        let length = ends.trailing_zeros() as usize / 8;
        (length < 8 || ends_field(*rest.first()?)).then_some(Self { bytes, length })
    }

    /// The digits as one integer, how many of them stand after the point, and the field's length.
    #[inline(always)]
    fn decimal(self) -> Option<(u32, usize, usize)> {
        let differs = self.bytes ^ everywhere(b'.');
        let points = differs.wrapping_sub(everywhere(1)) & !differs & everywhere(0x80);
        let whole = (points.trailing_zeros() as usize / 8).min(self.length);
        let has_point = usize::from(whole < self.length);
        let before = u64::MAX.checked_shl(8 * whole as u32).map_or(u64::MAX, |after| !after);
        // What stands after the point closes up.
        let bytes = (self.bytes & before) | ((self.bytes >> 8) & !before);
        let digits = Self { bytes, length: self.length - has_point }.digits()?;
        Some((digits, self.length - whole - has_point, self.length))
    }

    /// The integer and the field's length.
    #[inline(always)]
    fn integer(self) -> Option<(u32, usize)> {
        Some((self.digits()?, self.length))
    }

    /// The value of a word that is nothing but digits.
    #[inline(always)]
    fn digits(self) -> Option<u32> {
        // Moved to the top, so that the places below, and what follows the field, count as zeros before the number.
        let shift = 8 * (8 - self.length) as u32;
        let ones = (self.bytes ^ everywhere(b'0')).checked_shl(shift)?;
        let above_nine = (ones.wrapping_add(everywhere(0x80 - 10)) | ones) & everywhere(0x80);
        if above_nine != 0 {
            return None;
        }
        let low = |width: u32| u64::MAX / ((1 << width) + 1);
        let tens = (ones & low(8)) * 10 + ((ones >> 8) & low(8));
        let hundreds = (tens & low(16)) * 100 + ((tens >> 16) & low(16));
        Some(((hundreds & low(32)) * 10_000 + (hundreds >> 32)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<f64, Fault> {
        let line = format!("{text}\n");
        real(line.as_bytes(), 0).inspect(|(_, end)| assert_eq!(*end, text.len())).map(|(value, _)| value)
    }

    #[test]
    fn numbers_equal_the_standard_librarys_to_the_bit() {
        for text in [
            "0",
            "-0",
            "1",
            "-1.5",
            "0.1",
            "3.14159",
            "12345.6",
            "-7.",
            ".5",
            "9007199254740993",
            "0.30000000000000004",
            "1e-05",
            "-2.5E+10",
            "123456789012345678",
            "99999999999999999999",
            "0.0000000000000000000000001",
            "1.7976931348623157e308",
            "5e-324",
            "9007199254740992.0",
            "0000000000000000000000001",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(read(text).unwrap().to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_told_apart() {
        for text in ["nan", "-nan", "inf", "-inf", "1e999"] {
            assert_eq!(read(text), Err(Fault::NotFinite), "{text}");
        }
        for text in ["abc", "-", ".", "1.2.3", "1-2", "0x10", "1,5", "--1"] {
            assert_eq!(read(text), Err(Fault::NotANumber), "{text}");
        }
    }

    #[test]
    fn integers_are_whole_and_in_range() {
        assert_eq!(integer(b"42 ", 0), Ok((42, 2)));
        assert_eq!(integer(b"-9223372036854775807\n", 0), Ok((-9223372036854775807, 20)));
        for text in ["1.0\n", "9223372036854775808\n", "123456789012345678901\n", "-\n", "x\n", "\n"] {
            assert_eq!(integer(text.as_bytes(), 0), Err(Fault::NotAnInteger), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_double_survives_its_shortest_text(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(read(&format!("{value}")).unwrap().to_bits(), value.to_bits());
            prop_assert_eq!(read(&format!("{value:e}")).unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn any_decimal_is_rounded_as_the_standard_library_does(text in "-?[0-9]{1,12}(\\.[0-9]{0,12})?(e[+-]?[0-9]{1,2})?") {
            prop_assert_eq!(read(&text).unwrap().to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }
}
