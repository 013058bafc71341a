"""[JUNCTIONS], [STORAGE], [OUTFALLS] and [COORDINATES] of an export.

SWMM ponds a junction on a constant area only and a storage not at all. A junction with a ponding
curve, and a storage that ponds, therefore become storages deep enough to hold the pond: the
manhole's area below the rim, the curve above it, its last area beyond. Links attached above the
rim keep their offsets.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.drainage.elements import Junction, Storage
from sim.drainage.swmm.export import Export, Points
from sim.drainage.swmm.sheet import Sheet

# Room for the pond above its curve's last depth; water never gets there in a sound model.
POND_HEADROOM_M = 20.0
_STEP_M = 1e-3  # a jump of the area is spread over one millimetre
_TABLE_STEPS = 200
_BOUNDARIES = {"free": "FREE", "normal": "NORMAL", "fixed": "FIXED", "series": "TIMESERIES"}


def write_nodes(sheet: Sheet, export: Export) -> None:
    n = export.network
    sheet.section("JUNCTIONS", (
        (j.id, j.invert_m, j.max_depth_m, j.initial_depth_m, j.surcharge_depth_m, j.ponded_area_m2)
        for j in n.junctions if not j.ponding_curve
    ))  # fmt: skip
    sheet.section("OUTFALLS", _outfalls(export))
    sheet.section("STORAGE", _storages(export))


def write_coordinates(sheet: Sheet, export: Export) -> None:
    """Write node coordinates, with the unit that lets them read back unchanged."""
    placed = [(node.id, node.x_m, node.y_m) for node in export.network.nodes
              if node.x_m is not None and node.y_m is not None]  # fmt: skip
    if placed:
        sheet.section("MAP", [("UNITS", "Meters")])
        sheet.section("COORDINATES", placed)


def _outfalls(export: Export) -> Iterator[tuple[object, ...]]:
    for outfall in export.network.outfalls:
        row: tuple[object, ...] = (outfall.id, outfall.invert_m, _BOUNDARIES[outfall.boundary])
        if outfall.boundary == "fixed":
            row = (*row, outfall.stage_m)
        elif outfall.boundary == "series":
            row = (*row, outfall.stage_series)
        yield (*row, outfall.flap_gate)


def _storages(export: Export) -> Iterator[tuple[object, ...]]:
    for junction in export.network.junctions:
        if junction.ponding_curve:
            points = pond_points(
                export.points_of(junction.ponding_curve),
                junction.max_depth_m, export.options.min_surface_area_m2,
            )  # fmt: skip
            name = export.own_curve(f"{junction.id}:pond", "STORAGE", points)
            yield (junction.id, junction.invert_m, points[-1][0], junction.initial_depth_m,
                   "TABULAR", name, 0, 0)  # fmt: skip
    for storage in export.network.storages:
        head: tuple[object, ...] = (storage.id, storage.invert_m)
        if storage.ponds:
            points = _ponding_storage(export, storage)
            name = export.own_curve(f"{storage.id}:pond", "STORAGE", points)
            yield (*head, points[-1][0], storage.initial_depth_m, "TABULAR", name, 0, 0)
            continue
        head = (*head, storage.max_depth_m, storage.initial_depth_m)
        tail = (storage.surcharge_depth_m, 0)
        if storage.curve:
            yield (*head, "TABULAR", export.curve(storage.curve, "STORAGE"), *tail)
        else:
            yield (*head, "FUNCTIONAL", storage.area_coefficient, storage.area_exponent,
                   storage.area_constant_m2, *tail)  # fmt: skip


def pond_points(pond: Points, rim_m: float, manhole_m2: float) -> Points:
    """Return depth (m) against area (m2) of a manhole with a pond on its rim.

    Parameters
    ----------
    pond
        Depth above the rim (m) against area (m2), increasing depths.
    rim_m
        Height of the rim above the invert.
    manhole_m2
        Area below the rim; also the least area above it.
    """
    areas = [(depth_m, max(area_m2, manhole_m2)) for depth_m, area_m2 in pond]
    if areas[0][0] > 0:
        areas.insert(0, (0.0, manhole_m2))
    points: list[tuple[float, float]] = [(0.0, manhole_m2)] if rim_m > _STEP_M else []
    if points and areas[0][1] > manhole_m2:
        points.append((rim_m - _STEP_M, manhole_m2))
    points += [(rim_m + depth_m, area_m2) for depth_m, area_m2 in areas]
    points.append((points[-1][0] + POND_HEADROOM_M, points[-1][1]))
    return tuple(points)


def _ponding_storage(export: Export, storage: Storage) -> Points:
    top_m = storage.max_depth_m
    if storage.curve:
        curve = export.points_of(storage.curve)
        points = [p for p in curve if p[0] < top_m] + [(top_m, _area(curve, top_m))]
    else:
        points = [
            (depth_m, storage.area_coefficient * depth_m**storage.area_exponent
             + storage.area_constant_m2)
            for depth_m in (top_m * k / _TABLE_STEPS for k in range(_TABLE_STEPS + 1))
        ]  # fmt: skip
    points.append((top_m + POND_HEADROOM_M, points[-1][1]))
    return tuple(points)


def _area(curve: Points, depth_m: float) -> float:
    for (d0, a0), (d1, a1) in zip(curve, curve[1:], strict=False):
        if d0 <= depth_m <= d1:
            return a0 + (a1 - a0) * (depth_m - d0) / (d1 - d0)
    return curve[0][1] if depth_m < curve[0][0] else curve[-1][1]


def ponds(junction: Junction) -> bool:
    """Whether SWMM's ALLOW_PONDING is needed for this junction."""
    return junction.ponded_area_m2 > 0 and not junction.ponding_curve
