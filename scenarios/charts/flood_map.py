"""The flood-depth map over time: every ponding point at the moment the slider stands at."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scenarios.charts.palette import DEPTH_CLASSES, INK, RUN_LETTERS, SEWER, STREET, style
from scenarios.charts.plan import extent_of, lines_between, places_of, scale_bar
from scenarios.charts.run_view import RunView, zone_name
from scenarios.charts.time_slider import moments, rows_at, slider
from scenarios.locale import Texts

Centimetres = NDArray[np.uint16]
MOST_FRAMES = 200
MOST_RUNS = 2
#: Less than this is a wet street, not a pond.
DRY_M = 0.01
DRY_COLOUR, DRY_PX = "#DDE3E8", 3
TOP_PX, SIDE_PX, SLIDER_PX = 84, 8, 104
_FULL_CM = 100


def flood_map(
    views: Sequence[RunView],
    texts: Texts,
    *,
    width_px: int = 1160,
    most_px: int = 640,
    letters: Sequence[str] = RUN_LETTERS,
    font_px: int = 13,
) -> go.Figure:
    """Maps side by side on the same axes, with one slider over time.

    Parameters
    ----------
    views
        One or two runs whose network has coordinates (`street_map.has_coordinates`).
    texts
        The language.
    width_px
        Width the figure will be shown at; decides the height that keeps the aspect.
    most_px
        Greatest height of the drawing itself.
    letters
        The letter of each run.
    font_px
        Size of the letters.

    Raises
    ------
    ValueError
        If there are no runs or more than two.
    """
    if not 1 <= len(views) <= MOST_RUNS:
        raise ValueError(f"a flood map shows one or two runs, not {len(views)}")
    extent = x0, x1, y0, y1 = extent_of(views)
    panel_px = (width_px - 2 * SIDE_PX) / len(views)
    drawing_px = min(float(most_px), max(220.0, panel_px * (y1 - y0) / (x1 - x0)))
    steps = moments(views, "ponded_depth", MOST_FRAMES)
    depths = [_depths_cm(view, steps.time_s) for view in views]
    active = int(np.argmax(_frame_sums(depths)))
    traces: list[dict[str, Any]] = []
    moving = []
    for i, (view, cm) in enumerate(zip(views, depths, strict=True)):
        traces += _ground(view, i)
        moving.append(len(traces))
        traces.append(_points(view, i, cm[active], texts))
    frames = [
        {"name": label, "traces": moving,
         "data": [{"type": "scattergl", "marker": _marker(cm[k])} for cm in depths]}
        for k, label in enumerate(steps.labels)
    ]  # fmt: skip
    layout = slider(steps.labels, active, texts, redraw=True)
    layout |= _axes(views, extent, letters, texts, font_px)
    figure = go.Figure({"data": [*traces, *_keys(texts)], "layout": layout, "frames": frames})
    style(figure, height_px=round(TOP_PX + drawing_px + SLIDER_PX), font_px=font_px)
    figure.update_layout(
        margin={"l": SIDE_PX, "r": SIDE_PX, "t": TOP_PX, "b": SLIDER_PX},
        legend={"y": 1.0, "yref": "container", "yanchor": "top", "itemsizing": "trace"},
        hovermode="closest",
        dragmode="pan",
    )
    scale_bar(figure, extent, font_px)
    return figure


def _depths_cm(view: RunView, time_s: NDArray[np.float64]) -> Centimetres:
    """Depth by frame and drawn point in whole cm, rounded down so that classes keep, (F, E).

    Past the end of a run there is nothing.
    """
    table = view.series("ponded_depth")
    shown = _shown(view)
    if table is None or not shown:
        return np.zeros((len(time_s), 0), dtype=np.uint16)
    rows = rows_at(table, time_s)
    place = {name: j for j, name in enumerate(table.entities)}
    columns = np.array([place[name] for name in shown], dtype=np.int64)
    cm = np.floor(table.values[np.ix_(rows, columns)] * 100.0 + 1e-9)
    cm[rows < 0] = 0.0
    return cm.astype(np.uint16)


def _shown(view: RunView) -> list[str]:
    """Ponding points with coordinates."""
    table = view.series("ponded_depth")
    if table is None or view.network is None:
        return []
    places = places_of(view.network)
    return [name for name in table.entities if name in places]


def _frame_sums(depths: Sequence[Centimetres]) -> NDArray[np.int64]:
    return np.sum(np.stack([cm.sum(axis=1, dtype=np.int64) for cm in depths]), axis=0)


def _marker(cm: Centimetres) -> dict[str, Any]:
    """Depth is both colour and what the pointer reads, so a frame carries it once."""
    limits = [100.0 * DRY_M, *(100.0 * c.from_m for c in DEPTH_CLASSES[1:])]
    sizes = np.array([DRY_PX, *(round(c.size_px) for c in DEPTH_CLASSES)], dtype=np.uint8)
    return {
        "color": cm,
        "size": sizes[np.searchsorted(limits, cm, side="right")],
    }


def _colourscale() -> list[list[Any]]:
    """Steps at the limits of the depth classes, over 0 to 100 cm."""
    edges = [0.0, 100.0 * DRY_M, *(100.0 * c.from_m for c in DEPTH_CLASSES[1:]), float(_FULL_CM)]
    colours = [DRY_COLOUR, *(c.colour for c in DEPTH_CLASSES)]
    scale: list[list[Any]] = []
    for low, high, colour in zip(edges, edges[1:], colours, strict=False):
        scale += [[low / _FULL_CM, colour], [high / _FULL_CM, colour]]
    return scale


def _axis(i: int) -> dict[str, str]:
    number = "" if i == 0 else str(i + 1)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _ground(view: RunView, i: int) -> list[dict[str, Any]]:
    """Streets, sewers and outfalls, which do not move."""
    if view.network is None:
        return []
    built = view.network.built(view.works)
    places = places_of(built)
    found = []
    for level, colour, width in (("street", STREET, 2.4), ("sewer", SEWER, 0.7)):
        pairs = [
            (link.from_node, link.to_node)
            for link in built.links
            if (getattr(link, "level", "sewer") == "street") == (level == "street")
        ]
        lines = lines_between(pairs, places)
        found.append(
            {"type": "scattergl", "mode": "lines", "x": lines.x_m, "y": lines.y_m,
             "line": {"color": colour, "width": width}, "hoverinfo": "skip",
             "showlegend": False} | _axis(i)
        )  # fmt: skip
    outfalls = [node.id for node in built.outfalls if node.id in places]
    found.append(
        {"type": "scattergl", "mode": "markers", "x": [places[o][0] for o in outfalls],
         "y": [places[o][1] for o in outfalls], "text": [escape(o) for o in outfalls],
         "marker": {"symbol": "triangle-down", "size": 9, "color": INK},
         "hovertemplate": "%{text}<extra></extra>", "showlegend": False} | _axis(i)
    )  # fmt: skip
    return found


def _points(view: RunView, i: int, cm: Centimetres, texts: Texts) -> dict[str, Any]:
    network = view.network
    assert network is not None  # the callers ask for coordinates first
    places, shown = places_of(network), _shown(view)
    zones = {zone.id: zone_name(zone, texts) for zone in network.zones}
    zone_of = {node.id: zones.get(node.zone or "", "") for node in network.nodes}
    return {
        "type": "scattergl", "mode": "markers", "showlegend": False,
        "x": [places[name][0] for name in shown],
        "y": [places[name][1] for name in shown],
        "text": [f"<b>{escape(name)}</b> {escape(zone_of.get(name, ''))}" for name in shown],
        "marker": _marker(cm) | {
            "cmin": 0, "cmax": _FULL_CM, "colorscale": _colourscale(), "showscale": False,
            "line": {"color": "white", "width": 0.5}, "opacity": 1.0,
        },
        "hovertemplate": "%{text}<br>%{marker.color} cm<extra></extra>",
    } | _axis(i)  # fmt: skip


def _axes(
    views: Sequence[RunView],
    extent: tuple[float, float, float, float],
    letters: Sequence[str],
    texts: Texts,
    font_px: int,
) -> dict[str, Any]:
    x0, x1, y0, y1 = extent
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "",
              "constrain": "domain"}  # fmt: skip
    layout: dict[str, Any] = {"annotations": []}
    share = 1.0 / len(views)
    for i, view in enumerate(views):
        number = "" if i == 0 else str(i + 1)
        domain = [i * share, (i + 1) * share - (0.01 if i + 1 < len(views) else 0.0)]
        layout[f"xaxis{number}"] = hidden | {
            "range": [x0, x1], "domain": domain, "anchor": f"y{number}",
        } | ({"matches": "x"} if i else {})  # fmt: skip
        layout[f"yaxis{number}"] = hidden | {
            "range": [y0, y1], "anchor": f"x{number}",
        } | ({"matches": "y"} if i else {"scaleanchor": "x", "scaleratio": 1})  # fmt: skip
        layout["annotations"].append(
            {"text": f"<b>{letters[i]}</b> {escape(view.name(texts))}",
             "xref": f"x{number} domain", "yref": f"y{number} domain", "x": 0, "y": 1,
             "xanchor": "left", "yanchor": "bottom", "yshift": 2, "showarrow": False,
             "font": {"size": font_px, "color": INK}}
        )  # fmt: skip
    return layout


def _keys(texts: Texts) -> list[dict[str, Any]]:
    """Entries of the legend, so that a class nobody is in still has its key."""
    looks: list[tuple[str, str, float]] = [("map.dry", DRY_COLOUR, DRY_PX + 2)]
    looks += [(f"depth_class.{c.key}", c.colour, c.size_px + 1) for c in DEPTH_CLASSES]
    keys: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "name": texts(key),
         "marker": {"color": colour, "size": size}}
        for key, colour, size in looks
    ]  # fmt: skip
    keys.append(
        {"type": "scatter", "mode": "markers", "x": [None], "y": [None],
         "name": texts("map.outfall"),
         "marker": {"symbol": "triangle-down", "size": 10, "color": INK}}
    )  # fmt: skip
    return keys
