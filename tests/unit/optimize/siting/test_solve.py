"""What every answer has: seed, reason, progress; time and cancelling keep the best found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.siting.answer import Limits
from optimize.siting.check import violations
from optimize.siting.problem import (
    Area,
    Capacitated,
    CoverageTarget,
    MaximalCover,
    PCenter,
    PMedian,
    SetCover,
    straight_line,
)  # fmt: skip
from optimize.siting.solve import solve
from tests.siting_tiny import tiny_area


def plane(zones: int, sites: int, seed: int = 5) -> Area:
    draw = np.random.default_rng(seed)
    return Area(
        tuple(f"Z{k}" for k in range(zones)), tuple(f"S{k}" for k in range(sites)),
        draw.integers(1, 100, zones).astype(float),
        straight_line(draw.random((zones, 2)), draw.random((sites, 2))),
        existing=("S3",), excluded=("S7",),
    )  # fmt: skip


def problems():
    area = plane(150, 60)
    small = plane(40, 20)
    room = np.full(20, small.weights.sum() / 5)
    return {
        "median": PMedian(area, 7),
        "center": PCenter(area, 7),
        "maximal": MaximalCover(area, 7, 0.12),
        "set": SetCover(area, 0.3),
        "costs": SetCover(area, 0.3, np.arange(60.0) % 7 + 1),
        "target": CoverageTarget(area, 0.15, 0.9),
        "split": Capacitated(small, np.full(20, 100.0), room),
        "single": Capacitated(small, np.full(20, 100.0), room, single=True),
    }


PROBLEMS = problems()
LITTLE = Limits(seconds=600.0, effort=0.02)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_same_seed_gives_the_same_answer(name: str):
    first, second = (solve(PROBLEMS[name], LITTLE, seed=4) for _ in range(2))
    assert violations(PROBLEMS[name], first) == []
    assert first.seed == 4
    assert first.stop_reason in ("proved", "effort")
    assert (first.sites, first.value, first.bound) == (second.sites, second.value, second.bound)
    assert (first.assigned == second.assigned).all()


@pytest.mark.parametrize("name", PROBLEMS)
def test_cancelling_keeps_a_plan_that_holds(name: str):
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    answer = solve(PROBLEMS[name], cancelled=cancelled)
    assert violations(PROBLEMS[name], answer) == []
    assert answer.stop_reason in ("cancelled", "proved")


@pytest.mark.parametrize("name", ["median", "center", "maximal", "set", "target", "split"])
def test_without_time_there_is_still_a_plan(name: str):
    answer = solve(PROBLEMS[name], Limits(seconds=0.0))
    assert violations(PROBLEMS[name], answer) == []
    assert answer.stop_reason in ("time_limit", "proved")


@pytest.mark.parametrize("name", ["median", "maximal", "target"])
def test_progress_never_gets_worse(name: str):
    told = []
    answer = solve(PROBLEMS[name], LITTLE, progress=told.append)
    sign = -1.0 if name == "maximal" else 1.0
    values, bounds = [sign * one.value for one in told], [sign * one.bound for one in told]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert (told[-1].value, told[-1].bound) == (answer.value, answer.bound)


def test_a_gap_that_is_good_enough_ends_it():
    problem = MaximalCover(plane(1500, 200), 45, 0.09)
    answer = solve(problem, Limits(gap=0.2))
    assert answer.stop_reason == "gap"
    assert 0.0 < answer.gap <= 0.2


def test_site_names_do_not_matter():
    area = tiny_area(8, zones=30, sites=12, whole=False)
    renamed = replace(area, sites=tuple(f"other {name}" for name in area.sites),
                      excluded=tuple(f"other {name}" for name in area.excluded))  # fmt: skip
    assert solve(PMedian(area, 3)).value == solve(PMedian(renamed, 3)).value


def test_a_larger_median_keeps_a_bound_when_cut_short():
    problem = PMedian(plane(400, 400, seed=9), 12)
    cut = solve(problem, Limits(seconds=60.0, effort=0.0))
    whole = solve(problem)
    assert cut.bound <= whole.value <= cut.value
    assert whole.status == "optimal"


def test_more_sites_cover_no_less_and_a_wider_radius_needs_no_more():
    area = plane(200, 50)
    covered = [solve(MaximalCover(area, count, 0.1)).value for count in (2, 5, 9)]
    assert covered == sorted(covered)
    needed = [solve(SetCover(area, radius)).value for radius in (0.25, 0.35, 0.5)]
    assert needed == sorted(needed, reverse=True)


def test_the_check_finds_what_is_wrong():
    problem = PROBLEMS["median"]
    answer = solve(problem, LITTLE)
    for changes in (
        {"value": answer.value + 1.0},
        {"bound": answer.value + 1.0},
        {"sites": answer.sites[:-1]},
        {"sites": (*answer.sites[:-1], "S7")},
        {"assigned": np.zeros_like(answer.assigned)},
    ):
        assert violations(problem, replace(answer, **changes)) != []
    split = PROBLEMS["split"]
    served = solve(split, LITTLE)
    tight = Capacitated(split.area, split.opening, split.capacity * 0.5)
    assert any("room for" in text for text in violations(tight, served))
    short = replace(served, shares=replace(served.shares, share=served.shares.share * 0.9))
    assert any("of 1" in text for text in violations(split, short))
