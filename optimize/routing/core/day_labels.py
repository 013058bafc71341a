"""Labels along a given order of stops, with all that a day may hold between them.

Between two stops any of these may come, several of them too: a disposal site, a charger, a break.
Labels live in the rows of a pool; tags say what each stands for and which it came from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    BATTERY,
    CAPACITY,
    DEMAND,
    END,
    END_ENERGY,
    FIXED,
    RATE,
    SERVICE,
    SHIFT_FROM,
    START,
    START_ENERGY,
    WORK,
    Arrays,
)
from optimize.routing.core.day_arrays import (
    BATTERY_FLAG,
    BREAKS,
    MUST_EMPTY,
    START_LOAD,
    UNIT_RATE,
    Day,
)
from optimize.routing.core.day_dominance import (
    ABOARD,
    BREAK,
    COST,
    ENERGY,
    LATE,
    LEVEL,
    MORE,
    POINT,
    PROMISE,
    SLACK,
    TECHNOLOGY,
    TIME,
    Labels,
    dominates,
)
from optimize.routing.core.day_step import (
    BEGIN,
    BREAK_HERE,
    BREAK_THERE,
    CHARGER,
    FINISH,
    SITE,
    STOP,
    arrival,
    finish,
    pause,
    plug_in,
    serve_stop,
    unload,
)
from sim.kernel.compiled import compiled

Tags = NDArray[np.int64]

# Columns of the tags.
PARENT, WHAT, WHICH, DEPTH = 0, 1, 2, 3
# Most calls between two stops.
MOST_CALLS = 4


@compiled
def settle(
    y: Day, k: int, labels: Labels, tags: Tags, low: int, n: int, parent: int, what: int, which: int
) -> int:
    """Keep the label just made in row n unless one from row ``low`` on is as good.

    Those it beats are struck out by an infinite cost. Returns the next free row.
    """
    for m in range(low, n):
        if labels[m, COST] < np.inf and dominates(y, k, labels, m, n):
            return n
    for m in range(low, n):
        if labels[m, COST] < np.inf and dominates(y, k, labels, n, m):
            labels[m, COST] = np.inf
    tags[n, PARENT] = parent
    tags[n, WHAT] = what
    tags[n, WHICH] = which
    tags[n, DEPTH] = 0
    return n + 1


@compiled
def begin_day(
    d: Arrays, y: Day, k: int, labels: Labels, tags: Tags, promises: Labels, count: int
) -> int:
    """Labels at the start, one for each moment the first trip may be held back to."""
    for m in range(max(count, 1)):
        for f in range(labels.shape[1]):
            labels[m, f] = 0.0
        start = d.truck[k, SHIFT_FROM]
        labels[m, PROMISE] = np.inf
        if count > 0:
            labels[m, PROMISE] = promises[m]
            start = max(start, promises[m])
        labels[m, COST] = d.truck[k, FIXED]
        labels[m, TIME] = start
        labels[m, SLACK] = start
        labels[m, LATE] = np.inf
        labels[m, ENERGY] = d.truck[k, START_ENERGY] if y.truck[k, BATTERY_FLAG] != 0.0 else 0.0
        labels[m, LEVEL] = labels[m, ENERGY]
        labels[m, POINT] = d.ends[k, START]
        for q in range(labels.shape[1] - ABOARD):
            labels[m, ABOARD + q] = y.by_load[START_LOAD, k, q]
        tags[m, PARENT] = -1
        tags[m, WHAT] = BEGIN
        tags[m, WHICH] = 0
        tags[m, DEPTH] = 0
    return max(count, 1)


@compiled
def wants_site(
    d: Arrays, y: Day, k: int, labels: Labels, a: int, coming: Labels, last: bool
) -> bool:
    """Whether unloading may be needed: what is coming may not fit, or the day must end empty."""
    if y.exact != 0 or (last and y.truck[k, MUST_EMPTY] != 0.0):
        return True
    for q in range(labels.shape[1] - ABOARD):
        if labels[a, ABOARD + q] + coming[q] > d.truck[k, CAPACITY + q]:
            return True
        if (
            y.by_load[UNIT_RATE, k, q] > 0.0
            and labels[a, ABOARD + q] > 0.5 * d.truck[k, CAPACITY + q]
        ):
            return True
    return False


@compiled
def add_chargers(
    d: Arrays,
    y: Day,
    k: int,
    labels: Labels,
    tags: Tags,
    a: int,
    low: int,
    free: int,
    near: NDArray[np.int64],
) -> int:
    """Labels that go to a charger from label a. Returns the next free row."""
    for s in near:
        tech = int(labels[a, TECHNOLOGY])
        # How much to charge before, at another curve: nothing more, or up to a knot of it.
        knots = y.curve.shape[2] if labels[a, MORE] > 0.0 and y.technology[s] != tech else 0
        for m in range(-1, knots):
            before = 0.0
            if m >= 0:
                before = y.curve[k, tech, m, 0] - labels[a, LEVEL]
                if before <= 0.0 or before > labels[a, MORE]:
                    continue
            # Where speed depends on the hour nothing can be settled in hindsight.
            levels = 1 if len(y.profile) == 1 else 4
            for level in range(levels):
                goal = np.nan if levels == 1 else d.truck[k, BATTERY] * (level + 1) / levels
                if free < len(labels) and plug_in(d, y, k, labels, a, free, s, before, goal):
                    used = settle(y, k, labels, tags, low, free, a, CHARGER, s)
                    if used > free:
                        tags[free, DEPTH] = tags[a, DEPTH] + 1
                    free = used
    return free


@compiled
def add_breaks(
    d: Arrays,
    y: Day,
    k: int,
    labels: Labels,
    tags: Tags,
    a: int,
    low: int,
    free: int,
    j: int,
    c: int,
) -> int:
    """Labels that take the next break now, or after the drive to j. Returns the next free row."""
    number = int(labels[a, BREAK])
    if number >= int(y.truck[k, BREAKS]):
        return free
    earliest, latest = y.breaks[k, number, 0], y.breaks[k, number, 1]
    now = labels[a, TIME]
    then = arrival(y, now, d.duration[int(labels[a, POINT]), j])
    done = then + (d.stop[c, SERVICE] if c >= 0 else 0.0)
    for side in range(2):
        moment, after = (now, then) if side == 0 else (then, done)
        point = int(labels[a, POINT]) if side == 0 else j
        # Not long before it may begin, unless it is the last chance.
        if y.exact == 0 and moment < earliest and after <= latest:
            continue
        if free < len(labels) and pause(d, y, k, labels, a, free, point):
            what = BREAK_HERE if side == 0 else BREAK_THERE
            used = settle(y, k, labels, tags, low, free, a, what, number)
            if used > free:
                tags[free, DEPTH] = tags[a, DEPTH] + 1
            free = used
    return free


@compiled
def advance(
    d: Arrays,
    y: Day,
    k: int,
    labels: Labels,
    tags: Tags,
    low: int,
    high: int,
    j: int,
    c: int,
    coming: Labels,
    need: float,
    promises: Labels,
    count: int,
) -> tuple[int, int]:
    """Labels after stop c at point j (the end if c is -1) from those in rows low to high.

    Parameters
    ----------
    coming
        What is taken on from here to the end.
    need
        Energy from here to the end, at least.
    promises, count
        Moments to which a trip from here may be held back, for stops released so late.
    """
    free = high
    row = low
    near = np.empty(2 * y.near.shape[1], dtype=np.int64)
    while row < free:
        if labels[row, COST] < np.inf and tags[row, DEPTH] < MOST_CALLS:
            if d.sites > 0 and wants_site(d, y, k, labels, row, coming, c < 0):
                for z in range(d.sites):
                    made = free
                    for window in range(y.windows.shape[1]):
                        for m in range(max(count, 1)):
                            promise = promises[m] if count > 0 else 0.0
                            if free < len(labels) and unload(
                                d, y, k, labels, row, free, z, window, promise
                            ):
                                used = settle(y, k, labels, tags, high, free, row, SITE, z)
                                if used > free:
                                    tags[free, DEPTH] = tags[row, DEPTH] + 1
                                free = used
                        if y.exact == 0 and free > made:
                            break
            if d.electric != 0 and y.truck[k, BATTERY_FLAG] != 0.0:
                energy = labels[row, ENERGY] + labels[row, MORE]
                if y.exact != 0 or energy < need:
                    many = 0
                    for m in range(y.near.shape[1]):
                        near[many] = y.near[int(labels[row, POINT]), m]
                        many += 1
                    for m in range(y.near.shape[1]):
                        known = False
                        for q in range(y.near.shape[1]):
                            known |= near[q] == y.near[j, m]
                        if not known:
                            near[many] = y.near[j, m]
                            many += 1
                    free = add_chargers(d, y, k, labels, tags, row, high, free, near[:many])
            free = add_breaks(d, y, k, labels, tags, row, high, free, j, c)
        row += 1
    # Sources and calls between alike go on to the stop.
    begin = free
    for a in range(low, begin):
        if labels[a, COST] == np.inf:
            continue
        if c < 0:
            if free < len(labels) and finish(d, y, k, labels, a, free, j):
                free = settle(y, k, labels, tags, begin, free, a, FINISH, 0)
            continue
        for window in range(y.windows.shape[1]):
            if free < len(labels) and serve_stop(d, y, k, labels, a, free, c, window):
                free = settle(y, k, labels, tags, begin, free, a, STOP, c)
    return begin, free


@compiled
def find_promises(
    y: Day, upcoming: NDArray[np.int64], first: int, count: int, promises: Labels
) -> int:
    """Distinct moments a trip from stop ``first`` of a list may wait for. Returns how many."""
    found = 0
    top = -np.inf
    for m in range(first, count):
        release = y.release[upcoming[m]]
        if release > top:
            top = release
            promises[found] = release
            found += 1
            if found == len(promises):
                break
    return found


@compiled
def least_need(
    d: Arrays, y: Day, k: int, upcoming: NDArray[np.int64], first: int, count: int
) -> float:
    """Energy straight from stop to stop to the end, with something to spare for detours."""
    rate = d.truck[k, RATE]
    for q in range(d.stop.shape[1] - DEMAND):
        rate += y.by_load[UNIT_RATE, k, q] * d.truck[k, CAPACITY + q]
    far = 0.0
    work = 0.0
    for m in range(first, count):
        c = upcoming[m]
        after = upcoming[m + 1] if m + 1 < count else d.ends[k, END]
        far += d.distance[c, after]
        work += d.pair[WORK, k, c]
    spare = 0.35 * d.truck[k, BATTERY]
    return 1.3 * (far * rate + work) + spare + d.truck[k, END_ENERGY]
