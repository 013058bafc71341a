"""Our engine on the same file: with SWMM's inflows to the nodes, or with its own runoff."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.verification.cases import Case, importable
from sim.drainage.forcing import NodeInflows
from sim.drainage.inputs import DrainageInputs, load_drainage
from sim.drainage.model import DrainageRun
from sim.drainage.native import NativeEngine
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.swmm import SwmmResult
from sim.kernel.clock import Clock
from sim.kernel.recorder import Record, Recorder
from sim.kernel.signals import Signals
from sim.kernel.streams import Streams
from sim.kernel.system import Run

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NativeRun:
    """What our engine answered: its record, its last state, CPU seconds, and its mass error."""

    record: Record
    engine: NativeEngine
    seconds: float
    balance_percent: float


def load(case: Case) -> DrainageInputs:
    """Read a file for our engine, rain and runoff included."""
    spec = DrainageSpec(
        network=case.path.name,
        rain=NetworkRain(),
        report_step_s=case.report_step_s,
        runoff_step_s=min(case.report_step_s, case.options.wet_step_s),
    )
    start = case.options.start.replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="cityclock-verify-") as name:
        path = importable(case, Path(name))
        spec = spec.model_copy(update={"network": path.name})
        return load_drainage(spec, path.parent, start, case.options.duration_s)


class LateralInflows(NodeInflows):
    """SWMM's reported lateral inflows as our engine asks for them: means over its windows.

    Each is linear between the report steps and integrated exactly, so what enters is the volume
    under SWMM's series. Up to the first report step its value there holds: SWMM reports none at
    the start.
    """

    def __init__(self, swmm: SwmmResult, node_ids: tuple[str, ...]) -> None:
        super().__init__((), {}, {})  # nothing of the network's own
        columns = [swmm.node(name) for name in node_ids]
        flow = swmm.node_lateral_inflow_m3s[:, columns]
        self._time_s = np.concatenate(([0.0], swmm.time_s))
        self._flow = np.concatenate((flow[:1], flow))
        part = (self._flow[1:] + self._flow[:-1]) / 2.0 * np.diff(self._time_s)[:, None]
        self._volume = np.concatenate((np.zeros((1, len(columns))), np.cumsum(part, axis=0)))

    def _until(self, time_s: float) -> Array:
        """Return the volume of every node from the start to a moment (N,)."""
        k = int(np.searchsorted(self._time_s, time_s, side="right")) - 1
        k = min(k, len(self._time_s) - 2)
        dt = time_s - self._time_s[k]
        slope = (self._flow[k + 1] - self._flow[k]) / (self._time_s[k + 1] - self._time_s[k])
        return np.asarray(self._volume[k] + dt * (self._flow[k] + 0.5 * slope * dt))

    def mean_m3s(self, from_s: float, to_s: float, clock: Clock, nodes: int) -> Array:
        """Return the mean inflow of every node (N,) over a window."""
        assert nodes == self._flow.shape[1]
        return (self._until(to_s) - self._until(from_s)) / (to_s - from_s)


def without_rain(inputs: DrainageInputs) -> DrainageInputs:
    """Return the inputs without rain, runoff and inflows of their own."""
    network = inputs.network.model_copy(update={"subcatchments": (), "gauges": (), "inflows": ()})
    return replace(inputs, network=network, rain={})


def run_native(
    inputs: DrainageInputs,
    case: Case,
    lateral_of: SwmmResult | None = None,
    longest_step_s: float | None = None,
) -> NativeRun:
    """Run our engine over the whole duration of the file.

    Parameters
    ----------
    lateral_of
        Whose lateral inflows replace rain, runoff and inflows; none leaves them to our engine.
    longest_step_s
        Limit of the hydraulic steps; none leaves the engine's own.
    """
    horizon_s = case.options.duration_s
    clock = Clock(case.options.start.replace(tzinfo=UTC))
    run = Run(clock, Streams(1, 0), Recorder(), Signals(clock.env), horizon_s)
    feed = None
    if lateral_of is not None:
        inputs = without_rain(inputs)
        feed = LateralInflows(lateral_of, tuple(node.id for node in inputs.network.nodes))
    began = time.process_time()
    drainage = DrainageRun(inputs, run)
    if longest_step_s is not None:
        drainage.engine._longest_step_s = longest_step_s  # no input of a run says it
    if feed is not None:
        # a run has no other door for inflows that are given as one table
        drainage._inflows = feed
    until_s = horizon_s * (1.0 + 1e-12)  # what is due at the horizon happens
    while clock.env.peek() <= until_s:
        clock.env.step()
    seconds = time.process_time() - began
    ledger = run.recorder.ledgers[0]
    record = run.recorder.record()
    sides = record.ledgers.groupby("side")["amount"].sum()
    came = float(sides["opening"] + sides["inflow"])
    balance = 100.0 * abs(ledger.error()) / came if came > 0.0 else 0.0
    return NativeRun(record, drainage.engine, seconds, balance)


def at_times(record: Record, quantity: str, time_s: Array) -> Array:
    """Return a recorded series (T, N) at moments that are all on its grid."""
    series = record.series["drainage", quantity]
    place = np.searchsorted(series.time_s, time_s - 1e-6)
    place = np.minimum(place, len(series.time_s) - 1)
    assert np.abs(series.time_s[place] - time_s).max(initial=0.0) < 1e-3
    return np.asarray(series.values[place], dtype=np.float64)
