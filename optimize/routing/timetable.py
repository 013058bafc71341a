"""From an order of visits to a route with every time, energy and load: as soon as possible.

Nothing is judged here: a window missed or a battery run down shows in the figures, and it is for
the checker to say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from optimize.routing.plan import Route, Visit, VisitKind
from optimize.routing.problem import Problem, Travel, TruckType, Windows
from sim.streets.hours import SpeedProfile


@dataclass(frozen=True)
class Call:
    """A visit to be timed.

    Attributes
    ----------
    kind, index
        As in `Visit`; start and end are not called.
    energy_end_kwh
        Charge up to here; full if none.
    not_before_s
        The service begins no earlier.
    here
        Whether a break is taken before the drive to the next visit, rather than after it.
    """

    kind: VisitKind
    index: int
    energy_end_kwh: float | None = None
    not_before_s: float = -math.inf
    here: bool = True


def arrival_s(travel: Travel, start: int, end: int, leave_s: float) -> float:
    """Return when a truck that leaves `start` at a moment reaches `end`; infinite if never."""
    work = float(travel.duration_s[start, end])
    if travel.factor_from_s.size == 1 and math.isfinite(work):
        return leave_s + work / float(travel.speed_factor[0])
    profile = _profile(tuple(travel.factor_from_s.tolist()), tuple(travel.speed_factor.tolist()))
    return profile.arrival_s(leave_s, work)


@lru_cache(maxsize=16)
def _profile(from_s: tuple[float, ...], factor: tuple[float, ...]) -> SpeedProfile:
    return SpeedProfile(from_s, factor)


def leg_kwh(
    problem: Problem, truck: TruckType, start: int, end: int, load: Sequence[float]
) -> float:
    """Return the energy to drive between two places with a load on board."""
    per_m = truck.kwh_per_m + math.fsum(
        rate * amount for rate, amount in zip(truck.kwh_per_m_unit, load, strict=False)
    )
    return float(problem.travel.distance_m[start, end]) * per_m if start != end else 0.0


def charging_s(truck: TruckType, technology: int, start_kwh: float, end_kwh: float) -> float:
    """Return the time from one energy to another on a charger."""
    curve = truck.charging[technology]
    before, after = np.interp((start_kwh, end_kwh), curve.energy_kwh, curve.time_s)
    return float(after - before)


def timetable(
    problem: Problem,
    truck_type: int,
    number: int,
    calls: Sequence[Call],
    leave_s: float | None = None,
) -> Route:
    """Return the route of a truck that makes these calls as soon as it can.

    Parameters
    ----------
    leave_s
        When it leaves, at the earliest; at the begin of its shift if none. Release times of the
        first trip hold it back; those of later trips do at the site before.
    """
    truck, travel = problem.trucks[truck_type], problem.travel
    load = list(truck.start_load or (0.0,) * len(problem.dimensions))
    energy = math.nan
    if truck.battery_kwh is not None:
        energy = truck.battery_kwh if truck.start_kwh is None else truck.start_kwh
    now = truck.shift_s[0] if leave_s is None else leave_s
    now = max(now, _released_s(problem, calls))
    place = truck.start
    visits = [Visit("start", 0, place, now, now, now, energy, energy, tuple(load))]
    for position, call in enumerate(calls):
        target = _place(problem, truck, calls, position, place)
        arrive = arrival_s(travel, place, target, now)
        energy -= leg_kwh(problem, truck, place, target, load)
        at_arrival = energy
        begin = max(arrive, call.not_before_s)
        standing = 0.0
        if call.kind == "stop":
            stop = problem.stops[call.index]
            begin = first_moment(stop.windows, begin)
            standing = stop.service_s
            energy -= stop.energy_kwh + math.fsum(
                rate * amount
                for rate, amount in zip(truck.compaction_kwh_per_unit, stop.demand, strict=False)
            )
            load = [have + more for have, more in zip(load, stop.demand, strict=True)]
        elif call.kind == "site":
            site = problem.sites[call.index]
            begin = first_moment(site.windows, begin)
            rates = site.unload_s_per_unit or (0.0,) * len(load)
            emptied = zip(site.accepts, rates, load, strict=True)
            standing = site.unload_s + math.fsum(rate * a for takes, rate, a in emptied if takes)
            load = [0.0 if takes else a for takes, a in zip(site.accepts, load, strict=True)]
        elif call.kind == "charger":
            charger = problem.chargers[call.index]
            begin = first_moment(charger.windows, begin)
            wanted = call.energy_end_kwh
            goal = (truck.battery_kwh or 0.0) if wanted is None else wanted
            standing = charging_s(truck, charger.technology, energy, goal)
            energy = goal
        elif call.kind == "break":
            begin = max(begin, truck.breaks[call.index].earliest_s)
            standing = truck.breaks[call.index].duration_s
        now = begin + standing
        if call.kind == "site":
            now = max(now, _released_s(problem, calls[position + 1 :]))
        place = target
        visits.append(
            Visit(call.kind, call.index, place, arrive, begin, now, at_arrival, energy, tuple(load))
        )
    arrive = arrival_s(travel, place, truck.end, now)
    energy -= leg_kwh(problem, truck, place, truck.end, load)
    visits.append(Visit("end", 0, truck.end, arrive, arrive, arrive, energy, energy, tuple(load)))
    return Route(truck_type, number, tuple(visits))


def first_moment(windows: Windows, moment_s: float) -> float:
    """Return the first moment inside a window from `moment_s` on; `moment_s` if all are over."""
    for begin, end in windows:
        if moment_s <= end:
            return max(moment_s, begin)
    return moment_s


def _place(
    problem: Problem, truck: TruckType, calls: Sequence[Call], position: int, here: int
) -> int:
    call = calls[position]
    if call.kind == "stop":
        return problem.stops[call.index].place
    if call.kind == "site":
        return problem.sites[call.index].place
    if call.kind == "charger":
        return problem.chargers[call.index].place
    if call.here:
        return here
    if position + 1 == len(calls):
        return truck.end
    return _place(problem, truck, calls, position + 1, here)


def _released_s(problem: Problem, calls: Sequence[Call]) -> float:
    """Return when the trip that these calls begin with may begin."""
    latest = -math.inf
    for call in calls:
        if call.kind == "site":
            break
        if call.kind == "stop":
            latest = max(latest, problem.stops[call.index].release_s)
    return latest
