"""Random configurations, settings and models: the first few hundred of `python -m differential`."""

import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import descriptor
from .comparison import Summary, batch


@pytest.mark.parametrize("number", range(24))
def test_values_are_those_of_the_formulas(tmp_path, number):
    summary = Summary()
    batch(tmp_path, seed=0, number=number, n_frames=10, summary=summary)
    assert summary.counts["environments"] > 0


def test_the_slow_sums_agree_with_what_they_stand_for():
    """The table with the integrals, the overlap with its integral, and harmonics with the theorem of their addition."""
    import numpy as np
    from scipy import integrate, special

    part = descriptor.Gto(4.5, 5, 6, 0.4)
    r = np.array([0.0, 0.3, 1.7, 4.4, 5.5])
    between = part.functions(r)
    direct = part.beta.astype(float) @ part.primitives(r)
    np.testing.assert_allclose(between, direct, rtol=0, atol=1e-12 * abs(direct).max())
    for l, i, j in [(0, 0, 0), (3, 1, 4), (6, 2, 3)]:
        decay = float(part.alpha[l][i] + part.alpha[l][j])
        product = lambda x: x ** (2 * l + 2) * np.exp(-decay * x * x)
        whole, _ = integrate.quad(product, 0, np.inf, epsabs=0, epsrel=1e-12)
        assert float(part.overlap(l)[i, j]) == pytest.approx(whole, rel=1e-11)
    # One integral by a program that chooses its own nodes.
    l, k, r = 2, 1, 1.3
    x_times = lambda x: 2 * part.eta * x * r
    integrand = lambda x: (
        4 * np.pi * x ** (2 + l) * np.exp(-float(part.alpha[l][k]) * x**2 - part.eta * (x**2 + r**2))
        * special.spherical_in(l, x_times(x)))
    whole, _ = integrate.quad(integrand, 0, 8, epsabs=0, epsrel=1e-12)
    assert part.primitives(np.array([r]))[l, k, 0] == pytest.approx(whole, rel=1e-11)

    apart = np.random.default_rng(1).normal(size=(7, 3)) * 2
    found = descriptor.expansion(part, apart)
    unit = apart / np.linalg.norm(apart, axis=1)[:, None]
    cosines = np.clip(unit @ unit.T, -1, 1)
    functions = part.functions(np.linalg.norm(apart, axis=1))
    for l in range(part.l_max + 1):
        by_angles = (2 * l + 1) / (4 * np.pi) * functions[l] @ special.eval_legendre(l, cosines) @ functions[l].T
        by_harmonics = (found[l] @ found[l].conj().T).real
        np.testing.assert_allclose(by_harmonics, by_angles, rtol=0, atol=1e-12 * abs(by_angles).max())
