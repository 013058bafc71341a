"""Cheapest routes through every set of stops, by straight labels at each set and last stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    CAPACITY,
    DEMAND,
    DEVIATION,
    END,
    END_ENERGY,
    FIXED,
    LATEST,
    MOST_COST,
    MOST_STOPS,
    PER_M,
    SHIFT_FROM,
    SHIFT_TO,
    START,
    START_ENERGY,
    Arrays,
)
from optimize.routing.core.detours import Detours
from optimize.routing.core.straight_labels import TOLERANCE, WIDTH, forward, meet
from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled
def label_sets(
    d: Arrays,
    w: Detours,
    k: int,
    ceiling: float,
    least: Floats,
    way: Floats,
    room: int,
    in_one: int,
) -> tuple[Floats, Integers, NDArray[np.int32], NDArray[np.int8], bool]:
    """Cheapest cost of each set of stops for a truck of type k.

    Parameters
    ----------
    ceiling
        A plan of this cost is known; what cannot be part of a cheaper one is not looked at.
    least
        What each stop costs at least in any plan.
    way
        Least cost from each stop (and, last, the start or the end) to each stop (and the end), by
        chargers or not; not used if a stop may be left out.
    room
        Labels kept at each set and last stop.
    in_one
        Whether only routes that can go on to serve all stops matter.

    Returns
    -------
    cost, final
        By set (as bits): cost and last label.
    parent, stop
        Of each label.
    complete
        Whether there was room for all labels; if not, the costs may be too high.
    """
    n = d.stops
    sets = 1 << n
    cost = np.full(sets, np.inf)
    final = np.full(sets, -1)
    rest = np.zeros(sets)
    for s in range(sets):
        for c in range(n):
            if not (s >> c) & 1:
                rest[s] += least[c]
    fits = np.ones(sets, dtype=np.bool_)
    for q in range(d.stop.shape[1] - DEMAND):
        load = np.zeros(sets)
        for s in range(1, sets):
            c = 0
            while not (s >> c) & 1:
                c += 1
            load[s] = load[s & (s - 1)] + d.stop[c, DEMAND + q]
            limit = d.truck[k, CAPACITY + q] * (1.0 + TOLERANCE) + TOLERANCE
            if load[s] > limit:
                fits[s] = False
    parent = np.empty(1 << 16, dtype=np.int32)
    stop = np.empty(1 << 16, dtype=np.int8)
    used = 0
    complete = True
    # The present layer: sets of the same size, with their last stops.
    rows = 1
    labels = np.zeros((3, room, WIDTH))
    members = np.zeros(1, dtype=np.int64)
    lasts = np.full(1, -1)
    counts = np.ones(1, dtype=np.int64)
    labels[0, 0, 0] = d.truck[k, FIXED]
    labels[0, 0, 1] = d.truck[k, SHIFT_FROM]
    labels[0, 0, 2] = d.truck[k, START_ENERGY]
    labels[0, 0, 4] = -1.0
    made_members = np.zeros(1024, dtype=np.int64)
    made_lasts = np.zeros(1024, dtype=np.int64)
    row_at = np.full((sets, n), -1, dtype=np.int32)
    ceiling_route = d.truck[k, MOST_COST] + d.truck[k, FIXED] + TOLERANCE
    for size in range(n + 1):
        # Rows of the next layer.
        more = 0
        for r in range(rows):
            if counts[r] == 0:
                continue
            for c in range(n):
                s = members[r] | (1 << c)
                if s == members[r] or row_at[s, c] >= 0 or size >= d.truck[k, MOST_STOPS]:
                    continue
                if d.pair[DEVIATION, k, c] == np.inf:
                    continue
                if fits[s]:
                    row_at[s, c] = more
                    if more == len(made_members):
                        made_members = np.concatenate((made_members, made_members))
                        made_lasts = np.concatenate((made_lasts, made_lasts))
                    made_members[more] = s
                    made_lasts[more] = c
                    more += 1
        following = np.empty((more + 2, room, WIDTH))
        next_members = made_members[:more].copy()
        next_lasts = made_lasts[:more].copy()
        next_counts = np.zeros(more, dtype=np.int64)
        tops = np.full(more, np.nan)
        # Two rows at the end serve to finish a route.
        trial, home = more, more + 1
        following[home, 0, 0] = 0.0
        following[home, 0, 1] = d.truck[k, END_ENERGY]
        following[home, 0, 2] = d.truck[k, SHIFT_TO]
        following[home, 0, 3] = np.inf
        for r in range(rows):
            if counts[r] == 0:
                continue
            s, last = members[r], lasts[r]
            i = d.ends[k, START] if last < 0 else last
            for m in range(counts[r]):
                if used == len(parent):
                    parent = np.concatenate((parent, np.empty(used, dtype=np.int32)))
                    stop = np.concatenate((stop, np.empty(used, dtype=np.int8)))
                parent[used] = int(labels[r, m, 4])
                stop[used] = last
                labels[r, m, 4] = used
                used += 1
                if last >= 0:
                    for f in range(WIDTH):
                        following[trial, 0, f] = labels[r, m, f]
                    bound = min(ceiling_route, cost[s])
                    whole = meet(
                        d, w, k, i, d.ends[k, END], 0.0, following, trial, 1, home, 1, bound
                    )
                    if whole < bound:
                        cost[s] = whole
                        final[s] = used - 1
            if in_one != 0 and is_late(d, labels, r, counts[r], i, s):
                continue
            for c in range(n):
                t = s | (1 << c)
                if t == s or row_at[t, c] < 0:
                    continue
                to = row_at[t, c]
                if np.isnan(tops[to]):
                    home_cost = d.distance[c, d.ends[k, END]] * d.truck[k, PER_M]
                    onward = home_cost + rest[t]
                    if ceiling < np.inf and len(way) > 0:
                        onward = max(onward, least_onward(way, t, c))
                    tops[to] = min(ceiling_route, ceiling - onward + 1e-7)
                top = tops[to]
                next_counts[to] = extend(
                    d, w, k, i, c, labels, r, counts[r], following, to, next_counts[to], top
                )
                if next_counts[to] >= room:
                    complete = False
        for r in range(more):
            row_at[next_members[r], next_lasts[r]] = -1
        labels, members, lasts, counts = following, next_members, next_lasts, next_counts
        rows = more
        if rows == 0:
            break
    return cost, final, parent[:used], stop[:used], complete


@compiled
def least_onward(way: Floats, members: int, last: int) -> float:
    """Return what it costs at least to serve all stops outside a set and to end every route.

    What is left of a plan connects those stops, the last one served and the depot, so a spanning
    tree of them costs no more (Prim 1957); nor does the cheapest way into each.
    """
    n = len(way) - 1
    tree, into = 0.0, np.inf
    # Some stop, or the last one, is followed by the end.
    for c in range(n):
        if c == last or not (members >> c) & 1:
            into = min(into, way[c, n])
    near = np.empty(n + 1)
    done = np.zeros(n + 1, dtype=np.bool_)
    for c in range(n + 1):
        near[c] = min(way[last, c], way[c, last])
        done[c] = c < n and (members >> c) & 1 == 1
    while True:
        best = -1
        for c in range(n + 1):
            if not done[c] and (best < 0 or near[c] < near[best]):
                best = c
        if best < 0:
            break
        done[best] = True
        tree += near[best]
        if best < n:
            least = min(way[n, best], way[last, best])
            for c in range(n):
                if not (members >> c) & 1 and c != best:
                    least = min(least, way[c, best])
            into += least
        for c in range(n + 1):
            near[c] = min(near[c], way[best, c], way[c, best])
    return max(tree, into)


@compiled
def is_late(d: Arrays, labels: Floats, row: int, count: int, i: int, members: int) -> bool:
    """Whether some stop outside a set can no longer be reached in time from point i."""
    time = np.inf
    for m in range(count):
        time = min(time, labels[row, m, 1])
    for c in range(d.stops):
        if not (members >> c) & 1 and time + d.duration[i, c] > d.stop[c, LATEST] + TOLERANCE:
            return True
    return False


@compiled
def extend(
    d: Arrays,
    w: Detours,
    k: int,
    i: int,
    c: int,
    labels: Floats,
    row: int,
    count: int,
    following: Floats,
    to: int,
    found: int,
    ceiling: float,
) -> int:
    """Labels at stop c from those in a row of the layer before."""
    # ``forward`` reads and writes one array: one label after another passes through the trial row.
    trial = len(following) - 2
    for m in range(count):
        for f in range(WIDTH):
            following[trial, 0, f] = labels[row, m, f]
        found = forward(d, w, k, i, c, following, trial, 1, to, ceiling, found)
    return found


@compiled
def cheapest_partition(
    costs: Floats, counts: Integers, penalty: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Cheapest way to share all stops out among trucks, by dynamic programming over sets.

    Parameters
    ----------
    costs
        By type and set.
    counts
        Trucks of each type.
    penalty
        Of leaving each stop out.

    Returns
    -------
    best
        Cost of each set after each layer (layers, sets); the first layer leaves all out. Each
        truck of a type is one layer, except that unlimited ones (as many as stops) share a layer.
    taken
        The set given to that layer's truck (layers, sets), 0 if none.
    types
        Type of each layer.
    """
    kinds, sets = costs.shape
    n = len(penalty)
    layers = 1
    for k in range(kinds):
        layers += 1 if counts[k] >= n else int(counts[k])
    best = np.full((layers, sets), np.inf)
    taken = np.zeros((layers, sets), dtype=np.int64)
    types = np.full(layers, -1)
    for s in range(sets):
        total = 0.0
        for c in range(n):
            if (s >> c) & 1:
                total += penalty[c]
        best[0, s] = total
    layer = 0
    for k in range(kinds):
        repeated = counts[k] >= n
        for _ in range(1 if repeated else counts[k]):
            layer += 1
            types[layer] = k
            source = layer if repeated else layer - 1
            for s in range(sets):
                best[layer, s] = best[layer - 1, s]
                t = s
                while t > 0:
                    cost = costs[k, t]
                    if cost < np.inf and cost + best[source, s ^ t] < best[layer, s]:
                        best[layer, s] = cost + best[source, s ^ t]
                        taken[layer, s] = t
                    t = (t - 1) & s
    return best, taken, types
