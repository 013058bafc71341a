"""Coordinate systems: which one a layer is in, whether that can be, and all into one in metres."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from scenarios.gis.findings import Findings
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from scenarios.gis.vector import Layer

Geometries = npt.NDArray[np.object_]
#: How far outside the area of its CRS a city may reach, degrees.
_MARGIN_DEG = 1.0
#: Layers of one city whose extents are farther apart than this are in different systems, m.
_FARTHEST_M = 20_000.0


def crs_from_text(text: str, where: str) -> CRS:
    """Return a CRS from what a user or a file says.

    Raises
    ------
    InputError
        If it is no CRS.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InputError(
            "not a coordinate reference system", where=where, value=text,
            expected="e.g. EPSG:4326, EPSG:4547",
        ) from error  # fmt: skip


def crs_of(layer: Layer, stated: str | None) -> CRS:
    """Return the CRS of a layer from its file and what the mapping states.

    Raises
    ------
    InputError
        If neither says it, or the two disagree.
    """
    return agreed_crs(layer.name, layer.crs, stated, implied=layer.crs_is_implied)


def agreed_crs(name: str, filed: str | None, stated: str | None, *, implied: bool = False) -> CRS:
    """Return the CRS that a file and the mapping agree on; see `crs_of`."""
    mine = crs_from_text(stated, f"{name}.crs") if stated else None
    if filed is None or (implied and mine is not None):
        if mine is None:
            raise InputError(
                "the file does not say its coordinate reference system", where=f"{name}.crs",
                expected="crs = 'EPSG:...' in the mapping",
                hint="a Shapefile keeps it in its .prj",
            )  # fmt: skip
        return mine
    theirs = crs_from_text(filed, f"{name}.file")
    if mine is not None and not mine.equals(theirs, ignore_axis_order=True):
        raise InputError(
            "the file states another coordinate reference system", where=f"{name}.crs",
            value=stated, expected=f"{theirs.to_string()[:60]} as the file has it, or none",
            hint="if the file is wrong, correct it there: two truths would not stay apart",
        )  # fmt: skip
    return theirs


def local_crs(stated: str | None, systems: Iterable[CRS], centre_of: Geometries, own: CRS) -> CRS:
    """Return the plane in metres to work in.

    The one stated; else the first of `systems` that is a plane in metres; else a transverse
    Mercator projection of our own around the middle of `centre_of`, whose scale is 1 there.

    Raises
    ------
    InputError
        If the one stated is no plane in metres.
    """
    if stated is not None:
        crs = crs_from_text(stated, "crs")
        if not _in_metres(crs):
            raise InputError(
                "not a plane in metres", where="crs", value=stated,
                expected="a projected system in metres, such as EPSG:4547, or none",
                hint="without one, a local plane is made",
            )  # fmt: skip
        return crs
    for crs in systems:
        if _in_metres(crs):
            return crs
    x, y = _lon_lat(own, *shapely.get_coordinates(centre_of).T)
    lon, lat = float(np.nanmedian(x)), float(np.nanmedian(y))
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0={lat:.4f} +lon_0={lon:.4f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    )


def _in_metres(crs: CRS) -> bool:
    return crs.is_projected and all(
        axis.unit_conversion_factor == 1.0 for axis in crs.axis_info[:2]
    )


def _lon_lat(
    crs: CRS, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)


def misplaced(crs: CRS, x: npt.ArrayLike, y: npt.ArrayLike) -> list[str]:
    """Return for each point what is wrong with its place in `crs`, or an empty text.

    Found are longitudes and latitudes out of their range, points outside the area that the CRS is
    made for (swapped x and y among them), and coordinates that are no numbers.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    said = np.full(x.shape, "", dtype=object)
    broken = ~(np.isfinite(x) & np.isfinite(y))
    said[broken] = "a coordinate is no number"
    if crs.is_geographic:
        out = ~broken & ((np.abs(x) > 180.0) | (np.abs(y) > 90.0))
        swapped = out & (np.abs(y) <= 180.0) & (np.abs(x) <= 90.0)
        said[out] = "the coordinates are no degrees"
        said[swapped] = "longitude and latitude are swapped"
    inside = _inside(crs, x, y)
    if inside is not None:
        strange = ~inside & (said == "")
        other = _inside(crs, y, x)
        assert other is not None
        area = crs.area_of_use
        assert area is not None
        said[strange] = f"the point lies outside the area of {crs.name} ({area.name})"
        said[strange & other] = "x and y (or longitude and latitude) are swapped"
    return [str(text) for text in said]


def _inside(
    crs: CRS, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_] | None:
    """Say which points lie in the area of use of `crs`; none where it has no narrow area."""
    area = crs.area_of_use
    if area is None or area.east - area.west > 350.0 or area.east < area.west:
        return None
    try:
        lon, lat = (x, y) if crs.is_geographic else _lon_lat(crs, x, y)
    except ProjError:
        return None
    margin = _MARGIN_DEG
    return np.asarray(
        (lon >= area.west - margin) & (lon <= area.east + margin)
        & (lat >= area.south - margin) & (lat <= area.north + margin)
    )  # fmt: skip


def to_plane(geometry: Geometries, own: CRS, plane: CRS) -> Geometries:
    """Return geometries of the CRS `own` in the plane `plane`."""
    if own.equals(plane, ignore_axis_order=True):
        return geometry
    transformer = Transformer.from_crs(own, plane, always_xy=True)
    return np.asarray(shapely.transform(geometry, transformer.transform, interleaved=False))


def check_together(extents: dict[str, tuple[float, float, float, float]]) -> None:
    """Refuse layers that lie in different parts of the world once they are in one plane.

    Parameters
    ----------
    extents
        (xmin, ymin, xmax, ymax) by layer, m; the first one is what others are held against.

    Raises
    ------
    InputError
        Naming the layer that lies apart.
    """
    (first, mine), *others = extents.items()
    for name, theirs in others:
        apart = max(
            mine[0] - theirs[2], theirs[0] - mine[2], mine[1] - theirs[3], theirs[1] - mine[3]
        )
        if not apart <= _FARTHEST_M:
            raise InputError(
                f"the layer lies {apart / 1000.0:.0f} km from {first}", where=f"{name}.crs",
                expected="layers of one city",
                hint="one of the coordinate reference systems may be wrong, or mixed up",
            )  # fmt: skip


def note_plane(findings: Findings, name: str, own: CRS, plane: CRS) -> None:
    """Say in the report how a layer came into the plane."""
    if own.equals(plane, ignore_axis_order=True):
        findings.note("read", name, f"coordinates in {own.name}", column="(crs)")
    else:
        findings.note(
            "derived", name, f"coordinates projected from {own.name} to {plane.name}",
            column="(crs)",
        )  # fmt: skip
