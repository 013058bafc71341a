"""Sensitivity of a scenario's figures: the path from parameters to effects, on cases one knows."""

import json
import math
import threading

import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.points import FOLDER, Points
from scenarios.sensitivity import (
    Factor,
    Target,
    design,
    figure,
    parse_factor,
    parse_target,
    sensitivity,
)
from sim.kernel import registry
from sim.kernel.errors import Cancelled, InputError
from sim.kernel.system import Kpi
from tests.conformance.tank import TANK

PULSE = Factor("tank.pulse_m3", 1.0, 5.0)
LEAK = Factor("tank.leak_per_s", 0.0, 1e-4)


@pytest.fixture
def tanks(folder, monkeypatch):
    monkeypatch.setattr(registry, "systems", lambda: {"tank": TANK})
    return folder


def call(*arguments: str):
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_factors_and_targets_are_read():
    assert parse_factor("a.b=0.8:1.2") == Factor("a.b", 0.8, 1.2)
    assert parse_target("name") == Target("name", "")
    assert parse_target("name:Z01") == Target("name", "Z01")


@pytest.mark.parametrize(
    "text", ["a", "a=1", "a=1:x", "a=2:1", "a=1:1", "=1:2", "a=0:inf", "a=nan:1"]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InputError, match="--vary"):
        parse_factor(text)


@pytest.mark.parametrize(("method", "size"), [("morris", 1), ("sobol", 12), ("sobol", 4)])
def test_a_size_that_does_not_suit_is_refused(method, size):
    with pytest.raises(InputError, match="--size"):
        design([PULSE], method, size, 1)


def test_a_parameter_twice_is_refused():
    with pytest.raises(InputError, match="once"):
        design([PULSE, PULSE], "morris", 4, 1)


def test_a_figure_without_an_entity_is_the_largest_and_not_drained_beats_all():
    kpis = [
        Kpi(name="r", entity="a", value=3.0, unit="h"),
        Kpi(name="r", entity="b", value=None, unit="h", status="not_drained"),
        Kpi(name="v", entity="", value=1.0, unit="m3"),
    ]
    assert figure(kpis, Target("r")).entity == "b"
    assert figure(kpis, Target("r", "a")).value == 3.0
    assert figure(kpis, Target("v")).value == 1.0
    for wrong in (Target("x"), Target("r", "c")):
        with pytest.raises(InputError, match="no such figure"):
            figure(kpis, wrong)


def test_without_a_leak_nothing_matters_but_the_pulse(tanks):
    """Peak volumes rise with the pulse and fall with the leak; the table of tanks is fixed."""
    points = Points("tank.toml", workers=1)
    found = sensitivity(points, [PULSE, LEAK], Target("peak_volume_m3"), "morris", 4)
    effects = {e.factor.path: e for e in found.effects}
    assert found.evaluations == 12
    assert effects["tank.pulse_m3"].direction == effects["tank.pulse_m3"].main > 0
    assert effects["tank.leak_per_s"].direction <= 0


def test_points_are_remembered_and_a_half_written_line_is_run_again(tanks):
    points = Points("tank.toml", folder=tanks / "kept", workers=1)
    settings = [("tank.pulse_m3=1.0",), ("tank.pulse_m3=2.0",)]
    first = points.evaluate(settings)
    (file,) = (tanks / "kept" / FOLDER).glob("*.jsonl")
    lines = file.read_text().splitlines()
    assert [json.loads(line)[0] for line in lines] == [list(s) for s in settings]
    told: list[int] = []
    assert points.evaluate(settings, progress=told.append) == first
    assert told == [2]
    file.write_text(lines[0] + "\n" + lines[1][:20])
    told.clear()
    assert points.evaluate(settings, progress=told.append) == first
    assert told == [1, 2]


def test_a_changed_file_is_another_scenario(tanks):
    points = Points("tank.toml", folder=tanks / "kept", workers=1)
    first = points.evaluate([("tank.pulse_m3=1.0",)])
    table = (tanks / "tanks.csv").read_text()
    (tanks / "tanks.csv").write_text(table.replace("\n", "\n", 1) + "extra,500,900\n")
    assert points.evaluate([("tank.pulse_m3=1.0",)]) != first


def test_it_stops_when_asked_and_keeps_what_it_has(tanks):
    stop = threading.Event()
    points = Points("tank.toml", folder=tanks / "kept", workers=1)
    settings = [(f"tank.pulse_m3={k}.0",) for k in range(1, 5)]

    def tell(known: int) -> None:
        if known == 2:
            stop.set()

    with pytest.raises(Cancelled):
        points.evaluate(settings, progress=tell, cancelled=stop.is_set)
    told: list[int] = []
    points.evaluate(settings, progress=told.append)
    assert told[0] == 2


def test_the_command_shows_effects_and_refuses_what_is_wrong(tanks):
    arguments = ["sensitivity", "tank.toml", "--vary", "tank.pulse_m3=1:5", "--vary",
                 "tank.leak_per_s=0:1e-4", "--kpi", "leaked_m3", "--size", "3",
                 "--workers", "1"]  # fmt: skip
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    assert "tank.pulse_m3" in result.output
    assert "mu*" in result.output
    assert "全范围的影响" in call(*arguments, "--lang", "zh").output
    assert (
        call(*arguments[:-6], "--kpi", "nonsense", "--size", "3", "--workers", "1").exit_code == 2
    )
    assert call("sensitivity", "tank.toml", "--vary", "tank.nonsense=0:1").exit_code == 2
    assert call("sensitivity", "tank.toml", "--vary", "tank.pulse_m3").exit_code == 2


# --- drainage with known sensitivities --------------------------------------------------------


def test_rain_moves_a_storm_s_figures_as_it_must_and_a_gate_that_is_not_there_does_not(folder):
    """All that falls on the example's paved part runs off, so ponded water rises with the rain;
    the spread of a lognormal draw of which every run has the same cannot make it fall."""
    points = Points("swmm-file", ("drainage.report_step_s=300", "duration_h=3"), workers=1)
    factors = [
        Factor("drainage.rain_multiplier", 0.8, 1.2),
        Factor("drainage.uncertainty.roughness_multiplier", 0.8, 1.2),
        Factor("drainage.waterlogged_depth_m", 0.1, 0.2),
    ]
    found = sensitivity(points, factors, Target("ponded_volume_max_m3"), "morris", 3)
    effects = {e.factor.path: e for e in found.effects}
    rain = effects["drainage.rain_multiplier"]
    rough = effects["drainage.uncertainty.roughness_multiplier"]
    assert found.effects[0] == rain
    assert rain.direction == pytest.approx(rain.main)
    assert rough.direction == pytest.approx(rough.main)  # rougher pipes carry less
    # where a depth counts as waterlogged changes what is told of the water, not the water
    assert effects["drainage.waterlogged_depth_m"].main == 0.0
    assert math.isfinite(found.low)
