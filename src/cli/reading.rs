//! How dumps are read, by options that commands share, and texts.

use std::path::Path;

use anyhow::Context;
use ionscape::trajectory::{AtomCount, OnBadFrame, ReadOptions};

#[derive(clap::Args)]
pub struct Reading {
    /// Leave out frames that are cut short or damaged, with a warning for each, instead of stopping.
    #[arg(long)]
    skip_bad_frames: bool,

    /// Take frames with another number of atoms than the first, as where atoms are deposited or a group is dynamic.
    #[arg(long)]
    varying_atoms: bool,
}

impl Reading {
    /// The reader's options.
    pub fn options(&self) -> ReadOptions {
        let on_bad_frame = if self.skip_bad_frames { OnBadFrame::Skip } else { OnBadFrame::Refuse };
        let atom_count = if self.varying_atoms { AtomCount::Any } else { AtomCount::Fixed };
        ReadOptions { on_bad_frame, atom_count, ..Default::default() }
    }
}

/// The text of a file.
pub fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
