"""Networks in and out of SWMM's format: the rain and the river go with them."""

from dataclasses import replace
from pathlib import Path

import pytest

from scenarios import document
from scenarios.exchange import export_swmm, import_swmm
from scenarios.run import prepare
from sim.drainage.swmm import read_inp
from sim.kernel.errors import InputError

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "two-basins.inp"


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


def test_the_river_stands_at_the_outfalls_of_the_export(tmp_path):
    prepared = prepare(document.load("hebi-2021-works"))
    target = tmp_path / "out.inp"
    export_swmm(prepared, target)
    network = read_inp(target).network
    ((knots, names),) = prepared.inputs["drainage"].stages
    series = {one.id: dict(one.points) for one in network.series}
    outfalls = {outfall.id: outfall for outfall in network.outfalls}
    horizon_s = prepared.scenario.duration_s
    for name in names:
        found = series[outfalls[name].stage_series]
        inside = {time_s: level for time_s, level in knots if 0.0 <= time_s <= horizon_s}
        assert {time_s: found[time_s] for time_s in inside} == pytest.approx(inside, abs=1e-6)


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
