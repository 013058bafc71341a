"""[JUNCTIONS], [DIVIDERS], [STORAGE], [OUTFALLS] and [COORDINATES]."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.drainage.elements import Junction, Outfall, Storage
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import (
    Reading,
    bad,
    keyword,
    made,
    match,
    number,
    optional,
    text,
    yes,
)
from sim.drainage.swmm.tables import Book, Scale

_EARTH_RADIUS_M = 6371008.8
_CURVE_STEPS = 200  # intervals when a quadratic area is tabulated
_DIVIDERS = ("CUTOFF", "TABULAR", "WEIR", "OVERFLOW")
_DIVIDER_ITEMS = {"CUTOFF": 1, "TABULAR": 1, "WEIR": 3, "OVERFLOW": 0}
_SHAPES = ("TABULAR", "FUNCTIONAL", "CYLINDRICAL", "CONICAL", "PARABOLIC", "PYRAMIDAL")


@dataclass
class Nodes:
    """The nodes read so far, the row of each, and areas that need a curve of their own."""

    junctions: dict[str, Junction] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)
    outfalls: dict[str, Outfall] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    area_curves: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def invert_m(self, node: str) -> float:
        found = self.junctions.get(node) or self.storages.get(node) or self.outfalls.get(node)
        # a node whose own row was in error is missing here, and that error is reported
        return found.invert_m if found else 0.0


def define_nodes(reading: Reading) -> None:
    """Register every node id first: links and controls may refer to any of them."""
    for section in ("JUNCTIONS", "DIVIDERS", "STORAGE", "OUTFALLS"):
        reading.each(section, lambda row: _define(reading, row))


def _define(reading: Reading, row: Row) -> None:
    reading.define("node", row, text(row, 0, "the node's id"))


def read_nodes(reading: Reading, options: SwmmOptions, curves: Book, series: Book) -> Nodes:
    """Read all nodes; `define_nodes` must have run."""
    nodes = Nodes()
    places = read_coordinates(reading)
    length = reading.units.length_m

    def pond_m2(row: Row, index: int) -> float:
        area = number(row, index, "the ponded area", default=0.0, minimum=0.0)
        if area and not options.allow_ponding:
            reading.note(row, "the ponded area is not used: ALLOW_PONDING is NO")
            return 0.0
        return area * reading.units.area_m2

    def junction(row: Row) -> None:
        node = row[0]
        nodes.rows[node] = row
        x_m, y_m = places.get(node, (None, None))
        nodes.junctions[node] = Junction(
            id=node, x_m=x_m, y_m=y_m,
            invert_m=number(row, 1, "the invert") * length,
            max_depth_m=_depth(row, 2, "the maximum depth") * length,
            initial_depth_m=_depth(row, 3, "the initial depth") * length,
            surcharge_depth_m=_depth(row, 4, "the surcharge depth") * length,
            ponded_area_m2=pond_m2(row, 5),
        )  # fmt: skip

    def divider(row: Row) -> None:
        node = row[0]
        nodes.rows[node] = row
        kind = keyword(row, 3, "the divider type", _DIVIDERS)
        k = 4 + _DIVIDER_ITEMS[kind]
        x_m, y_m = places.get(node, (None, None))
        reading.note(row, f"{kind} divider: a plain junction in dynamic-wave routing")
        nodes.junctions[node] = Junction(
            id=node, x_m=x_m, y_m=y_m,
            invert_m=number(row, 1, "the invert") * length,
            max_depth_m=_depth(row, k, "the maximum depth") * length,
            initial_depth_m=_depth(row, k + 1, "the initial depth") * length,
            surcharge_depth_m=_depth(row, k + 2, "the surcharge depth") * length,
            ponded_area_m2=pond_m2(row, k + 3),
        )  # fmt: skip

    def storage(row: Row) -> None:
        node = row[0]
        nodes.rows[node] = row
        x_m, y_m = places.get(node, (None, None))
        max_depth_m = number(row, 2, "the maximum depth", minimum=0.0) * length
        area, k = _storage_area(reading, row, nodes, curves, max_depth_m)
        _check_losses(reading, row, k)
        nodes.storages[node] = made(
            Storage,
            id=node,
            x_m=x_m,
            y_m=y_m,
            invert_m=number(row, 1, "the invert") * length,
            max_depth_m=max_depth_m,
            initial_depth_m=number(row, 3, "the initial depth", minimum=0.0) * length,
            surcharge_depth_m=_depth(row, k, "the surcharge depth") * length,
            **area,
        )

    def outfall(row: Row) -> None:
        node = row[0]
        nodes.rows[node] = row
        x_m, y_m = places.get(node, (None, None))
        boundary = _boundary(reading, row, options, curves, series)
        nodes.outfalls[node] = made(
            Outfall,
            id=node,
            x_m=x_m,
            y_m=y_m,
            invert_m=number(row, 1, "the invert") * length,
            **boundary,
        )

    reading.each("JUNCTIONS", junction)
    reading.each("DIVIDERS", divider)
    reading.each("STORAGE", storage)
    reading.each("OUTFALLS", outfall)
    return nodes


def _depth(row: Row, index: int, what: str) -> float:
    return number(row, index, what, default=0.0, minimum=0.0)


def _storage_area(
    reading: Reading, row: Row, nodes: Nodes, curves: Book, max_depth_m: float
) -> tuple[dict[str, object], int]:
    """Return the area fields of a Storage and the index of the item behind them."""
    units = reading.units
    shape = keyword(row, 4, "the storage shape", _SHAPES)
    if shape == "TABULAR":
        curve = reading.refer("curve", row, 5)
        scale = Scale("storage", units.length_m, units.area_m2)
        return {"curve": curves.use(reading, curve, scale)}, 6
    a, b, c = (number(row, k, "a parameter of the shape") for k in (5, 6, 7))
    if shape == "FUNCTIONAL":
        if c < 0:
            raise bad(row, "the area at depth 0 is negative", c, "at least 0")
        if a >= 0 and b >= 0:
            return {
                "area_coefficient": a * units.area_m2 / units.length_m**b if a else 0.0,
                "area_exponent": b if a else 0.0, "area_constant_m2": c * units.area_m2,
            }, 8  # fmt: skip
        if b < 0:
            raise reading.unsupported(row, "an area with a negative exponent")
        areas = [
            (depth, c * units.area_m2 + a * units.area_m2 * (depth / units.length_m) ** b)
            for depth in _grid(max_depth_m)
        ]
    else:
        if a <= 0 or b <= 0 or c < 0 or (shape == "PARABOLIC" and c == 0):
            raise bad(row, "the sizes are impossible", f"{a:g} {b:g} {c:g}", "sizes above 0")
        linear, square, constant = _quadratic(shape, a, b, c)
        # for metric factors: sizes in the file's length unit, slopes without unit
        linear, constant = linear * units.length_m, constant * units.area_m2
        if square == 0:
            return {
                "area_coefficient": linear, "area_exponent": 1.0 if linear else 0.0,
                "area_constant_m2": constant,
            }, 8  # fmt: skip
        areas = [(y, constant + y * (linear + y * square)) for y in _grid(max_depth_m)]
    if min(area for _, area in areas) < 0:
        raise bad(row, "the storage area becomes negative", row.text, "an area of at least 0")
    name = reading.free_name("curve", row[0])
    nodes.area_curves[name] = tuple(areas)
    reading.note(row, f"the {shape} area is tabulated in {_CURVE_STEPS} steps")
    return {"curve": name}, 8


def _grid(max_depth_m: float) -> list[float]:
    return [max_depth_m * k / _CURVE_STEPS for k in range(_CURVE_STEPS + 1)]


def _quadratic(shape: str, a: float, b: float, c: float) -> tuple[float, float, float]:
    """Return linear, quadratic and constant term of the area (SWMM manual, volume II, 2.3)."""
    if shape == "CYLINDRICAL":
        return 0.0, 0.0, math.pi * a * b / 4
    if shape == "CONICAL":
        return math.pi * b * c, math.pi * b / a * c * c, math.pi * a * b / 4
    if shape == "PARABOLIC":
        return math.pi * a * b / (4 * c), 0.0, 0.0
    return 2 * (a + b) * c, 4 * c * c, a * b


def _check_losses(reading: Reading, row: Row, k: int) -> None:
    """Items behind the surcharge depth: evaporation fraction, then seepage parameters."""
    if number(row, k + 1, "the evaporation fraction", default=0.0):
        reading.note(row, "evaporation from the storage has no effect without evaporation")
    seepage = [number(row, j, "a seepage parameter") for j in range(k + 2, len(row))]
    conductivity = seepage[0] if len(seepage) == 1 else seepage[1] if len(seepage) > 1 else 0.0
    if conductivity:
        raise reading.unsupported(row, "seepage out of a storage")


def _boundary(
    reading: Reading, row: Row, options: SwmmOptions, curves: Book, series: Book
) -> dict[str, object]:
    kind = keyword(row, 2, "the outfall type", ("FREE", "NORMAL", "FIXED", "TIDAL", "TIMESERIES"))
    k = 3 if kind in ("FREE", "NORMAL") else 4
    gate = optional(row, k)
    if gate is not None and not match(gate, ("NO", "YES")):
        raise bad(row, "the flap gate is neither YES nor NO", gate, "YES or NO")
    if optional(row, k + 1) is not None:
        raise reading.unsupported(row, "routing an outfall's flow onto a subcatchment")
    fields: dict[str, object] = {"flap_gate": yes(row, k, "the flap gate")}
    length = reading.units.length_m
    if kind == "FIXED":
        return fields | {"boundary": "fixed", "stage_m": number(row, 3, "the stage") * length}
    if kind == "TIMESERIES":
        used = series.use(reading, reading.refer("series", row, 3), Scale("stage", 1.0, length))
        return fields | {"boundary": "series", "stage_series": used}
    if kind == "TIDAL":
        curve = curves.tables[reading.refer("curve", row, 3)]
        name = reading.free_name("series", f"{curve.id}")
        used = curves.use(reading, curve.id, Scale("tidal", 3600.0, length))
        fields |= {"boundary": "series", "stage_series": name}
        reading.tides[name] = used
        reading.note(
            row, "the tidal curve is unrolled into a stage series, its hours counted from the start"
        )
        return fields
    return fields | {"boundary": kind.lower()}


def read_coordinates(reading: Reading) -> dict[str, tuple[float, float]]:
    """Return node coordinates in metres, or as given where the file names no unit."""
    places: dict[str, tuple[float, float]] = {}

    def one(row: Row) -> None:
        node = text(row, 0, "the node's id")
        if not reading.known("node", node):
            reading.note(row, f"coordinates of '{node}', which is no node of the file")
            return
        places[reading.refer("node", row, 0)] = (
            number(row, 1, "the x coordinate"), number(row, 2, "the y coordinate"),
        )  # fmt: skip

    reading.each("COORDINATES", one)
    unit_row = next((row for row in reading.rows("MAP") if row[0].upper().startswith("UNIT")), None)
    unit = optional(unit_row, 1) if unit_row else None
    if not places:
        return places
    if unit and unit.upper().startswith("FEET"):
        return {node: (x * 0.3048, y * 0.3048) for node, (x, y) in places.items()}
    if unit and unit_row and unit.upper().startswith("DEG"):
        reading.note(unit_row, "degrees are turned into metres around the middle of the network")
        return _projected(places)
    if not unit or unit.upper().startswith("NONE"):
        reading.note(
            reading.rows("COORDINATES")[0], "the map names no unit; coordinates are kept as metres"
        )
    return places


def _projected(places: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Equirectangular projection around the middle of the points."""
    longitudes, latitudes = zip(*places.values(), strict=True)
    lon0 = (min(longitudes) + max(longitudes)) / 2
    lat0 = (min(latitudes) + max(latitudes)) / 2
    per_degree = math.pi / 180 * _EARTH_RADIUS_M
    shrink = math.cos(math.radians(lat0))
    return {
        node: ((lon - lon0) * per_degree * shrink, (lat - lat0) * per_degree)
        for node, (lon, lat) in places.items()
    }
