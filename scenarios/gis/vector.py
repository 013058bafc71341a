"""Reading one layer of a GeoPackage, Shapefile or GeoJSON file, whole and unchanged."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.gis.findings import Findings
from scenarios.gis.mapping import LayerSource
from sim.kernel.errors import InputError, did_you_mean

MAX_FEATURES = 1_000_000
#: How a file of each kind begins. GDAL looks at content, not at names: without this check a text
#: file could make it open other files, or addresses, that the text names.
_MAGIC: dict[str, tuple[bytes, ...]] = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".geojson": (b"{",),
    ".json": (b"{",),
}
_DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".json": "GeoJSON"}


@dataclass(frozen=True, eq=False)
class Layer:
    """Features as filed: geometries (N,), columns by name (N each), CRS as text or none.

    ``crs_is_implied`` marks GeoJSON, whose CRS is longitude and latitude unless it says otherwise.
    """

    name: str
    file: Path
    geometry: npt.NDArray[np.object_]
    columns: dict[str, list[Any]]
    crs: str | None
    crs_is_implied: bool

    def __len__(self) -> int:
        return len(self.geometry)


def read_layer(name: str, source: LayerSource, folder: Path, findings: Findings) -> Layer:
    """Read the layer that `source` names.

    Raises
    ------
    InputError
        If the file is missing, of another kind than its name says, or cannot be read; if the layer
        is not in it, or is empty or too large.
    """
    import pyogrio
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError

    file = folder / source.file
    kind = _checked_kind(name, file)

    def refuse(what: str, *, where: str = "file", **rest: Any) -> InputError:
        return InputError(what, where=f"{name}.{where}", file=file, **rest)

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = [str(layer) for layer, _ in pyogrio.list_layers(file)]
            chosen = _chosen_layer(name, source, file, found)
            info = pyogrio.read_info(file, layer=chosen, encoding=source.encoding)
            if info["features"] > MAX_FEATURES:
                raise refuse(
                    f"{info['features']} features are too many", expected=f"up to {MAX_FEATURES}",
                    hint="cut the layer to the part of the city",
                )  # fmt: skip
            meta, table = pyogrio.raw.read_arrow(
                file, layer=chosen, encoding=source.encoding, datetime_as_string=True
            )
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError) as error:
        raise refuse(
            f"cannot be read: {error}", expected=f"a {_DRIVERS[kind]} file",
            hint="for a Shapefile the .shx, .dbf and .prj belong beside it; its encoding can be "
            "given, e.g. encoding = 'GBK'" if kind == ".shp" else "",
        ) from error  # fmt: skip
    for text in dict.fromkeys(str(one.message) for one in caught):
        findings.note("warning", name, f"while reading {file.name}: {text}")
    if table.num_rows == 0:
        raise refuse("the layer has no features", expected="at least one feature")
    geometry_name = meta["geometry_name"] or "wkb_geometry"
    if geometry_name not in table.column_names:
        raise refuse("the layer has no geometry", expected="points or lines")
    wkb = table.column(geometry_name).to_pylist()
    geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    if shapely.has_z(geometry).any():
        findings.note("unread", name, "heights in the geometry (z) are not read", column="(z)")
    columns = {
        column: table.column(column).to_pylist()
        for column in table.column_names
        if column != geometry_name
    }
    findings.note("read", name, f"{len(geometry)} features from {file.name}", amount=len(geometry))
    return Layer(
        name=name,
        file=file,
        geometry=shapely.force_2d(geometry),
        columns=columns,
        crs=meta["crs"],
        crs_is_implied=_DRIVERS[kind] == "GeoJSON" and meta["crs"] in ("EPSG:4326", "OGC:CRS84"),
    )


def _checked_kind(name: str, file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in _MAGIC:
        raise InputError(
            "no layer format has this ending", where=f"{name}.file", value=file.name, file=file,
            expected=f"one of {', '.join(_MAGIC)}",
        )  # fmt: skip
    try:
        with file.open("rb") as opened:
            head = opened.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", where=f"{name}.file", file=file,
            expected="a file beside the mapping document, or a path relative to it",
        ) from error  # fmt: skip
    if kind == ".shp":  # its first bytes may be blanks of their own
        with file.open("rb") as opened:
            head = opened.read(16)
    if not head.startswith(_MAGIC[kind]):
        raise InputError(
            f"the content is no {_DRIVERS[kind]}", where=f"{name}.file", value=head[:16],
            file=file, expected=f"a {_DRIVERS[kind]} file", hint="was the file renamed?",
        )  # fmt: skip
    return kind


def _chosen_layer(name: str, source: LayerSource, file: Path, found: list[str]) -> str:
    if source.layer is not None:
        if source.layer not in found:
            raise InputError(
                "there is no such layer", where=f"{name}.layer", value=source.layer, file=file,
                expected=f"one of {', '.join(found)}", hint=did_you_mean(source.layer, found),
            )  # fmt: skip
        return source.layer
    if len(found) != 1:
        raise InputError(
            f"the file holds {len(found)} layers", where=f"{name}.layer", file=file,
            expected=f"one of {', '.join(found)}" if found else "a file with a layer",
            hint="say which by layer = '...'",
        )  # fmt: skip
    return found[0]
