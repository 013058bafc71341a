"""Rows of stops, depots, sites, chargers and trucks, from CSV, GeoJSON points or the document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError, create_model

from optimize.routing.document import (
    Id,
    NonNegative,
    Positive,
    Source,
    as_input_errors,
)
from sim.kernel.columns import CellErrors, columns_of, read_element
from sim.kernel.csv_rows import Row, Sheet, read_sheet
from sim.kernel.errors import InputError, did_you_mean
from sim.kernel.schema import Frozen


class Located(Frozen):
    """Somewhere: by place in a matrix, in the plane of the streets, or on the globe."""

    id: Id
    place: Id | None = None
    x_m: float | None = None
    y_m: float | None = None
    lon: float | None = None
    lat: float | None = None


class Amounts(Frozen):
    """Amounts by dimension of load; its fields are made for each document."""


@cache
def row_models(dimensions: tuple[str, ...]) -> dict[str, type[BaseModel]]:
    """Return the models of rows for some dimensions of load, by kind."""
    zero: dict[str, Any] = dict.fromkeys(dimensions, (NonNegative, 0.0))
    amounts = create_model("Amounts", __base__=Amounts, **zero)
    nothing = amounts()
    each: dict[str, Any] = dict.fromkeys(dimensions, (NonNegative, ...))
    needed = create_model("NeededAmounts", __base__=Amounts, **each)
    none: dict[str, Any] = dict.fromkeys(dimensions, (NonNegative | None, None))
    maybe = create_model("MaybeAmounts", __base__=Amounts, **none)
    windows = {"windows": (str, "")}
    stop: dict[str, Any] = {
        "demand": (needed, ...),
        "service_s": (NonNegative, 0.0),
        **windows,
        "energy_kwh": (NonNegative, 0.0),
        "truck_types": (str, ""),
        "release": (str, ""),
        "penalty": (NonNegative | None, None),
    }
    site: dict[str, Any] = {
        "accepts": (str, ""),
        "unload_s": (NonNegative, 0.0),
        "unload_s_per_unit": (amounts, nothing),
        **windows,
    }
    charger: dict[str, Any] = {"technology": (Id, ...), "guns": (int | None, None), **windows}
    truck: dict[str, Any] = {
        "id": (Id, ...),
        "start": (Id, ...),
        "end": (Id, ...),
        "count": (int | None, None),
        "capacity": (needed, ...),
        "day_capacity": (maybe, maybe()),
        "battery_kwh": (Positive | None, None),
        "start_kwh": (NonNegative | None, None),
        "reserve_kwh": (NonNegative, 0.0),
        "end_kwh": (NonNegative, 0.0),
        "kwh_per_km": (NonNegative, 0.0),
        "kwh_per_km_unit": (amounts, nothing),
        "compaction_kwh_per_unit": (amounts, nothing),
        "shift": (str, ""),
        "overtime_s": (NonNegative, 0.0),
        "most_distance_m": (NonNegative | None, None),
        "most_duration_s": (NonNegative | None, None),
        "most_stops": (int | None, None),
        "breaks": (str, ""),
        "rule_driving_s": (Positive | None, None),
        "rule_rest_s": (Positive | None, None),
        "start_load": (amounts, nothing),
        "must_end_empty": (bool, False),
        "cost_fixed": (NonNegative, 0.0),
        "cost_per_km": (NonNegative, 1.0),
        "cost_per_h": (NonNegative, 0.0),
        "cost_per_kwh": (NonNegative, 0.0),
        "cost_per_overtime_h": (NonNegative, 0.0),
    }
    return {
        "depots": Located,
        "stops": create_model("Stop", __base__=Located, **stop),
        "sites": create_model("Site", __base__=Located, **site),
        "chargers": create_model("Charger", __base__=Located, **charger),
        "trucks": create_model("Truck", __base__=Frozen, **truck),
    }


class Record(NamedTuple):
    """A row: its values, and where it stands, for complaints."""

    values: Any
    where: str
    file: Path | None

    def error(self, field: str, what: str, **rest: Any) -> InputError:
        """Return an error about a field of it."""
        join = ", column " if self.file is not None and "line" in self.where else "."
        return InputError(what, where=f"{self.where}{join}{field}", file=self.file, **rest)


def read_records(
    kind: str,
    source: Source,
    dimensions: tuple[str, ...],
    folder: Path,
    document: Path | None,
    errors: list[InputError],
) -> list[Record]:
    """Return the rows of a kind; what is wrong goes to `errors`."""
    model = row_models(dimensions)[kind]
    found: list[Record] = []
    if source.file is not None:
        file = folder / source.file
        try:
            sheet = read_points(file) if file.suffix.lower() in _GEOJSON else read_sheet(file)
        except InputError as error:
            errors += error.errors
        else:
            found += _from_sheet(kind, sheet, source, model, document, errors)
    elif source.columns or (source.defaults and not source.rows):
        errors.append(
            InputError("columns or defaults without a file", where=kind, file=document,
                       hint="name the file, or put values into the rows")
        )  # fmt: skip
    for i, values in enumerate(source.rows):
        where = f"{kind}.rows[{i}]"
        try:
            text = json.dumps({**source.defaults, **values})
            found.append(Record(model.model_validate_json(text), where, document))
        except ValidationError as error:
            errors += as_input_errors(error, where, document)
    first: dict[str, Record] = {}
    for record in found:
        name = record.values.id
        if name in first:
            errors.append(record.error("id", f"the same id as in {first[name].where}", value=name))
        first.setdefault(name, record)
    return found


def _from_sheet(
    kind: str,
    sheet: Sheet,
    source: Source,
    model: type[BaseModel],
    document: Path | None,
    errors: list[InputError],
) -> list[Record]:
    fields = {column.name: column for column in columns_of(model)}
    wrong = []
    for table, entries in (("columns", source.columns), ("defaults", source.defaults)):
        wrong += [
            InputError("no such field", where=f"{kind}.{table}.{name}", value=name, file=document,
                       expected=", ".join(fields), hint=did_you_mean(name, tuple(fields)))
            for name in entries
            if name not in fields
        ]  # fmt: skip
    wrong += [
        InputError("no such column", where=f"line 1, column {column}", value=column,
                   file=sheet.file, expected=", ".join(sheet.header),
                   hint=did_you_mean(column, sheet.header))
        for field, column in source.columns.items()
        if field in fields and column not in sheet.header
    ]  # fmt: skip
    place = {name: source.columns.get(name, name) for name in fields}
    wrong += [
        InputError("missing column", where=f"line 1, column {place[name]}", file=sheet.file,
                   expected=f"a column for {name}", hint=f"or name it in {kind}.columns")
        for name, column in fields.items()
        if column.required
        and place[name] not in sheet.header
        and name not in source.defaults
        and name not in source.columns
    ]  # fmt: skip
    if wrong:
        errors += wrong
        return []
    found = []
    for row in sheet.rows:
        given = dict(zip(sheet.header, row.cells, strict=True))
        cells = {
            name: given.get(place[name], "") or _as_cell(source.defaults.get(name, ""))
            for name in fields
        }
        try:
            values = read_element(model, cells)
        except CellErrors as error:
            errors += [
                InputError(
                    one.what, where=f"line {row.line}, column {place.get(one.column, one.column)}",
                    value=one.value, expected=one.expected, hint=one.hint, file=sheet.file,
                )
                for one in error.errors
            ]  # fmt: skip
        else:
            found.append(Record(values, f"line {row.line}", sheet.file))
    return found


def _as_cell(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- GeoJSON --------------------------------------------------------------------------------

_GEOJSON = (".geojson", ".json")


def read_points(file: Path) -> Sheet:
    """Read GeoJSON points as a table: their properties, and ``lon`` and ``lat``.

    The "line" of a row is the number of its feature.

    Raises
    ------
    InputError
        The file is no collection of points (RFC 7946).
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError("the file cannot be read", where="file", file=file) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError("not JSON", where="file", value=str(error), file=file) from error
    features = found.get("features") if isinstance(found, Mapping) else None
    if not isinstance(features, list) or not features:
        raise InputError(
            "not a collection of features", where="features", file=file,
            expected="a FeatureCollection of points",
        )  # fmt: skip
    table: list[dict[str, str]] = []
    for number, feature in enumerate(features, start=1):
        where = f"feature {number}"
        geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
        place = geometry.get("coordinates") if isinstance(geometry, Mapping) else None
        if (
            not isinstance(geometry, Mapping)
            or geometry.get("type") != "Point"
            or not isinstance(place, list)
            or len(place) < 2
            or not all(isinstance(x, (int, float)) for x in place)
        ):
            raise InputError("not a point", where=where, value=geometry, file=file)
        cells = {
            str(key): "" if value is None else _as_cell(value)
            for key, value in (feature.get("properties") or {}).items()
        }
        if {"lon", "lat"} & cells.keys():
            raise InputError(
                "a property is called lon or lat", where=where, file=file,
                hint="the place is that of the geometry: rename the property",
            )  # fmt: skip
        table.append({**cells, "lon": repr(float(place[0])), "lat": repr(float(place[1]))})
    header = list(dict.fromkeys(name for cells in table for name in cells))
    rows = [
        Row(number, [cells.get(name, "") for name in header])
        for number, cells in enumerate(table, start=1)
    ]
    return Sheet(file, header, rows)
