//! What one ion sees: displacements to its neighbours, sorted by channel.

use crate::geometry::Displacements;

/// Displacement vectors from a center to its neighbours, one list a channel.
#[derive(Clone, Debug)]
pub struct Environment {
    channels: Vec<Displacements>,
    center: usize,
}

impl Environment {
    /// An empty environment of `n_channels` channels.
    pub fn new(n_channels: usize) -> Self {
        Self { channels: vec![Displacements::default(); n_channels], center: 0 }
    }

    /// Forgets all neighbours and keeps the memory; the center is in channel 0 again.
    pub fn clear(&mut self) {
        self.channels.iter_mut().for_each(Displacements::clear);
        self.center = 0;
    }

    /// Says in which channel the center itself counts.
    ///
    /// # Panics
    /// `channel` is not below the number of channels.
    #[inline]
    pub fn set_center(&mut self, channel: usize) {
        assert!(channel < self.channels.len(), "channel of the center");
        self.center = channel;
    }

    /// The channel in which the center itself counts.
    pub fn center(&self) -> usize {
        self.center
    }

    /// Adds a neighbour at `displacement` (neighbour minus center, length units). The center itself is not a neighbour.
    ///
    /// # Panics
    /// `channel` is not below the number of channels.
    #[inline]
    pub fn push(&mut self, channel: usize, displacement: [f64; 3]) {
        self.channels[channel].push(displacement);
    }

    /// Number of neighbours in all channels.
    pub fn n_neighbors(&self) -> usize {
        self.channels.iter().map(Displacements::len).sum()
    }

    /// The displacements, a list a channel.
    pub fn channels(&self) -> &[Displacements] {
        &self.channels
    }

    /// The same, to be added to.
    pub fn channels_mut(&mut self) -> &mut [Displacements] {
        &mut self.channels
    }
}
