"""Quickest ways between street nodes, by the streets' speeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from .roads import Region

Floats = NDArray[np.float64]


class Ways:
    """Seconds and metres of the quickest way between any two nodes, traffic apart.

    Attributes
    ----------
    index : dict of str to int
        Number of each node.
    seconds, metres : (N, N) arrays
    """

    def __init__(self, region: Region) -> None:
        self.index = {node: k for k, node in enumerate(region.nodes)}
        tail = np.array([self.index[s.from_node] for s in region.streets])
        head = np.array([self.index[s.to_node] for s in region.streets])
        metres = np.array([s.length_m for s in region.streets])
        seconds = metres / np.array([s.speed_km_h / 3.6 for s in region.streets])
        count = len(self.index)
        both = (np.r_[tail, head], np.r_[head, tail])
        graph = csr_matrix((np.r_[seconds, seconds], both), shape=(count, count))
        self.seconds, before = dijkstra(graph, return_predecessors=True)
        length = csr_matrix((np.r_[metres, metres], both), shape=(count, count)).toarray()
        self.metres = _along(before, length, self.seconds)


def _along(before: NDArray[np.int32], length: Floats, seconds: Floats) -> Floats:
    """Add the lengths up along the quickest ways: nodes in order of time, each after the one
    before it."""
    count = len(seconds)
    metres = np.zeros((count, count))
    order = np.argsort(seconds, axis=1, kind="stable")
    rows = np.arange(count)
    for k in range(1, count):
        node = order[:, k]
        previous = before[rows, node]
        metres[rows, node] = metres[rows, previous] + length[previous, node]
    return metres
