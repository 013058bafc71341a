"""State of charge of trucks over a day, with what is to be kept in reserve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from scenarios.charts.fleet_gantt import hours_axis
from scenarios.charts.fleet_palette import truck_line
from scenarios.charts.palette import GRID, LIMIT, style
from scenarios.fleet_view import Battery
from scenarios.locale import Texts
from sim.fleet.trace import Floats


def charge_figure(
    curves: Mapping[str, tuple[Floats, Floats]],
    batteries: Mapping[str, Battery],
    trucks: Sequence[str],
    t: Texts,
    *,
    midnight_s: float = 0.0,
    until_s: float | None = None,
) -> go.Figure:
    """Curves of energy, % of the battery, and a dotted line for each reserve there is.

    Parameters
    ----------
    curves
        Times, s, and energies, kWh, by truck; linear in between.
    trucks
        Those that are drawn, as far as they have a battery.
    until_s
        End of what is shown, on the same clock; the end of the curves if none.
    """
    figure = go.Figure()
    shown = [truck for truck in trucks if truck in curves and truck in batteries]
    ends = [0.0]
    for k, truck in enumerate(shown):
        time_s, kwh = curves[truck]
        full = batteries[truck].kwh
        inside = (time_s >= midnight_s) & (time_s <= (until_s or np.inf))
        hours, energy = (time_s[inside] - midnight_s) / 3600.0, kwh[inside]
        ends.append(float(hours[-1]) if len(hours) else 0.0)
        figure.add_scatter(
            x=hours, y=100.0 * energy / full, mode="lines", name=escape(truck),
            line={"width": 2} | truck_line(k), customdata=np.column_stack([energy]),
            hovertemplate=t("fleet.charge_hover", truck=escape(truck)) + "<extra></extra>",
        )  # fmt: skip
    reserves = {100.0 * batteries[truck].reserve_kwh / batteries[truck].kwh for truck in shown}
    for reserve in sorted(reserves):
        if reserve > 0.0:
            figure.add_hline(
                y=reserve, line={"color": LIMIT, "width": 1.4, "dash": "dot"},
                annotation={
                    "text": t("fleet.reserve", share=f"{reserve:.0f}"), "font": {"size": 11},
                },
                annotation_position="bottom right",
            )  # fmt: skip
    style(figure, height_px=400)
    hours_axis(figure, 0.0, max(24.0, float(np.ceil(max(ends)))) if shown else 24.0, t)
    figure.update_yaxes(
        title=t("fleet.axis_charge"), range=[0, 104], gridcolor=GRID, zeroline=False,
        tickvals=[0, 20, 40, 60, 80, 100],
    )  # fmt: skip
    return figure
