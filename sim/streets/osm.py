"""Street graphs from OpenStreetMap XML (``.osm``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from pyproj import CRS, Geod

from sim.kernel.errors import InputError
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

_NO_ENTRY = {"no", "private"}
_BOTH = {"", "no", "0", "false"}
_ALONG = {"yes", "1", "true"}


@dataclass(frozen=True)
class _Way:
    id: str
    nodes: tuple[str, ...]
    tags: Mapping[str, str]


def read_osm(
    file: Path,
    *,
    crs: str | None = None,
    assumed_km_h: Mapping[str, float] = ASSUMED_KM_H,
) -> ImportedStreets:
    """Read the drivable streets of an extract.

    Ways whose ``highway`` is a key of `assumed_km_h` are streets; they are cut where they meet.
    ``maxspeed`` is the free speed, or that of the class where there is none. ``oneway``,
    roundabouts and motorways are one-way; ``access``, ``vehicle`` or ``motor_vehicle`` of "no" or
    "private" is left out. Lengths are geodesic. The largest strongly connected part is kept.

    Parameters
    ----------
    crs
        The plane to project to; transverse Mercator about the middle if none.

    Raises
    ------
    InputError
        The file is not such XML, or holds no streets.
    """
    findings = Findings()
    places, ways = _parse(file, assumed_km_h, findings)
    if not ways:
        raise InputError(
            "no drivable way", where="way", file=file,
            expected=f"highway = {', '.join(assumed_km_h)}",
        )  # fmt: skip
    pieces = _cut(ways, places, findings)
    if not pieces:
        raise InputError("no way with two known nodes", where="way", file=file)
    used = list(dict.fromkeys(node for way in pieces for node in way.nodes))
    lon_lat = np.array([places[node] for node in used])
    plane = local_plane(lon_lat, crs)
    at = dict(zip(used, project(lon_lat, CRS.from_epsg(4326), plane), strict=True))
    ends = list(dict.fromkeys(node for way in pieces for node in (way.nodes[0], way.nodes[-1])))
    index = {node: i for i, node in enumerate(ends)}
    geod = Geod(ellps="WGS84")
    lengths, speeds, one_way = [], [], []
    for way in pieces:
        lon, lat = np.array([places[node] for node in way.nodes]).T
        lengths.append(geod.line_length(lon, lat))
        kind = way.tags["highway"]
        stated = way.tags.get("maxspeed", "")
        speeds.append(speed_or_assumed(stated, kind, assumed_km_h, findings))
        one_way.append(way.tags["oneway"] == "yes")
    graph = StreetGraph(
        nodes=tuple(ends),
        xy_m=np.array([at[node] for node in ends]),
        streets=tuple(way.id for way in pieces),
        start=np.array([index[way.nodes[0]] for way in pieces], dtype=np.int64),
        end=np.array([index[way.nodes[-1]] for way in pieces], dtype=np.int64),
        length_m=np.array(lengths),
        free_m_s=np.array(speeds) / 3.6,
        one_way=np.array(one_way, dtype=bool),
        kind=tuple(way.tags["highway"] for way in pieces),
        drawn=drawn_lines(np.array([at[node] for node in way.nodes]) for way in pieces),
    )
    return finished(graph, plane, findings)


def _parse(
    file: Path, kinds: Mapping[str, float], findings: Findings
) -> tuple[dict[str, tuple[float, float]], list[_Way]]:
    places: dict[str, tuple[float, float]] = {}
    ways: list[_Way] = []
    try:
        with file.open("rb") as stream:
            if b"<!DOCTYPE" in stream.read(4096):
                # Entities can make a small file expand without end.
                raise InputError("a document type is not accepted", where="file", file=file)
            stream.seek(0)
            for _, element in ElementTree.iterparse(stream):
                if element.tag == "node":
                    places[element.get("id", "")] = _place(element, file)
                elif element.tag == "way":
                    way = _way(element, kinds, findings)
                    if way is not None:
                        ways.append(way)
                if element.tag in ("node", "way", "relation"):
                    element.clear()
    except OSError as error:
        raise InputError("the file cannot be read", where="file", file=file) from error
    except ElementTree.ParseError as error:
        line, column = error.position
        raise InputError(
            "not XML", where=f"line {line}, column {column + 1}", value=str(error), file=file
        ) from error
    return places, ways


def _place(element: ElementTree.Element, file: Path) -> tuple[float, float]:
    try:
        lon, lat = float(element.get("lon", "")), float(element.get("lat", ""))
    except ValueError:
        lon = lat = np.nan
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise InputError(
            "not a longitude and latitude", where=f"node {element.get('id')}", file=file,
            value=(element.get("lon"), element.get("lat")),
        )  # fmt: skip
    return lon, lat


def _way(
    element: ElementTree.Element, kinds: Mapping[str, float], findings: Findings
) -> _Way | None:
    tags = {tag.get("k", ""): tag.get("v", "") for tag in element.findall("tag")}
    name = element.get("id", "")
    kind = tags.get("highway")
    if kind is None:
        return None
    if kind not in kinds:
        findings.left_out.append((name, f"highway={kind} is not for trucks"))
        return None
    for key in ("motor_vehicle", "vehicle", "access"):  # the more special one decides
        if key in tags:
            if tags[key] in _NO_ENTRY:
                findings.left_out.append((name, f"{key}={tags[key]}"))
                return None
            break
    nodes = tuple(node.get("ref", "") for node in element.findall("nd"))
    nodes = tuple(node for k, node in enumerate(nodes) if not k or nodes[k - 1] != node)
    stated = tags.get("oneway", "").lower()
    implied = tags.get("junction") in ("roundabout", "circular") or kind == "motorway"
    if stated in ("-1", "reverse"):
        nodes, one_way = nodes[::-1], True
    elif stated in _ALONG:
        one_way = True
    elif stated in _BOTH:
        one_way = implied and not stated
    else:
        findings.noted[f"oneway={stated} is read as both ways"] += 1
        one_way = False
    return _Way(name, nodes, {**tags, "oneway": "yes" if one_way else "no"})


def _cut(
    ways: list[_Way], places: Mapping[str, tuple[float, float]], findings: Findings
) -> list[_Way]:
    """Cut ways at nodes that are missing from the extract and where they meet."""
    runs: list[_Way] = []
    for way in ways:
        run: list[str] = []
        found: list[tuple[str, ...]] = []
        for node in (*way.nodes, ""):
            if node in places:
                run.append(node)
            else:
                if len(run) > 1:
                    found.append(tuple(run))
                run = []
        if sum(map(len, found)) < len(way.nodes):
            findings.noted["ways with nodes outside of the extract, cut there"] += 1
        runs += [_Way(way.id, nodes, way.tags) for nodes in found]
    met = Counter(node for run in runs for node in run.nodes)
    pieces: list[_Way] = []
    number: Counter[str] = Counter()
    for one in runs:
        last = 0
        for k in range(1, len(one.nodes)):
            if k == len(one.nodes) - 1 or met[one.nodes[k]] > 1:
                number[one.id] += 1
                name = f"{one.id}:{number[one.id]}"
                pieces.append(_Way(name, one.nodes[last : k + 1], one.tags))
                last = k
    return [
        _Way(piece.id.partition(":")[0], piece.nodes, piece.tags)
        if number[piece.id.partition(":")[0]] == 1
        else piece
        for piece in pieces
    ]
