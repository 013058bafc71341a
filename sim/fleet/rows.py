"""What the tables of a fleet case say, a row each. Units are in the names; hours are of the day.

Defaults carry where they come from: (S) published by others, (K) common knowledge of the trade,
(A) assumed here. Tables that hold estimates have columns ``tag`` and ``source`` for the same.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.kernel.schema import Frozen

STREAMS = ("residual", "food", "recyclable", "hazardous")
Stream = Literal["residual", "food", "recyclable", "hazardous"]
TaskKind = Literal["stop", "site", "charger", "break"]

Id = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
HourOfDay = Annotated[float, Field(ge=0, le=24)]
HourOfShift = Annotated[float, Field(ge=0, le=48)]


class Point(Frozen):
    """Where one stream of waste is put out: a collection point, merged compound or kiosk.

    ``people`` and ``shops`` fill it by the stream's table, ``kg_per_day`` besides at the
    households' pattern. ``from_h`` to ``to_h`` is when collection may begin. ``truck`` is whose
    territory it is in.
    """

    id: Id
    place: Id
    stream: Stream
    kind: Literal["point", "compound", "kiosk"] = "point"
    people: NonNegative = 0.0
    shops: NonNegative = 0.0
    kg_per_day: NonNegative = 0.0
    bins: Annotated[int, Field(ge=1)] = 1
    bin_m3: Positive = 0.24  # (K) the usual wheeled bin of 240 L
    opening_share: NonNegative = 0.0
    service_s: NonNegative = 0.0
    from_h: HourOfDay = 0.0
    to_h: HourOfDay = 24.0
    truck: Id | None = None


class StreamRow(Frozen):
    """How much of a stream arises, how it varies from day to day, and how light it lies in bins."""

    id: Stream
    kg_per_person_day: NonNegative
    kg_per_shop_day: NonNegative
    density_kg_m3: Positive
    day_cv: Annotated[float, Field(ge=0, le=2)] = 0.0
    household_profile: Id
    shop_profile: Id
    tag: Literal["published", "sourced", "assumed"]
    source: Id


class ProfileRow(Frozen):
    """One factor of a pattern: hour 0-23 (shares of a day), weekday 1-7 (Monday first), month."""

    profile: Id
    kind: Literal["hour", "weekday", "month"]
    number: Annotated[int, Field(ge=0, le=23)]
    factor: NonNegative
    tag: Literal["published", "sourced", "assumed"]
    source: Id


class TruckType(Frozen):
    """Trucks that are alike; without ``battery_kwh`` they burn ``litre_per_km``."""

    id: Id
    streams: Id  # with blanks between them
    payload_kg: Positive
    body_m3: Positive
    compaction_ratio: Annotated[float, Field(ge=1)] = 3.0  # (K) 2.5 to 4 for rear loaders
    battery_kwh: Positive | None = None
    reserve_kwh: NonNegative = 0.0
    kwh_per_km: NonNegative = 0.0
    kwh_per_t_km: NonNegative = 0.0
    lift_kwh: NonNegative = 0.0  # (S) 0.11 of hydraulics to 0.23 all-in
    lift_s: NonNegative = 0.0  # (S) 32 of hydraulics within 40 a stop
    compaction_kwh_per_t: NonNegative = 0.0
    auxiliary_kw: NonNegative = 0.0  # (S) 2 for an 18 t compactor
    litre_per_km: NonNegative = 0.0
    must_end_empty: bool = True
    cny_per_day: NonNegative = 0.0
    cny_per_km: NonNegative = 0.0
    mean_hours_to_failure: Positive | None = None
    median_repair_h: Positive = 1.0
    repair_spread: NonNegative = 0.5


class CurveRow(Frozen):
    """A knot of a truck type's charging curve on chargers of a technology."""

    truck_type: Id
    technology: Id
    energy_kwh: NonNegative
    time_s: NonNegative


class Shift(Frozen):
    """Working hours and rules; ``to_h`` may lie beyond midnight. ``weekdays``: Monday is 1."""

    id: Id
    from_h: HourOfDay
    to_h: HourOfShift
    overtime_h: NonNegative = 0.0
    break_from_h: HourOfShift | None = None
    break_to_h: HourOfShift | None = None
    break_min: NonNegative = 0.0
    driving_h: Positive | None = None  # (K) 4 h of driving, then
    rest_min: NonNegative = 20.0  # (K) 20 min of rest
    people: Annotated[int, Field(ge=1)] = 2
    cny_per_h: NonNegative = 0.0
    overtime_factor: Annotated[float, Field(ge=1)] = 1.5
    weekdays: Id = "1234567"


class Truck(Frozen):
    """A truck, where it is kept, and the shift of its crew."""

    id: Id
    type: Id
    depot: Id
    shift: Id
    start_kwh: NonNegative | None = None
    start_kg: NonNegative = 0.0


class Site(Frozen):
    """Where trucks unload: bays, a buffer, lines that process, and where the rest goes.

    What is passed on (``onward_share`` of what is processed) is hauled to ``onward`` in lots of
    ``haul_t`` by ``haul_trucks``. ``other_t_per_day`` comes from others, once a day at noon, and
    grows by ``growth_per_year`` (compound) with a daily scatter of ``other_cv``.
    """

    id: Id
    place: Id
    kind: Literal["transfer", "sorting", "food_plant", "incinerator", "landfill"]
    streams: Id
    bays: Annotated[int, Field(ge=1)] = 1
    unload_s: NonNegative = 600.0  # (K) 8 to 15 min
    unload_s_per_t: NonNegative = 0.0
    opens_h: HourOfDay = 0.0
    closes_h: HourOfDay = 24.0
    buffer_t: Positive | None = None
    lines: Annotated[int, Field(ge=0)] = 1
    t_per_day_per_line: NonNegative = 0.0
    opening_t: NonNegative = 0.0
    other_t_per_day: NonNegative = 0.0
    growth_per_year: Annotated[float, Field(ge=-1, le=10)] = 0.0
    other_cv: Annotated[float, Field(ge=0, le=2)] = 0.0
    line_hours_to_failure: Positive | None = None
    line_median_repair_h: Positive = 8.0
    line_repair_spread: NonNegative = 0.5
    onward: Id | None = None
    onward_share: Fraction = 1.0
    haul_t: Positive = 20.0
    haul_trucks: Annotated[int, Field(ge=0)] = 0


class Charger(Frozen):
    """Guns of one technology at a place, which share ``limit_kw`` if that is given."""

    id: Id
    place: Id
    technology: Id
    guns: Annotated[int, Field(ge=1)] = 1
    limit_kw: Positive | None = None
    efficiency: Annotated[float, Field(gt=0, le=1)] = 0.94  # (K) from the meter to the battery
    gun_hours_to_failure: Positive | None = None
    gun_median_repair_h: Positive = 4.0
    gun_repair_spread: NonNegative = 0.5


class TariffRow(Frozen):
    """Price of energy from an hour of the day on; the last one lasts until the first."""

    from_h: HourOfDay
    cny_per_kwh: NonNegative


class TrafficRow(Frozen):
    """Speed of all traffic from an hour of the day on, as a factor."""

    from_h: HourOfDay
    speed_factor: Positive


class TravelRow(Frozen):
    """Way from one place to another; pairs without a row are out of each other's reach."""

    origin: Id
    target: Id
    distance_m: NonNegative
    duration_s: NonNegative


class PlaceRow(Frozen):
    """A place in the plane of the streets."""

    id: Id
    x_m: float
    y_m: float


class FloodedRow(Frozen):
    """The street node where water is that is published for a point."""

    point: Id
    node: Id


class PlanRow(Frozen):
    """A visit of a truck's route, in order of ``sequence``; on every day if ``day`` is empty.

    ``until_kwh``: charge up to this (full if empty). ``not_before_h``: service does not begin
    earlier, in hours after the midnight of the day the shift begins on.
    """

    truck: Id
    day: Annotated[int, Field(ge=0)] | None = None
    sequence: int
    kind: TaskKind
    target: str = ""
    until_kwh: NonNegative | None = None
    not_before_h: HourOfShift | None = None


class Outage(Frozen):
    """Something that is out of order, or a street that is closed (factor 0) or slowed, for a while.

    ``kind`` site stops bays and lines, line and charger one line or gun; hours count from the
    start of the run.
    """

    kind: Literal["site", "line", "charger", "truck", "street"]
    id: Id
    from_h: NonNegative
    lasts_h: Positive
    speed_factor: Annotated[float, Field(ge=0, lt=1)] = 0.0
