"""Pre-positioning: the solver against enumeration, the bound, the check."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from optimize.emergency.check import violations
from optimize.emergency.coverage import place
from optimize.emergency.enumeration import best_value
from optimize.emergency.problem import Coverage, Need
from sim.kernel.errors import InputError


def random_problem(seed: int) -> Coverage:
    draw = np.random.default_rng(seed)
    sites = [f"S{k}" for k in range(5)]
    needs = tuple(
        Need(f"P{k}", float(draw.uniform(1, 100)), (1.0, 0.5)[: int(draw.integers(1, 3))])
        for k in range(6)
    )
    seconds = {
        (site, need.point): math.inf if draw.random() < 0.2 else float(draw.uniform(10, 2400))
        for site in sites
        for need in needs
    }
    return Coverage(
        trucks=int(draw.integers(1, 5)), room={site: int(draw.integers(1, 3)) for site in sites},
        needs=needs, seconds=seconds, limit_s=1800.0, points_per_truck=int(draw.integers(1, 3)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_the_solver_finds_what_trying_everything_finds(seed: int):
    problem = random_problem(seed)
    placement = place(problem)
    assert violations(problem, placement) == []
    assert placement.value == pytest.approx(best_value(problem), rel=1e-5)
    assert best_value(problem) <= placement.bound
    assert placement.gap < 2e-5


def test_a_truck_goes_where_the_road_is_open():
    """The nearer site is cut off from the point."""
    problem = Coverage(
        trucks=1, room={"near": 1, "far": 1}, needs=(Need("P", 10.0),),
        seconds={("near", "P"): math.inf, ("far", "P"): 900.0}, limit_s=3600.0,
    )  # fmt: skip
    placement = place(problem)
    assert placement.sites == {"far": 1}
    assert placement.value == pytest.approx(7.5)


def test_a_second_truck_helps_a_lighter_point_before_it_crowds_the_heavy_one():
    problem = Coverage(
        trucks=2, room={"S": 2}, needs=(Need("A", 10.0, (1.0, 0.3)), Need("B", 4.0, (1.0, 0.3))),
        seconds={("S", "A"): 0.0, ("S", "B"): 0.0}, limit_s=60.0,
    )  # fmt: skip
    assert place(problem).value == pytest.approx(14.0)


def test_nothing_to_do_is_no_placement():
    problem = replace(random_problem(1), trucks=0)
    assert place(problem).sites == {}
    assert best_value(problem) == 0.0


def test_the_check_finds_what_is_wrong():
    problem = random_problem(3)
    placement = place(problem)
    site = next(iter(problem.room))
    wrong = {
        "said to be": replace(placement, value=placement.value + 1.0, bound=1e9),
        "trucks at": replace(placement, sites={**placement.sites, site: 99}),
        "there are": replace(placement, sites={**placement.sites, site: 99}),
        "below the value": replace(placement, bound=placement.value / 2.0),
        "are number": replace(placement, covers=placement.covers[:1] * 2),
        "no room": replace(placement, covers=(*placement.covers, (site, "P0", 7))),
        "points for 0 trucks": replace(placement, sites={}),
    }
    for words, bad in wrong.items():
        assert any(words in line for line in violations(problem, bad)), words


def test_weights_and_shares_are_checked():
    with pytest.raises(InputError, match="weight"):
        Coverage(1, {"S": 1}, (Need("P", -1.0),), {}, 60.0)
    with pytest.raises(InputError, match="shares"):
        Coverage(1, {"S": 1}, (Need("P", 1.0, (0.5, 1.0)),), {}, 60.0)
    with pytest.raises(InputError, match="every point once"):
        Coverage(1, {"S": 1}, (Need("P", 1.0), Need("P", 2.0)), {}, 60.0)
