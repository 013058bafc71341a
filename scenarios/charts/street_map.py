"""The street map: where water stood how deep, and what was built. Local metres, no base map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

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
from scenarios.charts.run_view import RunView, waterlogged_cm, work_name, zone_name
from scenarios.charts.worst_points import depth_max, hours_texts
from scenarios.locale import Texts
from sim.drainage.elements import Conduit, Orifice, Outlet, Pump, Weir
from sim.drainage.network import Network

AnyLink = Conduit | Pump | Orifice | Weir | Outlet

TOP_PX, BOTTOM_PX, SIDE_PX = 74, 12, 8


@dataclass(frozen=True)
class Lines:
    """Polylines broken by ``None``, as plotly takes them, in local metres."""

    x_m: list[float | None]
    y_m: list[float | None]


def has_coordinates(network: Network | None) -> bool:
    """Whether there is anything to draw: at least two nodes with coordinates."""
    return network is not None and len(_places(network)) > 1


def street_map(
    views: Sequence[RunView],
    texts: Texts,
    *,
    width_px: int = 1180,
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
    webgl
        Draw with WebGL (large networks) or with SVG (sharp on paper, works without a GPU).
    font_px
        Size of the letters.
    """
    figure = make_subplots(rows=1, cols=len(views), horizontal_spacing=0.01)
    for column, view in enumerate(views, start=1):
        if view.network is not None:
            _panel(figure, column, view, view.network, texts, webgl)
    x0, x1, y0, y1 = _extent(views)
    panel_px = (width_px - 2 * SIDE_PX) / len(views)
    height = TOP_PX + BOTTOM_PX + min(900.0, max(220.0, panel_px * (y1 - y0) / (x1 - x0)))
    style(figure, height_px=round(height), font_px=font_px)
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
    _scale_bar(figure, (x0, x1, y0, y1), font_px)
    _legend(figure, texts)
    return figure


def _panel(
    figure: go.Figure, column: int, view: RunView, network: Network, texts: Texts, webgl: bool
) -> None:
    trace = go.Scattergl if webgl else go.Scatter
    built = network.built(view.works)
    places = _places(built)
    work_of = {x.id: x.work for x in network.links if x.work is not None and x.work in view.works}
    kind_of = {work.id: work.kind for work in network.works}
    plain = [link for link in built.links if link.id not in work_of]
    streets = [x for x in plain if getattr(x, "level", "sewer") == "street"]
    sewers = [x for x in plain if getattr(x, "level", "sewer") != "street"]
    channels = [x for x in built.links if kind_of.get(work_of.get(x.id) or "") == "channel"]
    works = [x for x in built.links if kind_of.get(work_of.get(x.id) or "") == "work"]
    for key, links, colour, width in (
        ("street", streets, STREET, 2.4),
        ("sewer", sewers, SEWER, 0.9),
        ("channel", channels, CHANNEL, 4.0),
        ("work", works, WORK, 4.0),
    ):
        if not links:
            continue
        lines = _lines([(x.from_node, x.to_node) for x in links], places)
        figure.add_trace(
            trace(
                x=lines.x_m, y=lines.y_m, mode="lines", name=texts(f"map.{key}"),
                legendgroup=key, showlegend=False, hoverinfo="skip",
                line={"color": colour, "width": width},
            ),
            row=1, col=column,
        )  # fmt: skip
    _work_names(figure, column, view, [*channels, *works], work_of, places, texts, trace)
    _outfalls(figure, column, built, places, texts, trace)
    _depths(figure, column, view, built, places, texts, trace)


def _depths(
    figure: go.Figure,
    column: int,
    view: RunView,
    network: Network,
    places: dict[str, tuple[float, float]],
    texts: Texts,
    trace: type,
) -> None:
    depths, hours, cm = depth_max(view), hours_texts(view), waterlogged_cm([view])
    zones = {zone.id: zone_name(zone, texts) for zone in view.zones}
    nodes = [node for node in (*network.junctions, *network.storages) if node.id in places]
    for depth_class in DEPTH_CLASSES:
        inside = [
            n for n in nodes if depth_class.from_m <= depths.get(n.id, 0.0) < depth_class.to_m
        ]
        figure.add_trace(
            trace(
                x=[places[n.id][0] for n in inside],
                y=[places[n.id][1] for n in inside],
                mode="markers",
                name=texts(f"depth_class.{depth_class.key}"),
                legendgroup=depth_class.key,
                showlegend=False,
                marker={
                    "color": depth_class.colour,
                    "size": depth_class.size_px,
                    "line": {"color": "white", "width": 0.6 if depth_class.from_m else 0},
                },
                text=[
                    texts(
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
            ),
            row=1,
            col=column,
        )


def _work_names(
    figure: go.Figure,
    column: int,
    view: RunView,
    links: Sequence[AnyLink],
    work_of: dict[str, str],
    places: dict[str, tuple[float, float]],
    texts: Texts,
    trace: type,
) -> None:
    """Invisible points halfway along the built works, so that pointing at one names it."""
    names = {work.id: work_name(work, texts) for work in view.built_works}
    ends = [(x, places[x.from_node], places[x.to_node]) for x in links if _placed(x, places)]
    figure.add_trace(
        trace(
            x=[(a[0] + b[0]) / 2 for _, a, b in ends],
            y=[(a[1] + b[1]) / 2 for _, a, b in ends],
            mode="markers",
            marker={"size": 9, "color": "rgba(0,0,0,0)"},
            text=[escape(f"{x.id} · {names.get(work_of.get(x.id) or '', '')}") for x, _, _ in ends],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        ),
        row=1,
        col=column,
    )


def _outfalls(
    figure: go.Figure,
    column: int,
    network: Network,
    places: dict[str, tuple[float, float]],
    texts: Texts,
    trace: type,
) -> None:
    nodes = [node for node in network.outfalls if node.id in places]
    figure.add_trace(
        trace(
            x=[places[n.id][0] for n in nodes],
            y=[places[n.id][1] for n in nodes],
            mode="markers",
            legendgroup="outfall",
            showlegend=False,
            marker={"symbol": "triangle-down", "size": 11, "color": INK},
            text=[f"{texts('map.outfall')} {escape(n.id)}" for n in nodes],
            hovertemplate="%{text}<extra></extra>",
        ),
        row=1,
        col=column,
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
        for key, colour, width in (
            ("street", STREET, 3.0),
            ("sewer", SEWER, 1.2),
            ("channel", CHANNEL, 4.0),
            ("work", WORK, 4.0),
        )
    ]
    outfall = {"symbol": "triangle-down", "size": 10, "color": INK}
    looks.append(("outfall", texts("map.outfall"), {"mode": "markers", "marker": outfall}))
    for key, name, look in looks:
        figure.add_trace(
            go.Scatter(x=[None], y=[None], name=name, legendgroup=key, **look), row=1, col=1
        )


def _lines(pairs: Sequence[tuple[str, str]], places: dict[str, tuple[float, float]]) -> Lines:
    x_m: list[float | None] = []
    y_m: list[float | None] = []
    for start, end in pairs:
        if start in places and end in places:
            x_m += [places[start][0], places[end][0], None]
            y_m += [places[start][1], places[end][1], None]
    return Lines(x_m, y_m)


def _placed(link: AnyLink, places: dict[str, tuple[float, float]]) -> bool:
    return link.from_node in places and link.to_node in places


def _places(network: Network) -> dict[str, tuple[float, float]]:
    return {
        node.id: (node.x_m, node.y_m)
        for node in network.nodes
        if node.x_m is not None and node.y_m is not None
    }


def _extent(views: Sequence[RunView]) -> tuple[float, float, float, float]:
    """West, east, south, north of what is drawn, with a margin, in the south for the scale bar."""
    points = [p for v in views if v.network is not None for p in _places(v.network).values()]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    margin = 0.03 * max(max(xs) - min(xs), max(ys) - min(ys), 1.0)
    return min(xs) - margin, max(xs) + margin, min(ys) - 2.5 * margin, max(ys) + margin


def _scale_bar(figure: go.Figure, extent: tuple[float, float, float, float], font_px: int) -> None:
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
