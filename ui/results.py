"""What a finished comparison looks like on the page; the same tables and figures as the report."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from scenarios import report_tables as tables
from scenarios.charts.ledger import ledger_html
from scenarios.charts.palette import CONFIG
from scenarios.charts.recession import (
    MEASURES,
    RecessionRow,
    recession_frame,
    recession_html,
    recession_rows,
    rest_text,
    slowest_rows,
)
from scenarios.charts.run_view import RunView, notes_of, waterlogged_cm
from scenarios.charts.street_map import has_coordinates
from scenarios.charts.worst_points import hours_texts
from scenarios.export_csv import csv_bytes
from scenarios.headline import headline, headline_html
from scenarios.locale import Texts
from scenarios.report import report_html
from ui import figures
from ui.query import follow, present, publish
from ui.words import plain

MAX_POINTS = 8


def show_results(views: Sequence[RunView], t: Texts) -> None:
    """Headline, recession table, map, curves, evidence, downloads."""
    names = [view.name(t) for view in views]
    rows = recession_rows(views, t)
    cm = waterlogged_cm(views)
    runs = " ".join(view.facts["run"] for view in views)
    st.subheader(t("compare.results"), anchor=False)
    st.html(headline_html(headline(rows, names, t, cm), t))
    downloads = st.container(horizontal=True)
    assumptions = {name: a for view in views for name, a in view.assumptions.items()}
    basis = tables.basis_text(assumptions, t)
    if basis:
        st.caption(basis)
    st.subheader(t("recession.title"), anchor=False)
    shown, left_out = slowest_rows(rows)
    _table(recession_html(shown, names, t, cm))
    if left_out:
        with st.expander(rest_text(rows, shown, t)):
            _table(recession_html(rows, names, t, cm))
    published = list(dict.fromkeys(figure for view in views for figure in view.published))
    if published:
        st.caption(t("published.intro"))
        _table(tables.published_html(rows, views, published, t, cm))
        for note in tables.published_notes(published, t):
            st.caption(note)
    st.subheader(t("map.title"), anchor=False)
    if all(has_coordinates(view.network) for view in views):
        figure = figures.map_of(views, runs, t.language)
        st.plotly_chart(figure, theme=None, config=CONFIG, key="map")
        st.caption(t("map.note"))
    else:
        known = all(view.network is not None for view in views)
        st.info(t("map.empty" if known else "map.missing"))
    nodes = _curves(views, runs, cm, t)
    with downloads:
        _downloads(views, rows, nodes, t)
    _evidence(views, cm, t)


def _table(html: str) -> None:
    st.html(f'<div class="cc-scroll">{html}</div>')


def _curves(views: Sequence[RunView], runs: str, cm: str, t: Texts) -> tuple[str, ...]:
    """The curves with the choice of points; return the nodes that are drawn."""
    st.subheader(t("curves.title"), anchor=False)
    ponding, worst = figures.points(views, runs)
    if not ponding:
        st.info(t("curves.empty"))
        return ()
    known = [point.node for point in ponding]
    now = present("points")
    stale = isinstance(now, list) and not set(now) <= set(known)
    followed = follow("points", worst, lambda text: _decode_points(text, known), stale=stale)
    hours = [hours_texts(view) for view in views]
    chosen = st.multiselect(
        t("curves.choose"), known, followed.initial, key=followed.key, max_selections=MAX_POINTS,
        format_func=lambda node: _point_label(node, hours, cm, t), help=t("curves.choose_help"),
    )  # fmt: skip
    nodes = tuple(chosen) or tuple(worst)
    publish("points", "" if list(nodes) == worst else ",".join(nodes))
    figure = figures.curves(views, runs, nodes, t.language)
    st.plotly_chart(figure, theme=None, config=CONFIG, key="curves")
    return nodes


def _decode_points(text: str, known: Sequence[str]) -> list[str] | None:
    found = [node for node in text.split(",") if node in known]
    return found[:MAX_POINTS] or None


def _point_label(node: str, hours: Sequence[dict[str, str]], cm: str, t: Texts) -> str:
    over = " / ".join(known.get(node, "0.0") for known in hours)
    return t("curves.point", node=node, hours=over, cm=cm)


def _downloads(
    views: Sequence[RunView], rows: Sequence[RecessionRow], nodes: Sequence[str], t: Texts
) -> None:
    """Buttons whose files are made when they are pressed, away from the page's script."""
    name = "_".join(["cityclock", *(view.scenario for view in views)])

    def page() -> str:
        return report_html(views, t.language, points=nodes)

    def table() -> bytes:
        return csv_bytes(recession_frame(rows, [view.scenario for view in views]))

    st.download_button(
        t("compare.download_report"), page, f"{name}.html", "text/html", key="report",
        on_click="ignore", icon=":material/description:",
    )  # fmt: skip
    st.download_button(
        t("compare.download_csv"), table, f"{name}.csv", "text/csv", key="csv",
        on_click="ignore", icon=":material/table:",
    )  # fmt: skip


def _evidence(views: Sequence[RunView], cm: str, t: Texts) -> None:
    """What stands behind the result, folded away until somebody asks."""
    with st.expander(t("figures.title"), expanded=True):
        _table(tables.figures_html(views, t))
    with st.expander(t("diff.title"), expanded=True):
        _table(tables.differences_html(views[0].differences(views[1]), t))
    with st.expander(t("report.definitions")):
        for key in ("waterlogged", *MEASURES, "not_drained", "limit"):
            st.markdown(f"- {t(f'definition.{key}', cm=cm)}")
    with st.expander(t("ledger.title")):
        _table(ledger_html(views, t))
    notes = notes_of(views, t)
    if notes:
        with st.expander(t("report.notes")):
            for note in notes:
                st.markdown(f"- {plain(note)}")
    with st.expander(t("report.provenance")):
        _table(tables.facts_html(views, t))
        st.caption(t("report.reproduce"))
    with st.expander(t("assumptions.title")):
        found = {name: a for view in views for name, a in view.assumptions.items()}
        _table(tables.assumptions_html(found, t))
