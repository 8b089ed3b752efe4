//! Numbers out of rows of text: exact, and quick for the short decimals that dumps are made of.

/// Why a field is not the number that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Malformed,
    NonFinite,
    NonInteger,
}

/// Powers of ten that a double holds exactly.
pub(super) const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Digits that always fit a `u64`.
const MOST_DIGITS: usize = 19;

/// The first byte at or after `start` that is no blank, and where it stands. `text` ends with a line end.
#[inline(always)]
pub(super) fn skip_blanks(text: &[u8], start: usize) -> (u8, usize) {
    // None, or one and then something else: any other case is left to the loop.
    if text[start] > b' ' {
        return (text[start], start);
    }
    if text[start] == b' ' && text[start + 1] > b' ' {
        return (text[start + 1], start + 1);
    }
    skip_many_blanks(text, start)
}

#[inline(never)]
fn skip_many_blanks(text: &[u8], start: usize) -> (u8, usize) {
    let mut at = start;
    while matches!(text[at], b' ' | b'\t' | b'\r') {
        at += 1;
    }
    (text[at], at)
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
#[inline(always)]
pub(super) fn real(text: &[u8], start: usize) -> Result<(f64, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    let mut digits = 0;
    let mut at = read_digits(text, first, &mut digits);
    let mut count = at - first;
    let mut decimals = 0;
    if text[at] == b'.' {
        let point = at + 1;
        at = read_digits(text, point, &mut digits);
        decimals = at - point;
        count += decimals;
    }
    if count == 0 || count > MOST_DIGITS || digits > 1 << 53 || !ends_field(text[at]) {
        let (value, end) = long_real(text, start)?;
        return Ok((value, end));
    }
    let size = digits as f64 / POWERS[decimals];
    // Signs are as good as random: set the bit instead of choosing a path.
    Ok((f64::from_bits(size.to_bits() | u64::from(negative) << 63), at))
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
    let value: f64 = fast_float2::parse(&text[start..end]).map_err(|_| Fault::Malformed)?;
    if value.is_finite() { Ok((value, end)) } else { Err(Fault::NonFinite) }
}

/// The integer in the field at `start`, and where the field ends.
#[inline(always)]
pub(super) fn integer(text: &[u8], start: usize) -> Result<(i64, usize), Fault> {
    let negative = text[start] == b'-';
    let first = start + usize::from(negative);
    let mut digits = 0;
    let end = read_digits(text, first, &mut digits);
    let count = end - first;
    if count == 0 || count > MOST_DIGITS || !ends_field(text[end]) {
        return Err(Fault::NonInteger);
    }
    let size = i64::try_from(digits).map_err(|_| Fault::NonInteger)?;
    Ok((if negative { -size } else { size }, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

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
            assert_eq!(read(text), Err(Fault::NonFinite), "{text}");
        }
        for text in ["abc", "-", ".", "1.2.3", "1-2", "0x10", "1,5", "--1"] {
            assert_eq!(read(text), Err(Fault::Malformed), "{text}");
        }
    }

    #[test]
    fn integers_are_whole_and_in_range() {
        assert_eq!(integer(b"42 ", 0), Ok((42, 2)));
        assert_eq!(integer(b"-9223372036854775807\n", 0), Ok((-9223372036854775807, 20)));
        for text in ["1.0\n", "9223372036854775808\n", "123456789012345678901\n", "-\n", "x\n", "\n"] {
            assert_eq!(integer(text.as_bytes(), 0), Err(Fault::NonInteger), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(26), ..Default::default() })]

        #[test]
        fn any_double_survives_its_shortest_text(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(read(&format!("{value}")).unwrap().to_bits(), value.to_bits());
            prop_assert_eq!(read(&format!("{value:e}")).unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn any_decimal_is_rounded_as_std_does(text in "-?[0-9]{1,12}(\\.[0-9]{0,12})?(e[+-]?[0-9]{1,2})?") {
            prop_assert_eq!(read(&text).unwrap().to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }
}
