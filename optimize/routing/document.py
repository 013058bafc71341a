"""A routing problem as its user writes it: a TOML document and the tables it names.

Times of day are text such as ``06:30`` (beyond midnight ``26:00``), windows ``06:00-09:00``,
several separated by blanks; everything else carries its unit in its name. Tables are CSV, or
GeoJSON points; rows may also stand in the document itself.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from sim.kernel.errors import InputError, InputErrors
from sim.kernel.schema import Frozen

Id = Annotated[str, Field(min_length=1)]
NonNegative = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]


class Source(Frozen):
    """Rows of one kind: from a file, from the document, or both.

    ``columns`` names the column of the file for fields called otherwise there; columns nobody asks
    for are left alone. ``defaults`` stand for empty cells and missing columns.
    """

    file: Id | None = None
    columns: dict[str, Id] = {}
    defaults: dict[str, str | float | int | bool] = {}
    rows: tuple[dict[str, Any], ...] = ()


class Streets(Frozen):
    """Streets from one of: two CSV tables, OpenStreetMap XML, GraphML, or a layer of lines.

    ``crs`` is the plane of CSV tables, or that to project the others to. Points further than
    ``limit_m`` from any street are refused, unless ``beyond`` leaves them out.
    """

    streets: Id | None = None
    nodes: Id | None = None
    osm: Id | None = None
    graphml: Id | None = None
    layer_file: Id | None = None
    layer: Id | None = None
    layer_columns: dict[Literal["id", "speed_km_h", "kind", "one_way"], Id] = {}
    columns: dict[str, Id] = {}
    tolerance_m: Positive = 0.5
    crs: Id | None = None
    source_crs: Id | None = None
    limit_m: Positive = 200.0
    speed_factor: dict[str, NonNegative] = {}

    @model_validator(mode="after")
    def _one_kind(self) -> Streets:
        kinds = (self.streets, self.osm, self.graphml, self.layer_file)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("needs one of streets, osm, graphml and layer_file")
        if (self.streets is None) != (self.nodes is None):
            raise ValueError("streets and nodes go together")
        return self


class Matrix(Frozen):
    """Travel by pairs of places: a CSV with ``from``, ``to``, ``distance_m``, ``duration_s``.

    Pairs that are missing are not joined; from a place to itself it is 0.
    """

    file: Id


class Straight(Frozen):
    """Straight lines, longer by a detour factor: an assumption for lack of streets."""

    detour: Annotated[float, Field(ge=1.0)] = 1.3
    speed_km_h: Positive


class Traffic(Frozen):
    """Speeds by time of day: from each time on, times the free speed."""

    begin: tuple[Id, ...]
    factor: tuple[Positive, ...]


class Curve(Frozen):
    """How trucks of a type charge on a technology: energy against time."""

    truck: Id
    technology: Id
    energy_kwh: tuple[NonNegative, ...]
    time_s: tuple[NonNegative, ...]


class RoutingDocument(Frozen):
    """A whole problem; ``in_force`` is the plan people are working to, as JSON."""

    name: Id
    dimensions: tuple[Id, ...]
    recharge: Literal["full", "partial"] = "partial"
    objective: Literal["cost", "trucks_then_cost"] = "cost"
    deviation_cost: NonNegative = 0.0
    respect_guns: bool = False
    in_force: Id | None = None
    streets: Streets | None = None
    matrix: Matrix | None = None
    straight: Straight | None = None
    traffic: Traffic | None = None
    depots: Source
    stops: Source
    sites: Source = Source()
    chargers: Source = Source()
    trucks: Source
    curves: tuple[Curve, ...] = ()

    @model_validator(mode="after")
    def _one_way_to_travel(self) -> RoutingDocument:
        ways = (self.streets, self.matrix, self.straight)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("needs one of [streets], [matrix] and [straight]")
        return self


def read_document(file: Path) -> RoutingDocument:
    """Read a document.

    Raises
    ------
    InputError, InputErrors
        The file is no TOML, or everything in it that is not what it should be, by its path.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            "the file cannot be read", where="file", value=error.strerror, file=file
        ) from error
    except UnicodeDecodeError as error:
        raise InputError("the file is not in UTF-8", where="file", file=file) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError("not TOML", where="file", value=str(error), file=file) from error
    return parse_document(raw, file)


def parse_document(raw: dict[str, Any], file: Path | None = None) -> RoutingDocument:
    """Return the document that nested tables describe; raises as `read_document`."""
    try:
        text = json.dumps(raw, allow_nan=True)
    except TypeError as error:
        raise InputError(
            "a date or time without quotes", where="document", file=file,
            hint='write times of day as text: "06:30"',
        ) from error  # fmt: skip
    try:
        return RoutingDocument.model_validate_json(text)
    except ValidationError as error:
        raise InputErrors(as_input_errors(error, "", file)) from error


def as_input_errors(error: ValidationError, where: str, file: Path | None) -> list[InputError]:
    """Return what pydantic found wrong as errors with dotted paths."""
    found = []
    for detail in error.errors(include_url=False):
        path = where
        for part in detail["loc"]:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
        text = detail["msg"].removeprefix("Value error, ")
        given = detail["input"]
        shown = isinstance(given, (str, int, float, bool))
        found.append(
            InputError(text[:1].lower() + text[1:], where=path or "document", file=file,
                       **({"value": given} if shown else {}))
        )  # fmt: skip
    return found
