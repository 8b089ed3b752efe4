//! The units that the frames of a run are in, which must be the same throughout.

use ionscape::configuration;
use ionscape::local::LocalModel;
use ionscape::trajectory::Frame;

/// What the frames before were in.
#[derive(Default)]
pub struct RunUnits {
    /// Those that the first of the frames that state them is in.
    stated: Option<String>,
    /// The first frame's length unit in the model's.
    length: Option<f64>,
    /// Whether the first frame states its units.
    states: Option<bool>,
    /// Whether it was said that frames that state their units stand beside others.
    said: bool,
}

impl RunUnits {
    /// Refuses a frame in other units than those before, or of other lengths for a model.
    ///
    /// # Errors
    /// Either, with the frame; as [`configuration::length_for`].
    pub fn check(&mut self, frame: &Frame, model: Option<&LocalModel>) -> ionscape::Result<()> {
        self.states.get_or_insert(frame.units.is_some());
        if let Some(units) = &frame.units {
            let first = self.stated.get_or_insert_with(|| units.clone());
            if first != units {
                let message = format!(
                    "this frame is in {units} units, and those before are in {first}; convert the dumps of a run to one unit style"
                );
                return Err(frame.error(None, message));
            }
        }
        let Some(model) = model else {
            self.warn_of_unstated(frame);
            return Ok(());
        };
        let length = configuration::length_for(model, frame)?;
        if *self.length.get_or_insert(length) != length {
            let message = "its length unit is not that of the frames before; convert the dumps of a run to one unit style, and \
                           let each state it (dump_modify units yes)";
            return Err(frame.error(None, message.into()));
        }
        Ok(())
    }

    /// Says once where frames that state their units stand beside others.
    fn warn_of_unstated(&mut self, frame: &Frame) {
        let message = match (self.states, &frame.units) {
            (Some(false), Some(units)) => {
                format!("this frame is in {units} units, and those before do not state theirs")
            }
            (Some(true), None) => "this frame does not state its units, and those before do".into(),
            _ => return,
        };
        let message =
            format!("{message}: all are taken for the same; let each dump state them (dump_modify units yes)");
        if !std::mem::replace(&mut self.said, true) {
            log::warn!("{}", frame.error(None, message));
        }
    }

    /// The first frame's length unit in the model's; 1 without a model, and before the first frame is read.
    pub fn length(&self) -> f64 {
        self.length.unwrap_or(1.0)
    }
}
