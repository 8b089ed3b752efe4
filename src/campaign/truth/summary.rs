//! What the responses of a system say together, and the checks that they must stand.

use serde::Serialize;

use super::batch::Batch;
use super::moments::{Moments, variance};
use crate::statistics::correlation;

/// A number and its standard error.
pub type WithError = [f64; 2];

/// A system at one response time. Conductivities are molar, by the mean drift up to that time, or by the displacement after an
/// impulse.
#[derive(Clone, Debug, Serialize)]
pub struct AtTime {
    pub time: f64,
    /// Mean over ions and configurations, from the response.
    pub mean: WithError,
    /// The same from the equilibrium runs between configurations: half the mean square displacement of the charge over kT
    /// and the time, or its growth with time.
    pub equilibrium: Option<WithError>,
    /// Standard deviation over ions, the noise taken away, and its share of the mean; absent where there is nothing but
    /// noise.
    pub deviation: Option<f64>,
    pub relative_deviation: Option<f64>,
    /// Root mean square error of an ion, in the mean.
    pub relative_error: f64,
    /// Share of the variance over ions that is not noise; mean over configurations.
    pub reliability: f64,
    /// Correlation over ions between two halves of the pairs, stepped up to all of them (C. Spearman and W. Brown, Br. J.
    /// Psychol. 3 (1910)).
    pub split_half: Option<WithError>,
    /// Along x, y and z.
    pub axes: [WithError; 3],
    /// Relative change under twice the field.
    pub stronger_field: Option<WithError>,
}

/// All response times of a system.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub configurations: usize,
    pub ions: usize,
    pub pairs: Vec<usize>,
    pub at: Vec<AtTime>,
}

/// One configuration: its batches, in order.
pub struct Configuration {
    pub batches: Vec<Batch>,
}

impl Configuration {
    /// All pairs at a response time; those of even and of odd batches.
    pub fn moments(&self, time: usize) -> (Moments, Moments, Moments) {
        let mut parts = (Moments::default(), Moments::default(), Moments::default());
        for (number, batch) in self.batches.iter().enumerate() {
            parts.0.merge(&batch.ions[time]);
            if number % 2 == 0 { &mut parts.1 } else { &mut parts.2 }.merge(&batch.ions[time]);
        }
        parts
    }
}

/// `scale` turns a response summed over ions, over the duration of its time, into a molar conductivity; `equilibrium` is the same
/// quantity from equilibrium runs at each time.
pub fn summarize(
    configurations: &[Configuration],
    (times, durations): (&[f64], &[f64]),
    scale: f64,
    equilibrium: &[Option<WithError>],
) -> Summary {
    let at = (0..times.len()).map(|t| at_time(configurations, t, times[t], scale / durations[t], equilibrium[t]));
    let first = configurations[0].moments(0).0;
    Summary {
        configurations: configurations.len(),
        ions: first.sum.len(),
        pairs: configurations.iter().map(|c| c.moments(0).0.n).collect(),
        at: at.collect(),
    }
}

fn at_time(
    configurations: &[Configuration],
    t: usize,
    time: f64,
    scale: f64,
    equilibrium: Option<WithError>,
) -> AtTime {
    let all: Vec<_> = configurations.iter().map(|c| c.moments(t)).collect();
    let n_ions = all[0].0.sum.len() as f64;
    let of_configuration = |axes: &dyn Fn(&[f64; 3]) -> f64| -> WithError {
        let pairs = |c: &Configuration| -> Vec<f64> {
            c.batches.iter().flat_map(|b| &b.totals).map(|pair| scale * axes(&pair[t])).collect()
        };
        let each: Vec<WithError> = configurations.iter().map(|c| mean_and_error(&pairs(c))).collect();
        let n = each.len() as f64;
        let within = each.iter().map(|m| m[1] * m[1]).sum::<f64>().sqrt() / n;
        let [mean, between] = mean_and_error(&each.iter().map(|m| m[0]).collect::<Vec<_>>());
        // Configurations differ by more than the noise of their pairs; a few of them may be alike by chance.
        [mean, between.max(within)]
    };
    let mean = of_configuration(&|pair| pair.iter().sum::<f64>() / 3.0);
    let average = |of: &dyn Fn(&Moments) -> f64| all.iter().map(|c| of(&c.0)).sum::<f64>() / all.len() as f64;
    // Of single ions: the scale is for sums over them.
    let ion = scale * n_ions;
    let true_variance = average(&|m| ion * ion * m.true_variance());
    let deviation = (true_variance > 0.0).then(|| true_variance.sqrt());
    let noise = average(&|m| ion * ion * m.errors().iter().map(|e| e * e).sum::<f64>() / n_ions);
    let halves: Vec<f64> = all
        .iter()
        .filter(|(_, even, odd)| even.n > 0 && odd.n > 0)
        .map(|(_, even, odd)| correlation(&even.means(), &odd.means()))
        .collect();
    let split_half = (!halves.is_empty()).then(|| {
        let half = halves.iter().sum::<f64>() / halves.len() as f64;
        let error = (1.0 - half * half) / (n_ions * halves.len() as f64).sqrt();
        [2.0 * half / (1.0 + half), error * 2.0 / (1.0 + half).powi(2)]
    });
    let changes: Vec<[f64; 2]> =
        configurations.iter().flat_map(|c| &c.batches).flat_map(|b| &b.stronger).map(|pair| pair[t]).collect();
    let weak = changes.iter().map(|c| c[0]).sum::<f64>() / changes.len() as f64;
    let stronger_field = (changes.len() >= 3 && weak != 0.0)
        .then(|| mean_and_error(&changes.iter().map(|c| (c[1] - c[0]) / weak).collect::<Vec<_>>()));
    AtTime {
        time,
        mean,
        equilibrium,
        deviation,
        relative_deviation: deviation.map(|d| d / mean[0].abs()),
        relative_error: noise.sqrt() / mean[0].abs(),
        reliability: average(&|m| m.reliability()),
        split_half,
        axes: [0, 1, 2].map(|axis| of_configuration(&move |pair| pair[axis])),
        stronger_field,
    }
}

/// Of independent samples.
pub fn mean_and_error(samples: &[f64]) -> WithError {
    let n = samples.len() as f64;
    [samples.iter().sum::<f64>() / n, (variance(samples) / n).sqrt()]
}
