//! Responses of single ions: to learn from, and to judge a field by.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LocalRows;
use super::cache::{Features, Recipe};
use super::calibration::HeldOutIons;
use super::settings::LocalSettings;
use crate::cautions::Cautions;
use crate::trajectory::{AtomCount, DumpReader, Frame, ReadOptions};
use crate::{Error, Result, configuration};

/// Blocks of ions that errors of a correlation are taken from, about.
const BLOCKS: usize = 20;

/// Which response of an ion is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseKind {
    /// Response time.
    pub time: f64,
    /// What ions responded to: `field` or `impulse`.
    pub perturbation: String,
}

impl std::fmt::Display for ResponseKind {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let article = if self.perturbation == "impulse" { "an" } else { "a" };
        write!(f, "to {article} {} up to t = {}", self.perturbation, self.time)
    }
}

/// The ions of a system whose responses are known.
pub struct LocalResponse {
    pub features: Features,
    pub kind: ResponseKind,
    /// Each ion's response over the mean of all, less 1.
    pub departures: Vec<f64>,
    /// Standard errors of the departures.
    pub errors: Vec<f64>,
    /// Which part of space each ion is in: slabs of each frame's box, numbered through all frames.
    blocks: Vec<usize>,
    n_blocks: usize,
}

impl LocalResponse {
    /// Reads a dump with columns `lambda_TIME` and `error_TIME`, as `ionscape truth` writes it. All atoms of an ion carry its
    /// response; what neutral species have there is not looked at.
    ///
    /// # Errors
    /// A dump without those columns, errors that are not above zero, atoms of one ion that differ, responses whose mean is not
    /// above zero; what [`Features::obtain`] refuses.
    pub fn obtain(
        cache: &Path,
        dump: &Path,
        kind: ResponseKind,
        recipe: &Recipe,
        on_frame: &mut dyn FnMut(),
    ) -> Result<Self> {
        let time = kind.time;
        let names = [format!("lambda_{time}"), format!("error_{time}")];
        let mut columns = configuration::columns(recipe.map);
        for name in &names {
            columns = columns.require_column(name);
        }
        let reading = ReadOptions { atom_count: AtomCount::Fixed, ..ReadOptions::default() };
        let mut reader = DumpReader::open(dump, columns, reading)?;
        let (mut frame, mut values, mut errors) = (Frame::default(), vec![], vec![]);
        // What is to be said of the frames is kept with their features.
        let told = Cautions::default();
        // Frame by frame, how far along the box each ion is.
        let mut places: Vec<Vec<f64>> = vec![];
        while reader.read(&mut frame)? {
            let sites = configuration::sites(&frame, recipe.map, &told)?;
            for ion in 0..sites.n_ions() {
                let [value, error] = response(&frame, &names, sites.atoms(ion))?;
                values.push(value);
                errors.push(error);
            }
            let along = |position: &[f64; 3]| frame.cell.to_fractional(*position)[0].rem_euclid(1.0);
            places.push(sites.positions()[..sites.n_ions()].iter().map(along).collect());
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        if mean.is_nan() || mean <= 0.0 {
            return Err(Error::Input(format!(
                "{}: the mean response is {mean}; ions that do not drift with the field tell no departures from it",
                dump.display()
            )));
        }
        let features = Features::obtain(cache, &[dump.to_path_buf()], recipe, on_frame)?;
        if !places.iter().map(Vec::len).eq(features.contents.frames.iter().copied()) {
            return Err(Error::Input(format!(
                "{}: {} responses for the {} ions of its descriptors; did the file change meanwhile? Try again",
                dump.display(),
                values.len(),
                features.contents.n_environments
            )));
        }
        let departures = values.iter().map(|v| v / mean - 1.0).collect();
        let errors = errors.iter().map(|e| e / mean).collect();
        let slabs = BLOCKS.div_ceil(places.len());
        let slab = |along: f64| ((along * slabs as f64) as usize).min(slabs - 1);
        let of_frame = |(f, frame): (usize, &Vec<f64>)| frame.iter().map(|&x| f * slabs + slab(x)).collect::<Vec<_>>();
        let blocks = places.iter().enumerate().flat_map(of_frame).collect();
        Ok(Self { features, kind, departures, errors, blocks, n_blocks: slabs * places.len() })
    }

    /// As a trainer sees it.
    pub fn rows(&self, settings: &LocalSettings) -> LocalRows<'_> {
        let error = ((self.noise() + settings.scatter.powi(2)) / settings.weight).sqrt();
        LocalRows { rows: &self.features, departures: &self.departures, error }
    }

    /// Mean squared error.
    fn noise(&self) -> f64 {
        self.errors.iter().map(|e| e * e).sum::<f64>() / self.errors.len() as f64
    }

    /// What a comparison of a field with the responses needs of each ion; `predicted` has its value and its standard deviation.
    pub(super) fn held_out(&self, predicted: &[[f64; 2]]) -> HeldOutIons {
        let mean = predicted.iter().map(|p| p[0]).sum::<f64>() / predicted.len() as f64;
        let difference = |(p, response): (&[f64; 2], &f64)| (departure(p[0], mean) - response).powi(2);
        HeldOutIons {
            squared: predicted.iter().zip(&self.departures).map(difference).collect(),
            noise: self.errors.iter().map(|e| e * e).collect(),
            deviations: vec![predicted.iter().map(|p| (p[1] / mean).powi(2)).collect()],
        }
    }

    /// Compares a field with the responses; `predicted` has its value and its standard deviation for each ion.
    pub fn agreement(&self, name: &str, predicted: &[[f64; 2]]) -> Agreement {
        let mean_squared_z = self.held_out(predicted).mean_squared_z(0, 1.0);
        let mean = predicted.iter().map(|p| p[0]).sum::<f64>() / predicted.len() as f64;
        let predicted: Vec<f64> = predicted.iter().map(|p| departure(p[0], mean)).collect();
        let n = predicted.len();
        let without = |block: usize| -> Vec<usize> { (0..n).filter(|&i| self.blocks[i] != block).collect() };
        let whole: Vec<usize> = (0..n).collect();
        let numbers = |ions: &[usize]| self.compare(ions, &predicted);
        let all = numbers(&whole);
        let left_out: Vec<[f64; 4]> = (0..self.n_blocks).map(|block| numbers(&without(block))).collect();
        let count = self.n_blocks as f64;
        let with_error = |k: usize| -> [f64; 2] {
            let mean = left_out.iter().map(|v| v[k]).sum::<f64>() / count;
            let sum: f64 = left_out.iter().map(|v| (v[k] - mean).powi(2)).sum();
            [all[k], (sum * (count - 1.0) / count).sqrt()]
        };
        let deviation = (predicted.iter().map(|p| p * p).sum::<f64>() / n as f64).sqrt();
        Agreement {
            name: name.into(),
            time: self.kind.time,
            perturbation: self.kind.perturbation.clone(),
            n_ions: n,
            reliability: with_error(0),
            correlation: with_error(1),
            corrected_correlation: with_error(2),
            slope: with_error(3),
            mean_squared_z,
            predicted_deviation: deviation,
            true_deviation: (all[0] * variance(&whole, &self.departures)).max(0.0).sqrt(),
        }
    }

    /// Reliability of the responses, correlation with them as it is and corrected, slope, over some ions.
    fn compare(&self, ions: &[usize], predicted: &[f64]) -> [f64; 4] {
        let all = variance(ions, &self.departures);
        let noise = ions.iter().map(|&i| self.errors[i].powi(2)).sum::<f64>() / ions.len() as f64;
        let reliability = 1.0 - noise / all;
        let n = ions.len() as f64;
        let (a, b) = (mean(ions, &self.departures), mean(ions, predicted));
        let both = ions.iter().map(|&i| (self.departures[i] - a) * (predicted[i] - b)).sum::<f64>() / n;
        let of_field = variance(ions, predicted);
        let correlation = both / (all * of_field).sqrt();
        [reliability, correlation, correlation / reliability.max(0.0).sqrt(), both / of_field]
    }
}

/// The response of an ion and its error, which all its atoms carry.
fn response(frame: &Frame, names: &[String; 2], atoms: &[usize]) -> Result<[f64; 2]> {
    let of = |atom: usize| names.each_ref().map(|name| frame.column(name).map_or(f64::NAN, |column| column[atom]));
    let first = atoms[0];
    let [value, error] = of(first);
    if !(value.is_finite() && error.is_finite() && error > 0.0) {
        return Err(frame.error(Some(first), format!("{value} +- {error} is no response with its error")));
    }
    match atoms.iter().find(|&&atom| of(atom) != [value, error]) {
        None => Ok([value, error]),
        Some(&other) => {
            let [here, error_here] = of(other);
            Err(frame.error(
                Some(other),
                format!(
                    "{here} +- {error_here}, and atom {} of the same ion has {value} +- {error}; an ion has one response: give \
                     it to all its atoms",
                    frame.ids[first]
                ),
            ))
        }
    }
}

fn mean(ions: &[usize], values: &[f64]) -> f64 {
    ions.iter().map(|&i| values[i]).sum::<f64>() / ions.len() as f64
}

fn variance(ions: &[usize], values: &[f64]) -> f64 {
    let mean = mean(ions, values);
    ions.iter().map(|&i| (values[i] - mean).powi(2)).sum::<f64>() / ions.len() as f64
}

/// How a field compares with the ions' own responses in one system. Numbers in pairs are a value and its standard error, from
/// leaving out a part of space in turn: of each frame as many slabs of the box as make 20 of them or more in all, for neighbours
/// answer alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    pub name: String,
    /// Response time.
    pub time: f64,
    /// What ions responded to: `field` or `impulse`.
    pub perturbation: String,
    pub n_ions: usize,
    /// Share of the responses' variance over ions that is not noise.
    pub reliability: [f64; 2],
    /// Over ions, as it is.
    pub correlation: [f64; 2],
    /// What it would be without the responses' noise: over the root of the reliability (C. Spearman, Am. J. Psychol. 15, 72
    /// (1904)). Not finite where the responses are nothing but noise.
    pub corrected_correlation: [f64; 2],
    /// By how much an ion's response departs from the mean, over how much the field says: 1 for a field of the right
    /// amplitude.
    pub slope: [f64; 2],
    /// Mean of the squared difference of an ion's departure from the mean, in field and response, over the squares of the field's
    /// deviation and the response's error: 1 if both are as stated.
    pub mean_squared_z: f64,
    /// Standard deviation over ions, over the mean: of the field, and of the responses without their noise.
    pub predicted_deviation: f64,
    pub true_deviation: f64,
}

/// How far a value is above the mean, as a share of it: a field whose mean is below zero keeps the signs of its departures.
fn departure(value: f64, mean: f64) -> f64 {
    (value - mean) / mean.abs()
}
