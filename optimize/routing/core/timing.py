"""From a chain of calls to a route with every time, as the labels meant it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from optimize.routing.core.day_step import BREAK_HERE, BREAK_THERE, CHARGER, SITE, STOP
from optimize.routing.plan import Route, Visit, VisitKind
from optimize.routing.problem import Problem, TruckType, Windows
from optimize.routing.timetable import arrival_s, charging_s, first_moment, leg_kwh

# Kind, index and, for a charger, energy charged.
Calls = Sequence[tuple[int, int, float]]

_KINDS: dict[int, VisitKind] = {
    STOP: "stop",
    SITE: "site",
    CHARGER: "charger",
    BREAK_HERE: "break",
    BREAK_THERE: "break",
}
# Times may be this late by rounding.
_LATE_S = 1e-7


def timed_route(problem: Problem, k: int, number: int, calls: Calls) -> tuple[Route, bool]:
    """Return the route of a truck that makes these calls, and whether it keeps to all windows.

    It leaves as late as it can without ending later, so that it does not wait where it need not.
    """
    route, timely = _from(problem, k, number, calls, -math.inf)
    truck = problem.trucks[k]
    if not timely or (truck.cost_per_s <= 0.0 and truck.most_duration_s == math.inf):
        return route, timely
    low = route.visits[0].end_s
    end = route.visits[-1].end_s
    high = low + sum(visit.begin_s - visit.arrive_s for visit in route.visits[1:])
    for _ in range(48):
        middle = 0.5 * (low + high)
        later, timely = _from(problem, k, number, calls, middle)
        if timely and later.visits[-1].end_s <= end + _LATE_S:
            low, route = middle, later
        else:
            high = middle
    return route, True


def _from(
    problem: Problem, k: int, number: int, calls: Calls, leave_s: float
) -> tuple[Route, bool]:
    """Return the route that leaves no earlier than a moment, and whether it keeps to windows."""
    truck, travel = problem.trucks[k], problem.travel
    load = list(truck.start_load or (0.0,) * len(problem.dimensions))
    energy = math.nan
    if truck.battery_kwh is not None:
        energy = truck.battery_kwh if truck.start_kwh is None else truck.start_kwh
    now = max(truck.shift_s[0], leave_s, _released(problem, calls, 0))
    place = truck.start
    driven = 0.0
    timely = True
    visits = [Visit("start", 0, place, now, now, now, energy, energy, tuple(load))]
    for position, (what, index, charged) in enumerate([*calls, (-1, 0, 0.0)]):
        target = _place(problem, truck, calls, position, place)
        arrive = arrival_s(travel, place, target, now)
        rule = truck.driving_rule
        if rule and driven + arrive - now > rule.driving_s + 1e-9:
            # Rest where the truck stands, before it leaves.
            last = visits[-1]
            now = max(now, last.arrive_s + rule.rest_s)
            visits[-1] = replace(last, end_s=now)
            driven = 0.0
            arrive = arrival_s(travel, place, target, now)
        driven += arrive - now
        energy -= leg_kwh(problem, truck, place, target, load)
        at_arrival = energy
        windows: Windows = ((-math.inf, math.inf),)
        standing = 0.0
        if what == STOP:
            stop = problem.stops[index]
            windows, standing = stop.windows, stop.service_s
            energy -= stop.energy_kwh + math.fsum(
                rate * amount
                for rate, amount in zip(truck.compaction_kwh_per_unit, stop.demand, strict=False)
            )
            load = [have + more for have, more in zip(load, stop.demand, strict=True)]
        elif what == SITE:
            site = problem.sites[index]
            rates = site.unload_s_per_unit or (0.0,) * len(load)
            windows = site.windows
            standing = site.unload_s + math.fsum(
                rate * amount
                for takes, rate, amount in zip(site.accepts, rates, load, strict=True)
                if takes
            )
            load = [0.0 if takes else a for takes, a in zip(site.accepts, load, strict=True)]
        elif what == CHARGER:
            charger = problem.chargers[index]
            windows = charger.windows
            full = truck.battery_kwh or 0.0
            goal = full if problem.recharge == "full" else min(full, energy + charged)
            standing = charging_s(truck, charger.technology, energy, goal)
            energy = goal
        elif what in (BREAK_HERE, BREAK_THERE):
            pause = truck.breaks[index]
            windows, standing = ((pause.earliest_s, pause.latest_s),), pause.duration_s
        else:
            windows = ((-math.inf, truck.shift_s[1] + truck.overtime_s),)
        begin = first_moment(windows, arrive)
        timely &= any(a <= begin <= b + _LATE_S for a, b in windows)
        now = begin + standing
        if what == SITE:
            now = max(now, _released(problem, calls, position + 1))
        if rule and now - arrive >= rule.rest_s - 1e-9:
            driven = 0.0
        place = target
        kind: VisitKind = "end" if what < 0 else _KINDS[what]
        visits.append(
            Visit(kind, index, place, arrive, begin, now, at_arrival, energy, tuple(load))
        )
    return Route(k, number, tuple(visits)), timely


def _place(problem: Problem, truck: TruckType, calls: Calls, position: int, here: int) -> int:
    if position == len(calls):
        return truck.end
    what, index, _ = calls[position]
    if what == STOP:
        return problem.stops[index].place
    if what == SITE:
        return problem.sites[index].place
    if what == CHARGER:
        return problem.chargers[index].place
    return here if what == BREAK_HERE else _place(problem, truck, calls, position + 1, here)


def _released(problem: Problem, calls: Calls, position: int) -> float:
    """When the trip that begins here may begin."""
    latest = -math.inf
    for what, index, _ in calls[position:]:
        if what == SITE:
            break
        if what == STOP:
            latest = max(latest, problem.stops[index].release_s)
    return latest
