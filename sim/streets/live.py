"""Travel tables that follow the state of the streets, worked out anew only where it matters."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np

from sim.streets.graph import Conditions, Floats, Ints, StreetGraph
from sim.streets.journeys import Journeys, Tables
from sim.streets.quickest import NOWHERE, Network
from sim.streets.snapping import Position


class LiveJourneys(Journeys):
    """Places on streets whose state changes.

    Nodes are counted with those of the graph first; a place inside a street is a node of its own.

    Attributes
    ----------
    place_node : (P,) array
        The node of each place.
    nodes : int
        How many nodes of the graph there are.
    """

    def __init__(self, graph: StreetGraph, places: Sequence[Position]) -> None:
        super().__init__(graph, places)
        self.nodes = len(graph.nodes)
        self.place_node: Ints = self._node
        self._wanted, self._inverse = np.unique(self._node, return_inverse=True)
        quickest = self._network.from_origins(self._wanted)
        self._times_s, self._before = quickest.seconds, quickest.before
        self._metres = self._network.along(quickest, self._length_m)
        self._rows: dict[int, tuple[Floats, Floats]] = {}

    @property
    def graph(self) -> StreetGraph:
        """The streets."""
        return self._graph

    @property
    def street_index(self) -> Mapping[str, int]:
        """Index of each street by id."""
        return self._graph.street_index

    def fresh(self) -> LiveJourneys:
        """Return an independent copy; arrays are shared, as they are replaced and never altered."""
        other = copy.copy(self)
        other._rows = {}
        return other

    def tables(self) -> Tables:
        """Return the present distances and times between all places."""
        rows, columns = self._inverse[:, None], self._node[None, :]
        return Tables(self._metres[rows, columns], self._times_s[rows, columns])

    def update(self, conditions: Conditions) -> bool:
        """Take over a state of the streets; return whether any street's time has changed.

        An origin is worked out anew if its tree of quickest ways uses a street that has become
        slower, or if a street that has become quicker leads to a node sooner than before.
        """
        share = np.abs(self._to - self._from)
        seconds = conditions.seconds(self._graph)[self._street] * share
        slower = np.flatnonzero(seconds > self._seconds)
        quicker = np.flatnonzero(seconds < self._seconds)
        if not slower.size and not quicker.size:
            return False
        hit = np.zeros(self._wanted.size, dtype=bool)
        for arcs in (slower, quicker):
            tail, head = self._tail[arcs], self._head[arcs]
            if arcs is slower:
                hit |= (self._before[:, head] == tail[None, :]).any(axis=1)
            else:
                sooner = self._times_s[:, tail] + seconds[arcs][None, :] < self._times_s[:, head]
                hit |= sooner.any(axis=1)
        self._seconds = seconds
        self._network = Network(self._count(), self._tail, self._head, seconds)
        self._rows = {}
        if hit.any():
            quickest = self._network.from_origins(self._wanted[hit])
            times, metres = self._times_s.copy(), self._metres.copy()
            before = self._before.copy()
            times[hit], before[hit] = quickest.seconds, quickest.before
            metres[hit] = self._network.along(quickest, self._length_m)
            self._times_s, self._before, self._metres = times, before, metres
        return True

    def _count(self) -> int:
        return int(self._times_s.shape[1])

    def row(self, node: int) -> tuple[Floats, Floats]:
        """Return the way from any node to every place, m and s, (P,) each."""
        if node not in self._rows:
            k = int(np.searchsorted(self._wanted, node))
            if k < self._wanted.size and self._wanted[k] == node:
                metres, seconds = self._metres[k], self._times_s[k]
            else:
                quickest = self._network.from_origins(node)
                seconds = quickest.seconds[0]
                metres = self._network.along(quickest, self._length_m)[0]
            self._rows[node] = metres[self._node], seconds[self._node]
        return self._rows[node]

    def nodes_between(self, node: int, place: int) -> tuple[Ints, Floats, Floats] | None:
        """Return the nodes on the quickest way from a node to a place, and m and s to each.

        None if no way leads there.
        """
        quickest = self._network.from_origins(node)
        target = int(self._node[place])
        if not np.isfinite(quickest.seconds[0, target]):
            return None
        way = [target]
        while way[-1] != node:
            before = int(quickest.before[0, way[-1]])
            if before == NOWHERE:
                raise AssertionError("a finite time without a way")
            way.append(before)
        nodes = np.array(way[::-1])
        metres = self._network.along(quickest, self._length_m)[0, nodes]
        return nodes, metres, quickest.seconds[0, nodes]
