"""Comparing pump-truck policies: one storm, one set of draws, what each saves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios import document, emergency_text
from scenarios.charts.emergency_charts import saved_figure, sites_figure
from scenarios.emergency import ARMS, NONE, Study, study_trucks
from scenarios.emergency_sites import depth_hours
from scenarios.locale import texts
from scenarios.location import locate
from scenarios.store import Store
from sim.kernel.errors import InputError
from tests.unit.scenarios.emergency_study import DOCUMENT, TRUCKS, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pumps")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Store]:
    with Store(locate(folder / "store")) as opened:
        yield opened


@pytest.fixture(scope="module")
def study(folder: Path, store: Store) -> Study:
    path = write(folder, DOCUMENT + TRUCKS)
    return study_trucks(document.load(path), store, replications=3, workers=0)


def test_every_arm_is_there_and_trucks_save_something(study: Study):
    assert [arm.name for arm in study.arms] == [NONE, *ARMS]
    for arm in study.arms[1:]:
        assert arm.saved is not None
        assert arm.saved.pairs == 3
        assert arm.saved.mean > 0.0
        assert arm.figures["trucks_pumped_m3"]


def test_what_an_arm_saves_is_the_mean_of_paired_differences(study: Study, store: Store):
    hours = {
        arm.name: [
            sum(depth_hours(store.record(run.id).series["drainage", "ponded_depth"]).values())
            for run in arm.runs
        ]
        for arm in study.arms
    }
    for arm in study.arms[1:]:
        differences = [b - a for a, b in zip(hours[arm.name], hours[NONE], strict=True)]
        assert arm.saved is not None
        assert arm.saved.mean == pytest.approx(sum(differences) / 3)
    for name in ("site_nearest", "site_worst"):
        arm, depot = study.arm(name), study.arm(name.replace("site", "depot"))
        assert arm.against_depot is not None
        assert depot.saved is not None
        assert arm.saved is not None
        assert arm.against_depot.mean == pytest.approx(arm.saved.mean - depot.saved.mean)


def test_the_curves_end_at_what_is_saved(study: Study):
    for name, curve in study.curves.saved.items():
        saved = study.arm(name).saved
        assert saved is not None
        assert curve[0] == 0.0
        assert curve[-1] == pytest.approx(saved.mean)


def test_detection_is_drawn_alike_in_every_arm(study: Study, store: Store):
    for number in range(3):
        delays = []
        for arm in study.arms[1:]:
            events = store.record(arm.runs[number].id).events
            found = events[events["kind"] == "point_reported"].drop_duplicates("entity")
            delays.append(dict(zip(found["entity"], found["value"], strict=True)))
        assert delays[0]
        assert all(other == delays[0] for other in delays[1:])


def test_trucks_wait_beside_the_deepest_point(study: Study):
    """C has most depth-hours and E, which stays dry, is 200 m or 20 s beside it."""
    problem, placement = study.siting.problem, study.siting.placement
    assert ("E", "C", 0) in placement.covers
    assert "E" in study.siting.sites
    assert problem.seconds["E", "C"] == pytest.approx(20.0)
    # the long way round: through 0.28 m at A it would be 1000 m at 2.7 km/h
    assert problem.seconds["D", "C"] == pytest.approx(920.0)
    assert placement.gap < 1e-4


def test_a_second_comparison_runs_nothing_anew(study: Study, store: Store):
    before = len(store.runs())
    again = study_trucks(study.scenario, store, replications=3, workers=0)
    assert len(store.runs()) == before
    assert again.arm("site_worst").saved == study.arm("site_worst").saved


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_texts_and_figures_of_both_languages(study: Study, language: str):
    t = texts(language)
    assert emergency_text.headline(study, t)
    table = emergency_text.arms_table(study, t)
    assert [len(row) for row in table.rows] == [len(table.heads)] * 5
    assert sum(int(row[1]) for row in emergency_text.sites_table(study, t).rows) == 2
    assert len(emergency_text.notes(study, t)) == 5
    assert len(saved_figure(study, t).data) == 4
    names = {trace.name for trace in sites_figure(study, t).data}
    assert {t("pumps.map_site"), t("pumps.map_depot"), t("pumps.map_need")} <= names


def test_more_trucks_than_there_are_is_refused(study: Study, store: Store):
    with pytest.raises(InputError, match="more trucks"):
        study_trucks(study.scenario, store, trucks=9, workers=0)


def test_a_scenario_without_trucks_is_refused(tmp_path: Path, store: Store):
    path = write(tmp_path, DOCUMENT)
    with pytest.raises(InputError, match="no pump trucks"):
        study_trucks(document.load(path), store, workers=0)
