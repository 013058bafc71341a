"""Depth against time at ponding points: runs overlaid, rain from the top, the river below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scenarios.charts.palette import RUN_COLOURS, RUN_DASHES, RUN_LETTERS, WATER
from scenarios.charts.panels import BOTTOM_PX, TOP_PX, Panels, axis_number
from scenarios.charts.run_view import RunView, same_start, waterlogged_cm, zone_name
from scenarios.charts.worst_points import hours_texts
from scenarios.locale import Texts
from sim.kernel.recorder import SeriesTable

RAIN_PX, STAGE_PX, POINT_PX = 84, 110, 112
MOST_STAGES = 3


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
        Size of the letters.
    """
    rain = any(has_values(view.series("rain")) for view in views)
    stage = any(has_values(view.series("stage")) for view in views)
    heights_px = [RAIN_PX] * rain + [POINT_PX] * len(nodes) + [STAGE_PX] * stage
    panels = Panels(heights_px, same_start(views), font_px)
    if rain:
        draw_rain(panels, views, texts)
    for node, title in zip(nodes, _titles(views, nodes, texts), strict=True):
        _point(panels, views, node, title, texts)
    if stage:
        _stage(panels, views, texts)
    draw_rain_ends(panels, views, texts)
    if panels.calendar:
        zone = str(views[0].start.tzname() or "")
        figure = panels.figure(texts("curves.axis_calendar", zone=zone))
    else:
        figure = panels.figure(texts("curves.axis_hours"))
    return figure.update_layout(
        margin={"t": TOP_PX, "b": BOTTOM_PX, "l": 66, "r": 14},
        hovermode="x unified",
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
    )


def draw_rain_ends(panels: Panels, views: Sequence[RunView], texts: Texts) -> None:
    """A line where the rain ends: one if it ends at the same moment in all runs."""
    ends = [
        (end, view, RUN_LETTERS[i])
        for i, view in enumerate(views)
        if (end := view.rain_end_s()) is not None
    ]
    same = len({end for end, _, _ in ends}) == 1
    for end, view, letter in ends[:1] if same else ends:
        text = texts("curves.rain_end")
        panels.moment(view, end, text if same else f"{text} {letter}")


def _titles(views: Sequence[RunView], nodes: Sequence[str], texts: Texts) -> list[str]:
    """Node, zone and the hours over the waterlogging depth in each run."""
    zones = {zone.id: zone_name(zone, texts) for view in views for zone in view.zones}
    zone_of = {
        node.id: node.zone or ""
        for view in views
        if view.network is not None
        for node in view.network.nodes
    }
    hours = [hours_texts(view) for view in views]
    cm = waterlogged_cm(views)
    titles = []
    for node in nodes:
        over = " · ".join(
            f"{RUN_LETTERS[i]} {of_run.get(node, '0.0')} h"
            for i, of_run in enumerate(hours)
            if any(node in known for known in hours)
        )
        where = zones.get(zone_of.get(node, ""), "")
        place = f"<b>{escape(node)}</b>" + (f" {escape(where)}" if where else "")
        titles.append(place + (f" — {texts('curves.over', cm=cm)}{over}" if over else ""))
    return titles


def draw_rain(panels: Panels, views: Sequence[RunView], texts: Texts) -> None:
    panels.new(texts("curves.rain_title"), "mm/h", autorange="reversed", rangemode="tozero")
    for view, letter, table in _distinct(views, "rain"):
        colour, _ = _look(letter)
        panels.curve(
            view,
            table.time_s,
            y=np.round(table.values.mean(axis=1), 3),
            name=texts("curves.rain", run=letter) if letter else texts("curves.rain_all"),
            line={"shape": "hv", "width": 1, "color": colour},
            fill="tozeroy",
            fillcolor=f"{colour}50",
            hovertemplate="%{y:.1f} mm/h",
            showlegend=False,
        )


def _point(panels: Panels, views: Sequence[RunView], node: str, title: str, texts: Texts) -> None:
    panels.new(title, "m")
    highest = 0.2
    for i, view in enumerate(views):
        table = view.series("ponded_depth")
        if table is None or node not in table.entities:
            continue
        depth = table.of(node)
        highest = max(highest, float(depth.max(initial=0.0)))
        group = f"run{i}"
        named = any(trace.get("legendgroup") == group for trace in panels.traces)
        panels.curve(
            view,
            table.time_s,
            y=np.round(depth, 4),
            name=f"{RUN_LETTERS[i]} {escape(view.name(texts))}",
            legendgroup=group,
            showlegend=not named,
            line={"color": RUN_COLOURS[i], "dash": RUN_DASHES[i], "width": 2},
            hovertemplate="%{y:.2f} m",
        )
    for level in dict.fromkeys(view.waterlogged_m for view in views):
        panels.level(level)
    panels.axes[f"yaxis{axis_number(panels.row)}"]["range"] = [0, 1.12 * highest]


def _stage(panels: Panels, views: Sequence[RunView], texts: Texts) -> None:
    panels.new(texts("curves.stage_title"), "m")
    for view, letter, table in _distinct(views, "stage"):
        colour, dash = _look(letter)
        for outfall, column in _columns(table):
            label = texts("curves.stage", outfall=escape(outfall))
            panels.curve(
                view,
                table.time_s,
                y=np.round(column, 3),
                name=f"{letter} {label}".strip(),
                line={"color": colour, "dash": dash, "width": 1.5},
                hovertemplate="%{y:.2f} m",
                showlegend=False,
            )


def _distinct(views: Sequence[RunView], quantity: str) -> list[tuple[RunView, str, SeriesTable]]:
    """Runs with their letter and series where they differ; one and no letter if all agree."""
    tables = [view.series(quantity) for view in views]
    shown = [
        (view, RUN_LETTERS[i], table)
        for i, (view, table) in enumerate(zip(views, tables, strict=True))
        if table is not None and has_values(table)
    ]
    if len(shown) == len(views) and all(_equal(shown[0][2], table) for _, _, table in shown):
        return [(shown[0][0], "", shown[0][2])]
    return shown


def _look(letter: str) -> tuple[str, str]:
    """Colour and dash of a run, or of what all runs have in common."""
    run = RUN_LETTERS.index(letter) if letter else None
    return (WATER, "solid") if run is None else (RUN_COLOURS[run], RUN_DASHES[run])


def has_values(table: SeriesTable | None) -> bool:
    return table is not None and table.values.size > 0


def _equal(a: SeriesTable, b: SeriesTable) -> bool:
    return np.array_equal(a.time_s, b.time_s) and np.array_equal(a.values, b.values)


def _columns(table: SeriesTable) -> list[tuple[str, NDArray[np.float64]]]:
    """The first few different columns of a series: outfalls on one river share their stage."""
    chosen: list[tuple[str, NDArray[np.float64]]] = []
    for j, entity in enumerate(table.entities):
        column = table.values[:, j]
        if len(chosen) < MOST_STAGES and not any(np.array_equal(column, old) for _, old in chosen):
            chosen.append((entity, column))
    return chosen
