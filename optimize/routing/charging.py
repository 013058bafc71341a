"""Fixed-route charging: where and how much a truck charges if its stops and their order are given.

Linear or piecewise linear curves, in full or in part, several chargers in a row. What it knows of
a day is distance, time, service and energy; for windows, sites, loads and breaks the engines label
whole days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimize.routing.core.arrays import END, PER_M, SHIFT_FROM, START, arrays_of, points_of
from optimize.routing.core.day_arrays import PER_S, day_of
from optimize.routing.core.fixed_route import (
    CHARGED,
    FAR,
    PARENT,
    POINT,
    POSITION,
    SETTLED,
    TIME,
    charge_fixed,
)
from optimize.routing.problem import Problem

# Labels for one route; it grows if need be.
_ROWS = 4096


@dataclass(frozen=True)
class Charge:
    """A visit to charger ``charger`` after ``after`` stops, and the energy charged there."""

    after: int
    charger: int
    kwh: float


@dataclass(frozen=True)
class ChargedRoute:
    """The best way to charge on a route; ``seconds`` is from start to end."""

    charges: tuple[Charge, ...]
    metres: float
    seconds: float
    cost: float


class RouteCharger:
    """Charges routes of one truck type; the arrays are prepared once.

    Parameters
    ----------
    problem
        Its windows, sites and loads are not looked at.
    """

    def __init__(self, problem: Problem, truck_type: int) -> None:
        d, _ = arrays_of(problem)
        grid, _ = points_of(problem)
        self._d = d._replace(
            duration=np.ascontiguousarray(problem.travel.duration_s[np.ix_(grid, grid)])
        )
        service = d.stop.copy()
        service[:, 0] = [stop.service_s for stop in problem.stops]
        self._d = self._d._replace(stop=service)
        self._y = day_of(problem, d, d.chargers, True)
        self._k = truck_type
        slopes = [
            (later - sooner) / (high - low)
            for charger in problem.chargers
            for curve in [problem.trucks[truck_type].charging[charger.technology]]
            for low, high, sooner, later in zip(
                curve.energy_kwh, curve.energy_kwh[1:], curve.time_s, curve.time_s[1:], strict=False
            )
        ]
        self._fastest = min(slopes, default=0.0)
        self._room(_ROWS)

    def _room(self, rows: int) -> None:
        self._labels = np.zeros((rows, 8))
        self._links = np.zeros((rows, 5), dtype=np.int64)
        self._heap = np.zeros(rows, dtype=np.int64)

    def charge(self, stops: Sequence[int]) -> ChargedRoute | None:
        """Return the cheapest way to charge (by distance and time); none if there is none."""
        d, k = self._d, self._k
        points = np.array([d.ends[k, START], *stops, d.ends[k, END]], dtype=np.int64)
        heads = np.empty(len(points) * (d.chargers + 1), dtype=np.int64)
        while True:
            row = charge_fixed(
                d, self._y, k, points, self._fastest,
                self._labels, self._links, self._heap, heads,
            )  # fmt: skip
            if row != -2:
                break
            self._room(2 * len(self._labels))
        if row < 0:
            return None
        metres = float(self._labels[row, FAR])
        seconds = float(self._labels[row, TIME]) - float(d.truck[k, SHIFT_FROM])
        charges: list[Charge] = []
        charged = float(self._labels[row, CHARGED])
        at = int(row)
        while at >= 0:
            position, point = int(self._links[at, POSITION]), int(self._links[at, POINT])
            if point != points[position]:
                charges.append(Charge(position, point - d.stops, charged))
                charged = float(self._labels[at, SETTLED])
            at = int(self._links[at, PARENT])
        return ChargedRoute(
            tuple(charges[::-1]),
            metres,
            seconds,
            float(d.truck[k, PER_M]) * metres + float(self._y.truck[k, PER_S]) * seconds,
        )


def charge_route(problem: Problem, truck_type: int, stops: Sequence[int]) -> ChargedRoute | None:
    """Charge one route; for many routes keep a `RouteCharger`.

    Returns
    -------
    ChargedRoute or None
        The cheapest by cost per metre and per second; none if the battery does not last.
    """
    return RouteCharger(problem, truck_type).charge(stops)
