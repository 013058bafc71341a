"""Renewing a route and trying an insertion where whole days are labelled.

There are no backward labels: a trial goes on from the labels before the insertion to the end.
"""

from __future__ import annotations

import numpy as np

from optimize.routing.core.arrays import DEMAND, END
from optimize.routing.core.day_dominance import COST, TIME
from optimize.routing.core.day_labels import (
    DEPTH,
    PARENT,
    WHAT,
    WHICH,
    advance,
    begin_day,
    find_promises,
    least_need,
)
from optimize.routing.core.day_route import MOST_PROMISES
from optimize.routing.core.day_step import BEGIN
from optimize.routing.core.ground import Ground
from optimize.routing.core.state import NEXT, State
from sim.kernel.compiled import compiled

# Labels gone on with from each stop, and how many of them for being early.
MOST_GATHERED = 8
EARLIEST_GATHERED = 2


@compiled
def load_row(g: Ground, s: State, i: int) -> int:
    """Put the labels kept for node i into the pool. Returns how many."""
    for m in range(s.count[i]):
        for f in range(s.label.shape[2]):
            g.pool[m, f] = s.label[i, m, f]
        g.tags[m, PARENT] = -1
        g.tags[m, WHAT] = BEGIN
        g.tags[m, WHICH] = 0
        g.tags[m, DEPTH] = 0
    return int(s.count[i])


@compiled
def store_row(g: Ground, s: State, low: int, high: int, i: int) -> None:
    """Keep the labels of rows low to high for node i, cheapest first, as many as there is room."""
    count = 0
    early = np.inf
    for row in range(low, high):
        cost = g.pool[row, COST]
        if cost == np.inf:
            continue
        at = count
        while at > 0 and s.label[i, at - 1, COST] > cost:
            at -= 1
        room = s.label.shape[1]
        if at >= room:
            continue
        if count == room:
            count -= 1
        for m in range(count, at, -1):
            for f in range(s.label.shape[2]):
                s.label[i, m, f] = s.label[i, m - 1, f]
        for f in range(s.label.shape[2]):
            s.label[i, at, f] = g.pool[row, f]
        count += 1
        early = min(early, g.pool[row, TIME])
    s.count[i] = count
    s.span[i] = early


@compiled
def gather(g: Ground, low: int, high: int) -> int:
    """Move the most promising of rows low to high to the beginning. Returns how many.

    The cheapest ones, and the earliest of the others: many labels of a day differ little, and
    the final plan is labelled with all of them.
    """
    room = min(MOST_GATHERED, len(g.pool) - high)
    alive = 0
    for turn in range(room):
        column = COST if turn < room - EARLIEST_GATHERED else TIME
        best = -1
        for row in range(low, high):
            if g.pool[row, COST] < np.inf and (
                best < 0 or g.pool[row, column] < g.pool[best, column]
            ):
                best = row
        if best < 0:
            break
        for f in range(g.pool.shape[1]):
            g.pool[high + alive, f] = g.pool[best, f]
        g.pool[best, COST] = np.inf
        alive += 1
    for row in range(alive):
        for f in range(g.pool.shape[1]):
            g.pool[row, f] = g.pool[high + row, f]
        g.tags[row, DEPTH] = 0
    return alive


@compiled
def follow(
    g: Ground,
    s: State,
    r: int,
    k: int,
    first: int,
    extra: int,
    rest: int,
    ceiling: float,
    keep: int,
) -> float:
    """Label from after node ``first`` on: stop ``extra`` if not negative, then nodes from ``rest``.

    Returns the least cost of the route, or ``ceiling`` if it is none less. With ``keep`` the labels
    are kept for each node.
    """
    d, y = g.d, g.y
    n = d.stops
    last = n + len(s.route) + r
    upcoming = np.empty(n + 1, dtype=np.int64)
    many = 0
    if extra >= 0:
        upcoming[0] = extra
        many = 1
    i = rest
    while i != last:
        upcoming[many] = i
        many += 1
        i = s.node[i, NEXT]
    dimensions = d.stop.shape[1] - DEMAND
    coming = np.zeros(max(1, dimensions))
    for m in range(many):
        for q in range(dimensions):
            coming[q] += d.stop[upcoming[m], DEMAND + q]
    promises = np.empty(MOST_PROMISES)
    released = y.release.max() > 0.0
    low = 0
    if first >= n and first < n + len(s.route):
        count = find_promises(y, upcoming, 0, many, promises) if released else 0
        high = begin_day(d, y, k, g.pool, g.tags, promises, count)
        if keep:
            store_row(g, s, 0, high, first)
    else:
        high = load_row(g, s, first)
    for m in range(many + 1):
        c = upcoming[m] if m < many else -1
        j = c if c >= 0 else d.ends[k, END]
        count = find_promises(y, upcoming, m, many, promises) if released else 0
        need = least_need(d, y, k, upcoming, m, many)
        low, high = advance(d, y, k, g.pool, g.tags, low, high, j, c, coming, need, promises, count)
        least = np.inf
        for row in range(low, high):
            if g.pool[row, COST] >= ceiling:
                g.pool[row, COST] = np.inf
            least = min(least, g.pool[row, COST])
        if least == np.inf:
            return ceiling
        if c < 0:
            return least
        low, high = 0, gather(g, low, high)
        if keep:
            store_row(g, s, low, high, c)
        for q in range(dimensions):
            coming[q] -= d.stop[c, DEMAND + q]
    return ceiling
