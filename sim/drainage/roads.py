"""The street graph that crews drive on, slowed and cut by the water on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.streets.csv_files import read_csv_streets
from sim.streets.flood_speed import FloodSpeed
from sim.streets.graph import StreetGraph
from sim.streets.quickest import NOWHERE, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Roads:
    """The streets, and how water slows whoever drives on them.

    Attributes
    ----------
    graph : StreetGraph
        N nodes and E directions of streets.
    """

    graph: StreetGraph
    flood_speed: FloodSpeed

    @property
    def nodes(self) -> tuple[str, ...]:
        """Street nodes (N)."""
        return self.graph.nodes

    @property
    def xy_m(self) -> Floats:
        """Places of the nodes (N, 2)."""
        return self.graph.xy_m

    @property
    def index(self) -> Mapping[str, int]:
        """Index of each node by name."""
        return self.graph.index

    @property
    def tail(self) -> Ints:
        """Node index at which each direction begins (E,)."""
        return self.graph.arcs.tail

    @property
    def head(self) -> Ints:
        """Node index at which each direction ends (E,)."""
        return self.graph.arcs.head

    @cached_property
    def length_m(self) -> Floats:
        """Length of each direction (E,)."""
        return self.graph.length_m[self.graph.arcs.street]

    @cached_property
    def free_m_s(self) -> Floats:
        """Speed of each direction on a dry road (E,)."""
        return self.graph.free_m_s[self.graph.arcs.street]

    def nearest(self, x_m: float, y_m: float) -> str:
        """Return the street node nearest to a place."""
        return self.graph.nearest(x_m, y_m)

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
            found = Network(len(roads.nodes), roads.tail, roads.head, seconds).from_origins(origin)
            self._found[origin] = found.seconds[0], found.before[0]
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
            if before[step] == NOWHERE:
                raise AssertionError(f"no way back from {roads.nodes[step]} to {origin}")
            step = int(before[step])
        return Leg(roads.nodes[step], float(times[step]))


def read_roads(streets: Path, street_nodes: Path, relation: FloodSpeed) -> Roads:
    """Read a street graph from two tables, as `sim.streets.csv_files` does.

    Raises
    ------
    InputError, InputErrors
        Naming file, line, value and what was expected.
    """
    return Roads(read_csv_streets(streets, street_nodes), relation)
