//! Which of some points are near: distances of many at once, those within reach written one after the other.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::displacements::{Displacements, LANES};
use crate::processor::InstructionSet;

/// Points in the order of their bins, each coordinate by itself, and their numbers. Behind the last are some that are
/// nowhere, so that whole vectors can be read.
#[derive(Default)]
pub struct Points {
    coordinates: [Vec<f64>; 3],
    numbers: Vec<u32>,
}

impl Points {
    /// Makes room for `n` points, all of which are to be [`Points::set`].
    pub fn resize(&mut self, n: usize) {
        for coordinate in &mut self.coordinates {
            coordinate.resize(n + LANES, f64::NAN);
            coordinate[n..].fill(f64::NAN);
        }
        self.numbers.resize(n + LANES, 0);
    }

    pub fn set(&mut self, place: usize, position: [f64; 3], number: u32) {
        for (coordinate, value) in self.coordinates.iter_mut().zip(position) {
            coordinate[place] = value;
        }
        self.numbers[place] = number;
    }

    pub fn position(&self, place: usize) -> [f64; 3] {
        std::array::from_fn(|k| self.coordinates[k][place])
    }
}

/// What is looked for.
#[derive(Clone, Copy)]
pub struct Center {
    /// Its own place, which is left out.
    pub place: usize,
    /// Points of lower numbers are left out.
    pub least: u32,
    /// Square of the largest distance.
    pub limit: f64,
}

/// A search among points.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub points: &'a Points,
    pub center: Center,
    /// Some that the processor has.
    pub instructions: InstructionSet,
}

/// Where near points are written to, and for how many there is room, those included that are written and do not count.
#[derive(Clone, Copy)]
struct Out {
    displacements: [*mut f64; 3],
    numbers: *mut u32,
    room: usize,
}

/// Points that are looked at before the near ones among them are handed on.
const CHUNK: usize = 64;

/// Room for the near ones of a chunk behind those of another.
const ROOM: usize = 2 * CHUNK + LANES;

impl Look<'_> {
    /// Adds the vectors to points near by in runs of places; points of lower numbers are not left out.
    pub fn displacements(&self, runs: impl Iterator<Item = Range<usize>> + Clone, to: &mut Displacements) {
        to.reserve(runs.clone().map(|run| run.len()).sum());
        let (displacements, room) = to.end();
        let out = Out { displacements, numbers: std::ptr::null_mut(), room };
        // SAFETY: the list has the room.
        let n = unsafe { self.run::<false>(runs, out) };
        to.extend(n);
    }

    /// Calls `visit` with number and displacement of the same, but for those of lower numbers.
    #[inline(always)]
    pub fn visit(&self, runs: impl Iterator<Item = Range<usize>>, mut visit: impl FnMut(usize, [f64; 3])) {
        // Nothing is read that was not written: to fill them first would take as long as the search.
        let mut displacements = [[MaybeUninit::<f64>::uninit(); ROOM]; 3];
        let mut numbers = [MaybeUninit::<u32>::uninit(); ROOM];
        let mut n = 0;
        let mut hand_on =
            |n: usize, displacements: &[[MaybeUninit<f64>; ROOM]; 3], numbers: &[MaybeUninit<u32>; ROOM]| {
                for i in 0..n {
                    // SAFETY: the first `n` were written.
                    let (number, d) =
                        unsafe { (numbers[i].assume_init(), displacements.each_ref().map(|d| d[i].assume_init())) };
                    visit(number as usize, d);
                }
            };
        for run in runs {
            for from in run.clone().step_by(CHUNK) {
                if n > CHUNK {
                    hand_on(n, &displacements, &numbers);
                    n = 0;
                }
                let out = Out {
                    displacements: displacements.each_mut().map(|d| d[n..].as_mut_ptr().cast()),
                    numbers: numbers[n..].as_mut_ptr().cast(),
                    room: ROOM - n,
                };
                let chunk = from..run.end.min(from + CHUNK);
                // SAFETY: as long as the arrays are, less what is there.
                n += unsafe { self.run::<true>(std::iter::once(chunk), out) };
            }
        }
        hand_on(n, &displacements, &numbers);
    }

    /// Writes down who is near, in order; gives how many.
    ///
    /// # Safety
    /// `out` has the room that it names, and nobody else looks at it; for numbers too, if they are asked for.
    unsafe fn run<const NUMBERED: bool>(&self, runs: impl Iterator<Item = Range<usize>>, out: Out) -> usize {
        // SAFETY: promised by the caller; and the processor has the instructions.
        unsafe {
            match self.instructions {
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx512 => x86::run_avx512::<NUMBERED>(self, runs, out),
                #[cfg(target_arch = "x86_64")]
                InstructionSet::Avx2 => x86::run_avx2::<NUMBERED>(self, runs, out),
                _ => self.run_portable::<NUMBERED>(runs, out),
            }
        }
    }

    /// # Safety
    /// As [`Look::run`].
    unsafe fn run_portable<const NUMBERED: bool>(&self, runs: impl Iterator<Item = Range<usize>>, out: Out) -> usize {
        let Self { points, center, .. } = self;
        let at = points.position(center.place);
        let mut n = 0;
        for run in runs {
            assert!(run.len() + n < out.room, "room for near points");
            for place in run {
                let position = points.position(place);
                let d: [f64; 3] = std::array::from_fn(|k| position[k] - at[k]);
                let number = points.numbers[place];
                // Whether a point is near enough cannot be guessed: write it down in any case, and move on if it is.
                // SAFETY: there is room, as asserted above.
                unsafe {
                    for (to, d) in out.displacements.iter().zip(d) {
                        to.add(n).write(d);
                    }
                    if NUMBERED {
                        out.numbers.add(n).write(number);
                    }
                }
                let near = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= center.limit;
                n += usize::from(near & (place != center.place) & (!NUMBERED | (number >= center.least)));
            }
        }
        n
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Look, Out};
    use std::arch::x86_64::*;
    use std::ops::Range;

    /// What reads and writes of whole vectors rely on.
    #[inline(always)]
    fn check(look: &Look, run: &Range<usize>, left: usize) {
        let n = look.points.numbers.len();
        assert!(look.points.coordinates.iter().all(|c| c.len() == n) && run.end + LANES <= n, "places of a run");
        assert!(run.len() + LANES <= left, "room for near points");
    }

    /// As [`Look::run_portable`]. Nothing is fused, so that the same points are near on every processor.
    ///
    /// # Safety
    /// As [`Look::run`]; and the processor has the instructions.
    #[target_feature(enable = "avx512f,avx512vl,popcnt")]
    pub unsafe fn run_avx512<const NUMBERED: bool>(
        look: &Look,
        runs: impl Iterator<Item = Range<usize>>,
        out: Out,
    ) -> usize {
        let Look { points, center, .. } = look;
        let [x, y, z] = points.coordinates.each_ref().map(|c| c.as_ptr());
        let number = points.numbers.as_ptr();
        let Out { displacements: [to_x, to_y, to_z], numbers, room } = out;
        let at = points.position(center.place).map(|v| _mm512_set1_pd(v));
        let (limit, least) = (_mm512_set1_pd(center.limit), _mm256_set1_epi32(center.least as i32));
        let mut n = 0;
        for run in runs {
            check(look, &run, room - n);
            let mut place = run.start;
            while place < run.end {
                // SAFETY: a vector that begins within the run ends within the points, and there is room for it, as checked above.
                unsafe {
                    let dx = _mm512_sub_pd(_mm512_loadu_pd(x.add(place)), at[0]);
                    let dy = _mm512_sub_pd(_mm512_loadu_pd(y.add(place)), at[1]);
                    let dz = _mm512_sub_pd(_mm512_loadu_pd(z.add(place)), at[2]);
                    let [xx, yy, zz] = [_mm512_mul_pd(dx, dx), _mm512_mul_pd(dy, dy), _mm512_mul_pd(dz, dz)];
                    let square = _mm512_add_pd(_mm512_add_pd(xx, yy), zz);
                    let near = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(square, limit);
                    let mut mask = near & wanted(place, &run, center.place) as u8;
                    if NUMBERED {
                        let found = _mm256_loadu_si256(number.add(place).cast());
                        mask &= _mm256_cmpge_epu32_mask(found, least);
                        let found = _mm256_maskz_compress_epi32(mask, found);
                        _mm256_storeu_si256(numbers.add(n).cast(), found);
                    }
                    _mm512_storeu_pd(to_x.add(n), _mm512_maskz_compress_pd(mask, dx));
                    _mm512_storeu_pd(to_y.add(n), _mm512_maskz_compress_pd(mask, dy));
                    _mm512_storeu_pd(to_z.add(n), _mm512_maskz_compress_pd(mask, dz));
                    n += mask.count_ones() as usize;
                }
                place += 8;
            }
        }
        n
    }

    /// As [`run_avx512`].
    ///
    /// # Safety
    /// As there.
    #[target_feature(enable = "avx2,popcnt")]
    pub unsafe fn run_avx2<const NUMBERED: bool>(
        look: &Look,
        runs: impl Iterator<Item = Range<usize>>,
        out: Out,
    ) -> usize {
        let Look { points, center, .. } = look;
        let [x, y, z] = points.coordinates.each_ref().map(|c| c.as_ptr());
        let number = points.numbers.as_ptr();
        let Out { displacements: [to_x, to_y, to_z], numbers, room } = out;
        let at = points.position(center.place).map(|v| _mm256_set1_pd(v));
        let (limit, least) = (_mm256_set1_pd(center.limit), _mm_set1_epi32(center.least as i32));
        let mut n = 0;
        for run in runs {
            check(look, &run, room - n);
            let mut place = run.start;
            while place < run.end {
                // SAFETY: as there; a mask of four bits has an entry in both tables.
                unsafe {
                    let dx = _mm256_sub_pd(_mm256_loadu_pd(x.add(place)), at[0]);
                    let dy = _mm256_sub_pd(_mm256_loadu_pd(y.add(place)), at[1]);
                    let dz = _mm256_sub_pd(_mm256_loadu_pd(z.add(place)), at[2]);
                    let [xx, yy, zz] = [_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy), _mm256_mul_pd(dz, dz)];
                    let square = _mm256_add_pd(_mm256_add_pd(xx, yy), zz);
                    let near = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(square, limit));
                    let mut mask = near as usize & wanted(place, &run, center.place) & 0xf;
                    if NUMBERED {
                        let found = _mm_loadu_si128(number.add(place).cast());
                        let later = _mm_cmpeq_epi32(_mm_max_epu32(found, least), found);
                        mask &= _mm_movemask_ps(_mm_castsi128_ps(later)) as usize;
                        let order = _mm_loadu_si128(PLACES[mask].as_ptr().cast());
                        let found = _mm_castps_si128(_mm_permutevar_ps(_mm_castsi128_ps(found), order));
                        _mm_storeu_si128(numbers.add(n).cast(), found);
                    }
                    let order = _mm256_loadu_si256(HALVES[mask].as_ptr().cast());
                    for (d, to) in [(dx, to_x), (dy, to_y), (dz, to_z)] {
                        let halves = _mm256_permutevar8x32_epi32(_mm256_castpd_si256(d), order);
                        _mm256_storeu_pd(to.add(n), _mm256_castsi256_pd(halves));
                    }
                    n += mask.count_ones() as usize;
                }
                place += 4;
            }
        }
        n
    }

    /// A bit for each of the places from one on that is in a run and not the center's.
    #[inline(always)]
    fn wanted(place: usize, run: &Range<usize>, center: usize) -> usize {
        let own = center.wrapping_sub(place);
        let others = if own < LANES { !(1 << own) } else { !0 };
        others & ((1usize << (run.end - place).min(LANES)) - 1)
    }

    /// For each mask, which of four come to the front: those of its bits.
    static PLACES: [[u32; 4]; 16] = {
        let mut table = [[0; 4]; 16];
        let mut mask = 0;
        while mask < 16 {
            let (mut to, mut from) = (0, 0);
            while from < 4 {
                if mask >> from & 1 == 1 {
                    table[mask][to] = from as u32;
                    to += 1;
                }
                from += 1;
            }
            mask += 1;
        }
        table
    };

    /// The same for the halves of four doubles.
    static HALVES: [[u32; 8]; 16] = {
        let mut table = [[0; 8]; 16];
        let mut mask = 0;
        while mask < 16 {
            let mut half = 0;
            while half < 8 {
                table[mask][half] = 2 * PLACES[mask][half / 2] + half as u32 % 2;
                half += 1;
            }
            mask += 1;
        }
        table
    };
}
