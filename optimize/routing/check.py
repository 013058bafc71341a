"""The judge of plans: recomputes everything from the problem, trusting no engine.

Shares no code with engines, timetables or the objective. What a plan may choose is taken from it:
who goes where in which order, when each visit begins and is left, and how far a battery is
charged. Everything else is worked out again and compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from optimize.routing.check_route import RouteCheck, Violation
from optimize.routing.plan import Plan
from optimize.routing.problem import Problem


@dataclass(frozen=True)
class Totals:
    """Recomputed figures of all routes that could be followed from start to end.

    Attributes
    ----------
    cost_terms
        fixed, distance, duration, energy, overtime, left_out (penalties that are finite) and
        deviation.
    """

    trucks: int
    distance_m: float
    duration_s: float
    driving_s: float
    energy_kwh: float
    charged_kwh: float
    overtime_s: float
    cost_terms: dict[str, float] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Sum of the terms."""
        return math.fsum(self.cost_terms.values())


@dataclass(frozen=True)
class Report:
    """What the checker found.

    Attributes
    ----------
    violations
        Broken rules; a plan without any is feasible.
    guns
        Chargers with more trucks at a time than guns. They are among the violations only if the
        problem respects guns; otherwise a charger schedule is to settle them.
    unserved
        Ids of stops left out, with a reason, that must be served.
    """

    violations: tuple[Violation, ...]
    guns: tuple[Violation, ...]
    unserved: tuple[str, ...]
    totals: Totals

    @property
    def ok(self) -> bool:
        """Whether no rule is broken; stops left out for a reason do not count."""
        return not self.violations

    def __str__(self) -> str:
        lines = [str(violation) for violation in self.violations] or ["no rule is broken"]
        lines += [f"(left to the charger schedule) {finding}" for finding in self.guns]
        if self.unserved:
            lines.append(f"not served: {', '.join(self.unserved)}")
        return "\n".join(lines)


def check(problem: Problem, plan: Plan) -> Report:
    """Return every violation of a plan, and its totals worked out anew."""
    violations: list[Violation] = []
    followed: list[RouteCheck] = []
    for number, route in enumerate(plan.routes):
        if not 0 <= route.truck_type < len(problem.trucks):
            text = f"there is no truck type {route.truck_type}"
            violations.append(Violation("fleet", text, number))
            continue
        one = RouteCheck(problem, route, number)
        violations += one.violations
        if one.followed:
            followed.append(one)
    violations += _fleet(problem, plan)
    violations += _served_once(problem, plan)
    guns = _guns(problem, followed)
    if problem.respect_guns:
        violations += guns
    unserved = sorted(
        {
            left.stop
            for left in plan.left_out
            if 0 <= left.stop < len(problem.stops) and math.isinf(problem.stops[left.stop].penalty)
        }
    )
    return Report(
        violations=tuple(violations),
        guns=tuple(guns),
        unserved=tuple(problem.stops[stop].id for stop in unserved),
        totals=_totals(problem, plan, followed),
    )


def _fleet(problem: Problem, plan: Plan) -> list[Violation]:
    found = []
    used: dict[tuple[int, int], int] = {}
    for number, route in enumerate(plan.routes):
        if not 0 <= route.truck_type < len(problem.trucks):
            continue
        truck = problem.trucks[route.truck_type]
        if route.number < 0 or (truck.count is not None and route.number >= truck.count):
            text = f"there is no {truck.id} number {route.number}: there are {truck.count}"
            found.append(Violation("fleet", text, number))
        key = (route.truck_type, route.number)
        if key in used:
            text = f"{truck.id} number {route.number} has route {used[key]} already"
            found.append(Violation("fleet", text, number))
        used.setdefault(key, number)
    return found


def _served_once(problem: Problem, plan: Plan) -> list[Violation]:
    found = []
    where: dict[int, list[str]] = defaultdict(list)
    for number, route in enumerate(plan.routes):
        for visit in route.visits:
            if visit.kind == "stop" and 0 <= visit.index < len(problem.stops):
                where[visit.index].append(f"on route {number}")
    for left in plan.left_out:
        if not 0 <= left.stop < len(problem.stops):
            found.append(Violation("stop_once", f"there is no stop {left.stop} to leave out"))
            continue
        where[left.stop].append("left out")
        if not left.reason.strip():
            name = problem.stops[left.stop].id
            found.append(Violation("stop_once", f"{name} is left out without a reason"))
    for index, stop in enumerate(problem.stops):
        if len(where[index]) != 1:
            text = " and ".join(where[index]) or "neither served nor left out"
            found.append(Violation("stop_once", f"{stop.id} is {text}"))
    return found


def _guns(problem: Problem, followed: list[RouteCheck]) -> list[Violation]:
    """Return the first moment at which each charger has more trucks than guns."""
    found = []
    for index, charger in enumerate(problem.chargers):
        if charger.guns is None:
            continue
        # At the same moment whoever leaves makes room first, hence -1 before +1.
        changes = sorted(
            change
            for one in followed
            for visit in one.route.visits
            if visit.kind == "charger" and visit.index == index and visit.end_s > visit.begin_s
            for change in (
                (visit.begin_s + 1e-6 + 1e-9 * abs(visit.begin_s), 1, one.number),
                (visit.end_s, -1, one.number),
            )
        )
        changes.sort(key=lambda change: change[:2])
        there = 0
        for moment, change, number in changes:
            there += change
            if there > charger.guns:
                text = f"{charger.id} has {there} trucks for {charger.guns} guns at {moment:g} s"
                found.append(Violation("guns", text, number))
                break
    return found


def _totals(problem: Problem, plan: Plan, followed: list[RouteCheck]) -> Totals:
    before: dict[int, tuple[int, int]] = {}
    for route in problem.in_force.routes if problem.in_force is not None else ():
        for visit in route.visits:
            if visit.kind == "stop":
                before[visit.index] = (route.truck_type, route.number)
    moved = 0
    for route in plan.routes:
        truck = (route.truck_type, route.number)
        for visit in route.visits:
            if visit.kind == "stop" and visit.index in before and before[visit.index] != truck:
                moved += 1
    out = [
        problem.stops[left.stop].penalty
        for left in plan.left_out
        if 0 <= left.stop < len(problem.stops)
    ]
    terms = dict.fromkeys(("fixed", "distance", "duration", "energy", "overtime"), 0.0)
    for one in followed:
        truck_type = problem.trucks[one.route.truck_type]
        terms["fixed"] += truck_type.cost_fixed
        terms["distance"] += truck_type.cost_per_m * one.distance_m
        terms["duration"] += truck_type.cost_per_s * one.duration_s
        terms["energy"] += truck_type.cost_per_kwh * one.energy_kwh
        terms["overtime"] += truck_type.cost_per_overtime_s * one.overtime_s
    terms["left_out"] = math.fsum(penalty for penalty in out if math.isfinite(penalty))
    terms["deviation"] = problem.deviation_cost * moved
    return Totals(
        trucks=len(plan.routes),
        distance_m=math.fsum(one.distance_m for one in followed),
        duration_s=math.fsum(one.duration_s for one in followed),
        driving_s=math.fsum(one.driving_s for one in followed),
        energy_kwh=math.fsum(one.energy_kwh for one in followed),
        charged_kwh=math.fsum(one.charged_kwh for one in followed),
        overtime_s=math.fsum(one.overtime_s for one in followed),
        cost_terms=terms,
    )
