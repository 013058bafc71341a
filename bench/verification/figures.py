"""How far two runs of one file are apart: the figures of one row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.verification.native_runs import NativeRun, at_times
from scenarios.gap import jaccard, nash_sutcliffe, recession_end_s, relative_gap
from sim.drainage.inputs import DrainageInputs
from sim.drainage.native import NativeEngine
from sim.drainage.plant import STAGE, pond_volume_m3
from sim.drainage.swmm import SwmmResult

Array = NDArray[np.float64]
Regime = Literal["free", "surcharged", "tailwater"]

PONDED_M = 0.01  # over the rim: from here a node that ponds counts as flooded
LOST_M3 = 1.0  # over the rim in all: from here a node that loses its water counts as flooded
WET_M = 0.01  # from here a node counts in the error over wet nodes
WATERLOGGED_M = 0.15  # recession ends when the last point is this shallow
OVER_CROWN_M = 0.01


@dataclass(frozen=True)
class Answer:
    """One run, reduced to what is compared; arrays at SWMM's report moments.

    ``depth_m`` (T, N) and ``lost_m3`` (N,) are of the inner nodes, ``ponded_m`` (T, P) and
    ``pond_m3`` (T,) of the points that pond.
    """

    time_s: Array
    outflow_m3s: Array
    depth_m: Array
    ponded_m: Array
    pond_m3: Array
    lost_m3: Array
    total_lost_m3: float


@dataclass(frozen=True)
class Gap:
    """One run against a reference run. None: the file has nothing of the kind.

    ``volume_kind`` tells what floods: the largest ponded volume, or what is lost over the rims.
    ``recession_s`` is the reference's, from the end of rain (or of inflow) if the file has one.
    """

    nse: float
    volume_kind: Literal["ponded", "lost", ""]
    volume_m3: float
    volume_percent: float | None
    recession_min: float | None
    recession_s: float | None
    jaccard: float | None
    mae_all_cm: float
    mae_wet_cm: float
    worst_node: str
    worst_cm: float


def inner_ids(engine: NativeEngine) -> list[str]:
    return [name for name, inner in zip(engine.node_ids, engine.inner, strict=True) if inner]


def of_swmm(result: SwmmResult, inputs: DrainageInputs, engine: NativeEngine) -> Answer:
    """Reduce a run by SWMM."""
    nodes = inner_ids(engine)
    columns = [result.node(name) for name in nodes]
    points = [p.id for p in inputs.points]
    at_point = [result.node(name) for name in points]
    place = [engine.node_index[name] for name in points]
    rim = engine.plant.rim_depth_m[place]
    depth = result.node_depth_m
    step = np.diff(result.time_s, prepend=0.0)[:, None]
    lost = (result.node_flooding_m3s[:, columns] * step).sum(axis=0)
    lost[[name in set(points) for name in nodes]] = 0.0  # what ponds is not lost
    pond = np.zeros(len(result.time_s))
    for name, column in zip(points, at_point, strict=True):
        pond += pond_volume_m3(engine.plant, engine.node_index[name], depth[:, column])
    return Answer(
        time_s=result.time_s,
        outflow_m3s=_signed_outflow(result, inputs),
        depth_m=depth[:, columns],
        ponded_m=np.clip(depth[:, at_point] - rim, 0.0, None),
        pond_m3=pond,
        lost_m3=lost,
        total_lost_m3=result.report.routing_volumes_m3.get("Flooding Loss", 0.0),
    )


def _signed_outflow(result: SwmmResult, inputs: DrainageInputs) -> Array:
    """Return the total flow out of the outfalls, negative when the river comes in.

    SWMM reports an outfall's flow without a sign, so it is taken from the links that end there,
    together with what enters the outfalls from outside the network.
    """
    outfalls = {o.id for o in inputs.network.outfalls}
    total = np.zeros(len(result.time_s))
    for link in inputs.network.links:
        flow = result.link_flow_m3s[:, result.link(link.id)]
        if link.to_node in outfalls:
            total += flow
        if link.from_node in outfalls:
            total -= flow
    for name in outfalls:
        total += result.node_lateral_inflow_m3s[:, result.node(name)]
    return total


def of_native(run: NativeRun, inputs: DrainageInputs, time_s: Array) -> Answer:
    """Reduce a run of our engine to the moments `time_s`."""
    engine = run.engine
    nodes = [engine.node_index[name] for name in inner_ids(engine)]
    volume = at_times(run.record, "ponded_volume", time_s)
    total = run.record.series["drainage", "ponded_volume"].entities.index("total")
    lost = engine.state.overflow_m3
    return Answer(
        time_s=time_s,
        outflow_m3s=at_times(run.record, "outfall_flow", time_s).sum(axis=1),
        depth_m=at_times(run.record, "node_depth", time_s)[:, nodes],
        ponded_m=at_times(run.record, "ponded_depth", time_s),
        pond_m3=volume[:, total],
        lost_m3=lost[nodes],
        total_lost_m3=float(lost.sum()),
    )


def gap(reference: Answer, model: Answer, names: list[str], rain_end_s: float) -> Gap:
    """Compare two answers of the same file; `names` are the inner nodes'."""
    ponds = bool(reference.ponded_m.size) and max(reference.pond_m3.max(), model.pond_m3.max()) > 1
    loses = max(reference.total_lost_m3, model.total_lost_m3) > LOST_M3
    kind: Literal["ponded", "lost", ""] = "ponded" if ponds else "lost" if loses else ""
    volume_m3, percent = 0.0, None
    if ponds:
        volume_m3 = float(reference.pond_m3.max())
        percent = 100.0 * relative_gap(volume_m3, float(model.pond_m3.max()))
    elif loses:
        volume_m3 = reference.total_lost_m3
        percent = 100.0 * relative_gap(volume_m3, model.total_lost_m3)
    recession_min = recession_s = None
    if ponds:
        end, ours = (
            recession_end_s(a.time_s, a.ponded_m, WATERLOGGED_M) for a in (reference, model)
        )
        if end is not None and ours is not None:
            recession_s = end - rain_end_s
            recession_min = 0.0 if end == ours else (ours - end) / 60.0
    flooded = [_flooded(answer, ponds) for answer in (reference, model)]
    deep, other = reference.depth_m.max(axis=0), model.depth_m.max(axis=0)
    error = np.abs(other - deep)
    wet = np.maximum(deep, other) > WET_M
    worst = int(np.argmax(error))
    return Gap(
        nse=nash_sutcliffe(reference.outflow_m3s, model.outflow_m3s),
        volume_kind=kind,
        volume_m3=volume_m3,
        volume_percent=percent,
        recession_min=recession_min,
        recession_s=recession_s,
        jaccard=jaccard(*flooded) if kind else None,
        mae_all_cm=100.0 * float(error.mean()),
        mae_wet_cm=100.0 * float(error[wet].mean()) if wet.any() else 0.0,
        worst_node=names[worst],
        worst_cm=100.0 * float(other[worst] - deep[worst]),
    )


def _flooded(answer: Answer, ponds: bool) -> set[str]:
    if ponds:
        peak = answer.ponded_m.max(axis=0)
        return {str(k) for k in np.flatnonzero(peak > PONDED_M)}
    return {str(k) for k in np.flatnonzero(answer.lost_m3 > LOST_M3)}


def regime(result: SwmmResult, engine: NativeEngine) -> Regime:
    """Tell how SWMM's run is classed: an outfall under water, a junction over its crowns, neither.

    An outfall counts as under water when its prescribed level stands over the bed of its link.
    """
    plant = engine.plant
    crown = np.full(len(engine.node_ids), np.inf)
    for link in range(plant.length_m.size):
        if plant.kind[link] != 0:
            continue
        for node, offset in (
            (plant.node_1[link], plant.offset_1_m[link]),
            (plant.node_2[link], plant.offset_2_m[link]),
        ):
            top = offset + plant.full_depth_m[plant.section[link]]
            before = 0.0 if np.isinf(crown[node]) else crown[node]
            crown[node] = max(before, top) if plant.closed[plant.section[link]] else np.inf
    peak = np.array([result.node_depth_m[:, result.node(n)].max() for n in engine.node_ids])
    if (peak[plant.bound == STAGE] > OVER_CROWN_M).any():
        return "tailwater"
    inner = plant.bound == 0
    return "surcharged" if (peak[inner] > crown[inner] + OVER_CROWN_M).any() else "free"
