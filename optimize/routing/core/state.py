"""Routes while they are searched: linked stops, their labels, and what undoes a change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    DEMAND,
    END,
    END_ENERGY,
    FIXED,
    MANY,
    PENALTY,
    REQUIRED,
    SHIFT_FROM,
    SHIFT_TO,
    START,
    START_ENERGY,
    Arrays,
)
from optimize.routing.core.straight_labels import MOST_LABELS, WIDTH
from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Columns of ``State.node``.
NEXT, PREVIOUS, ROUTE, POINT, OLD_NEXT = 0, 1, 2, 3, 4
# Columns of ``State.route``; TOUCHED lists routes, whatever the row.
SIZE, KIND, IS_TOUCHED, OLD_SIZE, OLD_KIND, TOUCHED = 0, 1, 2, 3, 4, 5
# Columns of ``State.sums``; loads begin at LOAD, old ones behind them.
COST, OLD_COST, LOAD = 0, 1, 2
# Columns of ``State.stop``: absent ones (a list, whatever the row), those before the change, and
# how often each was absent.
ABSENT, OLD_ABSENT, MISSES = 0, 1, 2
# Entries of ``State.number``.
ABSENTEES, TOUCHES, ROUTES, LIMIT, BEST_ROUTES, BEST_ABSENT = 0, 1, 2, 3, 4, 5
# Labels kept at a node where whole days are labelled.
MOST_DAY_LABELS = 8

# Entries of ``State.total``.
TOTAL, BEST_TOTAL = 0, 1


class State(NamedTuple):
    """Nodes are the stops, then a start for each route, then an end for each route.

    Labels belong to nodes, so inserting a stop leaves those of others where they are. Rows of
    ``label``: forward labels by node, backward labels by node, the same as before the change,
    and one for trials.
    """

    node: Integers  # (nodes, columns)
    label: Floats  # (4 nodes + 1, labels, 4)
    count: Integers  # type: ignore[assignment]  # of labels, by row
    span: Floats  # by row: earliest time of forward labels, latest of backward ones
    route: Integers  # (routes, columns)
    sums: Floats  # (routes, columns)
    stop: Integers  # (stops + 1, columns)
    left: Integers  # trucks left of each type
    number: Integers
    total: Floats
    best: Integers  # best solution: truck type, stops, -1, ... ended by -2
    random: NDArray[np.uint64]


def state_of(d: Arrays, seed: int, most_routes: int, columns: int) -> State:
    """Nothing served yet."""
    n = d.stops
    trucks = d.ends[:, 2]
    routes = max(1, min(n, most_routes, int(min(trucks.sum(), MANY))))
    nodes = n + 2 * routes
    node = np.full((nodes, 5), -1)
    node[:n, POINT] = np.arange(n)
    route = np.zeros((routes, 6), dtype=np.int64)
    route[:, [KIND, OLD_KIND]] = -1
    stop = np.zeros((n + 1, 3), dtype=np.int64)
    stop[:, ABSENT] = np.arange(n + 1)
    optional = d.stop[:, REQUIRED] == 0.0
    return State(
        node=node,
        label=np.zeros(
            (4 * nodes + 1, MOST_LABELS if columns == WIDTH else MOST_DAY_LABELS, columns)
        ),
        count=np.zeros(4 * nodes + 1, dtype=np.int64),
        span=np.zeros(4 * nodes + 1),
        route=route,
        sums=np.zeros((routes, 2 + 2 * (d.stop.shape[1] - DEMAND))),
        stop=stop,
        left=trucks.copy(),
        number=np.array([n, 0, 0, routes, 0, MANY], dtype=np.int64),
        total=np.array([d.stop[optional, PENALTY].sum(), np.inf]),
        best=np.full(2 * n + 2 * routes + 4, -2),
        random=np.array([seed * 0x9E3779B97F4A7C15 % 2**64], dtype=np.uint64),
    )


@compiled
def copy_labels(s: State, source: int, target: int) -> None:
    """Copy a row of labels."""
    s.count[target] = s.count[source]
    s.span[target] = s.span[source]
    for m in range(s.count[source]):
        for f in range(s.label.shape[2]):
            s.label[target, m, f] = s.label[source, m, f]


@compiled
def touch(d: Arrays, s: State, r: int) -> None:
    """Remember route r as it is, once in an iteration."""
    if s.route[r, IS_TOUCHED] != 0:
        return
    s.route[r, IS_TOUCHED] = 1
    s.route[s.number[TOUCHES], TOUCHED] = r
    s.number[TOUCHES] += 1
    s.route[r, OLD_KIND] = s.route[r, KIND]
    s.route[r, OLD_SIZE] = s.route[r, SIZE]
    s.sums[r, OLD_COST] = s.sums[r, COST]
    dimensions = d.stop.shape[1] - DEMAND
    for q in range(dimensions):
        s.sums[r, LOAD + dimensions + q] = s.sums[r, LOAD + q]
    if s.route[r, KIND] < 0:
        return
    nodes = len(s.node)
    i, last = d.stops + r, d.stops + len(s.route) + r
    while i != last:
        s.node[i, OLD_NEXT] = s.node[i, NEXT]
        copy_labels(s, i, i + 2 * nodes)
        i = s.node[i, NEXT]
        copy_labels(s, nodes + i, i + 3 * nodes)


@compiled
def forget_changes(s: State) -> None:
    """Accept what was changed: nothing is left to undo."""
    for t in range(s.number[TOUCHES]):
        s.route[s.route[t, TOUCHED], IS_TOUCHED] = 0
    s.number[TOUCHES] = 0


@compiled
def undo(d: Arrays, s: State) -> None:
    """Put all touched routes back as they were."""
    nodes = len(s.node)
    dimensions = d.stop.shape[1] - DEMAND
    for t in range(s.number[TOUCHES]):
        r = s.route[t, TOUCHED]
        k = s.route[r, KIND]
        if k >= 0:
            s.left[k] += 1
            s.number[ROUTES] -= 1
            i = s.node[d.stops + r, NEXT]
            while i < d.stops:
                s.node[i, ROUTE] = -1
                i = s.node[i, NEXT]
    for t in range(s.number[TOUCHES]):
        r = s.route[t, TOUCHED]
        k = s.route[r, OLD_KIND]
        s.route[r, KIND] = k
        s.route[r, SIZE] = s.route[r, OLD_SIZE]
        s.sums[r, COST] = s.sums[r, OLD_COST]
        for q in range(dimensions):
            s.sums[r, LOAD + q] = s.sums[r, LOAD + dimensions + q]
        if k < 0:
            continue
        s.left[k] -= 1
        s.number[ROUTES] += 1
        i, last = d.stops + r, d.stops + len(s.route) + r
        s.node[i, POINT] = d.ends[k, START]
        s.node[last, POINT] = d.ends[k, END]
        while i != last:
            j = s.node[i, OLD_NEXT]
            s.node[i, NEXT] = j
            s.node[j, PREVIOUS] = i
            if j != last:
                s.node[j, ROUTE] = r
            copy_labels(s, i + 2 * nodes, i)
            copy_labels(s, j + 3 * nodes, nodes + j)
            i = j
    forget_changes(s)


@compiled
def open_route(d: Arrays, s: State, k: int) -> int:
    """An empty route of a truck of type k; -1 if there is no room."""
    r = 0
    while r < len(s.route) and s.route[r, KIND] >= 0:
        r += 1
    if r == len(s.route):
        return -1
    touch(d, s, r)
    first, last = d.stops + r, d.stops + len(s.route) + r
    s.route[r, KIND] = k
    s.left[k] -= 1
    s.number[ROUTES] += 1
    s.node[first, POINT] = d.ends[k, START]
    s.node[last, POINT] = d.ends[k, END]
    s.node[first, NEXT] = last
    s.node[last, PREVIOUS] = first
    s.route[r, SIZE] = 0
    for q in range(d.stop.shape[1] - DEMAND):
        s.sums[r, LOAD + q] = 0.0
    s.sums[r, COST] = 0.0
    row = len(s.node) + last
    # Straight labels; those of whole days are begun with the first stop.
    s.label[first, 0, 0] = d.truck[k, FIXED]
    s.label[first, 0, 1] = d.truck[k, SHIFT_FROM]
    s.label[first, 0, 2] = d.truck[k, START_ENERGY]
    s.label[first, 0, 3] = 0.0
    s.span[first] = d.truck[k, SHIFT_FROM]
    s.count[first] = 1
    s.label[row, 0, 0] = 0.0
    s.label[row, 0, 1] = d.truck[k, END_ENERGY]
    s.label[row, 0, 2] = d.truck[k, SHIFT_TO]
    s.span[row] = d.truck[k, SHIFT_TO]
    s.label[row, 0, 3] = np.inf
    s.count[row] = 1
    return r


@compiled
def close_route(s: State, r: int) -> None:
    """Give the truck of a route without stops back."""
    s.left[s.route[r, KIND]] += 1
    s.route[r, KIND] = -1
    s.number[ROUTES] -= 1
    s.total[TOTAL] -= s.sums[r, COST]
    s.sums[r, COST] = 0.0
