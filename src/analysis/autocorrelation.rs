//! Autocorrelation in time of the field, over all ions.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::FieldHistory;
use super::parts::{Parts, times};
use crate::fourier::padded;

/// Sums of products of departures, lag by lag, and their numbers: `[2 * (n_lags + 1)]`, products first.
pub struct Autocorrelations {
    /// Of departures from the mean over ions and time.
    pub full: Parts,
    /// Of departures from the mean over ions at each instant.
    pub fluctuation: Parts,
}

/// `C(lag) / C(0)` from the sums.
pub fn normalized(sums: &[f64]) -> Vec<f64> {
    let (products, numbers) = sums.split_at(sums.len() / 2);
    let zero = products[0] / numbers[0];
    products.iter().zip(numbers).map(|(product, number)| product / number / zero).collect()
}

/// Lags up to a quarter of the run.
pub fn autocorrelations(history: &FieldHistory) -> Autocorrelations {
    let segments = Segments::new(history);
    // Groups are done side by side and each in the order of its ions: the same sums on any number of threads.
    let groups: Vec<[Vec<Vec<f64>>; 2]> =
        (0..history.n_groups()).into_par_iter().map(|g| segments.of_group(history, g)).collect();
    let [full, fluctuation] = [0, 1].map(|curve| {
        let products: Vec<&[Vec<f64>]> = groups.iter().map(|group| group[curve].as_slice()).collect();
        segments.parts(history, &products)
    });
    Autocorrelations { full, fluctuation }
}

/// Products of a part of the run with itself and what follows, by fast Fourier transform.
struct Segments {
    starts: Vec<usize>,
    most: usize,
    t: usize,
    mean: f64,
    forward: Arc<dyn RealToComplex<f64>>,
    length: usize,
    /// Of the means of frames: the origins' part, and that with what follows.
    means: Vec<[Vec<Complex<f64>>; 2]>,
}

impl Segments {
    fn new(history: &FieldHistory) -> Self {
        let t = history.n_frames();
        let (starts, most) = (times(t), t / 4);
        let longest = starts.windows(2).map(|s| s[1] - s[0]).max().unwrap_or(t);
        // Lags up to the most must not meet those below zero, which come back at the end.
        let length = padded(longest + most);
        let forward = RealFftPlanner::<f64>::new().plan_fft_forward(length);
        let mean = history.frame_means().iter().sum::<f64>() / t as f64;
        let mut segments = Self { starts, most, t, mean, forward, length, means: vec![] };
        let course: Vec<f64> = history.frame_means().iter().map(|m| m - mean).collect();
        let mut work = Work::new(&segments);
        segments.means = (0..segments.n())
            .map(|k| {
                segments.transform(&course, k, &mut work);
                work.outputs.clone()
            })
            .collect();
        segments
    }

    fn n(&self) -> usize {
        self.starts.len() - 1
    }

    /// Origins of a part, and all frames that follow within the longest lag.
    fn transform(&self, course: &[f64], k: usize, work: &mut Work) {
        let (start, end) = (self.starts[k], self.starts[k + 1]);
        for (stop, output) in [end, self.t.min(end + self.most)].into_iter().zip(&mut work.outputs) {
            let values = &course[start..stop];
            work.input[..values.len()].copy_from_slice(values);
            work.input[values.len()..].fill(0.0);
            self.forward
                .process_with_scratch(&mut work.input, output, &mut work.scratch)
                .expect("the buffers come from the plan");
        }
    }

    /// Sums of products `[curve][part][lag]` over the ions of a group.
    fn of_group(&self, history: &FieldHistory, g: usize) -> [Vec<Vec<f64>>; 2] {
        let mut work = Work::new(self);
        let mut spectra = [0; 2].map(|_| vec![self.forward.make_output_vec(); self.n()]);
        let mut course = vec![0.0; self.t];
        history.for_each_course(g, |values| {
            course.iter_mut().zip(values).for_each(|(c, v)| *c = f64::from(*v) - self.mean);
            for k in 0..self.n() {
                self.transform(&course, k, &mut work);
                let [origins, later] = &work.outputs;
                let [mean_origins, mean_later] = &self.means[k];
                let [full, fluctuation] = &mut spectra;
                for (i, (full, fluctuation)) in full[k].iter_mut().zip(&mut fluctuation[k]).enumerate() {
                    *full += origins[i].conj() * later[i];
                    *fluctuation += (origins[i] - mean_origins[i]).conj() * (later[i] - mean_later[i]);
                }
            }
        });
        let inverse = RealFftPlanner::<f64>::new().plan_fft_inverse(self.length);
        spectra.map(|parts| {
            let lags = |mut spectrum: Vec<Complex<f64>>| {
                // The ends are real by symmetry; rounding must not say otherwise to the inverse transform.
                spectrum[0].im = 0.0;
                spectrum[self.length / 2].im = 0.0;
                let mut sums = inverse.make_output_vec();
                inverse.process(&mut spectrum, &mut sums).expect("the buffers fit the plan");
                sums[..=self.most].iter().map(|v| v / self.length as f64).collect()
            };
            parts.into_iter().map(lags).collect()
        })
    }

    /// Products `[group][part][lag]` summed over parts and over groups, with their numbers.
    fn parts(&self, history: &FieldHistory, products: &[&[Vec<f64>]]) -> Parts {
        let sum = |all: &mut dyn Iterator<Item = &Vec<f64>>, number: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; self.most + 1];
            all.for_each(|one| sums.iter_mut().zip(one).for_each(|(a, b)| *a += b));
            sums.extend((0..=self.most).map(number));
            sums
        };
        let of_group = |(g, parts): (usize, &&[Vec<f64>])| {
            let n = history.group(g).len();
            sum(&mut parts.iter(), &|lag| (n * (self.t - lag)) as f64)
        };
        let of_part = |k: usize| {
            let (start, end) = (self.starts[k], self.starts[k + 1]);
            let origins = |lag: usize| (self.t - lag).min(end).saturating_sub(start);
            sum(&mut products.iter().map(|parts| &parts[k]), &|lag| (history.n_ions() * origins(lag)) as f64)
        };
        Parts {
            ions: products.iter().enumerate().map(of_group).collect(),
            times: (0..self.n()).map(of_part).collect(),
            width: 2 * (self.most + 1),
        }
    }
}

/// Memory of a transform.
struct Work {
    input: Vec<f64>,
    scratch: Vec<Complex<f64>>,
    outputs: [Vec<Complex<f64>>; 2],
}

impl Work {
    fn new(segments: &Segments) -> Self {
        let forward = &segments.forward;
        Self {
            input: forward.make_input_vec(),
            scratch: forward.make_scratch_vec(),
            outputs: [0; 2].map(|_| forward.make_output_vec()),
        }
    }
}
