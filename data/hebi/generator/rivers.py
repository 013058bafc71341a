"""The river: its line on the map and the two stage series, hourly between stated knots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from .assumptions import Assumptions
from .terrain import Outline, Tributary


@dataclass(frozen=True)
class StagePoint:
    """The river's level at one moment."""

    time: datetime
    stage_m: float


def stage_series(assumptions: Assumptions, prefix: str) -> tuple[StagePoint, ...]:
    """Return hourly stages, linear between the knots filed under `prefix` (ISO times)."""
    knots = [
        (datetime.fromisoformat(time), float(value))
        for time, value in assumptions.under(prefix).items()
    ]
    knots.sort()
    start, end = knots[0][0], knots[-1][0]
    hours = [(time - start).total_seconds() / 3600 for time, _ in knots]
    count = round((end - start).total_seconds() / 3600) + 1
    grid = np.arange(count, dtype=np.float64)
    stages = np.interp(grid, hours, [value for _, value in knots])
    return tuple(
        StagePoint(start + timedelta(hours=hour), round(float(stage), 3))
        for hour, stage in enumerate(stages)
    )


def river_lines(
    assumptions: Assumptions, outline: Outline, rivers: tuple[Tributary, ...]
) -> list[tuple[str, str, str, int, float, float]]:
    """Return id, names, position in the line, x and y of the Qi's bank and the tributaries."""
    step_m = assumptions.number("river.line_step")
    rows: list[tuple[str, str, str, int, float, float]] = []
    for index, y in enumerate(np.arange(outline.south_m, outline.north_m + 1, step_m)):
        x = round(float(outline.bank_x_m(y)), 1)
        rows.append(("QI", "Qi river", "淇河", index, x, round(float(y), 1)))
    for river in rivers:
        end_x = outline.bank_mean_m + outline.bank_swing_m
        index = 0
        for x_value in np.arange(outline.west_m, end_x, step_m):
            y_value = float(river.axis_y_m(x_value))
            if x_value <= float(outline.bank_x_m(y_value)):
                rows.append((river.id, river.name_en, river.name_zh, index,
                             round(float(x_value), 1), round(y_value, 1)))  # fmt: skip
                index += 1
    return rows
