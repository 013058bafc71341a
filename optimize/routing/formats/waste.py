"""Commercial waste collection with several disposal trips, a lunch break and time windows.

Kim, Kim and Sahoo (2006), "Waste collection vehicle routing problem with time windows", Computers
and Operations Research 33(12). Coordinates are feet and trucks drive along the two axes at a
constant speed; distances are stored in metres, and a metre costs what makes the cost miles, the
unit of published figures. A truck holds so many cubic yards at a time and so many in a day, and
serves no more than so many stops; it disposes at any landfill and comes home empty. Lunch begins
between 11:00 and 12:00 for whoever is under way at noon. First as few trucks as possible, then
distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optimize.routing.formats.lines import Line, number, read_lines, whole
from optimize.routing.problem import Break, Problem, Site, Stop, Travel, TruckType
from sim.kernel.errors import InputError, InputErrors

M_PER_MILE = 1609.344
_M_PER_FOOT = 0.3048
_LUNCH_S = (11 * 3600.0, 12 * 3600.0)
_HEADS = (
    "capacity of a truck",
    "capacity of a day",
    "stops of a day",
    "lunch in s",
    "speed in mph",
)
_DEPOT, _STOP, _LANDFILL = 0, 1, 2


@dataclass(frozen=True)
class _Row:
    id: str
    x_ft: float
    y_ft: float
    window_s: tuple[float, float]
    service_s: float
    load: float
    kind: int


def read_waste(file: Path) -> Problem:
    """Read an instance of that set.

    Raises
    ------
    InputError, InputErrors
        Naming the file, the line, the value and what was expected.
    """
    lines = read_lines(file)
    if len(lines) <= len(_HEADS) + 1:
        raise InputError(
            "the file ends too early", where=f"line {lines[-1].number}", file=file,
            expected="five figures, a header and rows",
        )  # fmt: skip
    heads = [
        number(line.words[0].rstrip("/"), file, f"line {line.number}, {name}", above=0.0)
        for name, line in zip(_HEADS, lines, strict=False)
    ]
    capacity, day, most_stops, lunch, speed_mph = heads
    if most_stops != int(most_stops):
        raise InputError(
            "not a whole number", where=f"line {lines[2].number}", value=most_stops, file=file
        )
    if lines[5].words[0] != "Stop_ID":
        raise InputError(
            "no header", where=f"line {lines[5].number}", value=" ".join(lines[5].words),
            expected="Stop_ID X(feet) Y(feet) ...", file=file,
        )  # fmt: skip
    rows: list[_Row] = []
    errors: list[InputError] = []
    for line in lines[6:]:
        try:
            rows.append(_row(line, file, {row.id for row in rows}))
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    depots = [i for i, row in enumerate(rows) if row.kind == _DEPOT]
    if len(depots) != 1:
        raise InputError(
            "not one depot", where="column Stop_Type", value=len(depots), file=file,
            expected="one row of type 0",
        )  # fmt: skip
    xy = np.array([(row.x_ft, row.y_ft) for row in rows]) * _M_PER_FOOT
    distance = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    truck = TruckType(
        id="truck",
        capacity=(capacity,),
        day_capacity=(day,),
        start=depots[0],
        end=depots[0],
        most_stops=int(most_stops),
        shift_s=rows[depots[0]].window_s,
        breaks=(Break(*_LUNCH_S, lunch),),
        must_end_empty=True,
        cost_per_m=1.0 / M_PER_MILE,
    )
    return Problem(
        name=file.stem,
        travel=Travel(
            tuple(row.id for row in rows), xy, distance,
            distance / (speed_mph * M_PER_MILE / 3600.0),
        ),
        dimensions=("yd3",),
        stops=tuple(
            Stop(row.id, i, (row.load,), service_s=row.service_s, windows=(row.window_s,))
            for i, row in enumerate(rows)
            if row.kind == _STOP
        ),
        trucks=(truck,),
        sites=tuple(
            Site(row.id, i, (True,), unload_s=row.service_s, windows=(row.window_s,))
            for i, row in enumerate(rows)
            if row.kind == _LANDFILL
        ),
        objective="trucks_then_cost",
    )  # fmt: skip


def _row(line: Line, file: Path, ids: set[str]) -> _Row:
    where = f"line {line.number}"
    if len(line.words) != 8:
        raise InputError(
            f"{len(line.words)} columns", where=where, value=" ".join(line.words), file=file,
            expected="8 columns",
        )  # fmt: skip
    name, x, y, early, late, service, load, kind = line.words
    if name in ids:
        raise InputError("the same id twice", where=where, value=name, file=file)
    if kind not in ("0", "1", "2"):
        raise InputError(
            "no such type", where=f"{where}, Stop_Type", value=kind, file=file,
            expected="0 (depot), 1 (stop) or 2 (landfill)",
        )  # fmt: skip
    window = (
        _clock(early, file, f"{where}, Early_St_Time"),
        _clock(late, file, f"{where}, Late_St_Time"),
    )
    if window[1] < window[0]:
        raise InputError(
            "the window ends before it begins", where=where, value=f"{early} {late}", file=file
        )
    return _Row(
        name,
        number(x, file, f"{where}, X"),
        number(y, file, f"{where}, Y"),
        window,
        number(service, file, f"{where}, Svice_Time", least=0.0),
        number(load, file, f"{where}, Load", least=0.0),
        int(kind),
    )


def _clock(text: str, file: Path, where: str) -> float:
    """Return seconds since midnight of a time such as 0730 or 730."""
    value = whole(text, file, where)
    hours, minutes = divmod(value, 100)
    if minutes >= 60 or value > 2400:
        raise InputError(
            "not a time of day", where=where, value=text, expected="HHMM up to 2400", file=file
        )
    return math.fsum((hours * 3600.0, minutes * 60.0))
