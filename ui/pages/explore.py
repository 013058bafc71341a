"""The page that looks closer at finished runs: profile, hydrographs, map, Gantt, many runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scenarios.charts.many_runs import MOST_RUNS
from scenarios.charts.run_view import notes_of
from scenarios.locale import Texts
from scenarios.schema import StoredRun
from ui import explore_views, language
from ui.query import follow, present, publish
from ui.shared import desk
from ui.words import plain

SHOWN = 200
POLL_S = 0.5
#: How many of the latest scenarios are opened unless the address names runs.
FIRST_OPENED = 2


def show() -> None:
    """Draw the page."""
    t = language.current()
    found = desk().finished(SHOWN)
    if not found:
        st.info(t("explore.none"))
        return
    runs = _choose_runs(found, t)
    if not runs:
        st.info(t("explore.choose"))
        return
    name = _choose_view(t)
    standings = [desk().result(run) for run in runs]
    waiting = sum(standing.pending for standing in standings)
    if waiting:
        _follow_reading(runs, waiting)
        return
    for standing in standings:
        if standing.view is None:
            st.error(t("explore.unreadable"))
            st.code(standing.error, language=None, wrap_lines=True)
    views = [standing.view for standing in standings if standing.view is not None]
    if not views:
        return
    for note in notes_of(views, t):
        st.caption(plain(note))
    ids = tuple(run.id for run, s in zip(runs, standings, strict=True) if s.view is not None)
    if not explore_views.VIEWS[name](views, ids, t):
        _follow_drawing()


def _choose_runs(found: Sequence[StoredRun], t: Texts) -> list[StoredRun]:
    """The runs in the order chosen; their letters follow it."""
    known = {run.id: run for run in found}
    wanted = [name for name in st.query_params.get("runs", "").split(",") if name]
    missing = [name for name in wanted if name not in known]
    if missing:
        st.warning(t("explore.unknown", ids=plain(t.listing(missing))))
    usual = _latest_of_each(found)
    now = present("runs")
    followed = follow(
        "runs", usual, lambda text: [n for n in text.split(",") if n in known][:MOST_RUNS] or None,
        stale=isinstance(now, list) and not set(now) <= set(known),
    )  # fmt: skip
    shelf = desk().shelf()
    titles = shelf.titles if shelf is not None else {}
    chosen = st.multiselect(
        t("explore.runs"), list(known), followed.initial, key=followed.key,
        max_selections=MOST_RUNS, help=t("explore.runs_help"),
        format_func=lambda name: _run_label(known[name], titles, t),
    )  # fmt: skip
    publish("runs", ",".join(chosen))
    return [known[name] for name in chosen]


def _latest_of_each(found: Sequence[StoredRun]) -> list[str]:
    """The latest run of each of the latest scenarios, in alphabetical order of the scenarios."""
    latest: dict[str, str] = {}
    for run in found:
        if len(latest) < FIRST_OPENED:
            latest.setdefault(run.scenario, run.id)
    return [latest[name] for name in sorted(latest)]


def _run_label(run: StoredRun, titles: Mapping[str, Mapping[str, str]], t: Texts) -> str:
    title = t.pick(titles.get(run.scenario, {}), run.scenario)
    when = (run.finished_at or run.created_at)[:16].replace("T", " ")
    engine = "" if run.engine == "native" else f" · {run.engine}"
    replication = f" · #{run.replication}" if run.replication else ""
    return f"{title}{engine}{replication} · {run.id} · {when} UTC"


def _choose_view(t: Texts) -> str:
    names = list(explore_views.VIEWS)
    followed = follow("view", names[0], lambda text: text if text in names else None)
    name = st.segmented_control(
        t("explore.view"), names, key=followed.key, default=followed.initial, required=True,
        format_func=lambda choice: t(f"{choice}.title"), label_visibility="collapsed",
    )  # fmt: skip
    chosen = name or names[0]
    publish("view", chosen)
    return chosen


@st.fragment(run_every=POLL_S)
def _follow_reading(runs: Sequence[StoredRun], before: int) -> None:
    """Say how many runs are still being read; draw the page again when that changes."""
    t = language.current()
    waiting = sum(desk().result(run).pending for run in runs)
    if waiting != before:
        st.rerun()
    st.progress(1.0 - waiting / len(runs), text=t("explore.reading", count=waiting))


@st.fragment(run_every=POLL_S)
def _follow_drawing() -> None:
    """Draw the page again once the figure is there."""
    t = language.current()
    if explore_views.is_drawn():
        st.rerun()
    st.progress(0.5, text=t("explore.drawing"))
