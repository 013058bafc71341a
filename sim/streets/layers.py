"""Street graphs from a layer of lines: GeoPackage, GeoJSON, Shapefile, whatever GDAL reads.

Lines join where their ends lie within a tolerance of each other, or of the middle of another line,
which is then cut there. Lines that cross without an end there do not join: one may be a bridge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.ops
from pyproj import CRS
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.streets.graph import Floats, Ints, StreetGraph
from sim.streets.imported import (
    ASSUMED_KM_H,
    Findings,
    ImportedStreets,
    drawn_lines,
    finished,
    local_plane,
    metric_plane,
    project,
    speed_or_assumed,
)


@dataclass(frozen=True)
class LayerColumns:
    """Which column holds what; any but ``id`` may be none.

    ``forwards`` and ``backwards`` are the words in ``one_way`` for streets driven only as they are
    drawn, and only against it; any other word means both ways.
    """

    id: str
    speed_km_h: str | None = None
    kind: str | None = None
    one_way: str | None = None
    forwards: tuple[str, ...] = ("yes", "true", "1", "F")
    backwards: tuple[str, ...] = ("-1", "T")


@dataclass(frozen=True)
class _Line:
    id: str
    line: shapely.LineString
    row: int


def read_street_layer(
    file: Path,
    columns: LayerColumns,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    crs: str | None = None,
    tolerance_m: float = 0.5,
    assumed_km_h: Mapping[str, float] = ASSUMED_KM_H,
) -> ImportedStreets:
    """Read a layer of lines as streets; the largest strongly connected part is kept.

    Parameters
    ----------
    source_crs
        The system of the layer, where the file states none.
    crs
        The plane to project to; that of the layer, or a local one, if none.

    Raises
    ------
    InputError, InputErrors
        The file, layer, a column or the coordinate system is missing; features that are no lines,
        or share an id.
    """
    table, geometry, source = _read(file, layer, columns, source_crs)
    findings = Findings()
    plane = _plane(geometry, source, crs)
    if source != plane:
        geometry = shapely.transform(geometry, lambda xy: project(xy, source, plane))
    lines = _lines(table[columns.id], geometry, file, findings)
    ends = np.array([point for one in lines for point in (one.line.coords[0], one.line.coords[-1])])
    node_of_end, places = _joined(ends[:, :2], tolerance_m)
    pieces, start, end = _cut(lines, node_of_end, places, tolerance_m)
    _note_crossings(pieces, start, end, findings)
    rows = [piece.row for piece in pieces]
    kinds = _words(table, columns.kind, rows)
    stated = _words(table, columns.speed_km_h, rows)
    way = _words(table, columns.one_way, rows)
    against = np.array([word in columns.backwards for word in way], dtype=bool)
    coordinates = [shapely.get_coordinates(piece.line) for piece in pieces]
    graph = StreetGraph(
        nodes=tuple(f"N{k + 1}" for k in range(len(places))),
        xy_m=places,
        streets=tuple(piece.id for piece in pieces),
        start=np.where(against, end, start),
        end=np.where(against, start, end),
        length_m=np.array([piece.line.length for piece in pieces]),
        free_m_s=np.array(
            [
                speed_or_assumed(text, kind, assumed_km_h, findings) / 3.6
                for text, kind in zip(stated, kinds, strict=True)
            ]
        ),
        one_way=against | np.array([word in columns.forwards for word in way], dtype=bool),
        kind=tuple(kinds),
        drawn=drawn_lines(
            xy[::-1] if turned else xy for xy, turned in zip(coordinates, against, strict=True)
        ),
    )
    return finished(graph, plane, findings)


def _read(
    file: Path, layer: str | None, columns: LayerColumns, source_crs: str | None
) -> tuple[dict[str, Sequence[Any]], Any, CRS]:
    import pyogrio
    from pyproj.exceptions import CRSError

    try:
        info = pyogrio.read_info(file, layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(
            "no such layer, or no file that can be read", where="layer", value=layer or "the first",
            file=file, hint=str(error),
        ) from error  # fmt: skip
    known = [str(name) for name in info["fields"]]
    asked = (columns.id, columns.speed_km_h, columns.kind, columns.one_way)
    wanted = [name for name in asked if name is not None]
    missing = [
        InputError(
            "no such column", where=f"column {name}", file=file, expected=", ".join(known),
            hint=did_you_mean(name, known),
        )
        for name in wanted
        if name not in known
    ]  # fmt: skip
    if missing:
        raise InputErrors(missing)
    meta, _, wkb, fields = pyogrio.raw.read(file, layer=layer, columns=wanted)
    name = meta["crs"] or source_crs
    if name is None:
        raise InputError(
            "the layer states no coordinate system", where="crs", file=file,
            hint="state it as source_crs",
        )  # fmt: skip
    try:
        source = CRS.from_user_input(name)
    except CRSError as error:
        raise InputError("unknown coordinate system", where="crs", value=name, file=file) from error
    table = {str(k): v for k, v in zip(meta["fields"], fields, strict=True)}
    return table, shapely.from_wkb(wkb), source


def _plane(geometry: Any, source: CRS, wanted: str | None) -> CRS:
    if source.is_geographic:
        return local_plane(shapely.get_coordinates(geometry), wanted)
    if wanted is not None:
        return metric_plane(wanted, "crs")
    return metric_plane(source.to_wkt(), "crs")


def _words(
    table: Mapping[str, Sequence[Any]], column: str | None, rows: Sequence[int]
) -> list[str]:
    if column is None:
        return [""] * len(rows)
    return [_word(table[column][row]) for row in rows]


def _word(value: Any) -> str:
    if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _lines(ids: Sequence[Any], geometry: Any, file: Path, findings: Findings) -> list[_Line]:
    found: list[_Line] = []
    errors: list[InputError] = []
    met: dict[str, int] = {}
    for row, (value, one) in enumerate(zip(ids, geometry, strict=True)):
        name = _word(value)
        if not name or name in met:
            what = f"the same id as feature {met[name] + 1}" if name else "no id"
            errors.append(InputError(what, where=f"feature {row + 1}", value=name, file=file))
        met.setdefault(name, row)
        if one is None or one.is_empty:
            findings.left_out.append((name, "no geometry"))
            continue
        parts = list(one.geoms) if one.geom_type == "MultiLineString" else [one]
        for k, part in enumerate(parts):
            if part.geom_type != "LineString":
                errors.append(
                    InputError("not a line", where=f"feature {name}", value=part.geom_type,
                               file=file, expected="lines")
                )  # fmt: skip
            elif part.length > 0.0:
                own = name if len(parts) == 1 else f"{name}.{k + 1}"
                found.append(_Line(own, shapely.force_2d(part), row))
            else:
                findings.left_out.append((name, "no length"))
    if errors:
        raise InputErrors(errors)
    if not found:
        raise InputError("there is no line", where="layer", file=file)
    return found


def _joined(ends: Floats, tolerance_m: float) -> tuple[Ints, Floats]:
    """Return the node of each end (2 P,), and the place of each node: that of its first end."""
    pairs = cKDTree(ends).query_pairs(tolerance_m, output_type="ndarray")
    links = csr_matrix(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends))
    )
    _, label = connected_components(links, directed=False)
    _, first = np.unique(label, return_index=True)
    return label.astype(np.int64), ends[first]


def _cut(
    lines: Sequence[_Line], node_of_end: Ints, places: Floats, tolerance_m: float
) -> tuple[list[_Line], Ints, Ints]:
    """Cut lines where a node lies on them; return the pieces and the nodes at their ends."""
    tree = shapely.STRtree([one.line for one in lines])
    nodes, touched = tree.query(shapely.points(places), predicate="dwithin", distance=tolerance_m)
    cuts: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for node, line in zip(nodes.tolist(), touched.tolist(), strict=True):
        if node in (node_of_end[2 * line], node_of_end[2 * line + 1]):
            continue
        at = lines[line].line.project(shapely.Point(places[node]))
        if tolerance_m < at < lines[line].line.length - tolerance_m:
            cuts[line].append((at, node))
    pieces: list[_Line] = []
    start: list[int] = []
    end: list[int] = []
    for i, one in enumerate(lines):
        stations = [
            (0.0, int(node_of_end[2 * i])),
            *sorted(cuts[i]),
            (one.line.length, int(node_of_end[2 * i + 1])),
        ]
        for k, ((begin, a), (finish, b)) in enumerate(zip(stations, stations[1:], strict=False)):
            name = one.id if len(stations) == 2 else f"{one.id}:{k + 1}"
            part = shapely.ops.substring(one.line, begin, finish)
            if part.geom_type == "LineString" and part.length > 0.0:
                pieces.append(_Line(name, part, one.row))
                start.append(a)
                end.append(b)
    return pieces, np.array(start, dtype=np.int64), np.array(end, dtype=np.int64)


def _note_crossings(pieces: Sequence[_Line], start: Ints, end: Ints, findings: Findings) -> None:
    lines = [piece.line for piece in pieces]
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        if a < b and not {int(start[a]), int(end[a])} & {int(start[b]), int(end[b])}:
            findings.noted["crossings without a junction, left as bridges"] += 1
