"""Layers of pipes, manholes and streets become a network, and a scenario that runs it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from scenarios.gis import conduits, ground, places, raster
from scenarios.gis.fields import Features
from scenarios.gis.findings import Findings
from scenarios.gis.lines import single_lines
from scenarios.gis.mapping import LayerMapping, LayerSource, read_mapping
from scenarios.gis.points import build_nodes, extent, read_points
from scenarios.gis.results import PLANE_FILE
from scenarios.gis.vector import Layer, read_layer
from sim.drainage.checks import check_network
from sim.drainage.elements import Conduit, Curve, Zone
from sim.drainage.network import Network
from sim.drainage.spec import GaugeRain
from sim.drainage.tables import write_tables
from sim.kernel.errors import InputError, InputErrors


@dataclass(frozen=True, eq=False)
class ImportedLayers:
    """A checked network, the plane it is in, and the report of how it came about."""

    network: Network
    plane: CRS
    findings: Findings
    mapping: LayerMapping


@dataclass(frozen=True, eq=False)
class _Placed:
    """A layer in the plane, with its features."""

    features: Features
    geometry: Any


def read_layers(file: Path) -> ImportedLayers:
    """Read the layers that a mapping document names and make a network of them.

    Raises
    ------
    InputError, InputErrors
        If the mapping or a layer as a whole cannot be used; or, unless the mapping says
        ``bad_features = "leave_out"``, every feature that cannot, by layer, id and column; or if
        the network that results is not consistent.
    """
    mapping, findings, folder = read_mapping(file), Findings(), file.parent
    sources: dict[str, LayerSource] = {"manholes": mapping.manholes, "pipes": mapping.pipes}
    if mapping.streets is not None:
        sources["streets"] = mapping.streets
    layers = {name: read_layer(name, source, folder, findings) for name, source in sources.items()}
    own = {name: places.crs_of(layers[name], source.crs) for name, source in sources.items()}
    features = {name: Features(layers[name], sources[name], findings) for name in sources}
    for name in sources:
        _check_places(features[name], own[name])
    plane = places.local_crs(
        mapping.crs, own.values(), layers["manholes"].geometry, own["manholes"]
    )
    placed = {}
    for name, layer in layers.items():
        geometry = _usable(layer, features[name])
        placed[name] = _Placed(features[name], places.to_plane(geometry, own[name], plane))
        places.note_plane(findings, name, own[name], plane)
    places.check_together({name: extent(one.geometry) for name, one in placed.items()})
    network = _network(mapping, placed, plane, folder, findings)
    for one in placed.values():
        one.features.report_unread()
    if findings.errors and mapping.bad_features == "stop":
        raise InputErrors(findings.errors)
    try:
        notes = check_network(network)
    except InputError as error:
        # What was left out is likely to be the cause.
        raise InputErrors([*error.errors, *findings.errors]) from error
    for note in notes:
        findings.note("warning", "network", note)
    return ImportedLayers(network, plane, findings, mapping)


def _check_places(features: Features, crs: CRS) -> None:
    """Refuse features that cannot be where their coordinates say; all of them: a wrong layer."""
    geometry = features.layer.geometry
    coordinates, which = shapely.get_coordinates(geometry, return_index=True)
    x, y = coordinates.T
    said: dict[int, tuple[str, str]] = {}
    for k, text in enumerate(places.misplaced(crs, x, y)):
        if text:
            said.setdefault(int(which[k]), (text, f"x {x[k]:.6g}, y {y[k]:.6g}"))
    filled = len(np.unique(which))
    if said and len(said) == filled:
        text, value = next(iter(said.values()))
        raise InputError(
            f"{text}, for all features", where=f"{features.name}.crs", value=value,
            file=features.layer.file, expected=f"coordinates in {crs.name}",
            hint="swap the columns where the layer was made, or state the right crs",
        )  # fmt: skip
    for i, (text, value) in said.items():
        features.refuse(
            i, "", text, value=value, expected=f"coordinates in {crs.name}, as the other "
            f"{filled - len(said)} features have", hint="two systems may be mixed in this layer",
        )  # fmt: skip


def _usable(layer: Layer, features: Features) -> Any:
    """Return the geometries, none for features that have been refused."""
    geometry = layer.geometry.copy()
    geometry[features.refused] = None
    return geometry


def _network(
    mapping: LayerMapping, placed: Mapping[str, _Placed], plane: CRS, folder: Path,
    findings: Findings,
) -> Network:  # fmt: skip
    manholes, pipes = placed["manholes"], placed["pipes"]
    grid, terrain_at = None, None
    if mapping.dem is not None:
        at = np.array([
            [np.nan, np.nan] if one is None or one.is_empty else [one.centroid.x, one.centroid.y]
            for one in manholes.geometry
        ])  # fmt: skip
        there = ~np.isnan(at[:, 0])
        grid = raster.read_grid(mapping.dem, folder, plane, at[there], findings)
        if mapping.manholes.ground == "dem":
            terrain_at = np.full(len(at), np.nan)
            terrain_at[there] = raster.ground_at(grid, at[there])
    elif mapping.manholes.ground == "dem":
        raise InputError("there is no terrain to read the ground from", where="manholes.ground",
                         value="dem", expected="a [dem] table")  # fmt: skip
    points = read_points(
        manholes.features, mapping.manholes, manholes.geometry, terrain_at, tuple(mapping.zones)
    )
    if not points.ids:
        raise InputErrors(findings.errors)
    curves: list[Curve] = []
    names: dict[str, str] = {}
    if grid is not None and mapping.dem is not None:
        curves, names = raster.ponding_curves(grid, mapping.dem, points, findings)
    junctions, storages, outfalls = build_nodes(mapping.manholes, points, names, findings)
    links: list[Conduit] = conduits.build_pipes(
        pipes.features, mapping.pipes, single_lines(pipes.features, pipes.geometry), points,
        mapping.tolerance_m,
    )  # fmt: skip
    if mapping.streets is not None:
        streets = placed["streets"]
        _refuse_taken_ids(streets.features, {link.id for link in links})
        links += conduits.build_streets(
            streets.features, mapping.streets, single_lines(streets.features, streets.geometry),
            points, mapping.tolerance_m,
        )  # fmt: skip
    surface: dict[str, Any] = {}
    if mapping.runoff is not None and junctions:
        rain_gauge, series = ground.gauge()
        surface = {
            "subcatchments": tuple(ground.nearest_ground(mapping.runoff, junctions, findings)),
            "gauges": (rain_gauge,),
            "series": (series,),
        }
    else:
        findings.note("warning", "network", "no subcatchments: rain brings it no water")
    return Network(
        junctions=junctions, storages=storages, outfalls=outfalls, conduits=tuple(links),
        curves=tuple(curves), **surface,
        zones=tuple(Zone(id=name, **zone.model_dump()) for name, zone in mapping.zones.items()),
    )  # fmt: skip


def _refuse_taken_ids(features: Features, taken: set[str]) -> None:
    for i, name in enumerate(features.ids):
        if name in taken:
            features.refuse(
                i, "", "a pipe has this id too", value=name, expected="an id of its own",
                kind="duplicate", hint="prefix = 'S-' in [streets] would tell them apart",
            )  # fmt: skip


# --- writing ---------------------------------------------------------------------------------


def import_layers(file: Path, folder: Path | None) -> tuple[ImportedLayers, Path | None]:
    """Read layers and, if `folder` is given, make a scenario of them there.

    The folder gets the network as tables, the report as CSV, and the scenario document. Nothing
    is written before everything has been found usable.

    Returns
    -------
    ImportedLayers, Path or None
        What was read, and the scenario document.

    Raises
    ------
    InputError, InputErrors
        See `read_layers`; or if the scenario exists already or cannot be written.
    """
    found = read_layers(file)
    if folder is None:
        return found, None
    name = re.sub(r"[^A-Za-z0-9]+", "-", file.stem).strip("-").lower() or "imported"
    target = folder / f"{name}.toml"
    if target.exists():
        raise InputError(
            "exists already", where="--out", file=target, expected="a folder without it",
            hint="choose another folder; nothing was overwritten",
        )  # fmt: skip
    try:
        tables = folder / f"{name}-network"
        write_tables(found.network, tables)
        (tables / PLANE_FILE).write_text(found.plane.to_wkt(), encoding="utf-8")
        (folder / f"{name}-import.csv").write_bytes(found.findings.csv())
        text = _document(found.mapping, file, folder, tables.name)
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=error.filename
        ) from error
    return found, target


def _document(mapping: LayerMapping, file: Path, folder: Path, network: str) -> str:
    stub = mapping.scenario
    rain = {"kind": stub.rain.kind, **stub.rain.model_dump(exclude_unset=True)}
    if isinstance(stub.rain, GaugeRain):
        # Named from the mapping document; the scenario stands elsewhere.
        gauge = (file.parent / stub.rain.file).resolve()
        try:
            rain["file"] = Path(os.path.relpath(gauge, folder.resolve())).as_posix()
        except ValueError:  # on another drive
            rain["file"] = gauge.as_posix()
    lines = [
        f"start = {stub.start.isoformat(timespec='seconds')}",
        f"duration_h = {stub.duration_h!r}",
        "",
        "[title]",
        f"en = {_toml(stub.title_en or f'Imported from {file.name}')}",
        f"zh = {_toml(stub.title_zh or f'由 {file.name} 导入')}",
        "",
        "[drainage]",
        f"network = {_toml(network)}",
        "",
        "[drainage.rain]",
        *(f"{key} = {_toml(value)}" for key, value in rain.items()),
        "",
    ]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Return a scalar or a list as TOML; JSON writes these alike."""
    return json.dumps(value, ensure_ascii=False)
