"""What pump trucks did in a run, as pump links for SWMM.

A truck as a negative inflow would pump water that is not there (SWMM then makes it up), so each
piece of a truck's work is a pump of its own, switched on and off by the clock, that stands still
when the point is dry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.drainage.elements import Action, Curve, Outfall, Premise, Pump, Rule
from sim.drainage.emergency_inputs import AWAY, EmergencyInputs
from sim.drainage.network import Network
from sim.kernel.recorder import Record, SeriesTable

_RAMP_M = 0.01
"""Over this depth above the one at which trucks stop, a pump link's flow falls to nothing."""
_DEEPEST_M = 100.0
_DEEP_BELOW_M = 50.0  # of the ends of hoses that lead away: nothing flows back


@dataclass(frozen=True)
class TruckJob:
    """A stretch of pumping without a pause; no ``to_node`` if the water leaves the model."""

    truck: str
    point: str
    to_node: str
    flow_m3s: float
    begin_s: float
    end_s: float


def truck_jobs(record: Record, horizon_s: float) -> list[TruckJob]:
    """Return what all trucks of a run pumped, in order of time."""
    events = record.events
    mine = events[(events["system"] == "drainage") & events["kind"].isin(_KINDS)]
    jobs: list[TruckJob] = []
    hose: dict[str, str] = {}
    open_jobs: dict[str, tuple[str, float, float]] = {}
    for row in mine.itertuples(index=False):
        truck = str(row.entity)
        if row.kind == "truck_hose":
            hose[truck] = str(row.detail or AWAY)
        elif row.kind == "truck_pumping":
            open_jobs[truck] = (str(row.detail), float(row.value), float(row.time_s))
        else:
            point, flow_m3s, begin_s = open_jobs.pop(truck)
            jobs.append(TruckJob(truck, point, hose[truck], flow_m3s, begin_s, float(row.time_s)))
    jobs += [
        TruckJob(truck, point, hose[truck], flow_m3s, begin_s, horizon_s)
        for truck, (point, flow_m3s, begin_s) in open_jobs.items()
    ]
    return sorted((job for job in jobs if job.end_s > job.begin_s), key=lambda job: job.begin_s)


_KINDS = ("truck_hose", "truck_pumping", "truck_stopped")


def without_trucks(lateral: SeriesTable, jobs: Sequence[TruckJob]) -> SeriesTable:
    """Return the inflows of the nodes, means over the report intervals, less what trucks moved."""
    values, time_s = lateral.values.copy(), lateral.time_s
    column = {name: k for k, name in enumerate(lateral.entities)}
    for job in jobs:
        overlap_s = np.clip(
            np.minimum(time_s[1:], job.end_s) - np.maximum(time_s[:-1], job.begin_s), 0.0, None
        )
        mean_m3s = job.flow_m3s * overlap_s / np.diff(time_s)
        values[1:, column[job.point]] += mean_m3s
        if job.to_node != AWAY:
            values[1:, column[job.to_node]] -= mean_m3s
    # What is left of a point that only trucks drew from is rounding, not inflow.
    values[np.abs(values) < 1e-12] = 0.0
    return SeriesTable(lateral.unit, lateral.entities, time_s, values)


def with_trucks(
    network: Network, jobs: Sequence[TruckJob], emergency: EmergencyInputs | None
) -> Network:
    """Return the network with a pump link for every job; itself if there is none."""
    if not jobs or emergency is None:
        return network
    rim_m = {n.id: getattr(n, "max_depth_m", 0.0) for n in network.nodes}
    lowest_m = min(n.invert_m for n in network.nodes) - _DEEP_BELOW_M
    pumps, outfalls, curves, rules = [], [], [], []
    for k, job in enumerate(jobs):
        name, to_node = f"truck{k}:{job.truck}", job.to_node
        if to_node == AWAY:
            # One each: SWMM allows an outfall a single link.
            to_node = f"{name}:away"
            outfalls.append(Outfall(id=to_node, invert_m=lowest_m))
        dry_m = rim_m[job.point] + emergency.spec.dry_depth_m
        curves.append(
            Curve(
                id=f"{name}:curve", kind="pump",
                points=((dry_m, 0.0), (dry_m + _RAMP_M, job.flow_m3s), (_DEEPEST_M, job.flow_m3s)),
            )
        )  # fmt: skip
        pumps.append(
            Pump(id=name, from_node=job.point, to_node=to_node, pump_type="type4",
                 curve=f"{name}:curve", initially_on=False)
        )  # fmt: skip
        rules.append(_working_hours(name, job))
    return network.model_copy(
        update={
            "pumps": (*network.pumps, *pumps),
            "outfalls": (*network.outfalls, *outfalls),
            "curves": (*network.curves, *curves),
            "rules": (*network.rules, *rules),
        }
    )


def _working_hours(name: str, job: TruckJob) -> Rule:
    inside = [
        Premise.model_validate(
            {"join": join, "object": "simulation", "attribute": "time", "relation": relation,
             "value": time_s}
        )
        for join, relation, time_s in (("if", ">=", job.begin_s), ("and", "<", job.end_s))
    ]  # fmt: skip
    return Rule(
        id=f"hours:{name}",
        premises=tuple(inside),
        then=(Action(link=name, setting=1.0),),
        otherwise=(Action(link=name, setting=0.0),),
    )
