"""The true optimum of a small problem: every set is evaluated."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations

from optimize.works.evaluations import Evaluate, Mapper
from optimize.works.problem import Chosen, Plan, Problem
from sim.kernel.errors import InputError

MOST_CANDIDATES = 16


def consistent_sets(problem: Problem) -> Iterator[Chosen]:
    """Yield every set without conflicts in which nothing needed is missing, smallest first."""
    for size in range(len(problem.ids) + 1):
        for names in combinations(problem.ids, size):
            chosen = frozenset(names)
            if problem.consistent(chosen):
                yield chosen


def enumerate_plans(
    problem: Problem, evaluate: Evaluate, budgets: Sequence[float], *, mapper: Mapper = map
) -> list[Plan]:
    """Return the best plan for each budget, each proven by evaluating all sets.

    Raises
    ------
    InputError
        There are too many candidates for that.
    """
    if len(problem.ids) > MOST_CANDIDATES:
        raise InputError(
            "too many candidates to evaluate every set", where="candidates",
            value=len(problem.ids), expected=f"at most {MOST_CANDIDATES}",
        )  # fmt: skip
    began = time.perf_counter()
    widest = max(budgets)
    sets = [chosen for chosen in consistent_sets(problem) if problem.affordable(chosen, widest)]
    values = dict(zip(sets, mapper(evaluate, sets), strict=True))
    seconds = time.perf_counter() - began
    plans = []
    for budget in budgets:
        within = [chosen for chosen in sets if problem.affordable(chosen, budget)]
        best = max(within, key=lambda chosen: (values[chosen], -problem.cost(chosen)))
        plans.append(
            Plan(
                budget=budget,
                chosen=best,
                cost=problem.cost(best),
                objective=values[best],
                predicted=None,
                bound=values[best],
                bound_kind="enumeration",
                gap=0.0,
                status="optimal",
                stop_reason="enumerated",
                seconds=seconds,
                evaluations=len(values),
            )  # fmt: skip
        )
    return plans
