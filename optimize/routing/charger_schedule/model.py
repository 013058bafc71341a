"""The 0-1 model of the schedule in CP-SAT, and how it is solved in one or two stages."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ortools.sat.python import cp_model

from optimize.routing.charger_schedule.problem import ChargingProblem
from optimize.routing.charger_schedule.relaxation import Relaxation, relax
from optimize.routing.charger_schedule.sessions import Option, slot_limit_kw
from optimize.routing.plan import Limits, StopReason

# Integers per kW and, at most, for the sum of all costs. Power is rounded up and its limit down,
# so a rounded schedule keeps the limit; cost is rounded down, so the bound is one.
_PER_KW = 100
_COST_RANGE = 1e9
# Iterations per unit of CP-SAT's deterministic time.
PER_UNIT = 1000
# Options of each stay that are searched, in turn, before all.
_FIRST = (8, 24)
# A relative gap that is rounding.
_CLOSED = 1e-7

Picks = list[int | None]
Extra = Literal["nothing", "guns", "power"]


@dataclass(frozen=True)
class Outcome:
    """``bound`` is on the cost of the fewest stays left out, if that number is proven."""

    picks: Picks
    bound: float
    stop_reason: StopReason
    iterations: int


class Model:
    """Which option each stay takes.

    Parameters
    ----------
    choices
        By stay; each stay has at least one.
    may_miss
        Whether a stay may take none.
    extra
        Guns or power (kW) beyond what there is, as variables `extra` by place.
    """

    def __init__(
        self,
        problem: ChargingProblem,
        choices: Sequence[Sequence[Option]],
        *,
        may_miss: bool,
        extra: Extra = "nothing",
    ) -> None:
        self.choices = choices
        self.model = cp_model.CpModel()
        self.takes = [[self.model.new_bool_var("") for _ in c] for c in choices]
        self.misses = [self.model.new_bool_var("") if may_miss else None for _ in choices]
        self.extra: dict[int, Any] = {}
        self.missed: Any = sum(miss for miss in self.misses if miss is not None)
        for takes, miss in zip(self.takes, self.misses, strict=True):
            self.model.add_exactly_one([*takes, *([] if miss is None else [miss])])
        self._capacity(problem, extra)

    def _capacity(self, problem: ChargingProblem, extra: Extra) -> None:
        slots: dict[tuple[int, int], list[tuple[Any, int]]] = {}
        for takes, options in zip(self.takes, self.choices, strict=True):
            for take, option in zip(takes, options, strict=True):
                for k, kw in enumerate(option.slot_kw):
                    key = (option.place, option.first_slot + k)
                    slots.setdefault(key, []).append((take, math.ceil(kw * _PER_KW - 1e-6)))
        if extra != "nothing":
            most = len(self.choices) * (_PER_KW * 10_000 if extra == "power" else 1)
            for place in range(len(problem.places)):
                self.extra[place] = self.model.new_int_var(0, most, "")
        for (place, slot), row in sorted(slots.items()):
            takes = [take for take, _ in row]
            guns = problem.places[place].guns + (self.extra[place] if extra == "guns" else 0)
            if len(takes) > problem.places[place].guns:
                self.model.add(sum(takes) <= guns)
            limit = slot_limit_kw(problem.places[place].limit_kw, slot, problem.step_s)
            if math.isfinite(limit):
                weights = [weight for _, weight in row]
                most = math.floor(limit * _PER_KW + 1e-6)
                if sum(weights) > most:
                    drawn = cp_model.LinearExpr.weighted_sum(takes, weights)
                    more = self.extra[place] if extra == "power" else 0
                    self.model.add(drawn <= most + more)

    def hint(self, picks: Picks) -> None:
        for takes, miss, pick in zip(self.takes, self.misses, picks, strict=True):
            for k, take in enumerate(takes):
                self.model.add_hint(take, k == pick)
            if miss is not None:
                self.model.add_hint(miss, pick is None)

    def minimise(
        self, expression: Any, limits: Limits, good_enough: float = -math.inf
    ) -> tuple[Any, Any]:
        """Return solver and status after minimising an expression, or getting to a value."""
        self.model.minimize(expression)
        solver = cp_model.CpSolver()
        # One worker: the same seed and deterministic time give the same schedule.
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = limits.seed
        if math.isfinite(limits.seconds):
            solver.parameters.max_time_in_seconds = max(limits.seconds, 0.0)
        if limits.iterations is not None:
            solver.parameters.max_deterministic_time = limits.iterations / PER_UNIT
        status = solver.solve(self.model, _Watch(limits, good_enough))
        return solver, status

    def picks(self, solver: Any) -> Picks:
        return [
            next((k for k, take in enumerate(takes) if solver.boolean_value(take)), None)
            for takes in self.takes
        ]


class _Watch(cp_model.CpSolverSolutionCallback):
    """At every solution, looks for a cancellation and whether it is good enough."""

    def __init__(self, limits: Limits, good_enough: float) -> None:
        super().__init__()
        self._limits = limits
        self._good_enough = good_enough

    def on_solution_callback(self) -> None:
        cancelled = self._limits.cancelled is not None and self._limits.cancelled()
        if cancelled or self.objective_value <= self._good_enough:
            self.stop_search()


class _Search:
    """The stages of one solve, which share its limits."""

    def __init__(
        self,
        problem: ChargingProblem,
        choices: Sequence[Sequence[Option]],
        start: Picks,
        limits: Limits,
        began: float,
    ) -> None:
        self.problem, self.choices, self.picks = problem, choices, start
        self.limits, self._began = limits, began
        self.used = 0
        dearest = math.fsum(max(abs(o.cost) for o in options) for options in choices)
        self._scale = _COST_RANGE / max(dearest, 1e-9)

    @property
    def missing(self) -> int:
        return sum(pick is None for pick in self.picks)

    @property
    def cost(self) -> float:
        return math.fsum(
            options[pick].cost
            for options, pick in zip(self.choices, self.picks, strict=True)
            if pick is not None
        )

    @property
    def left_s(self) -> float:
        return self.limits.seconds - (time.perf_counter() - self._began)

    @property
    def cancelled(self) -> bool:
        return self.limits.cancelled is not None and self.limits.cancelled()

    def over(self) -> bool:
        spent = self.limits.iterations is not None and self.used >= self.limits.iterations
        return spent or self.left_s <= 0.0 or self.cancelled

    def _solve(self, model: Model, expression: Any, good_enough: float) -> tuple[Any, Any]:
        rest = self.limits.iterations
        limits = Limits(
            seconds=self.left_s,
            iterations=None if rest is None else max(rest - self.used, 0),
            seed=self.limits.seed,
            cancelled=self.limits.cancelled,
        )
        solver, status = model.minimise(expression, limits, good_enough)
        self.used += max(round(solver.response_proto.deterministic_time * PER_UNIT), 1)
        return solver, status

    def charge_most(self) -> bool:
        """Leave out as few as possible; return whether that is proven."""
        model = Model(self.problem, self.choices, may_miss=True)
        model.hint(self.picks)
        solver, status = self._solve(model, model.missed, 0.0)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self.picks = model.picks(solver)
        return bool(status == cp_model.OPTIMAL)

    def cheapen(self, keep: Sequence[Sequence[int]], good_enough: float) -> float:
        """Search among the options kept; return a bound on the cost with those."""
        places = [
            [*kept, *([] if pick is None or pick in kept else [pick])]
            for kept, pick in zip(keep, self.picks, strict=True)
        ]
        offered = [
            [options[k] for k in kept] for options, kept in zip(self.choices, places, strict=True)
        ]
        model = Model(self.problem, offered, may_miss=self.missing > 0)
        if self.missing:
            model.model.add(model.missed <= self.missing)
        model.hint(
            [
                None if pick is None else kept.index(pick)
                for kept, pick in zip(places, self.picks, strict=True)
            ]
        )
        takes = [take for row in model.takes for take in row]
        costs = [math.floor(option.cost * self._scale) for row in offered for option in row]
        total = cp_model.LinearExpr.weighted_sum(takes, costs)
        solver, status = self._solve(model, total, math.floor(good_enough * self._scale))
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            before = self.missing, self.cost, self.picks
            self.picks = [
                None if pick is None else kept[pick]
                for kept, pick in zip(places, model.picks(solver), strict=True)
            ]
            if (self.missing, self.cost) > before[:2]:
                self.picks = before[2]
        return float(solver.best_objective_bound) / self._scale


def minimise_cost(
    problem: ChargingProblem,
    choices: Sequence[Sequence[Option]],
    start: Picks,
    limits: Limits,
    began: float,
    gap: float,
) -> Outcome:
    """Charge as many as possible, then at the lowest cost; ``start`` is where to begin.

    The relaxation's reduced costs say which options to search first (`_FIRST` of each stay), and
    which no schedule better than the best one known contains: those are dropped for good.
    """
    search = _Search(problem, choices, start, limits, began)
    proven = search.charge_most() if search.missing else True
    relaxation = relax(problem, choices, search.missing) if choices else Relaxation(0.0, [])
    bound = -math.inf if relaxation is None else relaxation.bound

    def good_enough() -> float:
        return bound + gap * abs(bound) if proven else -math.inf

    for most in _FIRST:
        if relaxation is None or search.over() or search.cost <= good_enough():
            break
        first = [
            np.argsort(reduced, kind="stable")[:most].tolist()
            for reduced in relaxation.reduced_costs
        ]
        search.cheapen(first, good_enough())
    if not search.over() and search.cost > good_enough():
        spare = search.cost - bound
        keep = [
            list(range(len(options)))
            if relaxation is None
            else np.flatnonzero(relaxation.reduced_costs[k] <= spare).tolist()
            for k, options in enumerate(choices)
        ]
        bound = max(bound, search.cheapen(keep, good_enough()))
    bound = min(bound, search.cost) if proven else math.nan
    reason: StopReason = "time"
    if search.cancelled:
        reason = "cancelled"
    elif search.cost - bound <= max(gap, _CLOSED) * max(abs(search.cost), 1e-9):
        reason = "proven"
    elif limits.iterations is not None and search.used >= limits.iterations:
        reason = "iterations"
    return Outcome(search.picks, bound, reason, search.used)
