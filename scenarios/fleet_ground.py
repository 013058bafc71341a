"""Where a fleet drives, for maps: streets, places, ways between them, degrees."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.document import Scenario
from scenarios.routes import SYSTEM
from sim.fleet.places import read_places
from sim.fleet.spec import FleetSpec, Streets
from sim.kernel.csv_rows import read_sheet
from sim.streets.csv_files import read_csv_streets
from sim.streets.graph import Conditions, StreetGraph
from sim.streets.journeys import Journeys
from sim.streets.snapping import Position, at_node, snap

Floats = NDArray[np.float64]
_EMPTY = np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class Ground:
    """Streets and places in one plane.

    Attributes
    ----------
    xy_m : mapping of str to (float, float)
        Places.
    closed
        Ids of streets that nobody can drive on.
    degrees
        Longitude and latitude are ``offset + scale * (x, y)``: (offset, scale), if the tables
        tell both.
    """

    graph: StreetGraph
    xy_m: Mapping[str, tuple[float, float]]
    positions: tuple[Position, ...]
    closed: tuple[str, ...] = ()
    degrees: tuple[tuple[float, float], tuple[float, float]] | None = None
    _kept: dict[tuple[str, str], Floats] = field(default_factory=dict)

    @cached_property
    def _number(self) -> Mapping[str, int]:
        return {name: k for k, name in enumerate(self.xy_m)}

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(dict.fromkeys(self.closed, 0.0))

    @cached_property
    def _ways(self) -> Journeys:
        return Journeys(self.graph, self.positions, self._conditions)

    def without(self, closed: Collection[str]) -> Ground:
        """Return the same ground with streets closed; names that are no streets are left out."""
        known = tuple(sorted(name for name in closed if name in self.graph.street_index))
        if known == self.closed:
            return self
        return Ground(self.graph, self.xy_m, self.positions, known, self.degrees)

    def line(self, origin: str, target: str) -> Floats:
        """Return the quickest way between two places, (k, 2); straight where none leads."""
        if origin not in self.xy_m or target not in self.xy_m:
            return _EMPTY
        if (origin, target) not in self._kept:
            way = self._ways.way(self._number[origin], self._number[target])
            straight = np.array([self.xy_m[origin], self.xy_m[target]])
            self._kept[origin, target] = straight if way is None else way.xy_m
        return self._kept[origin, target]

    def line_from(self, xy_m: tuple[float, float], target: str) -> Floats:
        """Return the quickest way from a point on a street, (k, 2), by its nearest junction."""
        start = at_node(self.graph, self.graph.nearest(*xy_m))
        ends = (start, self.positions[self._number[target]])
        way = Journeys(self.graph, ends, self._conditions).way(0, 1)
        there = np.array([self.xy_m[target]]) if way is None else way.xy_m
        return np.vstack([[xy_m], there])

    def lon_lat(self, xy_m: Floats) -> Floats:
        """Return longitudes and latitudes, (k, 2)."""
        if self.degrees is None:
            return np.full_like(xy_m, math.nan)
        offset, scale = self.degrees
        return np.asarray(offset) + np.asarray(scale) * xy_m


def ground_of(scenario: Scenario) -> Ground | None:
    """Return the ground of a scenario's fleet; none if it knows distances only.

    Raises
    ------
    InputError, InputErrors
        A table cannot be read, or a place is too far from any street.
    """
    spec = scenario.sections.get(SYSTEM)
    if not isinstance(spec, FleetSpec) or spec.streets is None:
        return None
    return read_ground(spec.streets, scenario.folder)


def read_ground(streets: Streets, folder: Path) -> Ground:
    """Read streets and places; raises as `ground_of`."""
    graph = read_csv_streets(folder / streets.streets, folder / streets.nodes)
    rows = read_places(streets, folder).elements
    xy = {row.id: (float(row.x_m), float(row.y_m)) for row in rows}
    snapped = snap(graph, list(xy), np.array(list(xy.values())), streets.snap_m)
    positions = tuple(p for p in snapped.positions if p is not None)
    return Ground(graph, xy, positions, degrees=_degrees(folder / streets.nodes))


def _degrees(nodes: Path) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return how the plane lies on the globe, where the table of nodes has ``lon`` and ``lat``.

    The plane is a tangent plane of a town: degrees are linear in metres to within its rounding.
    """
    sheet = read_sheet(nodes)
    columns = ("x_m", "lon", "y_m", "lat")
    if not set(columns) <= set(sheet.header):
        return None
    where = [sheet.header.index(name) for name in columns]
    rows = [[row.cells[k] for k in where] for row in sheet.rows]
    try:
        table = np.array([[float(cell) for cell in row] for row in rows])
    except ValueError:
        return None
    if len(table) < 2 or np.ptp(table[:, 0]) == 0.0 or np.ptp(table[:, 2]) == 0.0:
        return None
    east, north = np.polyfit(table[:, 0], table[:, 1], 1), np.polyfit(table[:, 2], table[:, 3], 1)
    return (float(east[1]), float(north[1])), (float(east[0]), float(north[0]))


def joined(lines: Sequence[Floats]) -> Floats:
    """Return lines one after the other as one, without repeated points."""
    parts = [line for line in lines if len(line)]
    if not parts:
        return _EMPTY
    xy = np.concatenate(parts)
    moves = np.ones(len(xy), dtype=bool)
    moves[1:] = np.any(np.diff(xy, axis=0) != 0.0, axis=1)
    return np.asarray(xy[moves], dtype=np.float64)


def along(line: Floats, share: float) -> tuple[float, float]:
    """Return the point that has a share of a line's length behind it."""
    steps = np.hypot(*np.diff(line, axis=0).T) if len(line) > 1 else np.zeros(0)
    total = float(steps.sum())
    if total <= 0.0:
        return float(line[-1, 0]), float(line[-1, 1])
    behind = np.concatenate([[0.0], np.cumsum(steps)]) / total
    x, y = (float(np.interp(share, behind, line[:, k])) for k in (0, 1))
    return x, y
