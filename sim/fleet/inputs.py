"""From a scenario's fleet section to what a run needs: tables read, arrays made, ways known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.fleet import rows as R
from sim.fleet.charging import Curve
from sim.fleet.demand import DAY_S, POINT, Bins
from sim.fleet.legs import TruckKind
from sim.fleet.nearest import NearestInsertion
from sim.fleet.places import given_ways, read_places, street_ways
from sim.fleet.rows import STREAMS
from sim.fleet.spec import FleetSpec
from sim.fleet.tables import Tables, read_tables
from sim.fleet.travel import Travel
from sim.kernel.draws import entity_codes
from sim.kernel.errors import InputError
from sim.kernel.planner import Planner, Task

Floats = NDArray[np.float64]
_MOST_DAYS = 40_000  # a century


@dataclass(frozen=True)
class FleetInputs:
    """Everything a run reads. Nothing in it is altered by a run.

    Attributes
    ----------
    bins : Bins
        Points as they are before any luck; a run copies what it changes.
    day_cv : (P,) array
        Coefficient of variation of a point's daily amount.
    density : (4,) array
        Of waste as it lies in bins, kg/m3.
    places : mapping of str to int
        Numbers of the places.
    planner : Planner or None
        Who is called for new routes; the system's own if none. Plug one in with
        ``dataclasses.replace(inputs, planner=...)``.
    """

    spec: FleetSpec
    tables: Tables
    start: datetime
    horizon_s: float
    start_of_day_s: float
    weekdays: tuple[int, ...]
    bins: Bins
    day_cv: Floats
    density: Floats
    points: tuple[R.Point, ...]
    point_codes: NDArray[np.uint64]
    truck_codes: NDArray[np.uint64]
    kinds: Mapping[str, TruckKind]
    curves: Mapping[tuple[str, str], Curve]
    places: Mapping[str, int]
    travel: Travel
    more_files: tuple[Path, ...] = ()
    planner: Planner | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.tables.files, *self.more_files)

    @property
    def days(self) -> int:
        """Days that the run touches."""
        return len(self.weekdays)

    @cached_property
    def territories(self) -> Mapping[str, tuple[int, ...]]:
        """Points of each truck's territory, the nearest one next, from its depot."""
        mine: dict[str, list[int]] = {}
        for number, point in enumerate(self.points):
            if point.truck is not None:
                mine.setdefault(point.truck, []).append(number)
        duration, place = self.travel.duration_s, self.bins.points["place"]
        trucks: Any = self.tables["trucks"]
        routes = {}
        for truck in trucks:
            left, here, route = mine.get(truck.id, []), self.places[truck.depot], []
            while left:
                route.append(left.pop(int(np.argmin(duration[here, place[left]]))))
                here = int(place[route[-1]])
            routes[truck.id] = tuple(route)
        return routes

    @cached_property
    def stop_tasks(self) -> tuple[Task, ...]:
        """The plain task of serving each point."""
        return tuple(Task("stop", point.id) for point in self.points)

    @cached_property
    def planned(self) -> Mapping[tuple[str, int | None], tuple[R.PlanRow, ...]]:
        """Rows of the plan by truck and day (none: every day), in order."""
        rows: Any = self.tables["plan"]
        found: dict[tuple[str, int | None], list[R.PlanRow]] = {}
        for row in rows:
            found.setdefault((row.truck, row.day), []).append(row)
        return {key: tuple(sorted(v, key=lambda r: r.sequence)) for key, v in found.items()}

    @cached_property
    def own_planner(self) -> Planner:
        """The planner for when none is plugged in."""
        return NearestInsertion(self)

    def plugged(self, planner: Planner) -> FleetInputs:
        """Return the same inputs with a planner."""
        return replace(self, planner=planner)


def load_fleet(spec: FleetSpec, folder: Path, start: datetime, horizon_s: float) -> FleetInputs:
    """Read and check what a fleet section names.

    Raises
    ------
    InputError, InputErrors
        Naming file, place, value and what was expected.
    """
    named = None if spec.streets is None else read_places(spec.streets, folder)
    tables = read_tables(
        folder / spec.tables, None if spec.plan is None else folder / spec.plan, named
    )
    t: Any = tables
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    start_of_day_s = (start - midnight).total_seconds()
    days = int((start_of_day_s + horizon_s) // DAY_S) + 1
    if days > _MOST_DAYS:
        raise InputError("the run is too long", where="horizon", expected="at most a century")
    noons = [midnight + timedelta(days=d, hours=12) for d in range(days)]
    streams = {row.id: row for row in t["streams"]}
    density = np.array([streams[s].density_kg_m3 if s in streams else 1e3 for s in STREAMS])
    travel, places, more = given_ways(tables)
    if spec.streets is not None and named is not None:
        travel, places, more = street_ways(spec.streets, folder, named)
    points: tuple[R.Point, ...] = t["points"]
    cv = np.array([streams[point.stream].day_cv for point in points])
    if not spec.chance.demand:
        cv[:] = 0.0
    return FleetInputs(
        spec=spec,
        tables=tables,
        start=start,
        horizon_s=horizon_s,
        start_of_day_s=start_of_day_s,
        weekdays=tuple(noon.isoweekday() for noon in noons),
        bins=_bins(points, streams, t["profiles"], places, noons, start_of_day_s),
        day_cv=cv,
        density=density,
        points=points,
        point_codes=entity_codes([point.id for point in points]),
        truck_codes=entity_codes([truck.id for truck in t["trucks"]]),
        kinds={row.id: _kind(row) for row in t["truck_types"]},
        curves=_curves(t["charging"]),
        places=places,
        travel=travel,
        more_files=more,
    )


def _kind(row: R.TruckType) -> TruckKind:
    electric = float(row.battery_kwh is not None)  # the others' engine does it all
    return TruckKind(
        payload_kg=row.payload_kg,
        loose_m3=row.body_m3 * row.compaction_ratio,
        kwh_per_m=electric * row.kwh_per_km / 1e3,
        kwh_per_m_kg=electric * row.kwh_per_t_km / 1e6,
        lift_kwh=electric * row.lift_kwh,
        lift_s=row.lift_s,
        compaction_kwh_per_kg=electric * row.compaction_kwh_per_t / 1e3,
        auxiliary_kw=electric * row.auxiliary_kw,
        reserve_kwh=row.reserve_kwh,
        electric=electric,
    )


def _curves(rows: tuple[R.CurveRow, ...]) -> dict[tuple[str, str], Curve]:
    knots: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        knots.setdefault((row.truck_type, row.technology), []).append((row.energy_kwh, row.time_s))
    return {
        key: Curve(tuple(e for e, _ in pairs), tuple(s for _, s in pairs))
        for key, pairs in knots.items()
    }


def _bins(
    points: tuple[R.Point, ...],
    streams: Mapping[str, R.StreamRow],
    profiles: tuple[R.ProfileRow, ...],
    places: Mapping[str, int],
    noons: list[datetime],
    start_of_day_s: float,
) -> Bins:
    names: dict[str, int] = {}
    for row in profiles:
        names.setdefault(row.profile, len(names))
    hours = np.zeros((len(names), 24))
    weekday, month = np.ones((len(names), 8)), np.ones((len(names), 13))
    factors = {"hour": hours, "weekday": weekday, "month": month}
    for row in profiles:
        factors[row.kind][names[row.profile], row.number] = row.factor
    hours[hours.sum(axis=1) == 0.0] = 1.0  # a profile without hours is even
    share = np.zeros((len(names), 25))
    share[:, 1:] = np.cumsum(hours, axis=1) / hours.sum(axis=1, keepdims=True)
    share[:, 24] = 1.0
    weight = np.array(
        [[weekday[f, n.isoweekday()] * month[f, n.month] for n in noons] for f in range(len(names))]
    ).reshape(len(names), len(noons))
    count, days = len(points), len(noons)
    table = np.zeros(count, dtype=POINT)
    for record, point in zip(table, points, strict=True):
        stream = streams[point.stream]
        record["place"] = places.get(point.place, -1)
        record["stream"] = STREAMS.index(point.stream)
        record["lifts"] = point.bins
        record["homes"] = names[stream.household_profile]
        record["shops"] = names[stream.shop_profile]
        record["capacity_kg"] = point.bins * point.bin_m3 * stream.density_kg_m3
        record["service_s"] = point.service_s
        record["from_s"], record["to_s"] = point.from_h * 3600.0, point.to_h * 3600.0
        record["homes_kg"] = point.people * stream.kg_per_person_day + point.kg_per_day
        record["shops_kg"] = point.shops * stream.kg_per_shop_day
        record["opening_kg"] = point.opening_share * record["capacity_kg"]
    return Bins(
        points=table,
        share=share,
        weight=weight,
        luck=np.ones((count, days)),
        before_kg=np.zeros((count, days + 1)),
        start_s=np.array([start_of_day_s]),
    )
