"""The page of tonight's changes (streets closed, trucks down) and of how large a fleet must be."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from scenarios import routes_text
from scenarios.charts.fleet_changes_map import changes_map
from scenarios.charts.fleet_sizes import sizes_figure
from scenarios.fleet_arms import ChangedRoute, Response, Sizes, changed_routes
from scenarios.fleet_job import ResponseRequest, SizesRequest
from scenarios.fleet_legs import tracks
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts
from sim.fleet import SYSTEM
from ui import language
from ui.fleet_desk import Case, Question
from ui.fleet_parts import (
    MOST_ON_MAP,
    POLL_S,
    big_chart,
    chart,
    choice,
    csv_button,
    fleet_desk,
    frame,
    number,
    scenario,
    several,
    switch,
    table,
    text_frame,
    title,
)
from ui.fleet_progress import actions, follow_answer, follow_cases, trouble
from ui.fleet_run_views import day
from ui.query import follow, publish
from ui.words import plain

PARTS = ("tonight", "size")
TONIGHT, SIZE = "three-streets-flooded", "fleet-all-electric"
MOST_SIZES = 64


def show() -> None:
    """Draw the page."""
    t = language.current()
    known = fleet_desk().cases()
    if known is None:
        follow_cases()
        return
    part = choice("spart", t("fleet.part"), PARTS, lambda one: t(f"fleet.part_{one}"))
    cases = {
        name: case for name, case in known.items()
        if case.trucks and (part == "size" or case.outages)
    }  # fmt: skip
    st.caption(t(f"fleet.{part}_intro"))
    if not cases:
        st.info(t(f"fleet.{part}_no_scenario"))
        return
    question = _tonight(cases, t) if part == "tonight" else _size(cases, t)
    if question is None:
        return
    answer = fleet_desk().answer(question)
    actions(question, answer, t, run=t(f"fleet.{part}_run"), key=part)
    if answer.pending:
        follow_answer(question, answer.state)
    trouble(answer, t)
    if isinstance(answer.found, Response):
        show_response(answer.found, t)
    elif isinstance(answer.found, Sizes):
        show_sizes(answer.found, t)
    elif answer.state == "new":
        st.info(t(f"fleet.{part}_first"))


# --- tonight -------------------------------------------------------------------------------


def _tonight(cases: Mapping[str, Case], t: Texts) -> Question:
    name = scenario("tscenario", cases, TONIGHT, t)
    replications = number(
        "treps", t("fleet.replications"), 5, 1, 50, help=t("fleet.replications_help")
    )
    return Question(name, ResponseRequest(replications))


def show_response(found: Response, t: Texts) -> None:
    """Headline, map of the changed routes, their table, differences with intervals."""
    st.subheader(plain(routes_text.response_headline(found, t)), anchor=False)
    title(t("fleet.changes_title"))
    runs = found.arms[0].runs[0], found.best.runs[0]
    before, now = (fleet_desk().read(run) for run in runs)
    for reading in (before, now):
        if reading.error:
            st.error(t("fleet.unreadable"))
            st.code(reading.error, language=None, wrap_lines=True)
    if before.view is not None and now.view is not None:
        _changes(before.view, now.view, t)
    elif not (before.error or now.error):
        _follow_views(found)
    title(t("fleet.changed_title"))
    changed = routes_text.changed_table(found, t)
    if changed.rows:
        shown = text_frame(changed)
        frame(shown)
        csv_button(t("fleet.download_changed"), _full(found, t), "cityclock_changed_routes.csv",
                   "changed-csv")  # fmt: skip
    else:
        st.info(t("fleet.nothing_changes"))
    title(t("fleet.differences_title"))
    differences = routes_text.response_table(found, t, SYSTEM.labels)
    table(differences)
    st.caption(t("fleet.differences_note", count=len(found.arms[0].runs)))
    csv_button(t("fleet.download_figures"), text_frame(differences),
               f"cityclock_response_{found.scenario.name}.csv", "response-csv")  # fmt: skip


def _changes(before: FleetView, now: FleetView, t: Texts) -> None:
    if now.ground is None or before.ground is None:
        st.info(t("fleet.no_streets"))
        return
    by_day = _changed_by_day(before, now, before.run.id, now.run.id)
    # The day on which most changes is shown first.
    days = sorted((d for d in by_day if len(now.of_day(int(d)))), key=lambda d: -len(by_day[d]))
    if not days:
        st.info(t("fleet.nothing_done"))
        return
    number = int(day(now.start, days, t, name="tday"))
    changed = by_day[str(number)]
    order = [one.truck for one in changed]
    if not order:
        st.info(t("fleet.nothing_changes_today"))
        return
    chosen = several(
        "ttrucks", t("fleet.changed_trucks"), order, order[:5], most=MOST_ON_MAP,
        help=t("fleet.trucks_on_map_help", most=MOST_ON_MAP),
    )  # fmt: skip
    closer = switch("tclose", t("fleet.closer")) if chosen else False
    ground, moved = now.ground, {one.truck: (one.gained, one.lost) for one in changed}

    def draw() -> go.Figure:
        old, new = (
            {k: [leg.line for leg in v] for k, v in tracks(one, chosen, one.of_day(number)).items()}
            for one in (before, now)
        )
        return changes_map(
            now, ground, old, new, now.closed_ever, t, moved=moved, closer=closer
        )  # fmt: skip

    key = ("changes", before.run.id, now.run.id, chosen, number, closer, t.language)
    big_chart(key, draw, "changes-map")
    st.caption(t("fleet.changes_note"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _changed_by_day(
    _before: FleetView, _now: FleetView, run_before: str, run_now: str
) -> Mapping[str, tuple[ChangedRoute, ...]]:
    return {
        str(d): changed_routes(_before.of_day(d), _now.of_day(d)) for d in range(_now.inputs.days)
    }


@st.fragment(run_every=POLL_S)
def _follow_views(found: Response) -> None:
    t = language.current()
    readings = [fleet_desk().read(arm.runs[0]) for arm in (found.arms[0], found.best)]
    if all(one.view is not None or one.error for one in readings):
        st.rerun()
    st.progress(0.0, text=t("fleet.reading"))


def _full(found: Response, t: Texts) -> pd.DataFrame:
    """Every changed route with all its stops, for export."""
    keys = ("truck", "gained", "lost", "km_before", "km_now")
    rows = [
        (c.truck, " ".join(c.gained), " ".join(c.lost), round(c.km_before, 2), round(c.km_now, 2))
        for c in found.changed
    ]
    return pd.DataFrame(rows, columns=[t(f"routes.head_{key}") for key in keys])


# --- how large -----------------------------------------------------------------------------


def _size(cases: Mapping[str, Case], t: Texts) -> Question | None:
    name = scenario("zscenario", cases, SIZE, t)
    case = cases[name]
    columns = st.columns([3, 3, 2, 2, 2])
    trucks = _numbers("ztrucks", t("fleet.size_trucks"), _thirds(case.trucks), columns[0], t)
    guns = _numbers("zguns", t("fleet.size_guns"), _thirds(case.guns), columns[1], t)
    limit = number("zlimit", t("fleet.size_limit"), 99, 1, 100, column=columns[2])
    days = number("zdays", t("fleet.size_days"), min(2, case.days), 1, case.days, column=columns[3])
    replications = number("zreps", t("fleet.replications"), 3, 1, 50, column=columns[4])
    wrong = not trucks or not guns or min(trucks) < 1 or len(trucks) * len(guns) > MOST_SIZES
    if wrong:
        st.warning(t("fleet.size_bad", most=MOST_SIZES))
        return None
    if max(trucks) > case.trucks or max(guns) > case.guns:
        st.warning(t("fleet.size_too_many", trucks=case.trucks, guns=case.guns))
        return None
    settings = () if days == case.days else (f"duration_h={24 * days}",)
    return Question(name, SizesRequest(trucks, guns, float(limit), replications), settings)


def _thirds(most: int) -> tuple[int, ...]:
    """Two thirds, five sixths and all of what there is."""
    return tuple(sorted({max(round(most * share), 1) for share in (2 / 3, 5 / 6, 1.0)}))


def _numbers(name: str, label: str, usual: tuple[int, ...], column, t: Texts) -> tuple[int, ...]:  # type: ignore[no-untyped-def]
    text = ", ".join(map(str, usual))
    followed = follow(name, text, lambda found: found)
    typed = column.text_input(label, followed.initial, key=followed.key, help=t("fleet.size_help"))
    publish(name, "" if typed == text else typed)
    return numbers_of(typed)


def numbers_of(text: str) -> tuple[int, ...]:
    """Return the whole numbers in a text, smallest first; nothing if any of it is none."""
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    if not all(part.isdecimal() and len(part) < 6 for part in parts):
        return ()
    return tuple(sorted({int(part) for part in parts}))


def show_sizes(found: Sizes, t: Texts) -> None:
    """Headline, Pareto chart, table, what was assumed."""
    st.subheader(plain(routes_text.sizes_headline(found, t)), anchor=False)
    title(t("fleet.sizes_title"))
    chart(sizes_figure(found, t), "sizes-figure")
    st.caption(t("fleet.sizes_note"))
    title(t("fleet.sizes_table_title"))
    sizes = routes_text.sizes_table(found, t)
    table(sizes)
    csv_button(t("fleet.download_figures"), text_frame(sizes),
               f"cityclock_sizes_{found.scenario.name}.csv", "sizes-csv")  # fmt: skip
    with st.expander(t("fleet.how_title"), expanded=True):
        for note in routes_text.sizes_notes(found, t):
            st.markdown(f"- {plain(note)}")
