"""Fleets of several sizes: what they cost a day against how well they serve."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

from scenarios.charts.palette import GRID, INK, LIMIT, MUTED, RUN_COLOURS, RUN_DASHES, style
from scenarios.cli_output import number
from scenarios.fleet_arms import Size, Sizes
from scenarios.locale import Texts

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")


def sizes_figure(found: Sizes, t: Texts) -> go.Figure:
    """Cost against stops served with their interval; a colour and a mark for each number of guns,
    a line along the efficient ones, a ring round the recommended one."""
    figure = go.Figure()
    best = sorted((s for s in found.sizes if s.efficient), key=lambda s: s.cny_per_day)
    figure.add_scatter(
        x=[s.cny_per_day for s in best], y=[s.service.mean for s in best], mode="lines",
        name=t("fleet.sizes_front"), line={"color": MUTED, "width": 1.6, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    for k, guns in enumerate(sorted({s.guns for s in found.sizes})):
        mine = sorted((s for s in found.sizes if s.guns == guns), key=lambda s: s.trucks)
        figure.add_scatter(
            x=[s.cny_per_day for s in mine], y=[s.service.mean for s in mine], mode="markers+text",
            name=t("fleet.sizes_guns", guns=guns),
            text=[str(s.trucks) if s.efficient else "" for s in mine],
            textposition="top center", textfont={"size": 11, "color": INK},
            error_y={"type": "data", "array": [_half(s) for s in mine], "thickness": 0.9,
                     "width": 4, "color": RUN_COLOURS[k % len(RUN_COLOURS)]},
            marker={"color": RUN_COLOURS[k % len(RUN_COLOURS)], "size": 10,
                    "symbol": SYMBOLS[k % len(SYMBOLS)],
                    "opacity": [1.0 if s.efficient else 0.55 for s in mine]},
            hovertext=[_hover(s, t) for s in mine], hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    if found.recommended is not None:
        figure.add_scatter(
            x=[found.recommended.cny_per_day], y=[found.recommended.service.mean], mode="markers",
            name=t("fleet.sizes_recommended"), hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 24, "color": INK, "line": {"width": 2.5}},
        )  # fmt: skip
    style(figure, height_px=460)
    rates = [s.service.mean for s in found.sizes]
    if rates and found.service_limit <= max(rates) + 8.0:
        figure.add_hline(
            y=found.service_limit, line={"color": LIMIT, "width": 1.4, "dash": RUN_DASHES[1]},
            annotation={"text": t("fleet.sizes_limit", limit=f"{found.service_limit:g}"),
                        "font": {"size": 11}},
            annotation_position="bottom right",
        )  # fmt: skip
    figure.update_xaxes(title=t("fleet.axis_cost"), gridcolor=GRID, zeroline=False, tickformat=",")
    figure.update_yaxes(title=t("fleet.axis_service"), gridcolor=GRID, zeroline=False)
    figure.update_layout(margin={"t": 60})
    return figure


def _half(size: Size) -> float:
    return size.service.half_width or 0.0


def _hover(size: Size, t: Texts) -> str:
    return t(
        "fleet.sizes_hover", trucks=size.trucks, guns=size.guns, service=f"{size.service.mean:.2f}",
        missed=escape(number(size.missed)), cost=escape(number(size.cny_per_day)),
    )  # fmt: skip
