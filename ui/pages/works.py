"""The page that asks which works come first under a budget: choose, search, look at the plans."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from scenarios import works_text
from scenarios.charts.palette import CONFIG
from scenarios.charts.tables import simple_table
from scenarios.charts.works_charts import budget_curve, works_map
from scenarios.cli_output import number
from scenarios.export_csv import csv_bytes
from scenarios.locale import Texts, texts
from scenarios.location import locate
from scenarios.works import BUDGETS, CONFIRM_STORMS, EVALUATIONS, Request
from scenarios.works_study import PlanRow, Study
from scenarios.works_text import TextTable
from sim.drainage.network import Network
from ui import language
from ui.query import follow, publish
from ui.words import plain
from ui.works_desk import Answer, Question, WorksDesk

FAVOURITE = "design-storm"
YEARS = ("10", "20", "50", "100")
DEFAULT_YEARS = "50"
MEASURES = ("depth", "area")
POLL_S = 1.0


@st.cache_resource(show_spinner=False)
def works_desk() -> WorksDesk:
    """The one desk of this server, beside the store that ``CITYCLOCK_STORE`` names."""
    return WorksDesk(locate())


def show() -> None:
    """Draw the page."""
    t = language.current()
    st.caption(t("works.intro"))
    titles = works_desk().scenarios()
    if titles is None:
        _follow_scenarios()
        return
    if not titles:
        st.info(t("works.no_scenario"))
        return
    names = list(titles)
    favourite = FAVOURITE if FAVOURITE in names else names[0]
    followed = follow("wscenario", favourite, lambda text: text if text in names else None)
    scenario = st.selectbox(
        t("works.scenario"), names, key=followed.key, index=names.index(followed.initial),
        format_func=lambda name: t.pick(titles[name], name),
    )  # fmt: skip
    publish("wscenario", "" if scenario == favourite else scenario)
    request = _request(t)
    if request is None:
        st.warning(t("works.bad_budgets"))
        return
    question = Question(scenario, request)
    answer = works_desk().answer(question)
    _actions(question, answer, t)
    if answer.pending:
        _follow(question, answer.state)
    _trouble(answer, t)
    if answer.study is not None and answer.network is not None:
        show_study(answer.study, answer.network, answer.key, t)
    elif answer.state == "new":
        st.info(t("works.first"))


# --- asking --------------------------------------------------------------------------------


def _request(t: Texts) -> Request | None:
    """What the controls say, or none if the budgets cannot be read."""
    usual = ", ".join(f"{budget:g}" for budget in BUDGETS)
    asked = follow("budgets", usual, lambda text: text)
    years = follow("years", DEFAULT_YEARS, lambda text: text if text in YEARS else None)
    count = follow("sets", EVALUATIONS, _decode_count)
    measure = follow("measure", MEASURES[0], lambda text: text if text in MEASURES else None)
    columns = st.columns([2, 2, 2, 3])
    text = columns[0].text_input(
        t("works.budgets"), asked.initial, key=asked.key, help=t("works.budgets_help")
    )
    storm = columns[1].segmented_control(
        t("works.storms"), YEARS, key=years.key, default=years.initial, required=True
    )
    most = columns[2].number_input(
        t("works.evaluations"), min_value=20, max_value=5000, step=50, key=count.key,
        value=count.initial,
    )  # fmt: skip
    kind = columns[3].segmented_control(
        t("works.measure"), MEASURES, key=measure.key, default=measure.initial, required=True,
        format_func=lambda name: t(f"works.measure_{name}"),
    )  # fmt: skip
    publish("budgets", "" if text == usual else text)
    publish("years", "" if storm == DEFAULT_YEARS else storm or "")
    publish("sets", "" if most == EVALUATIONS else str(most))
    publish("measure", "" if kind == MEASURES[0] else kind or "")
    budgets = budgets_of(text)
    if not budgets:
        return None
    return Request(
        budgets=budgets, storms=(storm or DEFAULT_YEARS,), confirm=CONFIRM_STORMS,
        evaluations=int(most), measure="area" if kind == "area" else "depth",
    )  # fmt: skip


def budgets_of(text: str) -> tuple[float, ...]:
    """Return the budgets in a text, smallest first; nothing if any of it is no budget."""
    parts = [part for part in text.replace("，", ",").split(",") if part.strip()]
    try:
        found = sorted({float(part) for part in parts})
    except ValueError:
        return ()
    return tuple(found) if found and found[0] >= 0 and found[-1] < 1e9 else ()


def _decode_count(text: str) -> int | None:
    return int(text) if text.isdecimal() and 20 <= int(text) <= 5000 else None


def _actions(question: Question, answer: Answer, t: Texts) -> None:
    if answer.state == "running":
        st.button(t("works.cancel"), key="works-cancel", on_click=_cancel, args=(question, t))
    elif answer.state in ("new", "failed", "done"):
        label = t("works.run" if answer.state == "new" else "works.again")
        st.button(
            label, type="primary" if answer.state != "done" else "secondary", key="works-run",
            on_click=works_desk().start, args=(question,),
        )  # fmt: skip


def _cancel(question: Question, t: Texts) -> None:
    works_desk().cancel(question)
    st.toast(t("works.cancelling"))


def _trouble(answer: Answer, t: Texts) -> None:
    if answer.state in ("unusable", "failed"):
        st.error(t(f"works.{answer.state}"))
        st.code(answer.error, language=None, wrap_lines=True)


# --- following -----------------------------------------------------------------------------


@st.fragment(run_every=POLL_S)
def _follow_scenarios() -> None:
    if works_desk().scenarios() is not None:
        st.rerun()
    st.progress(0.0)


@st.fragment(run_every=POLL_S)
def _follow(question: Question, before: str) -> None:
    """Draw the progress; when the question has moved on, draw the whole page again."""
    t = language.current()
    answer = works_desk().answer(question)
    if answer.state != before:
        st.rerun()
    told = answer.progress
    if not told.phase:
        st.progress(0.0, text=t("works.starting"))
        return
    words = t("works.progress", phase=t(f"works.phase_{told.phase}"), done=told.done,
              limit=told.limit)  # fmt: skip
    st.progress(min(told.done / max(told.limit, 1), 1.0), text=words)
    if told.best:
        unit = "m3 h" if question.request.measure == "area" else "m h"
        rows = [
            t("works.best_row", budget=f"{budget:g}", saved=number(saved), unit=unit)
            for budget, (_, saved) in sorted(told.best.items())
        ]
        st.caption(plain(t("works.best_so_far", rows="; ".join(rows))))


# --- the result ----------------------------------------------------------------------------


def show_study(study: Study, network: Network, key: str, t: Texts) -> None:
    """Headline, budget curve, plans, ranked list, map, what stands behind it."""
    plan = _chosen_plan(study.plans, t)
    st.subheader(works_text.summary_line(study, plan, t), anchor=False)
    st.markdown(f"**{t('works.curve_title')}**")
    st.plotly_chart(_curve(study, key, t.language), theme=None, config=CONFIG, key="curve")
    _table(works_text.plans_table(study, t))
    left, right = st.columns([3, 2])
    with left:
        st.markdown(f"**{t('works.ranked_title')}**")
        ranked = works_text.ranked_table(study, plan, t)
        frame = pd.DataFrame(list(ranked.rows), columns=list(ranked.heads))
        st.dataframe(frame, hide_index=True, height=min(38 + 35 * max(len(frame), 1), 560))
        st.caption(t("works.ranked_note"))
        _downloads(study, plan, frame, t)
    with right:
        if plan.confirmed:
            st.markdown(f"**{t('works.storms_title')}**")
            _table(works_text.storms_table(study, plan, t))
    st.markdown(f"**{t('works.map_title')}**")
    if sum(node.x_m is not None for node in network.nodes) > 1:
        figure = _map(network, plan.chosen, key, t.language)
        st.plotly_chart(figure, theme=None, config=CONFIG, key="works-map")
    else:
        st.info(t("map.empty"))
    with st.expander(t("works.how_title"), expanded=True):
        for note in works_text.notes(study, t):
            st.markdown(f"- {plain(note)}")


def _chosen_plan(plans: Sequence[PlanRow], t: Texts) -> PlanRow:
    by_budget = {f"{plan.budget:g}": plan for plan in plans}
    first = f"{works_text.plan_for(plans, None).budget:g}"
    followed = follow("plan", first, lambda text: text if text in by_budget else None)
    chosen = st.segmented_control(
        t("works.plan"), list(by_budget), key=followed.key, default=followed.initial, required=True,
        format_func=lambda budget: t("works.million", budget=budget),
    )  # fmt: skip
    publish("plan", "" if chosen == first else chosen or "")
    return by_budget.get(chosen or first, plans[0])


def _table(table: TextTable) -> None:
    rows = [[html.escape(cell) for cell in row] for row in table.rows]
    heads = [html.escape(head) for head in table.heads]
    st.html(f'<div class="cc-scroll">{simple_table(heads, rows, table.numeric)}</div>')


def _downloads(study: Study, plan: PlanRow, frame: pd.DataFrame, t: Texts) -> None:
    name = f"cityclock_works_{study.scenario}"
    with st.container(horizontal=True):
        st.download_button(
            t("works.download_csv"), lambda: csv_bytes(frame), f"{name}_{plan.budget:g}.csv",
            "text/csv", key="works-csv", on_click="ignore", icon=":material/table:",
        )  # fmt: skip
        st.download_button(
            t("works.download_json"), lambda: study.model_dump_json(indent=1).encode(),
            f"{name}.json", "application/json", key="works-json", on_click="ignore",
            icon=":material/data_object:",
        )  # fmt: skip


@st.cache_resource(max_entries=16, show_spinner=False)
def _curve(_study: Study, key: str, lang: str) -> object:
    return budget_curve(_study, texts(lang))


@st.cache_resource(max_entries=16, show_spinner=False)
def _map(_network: Network, chosen: tuple[str, ...], key: str, lang: str) -> object:
    return works_map(_network, chosen, texts(lang))
