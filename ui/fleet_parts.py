"""Pieces that the pages of the fleet share: tables, tiles, choosers that follow the address."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from scenarios.charts.palette import CONFIG
from scenarios.charts.tables import simple_table
from scenarios.export_csv import csv_bytes
from scenarios.locale import Texts
from scenarios.works_text import TextTable
from ui import language
from ui.fleet_desk import Case, FleetDesk
from ui.query import follow, present, publish
from ui.shared import desk

POLL_S = 1.0
MAP_CONFIG = {**CONFIG, "scrollZoom": False}
MOST_ON_MAP = 8


@st.cache_resource(show_spinner=False)
def fleet_desk() -> FleetDesk:
    """The one desk of this server, on the store that ``CITYCLOCK_STORE`` names."""
    return FleetDesk(desk().store)


def table(shown: TextTable) -> None:
    """Draw a table of text."""
    rows = [[html.escape(cell) for cell in row] for row in shown.rows]
    heads = [html.escape(head) for head in shown.heads]
    st.html(f'<div class="cc-scroll">{simple_table(heads, rows, shown.numeric)}</div>')


def frame(shown: pd.DataFrame, *, most_px: int = 480) -> None:
    """Draw a table that can be sorted."""
    height = min(38 + 35 * max(len(shown), 1), most_px)
    words = shown.style.format(precision=1, thousands=",")
    st.dataframe(words, hide_index=True, height=height, placeholder="–")


def text_frame(shown: TextTable) -> pd.DataFrame:
    """Return a table of text as a data frame, for export."""
    return pd.DataFrame(list(shown.rows), columns=list(shown.heads))


def csv_button(label: str, shown: pd.DataFrame, name: str, key: str) -> None:
    """Offer a table for download."""
    st.download_button(
        label, lambda: csv_bytes(shown), name, "text/csv", key=key, on_click="ignore",
        icon=":material/table:",
    )  # fmt: skip


def chart(figure: go.Figure, key: str) -> None:
    """Draw a figure."""
    st.plotly_chart(figure, theme=None, config=CONFIG, key=key)


def big_chart(key: tuple[object, ...], work: Callable[[], go.Figure], name: str) -> None:
    """Draw a figure that takes a while: a bar stands for it until it is there.

    Parameters
    ----------
    key
        All that the figure depends on.
    """
    figure = fleet_desk().drawing(key, work)
    if figure is None:
        _follow_drawing(key)
    else:
        chart(figure, name)


@st.fragment(run_every=POLL_S)
def _follow_drawing(key: tuple[object, ...]) -> None:
    if fleet_desk().drawn(key):
        st.rerun()
    st.progress(0.0, text=language.current()("fleet.drawing"))


def title(text: str) -> None:
    """Draw the title of a part of a page."""
    st.markdown(f"**{text}**")


def scenario(name: str, cases: Mapping[str, Case], favourite: str, t: Texts) -> str:
    """Draw the choice of a scenario; ``name`` is the parameter in the address."""
    names = list(cases)
    first = favourite if favourite in names else names[0]
    followed = follow(name, first, lambda text: text if text in names else None)
    chosen = st.selectbox(
        t("fleet.scenario"), names, key=followed.key, index=names.index(followed.initial),
        format_func=lambda one: t.pick(cases[one].title, one),
    )  # fmt: skip
    publish(name, "" if chosen == first else chosen)
    return str(chosen)


def choice(
    name: str, label: str, options: Sequence[str], words: Callable[[str], str], *, column: Any = st
) -> str:
    """Draw a choice of a few; the first is the usual one."""
    followed = follow(
        name, options[0], lambda text: text if text in options else None,
        stale=_gone(present(name), options),
    )  # fmt: skip
    chosen = column.segmented_control(
        label, options, key=followed.key, default=followed.initial, required=True,
        format_func=words,
    )  # fmt: skip
    publish(name, "" if chosen == options[0] else chosen or "")
    return str(chosen or options[0])


def number(
    name: str, label: str, usual: int, low: int, high: int, *, column: Any = st, help: str = ""
) -> int:
    """Draw a whole number."""
    followed = follow(name, usual, lambda text: _whole(text, low, high))
    value = column.number_input(
        label, min_value=low, max_value=high, step=1, key=followed.key,
        value=min(max(followed.initial, low), high), help=help or None,
    )  # fmt: skip
    publish(name, "" if value == usual else str(value))
    return int(value)


def several(
    name: str, label: str, options: Sequence[str], usual: Sequence[str], *, most: int,
    help: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """Draw a choice of several of many."""

    def decode(text: str) -> list[str] | None:
        found = [one for one in text.split(",") if one in options]
        return found[:most] or None

    now = present(name)
    stale = isinstance(now, list) and any(one not in options for one in now)
    followed = follow(name, list(usual)[:most], decode, stale=stale)
    chosen = st.multiselect(
        label, options, followed.initial, key=followed.key, max_selections=most, help=help or None
    )
    publish(name, "" if chosen == list(usual)[:most] else ",".join(chosen))
    return tuple(chosen)


def switch(name: str, label: str, *, usual: bool = False) -> bool:
    """Draw something that is on or off."""
    followed = follow(name, usual, {"1": True, "0": False}.get)
    value = st.toggle(label, followed.initial, key=followed.key)
    publish(name, "" if value == usual else str(int(value)))
    return bool(value)


def tiles(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Draw tiles: name, value, unit, and a badge (HTML) that says what it rests on."""
    cells = "".join(
        '<div class="cc-tile"><div class="cc-tile-name">'
        f'{html.escape(name)}</div><div class="cc-tile-value">{html.escape(value)}'
        f'<span class="cc-tile-unit"> {html.escape(unit)}</span></div>{badge}</div>'
        for name, value, unit, badge in rows
    )
    st.html(f'<div class="cc-tiles">{cells}</div>')


def _whole(text: str, low: int, high: int) -> int | None:
    return int(text) if text.isdecimal() and low <= int(text) <= high else None


def _gone(value: object, options: Sequence[str]) -> bool:
    return value is not None and value not in options
