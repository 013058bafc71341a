"""What a session draws: its length, its power by time, its cost; and the moments it may begin."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from optimize.routing.charger_schedule.problem import HOUR_S, ChargingProblem, Steps
from optimize.routing.problem import ChargingCurve

# Moments closer than this are one: they come from sums of floating-point times.
SAME_MOMENT_S = 1e-6
Powers = tuple[tuple[float, float], ...]


def _interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    k = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
    if xs[k + 1] == xs[k]:
        return ys[k + 1]
    return ys[k] + (x - xs[k]) * (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])


@cache
def powers(curve: ChargingCurve, start_kwh: float, energy_kwh: float) -> Powers:
    """Return (length in s, power in kW) of the session's pieces, power falling."""
    pieces = []
    end = min(start_kwh + energy_kwh, curve.energy_kwh[-1])
    knots = [start_kwh, *(e for e in curve.energy_kwh if start_kwh < e < end), end]
    times = [_interpolate(e, curve.energy_kwh, curve.time_s) for e in knots]
    for k in range(len(knots) - 1):
        length_s = times[k + 1] - times[k]
        if length_s > 0.0:
            pieces.append((length_s, (knots[k + 1] - knots[k]) / length_s * HOUR_S))
    return tuple(pieces)


@dataclass(frozen=True)
class Option:
    """A stay could charge at ``place`` from ``begin_s``.

    Attributes
    ----------
    first_slot, slot_kw
        The grid's slots it touches, from the first, and the highest power it draws in each.
    """

    stay: int
    place: int
    begin_s: float
    end_s: float
    cost: float
    late_s: float
    first_slot: int
    slot_kw: tuple[float, ...]


def energy_cost(pieces: Powers, begin_s: float, price: Steps) -> float:
    """Return the price of a session that begins at a moment."""
    cost, at = 0.0, begin_s
    for length_s, kw in pieces:
        for a, b, value in price.between(at, at + length_s):
            cost += kw * (b - a) / HOUR_S * value
        at += length_s
    return cost


def _slot_powers(pieces: Powers, begin_s: float, step_s: float) -> tuple[int, tuple[float, ...]]:
    first = math.floor((begin_s + SAME_MOMENT_S) / step_s)
    highest: list[float] = []
    at = begin_s
    for length_s, kw in pieces:
        last = math.ceil((at + length_s - SAME_MOMENT_S) / step_s)
        while len(highest) < last - first:
            highest.append(0.0)
        for slot in range(math.floor((at + SAME_MOMENT_S) / step_s), last):
            highest[slot - first] = max(highest[slot - first], kw)
        at += length_s
    return first, tuple(highest)


def options(problem: ChargingProblem, stay_index: int, *, later_s: float = 0.0) -> list[Option]:
    """Return every session a stay could have, as if it could be ``later_s`` later still.

    Options whose power alone is over the limit are left out.
    """
    stay = problem.stays[stay_index]
    found = []
    lowest: dict[tuple[int, int], float] = {}
    for place_index, curve in zip(stay.places, stay.curves, strict=True):
        place = problem.places[place_index]
        pieces = powers(curve, stay.start_kwh, stay.energy_kwh)
        length = sum(length_s for length_s, _ in pieces)
        latest = stay.leave_s + stay.most_late_s + later_s - length
        on_time = stay.leave_s - length
        moments = {m for m in (stay.arrive_s, on_time, latest) if m >= stay.arrive_s}
        k = math.ceil(stay.arrive_s / problem.step_s)
        while k * problem.step_s <= latest:
            moments.add(k * problem.step_s)
            k += 1
        for begin in sorted(moments):
            if begin > latest + SAME_MOMENT_S:
                continue
            late = max(begin + length - stay.leave_s, 0.0)
            late = 0.0 if late < SAME_MOMENT_S else late
            first, slot_kw = _slot_powers(pieces, begin, problem.step_s)
            if not _within(problem, place_index, first, slot_kw, lowest):
                continue
            cost = energy_cost(pieces, begin, place.price_per_kwh) + late * stay.cost_per_late_s
            found.append(
                Option(
                    stay_index, place_index, begin, begin + length, cost, late, first, slot_kw
                )
            )  # fmt: skip
    return found


def _within(
    problem: ChargingProblem,
    place: int,
    first: int,
    slot_kw: tuple[float, ...],
    lowest: dict[tuple[int, int], float],
) -> bool:
    for k, kw in enumerate(slot_kw):
        key = (place, first + k)
        if key not in lowest:
            limit = problem.places[place].limit_kw
            lowest[key] = slot_limit_kw(limit, first + k, problem.step_s)
        if kw > lowest[key]:
            return False
    return True


def slot_limit_kw(limit: Steps, slot: int, step_s: float) -> float:
    """Return the lowest limit within a slot of the grid."""
    return min(value for _, _, value in limit.between(slot * step_s, (slot + 1) * step_s))


def give_guns(
    chosen: Sequence[tuple[int, int, float, float]],
) -> list[tuple[int, int, int, float, float]]:
    """Return (stay, place, gun, begin, end), each on the free gun of the lowest number."""
    free: dict[int, list[float]] = {}
    result = []
    for stay, place, begin, end in sorted(chosen, key=lambda c: (c[2], c[3], c[0])):
        guns = free.setdefault(place, [])
        gun = next((g for g, at in enumerate(guns) if at <= begin + SAME_MOMENT_S), len(guns))
        if gun == len(guns):
            guns.append(end)
        else:
            guns[gun] = end
        result.append((stay, place, gun, begin, end))
    return result
