"""Depth against time at ponding points: runs overlaid, rain from the top, the river below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from scenarios.charts.palette import (
    GRID,
    INK,
    LIMIT,
    MUTED,
    RUN_COLOURS,
    RUN_DASHES,
    RUN_LETTERS,
    WATER,
    style,
)
from scenarios.charts.run_view import RunView, same_start, time_axis, waterlogged_cm, zone_name
from scenarios.charts.worst_points import hours_texts
from scenarios.locale import Texts
from sim.kernel.recorder import SeriesTable

RAIN_PX, STAGE_PX, POINT_PX, GAP_PX, TOP_PX, BOTTOM_PX = 84, 110, 112, 30, 50, 62


def depth_curves(
    views: Sequence[RunView], nodes: Sequence[str], texts: Texts, *, font_px: int = 13
) -> go.Figure:
    """Panels over one time axis: rain (upside down), a panel per node, the river's stage.

    Parameters
    ----------
    views
        Up to four runs; the first is drawn solid, the others dashed.
    nodes
        Ponding points, one panel each; a run without the node simply has no curve there.
    texts
        The language.
    font_px
        Size of the letters; the report prints smaller than the screen.
    """
    rain = any(_has_values(view.series("rain")) for view in views)
    stage = any(_has_values(view.series("stage")) for view in views)
    heights = [RAIN_PX] * rain + [POINT_PX] * len(nodes) + [STAGE_PX] * stage
    inner = sum(heights) + GAP_PX * (len(heights) - 1)
    figure = make_subplots(
        rows=max(len(heights), 1),
        cols=1,
        shared_xaxes=True,
        row_heights=heights or [1],
        vertical_spacing=GAP_PX / inner if len(heights) > 1 else 0,
        subplot_titles=_titles(views, nodes, texts, rain, stage),
    )
    figure.update_annotations(x=0, xanchor="left", font={"size": font_px, "color": INK}, yshift=1)
    calendar = same_start(views)
    row = 1
    if rain:
        _rain_panel(figure, row, views, texts, calendar)
        row += 1
    named: set[int] = set()
    for node in nodes:
        _depth_panel(figure, row, views, node, texts, calendar, named)
        row += 1
    if stage:
        _stage_panel(figure, row, views, texts, calendar)
    style(figure, height_px=inner + TOP_PX + BOTTOM_PX, font_px=font_px)
    figure.update_layout(
        margin={"t": TOP_PX, "b": BOTTOM_PX, "l": 66, "r": 14},
        hovermode="x unified",
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
    )
    figure.update_xaxes(
        gridcolor=GRID, zeroline=False, showline=True, linecolor=MUTED, ticks="outside"
    )
    small = {"font": {"size": font_px}, "standoff": 4}
    figure.update_yaxes(gridcolor=GRID, zeroline=False, nticks=4, automargin=True, title=small)
    if calendar:
        # Digits only: month names would need a translation plotly does not carry along.
        figure.update_xaxes(type="date", tickformat="%m-%d\n%H:%M", hoverformat="%m-%d %H:%M")
        bottom = texts("curves.axis_calendar", zone=str(views[0].start.tzname() or ""))
    else:
        bottom = texts("curves.axis_hours")
    figure.update_xaxes(
        title={"text": bottom, "standoff": 6, "font": {"size": font_px}},
        row=max(len(heights), 1),
        col=1,
    )
    _mark_rain_end(figure, views, texts, calendar, font_px)
    return figure


def _titles(
    views: Sequence[RunView], nodes: Sequence[str], texts: Texts, rain: bool, stage: bool
) -> list[str]:
    zones = {zone.id: zone_name(zone, texts) for view in views for zone in view.zones}
    where = {
        node.id: zones.get(node.zone or "", "")
        for view in views
        if view.network is not None
        for node in view.network.nodes
    }
    hours = [hours_texts(view) for view in views]
    cm = waterlogged_cm(views)
    titles = []
    for node in nodes:
        over = " · ".join(
            f"{RUN_LETTERS[i % 4]} {of_run.get(node, '0.0')} h"
            for i, of_run in enumerate(hours)
            if any(node in known for known in hours)
        )
        place = f"<b>{escape(node)}</b>" + (f" {escape(where[node])}" if where.get(node) else "")
        titles.append(place + (f" — {texts('curves.over', cm=cm)}{over}" if over else ""))
    first = [texts("curves.rain_title")] if rain else []
    last = [texts("curves.stage_title")] if stage else []
    return [*first, *titles, *last]


def _rain_panel(
    figure: go.Figure, row: int, views: Sequence[RunView], texts: Texts, calendar: bool
) -> None:
    for i, (view, name) in enumerate(_distinct(views, "rain")):
        table = view.series("rain")
        if table is None:
            continue
        figure.add_trace(
            go.Scatter(
                x=time_axis(view, table.time_s, calendar),
                y=np.round(table.values.mean(axis=1), 3),
                name=texts("curves.rain", run=name) if name else texts("curves.rain_all"),
                line={"shape": "hv", "width": 1, "color": WATER if i == 0 else RUN_COLOURS[0]},
                fill="tozeroy",
                fillcolor="rgba(0,114,178,.35)" if i == 0 else "rgba(213,94,0,.25)",
                hovertemplate="%{y:.1f} mm/h",
                showlegend=False,
            ),
            row=row,
            col=1,
        )
    figure.update_yaxes(
        autorange="reversed", title={"text": "mm/h"}, rangemode="tozero",
        row=row, col=1,
    )  # fmt: skip


def _depth_panel(
    figure: go.Figure,
    row: int,
    views: Sequence[RunView],
    node: str,
    texts: Texts,
    calendar: bool,
    named: set[int],
) -> None:
    """One point's panel; `named` collects the runs that already have their legend entry."""
    highest = 0.2
    for i, view in enumerate(views):
        table = view.series("ponded_depth")
        if table is None or node not in table.entities:
            continue
        depth = table.values[:, table.entities.index(node)]
        highest = max(highest, float(depth.max(initial=0.0)))
        figure.add_trace(
            go.Scatter(
                x=time_axis(view, table.time_s, calendar),
                y=np.round(depth, 4),
                name=f"{RUN_LETTERS[i % 4]} {escape(view.name(texts))}",
                legendgroup=f"run{i}",
                showlegend=i not in named,
                line={"color": RUN_COLOURS[i % 4], "dash": RUN_DASHES[i % 4], "width": 2},
                hovertemplate="%{y:.2f} m",
            ),
            row=row,
            col=1,
        )
        named.add(i)
    for level in dict.fromkeys(view.waterlogged_m for view in views):
        figure.add_hline(y=level, line={"color": LIMIT, "width": 1, "dash": "dot"}, row=row, col=1)
        figure.add_annotation(
            text=f"{level:g}", x=0, xref="x domain", y=level, yanchor="bottom", xanchor="left",
            xshift=3, showarrow=False, font={"size": 11, "color": MUTED}, row=row, col=1,
        )  # fmt: skip
    figure.update_yaxes(title={"text": "m"}, range=[0, 1.12 * highest], row=row, col=1)


def _stage_panel(
    figure: go.Figure, row: int, views: Sequence[RunView], texts: Texts, calendar: bool
) -> None:
    for i, (view, name) in enumerate(_distinct(views, "stage")):
        table = view.series("stage")
        if table is None:
            continue
        for entity, column in _columns(table):
            label = texts("curves.stage", outfall=escape(entity))
            figure.add_trace(
                go.Scatter(
                    x=time_axis(view, table.time_s, calendar),
                    y=np.round(column, 3),
                    name=f"{name} {label}".strip(),
                    line={"color": WATER if not name else RUN_COLOURS[i], "width": 1.5},
                    hovertemplate="%{y:.2f} m",
                    showlegend=False,
                ),
                row=row,
                col=1,
            )
    figure.update_yaxes(title={"text": "m"}, row=row, col=1)


def _distinct(views: Sequence[RunView], quantity: str) -> list[tuple[RunView, str]]:
    """Runs whose series differs, with their letter; one run and no letter if all agree."""
    tables = [view.series(quantity) for view in views]
    shown = [(i, t) for i, t in enumerate(tables) if _has_values(t)]
    if not shown:
        return []
    first_index, first = shown[0]
    if all(_equal(first, table) for _, table in shown) and len(shown) == len(views):
        return [(views[first_index], "")]
    return [(views[i], RUN_LETTERS[i % 4]) for i, _ in shown]


def _has_values(table: SeriesTable | None) -> bool:
    return table is not None and table.values.size > 0


def _equal(a: SeriesTable | None, b: SeriesTable | None) -> bool:
    if a is None or b is None:
        return a is b
    return np.array_equal(a.time_s, b.time_s) and np.array_equal(a.values, b.values)


def _columns(table: SeriesTable) -> list[tuple[str, NDArray[np.float64]]]:
    """At most three different columns of a series: outfalls on one river share their stage."""
    chosen: list[tuple[str, NDArray[np.float64]]] = []
    for j, entity in enumerate(table.entities):
        column = table.values[:, j]
        if len(chosen) < 3 and not any(np.array_equal(column, old) for _, old in chosen):
            chosen.append((entity, column))
    return chosen


def _mark_rain_end(
    figure: go.Figure, views: Sequence[RunView], texts: Texts, calendar: bool, font_px: int
) -> None:
    ends = {
        end: view for view in views if (end := view.rain_end_s()) is not None
    }  # one line where the storms are the same
    for end, view in ends.items():
        x = time_axis(view, np.array([end]), calendar)[0]
        figure.add_vline(x=x, line={"color": MUTED, "width": 1, "dash": "dash"}, row="all", col=1)
        figure.add_annotation(
            text=texts("curves.rain_end"), x=x, xref="x", y=1, yref="paper", xanchor="left",
            yanchor="top", xshift=4, yshift=-6, showarrow=False,
            font={"size": font_px - 1, "color": MUTED},
        )  # fmt: skip
