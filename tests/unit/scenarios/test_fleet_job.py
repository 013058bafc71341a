"""Jobs of the fleet: what is asked comes back as it was asked, ends are kept, wishes are heard."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from optimize.routing.plan import Progress
from scenarios import document, fleet_job
from scenarios.fleet_arms import Sizes
from scenarios.fleet_job import ResponseRequest, SizesRequest
from scenarios.job_folder import STOP, JobFolder, publish
from scenarios.location import Location, locate
from scenarios.process import owner_of, this_process
from scenarios.routes import Request
from scenarios.store import Store
from sim.kernel.errors import Cancelled, InputError
from tests.fleet_town import write_town


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    monkeypatch.setenv("CITYCLOCK_STORE", str(tmp_path / "store"))
    return locate()


def folder(location: Location) -> JobFolder:
    job = fleet_job.job(location, "key")
    job.folder.mkdir(parents=True)
    return job


def test_a_job_is_new_then_running_then_done(location: Location) -> None:
    job = fleet_job.job(location, "key")
    assert job.standing().state == "new"
    job.folder.mkdir(parents=True)
    publish(job.folder / "owner.json", json.dumps(asdict(this_process())))
    assert job.standing() == replace(job.standing(), state="running", told={})
    job.teller()({"phase": "search", "done": 0.5})
    assert job.standing().told == {"phase": "search", "done": 0.5}
    job.finish({"a": 1})
    assert job.standing().state == "done"
    assert job.answer() == {"a": 1}


def test_a_worker_that_vanished_has_failed_with_its_last_words(location: Location) -> None:
    job = folder(location)
    owner = asdict(this_process()) | {"born": "long ago"}
    publish(job.folder / "owner.json", json.dumps(owner))
    (job.folder / "log.txt").write_text("MemoryError\n")
    standing = job.standing()
    assert standing.state == "failed"
    assert standing.error == "the worker has ended\nMemoryError"


def test_an_end_without_an_answer_is_kept(location: Location) -> None:
    job = folder(location)
    job.fail(InputError("no such truck", where="plan.csv"))
    assert job.standing().error == "plan.csv: no such truck"
    (job.folder / "error.txt").unlink()
    job.fail(Cancelled("enough"))
    assert job.standing().state == "cancelled"


def test_a_worker_that_does_not_listen_is_ended(location: Location) -> None:
    job = folder(location)
    deaf = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        publish(job.folder / "owner.json", json.dumps(asdict(owner_of(deaf.pid))))
        assert job.standing().state == "running"
        job.stop(grace_s=0.0)
        assert deaf.wait(20) != 0
        end = time.monotonic() + 10.0
        while job.standing().state != "cancelled" and time.monotonic() < end:
            time.sleep(0.02)
        assert job.standing().state == "cancelled"
    finally:
        deaf.kill()


@pytest.mark.parametrize(
    "asked",
    [Request("core", 3.0, 7, 2, 1, 4), SizesRequest((1, 2), (3,), 98.0, 2), ResponseRequest(4)],
)
def test_what_is_asked_survives_json(asked: fleet_job.Asked) -> None:
    kind = fleet_job._kind(asked)
    data = json.loads(json.dumps({"kind": kind, "request": asdict(asked)}))
    assert fleet_job._request(data) == asked


def test_the_key_follows_the_question(tmp_path: Path) -> None:
    scenario = document.load(write_town(tmp_path))
    keys = {
        fleet_job.key_of(one, asked)
        for one in (scenario, replace(scenario, seed=9))
        for asked in (Request(seed=1), Request(seed=2), ResponseRequest(), SizesRequest((1,), (1,)))
    }
    assert len(keys) == 8
    assert fleet_job.key_of(scenario, Request(seed=1)) in keys


def test_enough_ends_the_search_but_not_the_simulation(location: Location) -> None:
    job = folder(location)
    search = fleet_job._Search(10.0, job.teller(), job)
    search.report(Progress(2.0, 100, 3, 50.0, float("nan")))
    told = json.loads((job.folder / "progress.json").read_text())
    assert (told["trucks"], told["cost"], told["bound"], told["done"]) == (3, 50.0, None, 0.2)
    assert not search.cancelled()
    job.wish(fleet_job.ENOUGH)
    assert search.cancelled()
    search.ends(lambda arm, done: None)("optimised", 0.1)
    assert not search.cancelled()
    job.wish(STOP)
    assert search.cancelled()


def test_a_worker_answers_what_was_asked(tmp_path: Path, location: Location) -> None:
    scenario = document.load(write_town(tmp_path))
    job = folder(location)
    request = asdict(SizesRequest((1,), (1,), 50.0, 1))
    asked = {"scenario": scenario.to_json(), "kind": "sizes", "request": request}
    publish(job.folder / "asked.json", json.dumps(asked))
    fleet_job.work(location, "key", workers=0)
    with Store(location) as store:
        found = fleet_job.read(location, "key", store)
    assert isinstance(found, Sizes)
    assert [(size.trucks, size.guns) for size in found.sizes] == [(1, 1)]


def test_a_worker_keeps_why_it_cannot_answer(tmp_path: Path, location: Location) -> None:
    scenario = document.load(write_town(tmp_path))
    job = folder(location)
    asked = {"scenario": scenario.to_json(), "kind": "response", "request": {"replications": 1}}
    publish(job.folder / "asked.json", json.dumps(asked))
    with pytest.raises(InputError, match="nothing goes wrong"):
        fleet_job.work(location, "key")
    assert "nothing goes wrong" in job.standing().error
