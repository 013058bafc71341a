"""Pipes, channels and street reaches from the lines of two layers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString

from scenarios.gis import lines
from scenarios.gis.fields import Features
from scenarios.gis.lines import Reach
from scenarios.gis.mapping import Number, Pipes, Streets
from scenarios.gis.points import HIGHEST_M, LOWEST_M, Points
from sim.drainage.element_checks import STEEPEST_ADVERSE_SLOPE
from sim.drainage.elements import Conduit, CrossSection

Floats = npt.NDArray[np.float64]
Drawn = list[LineString | None]
SHAPES = (
    "circular", "rect_closed", "rect_open", "trapezoidal", "triangular", "parabolic", "egg",
    "horseshoe", "gothic", "catenary", "semielliptical", "baskethandle", "semicircular",
    "horiz_ellipse", "vert_ellipse", "arch",
)  # fmt: skip
#: Shapes whose width does not follow from their height.
_NEED_WIDTH = frozenset(
    {"rect_closed", "rect_open", "trapezoidal", "triangular", "parabolic", "horiz_ellipse",
     "vert_ellipse", "arch"}
)  # fmt: skip
#: Narrower sections are mistakes, m. Layers write 0 for the width of a round pipe.
_NARROWEST_M = 0.03
#: An end may lie this much below its manhole by rounding; it is then put on the invert, m.
_ROUNDING_M = 0.005


def build_pipes(
    features: Features, source: Pipes, drawn: Drawn, points: Points, tolerance_m: float
) -> list[Conduit]:
    """Return the usable pipes; refuse the rest."""
    reaches = lines.ends_of(features, source, drawn, points, tolerance_m)
    shape = features.text(source.shape, "shape", SHAPES)
    height = features.numbers(source.height, "height", "length", above=0.03, at_most=20.0)
    width = features.numbers(
        source.width, "width", "length", at_least=0.0, at_most=500.0, needed=False
    )
    side = features.numbers(source.side_slope, "side_slope", "number", at_least=0.0, needed=False)
    rough, barrels = _roughness(features, source.roughness), _barrels(features, source.barrels)
    stated = lines.stated_lengths(features, source)
    levels = [_end_levels(features, source, end) for end in ("from", "to")]
    for reach in reaches:
        if shape[reach.row] in _NEED_WIDTH and not width[reach.row] > _NARROWEST_M:
            features.refuse(
                reach.row, source.width.column or "" if source.width else "width",
                f"a section of kind {shape[reach.row]} without a width", expected="a width",
            )  # fmt: skip
    reaches = [reach for reach in reaches if not features.refused[reach.row]]
    found = []
    for reach, length_m in zip(reaches, lines.lengths(features, stated, reaches), strict=True):
        row = reach.row
        offsets = [
            _offset(features, reach, node, level[row], how, points)
            for node, (level, how) in zip((reach.start, reach.end), levels, strict=True)
        ]
        if features.refused[row]:
            continue
        turned, offsets = _turned(features, source.direction, reach, offsets, points)
        section = CrossSection(
            kind=shape[row],  # type: ignore[arg-type]
            depth_m=float(height[row]),
            width_m=float(width[row]) if shape[row] in _NEED_WIDTH else 0.0,
            side_slope_left=_or_zero(side[row]),
            side_slope_right=_or_zero(side[row]),
        )
        if not _slope_is_possible(features, turned, offsets, length_m, points):
            continue
        found.append(
            Conduit(
                id=reach.id,
                from_node=points.ids[turned.start],
                to_node=points.ids[turned.end],
                length_m=length_m,
                roughness_n=float(rough[row]),
                inlet_offset_m=offsets[0],
                outlet_offset_m=offsets[1],
                section=section,
                barrels=int(barrels[row]),
                level="sewer",
            )  # fmt: skip
        )
    lines.report_repeated(features, reaches)
    return found


def build_streets(
    features: Features, source: Streets, drawn: Drawn, points: Points, tolerance_m: float
) -> list[Conduit]:
    """Return the street reaches at the ground of the manholes they join; refuse the rest."""
    if source.from_node is not None and source.to_node is not None:
        reaches = lines.ends_of(features, source, drawn, points, tolerance_m)
    else:
        reaches = lines.along(features, drawn, points, source.reach_m)
    width = features.numbers(source.width, "width", "length", above=0.5, at_most=200.0)
    height = features.numbers(source.height, "height", "length", above=0.0, at_most=20.0)
    rough, barrels = _roughness(features, source.roughness), _barrels(features, source.barrels)
    stated = lines.stated_lengths(features, source)
    for reach in reaches:
        for node in (reach.start, reach.end):
            if math.isnan(points.ground_m[node]):
                features.refuse(
                    reach.row, "", "the ground at a node of this street is not known",
                    value=points.ids[node], expected="its ground, or its invert and depth",
                )  # fmt: skip
    reaches = [reach for reach in reaches if not features.refused[reach.row]]
    found: list[Conduit] = []
    rows: list[int] = []
    for reach, length_m in zip(reaches, lines.lengths(features, stated, reaches), strict=True):
        offsets = [
            float(points.ground_m[node] - points.invert_m[node])
            for node in (reach.start, reach.end)
        ]
        turned, offsets = _turned(features, source.direction, reach, offsets, points)
        if not _slope_is_possible(features, turned, offsets, length_m, points):
            continue
        row = reach.row
        found.append(
            Conduit(
                id=reach.id,
                from_node=points.ids[turned.start],
                to_node=points.ids[turned.end],
                length_m=length_m,
                roughness_n=float(rough[row]),
                inlet_offset_m=offsets[0],
                outlet_offset_m=offsets[1],
                barrels=int(barrels[row]),
                level="street",
                section=CrossSection(
                    kind="rect_open", depth_m=float(height[row]), width_m=float(width[row])
                ),
            )  # fmt: skip
        )
        rows.append(row)
    # A street with one bad reach is refused as a whole, as the report says.
    return [one for row, one in zip(rows, found, strict=True) if not features.refused[row]]


def _roughness(features: Features, source: Number) -> Floats:
    return features.numbers(source, "roughness", "number", above=0.005, at_most=0.5)


def _barrels(features: Features, source: Number | None) -> Floats:
    if source is None:
        return np.ones(len(features))
    found = features.numbers(source, "barrels", "number", at_least=1.0, at_most=20.0)
    for i in np.flatnonzero(~np.isnan(found) & (found != np.floor(found))):
        features.refuse(
            int(i), source.column or "barrels", "not a whole number", value=float(found[i])
        )
    return found


def _end_levels(features: Features, source: Pipes, end: str) -> tuple[Floats, str]:
    """Return the level at one end as filed, and what kind of level it is."""
    for how, low, high in (
        ("invert", LOWEST_M, HIGHEST_M), ("depth", 0.0, 100.0), ("offset", 0.0, 100.0),
    ):  # fmt: skip
        number = getattr(source, f"{end}_{how}")
        if number is not None:
            field = f"{end}_{how}"
            values = features.numbers(
                number, field, "length", at_least=low, at_most=high, needed=False
            )
            for i in np.flatnonzero(np.isnan(values) & ~features.refused):
                features.findings.note(
                    "assumed", features.name, "on the invert of its manhole: the cell is empty",
                    feature=features.ids[i], column=field,
                )  # fmt: skip
            return values, how
    features.findings.note(
        "assumed", features.name, "on the inverts of the manholes, for all", column=f"{end}_invert",
        amount=len(features),
    )  # fmt: skip
    return np.full(len(features), math.nan), "offset"


def _offset(
    features: Features, reach: Reach, node: int, level: float, how: str, points: Points
) -> float:
    """Return the height of an end above the invert of its node."""
    if math.isnan(level):
        return 0.0
    invert = float(points.invert_m[node])
    if how == "offset":
        offset = level
    elif how == "invert":
        offset = level - invert
    else:
        offset = float(points.ground_m[node]) - level - invert
    if math.isnan(offset):
        features.refuse(
            reach.row, "", "a depth below a ground that is not known", value=points.ids[node]
        )
        return 0.0
    if offset < -_ROUNDING_M:
        features.refuse(
            reach.row, "", f"an end lies {-offset:.3f} m below the invert of its manhole",
            value=points.ids[node], expected=f"{invert:.3f} m or higher",
            hint="correct the manhole's invert or the pipe's: the lowest counts",
        )  # fmt: skip
        return 0.0
    return max(offset, 0.0)


def _turned(
    features: Features, direction: str, reach: Reach, offsets: list[float], points: Points
) -> tuple[Reach, list[float]]:
    """Return the reach and its offsets, turned round if it climbs and may be turned."""
    fall = _fall(reach, offsets, points)
    if direction == "as_drawn" or fall >= 0.0:
        return reach, offsets
    features.findings.note(
        "reversed", features.name, "turned to run downhill", feature=reach.id, amount=fall
    )
    return replace(reach, start=reach.end, end=reach.start), offsets[::-1]


def _fall(reach: Reach, offsets: list[float], points: Points) -> float:
    start = float(points.invert_m[reach.start]) + offsets[0]
    return start - float(points.invert_m[reach.end]) - offsets[1]


def _slope_is_possible(
    features: Features, reach: Reach, offsets: list[float], length_m: float, points: Points
) -> bool:
    fall = _fall(reach, offsets, points)
    if fall >= -STEEPEST_ADVERSE_SLOPE * length_m:
        if fall < 0.0:
            features.findings.note(
                "warning", features.name, f"climbs {-fall:.3f} m over {length_m:.1f} m",
                feature=reach.id, amount=fall / length_m,
            )  # fmt: skip
        return True
    features.refuse(
        reach.row, "", f"the line climbs {-fall:.3f} m over {length_m:.1f} m",
        value=round(fall / length_m, 4), expected=f"a slope of {-STEEPEST_ADVERSE_SLOPE:g} or more",
        hint="direction = 'downhill' turns such lines; or check inverts and length",
    )  # fmt: skip
    return False


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else float(value)
