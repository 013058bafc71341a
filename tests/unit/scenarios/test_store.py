"""The store: what a run's life looks like in it, and what it refuses."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios import schema
from scenarios.database import StoreError
from scenarios.location import locate
from scenarios.process import Owner, owner_of, this_process
from scenarios.result import Result
from scenarios.store import Store
from scenarios.version import CodeVersion
from sim.kernel.errors import InputError
from sim.kernel.recorder import Recorder
from sim.kernel.system import Kpi

CODE = CodeVersion("abc", False, "d1")
KPIS = (
    ("tank", Kpi(name="leaked", entity="", value=0.1 + 0.2, unit="m3", limit=1.0)),
    ("tank", Kpi(name="dry_h", entity="east", value=None, unit="h", status="not_drained")),
)


def enqueue(
    store: Store, *, scenario: str = "tank", count: int = 1, digest: str = "h1"
) -> list[str]:
    return store.enqueue(
        scenario=scenario, content_hash=digest, document="{}", seed=1, engine="native",
        replications=range(count), code=CODE,
    )  # fmt: skip


def finish(store: Store, run_id: str) -> Result:
    recorder = Recorder()
    recorder.event(1.0, "tank", "full", "east", 2.0)
    record = recorder.record()
    result = Result(KPIS, 1.5, 1e-16, record.digest())
    assert store.claim(run_id)
    store.finish(run_id, record, result)
    return result


def ended_process() -> Owner:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(child.pid)
    child.communicate(b"\n")
    return owner


def test_a_run_goes_from_queued_to_done_and_is_kept_exactly(store):
    run_id, _ = ids = enqueue(store, count=2)
    queued = store.get(run_id)
    assert (queued.status, queued.progress, queued.batch) == ("queued", 0.0, ids[0])
    assert Owner(queued.host, queued.pid, queued.born) == this_process()
    result = finish(store, run_id)
    done = store.get(run_id)
    assert (done.status, done.stage, done.progress) == ("done", "done", 1.0)
    assert (done.seconds, done.ledger_error) == (result.seconds, result.ledger_error)
    assert done.created_at <= done.started_at <= done.finished_at
    assert tuple(store.kpis(run_id)) == KPIS
    assert store.record(run_id).digest() == done.digest == result.digest
    assert sorted(path.name for path in store.files.iterdir()) == [run_id]
    assert done.ended
    assert not queued.ended


def test_a_run_is_claimed_once(store):
    (run_id,) = enqueue(store)
    assert store.claim(run_id)
    assert not store.claim(run_id)


def test_a_failed_run_keeps_stage_and_reason_and_no_files(store):
    (run_id,) = enqueue(store)
    store.claim(run_id)
    (store.files / f".{run_id}.part").mkdir()
    store.fail(run_id, "simulate", "tank overflowed")
    run = store.get(run_id)
    assert (run.status, run.stage, run.reason) == ("failed", "simulate", "tank overflowed")
    assert list(store.files.iterdir()) == []
    with pytest.raises(InputError, match="failed: tank overflowed"):
        store.record(run_id)


def test_what_has_ended_stays_as_it_is(store):
    (run_id,) = enqueue(store)
    finish(store, run_id)
    store.fail(run_id, "x", "late")
    store.cancel(run_id)
    store.request_cancel([run_id])
    assert store.get(run_id).status == "done"
    assert store.record(run_id).events["kind"].tolist() == ["full"]


def test_asking_to_stop_ends_queued_runs_and_flags_running_ones(store):
    running, queued = enqueue(store, count=2)
    store.claim(running)
    assert store.report(running, "simulate", 0.25) is False
    store.request_cancel([running, queued])
    assert store.get(queued).status == "cancelled"
    assert store.get(running).status == "running"
    assert store.report(running, "simulate", 0.5) is True
    assert store.get(running).progress == 0.5


def test_a_result_nobody_waits_for_is_refused(store):
    (run_id,) = enqueue(store)
    store.claim(run_id)
    store.cancel(run_id)
    record = Recorder().record()
    with pytest.raises(StoreError, match="ended by someone else"):
        store.finish(run_id, record, Result((), 1.0, 0.0, record.digest()))
    assert list(store.files.iterdir()) == []


@pytest.mark.parametrize("status", ["queued", "running"])
def test_runs_of_a_process_that_has_ended_fail(store, status):
    (run_id,) = enqueue(store)
    store.assign([run_id], ended_process())
    if status == "running":
        store._change([run_id], ("queued",), status="running", stage="simulate")
    assert store.sweep() == [run_id]
    run = store.get(run_id)
    stage = "queue" if status == "queued" else "simulate"
    assert (run.status, run.stage, run.reason) == ("failed", stage, "process ended")


def test_runs_of_living_processes_and_other_machines_are_left_alone(store):
    mine, theirs = enqueue(store, count=2)
    store.assign([theirs], Owner("another-machine", 1, "x"))
    assert store.sweep() == []
    assert store.get(mine).status == store.get(theirs).status == "queued"


def test_a_process_number_used_again_does_not_keep_a_run_alive(store):
    (run_id,) = enqueue(store)
    store.assign([run_id], replace(this_process(), born="an earlier life"))
    assert store.sweep() == [run_id]


def test_opening_sweeps(folder):
    with Store() as store:
        (run_id,) = enqueue(store)
        store.assign([run_id], ended_process())
    with Store() as store:
        assert store.get(run_id).status == "failed"


def test_runs_are_found_by_id_by_its_beginning_and_by_scenario(store):
    first, second = enqueue(store), enqueue(store, scenario="other")
    assert store.get(first[0]).id == first[0]
    assert store.get(first[0][:6]).id == first[0]
    assert [run.id for run in store.runs()] == [*second, *first]
    assert [run.id for run in store.runs(scenario="other")] == second
    assert store.runs(status=("done",)) == []
    for wrong in ("", "zzz", "%", "_______"):
        with pytest.raises(InputError):
            store.get(wrong)


def test_the_newest_runs_of_a_scenario_share_hash_and_code(store):
    old = enqueue(store, digest="h0")
    first = enqueue(store, count=2)
    again = enqueue(store)
    failed = enqueue(store, count=3)
    for run_id in (*old, *first, *again):
        finish(store, run_id)
    for run_id in failed:
        store.fail(run_id, "load", "x")
    assert [run.id for run in store.newest("tank")] == [again[0], first[1]]
    assert store.newest("nothing") == []


def test_the_same_run_is_found_only_if_all_that_decides_is_the_same(store):
    (run_id,) = enqueue(store)
    assert store.same("h1", 1, 0, CODE) is None
    finish(store, run_id)
    assert store.same("h1", 1, 0, CODE).id == run_id
    assert store.same("h1", 1, 0, replace(CODE, name="other commit", dirty=True)).id == run_id
    for wrong in (("h2", 1, 0, CODE), ("h1", 2, 0, CODE), ("h1", 1, 1, CODE),
                  ("h1", 1, 0, replace(CODE, digest="d2"))):  # fmt: skip
        assert store.same(*wrong) is None


def test_processes_that_open_a_new_store_together_do_not_collide(folder):
    def open_and_add(_: int) -> str:
        with Store() as store:
            return enqueue(store)[0]

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(open_and_add, range(8)))
    with Store() as store:
        assert {run.id for run in store.runs()} == set(ids)


def test_sqlite_is_set_up_to_survive_a_power_cut(store):
    with store._database.write() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 30_000]


def test_a_transaction_is_kept_whole_or_not_at_all(store):
    (run_id,) = enqueue(store)
    store.claim(run_id)
    record = Recorder().record()
    twice = (KPIS[0], KPIS[0])
    with pytest.raises(StoreError, match="UNIQUE"):
        store.finish(run_id, record, Result(twice, 1.0, 0.0, record.digest()))
    assert store.get(run_id).status == "running"
    assert store.kpis(run_id) == []


# --- what it refuses -----------------------------------------------------------------------


def test_a_damaged_database_is_named(folder):
    (folder / ".cityclock").mkdir()
    (folder / ".cityclock" / "runs.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError, match=r"runs\.sqlite.*not a database.*hint"):
        Store()


def test_another_schema_is_refused_and_not_touched(folder):
    Store().close()
    path = folder / ".cityclock" / "runs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("UPDATE about SET value = '99'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="schema 99"):
        Store()


def test_a_folder_that_cannot_be_made_is_named(folder):
    (folder / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="CITYCLOCK_STORE"):
        Store(locate(folder / "file" / "store"))


def test_a_locked_database_is_told_apart(store, monkeypatch):
    monkeypatch.setattr("scenarios.database.BUSY_SECONDS", 0)
    with (
        Store(store.location) as hasty,
        store._database.write(),
        pytest.raises(StoreError, match="locked.*hint: another process is writing"),
    ):
        enqueue(hasty)


def test_status_must_be_a_known_one(store):
    (run_id,) = enqueue(store)
    with pytest.raises(StoreError, match="CHECK"):
        store._change([run_id], ("queued",), status="odd")


# --- where it is ---------------------------------------------------------------------------


def test_the_default_is_a_hidden_folder_of_the_project(folder):
    place = locate()
    assert place.folder == folder / ".cityclock"
    assert place.database_file == folder / ".cityclock" / "runs.sqlite"
    assert not place.exists()
    with Store(place):
        assert place.exists()
        assert (place.folder / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_the_environment_leads_another_process_to_the_same_place(folder, monkeypatch):
    for place in ("elsewhere", "sqlite:///sub/my.sqlite"):
        found = locate(place)
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        os.chdir(folder.parent)
        assert locate() == found
        os.chdir(folder)


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/db", "nonsense://", "sqlite://", "sqlite:///:memory:", "://x"]
)
def test_addresses_that_cannot_be_a_store(folder, url):
    with pytest.raises(InputError) as caught:
        locate(url)
    assert caught.value.where == "CITYCLOCK_STORE"
    assert "secret" not in str(caught.value)


def test_a_team_database_needs_its_driver(folder):
    place = locate("postgresql+nodriver://u:secret@localhost/db")
    assert place.folder == folder / ".cityclock"
    with pytest.raises(StoreError, match="driver") as caught:
        Store(place)
    assert "secret" not in str(caught.value)


def test_the_tables_fit_postgresql():
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    text = "".join(
        str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for table in schema.metadata.sorted_tables
    )
    assert text.count("CREATE TABLE") == 3


@pytest.mark.skipif(
    "CITYCLOCK_TEST_POSTGRES" not in os.environ, reason="no PostgreSQL address given"
)
def test_a_run_is_kept_in_postgresql(folder: Path):
    with Store(locate(os.environ["CITYCLOCK_TEST_POSTGRES"])) as store:
        (run_id,) = enqueue(store)
        finish(store, run_id)
        assert tuple(store.kpis(run_id)) == KPIS
        assert store.get(run_id).status == "done"
        (other,) = enqueue(store)
        store.assign([other], ended_process())
        assert other in store.sweep()
