"""A plan in local metres without base map: coordinates, lines, extent and a scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

import plotly.graph_objects as go

from scenarios.charts.palette import INK
from scenarios.charts.run_view import RunView
from sim.drainage.network import Network

Places = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Lines:
    """Polylines broken by ``None``, as plotly takes them, in local metres."""

    x_m: list[float | None]
    y_m: list[float | None]


def lines_between(pairs: Sequence[tuple[str, str]], places: Places) -> Lines:
    """Straight lines between pairs of nodes; pairs without coordinates are left out."""
    x_m: list[float | None] = []
    y_m: list[float | None] = []
    for start, end in pairs:
        if start in places and end in places:
            x_m += [places[start][0], places[end][0], None]
            y_m += [places[start][1], places[end][1], None]
    return Lines(x_m, y_m)


def places_of(network: Network) -> Places:
    """Coordinates in local metres by node, of the nodes that have any."""
    return {
        node.id: (node.x_m, node.y_m)
        for node in network.nodes
        if node.x_m is not None and node.y_m is not None
    }


def extent_of(views: Sequence[RunView]) -> tuple[float, float, float, float]:
    """West, east, south, north of what is drawn, with a margin, in the south for the scale bar."""
    points = [p for v in views if v.network is not None for p in places_of(v.network).values()]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    margin = 0.03 * max(max(xs) - min(xs), max(ys) - min(ys), 1.0)
    return min(xs) - margin, max(xs) + margin, min(ys) - 2.5 * margin, max(ys) + margin


def scale_bar(figure: go.Figure, extent: tuple[float, float, float, float], font_px: int) -> None:
    """A bar of a round length, about a fifth of the width, in the first panel's lower left."""
    x0, x1, y0, y1 = extent
    length = round_length(0.2 * (x1 - x0))
    left, level = x0 + 0.03 * (x1 - x0), y0 + 0.01 * (y1 - y0)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    figure.add_shape(
        type="line", x0=left, x1=left + length, y0=level, y1=level, xref="x", yref="y",
        line={"color": INK, "width": 3},
    )  # fmt: skip
    figure.add_annotation(
        x=left + length / 2, y=level, xref="x", yref="y", text=text, showarrow=False,
        yanchor="bottom", font={"size": font_px - 1, "color": INK},
    )  # fmt: skip


def round_length(length_m: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, ... that is at most `length_m` (m, positive)."""
    power = 10.0 ** floor(log10(length_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= length_m * (1 + 1e-9))
