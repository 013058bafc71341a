"""The views of the explore page. Each draws itself from finished runs and its part of the address.

A view returns whether it is complete: figures with many frames are made away from the page, and
the page asks again until they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from scenarios.charts import flood_map, hydrographs, many_runs, profile, recession_gantt
from scenarios.charts.hydrographs import Element
from scenarios.charts.palette import CONFIG, RUN_LETTERS
from scenarios.charts.run_view import RunView
from scenarios.charts.sewer_path import SewerPath, sewer_path, underground
from scenarios.charts.street_map import has_coordinates
from scenarios.charts.time_slider import moments
from scenarios.locale import Texts
from ui.query import follow, present, publish
from ui.shared import desk
from ui.words import plain

Views = Sequence[RunView]
Ids = tuple[str, ...]
MOST_ELEMENTS = 6
ROWS = (15, 30, 60, 120)
LAYOUTS = ("panels", "overlay")
_WAITED_FOR = "_explore_waits_for"


def is_drawn() -> bool:
    """Whether the figure the page last waited for is there."""
    waited: tuple[Hashable, Callable[[], Any]] | None = st.session_state.get(_WAITED_FOR)
    return waited is None or desk().drawn(*waited) is not None


def _figure(key: Hashable, draw: Callable[[], go.Figure], name: str) -> bool:
    """Show a figure once it has been drawn; say whether it has."""
    figure = desk().drawn(key, draw)
    st.session_state[_WAITED_FOR] = (key, draw) if figure is None else None
    if figure is None:
        return False
    st.plotly_chart(figure, theme=None, config=CONFIG, key=name)
    return True


# --- profile -------------------------------------------------------------------------------


def show_profile(views: Views, ids: Ids, t: Texts) -> bool:
    network = views[0].network
    nodes = _sewer_nodes(views[0], ids[0])
    if network is None or len(nodes) < 2:
        st.info(t("profile.empty"))
        return True
    usual = _usual_path(views, ids)
    ends = (usual.nodes[0], usual.nodes[-1]) if usual is not None else (nodes[0], nodes[1])
    left, right = st.columns(2)
    with left:
        start = _end("from", ends[0], nodes, t)
    with right:
        end = _end("to", ends[1], nodes, t)
    if start == end:
        st.warning(t("profile.same"))
        return True
    path = _path(views[0], ids[0], start, end)
    if path is None:
        st.warning(t("profile.no_path", start=plain(start), end=plain(end)))
        return True
    if all(profile.grade_line(view, path) is None for view in views):
        st.info(t("profile.no_levels"))
    lang = t.language
    drawn = _figure(
        ("profile", ids, start, end, lang), lambda: profile.profile(views, path, t), "profile"
    )
    if drawn:
        st.caption(t("profile.facts", nodes=len(path.stations), length=f"{path.length_m:,.0f}"))
        if len(views) > 1:
            st.caption(t("profile.other_pipes"))
        if any(view.series("node_depth") is not None for view in views):
            st.caption(moments(views, "node_depth", profile.MOST_FRAMES).note(t))
    return drawn


def _end(name: str, usual: str, nodes: Sequence[str], t: Texts) -> str:
    now = present(name)
    followed = follow(
        name, usual, lambda text: text if text in nodes else None,
        stale=now is not None and now not in nodes,
    )  # fmt: skip
    chosen = st.selectbox(
        t(f"profile.{name}"), nodes, key=followed.key, index=nodes.index(followed.initial)
    )
    publish(name, "" if chosen == usual else chosen)
    return chosen


@st.cache_resource(max_entries=16, show_spinner=False)
def _sewer_nodes(_view: RunView, run: str) -> list[str]:
    """Nodes at a sewer, pump or gate, outfalls last."""
    if _view.network is None:
        return []
    built = _view.network.built(_view.works)
    at = {name for link in underground(built) for name in (link.from_node, link.to_node)}
    return [node.id for node in built.nodes if node.id in at]


@st.cache_resource(max_entries=16, show_spinner=False)
def _usual_path(_views: Views, runs: Ids) -> SewerPath | None:
    return profile.worst_path(_views)


@st.cache_resource(max_entries=64, show_spinner=False)
def _path(_view: RunView, run: str, start: str, end: str) -> SewerPath | None:
    if _view.network is None:
        return None
    return sewer_path(_view.network.built(_view.works), start, end)


# --- hydrographs ---------------------------------------------------------------------------


def show_hydrographs(views: Views, ids: Ids, t: Texts) -> bool:
    known, usual = _elements(views, ids)
    if not known:
        st.info(t("hydro.empty"))
        return True
    now = present("draw")
    followed = follow(
        "draw", usual, lambda text: _decode_elements(text, known),
        stale=isinstance(now, list) and not set(now) <= set(known),
    )  # fmt: skip
    chosen = st.multiselect(
        t("hydro.choose"), known, followed.initial, key=followed.key,
        max_selections=MOST_ELEMENTS, help=t("hydro.choose_help"),
        format_func=lambda text: _element_label(text, t),
    )  # fmt: skip
    shown = tuple(chosen or usual)
    publish("draw", "" if list(shown) == usual else ",".join(shown))
    found = [element for text in shown if (element := Element.parse(text)) is not None]
    key = ("hydro", ids, shown, t.language)
    return _figure(key, lambda: hydrographs.hydrographs(views, found, t), "hydro")


@st.cache_resource(max_entries=16, show_spinner=False)
def _elements(_views: Views, runs: Ids) -> tuple[list[str], list[str]]:
    """All elements as texts, and those drawn unless others are chosen."""
    known = [str(element) for element in hydrographs.elements(_views)]
    usual = [str(element) for element in hydrographs.usual_elements(_views)]
    return known, usual or known[:1]


def _decode_elements(text: str, known: Sequence[str]) -> list[str] | None:
    named = set(known)
    return [name for name in text.split(",") if name in named][:MOST_ELEMENTS] or None


def _element_label(text: str, t: Texts) -> str:
    element = Element.parse(text)
    return text if element is None else t(f"hydro.kind_{element.kind}", id=element.id)


# --- map -----------------------------------------------------------------------------------


def show_map(views: Views, ids: Ids, t: Texts) -> bool:
    if not any(view.series("ponded_depth") is not None for view in views):
        st.info(t("flood.empty"))
        return True
    drawable = [i for i, view in enumerate(views) if has_coordinates(view.network)]
    if not drawable:
        known = all(view.network is not None for view in views)
        st.info(t("map.empty" if known else "map.missing"))
        return True
    places = drawable[: flood_map.MOST_RUNS]
    if len(drawable) > flood_map.MOST_RUNS:
        places = _map_runs(views, drawable, t)
    chosen = [views[i] for i in places]
    letters = [RUN_LETTERS[i] for i in places]
    key = ("flood", tuple(ids[i] for i in places), tuple(letters), t.language)
    if not _figure(key, lambda: flood_map.flood_map(chosen, t, letters=letters), "flood"):
        return False
    st.caption(t("flood.note"))
    st.caption(moments(chosen, "ponded_depth", flood_map.MOST_FRAMES).note(t))
    return True


def _map_runs(views: Views, drawable: Sequence[int], t: Texts) -> list[int]:
    """Which two runs are on the map, by their letters."""
    letters = [RUN_LETTERS[i] for i in drawable]
    usual = letters[: flood_map.MOST_RUNS]
    now = present("maps")
    followed = follow(
        "maps", usual,
        lambda text: [x for x in text if x in letters][: flood_map.MOST_RUNS] or None,
        stale=isinstance(now, list) and not set(now) <= set(letters),
    )  # fmt: skip
    chosen = st.multiselect(
        t("flood.which"), letters, followed.initial, key=followed.key,
        max_selections=flood_map.MOST_RUNS,
        format_func=lambda letter: f"{letter} {views[RUN_LETTERS.index(letter)].name(t)}",
    )  # fmt: skip
    shown = chosen or usual
    publish("maps", "" if shown == usual else "".join(shown))
    return [RUN_LETTERS.index(letter) for letter in shown]


# --- recession -----------------------------------------------------------------------------


def show_gantt(views: Views, ids: Ids, t: Texts) -> bool:
    rows = _gantt_rows(views, ids, t.language, t)
    if not rows:
        st.info(t("gantt.dry"))
        return True
    followed = follow("rows", ROWS[1], lambda text: int(text) if text in map(str, ROWS) else None)
    most = ROWS[1]
    if len(rows) > ROWS[0]:
        most = st.segmented_control(
            t("gantt.rows"), ROWS, key=followed.key, default=followed.initial, required=True
        ) or ROWS[1]  # fmt: skip
        publish("rows", "" if most == ROWS[1] else str(most))
    key = ("gantt", ids, most, t.language)
    drawn = _figure(key, lambda: recession_gantt.recession_gantt(views, t, most=most), "gantt")
    if drawn:
        rest = recession_gantt.left_out_text(rows, most, t)
        note = recession_gantt.gantt_note(views, t)
        st.caption(t.together([note, rest]) if rest else note)
    return drawn


@st.cache_resource(max_entries=16, show_spinner=False)
def _gantt_rows(_views: Views, runs: Ids, lang: str, _t: Texts) -> list[recession_gantt.Row]:
    return recession_gantt.gantt_rows(_views, _t)


# --- many runs -----------------------------------------------------------------------------


def show_many(views: Views, ids: Ids, t: Texts) -> bool:
    figures, settings = _tables(views, ids, t.language, t)
    st.html(f'<div class="cc-scroll">{figures}</div>')
    st.caption(t("many.slowest"))
    if len(views) < 2:
        st.info(t("many.one"))
    else:
        st.subheader(t("many.differs"), anchor=False)
        st.html(f'<div class="cc-scroll">{settings}</div>')
    st.subheader(t("many.volume"), anchor=False)
    followed = follow("layout", LAYOUTS[0], lambda text: text if text in LAYOUTS else None)
    layout = st.segmented_control(
        t("many.layout"), LAYOUTS, key=followed.key, default=followed.initial, required=True,
        format_func=lambda name: t(f"many.{name}"), label_visibility="collapsed",
    ) or LAYOUTS[0]  # fmt: skip
    publish("layout", "" if layout == LAYOUTS[0] else layout)
    draw = many_runs.volume_panels if layout == "panels" else many_runs.volume_overlay
    return _figure(("volume", ids, layout, t.language), lambda: draw(views, t), "volume")


@st.cache_resource(max_entries=16, show_spinner=False)
def _tables(_views: Views, runs: Ids, lang: str, _t: Texts) -> tuple[str, str]:
    return many_runs.figures_table(_views, _t), many_runs.parameters_table(_views, _t)


#: By the name in the address; the texts ``<name>.title`` are the labels.
VIEWS: Mapping[str, Callable[[Views, Ids, Texts], bool]] = {
    "profile": show_profile,
    "hydro": show_hydrographs,
    "flood": show_map,
    "gantt": show_gantt,
    "many": show_many,
}
