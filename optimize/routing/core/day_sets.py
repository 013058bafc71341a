"""Cheapest days through every set of stops, whatever a day may hold."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import DEMAND, DEVIATION, END, MOST_STOPS
from optimize.routing.core.day_arrays import DAY_CAPACITY
from optimize.routing.core.day_dominance import COST, dominates
from optimize.routing.core.day_labels import DEPTH, PARENT, WHAT, advance, begin_day
from optimize.routing.core.day_step import BEGIN
from optimize.routing.core.ground import Ground

Floats = NDArray[np.float64]


def _undominated(g: Ground, k: int, rows: Floats) -> list[int]:
    """Indices of rows that no other beats."""
    kept: list[int] = []
    for m in range(len(rows)):
        if any(dominates(g.y, k, rows, a, m) for a in kept):
            continue
        kept = [a for a in kept if not dominates(g.y, k, rows, m, a)]
        kept.append(m)
    return kept


def day_sets(
    g: Ground, clock: Callable[[], float], deadline: float, cancelled: Callable[[], bool] | None
) -> tuple[Floats, list[Callable[[int], tuple[int, ...]]]]:
    """Cheapest cost by type and set of stops, and what gives the order of a set."""
    costs: list[Floats] = []
    orders: list[Callable[[int], tuple[int, ...]]] = []
    for k in range(len(g.d.truck)):
        cost, order = _sets_of(g, k)
        costs.append(cost)
        orders.append(order.__getitem__)
    return np.array(costs), orders


def _sets_of(g: Ground, k: int) -> tuple[Floats, list[tuple[int, ...]]]:
    d, n = g.d, g.d.stops
    y = g.y._replace(
        exact=1,
        near=np.tile(np.arange(d.chargers, dtype=np.int64), (len(d.distance), 1)),
    )
    releases = np.unique(y.release)
    promises = releases if releases.max() > 0.0 else np.empty(0)
    coming = np.full(max(1, d.stop.shape[1] - DEMAND), math.inf)
    cost = np.full(1 << n, math.inf)
    order: list[tuple[int, ...]] = [()] * (1 << n)
    high = begin_day(d, y, k, g.pool, g.tags, promises, len(promises))
    layer: dict[tuple[int, int], tuple[Floats, list[tuple[int, ...]]]] = {
        (0, -1): (g.pool[:high].copy(), [()] * high)
    }
    for size in range(n + 1):
        following: dict[tuple[int, int], tuple[list[Floats], list[tuple[int, ...]]]] = {}
        for (members, _), (rows, paths) in layer.items():
            kept = _undominated(g, k, rows)
            for c in [-1, *range(n)]:
                if c >= 0 and (members >> c & 1 or size >= d.truck[k, MOST_STOPS]):
                    continue
                if (c < 0 and size == 0) or (c >= 0 and not _allowed(g, k, members | 1 << c, c)):
                    continue
                g.pool[: len(kept)] = rows[kept]
                g.tags[: len(kept)] = 0
                g.tags[: len(kept), PARENT] = -1
                g.tags[: len(kept), WHAT] = BEGIN
                g.tags[: len(kept), DEPTH] = 0
                j = c if c >= 0 else int(d.ends[k, END])
                low, high = advance(
                    d, y, k, g.pool, g.tags, 0, len(kept), j, c, coming, math.inf,
                    promises, len(promises),
                )  # fmt: skip
                for row in range(low, high):
                    if g.pool[row, COST] == math.inf:
                        continue
                    at = row
                    while g.tags[at, PARENT] >= 0:
                        at = int(g.tags[at, PARENT])
                    path = paths[kept[at]]
                    if c < 0:
                        if g.pool[row, COST] < cost[members]:
                            cost[members] = g.pool[row, COST]
                            order[members] = path
                    else:
                        there = following.setdefault((members | 1 << c, c), ([], []))
                        there[0].append(g.pool[row].copy())
                        there[1].append((*path, c))
        layer = {key: (np.array(rows), paths) for key, (rows, paths) in following.items()}
    for members in range(1 << n):
        for c in range(n):
            if members >> c & 1:
                cost[members] += d.pair[DEVIATION, k, c]
    return cost, order


def _allowed(g: Ground, k: int, members: int, c: int) -> bool:
    """Whether a truck of type k may serve stop c and take on all of a set in a day."""
    d = g.d
    if d.pair[DEVIATION, k, c] == math.inf:
        return False
    chosen = [e for e in range(d.stops) if members >> e & 1]
    load = d.stop[chosen, DEMAND:].sum(axis=0)
    return bool((load <= g.y.by_load[DAY_CAPACITY, k] * (1.0 + 1e-9) + 1e-9).all())
