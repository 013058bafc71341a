"""The desk: what it answers while checking, queueing, running and reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ui.desk as desk_module
from scenarios.location import locate
from scenarios.store import Store
from scenarios.version import code_version
from sim.kernel.errors import InputError
from tests.synthetic_runs import before
from ui.desk import Arm, Desk, Standing

ARM = Arm("town")
PREPARED: Any = SimpleNamespace(hash="h1", scenario=SimpleNamespace(name="town", seed=1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(locate(tmp_path)) as opened:
        yield opened


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(desk_module, "check", lambda arm: PREPARED)
    return Desk(store)


def settled(desk: Desk, arm: Arm = ARM) -> Standing:
    """The standing once the desk's own threads are through."""
    end = time.monotonic() + 10
    while (standing := desk.standing(arm)).state in ("checking", "reading"):
        assert time.monotonic() < end, "the desk never finished"
        time.sleep(0.01)
    return standing


def enqueue(store: Store, **changes: Any) -> str:
    facts = {"scenario": "town", "content_hash": "h1", "document": "{}", "seed": 1} | changes
    (run_id,) = store.enqueue(**facts, engine="native", replications=[0])
    return run_id


def test_a_page_never_waits_for_a_check(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow(arm: Arm) -> Any:
        release.wait(10)
        return PREPARED

    monkeypatch.setattr(desk_module, "check", slow)
    desk = Desk(store)
    began = time.monotonic()
    assert desk.standing(ARM).state == "checking"
    assert time.monotonic() - began < 1.0
    release.set()
    assert settled(desk).state == "new"


def test_what_is_wrong_with_a_scenario_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(arm: Arm) -> Any:
        raise InputError("no such file", where="drainage.network", value="x")

    monkeypatch.setattr(desk_module, "check", refuse)
    standing = settled(Desk(store))
    assert standing.state == "unusable"
    assert "drainage.network: no such file" in standing.error


def test_it_follows_a_run_through_its_life(desk: Desk, store: Store) -> None:
    run_id = enqueue(store)
    assert settled(desk).state == "queued"
    store.claim(run_id)
    store.report(run_id, "simulate", 0.5)
    standing = settled(desk)
    assert (standing.state, standing.run and standing.run.progress) == ("running", 0.5)
    assert standing.pending
    store.fail(run_id, "simulate", "ledger water: off by 3 m3")
    standing = settled(desk)
    assert (standing.state, standing.error) == ("failed", "ledger water: off by 3 m3")
    assert not standing.pending


def test_only_a_run_of_this_very_content_counts(desk: Desk, store: Store) -> None:
    for changes in ({"content_hash": "h2"}, {"seed": 2}, {"scenario": "village"}):
        enqueue(store, **changes)
    assert settled(desk).state == "new"


def test_start_is_a_queued_run_at_once(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def submit(scenario: Any, *, store: Store) -> list[str]:
        release.wait(10)
        return [enqueue(store)]

    monkeypatch.setattr(desk_module, "submit", submit)
    assert settled(desk).state == "new"
    desk.start(ARM)
    assert desk.standing(ARM) == Standing("queued")
    release.set()
    end = time.monotonic() + 10
    while desk.standing(ARM).run is None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_start_that_fails_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(scenario: Any, *, store: Store) -> list[str]:
        raise InputError("cannot be written", where="store")

    monkeypatch.setattr(desk_module, "submit", submit)
    settled(desk)
    desk.start(ARM)
    end = time.monotonic() + 10
    while (standing := desk.standing(ARM)).state == "queued":
        assert time.monotonic() < end
        time.sleep(0.01)
    assert standing.state == "failed"
    assert "cannot be written" in standing.error


def test_cancel_reaches_the_store(desk: Desk, store: Store) -> None:
    run_id = enqueue(store)
    settled(desk)
    desk.cancel(ARM)
    assert store.get(run_id).status == "cancelled"
    assert settled(desk).state == "cancelled"


def test_a_cancel_that_comes_before_the_store_knows_the_run_is_kept(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def submit(scenario: Any, *, store: Store) -> list[str]:
        release.wait(10)
        return [enqueue(store)]

    monkeypatch.setattr(desk_module, "submit", submit)
    settled(desk)
    desk.start(ARM)
    desk.cancel(ARM)
    release.set()
    end = time.monotonic() + 10
    while (standing := desk.standing(ARM)).state == "queued":
        assert time.monotonic() < end, "the cancellation was lost"
        time.sleep(0.01)
    assert standing.state == "cancelled"


def finish(store: Store) -> str:
    """A finished run whose record is not the point."""
    from scenarios.result import Result

    run_id = enqueue(store)
    store.claim(run_id)
    store.finish(run_id, before().record, Result((), 1.0, 0.0, "digest"))
    return run_id


def test_a_result_is_read_once_and_kept(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def view_of_run(_: Store, run: Any, prepared: Any) -> Any:
        read.append(run.id)
        return before()

    monkeypatch.setattr(desk_module, "view_of_run", view_of_run)
    run_id = finish(store)
    first, second = settled(desk), settled(desk)
    assert first.state == second.state == "done"
    assert first.view is second.view is not None
    assert read == [run_id]


def test_a_finished_run_beats_a_later_failure(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "view_of_run", lambda *_: before())
    finish(store)
    store.fail(enqueue(store), "load", "gone")
    assert settled(desk).state == "done"


def test_damaged_files_are_a_failure_with_a_reason(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view_of_run(*_: Any) -> Any:
        raise InputError("damaged", where="events.parquet")

    monkeypatch.setattr(desk_module, "view_of_run", view_of_run)
    finish(store)
    standing = settled(desk)
    assert (standing.state, "damaged" in standing.error) == ("failed", True)


def test_other_code_is_another_result(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(store)
    newer = SimpleNamespace(**{**vars(code_version()), "digest": "newer"})
    monkeypatch.setattr(desk_module, "code_version", lambda: newer)
    assert settled(desk).state == "new"


def test_the_shelf_tells_what_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.toml").write_text("start = 1\n", encoding="utf-8")
    monkeypatch.setattr(desk_module.library, "FOLDER", tmp_path)
    end = time.monotonic() + 10
    while (shelf := desk.shelf()) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert shelf.titles == {}
    assert "broken.toml" in shelf.unreadable["broken"]


def test_a_drawing_is_made_once_and_away_from_the_page(desk: Desk) -> None:
    release, made = threading.Event(), []

    def draw() -> str:
        release.wait(10)
        made.append(1)
        return "figure"

    assert desk.drawn("key", draw) is None
    release.set()
    end = time.monotonic() + 10
    while desk.drawn("key", draw) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert desk.drawn("key", draw) == "figure"
    assert made == [1]


def test_a_finished_run_that_cannot_be_read_is_failed(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.get(enqueue(store))
    assert desk.finished(10) == []  # queued is not finished

    def damaged(store: Store, run: Any) -> Any:
        raise InputError("damaged", where="runs")

    monkeypatch.setattr(desk_module, "view_of_run", damaged)
    end = time.monotonic() + 10
    while (standing := desk.result(run)).pending:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert standing.state == "failed"
    assert "damaged" in standing.error
