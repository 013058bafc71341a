"""The page of uncertainty in every state, with studies that only pretend to work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from scenarios.locale import texts
from scenarios.sensitivity import Effect, Factor, Sensitivity, Target, parse_factor
from scenarios.uncertainty import MEASURES, Spread, spread
from sim.kernel.system import Kpi
from tests.ui.test_app import stored
from ui.desk import Shelf
from ui.pages import uncertainty
from ui.studies import Answer, Question, Replications, Standing

EN, ZH = texts("en"), texts("zh")
NAME = "hebi-2021-uncertain"


@dataclass
class FakeDesk:
    def shelf(self) -> Shelf:
        return Shelf({NAME: {"en": "Uncertain", "zh": "不确定"}}, {}, {})


@dataclass
class FakeStudies:
    now: Standing = field(default_factory=lambda: Standing("new"))
    found: Answer = field(default_factory=lambda: Answer("new"))
    started: list[Replications] = field(default_factory=list)
    cancelled: list[Replications] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)

    def standing(self, wanted: Replications) -> Standing:
        return self.now

    def start(self, wanted: Replications) -> None:
        self.started.append(wanted)
        self.now = Standing("running")

    def cancel(self, wanted: Replications) -> None:
        self.cancelled.append(wanted)
        self.now = Standing("cancelled")

    def answer(self, question: Question) -> Answer:
        return self.found

    def ask(self, question: Question) -> None:
        self.asked.append(question)
        self.found = Answer("running", 3, 12)

    def stop(self, question: Question) -> None:
        self.found = Answer("cancelled")


def some_spread(hours: list[float]) -> Spread:
    def kpi(name: str, zone: str, value: float) -> Kpi:
        lost = math.isinf(value)
        status = "not_drained" if lost else "ok" if value <= 3.0 else "over_limit"
        hours = None if lost else value
        return Kpi(name=name, entity=zone, value=hours, unit="h", limit=3.0, status=status)

    runs = [replace(stored("done"), replication=k) for k in range(len(hours))]
    kpis = [[kpi(m, z, h) for m in MEASURES for z in ("Z01", "Z<02>")] for h in hours]
    return spread(runs, kpis, 20.0)


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStudies]:
    fake = FakeStudies()
    monkeypatch.setattr(uncertainty, "studies", lambda: fake)
    monkeypatch.setattr(uncertainty, "desk", FakeDesk)
    yield fake
    st.cache_resource.clear()


def opened(**query: str) -> AppTest:
    def page() -> None:
        from ui.pages import uncertainty

        uncertainty.show()

    app = AppTest.from_function(page, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def html_of(app: AppTest) -> str:
    return " ".join(element.body for element in app.html)


def button(app: AppTest, key: str):
    return next(b for b in app.button if b.key == key)


def test_a_first_visit_offers_to_run(studies: FakeStudies) -> None:
    app = opened()
    assert app.info[0].value == EN("uncertainty.first")
    button(app, "run_batch").click().run()
    assert studies.started == [Replications(NAME, 30)]
    button(app, "cancel_batch").click().run()
    assert studies.cancelled == studies.started


def test_a_link_keeps_scenario_and_number(studies: FakeStudies) -> None:
    app = opened(lang="zh", n="300")
    assert app.selectbox[1].value == 300
    assert app.selectbox[0].label == ZH("uncertainty.scenario")
    assert opened(n="7").selectbox[1].value == 30


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_result_is_a_sentence_two_charts_and_a_table(
    studies: FakeStudies, language: str
) -> None:
    zones = {"Z01": {"en": "Old town", "zh": "老城"}}
    found = some_spread([1.0, 2.0, 4.0, math.inf])
    studies.now = Standing("done", 4, spread=found, zones=zones)
    app = opened(lang=language)
    assert "50 % (15–85)" in app.markdown[0].value.replace("\\", "")
    page = html_of(app)
    assert ("老城" if language == "zh" else "Old town") in page
    assert "Z&lt;02&gt;" in page
    assert "1 / 4" in page
    assert len(app.get("plotly_chart")) == 2


def test_what_is_done_shows_while_the_rest_runs(studies: FakeStudies) -> None:
    studies.now = Standing("running", 2, fraction=0.5, spread=some_spread([1.0, 2.0]))
    app = opened()
    assert len(app.get("plotly_chart")) == 2
    (bar,) = app.get("progress")
    assert (bar.proto.value, bar.proto.text) == (50, EN("uncertainty.progress", done=2, of=30))


def test_a_scenario_without_chance_says_so(studies: FakeStudies) -> None:
    studies.now = Standing("unusable", error="drainage: nothing in this scenario is drawn")
    app = opened()
    assert app.warning[0].value == EN("uncertainty.nothing_drawn")
    assert not app.button


def test_a_failure_keeps_its_reason(studies: FakeStudies) -> None:
    studies.now = Standing("failed", failed=3, error="the disk is full")
    app = opened()
    assert app.error[0].value == EN("uncertainty.failed_runs", count=3)
    assert app.code[0].value == "the disk is full"


def test_the_question_is_asked_and_its_answer_drawn(studies: FakeStudies) -> None:
    studies.now = Standing("done", 2, spread=some_spread([1.0, 2.0]))
    app = opened()
    button(app, "ask_question").click().run()
    (question,) = studies.asked
    assert question.factors[0] == parse_factor("drainage.rain_multiplier=0.6:0.75")
    assert question.target == Target("recession_last_point_h")
    effects = (Effect(Factor("a.b", 0.0, 1.0), 4.0, 0.5, 1.0, None, -4.0),)
    studies.found = Answer("done", 12, 12, found=Sensitivity(
        "morris", Target("x"), "h", effects, 12, 2, 20.0, 1.0, 9.0))  # fmt: skip
    app.run()
    assert not app.exception
    assert "4 ± 0.5 ↓" in html_of(app)
    assert any(EN("sensitivity.censored", count=2, hours="20.0") == c.value for c in app.caption)
    assert len(app.get("plotly_chart")) == 3


def test_a_line_that_is_no_range_is_answered_on_the_page(studies: FakeStudies) -> None:
    app = opened()
    app.text_area[0].set_value("drainage.rain_multiplier").run()
    assert "PATH=LOW:HIGH" in app.code[0].value
    assert all(b.key != "ask_question" for b in app.button)
