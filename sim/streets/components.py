"""The part of a graph in which everybody reaches everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from sim.streets.graph import StreetGraph


@dataclass(frozen=True)
class Kept:
    """A strongly connected graph, and the streets and nodes that are not in it."""

    graph: StreetGraph
    streets_left_out: tuple[str, ...]
    nodes_left_out: tuple[str, ...]


def largest_component(graph: StreetGraph) -> Kept:
    """Return the strongly connected component with the most nodes, and what is not in it.

    A street belongs to it if both of its ends do; of equally large ones the first counts.
    """
    arcs, count = graph.arcs, len(graph.nodes)
    links = csr_matrix((np.ones(arcs.tail.size), (arcs.tail, arcs.head)), shape=(count, count))
    _, label = connected_components(links, directed=True, connection="strong")
    inside = label == np.argmax(np.bincount(label)) if count else np.zeros(0, bool)
    streets = np.flatnonzero(inside[graph.start] & inside[graph.end])
    indices = streets.tolist()
    new = np.cumsum(inside) - 1
    kept = set(indices)
    return Kept(
        StreetGraph(
            nodes=tuple(name for name, keep in zip(graph.nodes, inside, strict=True) if keep),
            xy_m=graph.xy_m[inside],
            streets=tuple(graph.streets[i] for i in indices),
            start=new[graph.start[streets]],
            end=new[graph.end[streets]],
            length_m=graph.length_m[streets],
            free_m_s=graph.free_m_s[streets],
            one_way=graph.one_way[streets],
            kind=tuple(graph.kind[i] for i in indices),
            drawn={k: graph.drawn[i] for k, i in enumerate(indices) if i in graph.drawn},
        ),
        tuple(name for i, name in enumerate(graph.streets) if i not in kept),
        tuple(name for name, keep in zip(graph.nodes, inside, strict=True) if not keep),
    )
