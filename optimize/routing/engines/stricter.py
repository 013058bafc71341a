"""A day made stricter until PyVRP can represent it, and its plan made exact again.

Time is kept in reserve for what PyVRP does not know: breaks, rests, slow hours, unloading of full
loads; a truck that begins loaded unloads first. What streams share no truck is solved apart. Every
route is then timed by the problem as it is, with its breaks and, if need be, with charging; stops
that do not fit after all move to another route or are left out. For large days of a sanitation
fleet, where charging on the way is rare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimize.routing.check_route import RouteCheck
from optimize.routing.engines import pyvrp
from optimize.routing.engines.charging_insertion import insert_chargers
from optimize.routing.engines.clock import Clock
from optimize.routing.engines.features import FEATURES, refuse_unsupported
from optimize.routing.engines.routes import solution_of
from optimize.routing.plan import LeftOut, Limits, Plan, Route, Solution, StopReason
from optimize.routing.problem import ALWAYS, Problem, Site, Stop, TruckType
from optimize.routing.timetable import Call, timetable
from sim.kernel.errors import InputError

NAME = "stricter"
SUPPORTED = frozenset(FEATURES) - {"fleet_first", "day_capacity", "most_stops"}
_SLACK = 0.03  # of a shift, for what the mean speed of its hours does not foresee
_PENALTY = 1e5  # of leaving a stop out, in the costs of the trucks: found later, not by PyVRP
_SHARE = 0.85  # of the time for PyVRP; the rest times and mends
_TRIED = 12  # routes that a stop left over is tried in, the nearest first


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan found; ``iterations`` are those of PyVRP's local search.

    A limit of iterations holds for each group of streams that share trucks.

    Raises
    ------
    InputErrors
        The problem has features that are not represented.
    """
    refuse_unsupported(problem, NAME, SUPPORTED)
    clock = Clock(limits)
    routes: list[Route] = []
    iterations = 0
    parts = _parts(problem)
    for stops, trucks in parts:
        part = _strict(problem, stops, trucks)
        share = len(stops) / len(problem.stops)
        mine = replace(
            limits,
            seconds=limits.seconds * _SHARE * share,
            progress=None,
        )
        found = pyvrp.solve(part, mine)
        iterations += found.iterations
        for route in found.plan.routes:
            first = _first_site(problem, trucks[route.truck_type])
            calls = [] if first is None else [Call("site", first)]
            calls += [
                Call(v.kind, stops[v.index] if v.kind == "stop" else _site(problem, part, v.index))
                for v in route.visits
                if v.kind in ("stop", "site")
            ]
            routes.append(_timed(problem, trucks[route.truck_type], calls))
        clock.report(iterations, len(routes), math.nan)
    plan = _mended(problem, routes)
    reason: StopReason = "time" if limits.iterations is None else "iterations"
    if limits.cancelled is not None and limits.cancelled():
        reason = "cancelled"
    return solution_of(problem, plan, reason, clock.seconds, iterations, NAME)


def _parts(problem: Problem) -> list[tuple[list[int], list[int]]]:
    """Return stops and truck types in groups that share no truck."""
    able = [set(_able(problem, stop)) for stop in problem.stops]
    groups: list[set[int]] = []
    for types in able:
        touching = [group for group in groups if group & types]
        groups = [group for group in groups if not group & types]
        groups.append(set().union(types, *touching))
    return [
        ([i for i, types in enumerate(able) if types and types <= group], sorted(group))
        for group in groups
        if group
    ]


def _able(problem: Problem, stop: Stop) -> list[int]:
    allowed = range(len(problem.trucks)) if stop.truck_types is None else stop.truck_types
    return [
        k
        for k in allowed
        if all(d <= c for d, c in zip(stop.demand, problem.trucks[k].capacity, strict=True))
    ]


# --- stricter -------------------------------------------------------------------------------


def _strict(problem: Problem, stops: Sequence[int], trucks: Sequence[int]) -> Problem:
    """Return the part with these stops and truck types as PyVRP can represent it."""
    types = [problem.trucks[k] for k in trucks]
    dimensions = [
        d
        for d in range(len(problem.dimensions))
        if any(problem.stops[i].demand[d] > 0 for i in stops)
    ]
    number = {k: i for i, k in enumerate(trucks)}
    travel = problem.travel
    slow = _mean_factor(problem, types)
    return Problem(
        name=problem.name,
        travel=replace(
            travel, duration_s=travel.duration_s / slow, factor_from_s=np.zeros(1),
            speed_factor=np.ones(1),
        ),
        dimensions=tuple(problem.dimensions[d] for d in dimensions),
        stops=tuple(
            replace(
                problem.stops[i],
                demand=tuple(problem.stops[i].demand[d] for d in dimensions),
                truck_types=tuple(number[k] for k in _able(problem, problem.stops[i])),
                penalty=min(problem.stops[i].penalty, _PENALTY),
                energy_kwh=0.0,
            )
            for i in stops
        ),
        trucks=tuple(_strict_truck(problem, k, dimensions, slow) for k in trucks),
        sites=_strict_sites(problem, types, dimensions),
    )  # fmt: skip


def _first_site(problem: Problem, truck_type: int) -> int | None:
    """Return where a truck that begins loaded unloads before all else: the nearest site."""
    truck = problem.trucks[truck_type]
    able = [
        (float(problem.travel.duration_s[truck.start, site.place]), k)
        for k, site in enumerate(problem.sites)
        if any(truck.start_load)
        and all(takes or not kg for takes, kg in zip(site.accepts, truck.start_load, strict=True))
    ]
    return min(able)[1] if able else None


def _strict_truck(
    problem: Problem, truck_type: int, dimensions: Sequence[int], slow: float
) -> TruckType:
    truck = problem.trucks[truck_type]
    start, end = truck.shift_s
    first, place = _first_site(problem, truck_type), truck.start
    if first is not None:
        site = problem.sites[first]
        rates = site.unload_s_per_unit or (0.0,) * len(truck.start_load)
        unload_s = site.unload_s + sum(
            r * kg for r, kg in zip(rates, truck.start_load, strict=True)
        )
        start += float(problem.travel.duration_s[place, site.place]) / slow + unload_s
        place = site.place
    reserve = sum(pause.duration_s for pause in truck.breaks)
    if truck.driving_rule is not None:
        rests = (end - start) // (2.0 * truck.driving_rule.driving_s)
        reserve = max(reserve, rests * truck.driving_rule.rest_s)
    reserve += _SLACK * (end - start)
    return replace(
        truck, capacity=tuple(truck.capacity[d] for d in dimensions), breaks=(),
        start=place, driving_rule=None, shift_s=(start, max(end - reserve, start)), overtime_s=0.0,
        battery_kwh=None, start_kwh=None, reserve_kwh=0.0, end_kwh=0.0, kwh_per_m=0.0,
        kwh_per_m_unit=(), compaction_kwh_per_unit=(), charging=(), start_load=(),
    )  # fmt: skip


def _strict_sites(
    problem: Problem, types: Sequence[TruckType], dimensions: Sequence[int]
) -> tuple[Site, ...]:
    """Return the sites that take all of the load, open throughout; they empty full trucks.

    If none is open throughout, those that are open at some time: whoever comes when they are shut
    waits, or loses stops when the route is made exact.
    """
    first = min(truck.shift_s[0] for truck in types)
    last = max(truck.shift_s[1] + truck.overtime_s for truck in types)
    most = [max(truck.capacity[d] for truck in types) for d in range(len(problem.dimensions))]
    able = [site for site in problem.sites if all(site.accepts[d] for d in dimensions)]
    through = [s for s in able if any(b <= first and last <= e for b, e in s.windows)]
    some = [s for s in able if any(b < last and first < e for b, e in s.windows)]
    sites = []
    for site in through or some:
        rates = site.unload_s_per_unit or (0.0,) * len(most)
        full_s = max(rates[d] * most[d] for d in dimensions)
        sites.append(
            replace(
                site, accepts=(True,) * len(dimensions), unload_s=site.unload_s + full_s,
                unload_s_per_unit=(), windows=ALWAYS,
            )
        )  # fmt: skip
    if not sites and any(truck.must_end_empty for truck in types):
        raise InputError(
            "no site takes this load during the shifts", where="sites",
            value=", ".join(problem.dimensions[d] for d in dimensions), expected="one that does",
            hint="open a site for it, or leave these stops out",
        )  # fmt: skip
    return tuple(sites)


def _mean_factor(problem: Problem, types: Sequence[TruckType]) -> float:
    """Return the lowest mean speed factor over the hours of a shift."""
    travel, means = problem.travel, []
    for truck in types:
        end = truck.shift_s[1] if math.isfinite(truck.shift_s[1]) else truck.shift_s[0] + 86_400.0
        hours = np.linspace(truck.shift_s[0], end, 241)
        at = np.searchsorted(travel.factor_from_s, hours, side="right") - 1
        means.append(float(travel.speed_factor[np.maximum(at, 0)].mean()))
    return min(means, default=1.0)


def _site(problem: Problem, part: Problem, index: int) -> int:
    name = part.sites[index].id
    return next(k for k, site in enumerate(problem.sites) if site.id == name)


# --- exact again ----------------------------------------------------------------------------


def _timed(problem: Problem, truck_type: int, calls: Sequence[Call]) -> Route:
    """Return the route of these calls with its breaks, and with charging if it needs any."""
    route = _with_breaks(problem, truck_type, calls)
    if problem.trucks[truck_type].battery_kwh is not None and _broken(problem, route):
        charged = insert_chargers(problem, truck_type, calls)
        if charged is not None:
            route = _with_breaks(problem, truck_type, charged[0])
    return route


def _with_breaks(problem: Problem, truck_type: int, calls: Sequence[Call]) -> Route:
    """Return the timed route, each break after the last visit it can follow in time."""
    calls = list(calls)
    for k, pause in enumerate(problem.trucks[truck_type].breaks):
        route = timetable(problem, truck_type, 0, calls)
        if route.visits[-1].end_s <= pause.latest_s or route.visits[0].end_s >= pause.latest_s:
            continue
        ends = [visit.end_s for visit in route.visits[:-1]]
        after = [j for j, end in enumerate(ends) if pause.earliest_s <= end <= pause.latest_s]
        before = [j for j, end in enumerate(ends) if end < pause.earliest_s]
        at = after[0] if after else before[-1] if before else 0
        calls.insert(at, Call("break", k))
    return timetable(problem, truck_type, 0, calls)


def _broken(problem: Problem, route: Route) -> bool:
    return bool(RouteCheck(problem, route, 0).violations)


def _mended(problem: Problem, routes: Sequence[Route]) -> Plan:
    """Return the plan of these routes, without what they cannot do, tried elsewhere."""
    left: list[int] = []
    kept: list[Route] = []
    for found in routes:
        route, dropped = _shortened(problem, found)
        left += dropped
        if route.stops:
            kept.append(route)
    unplaced = [stop for stop in left if not _placed(problem, kept, stop)]
    served = {stop for route in kept for stop in route.stops}
    reasons = dict.fromkeys(unplaced, "no route has the time or charge left for it")
    used: dict[int, int] = {}
    numbered = []
    for route in kept:
        numbered.append(replace(route, number=used.get(route.truck_type, 0)))
        used[route.truck_type] = used.get(route.truck_type, 0) + 1
    return Plan(
        tuple(numbered),
        tuple(
            LeftOut(i, reasons.get(i, "no truck of its kind has room for it"))
            for i in range(len(problem.stops))
            if i not in served
        ),
    )


def _shortened(problem: Problem, route: Route) -> tuple[Route, list[int]]:
    """Return a route without its last stops until it breaks no rule, and those stops."""
    dropped = []
    while route.stops and _broken(problem, route):
        calls = _calls(route)
        last = max(j for j, call in enumerate(calls) if call.kind == "stop")
        dropped.append(calls[last].index)
        del calls[last]
        route = _timed(problem, route.truck_type, _tidy(calls))
    return route, dropped


def _placed(problem: Problem, routes: list[Route], stop: int) -> bool:
    """Put a stop into the nearest route that can take it; false if none of those tried can."""
    duration, place = problem.travel.duration_s, problem.stops[stop].place
    able = set(_able(problem, problem.stops[stop]))
    near = sorted(
        (float(duration[[problem.stops[s].place for s in route.stops], place].min()), r)
        for r, route in enumerate(routes)
        if route.truck_type in able
    )
    for _, r in near[:_TRIED]:
        calls = _calls(routes[r])
        nearest = min(
            (j for j, call in enumerate(calls) if call.kind == "stop"),
            key=lambda j: float(duration[problem.stops[calls[j].index].place, place]),
        )
        changed = _timed(
            problem, routes[r].truck_type,
            [*calls[: nearest + 1], Call("stop", stop), *calls[nearest + 1 :]],
        )  # fmt: skip
        if not _broken(problem, changed):
            routes[r] = changed
            return True
    return False


def _calls(route: Route) -> list[Call]:
    """Return stops and sites of a route; breaks and charging are put in anew."""
    return [Call(v.kind, v.index) for v in route.visits if v.kind in ("stop", "site")]


def _tidy(calls: Sequence[Call]) -> list[Call]:
    """Drop a site visit that follows another, or comes first: nothing is on board."""
    kept: list[Call] = []
    for call in calls:
        if call.kind == "site" and (not kept or kept[-1].kind == "site"):
            continue
        kept.append(call)
    return kept
