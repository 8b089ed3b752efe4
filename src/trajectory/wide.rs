//! Rows of short decimals, which nearly all rows are, by the wide instructions of x86-64 processors.
//!
//! How long the next field of a dump is nobody can guess, so a loop over its bytes costs more in branches that go the
//! wrong way than in work. Here the ends of fields are bits of a mask, and lengths only choose how bytes are moved.

use std::arch::x86_64::*;
use std::slice::IterMut;

use super::columns::{Plan, Reading};
use super::parse;

/// Bytes whose blanks are found at a time, and how many must follow for a field that begins at the last one.
const WINDOW: usize = 64;
const FIELD: usize = 16;

/// Reads rows until one is not of the usual kind, or `most` are read: bytes and rows.
///
/// Such rows have one blank between fields, none in front, and at most one before the line end.
pub(super) fn rows(text: &[u8], most: usize, plan: &Plan, values: &mut [u64]) -> (usize, usize) {
    if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2")) {
        return (0, 0);
    }
    // SAFETY: the processor has what the function is compiled for.
    unsafe { wide_rows(text, most, &plan.readings, values.iter_mut()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2")]
fn wide_rows(text: &[u8], most: usize, readings: &[Reading], mut values: IterMut<u64>) -> (usize, usize) {
    let (mut rest, mut rows) = (text, 0);
    while rows < most {
        let Some(after) = wide_row(rest, readings, &mut values) else { break };
        rest = after;
        rows += 1;
    }
    (text.len() - rest.len(), rows)
}

/// What follows the first row, if this one is of the usual kind.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn wide_row<'a>(mut text: &'a [u8], readings: &[Reading], values: &mut IterMut<u64>) -> Option<&'a [u8]> {
    let mut window = Window::of(text)?;
    let mut from = 0;
    for reading in readings {
        if window.ends == 0 {
            // The row must go on behind this window.
            if window.breaks != 0 {
                return None;
            }
            text = &text[from..];
            window = Window::of(text)?;
            from = 0;
            if window.ends == 0 {
                return None;
            }
        }
        let end = window.ends.trailing_zeros() as usize;
        window.ends &= window.ends - 1;
        let length = end.wrapping_sub(from);
        // Not a match: a jump table costs more here than comparisons.
        if *reading == Reading::Real {
            let value = match decimal(window.field(from), length) {
                Some(decimal) => decimal,
                None => any_real(text.get(from..end)?)?,
            };
            *values.next()? = value.to_bits();
        } else if *reading == Reading::Integer {
            let value = match natural(window.field(from), length) {
                Some(natural) => natural,
                None => any_integer(text, from)?,
            };
            *values.next()? = value as u64;
        } else if *reading == Reading::Label || length == 0 {
            return None;
        }
        from = end + 1;
    }
    // The fields end before the first byte that ends the row: at it, or with one blank between.
    let last = window.breaks.trailing_zeros() as usize;
    let ends_there = last + 1 == from || last == from;
    if ends_there && *text.get(last)? == b'\n' { text.get(last + 1..) } else { None }
}

#[cold]
#[inline(never)]
fn any_real(field: &[u8]) -> Option<f64> {
    fast_float2::parse(field).ok().filter(|value: &f64| value.is_finite())
}

#[cold]
#[inline(never)]
fn any_integer(text: &[u8], start: usize) -> Option<i64> {
    parse::integer(text, start).ok().map(|(value, _)| value)
}

/// The first bytes of a text.
struct Window<'a> {
    bytes: &'a [u8; WINDOW + FIELD],
    /// One bit for each byte that ends a field, and for each of these that is no space.
    ends: u64,
    breaks: u64,
}

impl<'a> Window<'a> {
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn of(text: &'a [u8]) -> Option<Self> {
        let bytes = text.first_chunk()?;
        let space = _mm256_set1_epi8(b' ' as i8);
        let (low, high) = (load_32(bytes, 0), load_32(bytes, 32));
        let (low_least, high_least) = (_mm256_min_epu8(low, space), _mm256_min_epu8(high, space));
        let mask = |low, high| {
            let (low, high) = (_mm256_movemask_epi8(low) as u32, _mm256_movemask_epi8(high) as u32);
            u64::from(low) | u64::from(high) << 32
        };
        let ends = mask(_mm256_cmpeq_epi8(low_least, low), _mm256_cmpeq_epi8(high_least, high));
        let spaces = mask(_mm256_cmpeq_epi8(low, space), _mm256_cmpeq_epi8(high, space));
        Some(Self { bytes, ends, breaks: ends & !spaces })
    }

    /// The bytes of the field that begins at `from`, and more.
    #[inline(always)]
    fn field(&self, from: usize) -> &[u8; FIELD] {
        let from = from % WINDOW;
        self.bytes[from..from + FIELD].try_into().expect("the slice is as long as the array")
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_32(bytes: &[u8; WINDOW + FIELD], start: usize) -> __m256i {
    let bytes = &bytes[start..start + 32];
    // SAFETY: there are as many bytes as are loaded, and they need not be aligned.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: there are as many bytes as are loaded, and they need not be aligned.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// What to do with a decimal of a given length, with its point at a given place or none.
#[repr(align(32))]
struct Kind {
    /// Which bytes to take so that the digits end at the right, without the point.
    moves: [u8; 16],
    /// Ten to the number of digits behind the point, and the negative of that.
    powers: [f64; 2],
}

/// By length and place of the point, which is behind the field if it has none.
const KINDS: [Kind; 256] = {
    let mut kinds = [const { Kind { moves: [0x80; 16], powers: [1.0, -1.0] } }; 256];
    let mut i = 0;
    while i < 256 {
        let (length, point) = (i / 16, i % 16);
        let (mut from, mut to) = (length, 16);
        while from > 0 {
            from -= 1;
            if from != point {
                to -= 1;
                kinds[i].moves[to] = from as u8;
            }
        }
        if point < length {
            let power = parse::POWERS[length - point - 1];
            kinds[i].powers = [power, -power];
        }
        i += 1;
    }
    kinds
};

/// The field of `length` bytes, if it is a decimal of up to 15 digits.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn decimal(bytes: &[u8; FIELD], length: usize) -> Option<f64> {
    if length >= FIELD {
        return None;
    }
    let field = load_16(bytes);
    let zero = _mm_set1_epi8(b'0' as i8);
    let values = _mm_sub_epi8(field, zero);
    let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) as u32;
    let points = _mm_movemask_epi8(_mm_cmpeq_epi8(field, _mm_set1_epi8(b'.' as i8))) as u32;
    let (digits, points) = (_bzhi_u32(digits, length as u32), _bzhi_u32(points, length as u32));
    let behind = 1 << length;
    let negative = u32::from(bytes[0] == b'-');
    // Nothing but digits, a sign in front and one point; and one digit at least.
    if digits == 0 || (digits | points | negative) + 1 != behind || _blsr_u32(points) != 0 {
        return None;
    }
    let point = (points | behind).trailing_zeros() as usize;
    let kind = &KINDS[(16 * length + point) % 256];
    // What is below '0', the sign among it, becomes zero.
    let values = _mm_shuffle_epi8(_mm_subs_epu8(field, zero), load_16(&kind.moves));
    let twos = _mm_maddubs_epi16(values, _mm_set1_epi16(10 + (1 << 8)));
    let fours = _mm_madd_epi16(twos, _mm_set1_epi32(100 + (1 << 16)));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(10_000 + (1 << 16)));
    // Both halves, their sum and the power are exact, so that there is but one rounding, in the division.
    let halves = _mm_mul_pd(_mm_cvtepi32_pd(eights), _mm_set_pd(1.0, 1e8));
    let digits = _mm_cvtsd_f64(halves) + _mm_cvtsd_f64(_mm_unpackhi_pd(halves, halves));
    Some(digits / kind.powers[negative as usize % 2])
}

/// The field of `length` bytes, if it is one to eight digits.
#[inline(always)]
fn natural(bytes: &[u8; FIELD], length: usize) -> Option<i64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const EVERY_FOURTH: u64 = 0x0000_00ff_0000_00ff;
    if length == 1 {
        let digit = bytes[0].wrapping_sub(b'0');
        return (digit <= 9).then_some(i64::from(digit));
    }
    if length.wrapping_sub(1) >= 8 {
        return None;
    }
    // The first digit is the lowest byte; zeros come in before it.
    let digits = (u128::from_le_bytes(*bytes) as u64 ^ (u64::from(b'0') * ONES)) << (64 - 8 * length);
    if (digits.wrapping_add((0x80 - 10) * ONES) | digits) & (0x80 * ONES) != 0 {
        return None;
    }
    let twos = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (twos & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((twos >> 16) & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    Some((high.wrapping_add(low) >> 32) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trajectory::Columns;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Bytes and rows that are read of a text, and the values; none where the processor cannot.
    fn read(text: &str, columns: &[&str]) -> Option<(usize, usize, Vec<u64>)> {
        let names: Vec<String> = columns.iter().map(|name| name.to_string()).collect();
        let wanted = columns.iter().fold(Columns::none(), |wanted, name| match *name {
            "id" => wanted.require(crate::trajectory::Quantity::Ids),
            name => wanted.require_column(name),
        });
        let plan = Plan::new(&names, &wanted).unwrap();
        // What follows only gives room to look ahead.
        let padded = format!("{text}{}", "#".repeat(WINDOW + FIELD));
        let mut values = vec![0; 100];
        let (bytes, rows) = rows(padded.as_bytes(), 10, &plan, &mut values);
        values.truncate(rows * plan.values);
        is_x86_feature_detected!("bmi2").then_some((bytes, rows, values))
    }

    #[test]
    fn usual_rows_are_read_and_others_left() {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
        let usual = "12345678 -1.5 0.1\n7 1e-3 -0 \n";
        if let Some((bytes, rows, values)) = read(usual, &["id", "a", "b"]) {
            assert_eq!((bytes, rows), (usual.len(), 2));
            assert_eq!(values, [&[12345678], &bits(&[-1.5, 0.1])[..], &[7], &bits(&[0.001, -0.0])].concat());
        }
        let long = format!("{} 123456789.123456789 1\n", "9".repeat(18));
        if let Some((bytes, _, values)) = read(&long.repeat(2), &["id", "a", "b"]) {
            assert_eq!(bytes, 2 * long.len());
            assert_eq!(values[..2], [999_999_999_999_999_999, 123_456_789.123_456_79_f64.to_bits()]);
        }
        for other in [
            "1 2",
            "1\n2 3\n",
            "1 2 3 4\n",
            " 1 2 3\n",
            "1  2 3\n",
            "1\t2\n3\n",
            "1 2 3  \n",
            "1 2 3\r\n",
            "x 2 3\n",
            "1.0 2 3\n",
            "- 2 3\n",
            "1 - 3\n",
            "1 . 3\n",
            "1 -. 3\n",
            "1 1.2.3 3\n",
            "1 --1 3\n",
            "1 1-2 3\n",
            "1 nan 3\n",
            "1 1e999 3\n",
            "\n",
        ] {
            if let Some((bytes, rows, _)) = read(other, &["id", "a", "b"]) {
                assert_eq!((bytes, rows), (0, 0), "{other:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(27), ..Default::default() })]

        #[test]
        fn numbers_are_those_of_the_standard_library(
            id in "-?[0-9]{1,17}",
            a in "-?[0-9]{1,12}(\\.[0-9]{0,12})?(e[+-]?[0-9]{1,2})?",
            b in "-?([0-9]{1,6}\\.[0-9]{0,7}|\\.[0-9]{1,8})",
        ) {
            let row = format!("{id} {a} {b}\n");
            if let Some((bytes, _, values)) = read(&row, &["id", "a", "b"]) {
                prop_assert_eq!(bytes, row.len());
                prop_assert_eq!(values[0] as i64, id.parse::<i64>().unwrap());
                prop_assert_eq!(values[1], a.parse::<f64>().unwrap().to_bits());
                prop_assert_eq!(values[2], b.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
