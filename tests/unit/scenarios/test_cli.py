"""The command line: what it prints, its exit codes, and that bad input leaves no trace."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scenarios import document, verify
from scenarios.cli import app
from scenarios.location import locate
from scenarios.run import run_scenario
from scenarios.store import Store
from sim.kernel import registry
from tests.conformance.tank import TANK, Tank

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tanks(folder, monkeypatch):
    """The command line with the tank as its only system, in a project folder."""
    monkeypatch.setattr(registry, "systems", lambda: {"tank": TANK})
    return folder


def call(*arguments: str):
    """Call the command; an exception that is no exit would be a traceback for the user."""
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def run_ids(folder: Path) -> list[str]:
    with Store(locate()) as store:
        return [run.id for run in store.runs()]


def test_scenarios_lists_the_library_in_both_languages():
    assert "hebi-2021-before" in call("scenarios").output
    assert "Design storm" in call("scenarios").output
    assert "设计暴雨" in call("scenarios", "--lang", "zh").output


def test_show_says_which_file_set_a_value(tanks):
    result = call("show", "tank.toml", "--set", "tank.pulse_m3=7")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert ["tank.pulse_m3", "7.0", "--set"] in lines
    assert ["tank.leak_per_s", "5e-05", "tank.toml"] in lines
    assert ["tank.gauges", "[]", "default"] in lines


def test_validate_names_the_hash_and_keeps_nothing(tanks):
    result = call("validate", "tank.toml")
    assert result.exit_code == 0
    assert "tank: valid; files 1; hash" in result.output
    assert not (tanks / ".cityclock").exists()


def test_diff_shows_only_what_differs(tanks):
    (tanks / "b.toml").write_text('extends = "tank.toml"\nseed = 4\n', encoding="utf-8")
    lines = [line.split() for line in call("diff", "tank.toml", "b.toml").output.splitlines()]
    assert [line for line in lines if len(line) == 3][1:] == [["seed", "1", "4"]]
    assert "the same" in call("diff", "tank.toml", "tank.toml").output


def test_run_keeps_the_runs_and_prints_their_figures(tanks):
    result = call("run", "tank.toml", "--replications", "2")
    assert result.exit_code == 0, result.output
    assert "Leaked volume" in result.output
    assert "±" in result.output
    assert "漏失水量" in call("run", "tank.toml", "--reuse", "--lang", "zh").output
    ids = run_ids(tanks)
    assert len(ids) == 2
    listed = call("runs").output
    assert all(run_id in listed for run_id in ids)
    assert max(len(line) for line in (result.output + listed).splitlines()) <= 100


def test_runs_without_a_store_makes_none(tanks):
    result = call("runs")
    assert (result.exit_code, result.output.strip()) == (0, "No runs yet.")
    assert not (tanks / ".cityclock").exists()


def test_compare_takes_scenarios_and_ids(tanks):
    (tanks / "b.toml").write_text('extends = "tank.toml"\n[tank]\npulse_m3 = 6\n', encoding="utf-8")
    call("run", "tank.toml", "--replications", "2")
    call("run", "b.toml", "--replications", "2")
    result = call("compare", "tank", "b")
    assert result.exit_code == 0
    assert "tank.pulse_m3" in result.output
    assert "2 replications" in result.output
    assert "±" in result.output
    ids = run_ids(tanks)
    single = call("compare", ids[0], ids[2])
    assert single.exit_code == 0
    assert "±" not in single.output


BAD = [
    ("show", "nope"),
    ("show", "gone.toml"),
    ("show", "tank.toml", "--set", "tank.puls_m3=1"),
    ("show", "tank.toml", "--set", "rubbish"),
    ("validate", "tank.toml", "--set", "tank.tanks='gone.csv'"),
    ("run", "nope"),
    ("run", "tank.toml", "--set", "tank.pulse_m3=nan"),
    ("run", "tank.toml", "--set", "tank.pulse_m3='5 m3'", "--set", "seed=-1"),
    ("run", "tank.toml", "--set", "tank.tanks='gone.csv'"),
    ("run", "tank.toml", "--engine", "swmm"),
    ("run", "tank.toml", "--engine", "magic"),
    ("run", "tank.toml", "--replications", "0"),
    ("run",),
    ("run", "circle.toml"),
    ("run", "broken.toml"),
    ("diff", "tank.toml", "nope"),
    ("compare", "tank", "tank"),
    ("report", "xyz"),
    ("verify", "xyz"),
    ("import", "swmm", "gone.inp"),
    ("export", "swmm", "nope"),
    ("export", "swmm", "tank.toml"),
    ("scenarios", "--lang", "fr"),
    ("frobnicate",),
]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input_exits_with_2_says_why_and_leaves_no_trace(tanks, arguments):
    (tanks / "circle.toml").write_text('extends = "circle.toml"\n', encoding="utf-8")
    (tanks / "broken.toml").write_text("a = \n", encoding="utf-8")
    before = sorted(tanks.rglob("*"))
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert sorted(tanks.rglob("*")) == before


def test_each_error_is_a_block_with_file_path_value_and_hint(tanks):
    result = call("run", "tank.toml", "--set", "tank.puls_m3=1", "--set", "seed='x'")
    blocks = result.stderr.strip().splitlines()
    assert len(blocks) == 2
    assert all(block.startswith("error: --set: ") for block in blocks)
    assert any("did you mean 'pulse_m3'?" in block for block in blocks)


def test_an_unknown_run_is_refused_in_a_store_with_runs(tanks):
    call("run", "tank.toml")
    for command in ("report", "verify"):
        result = call(command, "xyz")
        assert result.exit_code == 2
        assert "no such run" in result.stderr


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_a_strict_verification_exits_with_1_if_a_figure_is_outside(tanks, monkeypatch, ok, code):
    rows = [verify.GapRow("ponded_volume_max", "m3", 1.0, 1.0, 0.0, "%", "+-3 %", ok)]
    monkeypatch.setattr(verify, "verify", lambda run_id, store: rows)
    call("run", "tank.toml")
    (run_id,) = run_ids(tanks)
    assert call("verify", run_id, "--strict").exit_code == code
    assert call("verify", run_id).exit_code == 0


def test_a_failed_run_exits_with_1_and_is_listed_with_its_reason(tanks, monkeypatch):
    class Failing(Tank):
        def kpis(self, inputs, record):
            raise RuntimeError("it broke")

    monkeypatch.setattr(registry, "systems", lambda: {"tank": Failing()})
    result = call("run", "tank.toml")
    assert result.exit_code == 1
    assert "it broke" in result.stderr
    listed = call("runs").output  # a narrow column may break between the words
    assert "kpis" in listed
    assert "RuntimeError" in listed


def test_a_run_cancelled_elsewhere_exits_with_130(tanks, monkeypatch):
    class Stopping(Tank):
        def start(self, inputs, run):
            super().start(inputs, run)
            with Store(locate()) as store:
                store.request_cancel([one.id for one in store.runs(status=("running",))])

    monkeypatch.setattr(registry, "systems", lambda: {"tank": Stopping()})
    result = call("run", "tank.toml", "--replications", "2")
    assert result.exit_code == 130
    assert result.output.count("cancelled") >= 2


def test_an_unusable_store_is_explained(tanks, monkeypatch):
    (tanks / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("CITYCLOCK_STORE", str(tanks / "file"))
    result = call("run", "tank.toml")
    assert result.exit_code == 2
    assert "CITYCLOCK_STORE" in result.stderr


INTERRUPTED = """
import signal, sys, time
# a shell that puts its jobs in the background has them ignore the signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from sim.kernel import registry
from tests.conformance.tank import Tank

class Slow(Tank):
    def start(self, inputs, run):
        super().start(inputs, run)
        def dawdle():
            while True:
                time.sleep(0.01)
                yield run.clock.env.timeout(60.0)
        run.clock.env.process(dawdle())
        print("started", flush=True)

registry.systems = lambda: {"tank": Slow()}
sys.argv = ["cityclock", "run", "tank.toml", "--replications", "2"]
from scenarios.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_control_c_cancels_and_keeps_the_runs_as_cancelled(tanks, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with command:
        assert command.stdout.readline().strip() == "started"
        time.sleep(0.2)
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=30)
    assert command.returncode == 130
    assert "Traceback" not in said
    with Store(locate()) as store:
        assert [run.status for run in store.runs()] == ["cancelled", "cancelled"]


def test_a_swmm_file_becomes_a_scenario_that_exports_again(folder):
    example = ROOT / "data" / "examples" / "two-basins.inp"
    result = call("import", "swmm", str(example), "--out", "mine")
    assert result.exit_code == 0, result.stderr
    assert "6 junctions" in result.output
    assert "[OPTIONS]" in result.output
    assert call("validate", "mine/two-basins.toml").exit_code == 0
    again = call("import", "swmm", str(example), "--out", "mine")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    result = call("export", "swmm", "mine/two-basins.toml", "--out", "out.inp")
    assert (result.exit_code, result.output.strip()) == (0, "out.inp")
    assert call("import", "swmm", "out.inp").output.startswith("6 junctions, 1 outfalls")


def test_the_report_of_a_run_is_written_where_asked(folder, monkeypatch):
    scenario = document.load("swmm-file", ["duration_h=0.5"])
    (run,) = run_scenario(scenario)
    assert run.status == "done", run.reason
    result = call("report", run.id, "--out", "sub/r.html")
    assert result.exit_code == 0, result.stderr
    assert "</html>" in (folder / "sub" / "r.html").read_text(encoding="utf-8")
