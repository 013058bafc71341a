"""Travel tables, kept on disk under a digest of everything they depend on."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from sim.streets.graph import Conditions, StreetGraph
from sim.streets.journeys import Journeys, Tables
from sim.streets.snapping import Position

_FORMAT = b"travel tables 1"


def travel_tables(
    graph: StreetGraph,
    places: Sequence[Position],
    conditions: Conditions | None = None,
    *,
    cache: Path | None = None,
) -> Tables:
    """Return distances and times between places on the streets.

    Parameters
    ----------
    cache
        A folder where tables are kept; one that is found there is not worked out again. A file
        that cannot be read is worked out and written anew.
    """
    if cache is None:
        return Journeys(graph, places, conditions).tables()
    file = cache / f"{digest(graph, places, conditions)}.npz"
    if file.exists():
        try:
            with file.open("rb") as source, np.load(source, allow_pickle=False) as found:
                return Tables(found["distance_m"], found["duration_s"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass  # it is written anew below
    tables = Journeys(graph, places, conditions).tables()
    cache.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that nobody ever reads half a file.
    handle, name = tempfile.mkstemp(suffix=".npz", dir=cache)
    with os.fdopen(handle, "wb") as stream:
        np.savez(stream, distance_m=tables.distance_m, duration_s=tables.duration_s)
    Path(name).replace(file)
    return tables


def digest(
    graph: StreetGraph, places: Sequence[Position], conditions: Conditions | None = None
) -> str:
    """Return a digest of what travel tables depend on."""
    found = blake2b(_FORMAT, digest_size=16)
    seconds = (conditions or Conditions()).seconds(graph)
    for table in (graph.start, graph.end, graph.length_m, graph.one_way, seconds):
        found.update(np.ascontiguousarray(table).tobytes())
        found.update(b"|")
    found.update(np.array([place.street for place in places], dtype=np.int64).tobytes())
    found.update(np.array([place.fraction for place in places], dtype=np.float64).tobytes())
    found.update(str(len(graph.nodes)).encode())
    return found.hexdigest()
