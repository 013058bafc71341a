"""Tables that follow the streets equal those worked out from scratch, whatever has changed."""

import numpy as np
import pytest

from sim.streets.graph import Conditions, StreetGraph
from sim.streets.journeys import Journeys
from sim.streets.live import LiveJourneys
from sim.streets.snapping import Position


def grid(side: int, seed: int) -> StreetGraph:
    """Return a grid of streets with random speeds, a third of them one way."""
    rng = np.random.default_rng(seed)
    xy = np.array([(100.0 * (k % side), 100.0 * (k // side)) for k in range(side * side)])
    ends = [(k, k + 1) for k in range(side * side) if k % side < side - 1]
    ends += [(k, k + side) for k in range(side * (side - 1))]
    start, end = np.array(ends).T
    count = len(ends)
    return StreetGraph(
        nodes=tuple(f"n{k}" for k in range(side * side)),
        xy_m=xy,
        streets=tuple(f"s{k}" for k in range(count)),
        start=start,
        end=end,
        length_m=rng.uniform(80, 150, count),
        free_m_s=rng.uniform(4, 12, count),
        one_way=rng.random(count) < 0.2,
        kind=("",) * count,
    )


@pytest.mark.parametrize("seed", range(5))
def test_after_any_changes_the_tables_are_those_from_scratch(seed: int):
    rng = np.random.default_rng(seed)
    graph = grid(7, seed)
    places = [
        Position(int(rng.integers(len(graph.streets))), float(rng.choice([0.0, 1.0, rng.random()])))
        for _ in range(25)
    ]
    live = LiveJourneys(graph, places)
    for _ in range(6):
        some = rng.choice(len(graph.streets), 12, replace=False)
        factor = rng.choice([0.0, 0.25, 0.5, 1.0, 1.5], 12)
        conditions = Conditions({graph.streets[s]: f for s, f in zip(some, factor, strict=True)})
        before = live.tables()
        fresh = live.fresh()
        fresh.update(conditions)
        np.testing.assert_array_equal(live.tables().duration_s, before.duration_s)
        live = fresh
        expected = Journeys(graph, places, conditions).tables()
        np.testing.assert_allclose(live.tables().duration_s, expected.duration_s, rtol=1e-12)
        # Of two ways as quick as each other either may be taken; a place may be reached by both.
        same = np.isclose(live.tables().distance_m, expected.distance_m) | (
            ~np.isfinite(expected.distance_m)
        )
        assert same.mean() > 0.99
        metres, seconds = live.row(int(live.place_node[3]))
        np.testing.assert_allclose(seconds, expected.duration_s[3], rtol=1e-12)
        assert metres.shape == (25,)


def test_nodes_between_add_up_to_the_way():
    graph = grid(5, 1)
    live = LiveJourneys(graph, [Position(0, 0.5), Position(30, 0.3)])
    tables = live.tables()
    way = live.nodes_between(int(live.place_node[0]), 1)
    assert way is not None
    _, metres, seconds = way
    assert seconds[-1] == pytest.approx(tables.duration_s[0, 1])
    assert metres[-1] == pytest.approx(tables.distance_m[0, 1])
    assert (np.diff(seconds) > 0).all()
