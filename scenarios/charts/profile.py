"""The longitudinal profile: ground, sewer and the hydraulic grade line over time along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scenarios.charts.palette import (
    GRID,
    INK,
    MUTED,
    RUN_COLOURS,
    RUN_DASHES,
    RUN_LETTERS,
    SEWER,
    style,
)
from scenarios.charts.run_view import RunView
from scenarios.charts.sewer_path import SewerPath, path_to_outfall
from scenarios.charts.time_slider import moments, rows_at, slider
from scenarios.charts.worst_points import ponding_points
from scenarios.locale import Texts

Floats = NDArray[np.float64]
GROUND = "#6B4F2A"
MOST_FRAMES = 300
MOST_NAMES = 34
HEIGHT_PX = 520
#: How many of the worst points are tried before giving up on a way to an outfall.
TRIED = 20


@dataclass(frozen=True)
class GradeLine:
    """The hydraulic grade line of one run along a path.

    Attributes
    ----------
    chainage_m
        (P,); a station appears once itself and once for each conduit that ends there.
    station
        Index of the station of each point, (P,).
    head_m
        Water level by sample and point, (T, P): at a station invert plus depth; at the end of a
        conduit the same, but never under the conduit's own invert. NaN breaks the line: at pumps
        and gates, and at nodes this run does not have.
    """

    chainage_m: Floats
    station: NDArray[np.int64]
    head_m: Floats


def grade_line(view: RunView, path: SewerPath) -> GradeLine | None:
    """Return the grade line of a run, or none if it has recorded no depth on the path."""
    table = view.series("node_depth")
    if table is None or view.network is None or not table.time_s.size:
        return None
    column = {name: j for j, name in enumerate(table.entities)}
    if not any(name in column for name in path.nodes):
        return None
    invert = {node.id: node.invert_m for node in view.network.nodes}
    level = np.full((len(table.time_s), len(path.stations)), np.nan)
    for i, name in enumerate(path.nodes):
        if name in column and name in invert:
            level[:, i] = invert[name] + table.values[:, column[name]]
    station, floor = [0], [-np.inf]
    for i, reach in enumerate(path.reaches):
        if reach.start_invert_m is None or reach.end_invert_m is None:
            station += [i, i + 1]
            floor += [np.nan, -np.inf]
        else:
            station += [i, i + 1, i + 1]
            floor += [reach.start_invert_m, reach.end_invert_m, -np.inf]
    index = np.array(station, dtype=np.int64)
    chainage = np.array([s.chainage_m for s in path.stations])[index]
    return GradeLine(chainage, index, np.maximum(level[:, index], np.array(floor)))


def worst_path(views: Sequence[RunView]) -> SewerPath | None:
    """From the ponding point that is worst in any run to its outfall, in the first run's network.

    A point without a way to an outfall is passed over for the next worst.
    """
    if not views or views[0].network is None:
        return None
    built = views[0].network.built(views[0].works)
    known = {node.id for node in built.nodes}
    for point in ponding_points(views)[:TRIED]:
        path = path_to_outfall(built, point.node) if point.node in known else None
        if path is not None:
            return path
    return None


def profile(
    views: Sequence[RunView],
    path: SewerPath,
    texts: Texts,
    *,
    animated: bool = True,
    height_px: int = HEIGHT_PX,
    font_px: int = 13,
) -> go.Figure:
    """The profile of a path with the grade line of each run and its highest position.

    Parameters
    ----------
    views
        Runs, drawn in the order of their letters; one without the path's nodes has no line.
    path
        From `sewer_path`; the pipes drawn are those of the network it was found in.
    texts
        The language.
    animated
        With a slider over time; without it (on paper), the grade line is the one at the moment
        the path is fullest in the first run.
    height_px, font_px
        Height of the figure without the slider, and size of the letters.
    """
    lines = [(i, view, line) for i, view in enumerate(views) if (line := grade_line(view, path))]
    traces = _ground_and_pipes(path, texts)
    frames: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    moment = ""
    for i, _, line in lines:
        traces.append(_envelope(i, line, texts))
    first_moving = len(traces)
    if lines:
        shown = [view for _, view, _ in lines]
        steps = moments(shown, "node_depth", MOST_FRAMES)
        heads = [_heads_at(view, line, steps.time_s) for _, view, line in lines]
        active = int(np.argmax(_mean(heads[0])))
        label = steps.labels[active]
        for (i, view, line), head in zip(lines, heads, strict=True):
            traces.append(_moving(i, view.name(texts), line, _values(head[active])))
        if animated:
            moving = list(range(first_moving, len(traces)))
            frames = [
                {
                    "name": label,
                    "traces": moving,
                    "data": [{"type": "scatter", "y": _values(head[k])} for head in heads],
                }
                for k, label in enumerate(steps.labels)
            ]
            layout = slider(steps.labels, active, texts, redraw=False)
        else:
            moment = f" · {texts('profile.moment', time=label)}"
    layout |= _axes(path, lines, texts("profile.axis_x") + moment, texts, font_px)
    figure = go.Figure({"data": traces, "layout": layout, "frames": frames})
    extra_px = 96 if frames else 0
    style(figure, height_px=height_px + extra_px, font_px=font_px)
    return figure.update_layout(
        margin={"l": 66, "r": 16, "t": 104, "b": 52 + extra_px},
        legend={"y": 1.0, "yref": "container", "yanchor": "top"},
        hovermode="closest",
    )


def _heads_at(view: RunView, line: GradeLine, time_s: Floats) -> Floats:
    """Heads at the frames' moments, (F, P); NaN once the run has ended."""
    table = view.series("node_depth")
    assert table is not None  # or there were no grade line
    rows = rows_at(table, time_s)
    return np.where((rows < 0)[:, None], np.nan, line.head_m[rows])


def _mean(heads: Floats) -> Floats:
    """Mean head by frame, (F,); minus infinity where the run has ended."""
    known = np.isfinite(heads)
    total = np.where(known, heads, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), -np.inf)


def _values(head_m: Floats) -> NDArray[np.float32]:
    """Heads as the browser gets them, exact to a hundredth of a millimetre."""
    return head_m.astype(np.float32)


def _ground_and_pipes(path: SewerPath, texts: Texts) -> list[dict[str, Any]]:
    pipe_x: list[float | None] = []
    pipe_y: list[float | None] = []
    for a, b, reach in zip(path.stations, path.stations[1:], path.reaches, strict=False):
        if reach.start_invert_m is None or reach.end_invert_m is None or reach.height_m is None:
            continue
        pipe_x += [a.chainage_m, b.chainage_m, b.chainage_m, a.chainage_m, a.chainage_m, None]
        top_a, top_b = reach.start_invert_m + reach.height_m, reach.end_invert_m + reach.height_m
        pipe_y += [reach.start_invert_m, reach.end_invert_m, top_b, top_a, reach.start_invert_m,
                   None]  # fmt: skip
    shaft_x: list[float | None] = []
    shaft_y: list[float | None] = []
    for s in path.stations:
        if s.ground_m is not None:
            shaft_x += [s.chainage_m, s.chainage_m, None]
            shaft_y += [s.invert_m, s.ground_m, None]
    manholes = [s for s in path.stations if s.ground_m is not None]
    return [
        {
            "type": "scatter", "mode": "lines", "x": pipe_x, "y": pipe_y, "fill": "toself",
            "fillcolor": "#EEF1F4", "line": {"color": SEWER, "width": 1.2},
            "name": texts("profile.pipe"), "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines", "x": shaft_x, "y": shaft_y, "showlegend": False,
            "line": {"color": SEWER, "width": 1}, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines+markers",
            "x": [s.chainage_m for s in manholes], "y": [s.ground_m for s in manholes],
            "line": {"color": GROUND, "width": 2.2}, "marker": {"size": 5, "color": GROUND},
            "name": texts("profile.ground"),
            "text": [
                texts("profile.hover_node", node=escape(s.node), ground=f"{s.ground_m:.2f}",
                      invert=f"{s.invert_m:.2f}")
                for s in manholes
            ],
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]  # fmt: skip


def _envelope(i: int, line: GradeLine, texts: Texts) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": line.chainage_m,
        "y": _values(line.head_m.max(axis=0)),
        "line": {"color": RUN_COLOURS[i], "width": 1.4, "dash": "dot"},
        "name": texts("profile.highest", run=RUN_LETTERS[i]),
        "hovertemplate": "%{y:.2f} m",
    }  # fmt: skip


def _moving(i: int, name: str, line: GradeLine, y: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": line.chainage_m, "y": y,
        "line": {
            "color": RUN_COLOURS[i], "width": 2.6,
            "dash": RUN_DASHES[i] if RUN_DASHES[i] != "dot" else "5px,2px",
        },
        "name": f"{RUN_LETTERS[i]} {escape(name)}", "hovertemplate": "%{y:.2f} m",
    }  # fmt: skip


def _axes(
    path: SewerPath,
    lines: Sequence[tuple[int, RunView, GradeLine]],
    title: str,
    texts: Texts,
    font_px: int,
) -> dict[str, Any]:
    """Axes that hold every position of every line, with the names of the nodes on top."""
    heights = [s.invert_m for s in path.stations]
    heights += [s.ground_m for s in path.stations if s.ground_m is not None]
    heights += [r.start_invert_m + r.height_m for r in path.reaches
                if r.start_invert_m is not None and r.height_m is not None]  # fmt: skip
    heights += [r.end_invert_m + r.height_m for r in path.reaches
                if r.end_invert_m is not None and r.height_m is not None]  # fmt: skip
    for _, _, line in lines:
        known = line.head_m[np.isfinite(line.head_m)]
        heights += [float(known.min()), float(known.max())] if known.size else []
    low, high = min(heights), max(heights)
    margin = 0.05 * max(high - low, 1.0)
    side = 0.01 * max(path.length_m, 1.0)
    plain = {"gridcolor": GRID, "zeroline": False, "linecolor": MUTED, "ticks": "outside"}
    return {
        "xaxis": plain | {
            "range": [-side, path.length_m + side], "showline": True,
            "title": {"text": title, "font": {"size": font_px}, "standoff": 6},
        },
        "yaxis": plain | {
            "range": [low - margin, high + margin], "automargin": True,
            "title": {"text": texts("profile.axis_y"), "font": {"size": font_px}, "standoff": 6},
        },
        "annotations": [
            {
                "text": escape(s.node), "x": s.chainage_m, "y": 1, "yref": "paper",
                "textangle": -90, "xanchor": "center", "yanchor": "bottom", "showarrow": False,
                "font": {"size": font_px - 2, "color": INK if s.ground_m is None else MUTED},
            }
            for s in _named(path)
        ],
    }  # fmt: skip


def _named(path: SewerPath) -> list[Any]:
    """The stations whose names find room: both ends, and the others if far enough apart."""
    gap = path.length_m / MOST_NAMES
    last = path.stations[-1]
    named = [path.stations[0]]
    for station in path.stations[1:-1]:
        if (station.chainage_m - named[-1].chainage_m >= gap
                and last.chainage_m - station.chainage_m >= gap):  # fmt: skip
            named.append(station)
    return [*named, last]
