"""Bins that fill: how much is in them at any moment, and when they reach a level, exactly.

What households and shops put out follows patterns by hour, weekday and month, so the amount since
the start of the run is a known function of time, piecewise linear between full hours. It is looked
at only when a truck arrives or a level is asked for; nothing ticks.

A day is 86,400 s from the midnight before the run's start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400.0
HOUR_S = 3_600.0


class Bins(NamedTuple):
    """All collection points (P) of a run over its days (D); patterns (F).

    Attributes
    ----------
    place, stream, lifts : (P,) arrays
        Place, stream and bins to be lifted.
    capacity_kg, service_s, from_s, to_s : (P,) arrays
        What the bins hold, time besides lifting, times of the day when collection may begin.
    base_kg, pattern : (P, 2) arrays
        Mean of a day and pattern, of households and of shops.
    share : (F, 25) array
        Share of the day's amount that has been put out at each full hour, from 0 to 1.
    weight : (F, D) array
        Factor of each day by weekday and month.
    luck : (P, D) array
        Random factor of each point and day.
    before_kg : (P, D + 1) array
        Amount put out from day 0's midnight to each midnight.
    start_s : (1,) array
        Seconds from day 0's midnight to the start of the run.
    opening_kg, origin_kg : (P,) arrays
        Content at the start of the run, and what was put out before it on day 0.
    taken_kg, seen_s, over_kg, over_s, over_times : (P,) arrays
        State: collected so far; until when overflow is accounted for; overflow in kg, seconds and
        number of spells.
    visits : (P,) array
        State: how often it has been served.
    """

    place: Ints
    stream: Ints
    lifts: Ints
    capacity_kg: Floats
    service_s: Floats
    from_s: Floats
    to_s: Floats
    base_kg: Floats
    pattern: Ints
    share: Floats
    weight: Floats
    luck: Floats
    before_kg: Floats
    start_s: Floats
    opening_kg: Floats
    origin_kg: Floats
    taken_kg: Floats
    seen_s: Floats
    over_kg: Floats
    over_s: Floats
    over_times: Ints
    visits: Ints


@compiled
def _of_day(b, p, day, hour, part):  # type: ignore[no-untyped-def]
    """Return the amount put out on a day up to an hour and a part of the next."""
    total = 0.0
    for k in range(2):
        f = b.pattern[p, k]
        at = b.share[f, hour]
        if part > 0.0:
            at += (b.share[f, hour + 1] - at) * part
        total += b.base_kg[p, k] * b.weight[f, day] * at
    return total * b.luck[p, day]


@compiled
def put_out(b, p, time_s):  # type: ignore[no-untyped-def]
    """Return what was put out at a point from the start of the run to a moment, kg."""
    since = time_s + b.start_s[0]
    day = int(since // DAY_S)
    if day >= b.weight.shape[1]:
        return b.before_kg[p, -1] - b.origin_kg[p]
    of_day = (since - day * DAY_S) / HOUR_S
    hour = min(int(of_day), 23)
    return b.before_kg[p, day] + _of_day(b, p, day, hour, of_day - hour) - b.origin_kg[p]


@compiled
def content(b, p, time_s):  # type: ignore[no-untyped-def]
    """Return what lies at a point, in the bins and beside them, kg."""
    return b.opening_kg[p] + put_out(b, p, time_s) - b.taken_kg[p]


@compiled
def reaches(b, p, level_kg):  # type: ignore[no-untyped-def]
    """Return the first moment at which the content is at the level if nobody collects, s.

    At the start of the run at the earliest; infinity if not before the last day ends.
    """
    amount = level_kg - b.opening_kg[p] + b.taken_kg[p] + b.origin_kg[p]
    if amount <= b.origin_kg[p]:
        return 0.0
    days = b.weight.shape[1]
    if b.before_kg[p, days] < amount:
        return np.inf
    low, high = 0, days  # before[low] < amount <= before[high]
    while high - low > 1:
        middle = (low + high) // 2
        if b.before_kg[p, middle] < amount:
            low = middle
        else:
            high = middle
    day, rest = low, amount - b.before_kg[p, low]
    hour, last = 0, 24
    while last - hour > 1:
        middle = (hour + last) // 2
        if _of_day(b, p, day, middle, 0.0) < rest:
            hour = middle
        else:
            last = middle
    at, after = _of_day(b, p, day, hour, 0.0), _of_day(b, p, day, hour + 1, 0.0)
    part = min((rest - at) / (after - at), 1.0) if after > at else 1.0
    return max(day * DAY_S + (hour + part) * HOUR_S - b.start_s[0], 0.0)


@compiled
def see(b, p, time_s):  # type: ignore[no-untyped-def]
    """Account for overflow up to a moment; return when a new spell began, or NaN."""
    before = content(b, p, b.seen_s[p])
    now = content(b, p, time_s)
    began = np.nan
    if now > b.capacity_kg[p]:
        if before >= b.capacity_kg[p] and b.over_s[p] > 0.0:
            since = b.seen_s[p]
            b.over_kg[p] += now - before
        else:
            since = max(reaches(b, p, b.capacity_kg[p]), b.seen_s[p])
            b.over_kg[p] += now - b.capacity_kg[p]
            b.over_times[p] += 1
            began = since
        b.over_s[p] += time_s - since
    b.seen_s[p] = time_s
    return began


@compiled
def see_all(b, time_s, began):  # type: ignore[no-untyped-def]
    """Account for overflow at every point; fill ``began`` (P,) with `see`'s answers."""
    for p in range(b.place.size):
        began[p] = see(b, p, time_s)


@compiled
def contents(b, time_s, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (P,) with the content of every point."""
    for p in range(b.place.size):
        out[p] = content(b, p, time_s)


@compiled
def accumulate(b):  # type: ignore[no-untyped-def]
    """Fill ``before_kg`` and ``origin_kg`` from patterns, weights and luck."""
    for p in range(b.place.size):
        total = 0.0
        b.before_kg[p, 0] = 0.0
        for day in range(b.weight.shape[1]):
            total += _of_day(b, p, day, 24, 0.0)
            b.before_kg[p, day + 1] = total
        b.origin_kg[p] = 0.0
        b.origin_kg[p] = put_out(b, p, 0.0)
