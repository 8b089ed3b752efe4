//! The one matrix product of networks, forwards and backwards.

mod transpose;

use std::sync::Once;

use gemm_common::Parallelism;
use gemm_common::gemm::set_lhs_packing_threshold_single_thread;
use gemm_f32::gemm::f32::get_gemm_fn;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

pub use transpose::{column_major, column_major_again, transposed};

/// Columns of the product, in those of one inner product, up to which gemm-f32 reads a first factor in order where it lies: the most
/// that it takes. It would lay out anew what is in the second-level cache already.
const MOST: usize = 256;
static READ_IN_PLACE: Once = Once::new();

/// `c = a b`; what stands in `c` before does not count, NaN included.
///
/// # Panics
/// Shapes that do not fit.
pub fn product(a: ArrayView2<f32>, b: ArrayView2<f32>, c: ArrayViewMut2<f32>) {
    multiply(a, b, false, c);
}

/// `c += a b`.
///
/// # Panics
/// As [`product`].
pub fn add_product(a: ArrayView2<f32>, b: ArrayView2<f32>, c: ArrayViewMut2<f32>) {
    multiply(a, b, true, c);
}

/// Numbers of the widest vectors.
const VECTOR: usize = 16;

/// Numbers of a product that gemm-f32 finds as scalar products, for which it lays nothing out.
const FEW: usize = 256;

/// `c += a b` for rows of `a` and `b` in order, where `turned` is `b` with its columns in order.
///
/// A second factor whose rows are no whole vectors is laid out anew by gemm-f32. So whole vectors are taken from `b`, and what is left
/// of its rows from `turned`.
///
/// # Panics
/// As [`product`].
pub fn add_product_turned(a: ArrayView2<f32>, b: ArrayView2<f32>, turned: ArrayView2<f32>, c: ArrayViewMut2<f32>) {
    assert_eq!(b.dim(), turned.dim(), "shape of the turned factor");
    let whole = b.ncols() - b.ncols() % VECTOR;
    let (mut c_whole, mut c_rest) = c.split_at(Axis(1), whole);
    if whole > 0 {
        multiply(a, b.slice(s![.., ..whole]), true, c_whole.view_mut());
    }
    let rest = turned.slice(s![.., whole..]);
    if rest.ncols() > 0 {
        let few = FEW / rest.ncols();
        for (a, c) in a.axis_chunks_iter(Axis(0), few).zip(c_rest.axis_chunks_iter_mut(Axis(0), few)) {
            multiply(a, rest, true, c);
        }
    }
}

fn multiply(a: ArrayView2<f32>, b: ArrayView2<f32>, add: bool, mut c: ArrayViewMut2<f32>) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!(b.nrows(), k, "rows of the second factor");
    assert_eq!(c.dim(), (m, n), "shape of the product");
    // Vectors go along the columns of the product: where rows lie in order, the transposed one is computed.
    if c.strides()[1].abs() < c.strides()[0].abs() {
        return multiply(b.reversed_axes(), a.reversed_axes(), add, c.reversed_axes());
    }
    let ([a_row, a_column], [b_row, b_column]) = (strides(a.strides()), strides(b.strides()));
    let [c_row, c_column] = strides(c.strides());
    READ_IN_PLACE.call_once(|| set_lhs_packing_threshold_single_thread(MOST));
    // SAFETY: shapes fit, strides are those of the views, and the borrows keep `c` apart from `a` and `b`.
    unsafe {
        get_gemm_fn()(
            m,
            n,
            k,
            c.as_mut_ptr(),
            c_column,
            c_row,
            add,
            a.as_ptr(),
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

fn strides(of: &[isize]) -> [isize; 2] {
    [of[0], of[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_of_views_of_every_kind_are_those_of_ndarray() {
        for (m, k, n) in [(1, 5, 3), (2, 100, 1), (7, 3, 9), (33, 70, 17), (256, 468, 100), (4, 0, 2), (0, 3, 2)] {
            let a = Array2::from_shape_fn((m, 2 * k), |(i, j)| ((3 * i + 5 * j) % 11) as f32 - 5.0);
            let b = Array2::from_shape_fn((n, k), |(i, j)| ((7 * i + 2 * j) % 13) as f32 - 6.0);
            let (a, b) = (a.slice(s![.., ..;2]), b.t());
            // Whole numbers: exact whatever the order of the sum.
            let right = a.dot(&b);
            let mut c = Array2::from_elem((m, n), f32::NAN);
            product(a, b, c.view_mut());
            assert_eq!(c, right);
            add_product(a, b, c.view_mut());
            assert_eq!(c, 2.0 * &right);
            let mut turned = Array2::from_elem((n, m), f32::NAN);
            product(a, b, turned.view_mut().reversed_axes());
            assert_eq!(turned.t(), right);
        }
    }

    #[test]
    fn a_turned_factor_changes_nothing() {
        for (m, k, n) in [(100, 128, 468), (3, 40, 16), (7, 1, 5), (300, 9, 31), (2, 0, 20)] {
            let a = Array2::from_shape_fn((m, k), |(i, j)| ((3 * i + 5 * j) % 11) as f32 - 5.0);
            let b = Array2::from_shape_fn((k, n), |(i, j)| ((7 * i + 2 * j) % 13) as f32 - 6.0);
            let mut room = vec![];
            let turned = column_major(b.view(), &mut room);
            let mut c = Array2::ones((m, n));
            add_product_turned(a.view(), b.view(), turned, c.view_mut());
            assert_eq!(c, a.dot(&b) + 1.0, "{m} {k} {n}");
        }
    }

    #[test]
    #[should_panic(expected = "rows of the second factor")]
    fn shapes_that_do_not_fit_are_refused() {
        product(Array2::zeros((2, 3)).view(), Array2::zeros((4, 2)).view(), Array2::zeros((2, 2)).view_mut());
    }
}
