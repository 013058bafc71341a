"""The mapping document: which layer and which column holds which part of a drainage network.

Every value comes from a column, with its unit, or from a default that the document states; what a
default fills in is listed as assumed in the report of the import. Paths are relative to the
document.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from scenarios import layers
from scenarios.problems import problems
from sim.drainage.elements import Id, NonNegative, Percent, Positive
from sim.drainage.spec import Rain
from sim.kernel.errors import InputErrors
from sim.kernel.schema import Frozen

Unit = Literal["m", "cm", "mm", "km", "ft", "in", "m2", "ha", "km2", "ft2", "1"]
#: SI units in one of each, and what is measured.
UNITS: dict[str, tuple[float, str]] = {
    "m": (1.0, "length"), "cm": (0.01, "length"), "mm": (0.001, "length"),
    "km": (1000.0, "length"), "ft": (0.3048, "length"), "in": (0.0254, "length"),
    "m2": (1.0, "area"), "ha": (1e4, "area"), "km2": (1e6, "area"),
    "ft2": (0.3048**2, "area"), "1": (1.0, "number"),
}  # fmt: skip


class _Source(Frozen):
    @model_validator(mode="after")
    def _from_somewhere(self) -> _Source:
        if self.column is None and self.default is None:  # type: ignore[attr-defined]
            raise ValueError("needs a column, a default, or both")
        return self


class Number(_Source):
    """A number from a column, in ``unit``; ``values`` turns words (a material) into numbers.

    ``default``, in the same unit, stands for empty cells, or for all without a column.
    """

    column: Id | None = None
    unit: Unit
    values: dict[str, float] = {}
    default: float | None = None


class Text(_Source):
    """A word from a column; ``values`` translates the words of the layer into those expected."""

    column: Id | None = None
    values: dict[str, str] = {}
    default: Id | None = None


class LayerSource(Frozen):
    """A file with one layer of features.

    ``crs`` is needed where the file states none, and must agree with the file where it states one.
    ``ignore`` lists columns that are left out on purpose.
    """

    file: Id
    layer: Id | None = None
    crs: Id | None = None
    encoding: Id | None = None
    id: Id
    ignore: tuple[str, ...] = ()


class Manholes(LayerSource):
    """Points: manholes, outfalls, basins. Two of ground, invert and depth give the third."""

    kind: Text | None = None
    ground: Number | Literal["dem"] | None = None
    invert: Number | None = None
    depth: Number | None = None
    zone: Text | None = None
    ponded_area: Number | None = None
    surcharge_depth: Number | None = None
    storage_area: Number | None = None
    stage: Number | None = None


class Lines(LayerSource):
    """What pipes and streets share. Without node columns the ends are found by their place.

    ``prefix`` is put before the ids, where two layers use the same.
    """

    prefix: str = ""
    from_node: Id | None = None
    to_node: Id | None = None
    direction: Literal["as_drawn", "downhill"] = "as_drawn"
    length: Number | None = None
    roughness: Number
    barrels: Number | None = None


class Pipes(Lines):
    """Pipes and channels. An end is an elevation (``invert``), a depth below the ground of its
    manhole, or an offset above the manhole's invert; with none it lies on that invert."""

    shape: Text
    height: Number
    width: Number | None = None
    side_slope: Number | None = None
    from_invert: Number | None = None
    to_invert: Number | None = None
    from_depth: Number | None = None
    to_depth: Number | None = None
    from_offset: Number | None = None
    to_offset: Number | None = None

    @model_validator(mode="after")
    def _one_level_for_each_end(self) -> Pipes:
        for end in ("from", "to"):
            given = [
                name
                for name in ("invert", "depth", "offset")
                if getattr(self, f"{end}_{name}") is not None
            ]
            if len(given) > 1:
                raise ValueError(f"{end}_{given[0]} and {end}_{given[1]} exclude each other")
        return self


class Streets(Lines):
    """Street lines: each becomes reaches between the manholes within ``reach_m`` of the line,
    unless node columns name its two ends. A reach is an open rectangle at the ground."""

    reach_m: Positive = 10.0
    width: Number
    height: Number


class Terrain(Frozen):
    """A raster of ground elevations from which ponding curves are made.

    ``limit_m`` is the farthest that a manhole's pond reaches; ``largest_mismatch_m`` the largest
    difference between a manhole's ground and the terrain there.
    """

    file: Id
    crs: Id | None = None
    unit: Literal["m", "cm", "ft"] = "m"
    shift_m: float = 0.0
    limit_m: Positive = 100.0
    depths_m: Annotated[tuple[float, ...], Field(min_length=2)] = (
        0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5,
    )  # fmt: skip
    smallest_area_m2: Positive = 10.0
    largest_mismatch_m: Positive = 0.5

    @model_validator(mode="after")
    def _depths_increase(self) -> Terrain:
        if self.depths_m[0] != 0.0 or any(
            b <= a for a, b in zip(self.depths_m, self.depths_m[1:], strict=False)
        ):
            raise ValueError("depths_m must start at 0 and increase")
        return self


class Runoff(Frozen):
    """Subcatchments made of the ground nearest to each junction, up to ``limit_m`` from it.

    All their properties are assumptions, and are listed as such.
    """

    limit_m: Positive
    impervious_percent: Percent
    slope_percent: Positive
    n_impervious: Positive
    n_pervious: Positive
    storage_impervious_mm: NonNegative
    storage_pervious_mm: NonNegative
    horton_max_mm_h: NonNegative
    horton_min_mm_h: NonNegative
    horton_decay_per_h: NonNegative
    horton_drying_d: Positive = 7.0


class ZoneNames(Frozen):
    """A zone that manholes name by its key in ``[zones]``."""

    name_en: Id
    name_zh: Id
    kind: Literal["centre", "elsewhere", "key", "hub"]
    allowed_recession_h: Positive


class ScenarioStub(Frozen):
    """The scenario that the import writes: when, how long, and its ``[drainage.rain]``."""

    title_en: Id | None = None
    title_zh: Id | None = None
    start: AwareDatetime
    duration_h: Positive
    rain: Rain


class LayerMapping(Frozen):
    """A whole mapping document; see the module's text."""

    crs: Id | None = None
    tolerance_m: Positive = 0.5
    bad_features: Literal["stop", "leave_out"] = "stop"
    manholes: Manholes
    pipes: Pipes
    streets: Streets | None = None
    dem: Terrain | None = None
    runoff: Runoff | None = None
    zones: dict[str, ZoneNames] = {}
    scenario: ScenarioStub


def read_mapping(file: Path) -> LayerMapping:
    """Read a mapping document.

    Raises
    ------
    InputErrors
        Naming the file, the key, the value and what was expected.
    """
    data = layers.read(file).data
    try:
        return LayerMapping.model_validate_json(json.dumps(data, default=_as_text))
    except ValidationError as error:
        raise InputErrors(problems(error, data, LayerMapping, lambda _: str(file))) from error


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
