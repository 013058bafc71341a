"""Which language the page speaks: chosen by the user, kept in the address."""

from __future__ import annotations

import streamlit as st

from scenarios.locale import DEFAULT_LANGUAGE, LANGUAGES, Texts, texts
from ui.query import publish, seed

NAMES = {"en": "English", "zh": "中文"}
KEY = "lang"


def current() -> Texts:
    """The texts of the language in force: the address, the session, or the browser's language."""
    seed(KEY, _of_browser(), lambda text: text if text in LANGUAGES else None)
    return texts(st.session_state[KEY])


def chooser(t: Texts) -> None:
    """The control that changes the language."""
    st.segmented_control(
        t("app.language"), LANGUAGES, key=KEY, format_func=lambda name: NAMES[name],
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    publish(KEY, st.session_state[KEY])


def _of_browser() -> str:
    locale = st.context.locale or ""
    return "zh" if locale.lower().startswith("zh") else DEFAULT_LANGUAGE
