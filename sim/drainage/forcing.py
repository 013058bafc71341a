"""What drives a drainage run from outside: rain blocks, river stages, flows into nodes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.drainage.elements import Inflow
from sim.kernel.clock import Clock
from sim.kernel.recorder import Recorder
from sim.kernel.schema import Pairs

if TYPE_CHECKING:
    from sim.drainage.rainfall import Hyetograph

Floats = NDArray[np.float64]
Process = Generator[simpy.Event, object, None]

_HOUR_REACHED_S = 1e-3  # this close to an hour, it has begun


class RainBlocks:
    """The current rain of every gauge; each block begins and ends as an event on the clock."""

    def __init__(
        self, hyetographs: Mapping[str, Hyetograph], clock: Clock, recorder: Recorder, end_s: float
    ) -> None:
        self.gauges = tuple(hyetographs)
        self.intensity_mm_h = np.zeros(len(self.gauges))
        self.last_end_s = 0.0
        for i, (gauge, hyetograph) in enumerate(hyetographs.items()):
            clock.env.process(self._fall(i, gauge, hyetograph, clock, recorder, end_s))

    def _fall(
        self, i: int, gauge: str, rain: Hyetograph, clock: Clock, recorder: Recorder, end_s: float
    ) -> Process:
        ends_s = (*rain.edges_s[1:], np.inf)
        blocks = zip(rain.edges_s, ends_s, (*rain.intensity_mm_h, 0.0), strict=True)
        for edge_s, until_s, intensity in blocks:
            if edge_s >= end_s:
                return
            if until_s <= clock.now_s:
                continue  # over before the run began
            if edge_s > clock.now_s:
                yield clock.env.timeout(edge_s - clock.now_s)
            if intensity == self.intensity_mm_h[i]:
                continue
            if intensity > 0.0:
                recorder.event(clock.now_s, "drainage", "rain_block", gauge, float(intensity))
            else:
                recorder.event(clock.now_s, "drainage", "rain_end", gauge)
                self.last_end_s = clock.now_s
            self.intensity_mm_h[i] = intensity


def river_stage(
    clock: Clock,
    recorder: Recorder,
    knots: Pairs,
    outfalls: Sequence[str],
    set_stage: Callable[[str, float, float], None],
) -> Process:
    """Move the water level outside `outfalls` along (s, m) knots, linearly between them.

    The first and the last level hold beyond the knots.
    """
    time_s, stage_m = np.array(knots, dtype=float).T
    rate = np.append(np.diff(stage_m) / np.diff(time_s), 0.0)
    k = int(np.searchsorted(time_s, clock.now_s, side="right")) - 1
    if k < 0:
        for outfall in outfalls:
            set_stage(outfall, float(stage_m[0]), 0.0)
        yield clock.env.timeout(time_s[0] - clock.now_s)
        k = 0
    while True:
        level = float(stage_m[k] + rate[k] * (clock.now_s - time_s[k]))
        for outfall in outfalls:
            set_stage(outfall, level, float(rate[k]))
            recorder.event(clock.now_s, "drainage", "stage", outfall, level)
        if k + 1 == len(time_s):
            return
        yield clock.env.timeout(time_s[k + 1] - clock.now_s)
        k += 1


class NodeInflows:
    """Flows that enter nodes from outside the rain: series, baselines, dry-weather patterns."""

    def __init__(
        self, inflows: Sequence[Inflow], series: Mapping[str, Pairs], node_index: Mapping[str, int]
    ) -> None:
        self._inflows = inflows
        self._node = np.array([node_index[i.node] for i in inflows], dtype=np.int64)
        self._series = {
            i.series: np.array(series[i.series], dtype=float).T for i in inflows if i.series
        }
        self._patterned = any(
            i.pattern_hourly or i.pattern_daily or i.pattern_monthly or i.pattern_weekend
            for i in inflows
        )

    def next_change_s(self, clock: Clock) -> float:
        """Return when the next hour of a pattern begins, or infinity without patterns."""
        if not self._patterned:
            return np.inf
        now = clock.calendar(clock.now_s)
        into_s = now.minute * 60.0 + now.second + now.microsecond / 1e6
        left_s = 3600.0 - into_s
        return clock.now_s + (left_s if left_s > _HOUR_REACHED_S else 3600.0 + left_s)

    def mean_m3s(self, from_s: float, to_s: float, clock: Clock, nodes: int) -> Floats:
        """Return the mean inflow of every node (N,) over a window within one hour of the day.

        The factors of patterns are those at the window's middle.
        """
        flow = np.zeros(nodes)
        if not self._inflows:
            return flow
        moment = clock.calendar(0.5 * (from_s + to_s))
        for i, inflow in zip(self._node, self._inflows, strict=True):
            factor = 1.0
            hourly = inflow.pattern_hourly
            if inflow.pattern_weekend and moment.weekday() >= 5:
                hourly = inflow.pattern_weekend
            if hourly:
                factor *= hourly[moment.hour % len(hourly)]
            if inflow.pattern_daily:
                factor *= inflow.pattern_daily[moment.isoweekday() % 7]  # Sunday first
            if inflow.pattern_monthly:
                factor *= inflow.pattern_monthly[moment.month - 1]
            mean = 0.0
            if inflow.series:
                mean = inflow.scale * mean_between(self._series[inflow.series], from_s, to_s)
            if inflow.patterns_scale == "all":
                mean *= factor
            flow[i] += inflow.baseline_m3s * factor + mean
        return flow


def mean_between(points: Floats, from_s: float, to_s: float) -> float:
    """Return the exact mean of a piecewise linear function (2, K) over a window; 0 outside it."""
    time_s, value = points
    first, last = max(from_s, float(time_s[0])), min(to_s, float(time_s[-1]))
    if first >= last:
        return 0.0
    inside = time_s[(time_s > first) & (time_s < last)]
    grid = np.concatenate(([first], inside, [last]))
    y = np.interp(grid, time_s, value)
    total = np.sum((y[1:] + y[:-1]) / 2.0 * np.diff(grid))
    return float(total / (to_s - from_s))
