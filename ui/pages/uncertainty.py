"""The page of uncertainty: recession over replications, and what it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from scenarios.charts.palette import CONFIG
from scenarios.charts.tables import simple_table
from scenarios.charts.uncertainty import chances, effects_chart, recession_curve
from scenarios.locale import Texts
from scenarios.sensitivity import METHODS, Factor, Method, design, parse_factor, parse_target
from scenarios.uncertainty import MEASURES, Spread
from scenarios.uncertainty_tables import (
    effect_heads,
    effect_rows,
    headline,
    spread_heads,
    spread_rows,
    zones_shown,
)
from sim.drainage.kpis import DEFINITIONS
from sim.kernel.errors import InputError
from ui import language
from ui.desk import Shelf
from ui.query import follow, publish
from ui.shared import desk, studies
from ui.studies import PENDING, Answer, Question, Replications, Standing
from ui.words import plain

FAVOURITE = "hebi-2021-uncertain"
COUNTS = (10, 30, 100, 300, 1000)
USUAL_COUNT = 30
POLL_S = 2.0
MOST_TEXT = 2000
VARIED = """\
drainage.rain_multiplier=0.6:0.75
drainage.uncertainty.roughness_multiplier=0.8:1.25
drainage.uncertainty.inlet_blockage.probability=0:0.3
drainage.uncertainty.conduit_blockage.probability=0:0.4
"""
SIZES: dict[Method, tuple[int, ...]] = {"morris": (4, 8, 16, 32), "sobol": (8, 16, 32, 64, 128)}


def show() -> None:
    """Draw the page."""
    t = language.current()
    shelf = desk().shelf()
    if shelf is None:
        _follow_shelf()
        return
    if not shelf.titles:
        st.warning(t("compare.no_library"))
        return
    wanted = _choose(shelf, t)
    standing = studies().standing(wanted)
    _actions(wanted, standing, t)
    _trouble(standing, t)
    if standing.state in PENDING:
        _follow_batch(wanted, standing.state, standing.done)
    if standing.spread is not None:
        _spread(standing.spread, standing, t)
    elif standing.state == "new":
        st.info(t("uncertainty.first"))
    if standing.state not in ("checking", "unusable"):
        st.subheader(t("sensitivity.title"), anchor=False)
        _sensitivity(wanted.scenario, t)


# --- replications --------------------------------------------------------------------------


def _choose(shelf: Shelf, t: Texts) -> Replications:
    names = list(shelf.titles)
    left, right = st.columns([3, 1])
    default = FAVOURITE if FAVOURITE in names else names[0]
    scenario = follow("s", default, lambda text: text if text in names else None)
    with left:
        name = st.selectbox(
            t("uncertainty.scenario"), names, key=scenario.key,
            index=names.index(scenario.initial),
            format_func=lambda choice: t.pick(shelf.titles[choice], choice),
        )  # fmt: skip
    count = follow("n", USUAL_COUNT, _decode_count)
    with right:
        number = st.selectbox(
            t("uncertainty.replications"), COUNTS, key=count.key,
            index=COUNTS.index(count.initial),
        )  # fmt: skip
    publish("s", name)
    publish("n", str(number))
    description = t.pick(shelf.descriptions.get(name, {}))
    if description:
        st.caption(plain(" ".join(description.split())))
    return Replications(name, number)


def _decode_count(text: str) -> int | None:
    return int(text) if text in {str(count) for count in COUNTS} else None


def _actions(wanted: Replications, standing: Standing, t: Texts) -> None:
    with st.container(horizontal=True):
        if standing.state in ("new", "failed", "cancelled"):
            st.button(t("uncertainty.run"), type="primary", key="run_batch",
                      on_click=studies().start, args=(wanted,))  # fmt: skip
        if standing.state == "running":
            st.button(t("uncertainty.cancel"), key="cancel_batch",
                      on_click=studies().cancel, args=(wanted,))  # fmt: skip


def _trouble(standing: Standing, t: Texts) -> None:
    if standing.state == "unusable":
        st.warning(t("uncertainty.nothing_drawn") if "is drawn" in standing.error
                   else t("compare.unusable_title", name=t("uncertainty.scenario")))  # fmt: skip
        st.code(standing.error, language=None, wrap_lines=True)
    elif standing.state == "failed":
        st.error(t("uncertainty.failed_runs", count=max(standing.failed, 1)))
        st.code(standing.error, language=None, wrap_lines=True)


def _spread(found: Spread, standing: Standing, t: Texts) -> None:
    st.subheader(t("uncertainty.spread_title"), anchor=False)
    measures = [measure for measure in MEASURES if measure in found.distributions]
    chosen = follow("measure", measures[0], lambda text: text if text in measures else None)
    measure = st.segmented_control(
        t("uncertainty.measure"), measures, key=chosen.key, default=chosen.initial, required=True,
        format_func=lambda name: t(f"uncertainty.{name}"), label_visibility="collapsed",
    )  # fmt: skip
    measure = measure or measures[0]
    publish("measure", "" if measure == measures[0] else measure)
    distributions = found.distributions[measure]
    names = {zone: t.pick(words, zone) for zone, words in standing.zones.items()}
    st.markdown(plain(headline(found, measure, t)))
    if found.failed:
        st.caption(t("uncertainty.failed_runs", count=found.failed))
    st.plotly_chart(
        recession_curve(distributions[0], found.observed_h, t), config=CONFIG, key="curve"
    )
    shown = distributions[: zones_shown(distributions)]
    if any(one.chance is not None for one in shown):
        st.markdown(f"**{t('uncertainty.zones')}**")
        st.plotly_chart(chances(shown, t, names), config=CONFIG, key="chances")
    _table(spread_heads(t), spread_rows(shown, found, t, names))
    st.caption(t("uncertainty.reading", hours=f"{found.observed_h:.1f}"))


# --- sensitivity ---------------------------------------------------------------------------


def _sensitivity(scenario: str, t: Texts) -> None:
    st.caption(plain(t("sensitivity.intro")))
    question = _question(scenario, t)
    if question is None:
        return
    answer = studies().answer(question)
    with st.container(horizontal=True):
        if answer.state == "running":
            st.button(t("uncertainty.cancel"), key="stop_question", on_click=studies().stop,
                      args=(question,))  # fmt: skip
        elif answer.state != "done":
            st.button(t("uncertainty.run"), key="ask_question", on_click=studies().ask,
                      args=(question,))  # fmt: skip
    if answer.state == "running":
        _follow_question(question)
    elif answer.state == "failed":
        st.error(t("compare.failed_hint"))
        st.code(answer.error, language=None, wrap_lines=True)
    _effects(answer, t)


def _question(scenario: str, t: Texts) -> Question | None:
    """What the widgets ask; none if it cannot be asked, with the reason on the page."""
    text = st.text_area(t("sensitivity.parameters"), VARIED, key="vary", height=130,
                        max_chars=MOST_TEXT)  # fmt: skip
    left, middle, right = st.columns(3)
    whole = [d for d in DEFINITIONS if d.name not in ("waterlogged_h", "max_depth_m")]
    labels = {d.name: d.label.zh if t.language == "zh" else d.label.en for d in whole}
    kpi = left.selectbox(t("sensitivity.figure"), list(labels), key="kpi",
                         format_func=lambda name: labels[name])  # fmt: skip
    method = middle.selectbox(t("sensitivity.method"), METHODS, key="method",
                              format_func=lambda name: t(f"sensitivity.{name}"))  # fmt: skip
    sizes = SIZES[method]
    size = right.selectbox(t("sensitivity.size"), sizes, key=f"size_{method}", index=1,
                           help=t("sensitivity.size_help"))  # fmt: skip
    try:
        factors: tuple[Factor, ...] = tuple(
            parse_factor(line) for line in text.splitlines() if line.strip()
        )
        runs = len(design(factors, method, size, 1))
    except InputError as error:
        st.code(str(error), language=None, wrap_lines=True)
        return None
    st.caption(t("sensitivity.runs", count=runs))
    return Question(scenario, factors, parse_target(kpi), method, size)


def _effects(answer: Answer, t: Texts) -> None:
    found = answer.found
    if found is None:
        return
    st.plotly_chart(effects_chart(found, t), config=CONFIG, key="effects")
    _table(effect_heads(found, t), effect_rows(found))
    st.caption(plain(t(f"sensitivity.{found.method}_reading")))
    st.caption(t("sensitivity.span", low=f"{found.low:.4g}", high=f"{found.high:.4g}",
                 unit=found.unit, runs=found.evaluations))  # fmt: skip
    if found.censored:
        st.caption(
            t("sensitivity.censored", count=found.censored, hours=f"{found.censored_as:.1f}")
        )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = [[escape(cell) for cell in row] for row in rows]
    numbers = [False] + [True] * (len(heads) - 1)
    html = simple_table([escape(head) for head in heads], cells, numbers)
    st.html(f'<div class="cc-scroll">{html}</div>')


# --- following -----------------------------------------------------------------------------


@st.fragment(run_every=POLL_S)
def _follow_shelf() -> None:
    if desk().shelf() is not None:
        st.rerun()
    st.progress(0.0)


@st.fragment(run_every=POLL_S)
def _follow_batch(wanted: Replications, before: str, done: int) -> None:
    """Draw the progress bar; when more replications are done, draw the whole page again."""
    t = language.current()
    standing = studies().standing(wanted)
    if standing.state != before or standing.done != done:
        st.rerun()
    text = t("uncertainty.progress", done=standing.done, of=wanted.count)
    st.progress(min(standing.fraction, 1.0), text=text)


@st.fragment(run_every=POLL_S)
def _follow_question(question: Question) -> None:
    t = language.current()
    answer = studies().answer(question)
    if answer.state != "running":
        st.rerun()
    text = t("uncertainty.progress", done=answer.known, of=answer.total)
    st.progress(answer.known / answer.total if answer.total else 0.0, text=text)
