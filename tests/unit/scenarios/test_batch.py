"""Replications in worker processes: shared out, kept, taken up again, stopped."""

import time

import pytest
from typer.testing import CliRunner

from scenarios import batch, document
from scenarios.cli import app
from scenarios.run import enqueue, prepare, run_prepared
from sim.kernel.errors import InputError

CASE = ["drainage.uncertainty.rain_spread=0.3", "drainage.report_step_s=300"]


@pytest.fixture
def prepared():
    return prepare(document.load("swmm-file", CASE))


@pytest.fixture
def kept(store):
    """An empty store in a folder of its own."""
    return store


def wait_for(ids, store, seconds=120.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        runs, _ = batch.standing(ids, store)
        if all(run.ended for run in runs):
            return runs
        time.sleep(0.2)
    raise AssertionError([run.status for run in batch.standing(ids, store)[0]])


@pytest.mark.slow
def test_two_workers_give_what_one_process_gives_and_are_not_asked_twice(prepared, kept):
    """Replications are the same whoever runs them; what is there already is taken as it is."""
    here = run_prepared(prepared, kept, replications=1)
    ids = batch.start(prepared, kept, 4)
    assert ids[0] == here[0].id
    runs = wait_for(ids, kept)
    assert [run.status for run in runs] == ["done"] * 4
    assert [run.replication for run in runs] == [0, 1, 2, 3]
    assert len({run.pid for run in runs[1:]}) == 2
    assert len({run.digest for run in runs}) == 4
    again = run_prepared(prepared, kept, replications=4)
    assert [run.digest for run in again] == [run.digest for run in runs]
    assert batch.start(prepared, kept, 2) == [run.id for run in again[:2]]


def test_a_cancelled_batch_goes_on_with_what_is_missing(prepared, kept):
    first = run_prepared(prepared, kept, replications=1)[0]
    queued = enqueue(prepared, kept, [1, 2])
    assert sorted(batch.find(prepared, kept, 3)) == [0, 1, 2]
    runs, fraction = batch.standing([first.id, *queued], kept)
    assert fraction == pytest.approx(1 / 3)
    kept.request_cancel([run.id for run in runs])
    assert kept.get(first.id).status == "done"
    assert sorted(batch.find(prepared, kept, 3)) == [0]


def test_another_seed_or_setting_is_another_batch(prepared, kept):
    run_prepared(prepared, kept)
    other = prepare(document.load("swmm-file", [*CASE, "seed=2"]))
    assert batch.find(prepared, kept, 1)
    assert not batch.find(other, kept, 1)


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_an_odd_number_of_replications_is_refused(prepared, kept, count):
    with pytest.raises(InputError, match="replications"):
        batch.start(prepared, kept, count)
    assert kept.runs() == []


def test_the_command_takes_what_is_there_and_shows_the_chances(prepared, kept):
    run_prepared(prepared, kept, replications=3)
    arguments = ["uncertainty", "swmm-file", "--replications", "3"]
    arguments += [part for setting in CASE for part in ("--set", setting)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "3 replications" in result.output
    assert "Slowest zone" in result.output
    assert len(kept.runs()) == 3
    assert "最慢分区" in CliRunner().invoke(app, [*arguments, "--lang", "zh"]).output


def test_the_command_refuses_a_scenario_without_chance_and_starts_nothing(kept):
    result = CliRunner().invoke(app, ["uncertainty", "swmm-file"])
    assert result.exit_code == 2
    assert "drainage.uncertainty" in result.output
    assert kept.runs() == []
