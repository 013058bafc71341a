"""Widgets that follow the address, so that a reload or a shared link opens the same view.

Streamlit can bind a widget to the query itself, but then writes the label it shows, which changes
with the language. Here the query holds the value: ``?lang=zh&a=hebi-2021-before``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

Value = TypeVar("Value")


def seed(
    key: str, default: Value, decode: Callable[[str], Value | None], *, stale: bool = False
) -> None:
    """Give the widget `key` its value before it is drawn: from the address, or `default`.

    The address counts on the first run of a session and when it changed since (the back button, a
    link). Call `publish` after the widget.

    Parameters
    ----------
    decode
        From the text in the address to a value; none if the text means nothing here.
    stale
        The present value cannot be offered any more: start from the address or default again.
    """
    state, written = st.session_state, _memory(key)
    text = st.query_params.get(key)
    changed = text is not None and text != state.get(written)
    if key in state and not changed and not stale:
        return
    remembered = text if text is not None else state.get(written)
    value = decode(remembered) if remembered is not None else None
    if value is None and key in state and not stale:
        return  # an address that means nothing changes nothing
    state[key] = default if value is None else value


def publish(key: str, text: str) -> None:
    """Put the widget's present value into the address; an empty text takes it out."""
    st.session_state[_memory(key)] = text
    if not text:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != text:
        st.query_params[key] = text


def _memory(key: str) -> str:
    return f"_address_{key}"
