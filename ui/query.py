"""Widgets that follow the address, so that a reload or a shared link opens the same view.

Streamlit can bind a widget to the query itself, but then writes the label it shows, which changes
with the language. Here the query holds the value: ``?lang=zh&a=hebi-2021-before``.

The value in the address is given to the widget as its default, never through the session state:
what is set there is lost in the browser when the page is drawn twice in quick succession. Where
the address changes later (the back button, an edited link), the widget gets a new key and with it
a new default.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

Value = TypeVar("Value")
LANGUAGE = "lang"
#: For this long after a value was published the browser may still send the address before it.
SETTLING_S = 1.5


@dataclass
class _Memory:
    """What a session knows of one parameter: text last published and when, and widget in use."""

    text: str | None = None
    published_s: float = 0.0
    generation: int = 0
    initial: object = None


@dataclass(frozen=True)
class Followed(Generic[Value]):
    """The key and the default to give to a widget."""

    key: str
    initial: Value


def follow(
    name: str, default: Value, decode: Callable[[str], Value | None], *, stale: bool = False
) -> Followed[Value]:
    """Return key and default for the widget of parameter `name`. Call `publish` after it.

    Parameters
    ----------
    default
        Used where the address says nothing, or nothing that `decode` understands.
    decode
        From the text in the address to a value; none if the text means nothing here.
    stale
        The widget's present value cannot be offered any more: begin again with `default`.
    """
    memory = _memory(name)
    text = st.query_params.get(name)
    if _key(name, memory) not in st.session_state:  # first time, or back from another page
        source = text if text is not None else memory.text
        value = decode(source) if source is not None else None
        memory.initial = default if value is None else value
    elif stale:
        memory.generation += 1
        memory.initial = default
    elif text is not None and text != memory.text and _settled(memory):
        value = decode(text)
        if value is not None:
            memory.generation += 1
            memory.initial = value
    return Followed(_key(name, memory), memory.initial)  # type: ignore[arg-type]


def publish(name: str, text: str) -> None:
    """Put the widget's present value into the address; an empty text takes it out."""
    memory = _memory(name)
    if text != memory.text:
        memory.text, memory.published_s = text, time.monotonic()
    if not text:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != text:
        st.query_params[name] = text


def present(name: str) -> object:
    """The present value of a parameter's widget, or none if it was never drawn."""
    return st.session_state.get(_key(name, _memory(name)))


def _settled(memory: _Memory) -> bool:
    return time.monotonic() - memory.published_s > SETTLING_S


def _memory(name: str) -> _Memory:
    entry = f"_address_{name}"
    if entry not in st.session_state:
        st.session_state[entry] = _Memory()
    memory: _Memory = st.session_state[entry]
    return memory


def _key(name: str, memory: _Memory) -> str:
    """The browser keeps the label of a choice as long as the key is the same, so that it would go
    on showing the old language."""
    language = "" if name == LANGUAGE else _memory(LANGUAGE).text
    return f"{name}-{memory.generation}{language or ''}"
