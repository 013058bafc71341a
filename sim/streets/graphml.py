"""Street graphs from GraphML, such as OSMnx writes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from sim.kernel.errors import InputError, InputErrors
from sim.streets.graph import StreetGraph
from sim.streets.imported import (
    ASSUMED_KM_H,
    Findings,
    ImportedStreets,
    drawn_lines,
    finished,
    local_plane,
    project,
    speed_or_assumed,
)


@dataclass(frozen=True)
class GraphmlNames:
    """Which attribute holds what; those of edges but ``length_m`` may be absent.

    Without an ``id`` edges are called after their ends, numbered where there are several.
    """

    x: str = "x"
    y: str = "y"
    length_m: str = "length"
    speed_km_h: str = "maxspeed"
    kind: str = "highway"
    geometry: str = "geometry"
    id: str | None = None


def read_graphml(
    file: Path,
    *,
    names: GraphmlNames | None = None,
    source_crs: str | None = None,
    crs: str | None = None,
    assumed_km_h: Mapping[str, float] = ASSUMED_KM_H,
) -> ImportedStreets:
    """Read a graph; in a directed one each edge is a one-way street.

    Parameters
    ----------
    source_crs
        The system of the coordinates, if the graph has no attribute ``crs``.
    crs
        The plane to project to where coordinates are longitudes and latitudes.

    Raises
    ------
    InputError, InputErrors
        The file is no GraphML; nodes without coordinates, edges without a length.
    """
    import networkx as nx

    name, findings = names or GraphmlNames(), Findings()
    try:
        if b"<!DOCTYPE" in file.read_bytes()[:4096]:
            raise InputError("a document type is not accepted", where="file", file=file)
        found = nx.read_graphml(file)
    except OSError as error:
        raise InputError("the file cannot be read", where="file", file=file) from error
    except ElementTree.ParseError as error:
        line, column = error.position
        raise InputError(
            "not XML", where=f"line {line}, column {column + 1}", value=str(error), file=file
        ) from error
    except (nx.NetworkXError, KeyError, ValueError) as error:
        raise InputError("not GraphML", where="file", value=str(error), file=file) from error
    nodes = [str(node) for node in found.nodes]
    errors: list[InputError] = []
    xy = np.array(
        [
            [_number(data, key, f"node {node}", file, errors) for key in (name.x, name.y)]
            for node, data in found.nodes(data=True)
        ]
    ).reshape(-1, 2)
    index = {node: i for i, node in enumerate(nodes)}
    ends, ids, lengths, speeds, kinds, lines = [], [], [], [], [], []
    twins: Counter[str] = Counter()
    for tail, head, data in found.edges(data=True):
        title = f"{tail}-{head}"
        if name.id is not None:
            title = str(data.get(name.id, ""))
        else:
            twins[title] += 1
            title += f":{twins[title]}" if twins[title] > 1 else ""
        length = _number(data, name.length_m, f"edge {title}", file, errors)
        if not length > 0.0 and not math.isnan(length):
            findings.left_out.append((title, "no length"))
            continue
        kind = str(data.get(name.kind, ""))
        ends.append((index[str(tail)], index[str(head)]))
        ids.append(title)
        lengths.append(length)
        kinds.append(kind)
        stated = str(data.get(name.speed_km_h, ""))
        speeds.append(speed_or_assumed(stated, kind, assumed_km_h, findings))
        lines.append(_line(data.get(name.geometry), title, file, errors))
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        errors.append(InputError("the same edge twice", where=f"edge {twice}", file=file))
    if errors:
        raise InputErrors(errors)
    if not ids:
        raise InputError("there is no edge", where="file", file=file)
    source = _system(source_crs or found.graph.get("crs"), file)
    plane = source
    if source.is_geographic:
        plane = local_plane(xy, crs)
        xy = project(xy, source, plane)
        lines = [line if line is None else project(line, source, plane) for line in lines]
    pairs = np.array(ends, dtype=np.int64)
    graph = StreetGraph(
        nodes=tuple(nodes),
        xy_m=xy,
        streets=tuple(ids),
        start=pairs[:, 0],
        end=pairs[:, 1],
        length_m=np.array(lengths),
        free_m_s=np.array(speeds) / 3.6,
        one_way=np.full(len(ids), found.is_directed()),
        kind=tuple(kinds),
        drawn=drawn_lines(xy[:0] if line is None else line for line in lines),
    )
    return finished(graph, plane, findings)


def _system(name: str | None, file: Path) -> CRS:
    if name is None:
        raise InputError(
            "no coordinate system", where="crs", file=file, hint="state it as source_crs"
        )
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise InputError("unknown coordinate system", where="crs", value=name, file=file) from error


def _number(
    data: Mapping[str, object], key: str, where: str, file: Path, errors: list[InputError]
) -> float:
    try:
        value = float(str(data[key]))
    except (KeyError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        errors.append(
            InputError(
                "not a number", where=f"{where}, {key}", value=data.get(key), file=file,
                expected="a finite number",
            )
        )  # fmt: skip
    return value


def _line(text: object, title: str, file: Path, errors: list[InputError]) -> np.ndarray | None:
    if text is None:
        return None
    try:
        line = shapely.from_wkt(str(text))
    except shapely.errors.GEOSException:
        line = None
    if line is None or line.geom_type != "LineString":
        errors.append(
            InputError("not a line", where=f"edge {title}, geometry", value=text, file=file)
        )
        return None
    return shapely.get_coordinates(line)
