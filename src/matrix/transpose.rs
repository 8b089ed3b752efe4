//! Rows turned to columns: what products of a block of rows lay out first, a number at a time, is done here by vectors.

use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

/// Numbers of a line of the cache.
const LINE: usize = 16;

/// Numbers from one column of `n` to the next: an odd number of lines, since at powers of two the columns of a tile would
/// share a few places of the cache.
fn spacing(n: usize) -> usize {
    LINE * (n.div_ceil(LINE) | 1)
}

/// The transpose of `from`, `[columns, rows]` with each row in order, in `room`, which grows as needed and keeps other numbers between the
/// rows. Without AVX2 all goes number by number.
pub fn transposed<'a>(from: ArrayView2<f32>, room: &'a mut Vec<f32>) -> ArrayViewMut2<'a, f32> {
    let (rows, columns) = from.dim();
    let to_stride = spacing(rows);
    // A view without columns wants room for one.
    let needed = to_stride * columns.max(1);
    if room.len() < needed {
        room.resize(needed, 0.0);
    }
    let done = match from.strides() {
        &[stride, 1] if stride >= 0 => whole_tiles(from, stride as usize, room, to_stride),
        _ => [0, 0],
    };
    let mut to = ArrayViewMut2::from_shape((columns, rows).strides((to_stride, 1)), room).expect("there is room");
    for (r, from) in from.rows().into_iter().enumerate() {
        let first = if r < done[0] { done[1] } else { 0 };
        (first..columns).for_each(|c| to[[c, r]] = from[c]);
    }
    to
}

/// The same matrix column after column, in `room` unless it is so already.
pub fn column_major<'a>(matrix: ArrayView2<'a, f32>, room: &'a mut Vec<f32>) -> ArrayView2<'a, f32> {
    if !is_column_major(&matrix) {
        transposed(matrix, room);
    }
    column_major_again(matrix, room)
}

/// What [`column_major`] gave for a matrix, from the room that it was given.
///
/// # Panics
/// The room was never large enough.
pub fn column_major_again<'a>(matrix: ArrayView2<'a, f32>, room: &'a [f32]) -> ArrayView2<'a, f32> {
    if is_column_major(&matrix) {
        return matrix;
    }
    let shape = matrix.dim().strides((1, spacing(matrix.nrows())));
    ArrayView2::from_shape(shape, room).expect("all were written there")
}

fn is_column_major(matrix: &ArrayView2<f32>) -> bool {
    matrix.nrows() < 2 || matrix.strides()[0] == 1
}

/// Turns what fills whole tiles: how many rows and columns, from the first on, are done.
#[cfg(target_arch = "x86_64")]
fn whole_tiles(from: ArrayView2<f32>, stride: usize, to: &mut [f32], to_stride: usize) -> [usize; 2] {
    let (rows, columns) = from.dim();
    let done = [rows - rows % avx2::HALF, columns - columns % avx2::COLUMNS];
    if done.contains(&0) || !is_x86_feature_detected!("avx2") {
        return [0, 0];
    }
    assert!(rows <= to_stride && to.len() >= columns * to_stride);
    let wide =
        if is_x86_feature_detected!("avx512f") { [rows - rows % LINE, columns - columns % LINE] } else { [0, 0] };
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    // SAFETY: the processor has the instructions; the view holds `rows` rows of `columns` numbers, `stride` apart, and `to`
    // `columns` of `to_stride` numbers. What is beside and below the wide tiles is left to the others.
    unsafe {
        avx512::turn(from, stride, wide, to, to_stride);
        avx2::turn(from.add(wide[1]), stride, [wide[0], done[1] - wide[1]], to.add(wide[1] * to_stride), to_stride);
        avx2::turn(from.add(wide[0] * stride), stride, [done[0] - wide[0], done[1]], to.add(wide[0]), to_stride);
    }
    done
}

#[cfg(not(target_arch = "x86_64"))]
fn whole_tiles(_: ArrayView2<f32>, _: usize, _: &mut [f32], _: usize) -> [usize; 2] {
    [0, 0]
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::LINE;

    /// # Safety
    /// The processor has AVX-512F. `from` has `rows` rows, `stride` numbers apart, and `to` `columns` rows, `to_stride` apart;
    /// both are multiples of [`LINE`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn turn(from: *const f32, stride: usize, [rows, columns]: [usize; 2], to: *mut f32, to_stride: usize) {
        for r in (0..rows).step_by(LINE) {
            for c in (0..columns).step_by(LINE) {
                // The next rows are on their way from memory meanwhile. Past the last row this only hints.
                for next in r + LINE..r + 2 * LINE {
                    _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(next * stride + c).cast());
                }
                // SAFETY: so many rows and columns from here on are within both.
                unsafe { tile(from.add(r * stride + c), stride, to.add(c * to_stride + r), to_stride) };
            }
        }
    }

    /// A line of each row.
    ///
    /// # Safety
    /// As [`turn`].
    #[target_feature(enable = "avx512f")]
    unsafe fn tile(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
        // Four rows at a time, of which each quarter of a vector becomes four columns: that of quarter q and place j is 4 q + j.
        let four = |first: usize| {
            // SAFETY: the caller's.
            let row = |k: usize| unsafe { _mm512_loadu_ps(from.add((first + k) * stride)) };
            let low = [_mm512_unpacklo_ps(row(0), row(1)), _mm512_unpacklo_ps(row(2), row(3))];
            let high = [_mm512_unpackhi_ps(row(0), row(1)), _mm512_unpackhi_ps(row(2), row(3))];
            [
                _mm512_shuffle_ps::<0x44>(low[0], low[1]),
                _mm512_shuffle_ps::<0xee>(low[0], low[1]),
                _mm512_shuffle_ps::<0x44>(high[0], high[1]),
                _mm512_shuffle_ps::<0xee>(high[0], high[1]),
            ]
        };
        let [a, b, c, d] = [four(0), four(4), four(8), four(12)];
        for j in 0..4 {
            let even = [_mm512_shuffle_f32x4::<0x88>(a[j], b[j]), _mm512_shuffle_f32x4::<0x88>(c[j], d[j])];
            let odd = [_mm512_shuffle_f32x4::<0xdd>(a[j], b[j]), _mm512_shuffle_f32x4::<0xdd>(c[j], d[j])];
            let columns = [
                _mm512_shuffle_f32x4::<0x88>(even[0], even[1]),
                _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]),
                _mm512_shuffle_f32x4::<0xdd>(even[0], even[1]),
                _mm512_shuffle_f32x4::<0xdd>(odd[0], odd[1]),
            ];
            for (q, column) in columns.into_iter().enumerate() {
                // SAFETY: the caller's.
                unsafe { _mm512_storeu_ps(to.add((4 * q + j) * to_stride), column) };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::LINE;

    /// Rows of a tile: a line of the cache in the transpose. The last one may be half as high.
    const ROWS: usize = LINE;
    pub const HALF: usize = ROWS / 2;
    pub const COLUMNS: usize = 4;

    /// # Safety
    /// The processor has AVX2. `from` has `rows` rows, `stride` numbers apart, and `to` `columns` rows, `to_stride` apart;
    /// `rows` is a multiple of [`HALF`], `columns` of [`COLUMNS`].
    #[target_feature(enable = "avx2")]
    pub unsafe fn turn(from: *const f32, stride: usize, [rows, columns]: [usize; 2], to: *mut f32, to_stride: usize) {
        for r in (0..rows).step_by(ROWS) {
            for c in (0..columns).step_by(COLUMNS) {
                if c % LINE == 0 {
                    // The next rows are on their way from memory meanwhile. Past the last row this only hints.
                    for next in r + ROWS..r + 2 * ROWS {
                        _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(next * stride + c).cast());
                    }
                }
                for half in (r..rows.min(r + ROWS)).step_by(HALF) {
                    // SAFETY: eight rows and four columns from here on are within both.
                    unsafe { tile(from.add(half * stride + c), stride, to.add(c * to_stride + half), to_stride) };
                }
            }
        }
    }

    /// Eight rows of four columns.
    ///
    /// # Safety
    /// As [`turn`].
    #[target_feature(enable = "avx2")]
    unsafe fn tile(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: the caller's.
        let pair = |row: usize| unsafe { _mm256_loadu2_m128(from.add((row + 4) * stride), from.add(row * stride)) };
        let rows = [pair(0), pair(1), pair(2), pair(3)];
        let low = [_mm256_unpacklo_ps(rows[0], rows[1]), _mm256_unpacklo_ps(rows[2], rows[3])];
        let high = [_mm256_unpackhi_ps(rows[0], rows[1]), _mm256_unpackhi_ps(rows[2], rows[3])];
        let columns = [
            _mm256_shuffle_ps::<0x44>(low[0], low[1]),
            _mm256_shuffle_ps::<0xee>(low[0], low[1]),
            _mm256_shuffle_ps::<0x44>(high[0], high[1]),
            _mm256_shuffle_ps::<0xee>(high[0], high[1]),
        ];
        for (c, column) in columns.into_iter().enumerate() {
            // SAFETY: the caller's.
            unsafe { _mm256_storeu_ps(to.add(c * to_stride), column) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn a_transpose_of_rows_of_every_kind_is_that_of_ndarray() {
        for (rows, columns) in
            [(0, 3), (1, 5), (16, 4), (17, 9), (256, 468), (40, 3), (15, 64), (48, 1), (3, 0), (40, 0)]
        {
            let mut room = vec![];
            let whole = Array2::from_shape_fn((rows, 2 * columns + 3), |(i, j)| (i * 1000 + j) as f32);
            let wide = whole.slice(s![.., 3..3 + columns]);
            let sparse = whole.slice(s![.., ..2 * columns;2]);
            let upside_down = whole.slice(s![..;-1, ..columns]);
            let first = whole.slice(s![..rows.min(1), ..columns]);
            let repeated = first.broadcast((rows, columns));
            for view in [Some(wide), Some(sparse), Some(upside_down), repeated].into_iter().flatten() {
                assert_eq!(transposed(view, &mut room), view.t());
            }
            let turned = whole.slice(s![.., ..columns]).to_owned().reversed_axes();
            assert_eq!(transposed(turned.view(), &mut room), turned.t());
            for view in [wide, turned.t()] {
                assert_eq!(column_major(view, &mut room), view);
            }
        }
    }
}
