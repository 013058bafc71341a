"""Renewing the labels of a route, and what a stop adds to it at a position."""

from __future__ import annotations

import numpy as np

from optimize.routing.core.arrays import (
    DEVIATION,
    EARLIEST,
    FIXED,
    LATEST,
    MOST_COST,
    PER_M,
    SERVICE,
    WORK,
    Arrays,
)
from optimize.routing.core.day_search import follow
from optimize.routing.core.ground import Ground
from optimize.routing.core.state import COST, KIND, NEXT, POINT, PREVIOUS, TOTAL, State
from optimize.routing.core.straight_labels import TOLERANCE, backward, forward, meet
from sim.kernel.compiled import compiled


@compiled
def work_at(d: Arrays, k: int, i: int) -> float:
    """Energy a truck of type k draws at node i."""
    return d.pair[WORK, k, i] if i < d.stops else 0.0


@compiled
def most_cost(d: Arrays, k: int) -> float:
    """What a route must stay below for its distance to be allowed."""
    return d.truck[k, MOST_COST] + d.truck[k, FIXED] + 1e-9


@compiled
def renew(g: Ground, s: State, r: int, left: int, right: int) -> bool:
    """Renew forward labels from after node ``left`` and backward ones from before ``right``.

    Returns whether the route can be driven; its cost is renewed if so.
    """
    d, w = g.d, g.w
    k = s.route[r, KIND]
    nodes = len(s.node)
    if g.whole_days != 0:
        ceiling = np.inf
        cost = follow(g, s, r, k, left, -1, s.node[left, NEXT], ceiling, 1)
        if cost >= ceiling:
            return False
        s.total[TOTAL] += cost - s.sums[r, COST]
        s.sums[r, COST] = cost
        return True
    first, last = d.stops + r, d.stops + len(s.route) + r
    i = left
    while s.node[i, NEXT] != last:
        j = s.node[i, NEXT]
        s.count[j] = forward(
            d, w, k, s.node[i, POINT], j, s.label, i, s.count[i], j, most_cost(d, k), 0
        )
        if s.count[j] == 0:
            return False
        early = np.inf
        for m in range(s.count[j]):
            early = min(early, s.label[j, m, 1])
        s.span[j] = early
        i = j
    j = right
    while s.node[j, PREVIOUS] != first:
        i = s.node[j, PREVIOUS]
        row = nodes + j
        s.count[nodes + i] = backward(
            d, w, k, i, s.node[j, POINT], work_at(d, k, j), s.label, row, s.count[row], nodes + i
        )
        row = nodes + i
        if s.count[row] == 0:
            return False
        late = -np.inf
        for m in range(s.count[row]):
            late = max(late, s.label[row, m, 2])
        s.span[row] = late
        j = i
    i = s.node[last, PREVIOUS]
    ceiling = most_cost(d, k)
    end = s.node[last, POINT]
    cost = meet(
        d, w, k, s.node[i, POINT], end, 0.0, s.label, i, s.count[i], nodes + last, 1, ceiling
    )
    if cost >= ceiling:
        return False
    s.total[TOTAL] += cost - s.sums[r, COST]
    s.sums[r, COST] = cost
    return True


@compiled
def least_added(g: Ground, s: State, r: int, i: int, c: int, j: int) -> float:
    """Return a lower bound on what stop c between nodes i and j of route r adds."""
    d = g.d
    row = len(s.node) + j
    k = s.route[r, KIND]
    pi, pj = s.node[i, POINT], s.node[j, POINT]
    if g.whole_days != 0:
        # No bound, but the order in which positions are looked at.
        if s.span[i] > d.stop[c, LATEST] + TOLERANCE:
            return np.inf
        detour = d.distance[pi, c] + d.distance[c, pj] - d.distance[pi, pj]
        return detour * d.truck[k, PER_M] + d.pair[DEVIATION, k, c]
    if d.timed:
        time = s.span[i] + d.duration[pi, c]
        if time > d.stop[c, LATEST] + TOLERANCE:
            return np.inf
        time = max(time, d.stop[c, EARLIEST]) + d.stop[c, SERVICE] + d.duration[c, pj]
        if time > s.span[row] + TOLERANCE:
            return np.inf
    return (
        s.label[i, 0, 0]
        + (d.distance[pi, c] + d.distance[c, pj]) * d.truck[k, PER_M]
        + s.label[row, 0, 0]
        - s.sums[r, COST]
        + d.pair[DEVIATION, k, c]
    )


@compiled
def added(g: Ground, s: State, r: int, i: int, c: int, j: int, best: float) -> float:
    """Return what stop c between nodes i and j of route r adds, if less than ``best``."""
    d, w = g.d, g.w
    row = len(s.node) + j
    k = s.route[r, KIND]
    if g.whole_days != 0:
        present = s.sums[r, COST] - d.pair[DEVIATION, k, c]
        cost = follow(g, s, r, k, i, c, j, present + best, 0)
        return best if cost >= present + best else cost - present
    pi, pj = s.node[i, POINT], s.node[j, POINT]
    present = s.sums[r, COST] - d.pair[DEVIATION, k, c]
    ceiling = min(present + best, most_cost(d, k))
    onward = d.distance[c, pj] * d.truck[k, PER_M] + s.label[row, 0, 0]
    trial = len(s.count) - 1
    count = forward(d, w, k, pi, c, s.label, i, s.count[i], trial, ceiling - onward, 0)
    work = work_at(d, k, j)
    cost = meet(d, w, k, c, pj, work, s.label, trial, count, row, s.count[row], ceiling)
    if cost >= ceiling:
        return best
    return cost - present
