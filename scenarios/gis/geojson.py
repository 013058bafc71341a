"""Tables of nodes and links as GeoJSON (RFC 7946)."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from sim.kernel.errors import InputError

_DECIMALS_DEG, _DECIMALS_M = 8, 4  # a millimetre, and a tenth of one
NO_PLACE = (
    "the coordinates are metres in a plane without a place on earth: GeoJSON readers that expect "
    "longitude and latitude will not show them rightly"
)


def feature_collection(
    nodes: pd.DataFrame, links: pd.DataFrame, plane: str | None
) -> tuple[bytes, str]:
    """Return nodes as points and links as straight lines between them, and a note if needed.

    Parameters
    ----------
    plane
        The plane of ``x_m`` and ``y_m`` as well-known text, from which longitude and latitude
        follow; none leaves the coordinates in metres and says so in the note.

    Raises
    ------
    InputError
        If no node has coordinates.
    """
    place = nodes[["x_m", "y_m"]].to_numpy(dtype=float, copy=True)
    known = np.isfinite(place).all(axis=1)
    if not known.any():
        raise InputError(
            "the network has no coordinates", where="--out", expected="x_m and y_m of its nodes",
            hint="export it as csv or parquet",
        )  # fmt: skip
    decimals = _DECIMALS_M
    if plane is not None:
        from pyproj import Transformer

        change = Transformer.from_crs(plane, "EPSG:4326", always_xy=True)
        place[known] = np.column_stack(change.transform(*place[known].T))
        decimals = _DECIMALS_DEG
    at = {
        name: [round(float(x), decimals), round(float(y), decimals)]
        for name, (x, y), there in zip(nodes["id"], place, known, strict=True)
        if there
    }
    features = [
        _feature("node", row, {"type": "Point", "coordinates": at[row["id"]]}
                 if row["id"] in at else None)
        for row in nodes.to_dict("records")
    ]  # fmt: skip
    for row in links.to_dict("records"):
        ends = [at[row[end]] for end in ("from_node", "to_node") if row[end] in at]
        line = {"type": "LineString", "coordinates": ends} if len(ends) == 2 else None
        features.append(_feature("link", row, line))
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    note = ""
    if plane is None:
        collection["coordinates_are"], note = "metres in a local plane", NO_PLACE
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode("utf-8"), note


def _feature(element: str, row: dict[Any, Any], geometry: dict[str, Any] | None) -> dict[str, Any]:
    properties = {"element": element} | {name: _plain(value) for name, value in row.items()}
    return {"type": "Feature", "id": f"{element}/{row['id']}", "geometry": geometry,
            "properties": properties}  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what is missing or no number is null."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return None if value is pd.NA else value
