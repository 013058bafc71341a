"""Slack induction by string removals (Christiaens and Vanden Berghe 2020, Transportation Science).

Strings of neighbouring stops are taken out of adjacent routes and put back greedily, with blinks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    CAPACITY,
    DEMAND,
    DEVIATION,
    EARLIEST,
    LATEST,
    MOST_STOPS,
    PENALTY,
    REQUIRED,
    Arrays,
)
from optimize.routing.core.day_arrays import DAY_CAPACITY, START_LOAD
from optimize.routing.core.ground import Ground
from optimize.routing.core.insertion import added, least_added, renew
from optimize.routing.core.state import (
    ABSENT,
    ABSENTEES,
    BEST_ABSENT,
    BEST_ROUTES,
    BEST_TOTAL,
    IS_TOUCHED,
    KIND,
    LIMIT,
    LOAD,
    MISSES,
    NEXT,
    OLD_ABSENT,
    PREVIOUS,
    ROUTE,
    ROUTES,
    SIZE,
    TOTAL,
    State,
    close_route,
    forget_changes,
    open_route,
    touch,
    undo,
)
from optimize.routing.core.straight_labels import TOLERANCE
from sim.kernel.compiled import compiled

MEAN_REMOVED = 10.0
LONGEST_STRING = 10.0
SPLIT = 0.5
LONGER_GAP = 0.01
BLINK = 0.01
# Positions tried for one stop where each trial is dear.
MOST_TRIALS = 6


@compiled
def uniform(random: NDArray[np.uint64]) -> float:
    """Next draw in [0, 1) (SplitMix64: Steele, Lea and Flood 2014)."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def take_out(d: Arrays, s: State, c: int) -> None:
    """Unlink a stop and list it as absent; labels are to be renewed later."""
    r = s.node[c, ROUTE]
    i, j = s.node[c, PREVIOUS], s.node[c, NEXT]
    s.node[i, NEXT] = j
    s.node[j, PREVIOUS] = i
    s.node[c, ROUTE] = -1
    s.route[r, SIZE] -= 1
    for q in range(d.stop.shape[1] - DEMAND):
        s.sums[r, LOAD + q] -= d.stop[c, DEMAND + q]
    s.stop[s.number[ABSENTEES], ABSENT] = c
    s.number[ABSENTEES] += 1
    s.total[TOTAL] -= d.pair[DEVIATION, s.route[r, KIND], c]
    if d.stop[c, REQUIRED] == 0.0:
        s.total[TOTAL] += d.stop[c, PENALTY]


@compiled
def take_all_out(d: Arrays, s: State, r: int) -> None:
    """Empty a route and give its truck back."""
    while s.route[r, SIZE] > 0:
        take_out(d, s, s.node[d.stops + r, NEXT])
    close_route(s, r)


@compiled
def ruin(g: Ground, s: State) -> None:
    """Remove strings from routes around a stop drawn at random."""
    d, near = g.d, g.near
    n = d.stops
    served = n - s.number[ABSENTEES]
    if served == 0:
        return
    mean_size = served / s.number[ROUTES]
    longest = min(LONGEST_STRING, mean_size)
    strings = 4.0 * MEAN_REMOVED / (1.0 + longest) - 1.0
    strings = int(uniform(s.random) * strings + 1.0)
    seed = int(uniform(s.random) * n)
    ruined = 0
    for m in range(-1, near.shape[1]):
        c = seed if m < 0 else near[seed, m]
        r = s.node[c, ROUTE]
        if r < 0 or s.route[r, IS_TOUCHED]:
            continue
        touch(d, s, r)
        size = s.route[r, SIZE]
        length = int(uniform(s.random) * min(float(size), longest) + 1.0)
        length = min(length, size)
        spare = 0
        if length > 1 and length < size and uniform(s.random) < SPLIT:
            spare = 1
            while length + spare < size and uniform(s.random) < LONGER_GAP:
                spare += 1
        whole = length + spare
        # Position of c in the route, then the first of a string that holds c.
        position = 0
        i = s.node[c, PREVIOUS]
        while i < n:
            position += 1
            i = s.node[i, PREVIOUS]
        low = max(0, position - whole + 1)
        high = min(position, size - whole)
        begin = low + int(uniform(s.random) * (high - low + 1))
        i = c
        for _ in range(position - begin):
            i = s.node[i, PREVIOUS]
        keep_from = begin + length
        if spare > 0:
            keep_from = begin + int(uniform(s.random) * (length + 1))
        at = begin
        left = -1
        for _ in range(whole):
            j = s.node[i, NEXT]
            if at < keep_from or at >= keep_from + spare:
                if left < 0:
                    left = s.node[i, PREVIOUS]
                take_out(d, s, i)
            i = j
            at += 1
        if s.route[r, SIZE] == 0:
            close_route(s, r)
        elif not renew(g, s, r, n + r if g.whole_days != 0 else left, i):
            take_all_out(d, s, r)
        ruined += 1
        if ruined >= strings:
            break


@compiled
def order_absent(g: Ground, s: State) -> None:
    """Put the absent stops into the order of return: by a criterion drawn at random."""
    d, far = g.d, g.far
    count = s.number[ABSENTEES]
    width = 4.0 + 4.0 + 2.0 + 1.0 + (5.0 if d.timed else 0.0)
    draw = uniform(s.random) * width
    keys = np.empty(count)
    for m in range(count):
        c = s.stop[m, ABSENT]
        if draw < 4.0:
            keys[m] = uniform(s.random)
        elif draw < 8.0:
            keys[m] = -d.stop[c, DEMAND] if d.stop.shape[1] > DEMAND else 0.0
        elif draw < 10.0:
            keys[m] = -far[c]
        elif draw < 11.0:
            keys[m] = far[c]
        elif draw < 13.0:
            keys[m] = d.stop[c, LATEST] - d.stop[c, EARLIEST]
        elif draw < 14.5:
            keys[m] = d.stop[c, EARLIEST]
        else:
            keys[m] = -d.stop[c, LATEST]
    order = np.argsort(keys, kind="mergesort")
    kept = s.stop[:count, ABSENT].copy()
    for m in range(count):
        s.stop[m, ABSENT] = kept[order[m]]


@compiled
def fits(g: Ground, s: State, r: int, c: int) -> bool:
    """Whether load, number and type allow stop c on route r."""
    d = g.d
    k = s.route[r, KIND]
    if d.pair[DEVIATION, k, c] == np.inf or s.route[r, SIZE] >= d.truck[k, MOST_STOPS]:
        return False
    for q in range(d.stop.shape[1] - DEMAND):
        amount = d.stop[c, DEMAND + q]
        total = s.sums[r, LOAD + q] + amount
        if total > g.y.by_load[DAY_CAPACITY, k, q] * (1.0 + 1e-9) + 1e-9:
            return False
        if d.sites == 0:
            amount = total + g.y.by_load[START_LOAD, k, q]
        if amount > d.truck[k, CAPACITY + q] * (1.0 + 1e-9) + 1e-9:
            return False
    return True


@compiled
def link(d: Arrays, s: State, r: int, i: int, c: int) -> None:
    """Put stop c behind node i of route r; labels are to be renewed."""
    j = s.node[i, NEXT]
    s.node[i, NEXT] = c
    s.node[c, PREVIOUS] = i
    s.node[c, NEXT] = j
    s.node[j, PREVIOUS] = c
    s.node[c, ROUTE] = r
    s.route[r, SIZE] += 1
    for q in range(d.stop.shape[1] - DEMAND):
        s.sums[r, LOAD + q] += d.stop[c, DEMAND + q]
    s.total[TOTAL] += d.pair[DEVIATION, s.route[r, KIND], c]
    if d.stop[c, REQUIRED] == 0.0:
        s.total[TOTAL] -= d.stop[c, PENALTY]


@compiled
def insert_best(g: Ground, s: State, c: int) -> bool:
    """Put stop c where it adds least, in a new route if needed. Returns whether it is served."""
    d, near, scan = g.d, g.near, g.scan
    n = d.stops
    routes = len(s.route)
    best = np.inf if d.stop[c, REQUIRED] != 0.0 else d.stop[c, PENALTY]
    # Positions worth a look, with the least each adds, are tried from the most promising on.
    count = 0
    bounds = np.empty(n + 3 * routes + 2 * scan)
    behind = np.empty(len(bounds), dtype=np.int64)
    for r in range(routes):
        if s.route[r, KIND] < 0 or not fits(g, s, r, c):
            continue
        last = n + routes + r
        i = n + r
        while i != last:
            j = s.node[i, NEXT]
            if uniform(s.random) >= BLINK:
                bound = least_added(g, s, r, i, c, j)
                if bound < best:
                    bounds[count] = bound
                    behind[count] = i
                    count += 1
            # With a neighbourhood, only the ends of each route.
            i = j if scan == 0 or j == last or i >= n else last
            if scan > 0 and i != last:
                i = s.node[last, PREVIOUS]
                if i == n + r:
                    i = last
    for m in range(min(scan, near.shape[1])):
        i = near[c, m]
        r = s.node[i, ROUTE]
        if r < 0 or not fits(g, s, r, c):
            continue
        for side in range(2):
            a = i if side == 0 else s.node[i, PREVIOUS]
            if uniform(s.random) >= BLINK:
                bound = least_added(g, s, r, a, c, s.node[a, NEXT])
                if bound < best:
                    bounds[count] = bound
                    behind[count] = a
                    count += 1
    best_route, best_after = -1, -1
    trials = 0
    while True:
        first = -1
        bound = best - TOLERANCE
        for m in range(count):
            if bounds[m] < bound:
                bound = bounds[m]
                first = m
        if first < 0:
            break
        bounds[first] = np.inf
        trials += 1
        if trials > MOST_TRIALS and g.whole_days != 0 and best_route >= 0:
            break
        i = behind[first]
        r = i - n if i >= n else s.node[i, ROUTE]
        cost = added(g, s, r, i, c, s.node[i, NEXT], best)
        if cost < best:
            best, best_route, best_after = cost, r, i
    if (best_route < 0 or g.thrifty == 0) and s.number[ROUTES] < s.number[LIMIT]:
        best_kind = -1
        for k in range(len(d.truck)):
            if s.left[k] <= 0 or d.pair[DEVIATION, k, c] == np.inf:
                continue
            r = open_route(d, s, k)
            if r < 0:
                break
            if fits(g, s, r, c):
                cost = added(g, s, r, n + r, c, n + routes + r, best)
                if cost < best:
                    best, best_kind = cost, k
            close_route(s, r)
        if best_kind >= 0:
            best_route = open_route(d, s, best_kind)
            best_after = n + best_route
    if best_route < 0:
        return False
    touch(d, s, best_route)
    j = s.node[best_after, NEXT]
    link(d, s, best_route, best_after, c)
    if not renew(g, s, best_route, best_after, j):
        # Only where too many labels were alive: take it out again and renew.
        take_out(d, s, c)
        s.number[ABSENTEES] -= 1
        if s.route[best_route, SIZE] == 0:
            close_route(s, best_route)
        else:
            renew(g, s, best_route, best_after, j)
        return False
    return True


@compiled
def recreate(g: Ground, s: State) -> None:
    """Put absent stops back, in an order drawn at random, as far as it goes."""
    order_absent(g, s)
    count = s.number[ABSENTEES]
    waiting = s.stop[:count, ABSENT].copy()
    s.number[ABSENTEES] = 0
    for m in range(count):
        c = waiting[m]
        if not insert_best(g, s, c):
            s.stop[s.number[ABSENTEES], ABSENT] = c
            s.number[ABSENTEES] += 1


@compiled
def missing(d: Arrays, s: State) -> tuple[int, int]:
    """Number of required stops absent, and the sum of how often they were absent before."""
    number, total = 0, 0
    for m in range(s.number[ABSENTEES]):
        c = s.stop[m, ABSENT]
        if d.stop[c, REQUIRED] != 0.0:
            number += 1
            total += s.stop[c, MISSES] + 1
    return number, total


@compiled
def write_best(d: Arrays, s: State) -> None:
    """Note the present solution as the best."""
    at = 0
    for r in range(len(s.route)):
        if s.route[r, KIND] < 0:
            continue
        s.best[at] = s.route[r, KIND]
        at += 1
        i = s.node[d.stops + r, NEXT]
        while i < d.stops:
            s.best[at] = i
            at += 1
            i = s.node[i, NEXT]
        s.best[at] = -1
        at += 1
    s.best[at] = -2
    s.total[BEST_TOTAL] = s.total[TOTAL]
    s.number[BEST_ROUTES] = s.number[ROUTES]


@compiled
def is_better(d: Arrays, s: State, number: int, trucks_first: bool) -> bool:
    """Whether the present solution beats the best."""
    if number != s.number[BEST_ABSENT]:
        return number < s.number[BEST_ABSENT]
    if trucks_first and s.number[ROUTES] != s.number[BEST_ROUTES]:
        return s.number[ROUTES] < s.number[BEST_ROUTES]
    return s.total[TOTAL] < s.total[BEST_TOTAL] - 1e-7


@compiled
def anneal(
    g: Ground,
    s: State,
    trucks_first: bool,
    stop_when_complete: bool,
    iterations: int,
    hot: float,
    cold: float,
) -> int:
    """Ruin and recreate, accepting as simulated annealing does. Returns iterations made."""
    d = g.d
    if iterations <= 0:
        return 0
    factor = (cold / hot) ** (1.0 / iterations)
    heat = hot
    number, total = missing(d, s)
    for step in range(iterations):
        old_cost = s.total[TOTAL]
        old_count = s.number[ABSENTEES]
        for m in range(old_count):
            s.stop[m, OLD_ABSENT] = s.stop[m, ABSENT]
        ruin(g, s)
        recreate(g, s)
        new_number, new_total = missing(d, s)
        limit = old_cost - heat * np.log(1.0 - uniform(s.random))
        if new_number == 0 or number == 0:
            accept = new_number < number or (new_number == number and s.total[TOTAL] < limit)
        else:
            accept = new_total < total or (new_total == total and s.total[TOTAL] < limit)
        for m in range(s.number[ABSENTEES]):
            s.stop[s.stop[m, ABSENT], MISSES] += 1
        if accept:
            forget_changes(s)
            if is_better(d, s, new_number, trucks_first):
                write_best(d, s)
                s.number[BEST_ABSENT] = new_number
                if stop_when_complete and new_number == 0:
                    return step + 1
        else:
            undo(d, s)
            s.total[TOTAL] = old_cost
            s.number[ABSENTEES] = old_count
            for m in range(old_count):
                s.stop[m, ABSENT] = s.stop[m, OLD_ABSENT]
        number, total = missing(d, s)
        heat *= factor
    return iterations


@compiled
def lay_out(g: Ground, s: State, orders: NDArray[np.int64]) -> bool:
    """Build the routes of a plan (kind, stops, -1, ... ended by -2) from nothing.

    Returns whether all of them can be driven; stops of those that cannot are absent.
    """
    d = g.d
    every = True
    at = 0
    while orders[at] != -2:
        r = open_route(d, s, orders[at])
        at += 1
        i = d.stops + r
        first = i
        while orders[at] != -1:
            c = orders[at]
            link(d, s, r, i, c)
            i = c
            at += 1
        at += 1
        if s.route[r, SIZE] == 0:
            close_route(s, r)
        elif not renew(g, s, r, first, d.stops + len(s.route) + r):
            take_all_out(d, s, r)
            every = False
    s.number[ABSENTEES] = 0
    for c in range(d.stops):
        if s.node[c, ROUTE] < 0:
            s.stop[s.number[ABSENTEES], ABSENT] = c
            s.number[ABSENTEES] += 1
    forget_changes(s)
    return every
