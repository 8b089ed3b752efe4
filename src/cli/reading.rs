//! How dumps are read: options that commands share.

use ionscape::trajectory::{OnBadFrame, ReadOptions};

#[derive(clap::Args)]
pub struct Reading {
    /// Leave out frames that are cut short or damaged, with a warning for each, instead of stopping.
    #[arg(long)]
    skip_bad_frames: bool,
}

impl Reading {
    /// The reader's options.
    pub fn options(&self) -> ReadOptions {
        let on_bad_frame = if self.skip_bad_frames { OnBadFrame::Skip } else { OnBadFrame::Refuse };
        ReadOptions { on_bad_frame, ..Default::default() }
    }
}
