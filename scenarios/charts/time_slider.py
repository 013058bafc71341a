"""Moments to step through, and plotly's slider with its play button.

The frames live in the browser, so moving the slider asks nothing of the server. A run has more
samples than anyone can step through; frames stand at a round interval, each with the latest sample
at or before its moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.charts.palette import GRID, INK, MUTED
from scenarios.charts.run_view import RunView, same_start, time_axis
from scenarios.locale import Texts
from sim.kernel.recorder import SeriesTable

ROUND_MIN = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1440, 2880)
FRAME_MS = 120


@dataclass(frozen=True)
class Moments:
    """The moments of the frames: seconds since the start, labels, and how far apart."""

    time_s: NDArray[np.float64]
    labels: tuple[str, ...]
    every_min: float
    samples: int

    def note(self, texts: Texts) -> str:
        """How the moments were chosen, in words."""
        return texts(
            "slider.note", frames=len(self.labels), every=f"{self.every_min:g}",
            samples=self.samples,
        )  # fmt: skip


def moments(views: Sequence[RunView], quantity: str, most: int) -> Moments:
    """Return at most `most` moments at a round interval that cover the longest of the runs.

    Parameters
    ----------
    views
        Runs of which at least one has recorded `quantity`.
    quantity
        The series that is drawn.
    most
        Greatest number of frames.
    """
    tables = [table for view in views if (table := view.series(quantity)) is not None]
    times = max((table.time_s for table in tables), key=lambda time_s: float(time_s[-1]))
    horizon_s = float(times[-1])
    gaps = np.diff(times)
    shortest_min = float(gaps[gaps > 0].min()) / 60.0 if (gaps > 0).any() else 1.0
    fitting = (
        m
        for m in ROUND_MIN
        if m >= shortest_min and horizon_s / (60.0 * m) + 1 <= most and m % shortest_min < 1e-6
    )
    every_min = next(fitting, max(shortest_min, horizon_s / 60.0 / max(most - 1, 1)))
    count = int(horizon_s / (60.0 * every_min) + 1e-9) + 1
    chosen = np.arange(count, dtype=np.float64) * (60.0 * float(every_min))
    if same_start(views):
        local = time_axis(views[0], chosen, True).astype("datetime64[m]").astype(str)
        labels = tuple(f"{moment[5:10]} {moment[11:16]}" for moment in local.tolist())
    else:
        labels = tuple(f"{hours:.2f} h" for hours in (chosen / 3600.0).tolist())
    return Moments(chosen, labels, every_min, len(times))


def rows_at(table: SeriesTable, time_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the latest sample at or before each moment; -1 past the end of the run."""
    index = np.searchsorted(table.time_s, time_s, side="right") - 1
    return np.where(time_s > table.time_s[-1], -1, np.maximum(index, 0)).astype(np.int64)


def slider(labels: Sequence[str], active: int, texts: Texts, *, redraw: bool) -> dict[str, Any]:
    """Return the layout entries of a slider over frames named by `labels`, with play and pause.

    Parameters
    ----------
    active
        The frame that is shown first.
    redraw
        Whether the traces need a full redraw; WebGL traces do.
    """
    frame = {"duration": 0, "redraw": redraw}
    common = {"mode": "immediate", "transition": {"duration": 0}}
    steps = [
        {"label": label, "method": "animate", "args": [[label], common | {"frame": frame}]}
        for label in labels
    ]
    play = common | {"frame": {"duration": FRAME_MS, "redraw": redraw}, "fromcurrent": True}
    stop = common | {"frame": frame}
    return {
        "sliders": [
            {
                "active": active, "steps": steps, "x": 0.13, "len": 0.87, "y": 0, "yanchor": "top",
                "pad": {"t": 46, "b": 4}, "minorticklen": 0, "ticklen": 3, "tickcolor": MUTED,
                "bgcolor": GRID, "bordercolor": MUTED, "borderwidth": 1,
                "font": {"size": 11, "color": MUTED},
                "currentvalue": {
                    "prefix": texts("slider.now"), "xanchor": "left", "offset": 6,
                    "font": {"size": 14, "color": INK},
                },
            }
        ],
        "updatemenus": [
            {
                "type": "buttons", "direction": "left", "showactive": False, "x": 0, "y": 0,
                "xanchor": "left", "yanchor": "top", "pad": {"t": 66, "r": 6},
                "bgcolor": "white", "bordercolor": MUTED,
                "buttons": [
                    {"label": "▶", "method": "animate", "args": [None, play]},
                    {"label": "❚❚", "method": "animate", "args": [[None], stop]},
                ],
            }
        ],
    }  # fmt: skip
