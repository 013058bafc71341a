"""Electric vehicle routing with time windows, as Schneider, Stenger and Goeke (2014) wrote it.

Transportation Science 48(4), doi 10.1287/trsc.2013.0490. Straight-line distances in double
precision, nothing rounded; travel time is distance over the velocity ``v``, energy ``r`` times
distance, and recharging takes ``g`` for a unit of energy, up to the capacity ``Q`` in the full
variant and as far as one likes in the partial one (Keskin and Catay 2016). Trucks are as many as
wanted and leave full at time 0; a service begins inside its window; the station on top of the
depot is a station like any other and has a place of its own. First as few trucks as possible,
then distance. Units are those of the file: a "second" is a unit of time, a "metre" one of
distance, a "kWh" one of energy.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Literal

import numpy as np

from optimize.routing.formats.lines import Line, euclidean, number, read_lines
from optimize.routing.problem import Charger, ChargingCurve, Problem, Stop, Travel, TruckType
from sim.kernel.errors import InputError, InputErrors

_HEADER = ["StringID", "Type", "x", "y", "demand", "ReadyTime", "DueDate", "ServiceTime"]
_WIDTHS = (11, 11, 11, 11, 11, 11, 11, 11)
_TEXTS = {
    "Q": "Vehicle fuel tank capacity",
    "C": "Vehicle load capacity",
    "r": "fuel consumption rate",
    "g": "inverse refueling rate",
    "v": "average Velocity",
}


def read_evrptw(
    file: Path,
    recharge: Literal["full", "partial"] = "full",
    objective: Literal["cost", "trucks_then_cost"] = "trucks_then_cost",
) -> Problem:
    """Read an instance; ``objective="cost"`` is the variant that counts distance only.

    Raises
    ------
    InputError, InputErrors
        Naming the file, the line, the value and what was expected.
    """
    lines = read_lines(file)
    if lines[0].words != _HEADER:
        raise InputError(
            "not the header of such a file", where=f"line {lines[0].number}",
            value=" ".join(lines[0].words), expected=" ".join(_HEADER), file=file,
        )  # fmt: skip
    errors: list[InputError] = []
    rows: list[tuple[str, str, tuple[float, ...]]] = []
    constants: dict[str, float] = {}
    for line in lines[1:]:
        try:
            if line.words[0] in _TEXTS and "/" in line.words[-1]:
                _constant(line, file, constants)
            else:
                rows.append(_row(line, file, {row[0] for row in rows}))
        except InputError as error:
            errors.append(error)
    errors += [
        InputError(
            "a line is missing", where="end of file", file=file,
            expected=f"{key} {text} /number/",
        )
        for key, text in _TEXTS.items()
        if key not in constants
    ]  # fmt: skip
    depots = [row for row in rows if row[1] == "d"]
    if len(depots) != 1 and not errors:
        errors.append(
            InputError("not one depot", where="column Type", value=len(depots), file=file,
                       expected="one row of type d")
        )  # fmt: skip
    if errors:
        raise InputErrors(errors)
    return _problem(file.stem, rows, constants, recharge, objective)


def _constant(line: Line, file: Path, constants: dict[str, float]) -> None:
    key = line.words[0]
    where = f"line {line.number}, {key}"
    match = re.search(r"/([^/]*)/$", " ".join(line.words))
    if match is None:
        raise InputError(
            "no value between slashes", where=where, value=" ".join(line.words), file=file,
            expected=f"{key} {_TEXTS[key]} /number/",
        )  # fmt: skip
    if key in constants:
        raise InputError("given twice", where=where, value=key, file=file)
    # A recharging time of 0 is one that the format knows; nothing else may vanish.
    limits = {"least": 0.0} if key in ("g", "r") else {"above": 0.0}
    constants[key] = number(match[1].strip(), file, where, **limits)


def _row(line: Line, file: Path, ids: set[str]) -> tuple[str, str, tuple[float, ...]]:
    where = f"line {line.number}"
    if len(line.words) != len(_HEADER):
        raise InputError(
            f"{len(line.words)} columns", where=where, value=" ".join(line.words), file=file,
            expected=f"{len(_HEADER)} columns",
        )  # fmt: skip
    name, kind = line.words[:2]
    if name in ids:
        raise InputError("the same id twice", where=f"{where}, StringID", value=name, file=file)
    if kind not in ("d", "f", "c"):
        raise InputError(
            "no such type", where=f"{where}, Type", value=kind, file=file,
            expected="d (depot), f (station) or c (customer)",
        )  # fmt: skip
    x, y, demand, ready, due, service = (
        number(text, file, f"{where}, {column}", least=-math.inf if column in ("x", "y") else 0.0)
        for column, text in zip(_HEADER[2:], line.words[2:], strict=True)
    )
    if due < ready:
        raise InputError(
            "the window ends before it begins", where=f"{where}, DueDate", value=due, file=file,
            expected=f"at least {ready:g}",
        )  # fmt: skip
    return name, kind, (x, y, demand, ready, due, service)


def _problem(
    name: str,
    rows: list[tuple[str, str, tuple[float, ...]]],
    constants: dict[str, float],
    recharge: Literal["full", "partial"],
    objective: Literal["cost", "trucks_then_cost"],
) -> Problem:
    xy = np.array([values[:2] for _, _, values in rows], dtype=float)
    distance = euclidean(xy)
    full = constants["Q"]
    depot = next(i for i, row in enumerate(rows) if row[1] == "d")
    truck = TruckType(
        id="truck",
        capacity=(constants["C"],),
        start=depot,
        end=depot,
        battery_kwh=full,
        kwh_per_m=constants["r"],
        charging=(ChargingCurve((0.0, full), (0.0, constants["g"] * full)),),
        shift_s=(rows[depot][2][3], rows[depot][2][4]),
    )
    return Problem(
        name=name,
        travel=Travel(tuple(row[0] for row in rows), xy, distance, distance / constants["v"]),
        dimensions=("load",),
        stops=tuple(
            Stop(row, i, (v[2],), service_s=v[5], windows=((v[3], v[4]),))
            for i, (row, kind, v) in enumerate(rows)
            if kind == "c"
        ),
        trucks=(truck,),
        chargers=tuple(
            Charger(row, i, windows=((v[3], v[4]),))
            for i, (row, kind, v) in enumerate(rows)
            if kind == "f"
        ),
        recharge=recharge,
        objective=objective,
    )


def write_evrptw(problem: Problem, file: Path) -> None:
    """Write a problem as such an instance; numbers keep all their digits.

    Raises
    ------
    InputError
        The problem holds something the format cannot say.
    """
    truck, velocity = _sayable(problem)
    travel = problem.travel
    kinds: dict[int, tuple[str, str, float, tuple[float, float], float]] = {
        truck.start: (travel.places[truck.start], "d", 0.0, truck.shift_s, 0.0)
    }
    for charger in problem.chargers:
        kinds[charger.place] = (charger.id, "f", 0.0, charger.windows[0], 0.0)
    for stop in problem.stops:
        kinds[stop.place] = (stop.id, "c", stop.demand[0], stop.windows[0], stop.service_s)
    lines = ["".join(w.ljust(n) for w, n in zip(_HEADER, _WIDTHS, strict=True)).rstrip()]
    for place in sorted(kinds):
        name, kind, demand, (ready, due), service = kinds[place]
        x, y = travel.xy_m[place]
        words = [name, kind, *(repr(float(v)) for v in (x, y, demand, ready, due, service))]
        lines.append(" ".join(w.ljust(n - 1) for w, n in zip(words, _WIDTHS, strict=True)).rstrip())
    curve = truck.charging[0]
    values = {
        "Q": truck.battery_kwh or 0.0,
        "C": truck.capacity[0],
        "r": truck.kwh_per_m,
        "g": curve.time_s[-1] / curve.energy_kwh[-1],
        "v": velocity,
    }
    lines += ["", *(f"{key} {text} /{values[key]!r}/" for key, text in _TEXTS.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sayable(problem: Problem) -> tuple[TruckType, float]:
    """Return the one truck type and the velocity, or refuse what the format has no words for."""

    def refuse(what: str, where: str) -> InputError:
        return InputError(
            what, where=where, expected="what an EVRPTW file can hold",
            hint="write the problem as a document instead",
        )  # fmt: skip

    if len(problem.trucks) != 1 or len(problem.dimensions) != 1 or problem.sites:
        raise refuse("more than one truck type or dimension, or sites", problem.name)
    truck, travel = problem.trucks[0], problem.travel
    if truck.start != truck.end or truck.battery_kwh is None or len(truck.charging) != 1:
        raise refuse("not one depot, or no battery with one curve", truck.id)
    if len(truck.charging[0].energy_kwh) != 2:
        raise refuse("a charging curve that is not a straight line", truck.id)
    used = [truck.start, *(c.place for c in problem.chargers), *(s.place for s in problem.stops)]
    if len(set(used)) != len(used):
        raise refuse("several stops or chargers at one place", problem.name)
    windows = {stop.id: stop.windows for stop in problem.stops}
    windows |= {charger.id: charger.windows for charger in problem.chargers}
    for name, found in windows.items():
        if len(found) != 1 or not math.isfinite(found[0][1]):
            raise refuse("not one finite window", name)
    if not math.isfinite(truck.shift_s[1]):
        raise refuse("a shift without an end", truck.id)
    distance = euclidean(travel.xy_m)
    apart = distance > 0.0
    if not np.allclose(travel.distance_m, distance, rtol=1e-12) or np.any(travel.speed_factor != 1):
        raise refuse("distances that are not straight lines, or hours of traffic", "travel")
    speeds = distance[apart] / travel.duration_s[apart]
    velocity = float(speeds[0]) if speeds.size else 1.0
    if not np.allclose(speeds, velocity, rtol=1e-12):
        raise refuse("more than one speed", "travel")
    return truck, velocity
