//! Transport coefficients from equally spaced series: series in, estimates out.
//!
//! All estimate the same coefficient of a collective displacement `M` with current `J = dM/dt` in `D` dimensions,
//! in units of `M^2` over time:
//!
//! `K = lim 1/(2 D) d/dt <|M(t) - M(0)|^2> = 1/D * integral from 0 to infinity of <J(0).J(t)> dt`
//!
//! so that a conductivity is `K / (V kB T)` when `M` is the charge displacement.
