//! Vectors from one point to others, each coordinate by itself.

/// Most vectors that kernels write at once, of which some may not count.
pub(super) const LANES: usize = 8;

/// A list of displacement vectors, in length units.
#[derive(Clone, Debug, Default)]
pub struct Displacements {
    n: usize,
    /// What stands behind the first `n` means nothing.
    coordinates: [Vec<f64>; 3],
}

impl Displacements {
    /// Number of vectors.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Forgets all vectors and keeps the memory.
    pub fn clear(&mut self) {
        self.n = 0;
    }

    /// Adds a vector.
    pub fn push(&mut self, displacement: [f64; 3]) {
        self.reserve(1);
        for (coordinate, value) in self.coordinates.iter_mut().zip(displacement) {
            coordinate[self.n] = value;
        }
        self.n += 1;
    }

    /// The three coordinates of all vectors.
    pub fn coordinates(&self) -> [&[f64]; 3] {
        self.coordinates.each_ref().map(|coordinate| &coordinate[..self.n])
    }

    /// The same in whole vectors of the widest kind; what stands behind the last displacement means nothing.
    pub(crate) fn in_whole_vectors(&self) -> [&[f64]; 3] {
        self.coordinates.each_ref().map(|coordinate| &coordinate[..self.n.next_multiple_of(LANES)])
    }

    /// The vectors, one by one.
    pub fn iter(&self) -> impl Iterator<Item = [f64; 3]> {
        let [x, y, z] = self.coordinates();
        x.iter().zip(y).zip(z).map(|((x, y), z)| [*x, *y, *z])
    }

    /// Makes room for `more` vectors, and as many behind them as may be written at once.
    pub(super) fn reserve(&mut self, more: usize) {
        let size = self.n + more + LANES;
        for coordinate in &mut self.coordinates {
            if coordinate.len() < size {
                coordinate.resize(size.next_power_of_two(), 0.0);
            }
        }
    }

    /// Where to write behind the last vector, and for how many there is room.
    pub(super) fn end(&mut self) -> ([*mut f64; 3], usize) {
        let room = self.coordinates.iter().map(Vec::len).min().unwrap_or(0) - self.n;
        (self.coordinates.each_mut().map(|coordinate| coordinate[self.n..].as_mut_ptr()), room)
    }

    /// Takes in what was written there.
    pub(super) fn extend(&mut self, more: usize) {
        self.n += more;
        debug_assert!(self.coordinates.iter().all(|coordinate| self.n <= coordinate.len()));
    }
}

impl PartialEq for Displacements {
    fn eq(&self, other: &Self) -> bool {
        self.coordinates() == other.coordinates()
    }
}
