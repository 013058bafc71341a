"""Solutions as VRPLIB writes them: ``Route #1: 3 1 2`` and ``Cost 123``."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from optimize.routing.formats.lines import number, read_lines, whole
from optimize.routing.plan import Plan
from optimize.routing.problem import Problem
from optimize.routing.timetable import Call
from sim.kernel.errors import InputError

_TRUCK_KINDS = ("stop", "site", "charger")


def solution_text(problem: Problem, plan: Plan, cost: float) -> str:
    """Return a plan as text; places are counted from 0, the depot being 0.

    Sites and chargers appear by their place, as reloads at the depot do in files of several
    trips; breaks do not appear.
    """
    places = {
        "stop": [stop.place for stop in problem.stops],
        "site": [site.place for site in problem.sites],
        "charger": [charger.place for charger in problem.chargers],
    }
    lines = []
    for position, route in enumerate(plan.routes, start=1):
        visits = [
            str(places[visit.kind][visit.index])
            for visit in route.visits
            if visit.kind in _TRUCK_KINDS
        ]
        lines.append(" ".join([f"Route #{position}:", *visits]))
    return "".join(f"{line}\n" for line in [*lines, f"Cost {cost:.12g}"])


def calls_at(problem: Problem, places: Sequence[int]) -> list[Call]:
    """Return the calls of a truck that visits these places in order, chargers up to full.

    Raises
    ------
    InputError
        Nothing, or more than one thing, is visited at a place.
    """
    at: dict[int, list[Call]] = defaultdict(list)
    for i, stop in enumerate(problem.stops):
        at[stop.place].append(Call("stop", i))
    for i, site in enumerate(problem.sites):
        at[site.place].append(Call("site", i))
    for i, charger in enumerate(problem.chargers):
        at[charger.place].append(Call("charger", i))
    calls = []
    for place in places:
        if len(at[place]) != 1:
            raise InputError(
                "not one thing to visit there", where="place", value=place,
                expected="the place of one stop, site or charger",
            )  # fmt: skip
        calls += at[place]
    return calls


def read_solution(file: Path) -> tuple[list[list[int]], float]:
    """Return the places of each route in order, and the cost; NaN if none is given.

    Raises
    ------
    InputError
        Naming the line that is neither a route nor the cost.
    """
    routes: list[list[int]] = []
    cost = math.nan
    for line in read_lines(file):
        where = f"line {line.number}"
        text = " ".join(line.words)
        head, colon, rest = text.partition(":")
        if colon and head.lower().startswith("route"):
            routes.append([whole(word, file, where) for word in rest.split()])
        elif line.words[0].lower() == "cost" and len(line.words) == 2 and math.isnan(cost):
            cost = number(line.words[1], file, where)
        else:
            raise InputError(
                "neither a route nor the cost", where=where, value=text,
                expected="Route #1: 3 1 2, or Cost 123", file=file,
            )  # fmt: skip
    return routes, cost
