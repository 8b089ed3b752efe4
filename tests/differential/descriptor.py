"""The SOAP power spectrum by its formulas, slowly.

`dscribe-gto`: the density of Gaussians is expanded by quadrature over the radius, each Gaussian's angular part being
`4 pi i_l(2 eta r r_j) Y_lm`, and the radial functions are made orthonormal in extended precision.
`compact`: neighbours are points.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

EPSILON = np.finfo(float).eps
PADDING = np.sqrt(-2 * np.log(1e-3))


def images(vectors, periodic, reach):
    """Shifts, `[n, 3]`, that carry a point of the cell to every image within reach of any point of the cell."""
    heights = 1 / np.linalg.norm(np.linalg.inv(vectors), axis=0)
    most = [int(reach // height) + 2 if repeats else 0 for height, repeats in zip(heights, periodic)]
    return np.array(list(itertools.product(*[range(-n, n + 1) for n in most]))) @ vectors


def wrapped(positions, vectors, origin, periodic):
    whole = np.linalg.solve(vectors.T, (positions - origin).T).T
    return positions - np.where(periodic, np.floor(whole), 0.0) @ vectors


def neighbors(vectors, positions, origin, periodic, reach):
    """For each point the indices and displacements of all points and images within reach, itself included."""
    shifts = images(vectors, periodic, reach)
    positions = wrapped(positions, vectors, origin, periodic)
    for center in positions:
        index, apart = [], []
        # Some images at a time: a small cell has many.
        for part in np.array_split(shifts, 1 + len(shifts) * len(positions) // 200_000):
            d = positions[:, None] + part - center
            j, image = np.nonzero(np.linalg.norm(d, axis=2) <= reach)
            index.append(j)
            apart.append(d[j, image])
        yield np.concatenate(index), np.concatenate(apart)


def jacobi(matrix):
    """Eigenvalues and eigenvectors of a symmetric matrix in the precision of its type."""
    a, v = matrix.copy(), np.eye(len(matrix), dtype=matrix.dtype)
    for _ in range(60):
        negligible = 1e-30 * abs(a).max()
        if abs(a - np.diag(np.diag(a))).max(initial=0) <= negligible:
            break
        for p, q in itertools.combinations(range(len(a)), 2):
            if abs(a[p, q]) > negligible:
                theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
                t = (1 if theta >= 0 else -1) / (abs(theta) + np.sqrt(theta * theta + 1))
                c = 1 / np.sqrt(t * t + 1)
                rotation = np.array([[c, t * c], [-t * c, c]])
                a[:, [p, q]] = a[:, [p, q]] @ rotation
                a[[p, q]] = rotation.T @ a[[p, q]]
                a[p, q] = a[q, p] = 0
                v[:, [p, q]] = v[:, [p, q]] @ rotation
    return np.diag(a), v


class Gto:
    """The radial part of `dscribe-gto`."""

    def __init__(self, cutoff, n_max, l_max, sigma):
        self.cutoff, self.n_max, self.l_max, self.sigma = cutoff, n_max, l_max, sigma
        self.eta = 1 / (2 * sigma**2)
        self.reach = cutoff + sigma * PADDING

    @cached_property
    def alpha(self):
        """`[l, n]`, in extended precision."""
        a = np.linspace(np.longdouble(1), np.longdouble(self.cutoff), self.n_max)
        return np.array([-(np.log(np.longdouble("1e-3")) - l * np.log(a)) / a**2 for l in range(self.l_max + 1)])

    def overlap(self, l):
        """`int r^(2l + 2) exp(-(alpha_i + alpha_j) r^2) dr`."""
        half = np.longdouble(1) / 2
        gamma = np.sqrt(np.longdouble("3.14159265358979323846264338327950288")) * np.prod(half + np.arange(l + 1))
        return gamma / 2 * np.add.outer(self.alpha[l], self.alpha[l]) ** -(l + half * 3)

    @cached_property
    def roots(self):
        """Eigenvalues and eigenvectors of the overlaps."""
        return [jacobi(self.overlap(l)) for l in range(self.l_max + 1)]

    @cached_property
    def condition(self):
        """Of the worst overlap."""
        return max(float(values.max() / values.min()) for values, _ in self.roots)

    @cached_property
    def beta(self):
        """Weights that make the functions orthonormal, `[l, n, k]`."""
        assert all(values.min() > 0 for values, _ in self.roots), "no inverse root even in extended precision"
        return np.array([(vectors / np.sqrt(values)) @ vectors.T for values, vectors in self.roots])

    def primitives(self, r):
        """`int 4 pi x^2 x^l exp(-alpha_k x^2) exp(-eta (x - r)^2) [exp(-2 eta x r) i_l(2 eta x r)] dx`, `[l, k, r]`."""
        # Panels of three deviations of the narrowest Gaussian: 16 nodes then leave an error below 1e-15.
        width = 3 * min(self.sigma, 1 / np.sqrt(2 * float(self.alpha.max())))
        end = self.reach + 9 * self.sigma
        edges = np.linspace(0, end, int(end / width) + 2)
        nodes, weights = np.polynomial.legendre.leggauss(16)
        half = np.diff(edges) / 2
        x = (edges[:-1, None] + half[:, None] * (nodes + 1)).ravel()
        w = (half[:, None] * weights).ravel()
        argument = np.maximum(2 * self.eta * np.outer(x, r), 1e-300)
        gaussian = np.exp(-self.eta * np.subtract.outer(x, r) ** 2)
        out = []
        for l in range(self.l_max + 1):
            bessel = np.sqrt(np.pi / (2 * argument)) * special.ive(l + 0.5, argument)
            bessel[np.outer(x, r) == 0] = l == 0
            radial = w * 4 * np.pi * x ** (l + 2) * np.exp(-np.multiply.outer(self.alpha[l].astype(float), x**2))
            out.append(radial @ (bessel * gaussian))
        return np.array(out)

    @cached_property
    def table(self):
        """Coefficients of Chebyshev polynomials, `[degree, l, k]`: integrals at each distance would take too long."""
        narrowest = np.sqrt(1 / (2 * self.eta) + 1 / (2 * float(self.alpha.max())))
        n = int(40 + 9 * self.reach / narrowest)
        self.middle = self.reach / 2
        nodes = np.cos(np.pi * (np.arange(n) + 0.5) / n)
        values = self.primitives(self.middle * (1 + nodes))
        coefficients = np.polynomial.chebyshev.chebvander(nodes, n - 1).T @ values.reshape(-1, n).T * 2 / n
        coefficients[0] /= 2
        return coefficients.reshape(n, *values.shape[:2])

    def functions(self, r):
        """`[l, n, r]`."""
        n = len(self.table)
        at = np.polynomial.chebyshev.chebvander(r / self.middle - 1, n - 1)
        primitives = (at @ self.table.reshape(n, -1)).T.reshape(self.l_max + 1, self.n_max, -1)
        return self.beta.astype(float) @ primitives

    def narrowest(self):
        return min(self.sigma, 0.25)


class Compact:
    """The radial part of `compact`; the center itself is no neighbour."""

    def __init__(self, cutoff, n_max, l_max, switching):
        self.cutoff, self.n_max, self.l_max, self.switching = cutoff, n_max, l_max, switching
        self.reach = cutoff
        self.condition = 1.0

    def functions(self, r):
        # With x from the cutoff inwards, 1 - 10 x^3 + 15 x^4 - 6 x^5 becomes this, where nothing cancels.
        x = np.clip((self.cutoff - r) / self.switching, 0, 1)
        weight = 10 * x**3 - 15 * x**4 + 6 * x**5
        k = np.arange(1, self.n_max + 1)[:, None] * np.pi / self.cutoff
        # sin(k r)/r at 0 as well.
        values = np.sqrt(2 / self.cutoff) * k * np.sinc(k * r / np.pi) * weight
        return np.broadcast_to(values, (self.l_max + 1, *values.shape))

    def narrowest(self):
        return min(self.cutoff / (np.pi * self.n_max), self.switching)


def radial(settings):
    """The radial part that a model's `descriptor` asks for."""
    own = {"dscribe-gto": (Gto, "sigma"), "compact": (Compact, "switching")}
    kind, width = own[settings["convention"]]
    return kind(settings["cutoff"], settings["n_max"], settings["l_max"], settings[width])


def harmonics(l_max, apart):
    """Complex `Y_lm` of displacements, `[m, n]` for each degree; what has no direction counts in l = 0 alone."""
    r = np.linalg.norm(apart, axis=1)
    away = r > 0
    direction = np.divide(apart, r[:, None], out=np.zeros_like(apart), where=away[:, None])
    polar, azimuth = np.arccos(np.clip(direction[:, 2], -1, 1)), np.arctan2(direction[:, 1], direction[:, 0])
    all_of_them = special.sph_harm_y_all(l_max, l_max, polar, azimuth)
    return [all_of_them[l, [*range(l + 1), *range(-l, 0)]] * (away if l else 1) for l in range(l_max + 1)]


def expansion(part, apart):
    """`c_nlm` of neighbours at these displacements, `[n, m]` for each degree."""
    functions, angular = part.functions(np.linalg.norm(apart, axis=1)), harmonics(part.l_max, apart)
    return [functions[l] @ angular[l].T for l in range(part.l_max + 1)]


def power_spectrum(part, channels):
    """Features from `c_nlm` of all channels, `[n, m]` for each degree: pairs of channels, then l, then n, then n'."""
    row, triangle = [], np.triu_indices(part.n_max)
    for a, b in itertools.combinations_with_replacement(range(len(channels)), 2):
        for l in range(part.l_max + 1):
            # Complex harmonics and real ones have the same invariants.
            p = np.pi * np.sqrt(8 / (2 * l + 1)) * (channels[a][l] @ channels[b][l].conj().T).real
            row.append(p[triangle] if a == b else p.ravel())
    return np.concatenate(row)


@dataclass
class Described:
    """Features of centers, `[n_centers, n_features]`, and what says how exact they can be."""

    rows: np.ndarray
    # How far within reach the nearest neighbour of each center is.
    depths: np.ndarray
    # How near any distance comes to the reach, where neighbours begin to count, or in compact to 0, where directions
    # end.
    margin: float


def features(part, vectors, positions, origin, periodic, channels_of):
    """Features of the points that are centers.

    `channels_of(i)` gives the channel of each point as the center i counts them and their number; None for no center.
    """
    rows, depths, margin = [], [], np.inf
    slightly_more = part.reach * (1 + 1e-6)
    found = list(neighbors(vectors, positions, origin, periodic, slightly_more))
    apart = np.concatenate([np.zeros((0, 3)), *[d for _, d in found]])
    r = np.linalg.norm(apart, axis=1)
    inside = r <= part.reach
    functions, angular = part.functions(np.minimum(r, part.reach)), harmonics(part.l_max, apart)
    start = 0
    for i, (j, _) in enumerate(found):
        own = slice(start, start + len(j))
        start += len(j)
        channels = channels_of(i)
        if channels is None:
            continue
        counts = inside[own]
        if isinstance(part, Compact):
            counts = counts & ((j != i) | (r[own] > 0))
            margin = min(margin, r[own][counts].min(initial=np.inf))
        else:
            margin = min(margin, abs(r[own] - part.reach).min(initial=np.inf))
        expansions = []
        for channel in range(channels[1]):
            chosen = own.start + np.flatnonzero(counts & (channels[0][j] == channel))
            expansions.append([functions[l][:, chosen] @ angular[l][:, chosen].T for l in range(part.l_max + 1)])
        rows.append(power_spectrum(part, expansions))
        depths.append((part.reach - r[own][counts]).max(initial=0.0))
    return Described(np.array(rows), np.array(depths), margin)
