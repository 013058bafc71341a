"""Intervals against published values, closed forms and their stated coverage."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from scenarios.intervals import band, quantile, wilson


def test_wilson_gives_newcombe_s_published_intervals():
    """Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3."""
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605),
                 (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}  # fmt: skip
    for (met, of), ends in published.items():
        found = wilson(met, of)
        assert (found.low, found.high) == pytest.approx(ends, abs=5e-5)
        assert found.value == met / of


def test_wilson_solves_its_own_equation_and_is_symmetric():
    found, other = wilson(7, 31, 0.9), wilson(24, 31, 0.9)
    z2 = 1.6448536269514722**2
    for p in (found.low, found.high):
        assert (p - 7 / 31) ** 2 == pytest.approx(z2 * p * (1 - p) / 31, rel=1e-12)
    assert other.low == pytest.approx(1 - found.high, rel=1e-12)
    assert (wilson(0, 5).low, wilson(5, 5).high) == (0.0, 1.0)


@pytest.mark.parametrize(("met", "of"), [(0, 0), (3, 2), (-1, 4)])
def test_wilson_refuses_what_is_no_share(met, of):
    with pytest.raises(ValueError, match="no share"):
        wilson(met, of)


def test_the_median_of_a_hundred_lies_between_the_40th_and_61st():
    """The classical table of order-statistic intervals for the median at 95 %."""
    found = quantile([float(k) for k in range(100, 0, -1)], 0.5)
    assert (found.value, found.low, found.high) == (50.0, 40.0, 61.0)
    assert quantile([float(k) for k in range(1, 21)], 0.95).value == 19.0


def test_a_censored_tail_changes_no_quantile_below_it():
    values = [float(k) for k in range(1, 101)]
    cut = [v if v <= 70 else math.inf for v in values]
    assert quantile(cut, 0.5) == quantile(values, 0.5)
    late = quantile(cut, 0.9)
    assert late.value == late.high == math.inf
    assert late.low == math.inf  # the 84th of a hundred is cut off as well
    edge = quantile(cut, 0.65)
    assert (edge.value, edge.high) == (65.0, math.inf)
    assert edge.low == quantile(values, 0.65).low


def test_few_values_leave_a_side_open():
    assert quantile([1.0, 2.0, 3.0], 0.5).low == -math.inf
    assert quantile([1.0, 2.0, 3.0], 0.5).high == math.inf


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_the_interval_holds_the_true_quantile_as_often_as_it_says(probability):
    draws = np.random.default_rng(5).exponential(size=(2000, 60))
    truth = -math.log(1 - probability)
    found = [quantile(row, probability) for row in draws]
    held = sum(one.low <= truth <= one.high for one in found)
    # at least 95 %, less what 2,000 trials leave to chance
    assert held >= binom.ppf(0.001, 2000, 0.95)


def test_the_band_is_massart_s():
    assert band(200) == pytest.approx(math.sqrt(math.log(40.0) / 400.0))
