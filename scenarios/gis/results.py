"""A network, and what a run did to it, as tables for other tools."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from scenarios import document
from scenarios.charts.run_view import SYSTEM
from scenarios.export_csv import csv_bytes
from scenarios.gis.geojson import feature_collection
from scenarios.run import Prepared, prepare
from scenarios.run_views import view_of_run
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.drainage.elements import Conduit
from sim.drainage.inputs import DrainageInputs
from sim.drainage.kpis import rain_end_s, rains_to_the_end, waterlogged_spells
from sim.drainage.network import Network
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record

Table = Literal["nodes", "links", "flows", "depths"]
Format = Literal["geojson", "csv", "parquet"]
#: Where the tables of a network keep the plane of its coordinates, as well-known text.
PLANE_FILE = "crs.wkt"


@dataclass(frozen=True, eq=False)
class Exported:
    """What can be exported: the network as built, its plane, and a run's record if there is one.

    ``plane`` is none where the coordinates are those of a plane without a place on earth.
    """

    network: Network
    plane: str | None
    record: Record | None = None
    horizon_s: float = 0.0
    waterlogged_m: float = 0.15


def of_scenario(prepared: Prepared) -> Exported:
    """Return the network of a scenario with its works built.

    Raises
    ------
    InputError
        If the scenario has no drainage.
    """
    if SYSTEM not in prepared.inputs:
        raise InputError("this scenario has no drainage to export", where=prepared.scenario.name)
    inputs: DrainageInputs = prepared.inputs[SYSTEM]  # type: ignore[assignment]
    source = prepared.scenario.folder / inputs.spec.network
    return Exported(inputs.network, _plane(source), waterlogged_m=inputs.spec.waterlogged_depth_m)


def of_run(store: Store, run: StoredRun) -> Exported:
    """Return the network of a finished run and what it recorded.

    Raises
    ------
    InputError
        If the run is not done, or the files of its scenario have changed or gone since.
    """
    scenario = document.from_json(run.document)
    prepared = prepare(scenario)
    view = view_of_run(store, run, prepared)
    if view.network is None:
        raise InputError(
            "the network of this run is not there any more", where="run", value=run.id,
            expected="the files of its scenario as they were", hint="; ".join(view.notes),
        )  # fmt: skip
    whole = of_scenario(prepared)
    return Exported(
        whole.network, whole.plane, view.record, scenario.duration_s, whole.waterlogged_m
    )


def _plane(source: Path) -> str | None:
    file = source / PLANE_FILE
    if not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


# --- tables ----------------------------------------------------------------------------------


def table(exported: Exported, name: Table) -> pd.DataFrame:
    """Return one table.

    ``nodes`` and ``links`` have one row per element, with the results of the run if there is one;
    ``flows`` and ``depths`` have one row per moment and one column per link or node.

    Raises
    ------
    InputError
        If a series is asked for where nothing has been run.
    """
    if name == "nodes":
        return _nodes(exported)
    if name == "links":
        return _links(exported)
    quantity = {"flows": "link_flow", "depths": "node_depth"}[name]
    if exported.record is None:
        raise InputError(
            "only a run has such a table", where="--table", value=name,
            expected="nodes or links for a scenario", hint="run it, then name the run",
        )  # fmt: skip
    series = exported.record.series[SYSTEM, quantity]
    frame = pd.DataFrame(series.values, columns=list(series.entities))
    frame.insert(0, "time_s", series.time_s)
    return frame


def _nodes(exported: Exported) -> pd.DataFrame:
    network = exported.network
    rows: list[dict[str, Any]] = []
    for node in network.nodes:
        depth = getattr(node, "max_depth_m", None)
        rows.append({
            "id": node.id, "kind": node.kind, "zone": node.zone or "", "x_m": node.x_m,
            "y_m": node.y_m, "invert_m": node.invert_m,
            "ground_m": None if depth is None else node.invert_m + depth,
        })  # fmt: skip
    if exported.record is not None:
        results = _results_of_points(exported)
        deepest = _extremes(exported.record, "node_depth")
        for row in rows:
            row["max_depth_m"] = deepest.get(row["id"], (None, None))[1]
            row.update(results.get(row["id"], dict.fromkeys(_POINT_RESULTS)))
    return pd.DataFrame(rows)


_POINT_RESULTS = ("max_ponded_m", "waterlogged_h", "recession_h", "recession")


def _results_of_points(exported: Exported) -> dict[str, dict[str, Any]]:
    """Return by ponding point its largest depth, its hours under water and its recession.

    ``recession`` is ``dry``, ``drained``, ``not_drained`` or, where it rained to the end of the
    run, ``raining``; only ``drained`` has a number of hours, counted from the end of the rain.
    """
    record = exported.record
    assert record is not None
    peaks = record.events[record.events["kind"] == "peak_depth"]
    exact = dict(zip(peaks["entity"], peaks["value"], strict=True))
    end_s, spells = rain_end_s(record, exported.horizon_s), waterlogged_spells(record)
    raining = rains_to_the_end(record)
    found: dict[str, dict[str, Any]] = {}
    for point, (_, sampled_m) in _extremes(record, "ponded_depth").items():
        mine = spells.get(point, [])
        last_s = max((end for _, end in mine), default=math.nan)
        wet_s = sum(min(end, exported.horizon_s) - start for start, end in mine)
        drained = math.isfinite(last_s) and not raining
        answer = "drained" if drained else "raining" if raining else "not_drained"
        found[point] = {
            "max_ponded_m": max(sampled_m, float(exact.get(point, 0.0))),
            "waterlogged_h": wet_s / 3600.0,
            "recession_h": max(last_s - end_s, 0.0) / 3600.0 if drained else None,
            "recession": "dry" if not mine else answer,
        }
    return found


def _extremes(record: Record, quantity: str) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest value of each entity on the report grid."""
    series = record.series[SYSTEM, quantity]
    low, high = series.values.min(axis=0), series.values.max(axis=0)
    return {
        entity: (float(a), float(b))
        for entity, a, b in zip(series.entities, low, high, strict=True)
    }


def _links(exported: Exported) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for link in exported.network.links:
        row: dict[str, Any] = {
            "id": link.id, "kind": link.kind, "from_node": link.from_node, "to_node": link.to_node,
            "level": "", "length_m": None, "roughness_n": None, "inlet_offset_m": None,
            "outlet_offset_m": None, "barrels": None, "shape": "", "height_m": None,
            "width_m": None,
        }  # fmt: skip
        if isinstance(link, Conduit):
            for name in ("level", "length_m", "roughness_n", "inlet_offset_m", "outlet_offset_m",
                         "barrels"):  # fmt: skip
                row[name] = getattr(link, name)
        section = getattr(link, "section", None)
        if section is not None:
            row |= {"shape": section.kind, "height_m": section.depth_m, "width_m": section.width_m}
        rows.append(row)
    if exported.record is not None:
        flows = _extremes(exported.record, "link_flow")
        for row in rows:
            row["min_flow_m3s"], row["max_flow_m3s"] = flows.get(row["id"], (None, None))
    return pd.DataFrame(rows)


# --- files -----------------------------------------------------------------------------------


def write(exported: Exported, form: Format, target: Path, name: Table = "nodes") -> str:
    """Write one file and return what a reader of it must know, or an empty text.

    GeoJSON has nodes and links together; CSV and Parquet have the table `name`.

    Raises
    ------
    InputError
        If the file cannot be written, or the network has no coordinates for a map.
    """
    note = ""
    if form == "geojson":
        content, note = feature_collection(
            table(exported, "nodes"), table(exported, "links"), exported.plane
        )
    elif form == "csv":
        content = csv_bytes(table(exported, name))
    try:
        if form == "parquet":
            table(exported, name).to_parquet(target, index=False)
        else:
            target.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=target
        ) from error
    return note
