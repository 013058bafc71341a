"""What a day may ask of a route beyond windows and a battery, as flat arrays."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import Arrays, padded
from optimize.routing.problem import ALWAYS, Problem, TruckType

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Columns of ``Day.truck``; MUST_EMPTY, PARTIAL_SPEED are flags. TIME_COUNTS: whether the start is
# better late, because time costs or is limited.
PER_S, PER_KWH, PER_OVERTIME, REGULAR_END, MOST_DURATION = 0, 1, 2, 3, 4
MOST_METRES, MUST_EMPTY, DRIVE_LIMIT, REST, BREAKS, TIME_COUNTS, BATTERY_FLAG = (
    5,
    6,
    7,
    8,
    9,
    10,
    11,
)
# Layers of ``Day.by_load``: consumption per unit, most of the day, load at the start.
UNIT_RATE, DAY_CAPACITY, START_LOAD = 0, 1, 2


class Day(NamedTuple):
    """Windows are by point, as in ``Arrays``; the energy of curves is counted from the reserve."""

    windows: Floats  # (points, windows, 2), filled up with (inf, -inf)
    release: Floats  # (stops,)
    accepts: Floats  # (sites, dimensions)
    unload: Floats  # (sites, 1 + dimensions)
    curve: Floats  # (types, technologies, knots, 2): energy, time; filled up with the last knot
    technology: Integers  # (chargers,)
    truck: Floats  # (types, columns)
    by_load: Floats  # (layers, types, dimensions)
    breaks: Floats  # (types, breaks, 3): earliest, latest, duration
    profile: Floats  # (moments, 2): from, factor
    near: Integers  # (points, breadth): chargers nearest to a point
    exact: int  # whether no choice is left out for being unpromising


def day_row(truck: TruckType) -> list[float]:
    """Columns of ``Day.truck``."""
    rule = truck.driving_rule
    return [
        truck.cost_per_s,
        truck.cost_per_kwh,
        truck.cost_per_overtime_s,
        truck.shift_s[1],
        truck.most_duration_s,
        truck.most_distance_m,
        float(truck.must_end_empty),
        math.inf if rule is None else rule.driving_s,
        0.0 if rule is None else rule.rest_s,
        len(truck.breaks),
        float(truck.cost_per_s > 0.0 or truck.most_duration_s < math.inf),
        float(truck.battery_kwh is not None),
    ]


def curves_of(problem: Problem) -> Floats:
    """Charging curves, all with the same number of knots."""
    kinds = max((len(t.charging) for t in problem.trucks), default=0)
    knots = max((len(c.energy_kwh) for t in problem.trucks for c in t.charging), default=2)
    curve = np.zeros((len(problem.trucks), max(kinds, 1), knots, 2))
    for k, truck in enumerate(problem.trucks):
        for q, one in enumerate(truck.charging):
            for m in range(knots):
                at = min(m, len(one.energy_kwh) - 1)
                curve[k, q, m] = one.energy_kwh[at] - truck.reserve_kwh, one.time_s[at]
    return curve


def day_of(problem: Problem, d: Arrays, breadth: int, exact: bool) -> Day:
    """Arrays of a problem; ``breadth`` chargers near each point are looked at."""
    dimensions = len(problem.dimensions)
    points = len(d.distance)
    windows = [ALWAYS] * points
    windows[: d.stops] = [s.windows for s in problem.stops]
    windows[d.stops : d.stops + d.chargers] = [c.windows for c in problem.chargers]
    if d.sites:
        windows[points - d.sites :] = [s.windows for s in problem.sites]
    most = max(len(w) for w in windows)
    table = np.empty((points, most, 2))
    table[:, :, 0], table[:, :, 1] = np.inf, -np.inf
    for i, own in enumerate(windows):
        table[i, : len(own)] = own
    breaks = np.zeros((len(problem.trucks), max(len(t.breaks) for t in problem.trucks) or 1, 3))
    for k, truck in enumerate(problem.trucks):
        for m, one in enumerate(truck.breaks):
            breaks[k, m] = one.earliest_s, one.latest_s, one.duration_s
    by_load = np.zeros((3, len(problem.trucks), dimensions))
    for k, truck in enumerate(problem.trucks):
        by_load[UNIT_RATE, k] = padded(truck.kwh_per_m_unit, dimensions)
        by_load[DAY_CAPACITY, k] = truck.day_capacity or [math.inf] * dimensions
        by_load[START_LOAD, k] = padded(truck.start_load, dimensions)
    chargers = d.distance[:, d.stops : d.stops + d.chargers]
    return Day(
        windows=table,
        release=np.array([s.release_s for s in problem.stops], dtype=np.float64),
        accepts=np.array([s.accepts for s in problem.sites], dtype=np.float64).reshape(
            d.sites, dimensions
        ),
        unload=np.array(
            [[s.unload_s, *padded(s.unload_s_per_unit, dimensions)] for s in problem.sites],
            dtype=np.float64,
        ).reshape(d.sites, 1 + dimensions),
        curve=curves_of(problem),
        technology=np.array([c.technology for c in problem.chargers], dtype=np.int64),
        truck=np.array([day_row(t) for t in problem.trucks]),
        by_load=by_load,
        breaks=breaks,
        profile=np.column_stack([problem.travel.factor_from_s, problem.travel.speed_factor]),
        near=np.argsort(chargers, axis=1, kind="stable")[:, :breadth].astype(np.int64),
        exact=int(exact),
    )
