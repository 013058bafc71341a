"""The problem: places, stops, disposal sites, chargers, trucks, and what a plan costs.

Everything refers to places by index into the travel tables, so a problem from a street graph, from
a matrix and from a benchmark's coordinates look alike to every engine and to the checker.

Moments are seconds since the day's midnight. A truck may wait anywhere: before a service (it
arrives earlier than it begins) and after one (it leaves later than it could).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from optimize.routing.plan import Plan

Floats = NDArray[np.float64]
Windows = tuple[tuple[float, float], ...]

ALWAYS: Windows = ((0.0, math.inf),)


@dataclass(frozen=True)
class Travel:
    """Distances and times between places, and how fast traffic flows by time of day.

    Attributes
    ----------
    places : tuple of str
        Unique names (N).
    xy_m : (N, 2) array
        Where they are, for maps; NaN where unknown.
    distance_m : (N, N) array
        Length of the path driven, from row to column; infinite where there is none, 0 on the
        diagonal.
    duration_s : (N, N) array
        Driving time on it at speed factor 1.
    factor_from_s, speed_factor : (K,) arrays
        From each moment (the first is 0) until the next, everything drives at ``speed_factor``
        times the speed behind ``duration_s``. No truck overtakes by leaving later (Ichoua,
        Gendreau and Potvin 2003, "Vehicle dispatching with time-dependent travel times").
    """

    places: tuple[str, ...]
    xy_m: Floats
    distance_m: Floats
    duration_s: Floats
    factor_from_s: Floats = field(default_factory=lambda: np.zeros(1))
    speed_factor: Floats = field(default_factory=lambda: np.ones(1))


@dataclass(frozen=True)
class Stop:
    """Somewhere to collect, served once by one truck.

    Attributes
    ----------
    place : int
        Index into `Travel.places`.
    demand : tuple of float
        What is taken on, by dimension of load (`Problem.dimensions`).
    service_s : float
        Standing time.
    windows
        When service may begin, in order, not overlapping.
    energy_kwh : float
        Drawn from the battery by lifting and compacting, besides what a truck type's
        ``compaction_kwh_per_unit`` adds.
    truck_types : tuple of int or None
        Types that may serve it; any if none.
    release_s : float
        The trip that serves it must not begin earlier (a trip begins at the depot's start or at
        the departure from a disposal site).
    penalty : float
        Cost of leaving it out; infinite if it must be served.
    """

    id: str
    place: int
    demand: tuple[float, ...]
    service_s: float = 0.0
    windows: Windows = ALWAYS
    energy_kwh: float = 0.0
    truck_types: tuple[int, ...] | None = None
    release_s: float = 0.0
    penalty: float = math.inf


@dataclass(frozen=True)
class Site:
    """A disposal site (transfer station, plant, landfill): empties what it accepts.

    Attributes
    ----------
    accepts : tuple of bool
        By dimension of load.
    unload_s, unload_s_per_unit : float, tuple of float
        Time to unload: fixed, and by unit of each dimension emptied (none if the tuple is empty).
    windows
        When unloading may begin.
    """

    id: str
    place: int
    accepts: tuple[bool, ...]
    unload_s: float = 0.0
    unload_s_per_unit: tuple[float, ...] = ()
    windows: Windows = ALWAYS


@dataclass(frozen=True)
class Charger:
    """A charging place: ``guns`` trucks at a time, from begin to end of their visits.

    ``technology`` picks the truck's curve; ``windows`` are when charging may begin.
    """

    id: str
    place: int
    technology: int = 0
    guns: int | None = None
    windows: Windows = ALWAYS


@dataclass(frozen=True)
class ChargingCurve:
    """Energy in the battery against time on the charger, piecewise linear and concave.

    Attributes
    ----------
    energy_kwh : tuple of float
        Knots, strictly increasing from 0 to the battery's capacity.
    time_s : tuple of float
        Time from empty at each knot, not decreasing from 0; all 0 if charging takes no time.
    """

    energy_kwh: tuple[float, ...]
    time_s: tuple[float, ...]


@dataclass(frozen=True)
class Break:
    """A pause of ``duration_s`` that begins between ``earliest_s`` and ``latest_s``.

    It is taken where the truck stands anyway, before or after the drive to its next visit, and is
    not counted as driving. Whoever is under way at ``latest_s`` (starts before and ends after it)
    must have begun it by then.
    """

    earliest_s: float
    latest_s: float
    duration_s: float


@dataclass(frozen=True)
class DrivingRule:
    """After ``driving_s`` at the wheel at the latest, a rest of ``rest_s``.

    Any visit of that length from arrival to departure (waiting, service, unloading, charging) and
    any break of that length counts.
    """

    driving_s: float
    rest_s: float


@dataclass(frozen=True)
class TruckType:
    """Trucks that are alike. A truck already under way is a type of its own with ``count`` 1.

    Attributes
    ----------
    count : int or None
        How many there are; as many as wanted if none.
    capacity : tuple of float
        By dimension of load; 0 if that dimension is not carried.
    day_capacity : tuple of float or None
        Most taken on over all trips of the day; may be infinite.
    start, end : int
        Places where the route begins and ends.
    battery_kwh : float or None
        Usable capacity; none for a truck without a battery.
    start_kwh : float or None
        Energy at the start; full if none.
    reserve_kwh : float
        Energy never to be gone below, on arrival and after service.
    end_kwh : float
        Energy required at the end of the route.
    kwh_per_m, kwh_per_m_unit : float, tuple of float
        Consumption of the empty truck, and what a unit of each dimension of load adds.
    compaction_kwh_per_unit : tuple of float
        Energy of taking on a unit of each dimension (none if the tuple is empty).
    charging : tuple of ChargingCurve
        By charger technology.
    shift_s : (float, float)
        Earliest start and latest regular end.
    overtime_s : float
        How long the end may lie beyond the shift.
    most_distance_m, most_duration_s, most_stops
        Limits of one route; infinite or none if there are none. Duration counts from leaving the
        start to reaching the end, standing included.
    start_load : tuple of float
        What is on board at the start; nothing if the tuple is empty. Not part of the day's.
    must_end_empty : bool
        Whether nothing may be on board at the end, so that a site comes after the last stop.
    cost_fixed, cost_per_m, cost_per_s, cost_per_kwh, cost_per_overtime_s : float
        Cost of a route, of distance, duration, energy consumed (driving, taking on, lifting) and
        time beyond the shift.
    """

    id: str
    capacity: tuple[float, ...]
    start: int
    end: int
    count: int | None = None
    day_capacity: tuple[float, ...] | None = None
    battery_kwh: float | None = None
    start_kwh: float | None = None
    reserve_kwh: float = 0.0
    end_kwh: float = 0.0
    kwh_per_m: float = 0.0
    kwh_per_m_unit: tuple[float, ...] = ()
    compaction_kwh_per_unit: tuple[float, ...] = ()
    charging: tuple[ChargingCurve, ...] = ()
    shift_s: tuple[float, float] = (0.0, math.inf)
    overtime_s: float = 0.0
    most_distance_m: float = math.inf
    most_duration_s: float = math.inf
    most_stops: int | None = None
    breaks: tuple[Break, ...] = ()
    driving_rule: DrivingRule | None = None
    start_load: tuple[float, ...] = ()
    must_end_empty: bool = False
    cost_fixed: float = 0.0
    cost_per_m: float = 1.0
    cost_per_s: float = 0.0
    cost_per_kwh: float = 0.0
    cost_per_overtime_s: float = 0.0


@dataclass(frozen=True)
class Problem:
    """One routing problem.

    Attributes
    ----------
    dimensions : tuple of str
        What loads are counted in, e.g. ``("residual_kg", "food_kg")`` or ``("kg", "m3")``.
    recharge : {"full", "partial"}
        Whether a charging visit always fills the battery.
    objective : {"cost", "trucks_then_cost"}
        The sum of all costs, or first as few trucks as possible.
    in_force : Plan or None
        The plan people are working to, by the indices of this problem.
    deviation_cost : float
        Cost of each stop that another truck (type and number) serves than in ``in_force``; a stop
        that is new or left out costs none.
    respect_guns : bool
        Whether a plan must itself keep to the number of guns; if not, a charger schedule made
        afterwards sees to it.
    """

    name: str
    travel: Travel
    dimensions: tuple[str, ...]
    stops: tuple[Stop, ...]
    trucks: tuple[TruckType, ...]
    sites: tuple[Site, ...] = ()
    chargers: tuple[Charger, ...] = ()
    recharge: Literal["full", "partial"] = "partial"
    objective: Literal["cost", "trucks_then_cost"] = "cost"
    in_force: Plan | None = None
    deviation_cost: float = 0.0
    respect_guns: bool = False
