"""Bins that fill: how much is in them at any moment, and when they reach a level, exactly.

What households and shops put out follows patterns by hour, weekday and month, so the amount since
the start of the run is a known function of time, piecewise linear between full hours. It is looked
at only when a truck arrives or a level is asked for; nothing ticks.

A day is 86,400 s from the midnight before the run's start.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400.0
HOUR_S = 3_600.0


POINT = np.dtype([
    ("place", "i8"), ("stream", "i8"), ("lifts", "i8"), ("homes", "i8"), ("shops", "i8"),
    ("capacity_kg", "f8"), ("service_s", "f8"), ("from_s", "f8"), ("to_s", "f8"),
    ("homes_kg", "f8"), ("shops_kg", "f8"), ("opening_kg", "f8"), ("origin_kg", "f8"),
    ("taken_kg", "f8"), ("seen_s", "f8"), ("over_kg", "f8"), ("over_s", "f8"),
    ("over_times", "i8"), ("visits", "i8"),
])  # fmt: skip
"""A collection point: place, stream and bins to be lifted; patterns of households and shops; what
the bins hold; time besides lifting; times of the day when collection may begin; mean amounts of a
day; content at the start, and what was put out before it on day 0. State: collected so far; until
when overflow is accounted for, its kg, seconds and spells; how often it was served."""


class Bins(NamedTuple):
    """All collection points (P) of a run over its days (D); patterns (F).

    Compiled functions are given the members one by one (``*bins``): numba takes ten times as long
    to recognise a tuple of arrays as the arrays themselves.

    Attributes
    ----------
    points : (P,) array of `POINT`
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
    """

    points: NDArray[Any]
    share: Floats
    weight: Floats
    luck: Floats
    before_kg: Floats
    start_s: Floats


@compiled
def _of_day(b, p, day, hour, part):  # type: ignore[no-untyped-def]
    """Return the amount put out on a day up to an hour and a part of the next."""
    point, after = b.points[p], min(hour + 1, 24)
    f, g = point.homes, point.shops
    homes = b.share[f, hour] + (b.share[f, after] - b.share[f, hour]) * part
    shops = b.share[g, hour] + (b.share[g, after] - b.share[g, hour]) * part
    homes *= point.homes_kg * b.weight[f, day]
    shops *= point.shops_kg * b.weight[g, day]
    return (homes + shops) * b.luck[p, day]


@compiled
def put_out(b, p, time_s):  # type: ignore[no-untyped-def]
    """Return what was put out at a point from the start of the run to a moment, kg."""
    since = time_s + b.start_s[0]
    day = int(since // DAY_S)
    if day >= b.weight.shape[1]:
        return b.before_kg[p, -1] - b.points[p].origin_kg
    of_day = (since - day * DAY_S) / HOUR_S
    hour = min(int(of_day), 23)
    return b.before_kg[p, day] + _of_day(b, p, day, hour, of_day - hour) - b.points[p].origin_kg


@compiled
def lying(b, p, time_s):  # type: ignore[no-untyped-def]
    """Return what lies at a point, in the bins and beside them, kg."""
    return b.points[p].opening_kg + put_out(b, p, time_s) - b.points[p].taken_kg


@compiled
def _reaches(b, p, level_kg):  # type: ignore[no-untyped-def]
    """Return the first moment at which the content is at the level if nobody collects, s.

    At the start of the run at the earliest; infinity if not before the last day ends.
    """
    amount = level_kg - b.points[p].opening_kg + b.points[p].taken_kg + b.points[p].origin_kg
    if amount <= b.points[p].origin_kg:
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
    before = lying(b, p, b.points[p].seen_s)
    now = lying(b, p, time_s)
    began = np.nan
    if now > b.points[p].capacity_kg:
        if before >= b.points[p].capacity_kg and b.points[p].over_s > 0.0:
            since = b.points[p].seen_s
            b.points[p].over_kg += now - before
        else:
            since = max(_reaches(b, p, b.points[p].capacity_kg), b.points[p].seen_s)
            b.points[p].over_kg += now - b.points[p].capacity_kg
            b.points[p].over_times += 1
            began = since
        b.points[p].over_s += time_s - since
    b.points[p].seen_s = time_s
    return began


@compiled
def _see_all(points, share, weight, luck, before_kg, start_s, time_s, began):  # type: ignore[no-untyped-def]
    b = Bins(points, share, weight, luck, before_kg, start_s)
    for p in range(points.size):
        began[p] = see(b, p, time_s)


@compiled
def _contents(points, share, weight, luck, before_kg, start_s, time_s, out):  # type: ignore[no-untyped-def]
    b = Bins(points, share, weight, luck, before_kg, start_s)
    for p in range(points.size):
        out[p] = lying(b, p, time_s)


@compiled
def _all_reach(points, share, weight, luck, before_kg, start_s, level_kg, out):  # type: ignore[no-untyped-def]
    b = Bins(points, share, weight, luck, before_kg, start_s)
    for p in range(points.size):
        out[p] = _reaches(b, p, level_kg[p])


@compiled
def _accumulate(points, share, weight, luck, before_kg, start_s):  # type: ignore[no-untyped-def]
    b = Bins(points, share, weight, luck, before_kg, start_s)
    for p in range(points.size):
        total = 0.0
        before_kg[p, 0] = 0.0
        for day in range(weight.shape[1]):
            total += _of_day(b, p, day, 24, 0.0)
            before_kg[p, day + 1] = total
        points[p].origin_kg = 0.0
        points[p].origin_kg = put_out(b, p, 0.0)


def see_all(b: Bins, time_s: float) -> Floats:
    """Account for overflow at every point; return when new spells began, (P,), NaN for none."""
    began = np.empty(len(b.points))
    _see_all(*b, time_s, began)
    return began


def contents(b: Bins, time_s: float) -> Floats:
    """Return what lies at every point, (P,), in the bins and beside them, kg."""
    out = np.empty(len(b.points))
    _contents(*b, time_s, out)
    return out


def reach(b: Bins, level_kg: Floats) -> Floats:
    """Return the first moments at which contents are at levels, (P,), if nobody collects, s.

    At the start of the run at the earliest; infinity if not before the last day ends.
    """
    out = np.empty(len(b.points))
    _all_reach(*b, level_kg, out)
    return out


def accumulate(b: Bins) -> None:
    """Fill ``before_kg`` and ``origin_kg`` from patterns, weights and luck."""
    _accumulate(*b)
