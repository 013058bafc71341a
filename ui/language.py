"""Which language the page speaks: chosen by the user, kept in the address."""

from __future__ import annotations

import streamlit as st

from scenarios.locale import DEFAULT_LANGUAGE, LANGUAGES, Texts, texts
from ui.query import LANGUAGE as NAME
from ui.query import follow, present, publish

NAMES = {"en": "English", "zh": "中文"}


def current() -> Texts:
    """The texts of the language in force: chosen, in the address, or the browser's."""
    followed = follow(NAME, _of_browser(), _chosen)  # first: the address may have changed
    return texts(_chosen(present(NAME)) or followed.initial)


def chooser(t: Texts) -> None:
    """The control that changes the language."""
    followed = follow(NAME, _of_browser(), _chosen)
    st.segmented_control(
        t("app.language"), LANGUAGES, key=followed.key, default=followed.initial,
        format_func=lambda name: NAMES[name], required=True, label_visibility="collapsed",
    )  # fmt: skip
    publish(NAME, t.language)


def _chosen(value: object) -> str | None:
    return value if isinstance(value, str) and value in LANGUAGES else None


def _of_browser() -> str:
    locale = st.context.locale or ""
    return "zh" if locale.lower().startswith("zh") else DEFAULT_LANGUAGE
