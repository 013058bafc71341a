"""A problem as flat arrays, for compiled code.

Few arrays with named columns rather than many: what is passed between compiled functions is
copied and reference-counted array by array.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimize.routing.problem import Problem, Stop, TruckType

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Stands for "as many as wanted" in counts.
MANY = 1 << 40

# Columns of ``Arrays.stop``; the demand begins at DEMAND.
SERVICE, EARLIEST, LATEST, PENALTY, REQUIRED, DEMAND = 0, 1, 2, 3, 4, 5
# Columns of ``Arrays.truck``; the capacity begins at CAPACITY. PACE: seconds of charging per unit
# of energy. MOST_COST: of the distance of one route.
BATTERY, START_ENERGY, END_ENERGY, RATE, PACE = 0, 1, 2, 3, 4
FIXED, PER_M, SHIFT_FROM, SHIFT_TO, MOST_COST, MOST_STOPS, CAPACITY = 5, 6, 7, 8, 9, 10, 11
# Columns of ``Arrays.ends``.
START, END, COUNT = 0, 1, 2
# Layers of ``Arrays.pair``: what it draws from the battery, and what it costs by deviation, if a
# type serves a stop; infinite if it must not.
WORK, DEVIATION = 0, 1


class Arrays(NamedTuple):
    """Points are the stops, then the chargers, then every place where a truck starts or ends, then
    disposal sites.

    Energies are counted from the truck's reserve, so that an empty battery is always 0, and the
    energy a stop draws is counted with the arc into it.
    """

    stops: int
    chargers: int
    timed: int
    electric: int
    full: int
    sites: int
    distance: Floats  # (points, points)
    duration: Floats  # (points, points)
    stop: Floats  # (stops, columns)
    truck: Floats  # (types, columns)
    ends: Integers  # (types, columns)
    pair: Floats  # (layers, types, stops)


def points_of(problem: Problem) -> tuple[Integers, Integers]:
    """Place of each point; start and end of each type as points.

    Stops come first, then chargers, distinct places of starts and ends, and sites.
    """
    places = [stop.place for stop in problem.stops]
    places += [charger.place for charger in problem.chargers]
    known: dict[int, int] = {}
    for truck in problem.trucks:
        for place in (truck.start, truck.end):
            if place not in known:
                known[place] = len(places)
                places.append(place)
    places += [site.place for site in problem.sites]
    ends = [
        (known[truck.start], known[truck.end], MANY if truck.count is None else truck.count)
        for truck in problem.trucks
    ]
    return np.array(places, dtype=np.int64), np.array(ends, dtype=np.int64)


def pace_of(truck: TruckType, problem: Problem) -> float:
    """Seconds per unit of energy on a charger with a straight curve; 0 if it takes no time."""
    if truck.battery_kwh is not None:
        for charger in problem.chargers:
            curve = truck.charging[charger.technology]
            return curve.time_s[-1] / curve.energy_kwh[-1]
    return 0.0


def kwh_of_stop(stop: Stop, truck: TruckType) -> float:
    """Energy drawn at a stop by this type."""
    if truck.battery_kwh is None:
        return 0.0
    rates = truck.compaction_kwh_per_unit
    return stop.energy_kwh + sum(r * q for r, q in zip(rates, stop.demand, strict=False))


def padded(values: tuple[float, ...], length: int) -> list[float]:
    """Filled up with zeros."""
    return [*values, *[0.0] * (length - len(values))]


def truck_row(truck: TruckType, problem: Problem) -> list[float]:
    """Columns of ``Arrays.truck``."""
    battery = start = math.inf
    end = 0.0
    if truck.battery_kwh is not None:
        full = truck.battery_kwh if truck.start_kwh is None else truck.start_kwh
        battery = truck.battery_kwh - truck.reserve_kwh
        start = full - truck.reserve_kwh
        end = max(0.0, truck.end_kwh - truck.reserve_kwh)
    return [
        battery,
        start,
        end,
        truck.kwh_per_m if truck.battery_kwh is not None else 0.0,
        pace_of(truck, problem),
        truck.cost_fixed,
        truck.cost_per_m,
        truck.shift_s[0],
        truck.shift_s[1] + truck.overtime_s,
        # No limit is no limit, even where distance costs nothing.
        math.inf if math.isinf(truck.most_distance_m) else truck.most_distance_m * truck.cost_per_m,
        math.inf if truck.most_stops is None else truck.most_stops,
        *padded(truck.capacity, len(problem.dimensions)),
    ]


def arrays_of(problem: Problem) -> tuple[Arrays, Integers]:
    """Flat arrays of a problem, and the place of each point.

    What only the labelling of whole days knows is not among them.
    """
    places, ends = points_of(problem)
    stops, trucks = problem.stops, problem.trucks
    grid = np.ix_(places, places)
    distance = np.ascontiguousarray(problem.travel.distance_m[grid], dtype=np.float64)
    duration = np.ascontiguousarray(problem.travel.duration_s[grid], dtype=np.float64)
    timed = (
        any(pace_of(truck, problem) > 0.0 for truck in trucks)
        or any(stop.windows[0][0] > 0.0 or stop.windows[-1][1] < math.inf for stop in stops)
        or any(truck.shift_s[1] < math.inf for truck in trucks)
    )
    if not timed:
        duration = np.zeros_like(duration)
    stop = [
        [
            s.service_s if timed else 0.0,
            s.windows[0][0],
            s.windows[-1][1],
            s.penalty,
            float(math.isinf(s.penalty)),
            *padded(s.demand, len(problem.dimensions)),
        ]
        for s in stops
    ]
    pair = np.zeros((2, len(trucks), len(stops)))
    pair[WORK] = [[kwh_of_stop(s, t) for s in stops] for t in trucks]
    pair[DEVIATION] = [
        [0.0 if s.truck_types is None or k in s.truck_types else math.inf for s in stops]
        for k in range(len(trucks))
    ]
    return (
        Arrays(
            stops=len(stops),
            chargers=len(problem.chargers),
            timed=int(timed),
            electric=int(
                any(t.battery_kwh is not None for t in trucks) and len(problem.chargers) > 0
            ),
            full=int(problem.recharge == "full"),
            sites=len(problem.sites),
            distance=distance,
            duration=duration,
            stop=np.array(stop, dtype=np.float64).reshape(len(stops), -1),
            truck=np.array([truck_row(t, problem) for t in trucks]),
            ends=ends,
            pair=pair,
        ),
        places,
    )
