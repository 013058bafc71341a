"""Where and how much to charge on a route whose stops and their order are fixed.

Labels (distance, time, energy, what may still be charged in hindsight) are settled best first; how
far a label is from the end is bounded by driving straight on and charging what is short as fast
as anywhere (A*: Hart, Nilsson and Raphael 1968). Where curves bend, the charger before may be left
at any of its knots: between them the time is linear in what is charged (Froger et al. 2019,
"Improved formulations and algorithmic components for the electric vehicle routing problem with
nonlinear charging functions").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    BATTERY,
    END_ENERGY,
    PER_M,
    RATE,
    SERVICE,
    SHIFT_FROM,
    START_ENERGY,
    WORK,
    Arrays,
)
from optimize.routing.core.day_arrays import PER_S, Day
from optimize.routing.core.day_dominance import charged_until, charging_time
from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Columns of a label, and of its links. SETTLED: charged at the charger before this one.
FAR, TIME, ENERGY, MORE, LEVEL, CHARGED, SETTLED, BOUND = 0, 1, 2, 3, 4, 5, 6, 7
POSITION, POINT, PARENT, TECHNOLOGY, FOLLOWING = 0, 1, 2, 3, 4
TOLERANCE = 1e-9


@compiled
def beats(
    y: Day, k: int, labels: Floats, links: Integers, a: int, b: int, time_counts: bool
) -> bool:
    """Whether label a is at least as good as b at the same place."""
    if labels[a, FAR] > labels[b, FAR] + TOLERANCE:
        return False
    gain = labels[b, TIME] - labels[a, TIME]
    if not time_counts:
        gain = 0.0
    if gain < -TOLERANCE:
        return False
    top = labels[b, ENERGY] + labels[b, MORE]
    energy = labels[a, ENERGY]
    if energy + labels[a, MORE] < top - TOLERANCE:
        return False
    if energy >= top - TOLERANCE:
        return True
    tech = links[a, TECHNOLOGY]
    if gain > 0.0 and labels[a, MORE] > 0.0:
        level = labels[a, LEVEL]
        reached = charged_until(y, k, tech, charging_time(y, k, tech, level) + gain)
        energy += min(labels[a, MORE], reached - level)
    if energy < labels[b, ENERGY] - TOLERANCE:
        return False
    if labels[b, MORE] <= TOLERANCE:
        return True
    return tech == links[b, TECHNOLOGY] and (
        y.curve.shape[2] == 2
        or labels[a, LEVEL] - labels[a, ENERGY] <= labels[b, LEVEL] - labels[b, ENERGY] + TOLERANCE
    )


@compiled
def push(heap: Integers, size: int, labels: Floats, n: int) -> int:
    """Put label n into the heap of labels by bound."""
    at = size
    while at > 0:
        up = (at - 1) >> 1
        if labels[heap[up], BOUND] <= labels[n, BOUND]:
            break
        heap[at] = heap[up]
        at = up
    heap[at] = n
    return size + 1


@compiled
def pop(heap: Integers, size: int, labels: Floats) -> int:
    """Take the label of least bound out of the heap; it is returned."""
    top = heap[0]
    last = heap[size - 1]
    size -= 1
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and labels[heap[child + 1], BOUND] < labels[heap[child], BOUND]:
            child += 1
        if labels[heap[child], BOUND] >= labels[last, BOUND]:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last
    return int(top)


@compiled
def leave(
    y: Day, k: int, labels: Floats, links: Integers, n: int, seconds: float, used: float
) -> bool:
    """Drive label n on; what is short was charged before. Returns whether that can be."""
    labels[n, TIME] += seconds
    labels[n, ENERGY] -= used
    short = -labels[n, ENERGY]
    if short > 0.0:
        if short > labels[n, MORE] + TOLERANCE:
            return False
        if short > TOLERANCE:
            tech, level = links[n, TECHNOLOGY], labels[n, LEVEL]
            labels[n, TIME] += charging_time(y, k, tech, level + short) - charging_time(
                y, k, tech, level
            )
            labels[n, LEVEL] += short
            labels[n, CHARGED] += short
            labels[n, MORE] = max(0.0, labels[n, MORE] - short)
        labels[n, ENERGY] = 0.0
    return True


@compiled
def copy(labels: Floats, links: Integers, a: int, n: int) -> None:
    """Make label n a copy of a that follows it."""
    for f in range(labels.shape[1]):
        labels[n, f] = labels[a, f]
    links[n, TECHNOLOGY] = links[a, TECHNOLOGY]
    links[n, PARENT] = a


@compiled
def charge_fixed(
    d: Arrays,
    y: Day,
    k: int,
    points: Integers,
    fastest: float,
    labels: Floats,
    links: Integers,
    heap: Integers,
    heads: Integers,
) -> int:
    """Row of the best label at the end of the route; -1 if there is none, -2 if there is no room.

    Parameters
    ----------
    points
        Start, stops in order, end.
    fastest
        Seconds per unit of energy where charging is fastest.
    """
    last = len(points) - 1
    rate, battery = d.truck[k, RATE], d.truck[k, BATTERY]
    per_m, per_s = d.truck[k, PER_M], y.truck[k, PER_S]
    time_counts = per_s > 0.0
    # Straight on to the end from each position: metres, seconds with service, energy.
    far = np.zeros(last + 1)
    seconds = np.zeros(last + 1)
    energy = np.zeros(last + 1)
    energy[last] = d.truck[k, END_ENERGY]
    for m in range(last - 1, -1, -1):
        i, j = points[m], points[m + 1]
        service = d.stop[j, SERVICE] if m + 1 < last else 0.0
        work = d.pair[WORK, k, j] if m + 1 < last else 0.0
        far[m] = far[m + 1] + d.distance[i, j]
        seconds[m] = seconds[m + 1] + d.duration[i, j] + service
        energy[m] = energy[m + 1] + d.distance[i, j] * rate + work
    # Least detour by a charger from each position on, if one must still be visited.
    more_m = np.full(last + 1, np.inf)
    more_s = np.full(last + 1, np.inf)
    for m in range(last - 1, -1, -1):
        i, j = points[m], points[m + 1]
        more_m[m], more_s[m] = more_m[m + 1], more_s[m + 1]
        for s in range(d.chargers):
            by = d.stops + s
            detour = d.distance[i, by] + d.distance[by, j] - d.distance[i, j]
            more_m[m] = min(more_m[m], detour)
            detour = d.duration[i, by] + d.duration[by, j] - d.duration[i, j]
            more_s[m] = min(more_s[m], detour)
    heads[: (last + 1) * (d.chargers + 1)] = -1
    for f in range(labels.shape[1]):
        labels[0, f] = 0.0
    labels[0, TIME] = d.truck[k, SHIFT_FROM]
    labels[0, ENERGY] = d.truck[k, START_ENERGY]
    links[0, POSITION] = 0
    links[0, POINT] = points[0]
    links[0, PARENT] = -1
    links[0, TECHNOLOGY] = 0
    links[0, FOLLOWING] = -1
    free = 1
    size = push(heap, 0, labels, 0)
    while size > 0:
        a = pop(heap, size, labels)
        size -= 1
        if labels[a, BOUND] == np.inf:
            continue
        position, point = links[a, POSITION], links[a, POINT]
        if position == last:
            return a
        at_charger = 0
        if point != points[position]:
            at_charger = point - d.stops + 1
        # Straight on, then every charger.
        after = points[position + 1]
        for s in range(-1, d.chargers):
            target = after if s < 0 else d.stops + s
            if s >= 0 and (
                s + 1 == at_charger
                or labels[a, ENERGY] >= energy[position] - TOLERANCE
                and at_charger == 0
            ):
                continue
            metres = d.distance[point, target]
            used = metres * rate
            if used > labels[a, ENERGY] + labels[a, MORE] + TOLERANCE:
                continue
            knots = 0
            if s >= 0 and labels[a, MORE] > 0.0 and y.technology[s] != links[a, TECHNOLOGY]:
                knots = y.curve.shape[2]
            for m in range(-1, knots):
                if free == len(labels) or size == len(heap):
                    return -2
                n = free
                copy(labels, links, a, n)
                if m >= 0:
                    before = y.curve[k, links[a, TECHNOLOGY], m, 0] - labels[a, LEVEL]
                    if before <= TOLERANCE or before > labels[a, MORE] + TOLERANCE:
                        continue
                    labels[n, ENERGY] = -before
                    if not leave(y, k, labels, links, n, 0.0, 0.0):
                        continue
                    labels[n, ENERGY] = labels[a, ENERGY] + before
                labels[n, FAR] += metres
                if s < 0:
                    served = position + 1 < last
                    stood = d.stop[after, SERVICE] if served else 0.0
                    work = d.pair[WORK, k, after] if served else d.truck[k, END_ENERGY]
                    if not leave(
                        y, k, labels, links, n, d.duration[point, after] + stood, used + work
                    ):
                        continue
                    links[n, POSITION] = position + 1
                    rest_far, rest_s, rest_e = (
                        far[position + 1],
                        seconds[position + 1],
                        energy[position + 1] - (0.0 if served else d.truck[k, END_ENERGY]),
                    )
                else:
                    if not leave(y, k, labels, links, n, d.duration[point, target], used):
                        continue
                    links[n, POSITION] = position
                    tech = y.technology[s]
                    labels[n, SETTLED] = labels[n, CHARGED]
                    labels[n, CHARGED] = 0.0
                    labels[n, LEVEL] = labels[n, ENERGY]
                    labels[n, MORE] = max(0.0, battery - labels[n, ENERGY])
                    links[n, TECHNOLOGY] = tech
                    whole = charging_time(y, k, tech, battery) - charging_time(
                        y, k, tech, labels[n, ENERGY]
                    )
                    if d.full != 0 or whole <= 0.0:
                        labels[n, TIME] += whole
                        labels[n, CHARGED] = labels[n, MORE]
                        labels[n, ENERGY] = battery
                        labels[n, LEVEL] = battery
                        labels[n, MORE] = 0.0
                    onward = d.distance[target, after]
                    served = position + 1 < last
                    rest_far = onward + far[position + 1]
                    rest_s = d.duration[target, after] + seconds[position + 1]
                    rest_e = onward * rate + energy[position + 1]
                    if served:
                        rest_s += d.stop[after, SERVICE]
                        rest_e += d.pair[WORK, k, after]
                links[n, POINT] = target
                short = max(0.0, rest_e - labels[n, ENERGY]) * fastest
                labels[n, BOUND] = per_m * (labels[n, FAR] + rest_far) + per_s * (
                    labels[n, TIME] + rest_s + short
                )
                slot = links[n, POSITION] * (d.chargers + 1) + (s + 1 if s >= 0 else 0)
                other = heads[slot]
                beaten = False
                while other >= 0:
                    if beats(y, k, labels, links, other, n, time_counts):
                        beaten = True
                        break
                    other = links[other, FOLLOWING]
                if beaten:
                    continue
                links[n, FOLLOWING] = heads[slot]
                heads[slot] = n
                free += 1
                size = push(heap, size, labels, n)
    return -1
