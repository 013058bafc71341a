"""A problem written as a document and its tables, with travel by a matrix."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from optimize.routing.plan_json import plan_json
from optimize.routing.problem import ALWAYS, Break, Problem, TruckType, Windows
from optimize.routing.rows import row_models
from sim.kernel.columns import columns_of, element_cells
from sim.kernel.csv_rows import sheet_text
from sim.kernel.errors import InputError


def write_problem(problem: Problem, folder: Path) -> Path:
    """Write a problem into a folder and return its document.

    Reading it gives the same problem, places that nobody uses left out; figures that the document
    states by the kilometre or the hour may differ in their last digit.

    Raises
    ------
    InputError
        A moment before midnight, or a blank in a truck's id, which the document cannot say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = row_models(problem.dimensions)
    places = problem.travel.places
    depots = dict.fromkeys(place for truck in problem.trucks for place in (truck.start, truck.end))
    rows: dict[str, list[dict[str, Any]]] = {
        "depots": [_located(problem, f"depot {places[place]}", place) for place in depots],
        "stops": [
            {
                **_located(problem, stop.id, stop.place),
                "demand": _amounts(problem, stop.demand),
                "service_s": stop.service_s,
                "windows": windows_text(stop.windows),
                "energy_kwh": stop.energy_kwh,
                "truck_types": " ".join(_truck_name(problem, k) for k in stop.truck_types or ()),
                "release": clock_text(stop.release_s) if stop.release_s else "",
                "penalty": stop.penalty if math.isfinite(stop.penalty) else None,
            }
            for stop in problem.stops
        ],
        "sites": [
            {
                **_located(problem, site.id, site.place),
                "accepts": " ".join(
                    name for name, takes in zip(problem.dimensions, site.accepts, strict=True)
                    if takes
                ),
                "unload_s": site.unload_s,
                "unload_s_per_unit": _amounts(problem, site.unload_s_per_unit),
                "windows": windows_text(site.windows),
            }
            for site in problem.sites
        ],
        "chargers": [
            {
                **_located(problem, charger.id, charger.place),
                "technology": f"t{charger.technology}",
                "guns": charger.guns,
                "windows": windows_text(charger.windows),
            }
            for charger in problem.chargers
        ],
        "trucks": [_truck(problem, truck) for truck in problem.trucks],
    }  # fmt: skip
    files = {}
    for kind, values in rows.items():
        if values or kind in ("depots", "stops", "trucks"):
            files[kind] = f"{kind}.csv"
            elements = [models[kind].model_validate(row) for row in values]
            _write(folder / files[kind], models[kind], elements)
    used = sorted(
        {*depots, *(s.place for s in problem.stops), *(s.place for s in problem.sites),
         *(c.place for c in problem.chargers)}
    )  # fmt: skip
    (folder / "pairs.csv").write_text(_pairs(problem, used), encoding="utf-8")
    if problem.in_force is not None:
        (folder / "in_force.json").write_text(
            plan_json(problem, problem.in_force), encoding="utf-8"
        )
    file = folder / "problem.toml"
    file.write_text(_document(problem, files), encoding="utf-8")
    return file


def clock_text(moment_s: float) -> str:
    """Return a moment as ``HH:MM:SS`` with all its digits.

    Raises
    ------
    InputError
        It lies before midnight, or is not finite.
    """
    if not 0.0 <= moment_s < 3.6e6:
        raise InputError(
            "a moment that the document cannot say", where="time", value=moment_s,
            expected="seconds from 0 to 999 hours",
        )  # fmt: skip
    hours, rest = divmod(moment_s, 3600.0)
    minutes, seconds = divmod(rest, 60.0)
    digits = np.format_float_positional(seconds, unique=True, trim="-")
    whole, point, part = digits.partition(".")
    return f"{int(hours):02d}:{int(minutes):02d}:{whole.zfill(2)}{point}{part}"


def windows_text(windows: Windows) -> str:
    """Return windows as the document writes them."""
    if windows == ALWAYS:
        return ""
    return " ".join(
        f"{clock_text(begin)}-{clock_text(end) if math.isfinite(end) else ''}"
        for begin, end in windows
    )


def _located(problem: Problem, name: str, place: int) -> dict[str, Any]:
    x, y = problem.travel.xy_m[place]
    known = bool(np.isfinite(x) and np.isfinite(y))
    return {
        "id": name,
        "place": problem.travel.places[place],
        "x_m": float(x) if known else None,
        "y_m": float(y) if known else None,
    }


def _amounts(problem: Problem, values: Sequence[float]) -> dict[str, float]:
    given = values or (0.0,) * len(problem.dimensions)
    return dict(zip(problem.dimensions, map(float, given), strict=True))


def _truck_name(problem: Problem, kind: int) -> str:
    name = problem.trucks[kind].id
    if len(name.split()) != 1:
        raise InputError("a blank in the id of a truck type", where=f"trucks[{kind}]", value=name)
    return name


def _truck(problem: Problem, truck: TruckType) -> dict[str, Any]:
    places, rule = problem.travel.places, truck.driving_rule
    day = truck.day_capacity or (math.inf,) * len(problem.dimensions)
    return {
        "id": truck.id,
        "start": f"depot {places[truck.start]}",
        "end": f"depot {places[truck.end]}",
        "count": truck.count,
        "capacity": _amounts(problem, truck.capacity),
        "day_capacity": {
            name: amount if math.isfinite(amount) else None
            for name, amount in zip(problem.dimensions, day, strict=True)
        },
        "battery_kwh": truck.battery_kwh,
        "start_kwh": truck.start_kwh,
        "reserve_kwh": truck.reserve_kwh,
        "end_kwh": truck.end_kwh,
        "kwh_per_km": truck.kwh_per_m * 1000.0,
        "kwh_per_km_unit": {
            name: rate * 1000.0 for name, rate in _amounts(problem, truck.kwh_per_m_unit).items()
        },
        "compaction_kwh_per_unit": _amounts(problem, truck.compaction_kwh_per_unit),
        "shift": windows_text((truck.shift_s,)),
        "overtime_s": truck.overtime_s,
        "most_distance_m": _or_none(truck.most_distance_m),
        "most_duration_s": _or_none(truck.most_duration_s),
        "most_stops": truck.most_stops,
        "breaks": " ".join(map(_break_text, truck.breaks)),
        "rule_driving_s": None if rule is None else rule.driving_s,
        "rule_rest_s": None if rule is None else rule.rest_s,
        "start_load": _amounts(problem, truck.start_load),
        "must_end_empty": truck.must_end_empty,
        "cost_fixed": truck.cost_fixed,
        "cost_per_km": truck.cost_per_m * 1000.0,
        "cost_per_h": truck.cost_per_s * 3600.0,
        "cost_per_kwh": truck.cost_per_kwh,
        "cost_per_overtime_h": truck.cost_per_overtime_s * 3600.0,
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _break_text(rest: Break) -> str:
    window = windows_text(((rest.earliest_s, rest.latest_s),))
    return f"{window}/{rest.duration_s!r}"


def _write(file: Path, model: type[BaseModel], elements: Iterable[BaseModel]) -> None:
    header = [column.name for column in columns_of(model)]
    rows = [element_cells(element) for element in elements]
    file.write_text(sheet_text(header, rows), encoding="utf-8")


def _pairs(problem: Problem, used: Sequence[int]) -> str:
    travel = problem.travel
    rows = [
        [travel.places[a], travel.places[b], repr(float(travel.distance_m[a, b])),
         repr(float(travel.duration_s[a, b]))]
        for a in used
        for b in used
        if a != b and math.isfinite(travel.distance_m[a, b])
    ]  # fmt: skip
    return sheet_text(("from", "to", "distance_m", "duration_s"), rows)


def _document(problem: Problem, files: dict[str, str]) -> str:
    travel = problem.travel
    lines = [
        f"name = {_text(problem.name)}",
        f"dimensions = [{', '.join(map(_text, problem.dimensions))}]",
        f"recharge = {_text(problem.recharge)}",
        f"objective = {_text(problem.objective)}",
        f"deviation_cost = {float(problem.deviation_cost)!r}",
        f"respect_guns = {str(problem.respect_guns).lower()}",
    ]
    if problem.in_force is not None:
        lines.append('in_force = "in_force.json"')
    lines += ["", "[matrix]", 'file = "pairs.csv"']
    if travel.factor_from_s.size > 1 or travel.speed_factor[0] != 1.0:
        begins = ", ".join(_text(clock_text(float(moment))) for moment in travel.factor_from_s)
        factors = ", ".join(repr(float(factor)) for factor in travel.speed_factor)
        lines += ["", "[traffic]", f"begin = [{begins}]", f"factor = [{factors}]"]
    for kind, file in files.items():
        lines += ["", f"[{kind}]", f"file = {_text(file)}"]
    for truck in problem.trucks:
        for k, curve in enumerate(truck.charging):
            lines += [
                "", "[[curves]]", f"truck = {_text(truck.id)}", f'technology = "t{k}"',
                f"energy_kwh = [{', '.join(repr(float(x)) for x in curve.energy_kwh)}]",
                f"time_s = [{', '.join(repr(float(x)) for x in curve.time_s)}]",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """Return a TOML string; JSON escapes the same characters but one."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
