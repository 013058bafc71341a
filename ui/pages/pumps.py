"""The page that asks where pump trucks should wait and whom they should serve first."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from scenarios import emergency_text
from scenarios.charts.emergency_charts import saved_figure, sites_figure
from scenarios.charts.palette import CONFIG
from scenarios.charts.tables import simple_table
from scenarios.emergency import Study
from scenarios.emergency_sites import On
from scenarios.export_csv import csv_bytes
from scenarios.locale import Texts
from scenarios.works_text import TextTable
from ui import language
from ui.pumps_desk import Answer, PumpsDesk, Question
from ui.query import follow, publish
from ui.shared import desk
from ui.words import plain

POLL_S = 1.0
REPLICATIONS = 5
MOST_REPLICATIONS = 50
ROADS: tuple[On, ...] = ("flooded", "dry")


@st.cache_resource(show_spinner=False)
def pumps_desk() -> PumpsDesk:
    """The one desk of this server, on the store that ``CITYCLOCK_STORE`` names."""
    return PumpsDesk(desk().store)


def show() -> None:
    """Draw the page."""
    t = language.current()
    st.caption(t("pumps.intro"))
    known = pumps_desk().scenarios()
    if known is None:
        _follow_scenarios()
        return
    if not known:
        st.info(t("pumps.no_scenario"))
        return
    names = list(known)
    followed = follow("pscenario", names[0], lambda text: text if text in names else None)
    scenario = st.selectbox(
        t("pumps.scenario"), names, key=followed.key, index=names.index(followed.initial),
        format_func=lambda name: t.pick(known[name][0], name),
    )  # fmt: skip
    publish("pscenario", "" if scenario == names[0] else scenario)
    question = _question(scenario, known[scenario][1], t)
    answer = pumps_desk().answer(question)
    _actions(question, answer, t)
    if answer.state == "running":
        _follow(question)
    elif answer.state == "failed":
        st.error(t("pumps.failed"))
        st.code(answer.error, language=None, wrap_lines=True)
    elif answer.state == "cancelled":
        st.warning(t("pumps.cancelled"))
    elif answer.study is not None:
        show_study(answer.study, t)
    else:
        st.info(t("pumps.first"))


# --- asking --------------------------------------------------------------------------------


def _question(scenario: str, fleet: int, t: Texts) -> Question:
    count = follow("trucks", fleet, lambda text: _decode(text, fleet))
    repeats = follow("reps", REPLICATIONS, lambda text: _decode(text, MOST_REPLICATIONS))
    roads = follow("roads", ROADS[0], lambda text: "dry" if text == "dry" else None)
    columns = st.columns(3)
    trucks = columns[0].number_input(
        t("pumps.trucks"), min_value=1, max_value=fleet, step=1, key=count.key,
        value=min(count.initial, fleet), help=t("pumps.trucks_help"),
    )  # fmt: skip
    replications = columns[1].number_input(
        t("pumps.replications"), min_value=1, max_value=MOST_REPLICATIONS, step=1, key=repeats.key,
        value=repeats.initial, help=t("pumps.replications_help"),
    )  # fmt: skip
    on = columns[2].segmented_control(
        t("pumps.roads"), ROADS, key=roads.key, default=roads.initial, required=True,
        format_func=lambda name: t(f"pumps.roads_{name}"),
    )  # fmt: skip
    publish("trucks", "" if trucks == fleet else str(trucks))
    publish("reps", "" if replications == REPLICATIONS else str(replications))
    publish("roads", "dry" if on == "dry" else "")
    return Question(scenario, int(trucks), int(replications), "dry" if on == "dry" else "flooded")


def _decode(text: str, most: int) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text) <= most else None


def _actions(question: Question, answer: Answer, t: Texts) -> None:
    if answer.state == "running":
        st.button(t("pumps.cancel"), key="pumps-cancel", on_click=pumps_desk().cancel,
                  args=(question,))  # fmt: skip
        return
    done = answer.state == "done"
    st.button(
        t("pumps.again" if done else "pumps.run"), type="secondary" if done else "primary",
        key="pumps-run", on_click=pumps_desk().start, args=(question,),
    )  # fmt: skip


# --- following -----------------------------------------------------------------------------


@st.fragment(run_every=POLL_S)
def _follow_scenarios() -> None:
    if pumps_desk().scenarios() is not None:
        st.rerun()
    st.progress(0.0)


@st.fragment(run_every=POLL_S)
def _follow(question: Question) -> None:
    t = language.current()
    answer = pumps_desk().answer(question)
    if answer.state != "running":
        st.rerun()
    words = t("pumps.starting")
    if answer.arm:
        arm = emergency_text.arm_name(answer.arm, t)
        words = t("pumps.progress", arm=arm, done=f"{answer.done:.0%}")
    st.progress(min(answer.done, 1.0), text=words)


# --- the result ----------------------------------------------------------------------------


def show_study(study: Study, t: Texts) -> None:
    """Headline, table, map, curve, and what stands behind them."""
    st.subheader(plain(emergency_text.headline(study, t)), anchor=False)
    table = emergency_text.arms_table(study, t)
    st.markdown(f"**{t('pumps.table_title')}**")
    _table(table)
    frame = pd.DataFrame(list(table.rows), columns=list(table.heads))
    st.download_button(
        t("pumps.download_csv"), lambda: csv_bytes(frame),
        f"cityclock_pumps_{study.scenario.name}.csv", "text/csv", key="pumps-csv",
        on_click="ignore", icon=":material/table:",
    )  # fmt: skip
    st.markdown(f"**{t('pumps.map_title')}**")
    st.plotly_chart(sites_figure(study, t), theme=None, config=CONFIG, key="pumps-map")
    st.caption(t("pumps.map_note"))
    st.markdown(f"**{t('pumps.sites_title')}**")
    _table(emergency_text.sites_table(study, t))
    st.markdown(f"**{t('pumps.curve_title')}**")
    st.plotly_chart(saved_figure(study, t), theme=None, config=CONFIG, key="pumps-curve")
    st.caption(t("pumps.curve_note"))
    with st.expander(t("pumps.how_title"), expanded=True):
        for note in emergency_text.notes(study, t):
            st.markdown(f"- {plain(note)}")


def _table(table: TextTable) -> None:
    rows = [[html.escape(cell) for cell in row] for row in table.rows]
    heads = [html.escape(head) for head in table.heads]
    st.html(f'<div class="cc-scroll">{simple_table(heads, rows, table.numeric)}</div>')
