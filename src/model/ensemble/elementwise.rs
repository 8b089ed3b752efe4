//! Functions of single numbers over whole slices, in the widest instructions that the processor has.
//!
//! No operation is fused or reordered, so results are the same bits on every processor.

/// Runs a slice function compiled for AVX2 where there is AVX2, and as it is elsewhere.
macro_rules! for_any_processor {
    ($(#[$doc:meta])* $name:ident, $wide:ident, $plain:ident ( $($argument:ident : $type:ty),* )) => {
        $(#[$doc])*
        pub fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has what the function is compiled for.
                return unsafe { $wide($($argument),*) };
            }
            $plain($($argument),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $wide($($argument: $type),*) {
            $plain($($argument),*)
        }
    };
}

for_any_processor!(
    /// `x / (1 + sqrt(1 + |x|))` of `factor * values`, in place.
    soft_square_root, soft_square_root_wide, soft_square_root_plain(values: &mut [f32], factor: f32)
);

for_any_processor!(
    /// `cos(2 pi (turns + phase))`, in place.
    ///
    /// The cosine is right to 1e-6 for up to a million turns.
    cosine_of_turns, cosine_of_turns_wide, cosine_of_turns_plain(turns: &mut [f32], phase: f32)
);

for_any_processor!(
    /// `cos(2 pi turns)`, in place, and `sin(2 pi turns)`; as right as [`cosine_of_turns`].
    cosine_and_sine_of_turns, cosine_and_sine_of_turns_wide, cosine_and_sine_of_turns_plain(
        turns: &mut [f32],
        sines: &mut [f32]
    )
);

for_any_processor!(
    /// `max(sums + bias, 0)`; NaN stays NaN.
    raise_and_cut, raise_and_cut_wide, raise_and_cut_plain(sums: &mut [f32], bias: f32)
);

for_any_processor!(
    /// Adds `factor * from`.
    add_scaled, add_scaled_wide, add_scaled_plain(to: &mut [f32], factor: f32, from: &[f32])
);

for_any_processor!(
    /// The largest `|from - center| scale`; NaN does not count.
    largest_departure, largest_departure_wide, largest_departure_plain(
        from: &[f32],
        center: &[f32],
        scale: &[f32],
        largest: &mut f32
    )
);

#[inline(always)]
fn largest_departure_plain(from: &[f32], center: &[f32], scale: &[f32], largest: &mut f32) {
    // As many maxima as vectors hold, and enough of them not to wait for each other.
    let mut maxima = [0.0f32; 32];
    let parts = from.chunks(maxima.len()).zip(center.chunks(maxima.len())).zip(scale.chunks(maxima.len()));
    for ((from, center), scale) in parts {
        let departures = from.iter().zip(center).zip(scale).map(|((x, c), s)| (x - c).abs() * s);
        for (maximum, departure) in maxima.iter_mut().zip(departures) {
            *maximum = if departure > *maximum { departure } else { *maximum };
        }
    }
    *largest = maxima.into_iter().fold(0.0, f32::max);
}

#[inline(always)]
fn soft_square_root_plain(values: &mut [f32], factor: f32) {
    for value in values {
        let x = factor * *value;
        *value = x / (1.0 + (1.0 + x.abs()).sqrt());
    }
}

#[inline(always)]
fn add_scaled_plain(to: &mut [f32], factor: f32, from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

#[inline(always)]
fn cosine_of_turns_plain(turns: &mut [f32], phase: f32) {
    turns.iter_mut().for_each(|turn| *turn = cosine(*turn + phase));
}

#[inline(always)]
fn cosine_and_sine_of_turns_plain(turns: &mut [f32], sines: &mut [f32]) {
    for (turn, sine) in turns.iter_mut().zip(sines) {
        (*turn, *sine) = cosine_and_sine(*turn);
    }
}

#[inline(always)]
fn raise_and_cut_plain(sums: &mut [f32], bias: f32) {
    for sum in sums {
        let z = *sum + bias;
        // Not f32::max, which would turn NaN into zero.
        *sum = if z < 0.0 { 0.0 } else { z };
    }
}

/// What is left of whole turns, between -1/2 and 1/2; NaN of what is not finite.
#[inline(always)]
fn fraction(turns: f32) -> f32 {
    // Adding and taking away 1.5 2^23 rounds to a whole number; of larger ones float32 knows no fraction worth the name.
    const ROUND: f32 = 12_582_912.0;
    const LARGE: f32 = 4_194_304.0;
    let whole = if turns.abs() < LARGE { (turns + ROUND) - ROUND } else { turns };
    turns - whole
}

/// `sin(2 pi y)` within a quarter turn.
#[inline(always)]
fn sine_of_quarter(y: f32) -> f32 {
    // Least squares for sin(2 pi y) / y on a quarter turn, even powers of y.
    const C: [f32; 6] = [std::f32::consts::TAU, -41.341_7, 81.605_21, -76.703_67, 41.999_956, -14.336_828];
    let y2 = y * y;
    y * (C[0] + y2 * (C[1] + y2 * (C[2] + y2 * (C[3] + y2 * (C[4] + y2 * C[5])))))
}

#[inline(always)]
fn cosine(turns: f32) -> f32 {
    // cos(2 pi t) = sin(2 pi (1/4 - |t|)), whose argument stays within a quarter turn.
    sine_of_quarter(0.25 - fraction(turns).abs())
}

#[inline(always)]
fn cosine_and_sine(turns: f32) -> (f32, f32) {
    let fraction = fraction(turns);
    let y = 0.25 - fraction.abs();
    // sin(2 pi |t|) = sin(2 pi (1/2 - |t|)): the smaller of the two, and the sign of t.
    (sine_of_quarter(y), sine_of_quarter((0.25 - y.abs()).copysign(fraction)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_a_cosine_and_the_same_in_all_instructions() {
        let given: Vec<f32> = (-20_000..20_000).map(|i| i as f32 * 1.37e-3).collect();
        let (mut any, mut plain) = (given.clone(), given.clone());
        cosine_of_turns(&mut any, 0.125);
        cosine_of_turns_plain(&mut plain, 0.125);
        assert_eq!(any, plain);
        for (t, found) in given.iter().zip(any) {
            let exact = (std::f64::consts::TAU * (f64::from(*t) + 0.125)).cos();
            assert!((f64::from(found) - exact).abs() < 2e-5, "{t}: {found} {exact}");
        }
    }

    #[test]
    fn cosines_and_sines_stay_within_one_for_any_number_of_turns() {
        for turns in [0.0f32, 1e6, 4.3e6, 8.3e6, 2e7, 1e9, 1e30, f32::MAX] {
            let (mut values, mut sines) = (vec![turns, -turns], vec![f32::NAN; 2]);
            cosine_and_sine_of_turns(&mut values, &mut sines);
            assert!(values.iter().chain(&sines).all(|v| v.abs() <= 1.000_01), "{turns}: {values:?} {sines:?}");
            assert_eq!((values[0], sines[0]), (values[1], -sines[1]));
        }
        let (mut values, mut sines) = (vec![f32::INFINITY, f32::NAN], vec![0.0; 2]);
        cosine_and_sine_of_turns(&mut values, &mut sines);
        assert!(values.iter().chain(&sines).all(|v| v.is_nan()));
    }

    #[test]
    fn sines_go_with_the_same_cosines_in_all_instructions() {
        let given: Vec<f32> = (-20_000..20_000).map(|i| i as f32 * 1.37e-3).collect();
        let (mut any, mut plain, mut cosines) = (given.clone(), given.clone(), given.clone());
        let (mut any_sines, mut plain_sines) = (vec![f32::NAN; given.len()], vec![f32::NAN; given.len()]);
        cosine_and_sine_of_turns(&mut any, &mut any_sines);
        cosine_and_sine_of_turns_plain(&mut plain, &mut plain_sines);
        cosine_of_turns(&mut cosines, 0.0);
        assert_eq!((&any, &any_sines), (&plain, &plain_sines));
        assert_eq!(any, cosines);
        for (t, found) in given.iter().zip(any_sines) {
            let exact = (std::f64::consts::TAU * f64::from(*t)).sin();
            assert!((f64::from(found) - exact).abs() < 2e-5, "{t}: {found} {exact}");
        }
    }

    #[test]
    fn the_largest_departure_is_found_wherever_it_is() {
        let (center, scale) = (vec![1.0; 70], vec![2.0; 70]);
        for place in 0..70 {
            let mut from = vec![f32::NAN; 70];
            (from[place], from[(place + 1) % 70]) = (-2.0, 1.5);
            let mut largest = f32::NAN;
            largest_departure(&from, &center, &scale, &mut largest);
            assert_eq!(largest, 6.0);
        }
    }

    #[test]
    fn the_soft_root_is_odd_linear_at_zero_and_a_root_far_out() {
        let mut out = [1e-3, -1e-3, 5e5, -5e5];
        soft_square_root(&mut out, 2.0);
        assert!((out[0] - 1e-3).abs() < 1e-6 && out[1] == -out[0]);
        assert!((out[2] - (1e6f32 + 1.0).sqrt() + 1.0).abs() < 1e-3 && out[3] == -out[2]);
    }
}
