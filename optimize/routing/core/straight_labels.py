"""Labels of partial routes where charging is linear and consumption does not depend on load.

A forward label (cost, time, energy, more) says: for this cost the truck can leave here at ``time``
with ``energy``, or later with up to ``more`` besides, charged at the constant pace at the last
charger. A backward label (cost, energy, time, shift) says: the rest costs this, from arrival with
at least ``energy``, not later than ``time``, and with time - pace x energy not above ``shift``.
Both are closed under driving, waiting and charging, in full or in part, and where a forward meets a
backward label the best join has a closed form, so an insertion is evaluated without walking the
route (a bidirectional form of Desaulniers et al. 2016, "Exact algorithms for electric
vehicle-routing problems with time windows").

Labels are kept in the order of cost, and none that another beats in every respect.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    BATTERY,
    EARLIEST,
    LATEST,
    PACE,
    PER_M,
    RATE,
    SERVICE,
    WORK,
    Arrays,
)
from optimize.routing.core.detours import Detours, find_ways
from sim.kernel.compiled import compiled

MOST_LABELS = 24
# Cost, time, energy, more, and a tag that is handed on to what follows.
WIDTH = 5
TOLERANCE = 1e-9

Labels = NDArray[np.float64]


@compiled
def keep_forward(
    labels: Labels,
    row: int,
    count: int,
    pace: float,
    cost: float,
    time: float,
    energy: float,
    more: float,
    tag: float,
) -> int:
    """Take a label in unless another is as good; drop what it beats. Returns the new count."""
    at = 0
    top = energy + more
    while at < count and labels[row, at, 0] <= cost + TOLERANCE:
        if (
            labels[row, at, 1] <= time + TOLERANCE
            and labels[row, at, 2] + labels[row, at, 3] >= top - TOLERANCE
            and pace * (labels[row, at, 2] - energy) + (time - labels[row, at, 1]) >= -TOLERANCE
            and (pace > 0.0 or labels[row, at, 2] >= energy - TOLERANCE)
        ):
            return count
        at += 1
    kept = at
    for k in range(at, count):
        if not (
            time <= labels[row, k, 1]
            and top >= labels[row, k, 2] + labels[row, k, 3]
            and pace * (energy - labels[row, k, 2]) + (labels[row, k, 1] - time) >= 0.0
            and (pace > 0.0 or energy >= labels[row, k, 2])
        ):
            if kept != k:
                labels[row, kept, 0] = labels[row, k, 0]
                labels[row, kept, 1] = labels[row, k, 1]
                labels[row, kept, 2] = labels[row, k, 2]
                labels[row, kept, 3] = labels[row, k, 3]
                labels[row, kept, 4] = labels[row, k, 4]
            kept += 1
    count = kept
    if count == labels.shape[1]:
        if at == count:
            return count
        count -= 1
    for k in range(count, at, -1):
        for f in range(5):
            labels[row, k, f] = labels[row, k - 1, f]
    labels[row, at, 0] = cost
    labels[row, at, 1] = time
    labels[row, at, 2] = energy
    labels[row, at, 3] = more
    labels[row, at, 4] = tag
    return count + 1


@compiled
def keep_backward(
    labels: Labels, row: int, count: int, cost: float, energy: float, time: float, shift: float
) -> int:
    """Take a label in unless another is as good; drop what it beats. Returns the new count."""
    at = 0
    while at < count and labels[row, at, 0] <= cost + TOLERANCE:
        if (
            labels[row, at, 1] <= energy + TOLERANCE
            and labels[row, at, 2] >= time - TOLERANCE
            and labels[row, at, 3] >= shift - TOLERANCE
        ):
            return count
        at += 1
    kept = at
    for k in range(at, count):
        if not (
            energy <= labels[row, k, 1] and time >= labels[row, k, 2] and shift >= labels[row, k, 3]
        ):
            if kept != k:
                labels[row, kept, 0] = labels[row, k, 0]
                labels[row, kept, 1] = labels[row, k, 1]
                labels[row, kept, 2] = labels[row, k, 2]
                labels[row, kept, 3] = labels[row, k, 3]
            kept += 1
    count = kept
    if count == labels.shape[1]:
        if at == count:
            return count
        count -= 1
    for k in range(count, at, -1):
        for f in range(4):
            labels[row, k, f] = labels[row, k - 1, f]
    labels[row, at, 0] = cost
    labels[row, at, 1] = energy
    labels[row, at, 2] = time
    labels[row, at, 3] = shift
    return count + 1


@compiled
def drive(
    time: float, energy: float, more: float, seconds: float, used: float, pace: float
) -> tuple[float, float, float]:
    """Drive an arc; what is missing is charged before. ``more`` is negative if it cannot be."""
    time += seconds
    energy -= used
    if energy < 0.0:
        if energy < -TOLERANCE:
            time -= pace * energy
            more += energy
            if more < 0.0 and more > -TOLERANCE:
                more = 0.0
        energy = 0.0
    return time, energy, more


@compiled
def recharge(
    d: Arrays, w: Detours, k: int, time: float, energy: float, a: int, b: int
) -> tuple[float, float, float]:
    """Arrive at charger a, go on to charger b by any others, ready to leave that."""
    pace = d.truck[k, PACE]
    battery = d.truck[k, BATTERY]
    used = w.between[0, a, b] * d.truck[k, RATE]
    time += w.between[1, a, b]
    if w.between[2, a, b] * d.truck[k, RATE] > battery + TOLERANCE:
        return time, energy, -1.0
    if d.full or pace == 0.0:
        return time + pace * (battery - energy + used), battery, 0.0
    energy -= used
    if energy < 0.0:
        time -= pace * energy
        energy = 0.0
    return time, energy, battery - energy


@compiled
def serve(
    time: float,
    energy: float,
    more: float,
    earliest: float,
    latest: float,
    service: float,
    pace: float,
) -> tuple[float, float, float]:
    """Wait for the window (on the last charger, rather) and serve.

    What may still be charged in hindsight is what leaves the service inside its window.
    """
    if time < earliest:
        if more > 0.0 and pace > 0.0:
            extra = min(more, (earliest - time) / pace)
            energy += extra
            more -= extra
        time = earliest
    if more > 0.0 and pace > 0.0:
        more = min(more, max(0.0, (latest - time) / pace))
    return time + service, energy, more


@compiled
def ways(d: Arrays, w: Detours, i: int, j: int) -> tuple[int, int]:
    """Where the ways by chargers from i to j begin and end in the list."""
    if not d.electric:
        return 0, 0
    if w.span[i, j, 0] < 0:
        find_ways(d, w, i, j)
    return w.span[i, j, 0], w.span[i, j, 1]


@compiled
def forward(
    d: Arrays,
    w: Detours,
    k: int,
    i: int,
    j: int,
    labels: Labels,
    row: int,
    count: int,
    to: int,
    ceiling: float,
    found: int,
) -> int:
    """Labels on leaving stop j that cost less than ``ceiling``, from those on leaving point i.

    They join the ``found`` ones that row ``to`` holds already. Returns how many it then holds.
    """
    pace, rate, per_m = d.truck[k, PACE], d.truck[k, RATE], d.truck[k, PER_M]
    begin, stop = ways(d, w, i, j)
    work = d.pair[WORK, k, j]
    earliest, latest, service = (
        d.stop[j, EARLIEST],
        d.stop[j, LATEST] + TOLERANCE,
        d.stop[j, SERVICE],
    )
    cost_ij = d.distance[i, j] * per_m
    used_ij = d.distance[i, j] * rate + work
    seconds_ij = d.duration[i, j]
    for m in range(count):
        tag = labels[row, m, 4]
        cost0, time0, energy0, more0 = (
            labels[row, m, 0],
            labels[row, m, 1],
            labels[row, m, 2],
            labels[row, m, 3],
        )
        if cost0 + cost_ij >= ceiling:
            break
        time, energy, more = drive(time0, energy0, more0, seconds_ij, used_ij, pace)
        if more >= 0.0 and time <= latest:
            time, energy, more = serve(time, energy, more, earliest, latest, service, pace)
            found = keep_forward(labels, to, found, pace, cost0 + cost_ij, time, energy, more, tag)
        if time0 + seconds_ij > latest:
            continue
        for q in range(begin, stop):
            a, b = w.ways[q, 0], w.ways[q, 1]
            to_m, on_m = d.distance[i, d.stops + a], d.distance[d.stops + b, j]
            cost = cost0 + (to_m + w.between[0, a, b] + on_m) * per_m
            if cost >= ceiling:
                break
            used = on_m * rate + work
            if used > d.truck[k, BATTERY] + TOLERANCE:
                continue
            time, energy, more = drive(
                time0, energy0, more0, d.duration[i, d.stops + a], to_m * rate, pace
            )
            if more < 0.0 or time > latest:
                continue
            time, energy, more = recharge(d, w, k, time, energy, a, b)
            if more < 0.0:
                continue
            time, energy, more = drive(time, energy, more, d.duration[d.stops + b, j], used, pace)
            if more < 0.0 or time > latest:
                continue
            time, energy, more = serve(time, energy, more, earliest, latest, service, pace)
            found = keep_forward(labels, to, found, pace, cost, time, energy, more, tag)
    return found


@compiled
def backward(
    d: Arrays,
    w: Detours,
    k: int,
    i: int,
    j: int,
    work: float,
    labels: Labels,
    row: int,
    count: int,
    to: int,
) -> int:
    """Labels on arriving at stop i, from those on arriving at point j (``work`` is its energy)."""
    pace, rate, per_m, battery = (
        d.truck[k, PACE],
        d.truck[k, RATE],
        d.truck[k, PER_M],
        d.truck[k, BATTERY],
    )
    found = 0
    begin, stop = ways(d, w, i, j)
    earliest, latest, service = d.stop[i, EARLIEST], d.stop[i, LATEST], d.stop[i, SERVICE]
    for m in range(count):
        cost0, energy0, time0, shift0 = (
            labels[row, m, 0],
            labels[row, m, 1],
            labels[row, m, 2],
            labels[row, m, 3],
        )
        far = d.distance[i, j]
        energy = energy0 + far * rate + work
        time = time0 - d.duration[i, j]
        shift = shift0 - d.duration[i, j] - pace * (far * rate + work)
        for q in range(begin - 1, stop):
            cost = cost0 + far * per_m
            if q >= begin:
                a, b = w.ways[q, 0], w.ways[q, 1]
                on_m = d.distance[d.stops + b, j]
                to_m = d.distance[i, d.stops + a]
                cost = cost0 + (to_m + w.between[0, a, b] + on_m) * per_m
                energy = energy0 + on_m * rate + work
                if energy > battery + TOLERANCE or w.between[2, a, b] * rate > battery + TOLERANCE:
                    continue
                seconds = d.duration[d.stops + b, j]
                time = time0 - seconds
                shift = shift0 - seconds - pace * (on_m * rate + work)
                full = d.full or pace == 0.0
                shift = min(shift, time - pace * (battery if full else energy))
                seconds = w.between[1, a, b] + d.duration[i, d.stops + a]
                time -= seconds
                shift -= seconds + pace * (w.between[0, a, b] + to_m) * rate
                energy = to_m * rate
            if energy > battery + TOLERANCE or time < earliest + service - TOLERANCE:
                continue
            time = min(latest, time - service)
            shift -= service
            if earliest - pace * energy > shift:
                if pace == 0.0:
                    if earliest > shift + TOLERANCE:
                        continue
                else:
                    energy = (earliest - shift) / pace
                    if energy > battery + TOLERANCE:
                        continue
            found = keep_backward(labels, to, found, cost, energy, time, shift)
    return found


@compiled
def join(
    labels: Labels,
    after: int,
    count: int,
    pace: float,
    cost: float,
    time: float,
    energy: float,
    more: float,
    best: float,
) -> float:
    """Cheapest whole from one forward label that arrives here and any backward one, or ``best``."""
    for m in range(count):
        if cost + labels[after, m, 0] >= best:
            break
        need = labels[after, m, 1] - energy
        moment = time
        if need > 0.0:
            if need > more + TOLERANCE:
                continue
            moment += pace * need
        if (
            moment <= labels[after, m, 2] + TOLERANCE
            and time - pace * energy <= labels[after, m, 3] + TOLERANCE
        ):
            best = cost + labels[after, m, 0]
            break
    return best


@compiled
def meet(
    d: Arrays,
    w: Detours,
    k: int,
    i: int,
    j: int,
    work: float,
    labels: Labels,
    row: int,
    count: int,
    after: int,
    after_count: int,
    best: float,
) -> float:
    """Cheapest route through i and then j below ``best``; ``best`` if there is none."""
    if count == 0 or after_count == 0:
        return best
    pace, rate, per_m = d.truck[k, PACE], d.truck[k, RATE], d.truck[k, PER_M]
    rest = labels[after, 0, 0]
    cost_ij = d.distance[i, j] * per_m
    for m in range(count):
        cost0, time0, energy0, more0 = (
            labels[row, m, 0],
            labels[row, m, 1],
            labels[row, m, 2],
            labels[row, m, 3],
        )
        if cost0 + cost_ij + rest >= best:
            break
        time, energy, more = drive(
            time0, energy0, more0, d.duration[i, j], d.distance[i, j] * rate + work, pace
        )
        if more >= 0.0:
            best = join(labels, after, after_count, pace, cost0 + cost_ij, time, energy, more, best)
        if not d.electric:
            continue
        if cost0 + cost_ij + rest >= best:
            break
        begin, stop = ways(d, w, i, j)
        for q in range(begin, stop):
            a, b = w.ways[q, 0], w.ways[q, 1]
            to_m, on_m = d.distance[i, d.stops + a], d.distance[d.stops + b, j]
            cost = cost0 + (to_m + w.between[0, a, b] + on_m) * per_m
            if cost + rest >= best:
                break
            time, energy, more = drive(
                time0, energy0, more0, d.duration[i, d.stops + a], to_m * rate, pace
            )
            if more < 0.0:
                continue
            time, energy, more = recharge(d, w, k, time, energy, a, b)
            if more < 0.0:
                continue
            time, energy, more = drive(
                time, energy, more, d.duration[d.stops + b, j], on_m * rate + work, pace
            )
            if more >= 0.0:
                best = join(labels, after, after_count, pace, cost, time, energy, more, best)
    return best
