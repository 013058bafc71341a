"""The page of works in every state a search can be in, with a desk that only pretends to work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from bench.works_network import WORKS, works_network
from scenarios.locale import texts
from scenarios.works_job import Standing
from scenarios.works_study import Confirmed, PlanRow, Study, WorkRow
from ui.pages import works
from ui.pages.works import budgets_of
from ui.works_desk import Answer, Question

EN, ZH = texts("en"), texts("zh")
COSTS = {name: cost for name, cost, _ in WORKS}


def plan(budget: float, *chosen: str) -> PlanRow:
    rows = tuple(
        WorkRow(
            id=name, name_en=f"{name} in English", name_zh=f"{name}中文", kind="work",
            cost=COSTS[name], loss=1.0, simulated=True,
        )
        for name in chosen
    )  # fmt: skip
    cost = sum(COSTS[name] for name in chosen)
    return PlanRow(
        budget=budget, chosen=chosen, cost=cost, saved=4.0, predicted=4.1, bound=4.2,
        bound_kind="surrogate", gap=0.048, status="best_found", stop_reason="converged",
        seconds=9.0, evaluations=77, faults=(), works=rows,
        confirmed=(Confirmed(storm="T20", unbuilt=9.0, saved=3.0, half_width=0.5),), mean=3.0,
        low=2.5, high=3.5, interval="confidence",
    )  # fmt: skip


STUDY = Study(
    scenario="design-storm", measure="depth", storms=("T50",), confirm=("T20",), replications=4,
    unbuilt=10.0, everything_cost=90.5, everything_saved=9.0, surrogate_error=0.1, candidates=10,
    evaluations=77, simulations=99, seconds=12.0, code="c0ffee",
    plans=(plan(20.0, "OUTLET", "ROW2"), plan(100.0, "OUTLET", "TANK1", "ROW2")),
)  # fmt: skip


@dataclass
class FakeDesk:
    """Answers as it is told; remembers what it was asked to do."""

    state: Answer = field(default_factory=lambda: Answer("new", key="k"))
    titles: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"design-storm": {"en": "Design storm", "zh": "设计暴雨"}}
    )
    asked: list[Question] = field(default_factory=list)
    started: list[Question] = field(default_factory=list)
    cancelled: list[Question] = field(default_factory=list)

    def scenarios(self) -> dict[str, dict[str, str]]:
        return self.titles

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.state

    def start(self, question: Question) -> None:
        self.started.append(question)

    def cancel(self, question: Question) -> None:
        self.cancelled.append(question)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    fake = FakeDesk()
    monkeypatch.setattr(works, "works_desk", lambda: fake)
    yield fake
    st.cache_resource.clear()


def page() -> None:
    from ui.pages import works

    works.show()


def opened(lang: str = "en") -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["lang"] = lang
    app.run()
    assert not app.exception, app.exception
    return app


def test_the_first_visit_offers_the_five_budgets(desk: FakeDesk) -> None:
    app = opened()
    assert app.text_input[0].value == "50, 100, 200, 500, 1000"
    assert app.info[0].value == EN("works.first")
    app.button[0].click().run()
    assert desk.started[0].request.budgets == (50.0, 100.0, 200.0, 500.0, 1000.0)


def test_budgets_that_cannot_be_read_are_refused(desk: FakeDesk) -> None:
    app = opened()
    app.text_input[0].set_value("50, many").run()
    assert app.warning[0].value == EN("works.bad_budgets")


@pytest.mark.parametrize(
    ("text", "budgets"),
    [("100,50", (50.0, 100.0)), ("1，2", (1.0, 2.0)), ("", ()), ("-1", ()), ("nan", ()), ("x", ())],
)
def test_budgets_are_read(text: str, budgets: tuple[float, ...]) -> None:
    assert budgets_of(text) == budgets


def test_a_search_under_way_shows_its_best_and_can_be_stopped(desk: FakeDesk) -> None:
    told = Standing("running", "search", 30, 300, {50.0: (49.0, 12.5)})
    desk.state = Answer("running", told, key="k")
    app = opened()
    assert any("12.5" in caption.value.replace("\\", "") for caption in app.caption)
    app.button[0].click().run()
    assert len(desk.cancelled) == 1


@pytest.mark.parametrize("state", ["unusable", "failed"])
def test_what_went_wrong_is_said(desk: FakeDesk, state: str) -> None:
    desk.state = replace(Answer("new"), state=state, error="no such file")
    app = opened()
    assert app.error[0].value == EN(f"works.{state}")
    assert app.code[0].value == "no such file"


@pytest.mark.parametrize(("lang", "t"), [("en", EN), ("zh", ZH)])
def test_a_finished_search_shows_the_plan_of_100_million(desk: FakeDesk, lang: str, t) -> None:
    desk.state = Answer("done", Standing("done"), study=STUDY, network=works_network(), key="k")
    app = opened(lang)
    assert app.subheader[0].value.startswith("100 ")
    frame = app.dataframe[0].value
    assert list(frame[t("works.head_work")]) == ["OUTLET", "TANK1", "ROW2"]
    html = " ".join(element.body for element in app.html)
    assert "3 [2.50, 3.50]" in html
    assert len(app.get("plotly_chart")) == 2


def test_a_library_without_works_says_so(desk: FakeDesk) -> None:
    desk.titles = {}
    assert opened().info[0].value == EN("works.no_scenario")
