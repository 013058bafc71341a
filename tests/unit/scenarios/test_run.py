"""Running: nothing is kept before all is checked, and everything is kept afterwards."""

import errno
import os
import time
from dataclasses import replace

import pytest

from scenarios import document
from scenarios.location import locate
from scenarios.run import prepare, run_scenario, work
from scenarios.store import Store
from sim.city import simulate
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record
from tests.conformance.tank import Tank


class Broken(Tank):
    """Meets a fault of ours in the second replication."""

    def kpis(self, inputs, record):
        if float(record.series["tank", "volume"].values.sum()) == self.fault:
            raise ZeroDivisionError("a fault of ours")
        return super().kpis(inputs, record)


class Unbalanced(Tank):
    """Forgets what leaked."""

    def start(self, inputs, run):
        super().start(inputs, run)
        run.ledger("money", "CNY").inflow("grant", 1.0)


def enqueue(store, prepared, count=1):
    return store.enqueue(
        scenario=prepared.scenario.name, content_hash=prepared.hash,
        document=prepared.scenario.to_json(), seed=prepared.scenario.seed, engine="",
        replications=range(count),
    )  # fmt: skip


def test_replications_are_kept_with_what_they_recorded(scenario, store, systems):
    heard = []
    runs = run_scenario(
        scenario, store=store, replications=2, systems=systems,
        progress=lambda number, fraction: heard.append((number, fraction)),
    )  # fmt: skip
    assert [(run.status, run.replication, run.scenario) for run in runs] == [
        ("done", 0, "tank"), ("done", 1, "tank"),
    ]  # fmt: skip
    inputs = prepare(scenario, systems=systems).inputs
    for run in runs:
        record = simulate(
            inputs, scenario.start, scenario.duration_s, 1, run.replication, systems=systems
        )
        assert store.record(run.id).digest() == record.digest() == run.digest
        assert [kpi for _, kpi in store.kpis(run.id)] == systems["tank"].kpis(
            inputs["tank"], record
        )
        assert 0.0 <= run.ledger_error < 1e-12
    assert runs[0].digest != runs[1].digest
    assert heard[99] == (0, 1.0)
    assert heard[-1] == (1, 1.0)


def test_a_run_can_be_repeated_from_the_store_alone(scenario, store, systems):
    (run,) = run_scenario(scenario, store=store, systems=systems)
    again = document.from_json(run.document, systems=systems)
    (second,) = run_scenario(again, store=store, systems=systems)
    assert (second.hash, second.digest) == (run.hash, run.digest)
    assert second.id != run.id


def test_finished_runs_are_taken_over_only_if_asked(scenario, store, systems):
    first = run_scenario(scenario, store=store, replications=2, systems=systems)
    second = run_scenario(scenario, store=store, replications=3, systems=systems, reuse=True)
    assert [run.id for run in second[:2]] == [run.id for run in first]
    assert len(store.runs()) == 3
    other = document.load("tank.toml", ["seed=2"], systems=systems)
    (fresh,) = run_scenario(other, store=store, systems=systems, reuse=True)
    assert fresh.id not in {run.id for run in second}


@pytest.mark.parametrize(
    ("setting", "where"),
    [("tank.tanks='gone.csv'", "tank.tanks"), ("tank.tanks='.'", "tank.tanks")],
)
def test_an_unusable_scenario_leaves_no_trace(folder, systems, setting, where):
    bad = document.load("tank.toml", [setting], systems=systems)
    with pytest.raises(InputError) as caught:
        run_scenario(bad, systems=systems)
    assert caught.value.where == where
    assert not (folder / ".cityclock").exists()


def test_options_are_checked_before_anything_is_kept(folder, scenario, systems):
    with pytest.raises(InputError, match="1 to 10000"):
        run_scenario(scenario, systems=systems, replications=0)
    with pytest.raises(InputError, match="choice of engines"):
        run_scenario(scenario, systems=systems, engine="swmm")
    assert not (folder / ".cityclock").exists()


def test_a_fault_is_kept_with_stage_and_reason_and_does_not_stop_the_others(
    scenario, store, systems
):
    runs = run_scenario(scenario, store=store, replications=3, systems=systems)
    broken = Broken()
    broken.fault = float(store.record(runs[1].id).series["tank", "volume"].values.sum())
    runs = run_scenario(scenario, store=store, replications=3, systems={"tank": broken})
    assert [run.status for run in runs] == ["done", "failed", "done"]
    assert runs[1].stage == "kpis"
    assert runs[1].reason.startswith("ZeroDivisionError: a fault of ours")
    assert "a fault of ours" in store.log_file(runs[1].id).read_text(encoding="utf-8")


def test_a_run_that_does_not_balance_fails_and_says_where(scenario, store):
    (run,) = run_scenario(scenario, store=store, systems={"tank": Unbalanced()})
    assert (run.status, run.stage) == ("failed", "simulate")
    assert "ledger money" in run.reason
    assert "grant" in run.reason


def test_a_full_disk_is_a_failed_run_and_leaves_nothing_half_written(
    scenario, store, systems, monkeypatch
):
    def full(record, folder):
        folder.mkdir()
        (folder / "ledgers.parquet").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Record, "write", full)
    (run,) = run_scenario(scenario, store=store, systems=systems)
    assert (run.status, run.stage) == ("failed", "write")
    assert os.strerror(errno.ENOSPC) in run.reason
    assert list(store.files.iterdir()) == []


def test_cancelling_keeps_the_run_and_ends_the_rest(scenario, store, systems):
    asked = []
    runs = run_scenario(
        scenario, store=store, replications=3, systems=systems,
        cancelled=lambda: asked.append(1) or len(asked) > 50,
    )  # fmt: skip
    assert [run.status for run in runs] == ["cancelled"] * 3
    assert list(store.files.iterdir()) == []


def test_the_store_can_ask_a_run_to_stop(scenario, store, systems, monkeypatch):
    monkeypatch.setattr("scenarios.run.REPORT_EVERY_S", 0.0)

    def stop(number: int, fraction: float) -> None:
        if fraction == 0.5:
            store.request_cancel([run.id for run in store.runs(status=("running",))])

    (run,) = run_scenario(scenario, store=store, systems=systems, progress=stop)
    assert run.status == "cancelled"
    assert 0.4 < run.progress < 0.6


def test_an_interrupt_ends_all_and_passes_on(scenario, store, systems):
    def interrupt(number: int, fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_scenario(scenario, store=store, replications=2, systems=systems, progress=interrupt)
    assert [run.status for run in store.runs()] == ["cancelled", "cancelled"]


def test_work_runs_what_is_queued_and_skips_what_was_cancelled(scenario, store, systems):
    first, second = enqueue(store, prepare(scenario, systems=systems), 2)
    store.request_cancel([first])
    work([first, second], store, systems=systems)
    assert store.get(first).status == "cancelled"
    assert store.get(second).status == "done"


def test_work_refuses_files_that_changed_meanwhile(folder, scenario, store, systems):
    (run_id,) = enqueue(store, prepare(scenario, systems=systems))
    (folder / "tanks.csv").write_text("id,volume_m3,full_m3\neast,1,2\n", encoding="utf-8")
    work([run_id], store, systems=systems)
    run = store.get(run_id)
    assert (run.status, run.stage) == ("failed", "load")
    assert "changed" in run.reason


def test_work_keeps_the_reason_why_inputs_cannot_be_read(folder, scenario, store, systems):
    (run_id,) = enqueue(store, prepare(scenario, systems=systems))
    (folder / "tanks.csv").unlink()
    work([run_id], store, systems=systems)
    run = store.get(run_id)
    assert (run.status, run.stage) == ("failed", "load")
    assert "tank.tanks: no such file" in run.reason


def test_the_hash_follows_the_files(folder, scenario, systems):
    first = prepare(scenario, systems=systems).hash
    assert prepare(replace(scenario, name="other"), systems=systems).hash == first
    with (folder / "tanks.csv").open("a", encoding="utf-8") as file:
        file.write("north,1,2\n")
    assert prepare(scenario, systems=systems).hash != first


def test_a_run_in_the_background_outlives_its_page_and_is_followed_in_the_store(folder):
    # A real scenario: the process that runs it knows the registered systems only.
    from scenarios.run import submit

    scenario = document.load("swmm-file", ["duration_h=0.5"])
    with Store(locate()) as store:
        (run_id,) = submit(scenario, store=store)
        for _ in range(600):
            if store.get(run_id).ended:
                break
            time.sleep(0.2)
            store.sweep()
        run = store.get(run_id)
        log = store.log_file(run_id).read_text(encoding="utf-8")
        assert (run.status, run.reason) == ("done", ""), log
        assert store.record(run_id).digest() == run.digest
