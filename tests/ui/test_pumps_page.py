"""The page of pump trucks in every state, and the desk behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from scenarios import document
from scenarios.emergency import Study, study_trucks
from scenarios.locale import texts
from scenarios.location import locate
from scenarios.store import Store
from sim.kernel.errors import Cancelled, InputError
from tests.unit.scenarios.emergency_study import DOCUMENT, TRUCKS, write
from ui import pumps_desk
from ui.pages import pumps
from ui.pumps_desk import Answer, PumpsDesk, Question

EN, ZH = texts("en"), texts("zh")
NAME = "trucks"


@dataclass
class FakeDesk:
    """Answers as it is told."""

    now: Answer = field(default_factory=lambda: Answer("new"))
    fleets: dict[str, tuple[dict[str, str], int]] = field(
        default_factory=lambda: {NAME: ({"en": "Trucks", "zh": "泵车"}, 10)}
    )
    started: list[Question] = field(default_factory=list)
    cancelled: list[Question] = field(default_factory=list)

    def scenarios(self) -> dict[str, tuple[dict[str, str], int]]:
        return self.fleets

    def answer(self, question: Question) -> Answer:
        return self.now

    def start(self, question: Question) -> None:
        self.started.append(question)
        self.now = Answer("running", "depot_worst", 0.25)

    def cancel(self, question: Question) -> None:
        self.cancelled.append(question)
        self.now = Answer("cancelled")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    fake = FakeDesk()
    monkeypatch.setattr(pumps, "pumps_desk", lambda: fake)
    yield fake
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("pumps")
    path = write(folder, DOCUMENT + TRUCKS)
    with Store(locate(folder / "store")) as store:
        return study_trucks(document.load(path), store, replications=2, workers=0)


def opened(**query: str) -> AppTest:
    def page() -> None:
        from ui.pages import pumps

        pumps.show()

    app = AppTest.from_function(page, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def test_it_asks_what_the_address_says(desk: FakeDesk) -> None:
    app = opened(trucks="4", reps="7", roads="dry")
    app.button(key="pumps-run").click().run()
    assert desk.started == [Question(NAME, 4, 7, "dry")]
    assert not app.exception


def test_a_comparison_shows_how_far_it_is_and_can_be_stopped(desk: FakeDesk) -> None:
    desk.now = Answer("running", "site_worst", 0.5)
    app = opened()
    app.button(key="pumps-cancel").click().run()
    assert desk.cancelled
    assert EN("pumps.cancelled") in [element.value for element in app.warning]


def test_an_error_is_shown_as_it_is(desk: FakeDesk) -> None:
    desk.now = Answer("failed", error="drainage.emergency.trucks: more trucks")
    app = opened()
    assert EN("pumps.failed") in [element.value for element in app.error]
    assert "more trucks" in app.code[0].value


def test_no_scenario_with_trucks_is_said(desk: FakeDesk) -> None:
    desk.fleets = {}
    assert opened().info[0].value == EN("pumps.no_scenario")


@pytest.mark.parametrize(("language", "t"), [("en", EN), ("zh", ZH)])
def test_a_finished_comparison(desk: FakeDesk, study: Study, language: str, t: object) -> None:
    desk.now = Answer("done", study=study)
    app = opened(lang=language)
    shown = " ".join(element.body for element in app.html)
    words = texts(language)
    for key in ("pumps.none", "pumps.head_saved", "pumps.head_site"):
        assert words(key) in shown
    assert len(app.get("plotly_chart")) == 2


# --- the desk behind it ---------------------------------------------------------------------


def settled(desk: PumpsDesk, question: Question) -> Answer:
    end = time.monotonic() + 10
    while (answer := desk.answer(question)).state == "running":
        assert time.monotonic() < end, "the desk never finished"
        time.sleep(0.01)
    return answer


QUESTION = Question(NAME, 2, 1, "flooded")


@pytest.fixture
def behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: Study
) -> Iterator[tuple[PumpsDesk, dict[str, object]]]:
    """A desk whose comparison ends as ``says["end"]`` says."""
    says: dict[str, object] = {"end": study}

    def compare(scenario: object, store: object, **how: object) -> Study:
        how["progress"]("depot_worst", 0.5)  # type: ignore[operator]
        end = says["end"]
        if end == "wait":
            while not how["cancelled"]():  # type: ignore[operator]
                time.sleep(0.005)
            raise Cancelled("stopped")
        if isinstance(end, Exception):
            raise end
        return study

    monkeypatch.setattr(pumps_desk, "study_trucks", compare)
    monkeypatch.setattr(pumps_desk.document, "load", lambda name: None)
    with Store(locate(tmp_path)) as store:
        yield PumpsDesk(store), says


def test_the_desk_compares_in_the_background(
    behind: tuple[PumpsDesk, dict[str, object]], study: Study
) -> None:
    desk, says = behind
    assert desk.answer(QUESTION).state == "new"
    desk.start(QUESTION)
    assert settled(desk, QUESTION).study is study
    says["end"] = InputError("more trucks", where="trucks")
    desk.start(QUESTION)
    assert "more trucks" in settled(desk, QUESTION).error


def test_the_desk_stops_when_asked(behind: tuple[PumpsDesk, dict[str, object]]) -> None:
    desk, says = behind
    says["end"] = "wait"
    desk.start(QUESTION)
    assert desk.answer(QUESTION).state == "running"
    desk.cancel(QUESTION)
    assert settled(desk, QUESTION).state == "cancelled"


def test_the_library_has_a_scenario_with_ten_trucks(tmp_path: Path) -> None:
    with Store(locate(tmp_path)) as store:
        desk = PumpsDesk(store)
        end = time.monotonic() + 10
        while (found := desk.scenarios()) is None:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert found["hebi-2021-pump-trucks"][1] == 10
