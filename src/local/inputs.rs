//! What a model is told of a center: its descriptor, which ion it is, and under what conditions.

use crate::descriptor::{PowerSpectrum, SoapParameters};
use crate::model::Condition;
use crate::species::{Channels, Species};
use crate::{Error, Result};

/// The inputs of a model, in this order: the features of the descriptor; where channels are by species and there are several
/// ion species, a 1 at the place of the center's among them and 0 at the others; the conditions.
pub struct Inputs {
    descriptor: PowerSpectrum,
    /// By species: its place among the inputs; empty where the model is not told.
    places: Vec<Option<usize>>,
    conditions: Vec<Condition>,
    n_inputs: usize,
}

impl Inputs {
    /// Prepares the inputs of a model of some species, in the precision that models take.
    ///
    /// # Errors
    /// As [`PowerSpectrum::new`]; a condition that stands twice.
    pub fn new(
        parameters: SoapParameters,
        channels: Channels,
        species: &[Species],
        conditions: &[Condition],
    ) -> Result<Self> {
        let descriptor = PowerSpectrum::in_single_precision(parameters, channels.count(species))?;
        Self::of(descriptor, channels, species, conditions)
    }

    /// The same in double precision, for those who want to see them.
    ///
    /// # Errors
    /// As [`Inputs::new`].
    pub fn in_double_precision(
        parameters: SoapParameters,
        channels: Channels,
        species: &[Species],
        conditions: &[Condition],
    ) -> Result<Self> {
        Self::of(PowerSpectrum::new(parameters, channels.count(species))?, channels, species, conditions)
    }

    fn of(
        descriptor: PowerSpectrum,
        channels: Channels,
        species: &[Species],
        conditions: &[Condition],
    ) -> Result<Self> {
        if let Some((i, _)) = conditions.iter().enumerate().find(|(i, c)| conditions[..*i].contains(c)) {
            return Err(Error::Input(format!("conditions: {:?} stands twice", conditions[i])));
        }
        let mut n_inputs = descriptor.n_features();
        let mut places = vec![];
        if channels == Channels::BySpecies && species.iter().filter(|s| s.is_ion()).count() > 1 {
            for species in species {
                places.push(species.is_ion().then_some(n_inputs));
                n_inputs += usize::from(species.is_ion());
            }
        }
        n_inputs += conditions.len();
        Ok(Self { descriptor, places, conditions: conditions.to_vec(), n_inputs })
    }

    /// These in double precision.
    ///
    /// # Errors
    /// As [`PowerSpectrum::new`].
    pub(super) fn to_double_precision(&self) -> Result<Self> {
        let descriptor = PowerSpectrum::new(self.descriptor.parameters().clone(), self.descriptor.n_channels())?;
        let (places, conditions) = (self.places.clone(), self.conditions.clone());
        Ok(Self { descriptor, places, conditions, n_inputs: self.n_inputs })
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &PowerSpectrum {
        &self.descriptor
    }

    /// Inputs of a center in all.
    pub fn len(&self) -> usize {
        self.n_inputs
    }

    /// Never: a descriptor has features.
    pub fn is_empty(&self) -> bool {
        self.n_inputs == 0
    }

    /// How many of the inputs are not features of the descriptor; they are the last.
    pub fn n_beside(&self) -> usize {
        self.n_inputs - self.descriptor.n_features()
    }

    /// The conditions that the model takes.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Writes what follows the descriptor's features into a center's inputs; `values` are those of the conditions.
    ///
    /// # Panics
    /// Lists of other lengths.
    pub fn complete(&self, species: usize, values: &[f64], inputs: &mut [f64]) {
        assert_eq!((inputs.len(), values.len()), (self.n_inputs, self.conditions.len()), "inputs and conditions");
        inputs[self.descriptor.n_features()..].fill(0.0);
        if let Some(&Some(place)) = self.places.get(species) {
            inputs[place] = 1.0;
        }
        let first = self.n_inputs - values.len();
        inputs[first..].copy_from_slice(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ion_and_the_conditions_follow_the_descriptor() {
        let species = [Species::atomic("Li", 1.0), Species::atomic("water", 0.0), Species::atomic("Cl", -1.0)];
        let parameters = SoapParameters { n_max: 2, l_max: 0, ..SoapParameters::default() };
        let of = |channels, conditions: &[Condition]| {
            Inputs::new(parameters.clone(), channels, &species, conditions).unwrap()
        };
        let inputs = of(Channels::BySpecies, &[Condition::Temperature]);
        let n = inputs.descriptor().n_features();
        assert_eq!((inputs.descriptor().n_channels(), inputs.len(), inputs.n_beside()), (3, n + 3, 3));
        let mut row = vec![9.0; n + 3];
        inputs.complete(2, &[1100.0], &mut row);
        assert_eq!((&row[n..], row[0]), (&[0.0, 1.0, 1100.0][..], 9.0));
        inputs.complete(0, &[1.0], &mut row);
        assert_eq!(&row[n..], &[1.0, 0.0, 1.0]);
        let symmetric = of(Channels::ChargeSymmetric, &[]);
        assert_eq!((symmetric.descriptor().n_channels(), symmetric.n_beside()), (3, 0));
        assert!(Inputs::new(parameters.clone(), Channels::BySpecies, &species, &[Condition::Temperature; 2]).is_err());
    }
}
