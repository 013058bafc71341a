"""Rain at one gauge over time: blocks of constant intensity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kernel.errors import InputError

Array = NDArray[np.float64]
Origin = Literal["design", "gauge", "series", "reconstructed"]


@dataclass(frozen=True)
class Hyetograph:
    """Blocks of constant rain.

    Attributes
    ----------
    edges_s : (N+1,) array
        Ascending times in s between which each block lasts.
    intensity_mm_h : (N,) array
        Rain of each block. It does not rain before the first nor after the last edge.
    origin : str
        ``design`` (made from a formula), ``gauge`` or ``series`` (recorded), or
        ``reconstructed`` (only its maxima are observed).
    note : str
        What a reader of any figure made of it must be told.

    Raises
    ------
    InputError
        If the edges do not ascend, or a value is negative or not finite.
    """

    edges_s: Array
    intensity_mm_h: Array
    origin: Origin
    note: str = ""
    _cumulative_mm: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        edges = np.array(self.edges_s, dtype=float)
        intensity = np.array(self.intensity_mm_h, dtype=float)
        if edges.ndim != 1 or intensity.ndim != 1 or len(edges) != len(intensity) + 1:
            raise InputError("blocks and edges do not fit", where="hyetograph",
                             value=(edges.shape, intensity.shape),
                             expected="one edge more than blocks")  # fmt: skip
        if not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0.0):
            raise InputError("block edges do not ascend", where="hyetograph.edges_s")
        if not np.all(np.isfinite(intensity)) or np.any(intensity < 0.0):
            bad = int(np.flatnonzero(~(intensity >= 0.0) | ~np.isfinite(intensity))[0])
            raise InputError("impossible rain", where=f"hyetograph.intensity_mm_h[{bad}]",
                             value=float(intensity[bad]), expected="mm/h, 0 or more")  # fmt: skip
        depth = intensity * np.diff(edges) / 3600.0
        cumulative = np.array([math.fsum(depth[:k]) for k in range(len(depth) + 1)])
        for name, value in (("edges_s", edges), ("intensity_mm_h", intensity),
                            ("_cumulative_mm", cumulative)):  # fmt: skip
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def depth_mm(self) -> float:
        """Total depth of rain."""
        return float(self._cumulative_mm[-1])

    @property
    def start_s(self) -> float:
        return float(self.edges_s[0])

    @property
    def end_s(self) -> float:
        return float(self.edges_s[-1])

    def cumulative_mm(self, time_s: ArrayLike) -> Array:
        """Depth fallen up to each time."""
        return np.asarray(
            np.interp(np.asarray(time_s, dtype=float), self.edges_s, self._cumulative_mm)
        )

    def mean_mm_h(self, from_s: float, to_s: float) -> float:
        """Mean intensity over a window, exact across block edges."""
        fallen = self.cumulative_mm([from_s, to_s])
        return float((fallen[1] - fallen[0]) * 3600.0 / (to_s - from_s))

    def max_depth_mm(self, window_s: float) -> float:
        """Largest depth in any window of `window_s`.

        The depth in a window is piecewise linear in its position, so the largest one begins or
        ends at an edge.
        """
        starts = np.concatenate((self.edges_s, self.edges_s - window_s))
        return float(np.max(self.cumulative_mm(starts + window_s) - self.cumulative_mm(starts)))

    def shifted(self, by_s: float) -> Hyetograph:
        """The same rain, `by_s` later."""
        return Hyetograph(self.edges_s + by_s, self.intensity_mm_h, self.origin, self.note)

    def scaled(self, factor: float) -> Hyetograph:
        """The same times with every intensity multiplied by `factor` (0 or more)."""
        return Hyetograph(self.edges_s, self.intensity_mm_h * factor, self.origin, self.note)


def from_intervals(
    starts_s: Sequence[float] | Array,
    intensity_mm_h: Sequence[float] | Array,
    interval_s: float,
    origin: Origin,
    note: str = "",
    where: str = "rain",
) -> Hyetograph:
    """Rain that lasts `interval_s` from each start, and none in between.

    A series that leaves out its dry rows keeps its dry times, as in SWMM.

    Raises
    ------
    InputError
        If two starts are closer than the interval (tolerance 1e-6 s), or there is none.
    """
    starts = np.asarray(starts_s, dtype=float)
    values = np.asarray(intensity_mm_h, dtype=float)
    if len(starts) == 0:
        raise InputError("no rain values", where=where, expected="at least one")
    gap = np.diff(starts)
    if np.any(gap < interval_s - 1e-6):
        k = int(np.argmin(gap))
        raise InputError(
            "values closer than the recording interval", where=where,
            value=f"{gap[k]:g} s after {starts[k]:g} s", expected=f"{interval_s:g} s or more",
            hint="set the gauge's interval to the spacing of the series",
        )  # fmt: skip
    edges = [float(starts[0])]
    rain: list[float] = []
    for k, start in enumerate(starts):
        if start > edges[-1] + 1e-6:
            rain.append(0.0)
            edges.append(float(start))
        following = float(starts[k + 1]) if k + 1 < len(starts) else math.inf
        end = float(start) + interval_s
        rain.append(float(values[k]))
        edges.append(following if abs(following - end) <= 1e-6 else end)
    return Hyetograph(np.array(edges), np.array(rain), origin, note)
