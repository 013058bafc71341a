"""Plans made to share guns: charging visits of different routes put one after another by CP-SAT.

Who goes where and how far each battery is charged stays; only the times move. Where that is not
enough, the fewest stops are given up: whole routes, each with the charger that had no gun free.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ortools.sat.python import cp_model

from optimize.routing.charger_schedule.model import PER_UNIT
from optimize.routing.plan import LeftOut, Limits, Plan, Route, Visit
from optimize.routing.problem import Problem, TruckType, Windows
from optimize.routing.timetable import Call, timetable

# Integers per second: durations are rounded up, and windows are as much wider as that may add up
# to; the plan is timed again in floating point afterwards.
_PER_S = 1000
_FOREVER_S = 14 * 86400.0
_SAME_S = 1e-6
_MOST_ROUNDS = 200
# Thousandths of deterministic time, if the limits name none: some seconds.
_EFFORT = 10_000

# Route and position of a charging visit in it.
Key = tuple[int, int]


@dataclass(frozen=True)
class Staggered:
    """A plan that keeps to the guns.

    Attributes
    ----------
    later_s
        By route of the plan given: how much later it ends.
    given_up
        Routes dropped, by their number in the plan given.
    """

    plan: Plan
    later_s: dict[int, float] = field(default_factory=dict)
    given_up: tuple[int, ...] = ()


def crowded(problem: Problem, routes: Sequence[Route]) -> dict[int, int]:
    """Return the chargers with more trucks at a time than guns, and the most trucks there."""
    found = {}
    for index, charger in enumerate(problem.chargers):
        if charger.guns is None:
            continue
        changes = []
        for route in routes:
            for visit in _charging(route, index):
                changes += [(visit.begin_s + _SAME_S, 1), (visit.end_s, -1)]
        there = most = 0
        for _, change in sorted(changes):
            there += change
            most = max(most, there)
        if most > charger.guns:
            found[index] = most
    return found


def _charging(route: Route, charger: int) -> list[Visit]:
    return [
        visit
        for visit in route.visits
        if visit.kind == "charger" and visit.index == charger and visit.end_s > visit.begin_s
    ]


def stagger(problem: Problem, plan: Plan, limits: Limits | None = None) -> Staggered:
    """Return the plan with charging visits moved so that no charger serves more than its guns."""
    busy = crowded(problem, plan.routes)
    if not busy:
        return Staggered(plan)
    gunned = {i for i, charger in enumerate(problem.chargers) if charger.guns is not None}
    concerned = [
        r
        for r, route in enumerate(plan.routes)
        if any(visit.kind == "charger" and visit.index in gunned for visit in route.visits)
    ]
    model = _Model(problem, plan, concerned, gunned)
    kept, begins = model.solve(limits or Limits(iterations=_EFFORT))
    routes = dict(enumerate(plan.routes))
    for r in concerned:
        if r not in kept:
            del routes[r]
    routes |= _timed(problem, plan, kept, begins, gunned)
    given_up = tuple(r for r in concerned if r not in kept)
    left = list(plan.left_out)
    for r in given_up:
        names = sorted(
            {
                problem.chargers[visit.index].id
                for visit in plan.routes[r].visits
                if visit.kind == "charger" and visit.index in gunned
            }
        )
        reason = f"its truck finds no gun free in time at {', '.join(names)}"
        left += [LeftOut(stop, reason) for stop in plan.routes[r].stops]
    later = {
        r: route.visits[-1].end_s - plan.routes[r].visits[-1].end_s for r, route in routes.items()
    }
    return Staggered(
        Plan(tuple(routes[r] for r in sorted(routes)), tuple(sorted(left, key=lambda o: o.stop))),
        {r: seconds for r, seconds in later.items() if abs(seconds) > _SAME_S},
        given_up,
    )


class _Model:
    """Begin of every visit of the routes concerned, and whether each route is kept."""

    def __init__(
        self, problem: Problem, plan: Plan, concerned: Sequence[int], gunned: set[int]
    ) -> None:
        self.problem, self.plan, self.concerned = problem, plan, concerned
        self.model = cp_model.CpModel()
        self.keeps = {r: self.model.new_bool_var("") for r in concerned}
        self.begins: dict[int, list[Any]] = {}
        self.costs: list[Any] = []
        self._scale = 0.0
        uses: dict[int, list[Any]] = {charger: [] for charger in gunned}
        for r in concerned:
            self._route(r, uses)
        for charger, intervals in uses.items():
            guns = problem.chargers[charger].guns or 0
            if len(intervals) > guns:
                self.model.add_cumulative(intervals, [1] * len(intervals), guns)

    def _route(self, r: int, uses: dict[int, list[Any]]) -> None:
        route = self.plan.routes[r]
        truck = self.problem.trucks[route.truck_type]
        widen = len(route.visits) * 2
        begins = [
            self.model.new_int_var_from_domain(
                _domain(self._windows(truck, route, visit), widen), ""
            )
            for visit in route.visits
        ]
        self.begins[r] = begins
        rule = truck.driving_rule
        for k, (before, after) in enumerate(zip(route.visits, route.visits[1:], strict=False)):
            takes = (before.end_s - before.begin_s) + (after.arrive_s - before.end_s)
            if before.kind == "stop":
                # It may have stood there waiting to leave; that can be given up.
                service = self.problem.stops[before.index].service_s
                takes = service + (after.arrive_s - before.end_s)
            gap = begins[k + 1] - begins[k]
            self.model.add(gap >= math.ceil(takes * _PER_S)).only_enforce_if(self.keeps[r])
            stands = after.end_s - after.arrive_s
            service = after.end_s - after.begin_s
            if rule is not None and stands >= rule.rest_s > service:
                rest = math.ceil((takes + rule.rest_s - service) * _PER_S)
                self.model.add(gap >= rest).only_enforce_if(self.keeps[r])
            if after.kind == "charger" and after.index in uses and service > 0.0:
                size = math.ceil(service * _PER_S)
                uses[after.index].append(
                    self.model.new_optional_fixed_size_interval_var(
                        begins[k + 1], size, self.keeps[r], ""
                    )
                )
        span = begins[-1] - begins[0]
        if math.isfinite(truck.most_duration_s):
            most = math.floor(truck.most_duration_s * _PER_S) + widen
            self.model.add(span <= most).only_enforce_if(self.keeps[r])
        # An hour of lateness where time costs nothing weighs as much as a thousandth of money.
        late = self.model.new_int_var(0, round(_FOREVER_S * _PER_S), "")
        self.model.add(late >= begins[-1] - round(route.visits[-1].end_s * _PER_S)).only_enforce_if(
            self.keeps[r]
        )
        self.costs.append((late, 1.0))
        length = self.model.new_int_var(0, round(_FOREVER_S * _PER_S), "")
        self.model.add(length >= span).only_enforce_if(self.keeps[r])
        self.costs.append((length, 1.0 + 1e3 * truck.cost_per_s))
        if truck.cost_per_overtime_s and math.isfinite(truck.shift_s[1]):
            over = self.model.new_int_var(0, round(_FOREVER_S * _PER_S), "")
            regular = round(truck.shift_s[1] * _PER_S)
            self.model.add(over >= begins[-1] - regular).only_enforce_if(self.keeps[r])
            self.costs.append((over, 1e3 * truck.cost_per_overtime_s))

    def _windows(self, truck: TruckType, route: Route, visit: Visit) -> Windows:
        if visit.kind == "stop":
            return self.problem.stops[visit.index].windows
        if visit.kind == "site":
            return self.problem.sites[visit.index].windows
        if visit.kind == "charger":
            return self.problem.chargers[visit.index].windows
        if visit.kind == "break":
            pause = truck.breaks[visit.index]
            return ((pause.earliest_s, pause.latest_s),)
        released = max((self.problem.stops[stop].release_s for stop in route.stops), default=0.0)
        earliest = truck.shift_s[0]
        if visit.kind == "start" and released > 0.0:
            earliest = max(earliest, visit.end_s)
        return ((earliest, truck.shift_s[1] + truck.overtime_s),)

    def solve(self, limits: Limits) -> tuple[list[int], dict[int, list[float]]]:
        """Keep the most stops, then lose the least time; return routes kept and their begins."""
        for r in self.concerned:
            route = self.plan.routes[r]
            for begin, visit in zip(self.begins[r], route.visits, strict=True):
                self.model.add_hint(begin, round(visit.begin_s * _PER_S))
        weights = [max(len(self.plan.routes[r].stops), 1) for r in self.concerned]
        served = cp_model.LinearExpr.weighted_sum([self.keeps[r] for r in self.concerned], weights)
        self.model.maximize(served)
        first = self._run(limits)
        if first is None:
            return [], {}
        best = sum(
            weight * first.boolean_value(self.keeps[r])
            for r, weight in zip(self.concerned, weights, strict=True)
        )
        self.model.add(served >= best)
        smallest = min(rate for _, rate in self.costs)
        self.model.minimize(
            cp_model.LinearExpr.weighted_sum(
                [term for term, _ in self.costs],
                [round(rate / smallest) for _, rate in self.costs],
            )
        )
        second = self._run(limits) or first
        kept = [r for r in self.concerned if second.boolean_value(self.keeps[r])]
        return kept, {r: [second.value(begin) / _PER_S for begin in self.begins[r]] for r in kept}

    def _run(self, limits: Limits) -> Any:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = limits.seed
        if math.isfinite(limits.seconds):
            solver.parameters.max_time_in_seconds = limits.seconds / 2.0
        if limits.iterations is not None:
            solver.parameters.max_deterministic_time = limits.iterations / PER_UNIT / 2.0
        status = solver.solve(self.model)
        return solver if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def _domain(windows: Windows, widen: int) -> cp_model.Domain:
    return cp_model.Domain.from_intervals(
        [
            [
                math.floor(max(begin, 0.0) * _PER_S),
                math.ceil(min(end, _FOREVER_S) * _PER_S) + widen,
            ]
            for begin, end in windows
        ]
    )


def _timed(
    problem: Problem,
    plan: Plan,
    kept: Sequence[int],
    begins: dict[int, list[float]],
    gunned: set[int],
) -> dict[int, Route]:
    """Return the routes in floating point, charging in the order that was found."""
    queue: dict[int, list[tuple[float, Key]]] = {charger: [] for charger in gunned}
    hold: dict[Key, float] = {}
    leave = {}
    for r in kept:
        leave[r] = begins[r][0]
        for k, visit in enumerate(plan.routes[r].visits):
            if visit.kind == "charger" and visit.index in gunned and visit.end_s > visit.begin_s:
                queue[visit.index].append((begins[r][k], (r, k)))
    routes = {r: _retimed(problem, plan.routes[r], r, leave[r], hold) for r in kept}
    for _ in range(_MOST_ROUNDS):
        changed: set[int] = set()
        for charger, visits in queue.items():
            free = [-math.inf] * (problem.chargers[charger].guns or 0)
            for _, (r, k) in sorted(visits):
                visit = routes[r].visits[k]
                gun = min(range(len(free)), key=lambda g: free[g])
                if visit.begin_s < free[gun] - 1e-9:
                    hold[r, k] = free[gun]
                    changed.add(r)
                free[gun] = max(visit.begin_s, free[gun]) + (visit.end_s - visit.begin_s)
        if not changed:
            break
        for r in changed:
            routes[r] = _retimed(problem, plan.routes[r], r, leave[r], hold)
    return routes


def _retimed(
    problem: Problem, route: Route, r: int, leave_s: float, hold: dict[Key, float]
) -> Route:
    calls = []
    for k, visit in enumerate(route.visits[1:-1], start=1):
        here = visit.place == route.visits[k - 1].place
        calls.append(
            Call(
                visit.kind,
                visit.index,
                visit.energy_end_kwh if visit.kind == "charger" else None,
                hold.get((r, k), -math.inf),
                here,
            )
        )
    return timetable(problem, route.truck_type, route.number, calls, leave_s)
