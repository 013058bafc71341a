"""The page that compares two storms: choose, run in the background, look at the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from scenarios.locale import Texts
from ui import language
from ui.desk import Arm, Shelf, Standing
from ui.query import follow, present, publish
from ui.results import show_results
from ui.shared import desk
from ui.words import plain

LETTERS = ("A", "B")
FAVOURITES = {"a": "hebi-2021-before", "b": "hebi-2021-works"}
ENGINES = ("scenario", "native", "swmm")
POLL_RUN_S = 2.0
POLL_READ_S = 0.5
SLOW_START_S = 6.0


def show() -> None:
    """Draw the page."""
    t = language.current()
    shelf = desk().shelf()
    if shelf is None:
        _follow_shelf()
        return
    if len(shelf.titles) < 2:
        _nothing_to_compare(shelf, t)
        return
    arms = _choose(shelf, t)
    names = [t.pick(shelf.titles[arm.scenario], arm.scenario) for arm in arms]
    if arms[0] == arms[1]:
        st.warning(t("compare.same"))
        return
    standings = [desk().standing(arm) for arm in arms]
    _actions(arms, standings, t)
    if any(standing.pending for standing in standings):
        running = any(s.state in ("queued", "running") for s in standings)
        follow = _follow_runs if running else _follow_reading
        follow(arms, names, [standing.state for standing in standings])
    for letter, name, standing in zip(LETTERS, names, standings, strict=True):
        _trouble(letter, name, standing, t)
    views = [standing.view for standing in standings if standing.view is not None]
    if len(views) == len(arms):
        show_results(views, t)
    elif all(standing.state == "new" for standing in standings):
        st.info(t("compare.first"))


# --- choosing ------------------------------------------------------------------------------


def _choose(shelf: Shelf, t: Texts) -> list[Arm]:
    names = list(shelf.titles)
    chosen = []
    for name, column in zip(("a", "b"), st.columns(2), strict=True):
        with column:
            chosen.append(_scenario(name, names, shelf, t))
    if shelf.unreadable:
        with st.expander(t("compare.unreadable", count=len(shelf.unreadable))):
            for error in shelf.unreadable.values():
                st.code(error, language=None, wrap_lines=True)
    multiplier, engine = _settings(t)
    return [Arm(scenario, multiplier, engine) for scenario in chosen]


def _scenario(name: str, names: Sequence[str], shelf: Shelf, t: Texts) -> str:
    wanted = st.query_params.get(name)
    if wanted and wanted not in names:
        st.warning(t("compare.unknown", name=plain(wanted)))
    favourite = FAVOURITES[name]
    default = favourite if favourite in names else names[0 if name == "a" else 1]
    now = present(name)
    followed = follow(
        name, default, lambda text: text if text in names else None,
        stale=now is not None and now not in names,
    )  # fmt: skip
    scenario = st.selectbox(
        t(f"compare.scenario_{name}"), names, key=followed.key,
        index=names.index(followed.initial),
        format_func=lambda choice: t.pick(shelf.titles[choice], choice),
    )  # fmt: skip
    publish(name, scenario)
    description = t.pick(shelf.descriptions.get(scenario, {}))
    if description:
        st.caption(plain(" ".join(description.split())))
    return scenario


def _settings(t: Texts) -> tuple[float | None, str | None]:
    """The multiplier and the engine, none where they are the scenario's own."""
    rain = follow("rain", 1.0, _decode_multiplier)
    engine = follow("engine", ENGINES[0], lambda text: text if text in ENGINES else None)
    unusual = rain.initial != 1.0 or engine.initial != ENGINES[0]
    with st.expander(t("compare.options"), expanded=unusual):
        left, right = st.columns(2)
        factor = left.number_input(
            t("compare.rain_multiplier"), min_value=0.0, max_value=5.0, step=0.1, format="%.2f",
            key=rain.key, value=rain.initial, help=t("compare.rain_help"),
        )  # fmt: skip
        solver = right.segmented_control(
            t("compare.engine"), ENGINES, key=engine.key, default=engine.initial, required=True,
            format_func=lambda name: t(f"compare.engine_{name}"), help=t("compare.engine_help"),
        )  # fmt: skip
    multiplier = None if factor == 1.0 else round(factor, 2)
    chosen = None if solver in (None, ENGINES[0]) else solver
    publish("rain", "" if multiplier is None else f"{multiplier:g}")
    publish("engine", chosen or "")
    return multiplier, chosen


def _decode_multiplier(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value, 2) if 0.0 <= value <= 5.0 else None


def _nothing_to_compare(shelf: Shelf, t: Texts) -> None:
    st.warning(t("compare.one_of_library" if shelf.titles else "compare.no_library"))
    for error in shelf.unreadable.values():
        st.code(error, language=None, wrap_lines=True)


# --- running -------------------------------------------------------------------------------


def _actions(arms: Sequence[Arm], standings: Sequence[Standing], t: Texts) -> None:
    missing = [a for a, s in zip(arms, standings, strict=True) if s.state in
               ("new", "failed", "cancelled", "unusable")]  # fmt: skip
    going = [a for a, s in zip(arms, standings, strict=True) if s.state in ("queued", "running")]
    with st.container(horizontal=True):
        if missing:
            label = "compare.run" if len(missing) == len(arms) else "compare.run_missing"
            st.button(
                t(label), type="primary", key="run", on_click=_start, args=(missing,),
                disabled=any(s.state == "unusable" for s in standings),
            )  # fmt: skip
        if going:
            st.button(t("compare.cancel"), key="cancel", on_click=_cancel, args=(going,))


def _start(arms: Sequence[Arm]) -> None:
    for arm in arms:
        desk().start(arm)


def _cancel(arms: Sequence[Arm]) -> None:
    for arm in arms:
        desk().cancel(arm)


def _trouble(letter: str, name: str, standing: Standing, t: Texts) -> None:
    """Say what went wrong with an arm, if anything did."""
    title = f"**{letter}** {plain(name)}"
    if standing.state == "unusable":
        st.error(t("compare.unusable_title", name=title))
        st.code(standing.error, language=None, wrap_lines=True)
    elif standing.state == "failed":
        stage = standing.run.stage if standing.run is not None else "load"
        key = f"stage.{stage}"
        words = t(key) if key in t.entries else stage
        st.error(t("compare.failed_title", name=title, stage=words))
        st.code(standing.error, language=None, wrap_lines=True)
        st.caption(t("compare.failed_hint"))
    elif standing.state == "cancelled":
        st.warning(t("compare.cancelled_note", name=title))


# --- following -----------------------------------------------------------------------------


@st.fragment(run_every=POLL_RUN_S)
def _follow_runs(arms: Sequence[Arm], names: Sequence[str], before: Sequence[str]) -> None:
    _follow(arms, names, before)


@st.fragment(run_every=POLL_READ_S)
def _follow_reading(arms: Sequence[Arm], names: Sequence[str], before: Sequence[str]) -> None:
    _follow(arms, names, before)


@st.fragment(run_every=POLL_READ_S)
def _follow_shelf() -> None:
    if desk().shelf() is not None:
        st.rerun()
    st.progress(0.0)


def _follow(arms: Sequence[Arm], names: Sequence[str], before: Sequence[str]) -> None:
    """Draw the progress bars; when an arm has moved on, draw the whole page again."""
    t = language.current()
    standings = [desk().standing(arm) for arm in arms]
    if any(s.state != old and not _same_stage(s.state, old)
           for s, old in zip(standings, before, strict=True)):  # fmt: skip
        st.rerun()
    for letter, name, standing in zip(LETTERS, names, standings, strict=True):
        fraction = _fraction(standing)
        state = t(f"arm_state.{standing.state}")
        if standing.state == "running":
            state += f" {fraction:.0%}"
        line = t("compare.state_line", letter=letter, name=plain(name), state=state)
        st.progress(fraction, text=line)
    if any(_is_slow_to_start(standing) for standing in standings):
        st.caption(t("compare.compiling"))


def _is_slow_to_start(standing: Standing) -> bool:
    """Whether a run has been at it for a while without a first step: the engine is compiled."""
    run = standing.run
    if run is None or run.status != "running" or run.progress > 0.0 or run.started_at is None:
        return False
    age = datetime.now(UTC) - datetime.fromisoformat(run.started_at)
    return age > timedelta(seconds=SLOW_START_S)


def _same_stage(now: str, before: str) -> bool:
    """Queued and running look alike on the page: no need to draw all of it again."""
    return {now, before} == {"queued", "running"}


def _fraction(standing: Standing) -> float:
    if standing.state in ("reading", "done"):
        return 1.0
    return min(max(standing.run.progress, 0.0), 1.0) if standing.run is not None else 0.0
