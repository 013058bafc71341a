"""The street graph that crews drive on, slowed and cut by the water on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sim.drainage.flood_speed import FloodSpeed
from sim.kernel.csv_rows import Sheet, check_columns, parse_number, read_sheet
from sim.kernel.errors import InputError, InputErrors, did_you_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODE_COLUMNS = ("id", "x_m", "y_m")
_STREET_COLUMNS = ("id", "from", "to", "length_m", "speed_km_h")
_NOWHERE = -9999  # scipy's mark for "no predecessor"


@dataclass(frozen=True)
class Roads:
    """Streets as a graph: both directions of each are filed, E = twice the number of streets.

    Attributes
    ----------
    nodes : tuple of str
        Street nodes (N).
    xy_m : (N, 2) array
    tail, head : (E,) arrays
        Node indices of each direction.
    length_m, free_m_s : (E,) arrays
        Length, and speed on a dry road.
    """

    nodes: tuple[str, ...]
    xy_m: Floats
    tail: Ints
    head: Ints
    length_m: Floats
    free_m_s: Floats
    flood_speed: FloodSpeed

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.nodes)}

    def nearest(self, x_m: float, y_m: float) -> str:
        """Return the street node nearest to a place."""
        return self.nodes[int(np.argmin(np.hypot(self.xy_m[:, 0] - x_m, self.xy_m[:, 1] - y_m)))]

    def traffic(self, depth_m: Floats) -> Traffic:
        """Return the state of the roads under water of a depth by node (N,), m."""
        return Traffic(self, np.array(depth_m, dtype=float))


@dataclass(frozen=True)
class Leg:
    """The next piece of a journey: the node it leads to and how long it takes."""

    node: str
    seconds: float


class Traffic:
    """Travel times at one moment.

    A street is as deep as the deeper of its ends: water lies in the low points, which are nodes.
    A journey may begin and end at a flooded node, because the truck stands at the water's edge:
    the first street counts as deep as its far end, the last one as deep as its near end.

    Parameters
    ----------
    depth_m : (N,) array
        Water on the street by node.
    """

    def __init__(self, roads: Roads, depth_m: Floats) -> None:
        self._roads = roads
        self._depth_m = depth_m
        tail, head = roads.tail, roads.head
        self._through_s = self._seconds(np.maximum(depth_m[tail], depth_m[head]))
        # As the first piece of a journey, as the last, and as both at once.
        self._leaving_s = self._seconds(depth_m[head])
        self._arriving_s = self._seconds(depth_m[tail])
        self._only_s = self._seconds(np.minimum(depth_m[tail], depth_m[head]))
        self._found: dict[int, tuple[Floats, Ints]] = {}

    def _seconds(self, depth_m: Floats) -> Floats:
        roads = self._roads
        speed = roads.flood_speed.speed_m_s(roads.free_m_s, depth_m)
        seconds = np.full(speed.shape, math.inf)
        np.divide(roads.length_m, speed, out=seconds, where=speed > 0.0)
        return seconds

    def _from(self, origin: int) -> tuple[Floats, Ints]:
        """Return the time to every node as somewhere to drive through, and the node before it."""
        if origin not in self._found:
            roads = self._roads
            seconds = np.where(roads.tail == origin, self._leaving_s, self._through_s)
            use = np.isfinite(seconds)
            tail, head, seconds = roads.tail[use], roads.head[use], seconds[use]
            # Parallel streets would be added up: the quickest of each pair counts.
            order = np.lexsort((seconds, head, tail))
            tail, head, seconds = tail[order], head[order], seconds[order]
            first = np.ones(tail.size, dtype=bool)
            first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
            count = len(roads.nodes)
            graph = csr_matrix((seconds[first], (tail[first], head[first])), shape=(count, count))
            self._found[origin] = dijkstra(graph, indices=origin, return_predecessors=True)
        return self._found[origin]

    def _last_streets(self, origin: int, target: int, times: Floats) -> tuple[float, int]:
        """Return the time to the water's edge at `target` and the node before; -1 if the through
        route is as good or there is none."""
        roads = self._roads
        into = np.flatnonzero(roads.head == target)
        tails = roads.tail[into]
        last = np.where(tails == origin, self._only_s[into], self._arriving_s[into])
        total = times[tails] + last
        if not total.size or not float(total.min()) < float(times[target]):
            return float(times[target]), -1
        k = int(np.argmin(total))
        return float(total[k]), int(tails[k])

    def seconds(self, origin: str, target: str) -> float:
        """Return the quickest time between two nodes, s; infinity if the water is in the way."""
        a, b = self._roads.index[origin], self._roads.index[target]
        if a == b:
            return 0.0
        return self._last_streets(a, b, self._from(a)[0])[0]

    def leg(self, origin: str, target: str) -> Leg | None:
        """Return the first piece of the quickest way to `target`, or none if there is no way."""
        roads = self._roads
        a, b = roads.index[origin], roads.index[target]
        times, before = self._from(a)
        total, node = self._last_streets(a, b, times)
        if a == b or not math.isfinite(total):
            return None
        if node == a:
            return Leg(target, total)
        step = b if node < 0 else node
        while before[step] != a:
            if before[step] == _NOWHERE:
                raise AssertionError(f"no way back from {roads.nodes[step]} to {origin}")
            step = int(before[step])
        return Leg(roads.nodes[step], float(times[step]))


# --- reading --------------------------------------------------------------------------------


def read_roads(streets: Path, street_nodes: Path, relation: FloodSpeed) -> Roads:
    """Read a street graph from two tables.

    Parameters
    ----------
    streets : Path
        Columns ``id``, ``from``, ``to``, ``length_m``, ``speed_km_h``; others are left alone.
    street_nodes : Path
        Columns ``id``, ``x_m``, ``y_m``; others are left alone.

    Raises
    ------
    InputError, InputErrors
        Naming file, line, value and what was expected.
    """
    errors: list[InputError] = []
    nodes_sheet, streets_sheet = read_sheet(street_nodes), read_sheet(streets)
    places = _rows(nodes_sheet, _NODE_COLUMNS, ("x_m", "y_m"), False, errors)
    rows = _rows(streets_sheet, _STREET_COLUMNS, ("length_m", "speed_km_h"), True, errors)
    if errors:
        raise InputErrors(errors)
    nodes = tuple(str(row["id"]) for _, row in places)
    index = {name: i for i, name in enumerate(nodes)}
    if len(index) < len(nodes):
        twice = next(name for name in nodes if nodes.count(name) > 1)
        raise InputError("the same node twice", where="id", value=twice, file=street_nodes)
    for line, row in rows:
        errors += [
            InputError(
                "no street node has this id", where=f"line {line}, column {end}",
                value=row[end], file=streets, expected=f"a node of {street_nodes.name}",
                hint=did_you_mean(str(row[end]), nodes),
            )
            for end in ("from", "to")
            if row[end] not in index
        ]  # fmt: skip
    if errors:
        raise InputErrors(errors)
    one = np.array([index[str(row["from"])] for _, row in rows], dtype=np.int64)
    other = np.array([index[str(row["to"])] for _, row in rows], dtype=np.int64)
    length = np.array([row["length_m"] for _, row in rows], dtype=float)
    speed = np.array([row["speed_km_h"] for _, row in rows], dtype=float) / 3.6
    return Roads(
        nodes=nodes,
        xy_m=np.array([(row["x_m"], row["y_m"]) for _, row in places], dtype=float).reshape(-1, 2),
        tail=np.concatenate((one, other)),
        head=np.concatenate((other, one)),
        length_m=np.concatenate((length, length)),
        free_m_s=np.concatenate((speed, speed)),
        flood_speed=relation,
    )


def _rows(
    sheet: Sheet,
    columns: tuple[str, ...],
    numbers: tuple[str, ...],
    positive: bool,
    errors: list[InputError],
) -> list[tuple[int, dict[str, str | float]]]:
    """Return (line, cells) of every row, the numbers read; what is wrong goes to `errors`."""
    missing = check_columns(sheet, sheet.header, columns)
    if missing:
        errors += missing
        return []
    found = []
    for line, cells in sheet.rows:
        row: dict[str, str | float] = dict(zip(sheet.header, cells, strict=True))
        for name in numbers:
            text = str(row[name])
            try:
                value = parse_number(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value) or (positive and value <= 0.0):
                errors.append(
                    InputError(
                        "not valid", where=f"line {line}, column {name}", value=text,
                        file=sheet.file, expected="a number" + (" over 0" if positive else ""),
                    )
                )  # fmt: skip
            row[name] = value
        found.append((line, row))
    return found
