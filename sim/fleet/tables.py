"""The tables of a fleet case: a folder of CSV files, read and checked all at once.

``points`` ``streams`` ``profiles`` ``truck_types`` ``trucks`` ``shifts`` ``sites`` ``travel`` must
be there unless the case has no trucks; ``charging`` ``chargers`` ``tariff`` ``traffic`` ``plan``
``outages`` may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.fleet import rows as R
from sim.fleet.rows import STREAMS
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.kernel.row_files import Rows, read_rows, unknown_ids
from sim.kernel.schema import Frozen

MODELS: Mapping[str, type[Frozen]] = {
    "points": R.Point, "streams": R.StreamRow, "profiles": R.ProfileRow,
    "truck_types": R.TruckType, "charging": R.CurveRow, "trucks": R.Truck, "shifts": R.Shift,
    "sites": R.Site, "chargers": R.Charger, "tariff": R.TariffRow, "traffic": R.TrafficRow,
    "travel": R.TravelRow, "plan": R.PlanRow, "outages": R.Outage,
}  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """The rows of every table; a table that is not there has none."""

    folder: Path
    of: Mapping[str, Rows]

    def __getitem__(self, name: str) -> tuple[object, ...]:
        return self.of[name].elements

    @property
    def files(self) -> tuple[Path, ...]:
        """Files read, in a fixed order."""
        return tuple(rows.file for rows in self.of.values() if rows.lines or rows.file.exists())


def read_tables(folder: Path, plan: Path | None = None, places: Rows | None = None) -> Tables:
    """Read and check the tables of a folder.

    ``plan``: the file with the routes, if another; ``places``: those on streets, if there are any
    (then there is no table of travel).

    Raises
    ------
    InputErrors
        Everything wrong, with file and line: in a cell, in what refers to what, in what cannot
        work (a load no site accepts, a charging curve that falls).
    """
    if not folder.is_dir():
        raise InputError(
            "there is no such folder of tables", where="fleet.tables",
            expected="a folder with points.csv, trucks.csv and others", file=folder,
        )  # fmt: skip
    errors: list[InputError] = []
    for file in sorted(folder.glob("*.csv")):
        if file.stem not in MODELS and not file.stem.startswith("street"):
            hint = did_you_mean(file.stem, tuple(MODELS)) or "keep other data in another folder"
            errors.append(
                InputError(
                    "no such table", where="file name", value=file.name,
                    expected=f"one of {', '.join(MODELS)}", hint=hint, file=file,
                )
            )  # fmt: skip
    of = {}
    for name, model in MODELS.items():
        file = folder / f"{name}.csv"
        if name == "plan" and plan is not None:
            file = plan
            if not file.exists():
                errors.append(InputError("no such file", where="fleet.plan", file=file))
        of[name] = Rows(file, (), ())
        if file.exists():
            try:
                of[name] = read_rows(file, model)
            except InputErrors as error:
                errors.append(error)
    if errors:
        raise InputErrors(errors)
    tables = Tables(folder, of)
    errors = [*_references(tables, places), *_contents(tables)]
    if errors:
        raise InputErrors(errors)
    return tables


def _references(t: Tables, on_streets: Rows | None) -> Iterable[InputError]:
    ids = {
        name: {getattr(row, "id"): row for row in t[name]}  # noqa: B009 - rows of many types
        for name in ("points", "streams", "truck_types", "trucks", "shifts", "sites", "chargers")
    }
    profiles = {row.profile: row for row in t["profiles"]}  # type: ignore[attr-defined]
    yield from unknown_ids(t.of["points"], "stream", ids["streams"], "stream")
    yield from unknown_ids(t.of["points"], "truck", ids["trucks"], "truck")
    yield from unknown_ids(t.of["streams"], "household_profile", profiles, "profile")
    yield from unknown_ids(t.of["streams"], "shop_profile", profiles, "profile")
    yield from unknown_ids(t.of["trucks"], "type", ids["truck_types"], "truck type")
    yield from unknown_ids(t.of["trucks"], "shift", ids["shifts"], "shift")
    yield from unknown_ids(t.of["charging"], "truck_type", ids["truck_types"], "truck type")
    yield from unknown_ids(t.of["sites"], "onward", ids["sites"], "site")
    yield from unknown_ids(t.of["plan"], "truck", ids["trucks"], "truck")
    places = {row.origin: row for row in t["travel"]}  # type: ignore[attr-defined]
    if on_streets is not None:
        places = {row.id: row for row in on_streets.elements}
    if t["trucks"]:
        for name, column in (
            ("points", "place"), ("trucks", "depot"), ("sites", "place"), ("chargers", "place"),
        ):  # fmt: skip
            yield from unknown_ids(t.of[name], column, places, "place")
    targets = {"stop": ids["points"], "site": ids["sites"], "charger": ids["chargers"]}
    for number, row in enumerate(t["plan"]):
        assert isinstance(row, R.PlanRow)
        known = targets.get(row.kind)
        if known is not None and row.target not in known:
            yield t.of["plan"].error(
                number, "target", f"no such {row.kind}", f"the id of a {row.kind}",
                did_you_mean(row.target, tuple(known)) or "correct the id",
            )  # fmt: skip
    things = {"site": "sites", "line": "sites", "charger": "chargers", "truck": "trucks"}
    for number, row in enumerate(t["outages"]):
        assert isinstance(row, R.Outage)
        if row.kind in things and row.id not in ids[things[row.kind]]:
            yield t.of["outages"].error(
                number, "id", f"no such {row.kind}", f"the id of a {row.kind}",
                did_you_mean(row.id, tuple(ids[things[row.kind]])) or "correct the id",
            )  # fmt: skip


def _contents(t: Tables) -> Iterable[InputError]:
    accepted: set[str] = set()
    for name in ("truck_types", "sites"):
        for number, row in enumerate(t[name]):
            streams = str(getattr(row, "streams")).split()  # noqa: B009 - rows of two types
            if name == "sites":
                accepted.update(streams)
            for stream in streams:
                if stream not in STREAMS:
                    yield t.of[name].error(
                        number, "streams", "no such stream",
                        f"some of {' '.join(STREAMS)}, with blanks between them",
                        did_you_mean(stream, STREAMS),
                    )  # fmt: skip
    carried = {s for row in t["truck_types"] for s in row.streams.split()}  # type: ignore[attr-defined]
    for stream in sorted(carried - accepted):
        yield InputError(
            "trucks carry a stream that no site accepts", where="column streams", value=stream,
            expected="a site for every stream", hint="add it to a site's streams",
            file=t.of["sites"].file,
        )  # fmt: skip
    for number, point in enumerate(t["points"]):
        assert isinstance(point, R.Point)
        if point.from_h >= point.to_h:
            yield t.of["points"].error(
                number, "to_h", "the window ends before it begins", f"more than {point.from_h:g}",
                "a window does not run past midnight",
            )  # fmt: skip
    for number, shift in enumerate(t["shifts"]):
        assert isinstance(shift, R.Shift)
        rows = t.of["shifts"]
        if shift.to_h <= shift.from_h:
            yield rows.error(
                number, "to_h", "the shift ends before it begins", f"more than {shift.from_h:g}",
                "hours beyond midnight go on: 22 to 30",
            )  # fmt: skip
        if not set(shift.weekdays) <= set("1234567"):
            yield rows.error(
                number, "weekdays", "not weekdays", "digits 1 (Monday) to 7", "e.g. 123456"
            )
        if shift.break_min > 0 and (shift.break_from_h is None or shift.break_to_h is None):
            yield rows.error(
                number, "break_min", "a break without its hours", "break_from_h and break_to_h",
                "say between which hours it begins",
            )  # fmt: skip
    yield from _curves(t)
    yield from _steps(t, "tariff")
    yield from _steps(t, "traffic")
    yield from _profiles(t)


def _curves(t: Tables) -> Iterable[InputError]:
    curves: dict[tuple[str, str], list[int]] = {}
    rows = t.of["charging"]
    types: Mapping[str, Any] = {row.id: row for row in t.of["truck_types"].elements}
    for number, row in enumerate(rows.elements):
        curves.setdefault((row.truck_type, row.technology), []).append(number)
    for (type_id, _), numbers in curves.items():
        knots = [(rows.elements[k].energy_kwh, rows.elements[k].time_s) for k in numbers]
        battery = types[type_id].battery_kwh if type_id in types else None
        rising = all(a[0] < b[0] and a[1] < b[1] for a, b in zip(knots, knots[1:], strict=False))
        powers = [
            (b[0] - a[0]) / max(b[1] - a[1], 1e-9) for a, b in zip(knots, knots[1:], strict=False)
        ]
        falling = all(a >= b * (1 - 1e-9) for a, b in zip(powers, powers[1:], strict=False))
        ends = knots[0] == (0.0, 0.0) and battery is not None and knots[-1][0] == battery
        if len(knots) < 2 or not (rising and falling and ends):
            yield rows.error(
                numbers[0], "energy_kwh", "not a charging curve",
                "knots from 0 kWh at 0 s to the battery's capacity, with power that never grows",
                "rows of one curve stand in order of energy",
            )  # fmt: skip


def _steps(t: Tables, name: str) -> Iterable[InputError]:
    rows = t.of[name]
    hours = [row.from_h for row in rows.elements]
    if hours and (hours[0] != 0.0 or sorted(set(hours)) != hours or hours[-1] >= 24.0):
        yield rows.error(
            0, "from_h", "the hours are not in order", "0 first, then growing, below 24",
            "each row holds until the next, the last until midnight",
        )  # fmt: skip


def _profiles(t: Tables) -> Iterable[InputError]:
    limits = {"hour": (0, 23), "weekday": (1, 7), "month": (1, 12)}
    rows = t.of["profiles"]
    seen: dict[tuple[str, str, int], int] = {}
    for number, row in enumerate(rows.elements):
        low, high = limits[row.kind]
        if not low <= row.number <= high:
            yield rows.error(
                number, "number", f"no such {row.kind}", f"{low} to {high}", "correct the number"
            )
        key = (row.profile, row.kind, row.number)
        if key in seen:
            what = f"this factor is already given on line {seen[key]}"
            yield rows.error(number, "number", what, "each factor once", "remove one of the two")
        seen[key] = rows.lines[number]
    hours: dict[str, float] = {}
    for row in rows.elements:
        if row.kind == "hour":
            hours[row.profile] = hours.get(row.profile, 0.0) + row.factor
    for number, row in enumerate(rows.elements):
        if row.kind == "hour" and hours[row.profile] <= 0.0:
            hours[row.profile] = 1.0
            yield rows.error(
                number, "factor", "all hours of the profile are 0", "a positive factor", ""
            )
