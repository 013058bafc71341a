"""The recession Gantt: when each ponding point was waterlogged, the last to drain on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.palette import GRID, INK, LIMIT, MUTED, RUN_COLOURS, RUN_LETTERS, style
from scenarios.charts.run_view import (
    RunView,
    same_start,
    time_axis,
    waterlogged_cm,
    zone_name,
)
from scenarios.locale import Texts
from sim.drainage.kpis import rain_end_s, rains_to_the_end, waterlogged_spells

MOST_ROWS = 30
ROW_PX, RUN_PX = 14, 8
TOP_PX, BOTTOM_PX = 74, 58


@dataclass(frozen=True)
class Row:
    """One ponding point: its zone, what is allowed there, and per run its spells in seconds.

    A spell that is open at the end of the run ends at infinity.
    """

    node: str
    zone: str
    limit_h: float | None
    spells: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def last_s(self) -> float:
        """When the point drains for good, in the run where that is latest."""
        return max(spells[-1][1] for spells in self.spells if spells)


def gantt_rows(views: Sequence[RunView], texts: Texts) -> list[Row]:
    """Every point that is waterlogged in any run, the last to drain first.

    Points that drain at the same moment, or not at all, are sorted by their first spell.
    """
    found = [waterlogged_spells(view.record) for view in views]
    zones = {zone.id: zone for view in views for zone in view.zones}
    zone_of = {
        node.id: node.zone or ""
        for view in views
        if view.network is not None
        for node in view.network.nodes
    }
    rows = []
    for node in dict.fromkeys(name for spells in found for name in spells):
        zone = zones.get(zone_of.get(node, ""))
        rows.append(
            Row(
                node=node,
                zone=zone_name(zone, texts) if zone is not None else "",
                limit_h=zone.allowed_recession_h if zone is not None else None,
                spells=tuple(tuple(spells.get(node, ())) for spells in found),
            )
        )
    return sorted(rows, key=lambda row: (-row.last_s, _first_s(row), row.node))


def _first_s(row: Row) -> float:
    return min(spells[0][0] for spells in row.spells if spells)


def left_out_text(rows: Sequence[Row], most: int, texts: Texts) -> str:
    """How many points a shortened chart leaves out; ``""`` if none."""
    return texts("gantt.rest", count=len(rows) - most) if len(rows) > most else ""


def recession_gantt(
    views: Sequence[RunView], texts: Texts, *, most: int = MOST_ROWS, font_px: int = 13
) -> go.Figure:
    """A row per ponding point with a bar per spell and run, the end of rain and the limit.

    Parameters
    ----------
    views
        Runs, each with its own line in every row.
    texts
        The language.
    most
        Greatest number of rows; the points that drain last are kept.
    font_px
        Size of the letters.
    """
    rows = gantt_rows(views, texts)[:most]
    calendar = same_start(views)
    ends = [rain_end_s(view.record, _horizon_s(view)) for view in views]
    # while it still rains there is no end to mark, and nothing to count a limit from
    marked = [
        None if rains_to_the_end(view.record) else end
        for view, end in zip(views, ends, strict=True)
    ]
    axis = _Axis(views, calendar)
    count, thickness = len(views), 0.84 / max(len(views), 1)
    traces: list[dict[str, Any]] = []
    for i, view in enumerate(views):
        offset = -0.42 + i * thickness
        horizon_s = _horizon_s(view)
        for still_open in (False, True):
            bars = [
                (k, row, start, end)
                for k, row in enumerate(rows)
                for start, end in row.spells[i]
                if math.isinf(end) == still_open
            ]
            if still_open and not bars:
                continue
            traces.append(_bars(i, view, bars, axis, offset, thickness, horizon_s, ends[i], texts))
    marks = [
        (k, i, ends[i] + 3600.0 * row.limit_h)
        for k, row in enumerate(rows)
        if row.limit_h is not None
        for i in range(count)
        if row.spells[i] and marked[i] is not None
    ]
    traces.append(_limits(views, marks, axis, thickness, texts))
    layout = _layout(views, rows, marked, axis, texts, font_px)
    figure = go.Figure({"data": traces, "layout": layout})
    height_px = TOP_PX + BOTTOM_PX + len(rows) * max(ROW_PX + 4, RUN_PX * count + 6)
    style(figure, height_px=height_px, font_px=font_px)
    return figure.update_layout(
        margin={"l": 60, "r": 16, "t": TOP_PX, "b": BOTTOM_PX},
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
        barmode="overlay",
        hovermode="closest",
    )


class _Axis:
    """Seconds of a run as plotly's axis takes them: milliseconds and moments, or hours."""

    def __init__(self, views: Sequence[RunView], calendar: bool) -> None:
        self.calendar = calendar
        self._views = views

    def at(self, time_s: float, run: int = 0) -> Any:
        moment = time_axis(self._views[run], np.array([time_s]), self.calendar)[0]
        return str(moment) if self.calendar else float(moment)

    def length(self, seconds: float) -> float:
        return seconds * 1e3 if self.calendar else seconds / 3600.0


def _horizon_s(view: RunView) -> float:
    times = [float(table.time_s[-1]) for table in view.record.series.values() if len(table.time_s)]
    return max(times, default=0.0)


def _bars(
    i: int,
    view: RunView,
    bars: Sequence[tuple[int, Row, float, float]],
    axis: _Axis,
    offset: float,
    thickness: float,
    horizon_s: float,
    rain_end: float,
    texts: Texts,
) -> dict[str, Any]:
    """Bars of one run: closed spells filled, those that are open at the end hatched."""
    still_open = bool(bars) and math.isinf(bars[0][3])
    name = f"{RUN_LETTERS[i]} {escape(view.name(texts))}"
    marker: dict[str, Any] = {"color": RUN_COLOURS[i], "line": {"width": 0}}
    if still_open:
        name = f"{RUN_LETTERS[i]} {texts('status.not_drained')}"
        marker["pattern"] = {"shape": "/", "fgcolor": "white", "size": 6, "solidity": 0.35}
    return {
        "type": "bar", "orientation": "h", "name": name, "offset": offset, "width": thickness,
        "y": [k for k, _, _, _ in bars],
        "base": [axis.at(start, i) for _, _, start, _ in bars],
        "x": [axis.length(min(end, horizon_s) - start) for _, _, start, end in bars],
        "marker": marker,
        "text": [
            _hover(row, start, end, rain_end, horizon_s, texts) for _, row, start, end in bars
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _hover(
    row: Row, start: float, end: float, rain_end: float, horizon_s: float, texts: Texts
) -> str:
    lasted = f"{(min(end, horizon_s) - start) / 3600.0:.1f}"
    if math.isinf(end):
        lasted, after = f"≥ {lasted}", texts("status.not_drained")
    else:
        after = f"{max(end - rain_end, 0.0) / 3600.0:.1f} h"
    limit = "–" if row.limit_h is None else f"{row.limit_h:g} h"
    return texts("gantt.hover", node=escape(row.node), zone=escape(row.zone), lasted=lasted,
                 after=after, limit=limit)  # fmt: skip


def _limits(
    views: Sequence[RunView],
    marks: Sequence[tuple[int, int, float]],
    axis: _Axis,
    thickness: float,
    texts: Texts,
) -> dict[str, Any]:
    """An upright stroke per row where the zone should be drained."""
    x: list[Any] = []
    y: list[float | None] = []
    for k, i, moment_s in marks:
        moment, low = axis.at(moment_s, i), k - 0.42 + i * thickness
        x += [moment, moment, None]
        y += [low - 0.04, low + thickness + 0.04, None]
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "name": texts("gantt.limit"),
        "line": {"color": LIMIT, "width": 3}, "hoverinfo": "skip", "showlegend": bool(x),
    }  # fmt: skip


def _layout(
    views: Sequence[RunView],
    rows: Sequence[Row],
    ends: Sequence[float | None],
    axis: _Axis,
    texts: Texts,
    font_px: int,
) -> dict[str, Any]:
    distinct: dict[Any, str] = {}
    for i, end in enumerate(ends):
        if end:
            moment = axis.at(end, i)
            distinct[moment] = f"{distinct.get(moment, '')} {RUN_LETTERS[i]}"
    one = len(distinct) == 1
    lines = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
         "line": {"color": INK, "width": 1.2, "dash": "dash"}}
        for x in distinct
    ]  # fmt: skip
    words = [
        {"text": texts("curves.rain_end") + ("" if one else letters), "x": x,
         "y": 1, "yref": "paper", "xanchor": "center", "yanchor": "bottom", "showarrow": False,
         "font": {"size": font_px - 1, "color": MUTED}}
        for x, letters in distinct.items()
    ]  # fmt: skip
    if axis.calendar:
        zone = str(views[0].start.tzname() or "") if views else ""
        title = texts("curves.axis_calendar", zone=zone)
        date = {"type": "date", "tickformat": "%m-%d\n%H:%M"}
    else:
        title, date = texts("curves.axis_hours"), {}
    return {
        "xaxis": {"gridcolor": GRID, "zeroline": False, "showline": True, "linecolor": MUTED,
                  "ticks": "outside",
                  "title": {"text": title, "standoff": 6, "font": {"size": font_px}}} | date,
        "yaxis": {"range": [len(rows) - 0.4, -0.6], "tickmode": "array", "zeroline": False,
                  "tickvals": list(range(len(rows))), "automargin": True, "showgrid": False,
                  "tickfont": {"size": font_px - 2, "color": INK},
                  "ticktext": [f"{escape(r.zone)} <b>{escape(r.node)}</b>".strip() for r in rows]},
        "shapes": lines,
        "annotations": words,
    }  # fmt: skip


def gantt_note(views: Sequence[RunView], texts: Texts) -> str:
    """What the bars mean."""
    return texts("gantt.note", cm=waterlogged_cm(views))
