//! Whether frames are in the order of time, each once.

/// Counts frames that are not after all those before.
#[derive(Default)]
pub struct Order {
    latest: Option<i64>,
    n_back: usize,
    n_frames: usize,
}

impl Order {
    /// Adds a frame by its timestep.
    pub fn add(&mut self, timestep: i64) {
        self.n_frames += 1;
        match self.latest {
            Some(latest) if timestep <= latest => self.n_back += 1,
            _ => self.latest = Some(timestep),
        }
    }

    /// What the error of a mean over the frames must be taken with.
    pub fn caution(&self) -> Option<String> {
        (self.n_back > 0).then(|| {
            format!(
                "{} of {} frames have a timestep that is not after those before: the error of the mean takes frames for a course in \
                 time, and is too small where some stand twice; give frames in the order of time, each once",
                self.n_back, self.n_frames
            )
        })
    }
}
