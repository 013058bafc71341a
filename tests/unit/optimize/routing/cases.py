"""A small city with every rule there is, and a plan that keeps all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from optimize.routing.plan import LeftOut, Plan
from optimize.routing.problem import (
    Break,
    Charger,
    ChargingCurve,
    DrivingRule,
    Problem,
    Site,
    Stop,
    Travel,
    TruckType,
)
from optimize.routing.timetable import Call, timetable

HOUR = 3600.0
# Depot, six stops, plant, landfill, charger: metres.
XY = np.array(
    [
        (0, 0), (4000, 0), (4000, 3000), (0, 3000), (8000, 0), (8000, 6000), (2000, 9000),
        (6000, 2000), (1000, 5000), (3000, 1000),
    ],
    dtype=float,
)  # fmt: skip
PLACES = ("depot", "p1", "p2", "p3", "p4", "p5", "p6", "plant", "landfill", "fast")
DEPOT, PLANT, LANDFILL, FAST = 0, 7, 8, 9


def travel() -> Travel:
    """Streets along the axes at 10 m/s; half as fast from 6:30 to 9:00."""
    distance = np.abs(XY[:, None, :] - XY[None, :, :]).sum(axis=2)
    return Travel(
        PLACES, XY, distance, distance / 10.0,
        np.array([0.0, 6.5 * HOUR, 9 * HOUR]), np.array([1.0, 0.5, 1.0]),
    )  # fmt: skip


def problem() -> Problem:
    """Two streams, two kinds of truck, batteries, rests, tariffs and windows."""
    electric = TruckType(
        id="electric",
        capacity=(5000.0, 2000.0),
        start=DEPOT,
        end=DEPOT,
        count=2,
        day_capacity=(9000.0, 4000.0),
        battery_kwh=100.0,
        start_kwh=90.0,
        reserve_kwh=10.0,
        end_kwh=20.0,
        kwh_per_m=0.002,
        kwh_per_m_unit=(1e-7, 2e-7),
        compaction_kwh_per_unit=(0.001, 0.002),
        charging=(ChargingCurve((0.0, 80.0, 100.0), (0.0, 2400.0, 4800.0)),),
        shift_s=(6 * HOUR, 12 * HOUR),
        overtime_s=HOUR,
        most_distance_m=90e3,
        most_duration_s=7 * HOUR,
        most_stops=5,
        breaks=(Break(9 * HOUR, 10 * HOUR, 1800.0),),
        driving_rule=DrivingRule(1.5 * HOUR, 1200.0),
        must_end_empty=True,
        cost_fixed=300.0,
        cost_per_m=0.001,
        cost_per_s=0.01,
        cost_per_kwh=0.7,
        cost_per_overtime_s=0.05,
    )
    diesel = TruckType(
        id="diesel", capacity=(8000.0, 0.0), start=DEPOT, end=DEPOT, count=1,
        shift_s=(5 * HOUR, 11 * HOUR), cost_fixed=200.0, cost_per_m=0.004, kwh_per_m=0.004,
        cost_per_kwh=1.0,
    )  # fmt: skip
    stops = (
        Stop("s1", 1, (2000.0, 500.0), 300.0, ((6 * HOUR, 8 * HOUR), (10 * HOUR, 11 * HOUR)), 0.5),
        Stop("s2", 2, (2500.0, 300.0), 300.0, energy_kwh=0.5),
        Stop("s3", 3, (2000.0, 700.0), 600.0, release_s=6.2 * HOUR, truck_types=(0,)),
        Stop("s4", 4, (1500.0, 800.0), 300.0, ((9.5 * HOUR, 12 * HOUR),)),
        Stop("s5", 5, (7000.0, 0.0), 900.0, truck_types=(1,)),
        Stop("s6", 6, (3000.0, 0.0), 300.0, penalty=400.0),
    )
    sites = (
        Site("plant", PLANT, (True, True), 600.0, (0.1, 0.2), ((6 * HOUR, 12 * HOUR),)),
        Site("landfill", LANDFILL, (True, False), 300.0),
    )
    return Problem(
        name="everything",
        travel=travel(),
        dimensions=("residual_kg", "food_kg"),
        stops=stops,
        trucks=(electric, diesel),
        sites=sites,
        chargers=(Charger("fast", FAST, 0, 1, ((6 * HOUR, 13 * HOUR),)),),
        recharge="partial",
        deviation_cost=50.0,
        respect_guns=True,
    )


def plan(of: Problem | None = None) -> Plan:
    """Two trips and a charge, a trip of the other type, and one stop left out."""
    of = of or problem()
    first = [
        Call("stop", 0), Call("stop", 1), Call("site", 0), Call("charger", 0, 95.0),
        Call("break", 0), Call("stop", 2), Call("stop", 3), Call("site", 0),
    ]  # fmt: skip
    second = [Call("charger", 0, 91.0, not_before_s=10.3 * HOUR)]
    return Plan(
        (
            timetable(of, 0, 0, first),
            timetable(of, 0, 1, second, leave_s=10.1 * HOUR),
            timetable(of, 1, 0, [Call("stop", 4), Call("site", 1)]),
        ),
        (LeftOut(5, "costs more than its penalty"),),
    )


def visit_of(of: Plan, route: int, kind: str, nth: int = 0) -> int:
    """Index of the nth visit of a kind."""
    return [i for i, v in enumerate(of.routes[route].visits) if v.kind == kind][nth]


def changed(of: Plan, route: int, visit: int, **fields: object) -> Plan:
    """The plan with fields of one visit changed and nothing else."""
    visits = list(of.routes[route].visits)
    visits[visit] = replace(visits[visit], **fields)
    routes = list(of.routes)
    routes[route] = replace(routes[route], visits=tuple(visits))
    return replace(of, routes=tuple(routes))


def with_truck(of: Problem, truck: int, **fields: object) -> Problem:
    """The problem with fields of one truck type changed."""
    trucks = list(of.trucks)
    trucks[truck] = replace(trucks[truck], **fields)
    return replace(of, trucks=tuple(trucks))


def with_stop(of: Problem, stop: int, **fields: object) -> Problem:
    """The problem with fields of one stop changed."""
    stops = list(of.stops)
    stops[stop] = replace(stops[stop], **fields)
    return replace(of, stops=tuple(stops))


def with_site(of: Problem, site: int, **fields: object) -> Problem:
    """The problem with fields of one site changed."""
    sites = list(of.sites)
    sites[site] = replace(sites[site], **fields)
    return replace(of, sites=tuple(sites))


def cut(of: Problem, start: int, end: int) -> Problem:
    """The problem without a way from one place to another."""
    distance = of.travel.distance_m.copy()
    distance[start, end] = math.inf
    return replace(of, travel=replace(of.travel, distance_m=distance))
