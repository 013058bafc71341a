"""What goes on at sites and chargers: stock, trucks that wait, power drawn."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from scenarios.charts.fleet_palette import truck_line
from scenarios.charts.palette import GRID, LIMIT, MUTED, style
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts
from sim.kernel.recorder import SeriesTable

_PANEL_PX, _GAP_PX = 190, 62
PANELS = ("site_stock", "trucks_waiting", "charging_power")


def sites_figure(view: FleetView, t: Texts) -> go.Figure:
    """Panels over the days of a run; dotted lines are the limits of buffers and connections."""
    tables = {name: view.record.series.get(("fleet", name)) for name in PANELS}
    there = {name: s for name, s in tables.items() if s is not None and s.entities}
    titles = [t(f"fleet.panel_{name}") for name in there]
    rows = max(len(there), 1)
    inner = rows * _PANEL_PX + (rows - 1) * _GAP_PX
    figure = make_subplots(
        rows=rows, cols=1, shared_xaxes=True, subplot_titles=titles,
        vertical_spacing=_GAP_PX / inner,
    )  # fmt: skip
    entities = dict.fromkeys(e for table in there.values() for e in table.entities)
    look = {entity: truck_line(k) for k, entity in enumerate(entities)}
    named: set[str] = set()
    for row, (name, table) in enumerate(there.items(), start=1):
        _panel(figure, row, table, look, named, stepped=name != "site_stock")
        figure.update_yaxes(rangemode="tozero", row=row, col=1)
        for entity, limit in _limits(view, name).items():
            colour = look.get(entity, {}).get("color", LIMIT)
            if name == "site_stock" and table.of(entity).max() < 0.4 * limit:
                continue  # far away: it would only press the curves to the ground
            figure.add_hline(
                y=limit, row=row, col=1,
                line={"color": colour, "width": 1.2, "dash": "dot"},
            )  # fmt: skip
    style(figure, height_px=inner + 130)
    last = float(view.horizon_s + view.inputs.start_of_day_s) / 86_400.0
    step = max(1, round(last / 10))
    days = np.arange(0, last + 1e-9, step)
    figure.update_xaxes(
        tickvals=days * 24.0, ticktext=[f"{d:g}" for d in days], gridcolor=GRID, zeroline=False,
        linecolor=MUTED, showline=True, range=[0, last * 24.0],
    )  # fmt: skip
    figure.update_xaxes(title=t("fleet.axis_days"), row=rows, col=1)
    figure.update_yaxes(gridcolor=GRID, zeroline=False)
    figure.update_annotations(font={"size": 13}, x=0, xanchor="left")
    figure.update_layout(margin={"t": 86}, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    return figure


def _panel(
    figure: go.Figure, row: int, table: SeriesTable, look: Mapping[str, dict[str, object]],
    named: set[str], *, stepped: bool,
) -> None:  # fmt: skip
    hours = table.time_s / 3600.0
    for entity in table.entities:
        figure.add_scatter(
            x=hours, y=table.of(entity), mode="lines", name=escape(entity), legendgroup=entity,
            showlegend=entity not in named, row=row, col=1,
            line={"width": 2, "shape": "hv" if stepped else "linear"} | look[entity],
            hovertemplate=f"{escape(entity)}: %{{y:.4g}} {table.unit if table.unit != '1' else ''}"
            "<extra></extra>",
        )  # fmt: skip
        named.add(entity)


def _limits(view: FleetView, name: str) -> Mapping[str, float]:
    if name == "site_stock":
        return {r.id: r.buffer_t for r in view.tables["sites"] if r.buffer_t is not None}
    if name == "charging_power":
        return {r.id: r.limit_kw for r in view.tables["chargers"] if r.limit_kw is not None}
    return {}
