"""Plans as JSON, by the ids of their problem, and back.

A visit is where what it visits lies, and a break where the visit before it is; ``after_drive``
tells a break that is taken where the next visit is, ``place`` names any other place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from optimize.routing.document import as_input_errors
from optimize.routing.plan import LeftOut, Plan, Route, Visit, VisitKind
from optimize.routing.problem import Problem
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.kernel.schema import Frozen

_FORMAT: Literal["cityclock plan 1"] = "cityclock plan 1"


class _Visit(Frozen):
    kind: VisitKind
    id: str = ""
    place: str | None = None
    after_drive: bool = False
    arrive_s: float
    begin_s: float
    end_s: float
    energy_arrive_kwh: float | None = None
    energy_end_kwh: float | None = None
    load: dict[str, float] = {}


class _Route(Frozen):
    truck: str
    number: Annotated[int, Field(ge=0)]
    visits: tuple[_Visit, ...]


class _LeftOut(Frozen):
    stop: str
    reason: str


class _Plan(Frozen):
    format: Literal["cityclock plan 1"]
    problem: str
    routes: tuple[_Route, ...]
    left_out: tuple[_LeftOut, ...] = ()


def plan_json(problem: Problem, plan: Plan) -> str:
    """Return a plan as JSON; stops, sites, chargers and trucks appear by id."""
    routes = [
        {
            "truck": problem.trucks[route.truck_type].id,
            "number": route.number,
            "visits": [_visit(problem, route, k) for k in range(len(route.visits))],
        }
        for route in plan.routes
    ]
    left = [{"stop": problem.stops[out.stop].id, "reason": out.reason} for out in plan.left_out]
    document = {
        "format": _FORMAT, "problem": problem.name, "routes": routes, "left_out": left,
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def visit_id(problem: Problem, visit: Visit) -> str:
    """Return what is visited: an id, the number of a break, or nothing for start and end."""
    if visit.kind == "stop":
        return problem.stops[visit.index].id
    if visit.kind == "site":
        return problem.sites[visit.index].id
    if visit.kind == "charger":
        return problem.chargers[visit.index].id
    return str(visit.index) if visit.kind == "break" else ""


def expected_place(
    problem: Problem, truck_type: int, visit: Visit, before: int | None
) -> int | None:
    """Return where a visit should be; ``before`` is the place of the visit before it."""
    if visit.kind == "stop":
        return problem.stops[visit.index].place
    if visit.kind == "site":
        return problem.sites[visit.index].place
    if visit.kind == "charger":
        return problem.chargers[visit.index].place
    if visit.kind == "break":
        return before
    truck = problem.trucks[truck_type]
    return truck.start if visit.kind == "start" else truck.end


def place_after(problem: Problem, truck_type: int, visits: Sequence[Visit]) -> int | None:
    """Return the place of the first of these visits that is no break."""
    for visit in visits:
        if visit.kind != "break":
            return expected_place(problem, truck_type, visit, None)
    return None


def _visit(problem: Problem, route: Route, position: int) -> dict[str, Any]:
    visit = route.visits[position]
    found: dict[str, Any] = {"kind": visit.kind}
    name = visit_id(problem, visit)
    if name:
        found["id"] = name
    before = route.visits[position - 1].place if position else None
    if visit.place != expected_place(problem, route.truck_type, visit, before):
        after = place_after(problem, route.truck_type, route.visits[position:])
        if visit.kind == "break" and visit.place == after:
            found["after_drive"] = True
        else:
            found["place"] = problem.travel.places[visit.place]
    for field in ("arrive_s", "begin_s", "end_s", "energy_arrive_kwh", "energy_end_kwh"):
        value = float(getattr(visit, field))
        if not math.isnan(value):
            found[field] = value
    if visit.load:
        found["load"] = dict(zip(problem.dimensions, map(float, visit.load), strict=True))
    return found


def read_plan_json(problem: Problem, file: Path) -> Plan:
    """Read a plan for a problem; raises as `parse_plan_json`, also if the file cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the file cannot be read", where="file", value=str(error), file=file
        ) from error
    return parse_plan_json(problem, text, file)


def parse_plan_json(problem: Problem, text: str, file: Path | None = None) -> Plan:
    """Return the plan that JSON describes.

    Raises
    ------
    InputErrors
        Everything that is not what it should be, or names nothing in the problem, by its path.
    """
    try:
        found = _Plan.model_validate_json(text)
    except ValidationError as error:
        raise InputErrors(as_input_errors(error, "", file)) from error
    errors: list[InputError] = []
    known: dict[str, dict[str, int]] = {
        "place": {name: i for i, name in enumerate(problem.travel.places)},
        "truck": {truck.id: i for i, truck in enumerate(problem.trucks)},
        "stop": {stop.id: i for i, stop in enumerate(problem.stops)},
        "site": {site.id: i for i, site in enumerate(problem.sites)},
        "charger": {charger.id: i for i, charger in enumerate(problem.chargers)},
    }

    def index(kind: str, name: str, where: str) -> int:
        if name not in known[kind]:
            errors.append(
                InputError(f"no such {kind}", where=where, value=name, file=file,
                           expected=f"a {kind} of {problem.name}",
                           hint=did_you_mean(name, tuple(known[kind])))
            )  # fmt: skip
        return known[kind].get(name, 0)

    def visit(row: _Visit, where: str) -> Visit:
        number = 0
        if row.kind in known:
            number = index(row.kind, row.id, f"{where}.id")
        elif row.kind == "break":
            if row.id.isdecimal():
                number = int(row.id)
            else:
                errors.append(
                    InputError("not the number of a break", where=f"{where}.id", value=row.id,
                               file=file)
                )  # fmt: skip
        if row.load and set(row.load) != set(problem.dimensions):
            errors.append(
                InputError("not the dimensions of load", where=f"{where}.load", file=file,
                           value=sorted(row.load), expected=", ".join(problem.dimensions))
            )  # fmt: skip
        arrive, end = row.energy_arrive_kwh, row.energy_end_kwh
        return Visit(
            row.kind, number,
            -1 if row.place is None else index("place", row.place, f"{where}.place"),
            row.arrive_s, row.begin_s, row.end_s,
            math.nan if arrive is None else arrive, math.nan if end is None else end,
            tuple(row.load.get(name, 0.0) for name in problem.dimensions) if row.load else (),
        )  # fmt: skip

    def route(row: _Route, where: str) -> Route:
        kind = index("truck", row.truck, f"{where}.truck")
        visits = [visit(one, f"{where}.visits[{k}]") for k, one in enumerate(row.visits)]
        for k, one in enumerate(visits):
            if one.place >= 0:
                continue
            place = expected_place(problem, kind, one, visits[k - 1].place if k else None)
            if row.visits[k].after_drive:
                place = place_after(problem, kind, visits[k:])
            if place is None:
                errors.append(
                    InputError("no place", where=f"{where}.visits[{k}].place", file=file,
                               expected="the place of a break without a visit beside it")
                )  # fmt: skip
            visits[k] = replace(one, place=0 if place is None else place)
        return Route(kind, row.number, tuple(visits))

    routes = tuple(route(row, f"routes[{i}]") for i, row in enumerate(found.routes))
    left = tuple(
        LeftOut(index("stop", out.stop, f"left_out[{i}].stop"), out.reason)
        for i, out in enumerate(found.left_out)
    )
    if errors:
        raise InputErrors(errors)
    return Plan(routes, left)
