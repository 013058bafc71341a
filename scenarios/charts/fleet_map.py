"""Maps of a fleet: streets, points, sites, depots and chargers. Local metres, no base map."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.fleet_palette import CHARGER, CLOSED, DEPOT, SITE, STATES, STREAMS
from scenarios.charts.palette import INK, STREET, style
from scenarios.charts.plan import scale_bar
from scenarios.fleet_ground import Floats, Ground
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts

WIDTH_PX, MOST_PX = 1160, 780
Extent = tuple[float, float, float, float]


def extent(lines: Sequence[Floats]) -> Extent | None:
    """West, east, south, north of lines with a margin; none if there is nothing."""
    parts = [line for line in lines if len(line)]
    if not parts:
        return None
    xy = np.concatenate(parts)
    (x0, y0), (x1, y1) = xy.min(axis=0), xy.max(axis=0)
    margin = 0.04 * max(x1 - x0, y1 - y0, 500.0)
    return float(x0 - margin), float(x1 + margin), float(y0 - 2 * margin), float(y1 + margin)


def whole(ground: Ground) -> Extent:
    """Extent of all streets."""
    found = extent([ground.graph.xy_m])
    assert found is not None, "a ground has streets"
    return found


def framed(figure: go.Figure, box: Extent, *, top_px: int = 76, bottom_px: int = 10) -> go.Figure:
    """Give a map its look: one scale on both axes, a bar for it, no ticks."""
    x0, x1, y0, y1 = box
    drawing = min(float(MOST_PX), max(380.0, WIDTH_PX * (y1 - y0) / (x1 - x0)))
    style(figure, height_px=round(drawing + top_px + bottom_px))
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    figure.update_xaxes(**hidden, range=[x0, x1])
    figure.update_yaxes(**hidden, range=[y0, y1], scaleanchor="x", scaleratio=1)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": top_px, "b": bottom_px}, hovermode="closest", dragmode="pan",
        legend={"y": 1.0, "yref": "container", "yanchor": "top", "itemsizing": "constant"},
    )  # fmt: skip
    scale_bar(figure, box, 12)
    return figure


def add_streets(figure: go.Figure, ground: Ground, closed: Collection[str], t: Texts) -> None:
    """Draw the streets; closed ones thick, with a cross in the middle."""
    graph = ground.graph
    gone = set(closed)
    for name, wanted, colour, width in (
        (t("fleet.map_street"), [k for k, s in enumerate(graph.streets) if s not in gone],
         STREET, 1.2),
        (t("fleet.map_closed"), [k for k, s in enumerate(graph.streets) if s in gone],
         CLOSED, 5.0),
    ):  # fmt: skip
        if not wanted:
            continue
        drawn = [
            graph.drawn.get(k, graph.xy_m[[int(graph.start[k]), int(graph.end[k])]]) for k in wanted
        ]
        add_lines(figure, drawn, name, {"color": colour, "width": width})
        if colour == CLOSED:
            middle = [line.mean(axis=0) for line in drawn]
            figure.add_scatter(
                x=[m[0] for m in middle], y=[m[1] for m in middle], mode="markers",
                marker={"symbol": "x", "size": 15, "color": CLOSED,
                        "line": {"color": "white", "width": 1.5}},
                text=[t("fleet.map_closed_hover", street=escape(graph.streets[k])) for k in wanted],
                hovertemplate="%{text}<extra></extra>", showlegend=False,
            )  # fmt: skip


def add_lines(
    figure: go.Figure, lines: Sequence[Floats], name: str, line: Mapping[str, object],
    **attributes: object,
) -> None:  # fmt: skip
    """Add many lines as one trace."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for one in lines:
        xs += [*np.round(one[:, 0], 1).tolist(), None]
        ys += [*np.round(one[:, 1], 1).tolist(), None]
    figure.add_scatter(
        **{
            "x": xs, "y": ys, "mode": "lines", "name": name, "line": dict(line),
            "hoverinfo": "skip", **attributes,
        }
    )  # fmt: skip


def add_points(figure: go.Figure, view: FleetView, ground: Ground, t: Texts) -> None:
    """Draw the points: the mark says the stream, the colour how they fared."""
    fared = view.fared
    missed, over = view.counts("missed"), view.sums("overflow_kg")
    streams = [s for s in STREAMS if any(p.stream == s for p in view.inputs.points)]
    for state, (colour, size) in STATES.items():
        for stream in streams:
            mine = [
                p
                for p in view.inputs.points
                if p.stream == stream and fared[p.id] == state and p.place in ground.xy_m
            ]
            if not mine:
                continue
            at = [ground.xy_m[p.place] for p in mine]
            figure.add_scatter(
                x=[x for x, _ in at], y=[y for _, y in at], mode="markers", showlegend=False,
                legendgroup=stream, name=stream,
                marker={"symbol": STREAMS[stream], "color": colour, "size": size,
                        "line": {"color": "white", "width": 0.4 if state == "served" else 0.8}},
                text=[
                    t("fleet.map_point_hover", point=escape(p.id),
                      stream=t(f"fleet.stream_{stream}"), kg=f"{over.get(p.id, 0.0):.0f}",
                      missed=missed.get(p.id, 0))
                    for p in mine
                ],
                hovertemplate="%{text}<extra></extra>",
            )  # fmt: skip
    for stream in streams:
        _key(figure, t(f"fleet.stream_{stream}"), stream,
             {"symbol": STREAMS[stream], "color": "#8DB9D9", "size": 9})  # fmt: skip
    present = set(fared.values())
    for state, (colour, size) in STATES.items():
        if state != "served" and state in present:
            _key(figure, t(f"fleet.state_{state}"), f"state {state}",
                 {"symbol": "circle", "color": colour, "size": size + 1})  # fmt: skip


def add_facilities(figure: go.Figure, tables: Any, ground: Ground, t: Texts) -> None:
    """Draw the sites, depots and chargers of a case's tables, with their names."""
    depots: dict[str, int] = {}
    for truck in tables["trucks"]:
        depots[truck.depot] = depots.get(truck.depot, 0) + 1
    rows = (
        ("site", SITE, "pentagon", 16, [
            (r.id, r.place, t("fleet.map_site_hover", site=escape(r.id),
                              kind=t(f"fleet.kind_{r.kind}"), bays=r.bays))
            for r in tables["sites"]
        ]),
        ("depot", DEPOT, "square", 14, [
            (d, d, t("fleet.map_depot_hover", depot=escape(d), trucks=n)) for d, n in depots.items()
        ]),
        ("charger", CHARGER, "star", 15, [
            (r.id, r.place, t("fleet.map_charger_hover", charger=escape(r.id), guns=r.guns))
            for r in tables["chargers"]
        ]),
    )  # fmt: skip
    for name, colour, symbol, size, things in rows:
        placed = _together([row for row in things if row[1] in ground.xy_m])
        if not placed:
            continue
        figure.add_scatter(
            x=[ground.xy_m[place][0] for _, place, _ in placed],
            y=[ground.xy_m[place][1] for _, place, _ in placed],
            mode="markers+text" if name == "site" else "markers", name=t(f"fleet.map_{name}"),
            text=[escape(one) for one, _, _ in placed], textposition="top center",
            textfont={"size": 11, "color": INK},
            hovertext=[text for _, _, text in placed], hovertemplate="%{hovertext}<extra></extra>",
            marker={"symbol": symbol, "size": size, "color": colour,
                    "line": {"color": "white" if colour != CHARGER else INK, "width": 1.2}},
        )  # fmt: skip


def _together(things: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return things with those of one place as one, so that their names do not cover each other."""
    at: dict[str, list[tuple[str, str]]] = {}
    for name, place, text in things:
        at.setdefault(place, []).append((name, text))
    return [
        (", ".join(name for name, _ in here), place, "<br>".join(text for _, text in here))
        for place, here in at.items()
    ]


def _key(figure: go.Figure, name: str, group: str, marker: Mapping[str, object]) -> None:
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name=name, legendgroup=group, marker=dict(marker)
    )
