"""A day of a fleet as a routing problem, and a routing plan as a table the fleet can carry out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from optimize.routing.plan import Plan
from optimize.routing.problem import (
    Break,
    Charger,
    ChargingCurve,
    DrivingRule,
    Problem,
    Site,
    Stop,
    Travel,
    TruckType,
    Windows,
)
from sim.fleet import rows as R
from sim.fleet.inputs import FleetInputs
from sim.kernel.errors import InputError

H = 3600.0
DAY_S = 86_400.0
_YEARS_S = 1e9


@dataclass(frozen=True)
class Margins:
    """What a plan allows for beyond the mean; (A) assumptions of this project.

    Attributes
    ----------
    amount
        Factor on the expected amount at every stop, so that a day above the mean still fits.
    energy
        Factor on consumption.
    """

    amount: float = 1.1
    energy: float = 1.05


@dataclass(frozen=True)
class Body:
    """Streams that share a body: no truck carries one without being able to carry the others."""

    streams: tuple[str, ...]

    @property
    def name(self) -> str:
        return "+".join(self.streams)


class FleetModel:
    """What routing needs to know of a fleet's tables, whatever the day.

    Parameters
    ----------
    inputs
        Of the fleet; nothing in it is altered.

    Raises
    ------
    InputError
        A site takes only some of the streams that are in one body.
    """

    def __init__(self, inputs: FleetInputs, margins: Margins | None = None) -> None:
        self.inputs = inputs
        self.margins = margins or Margins()
        t: Any = inputs.tables
        self.types: Mapping[str, R.TruckType] = {row.id: row for row in t["truck_types"]}
        self.shifts: Mapping[str, R.Shift] = {row.id: row for row in t["shifts"]}
        self.site_rows: tuple[R.Site, ...] = t["sites"]
        self.charger_rows: tuple[R.Charger, ...] = t["chargers"]
        self.points: Mapping[str, R.Point] = {point.id: point for point in inputs.points}
        self.bodies = _bodies(self.types.values(), inputs.points)
        self._body_of = {s: k for k, body in enumerate(self.bodies) for s in body.streams}
        self._technologies = tuple(dict.fromkeys(row.technology for row in self.charger_rows))
        self._tariff = _mean_tariff(t["tariff"])

    # -- what does not move ----------------------------------------------------------------------

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions of load: kg by body."""
        return tuple(f"{body.name}_kg" for body in self.bodies)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Every site, whether open today or not."""
        return tuple(self._site(row) for row in self.site_rows)

    def _site(self, row: R.Site) -> Site:
        taken = set(row.streams.split())
        accepts = []
        for body in self.bodies:
            shared = taken & set(body.streams)
            if shared and shared != set(body.streams):
                raise InputError(
                    "a site takes only some of the streams that share a truck",
                    where=f"sites/{row.id}/streams", value=row.streams,
                    expected=" ".join(body.streams),
                    hint="give the streams trucks of their own, or let the site take all of them",
                    file=self.inputs.tables.of["sites"].file,
                )  # fmt: skip
            accepts.append(bool(shared))
        per_kg = row.unload_s_per_t / 1e3
        return Site(
            id=row.id, place=self.inputs.places[row.place], accepts=tuple(accepts),
            unload_s=row.unload_s, unload_s_per_unit=(per_kg,) * len(self.bodies),
            windows=_two_days(row.opens_h, row.closes_h),
        )  # fmt: skip

    @cached_property
    def chargers(self) -> tuple[Charger, ...]:
        """Every charger; a charge can begin at any time."""
        return tuple(
            Charger(
                id=row.id, place=self.inputs.places[row.place], guns=row.guns,
                technology=self._technologies.index(row.technology),
            )
            for row in self.charger_rows
        )  # fmt: skip

    def travel(self, distance_m: Any, duration_s: Any, extra: Sequence[str] = ()) -> Travel:
        """Return travel tables over the case's places (and more of them), by time of day."""
        t: Any = self.inputs.tables
        rows = t["traffic"] or (R.TrafficRow(from_h=0.0, speed_factor=1.0),)
        from_s = np.array([row.from_h * H for row in rows])
        factor = np.array([row.speed_factor for row in rows])
        names = (*self.inputs.places, *extra)
        return Travel(
            places=names, xy_m=np.full((len(names), 2), math.nan), distance_m=distance_m,
            duration_s=duration_s, factor_from_s=np.concatenate([from_s, from_s + DAY_S]),
            speed_factor=np.concatenate([factor, factor]),
        )  # fmt: skip

    # -- stops and trucks ------------------------------------------------------------------------

    def stop(self, name: str, amount_kg: float, type_ids: Sequence[str], penalty: float) -> Stop:
        """Return a collection point as a stop.

        A point with more than any truck can carry is planned at what the largest holds: the
        simulation sends another truck for the rest, as people do.
        """
        point = self.points[name]
        able = [k for k, one in enumerate(type_ids) if point.stream in self.carried(one)]
        rows = [self.types[type_ids[k]] for k in able]
        body = self._body_of[point.stream]
        # Types may differ in how long they lift: a plan must hold for the slowest.
        service_s = point.service_s + max((r.lift_s for r in rows), default=0.0) * point.bins
        kwh = max(
            (
                r.lift_kwh * point.bins + r.auxiliary_kw * service_s / H
                for r in rows
                if r.battery_kwh is not None
            ),
            default=0.0,
        )
        most = max((self._capacity_kg(r, point.stream) for r in rows), default=amount_kg)
        demand = [0.0] * len(self.bodies)
        demand[body] = min(amount_kg, most)
        return Stop(
            id=name, place=self.inputs.places[point.place], demand=tuple(demand),
            service_s=service_s, windows=_two_days(point.from_h, point.to_h),
            energy_kwh=kwh * self.margins.energy, truck_types=tuple(able), penalty=penalty,
        )  # fmt: skip

    def carried(self, type_id: str) -> tuple[str, ...]:
        """Return the streams a truck type carries."""
        return tuple(self.types[type_id].streams.split())

    def truck(self, type_id: str, shift_id: str, depot: int, **changes: Any) -> TruckType:
        """Return trucks of a type on a shift from a depot; ``changes`` replace what it says."""
        row, shift = self.types[type_id], self.shifts[shift_id]
        streams = self.carried(type_id)
        capacity = [0.0] * len(self.bodies)
        for stream in streams:
            body = self._body_of[stream]
            room = self._capacity_kg(row, stream)
            capacity[body] = min(capacity[body], room) if capacity[body] else room
        count = len(self.bodies)
        electric = row.battery_kwh is not None
        more = self.margins.energy
        facts: dict[str, Any] = {
            "id": f"{type_id}/{shift_id}", "capacity": tuple(capacity), "start": depot,
            "end": depot, "shift_s": (shift.from_h * H, shift.to_h * H),
            "overtime_s": shift.overtime_h * H, "must_end_empty": row.must_end_empty,
            "breaks": _breaks(shift), "driving_rule": _driving_rule(shift),
            "cost_fixed": row.cny_per_day, "cost_per_m": self._cny_per_m(row),
            "cost_per_s": shift.people * shift.cny_per_h / H,
            "cost_per_overtime_s": (shift.overtime_factor - 1.0) * shift.people * shift.cny_per_h
            / H,
            "cost_per_kwh": self._tariff if electric else 0.0,
        }  # fmt: skip
        if electric:
            facts |= {
                "battery_kwh": row.battery_kwh, "reserve_kwh": row.reserve_kwh,
                "end_kwh": row.reserve_kwh,
                "kwh_per_m": more * (row.kwh_per_km / 1e3 + self._auxiliary_kwh_per_m(row)),
                "kwh_per_m_unit": (more * row.kwh_per_t_km / 1e6,) * count,
                "compaction_kwh_per_unit": (more * row.compaction_kwh_per_t / 1e3,) * count,
                "charging": self._charging(row),
            }  # fmt: skip
        return TruckType(**(facts | changes))

    def load(self, load_kg: Mapping[str, float]) -> tuple[float, ...]:
        """Return a load by stream as a load by body."""
        load = [0.0] * len(self.bodies)
        for stream, kg in load_kg.items():
            if kg > 0.0:
                load[self._body_of[stream]] += kg
        return tuple(load)

    def _capacity_kg(self, row: R.TruckType, stream: str) -> float:
        """Return what fits in: by weight, or by volume after compaction."""
        density = float(self.inputs.density[R.STREAMS.index(stream)])
        return min(row.payload_kg, row.body_m3 * row.compaction_ratio * density)

    def _cny_per_m(self, row: R.TruckType) -> float:
        litres = row.litre_per_km * self.inputs.spec.diesel_cny_per_litre
        return (row.cny_per_km + litres) / 1e3

    def _auxiliary_kwh_per_m(self, row: R.TruckType) -> float:
        """Auxiliaries run by time; at the mean speed of the case they are so much by distance."""
        travel = self.inputs.travel
        there = np.isfinite(travel.duration_s) & (travel.distance_m > 0.0)
        if not there.any():
            return 0.0
        seconds_per_m = float(travel.duration_s[there].sum() / travel.distance_m[there].sum())
        t: Any = self.inputs.tables
        slowest = min((one.speed_factor for one in t["traffic"]), default=1.0)
        return row.auxiliary_kw / H * seconds_per_m / slowest

    def _charging(self, row: R.TruckType) -> tuple[ChargingCurve, ...]:
        curves = []
        for technology in self._technologies:
            curve = self.inputs.curves.get((row.id, technology))
            if curve is None:
                # Not for this truck: it would take years.
                curves.append(ChargingCurve((0.0, row.battery_kwh or 1.0), (0.0, _YEARS_S)))
            else:
                curves.append(ChargingCurve(tuple(curve.energy_kwh), tuple(curve.time_s)))
        return tuple(curves)


@dataclass(frozen=True)
class FleetProblem:
    """A day as a routing problem.

    Attributes
    ----------
    trucks
        Ids of those of each truck type, by number.
    in_force
        The plan there is.
    """

    problem: Problem
    trucks: tuple[tuple[str, ...], ...]
    in_force: tuple[R.PlanRow, ...] = ()


def day_problem(
    model: FleetModel, day: int, amounts_kg: Mapping[str, float], *, penalty: float = math.inf
) -> FleetProblem:
    """Return the problem of one day: every truck on duty, every point they can have in mind.

    A stream that no truck on duty carries is collected on other days.

    Parameters
    ----------
    day
        Of the run, from 0.
    amounts_kg
        What is expected at each point (see `expected_kg`).
    penalty
        Cost of leaving a stop out; infinite if every stop must be served.
    """
    inputs = model.inputs
    weekday = str(inputs.weekdays[day])
    groups: dict[tuple[str, str, str, float | None, float], list[str]] = {}
    t: Any = inputs.tables
    for row in t["trucks"]:
        if weekday in model.shifts[row.shift].weekdays:
            first = (row.start_kwh, row.start_kg) if day == 0 else (None, 0.0)
            groups.setdefault((row.type, row.shift, row.depot, *first), []).append(row.id)
    type_ids = [key[0] for key in groups]
    on_duty = {stream for type_id in type_ids for stream in model.carried(type_id)}
    trucks = tuple(
        model.truck(
            type_id, shift_id, inputs.places[depot], count=len(names), start_kwh=kwh,
            id=f"{type_id}/{shift_id}/{depot}" + ("" if kwh is None else f"/{kwh:g} kWh"),
            start_load=model.load({model.carried(type_id)[0]: kg}),
        )
        for (type_id, shift_id, depot, kwh, kg), names in groups.items()
    )  # fmt: skip
    stops = tuple(
        model.stop(name, kg * model.margins.amount, type_ids, penalty)
        for name, kg in amounts_kg.items()
        if kg > 0.0 and model.points[name].stream in on_duty
    )
    problem = Problem(
        name="fleet", travel=model.travel(inputs.travel.distance_m, inputs.travel.duration_s),
        dimensions=model.dimensions, stops=stops, trucks=trucks, sites=model.sites,
        chargers=model.chargers,
    )  # fmt: skip
    there = {row.id for row in t["trucks"]}
    in_force = tuple(row for row in t["plan"] if row.truck in there)
    return FleetProblem(problem, tuple(tuple(names) for names in groups.values()), in_force)


def expected_kg(inputs: FleetInputs, day: int) -> dict[str, float]:
    """Return what is expected at each point on a day if it was emptied a day before, kg.

    On the first day what is there at the start, if that is more.
    """
    points, weight = inputs.bins.points, inputs.bins.weight[:, day]
    kg = points["homes_kg"] * weight[points["homes"]] + points["shops_kg"] * weight[points["shops"]]
    if day == 0:
        kg = np.maximum(kg, points["opening_kg"])
    return {point.id: float(kg[p]) for p, point in enumerate(inputs.points)}


def plan_rows(fleet: FleetProblem, plan: Plan) -> list[dict[str, Any]]:
    """Return a plan as rows of ``plan.csv`` (see `sim.fleet.rows.PlanRow`), for every day.

    Trucks that are off duty on the day planned for keep the rows they have.
    """
    planned = {name for names in fleet.trucks for name in names}
    rows: list[dict[str, Any]] = [
        row.model_dump() for row in fleet.in_force if row.truck not in planned
    ]
    problem = fleet.problem
    names: dict[str, Any] = {
        "stop": problem.stops, "site": problem.sites, "charger": problem.chargers,
    }  # fmt: skip
    for route in plan.routes:
        truck = fleet.trucks[route.truck_type][route.number]
        sequence = 0
        for visit in route.visits:
            if visit.kind in ("start", "end", "break"):
                continue  # the truck takes its breaks by its shift's rules
            sequence += 1
            full = problem.trucks[route.truck_type].battery_kwh
            partly = visit.kind == "charger" and visit.energy_end_kwh < (full or 0.0) - 1e-6
            rows.append(
                {
                    "truck": truck, "day": None, "sequence": sequence, "kind": visit.kind,
                    "target": names[visit.kind][visit.index].id,
                    "until_kwh": round(visit.energy_end_kwh, 3) if partly else None,
                    "not_before_h": None,
                }
            )  # fmt: skip
    return rows


def _bodies(types: Iterable[R.TruckType], points: Iterable[R.Point]) -> tuple[Body, ...]:
    """Return the streams in groups: those a truck carries together are in one."""
    groups = [{point.stream} for point in points]
    groups += [set(row.streams.split()) for row in types]  # type: ignore[arg-type]
    joined: list[set[str]] = []
    for group in groups:
        touching = [one for one in joined if one & group]
        joined = [one for one in joined if not one & group]
        joined.append(set().union(group, *touching))
    order = {stream: k for k, stream in enumerate(R.STREAMS)}
    bodies = [Body(tuple(sorted(one, key=lambda s: order[s]))) for one in joined]
    return tuple(sorted(bodies, key=lambda body: order[body.streams[0]]))


def _two_days(from_h: float, to_h: float) -> Windows:
    """Return a daily window twice: a shift may end after midnight."""
    if from_h <= 0.0 and to_h >= 24.0:
        return ((0.0, 2 * DAY_S),)
    return tuple((day * DAY_S + from_h * H, day * DAY_S + to_h * H) for day in (0, 1))


def _breaks(shift: R.Shift) -> tuple[Break, ...]:
    if shift.break_min <= 0.0 or shift.break_from_h is None or shift.break_to_h is None:
        return ()
    return (Break(shift.break_from_h * H, shift.break_to_h * H, shift.break_min * 60.0),)


def _driving_rule(shift: R.Shift) -> DrivingRule | None:
    if shift.driving_h is None:
        return None
    return DrivingRule(shift.driving_h * H, shift.rest_min * 60.0)


def _mean_tariff(rows: Sequence[R.TariffRow]) -> float:
    """Return the mean price of energy over a day, CNY/kWh; 0 without a tariff."""
    if not rows:
        return 0.0
    hours = np.diff([*(row.from_h for row in rows), 24.0])
    return float(np.average([row.cny_per_kwh for row in rows], weights=hours))
