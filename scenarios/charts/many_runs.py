"""Any number of runs beside each other: a row of figures each, what differs, the ponded volume."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.ledger import amount_text, unit_text
from scenarios.charts.palette import (
    GRID,
    INK,
    MUTED,
    RUN_COLOURS,
    RUN_DASHES,
    RUN_LETTERS,
    STREET,
    style,
)
from scenarios.charts.recession import (
    MEASURES,
    mark_html,
    recession_rows,
    run_badge,
    slowest,
    zones_within_limit,
)
from scenarios.charts.run_view import RunView, same_start, time_axis, waterlogged_cm
from scenarios.charts.tables import simple_table
from scenarios.locale import Texts
from scenarios.report_tables import setting_html
from sim.drainage.kpis import DEFINITIONS

MOST_RUNS = len(RUN_LETTERS)
COLUMNS, CELL_PX, ONE_ROW_PX, OVERLAY_PX = 4, 170, 260, 420
#: A grey line behind a small panel needs no more points than it has pixels.
BEHIND_POINTS = 240
#: Order of the slowest zone's answers, from best to worst; hours decide among the rest.
_RANK = {"dry": -1.0, "raining": None, "not_drained": float("inf")}


def figures_table(views: Sequence[RunView], texts: Texts) -> str:
    """A row per run: the slowest zone by each definition, zones within limit, whole-city KPIs.

    The best of a column is bold, unless all runs are alike in it.
    """
    rows = recession_rows(views, texts)
    cm = waterlogged_cm(views)
    columns: list[tuple[str, list[tuple[str, float | None]]]] = []
    for measure in MEASURES:
        found = [slowest(rows, measure, i) for i in range(len(views))]
        cells = [
            (f"{mark_html(f.status)} {escape(f.words(texts))}", _RANK.get(f.status, f.hours))
            for f in found
        ]
        columns.append((texts(f"measure.{measure}", cm=cm) + " (h)", cells))
    inside = [zones_within_limit(rows, i) for i in range(len(views))]
    if any(of for _, of in inside):
        columns.append(
            (texts("many.within"), [(f"{kept} / {of}", -float(kept)) for kept, of in inside])
        )
    sign = {"lower": 1.0, "higher": -1.0}
    better = {definition.name: sign.get(definition.better) for definition in DEFINITIONS}
    for name in dict.fromkeys(k.name for view in views for k in view.kpis if not k.entity):
        kpis = [view.kpi(name) for view in views]
        unit = next((kpi.unit for kpi in kpis if kpi is not None), "")
        label = views[0].label(name, texts) + (f" ({unit_text(unit)})" if unit else "")
        values = [None if kpi is None else kpi.value for kpi in kpis]
        way = better.get(name)
        columns.append(
            (label, [(_amount(v, unit), None if v is None or way is None else way * v)
                     for v in values])
        )  # fmt: skip
    body = [
        [f"{run_badge(i)} {escape(view.name(texts))}{_engine(view)}"]
        + [_bold(cells[i], cells) for _, cells in columns]
        for i, view in enumerate(views)
    ]
    head = [escape(texts("many.run")), *(escape(title) for title, _ in columns)]
    return simple_table(head, body, [False, *(True for _ in columns)])


def _amount(value: float | None, unit: str) -> str:
    """An amount; a count, which has no unit, without decimals."""
    return f"{value:.0f}" if value is not None and not unit else amount_text(value)


def _engine(view: RunView) -> str:
    """Engine, seed and id, so that two runs of one scenario can be told apart."""
    parts = [view.facts[key] for key in ("engine", "seed", "run") if view.facts.get(key)]
    return f'<br><span class="cc-sub">{escape(" · ".join(parts))}</span>' if parts else ""


def _bold(cell: tuple[str, float | None], column: Sequence[tuple[str, float | None]]) -> str:
    ranks = [rank for _, rank in column if rank is not None]
    best = cell[1] is not None and cell[1] == min(ranks) and len(set(ranks)) > 1
    return f"<strong>{cell[0]}</strong>" if best else cell[0]


def parameters_table(views: Sequence[RunView], texts: Texts) -> str:
    """A row per setting that is not the same in all runs, a column per run."""
    paths = dict.fromkeys(path for view in views for path in view.parameters)
    rows = []
    for path in paths:
        values = [view.parameters.get(path) for view in views]
        if any(value != values[0] for value in values[1:]):
            cells = [setting_html(value) for value in values]
            rows.append([f'<span class="mono">{escape(path)}</span>', *cells])
    if not rows:
        return f'<p class="cc-empty">{escape(texts("many.same"))}</p>'
    head = [escape(texts("diff.setting")), *(run_badge(i) for i in range(len(views)))]
    return simple_table(head, rows)


def volume_overlay(views: Sequence[RunView], texts: Texts, *, font_px: int = 13) -> go.Figure:
    """The ponded volume of the whole city over time, all runs on one pair of axes."""
    calendar = same_start(views)
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": y,
            "name": f"{RUN_LETTERS[i]} {escape(views[i].name(texts))}",
            "line": {"color": RUN_COLOURS[i], "dash": RUN_DASHES[i], "width": 2},
            "hovertemplate": "%{y:,.0f} m³",
        }
        for i, (x, y) in _volumes(views, calendar)
    ]  # fmt: skip
    layout = {"xaxis": _time_axis(views, calendar, texts), "yaxis": _volume_axis()}
    figure = go.Figure({"data": traces, "layout": layout})
    legend_px = 22 * ceil(len(views) / 3) + 12
    style(figure, height_px=OVERLAY_PX + legend_px, font_px=font_px)
    return figure.update_layout(
        margin={"l": 76, "r": 16, "t": 20 + legend_px, "b": 62},
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
        hovermode="x unified",
    )


def volume_panels(views: Sequence[RunView], texts: Texts, *, font_px: int = 13) -> go.Figure:
    """The ponded volume in a panel per run on the same axes, the other runs in grey behind."""
    calendar = same_start(views)
    columns = min(COLUMNS, len(views)) or 1
    rows = max(ceil(len(views) / columns), 1)
    volumes = _volumes(views, calendar)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": []}
    cell_px = ONE_ROW_PX if rows == 1 else CELL_PX
    gap_x, gap_y = 0.02, 34.0 / (rows * cell_px)
    for i, view in enumerate(views):
        column, row = i % columns, i // columns
        number = "" if i == 0 else str(i + 1)
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        left, top = column / columns, 1.0 - row / rows
        domain_x = [left + (gap_x if column else 0.0), left + 1.0 / columns]
        domain_y = [max(top - 1.0 / rows, 0.0), top - gap_y]
        below = i + columns >= len(views)
        layout[f"xaxis{number}"] = _time_axis(views, calendar, texts) | {
            "domain": domain_x, "anchor": f"y{number}", "showticklabels": below, "title": None,
            "nticks": 4,
        } | ({"matches": "x"} if i else {})  # fmt: skip
        layout[f"yaxis{number}"] = _volume_axis() | {
            "domain": domain_y, "anchor": f"x{number}", "showticklabels": column == 0,
            "title": None, "nticks": 4,
        } | ({"matches": "y"} if i else {})  # fmt: skip
        for j, (x, y) in [v for v in volumes if v[0] != i] + [v for v in volumes if v[0] == i]:
            mine = j == i
            step = 1 if mine else max(len(x) // BEHIND_POINTS, 1)
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "showlegend": False,
                    "x": x[::step], "y": y[::step],
                    "line": {"color": RUN_COLOURS[i] if mine else STREET,
                             "width": 2.2 if mine else 1},
                    "fill": "tozeroy" if mine else "none",
                    "fillcolor": f"{RUN_COLOURS[i]}30",
                    "hovertemplate": "%{y:,.0f} m³<extra></extra>",
                    "hoverinfo": None if mine else "skip",
                } | axes
            )  # fmt: skip
            if not mine:
                traces[-1].pop("hovertemplate")
        layout["annotations"].append(
            {"text": f"<b>{RUN_LETTERS[i]}</b> {escape(_short(view.name(texts), columns))}",
             "xref": "paper", "yref": "paper", "x": domain_x[0], "y": domain_y[1],
             "xanchor": "left", "yanchor": "bottom", "showarrow": False,
             "font": {"size": font_px - 1, "color": RUN_COLOURS[i]}}
        )  # fmt: skip
    figure = go.Figure({"data": traces, "layout": layout})
    style(figure, height_px=rows * cell_px + 74, font_px=font_px)
    return figure.update_layout(margin={"l": 70, "r": 12, "t": 10, "b": 64})


def _short(name: str, columns: int) -> str:
    """A title that fits over its panel; the table has it in full. A Chinese sign counts twice."""
    room, kept = 132 // columns, ""
    for sign in name:
        room -= 2 if ord(sign) > 0x2E7F else 1
        if room < 1:
            return kept.rstrip() + "…"
        kept += sign
    return kept


def _volumes(views: Sequence[RunView], calendar: bool) -> list[tuple[int, tuple[Any, Any]]]:
    found = []
    for i, view in enumerate(views):
        table = view.series("ponded_volume")
        if table is not None and "total" in table.entities:
            x = time_axis(view, table.time_s, calendar)
            found.append((i, (x, np.round(table.of("total"), 1))))
    return found


def _time_axis(views: Sequence[RunView], calendar: bool, texts: Texts) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "gridcolor": GRID, "zeroline": False, "showline": True, "linecolor": MUTED,
        "ticks": "outside",
    }  # fmt: skip
    if not calendar:
        return axis | {
            "title": {"text": texts("curves.axis_hours"), "standoff": 6, "font": {"size": 13}}
        }
    title = texts("curves.axis_calendar", zone=str(views[0].start.tzname() or ""))
    return axis | {
        "type": "date", "tickformat": "%m-%d\n%H:%M", "hoverformat": "%m-%d %H:%M",
        "title": {"text": title, "standoff": 6, "font": {"size": 13}},
    }  # fmt: skip


def _volume_axis() -> dict[str, Any]:
    return {
        "gridcolor": GRID, "zeroline": False, "rangemode": "tozero", "automargin": True,
        "tickformat": ",d",
        "title": {"text": "m³", "standoff": 4, "font": {"size": 13, "color": INK}},
    }  # fmt: skip
