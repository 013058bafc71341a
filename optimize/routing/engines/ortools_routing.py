"""OR-Tools' routing library (Perron and Furnon): insertion, then guided local search.

With batteries it searches in two stages: first as if there were none, with charging inserted
afterwards; then from there with energy as a dimension. Its weak points: its first solutions rarely
keep to a battery, so the second stage seldom finds a plan by itself; charging is weighed by
propagation, which makes moves slow; copies of sites and chargers make large models; without a
count of trucks it is given a guess; unloading by amount is taken as that of a full truck; charging
of different types at the speed of the slowest; deviations are counted but not avoided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from optimize.routing.cost import plan_cost
from optimize.routing.engines.clock import Clock
from optimize.routing.engines.features import refuse_unsupported
from optimize.routing.engines.ortools_model import Model
from optimize.routing.engines.routes import Order, plan_of, solution_of
from optimize.routing.plan import Limits, Plan, Solution
from optimize.routing.problem import Problem
from optimize.routing.timetable import Call

NAME = "ortools"
SUPPORTED = frozenset({
    "several_windows", "optional_stops", "compatibility", "sites", "sites_by_stream",
    "unloading_by_amount", "several_site_windows", "start_load", "end_empty",
    "site_windows_end_empty", "day_capacity", "most_stops", "most_distance", "most_duration",
    "overtime", "breaks", "batteries", "charger_windows",
    "several_charger_windows", "energy_cost", "deviation", "mixed_fleet", "fleet_first",
})  # fmt: skip
# Share of the limits for the first of two stages.
_FIRST_STAGE = 0.4
_FINISHING = 0.01


class _Watch:
    """Counts solutions; asked again and again whether to stop."""

    def __init__(self, clock: Clock, model: Model, most: float, until_s: float) -> None:
        self._clock, self._model, self._most, self._until_s = clock, model, most, until_s
        self.solutions = 0

    def on_solution(self) -> None:
        self.solutions += 1
        cost = self._model.routing.CostVar().Min() / self._model.price
        used = sum(
            not self._model.routing.IsEnd(
                self._model.routing.NextVar(self._model.routing.Start(v)).Min()
            )
            for v in range(len(self._model.vehicles))
        )
        self._clock.report(self.solutions, used, cost)

    def stop(self) -> bool:
        clock = self._clock
        if clock.limits.cancelled is not None and clock.limits.cancelled():
            clock.reason = "cancelled"
        elif self.solutions >= self._most:
            clock.reason = "iterations"
        elif clock.seconds >= self._until_s:
            clock.reason = "time"
        else:
            return False
        return True


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan found; ``iterations`` are solutions accepted by the local search.

    Raises
    ------
    InputErrors
        The problem has features that this engine cannot represent.
    """
    refuse_unsupported(problem, NAME, SUPPORTED)
    clock = Clock(limits)
    electric = any(truck.battery_kwh is not None for truck in problem.trucks)
    share = _FIRST_STAGE if electric else 1.0
    model = Model(problem, batteries=False)
    orders, used = _search(model, clock, share, None, 0)
    plan = plan_of(problem, orders, "OR-Tools found no room for it")
    if electric and clock.reason != "cancelled":
        model = Model(problem, batteries=True)
        begin = [_order(route) for route in plan.routes]
        orders, more = _search(model, clock, 1.0, begin, used)
        used += more
        second = _as_found(problem, orders)
        if plan_cost(problem, second).key(problem) < plan_cost(problem, plan).key(problem):
            plan = second
    return solution_of(problem, plan, clock.reason, clock.seconds, used, NAME)


def _search(
    model: Model, clock: Clock, share: float, begin: Sequence[Order] | None, used: int
) -> tuple[list[Order], int]:
    limits = clock.limits
    most = math.inf if limits.iterations is None else max(limits.iterations * share - used, 1)
    until_s = limits.seconds * share * (1.0 - _FINISHING)
    watch = _Watch(clock, model, most, until_s)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
    metaheuristics = routing_enums_pb2.LocalSearchMetaheuristic
    parameters.local_search_metaheuristic = metaheuristics.GUIDED_LOCAL_SEARCH
    model.solver.ReSeed(limits.seed)
    model.routing.AddAtSolutionCallback(watch.on_solution)
    model.routing.AddSearchMonitor(model.solver.CustomLimit(watch.stop))
    found: Any = None
    if begin is not None:
        model.routing.CloseModelWithParameters(parameters)
        start = model.assignment(begin)
        if start is None:
            return [], 0
        found = model.routing.SolveFromAssignmentWithParameters(start, parameters)
    else:
        found = model.routing.SolveWithParameters(parameters)
    return ([] if found is None else model.orders(found)), watch.solutions


def _order(route: Any) -> Order:
    calls = [
        Call(v.kind, v.index, v.energy_end_kwh if v.kind == "charger" else None)
        for v in route.visits[1:-1]
    ]
    return Order(route.truck_type, tuple(calls))


def _as_found(problem: Problem, orders: Sequence[Order]) -> Plan:
    """Return the plan of orders that hold their charging visits already."""
    return plan_of(problem, orders, "OR-Tools found no room for it", charging="as ordered")
