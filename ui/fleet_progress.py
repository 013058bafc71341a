"""What the pages of fleet studies share: starting, following and stopping a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from scenarios.cli_output import number as number_text
from scenarios.locale import Texts
from scenarios.routes import Request
from ui import language
from ui.fleet_desk import Answer, Question
from ui.fleet_parts import POLL_S, fleet_desk
from ui.words import plain


def actions(question: Question, answer: Answer, t: Texts, *, run: str, key: str) -> None:
    """Draw what can be done about a question in its present state."""
    if answer.state == "running":
        with st.container(horizontal=True):
            if isinstance(question.asked, Request) and answer.told.get("phase") != "simulate":
                st.button(
                    t("fleet.enough"), key=f"{key}-enough", type="primary",
                    help=t("fleet.enough_help"), on_click=fleet_desk().enough, args=(question,),
                )  # fmt: skip
            st.button(
                t("fleet.stop"), key=f"{key}-stop", on_click=fleet_desk().stop, args=(question,)
            )
    elif answer.state in ("new", "failed", "done", "cancelled"):
        done = answer.state == "done"
        st.button(
            t("fleet.study_again") if done else run, type="secondary" if done else "primary",
            key=f"{key}-run", on_click=fleet_desk().start, args=(question,),
        )  # fmt: skip


def trouble(answer: Answer, t: Texts) -> None:
    """Say what went wrong, if anything did."""
    if answer.state in ("unusable", "failed"):
        st.error(t(f"fleet.study_{answer.state}"))
        st.code(answer.error, language=None, wrap_lines=True)
    elif answer.state == "cancelled":
        st.warning(t("fleet.study_cancelled"))


@st.fragment(run_every=POLL_S)
def follow_cases() -> None:
    """Wait until the scenarios are read."""
    if fleet_desk().cases() is not None:
        st.rerun()
    st.progress(0.0)


@st.fragment(run_every=POLL_S)
def follow_answer(question: Question, before: str, phase: str = "") -> None:
    """Draw the progress; when the question has moved on, draw the whole page again."""
    t = language.current()
    answer = fleet_desk().answer(question)
    told = answer.told
    now = str(told.get("phase", ""))
    seen = f"_phase_{hash(question)}"
    if answer.state != before or st.session_state.setdefault(seen, now) != now:
        st.session_state[seen] = now
        st.rerun()
    if not now:
        st.progress(0.0, text=t("fleet.checking" if before == "checking" else "fleet.starting"))
    elif now == "search":
        _search(told, t)
    else:
        words = t(
            "fleet.simulating", arm=arm_words(str(told["arm"]), t), done=f"{told['done']:.0%}"
        )
        st.progress(min(float(told["done"]), 1.0), text=words)


def _search(told: Mapping[str, Any], t: Texts) -> None:
    seconds = max(float(told["seconds"]), 1e-9)
    words = t("fleet.searching", seconds=f"{seconds:.0f}", iterations=f"{told['iterations']:,}",
              rate=number_text(told["iterations"] / seconds))  # fmt: skip
    st.progress(min(float(told["done"]), 1.0), text=words)
    cost = number_text(told["cost"])
    text = t("fleet.incumbent", trucks=told["trucks"], cost=cost)
    if told.get("bound") is not None:
        text = t.together([text, t("fleet.incumbent_bound", bound=number_text(told["bound"]))])
    st.caption(plain(text))


def arm_words(arm: str, t: Texts) -> str:
    """Return what an arm is called; a size speaks for itself."""
    trucks, cross, guns = arm.partition("x")
    if cross and trucks.isdecimal() and guns.isdecimal():
        return t("fleet.arm_size", trucks=trucks, guns=guns)
    return t(f"routes.arm_{arm}")
