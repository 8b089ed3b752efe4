"""What `ionscape transport` reads from series, as sums over all origins of time.

Displacements `m` and currents `j` are `[frame, 3]`, as everything per instant is; `K` is `1/6 d/dt <|M(t) - M(0)|^2>`.
"""

import numpy as np
from scipy import special

# CODATA 2018, exact by definition.
ELEMENTARY_CHARGE, BOLTZMANN, AVOGADRO = 1.602176634e-19, 1.380649e-23, 6.02214076e23

# Of one unit of time, length and charge in seconds, metres and coulombs.
UNITS = {"real": (1e-15, 1e-10), "metal": (1e-12, 1e-10)}


def displacement(m, lags):
    """`<|m(t) - m(0)|^2>` over all origins."""
    return np.array([np.mean([np.sum((m[t + lag] - m[t]) ** 2) for t in range(len(m) - lag)]) for lag in lags])


def displacement_of_particles(x, lags):
    """The same of particles, `x` `[frame, particle, 3]`; lags over 16, 32, ... from every 2nd, 4th, ... frame."""
    out = []
    for lag in lags:
        every = 1
        while lag > 16 * every:
            every *= 2
        origins = range(0, len(x) - lag, every)
        out.append(np.mean([np.sum((x[t + lag] - x[t]) ** 2, axis=1) for t in origins]))
    return np.array(out)


def autocorrelation(j, lags):
    return np.array([np.mean([np.dot(j[t], j[t + lag]) for t in range(len(j) - lag)]) for lag in lags])


def cepstral(j, dt, kept):
    """`K`, its error and the number of coefficients that Akaike's criterion picks: L. Ercole et al. (2017)."""
    n, components = len(j) // 2 * 2, j.shape[1]
    j = j[len(j) - n :]
    waves = np.exp(2j * np.pi * np.outer(np.arange(n // 2 + 1), np.arange(n)) / n)
    periodogram = (dt / n * abs(waves @ j) ** 2).mean(1)
    logarithm = np.log(periodogram) - (special.digamma(components) - np.log(components))
    # At both ends a component has one degree of freedom, not two.
    for end in (0, -1):
        logarithm[end] = np.log(periodogram[end]) - (special.digamma(components / 2) - np.log(components / 2))
    whole = np.concatenate([logarithm, logarithm[-2:0:-1]])
    k = np.arange(n)
    coefficients = np.array([np.mean(whole * np.cos(2 * np.pi * k * c / n)) for c in range(n // 2 + 1)])
    variance = special.polygamma(1, components)
    criterion = [n / variance * np.sum(coefficients[p:-1] ** 2) + 2 * p for p in range(1, n // 2 + 1)]
    value = np.exp(coefficients[0] + 2 * coefficients[1:kept].sum()) / 2
    return value, value * np.sqrt(variance * (4 * kept - 2) / n), 1 + int(np.argmin(criterion))


def line_of_displacement(m, spacing, count):
    """Slope and error of the line through the displacement at multiples of a spacing, in frames, and what each counts in the slope.

    Generalised least squares with the covariance of squared displacements of Gaussian increments (Isserlis' theorem),
    summed over all pairs of origins; the increments' own covariance is that of the displacement that is fitted.
    """
    n, dimensions = m.shape
    lags = spacing * np.arange(1, count + 1)
    measured = displacement(m, range(n - 1))
    y, design = measured[lags], np.column_stack([np.ones(count), lags])
    slope = (y[1] - y[0]) / spacing
    if slope <= 0:
        slope = y[0] / spacing
    intercept = y[0] - slope * spacing
    # Line and covariance depend on each other, and are brought to agree.
    for _ in range(8):
        def structure(lag):
            lag = abs(lag)
            return np.where(lag < spacing, measured[np.minimum(lag, n - 2)], intercept + slope * lag)

        covariance = np.empty((count, count))
        for a, i in enumerate(lags):
            for b, k in enumerate(lags):
                first, second = np.arange(n - i)[:, None], np.arange(n - k)[None]
                d = second - first
                g = 0.5 * (structure(d + k) + structure(d - i) - structure(d) - structure(d + k - i))
                covariance[a, b] = 2 * np.sum(g**2) / (dimensions * (n - i) * (n - k))
        weights = np.linalg.solve(covariance, design)
        inverse = np.linalg.inv(design.T @ weights)
        before, (intercept, slope) = slope, inverse @ weights.T @ y
        if slope <= 0 or abs(slope - before) < 1e-4 * abs(before):
            break
    return slope, np.sqrt(inverse[1, 1]), (inverse @ weights.T)[1]


def widening(m, spacing, weights, error):
    """By what blocks of the run widen the error of a slope per frame, and whether each length of them tells clearly that it does or not.

    The slope of each origin alone, in moving blocks of 3, 6, 12 ... spacings; lengths count whose variance is above the error's square
    by three of its standard errors.
    """
    n = len(m) - spacing * len(weights)
    lags = spacing * np.arange(1, len(weights) + 1)
    slopes = np.array([np.dot(weights, np.sum((m[t + lags] - m[t]) ** 2, axis=1)) for t in range(n)])
    slopes -= slopes.mean()
    largest, clear, length = 1.0, True, 3 * spacing
    while n / length >= 8:
        blocks = [np.mean(slopes[start : start + length]) for start in range(n - length + 1)]
        ratio = np.mean(np.square(blocks)) / (n / length - 1) * n / len(m) / error**2
        least = 1 + 3 * np.sqrt(2 * length / n)
        clear &= abs(ratio / least - 1) > 0.01
        largest = max(largest, ratio if ratio > least else 1.0)
        length *= 2
    return np.sqrt(largest), clear


def conductivity(k, volume, temperature, units):
    """`K/(V kB T)`, in S/m unless units are reduced."""
    if units == "lj":
        return k / (volume * temperature)
    time, length = UNITS[units]
    return k * ELEMENTARY_CHARGE**2 * length**2 / time / (volume * length**3 * BOLTZMANN * temperature)


def molar(sigma, volume, formula_units, units):
    """`sigma V/N`, in S cm2/mol unless units are reduced."""
    if units == "lj":
        return sigma * volume / formula_units
    _, length = UNITS[units]
    return sigma * volume * length**3 * AVOGADRO / formula_units * 1e4


def transference(charges, onsager):
    """`t_a = sum_b z_a z_b L_ab / sum_ab z_a z_b L_ab`."""
    parts = np.outer(charges, charges) * onsager
    return parts.sum(1) / parts.sum()
