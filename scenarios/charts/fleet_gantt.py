"""What each truck does when: a row a truck, a bar an activity. For runs and for plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.fleet_palette import ACTIVITIES
from scenarios.charts.palette import GRID, MUTED, style
from scenarios.fleet_view import clock
from scenarios.locale import Texts

if TYPE_CHECKING:
    import pandas as pd

ROW_PX, TOP_PX, BOTTOM_PX = 22, 34, 52
_UNIT = {"drive": "km", "collect": "kg", "unload": "kg", "charge": "kWh"}


def gantt(
    done: pd.DataFrame, trucks: Sequence[str], t: Texts, *, midnight_s: float = 0.0,
    notes: Mapping[str, str] | None = None, name_of: Callable[[str], str] = str,
) -> go.Figure:  # fmt: skip
    """Rows of activities.

    Parameters
    ----------
    done
        Columns truck, kind, target, from_s, to_s, amount (`sim.fleet.trace.activities`).
    trucks
        Which are shown, from the top.
    midnight_s
        Midnight of the day that is shown, on the clock of the times.
    notes
        A few words behind a truck's row.
    name_of
        What a target is called.
    """
    figure = go.Figure()
    shown = done[done["truck"].isin(list(trucks))]
    for kind, look in ACTIVITIES.items():
        mine = shown[shown["kind"] == kind]
        from_h = (mine["from_s"].to_numpy() - midnight_s) / 3600.0
        to_h = (mine["to_s"].to_numpy() - midnight_s) / 3600.0
        marker: dict[str, Any] = {"color": look.colour, "line": {"width": 0}}
        if look.hatch:
            marker["pattern"] = {
                "shape": look.hatch,
                "fgcolor": "white",
                "size": 5,
                "fillmode": "overlay",
            }
        figure.add_bar(
            base=from_h, x=to_h - from_h, y=mine["truck"], orientation="h", marker=marker,
            name=t(f"fleet.activity_{kind}"), width=0.78,
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[
                _hover(row, a, b, t, name_of)
                for row, a, b in zip(mine.itertuples(index=False), from_h, to_h, strict=True)
            ],
        )  # fmt: skip
    low, high = 0.0, 24.0
    if len(shown):
        low = max(float(np.floor((shown["from_s"].min() - midnight_s) / 3600.0)), 0.0)
        high = float(np.ceil((shown["to_s"].max() - midnight_s) / 3600.0))
    style(figure, height_px=TOP_PX + BOTTOM_PX + ROW_PX * max(len(trucks), 3))
    hours_axis(figure, low, high, t)
    figure.update_yaxes(
        categoryorder="array", categoryarray=list(trucks)[::-1], type="category", automargin=True,
        showgrid=False, tickfont={"size": 11}, range=[-0.6, len(trucks) - 0.4],
    )  # fmt: skip
    figure.update_layout(barmode="overlay", margin={"t": TOP_PX, "b": BOTTOM_PX, "r": 14})
    for truck, text in (notes or {}).items():
        figure.add_annotation(
            x=1, xref="paper", y=truck, text=escape(text), showarrow=False, xanchor="left",
            font={"size": 11, "color": MUTED}, xshift=6,
        )  # fmt: skip
    if notes:
        widest = max(len(text) for text in notes.values())
        figure.update_layout(margin={"r": 24 + 8 * widest})
    return figure


def hours_axis(figure: go.Figure, low: float, high: float, t: Texts, **axis: object) -> None:
    """Give a figure an axis of the hours of a day, in h since its midnight."""
    span = max(high - low, 1.0)
    step = next(s for s in (1, 2, 3, 4, 6, 12, 24, 48, 96) if span / s <= 14 or s == 96)
    ticks = np.arange(np.ceil(low / step) * step, high + 1e-9, step)
    figure.update_xaxes(
        range=[low, high], tickvals=ticks, ticktext=[clock(h) for h in ticks], gridcolor=GRID,
        zeroline=False, showline=True, linecolor=MUTED, ticks="outside",
        title={"text": t("fleet.axis_clock"), "standoff": 6}, **axis,
    )  # fmt: skip


def _hover(row: Any, from_h: float, to_h: float, t: Texts, name_of: Callable[[str], str]) -> str:
    words = [f"<b>{escape(str(row.truck))}</b> {t(f'fleet.activity_{row.kind}')}"]
    if row.target:
        words[0] += f" · {escape(name_of(str(row.target)))}"
    words.append(f"{clock(from_h)} – {clock(to_h)} ({(to_h - from_h) * 60.0:.0f} min)")
    if row.kind in _UNIT and row.amount == row.amount:
        words.append(f"{row.amount:,.1f} {_UNIT[row.kind]}")
    return "<br>".join(words)
