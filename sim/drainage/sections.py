"""Cross-sections: from an element's `CrossSection` to exact area, width, perimeter by depth.

Depths are above the invert (of filled_circular: above the sediment) and are clipped to
``[0, full_depth_m]``; what lies above a full section (a slot, street, or vertical walls) is the
engine's affair. Open sections never count a lid. A flat lid (box, rect_triangular, rect_round,
custom) is counted progressively while the last 2 to 3 % of the area fill, as SWMM 5 does, so that
the hydraulic radius is continuous; every other closed shape is exact to the crown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.drainage import standard_shapes as shapes
from sim.drainage.elements import OPEN_SECTIONS, CrossSection, Curve, Transect
from sim.drainage.profiles import Arc, Line, Piece, PowerWall
from sim.drainage.transects import TransectShape
from sim.kernel.errors import InputError

Array = NDArray[np.float64]
Wall = tuple[Piece, ...]

_NO_CURVES: Mapping[str, Curve] = MappingProxyType({})
_NO_TRANSECTS: Mapping[str, Transect] = MappingProxyType({})


class Shape(Protocol):
    """What a section is made of: arguments are depths in ``[0, depth_m]``."""

    def area(self, y: Array) -> Array: ...
    def width(self, y: Array) -> Array: ...
    def wetted_perimeter(self, y: Array) -> Array: ...
    def section_factor(self, y: Array) -> Array: ...


@dataclass(frozen=True)
class WalledShape:
    """A left and a right wall, the floor between their feet and, if closed, the lid on top.

    ``lid_from`` is the share of the full area from which a flat lid starts to count.
    """

    walls: tuple[Wall, Wall]
    depth_m: float
    closed: bool
    lid_from: float = 0.98

    def _sum(self, y: Array, one_wall: Callable[[Wall, Array], Array]) -> Array:
        left, right = self.walls
        first = one_wall(left, y)
        return 2.0 * first if right is left else first + one_wall(right, y)

    def area(self, y: Array) -> Array:
        return self._sum(y, _wall_area)

    def width(self, y: Array) -> Array:
        return self._sum(y, _wall_x)

    def wetted_perimeter(self, y: Array) -> Array:
        wetted = self._sum(y, _wall_length)
        if not self.closed:
            return wetted
        top = np.array(self.depth_m)
        lid, full = float(self.width(top)), float(self.area(top))
        if lid < 1e-9 * self.depth_m:
            return wetted
        share = (self.area(y) / full - self.lid_from) / (1.0 - self.lid_from)
        return np.asarray(wetted + lid * np.clip(share, 0.0, 1.0))

    def section_factor(self, y: Array) -> Array:
        area, perimeter = self.area(y), self.wetted_perimeter(y)
        radius = np.divide(area, perimeter, out=np.zeros_like(area), where=perimeter > 0.0)
        return np.asarray(area * np.cbrt(radius * radius))


def _wall_x(wall: Wall, y: Array) -> Array:
    x = np.zeros(y.shape)
    for piece in wall:
        inside = np.clip(y, piece.bottom_m, piece.top_m)
        x = np.where(y >= piece.bottom_m, np.maximum(piece.x(inside), 0.0), x)
    return x


def _wall_area(wall: Wall, y: Array) -> Array:
    total = np.zeros(y.shape)
    for piece in wall:
        total += piece.area(np.clip(y, piece.bottom_m, piece.top_m))
    return np.asarray(np.maximum(total, 0.0))


def _wall_length(wall: Wall, y: Array) -> Array:
    total = np.zeros(y.shape)
    foot = 0.0
    for piece in wall:
        ends = np.array([piece.bottom_m, piece.top_m])
        bottom, top = piece.x(ends)
        # The floor counts from the first drop of water, a ledge once it is covered.
        reached = y >= piece.bottom_m if piece.bottom_m == 0.0 else y > piece.bottom_m
        total += np.where(reached, abs(bottom - foot), 0.0)
        total += piece.length(np.clip(y, piece.bottom_m, piece.top_m))
        foot = top
    return total


@dataclass(frozen=True)
class SectionGeometry:
    """Exact geometry of one section (one barrel).

    Attributes
    ----------
    full_depth_m, full_area_m2, full_hydraulic_radius_m, max_width_m : float
    closed : bool
        Whether it has a crown.
    roughness_n : float or None
        For irregular and street sections, the channel's Manning n, to which `section_factor` is
        referred (SWMM uses it in place of the conduit's); None for every other kind.
    """

    full_depth_m: float
    full_area_m2: float
    full_hydraulic_radius_m: float
    max_width_m: float
    closed: bool
    roughness_n: float | None
    _shape: Shape

    @classmethod
    def of(
        cls,
        section: CrossSection,
        curves: Mapping[str, Curve] = _NO_CURVES,
        transects: Mapping[str, Transect] = _NO_TRANSECTS,
        where: str = "cross-section",
    ) -> SectionGeometry:
        """Build the geometry of `section`.

        Parameters
        ----------
        section : CrossSection
        curves, transects : mapping from id
            Where the shape curve of a custom, or the transect of an irregular or street section,
            is found.
        where : str
            Names the element in errors.

        Raises
        ------
        InputError
            If a dimension the kind needs is missing or impossible, or the curve is unknown.
        """
        shape, depth = _build(section, curves, transects, where)
        top = np.array(depth)
        area = float(shape.area(top))
        factor = float(shape.section_factor(top))
        grid = np.linspace(0.0, depth, 2001)
        return cls(
            full_depth_m=depth,
            full_area_m2=area,
            full_hydraulic_radius_m=(factor / area) ** 1.5,
            max_width_m=float(shape.width(grid).max()),
            closed=section.kind not in OPEN_SECTIONS,
            roughness_n=shape.n_channel if isinstance(shape, TransectShape) else None,
            _shape=shape,
        )

    def _clip(self, y: ArrayLike) -> Array:
        return np.asarray(np.clip(np.asarray(y, dtype=float), 0.0, self.full_depth_m))

    def area(self, y: ArrayLike) -> Array:
        """Flow area in m2 at depths `y` (any shape, m)."""
        return self._shape.area(self._clip(y))

    def width(self, y: ArrayLike) -> Array:
        """Width of the water surface in m; at and above the crown, its limit from below."""
        return self._shape.width(self._clip(y))

    def wetted_perimeter(self, y: ArrayLike) -> Array:
        """Wetted length of the wall in m; at depth 0 the width of a flat floor."""
        return self._shape.wetted_perimeter(self._clip(y))

    def section_factor(self, y: ArrayLike) -> Array:
        """``A R**(2/3)`` in m**(8/3), such that conveyance = section factor / n.

        For irregular and street sections n is `roughness_n` and the factor carries the overbanks'
        own roughness.
        """
        return self._shape.section_factor(self._clip(y))

    def hydraulic_radius(self, y: ArrayLike) -> Array:
        """``A / P`` in m; for irregular and street sections the equivalent ``(factor / A)**1.5``
        that SWMM reports, which carries the overbanks' roughness."""
        clipped = self._clip(y)
        area = self._shape.area(clipped)
        factor = self._shape.section_factor(clipped)
        ratio = np.divide(factor, area, out=np.zeros_like(area), where=area > 0.0)
        return np.asarray(ratio**1.5)


@dataclass(frozen=True)
class SectionTable:
    """A section sampled at ``y_m`` (P,), from 0 to the full depth; every array is (P,)."""

    y_m: Array
    area_m2: Array
    width_m: Array
    perimeter_m: Array
    hydraulic_radius_m: Array
    section_factor: Array


def section_table(geometry: SectionGeometry, points: int = 101) -> SectionTable:
    """Sample `geometry` at `points` equal depths."""
    y = np.linspace(0.0, geometry.full_depth_m, points)
    return SectionTable(
        y, geometry.area(y), geometry.width(y), geometry.wetted_perimeter(y),
        geometry.hydraulic_radius(y), geometry.section_factor(y),
    )  # fmt: skip


# --- one builder per kind ------------------------------------------------------------------


def _box(h: float, width: float) -> Wall:
    return (Line(0.0, h, 0.5 * width, 0.5 * width),)


def _rect_triangular(s: CrossSection) -> Wall:
    half, foot = 0.5 * s.width_m, min(s.bottom_depth_m, s.depth_m)
    return (
        Line(0.0, foot, 0.0, half * foot / s.bottom_depth_m),
        *(_upright(foot, s.depth_m, half)),
    )


def _upright(bottom: float, top: float, x: float) -> Wall:
    return (Line(bottom, top, x, x),) if top > bottom else ()


def _rect_round(s: CrossSection) -> Wall:
    half = 0.5 * s.width_m
    radius = max(s.bottom_radius_m, half)
    rise = radius - math.sqrt(radius**2 - half**2)
    return (
        Arc(0.0, min(rise, s.depth_m), 0.0, radius, radius),
        *_upright(rise, s.depth_m, half),
    )


def _modified_basket(s: CrossSection) -> Wall:
    half = 0.5 * s.width_m
    radius = max(s.bottom_radius_m, half)
    spring = s.depth_m - (radius - math.sqrt(radius**2 - half**2))
    crown = Arc(max(spring, 0.0), s.depth_m, 0.0, s.depth_m - radius, radius)
    return (*_upright(0.0, spring, half), crown)


_BY_HEIGHT: Mapping[str, Callable[[float], Wall]] = MappingProxyType({
    "circular": shapes.circle, "egg": shapes.egg, "horseshoe": shapes.horseshoe,
    "gothic": shapes.gothic, "catenary": shapes.catenary,
    "semielliptical": shapes.semi_elliptical, "baskethandle": shapes.basket_handle,
    "semicircular": shapes.semicircular,
})  # fmt: skip
_BY_HEIGHT_AND_WIDTH: Mapping[str, Callable[[float, float], Wall]] = MappingProxyType({
    "rect_closed": _box, "rect_open": _box,
    "triangular": lambda h, w: (Line(0.0, h, 0.0, 0.5 * w),),
    "parabolic": lambda h, w: (PowerWall(h, 0.5 * w, 0.5),),
    "horiz_ellipse": shapes.horizontal_oval, "vert_ellipse": shapes.vertical_oval,
    "arch": shapes.arch,
})  # fmt: skip
_FROM_FIELDS: Mapping[str, Callable[[CrossSection], Wall]] = MappingProxyType({
    "filled_circular": lambda s: shapes.circle(s.depth_m, s.fill_depth_m),
    "power": lambda s: (PowerWall(s.depth_m, 0.5 * s.width_m, 1.0 / s.exponent),),
    "rect_triangular": _rect_triangular, "rect_round": _rect_round,
    "modified_basket": _modified_basket,
})  # fmt: skip
_SIZED = (*_BY_HEIGHT_AND_WIDTH, "rect_round", "modified_basket")
_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    **dict.fromkeys((*_BY_HEIGHT, "filled_circular", "trapezoidal", "custom"), ("depth_m",)),
    **dict.fromkeys(_SIZED, ("depth_m", "width_m")),
    "power": ("depth_m", "width_m", "exponent"),
    "rect_triangular": ("depth_m", "width_m", "bottom_depth_m"),
})  # fmt: skip


def _build(
    s: CrossSection,
    curves: Mapping[str, Curve],
    transects: Mapping[str, Transect],
    where: str,
) -> tuple[Shape, float]:
    where = f"{where}, section {s.kind}"
    for field in _NEEDS.get(s.kind, ()):
        if getattr(s, field) <= 0.0:
            raise InputError(f"{field} is missing", where=where, value=getattr(s, field),
                             expected="a length above 0")  # fmt: skip
    if s.kind in ("irregular", "street"):
        transect = transects.get(s.curve or "")
        if transect is None:
            raise InputError("no such transect", where=where, value=s.curve,
                             expected="the id of a transect")  # fmt: skip
        surveyed = TransectShape.of(transect)
        return surveyed, surveyed.depth_m
    depth = s.depth_m
    if s.kind == "filled_circular":
        depth -= s.fill_depth_m
        if depth <= 0.0:
            raise InputError("the sediment fills the pipe", where=where, value=s.fill_depth_m,
                             expected=f"fill_depth_m below {s.depth_m} m")  # fmt: skip
    walls = _walls(s, curves, where)
    closed = s.kind not in OPEN_SECTIONS
    return WalledShape(walls, depth, closed, 0.97 if s.kind == "rect_closed" else 0.98), depth


def _walls(s: CrossSection, curves: Mapping[str, Curve], where: str) -> tuple[Wall, Wall]:
    if s.kind == "trapezoidal":
        half = 0.5 * s.width_m
        left, right = (
            (Line(0.0, s.depth_m, half, half + run * s.depth_m),)
            for run in (s.side_slope_left, s.side_slope_right)
        )
        if s.width_m + s.side_slope_left + s.side_slope_right <= 0.0:
            raise InputError("the section has no width", where=where, value=s.width_m,
                             expected="a bottom width or a side slope above 0")  # fmt: skip
        return left, right
    if s.kind == "custom":
        wall = _custom(s, curves.get(s.curve or ""), where)
    elif s.kind in _BY_HEIGHT:
        wall = _BY_HEIGHT[s.kind](s.depth_m)
    elif s.kind in _BY_HEIGHT_AND_WIDTH:
        wall = _BY_HEIGHT_AND_WIDTH[s.kind](s.depth_m, s.width_m)
    else:
        wall = _FROM_FIELDS[s.kind](s)
    return wall, wall


def _custom(s: CrossSection, curve: Curve | None, where: str) -> Wall:
    """Straight wall pieces between the points (depth, width) of a curve of unit height."""
    if curve is None or curve.kind != "shape":
        raise InputError("no such shape curve", where=where, value=s.curve,
                         expected="the id of a curve of kind shape")  # fmt: skip
    points = list(curve.points)
    depths = [point[0] for point in points]
    if depths != sorted(depths) or depths[0] < 0.0 or min(p[1] for p in points) < 0.0:
        raise InputError("not a shape", where=f"{where}, curve {curve.id}", value=points,
                         expected="depths ascending from 0, widths not negative")  # fmt: skip
    if max(p[1] for p in points) <= 0.0:
        raise InputError("the shape has no width", where=f"{where}, curve {curve.id}")
    if depths[0] > 0.0:
        points.insert(0, (0.0, 0.0))
    if points[-1][0] < 1.0:
        points.append((1.0, points[-1][1]))
    wall: list[Piece] = []
    h = s.depth_m
    for (y0, w0), (y1, w1) in pairwise(points):
        if y0 >= 1.0 or y1 <= y0:
            continue
        top = min(y1, 1.0)
        width = w0 + (w1 - w0) * (top - y0) / (y1 - y0)
        wall.append(Line(y0 * h, top * h, 0.5 * w0 * h, 0.5 * width * h))
    return tuple(wall)
