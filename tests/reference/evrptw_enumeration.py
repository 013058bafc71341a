"""All that can be driven, for a handful of customers with full recharging: the exact optimum.

Written for tests alone, on plain lists and without anything of the project: labels of a path are
(distance, time, energy), and one falls to another of the same customers and the same last node
that is nowhere worse.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from optimize.routing.problem import Problem

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Path:
    """Nodes as (kind, index) after the depot, and where they lead to."""

    distance: float
    time: float
    energy: float
    nodes: tuple[tuple[str, int], ...]


def cheapest_routes(problem: Problem) -> dict[int, tuple[float, tuple[tuple[str, int], ...]]]:
    """Return, for each set of customers as bits, the shortest route that serves it."""
    truck = problem.trucks[0]
    full = truck.battery_kwh or 0.0
    rate = truck.charging[0].time_s[-1] / full
    distance, duration = problem.travel.distance_m.tolist(), problem.travel.duration_s.tolist()
    close = truck.shift_s[1]
    labels: dict[tuple[int, int], list[Path]] = defaultdict(list)
    best: dict[int, tuple[float, tuple[tuple[str, int], ...]]] = {}
    queue = [(0, truck.start, Path(0.0, truck.shift_s[0], full, ()))]

    def go(met: int, place: int, path: Path, at: int) -> tuple[float, float, float] | None:
        leg = distance[place][at]
        energy = path.energy - truck.kwh_per_m * leg
        if energy < -_TOLERANCE:
            return None
        return path.distance + leg, path.time + duration[place][at], energy

    def keep(met: int, place: int, path: Path) -> None:
        known = labels[met, place]
        for other in known:
            if (
                other.distance <= path.distance + 1e-12
                and other.time <= path.time + 1e-12
                and other.energy >= path.energy - 1e-12
            ):
                return
        known.append(path)
        queue.append((met, place, path))

    while queue:
        met, place, path = queue.pop()
        home = go(met, place, path, truck.end)
        if met and home is not None and home[1] <= close + _TOLERANCE:
            old = best.get(met, (math.inf, ()))
            if home[0] < old[0]:
                best[met] = (home[0], path.nodes)
        for k, stop in enumerate(problem.stops):
            load = sum(s.demand[0] for j, s in enumerate(problem.stops) if (met | 1 << k) >> j & 1)
            if met >> k & 1 or load > truck.capacity[0]:
                continue
            there = go(met, place, path, stop.place)
            begin, end = stop.windows[0]
            if there is None or there[1] > end + _TOLERANCE:
                continue
            time = max(there[1], begin) + stop.service_s
            keep(
                met | 1 << k, stop.place,
                Path(there[0], time, there[2], (*path.nodes, ("stop", k))),
            )  # fmt: skip
        for k, charger in enumerate(problem.chargers):
            there = go(met, place, path, charger.place)
            begin, end = charger.windows[0]
            if charger.place == place or there is None or there[1] > end + _TOLERANCE:
                continue
            time = max(there[1], begin) + rate * (full - there[2])
            keep(
                met, charger.place,
                Path(there[0], time, full, (*path.nodes, ("charger", k))),
            )  # fmt: skip
    return best


def best_set(
    problem: Problem, routes: dict[int, tuple[float, tuple[tuple[str, int], ...]]], trucks: bool
) -> tuple[float, float, list[int]]:
    """Return (routes, distance, the sets) of the best way to serve everybody.

    With `trucks` as few routes as possible, then distance; otherwise distance only.
    """
    everybody = (1 << len(problem.stops)) - 1
    found: dict[int, tuple[tuple[float, float], list[int]]] = {0: ((0.0, 0.0), [])}
    for met in range(1, everybody + 1):
        low = met & -met
        best: tuple[tuple[float, float], list[int]] | None = None
        part = met
        while part:
            if part & low and part in routes and met ^ part in found:
                (count, length), sets = found[met ^ part]
                key = ((count + 1.0) if trucks else 0.0, length + routes[part][0])
                if best is None or key < best[0]:
                    best = (key, [*sets, part])
            part = (part - 1) & met
        if best is not None:
            found[met] = best
    (_, length), sets = found[everybody]
    return float(len(sets)), length, sets
