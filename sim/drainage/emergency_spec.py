"""The ``[drainage.emergency]`` section: pump trucks, their crews, where they wait and go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.kernel.schema import Frozen

Id = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Duty = Annotated[float, Field(gt=0, le=1)]

PREPOSITIONED, FROM_DEPOT = "prepositioned", "depot"
WORST_FIRST, NEAREST_FIRST = "worst_first", "nearest_first"


class Depot(Frozen):
    """Where trucks and crews stand: a street node, a nameplate flow for each truck, crews.

    ``crews`` none means one for each truck. Trucks are numbered in turn over the depots (the first
    of each, then the second of each), so that a smaller fleet is shared out among them.
    """

    node: Id
    nameplate_m3_h: Annotated[tuple[Positive, ...], Field(min_length=1)]
    crews: Annotated[int, Field(ge=1)] | None = None


class TruckFailures(Frozen):
    """Failures of a truck's pump: exponential pumping time to failure, lognormal repair."""

    mean_time_to_failure_h: Positive
    median_repair_h: Positive
    repair_spread: NonNegative = 0.5


class Emergency(Frozen):
    """Mobile pumping as a scenario states it.

    A point is reported some time after its water has risen over the waterlogging depth: lognormal
    with ``detection_median_min`` and ``detection_spread`` (the standard deviation of the
    logarithm). A truck gives a part of its nameplate flow, drawn evenly between ``duty_low`` and
    ``duty_high`` for every deployment. It stops and is free again when the water is down to
    ``dry_depth_m``; it comes back only to a point that has risen over the waterlogging depth anew.

    Water goes to the nearest of ``discharge_nodes`` (outfalls: it leaves the model; storages: it
    stays) and of the bank points in ``rivers_file`` within ``hose_m`` of the point. A point
    without any in reach cannot be pumped.

    ``sites``: where the trucks wait with ``start = "prepositioned"``, one street node for each.
    ``trucks``: only so many of the depots' trucks, all if none is given. With ``shift_h`` a crew
    goes off after that time, rests ``rest_h`` and is replaced from its depot if that has another.
    """

    streets_file: Id
    street_nodes_file: Id
    rivers_file: Id | None = None
    discharge_nodes: tuple[Id, ...] = ()
    hose_m: Positive = 300.0
    flood_speed: Id = "pregnolato2017"
    depots: Annotated[tuple[Depot, ...], Field(min_length=1)]
    trucks: Annotated[int, Field(ge=0)] | None = None
    start: Literal["depot", "prepositioned"] = "depot"
    sites: tuple[Id, ...] = ()
    order: Literal["worst_first", "nearest_first"] = "worst_first"
    trucks_per_point: Annotated[int, Field(ge=1)] = 1
    detection_median_min: NonNegative = 20.0
    detection_spread: NonNegative = 0.5
    set_up_min: NonNegative = 10.0
    pack_up_min: NonNegative = 5.0
    duty_low: Duty = 0.1
    duty_high: Duty = 0.9
    dry_depth_m: Positive = 0.05
    failures: TruckFailures | None = None
    shift_h: Positive | None = None
    rest_h: Positive = 12.0
