"""From the store to what is shown: the run's network, its facts, what has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios import document
from scenarios.charts.run_view import notes_of
from scenarios.locale import texts
from scenarios.location import locate
from scenarios.result import Result
from scenarios.run import Prepared, prepare
from scenarios.run_views import view_of_run
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.kernel.errors import InputError
from sim.kernel.system import Kpi
from tests.synthetic_runs import before

KPIS = (
    ("drainage", Kpi(name="flooded_points", entity="", value=3.0, unit="")),
    ("heat", Kpi(name="households_cold", entity="", value=9.0, unit="")),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(locate(tmp_path / "store")) as opened:
        yield opened


def finished(store: Store, prepared: Prepared, content_hash: str | None = None) -> StoredRun:
    scenario = prepared.scenario
    (run_id,) = store.enqueue(
        scenario=scenario.name, content_hash=content_hash or prepared.hash,
        document=scenario.to_json(), seed=scenario.seed, engine="native", replications=[0],
    )  # fmt: skip
    store.claim(run_id)
    store.finish(run_id, before().record, Result(KPIS, 1.5, 0.0, "digest"))
    return store.get(run_id)


def test_a_run_of_a_case_brings_all_that_is_shown(store: Store) -> None:
    prepared = prepare(document.load("hebi-2021-works"))
    view = view_of_run(store, finished(store, prepared), prepared)
    assert view.title["zh"] == prepared.scenario.title["zh"]
    assert view.network is not None
    assert len(view.built_works) == len(view.works) == 16 + 45
    assert len(view.network.built(view.works).links) == len(
        prepared.inputs["drainage"].network.links
    )  # type: ignore[attr-defined]
    assert [kpi.name for kpi in view.kpis] == ["flooded_points"]
    assert view.label("flooded_points", texts("zh")) == "积水点数"
    assert view.assumptions["works.count"].value == 16
    assert view.facts["hash"] == prepared.hash
    assert view.record.digest() == before().record.digest()


def test_without_works_none_is_built(store: Store) -> None:
    prepared = prepare(document.load("hebi-2021-before"))
    view = view_of_run(store, finished(store, prepared), prepared)
    assert view.built_works == ()
    assert [figure.hours for figure in view.published] == [48.0]


def test_two_views_know_what_differs(store: Store) -> None:
    views = [
        view_of_run(store, finished(store, prepare(document.load(name))))
        for name in ("hebi-2021-before", "hebi-2021-works")
    ]
    assert views[0].differences(views[1]) == [("drainage.works", "none", "all")]


def test_an_imported_file_has_a_network_too(store: Store) -> None:
    view = view_of_run(store, finished(store, prepare(document.load("swmm-file"))))
    assert view.network is not None
    assert view.works == frozenset()


def test_changed_files_are_not_shown_as_if_they_were_the_run_s(store: Store) -> None:
    prepared = prepare(document.load("swmm-file"))
    view = view_of_run(store, finished(store, prepared, content_hash="another"), prepared)
    assert view.network is None
    assert notes_of([view, view], texts("zh")) == [texts("zh")("notes.changed")]


def test_files_that_are_gone_leave_the_result(store: Store, tmp_path: Path) -> None:
    scenario = document.load("swmm-file")
    prepared = prepare(scenario)
    moved = replace(prepared, scenario=replace(scenario, folder=tmp_path))
    view = view_of_run(store, finished(store, moved))
    assert view.network is None
    assert view.kpi("flooded_points") is not None
    assert notes_of([view], texts("en"))[0] == texts("en")("notes.gone")


def test_a_run_that_is_not_done_has_no_view(store: Store) -> None:
    run = finished(store, prepare(document.load("swmm-file")))
    (queued,) = store.enqueue(
        scenario=run.scenario, content_hash=run.hash, document=run.document, seed=1,
        engine="native", replications=[0],
    )  # fmt: skip
    with pytest.raises(InputError, match="queued"):
        view_of_run(store, store.get(queued))
