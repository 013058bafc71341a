"""Quickest times over directed arcs, and the lengths of the quickest ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sim.streets.graph import Floats, Ints

NOWHERE = -9999
"""Scipy's mark for "no node before"."""


@dataclass(frozen=True)
class Quickest:
    """Times from some origins to all nodes.

    Attributes
    ----------
    seconds : (O, N) array
        Infinite where no way leads.
    before : (O, N) array
        The node before, on the quickest way; `NOWHERE` at the origin and where none leads.
    """

    seconds: Floats
    before: Ints


class Network:
    """Arcs from which closed ones and slower twins have been dropped.

    Parameters
    ----------
    count
        How many nodes there are (N).
    tail, head : (E,) arrays
        Node indices.
    seconds : (E,) array
        Time to drive each; arcs with infinite time are left out.
    """

    def __init__(self, count: int, tail: Ints, head: Ints, seconds: Floats) -> None:
        usable = np.flatnonzero(np.isfinite(seconds))
        # Parallel arcs would be added up in a matrix: the quickest of each pair counts.
        order = usable[np.lexsort((seconds[usable], head[usable], tail[usable]))]
        first = np.ones(order.size, dtype=bool)
        first[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
        self._arc = order[first]
        self._count = count
        self._key = tail[self._arc] * count + head[self._arc]
        self._graph = csr_matrix(
            (seconds[self._arc], (tail[self._arc], head[self._arc])), shape=(count, count)
        )

    def from_origins(self, origins: Ints | int) -> Quickest:
        """Return the quickest times from one origin or several."""
        seconds, before = dijkstra(
            self._graph, indices=np.atleast_1d(origins), return_predecessors=True
        )
        return Quickest(seconds, before)

    def arc(self, tail: Ints, head: Ints) -> Ints:
        """Return the arc that is driven between neighbours, by index among all arcs given."""
        return self._arc[np.searchsorted(self._key, tail * self._count + head)]

    def along(self, quickest: Quickest, amount: Floats) -> Floats:
        """Return the sum (O, N) of an amount by arc (E,) along the quickest ways.

        Each node first knows the amount of its last arc; then, again and again, what is known of
        the node it looks back to is added and that node's look back is taken over, so that a way
        of k arcs is summed in log2(k) rounds.
        """
        origins, nodes = quickest.before.shape
        own = np.broadcast_to(np.arange(nodes), (origins, nodes))
        linked = quickest.before != NOWHERE
        back = np.where(linked, quickest.before, own).astype(np.int64)
        total = np.zeros((origins, nodes))
        total[linked] = amount[self.arc(back[linked], own[linked])]
        while True:
            further = np.take_along_axis(back, back, axis=1)
            if np.array_equal(further, back):
                break
            total += np.take_along_axis(total, back, axis=1)
            back = further
        total[~np.isfinite(quickest.seconds)] = np.inf
        return total
