"""The street map: where water stood how deep, and what was built. Local metres, no base map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from scenarios.charts.palette import (
    CHANNEL,
    DEPTH_CLASSES,
    INK,
    RUN_LETTERS,
    SEWER,
    STREET,
    WORK,
    style,
)
from scenarios.charts.plan import Places, extent_of, lines_between, places_of, scale_bar
from scenarios.charts.run_view import RunView, waterlogged_cm, work_name, zone_name
from scenarios.charts.worst_points import depth_max, hours_texts
from scenarios.locale import Texts
from sim.drainage.elements import Conduit, Orifice, Outlet, Pump, Weir
from sim.drainage.network import Network

AnyLink = Conduit | Pump | Orifice | Weir | Outlet

#: Colour and width in px of the kinds of lines, in the order they are drawn.
LINES: dict[str, tuple[str, float]] = {
    "street": (STREET, 2.4),
    "sewer": (SEWER, 0.9),
    "channel": (CHANNEL, 3.5),
    "work": (WORK, 2.6),
}

TOP_PX, BOTTOM_PX, SIDE_PX = 84, 8, 8


@dataclass(frozen=True)
class _Pen:
    """What every part of the map is drawn with; `scale` shrinks the marks of a small map."""

    figure: go.Figure
    texts: Texts
    trace: type
    scale: float

    def add(self, column: int, **attributes: object) -> None:
        self.figure.add_trace(self.trace(**attributes), row=1, col=column)


def has_coordinates(network: Network | None) -> bool:
    """Whether there is anything to draw: at least two nodes with coordinates."""
    return network is not None and len(places_of(network)) > 1


def street_map(
    views: Sequence[RunView],
    texts: Texts,
    *,
    width_px: int = 1180,
    most_px: int = 900,
    webgl: bool = True,
    font_px: int = 13,
) -> go.Figure:
    """One map per run, side by side on the same axes.

    Parameters
    ----------
    views
        Runs whose network has coordinates (`has_coordinates`), at most two.
    texts
        The language.
    width_px
        Width the figure will be shown at; decides the height that keeps the aspect.
    most_px
        Greatest height of the drawing itself.
    webgl
        Draw with WebGL (large networks) or with SVG (sharp on paper, works without a GPU).
    font_px
        Size of the letters.
    """
    figure = make_subplots(rows=1, cols=len(views), horizontal_spacing=0.01)
    x0, x1, y0, y1 = extent_of(views)
    panel_px = (width_px - 2 * SIDE_PX) / len(views)
    drawing_px = min(float(most_px), max(220.0, panel_px * (y1 - y0) / (x1 - x0)))
    scale = min(max(drawing_px / 560.0, 0.6), 1.2)
    pen = _Pen(figure, texts, go.Scattergl if webgl else go.Scatter, scale)
    for column, view in enumerate(views, start=1):
        if view.network is not None:
            _panel(pen, column, view, view.network)
    style(figure, height_px=round(TOP_PX + BOTTOM_PX + drawing_px), font_px=font_px)
    figure.update_layout(
        margin={"l": SIDE_PX, "r": SIDE_PX, "t": TOP_PX, "b": BOTTOM_PX},
        legend={"y": 1.0, "yref": "container", "yanchor": "top", "itemsizing": "trace"},
        hovermode="closest",
        dragmode="pan",
    )
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    # The first panel keeps the aspect, the others follow it: plotly refuses both on one axis.
    figure.update_xaxes(**hidden, range=[x0, x1], constrain="domain")
    figure.update_yaxes(**hidden, range=[y0, y1], constrain="domain")
    figure.update_yaxes(scaleanchor="x", scaleratio=1, row=1, col=1)
    for column in range(1, len(views) + 1):
        axis = "" if column == 1 else str(column)
        if axis:
            figure.update_xaxes(matches="x", row=1, col=column)
            figure.update_yaxes(matches="y", row=1, col=column)
        figure.add_annotation(
            text=f"<b>{RUN_LETTERS[column - 1]}</b> {escape(views[column - 1].name(texts))}",
            xref=f"x{axis} domain", yref=f"y{axis} domain", x=0, y=1, xanchor="left",
            yanchor="bottom", yshift=2, showarrow=False, font={"size": font_px, "color": INK},
        )  # fmt: skip
    scale_bar(figure, (x0, x1, y0, y1), font_px)
    _legend(figure, texts)
    return figure


def _panel(pen: _Pen, column: int, view: RunView, network: Network) -> None:
    built = network.built(view.works)
    places = places_of(built)
    work_of = {x.id: x.work for x in network.links if x.work is not None and x.work in view.works}
    kind_of = {work.id: work.kind for work in network.works}
    plain = [link for link in built.links if link.id not in work_of]
    streets = [x for x in plain if getattr(x, "level", "sewer") == "street"]
    sewers = [x for x in plain if getattr(x, "level", "sewer") != "street"]
    channels = [x for x in built.links if kind_of.get(work_of.get(x.id, "")) == "channel"]
    works = [x for x in built.links if kind_of.get(work_of.get(x.id, "")) == "work"]
    for key, links in (
        ("street", streets),
        ("sewer", sewers),
        ("channel", channels),
        ("work", works),
    ):
        lines = lines_between([(x.from_node, x.to_node) for x in links], places)
        colour, width = LINES[key]
        if links:
            pen.add(
                column, x=lines.x_m, y=lines.y_m, mode="lines", legendgroup=key, showlegend=False,
                hoverinfo="skip", line={"color": colour, "width": width * pen.scale},
            )  # fmt: skip
    _work_names(pen, column, view, [*channels, *works], work_of, places)
    _outfalls(pen, column, built, places)
    _depths(pen, column, view, built, places)


def _depths(pen: _Pen, column: int, view: RunView, network: Network, places: Places) -> None:
    depths, hours, cm = depth_max(view), hours_texts(view), waterlogged_cm([view])
    zones = {zone.id: zone_name(zone, pen.texts) for zone in view.zones}
    nodes = [node for node in (*network.junctions, *network.storages) if node.id in places]
    for depth_class in DEPTH_CLASSES:
        inside = [
            n for n in nodes if depth_class.from_m <= depths.get(n.id, 0.0) < depth_class.to_m
        ]
        outline = {"color": "white", "width": 0.6 if depth_class.from_m else 0}
        pen.add(
            column,
            x=[places[n.id][0] for n in inside],
            y=[places[n.id][1] for n in inside],
            mode="markers",
            legendgroup=depth_class.key,
            showlegend=False,
            marker={
                "color": depth_class.colour,
                "size": depth_class.size_px * pen.scale,
                "line": outline,
            },
            text=[
                pen.texts(
                    "map.hover",
                    node=escape(n.id),
                    zone=escape(zones.get(n.zone or "", "–")),
                    depth=f"{depths.get(n.id, 0.0):.2f}",
                    hours=hours.get(n.id, "0.0"),
                    cm=cm,
                )
                for n in inside
            ],
            hovertemplate="%{text}<extra></extra>",
        )


def _work_names(
    pen: _Pen,
    column: int,
    view: RunView,
    links: Sequence[AnyLink],
    work_of: Mapping[str, str],
    places: Places,
) -> None:
    """Invisible points halfway along the built works, so that pointing at one names it."""
    names = {work.id: work_name(work, pen.texts) for work in view.built_works}
    ends = [
        (x, places[x.from_node], places[x.to_node])
        for x in links
        if x.from_node in places and x.to_node in places
    ]
    pen.add(
        column,
        x=[(a[0] + b[0]) / 2 for _, a, b in ends],
        y=[(a[1] + b[1]) / 2 for _, a, b in ends],
        mode="markers",
        marker={"size": 9, "color": "rgba(0,0,0,0)"},
        text=[escape(f"{x.id} · {names.get(work_of.get(x.id, ''), '')}") for x, _, _ in ends],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _outfalls(pen: _Pen, column: int, network: Network, places: Places) -> None:
    nodes = [node for node in network.outfalls if node.id in places]
    pen.add(
        column,
        x=[places[n.id][0] for n in nodes],
        y=[places[n.id][1] for n in nodes],
        mode="markers",
        legendgroup="outfall",
        showlegend=False,
        marker={"symbol": "triangle-down", "size": 11 * pen.scale, "color": INK},
        text=[f"{pen.texts('map.outfall')} {escape(n.id)}" for n in nodes],
        hovertemplate="%{text}<extra></extra>",
    )


def _legend(figure: go.Figure, texts: Texts) -> None:
    """Entries of their own, so that a class nobody is in still has its key."""
    looks: list[tuple[str, str, dict[str, object]]] = [
        (
            c.key,
            texts(f"depth_class.{c.key}"),
            {"mode": "markers", "marker": {"color": c.colour, "size": c.size_px + 1}},
        )
        for c in DEPTH_CLASSES
    ]
    looks += [
        (key, texts(f"map.{key}"), {"mode": "lines", "line": {"color": colour, "width": width}})
        for key, (colour, width) in LINES.items()
    ]
    outfall = {"symbol": "triangle-down", "size": 10, "color": INK}
    looks.append(("outfall", texts("map.outfall"), {"mode": "markers", "marker": outfall}))
    for key, name, look in looks:
        figure.add_trace(
            go.Scatter(x=[None], y=[None], name=name, legendgroup=key, **look), row=1, col=1
        )
