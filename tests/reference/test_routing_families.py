"""A valid plan of each published family, judged valid; then each figure spoilt, and found out.

Plans of several trips come from PyVRP, whose cost must be the checker's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import permutations

import pytest

from optimize.routing.check import check
from optimize.routing.cost import plan_cost
from optimize.routing.formats.cevrp import read_cevrp
from optimize.routing.formats.evrptw import read_evrptw
from optimize.routing.formats.nonlinear import read_vrprep
from optimize.routing.formats.vrplib import read_vrplib
from optimize.routing.formats.waste import read_waste
from optimize.routing.plan import LeftOut, Plan, Visit
from optimize.routing.problem import Problem
from optimize.routing.timetable import Call, timetable
from tests.reference.routing_bench import FOLDER, needs_bench
from tests.unit.optimize.routing.cases import changed, with_stop, with_truck

pytestmark = needs_bench

READERS: dict[str, Callable[[], Problem]] = {
    "evrptw": lambda: read_evrptw(FOLDER / "evrptw/c103C15.txt"),
    "evrptw partial": lambda: read_evrptw(FOLDER / "evrptw/r105C15.txt", "partial"),
    "cevrp": lambda: read_cevrp(FOLDER / "cevrp/E-n33-k4.evrp"),
    "waste": lambda: read_waste(FOLDER / "waste_kim/102_stop.txt"),
    "nonlinear": lambda: read_vrprep(FOLDER / "evrpnl/vrprep-instance.xml"),
    "several trips": lambda: read_vrplib(FOLDER / "mtvrptw/R201R0.25.vrp", "dimacs"),
}


@cache
def valid(family: str) -> tuple[Problem, Plan]:
    problem = READERS[family]()
    if family == "several trips":
        return problem, by_pyvrp(problem)
    return problem, one_truck_each(problem)


def one_truck_each(problem: Problem) -> Plan:
    """A truck for each stop, over as few chargers, and the site, as keep the rules."""
    routes = []
    sites = [Call("site", k) for k in range(len(problem.sites))]
    hubs = [Call("charger", k) for k in range(len(problem.chargers))]
    for stop in range(len(problem.stops)):
        others = tuple(LeftOut(k, "another") for k in range(len(problem.stops)) if k != stop)
        ends = [[site] for site in sites] or [[]]
        ways = [
            [*first, Call("stop", stop), *then, *end]
            for before in range(3)
            for after in range(3)
            for first in permutations(hubs, before)
            for then in permutations(hubs, after)
            for end in ends
            if before + after <= 2
        ]
        for calls in ways:
            route = timetable(problem, 0, stop, calls)
            if check(problem, Plan((route,), others)).ok:
                routes.append(route)
                break
        else:
            raise AssertionError(f"no way to serve {problem.stops[stop].id}")
    return Plan(tuple(routes))


def by_pyvrp(problem: Problem) -> Plan:
    pyvrp = pytest.importorskip("pyvrp")
    from pyvrp.stop import MaxIterations

    data = pyvrp.read(FOLDER / "mtvrptw/R201R0.25.vrp", round_func="dimacs")
    best = pyvrp.solve(data, MaxIterations(300), seed=1, display=False).best
    assert best.is_feasible()
    routes = []
    for number, route in enumerate(best.routes()):
        between = list(route.schedule())[1:-1]
        calls = [
            Call("stop", int(visit.idx)) if visit.is_client() else Call("site", 0)
            for visit in between
        ]
        routes.append(timetable(problem, 0, number, calls))
    plan = Plan(tuple(routes))
    assert check(problem, plan).totals.distance_m == best.distance()
    return plan


@pytest.mark.parametrize("family", READERS)
def test_the_plan_is_valid_and_costs_what_the_objective_says(family: str):
    problem, plan = valid(family)
    report = check(problem, plan)
    assert report.ok, str(report)
    assert report.totals.cost == pytest.approx(plan_cost(problem, plan).total, rel=1e-12)


def first(plan: Plan, kind: str) -> tuple[int, int, Visit] | None:
    """Route and number of the first visit of a kind."""
    for r, route in enumerate(plan.routes):
        for v, visit in enumerate(route.visits):
            if visit.kind == kind:
                return r, v, visit
    return None


Spoil = Callable[[Problem, Plan], tuple[Problem, Plan] | None]


def shifted(kind: str, field: str, by: float) -> Spoil:
    def spoil(problem: Problem, plan: Plan) -> tuple[Problem, Plan] | None:
        found = first(plan, kind)
        if found is None or not math.isfinite(getattr(found[2], field)):
            return None
        r, v, visit = found
        return problem, changed(plan, r, v, **{field: getattr(visit, field) + by})

    return spoil


def wrong_load(problem: Problem, plan: Plan) -> tuple[Problem, Plan] | None:
    r, v, visit = first(plan, "stop") or (0, 0, plan.routes[0].visits[0])
    if not visit.load:
        return None
    return problem, changed(plan, r, v, load=(visit.load[0] + 0.5,))


def heavier(problem: Problem, plan: Plan) -> tuple[Problem, Plan] | None:
    if not problem.dimensions:
        return None
    return with_stop(problem, 0, demand=(problem.trucks[0].capacity[0] + 1.0,)), plan


def late(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
    r, v, visit = first(plan, "stop") or (0, 0, plan.routes[0].visits[0])
    return with_stop(problem, visit.index, windows=((0.0, visit.begin_s - 1e-3),)), plan


def without_a_visit(kind: str) -> Spoil:
    def spoil(problem: Problem, plan: Plan) -> tuple[Problem, Plan] | None:
        found = first(plan, kind)
        if found is None:
            return None
        r, v, _ = found
        routes = list(plan.routes)
        visits = routes[r].visits
        routes[r] = replace(routes[r], visits=visits[:v] + visits[v + 1 :])
        return problem, replace(plan, routes=tuple(routes))

    return spoil


def smaller_battery(problem: Problem, plan: Plan) -> tuple[Problem, Plan] | None:
    if problem.trucks[0].battery_kwh is None:
        return None
    return with_truck(problem, 0, reserve_kwh=0.9 * problem.trucks[0].battery_kwh), plan


SPOILT: dict[str, tuple[set[str], Spoil]] = {
    "arrival": ({"time"}, shifted("stop", "arrive_s", -1e-3)),
    "begin": ({"time", "window", "service"}, shifted("stop", "begin_s", -1e4)),
    "end": ({"time", "service"}, shifted("stop", "end_s", -1e-3)),
    "end of charging": ({"time", "charging"}, shifted("charger", "end_s", -1e-3)),
    "energy on arrival": ({"energy"}, shifted("stop", "energy_arrive_kwh", 1e-5)),
    "energy on departure": ({"energy"}, shifted("stop", "energy_end_kwh", 1e-5)),
    "overcharged": ({"charging"}, shifted("charger", "energy_end_kwh", 1e-3)),
    "load": ({"load"}, wrong_load),
    "capacity": ({"capacity"}, heavier),
    "window": ({"window"}, late),
    "a stop less": ({"stop_once"}, without_a_visit("stop")),
    "a charger less": ({"time"}, without_a_visit("charger")),
    "a site less": ({"time", "load", "end_empty", "capacity"}, without_a_visit("site")),
    "reserve": ({"reserve"}, smaller_battery),
    "fleet": ({"fleet"}, lambda problem, plan: (with_truck(problem, 0, count=1), plan)),
    "truck twice": (
        {"fleet"},
        lambda problem, plan: (
            problem, replace(plan, routes=(*plan.routes[:-1], replace(plan.routes[-1], number=0)))
        ),
    ),
    "stop twice": (
        {"stop_once"},
        lambda problem, plan: (problem, replace(plan, left_out=(LeftOut(0, "as well"),))),
    ),
    "shift": (
        {"shift"},
        lambda problem, plan: (
            with_truck(problem, 0, shift_s=(problem.trucks[0].shift_s[0],
                                            plan.routes[0].visits[-1].end_s - 1e-3)),
            plan,
        ),
    ),
    "duration": (
        {"duration"}, lambda problem, plan: (with_truck(problem, 0, most_duration_s=1.0), plan),
    ),
    "distance": (
        {"distance"}, lambda problem, plan: (with_truck(problem, 0, most_distance_m=1.0), plan),
    ),
}  # fmt: skip


# What one wrong figure may bring about further down the route.
CONSEQUENCES = {
    "time", "service", "charging", "energy", "reserve", "release", "load", "end_energy",
}  # fmt: skip


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("family", READERS)
def test_what_is_spoilt_is_found(family: str, spoilt: str):
    kinds, spoil = SPOILT[spoilt]
    case = spoil(*valid(family))
    if case is None:
        pytest.skip("this family has no such thing")
    found = {str(violation.kind) for violation in check(*case).violations}
    assert found & kinds
    assert found <= kinds | CONSEQUENCES
