"""Figures of a study of works: what each budget saves, and where the chosen works are."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

import plotly.graph_objects as go

from scenarios.charts.palette import (
    CHANNEL,
    GRID,
    INK,
    MUTED,
    RUN_COLOURS,
    SEWER,
    STREET,
    WORK,
    style,
)
from scenarios.cli_output import number
from scenarios.locale import Texts
from scenarios.works_study import Study
from sim.drainage.network import Network
from sim.drainage.references import LINKS, NODES

Segments = tuple[list[float | None], list[float | None]]


def budget_curve(study: Study, t: Texts, *, height_px: int = 380) -> go.Figure:
    """Savings by budget: of the search, confirmed with interval, and the surrogate's bound."""
    plans = sorted(study.plans, key=lambda plan: plan.budget)
    budgets = [plan.budget for plan in plans]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=budgets, y=[plan.bound for plan in plans], mode="lines", name=t("works.curve_bound"),
            line={"color": MUTED, "dash": "dot", "width": 1.5}, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=budgets, y=[plan.saved for plan in plans], mode="lines+markers",
            name=t("works.curve_search"), line={"color": RUN_COLOURS[1], "width": 2.5},
            marker={"size": 8},
            text=[
                t("works.curve_hover", budget=f"{plan.budget:g}", works=len(plan.chosen),
                  cost=f"{plan.cost:.1f}", saved=number(plan.saved), unit=study.unit)
                for plan in plans
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    known = [(p.budget, p.mean, p.low, p.high) for p in plans]
    confirmed = [
        (budget, mean, low, high)
        for budget, mean, low, high in known
        if mean is not None and low is not None and high is not None
    ]
    if confirmed:
        figure.add_trace(
            go.Scatter(
                x=[row[0] for row in confirmed], y=[row[1] for row in confirmed], mode="markers",
                name=t("works.curve_confirmed"),
                marker={"color": RUN_COLOURS[0], "symbol": "diamond", "size": 9},
                error_y={
                    "type": "data", "symmetric": False, "thickness": 1.6, "width": 5,
                    "array": [high - mean for _, mean, _, high in confirmed],
                    "arrayminus": [mean - low for _, mean, low, _ in confirmed],
                },
                hovertemplate="%{y:.4g}<extra></extra>",
            )
        )  # fmt: skip
    style(figure, height_px=height_px)
    figure.update_xaxes(title=t("works.curve_x"), gridcolor=GRID, rangemode="tozero")
    figure.update_yaxes(
        title=t("works.curve_y", unit=study.unit), gridcolor=GRID, rangemode="tozero"
    )
    return figure


def works_map(
    network: Network, chosen: Collection[str], t: Texts, *, width_px: int = 1160,
    most_px: int = 760,
) -> go.Figure:  # fmt: skip
    """The network in grey, the works that were left, and in colour those that were chosen.

    Parameters
    ----------
    network
        With all its works, built or not.
    """
    places = {
        node.id: (node.x_m, node.y_m)
        for node in network.nodes
        if node.x_m is not None and node.y_m is not None
    }
    kinds = {work.id: work.kind for work in network.works}
    links = [link for family in LINKS for link in getattr(network, family)]

    def lines(wanted: Collection[int]) -> Segments:
        xs: list[float | None] = []
        ys: list[float | None] = []
        for k in wanted:
            a, b = places.get(links[k].from_node), places.get(links[k].to_node)
            if a is not None and b is not None:
                xs += [a[0], b[0], None]
                ys += [a[1], b[1], None]
        return xs, ys

    def of(kind: str | None, built: bool) -> list[int]:
        return [
            k
            for k, link in enumerate(links)
            if kinds.get(link.work or "") == kind and (link.work in chosen) == built
        ]

    plain = of(None, False)
    streets = [k for k in plain if getattr(links[k], "level", "sewer") == "street"]
    sewers = [k for k in plain if k not in set(streets)]
    left = [*of("work", False), *of("channel", False)]
    figure = go.Figure()
    for name, wanted, colour, width, dash in (
        (t("map.street"), streets, STREET, 1.6, "solid"),
        (t("map.sewer"), sewers, SEWER, 0.9, "solid"),
        (t("works.map_left"), left, MUTED, 1.8, "dot"),
        (t("works.map_chosen_channel"), of("channel", True), CHANNEL, 4.0, "solid"),
        (t("works.map_chosen_work"), of("work", True), WORK, 4.0, "solid"),
    ):
        xs, ys = lines(wanted)
        figure.add_trace(
            go.Scatter(
                x=xs, y=ys, mode="lines", name=name, hoverinfo="skip",
                line={"color": colour, "width": width, "dash": dash},
            )
        )  # fmt: skip
    _sites(figure, network, places, chosen, t)
    x_all, y_all = [p[0] for p in places.values()], [p[1] for p in places.values()]
    wide, high = max(x_all) - min(x_all), max(y_all) - min(y_all)
    style(figure, height_px=round(90 + min(float(most_px), width_px * high / max(wide, 1.0))))
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    figure.update_xaxes(**hidden, constrain="domain")
    figure.update_yaxes(**hidden, scaleanchor="x", scaleratio=1, constrain="domain")
    figure.update_layout(
        hovermode="closest", dragmode="pan", margin={"l": 8, "r": 8, "t": 60, "b": 8}
    )
    return figure


def _sites(
    figure: go.Figure,
    network: Network,
    places: dict[str, tuple[float, float]],
    chosen: Collection[str],
    t: Texts,
) -> None:
    """A mark in the middle of each chosen work, with its name on pointing at it."""
    at: dict[str, list[tuple[float, float]]] = {}
    for family in (*NODES, *LINKS):
        for element in getattr(network, family):
            if element.work in chosen:
                ends = (element.id,) if family in NODES else (element.from_node, element.to_node)
                at.setdefault(element.work, []).extend(places[n] for n in ends if n in places)
    works = [work for work in network.works if at.get(work.id)]
    middle = [
        tuple(sum(axis) / len(axis) for axis in zip(*at[work.id], strict=True)) for work in works
    ]
    colours = [CHANNEL if work.kind == "channel" else WORK for work in works]
    text = [
        t("works.map_site", id=escape(w.id), cost=f"{w.cost_million_cny:g}",
          name=escape(w.name_zh if t.language == "zh" else w.name_en))
        for w in works
    ]  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[m[0] for m in middle], y=[m[1] for m in middle], mode="markers+text",
            text=[work.id for work in works], textposition="top center",
            textfont={"size": 10, "color": INK}, hovertext=text,
            hovertemplate="%{hovertext}<extra></extra>", showlegend=False,
            marker={"size": 8, "color": colours, "line": {"color": "white", "width": 1}},
        )
    )  # fmt: skip
