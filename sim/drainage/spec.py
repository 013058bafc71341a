"""The ``[drainage]`` section of a scenario: network, works, rain, river, failures, engine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.drainage.elements import Fraction, Id, NonNegative, Positive
from sim.drainage.emergency_spec import Emergency
from sim.drainage.uncertainty_spec import Uncertainty
from sim.kernel.schema import Frozen

StepMin = Annotated[float, Field(ge=0.1, le=1440)]


class ChicagoRain(Frozen):
    """A design storm by the Chicago method from an intensity formula held as data."""

    kind: Literal["chicago"] = "chicago"
    formula: Id
    return_period_years: Annotated[float, Field(gt=0, le=10_000)]
    duration_min: Annotated[float, Field(gt=0, le=44_640)]
    peak_ratio: Annotated[float, Field(gt=0, lt=1)] = 0.4
    step_min: StepMin = 5.0
    starts_at_h: NonNegative = 0.0


class GaugeRain(Frozen):
    """Recorded rain from a CSV with columns ``time`` and ``value``.

    Rows fall at their calendar times; ``starts_at_h`` moves the record so that its first row falls
    that many hours after the scenario's start, to try a storm of another day.
    """

    kind: Literal["gauge"] = "gauge"
    file: Id
    unit: Literal["mm", "mm/h", "in", "in/h"]
    starts_at_h: NonNegative | None = None


class NestedRain(Frozen):
    """An event rebuilt from its nested maxima: (duration h, depth mm) pairs, longest last.

    Only the maxima are observed; the order of the blocks around ``peak_at_h`` is assumed, so
    everything made of it is labelled "reconstructed".
    """

    kind: Literal["nested"] = "nested"
    maxima: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]
    peak_at_h: NonNegative
    step_min: StepMin = 10.0
    starts_at_h: NonNegative = 0.0


class NetworkRain(Frozen):
    """The gauges and series the network's own file brings."""

    kind: Literal["network"] = "network"


Rain = Annotated[ChicagoRain | GaugeRain | NestedRain | NetworkRain, Field(discriminator="kind")]


class River(Frozen):
    """The receiving river: a CSV (``time``, ``stage_m``) applied at the outfalls it names.

    ``outfalls`` empty means every outfall with ``boundary = "series"``. ``file`` none leaves the
    network's own boundaries in force.
    """

    file: Id | None = None
    outfalls: tuple[Id, ...] = ()


class PumpFailures(Frozen):
    """Random failures of every pump: exponential running time to failure, lognormal repair."""

    mean_time_to_failure_h: Annotated[float, Field(ge=0.01)]
    median_repair_h: Annotated[float, Field(ge=0.001)]
    repair_spread: NonNegative = 0.5


class PowerCut(Frozen):
    """A window without power for the named pumps (all, if none is named)."""

    starts_at_h: NonNegative
    lasts_h: Positive
    pumps: tuple[Id, ...] = ()


class GateOperation(Frozen):
    """A gate, orifice, weir, outlet, pump or conduit is set by hand at a moment."""

    at_h: NonNegative
    link: Id
    setting: Fraction


class DrainageSpec(Frozen):
    """What a scenario says about drainage.

    ``network`` is a folder of tables or a SWMM ``.inp`` file. ``works`` is ``"none"``, ``"all"``,
    ``"works"`` (without the exceedance channels), ``"channels"`` (only those), or ids.
    ``report_step_s`` is the grid of the recorded series. ``waterlogged_depth_m`` is the depth in
    the lane above which a point counts as waterlogged (0.15 m).
    """

    network: Id
    works: Literal["none", "all", "works", "channels"] | tuple[Id, ...] = "none"
    engine: Literal["native", "swmm"] = "native"
    rain: Rain
    rain_multiplier: Annotated[float, Field(ge=0, le=100)] = 1.0
    river: River = River()
    pump_failures: PumpFailures | None = None
    uncertainty: Uncertainty | None = None
    power_cuts: tuple[PowerCut, ...] = ()
    gate_operations: tuple[GateOperation, ...] = ()
    emergency: Emergency | None = None
    report_step_s: Positive = 300.0
    runoff_step_s: Positive = 60.0
    waterlogged_depth_m: Positive = 0.15
