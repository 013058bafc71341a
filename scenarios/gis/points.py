"""Manholes, outfalls and basins from a layer of points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from scenarios.gis.fields import Features
from scenarios.gis.findings import Findings
from scenarios.gis.mapping import Manholes
from sim.drainage.elements import Junction, Outfall, Storage
from sim.kernel.errors import InputError

Floats = npt.NDArray[np.float64]
LAYER = "manholes"
KINDS = ("junction", "outfall", "storage")
#: Elevations and depths that a city's drain can have, m.
LOWEST_M, HIGHEST_M, DEEPEST_M = -500.0, 9000.0, 100.0
#: Two manholes closer than this are taken for one that was drawn twice, m.
SAME_PLACE_M = 0.05


@dataclass(frozen=True, eq=False)
class Points:
    """The usable points of a layer: ids, places (N, 2), inverts, ground (NaN: unknown), kinds.

    ``values`` are further numbers by field, NaN where there are none.
    """

    ids: list[str]
    place: Floats
    invert_m: Floats
    ground_m: Floats
    kind: list[str]
    zone: list[str]
    values: dict[str, Floats]
    left_out: frozenset[str] = frozenset()
    index: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index.update({name: i for i, name in enumerate(self.ids)})


def read_points(
    features: Features, source: Manholes, geometry: npt.NDArray[np.object_],
    ground_of_terrain: Floats | None, zones: tuple[str, ...],
) -> Points:  # fmt: skip
    """Return the points that can be used; refuse the rest.

    Parameters
    ----------
    geometry
        The layer's geometries in the plane to work in, (N,).
    ground_of_terrain
        Elevation of the terrain at each point, m, if the mapping asks for it.
    zones
        The zones there are.
    """
    place = _places(features, geometry)
    kind = features.text(source.kind, "kind", KINDS) if source.kind else ["junction"] * len(place)
    if source.kind is None:
        features.findings.note("assumed", features.name, "junction for all", column="kind")
    level = {"at_least": LOWEST_M, "at_most": HIGHEST_M}
    if ground_of_terrain is not None:
        ground = ground_of_terrain
        for blank in np.flatnonzero(np.isnan(ground) & ~features.refused):
            features.refuse(int(blank), "ground", "the terrain has no elevation here")
        features.findings.note("derived", features.name, "ground read from the terrain")
    else:
        assert not isinstance(source.ground, str)
        ground = features.numbers(source.ground, "ground", "length", **level, needed=False)
    invert = features.numbers(source.invert, "invert", "length", **level, needed=False)
    depth = features.numbers(
        source.depth, "depth", "length", at_least=0.0, at_most=DEEPEST_M, needed=False
    )
    values = {
        name: features.numbers(getattr(source, name), name, dimension, at_least=low, needed=False)
        for name, dimension, low in (
            ("ponded_area", "area", 0.0),
            ("surcharge_depth", "length", 0.0),
            ("storage_area", "area", 0.0),
            ("stage", "length", LOWEST_M),
        )  # fmt: skip
    }
    zone = [""] * len(place)
    if source.zone is not None:
        zone = features.text(source.zone, "zone", zones, needed=False)
    for i, one in enumerate(kind):
        if one == "storage" and not values["storage_area"][i] > 0.0:
            features.refuse(i, "storage_area", "a basin without an area",
                            expected="storage_area in the mapping, more than 0")  # fmt: skip
    _complete(features, source, kind, ground, invert, depth)
    _same_places(features, place)
    kept = np.flatnonzero(~features.refused)
    return Points(
        ids=[features.ids[i] for i in kept],
        place=place[kept],
        invert_m=invert[kept],
        ground_m=ground[kept],
        kind=[kind[i] for i in kept],
        zone=[zone[i] for i in kept],
        values={name: found[kept] for name, found in values.items()},
        left_out=frozenset(features.ids[i] for i in np.flatnonzero(features.refused)),
    )


def _places(features: Features, geometry: npt.NDArray[np.object_]) -> Floats:
    place = np.full((len(geometry), 2), math.nan)
    for i, one in enumerate(geometry):
        if one is None or one.is_empty:
            features.refuse(i, "", "the feature has no geometry", expected="a point")
            continue
        single = one.geom_type == "MultiPoint" and len(one.geoms) == 1
        point = one.geoms[0] if single else one
        if point.geom_type != "Point":
            features.refuse(
                i, "", "the geometry is no point", value=one.geom_type, expected="one point"
            )
            continue
        place[i] = point.x, point.y
    return place


def _complete(
    features: Features, source: Manholes, kind: list[str],
    ground: Floats, invert: Floats, depth: Floats,
) -> None:  # fmt: skip
    """Fill in what follows from the other two: `ground`, `invert` and `depth` are changed."""
    given = [name for name in ("ground", "invert", "depth") if getattr(source, name) is not None]
    if "invert" not in given and len(given) < 2:
        raise InputError(
            "the inverts cannot be known", where=f"{features.name}.invert",
            expected="invert, or ground and depth",
        )  # fmt: skip
    derived = 0
    for i in np.flatnonzero(~features.refused):
        if math.isnan(invert[i]):
            invert[i] = ground[i] - depth[i]
            derived += 1
            if math.isnan(invert[i]):
                features.refuse(int(i), "invert", "no invert, nor ground and depth to find it by")
                continue
        if math.isnan(ground[i]):
            ground[i] = invert[i] + depth[i]
            derived += not math.isnan(ground[i])
        elif not math.isnan(depth[i]) and abs(ground[i] - depth[i] - invert[i]) > 0.01:
            features.findings.note(
                "warning", features.name,
                f"ground - depth is {ground[i] - depth[i]:.3f} m, the invert {invert[i]:.3f} m: "
                "the invert and the ground are taken",
                feature=features.ids[i], amount=float(ground[i] - depth[i] - invert[i]),
            )  # fmt: skip
        if math.isnan(ground[i]):
            if kind[i] != "outfall":
                features.refuse(int(i), "ground", "no ground, nor depth to find it by",
                                hint="a manhole needs the level of its rim")  # fmt: skip
        elif not 0.0 <= ground[i] - invert[i] <= DEEPEST_M:
            features.refuse(
                int(i), "invert", "the invert does not lie below the ground",
                value=round(float(invert[i]), 4),
                expected=f"{ground[i] - DEEPEST_M:.3f} to {ground[i]:.3f} m",
                hint="is one of them a depth instead of a level, or in another unit?",
            )  # fmt: skip
    if derived:
        features.findings.note(
            "derived", features.name, "levels that follow from ground, invert and depth",
            amount=derived,
        )  # fmt: skip


def _same_places(features: Features, place: Floats) -> None:
    usable = np.flatnonzero(~np.isnan(place[:, 0]))
    pairs = cKDTree(place[usable]).query_pairs(SAME_PLACE_M) if usable.size else set()
    for a, b in sorted(pairs):
        first, second = (features.ids[usable[k]] for k in (a, b))
        apart = float(np.hypot(*(place[usable[a]] - place[usable[b]])))
        features.findings.note(
            "duplicate", features.name, f"stands at the place of {first} ({apart:.3f} m away)",
            feature=second, amount=apart,
        )  # fmt: skip


def build_nodes(
    source: Manholes, points: Points, curves: dict[str, str], findings: Findings
) -> tuple[tuple[Junction, ...], tuple[Storage, ...], tuple[Outfall, ...]]:
    """Return the nodes; `curves` names the ponding curve of the junctions that have one."""
    junctions, storages, outfalls = [], [], []
    for k, name in enumerate(points.ids):
        common: dict[str, Any] = {
            "id": name, "invert_m": float(points.invert_m[k]), "x_m": float(points.place[k, 0]),
            "y_m": float(points.place[k, 1]), "zone": points.zone[k] or None,
        }  # fmt: skip
        given = {field: float(found[k]) for field, found in points.values.items()}
        depth_m = float(points.ground_m[k] - points.invert_m[k])
        if points.kind[k] == "outfall":
            if math.isnan(given["stage"]):
                findings.note("assumed", LAYER, "a free outfall: no stage is given", feature=name,
                              column="stage")  # fmt: skip
                outfalls.append(Outfall(**common))
            else:
                outfalls.append(Outfall(**common, boundary="fixed", stage_m=given["stage"]))
        elif points.kind[k] == "storage":
            storages.append(
                Storage(**common, max_depth_m=depth_m, area_constant_m2=given["storage_area"])
            )
        else:
            curve, area_m2 = curves.get(name), _or_zero(given["ponded_area"])
            if curve is not None:
                area_m2 = 0.0
            elif area_m2 == 0.0 and source.ponded_area is None:
                findings.note("assumed", LAYER, "water above the rim is lost: no ponding area",
                              feature=name, column="ponded_area")  # fmt: skip
            junctions.append(
                Junction(
                    **common,
                    max_depth_m=depth_m,
                    ponded_area_m2=area_m2,
                    ponding_curve=curve,
                    surcharge_depth_m=_or_zero(given["surcharge_depth"]),
                )  # fmt: skip
            )
    return tuple(junctions), tuple(storages), tuple(outfalls)


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def extent(geometry: npt.NDArray[np.object_]) -> tuple[float, float, float, float]:
    """Return xmin, ymin, xmax, ymax of geometries."""
    x0, y0, x1, y1 = shapely.total_bounds(geometry)
    return float(x0), float(y0), float(x1), float(y1)
