//! The optimiser.

use crate::model::ensemble::Layout;

const MEAN_DECAY: f64 = 0.9;
const SQUARE_DECAY: f64 = 0.999;
const SMALLEST: f32 = 1e-8;

/// Share of the learning rate that is left at the end.
const LAST_RATE: f64 = 0.01;

/// Adam (arXiv:1412.6980) with weight decay apart from the gradient (arXiv:1711.05101).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Adam {
    pub mean: Vec<f32>,
    pub square: Vec<f32>,
}

impl Adam {
    pub fn new(n_parameters: usize) -> Self {
        Self { mean: vec![0.0; n_parameters], square: vec![0.0; n_parameters] }
    }

    /// Step number `step`, counted from 1. `decay` is taken off the weights alone, per unit of `rate`.
    pub fn step(&mut self, layout: &Layout, flat: &mut [f32], gradient: &[f32], step: u64, rate: f64, decay: f64) {
        if decay > 0.0 {
            let kept = (1.0 - rate * decay) as f32;
            for l in 0..layout.n_layers() {
                let [start, middle, _] = layout.bounds(l);
                flat[start..middle].iter_mut().for_each(|w| *w *= kept);
            }
        }
        let power = i32::try_from(step).unwrap_or(i32::MAX);
        let rate = (rate / (1.0 - MEAN_DECAY.powi(power))) as f32;
        let correction = (1.0 / (1.0 - SQUARE_DECAY.powi(power))).sqrt() as f32;
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((w, &g), (m, v)) in flat.iter_mut().zip(gradient).zip(moments) {
            *m = MEAN_DECAY as f32 * *m + (1.0 - MEAN_DECAY) as f32 * g;
            *v = SQUARE_DECAY as f32 * *v + (1.0 - SQUARE_DECAY) as f32 * (g * g);
            *w -= rate * *m / (v.sqrt() * correction + SMALLEST);
        }
    }
}

/// The rate of a step, counted from 1: half a cosine from `first` down to one percent of it.
pub(super) fn cosine(first: f64, step: u64, steps: u64) -> f64 {
    let share = (step - 1) as f64 / (steps.max(2) - 1) as f64;
    first * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_by_hand() {
        let layout = Layout::new(1, &[]);
        let mut adam = Adam::new(2);
        let mut flat = [1.0f32, 2.0];
        adam.step(&layout, &mut flat, &[0.5, -4.0], 1, 0.1, 0.0);
        // The first step is the rate against the sign of the gradient, whatever its size.
        assert!((flat[0] - 0.9).abs() < 1e-6 && (flat[1] - 2.1).abs() < 1e-6, "{flat:?}");
        adam.step(&layout, &mut flat, &[1.0, -4.0], 2, 0.1, 0.0);
        // m = 0.9 * 0.05 + 0.1 * 1 = 0.145, of 1 - 0.81 = 0.19; v = 0.999 * 0.00025 + 0.001 = 0.00124975, of 0.001999;
        // 0.1 * 0.7631579 / 0.7906854 = 0.0965185.
        assert!((flat[0] - (0.9 - 0.096_518_5)).abs() < 1e-6, "{flat:?}");
        assert!((flat[1] - 2.2).abs() < 1e-6, "{flat:?}");
    }

    #[test]
    fn decay_takes_from_weights_and_not_from_biases() {
        let layout = Layout::new(1, &[]);
        let mut flat = [1.0f32, 2.0];
        Adam::new(2).step(&layout, &mut flat, &[0.0, 0.0], 1, 0.1, 0.5);
        assert_eq!(flat, [0.95, 2.0]);
    }

    #[test]
    fn the_rate_falls_to_one_percent() {
        assert_eq!(cosine(2.0, 1, 11), 2.0);
        assert!((cosine(2.0, 6, 11) - 1.01).abs() < 1e-12);
        assert!((cosine(2.0, 11, 11) - 0.02).abs() < 1e-12);
        assert_eq!(cosine(2.0, 1, 1), 2.0);
    }
}
