"""Many-to-many travel tables over the streets, and the way behind each of their cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops

from sim.streets.graph import Conditions, Floats, Ints, StreetGraph
from sim.streets.quickest import NOWHERE, Network
from sim.streets.snapping import Position

_CHUNK = 256  # origins at a time, which bounds the memory


@dataclass(frozen=True, eq=False)
class Tables:
    """Distances, m, and driving times, s (P, P), from row to column; infinite where none leads.

    The distance is that of the quickest way.
    """

    distance_m: Floats
    duration_s: Floats


@dataclass(frozen=True, eq=False)
class Way:
    """A way from one place to another.

    Attributes
    ----------
    streets : tuple of str
        Ids in the order they are driven.
    xy_m : (k, 2) array
        Its line, for maps.
    """

    streets: tuple[str, ...]
    xy_m: Floats
    distance_m: float
    duration_s: float


class Journeys:
    """Places joined to the streets they lie on: each street is cut where a place is.

    Parameters
    ----------
    places
        Positions on streets (P).
    conditions
        Closed and slow streets; a place on a closed street cannot be reached nor left, unless it
        is at one of its ends.
    """

    def __init__(
        self,
        graph: StreetGraph,
        places: Sequence[Position],
        conditions: Conditions | None = None,
    ) -> None:
        self._graph = graph
        self.places = tuple(places)
        seconds = (conditions or Conditions()).seconds(graph)
        inside: dict[int, set[float]] = defaultdict(set)
        for place in self.places:
            if 0.0 < place.fraction < 1.0:
                inside[place.street].add(place.fraction)
        count = len(graph.nodes)
        node_at: dict[tuple[int, float], int] = {}
        whole = np.ones(len(graph.streets), dtype=bool)
        pieces: list[tuple[int, int, int, float, float]] = []
        for street, fractions in sorted(inside.items()):
            whole[street] = False
            cuts = [0.0, *sorted(fractions), 1.0]
            nodes = [int(graph.start[street])]
            for fraction in cuts[1:-1]:
                node_at[street, fraction] = count
                nodes.append(count)
                count += 1
            nodes.append(int(graph.end[street]))
            for k in range(len(cuts) - 1):
                pieces.append((nodes[k], nodes[k + 1], street, cuts[k], cuts[k + 1]))
                if not graph.one_way[street]:
                    pieces.append((nodes[k + 1], nodes[k], street, cuts[k + 1], cuts[k]))
        arcs = graph.arcs
        kept = whole[arcs.street]
        self._tail = self._join(arcs.tail[kept], [piece[0] for piece in pieces])
        self._head = self._join(arcs.head[kept], [piece[1] for piece in pieces])
        self._street = self._join(arcs.street[kept], [piece[2] for piece in pieces])
        begins = np.where(arcs.backwards[kept], 1.0, 0.0)
        self._from = np.concatenate((begins, [piece[3] for piece in pieces]))
        self._to = np.concatenate((1.0 - begins, [piece[4] for piece in pieces]))
        share = np.abs(self._to - self._from)
        self._length_m = graph.length_m[self._street] * share
        self._seconds = seconds[self._street] * share
        self._network = Network(count, self._tail, self._head, self._seconds)
        self._node = np.array([self._node_of(place, node_at) for place in self.places], dtype=int)

    @staticmethod
    def _join(some: Ints, more: list[int]) -> Ints:
        return np.concatenate((some, np.array(more, dtype=np.int64)))

    def _node_of(self, place: Position, node_at: dict[tuple[int, float], int]) -> int:
        if place.fraction <= 0.0:
            return int(self._graph.start[place.street])
        if place.fraction >= 1.0:
            return int(self._graph.end[place.street])
        return node_at[place.street, place.fraction]

    def tables(self) -> Tables:
        """Return the distances and times between all places."""
        wanted, inverse = np.unique(self._node, return_inverse=True)
        distance = np.zeros((wanted.size, wanted.size))
        duration = np.zeros((wanted.size, wanted.size))
        for first in range(0, wanted.size, _CHUNK):
            rows = slice(first, first + _CHUNK)
            quickest = self._network.from_origins(wanted[rows])
            duration[rows] = quickest.seconds[:, wanted]
            distance[rows] = self._network.along(quickest, self._length_m)[:, wanted]
        return Tables(distance[np.ix_(inverse, inverse)], duration[np.ix_(inverse, inverse)])

    def way(self, start: int, end: int) -> Way | None:
        """Return the quickest way between two places, by index; none if none leads."""
        origin, target = int(self._node[start]), int(self._node[end])
        quickest = self._network.from_origins(origin)
        seconds = float(quickest.seconds[0, target])
        if not np.isfinite(seconds):
            return None
        nodes = [target]
        while nodes[-1] != origin:
            before = int(quickest.before[0, nodes[-1]])
            if before == NOWHERE:
                raise AssertionError("a finite time without a way")
            nodes.append(before)
        nodes.reverse()
        arcs = self._network.arc(np.array(nodes[:-1]), np.array(nodes[1:]))
        lines = [self._line(int(arc)) for arc in arcs]
        names = [self._graph.streets[self._street[arc]] for arc in arcs]
        if lines:
            xy = np.concatenate([lines[0][:1], *(line[1:] for line in lines)])
        else:
            place = self.places[start]
            line = self._graph.lines[place.street]
            xy = shapely.get_coordinates(
                shapely.line_interpolate_point(line, place.fraction, normalized=True)
            )
        return Way(
            streets=tuple(name for k, name in enumerate(names) if not k or names[k - 1] != name),
            xy_m=xy,
            distance_m=float(self._length_m[arcs].sum()),
            duration_s=seconds,
        )

    def _line(self, arc: int) -> Floats:
        line = self._graph.lines[self._street[arc]]
        begin, end = float(self._from[arc]), float(self._to[arc])
        return shapely.get_coordinates(shapely.ops.substring(line, begin, end, normalized=True))
