"""Every kind of problem against trying every set of sites, and against the independent check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.siting.answer import Infeasible
from optimize.siting.check import violations
from optimize.siting.problem import (
    CoverageTarget,
    MaximalCover,
    PCenter,
    PMedian,
    SetCover,
)  # fmt: skip
from optimize.siting.solve import solve
from tests.siting_tiny import (
    RADIUS,
    best_capacitated,
    best_center,
    best_cover,
    best_median,
    cheapest,
    fewest,
    tiny_area,
    tiny_capacitated,
)  # fmt: skip


def expect(problem, value: float) -> None:
    """The answer is the best, proved, and passes the check."""
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert answer.value == pytest.approx(value, rel=1e-9)
    assert answer.bound == pytest.approx(value, rel=1e-9)
    assert (answer.status, answer.stop_reason, answer.gap) == ("optimal", "proved", 0.0)


@pytest.mark.parametrize("seed", range(16))
def test_p_median(seed: int):
    area = tiny_area(seed, whole=seed % 2 == 0)
    for count in (1, 2, 3, len(area.allowed)):
        expect(PMedian(area, count), best_median(area, count))


@pytest.mark.parametrize("seed", range(12))
def test_p_center(seed: int):
    area = tiny_area(seed, whole=seed % 2 == 0)
    for count in (1, 3, 4):
        weighted = count == 3
        expect(PCenter(area, count, weighted), best_center(area, count, weighted=weighted))


@pytest.mark.parametrize("seed", range(16))
def test_maximal_cover(seed: int):
    area = tiny_area(seed, whole=seed % 2 == 0)
    for count in (1, 2, 4):
        for radius in (10.0, 25.0):
            expect(MaximalCover(area, count, radius), best_cover(area, count, radius))


@pytest.mark.parametrize("seed", range(16))
def test_fewest_sites_for_a_share(seed: int):
    area = tiny_area(seed)
    coverable = best_cover(area, len(area.allowed), RADIUS)
    for share in (0.5, 0.8, 1.0):
        problem = CoverageTarget(area, RADIUS, share, of_coverable=True)
        expect(problem, fewest(area, RADIUS, share * coverable))


@pytest.mark.parametrize("seed", range(16))
def test_fewest_sites_by_branching_alone(seed: int, monkeypatch):
    """Without HiGHS and without searching, from what greedy finds."""
    target = "optimize.siting.covering.target"
    monkeypatch.setattr(f"{target}._program", lambda cover, best, least, *_: (best, least))
    monkeypatch.setattr(f"{target}._quick", lambda _, best, *__: best)
    monkeypatch.setattr(f"{target}._shrink", lambda _, best, *__: best)
    area = tiny_area(seed, zones=30, sites=10)
    weights = area.weights + (0.5 if seed % 2 else 0.0) * np.arange(30) / 7.0
    area = replace(area, weights=weights)
    coverable = best_cover(area, len(area.allowed), 20.0)
    # Exactly what some set covers, so that one less would be another answer.
    share = best_cover(area, 4, 20.0) / coverable
    problem = CoverageTarget(area, 20.0, share, of_coverable=True)
    expect(problem, fewest(area, 20.0, share * coverable))


@pytest.mark.parametrize("seed", range(16))
def test_set_cover(seed: int):
    area = tiny_area(seed)
    costs = np.random.default_rng(seed).integers(1, 9, len(area.sites)).astype(float)
    radius = float(area.distance[:, area.allowed].min(axis=1).max()) + 10.0
    ones = np.ones(len(area.sites))
    expect(SetCover(area, radius), cheapest(area, radius, ones))
    expect(SetCover(area, radius, 2.5 * ones), cheapest(area, radius, 2.5 * ones))
    expect(SetCover(area, radius, costs), cheapest(area, radius, costs))


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("small", [True, False])
def test_capacitated(seed: int, single: bool, small: bool, monkeypatch):
    """By HiGHS at once, as such small ones are, and by branch and bound."""
    if not small:
        monkeypatch.setattr("optimize.siting.capacitated.solve._SMALL", 20)
    problem = tiny_capacitated(seed, single=single)
    best = best_capacitated(problem)
    if np.isinf(best):
        with pytest.raises(Infeasible):
            solve(problem)
        return
    answer = solve(problem)
    assert violations(problem, answer) == []
    assert answer.value == pytest.approx(best, rel=1e-7)
    assert answer.gap <= 1e-7
