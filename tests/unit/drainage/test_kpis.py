"""Recession and the other figures from records made by hand, beside answers counted by hand."""

import math

import numpy as np
import pytest

from sim.drainage.elements import Zone
from sim.drainage.kpis import Point, drainage_kpis, volume_recession_s
from sim.kernel.recorder import Recorder

HOUR = 3600.0
ZONES = (
    Zone(id="low", name_en="Low", name_zh="低区", kind="centre", allowed_recession_h=2.0),
    Zone(id="high", name_en="High", name_zh="高区", kind="elsewhere", allowed_recession_h=3.0),
)
POINTS = [Point("a", "low", 300.0), Point("b", "low", 100.0), Point("c", "high", 200.0)]


def figures(events, volumes=None, horizon_h=10.0):
    """KPIs by (name, entity) of a run with rain from 0 to 2 h."""
    recorder = Recorder()
    recorder.event(0.0, "drainage", "rain_block", "g", 20.0)
    recorder.event(2 * HOUR, "drainage", "rain_end", "g")
    for hour, kind, node in events:
        recorder.event(hour * HOUR, "drainage", kind, node)
    time_s = np.linspace(0.0, horizon_h * HOUR, 101)
    low = np.zeros(101) if volumes is None else np.array(volumes)
    volume = recorder.series("drainage", "ponded_volume", "m3", ["low", "high", "total"])
    depth = recorder.series("drainage", "ponded_depth", "m", ["a", "b", "c"])
    for t, v in zip(time_s, low, strict=True):
        volume.append(t, [v, 0.0, v])
        depth.append(t, [0.5, 0.25, 0.0])
    kpis = drainage_kpis(recorder.record(), POINTS, ZONES, horizon_h * HOUR)
    return {(k.name, k.entity): k for k in kpis}


def test_three_recessions_count_from_the_end_of_rain():
    got = figures(
        [(1.0, "waterlogged", "a"), (1.5, "waterlogged", "b"), (3.0, "drained", "a"),
         (7.0, "drained", "b")]
    )  # fmt: skip
    last = got["recession_last_point_h", "low"]
    assert (last.value, last.limit, last.status) == (pytest.approx(5.0), 2.0, "over_limit")
    mean = got["recession_mean_h", "low"]
    assert mean.value == pytest.approx((300.0 * 1.0 + 100.0 * 5.0) / 400.0)
    assert mean.status == "ok"
    assert got["recession_last_point_h", "high"].status == "dry"
    assert got["recession_last_point_h", "high"].value is None


def test_drained_before_the_rain_ends_is_zero_not_negative():
    got = figures([(0.5, "waterlogged", "a"), (1.0, "drained", "a")])
    assert got["recession_last_point_h", "low"].value == 0.0


def test_not_drained_by_the_end_is_its_own_answer():
    got = figures([(1.0, "waterlogged", "a")])
    assert got["recession_last_point_h", "low"].status == "not_drained"
    assert got["recession_last_point_h", "low"].value is None
    assert got["waterlogged_h", "a"].value == pytest.approx(9.0)
    assert got["waterlogged_h", "a"].status == "not_drained"


def test_a_point_that_floods_again_counts_to_its_last_spell():
    got = figures(
        [(1.0, "waterlogged", "a"), (2.5, "drained", "a"), (3.0, "waterlogged", "a"),
         (4.0, "drained", "a")]
    )  # fmt: skip
    assert got["recession_last_point_h", "low"].value == pytest.approx(2.0)
    assert got["waterlogged_h", "a"].value == pytest.approx(2.5)
    assert got["flooded_points", ""].value == 1.0


def test_volume_recession_is_interpolated():
    time_s = np.array([0.0, 1.0, 2.0, 3.0]) * HOUR
    volume = np.array([0.0, 100.0, 10.0, 0.0])
    assert volume_recession_s(time_s, volume, 1.0 * HOUR) == pytest.approx(1.5 * HOUR)
    assert math.isinf(volume_recession_s(time_s[:3], volume[:3], 0.0))
    assert math.isnan(volume_recession_s(time_s, 0.0 * volume, 0.0))


def test_depth_hours_are_the_integral_over_all_points():
    assert figures([])["depth_hours", ""].value == pytest.approx(0.75 * 10.0)


def test_rain_to_the_end_leaves_no_recession():
    recorder = Recorder()
    recorder.event(0.0, "drainage", "rain_block", "g", 20.0)
    recorder.event(HOUR, "drainage", "waterlogged", "a")
    for quantity, ids in (("ponded_volume", ["low", "high", "total"]), ("ponded_depth", ["a"])):
        writer = recorder.series("drainage", quantity, "m", ids)
        for t in (0.0, 2 * HOUR):
            writer.append(t, np.ones(len(ids)) * t)
    kpis = drainage_kpis(recorder.record(), POINTS, ZONES, 2 * HOUR)
    assert {k.status for k in kpis if k.name == "recession_last_point_h"} == {"raining", "dry"}
