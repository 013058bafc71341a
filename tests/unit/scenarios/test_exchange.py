"""Networks in and out of SWMM's format: the rain and the river go with them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenarios import document
from scenarios.exchange import export_swmm, forced, import_swmm, rain_points
from scenarios.run import prepare
from sim.drainage.hyetograph import Hyetograph
from sim.drainage.swmm import read_inp
from sim.kernel.errors import InputError

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "two-basins.inp"


def rain(edges_min, intensity_mm_h) -> Hyetograph:
    return Hyetograph(60.0 * np.array(edges_min), np.array(intensity_mm_h), "design")


@pytest.mark.parametrize(
    ("edges_min", "step_s"),
    [
        ([0, 10, 20, 40], 600.0),
        ([336, 346.5, 400], 60.0),
        ([5, 15, 18], 60.0),
        ([0.25, 1.75, 2.5], 60.0),
        ([0, 30], 1800.0),
    ],
)
def test_the_depth_of_the_rain_is_kept(edges_min, step_s):
    made = rain(edges_min, np.linspace(5.0, 50.0, len(edges_min) - 1))
    found_s, points = rain_points(made)
    assert found_s == step_s
    depth_mm = sum(value for _, value in points) * found_s / 3600.0
    assert depth_mm == pytest.approx(made.depth_mm, rel=1e-12)
    times = np.array([time_s for time_s, _ in points])
    assert np.diff(times) == pytest.approx(found_s)
    assert points[-1][1] == 0.0
    for time_s, value in points[:-1]:
        assert value == pytest.approx(made.mean_mm_h(time_s, time_s + found_s))


def test_an_export_reads_back_with_the_scenarios_rain(tmp_path):
    prepared = prepare(document.load("swmm-file", [
        "drainage.rain={kind='chicago', formula='xinxiang', return_period_years=20, "
        "duration_min=120}", "drainage.rain_multiplier=0.5", "duration_h=6",
    ]))  # fmt: skip
    target = tmp_path / "out.inp"
    export_swmm(prepared, target)
    again = read_inp(target)
    network, hyetograph = again.network, next(iter(prepared.inputs["drainage"].rain.values()))
    (gauge,) = network.gauges
    series = next(one for one in network.series if one.id == gauge.series)
    depth_mm = sum(value for _, value in series.points) * gauge.interval_s / 3600.0
    assert depth_mm == pytest.approx(hyetograph.depth_mm, rel=1e-6)
    assert again.options.duration_s == 6 * 3600.0
    assert network.conduits == prepared.inputs["drainage"].network.conduits


def test_the_river_stands_at_the_outfalls_of_the_export():
    prepared = prepare(document.load("hebi-2021-works"))
    inputs = prepared.inputs["drainage"]
    network = forced(inputs)
    (knots, names), *_ = inputs.stages
    series = {one.id: one.points for one in network.series}
    outfalls = {outfall.id: outfall for outfall in network.outfalls}
    for name in names:
        assert outfalls[name].boundary == "series"
        assert series[outfalls[name].stage_series] == knots
    assert len(series) == len(network.series)


def test_an_import_makes_a_scenario_that_means_the_same(tmp_path):
    found = import_swmm(EXAMPLE, tmp_path / "new")
    assert found.summary["junctions"] == 6
    assert any("THREADS" in note for note in found.notes)
    scenario = document.load(found.scenario)
    direct = prepare(document.load("swmm-file")).inputs["drainage"]
    assert prepare(scenario).inputs["drainage"].network == direct.network
    assert (scenario.duration_h, scenario.start.isoformat()) == (8.0, "2024-06-01T00:00:00+00:00")


def test_an_import_without_a_folder_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert import_swmm(EXAMPLE, None).scenario is None
    assert list(tmp_path.iterdir()) == []


def test_an_import_never_overwrites(tmp_path):
    import_swmm(EXAMPLE, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(InputError, match="exists already"):
        import_swmm(EXAMPLE, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        import_swmm(EXAMPLE, tmp_path / "file")
    prepared = prepare(document.load("swmm-file"))
    with pytest.raises(InputError, match="cannot be written"):
        export_swmm(prepared, tmp_path / "no" / "such" / "folder.inp")
    without = replace(prepared, inputs={})
    with pytest.raises(InputError, match="no drainage"):
        export_swmm(without, tmp_path / "x.inp")
