"""The app in every state a run can be in, with a desk that only pretends to work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.query
from scenarios.locale import texts
from scenarios.schema import StoredRun
from tests.synthetic_runs import after, before
from ui.desk import Arm, Shelf, Standing
from ui.pages import compare_storms, runs

APP = Path(__file__).resolve().parents[2] / "app.py"
EN, ZH = texts("en"), texts("zh")
TITLES = {
    "hebi-2021-before": {"en": "Before", "zh": "建设前"},
    "hebi-2021-works": {"en": "With works", "zh": "建成后"},
    "design-storm": {"en": "Design storm", "zh": "设计暴雨"},
}


def stored(status: str, **changes: Any) -> StoredRun:
    run = StoredRun(
        id="b7c9d2f", batch="b7c9d2f", scenario="hebi-2021-before", hash="h", document="{}",
        seed=1, replication=0, engine="native", code_version="c0ffee", code_dirty=False,
        code_digest="d", status="done", stage="simulate", reason="",
        created_at="2026-01-01T08:00:00+00:00", started_at="2026-01-01T08:00:01+00:00",
        finished_at=None, progress=0.0, seconds=None, ledger_error=None, digest=None,
        cancel_requested=False, host="h", pid=1, born="",
    )  # fmt: skip
    return replace(run, status=status, **changes)


@dataclass
class FakeStore:
    rows: list[StoredRun] = field(default_factory=list)

    def runs(self, *, limit: int) -> list[StoredRun]:
        return self.rows[:limit]


@dataclass
class FakeDesk:
    """Answers as it is told; remembers what it was asked to do."""

    standings: dict[str, Standing] = field(default_factory=dict)
    titles: dict[str, dict[str, str]] = field(default_factory=lambda: dict(TITLES))
    unreadable: dict[str, str] = field(default_factory=dict)
    store: FakeStore = field(default_factory=FakeStore)
    asked: list[Arm] = field(default_factory=list)
    started: list[Arm] = field(default_factory=list)
    cancelled: list[Arm] = field(default_factory=list)

    def shelf(self) -> Shelf:
        return Shelf(self.titles, {}, self.unreadable)

    def standing(self, arm: Arm) -> Standing:
        self.asked.append(arm)
        return self.standings.get(arm.scenario, Standing("new"))

    def start(self, arm: Arm) -> None:
        self.started.append(arm)
        self.standings[arm.scenario] = Standing("running", stored("running", progress=0.25))

    def cancel(self, arm: Arm) -> None:
        self.cancelled.append(arm)
        self.standings[arm.scenario] = Standing("cancelled", stored("cancelled"))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    fake = FakeDesk()
    monkeypatch.setattr(compare_storms, "desk", lambda: fake)
    monkeypatch.setattr(runs, "desk", lambda: fake)
    yield fake
    st.cache_resource.clear()


@pytest.fixture
def finished(desk: FakeDesk) -> FakeDesk:
    for name, view in (("hebi-2021-before", before()), ("hebi-2021-works", after())):
        run = stored("done", id=view.facts["run"], scenario=name)
        desk.standings[name] = Standing("done", run, view=view)
    return desk


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def html_of(app: AppTest) -> str:
    return " ".join(element.body for element in app.html)


def captions(app: AppTest) -> str:
    return " ".join(element.value for element in app.caption)


# --- opening -------------------------------------------------------------------------------


def test_the_first_visit_offers_the_favourites_and_says_what_to_do(desk: FakeDesk) -> None:
    app = opened()
    assert [box.value for box in app.selectbox] == ["hebi-2021-before", "hebi-2021-works"]
    assert [button.label for button in app.button] == [EN("compare.run")]
    assert app.info[0].value == EN("compare.first")
    assert app.query_params["a"] == "hebi-2021-before"


def test_a_link_opens_the_same_view(desk: FakeDesk) -> None:
    app = opened(lang="zh", a="design-storm", b="hebi-2021-works", rain="1.2", engine="swmm")
    assert [box.value for box in app.selectbox] == ["design-storm", "hebi-2021-works"]
    assert app.selectbox[0].label == ZH("compare.scenario_a")
    assert app.selectbox[0].options == ["建设前", "建成后", "设计暴雨"]
    assert desk.asked[0] == Arm("design-storm", 1.2, "swmm")
    assert app.query_params["rain"] == "1.2"
    assert app.query_params["lang"] == "zh"


def test_the_address_follows_the_widgets(desk: FakeDesk) -> None:
    app = opened()
    app.selectbox[0].select("design-storm").run()
    app.number_input[0].set_value(1.5).run()
    assert app.query_params["a"] == "design-storm"
    assert app.query_params["rain"] == "1.5"
    assert desk.asked[-1].rain_multiplier == 1.5
    app.number_input[0].set_value(1.0).run()
    assert "rain" not in app.query_params


def test_changing_the_language_keeps_the_choice(desk: FakeDesk) -> None:
    app = opened(a="design-storm")
    language = next(g for g in app.button_group if g.key.startswith("lang"))
    language.set_value("zh").run()
    assert app.selectbox[0].value == "design-storm"
    assert app.info[0].value == ZH("compare.first")
    assert app.query_params["lang"] == "zh"


def test_going_back_brings_the_language_back(
    desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(lang="zh")
    next(g for g in app.button_group if g.key.startswith("lang")).set_value("en").run()
    assert app.query_params["lang"] == "en"
    monkeypatch.setattr(ui.query, "SETTLING_S", 0.0)
    app.query_params["lang"] = "zh"  # what the browser's back button does
    app.run()
    assert app.info[0].value == ZH("compare.first")
    assert app.query_params["lang"] == "zh"


def test_the_browser_s_language_is_the_default(desk: FakeDesk) -> None:
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.context["locale"] = "zh-CN"
    app.run()
    assert app.info[0].value == ZH("compare.first")


@pytest.mark.parametrize(
    "query",
    [{"rain": "nan"}, {"rain": "-1"}, {"rain": "1e9"}, {"engine": "x"}, {"lang": "tlh"}],
)
def test_nonsense_in_a_link_is_ignored(desk: FakeDesk, query: dict[str, str]) -> None:
    opened(**query)
    assert desk.asked[0] == Arm("hebi-2021-before")


def test_an_unknown_scenario_in_a_link_is_told(desk: FakeDesk) -> None:
    app = opened(a="no-such")
    assert app.warning[0].value == EN("compare.unknown", name=r"no\-such")
    assert app.selectbox[0].value == "hebi-2021-before"


def test_the_same_twice_is_no_comparison(desk: FakeDesk) -> None:
    app = opened(a="design-storm", b="design-storm")
    assert app.warning[0].value == EN("compare.same")
    assert not app.button


def test_an_empty_library_and_unreadable_files_are_told(desk: FakeDesk) -> None:
    desk.titles, desk.unreadable = {}, {"broken": "broken.toml: start: missing"}
    app = opened()
    assert app.warning[0].value == EN("compare.no_library")
    assert app.code[0].value == "broken.toml: start: missing"


# --- running -------------------------------------------------------------------------------


def test_the_button_starts_both_and_shows_progress(desk: FakeDesk) -> None:
    app = opened()
    app.button[0].click().run()
    assert desk.started == [Arm("hebi-2021-before"), Arm("hebi-2021-works")]
    assert [bar.value for bar in app.get("progress")] == [25, 25]
    assert app.button[0].label == EN("compare.cancel")


def test_cancelling_is_told_and_can_be_begun_again(desk: FakeDesk) -> None:
    app = opened()
    app.button[0].click().run()
    app.button[0].click().run()
    assert len(desk.cancelled) == 2
    assert "cancelled" in app.warning[0].value
    assert app.button[0].label == EN("compare.run")


def test_a_failed_run_shows_stage_and_reason(finished: FakeDesk) -> None:
    run = stored("failed", reason="ledger water: off by 3 m3")
    finished.standings["hebi-2021-works"] = Standing("failed", run, run.reason)
    app = opened()
    assert app.error[0].value == EN(
        "compare.failed_title", name="**B** With works", stage=EN("stage.simulate")
    )
    assert app.code[0].value == "ledger water: off by 3 m3"
    assert app.button[0].label == EN("compare.run_missing")
    app.button[0].click().run()
    assert finished.started == [Arm("hebi-2021-works")]


def test_a_scenario_that_cannot_be_used_is_explained_and_not_run(desk: FakeDesk) -> None:
    error = "hebi.toml: no such file (got 'x'); expected a folder"
    desk.standings["hebi-2021-before"] = Standing("unusable", error=error)
    app = opened()
    assert app.code[0].value == error
    assert app.button[0].disabled


def test_a_run_that_is_slow_to_start_says_why(desk: FakeDesk) -> None:
    desk.standings["hebi-2021-before"] = Standing("running", stored("running"))
    assert EN("compare.compiling") in captions(opened())


# --- results -------------------------------------------------------------------------------


def test_a_finished_comparison_shows_everything(finished: FakeDesk) -> None:
    app = opened()
    html = html_of(app)
    assert "the last ponding point drains 9.5 h after the rain ends" in html
    assert "not drained" in html
    assert "In pipes and on streets" in html
    assert len(app.get("plotly_chart")) == 2
    assert [button.label for button in app.get("download_button")] == [
        EN("compare.download_report"), EN("compare.download_csv"),
    ]  # fmt: skip
    assert not app.button  # nothing left to run


def test_it_is_the_same_in_chinese(finished: FakeDesk) -> None:
    app = opened(lang="zh")
    html = html_of(app)
    assert "未退尽" in html
    assert "老城区" in html
    assert ZH("map.title") in [element.value for element in app.subheader]


def test_names_from_files_are_not_markup(finished: FakeDesk) -> None:
    assert "East &lt;b&gt;side" in html_of(opened())


def test_points_can_be_chosen_and_stay_in_the_address(finished: FakeDesk) -> None:
    app = opened(points="J33,J44,nowhere")
    assert app.multiselect[0].value == ["J33", "J44"]
    app.multiselect[0].set_value(["J12"]).run()
    assert app.query_params["points"] == "J12"
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "points" not in app.query_params


def test_points_of_another_network_are_let_go(finished: FakeDesk) -> None:
    app = opened(points="J33")
    view = after()
    assert view.network is not None
    table = view.record.series[("drainage", "ponded_depth")]
    renamed = replace(table, entities=tuple(f"K{name}" for name in table.entities))
    other = replace(
        view, record=replace(view.record, series={("drainage", "ponded_depth"): renamed})
    )
    for name in ("hebi-2021-before", "hebi-2021-works"):
        run = stored("done", id=f"new-{name}")
        facts = {**other.facts, "run": run.id}
        finished.standings[name] = Standing("done", run, view=replace(other, facts=facts))
    app.run()
    assert not app.exception
    assert all(node.startswith("KJ") for node in app.multiselect[0].value)


def test_a_network_without_map_or_ponding_says_so(finished: FakeDesk) -> None:
    for name, standing in list(finished.standings.items()):
        assert standing.view is not None
        dry = replace(
            standing.view, network=None, kpis=[], record=replace(standing.view.record, series={})
        )
        finished.standings[name] = replace(standing, view=dry)
    app = opened()
    shown = [element.value for element in app.info]
    assert EN("map.missing") in shown
    assert EN("curves.empty") in shown


# --- the list of runs ----------------------------------------------------------------------


def runs_page() -> None:
    from ui.pages import runs as page

    page.show()


def test_the_list_of_runs_keeps_the_reasons(desk: FakeDesk) -> None:
    desk.store.rows = [stored("failed", reason="power cut"), stored("done", seconds=1.234)]
    app = AppTest.from_function(runs_page).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table[EN("runs.reason")]) == ["power cut", ""]
    assert list(table[EN("runs.status")]) == ["failed", "done"]


def test_an_empty_list_of_runs_says_so(desk: FakeDesk) -> None:
    app = AppTest.from_function(runs_page).run()
    assert app.info[0].value == EN("runs.empty")
