"""Covers whose sites must obey rules: not both, only with, so many of a group.

CP-SAT takes these: with rules between sites it propagates where a program's relaxation says little.
One worker and linearization level 2, because so it proves in a second where two workers at the
usual level still had no bound after a minute.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimize.siting.answer import Answer, Infeasible, Limits
from optimize.siting.problem import Floats, Ints, MaximalCover, SetCover
from optimize.siting.reach import require_reach
from optimize.siting.watch import Report, Watch
from sim.kernel.errors import InputError, did_you_mean

_WORK = 60.0
"""CP-SAT's deterministic time at effort 1, about seconds."""
_UNITS = 10**9
"""Weights and costs that are not whole are counted in this fraction of the largest."""


@dataclass(frozen=True)
class Group:
    """Sites of which at least and at most so many are open, e.g. those of a district."""

    name: str
    sites: tuple[str, ...]
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True)
class Rules:
    """What must hold between sites.

    Attributes
    ----------
    conflicts
        Pairs that must not both be open.
    needs
        ``(site, needed)``: the first is open only if the second is.
    """

    conflicts: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    groups: tuple[Group, ...] = ()


def solve_with_rules(
    problem: MaximalCover | SetCover, rules: Rules, limits: Limits | None = None, *,
    seed: int = 1, cancelled: Callable[[], bool] | None = None,
    progress: Callable[[Report], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Answer:  # fmt: skip
    """Return the best cover that obeys the rules, with a bound on all others.

    It is asked whether to cancel at every better cover.

    Raises
    ------
    InputError
        A rule names no site.
    Infeasible
        No cover obeys the rules.
    """
    from ortools.sat.python import cp_model

    area = problem.area
    _require_known(rules, area.sites)
    watch = Watch(
        limits or Limits(), larger_is_better=isinstance(problem, MaximalCover),
        cancelled=cancelled, progress=progress, clock=clock,
    )  # fmt: skip
    model = cp_model.CpModel()
    opened = {name: model.new_bool_var(name) for name in area.sites}
    for name in area.existing:
        model.add(opened[name] == 1)
    for name in area.excluded:
        model.add(opened[name] == 0)
    _add(model, rules, opened)
    unit = _goal(model, problem, opened)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = _WORK * watch.limits.effort
    solver.parameters.max_time_in_seconds = watch.wall_left
    solver.parameters.relative_gap_limit = watch.limits.gap
    status = solver.solve(model, _listener(watch, unit))
    if status == cp_model.INFEASIBLE:
        raise Infeasible("no choice of sites obeys the rules", where="rules")
    if status == cp_model.UNKNOWN:
        raise Infeasible("no cover was found in the time given", where="limits")
    sites = [k for k, name in enumerate(area.sites) if solver.value(opened[name])]
    near = area.distance[:, sites]
    nearest = np.array(sites, np.int64)[near.argmin(axis=1)]
    assigned = np.where(near.min(axis=1) <= problem.radius, nearest, -1)
    value = _value(problem, sites, assigned)
    watch.told(value=value, bound=unit * solver.best_objective_bound)
    watch.stop()
    return Answer(
        tuple(area.sites[k] for k in sites), assigned, value, watch.bound, watch.gap,
        "optimal" if watch.proved else "feasible", watch.reason(), watch.seconds, seed,
    )  # fmt: skip


def _require_known(rules: Rules, sites: tuple[str, ...]) -> None:
    named = {
        "conflicts": [name for pair in rules.conflicts for name in pair],
        "needs": [name for pair in rules.needs for name in pair],
        **{f"groups/{group.name}": list(group.sites) for group in rules.groups},
    }
    for where, names in named.items():
        for name in names:
            if name not in sites:
                raise InputError(
                    "no site has this name", where=where, value=name,
                    hint=did_you_mean(name, list(sites)),
                )  # fmt: skip


def _add(model: Any, rules: Rules, opened: dict[str, Any]) -> None:
    for first, second in rules.conflicts:
        model.add_at_most_one(opened[first], opened[second])
    for name, needed in rules.needs:
        model.add_implication(opened[name], opened[needed])
    for group in rules.groups:
        number = sum(opened[name] for name in group.sites)
        model.add(number >= group.at_least)
        if group.at_most is not None:
            model.add(number <= group.at_most)


def _goal(model: Any, problem: MaximalCover | SetCover, opened: dict[str, Any]) -> float:
    """Add what is asked; return the unit of the model's objective.

    Weights are rounded up and costs down, so that a bound of the model is one of the problem.
    """
    area = problem.area
    if isinstance(problem, SetCover):
        require_reach(area, problem.radius)
        for row in range(len(area.zones)):
            model.add_bool_or(_within(problem, row, opened))
        costs = np.ones(len(area.sites)) if problem.costs is None else problem.costs
        unit = _unit(costs)
        terms = zip(costs, opened.values(), strict=True)
        model.minimize(sum(math.floor(cost / unit) * site for cost, site in terms))
        return unit
    unit = _unit(area.weights)
    model.add(sum(opened.values()) == problem.count)
    worth = []
    for zone in np.flatnonzero(area.weights > 0):
        covered = model.new_bool_var(f"covered {area.zones[zone]}")
        model.add_bool_or([*_within(problem, int(zone), opened), covered.negated()])
        worth.append(math.ceil(area.weights[zone] / unit) * covered)
    model.maximize(sum(worth))
    return unit


def _unit(amounts: Floats) -> float:
    whole = bool((amounts == np.floor(amounts)).all())
    return 1.0 if whole else float(amounts.max()) / _UNITS


def _value(problem: MaximalCover | SetCover, sites: list[int], assigned: Ints) -> float:
    if isinstance(problem, MaximalCover):
        return float(problem.area.weights[assigned >= 0].sum())
    return float(len(sites) if problem.costs is None else problem.costs[sites].sum())


def _listener(watch: Watch, unit: float) -> Any:
    """Tell the watch of every better cover, and let it end the solve."""
    from ortools.sat.python import cp_model

    class Listener(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            watch.told(bound=unit * self.best_objective_bound)
            if watch.stop():
                self.stop_search()

    return Listener()


def _within(problem: Any, zone: int, opened: dict[str, Any]) -> list[Any]:
    sites = np.flatnonzero(problem.area.distance[zone] <= problem.radius)
    return [opened[problem.area.sites[k]] for k in sites]
