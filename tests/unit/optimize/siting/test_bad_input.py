"""What is wrong is named; what is impossible says what to relax, and by how much."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from optimize.siting.answer import Infeasible, Limits
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
from sim.kernel.errors import InputError

ZONES, SITES = ("A", "B", "C"), ("X", "Y")
DISTANCE = np.array([[1.0, 9.0], [8.0, 2.0], [7.0, 6.0]])


def area(**changes) -> Area:
    given = {"zones": ZONES, "sites": SITES, "weights": [1.0, 2.0, 3.0], "distance": DISTANCE}
    return Area(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"weights": [1.0, -2.0, 3.0]}, "weights/B: negative (got -2.0)"),
        ({"weights": [1.0, np.nan, 3.0]}, "weights/B: not a finite number"),
        ({"weights": [1.0]}, "weights: wrong shape (got (1,)); expected (3,)"),
        ({"distance": DISTANCE.T}, "it seems to be transposed"),
        ({"distance": DISTANCE - 2.0}, "distance[0, 0]: negative (got -1.0)"),
        ({"distance": DISTANCE * np.nan}, "not a number"),
        ({"sites": ("X", "X")}, "sites: given 2 times (got 'X')"),
        ({"zones": ("A", "A", "C")}, "zones: given 2 times (got 'A')"),
        ({"existing": ("XX",)}, "did you mean 'X'?"),
        ({"existing": ("X",), "excluded": ("X",)}, "both existing and excluded (got 'X')"),
        ({"excluded": SITES}, "no candidate is left"),
        ({"zones": (), "weights": [], "distance": np.empty((0, 2))}, "zones: none given"),
    ],
)
def test_an_area(changes, text: str):
    with pytest.raises(InputError) as caught:
        area(**changes)
    assert text in str(caught.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InputError) as caught:
        area(weights=[-1.0, -1.0, 1.0], distance=DISTANCE.T, sites=("X", "X"))
    assert len(caught.value.errors) == 4


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: PMedian(area(), 3), "count"),
        (lambda: PMedian(area(), 0), "count"),
        (lambda: PMedian(area(existing=SITES), 1), "count"),
        (lambda: PCenter(area(excluded=("X",)), 2), "count"),
        (lambda: MaximalCover(area(), 1, -1.0), "radius"),
        (lambda: SetCover(area(), 1.0, np.array([1.0, -1.0])), "costs/Y"),
        (lambda: CoverageTarget(area(), 1.0, 1.2), "share"),
        (lambda: Capacitated(area(), np.ones(2), np.array([-1.0, 1.0])), "capacity/X"),
        (lambda: Capacitated(area(), np.ones(3), np.ones(2)), "opening"),
        (lambda: Capacitated(area(), np.ones(2), np.ones(2), serving=DISTANCE.T), "serving"),
        (lambda: straight_line([[0.0, np.nan]], [[0.0, 0.0]]), "zones_xy"),
        (lambda: Limits(seconds=-1.0), "limits/seconds"),
    ],
)
def test_a_question(make, where: str):
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.where == where


def infeasible(problem) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        solve(problem)
    return caught.value


def relaxations(error: Infeasible) -> dict[str, float]:
    return {one.constraint: one.needed for one in error.relaxations}


def test_a_zone_nobody_reaches():
    cut = DISTANCE.copy()
    cut[1] = np.inf
    for problem in (PMedian(area(distance=cut), 1), PCenter(area(distance=cut), 1)):
        error = infeasible(problem)
        assert error.where == "distance/B"
        assert "no way leads to any candidate" in str(error)


def test_a_zone_only_an_excluded_site_reaches():
    cut = DISTANCE.copy()
    cut[1, 0] = np.inf
    error = infeasible(PMedian(area(distance=cut, excluded=("Y",)), 1))
    assert "excluded without Y" in str(error)


def test_too_few_sites_to_reach_everybody():
    cut = np.array([[1.0, np.inf], [np.inf, 2.0], [7.0, 6.0]])
    for problem in (PMedian(area(distance=cut), 1), PCenter(area(distance=cut), 1)):
        assert relaxations(infeasible(problem)) == {"count": 2}
    assert solve(PMedian(area(distance=cut), 2)).value == 1.0 + 4.0 + 18.0


def test_a_radius_that_is_too_small_says_which_would_do():
    assert relaxations(infeasible(SetCover(area(), 5.0)))["radius"] == 6.0
    assert solve(SetCover(area(), 6.0)).value == 2.0


def test_a_share_that_cannot_be_reached_says_share_and_radius():
    error = infeasible(CoverageTarget(area(), 2.0, 0.9))
    assert relaxations(error) == {"share": pytest.approx(0.5), "radius": 6.0}
    assert solve(CoverageTarget(area(), 2.0, 0.5)).value == 2.0
    assert solve(CoverageTarget(area(), 6.0, 0.9)).value == 2.0


def test_too_little_capacity_says_how_much_is_missing():
    error = infeasible(Capacitated(area(), np.ones(2), np.array([2.0, 3.0])))
    assert relaxations(error) == {"capacity in all": 6.0, "demand in all": 5.0}


def test_capacity_where_nobody_can_reach_it():
    cut = np.array([[1.0, np.inf], [1.0, np.inf], [7.0, 6.0]])
    error = infeasible(Capacitated(area(distance=cut), np.ones(2), np.array([2.0, 30.0])))
    assert "a demand of 1 finds no site" in str(error)


def test_a_zone_larger_than_every_site_must_be_split():
    problem = Capacitated(area(), np.ones(2), np.array([2.5, 20.0]), single=True)
    assert solve(problem).value > 0
    error = infeasible(Capacitated(area(), np.ones(2), np.array([2.5, 2.9]), single=True))
    assert error.relaxations
    assert solve(Capacitated(area(), np.ones(2), np.array([3.0, 3.0]))).value > 0


def test_an_explanation_survives_the_way_from_a_worker():
    error = infeasible(SetCover(area(), 5.0))
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.relaxations == error.relaxations
