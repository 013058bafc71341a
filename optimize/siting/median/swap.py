"""Fast interchange for the p-median with Resende and Werneck's tables.

Resende and Werneck, "A fast swap-based local search procedure for location problems" (2007): what a
closed site would gain, what an open one would lose, and by pair what is counted twice. A swap
touches only the zones whose nearest or second-nearest site it changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Order = NDArray[np.int32]


@compiled
def _two_nearest(row_cost, row_order, slot_of):  # type: ignore[no-untyped-def]
    """Positions in a sorted row of the nearest and second-nearest open site."""
    first = -1
    for k in range(len(row_order)):
        if slot_of[row_order[k]] >= 0:
            if first >= 0:
                return first, k
            first = k
    return first, -1


@compiled
def _count_zone(zone, sign, cost, order, slot_of, gain, loss, extra):  # type: ignore[no-untyped-def]
    """Add what a zone contributes to the tables, or with sign -1 take it out."""
    first, second = _two_nearest(cost[zone], order[zone], slot_of)
    nearest = cost[zone, first]
    # With one open site, the farthest candidate stands in for the second: no swap is worse.
    next_best = cost[zone, second] if second >= 0 else cost[zone, cost.shape[1] - 1]
    slot = slot_of[order[zone, first]]
    loss[slot] += sign * (next_best - nearest)
    for k in range(cost.shape[1]):
        here = cost[zone, k]
        if here >= next_best:
            break
        site = order[zone, k]
        if site == order[zone, first]:
            continue
        if here < nearest:
            gain[site] += sign * (nearest - here)
            extra[site, slot] += sign * (next_best - nearest)
        else:
            extra[site, slot] += sign * (next_best - here)


@compiled
def interchange(cost, order, open_sites, kept, most_swaps, tolerance):  # type: ignore[no-untyped-def]
    """Swap open sites for closed ones, best first, while that helps; changes ``open_sites``.

    Parameters
    ----------
    cost, order : (Z, S) arrays
        Each row's costs in ascending order, and the sites they belong to.
    open_sites : (p,) array of int
        Those in ``kept`` (a mask over sites) stay.

    Returns
    -------
    float
        The cost of what is open at the end.
    """
    zones, sites = cost.shape
    p = len(open_sites)
    slot_of = np.full(sites, -1, np.int64)
    for slot in range(p):
        slot_of[open_sites[slot]] = slot
    gain, loss, extra = np.zeros(sites), np.zeros(p), np.zeros((sites, p))
    for zone in range(zones):
        _count_zone(zone, 1.0, cost, order, slot_of, gain, loss, extra)
    touched = np.zeros(zones, np.bool_)
    for _ in range(most_swaps):
        best, entering, leaving = tolerance, -1, -1
        for site in range(sites):
            if slot_of[site] >= 0:
                continue
            for slot in range(p):
                profit = gain[site] - loss[slot] + extra[site, slot]
                if profit > best and not kept[open_sites[slot]]:
                    best, entering, leaving = profit, site, slot
        if entering < 0:
            break
        closed = open_sites[leaving]
        for zone in range(zones):
            # A zone is touched if one of its two nearest closes, or the new one is nearer.
            first, second = _two_nearest(cost[zone], order[zone], slot_of)
            last = second if second >= 0 else sites - 1
            touched[zone] = False
            for k in range(last + 1):
                if order[zone, k] == entering or order[zone, k] == closed:
                    touched[zone] = True
                    _count_zone(zone, -1.0, cost, order, slot_of, gain, loss, extra)
                    break
        slot_of[closed] = -1
        slot_of[entering] = leaving
        open_sites[leaving] = entering
        for zone in range(zones):
            if touched[zone]:
                _count_zone(zone, 1.0, cost, order, slot_of, gain, loss, extra)
    total = 0.0
    for zone in range(zones):
        first, second = _two_nearest(cost[zone], order[zone], slot_of)
        total += cost[zone, first]
    return total


@compiled
def greedy(cost, order, kept, count):  # type: ignore[no-untyped-def]
    """Open the sites in ``kept`` and then, one by one, what lowers the cost most."""
    zones, sites = cost.shape
    chosen = np.empty(count, np.int64)
    is_open = np.zeros(sites, np.bool_)
    nearest = cost[:, sites - 1].copy()
    filled = 0
    saving = np.empty(sites)
    while filled < count:
        entering = -1
        if filled < kept.sum():
            for site in range(sites):
                if kept[site] and not is_open[site]:
                    entering = site
                    break
        else:
            saving[:] = 0.0
            for zone in range(zones):
                for k in range(sites):
                    if cost[zone, k] >= nearest[zone]:
                        break
                    saving[order[zone, k]] += nearest[zone] - cost[zone, k]
            for site in range(sites):
                if not is_open[site] and (entering < 0 or saving[site] > saving[entering]):
                    entering = site
        is_open[entering] = True
        chosen[filled] = entering
        filled += 1
        for zone in range(zones):
            for k in range(sites):
                if cost[zone, k] >= nearest[zone]:
                    break
                if order[zone, k] == entering:
                    nearest[zone] = cost[zone, k]
                    break
    return chosen
