"""Sensitivity against the Ishigami function and linear ones, whose indices are known."""

import math

import numpy as np
import pytest

from scenarios.sensitivity import Factor, analyse, design

A, B = 7.0, 0.1
ANGLES = [Factor(name, -math.pi, math.pi) for name in ("x1", "x2", "x3")]


def ishigami(x):
    """Ishigami and Homma 1990."""
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """First and total indices in closed form (Sobol and Levitan 1999)."""
    v1 = 0.5 * (1 + B * math.pi**4 / 5) ** 2
    v2, v13 = A**2 / 8, B**2 * math.pi**8 * 8 / 225
    total = v1 + v2 + v13
    return (v1 / total, v2 / total, 0.0), ((v1 + v13) / total, v2 / total, v13 / total)


def test_sobol_indices_of_ishigami_are_within_their_intervals():
    x = design(ANGLES, "sobol", 2048, 3)
    assert x.shape == (2048 * 5, 3)
    found = {e.factor.path: e for e in analyse(ANGLES, "sobol", x, ishigami(x), 3)}
    for name, first, total in zip(("x1", "x2", "x3"), *ishigami_indices(), strict=True):
        effect = found[name]
        assert effect.other == pytest.approx(first, abs=0.02)
        assert effect.main == pytest.approx(total, abs=0.02)
        assert abs(effect.other - first) <= effect.other_half
        assert abs(effect.main - total) <= effect.main_half
    assert list(found) == ["x1", "x2", "x3"]  # the largest total first


def test_morris_of_a_linear_function_is_its_slopes_times_the_ranges():
    factors = [Factor("a", 0.0, 2.0), Factor("b", -1.0, 1.0), Factor("c", 5.0, 9.0)]
    x = design(factors, "morris", 10, 1)
    assert x.shape == (40, 3)
    effects = analyse(factors, "morris", x, 3.0 * x[:, 0] - 10.0 * x[:, 1] + 7.0, 1)
    assert [e.factor.path for e in effects] == ["b", "a", "c"]
    assert [e.main for e in effects] == pytest.approx([20.0, 6.0, 0.0])
    assert [e.direction for e in effects] == pytest.approx([-20.0, 6.0, 0.0])
    assert [e.other for e in effects] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_morris_tells_interaction_by_its_spread():
    factors = [Factor("a", 0.0, 1.0), Factor("b", 0.0, 1.0)]
    x = design(factors, "morris", 200, 2)
    a, _ = analyse(factors, "morris", x, x[:, 0] * x[:, 1], 2)
    # the effect of one is the other's value, evenly on 0, 1/3, 2/3, 1
    assert a.main == pytest.approx(0.5, abs=0.08)
    assert a.other == pytest.approx(math.sqrt(5) / 6, abs=0.05)


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_a_figure_that_nothing_changes_has_no_effects(method):
    factors = [Factor("a", 0.0, 1.0), Factor("b", 0.0, 1.0)]
    x = design(factors, method, 8, 1)
    effects = analyse(factors, method, x, np.full(len(x), 3.5), 1)
    assert all((e.main, e.main_half, e.other) == (0.0, 0.0, 0.0) for e in effects)
