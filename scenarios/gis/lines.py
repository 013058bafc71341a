"""Which nodes a line joins: by its columns, or by the manholes that stand at its ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely.geometry import LineString

from scenarios.gis.fields import Features
from scenarios.gis.mapping import Lines
from scenarios.gis.points import Points

Floats = npt.NDArray[np.float64]
#: Ends moved by more than this are listed one by one, m.
_WORTH_TELLING_M = 0.001
#: Stated and drawn lengths may differ by this factor before it is worth a warning.
_LENGTHS_DIFFER = 1.25


@dataclass(frozen=True)
class Reach:
    """A line, or a part of one, between two nodes, given by their positions in `Points`."""

    id: str
    row: int
    start: int
    end: int
    length_m: float


def single_lines(features: Features, geometry: npt.NDArray[np.object_]) -> list[LineString | None]:
    """Return the geometry of each feature as one line, or none if it was refused.

    Parts that meet end to end are joined in the direction they were drawn.
    """
    found: list[LineString | None] = []
    for i, one in enumerate(geometry):
        line = None
        if one is None or one.is_empty:
            features.refuse(i, "", "the feature has no geometry", expected="a line")
        elif one.geom_type == "LineString":
            line = one
        elif one.geom_type == "MultiLineString":
            joined = shapely.line_merge(one, directed=True)
            if joined.geom_type == "LineString":
                line = joined
                if len(one.geoms) > 1:
                    features.findings.note(
                        "merged", features.name, f"{len(one.geoms)} parts joined",
                        feature=features.ids[i], amount=len(one.geoms),
                    )  # fmt: skip
            else:
                features.refuse(
                    i, "", f"the line has {len(one.geoms)} parts that do not join",
                    expected="one line from end to end",
                    hint="draw it as one line, or as features of their own",
                )  # fmt: skip
        else:
            features.refuse(
                i, "", "the geometry is no line", value=one.geom_type, expected="one line"
            )
        if line is not None and not line.length > 0.0:
            features.refuse(i, "", "the line has no length", value=line.length)
            line = None
        found.append(line)
    return found


def ends_of(
    features: Features, source: Lines, lines: list[LineString | None], points: Points,
    tolerance_m: float,
) -> list[Reach]:  # fmt: skip
    """Return the usable lines with the nodes at their ends; refuse the rest."""
    named = [
        features.names(column, field) if column is not None else None
        for column, field in ((source.from_node, "from_node"), (source.to_node, "to_node"))
    ]
    tree = cKDTree(points.place) if points.ids else None
    reaches = []
    for i, line in enumerate(lines):
        if line is None:
            continue
        places = np.array([line.coords[0], line.coords[-1]])
        chosen: list[int | None] = []
        columns = (source.from_node or "", source.to_node or "")
        for side, names in enumerate(named):
            if names is not None:
                chosen.append(_by_name(features, i, columns[side], names[i], points))
            else:
                word = ("start", "end")[side]
                chosen.append(_by_place(features, i, word, places[side], points, tree, tolerance_m))
        start, end = chosen
        if start is None or end is None:
            continue
        if start == end:
            features.refuse(
                i, columns[0], "the line starts and ends at the same manhole",
                value=points.ids[start], expected="two manholes",
                hint="if it is short, the tolerance may be too wide",
            )  # fmt: skip
            continue
        if named[0] is not None and named[1] is not None:
            _compare_with_drawing(features, i, places, points.place[[start, end]], tolerance_m)
        reaches.append(Reach(features.ids[i], i, start, end, float(line.length)))
    return reaches


def _by_name(features: Features, i: int, column: str, name: str, points: Points) -> int | None:
    if name in points.index:
        return points.index[name]
    if not name:
        features.refuse(i, column, "the cell is empty", expected="the id of a manhole")
    elif name in points.left_out:
        features.refuse(i, column, "its manhole was refused", value=name)
    else:
        features.refuse(
            i, column, "no manhole has this id", value=name, expected="an id of the manhole layer",
            kind="orphan", hint="ids are text: '001' is not '1'",
        )  # fmt: skip
    return None


def _by_place(
    features: Features, i: int, word: str, place: Floats, points: Points, tree: cKDTree | None,
    tolerance_m: float,
) -> int | None:  # fmt: skip
    distances, nearest = (
        tree.query(place, k=min(2, len(points.ids))) if tree is not None else (math.inf, 0)
    )
    distances, nearest = np.atleast_1d(distances), np.atleast_1d(nearest)
    name, apart = features.ids[i], float(distances[0])
    if apart > tolerance_m:
        closest = f"the nearest, {points.ids[nearest[0]]}, is {apart:.2f} m away"
        features.refuse(
            i, "", f"no manhole stands at the {word} of the line", kind="orphan",
            value=f"x {place[0]:.2f}, y {place[1]:.2f}",
            expected=f"one within {tolerance_m:g} m", hint=closest if points.ids else "",
        )  # fmt: skip
        return None
    if len(distances) > 1 and distances[1] <= tolerance_m:
        features.findings.note(
            "ambiguous", features.name,
            f"{word}: {points.ids[nearest[0]]} is {apart:.3f} m away and "
            f"{points.ids[nearest[1]]} {distances[1]:.3f} m; the nearer is taken",
            feature=name, amount=float(distances[1]),
        )  # fmt: skip
    if apart > _WORTH_TELLING_M:
        features.findings.note(
            "snapped", features.name, f"{word} moved to {points.ids[nearest[0]]}", feature=name,
            amount=apart,
        )  # fmt: skip
    return int(nearest[0])


def _compare_with_drawing(
    features: Features, i: int, drawn: Floats, stated: Floats, tolerance_m: float
) -> None:
    apart = np.hypot(*(drawn - stated).T).max()
    crossed = np.hypot(*(drawn[::-1] - stated).T).max()
    name = features.ids[i]
    if crossed < apart and crossed <= tolerance_m:
        features.findings.note(
            "reversed", features.name, "drawn against its columns: the columns are taken",
            feature=name,
        )  # fmt: skip
    elif apart > tolerance_m:
        features.findings.note(
            "warning", features.name, "an end is drawn away from the manhole its column names",
            feature=name, amount=float(apart),
        )  # fmt: skip


def along(
    features: Features, lines: list[LineString | None], points: Points, reach_m: float
) -> list[Reach]:
    """Return the reaches of each line between the junctions within `reach_m` of it.

    Junctions count in the order of their station on the line; a line with fewer than two is
    refused. A reach is named like its line if it is the only one, else ``line:1``, ``line:2`` ...
    """
    ground = [k for k, kind in enumerate(points.kind) if kind == "junction"]
    tree = shapely.STRtree(shapely.points(points.place[ground]))
    reaches = []
    for i, line in enumerate(lines):
        if line is None:
            continue
        near = [ground[k] for k in tree.query(line, predicate="dwithin", distance=reach_m)]
        stations = sorted((float(line.project(shapely.Point(points.place[k]))), k) for k in near)
        if len(stations) < 2:
            features.refuse(
                i, "", f"{len(stations)} manholes stand on this street", kind="orphan",
                expected=f"two or more within {features.name}.reach_m, {reach_m:g} m",
            )  # fmt: skip
            continue
        name = features.ids[i]
        parts = list(zip(stations, stations[1:], strict=False))
        for number, ((from_m, start), (to_m, end)) in enumerate(parts, start=1):
            own = name if len(parts) == 1 else f"{name}:{number}"
            drawn_m = to_m - from_m
            apart_m = float(np.hypot(*(points.place[start] - points.place[end])))
            reaches.append(Reach(own, i, start, end, max(drawn_m, apart_m)))
        rest = (stations[0][0], float(line.length) - stations[-1][0])
        for word, length in zip(("first", "last"), rest, strict=True):
            if length > reach_m:
                features.findings.note(
                    "unread", features.name, f"the {word} {length:.1f} m reach no manhole",
                    feature=name, amount=length,
                )  # fmt: skip
    return reaches


def stated_lengths(features: Features, source: Lines) -> Floats:
    """Return the lengths that the layer states, m; NaN where it states none."""
    return features.numbers(
        source.length, "length", "length", above=0.0, at_most=50_000.0, needed=False
    )


def lengths(features: Features, stated: Floats, reaches: list[Reach]) -> list[float]:
    """Return the length of every reach, m: stated if it is, else as drawn."""
    found, drawn = [], 0
    for reach in reaches:
        length = float(stated[reach.row])
        if math.isnan(length):
            drawn += 1
            length = reach.length_m
        elif not 1.0 / _LENGTHS_DIFFER <= length / reach.length_m <= _LENGTHS_DIFFER:
            features.findings.note(
                "warning", features.name,
                f"the stated length is {length:.2f} m, the drawn one {reach.length_m:.2f} m",
                feature=reach.id, amount=length - reach.length_m,
            )  # fmt: skip
        found.append(length)
    if drawn:
        features.findings.note(
            "derived", features.name, "lengths measured on the drawing", column="length",
            amount=drawn,
        )  # fmt: skip
    return found


def report_repeated(features: Features, reaches: list[Reach]) -> None:
    """Report lines that join the same two nodes: twins, or one drawn twice."""
    first: dict[tuple[int, int], str] = {}
    for reach in reaches:
        key = (min(reach.start, reach.end), max(reach.start, reach.end))
        if key in first:
            features.findings.note(
                "duplicate", features.name, feature=reach.id,
                text=f"joins the same manholes as {first[key]}; both are kept",
            )  # fmt: skip
        first.setdefault(key, reach.id)
