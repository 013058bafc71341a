"""Which of two partial days is at least as good in every respect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.day_arrays import TIME_COUNTS, Day
from sim.kernel.compiled import compiled

Labels = NDArray[np.float64]

# Columns of a label; loads by dimension begin at ABOARD. MORE is what may still be charged in
# hindsight at the last charger, which was left at LEVEL on curve TECHNOLOGY; CHARGED what was
# charged there so far, SETTLED what was at the charger before. SLACK: how late the start may be
# without changing TIME; LATE: how late at all. PROMISE: stops released up to then may be served on
# this trip. STOOD: how long the truck has stood where it is. POINT: where that is.
COST, TIME, ENERGY, MORE, LEVEL, TECHNOLOGY, CHARGED = 0, 1, 2, 3, 4, 5, 6
SLACK, LATE, PROMISE, DRIVEN, STOOD, BREAK, METRES, POINT = 7, 8, 9, 10, 11, 12, 13, 14
SETTLED, ABOARD = 15, 16

TOLERANCE = 1e-9


@compiled
def charging_time(y: Day, k: int, tech: int, energy: float) -> float:
    """Return the time at which a curve has reached an energy (counted from the reserve)."""
    knots = y.curve.shape[2]
    for m in range(1, knots):
        high = y.curve[k, tech, m, 0]
        if energy <= high or m == knots - 1:
            low = y.curve[k, tech, m - 1, 0]
            if high <= low:
                return y.curve[k, tech, m, 1]
            share = (energy - low) / (high - low)
            before = y.curve[k, tech, m - 1, 1]
            return before + share * (y.curve[k, tech, m, 1] - before)
    return 0.0


@compiled
def charged_until(y: Day, k: int, tech: int, time: float) -> float:
    """Return the most energy that a curve has reached at a time."""
    knots = y.curve.shape[2]
    energy = y.curve[k, tech, 0, 0]
    for m in range(1, knots):
        begin, end = y.curve[k, tech, m - 1, 1], y.curve[k, tech, m, 1]
        low, high = y.curve[k, tech, m - 1, 0], y.curve[k, tech, m, 0]
        if time >= end:
            energy = max(energy, high)
        elif time > begin:
            return low + (high - low) * (time - begin) / (end - begin)
    return energy


@compiled
def dominates(y: Day, k: int, labels: Labels, a: int, b: int) -> bool:
    """Return whether label a can do whatever b can, at no more cost."""
    if labels[a, POINT] != labels[b, POINT]:
        return False
    if labels[a, COST] > labels[b, COST] + TOLERANCE:
        return False
    gain = labels[b, TIME] - labels[a, TIME]
    if gain < -TOLERANCE:
        return False
    if (
        labels[a, PROMISE] < labels[b, PROMISE]
        or labels[a, BREAK] < labels[b, BREAK]
        or labels[a, METRES] > labels[b, METRES] + TOLERANCE
    ):
        return False
    # A rest left undone is made up for by what was stood: both count.
    if labels[a, DRIVEN] > labels[b, DRIVEN] + TOLERANCE:
        return False
    if labels[a, DRIVEN] > 0.0 and labels[a, STOOD] + gain < labels[b, STOOD] - TOLERANCE:
        return False
    if y.truck[k, TIME_COUNTS] != 0.0 and (
        labels[a, SLACK] + gain < labels[b, SLACK] - TOLERANCE
        or labels[a, LATE] < labels[b, LATE] - TOLERANCE
    ):
        return False
    for q in range(ABOARD, labels.shape[1]):
        if labels[a, q] > labels[b, q] + TOLERANCE:
            return False
    energy_a, energy_b = labels[a, ENERGY], labels[b, ENERGY]
    if energy_a + labels[a, MORE] < energy_b + labels[b, MORE] - TOLERANCE:
        return False
    if energy_a >= energy_b + labels[b, MORE] - TOLERANCE:
        return True
    tech = int(labels[a, TECHNOLOGY])
    if labels[a, MORE] > 0.0 and gain > 0.0:
        level = labels[a, LEVEL]
        more = charged_until(y, k, tech, charging_time(y, k, tech, level) + gain) - level
        energy_a += min(more, labels[a, MORE])
    if energy_a < energy_b - TOLERANCE:
        return False
    if labels[b, MORE] <= TOLERANCE:
        return True
    # From equal energies on, the one lower on the curve charges no slower.
    return tech == int(labels[b, TECHNOLOGY]) and (
        y.curve.shape[2] == 2
        or labels[a, LEVEL] - labels[a, ENERGY] <= labels[b, LEVEL] - labels[b, ENERGY] + TOLERANCE
    )
