"""Ground elevations from a raster file (GeoTIFF, ESRI ASCII grid) and what is made of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

from scenarios.gis import places
from scenarios.gis.findings import Findings
from scenarios.gis.mapping import UNITS, Terrain
from scenarios.gis.points import HIGHEST_M, LOWEST_M, Points
from sim.drainage.elements import Curve
from sim.drainage.terrain import NOBODY, Grid, own_cells, ponds
from sim.kernel.errors import InputError

Floats = npt.NDArray[np.float64]
LAYER = "dem"
MAX_CELLS = 8_000_000  # about 0.25 GB of memory for each million
_DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}


def read_grid(source: Terrain, folder: Path, plane: CRS, place: Floats,
              findings: Findings) -> Grid:  # fmt: skip
    """Read the part of the raster that the manholes can pond on, in the plane.

    Parameters
    ----------
    place
        The manholes in the plane, (N, 2).

    Raises
    ------
    InputError
        If the file cannot be read, states no CRS, does not reach the manholes, or is too large.
    """
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.windows import Window, from_bounds, intersect
    from rasterio.windows import intersection as overlap

    file = folder / source.file

    def refuse(what: str, where: str = "file", **rest: Any) -> InputError:
        return InputError(what, where=f"{LAYER}.{where}", file=file, **rest)

    driver = _DRIVERS.get(file.suffix.lower())
    if driver is None:
        raise refuse(
            "no raster format has this ending", value=file.name,
            expected=f"one of {', '.join(_DRIVERS)}",
        )  # fmt: skip
    try:
        # The driver is named, so that a file cannot pass for a format that opens other files.
        with rasterio.open(file, driver=driver) as raster:
            filed = raster.crs.to_wkt() if raster.crs else None
            crs = places.agreed_crs(LAYER, filed, source.crs)
            if raster.count != 1:
                raise refuse(
                    f"the raster has {raster.count} bands", expected="one band of elevations"
                )
            reach = source.limit_m
            near = (*(place.min(axis=0) - reach), *(place.max(axis=0) + reach))
            back = Transformer.from_crs(plane, crs, always_xy=True)
            bounds = back.transform_bounds(*near)
            whole = Window(0, 0, raster.width, raster.height)
            wanted = _window(raster, bounds, from_bounds)
            if not intersect([whole, wanted]):
                raise refuse(
                    "the raster does not reach the manholes", "crs",
                    value=[round(v, 4) for v in raster.bounds],
                    expected=f"to meet {[round(v, 4) for v in bounds]}",
                    hint="one of the coordinate reference systems may be wrong",
                )  # fmt: skip
            window = overlap(whole, wanted)
            if window.width * window.height > MAX_CELLS:
                raise refuse(
                    f"{int(window.width * window.height)} cells around the manholes are too many",
                    expected=f"up to {MAX_CELLS}", hint="make the cells larger",
                )  # fmt: skip
            band = raster.read(1, window=window, masked=True).astype(np.float64)
            scale, offset = raster.scales[0], raster.offsets[0]
            transform = raster.window_transform(window)
    except (RasterioError, OSError) as error:
        raise refuse(f"cannot be read: {error}", expected=f"a {driver} file") from error
    level = np.ma.filled(band, math.nan) * scale + offset
    level = level * UNITS[source.unit][0] + source.shift_m
    _check_levels(level, refuse)
    rows, columns = level.shape
    right, down = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    edge_x = transform.c + transform.a * right + transform.b * down
    edge_y = transform.f + transform.d * right + transform.e * down
    if not crs.equals(plane, ignore_axis_order=True):
        edge_x, edge_y = Transformer.from_crs(crs, plane, always_xy=True).transform(edge_x, edge_y)
    places.note_plane(findings, LAYER, crs, plane)
    grid = _grid(np.asarray(edge_x), np.asarray(edge_y), level)
    side = math.sqrt(float(np.median(grid.area_m2)))
    findings.note(
        "read", LAYER, f"{rows} x {columns} cells of about {side:.2f} m from {file.name}",
        amount=rows * columns,
    )  # fmt: skip
    if source.shift_m:
        findings.note("assumed", LAYER, "added to every elevation, m", column="shift_m",
                      amount=source.shift_m)  # fmt: skip
    return grid


def _window(raster: Any, bounds: tuple[float, float, float, float], from_bounds: Any) -> Any:
    """Return whole cells that cover `bounds`, a cell more on each side."""
    exact = from_bounds(*bounds, transform=raster.transform)
    top, left = math.floor(exact.row_off) - 1, math.floor(exact.col_off) - 1
    bottom = math.ceil(exact.row_off + exact.height) + 1
    right = math.ceil(exact.col_off + exact.width) + 1
    return type(exact)(left, top, right - left, bottom - top)


def _check_levels(level: Floats, refuse: Any) -> None:
    known = level[np.isfinite(level)]
    if known.size == 0:
        raise refuse("no cell around the manholes has an elevation")
    strange = known[(known < LOWEST_M) | (known > HIGHEST_M)]
    if strange.size:
        raise refuse(
            f"{strange.size} cells have no possible elevation", value=float(strange[0]),
            expected=f"{LOWEST_M:g} to {HIGHEST_M:g} m",
            hint="a code for missing cells that the file does not declare? or another unit",
        )  # fmt: skip


def _grid(edge_x: Floats, edge_y: Floats, level: Floats) -> Grid:
    """Return cells from the corners of the lattice: their centres, and their areas by shoelace."""
    a, b = (slice(None, -1), slice(None, -1)), (slice(None, -1), slice(1, None))
    c, d = (slice(1, None), slice(1, None)), (slice(1, None), slice(None, -1))
    x, y = edge_x, edge_y
    across = (x[c] - x[a]) * (y[d] - y[b]) - (x[d] - x[b]) * (y[c] - y[a])
    return Grid(
        x_m=(x[a] + x[b] + x[c] + x[d]) / 4.0,
        y_m=(y[a] + y[b] + y[c] + y[d]) / 4.0,
        level_m=level,
        area_m2=np.abs(across) / 2.0,
    )


def ground_at(grid: Grid, place: Floats) -> Floats:
    """Return the elevation of the cell under each place, m; NaN outside of the grid."""
    cell = own_cells(grid, place)
    found = np.full(len(place), math.nan)
    found[cell != NOBODY] = grid.level_m.ravel()[cell[cell != NOBODY]]
    return found


def ponding_curves(
    grid: Grid, source: Terrain, points: Points, findings: Findings
) -> tuple[list[Curve], dict[str, str]]:
    """Return a ponding curve for each junction on the grid, and its name by junction.

    A junction whose ground differs from the terrain by more than ``largest_mismatch_m``, or that
    stands off the grid, gets none and is reported.
    """
    chosen = [k for k, kind in enumerate(points.kind) if kind == "junction"]
    rim = points.ground_m[chosen]
    found = ponds(grid, points.place[chosen], rim, source.depths_m, source.limit_m)
    curves, names = [], {}
    for k, node in enumerate(chosen):
        name, area = points.ids[node], found.area_m2[k]
        mismatch = float(found.ground_m[k] - rim[k])
        if area[-1] == 0.0:
            findings.note("warning", LAYER, "the terrain has no cell for this manhole: no curve",
                          feature=name)  # fmt: skip
            continue
        if abs(mismatch) > source.largest_mismatch_m:
            findings.note(
                "warning", LAYER, f"the terrain is {mismatch:+.2f} m off the rim: no curve",
                feature=name, amount=mismatch,
            )  # fmt: skip
            continue
        if found.below_rim_m3[k] > 0.1 * source.smallest_area_m2:
            findings.note(
                "warning", LAYER,
                "the ground around lies below the rim: this water, m3, is left out",
                feature=name, amount=float(found.below_rim_m3[k]),
            )  # fmt: skip
        if found.cut_m2[k] > 0.0:
            findings.note(
                "warning", LAYER, f"at {source.depths_m[-1]:g} m the pond reaches the limit of the "
                "manhole's ground, m2 of it on the edge", feature=name,
                amount=float(found.cut_m2[k]),
            )  # fmt: skip
        if area[0] < source.smallest_area_m2:
            findings.note(
                "assumed", LAYER, f"at least {source.smallest_area_m2:g} m2 at every depth",
                feature=name, column="smallest_area_m2", amount=float(area[0]),
            )  # fmt: skip
        curve = Curve(
            id=f"pond-{name}", kind="ponding",
            points=tuple(
                (float(depth), float(max(one, source.smallest_area_m2)))
                for depth, one in zip(source.depths_m, area, strict=True)
            ),
        )  # fmt: skip
        curves.append(curve)
        names[name] = curve.id
    findings.note("derived", LAYER, "ponding curves", amount=len(curves))
    return curves, names
