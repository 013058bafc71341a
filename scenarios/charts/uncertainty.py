"""Charts of uncertainty: recession as a distribution, chances by zone, what a figure depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from scenarios.charts.palette import GRID, INK, LIMIT, MUTED, RUN_COLOURS, WATER, style
from scenarios.intervals import band
from scenarios.locale import Texts
from scenarios.sensitivity import Sensitivity
from scenarios.uncertainty import CITY, Distribution

CURVE_PX, ROW_PX, AROUND_PX = 380, 24, 110
MOST_ZONES = 30
_BAND_FILL = "rgba(0, 114, 178, 0.15)"


def recession_curve(one: Distribution, observed_h: float, t: Texts) -> go.Figure:
    """The share of replications that have drained, against the hours after the rain.

    A step at each replication that drained; the curve ends below 100 % where some had not when
    their run ended. The band holds the whole curve of endlessly many replications with 95 %.
    """
    count = len(one.hours)
    seen = [hours for hours in one.hours if math.isfinite(hours)]
    end_h = max([*seen, one.limit_h or 0.0, 1e-9]) * 1.05
    if one.not_drained:
        end_h = max(end_h, observed_h)
    hours = [0.0, *seen, end_h]
    share = [0.0, *((k + 1) / count for k in range(len(seen))), len(seen) / count]
    half = band(count)
    figure = go.Figure()
    for ends, fill in (
        ([min(s + half, 1.0) for s in share], None),
        ([max(s - half, 0.0) for s in share], "tonexty"),
    ):
        figure.add_scatter(
            x=hours, y=ends, mode="lines", line={"width": 0, "shape": "hv"}, fill=fill,
            fillcolor=_BAND_FILL, hoverinfo="skip", showlegend=fill is not None,
            name=t("uncertainty.band"),
        )  # fmt: skip
    figure.add_scatter(
        x=hours, y=share, mode="lines", line={"color": WATER, "width": 2, "shape": "hv"},
        name=t("uncertainty.curve"), hovertemplate="%{x:.2f} h: %{y:.0%}<extra></extra>",
    )  # fmt: skip
    if one.limit_h is not None:
        _line(figure, one.limit_h, t("uncertainty.allowed", hours=f"{one.limit_h:g}"), "dash")
    if one.not_drained:
        _line(figure, observed_h, t("uncertainty.observed"), "dot")
    figure.update_xaxes(title=t("uncertainty.curve_axis"), range=[0, end_h], gridcolor=GRID)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", gridcolor=GRID)
    return style(figure, height_px=CURVE_PX)


def _line(figure: go.Figure, hours: float, text: str, dash: str) -> None:
    figure.add_vline(
        x=hours, line={"color": LIMIT, "width": 1.5, "dash": dash},
        annotation={"text": text, "textangle": -90, "yanchor": "top", "font": {"color": INK}},
    )  # fmt: skip


def chances(
    distributions: Sequence[Distribution], t: Texts, names: Mapping[str, str] | None = None
) -> go.Figure:
    """The chance of each zone to drain within its limit, with its interval, the worst on top."""
    shown = [(one, one.chance) for one in distributions if one.chance is not None][:MOST_ZONES]
    labels = [
        t("uncertainty.slowest")
        if one.entity == CITY
        else (names or {}).get(one.entity, one.entity)
        for one, _ in shown
    ]
    values = [chance.share.value for _, chance in shown]
    figure = go.Figure()
    figure.add_scatter(
        x=values, y=labels, mode="markers", marker={"color": WATER, "size": 9}, showlegend=False,
        error_x={
            "type": "data", "symmetric": False, "color": MUTED, "thickness": 1.5,
            "array": [c.share.high - c.share.value for _, c in shown],
            "arrayminus": [c.share.value - c.share.low for _, c in shown],
        },
        customdata=[[c.met, c.of] for _, c in shown],
        hovertemplate="%{y}: %{x:.0%} (%{customdata[0]} / %{customdata[1]})<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", gridcolor=GRID)
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return style(figure, height_px=AROUND_PX + ROW_PX * len(shown))


def effects_chart(found: Sensitivity, t: Texts) -> go.Figure:
    """A bar per parameter with its interval, the largest on top, and beside it the second figure:
    sigma of Morris, the share alone of Sobol."""
    labels = [effect.factor.path for effect in found.effects]
    figure = go.Figure()
    for key, values, halves, colour in (
        ("main", [e.main for e in found.effects], [e.main_half for e in found.effects], WATER),
        ("other", [e.other for e in found.effects],
         [e.other_half or 0.0 for e in found.effects], RUN_COLOURS[4]),
    ):  # fmt: skip
        figure.add_bar(
            x=values, y=labels, orientation="h", marker={"color": colour},
            name=t(f"sensitivity.{found.method}_{key}"),
            error_x={"type": "data", "array": halves, "color": INK, "thickness": 1.2},
            hovertemplate="%{y}: %{x:.3g}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.3)
    title = found.unit if found.method == "morris" else ""
    figure.update_xaxes(title=title, gridcolor=GRID, rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return style(figure, height_px=AROUND_PX + 2 * ROW_PX * len(labels))
