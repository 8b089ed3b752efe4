"""What `ionscape analyze` says of a field, as sums over all pairs, images, instants and lags.

`ions` are those that have a value; `kinds` say which of them are alike.
"""

import numpy as np

from . import descriptor


class Run:
    """Places `[frame, ion, 3]` in a periodic cell, field `[frame, ion]` and kinds of ions."""

    def __init__(self, vectors, positions, field, kinds):
        self.vectors, self.positions, self.field, self.kinds = vectors, positions, field, kinds
        self.departures = field - field.mean(1, keepdims=True)
        self.known = {}

    def pairs(self, t, radius):
        """Ions i and j and the distance from i to an image of j, of all pairs of different ions within the radius."""
        if t not in self.known or self.known[t][0] < radius:
            self.known[t] = radius, *self.search(t, radius)
        _, i, j, r = self.known[t]
        return i[r < radius], j[r < radius], r[r < radius]

    def search(self, t, radius):
        found = list(descriptor.neighbors(self.vectors, self.positions[t], np.zeros(3), (True,) * 3, radius))
        i = np.repeat(np.arange(len(found)), [len(j) for j, _ in found])
        j, apart = (np.concatenate(part) for part in zip(*found))
        return i[i != j], j[i != j], np.linalg.norm(apart, axis=1)[i != j]

    def spatial(self, radius, bins):
        """For like and unlike pairs g(r), the correlation, and that of ions above and below the mean, `[bins]` each."""
        n_frames, n = self.field.shape
        names = ("like", "unlike")
        count = {(name, side): np.zeros(bins) for name in names for side in ("correlation", "above_mean", "below_mean")}
        total = {key: np.zeros(bins) for key in count}
        for t in range(n_frames):
            i, j, r = self.pairs(t, radius)
            d, where = self.departures[t], (r / radius * bins).astype(int)
            alike = self.kinds[i] == self.kinds[j]
            for (name, side), counted in count.items():
                chosen = alike if name == "like" else ~alike
                if side != "correlation":
                    chosen = chosen & ((d[i] > 0) == (side == "above_mean"))
                np.add.at(counted, where[chosen], 1)
                np.add.at(total[name, side], where[chosen], (d[i] * d[j])[chosen])
        variance = (self.departures**2).mean()
        edges = np.linspace(0, radius, bins + 1)
        shells = 4 / 3 * np.pi * np.diff(edges**3) / abs(np.linalg.det(self.vectors))
        of_kind = [np.sum(self.kinds == kind) for kind in np.unique(self.kinds)]
        like = sum(n * (n - 1) for n in of_kind)
        possible = {"like": like, "unlike": n * n - sum(n * n for n in of_kind)}
        with np.errstate(invalid="ignore", divide="ignore"):
            out = {key: total[key] / count[key] / variance for key in count}
            for name in names:
                out[name, "g"] = count[name, "correlation"] / (possible[name] * shells * n_frames)
        return out

    def temporal(self, most):
        """Autocorrelation up to a lag, of the field less its mean over all and of departures."""
        n_frames = len(self.field)
        out = {}
        for name, d in [("full", self.field - self.field.mean()), ("fluctuation", self.departures)]:
            sums = [np.mean([d[t] * d[t + lag] for t in range(n_frames - lag)]) for lag in range(most + 1)]
            out[name] = np.array(sums) / sums[0]
        return out

    def bonds(self, distance):
        """Pairs of unlike ions within the distance, in each frame."""
        out = []
        for t in range(len(self.field)):
            i, j, _ = self.pairs(t, distance)
            unlike = (self.kinds[i] != self.kinds[j]) & (i < j)
            out.append(set(zip(i[unlike].tolist(), j[unlike].tolist())))
        return out

    def lifetimes(self, distance, most):
        """Shares of bonds, at all origins of the longest lag, that are there again, and there still, after a time."""
        bonds = self.bonds(distance)
        origins = range(len(bonds) - most)
        n = sum(len(bonds[t]) for t in origins)
        if n == 0:
            return None
        again, still = [], []
        for lag in range(most + 1):
            again.append(sum(len(bonds[t] & bonds[t + lag]) for t in origins) / n)
            still.append(sum(len(set.intersection(*bonds[t : t + lag + 1])) for t in origins) / n)
        return again, still

    def states(self, distance):
        """Share and mean field of ions that are free, in pairs, in clusters without and with net charge."""
        count, total = np.zeros(4), np.zeros(4)
        for t, bonds in enumerate(self.bonds(distance)):
            cluster = list(range(len(self.kinds)))
            for i, j in bonds:
                # Whoever is of one cluster becomes of the other.
                cluster = [cluster[j] if c == cluster[i] else c for c in cluster]
            for i, own in enumerate(cluster):
                members = [k for k, c in enumerate(cluster) if c == own]
                charge = self.kinds[members].sum()
                state = 0 if len(members) == 1 else 1 if len(members) == 2 else 2 if charge == 0 else 3
                count[state] += 1
                total[state] += self.field[t, i]
        with np.errstate(invalid="ignore"):
            return count / count.sum(), total / count

    def coordination(self, distance):
        """Mean numbers of like and unlike ions within a distance."""
        like = unlike = 0
        for t in range(len(self.field)):
            i, j, _ = self.pairs(t, distance)
            alike = (self.kinds[i] == self.kinds[j]).sum()
            like, unlike = like + alike, unlike + len(i) - alike
        return like / self.field.size, unlike / self.field.size
