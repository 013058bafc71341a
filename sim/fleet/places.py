"""The places of a case and the ways between them: a given table, or streets."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from sim.fleet.rows import FloodedRow, PlaceRow
from sim.fleet.spec import Streets
from sim.fleet.street_travel import StreetTravel
from sim.fleet.tables import Tables
from sim.fleet.travel import MatrixTravel, Travel
from sim.kernel.errors import InputErrors
from sim.kernel.row_files import Rows, read_rows, unknown_ids
from sim.streets.csv_files import read_csv_streets
from sim.streets.flood_speed import FILE as FLOOD_SPEEDS
from sim.streets.flood_speed import flood_speed
from sim.streets.live import LiveJourneys
from sim.streets.snapping import snap


def read_places(streets: Streets, folder: Path) -> Rows:
    """Read the places that points, depots, sites and chargers name."""
    return read_rows(folder / streets.places, PlaceRow)


def given_ways(tables: Tables) -> tuple[Travel, dict[str, int], tuple[Path, ...]]:
    """Return the ways of ``travel.csv``, the numbers of its places, and further files read."""
    rows: Any = tables["travel"]
    places: dict[str, int] = {}
    for row in rows:
        places.setdefault(row.origin, len(places))
    for row in rows:
        places.setdefault(row.target, len(places))
    distance = np.full((len(places), len(places)), math.inf)
    np.fill_diagonal(distance, 0.0)
    duration = distance.copy()
    for row in rows:
        a, b = places[row.origin], places[row.target]
        distance[a, b], duration[a, b] = row.distance_m, row.duration_s
    return MatrixTravel(distance, duration), places, ()


def street_ways(
    streets: Streets, folder: Path, places: Rows
) -> tuple[Travel, dict[str, int], tuple[Path, ...]]:
    """Return the ways over streets, the numbers of the places, and further files read.

    Raises
    ------
    InputError, InputErrors
        A place too far from any street, an unknown street node, or a table that cannot be read.
    """
    graph = read_csv_streets(folder / streets.streets, folder / streets.nodes)
    names = [row.id for row in places.elements]
    xy = np.array([(row.x_m, row.y_m) for row in places.elements], dtype=float)
    snapped = snap(graph, names, xy, streets.snap_m)
    files = [folder / streets.streets, folder / streets.nodes, places.file]
    watched: dict[str, str] = {}
    relation = None
    if streets.flooded is not None:
        rows = read_rows(folder / streets.flooded, FloodedRow)
        errors = unknown_ids(rows, "node", graph.index, "street node")
        if errors:
            raise InputErrors(errors)
        watched = {row.point: row.node for row in rows.elements}
        relation = flood_speed(streets.flood_speed, "fleet.streets.flood_speed")
        files += [rows.file, FLOOD_SPEEDS]
    positions = [p for p in snapped.positions if p is not None]
    travel = StreetTravel(LiveJourneys(graph, positions), watched, relation)
    return travel, {name: k for k, name in enumerate(names)}, tuple(files)
