"""The routes of a plan on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from scenarios.charts.fleet_map import add_facilities, add_lines, add_streets, extent, framed, whole
from scenarios.charts.fleet_palette import STREAMS, truck_line
from scenarios.charts.palette import MUTED
from scenarios.fleet_ground import Ground
from scenarios.fleet_plan_view import PlanView
from scenarios.locale import Texts

OTHERS = "#A9B4BE"


def plan_map(
    view: PlanView, ground: Ground, trucks: Sequence[str], t: Texts, *, closer: bool = False
) -> go.Figure:  # fmt: skip
    """Chosen trucks in colour with their stops, all other routes in grey."""
    figure = go.Figure()
    add_streets(figure, ground, (), t)
    others = [view.line(truck, ground) for truck in view.trucks if truck not in trucks]
    if others:
        add_lines(
            figure, others, t("fleet.plan_others"), {"color": OTHERS, "width": 1.6}, opacity=0.6
        )
    chosen = {truck: view.line(truck, ground) for truck in trucks}
    for k, (truck, line) in enumerate(chosen.items()):
        add_lines(figure, [line], escape(truck), truck_line(k) | {"width": 3.0}, legendgroup=truck)
        _stops(figure, view, ground, truck, k, t)
    _left_out(figure, view, ground, t)
    add_facilities(figure, view.inputs.tables, ground, t)
    box = extent(list(chosen.values())) if closer else None
    return framed(figure, box or whole(ground))


def _stops(
    figure: go.Figure, view: PlanView, ground: Ground, truck: str, number: int, t: Texts
) -> None:
    mine = view.stops(truck)
    placed = [(k, stop) for k, stop in enumerate(mine, 1) if view.place_of.get(stop) in ground.xy_m]
    at = [ground.xy_m[view.place_of[stop]] for _, stop in placed]
    symbols = [STREAMS.get(view.stream_of.get(stop, ""), "circle") for _, stop in placed]
    figure.add_scatter(
        x=[x for x, _ in at], y=[y for _, y in at], mode="markers", showlegend=False,
        legendgroup=truck,
        text=[
            t("fleet.plan_stop", truck=escape(truck), number=k, stop=escape(stop))
            for k, stop in placed
        ],
        hovertemplate="%{text}<extra></extra>",
        marker={"color": truck_line(number)["color"], "size": 8, "symbol": symbols,
                "line": {"color": "white", "width": 1}},
    )  # fmt: skip


def _left_out(figure: go.Figure, view: PlanView, ground: Ground, t: Texts) -> None:
    left: Mapping[str, str] = view.left_out
    placed = [stop for stop in left if view.place_of.get(stop) in ground.xy_m]
    if not placed:
        return
    at = [ground.xy_m[view.place_of[stop]] for stop in placed]
    figure.add_scatter(
        x=[x for x, _ in at], y=[y for _, y in at], mode="markers", name=t("fleet.plan_left_out"),
        text=[f"<b>{escape(stop)}</b><br>{escape(left[stop])}" for stop in placed],
        hovertemplate="%{text}<extra></extra>",
        marker={"symbol": "x", "size": 8, "color": "#D55E00",
                "line": {"color": MUTED, "width": 1}},
    )  # fmt: skip
