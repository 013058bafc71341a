"""Travel tables against networkx, the ways behind them, closures, and tables kept on disk."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.streets.components import largest_component
from sim.streets.graph import Conditions, StreetGraph, closed
from sim.streets.hours import SpeedProfile
from sim.streets.journeys import Journeys
from sim.streets.snapping import Position, at_node
from sim.streets.travel_tables import digest, travel_tables
from tests.unit.streets.cases import random_graph, random_places


def as_networkx(graph: StreetGraph, seconds: np.ndarray) -> nx.MultiDiGraph:
    found = nx.MultiDiGraph()
    found.add_nodes_from(range(len(graph.nodes)))
    for i in range(len(graph.streets)):
        if math.isfinite(seconds[i]):
            ends = int(graph.start[i]), int(graph.end[i])
            found.add_edge(*ends, seconds=seconds[i], metres=graph.length_m[i])
            if not graph.one_way[i]:
                found.add_edge(*ends[::-1], seconds=seconds[i], metres=graph.length_m[i])
    return found


def expected(
    graph: StreetGraph, seconds: np.ndarray, between: dict[int, dict[int, float]],
    a: Position, b: Position,
) -> float:  # fmt: skip
    """Quickest time between two places: leave by either end, or along the street they share."""

    def out(place: Position) -> list[tuple[int, float]]:
        ways = [(int(graph.end[place.street]), 1.0 - place.fraction)]
        if not graph.one_way[place.street] or place.fraction == 0.0:
            ways.append((int(graph.start[place.street]), place.fraction))
        if place.fraction == 1.0:
            ways = [(int(graph.end[place.street]), 0.0)]
        if place.fraction == 0.0:
            ways = [(int(graph.start[place.street]), 0.0)]
        return [(n, f * seconds[place.street] if f else 0.0) for n, f in ways]

    def into(place: Position) -> list[tuple[int, float]]:
        ways = [(int(graph.start[place.street]), place.fraction)]
        if not graph.one_way[place.street]:
            ways.append((int(graph.end[place.street]), 1.0 - place.fraction))
        if place.fraction == 1.0:
            ways = [(int(graph.end[place.street]), 0.0)]
        if place.fraction == 0.0:
            ways = [(int(graph.start[place.street]), 0.0)]
        return [(n, f * seconds[place.street] if f else 0.0) for n, f in ways]

    best = math.inf
    if a == b:
        return 0.0
    if a.street == b.street and (b.fraction > a.fraction or not graph.one_way[a.street]):
        best = abs(b.fraction - a.fraction) * seconds[a.street]
    for n, first in out(a):
        for m, last in into(b):
            best = min(best, first + between[n].get(m, math.inf) + last)
    return best


@pytest.mark.parametrize("seed", range(15))
def test_tables_are_those_of_networkx(seed: int):
    graph = random_graph(seed)
    places = random_places(graph, seed)
    conditions = Conditions({graph.streets[0]: 0.0, graph.streets[1]: 0.5, graph.streets[2]: 2.0})
    for state in (Conditions(), conditions):
        seconds = state.seconds(graph)
        between = dict(
            nx.all_pairs_dijkstra_path_length(as_networkx(graph, seconds), weight="seconds")
        )
        found = Journeys(graph, places, state).tables()
        for i, a in enumerate(places):
            for j, b in enumerate(places):
                value = expected(graph, seconds, between, a, b)
                assert found.duration_s[i, j] == pytest.approx(value, rel=1e-12), (a, b)
                assert math.isfinite(found.distance_m[i, j]) == math.isfinite(value)


@pytest.mark.parametrize("seed", range(15))
def test_the_way_behind_each_cell_has_its_length_and_time(seed: int):
    graph = random_graph(seed)
    places = random_places(graph, seed)
    journeys = Journeys(graph, places)
    tables = journeys.tables()
    speed = dict(zip(graph.streets, graph.free_m_s, strict=True))
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            way = journeys.way(i, j)
            assert (way is None) == math.isinf(tables.duration_s[i, j])
            if way is None:
                continue
            assert way.distance_m == pytest.approx(tables.distance_m[i, j], rel=1e-12, abs=1e-9)
            assert way.duration_s == tables.duration_s[i, j]
            if way.streets:
                slow, fast = min(map(speed.get, way.streets)), max(map(speed.get, way.streets))
                assert way.distance_m / fast <= way.duration_s * (1 + 1e-9)
                assert way.distance_m / slow >= way.duration_s * (1 - 1e-9)
            for place, xy in ((a, way.xy_m[0]), (b, way.xy_m[-1])):
                line = graph.lines[place.street]
                there = line.interpolate(place.fraction, normalized=True)
                assert np.allclose(xy, (there.x, there.y), atol=1e-6)


def test_distances_are_summed_over_long_ways():
    """A chain of 500 streets: any two nodes are as many streets apart as their numbers."""
    count = 501
    xy = np.column_stack((np.arange(count) * 10.0, np.zeros(count)))
    graph = StreetGraph(
        tuple(map(str, range(count))), xy, tuple(f"s{k}" for k in range(count - 1)),
        np.arange(count - 1), np.arange(1, count), np.full(count - 1, 10.0),
        np.full(count - 1, 2.0), np.zeros(count - 1, bool), ("",) * (count - 1),
    )  # fmt: skip
    places = [at_node(graph, str(k)) for k in range(count)]
    found = Journeys(graph, places).tables()
    apart = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    assert np.allclose(found.distance_m, 10.0 * apart)
    assert np.allclose(found.duration_s, 5.0 * apart)


def test_a_quicker_way_may_be_longer():
    """Over the fast streets 2 x 800 m at 20 m/s take 80 s; straight on 1000 m at 5 m/s, 200 s."""
    graph = StreetGraph(
        ("a", "b", "c"), np.array([[0.0, 0.0], [1000.0, 0.0], [500.0, 600.0]]),
        ("slow", "fast1", "fast2"), np.array([0, 0, 2]), np.array([1, 2, 1]),
        np.array([1000.0, 800.0, 800.0]), np.array([5.0, 20.0, 20.0]),
        np.zeros(3, bool), ("", "", ""),
    )  # fmt: skip
    places = [at_node(graph, "a"), at_node(graph, "b")]
    found = Journeys(graph, places).tables()
    assert (found.duration_s[0, 1], found.distance_m[0, 1]) == (80.0, 1600.0)
    blocked = Journeys(graph, places, closed("fast2"))
    assert (blocked.tables().duration_s[0, 1], blocked.tables().distance_m[0, 1]) == (200.0, 1000.0)
    way = Journeys(graph, places).way(0, 1)
    assert way is not None
    assert way.streets == ("fast1", "fast2")
    assert way.xy_m.tolist() == [[0.0, 0.0], [500.0, 600.0], [1000.0, 0.0]]


def test_a_street_that_is_none_cannot_be_closed():
    graph = random_graph(1)
    with pytest.raises(InputError, match="no such street"):
        Journeys(graph, [Position(0, 0.5)], closed("s999"))
    with pytest.raises(InputError, match="not a speed factor"):
        Conditions({"s1": -1.0}).seconds(graph)


def test_a_node_without_streets_is_no_place():
    graph = random_graph(1)
    with pytest.raises(InputError, match="no street leads to this node"):
        at_node(graph, "nowhere")


# --- kept on disk ---------------------------------------------------------------------------


def test_tables_are_kept_and_found_again(tmp_path: Path):
    graph, places = random_graph(3), random_places(random_graph(3), 3)
    first = travel_tables(graph, places, cache=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    stamp = file.stat().st_mtime_ns
    second = travel_tables(graph, places, cache=tmp_path)
    assert np.array_equal(first.distance_m, second.distance_m)
    assert np.array_equal(first.duration_s, second.duration_s)
    assert file.stat().st_mtime_ns == stamp
    assert np.array_equal(first.duration_s, travel_tables(graph, places).duration_s)


def test_a_spoilt_file_is_worked_out_anew(tmp_path: Path):
    graph, places = random_graph(3), random_places(random_graph(3), 3)
    first = travel_tables(graph, places, cache=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    for text in (b"", b"nonsense", file.read_bytes()[:200]):
        file.write_bytes(text)
        again = travel_tables(graph, places, cache=tmp_path)
        assert np.array_equal(first.duration_s, again.duration_s)


def test_whatever_matters_changes_the_digest():
    graph, places = random_graph(3), random_places(random_graph(3), 3)
    other = random_graph(3)
    other.length_m[0] += 1.0
    digests = {
        digest(graph, places), digest(graph, places[1:]), digest(other, places),
        digest(graph, places, closed("s1")), digest(graph, places, closed("s2")),
    }  # fmt: skip
    assert len(digests) == 5
    assert digest(random_graph(3), places) == digest(graph, places)


# --- components and hours -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(15))
def test_the_largest_component_is_that_of_networkx(seed: int):
    graph = random_graph(seed, nodes=14, streets=16)
    kept = largest_component(graph)
    every = as_networkx(graph, np.ones(len(graph.streets)))
    largest = max(map(len, nx.strongly_connected_components(every)))
    assert len(kept.graph.nodes) == largest
    again = as_networkx(kept.graph, np.ones(len(kept.graph.streets)))
    assert nx.is_strongly_connected(again)
    assert set(kept.graph.nodes) | set(kept.nodes_left_out) == set(graph.nodes)
    assert set(kept.graph.streets) | set(kept.streets_left_out) == set(graph.streets)
    for i, name in enumerate(kept.graph.streets):
        old = graph.street_index[name]
        assert kept.graph.nodes[kept.graph.start[i]] == graph.nodes[graph.start[old]]
        assert kept.graph.length_m[i] == graph.length_m[old]
        assert np.array_equal(
            kept.graph.drawn.get(i, np.zeros(0)), graph.drawn.get(old, np.zeros(0))
        )


def test_a_drive_through_the_rush_hour():
    """From 6:50 on, 20 min of driving: 10 min at full speed, the rest at half of it."""
    profile = SpeedProfile([0.0, 7 * 3600.0, 9 * 3600.0], [1.0, 0.5, 1.0])
    assert profile.arrival_s(6 * 3600.0 + 50 * 60.0, 1200.0) == pytest.approx(7 * 3600.0 + 1200.0)
    assert profile.arrival_s(10 * 3600.0, 60.0) == 10 * 3600.0 + 60.0
    assert profile.arrival_s(0.0, math.inf) == math.inf


@pytest.mark.parametrize(
    ("moments", "factors"),
    [([0.0, 1.0], [1.0]), ([1.0], [1.0]), ([0.0, 0.0], [1.0, 1.0]), ([0.0], [0.0]), ([], [])],
)
def test_profiles_that_are_none_are_refused(moments: list[float], factors: list[float]):
    with pytest.raises(InputError, match="not a profile"):
        SpeedProfile(moments, factors)
