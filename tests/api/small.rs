//! A crate with one of everything that `render.py` renders; small.txt is what must come of it.

use std::fmt;

mod hidden {
    /// Reached by `pub use` alone.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Point<const N: usize> {
        pub place: [f64; N],
    }

    /// Used, and nowhere to be named.
    pub struct Unnamed;
}

pub use hidden::Point;

pub mod shapes {
    #[non_exhaustive]
    pub enum Shape<'a, T: ?Sized = str> {
        Nothing,
        Circle(f64, bool),
        Named { name: &'a T },
    }

    #[repr(u8)]
    pub enum Level {
        Low = 1,
        High = 7,
    }

    pub struct Stripped {
        pub shown: u8,
        kept: u8,
    }

    impl Stripped {
        pub const LARGEST: u8 = 3;

        pub fn kept(&self) -> u8 {
            self.kept
        }

        pub fn change(&mut self, by: impl Fn(u8) -> u8) {
            self.kept = by(self.kept);
        }

        fn _hidden(self) {}
    }
}

pub struct Local(pub *const u8);

pub struct Wrapper<T>(T, pub Option<Vec<T>>);

impl<T: fmt::Display> From<T> for Wrapper<T>
where
    T: Clone,
{
    fn from(value: T) -> Self {
        Self(value.clone(), Some(vec![value]))
    }
}

impl<T> Iterator for Wrapper<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        None
    }
}

pub trait Measure: Sync {
    type Unit: Copy;
    const NAME: &'static str;

    fn measure(&self, of: &dyn fmt::Debug) -> Result<Self::Unit, fmt::Error>;

    fn twice(&self, _pair: (u8, &str)) -> usize {
        2
    }
}

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send>>;

pub const LIMIT: usize = 8;

pub fn unnamed() -> hidden::Unnamed {
    hidden::Unnamed
}

/// # Safety
///
/// None is needed.
pub unsafe extern "C" fn foreign(callback: extern "C" fn(i32) -> i32, data: *mut u8) -> i32 {
    let _ = data;
    callback(0)
}

pub fn pick<'a, I>(from: I, _default: &'a mut [u8]) -> impl Iterator<Item = u8> + use<'a, I>
where
    I: IntoIterator<Item = &'a u8>,
    for<'b> &'b str: PartialEq<I>,
{
    from.into_iter().copied()
}

#[macro_export]
macro_rules! nothing {
    () => {};
}
