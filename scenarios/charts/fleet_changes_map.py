"""Routes before and after something went wrong: grey as they were, in colour as they are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from scenarios.charts.fleet_map import add_facilities, add_lines, add_streets, extent, framed, whole
from scenarios.charts.fleet_palette import BEFORE, truck_line
from scenarios.fleet_ground import Floats, Ground
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts

Lines = Mapping[str, Sequence[Floats]]


def changes_map(
    view: FleetView, ground: Ground, before: Lines, now: Lines, closed: Collection[str], t: Texts,
    *, moved: Mapping[str, tuple[Sequence[str], Sequence[str]]] | None = None, closer: bool = True,
) -> go.Figure:  # fmt: skip
    """Map of the routes that change.

    Parameters
    ----------
    before, now
        Lines driven, by truck; the trucks of ``now`` in the order of their importance.
    moved
        Points taken on and given away by truck.
    closer
        Show where these trucks drive, not the whole area.
    """
    figure = go.Figure()
    add_streets(figure, ground, (), t)
    old = [line for truck in now for line in before.get(truck, ())]
    add_lines(figure, old, t("fleet.changes_before"), {"color": BEFORE, "width": 5.0}, opacity=0.55)
    for k, (truck, lines) in enumerate(now.items()):
        add_lines(figure, lines, escape(truck), truck_line(k) | {"width": 2.4}, legendgroup=truck)
        _moved(figure, view, ground, truck, (moved or {}).get(truck, ((), ())), k, t)
    add_facilities(figure, view.tables, ground, t)
    add_streets_closed(figure, ground, closed, t)
    drawn = [*old, *(line for lines in now.values() for line in lines)]
    box = extent(drawn) if closer else None
    return framed(figure, box or whole(ground))


def add_streets_closed(
    figure: go.Figure, ground: Ground, closed: Collection[str], t: Texts
) -> None:
    """Draw the closed streets on top of everything."""
    only = go.Figure()
    add_streets(only, ground, closed, t)
    if any(street in ground.graph.street_index for street in closed):
        for trace in only.data[1:]:
            figure.add_trace(trace)


def _moved(
    figure: go.Figure, view: FleetView, ground: Ground, truck: str,
    moved: tuple[Sequence[str], Sequence[str]], number: int, t: Texts,
) -> None:  # fmt: skip
    gained = [p for p in moved[0] if view.place_of.get(p) in ground.xy_m]
    if not gained:
        return
    at = [ground.xy_m[view.place_of[p]] for p in gained]
    figure.add_scatter(
        x=[x for x, _ in at], y=[y for _, y in at], mode="markers", showlegend=False,
        legendgroup=truck,
        text=[t("fleet.changes_gained", truck=escape(truck), point=escape(p)) for p in gained],
        hovertemplate="%{text}<extra></extra>",
        marker={"color": truck_line(number)["color"], "size": 9,
                "line": {"color": "white", "width": 1.2}},
    )  # fmt: skip
