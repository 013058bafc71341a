"""Ways from one point to another by chargers, as far as none is better in every respect."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import BATTERY, RATE, Arrays
from sim.kernel.compiled import compiled

# Ways kept for one arc; more are hardly ever alive at once.
MOST_WAYS = 24


class Detours(NamedTuple):
    """Ways found so far, arc by arc, and shortest ways between chargers.

    A way from i to j goes to charger ``first``, by any others to ``last``, and on to j.
    """

    span: NDArray[np.int32]  # (points, points, 2): where its ways begin, -1 if unknown, and end
    ways: NDArray[np.int32]  # (room, 2): first and last
    used: NDArray[np.int64]  # (1,): how much of the room
    between: NDArray[np.float64]  # (3, chargers, chargers): metres, seconds, longest hop
    reach_m: float  # of the truck with the longest range


@compiled
def chain(
    distance: NDArray[np.float64],
    duration: NDArray[np.float64],
    offset: int,
    count: int,
    reach_m: float,
    between: NDArray[np.float64],
) -> None:
    """Shortest ways between chargers whose every hop is within reach (Floyd 1962)."""
    for a in range(count):
        for b in range(count):
            far = distance[offset + a, offset + b]
            if a == b:
                far = 0.0
            if far <= reach_m:
                between[0, a, b] = far
                between[1, a, b] = duration[offset + a, offset + b] if a != b else 0.0
                between[2, a, b] = far
            else:
                between[0, a, b] = np.inf
                between[1, a, b] = np.inf
                between[2, a, b] = np.inf
    for m in range(count):
        for a in range(count):
            for b in range(count):
                way = between[0, a, m] + between[0, m, b]
                if way < between[0, a, b]:
                    between[0, a, b] = way
                    between[1, a, b] = between[1, a, m] + between[1, m, b]
                    between[2, a, b] = max(between[2, a, m], between[2, m, b])


@compiled
def find_ways(d: Arrays, w: Detours, i: int, j: int) -> None:
    """Look at the arc from i to j: every way by chargers that no other beats in all respects."""
    first = np.empty(MOST_WAYS, dtype=np.int32)
    last = np.empty(MOST_WAYS, dtype=np.int32)
    whole = np.empty(MOST_WAYS)
    count = 0
    reach = w.reach_m
    for a in range(d.chargers):
        to = d.distance[i, d.stops + a]
        if to > reach:
            continue
        for b in range(d.chargers):
            on = d.distance[d.stops + b, j]
            if on > reach or w.between[0, a, b] == np.inf:
                continue
            total = to + w.between[0, a, b] + on
            worse = False
            for k in range(count):
                if (
                    whole[k] <= total
                    and d.distance[i, d.stops + first[k]] <= to
                    and d.distance[d.stops + last[k], j] <= on
                ):
                    worse = True
                    break
            if worse:
                continue
            kept = 0
            for k in range(count):
                if not (
                    total <= whole[k]
                    and to <= d.distance[i, d.stops + first[k]]
                    and on <= d.distance[d.stops + last[k], j]
                ):
                    first[kept] = first[k]
                    last[kept] = last[k]
                    whole[kept] = whole[k]
                    kept += 1
            count = kept
            at = count
            while at > 0 and whole[at - 1] > total:
                at -= 1
            if at == MOST_WAYS:
                continue
            if count == MOST_WAYS:
                count -= 1
            for k in range(count, at, -1):
                first[k] = first[k - 1]
                last[k] = last[k - 1]
                whole[k] = whole[k - 1]
            first[at] = a
            last[at] = b
            whole[at] = total
            count += 1
    if w.used[0] + count > len(w.ways):
        # Forget everything: rare, and what is needed is soon found again.
        w.span[:, :, 0] = -1
        w.used[0] = 0
    begin = w.used[0]
    for k in range(count):
        w.ways[begin + k, 0] = first[k]
        w.ways[begin + k, 1] = last[k]
    w.used[0] = begin + count
    w.span[i, j, 0] = begin
    w.span[i, j, 1] = begin + count


def detours_of(d: Arrays) -> Detours:
    """Nothing looked at yet, chargers chained."""
    points = len(d.distance) if d.electric else 1
    reach = 0.0
    for battery, rate in d.truck[:, [BATTERY, RATE]]:
        if battery < np.inf:
            reach = max(reach, battery / rate if rate > 0.0 else np.inf)
    reach *= 1.0 + 1e-12
    between = np.empty((3, d.chargers, d.chargers))
    chain(d.distance, d.duration, d.stops, d.chargers, reach, between)
    return Detours(
        np.full((points, points, 2), -1, dtype=np.int32),
        np.zeros((min(points * points * 6 + 64, 4_000_000), 2), dtype=np.int32),
        np.zeros(1, dtype=np.int64),
        between,
        reach,
    )
