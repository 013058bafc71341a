"""Colours, line styles and the layout every figure shares.

Colours are from Okabe and Ito's palette, which stays apart in the common forms of colour
blindness; runs also differ by dash and depth classes by size, so a black-and-white print works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

INK = "#1B2733"
MUTED = "#5B6B79"
GRID = "#DDE3E8"
STREET = "#C8D0D7"
SEWER = "#8597A6"
WATER = "#0072B2"
CHANNEL = "#009E73"
WORK = "#7B3F98"
LIMIT = "#1B2733"

#: As many runs as can still be told apart: from the ninth on a colour comes back with another dash.
RUN_COLOURS: tuple[str, ...] = (
    "#D55E00", "#0072B2", "#009E73", "#7B3F98", "#946200", "#BF4E7D", "#3A444E", "#2C87B8",
    "#D55E00", "#0072B2", "#009E73", "#7B3F98",
)  # fmt: skip
RUN_DASHES: tuple[str, ...] = (
    "solid", "dash", "dashdot", "dot", "solid", "dash", "dashdot", "dot",
    "longdash", "longdashdot", "2px,5px", "10px,2px,2px,2px",
)  # fmt: skip
RUN_LETTERS: tuple[str, ...] = tuple("ABCDEFGHIJKL")

FONT_FAMILY = (
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", '
    '"PingFang SC", "Segoe UI", "Helvetica Neue", Arial, sans-serif'
)


@dataclass(frozen=True)
class DepthClass:
    """A class of ponded depth on the map: ``[from_m, to_m)``, its text key, colour and size."""

    key: str
    from_m: float
    to_m: float
    colour: str
    size_px: float


DEPTH_CLASSES: tuple[DepthClass, ...] = (
    DepthClass("under_15cm", 0.0, 0.15, "#8DB9D9", 5.0),
    DepthClass("15_30cm", 0.15, 0.30, "#F0B429", 7.5),
    DepthClass("30_50cm", 0.30, 0.50, "#D55E00", 9.5),
    DepthClass("over_50cm", 0.50, float("inf"), "#5C0F33", 12.0),
)

#: plotly offers to send a chart to a service elsewhere unless told otherwise: never from here.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
    "showSendToCloud": False,
    "plotlyServerURL": "",
}


def style(figure: go.Figure, *, height_px: int, font_px: int = 13) -> go.Figure:
    """Give a figure the common look: white paper, one font, horizontal legend above the plot."""
    figure.update_layout(
        template="none",
        height=height_px,
        font={"family": FONT_FAMILY, "size": font_px, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 62, "r": 14, "t": 44, "b": 44},
        hoverlabel={"font": {"family": FONT_FAMILY, "size": font_px}},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": font_px},
        },
    )
    return figure
