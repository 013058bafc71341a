"""Which labelling a problem needs, and its arrays."""

from __future__ import annotations

import math

import numpy as np

from optimize.routing.core.arrays import DEVIATION, START, Arrays, arrays_of
from optimize.routing.core.day_arrays import day_of
from optimize.routing.core.day_route import new_pool
from optimize.routing.core.detours import detours_of
from optimize.routing.core.ground import Ground
from optimize.routing.core.straight_labels import WIDTH
from optimize.routing.problem import Problem, TruckType, Windows

# Neighbours known of each stop, and how many of them an absent stop may be put beside where there
# are more stops than MOST_SCANNED.
KNOWN = 500
SCANNED = 40
MOST_SCANNED = 200
# Chargers looked at near either end of a drive.
BREADTH = 4


def _one(windows: Windows) -> bool:
    return len(windows) == 1


def is_straight(problem: Problem) -> bool:
    """Whether straight labels tell the whole truth about routes of this problem."""
    shift_ends = [t.shift_s[1] + t.overtime_s for t in problem.trucks]
    return (
        not problem.sites
        and problem.travel.factor_from_s.size == 1
        and problem.travel.speed_factor[0] == 1.0
        and all(_one(s.windows) and s.release_s <= 0.0 for s in problem.stops)
        and all(
            _one(c.windows) and c.windows[0][0] <= 0.0 and c.windows[0][1] >= max(shift_ends)
            for c in problem.chargers
        )
        and all(_is_plain(problem, truck) for truck in problem.trucks)
    )


def _is_plain(problem: Problem, truck: TruckType) -> bool:
    """Whether a truck asks for nothing that straight labels do not know."""
    technologies = {c.technology for c in problem.chargers}
    curves = [truck.charging[t] for t in technologies if t < len(truck.charging)]
    return (
        not any(truck.kwh_per_m_unit)
        and not truck.breaks
        and truck.driving_rule is None
        and truck.most_duration_s == math.inf
        and (truck.most_distance_m == math.inf or truck.cost_per_m > 0.0)
        and not any(truck.start_load)
        and not truck.must_end_empty
        and truck.day_capacity is None
        and truck.cost_per_s == 0.0
        and truck.cost_per_kwh == 0.0
        and truck.cost_per_overtime_s == 0.0
        and (truck.battery_kwh is None or len(curves) == len(technologies))
        and all(len(curve.energy_kwh) == 2 for curve in curves)
        and len({curve.time_s for curve in curves}) <= 1
    )


def neighbours(d: Arrays) -> np.ndarray:
    """Other stops of each, nearest first (stops, at most KNOWN)."""
    known = min(KNOWN, d.stops - 1)
    near = np.empty((d.stops, max(known, 0)), dtype=np.int32)
    for i in range(d.stops):
        far = d.distance[i, : d.stops] + d.distance[: d.stops, i]
        far[i] = np.inf
        order = np.argsort(far, kind="stable")
        near[i] = order[:known]
    return near


def ground_of(problem: Problem, deviation: np.ndarray) -> tuple[Ground, np.ndarray]:
    """Arrays for the search, and the place of each point."""
    d, places = arrays_of(problem)
    d.pair[DEVIATION] += deviation
    straight = is_straight(problem)
    w = detours_of(d)
    y = day_of(problem, d, min(BREADTH, d.chargers) if not straight else d.chargers, False)
    pool, tags = new_pool(d)
    far = d.distance[d.ends[:, START], : d.stops].min(axis=0)
    return (
        Ground(
            d=d,
            w=w,
            y=y,
            pool=pool,
            tags=tags,
            near=neighbours(d),
            far=np.where(np.isfinite(far), far, 1e300),
            whole_days=int(not straight),
            scan=0 if d.stops <= MOST_SCANNED else SCANNED,
            thrifty=1,
        ),
        places,
    )


def columns_of(g: Ground) -> int:
    """Width of a label."""
    return g.pool.shape[1] if g.whole_days else WIDTH
