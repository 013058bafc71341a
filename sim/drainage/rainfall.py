"""Rain for a run: design storms, reconstructed events, gauge files, series of a network.

Every maker returns a `Hyetograph` whose blocks hold the exact integral of what they stand for, so
that no depth is lost to the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import RainGauge, Series
from sim.drainage.hyetograph import Hyetograph, from_intervals
from sim.drainage.storm_formula import Formula
from sim.drainage.time_csv import read_series_csv
from sim.kernel.errors import InputError

__all__ = ["Hyetograph", "chicago", "from_gauge_csv", "from_series", "nested"]

Array = NDArray[np.float64]
RainUnit = Literal["mm", "mm/h", "in", "in/h"]


def _around_peak(
    depth_mm: Callable[[float], float], edges_min: Sequence[float], peak_min: float, ratio: float
) -> Array:
    """Depth of each block when the heaviest ``t`` minutes lie ``ratio t`` before the peak.

    Before the peak ``ratio * depth(t)`` fall within ``ratio * t`` of it, after it the rest: the
    hyetograph of Keifer and Chu (1957), integrated exactly.
    """

    def fallen(minute: float) -> float:
        if minute < peak_min:
            return -ratio * depth_mm((peak_min - minute) / ratio)
        if minute > peak_min:
            return (1.0 - ratio) * depth_mm((minute - peak_min) / (1.0 - ratio))
        return 0.0

    values = [fallen(minute) for minute in edges_min]
    return np.array([b - a for a, b in pairwise(values)])


def _grid_min(duration_min: float, step_min: float) -> list[float]:
    """Block edges: every `step_min`, the last block shorter if the duration is no multiple."""
    count = max(1, math.ceil(duration_min / step_min - 1e-9))
    return [*(k * step_min for k in range(count)), duration_min]


def chicago(
    formula: Formula,
    return_period_years: float,
    duration_min: float,
    peak_ratio: float = 0.4,
    step_min: float = 5.0,
    start_s: float = 0.0,
) -> Hyetograph:
    """Design storm by the Chicago method (Keifer & Chu 1957).

    Every window of length t around the peak, ``peak_ratio`` of it before, holds the formula's
    depth for t; the blocks hold exact integrals, so the total is intensity times duration.

    Parameters
    ----------
    formula : Formula
    return_period_years, duration_min, step_min : float
    peak_ratio : float
        Share of the duration before the peak, in (0, 1).
    start_s : float
        When the storm begins.

    Raises
    ------
    InputError
        If the formula does not hold for the return period, or gives less rain for a longer storm.
    """
    formula.check(return_period_years)
    if not (0.0 < peak_ratio < 1.0 and duration_min > 0.0 and step_min > 0.0):
        raise InputError("impossible design storm", where="chicago",
                         value=(peak_ratio, duration_min, step_min),
                         expected="0 < peak_ratio < 1, duration_min > 0, step_min > 0")  # fmt: skip
    # d(depth)/dt has the sign of t + b - n t.
    if duration_min * (1.0 - formula.n) + formula.b_min < 0.0:
        raise InputError("the formula gives less rain for a longer storm", where="duration_min",
                         value=duration_min,
                         expected=f"at most {formula.b_min / (formula.n - 1.0):g} min")  # fmt: skip

    def depth_mm(minutes: float) -> float:
        return formula.depth_mm(minutes, return_period_years)

    edges = _grid_min(duration_min, step_min)
    blocks = _around_peak(depth_mm, edges, peak_ratio * duration_min, peak_ratio)
    edges_s = 60.0 * np.array(edges)
    intensity = np.maximum(blocks, 0.0) * 3600.0 / np.diff(edges_s)
    return Hyetograph(edges_s + start_s, intensity, "design",
                      f"{formula.city_en}: {formula.note}")  # fmt: skip


def nested(
    maxima: Sequence[tuple[float, float]],
    peak_at_h: float,
    step_min: float = 10.0,
    start_s: float = 0.0,
    profile: Literal["smooth", "constant"] = "smooth",
) -> Hyetograph:
    """Rebuild an event from its nested maxima; everything else about it is assumed.

    The window of each duration lies around the peak in the same proportion as the whole event,
    and the largest depth in any window of a listed duration equals the listed depth exactly,
    because intensity never rises away from the peak.

    Parameters
    ----------
    maxima : sequence of (duration h, depth mm)
        Longest last; the last one is the whole event.
    peak_at_h : float
        Hours from the event's start to its peak.
    step_min : float
        Longest block; the windows' ends are block edges besides.
    start_s : float
        When the event begins.
    profile : str
        Within the ring between two windows the rain is ``constant``, or falls ``smooth``-ly from
        the rate at its inner to the rate at its outer end (at each window's end the geometric
        mean of the rings' means).

    Raises
    ------
    InputError
        If durations or depths do not grow, or a ring is wetter than the one inside it.
    """
    curve = _DepthCurve.of(maxima, profile)
    total_h = maxima[-1][0]
    if not 0.0 <= peak_at_h <= total_h:
        raise InputError("the peak lies outside the event", where="nested.peak_at_h",
                         value=peak_at_h, expected=f"0 to {total_h:g} h")  # fmt: skip
    ratio = peak_at_h / total_h
    ends = {
        60.0 * edge
        for hours, _ in maxima
        for edge in (peak_at_h - ratio * hours, peak_at_h + (1.0 - ratio) * hours)
    }
    exact = [0.0, *sorted(end for end in ends if 1e-9 < end < 60.0 * total_h - 1e-9)]
    exact.append(60.0 * total_h)
    edges: list[float] = []
    for a, b in pairwise(exact):
        count = max(1, math.ceil((b - a) / step_min - 1e-9))
        edges += [a + (b - a) * k / count for k in range(count)]
    edges.append(exact[-1])
    blocks = _around_peak(curve.depth_mm, edges, 60.0 * peak_at_h, ratio)
    edges_s = 60.0 * np.array(edges)
    intensity = np.maximum(blocks, 0.0) * 3600.0 / np.diff(edges_s)
    note = "reconstructed: only the maxima are observed, the course is assumed"
    return Hyetograph(edges_s + start_s, intensity, "reconstructed", note)


class _DepthCurve:
    """Concave depth (mm) by duration (min) through the observed maxima.

    In ring i the rate is ``outer + (inner - outer) (1 - u)**p`` with u from 0 to 1; p makes the
    ring's depth come out exactly.
    """

    def __init__(self, time_min: Array, depth_mm: Array, rate: Array) -> None:
        self._time, self._depth, self._rate = time_min, depth_mm, rate

    @classmethod
    def of(cls, maxima: Sequence[tuple[float, float]], profile: str) -> _DepthCurve:
        time = np.array([0.0, *(60.0 * hours for hours, _ in maxima)])
        depth = np.array([0.0, *(mm for _, mm in maxima)])
        for k, (length, grown) in enumerate(zip(np.diff(time), np.diff(depth), strict=True)):
            if not (length > 0.0 and grown >= 0.0 and math.isfinite(length + grown)):
                raise InputError("maxima do not grow", where=f"nested.maxima[{k}]",
                                 value=maxima[k],
                                 expected="longer durations with no less depth")  # fmt: skip
        mean = np.diff(depth) / np.diff(time)
        for k in range(1, len(mean)):
            if mean[k] > mean[k - 1] * (1.0 + 1e-12):
                raise InputError(
                    "a ring is wetter than the one inside it", where=f"nested.maxima[{k}]",
                    value=maxima[k], expected="mean rain between windows that falls outwards",
                    hint="such an event has more than one peak; leave this maximum out",
                )  # fmt: skip
        if profile == "constant":
            return cls(time, depth, np.stack((mean, mean)))
        knots = np.sqrt(mean[1:] * mean[:-1])
        # Beyond the first and last knot the rate keeps its ratio to the ring's mean.
        first = mean[0] ** 2 / knots[0] if len(knots) and knots[0] > 0.0 else mean[0]
        last = mean[-1] ** 2 / knots[-1] if len(knots) and knots[-1] > 0.0 else mean[-1]
        inner = np.concatenate(([first], knots))
        outer = np.concatenate((knots, [last]))
        # A ring next to an equally wet one stays constant on both sides of their border.
        flat = (inner <= mean) | (outer >= mean)
        return cls(time, depth, np.stack((np.where(flat, mean, inner),
                                          np.where(flat, mean, outer))))  # fmt: skip

    def depth_mm(self, minutes: float) -> float:
        t = min(minutes, float(self._time[-1]))
        if t <= 0.0:
            return 0.0
        i = int(np.searchsorted(self._time, t, side="left")) - 1
        if t >= self._time[i + 1]:
            return float(self._depth[i + 1])
        length = float(self._time[i + 1] - self._time[i])
        u = (t - float(self._time[i])) / length
        grown = float(self._depth[i + 1] - self._depth[i])
        inner, outer = (float(rate) for rate in self._rate[:, i])
        mean = grown / length
        if inner <= mean or outer >= mean:
            return float(self._depth[i]) + grown * u
        p = (inner - mean) / (mean - outer)
        curved = outer * u + (inner - outer) * -math.expm1((p + 1.0) * math.log1p(-u)) / (p + 1.0)
        return float(self._depth[i]) + length * curved


_TO_MM: Mapping[str, float] = {"mm": 1.0, "mm/h": 1.0, "in": 25.4, "in/h": 25.4}
# The file's own clock only matters up to its first row.
_ANY_START = datetime(2000, 1, 1, tzinfo=UTC)


def from_gauge_csv(
    path: Path,
    unit: RainUnit,
    start: datetime = _ANY_START,
    *,
    first_at_s: float | None = None,
    interval_s: float | None = None,
) -> Hyetograph:
    """Recorded rain from a CSV with the columns ``time`` and ``value``.

    A row's rain falls during the interval that begins at its time; times for which the file has
    no row are dry.

    Parameters
    ----------
    path : Path
    unit : str
        Depth per interval (``mm``, ``in``) or intensity (``mm/h``, ``in/h``).
    start : datetime
        Calendar moment of second 0.
    first_at_s : float, optional
        Moves the whole record so that its first row falls at this second; without it the rows keep
        their calendar times.
    interval_s : float, optional
        Recording interval; by default the smallest spacing of the rows, and a note says so where
        it is not the only one.

    Raises
    ------
    InputError, InputErrors
        Whatever `sim.drainage.time_csv.read_series_csv` refuses, and rows closer than the
        interval.
    """
    points = read_series_csv(
        path, value_column="value", unit=unit, expected_step_s=None, start=start
    )
    times_s, values = np.array(points).T
    if first_at_s is not None:
        times_s = times_s - times_s[0] + first_at_s
    note = ""
    if interval_s is None:
        spacing_s = np.diff(times_s)
        interval_s = float(np.min(spacing_s))
        if np.max(spacing_s) > interval_s * (1.0 + 1e-6):
            note = (
                f"{path.name}: the rows are not evenly spaced; each is taken to last"
                f" {interval_s / 60.0:g} min, the smallest spacing, and times without a row as dry"
            )
    rate = values * _TO_MM[unit]
    if unit in ("mm", "in"):
        rate = rate * (3600.0 / interval_s)
    return from_intervals(times_s, rate, interval_s, "gauge", note, str(path))


def from_series(gauge: RainGauge, series: Series) -> Hyetograph:
    """Rain of a network's own gauge.

    ``intensity`` values are mm/h, ``volume`` values mm per interval, ``cumulative`` values running
    totals in mm that may restart from 0; each rains for the gauge's interval from its time on, as
    in SWMM.

    Raises
    ------
    InputError
        If values are closer than the interval, or negative.
    """
    time_s, value = np.array(series.points, dtype=float).T
    if gauge.form == "cumulative":
        before = np.concatenate(([0.0], value[:-1]))
        value = np.where(value < before, value, value - before)
    if gauge.form != "intensity":
        value = value * 3600.0 / gauge.interval_s
    return from_intervals(
        time_s, value, gauge.interval_s, "series", where=f"gauge {gauge.id}, series {series.id}"
    )
