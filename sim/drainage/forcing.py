"""What drives a drainage run from outside: rain blocks, river stages, flows into nodes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.drainage.elements import Inflow, Pairs
from sim.kernel.clock import Clock
from sim.kernel.recorder import Recorder

if TYPE_CHECKING:
    from sim.drainage.rainfall import Hyetograph

Floats = NDArray[np.float64]
Process = Generator[simpy.Event, object, None]


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
        for edge_s, intensity in zip(rain.edges_s, (*rain.intensity_mm_h, 0.0), strict=True):
            if edge_s >= end_s:
                return
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

    def mean_m3s(self, from_s: float, to_s: float, clock: Clock, nodes: int) -> Floats:
        """Return the mean inflow of every node (N,) over a window; patterns at its middle."""
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
    inside = time_s[(time_s > from_s) & (time_s < to_s)]
    grid = np.concatenate(([from_s], inside, [to_s]))
    y = np.interp(grid, time_s, value, left=0.0, right=0.0)
    total = np.sum((y[1:] + y[:-1]) / 2.0 * np.diff(grid))
    return float(total / (to_s - from_s))
