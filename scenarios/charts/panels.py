"""Panels over each other on one time axis, as hydrographs need them.

The figure is put together as plain data and handed to plotly once: made piece by piece, the same
figure takes several times as long.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from scenarios.charts.palette import GRID, INK, LIMIT, MUTED, style
from scenarios.charts.run_view import RunView, time_axis

GAP_PX, TOP_PX, BOTTOM_PX = 30, 50, 62


def axis_number(row: int) -> str:
    """plotly numbers its axes from the second on."""
    return "" if row == 1 else str(row)


@dataclass
class Panels:
    """Panels over each other on one time axis, filled from the top."""

    heights_px: list[int]
    calendar: bool
    font_px: int
    row: int = 0
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    axes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def inner_px(self) -> int:
        return sum(self.heights_px) + GAP_PX * (len(self.heights_px) - 1)

    def new(self, title: str, unit: str, **y_axis: object) -> None:
        """Start the next panel."""
        above_px = sum(self.heights_px[: self.row]) + GAP_PX * self.row
        top = 1.0 - above_px / self.inner_px
        bottom = max(top - self.heights_px[self.row] / self.inner_px, 0.0)
        self.row += 1
        last = self.row == len(self.heights_px)
        number = axis_number(self.row)
        self.axes[f"xaxis{number}"] = {
            "anchor": f"y{number}", "domain": [0.0, 1.0], "gridcolor": GRID, "zeroline": False,
            "showline": True, "linecolor": MUTED, "ticks": "outside", "showticklabels": last,
        } | ({} if self.row == 1 else {"matches": "x"})  # fmt: skip
        self.axes[f"yaxis{number}"] = {
            "anchor": f"x{number}", "domain": [bottom, top], "gridcolor": GRID, "nticks": 4,
            "zeroline": False, "automargin": True,
            "title": {"text": unit, "font": {"size": self.font_px}, "standoff": 4},
        } | y_axis  # fmt: skip
        self.notes.append(
            {
                "text": title, "x": 0, "xref": "paper", "y": top, "yref": "paper", "yshift": 1,
                "xanchor": "left", "yanchor": "bottom", "showarrow": False,
                "font": {"size": self.font_px, "color": INK},
            }
        )  # fmt: skip

    def curve(self, view: RunView, time_s: NDArray[np.float64], **attributes: object) -> None:
        """Add a curve to the present panel."""
        x = time_axis(view, time_s, self.calendar)
        axes = {"xaxis": f"x{axis_number(self.row)}", "yaxis": f"y{axis_number(self.row)}"}
        self.traces.append({"type": "scatter", "mode": "lines", "x": x} | axes | attributes)

    def level(self, value: float) -> None:
        """Add a dotted line across the present panel, with its value."""
        x, y = f"x{axis_number(self.row)} domain", f"y{axis_number(self.row)}"
        line = {"color": LIMIT, "width": 1, "dash": "dot"}
        self.shapes.append(
            {"type": "line", "x0": 0, "x1": 1, "xref": x, "y0": value, "y1": value, "yref": y,
             "line": line}
        )  # fmt: skip
        self.notes.append(
            {
                "text": f"{value:g}", "x": 0, "xref": x, "y": value, "yref": y, "xshift": 3,
                "xanchor": "left", "yanchor": "bottom", "showarrow": False,
                "font": {"size": 11, "color": MUTED},
            }
        )  # fmt: skip

    def moment(self, view: RunView, time_s: float, text: str) -> None:
        """Mark a moment in every panel, with a word in the first."""
        x = time_axis(view, np.array([time_s]), self.calendar)[0]
        line = {"color": MUTED, "width": 1, "dash": "dash"}
        self.shapes += [
            {"type": "line", "x0": x, "x1": x, "xref": f"x{axis_number(row)}", "y0": 0, "y1": 1,
             "yref": f"y{axis_number(row)} domain", "line": line}
            for row in range(1, self.row + 1)
        ]  # fmt: skip
        self.notes.append(
            {
                "text": text, "x": x, "xref": "x", "y": 1, "yref": "paper", "xanchor": "left",
                "yanchor": "top", "xshift": 4, "yshift": -6, "showarrow": False,
                "font": {"size": self.font_px - 1, "color": MUTED},
            }
        )  # fmt: skip

    def figure(self, time_title: str) -> go.Figure:
        """The finished figure."""
        if self.row:
            self.axes[f"xaxis{axis_number(self.row)}"]["title"] = {
                "text": time_title, "standoff": 6, "font": {"size": self.font_px},
            }  # fmt: skip
        if self.calendar:
            # Digits only: month names would need a translation plotly does not carry along.
            for row in range(1, self.row + 1):
                self.axes[f"xaxis{axis_number(row)}"] |= {
                    "type": "date", "tickformat": "%m-%d\n%H:%M", "hoverformat": "%m-%d %H:%M",
                }  # fmt: skip
        layout = {**self.axes, "shapes": self.shapes, "annotations": self.notes}
        figure = go.Figure({"data": self.traces, "layout": layout})
        return style(
            figure, height_px=max(self.inner_px, 0) + TOP_PX + BOTTOM_PX, font_px=self.font_px
        )
