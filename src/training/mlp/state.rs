//! Where a training stands, as bytes that tell when they are damaged.

use sha2::{Digest, Sha256};

use super::adam::Adam;
use crate::{Error, Result};

/// The last two bytes are the version of the format.
const MAGIC: [u8; 16] = *b"ionscape train01";

/// Bytes of SHA-256.
const HASH: usize = 32;

/// What a look at the validation systems found. Losses are the mean of `(predicted - label)^2 / error^2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Steps taken.
    pub step: u64,
    /// Mean loss of the batches since the last look, each before its step.
    pub training: f64,
    /// Loss on the validation systems; none without such.
    pub validation: Option<f64>,
}

/// The best weights so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    pub step: u64,
    pub validation: f64,
    pub flat: Vec<f32>,
}

/// Everything that training goes on from: a resumed run ends on the same bits as one that was never interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Hash of settings, seed and systems.
    pub(super) origin: [u8; HASH],
    pub(super) step: u64,
    pub(super) flat: Vec<f32>,
    pub(super) adam: Adam,
    pub(super) best: Option<Best>,
    /// Looks since the best one.
    pub(super) stale: u64,
    pub(super) history: Vec<Check>,
    /// Sum and number of the batches' losses since the last look.
    pub(super) pending: (f64, u64),
}

impl State {
    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What was found on the way.
    pub fn history(&self) -> &[Check] {
        &self.history
    }

    /// The state for a file: little-endian numbers, and a SHA-256 of all before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 * self.flat.len() + 4096);
        out.extend(MAGIC);
        out.extend(self.origin);
        let word = |out: &mut Vec<u8>, x: u64| out.extend(x.to_le_bytes());
        let real = |out: &mut Vec<u8>, x: f64| out.extend(x.to_le_bytes());
        let reals = |out: &mut Vec<u8>, x: &[f32]| out.extend(x.iter().flat_map(|x| x.to_le_bytes()));
        for x in [self.step, self.stale, self.pending.1, self.flat.len() as u64, self.history.len() as u64] {
            word(&mut out, x);
        }
        real(&mut out, self.pending.0);
        for part in [&self.flat, &self.adam.mean, &self.adam.square] {
            reals(&mut out, part);
        }
        for check in &self.history {
            word(&mut out, check.step);
            real(&mut out, check.training);
            // A look cannot find NaN: training would have ended there.
            real(&mut out, check.validation.unwrap_or(f64::NAN));
        }
        if let Some(best) = &self.best {
            word(&mut out, best.step);
            real(&mut out, best.validation);
            reals(&mut out, &best.flat);
        }
        let hash = Sha256::digest(&out);
        out.extend(hash);
        out
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// Bytes that are something else, were cut off or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse = |what: &str| Err(Error::Input(format!("checkpoint: {what}; delete it to train from the start")));
        let version = MAGIC.len() - 2;
        if bytes.len() < MAGIC.len() + HASH || bytes[..version] != MAGIC[..version] {
            return refuse("this is no checkpoint of a training");
        }
        if bytes[version..MAGIC.len()] != MAGIC[version..] {
            return refuse("it was written by another version of ionscape");
        }
        let (body, hash) = bytes.split_at(bytes.len() - HASH);
        if Sha256::digest(body)[..] != *hash {
            return refuse("it is damaged or was cut off");
        }
        match Reader(&body[MAGIC.len()..]).state() {
            Some(state) => Ok(state),
            None => refuse("its parts do not fit together"),
        }
    }
}

/// Takes numbers off the front; none where the bytes end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    fn word(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn real(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn reals(&mut self, n: usize) -> Option<Vec<f32>> {
        let (head, tail) = self.0.split_at_checked(n.checked_mul(4)?)?;
        self.0 = tail;
        Some(head.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect())
    }

    fn state(mut self) -> Option<State> {
        let origin = self.take()?;
        let [step, stale, n_pending] = [self.word()?, self.word()?, self.word()?];
        let [n, n_checks] = [usize::try_from(self.word()?).ok()?, usize::try_from(self.word()?).ok()?];
        let pending = (self.real()?, n_pending);
        let flat = self.reals(n)?;
        let adam = Adam { mean: self.reals(n)?, square: self.reals(n)? };
        let mut history = vec![];
        for _ in 0..n_checks {
            let [step, training, validation] = [self.take()?, self.take()?, self.take()?];
            history.push(Check {
                step: u64::from_le_bytes(step),
                training: f64::from_le_bytes(training),
                validation: Some(f64::from_le_bytes(validation)).filter(|v| !v.is_nan()),
            });
        }
        let mut best = None;
        if !self.0.is_empty() {
            best = Some(Best { step: self.word()?, validation: self.real()?, flat: self.reals(n)? });
        }
        self.0.is_empty().then_some(State { origin, step, flat, adam, best, stale, history, pending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            origin: [7; HASH],
            step: 40,
            flat: vec![1.5, f32::MIN_POSITIVE, -3.0],
            adam: Adam { mean: vec![0.1; 3], square: vec![0.2; 3] },
            best: Some(Best { step: 20, validation: 0.1 + 0.2, flat: vec![4.0; 3] }),
            stale: 1,
            history: vec![
                Check { step: 20, training: 1.0 / 3.0, validation: Some(0.3) },
                Check { step: 40, training: 0.25, validation: None },
            ],
            pending: (0.7, 3),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let full = state();
        assert_eq!(State::from_bytes(&full.to_bytes()).unwrap(), full);
        let bare = State { best: None, history: vec![], ..full };
        assert_eq!(State::from_bytes(&bare.to_bytes()).unwrap(), bare);
    }

    #[test]
    fn damaged_checkpoints_are_refused() {
        let bytes = state().to_bytes();
        let message = |bytes: &[u8]| State::from_bytes(bytes).unwrap_err().to_string();
        for end in 0..bytes.len() {
            assert!(message(&bytes[..end]).starts_with("checkpoint: "));
        }
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 0x10;
            assert!(message(&changed).contains("delete it to train from the start"));
        }
        assert!(message(b"{}").contains("no checkpoint of a training"));
        assert!(message(&bytes[..bytes.len() - 1]).contains("damaged or was cut off"));
        let mut other = bytes.clone();
        other[15] = b'2';
        assert!(message(&other).contains("another version"));
        // Well hashed, and still no state: one weight too few.
        let mut body = bytes[..bytes.len() - HASH - 4].to_vec();
        let hash = Sha256::digest(&body);
        body.extend(hash);
        assert!(message(&body).contains("do not fit together"));
    }
}
