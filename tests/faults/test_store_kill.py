"""kill -9 at any moment: what was done stays, what was not is marked, nothing is half visible."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios import document
from scenarios.location import FILES_VARIABLE, STORE_VARIABLE, locate
from scenarios.run import run_scenario
from scenarios.store import Store
from tests.conformance.tank import TANK
from tests.faults.doomed_worker import POINTS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("doomed_worker.py")
DOCUMENT = """\
start = 2021-07-20T12:00:00+08:00
duration_h = 6
title = {en = "Tanks", zh = "水箱"}
[tank]
tanks = "tanks.csv"
pulse_m3 = 5
mean_gap_s = 1800
leak_per_s = 5e-5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (STORE_VARIABLE, FILES_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    tanks = ROOT / "tests" / "conformance" / "tanks.csv"
    (tmp_path / "tanks.csv").write_bytes(tanks.read_bytes())
    (tmp_path / "tank.toml").write_text(DOCUMENT, encoding="utf-8")
    return tmp_path


def start(point: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, str(WORKER), point], stdout=subprocess.PIPE, text=True)


def check(store: Store, told: list[str]) -> None:
    """Everything the worker was told is done, is; what is done is whole; nothing else is left."""
    runs = store.runs()
    by_id = {run.id: run for run in runs}
    assert set(told) <= set(by_id)
    assert all(by_id[run_id].status == "done" for run_id in told)
    assert {run.status for run in runs} <= {"done", "failed"}
    done = {run.id: run for run in runs if run.status == "done"}
    for run_id, run in done.items():
        assert store.record(run_id).digest() == run.digest
        scenario = document.from_json(run.document, systems={"tank": TANK})
        inputs = TANK.load(
            scenario.sections["tank"], scenario.folder, scenario.start, scenario.duration_s
        )
        expected = [("tank", kpi) for kpi in TANK.kpis(inputs, store.record(run_id))]
        assert store.kpis(run_id) == expected
    for run in runs:
        if run.status == "failed":
            assert run.reason == "process ended"
            assert store.kpis(run.id) == []
    assert {path.name for path in store.files.iterdir()} == set(done)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_chosen_point(folder, point):
    with start(point) as worker:
        told = worker.stdout.read().split()
    assert worker.returncode == -9
    assert len(told) == 1
    with Store(locate()) as store:
        check(store, told)
        runs = store.runs()
        assert len(runs) == 2
        kept = point in ("renamed", "in the transaction", "committed")
        assert runs[0].status == ("done" if kept else "failed")
        # The store goes on as if nothing had been.
        again = document.load("tank.toml", ["seed=1"], systems={"tank": TANK})
        (run,) = run_scenario(again, store=store, systems={"tank": TANK})
        check(store, [*told, run.id])
        assert not kept or runs[0].digest == run.digest


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_a_random_moment(folder, seed):
    with start("nowhere") as worker:
        told = [worker.stdout.readline().strip()]
        time.sleep(random.Random(seed).uniform(0.0, 0.4))
        worker.kill()
        told += worker.stdout.read().split()
    with Store(locate()) as store:
        check(store, told)
        assert len(store.runs()) - len(told) in (0, 1)


def test_two_killed_together_leave_a_store_for_a_third(folder):
    workers = [start("nowhere") for _ in range(2)]
    told = [worker.stdout.readline().strip() for worker in workers]
    time.sleep(0.3)
    for worker in workers:
        worker.kill()
    for worker in workers:
        told += worker.communicate()[0].split()
    with Store(locate()) as store:
        check(store, told)


def test_a_living_worker_is_not_disturbed_by_those_who_look(folder):
    with start("nowhere") as worker:
        told = [worker.stdout.readline().strip()]
        for _ in range(20):
            with Store(locate()) as store:
                assert "failed" not in {run.status for run in store.runs()}
        worker.kill()
        told += worker.stdout.read().split()
    with Store(locate()) as store:
        check(store, told)
