"""A run played again on the map: where chosen trucks drove, and where they are at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.fleet_map import (
    add_facilities,
    add_lines,
    add_points,
    add_streets,
    extent,
    framed,
    whole,
)
from scenarios.charts.fleet_palette import truck_line
from scenarios.charts.palette import INK
from scenarios.charts.time_slider import slider
from scenarios.fleet_ground import Ground
from scenarios.fleet_legs import Leg, position
from scenarios.fleet_view import FleetView, clock
from scenarios.locale import Texts
from sim.fleet.trace import Replay

STEPS_MIN = (5, 10, 15, 20, 30, 60)
MOST_FRAMES = 150


def replay_map(
    view: FleetView, ground: Ground, tracks: Mapping[str, Sequence[Leg]], t: Texts, *,
    day: int = 0, closer: bool = False,
) -> go.Figure:  # fmt: skip
    """The map of a run; with trucks chosen, their routes of a day and a slider over it.

    Parameters
    ----------
    tracks
        Drives of the trucks that are drawn.
    closer
        Show where these trucks drive, not the whole area.
    """
    figure = go.Figure()
    begin, end = view.day(day)
    add_streets(figure, ground, view.closed_ever, t)
    add_points(figure, view, ground, t)
    for k, (truck, legs) in enumerate(tracks.items()):
        add_lines(
            figure, [leg.line for leg in legs], escape(truck),
            truck_line(k) | {"width": 3.0}, opacity=0.75, legendgroup=truck,
        )  # fmt: skip
    add_facilities(figure, view.tables, ground, t)
    times = _moments(tracks, begin, end)
    box = extent([leg.line for legs in tracks.values() for leg in legs]) if closer else None
    if len(times) < 2:
        return framed(figure, box or whole(ground))
    replay, homes = Replay(view.record, view.horizon_s), _homes(view, ground, tracks)
    number, labels, frames = len(figure.data), [], []
    for time_s in times:
        label = clock((time_s - begin) / 3600.0)
        frame = _trucks(replay, tracks, homes, float(time_s), t)
        labels.append(label)
        frames.append(go.Frame(name=label, data=[frame], traces=[number]))
    first = len(times) // 3
    figure.add_trace(frames[first].data[0])
    figure.frames = frames
    framed(figure, box or whole(ground), bottom_px=116)
    figure.update_layout(**slider(labels, first, t, redraw=False))
    return figure


def _moments(tracks: Mapping[str, Sequence[Leg]], begin: float, end: float) -> np.ndarray:
    """Moments at a round interval from the first drive to the last."""
    legs = [leg for mine in tracks.values() for leg in mine]
    if not legs:
        return np.zeros(0)
    first = max(min(leg.from_s for leg in legs), begin)
    last = min(max(leg.to_s for leg in legs), end)
    fitting = (m for m in STEPS_MIN if (last - first) / (60.0 * m) <= MOST_FRAMES)
    step = 60.0 * next(fitting, STEPS_MIN[-1])
    low, high = np.floor((first - begin) / step), np.ceil((last - begin) / step)
    return np.asarray(begin + step * np.arange(low, high + 1))


def _homes(
    view: FleetView, ground: Ground, tracks: Mapping[str, Sequence[Leg]]
) -> Mapping[str, tuple[float, float]]:
    """Where each truck is before its first drive."""
    found = {}
    for truck, legs in tracks.items():
        depot = view.trucks[truck].depot
        if depot in ground.xy_m:
            found[truck] = ground.xy_m[depot]
        elif legs:
            found[truck] = (float(legs[0].line[0, 0]), float(legs[0].line[0, 1]))
    return found


def _trucks(
    replay: Replay, tracks: Mapping[str, Sequence[Leg]],
    homes: Mapping[str, tuple[float, float]], time_s: float, t: Texts,
) -> go.Scatter:  # fmt: skip
    moments = {moment.truck: moment for moment in replay.at(time_s)}
    shown = [truck for truck in tracks if truck in homes]
    at = [position(tracks[truck], time_s, homes[truck]) for truck in shown]
    texts = []
    for truck in shown:
        moment = moments.get(truck)
        kind = moment.kind if moment is not None else "idle"
        words = [f"<b>{escape(truck)}</b> {t(f'fleet.activity_{kind}')}"]
        if moment is not None:
            words.append(t("fleet.replay_load", kg=f"{moment.load_kg:,.0f}"))
            if moment.energy_kwh == moment.energy_kwh:
                words.append(t("fleet.replay_energy", kwh=f"{moment.energy_kwh:.0f}"))
        texts.append("<br>".join(words))
    return go.Scatter(
        x=[round(x, 1) for x, _ in at], y=[round(y, 1) for _, y in at], mode="markers+text",
        text=[escape(truck) for truck in shown], textposition="bottom center", showlegend=False,
        textfont={"size": 12, "color": INK}, hovertext=texts,
        hovertemplate="%{hovertext}<extra></extra>",
        marker={
            "symbol": "circle", "size": 16,
            "color": [str(truck_line(list(tracks).index(truck))["color"]) for truck in shown],
            "line": {"color": INK, "width": 2},
        },
    )  # fmt: skip
