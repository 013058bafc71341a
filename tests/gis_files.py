"""Layers and rasters for tests of import and export, written by GDAL into a temporary folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import rasterio
import shapely
from rasterio.transform import from_origin

from sim.drainage.network import Network

PLANE = "EPSG:4547"  # CGCS2000, 3-degree Gauss-Kruger zone of 114 E: the plane of Hebi
EAST_M, NORTH_M = 520_000.0, 3_956_000.0  # the middle of Hebi in that plane


def write_layer(
    file: Path, geometry: list[Any], columns: dict[str, list[Any]], *, crs: str | None = PLANE,
    layer: str | None = None, append: bool = False, kind: str | None = None, **options: Any,
) -> None:  # fmt: skip
    """Write features; the type of a column follows from its first value that is not None."""
    data, masks = [], []
    for values in columns.values():
        sample = next((value for value in values if value is not None), "")
        blank = "" if isinstance(sample, str) else type(sample)(0)
        dtype = object if isinstance(sample, str) else np.asarray(sample).dtype
        data.append(np.array([blank if v is None else v for v in values], dtype=dtype))
        masks.append(np.array([value is None for value in values]))
    if file.suffix == ".gpkg":  # neither a power cut nor a search is to be expected here
        options = {"SPATIAL_INDEX": "NO"} | options
        pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
    kind = kind or next(one.geom_type for one in geometry if one is not None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.raw.write(
            file, shapely.to_wkb(np.array(geometry, dtype=object)), data, list(columns),
            field_mask=masks, layer=layer, geometry_type=kind, crs=crs, append=append, **options,
        )  # fmt: skip


def write_network(network: Network, folder: Path, suffix: str = ".gpkg") -> Path:
    """Write nodes, sewers and streets of a network as an engineer's office would file them.

    Diameters are in mm, sewers' ends are levels, manholes have a ground and a depth. Returns the
    mapping document that reads them.
    """
    place = {n.id: (n.x_m + EAST_M, n.y_m + NORTH_M) for n in network.nodes}
    invert = {n.id: n.invert_m for n in network.nodes}
    depth = {n.id: getattr(n, "max_depth_m", None) for n in network.nodes}
    nodes = network.nodes
    write_layer(
        folder / f"nodes{suffix}",
        [shapely.Point(place[n.id]) for n in nodes],
        {
            "MANHOLE_ID": [n.id for n in nodes],
            "TYPE": [n.kind for n in nodes],
            "GROUND": [None if depth[n.id] is None else invert[n.id] + depth[n.id] for n in nodes],
            "INVERT": [n.invert_m for n in nodes],
            "POND_M2": [getattr(n, "ponded_area_m2", None) for n in nodes],
            "AREA_M2": [getattr(n, "area_constant_m2", None) for n in nodes],
            "SURVEYOR": ["Li" for _ in nodes],
        },
    )
    for level, name in (("sewer", "sewers"), ("street", "streets")):
        links = [link for link in network.conduits if link.level == level]
        write_layer(
            folder / f"{name}{suffix}",
            [shapely.LineString([place[c.from_node], place[c.to_node]]) for c in links],
            {
                "PIPE_ID": [c.id for c in links],
                "US_NODE": [c.from_node for c in links],
                "DS_NODE": [c.to_node for c in links],
                "LENGTH_M": [c.length_m for c in links],
                "MANNING": [c.roughness_n for c in links],
                "BARRELS": [c.barrels for c in links],
                "FORM": [c.section.kind for c in links],
                "HEIGHT_MM": [c.section.depth_m * 1000.0 for c in links],
                "WIDTH_MM": [c.section.width_m * 1000.0 for c in links],
                "US_LEVEL": [invert[c.from_node] + c.inlet_offset_m for c in links],
                "DS_LEVEL": [invert[c.to_node] + c.outlet_offset_m for c in links],
            },
        )
    mapping = folder / "mapping.toml"
    mapping.write_text(MAPPING.replace(".gpkg", suffix), encoding="utf-8")
    return mapping


MAPPING = """\
tolerance_m = 0.5

[manholes]
file = "nodes.gpkg"
id = "MANHOLE_ID"
kind = {column = "TYPE"}
ground = {column = "GROUND", unit = "m"}
invert = {column = "INVERT", unit = "m"}
ponded_area = {column = "POND_M2", unit = "m2"}
storage_area = {column = "AREA_M2", unit = "m2"}

[pipes]
file = "sewers.gpkg"
id = "PIPE_ID"
from_node = "US_NODE"
to_node = "DS_NODE"
shape = {column = "FORM"}
height = {column = "HEIGHT_MM", unit = "mm"}
width = {column = "WIDTH_MM", unit = "mm"}
length = {column = "LENGTH_M", unit = "m"}
roughness = {column = "MANNING", unit = "1"}
barrels = {column = "BARRELS", unit = "1"}
from_invert = {column = "US_LEVEL", unit = "m"}
to_invert = {column = "DS_LEVEL", unit = "m"}

[streets]
file = "streets.gpkg"
id = "PIPE_ID"
from_node = "US_NODE"
to_node = "DS_NODE"
length = {column = "LENGTH_M", unit = "m"}
roughness = {column = "MANNING", unit = "1"}
barrels = {column = "BARRELS", unit = "1"}
width = {column = "WIDTH_MM", unit = "mm"}
height = {column = "HEIGHT_MM", unit = "mm"}

[scenario]
start = 2025-07-01T00:00:00+08:00
duration_h = 3

[scenario.rain]
kind = "chicago"
formula = "xinxiang"
return_period_years = 20
duration_min = 60
"""


def write_raster(
    file: Path, level: np.ndarray, west: float, north: float, cell: float,
    *, crs: str | None = PLANE, nodata: float | None = -9999.0, **options: Any,
) -> None:  # fmt: skip
    """Write one band of elevations whose upper left corner is at (west, north)."""
    driver = "AAIGrid" if file.suffix == ".asc" else "GTiff"
    filled = np.where(np.isnan(level), nodata, level) if nodata is not None else level
    with rasterio.open(
        file, "w", driver=driver, height=level.shape[0], width=level.shape[1], count=1,
        dtype="float32", crs=crs, transform=from_origin(west, north, cell, cell), nodata=nodata,
        **options,
    ) as raster:  # fmt: skip
        raster.write(filled.astype("float32"), 1)
