"""What a plan costs, and which of two plans is better: the objective of every engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from optimize.routing.plan import Plan, Route
from optimize.routing.problem import Problem
from optimize.routing.timetable import leg_kwh


@dataclass(frozen=True)
class Cost:
    """The terms of the objective; ``trucks`` counts routes.

    Attributes
    ----------
    left_out
        Penalties of stops left out that may be.
    unserved
        How many stops are left out that may not be; with any the total is infinite.
    """

    trucks: int
    fixed: float
    distance: float
    duration: float
    energy: float
    overtime: float
    left_out: float
    deviation: float
    unserved: int

    @property
    def total(self) -> float:
        """Sum of all terms."""
        return math.inf if self.unserved else self.served

    @property
    def served(self) -> float:
        """Sum of all terms, as if the stops that must be served and are not were none."""
        return math.fsum(
            (
                self.fixed, self.distance, self.duration, self.energy, self.overtime,
                self.left_out, self.deviation,
            )
        )  # fmt: skip

    def key(self, problem: Problem) -> tuple[int, float, float]:
        """Return what to compare plans by: less is better."""
        trucks = float(self.trucks) if problem.objective == "trucks_then_cost" else 0.0
        return self.unserved, trucks, self.served


def plan_cost(problem: Problem, plan: Plan) -> Cost:
    """Return the cost of a plan from the times and loads it states."""
    parts = [route_cost(problem, route) for route in plan.routes]
    penalties = [problem.stops[left.stop].penalty for left in plan.left_out]
    finite = [penalty for penalty in penalties if math.isfinite(penalty)]
    return Cost(
        trucks=len(plan.routes),
        fixed=math.fsum(problem.trucks[route.truck_type].cost_fixed for route in plan.routes),
        distance=math.fsum(part[0] for part in parts),
        duration=math.fsum(part[1] for part in parts),
        energy=math.fsum(part[2] for part in parts),
        overtime=math.fsum(part[3] for part in parts),
        left_out=math.fsum(finite),
        deviation=problem.deviation_cost * deviations(problem, plan),
        unserved=len(penalties) - len(finite),
    )


def route_cost(problem: Problem, route: Route) -> tuple[float, float, float, float]:
    """Return what distance, duration, energy and overtime of a route cost."""
    truck = problem.trucks[route.truck_type]
    metres, kwh = [], []
    for before, after in zip(route.visits, route.visits[1:], strict=False):
        if before.place != after.place:
            metres.append(float(problem.travel.distance_m[before.place, after.place]))
            kwh.append(leg_kwh(problem, truck, before.place, after.place, before.load))
        if after.kind == "stop":
            stop = problem.stops[after.index]
            kwh.append(stop.energy_kwh)
            kwh += [
                rate * amount
                for rate, amount in zip(truck.compaction_kwh_per_unit, stop.demand, strict=False)
            ]
    first, last = route.visits[0], route.visits[-1]
    return (
        truck.cost_per_m * math.fsum(metres),
        truck.cost_per_s * (last.end_s - first.end_s),
        truck.cost_per_kwh * math.fsum(kwh),
        truck.cost_per_overtime_s * max(0.0, last.end_s - truck.shift_s[1]),
    )


def deviations(problem: Problem, plan: Plan) -> int:
    """Return how many stops another truck serves than in the plan in force."""
    if problem.in_force is None:
        return 0
    before = {
        stop: (route.truck_type, route.number)
        for route in problem.in_force.routes
        for stop in route.stops
    }
    return sum(
        before.get(stop, (route.truck_type, route.number)) != (route.truck_type, route.number)
        for route in plan.routes
        for stop in route.stops
    )
