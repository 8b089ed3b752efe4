"""Ions at independent places: a dump in which nothing but shared surroundings can make neighbours alike.

    python independent.py OUT DENSITY [IONS [FRAMES [DIAMETER]]]      400 ions, 60 frames, 0.9 by default

Half of the ions are of either kind; each is put at random, and again until no other is nearer than DIAMETER. The field of a
model on it (`ionscape analyze OUT --model MODEL`) has the correlation that environments which overlap build in by themselves.
"""

import sys

import numpy as np


def places(ions, side, diameter, random):
    x = np.empty((ions, 3))
    for i in range(ions):
        while True:
            x[i] = side * random.random(3)
            apart = x[:i] - x[i]
            apart -= side * np.round(apart / side)
            if not (np.einsum("ij,ij->i", apart, apart) < diameter**2).any():
                break
    return x


def main(out, density, ions=400, frames=60, diameter=0.9):
    random = np.random.default_rng(1)
    side = (ions / density) ** (1 / 3)
    kinds = np.repeat([1, 2], [ions // 2, ions - ions // 2])
    with open(out, "w") as file:
        for frame in range(frames):
            file.write(f"ITEM: UNITS\nlj\nITEM: TIMESTEP\n{frame}\nITEM: NUMBER OF ATOMS\n{ions}\n")
            file.write("ITEM: BOX BOUNDS pp pp pp\n" + f"0 {side:.12g}\n" * 3 + "ITEM: ATOMS id type q x y z\n")
            for i, x in enumerate(places(ions, side, diameter, random)):
                file.write(f"{i + 1} {kinds[i]} {3 - 2 * kinds[i]} {x[0]:.6f} {x[1]:.6f} {x[2]:.6f}\n")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    out, density, *more = sys.argv[1:]
    main(out, float(density), *[int(word) for word in more[:2]], *[float(word) for word in more[2:]])
