"""Random street graphs, some streets one-way, some curved, some twice between the same nodes."""

from __future__ import annotations

import numpy as np

from sim.streets.graph import StreetGraph
from sim.streets.snapping import Position


def random_graph(seed: int, nodes: int = 12, streets: int = 24) -> StreetGraph:
    draw = np.random.default_rng(seed)
    ends = draw.integers(0, nodes, size=(streets, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    xy = draw.uniform(0, 1000, size=(nodes, 2))
    drawn = {}
    for i, (a, b) in enumerate(ends):
        if draw.random() < 0.4:
            bends = draw.uniform(0, 1000, size=(int(draw.integers(1, 4)), 2))
            drawn[i] = np.vstack((xy[a], bends, xy[b]))
    count = len(ends)
    return StreetGraph(
        nodes=tuple(f"n{k}" for k in range(nodes)),
        xy_m=xy,
        streets=tuple(f"s{k}" for k in range(count)),
        start=ends[:, 0],
        end=ends[:, 1],
        length_m=draw.uniform(50, 900, size=count),
        free_m_s=draw.uniform(3, 20, size=count),
        one_way=draw.random(count) < 0.3,
        kind=tuple(draw.choice(["main", "side"], size=count)),
        drawn=drawn,
    )


def random_places(graph: StreetGraph, seed: int, count: int = 14) -> list[Position]:
    """Places along streets, several on one street, some twice, some at the ends."""
    draw = np.random.default_rng(1000 + seed)
    places = [
        Position(int(draw.integers(0, len(graph.streets))), float(draw.random()))
        for _ in range(count)
    ]
    places += [Position(places[0].street, 0.25), Position(places[0].street, 0.75), places[1]]
    return [*places, Position(2, 0.0), Position(3, 1.0)]
