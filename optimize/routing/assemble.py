"""From a document and its tables to a problem on streets, a matrix or straight lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pyproj import CRS

from optimize.routing.clock import seconds_of, windows_of
from optimize.routing.document import RoutingDocument, read_document
from optimize.routing.malformed import malformed
from optimize.routing.places import Places
from optimize.routing.plan_json import read_plan_json
from optimize.routing.problem import (
    ALWAYS,
    Break,
    Charger,
    ChargingCurve,
    DrivingRule,
    Problem,
    Site,
    Stop,
    TruckType,
)
from optimize.routing.rows import Record, read_records
from sim.kernel.csv_rows import parse_number
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.streets.journeys import Journeys
from sim.streets.snapping import Snapped

_KINDS = ("depots", "stops", "sites", "chargers")
Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Assembled:
    """A problem, and what maps and reports want to know of how it came about.

    Attributes
    ----------
    journeys, snapped
        The ways between its places and how far these were moved; none without streets.
    crs
        The plane of ``problem.travel.xy_m``; none if it is unknown.
    notes
        Assumptions and omissions of the street import.
    """

    problem: Problem
    journeys: Journeys | None = None
    snapped: Snapped | None = None
    crs: CRS | None = None
    notes: tuple[str, ...] = ()


def read_problem(file: Path, *, cache: Path | None = None) -> Assembled:
    """Read a document and everything it names.

    Parameters
    ----------
    cache
        Folder for travel tables, see `sim.streets.travel_tables`.

    Raises
    ------
    InputError, InputErrors
        Everything wrong, by file and line or path.
    """
    return assemble(read_document(file), file.parent, file, cache=cache)


def assemble(
    document: RoutingDocument,
    folder: Path,
    file: Path | None = None,
    *,
    cache: Path | None = None,
) -> Assembled:
    """Return the problem of a document whose tables lie in a folder; raises as `read_problem`."""
    errors: list[InputError] = []
    rows = {
        kind: read_records(kind, getattr(document, kind), document.dimensions, folder, file, errors)
        for kind in (*_KINDS, "trucks")
    }
    if errors:
        raise InputErrors(errors)
    places = [(kind, record) for kind in _KINDS for record in rows[kind]]
    found = Places(document, folder, file, places, cache)
    build = _Builder(document, rows, file, errors)
    problem = Problem(
        name=document.name,
        travel=found.travel,
        dimensions=document.dimensions,
        stops=build.stops(),
        trucks=build.trucks(),
        sites=build.sites(),
        chargers=build.chargers(),
        recharge=document.recharge,
        objective=document.objective,
        deviation_cost=document.deviation_cost,
        respect_guns=document.respect_guns,
    )
    errors = errors or malformed(problem)
    if errors:
        raise InputErrors(errors)
    if document.in_force is not None:
        problem = replace(problem, in_force=read_plan_json(problem, folder / document.in_force))
    return Assembled(problem, found.journeys, found.snapped, found.crs, found.notes)


class _Builder:
    """Rows become stops, sites, chargers and trucks; what is wrong with them is collected."""

    def __init__(
        self,
        document: RoutingDocument,
        rows: dict[str, list[Record]],
        file: Path | None,
        errors: list[InputError],
    ) -> None:
        self._document = document
        self._rows = rows
        self._file = file
        self._errors = errors
        self._place: dict[str, dict[str, int]] = {}
        count = 0
        for kind in _KINDS:
            self._place[kind] = {}
            for record in rows[kind]:
                self._place[kind][record.values.id] = count
                count += 1
        self._trucks = {record.values.id: i for i, record in enumerate(rows["trucks"])}
        charging = [record.values.technology for record in rows["chargers"]]
        charging += [curve.technology for curve in document.curves]
        self._technologies = {name: i for i, name in enumerate(dict.fromkeys(charging))}

    def _text(
        self, record: Record, field: str, read: Callable[[str], Value], empty: Value
    ) -> Value:
        """Read a field written as text; complain and go on if it cannot be."""
        text = getattr(record.values, field)
        try:
            return read(text) if text else empty
        except ValueError as error:
            self._errors.append(record.error(field, str(error), value=text))
            return empty

    def _names(self, record: Record, field: str, known: Sequence[str]) -> list[str]:
        names = getattr(record.values, field).split()
        self._errors += [
            record.error(field, "no such name", value=name, expected=", ".join(known),
                         hint=did_you_mean(name, known))
            for name in names
            if name not in known
        ]  # fmt: skip
        return [name for name in names if name in known]

    def _amounts(self, amounts: Any) -> tuple[float, ...]:
        return tuple(float(getattr(amounts, name)) for name in self._document.dimensions)

    def stops(self) -> tuple[Stop, ...]:
        found = []
        for record in self._rows["stops"]:
            row = record.values
            kinds = self._names(record, "truck_types", tuple(self._trucks))
            found.append(
                Stop(
                    id=row.id,
                    place=self._place["stops"][row.id],
                    demand=self._amounts(row.demand),
                    service_s=row.service_s,
                    windows=self._text(record, "windows", windows_of, ALWAYS),
                    energy_kwh=row.energy_kwh,
                    truck_types=tuple(self._trucks[kind] for kind in kinds) or None,
                    release_s=self._text(record, "release", seconds_of, 0.0),
                    penalty=math.inf if row.penalty is None else row.penalty,
                )
            )
        return tuple(found)

    def sites(self) -> tuple[Site, ...]:
        found = []
        dimensions = self._document.dimensions
        for record in self._rows["sites"]:
            row = record.values
            accepted = self._names(record, "accepts", dimensions) or dimensions
            found.append(
                Site(
                    id=row.id,
                    place=self._place["sites"][row.id],
                    accepts=tuple(name in accepted for name in dimensions),
                    unload_s=row.unload_s,
                    unload_s_per_unit=self._amounts(row.unload_s_per_unit),
                    windows=self._text(record, "windows", windows_of, ALWAYS),
                )
            )
        return tuple(found)

    def chargers(self) -> tuple[Charger, ...]:
        return tuple(
            Charger(
                id=record.values.id,
                place=self._place["chargers"][record.values.id],
                technology=self._technologies[record.values.technology],
                guns=record.values.guns,
                windows=self._text(record, "windows", windows_of, ALWAYS),
            )
            for record in self._rows["chargers"]
        )

    def trucks(self) -> tuple[TruckType, ...]:
        for i, curve in enumerate(self._document.curves):
            if curve.truck not in self._trucks:
                self._errors.append(
                    InputError("no such truck", where=f"curves[{i}].truck", value=curve.truck,
                               file=self._file, expected=", ".join(self._trucks))
                )  # fmt: skip
        return tuple(self._truck(record) for record in self._rows["trucks"])

    def _truck(self, record: Record) -> TruckType:
        row = record.values
        shift = self._text(record, "shift", windows_of, ALWAYS)
        if len(shift) != 1:
            self._errors.append(record.error("shift", "more than one shift", value=row.shift))
        if (row.rule_driving_s is None) != (row.rule_rest_s is None):
            self._errors.append(
                record.error("rule_driving_s", "half a rule", expected="rule_rest_s, too")
            )
        day = [getattr(row.day_capacity, name) for name in self._document.dimensions]
        return TruckType(
            id=row.id,
            capacity=self._amounts(row.capacity),
            start=self._at(record, "start"),
            end=self._at(record, "end"),
            count=row.count,
            day_capacity=None
            if all(amount is None for amount in day)
            else tuple(math.inf if amount is None else amount for amount in day),
            battery_kwh=row.battery_kwh,
            start_kwh=row.start_kwh,
            reserve_kwh=row.reserve_kwh,
            end_kwh=row.end_kwh,
            kwh_per_m=row.kwh_per_km / 1000.0,
            kwh_per_m_unit=tuple(x / 1000.0 for x in self._amounts(row.kwh_per_km_unit)),
            compaction_kwh_per_unit=self._amounts(row.compaction_kwh_per_unit),
            charging=self._charging(record),
            shift_s=shift[0],
            overtime_s=row.overtime_s,
            most_distance_m=math.inf if row.most_distance_m is None else row.most_distance_m,
            most_duration_s=math.inf if row.most_duration_s is None else row.most_duration_s,
            most_stops=row.most_stops,
            breaks=self._text(record, "breaks", breaks_of, ()),
            driving_rule=DrivingRule(row.rule_driving_s, row.rule_rest_s)
            if row.rule_driving_s is not None and row.rule_rest_s is not None
            else None,
            start_load=self._amounts(row.start_load),
            must_end_empty=row.must_end_empty,
            cost_fixed=row.cost_fixed,
            cost_per_m=row.cost_per_km / 1000.0,
            cost_per_s=row.cost_per_h / 3600.0,
            cost_per_kwh=row.cost_per_kwh,
            cost_per_overtime_s=row.cost_per_overtime_h / 3600.0,
        )

    def _at(self, record: Record, field: str) -> int:
        """Return the place of a depot, or of a site or charger, where a truck starts or ends."""
        name = getattr(record.values, field)
        for kind in ("depots", "sites", "chargers"):
            if name in self._place[kind]:
                return self._place[kind][name]
        self._errors.append(
            record.error(field, "no such depot", value=name,
                         expected=", ".join(self._place["depots"]),
                         hint=did_you_mean(name, tuple(self._place["depots"])))
        )  # fmt: skip
        return 0

    def _charging(self, record: Record) -> tuple[ChargingCurve, ...]:
        own = {
            curve.technology: ChargingCurve(curve.energy_kwh, curve.time_s)
            for curve in self._document.curves
            if curve.truck == record.values.id
        }
        missing = [name for name in self._technologies if name not in own]
        if own and missing:
            self._errors.append(
                InputError("a truck that charges needs a curve for every technology",
                           where="curves", value=record.values.id, file=self._file,
                           expected=f"curves for {', '.join(missing)}")
            )  # fmt: skip
            return ()
        return tuple(own[name] for name in self._technologies) if own else ()


def breaks_of(text: str) -> tuple[Break, ...]:
    """Return the breaks that ``11:00-12:00/1800`` writes: begin between, and seconds.

    Raises
    ------
    ValueError
        One of them is none.
    """
    found = []
    for word in text.split():
        window, slash, seconds = word.partition("/")
        if not slash:
            raise ValueError("not breaks such as 11:00-12:00/1800")
        (begin, end), *_ = windows_of(window)
        found.append(Break(begin, end, parse_number(seconds)))
    return tuple(found)
