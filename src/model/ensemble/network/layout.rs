//! Where the weights of every layer lie in one flat vector.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

/// Weights `[out, in]` and then biases `[out]` of each layer, first layer first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// Inputs, hidden layers, and the one output.
    widths: Vec<usize>,
    /// Start of each layer, and the end of the last one.
    starts: Vec<usize>,
}

impl Layout {
    pub fn new(n_inputs: usize, hidden: &[usize]) -> Self {
        let widths: Vec<usize> = [n_inputs].iter().chain(hidden).chain(&[1]).copied().collect();
        let mut starts = vec![0];
        for pair in widths.windows(2) {
            starts.push(starts[starts.len() - 1] + (pair[0] + 1) * pair[1]);
        }
        Self { widths, starts }
    }

    pub fn n_inputs(&self) -> usize {
        self.widths[0]
    }

    pub fn n_layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Units of a layer.
    pub fn n_units(&self, layer: usize) -> usize {
        self.widths[layer + 1]
    }

    pub fn n_parameters(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Start of a layer's weights, of its biases, and its end.
    pub fn bounds(&self, layer: usize) -> [usize; 3] {
        let start = self.starts[layer];
        [start, start + self.widths[layer] * self.widths[layer + 1], self.starts[layer + 1]]
    }

    pub fn layer<'a>(&self, layer: usize, flat: &'a [f32]) -> (ArrayView2<'a, f32>, ArrayView1<'a, f32>) {
        let [start, middle, end] = self.bounds(layer);
        let shape = (self.widths[layer + 1], self.widths[layer]);
        let weights = ArrayView2::from_shape(shape, &flat[start..middle]).expect("the bounds fit the shape");
        (weights, ArrayView1::from(&flat[middle..end]))
    }

    pub fn layer_mut<'a>(&self, layer: usize, flat: &'a mut [f32]) -> (ArrayViewMut2<'a, f32>, ArrayViewMut1<'a, f32>) {
        let [start, middle, end] = self.bounds(layer);
        let shape = (self.widths[layer + 1], self.widths[layer]);
        let (weights, biases) = flat[start..end].split_at_mut(middle - start);
        let weights = ArrayViewMut2::from_shape(shape, weights).expect("the bounds fit the shape");
        (weights, ArrayViewMut1::from(biases))
    }
}
