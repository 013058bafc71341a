"""The explore page with a desk that has its results at hand: every view, address, empty states."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from scenarios.charts.run_view import RunView
from scenarios.locale import texts
from scenarios.schema import StoredRun
from sim.kernel.recorder import Recorder
from tests.synthetic_levels import after_with_levels, before_with_levels
from tests.ui.test_app import html_of, stored
from ui import explore_views
from ui.desk import Shelf, Standing
from ui.explore_views import VIEWS
from ui.pages import explore

EN, ZH = texts("en"), texts("zh")


@dataclass
class FakeDesk:
    """Finished runs and their results; draws at once unless told to be slow."""

    runs: list[StoredRun] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    slow: bool = False
    drawings: list[Hashable] = field(default_factory=list)

    def add(self, run_id: str, view: RunView) -> None:
        run = stored("done", id=run_id, scenario=view.scenario)
        self.runs.append(run)
        self.standings[run_id] = Standing("done", run, view=view)

    def shelf(self) -> Shelf:
        titles = {"town-before": {"en": "Town before", "zh": "小城前"}}
        return Shelf(titles, {}, {})

    def finished(self, limit: int) -> list[StoredRun]:
        return self.runs[:limit]

    def result(self, run: StoredRun) -> Standing:
        return self.standings[run.id]

    def drawn(self, key: Hashable, draw: Callable[[], Any]) -> Any:
        if self.slow:
            return None
        self.drawings.append(key)
        return draw()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDesk]:
    fake = FakeDesk()
    monkeypatch.setattr(explore, "desk", lambda: fake)
    monkeypatch.setattr(explore_views, "desk", lambda: fake)
    yield fake
    st.cache_resource.clear()


@pytest.fixture
def town(desk: FakeDesk) -> FakeDesk:
    desk.add("b1", before_with_levels())
    desk.add("w1", after_with_levels())
    return desk


def page_script() -> None:
    from ui.pages import explore as page

    page.show()


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(page_script, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def infos(app: AppTest) -> list[str]:
    return [element.value for element in app.info]


def captions(app: AppTest) -> str:
    return " ".join(element.value for element in app.caption)


# --- runs and views ------------------------------------------------------------------------


def test_without_runs_it_says_where_they_come_from(desk: FakeDesk) -> None:
    assert infos(opened()) == [EN("explore.none")]
    assert infos(opened(lang="zh")) == [ZH("explore.none")]


def test_the_latest_run_of_two_scenarios_is_opened(town: FakeDesk) -> None:
    town.runs.append(stored("done", id="b0", scenario="town-before"))  # an older one
    app = opened()
    assert app.multiselect[0].value == ["b1", "w1"]
    assert app.query_params["runs"] == "b1,w1"
    assert app.query_params["view"] == "profile"
    assert app.multiselect[0].options[0].startswith("Town before · b1 · ")


def test_a_link_opens_runs_in_their_order_and_tells_the_missing(town: FakeDesk) -> None:
    app = opened(runs="w1,gone,b1", view="many")
    assert app.multiselect[0].value == ["w1", "b1"]
    assert app.warning[0].value == EN("explore.unknown", ids="gone")
    assert "R2" in html_of(app).split("R1")[0]  # the row of w1 comes first


def test_no_run_chosen_asks_for_one(town: FakeDesk) -> None:
    app = opened()
    app.multiselect[0].set_value([]).run()
    assert infos(app) == [EN("explore.choose")]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws_in_both_languages(town: FakeDesk, view: str, lang: str) -> None:
    query = {"from": "J00", "to": "J03"} if view == "profile" else {}
    app = opened(view=view, lang=lang, **query)
    assert len(app.get("plotly_chart")) == 1
    assert not app.info
    t = texts(lang)
    group = next(g for g in app.button_group if g.key.startswith("view"))
    assert list(group.options) == [t(f"{name}.title") for name in VIEWS]
    assert not any(word in captions(app) for word in ("{", "}"))


def test_changing_the_view_changes_the_address(town: FakeDesk) -> None:
    app = opened()
    next(g for g in app.button_group if g.key.startswith("view")).set_value("gantt").run()
    assert not app.exception
    assert app.query_params["view"] == "gantt"
    assert "more than 15 cm" in captions(app)


def test_reading_and_drawing_are_told(town: FakeDesk) -> None:
    town.slow = True
    app = opened(view="gantt")
    assert not app.get("plotly_chart")
    assert len(app.get("progress")) == 1
    town.slow = False
    assert len(opened(view="gantt").get("plotly_chart")) == 1
    town.standings["w1"] = Standing("reading", town.runs[1])
    bar = opened().get("progress")[0]
    assert bar.value == 50


def test_a_run_that_cannot_be_read_does_not_take_the_others_along(town: FakeDesk) -> None:
    town.standings["w1"] = Standing("failed", town.runs[1], "runs/w1: damaged")
    app = opened(view="gantt")
    assert app.error[0].value == EN("explore.unreadable")
    assert app.code[0].value == "runs/w1: damaged"
    assert len(app.get("plotly_chart")) == 1


# --- each view -----------------------------------------------------------------------------


def test_the_profile_s_ends_are_in_the_address(town: FakeDesk) -> None:
    app = opened(**{"from": "J00", "to": "J20"})
    assert [box.value for box in app.selectbox] == ["J00", "J20"]
    assert "3 nodes, 600 m" in captions(app)
    app.selectbox[1].select("J50").run()
    assert app.query_params["to"] == "J50"
    assert "6 nodes" in captions(app)


def test_ends_without_a_way_are_told(town: FakeDesk) -> None:
    app = opened(**{"from": "J00", "to": "J00"})
    assert app.warning[0].value == EN("profile.same")
    view = town.standings["b1"].view
    assert view is not None
    assert view.network is not None
    cut = view.network.model_copy(
        update={"conduits": tuple(c for c in view.network.conduits if "J07" not in c.id)}
    )
    more = cut.model_copy(update={"conduits": (*cut.conduits, view.network.conduits[0].model_copy(
        update={"id": "alone", "from_node": "J07", "to_node": "OUT"})) })  # fmt: skip
    town.add("b2", replace(view, network=more))
    app = opened(runs="b2", **{"from": "J00", "to": "J07"})
    assert app.warning[0].value == EN("profile.no_path", start="J00", end="J07")


def test_hydrographs_can_be_chosen(town: FakeDesk) -> None:
    app = opened(view="hydro", draw="link:SJ00J01,node:J12,tower:X")
    assert app.multiselect[1].value == ["link:SJ00J01", "node:J12"]
    app.multiselect[1].set_value(["outfall:OUT"]).run()
    assert app.query_params["draw"] == "outfall:OUT"
    app.multiselect[1].set_value([]).run()
    assert "draw" not in app.query_params


def test_a_map_of_more_than_two_runs_asks_which(town: FakeDesk) -> None:
    town.add("b2", before_with_levels())
    app = opened(view="flood", runs="b1,w1,b2", maps="CA")
    assert app.multiselect[1].value == ["C", "A"]
    assert town.drawings[-1] == ("flood", ("b2", "b1"), ("C", "A"), "en")


def test_the_number_of_rows_and_the_layout_are_in_the_address(town: FakeDesk) -> None:
    app = opened(view="many", layout="overlay")
    assert town.drawings[-1] == ("volume", ("b1", "w1"), "overlay", "en")
    next(g for g in app.button_group if g.key.startswith("layout")).set_value("panels").run()
    assert "layout" not in app.query_params


def test_one_run_alone_is_no_comparison_but_has_its_figures(town: FakeDesk) -> None:
    app = opened(view="many", runs="b1")
    assert infos(app) == [EN("many.one")]
    assert "41\u202f000" in html_of(app)


@pytest.mark.parametrize(
    ("view", "said"),
    [("profile", "profile.empty"), ("hydro", "hydro.empty"), ("flood", "flood.empty"),
     ("gantt", "gantt.dry")],
)  # fmt: skip
def test_nothing_recorded_is_said(desk: FakeDesk, view: str, said: str) -> None:
    bare = replace(before_with_levels(), record=Recorder().record(), network=None, kpis=[])
    desk.add("x", bare)
    assert infos(opened(view=view)) == [EN(said)]
    assert infos(opened(view=view, lang="zh")) == [ZH(said)]


def test_the_page_is_in_the_app() -> None:
    app = (Path(__file__).resolve().parents[2] / "app.py").read_text("utf-8")
    assert "explore.show" in app
