"""Searches against true optima: by hand, and by trying every set of ten works."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from optimize.works.exact import consistent_sets, enumerate_plans
from optimize.works.problem import Candidate, Chosen, Problem
from optimize.works.search import Search
from sim.kernel.errors import InputError

N = 10
Value = Callable[[Chosen], float]


def coverage(seed: int) -> tuple[Problem, Value]:
    """Works that cover places, each place once: submodular, so gains shrink."""
    draw = np.random.default_rng(seed)
    ids = [f"W{k}" for k in range(N)]
    covers, worth = draw.random((N, 40)) < 0.2, draw.uniform(0.0, 1.0, 40)
    candidates = [Candidate(name, round(float(draw.uniform(3.0, 30.0)), 1)) for name in ids]

    def value(chosen: Chosen) -> float:
        rows = covers[[int(name[1:]) for name in sorted(chosen)]]
        return float(worth[rows.any(axis=0)].sum())

    return Problem(tuple(candidates)), value


def complementary(seed: int) -> tuple[Problem, Value]:
    """The same, and pairs that are worth something only together: greedy steps are misled."""
    problem, covered = coverage(seed)
    draw = np.random.default_rng(seed + 100)
    pairs = [
        (frozenset(f"W{k}" for k in draw.choice(N, 2, replace=False)), float(draw.uniform(2, 6)))
        for _ in range(4)
    ]
    harmful = frozenset({f"W{draw.integers(N)}"})  # moves water to others when alone

    def value(chosen: Chosen) -> float:
        extra = sum(worth for pair, worth in pairs if pair <= chosen)
        return covered(chosen) + extra - (1.5 if harmful <= chosen and len(chosen) < 4 else 0.0)

    return problem, value


@pytest.mark.parametrize("make", [coverage, complementary])
@pytest.mark.parametrize("seed", [1, 2])
def test_within_two_percent_with_ten_times_fewer_evaluations(make, seed):
    problem, value = make(seed)
    budgets = [round(share * problem.cost(problem.ids), 1) for share in (0.15, 0.3, 0.5)]
    exact = enumerate_plans(problem, value, budgets)
    found = Search(problem, value, budgets, limit=2**N // 10).run()
    assert len(found.values) <= 2**N / 10
    for best, plan in zip(exact, found.plans, strict=True):
        assert plan.objective >= 0.98 * best.objective


def test_two_halves_of_a_trunk_are_found_though_each_alone_is_useless():
    """A culvert needs both halves; singly each is worth nothing, and small works are cheaper."""
    costs = {"upper": 5.0, "lower": 5.0, **{f"small{k}": 2.0 for k in range(6)}}
    problem = Problem(tuple(Candidate(*item) for item in costs.items()))

    def value(chosen: Chosen) -> float:
        small = sum(name.startswith("small") for name in chosen)
        return 10.0 * ({"upper", "lower"} <= chosen) + 1.0 * small

    (plan,) = Search(problem, value, [12.0], limit=60).run().plans
    assert plan.objective == 11.0  # both halves and one small one; six small ones are worth 6


def test_a_knapsack_without_interactions_is_solved_and_bounded():
    worth = {"A": 60.0, "B": 100.0, "C": 120.0}
    costs = {"A": 10.0, "B": 20.0, "C": 30.0}
    problem = Problem(tuple(Candidate(*item) for item in costs.items()))
    (plan,) = Search(problem, lambda s: sum(map(worth.get, s)), [50.0], limit=30).run().plans
    assert plan.chosen == {"B", "C"}  # the greedy choice by worth per cost, A first, gets 160
    assert plan.objective == 220.0
    assert plan.bound == pytest.approx(220.0, rel=0.01)


def test_enumeration_counts_the_sets_and_takes_the_cheapest_of_equals():
    problem = Problem(
        (Candidate("A", 2.0), Candidate("B", 1.0), Candidate("C", 1.0)), needs=(("C", "B"),)
    )
    assert len(list(consistent_sets(problem))) == 6  # 8 without the two that miss B
    (plan,) = enumerate_plans(problem, lambda s: float(bool(s)), [3.0])
    assert plan.chosen == {"B"}
    assert plan.evaluations == 5  # all but ABC, which costs 4
    assert (plan.status, plan.bound, plan.gap) == ("optimal", 1.0, 0.0)


def test_too_many_candidates_are_not_enumerated():
    problem = Problem(tuple(Candidate(str(k), 1.0) for k in range(17)))
    with pytest.raises(InputError, match="too many candidates"):
        enumerate_plans(problem, len, [3.0])
