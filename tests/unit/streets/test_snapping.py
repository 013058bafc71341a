"""Snapping against every segment of every street tried, and its report."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.errors import InputErrors
from sim.streets.graph import StreetGraph
from sim.streets.snapping import snap
from tests.unit.streets.cases import random_graph


def nearest_by_trying(graph: StreetGraph, point: np.ndarray) -> tuple[float, int, float]:
    """Distance, street and fraction along it of the nearest place, segment by segment."""
    best = (np.inf, -1, 0.0)
    for i in range(len(graph.streets)):
        line = graph.drawn.get(i, graph.xy_m[[graph.start[i], graph.end[i]]])
        lengths = np.hypot(*np.diff(line, axis=0).T)
        for k in range(len(line) - 1):
            along = line[k + 1] - line[k]
            share = np.clip(np.dot(point - line[k], along) / np.dot(along, along), 0.0, 1.0)
            apart = float(np.hypot(*(line[k] + share * along - point)))
            if apart < best[0] - 1e-9:
                so_far = float((lengths[:k].sum() + share * lengths[k]) / lengths.sum())
                best = (apart, i, so_far)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_place_of_all_is_found(seed: int):
    graph = random_graph(seed)
    points = np.random.default_rng(seed).uniform(-200, 1200, size=(40, 2))
    found = snap(graph, [f"p{k}" for k in range(40)], points, np.inf)
    for k, point in enumerate(points):
        apart, street, fraction = nearest_by_trying(graph, point)
        position = found.positions[k]
        assert position is not None
        assert found.moved_m[k] == pytest.approx(apart, abs=1e-9)
        assert np.hypot(*(found.xy_m[k] - point)) == pytest.approx(apart, abs=1e-6)
        # Where streets meet, several are equally near.
        if 1e-9 < position.fraction < 1.0 - 1e-9:
            assert position.street == street
            assert position.fraction == pytest.approx(fraction, abs=1e-9)


def test_a_point_in_the_middle_of_a_street_stays_there():
    graph = random_graph(5)
    line = graph.lines[4]
    there = line.interpolate(0.37, normalized=True)
    found = snap(graph, ["p"], np.array([[there.x, there.y]]), 1.0)
    assert found.positions[0].street == 4
    assert found.positions[0].fraction == pytest.approx(0.37)


def test_points_beyond_the_limit_are_refused_by_name_all_at_once():
    graph = random_graph(5)
    points = np.array([graph.xy_m[3], [5000.0, 0.0], [0.0, -5000.0]])
    with pytest.raises(InputErrors) as caught:
        snap(graph, ["here", "east", "south"], points, 50.0)
    assert [error.where for error in caught.value.errors] == ["east", "south"]


def test_or_listed():
    graph = random_graph(5)
    points = np.array([graph.xy_m[3] + 3.0, [5000.0, 0.0]])
    found = snap(graph, ["here", "east"], points, 50.0, refuse=False)
    assert found.beyond == ("east",)
    assert found.positions[1] is None
    assert np.isnan(found.xy_m[1]).all()
    assert found.moved_m[1] > 3000.0
    assert str(found).startswith("1 of 2 points snapped, moved")
    assert str(found).endswith("beyond 50 m: east")


def test_a_place_that_is_no_place_is_refused():
    with pytest.raises(InputErrors, match="not a place"):
        snap(random_graph(5), ["p"], np.array([[np.nan, 0.0]]), 50.0)
