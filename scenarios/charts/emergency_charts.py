"""Pump trucks on a map, and what they save in the course of a storm."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go

from scenarios.charts.palette import CHANNEL, INK, MUTED, RUN_COLOURS, RUN_DASHES, STREET, style
from scenarios.emergency import Study
from scenarios.emergency_text import arm_name
from scenarios.locale import Texts
from sim.drainage.roads import Roads

_LARGEST_PX = 26.0
_SITE = "#7B3F98"


def saved_figure(study: Study, t: Texts) -> go.Figure:
    """Depth-hours saved so far against the hours since the start, a line for each policy."""
    figure = go.Figure()
    for k, (arm, saved) in enumerate(study.curves.saved.items()):
        figure.add_scatter(
            x=study.curves.time_h, y=saved, mode="lines", name=arm_name(arm, t),
            line={"color": RUN_COLOURS[k], "dash": RUN_DASHES[k], "width": 2},
        )  # fmt: skip
    figure.update_xaxes(title_text=t("curves.axis_hours"))
    figure.update_yaxes(title_text=t("pumps.curve_y"), rangemode="tozero")
    return style(figure, height_px=340)


def sites_figure(study: Study, t: Texts) -> go.Figure:
    """Streets, points by depth-hours, depots, sites, and which site is counted for which point."""
    roads = study.inputs.roads
    figure = go.Figure()
    pairs = list(zip(roads.graph.start.tolist(), roads.graph.end.tolist(), strict=True))
    _lines(figure, roads, pairs, t("pumps.map_street"), STREET, 1.0)
    places = study.inputs.places
    covers = [
        (roads.index[site], roads.index[places[point].street_node])
        for site, point, _ in study.siting.placement.covers
    ]
    _lines(figure, roads, covers, t("pumps.map_covers"), _SITE, 1.5)
    needs = study.siting.problem.needs
    largest = max((need.weight for need in needs), default=1.0)
    _marks(
        figure, roads, [places[need.point].street_node for need in needs], t("pumps.map_need"),
        colour="#D55E00", symbol="circle",
        size=[max(_LARGEST_PX * math.sqrt(need.weight / largest), 5.0) for need in needs],
        hover=[
            t("pumps.map_need_hover", point=need.point, hours=f"{need.weight:.1f}")
            for need in needs
        ],
    )  # fmt: skip
    depots = list(dict.fromkeys(plan.depot_node for plan in study.inputs.trucks))
    _marks(figure, roads, depots, t("pumps.map_depot"), colour=CHANNEL, symbol="square",
           size=[13.0] * len(depots), hover=depots)  # fmt: skip
    sites = Counter(study.siting.sites)
    _marks(
        figure, roads, list(sites), t("pumps.map_site"), colour=_SITE, symbol="star",
        size=[12.0 + 4.0 * count for count in sites.values()],
        hover=[t("pumps.map_site_hover", site=s, trucks=n) for s, n in sites.items()],
    )  # fmt: skip
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    return style(figure, height_px=560)


def _lines(
    figure: go.Figure,
    roads: Roads,
    pairs: Sequence[tuple[int, int]],
    name: str,
    colour: str,
    width: float,
) -> None:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for a, b in pairs:
        xs += [float(roads.xy_m[a, 0]), float(roads.xy_m[b, 0]), None]
        ys += [float(roads.xy_m[a, 1]), float(roads.xy_m[b, 1]), None]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", name=name, hoverinfo="skip",
        line={"color": colour, "width": width},
    )  # fmt: skip


def _marks(
    figure: go.Figure,
    roads: Roads,
    nodes: Sequence[str],
    name: str,
    *,
    colour: str,
    symbol: str,
    size: Sequence[float],
    hover: Sequence[str],
) -> None:
    at = [roads.xy_m[roads.index[node]] for node in nodes]
    figure.add_scatter(
        x=[float(xy[0]) for xy in at], y=[float(xy[1]) for xy in at], mode="markers", name=name,
        text=list(hover), hovertemplate="%{text}<extra></extra>",
        marker={"color": colour, "symbol": symbol, "size": list(size), "opacity": 0.85,
                "line": {"color": INK if symbol == "star" else MUTED, "width": 1}},
    )  # fmt: skip
