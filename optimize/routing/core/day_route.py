"""A whole day evaluated for a given order of stops, and the calls it consists of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import DEMAND, END, Arrays
from optimize.routing.core.day_arrays import Day
from optimize.routing.core.day_dominance import ABOARD, CHARGED, COST, SETTLED, Labels
from optimize.routing.core.day_labels import (
    PARENT,
    WHAT,
    WHICH,
    Tags,
    advance,
    begin_day,
    find_promises,
    least_need,
)
from optimize.routing.core.day_step import (
    BEGIN,
    CHARGER,
    FINISH,
)
from sim.kernel.compiled import compiled

# Rows of the pool for one route; a day of 100 stops with 50 labels each fits.
ROWS = 40_000
MOST_PROMISES = 8


@compiled
def label_day(
    d: Arrays, y: Day, k: int, stops: NDArray[np.int64], labels: Labels, tags: Tags
) -> int:
    """Row of the cheapest label at the end of a day with these stops; -1 if there is none."""
    promises = np.empty(MOST_PROMISES)
    coming = np.zeros(max(1, d.stop.shape[1] - DEMAND))
    released = y.release.max() > 0.0 if len(y.release) > 0 else False
    for c in stops:
        for q in range(d.stop.shape[1] - DEMAND):
            coming[q] += d.stop[c, DEMAND + q]
    count = find_promises(y, stops, 0, len(stops), promises) if released else 0
    low = 0
    high = begin_day(d, y, k, labels, tags, promises, count)
    for m in range(len(stops) + 1):
        c = stops[m] if m < len(stops) else -1
        j = c if c >= 0 else d.ends[k, END]
        count = find_promises(y, stops, m, len(stops), promises) if released else 0
        need = least_need(d, y, k, stops, m, len(stops))
        low, high = advance(d, y, k, labels, tags, low, high, j, c, coming, need, promises, count)
        if high == low:
            return -1
        if c >= 0:
            for q in range(d.stop.shape[1] - DEMAND):
                coming[q] -= d.stop[c, DEMAND + q]
    best = -1
    for row in range(low, high):
        if labels[row, COST] < np.inf and (best < 0 or labels[row, COST] < labels[best, COST]):
            best = row
    return best


def calls_of(labels: Labels, tags: Tags, row: int) -> list[tuple[int, int, float]]:
    """What a label consists of, in order: kind, index and, for a charger, energy charged."""
    calls = []
    charged = math.nan
    while row >= 0:
        what = int(tags[row, WHAT])
        if what == FINISH or math.isnan(charged):
            charged = float(labels[row, CHARGED])
        if what == CHARGER:
            calls.append((CHARGER, int(tags[row, WHICH]), charged))
            charged = float(labels[row, SETTLED])
        elif what not in (FINISH, BEGIN):
            calls.append((what, int(tags[row, WHICH]), 0.0))
        row = int(tags[row, PARENT])
    return calls[::-1]


def new_pool(d: Arrays, rows: int = ROWS) -> tuple[Labels, Tags]:
    """Room for labels."""
    dimensions = d.stop.shape[1] - DEMAND
    return np.zeros((rows, ABOARD + dimensions)), np.zeros((rows, 4), dtype=np.int64)
