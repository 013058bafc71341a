"""The pages of the fleet in every state, in both languages, with a desk that only pretends to work
and a small town that was really run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from scenarios.fleet_job import ResponseRequest, SizesRequest
from scenarios.fleet_plan_view import PlanView
from scenarios.fleet_view import FleetView, fleet_view
from scenarios.locale import Texts, texts
from scenarios.routes import Request, fleet_inputs
from scenarios.schema import StoredRun
from tests import fleet_town
from tests.fleet_town import Town
from ui import fleet_parts, fleet_progress, fleet_run_views
from ui.fleet_desk import Answer, Case, Question, Reading
from ui.pages import fleet, fleet_studies, routes
from ui.pages.fleet_studies import numbers_of

EN, ZH = texts("en"), texts("zh")
BOTH = pytest.mark.parametrize(("lang", "t"), [("en", EN), ("zh", ZH)])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYCLOCK_STORE", str(tmp_path_factory.mktemp("store")))
        found = fleet_town.town(tmp_path_factory.mktemp("town"))
        yield found
        found.store.close()


@dataclass
class FakeDesk:
    """Answers as it is told; remembers what it was asked to do."""

    known: dict[str, Case]
    stored: list[StoredRun] = field(default_factory=list)
    views: dict[str, FleetView] = field(default_factory=dict)
    state: Answer = field(default_factory=lambda: Answer("new"))
    asked: list[Question] = field(default_factory=list)
    did: list[tuple[str, Any]] = field(default_factory=list)
    trouble: str = ""

    def cases(self) -> Mapping[str, Case]:
        return self.known

    def runs(self, scenario: str) -> list[StoredRun]:
        return self.stored

    def run(self, run_id: str) -> StoredRun | None:
        return next((run for run in self.stored if run.id == run_id), None)

    def starting(self, scenario: str) -> tuple[bool, str]:
        return False, self.trouble

    def start_run(self, scenario: str, replications: int) -> None:
        self.did.append((scenario, replications))

    def cancel_run(self, run_ids: list[str]) -> None:
        self.did.append(("cancel", run_ids))

    def read(self, run: StoredRun) -> Reading:
        view = self.views.get(run.id)
        return Reading(view) if view is not None else Reading(error="its file is gone")

    def drawing(self, key: object, work: Callable[[], object]) -> object:
        return work()

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.state

    def start(self, question: Question) -> None:
        self.did.append(("start", question))

    def enough(self, question: Question) -> None:
        self.did.append(("enough", question))

    def stop(self, question: Question) -> None:
        self.did.append(("stop", question))


def case(outages: bool = True) -> Case:
    start = datetime.fromisoformat("2024-03-04T00:00:00+08:00")
    return Case({"en": "Town", "zh": "小城"}, 2, 1, outages, start, 2)


@pytest.fixture
def desk(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    views = {view.run.id: view for view in (town.view, town.closed)}
    fake = FakeDesk({"town": case()}, [town.view.run], views)
    for module in (fleet, routes, fleet_studies, fleet_parts, fleet_progress, fleet_run_views):
        if hasattr(module, "fleet_desk"):
            monkeypatch.setattr(module, "fleet_desk", lambda: fake)
    yield fake
    st.cache_resource.clear()


def fleet_page() -> None:
    from ui.pages import fleet

    fleet.show()


def routes_page() -> None:
    from ui.pages import routes

    routes.show()


def studies_page() -> None:
    from ui.pages import fleet_studies

    fleet_studies.show()


def opened(page: Callable[[], None], lang: str = "en", **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in ({"lang": lang} | query).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def html_of(app: AppTest) -> str:
    return " ".join(element.body for element in app.html)


def button(app: AppTest, label: str) -> Any:
    return next(b for b in app.button if b.label == label)


# --- the fleet -----------------------------------------------------------------------------


@BOTH
def test_a_run_shows_its_figures_and_their_basis(desk: FakeDesk, lang: str, t: Texts) -> None:
    app = opened(fleet_page, lang)
    body = html_of(app)
    assert "cc-tile" in body
    assert t("assumptions.sourced") in body
    assert len(app.get("plotly_chart")) == 1
    assert app.multiselect[0].value == ["T1", "T2"]


@BOTH
@pytest.mark.parametrize("view", fleet.VIEWS)
def test_every_view_of_a_run_opens(desk: FakeDesk, lang: str, t: Texts, view: str) -> None:
    app = opened(fleet_page, lang, fview=view, fday="1")
    charts, frames = len(app.get("plotly_chart")), len(app.dataframe)
    assert (charts, frames > 0) == (int(view != "tables"), view in ("sites", "tables"))
    if view == "tables":
        assert list(app.dataframe[0].value[t("fleet.truck")]) == ["T1", "T2"]


def test_the_view_and_the_trucks_are_in_the_address(desk: FakeDesk) -> None:
    app = opened(fleet_page, "en", fview="map", ftrucks="T2")
    assert app.multiselect[0].value == ["T2"]
    app.multiselect[0].set_value(["T1", "T2"]).run()
    assert "ftrucks" not in app.query_params  # what is usual is not in the address


def test_a_scenario_that_was_never_run_offers_to_run_it(desk: FakeDesk) -> None:
    desk.stored = []
    app = opened(fleet_page)
    assert app.info[0].value == EN("fleet.first")
    button(app, EN("fleet.run")).click().run()
    assert desk.did == [("town", 1)]


def test_a_run_under_way_shows_how_far_it_is_and_can_be_cancelled(desk: FakeDesk) -> None:
    desk.stored = [replace(desk.stored[0], status="running", progress=0.4)]
    app = opened(fleet_page, "zh")
    assert app.get("progress")[0].proto.value == 40
    button(app, ZH("fleet.cancel")).click().run()
    assert desk.did == [("cancel", [desk.stored[0].id])]


def test_what_cannot_be_run_or_read_is_said(desk: FakeDesk) -> None:
    desk.trouble, desk.views = "plan.csv line 3: no such truck", {}
    app = opened(fleet_page)
    assert [e.value for e in app.error] == [EN("fleet.unusable"), EN("fleet.unreadable")]
    assert [c.value for c in app.code] == ["plan.csv line 3: no such truck", "its file is gone"]


def test_a_case_without_streets_says_why_there_is_no_map(desk: FakeDesk, town: Town) -> None:
    desk.views = {town.view.run.id: replace(town.view, ground=None)}
    app = opened(fleet_page, "zh")
    assert app.info[0].value == ZH("fleet.no_streets")


def test_changed_files_are_told(desk: FakeDesk, town: Town) -> None:
    desk.views = {town.view.run.id: replace(town.view, changed=True)}
    assert opened(fleet_page).warning[0].value == EN("fleet.changed")


def test_a_library_without_fleets_says_so(desk: FakeDesk) -> None:
    desk.known = {}
    assert opened(fleet_page).info[0].value == EN("fleet.no_scenario")


# --- routes --------------------------------------------------------------------------------


def done(town: Town) -> Answer:
    study = fleet_town.study(town)
    plan = PlanView(study, fleet_inputs(town.scenario))
    return Answer("done", found=study, plan=plan, ground=town.view.ground)


def test_a_search_is_asked_for_with_what_the_page_says(desk: FakeDesk) -> None:
    app = opened(routes_page, "en", rengine="pyvrp", rseconds="5", rreps="2", rday="1")
    assert app.info[0].value == EN("fleet.routes_first")
    button(app, EN("fleet.routes_run")).click().run()
    ((what, question),) = desk.did
    assert (what, question.scenario) == ("start", "town")
    assert question.asked == Request("pyvrp", 5.0, None, 1, 1, 2)


def test_a_search_shows_its_incumbent_and_can_end_with_it(desk: FakeDesk) -> None:
    told = {"phase": "search", "done": 0.5, "trucks": 7, "cost": 1234.0, "iterations": 900,
            "seconds": 3.0, "bound": 1000.0}  # fmt: skip
    desk.state = Answer("running", told)
    app = opened(routes_page)
    words = " ".join(c.value for c in app.caption).replace("\\", "")
    assert "7 trucks, cost 1,234 CNY" in words
    assert "1,000" in words
    button(app, EN("fleet.enough")).click().run()
    button(app, EN("fleet.stop")).click().run()
    assert [what for what, _ in desk.did] == ["enough", "stop"]


def test_the_simulation_of_a_plan_cannot_be_ended_with_a_better_one(desk: FakeDesk) -> None:
    desk.state = Answer("running", {"phase": "simulate", "arm": "optimised", "done": 0.7})
    app = opened(routes_page, "zh")
    assert [b.label for b in app.button] == [ZH("fleet.stop")]


@BOTH
@pytest.mark.parametrize("view", routes.VIEWS)
def test_a_plan_is_shown(desk: FakeDesk, town: Town, lang: str, t: Texts, view: str) -> None:
    desk.state = done(town)
    app = opened(routes_page, lang, rview=view)
    assert "18" in html_of(app)  # km promised
    assert len(app.get("plotly_chart")) == int(view != "tables")
    assert len(app.dataframe) == int(view == "tables")
    assert any(f"frun={town_run}" in m.value for m in app.markdown for town_run in arms_of(desk))
    assert any(t("routes.note_no_bound")[:8] in m.value.replace("\\", "") for m in app.markdown)


def arms_of(desk: FakeDesk) -> list[str]:
    runs = desk.state.found.runs  # type: ignore[union-attr]
    return [mine[0].id for mine in runs.values()]


@pytest.mark.parametrize("state", ["unusable", "failed"])
def test_what_went_wrong_with_a_study_is_said(desk: FakeDesk, state: Any) -> None:
    desk.state = Answer(state, error="the engine 'pyvrp' cannot represent breaks")
    app = opened(routes_page)
    assert app.error[0].value == EN(f"fleet.study_{state}")
    assert app.code[0].value == "the engine 'pyvrp' cannot represent breaks"


# --- tonight and sizes ---------------------------------------------------------------------


@BOTH
def test_tonights_changes_are_shown_changed_routes_first(
    desk: FakeDesk, town: Town, lang: str, t: Texts
) -> None:
    found = fleet_town.response(town)
    assert found.changed, "the fixture is to change a route"
    desk.state = Answer("done", found=found, ground=town.view.ground)
    runs = [arm.runs[0] for arm in found.arms]
    desk.views = {run.id: fleet_view(town.store, run) for run in runs}
    app = opened(studies_page, lang, treps="2")
    assert desk.asked[0] == Question("town", ResponseRequest(2))
    assert len(app.get("plotly_chart")) == 1
    assert set(app.multiselect[0].value) <= {c.truck for c in found.changed}
    assert list(app.dataframe[0].value[t("routes.head_truck")]) == [c.truck for c in found.changed]
    assert t("routes.arm_nearest") in html_of(app)


@BOTH
def test_sizes_are_shown_with_their_front(desk: FakeDesk, town: Town, lang: str, t: Texts) -> None:
    desk.state = Answer("done", found=fleet_town.sizes(town))
    app = opened(studies_page, lang, spart="size", ztrucks="1,2", zguns="1", zdays="1", zreps="2")
    assert desk.asked[0] == Question(
        "town", SizesRequest((1, 2), (1,), 99.0, 2), ("duration_h=24",)
    )  # fmt: skip
    assert len(app.get("plotly_chart")) == 1
    assert t("routes.size_trucks") in html_of(app)


@pytest.mark.parametrize(
    ("typed", "warning"), [("1, x", "size_bad"), ("0", "size_bad"), ("9", "size_too_many")]
)
def test_sizes_that_cannot_be_are_refused(desk: FakeDesk, typed: str, warning: str) -> None:
    app = opened(studies_page, "zh", spart="size", ztrucks=typed)
    values = {"most": fleet_studies.MOST_SIZES, "trucks": 2, "guns": 1}
    assert app.warning[0].value == ZH(f"fleet.{warning}", **values)
    assert not desk.asked


def test_without_outages_there_is_no_tonight(desk: FakeDesk) -> None:
    desk.known = {"town": case(outages=False)}
    assert opened(studies_page).info[0].value == EN("fleet.tonight_no_scenario")


@pytest.mark.parametrize(
    ("text", "numbers"), [("3,1", (1, 3)), ("1，2", (1, 2)), ("", ()), ("1.5", ()), ("-1", ())]
)
def test_numbers_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_of(text) == numbers
