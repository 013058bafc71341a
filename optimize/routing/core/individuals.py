"""Trucks told apart where it matters who serves whom: when leaving a plan in force costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from optimize.routing.problem import Problem

# Type and number of each kind of truck in the search; the number is none if any will do.
Names = tuple[tuple[int, int | None], ...]


def individuals_of(problem: Problem) -> tuple[Problem, Names]:
    """Return the problem with each truck of the plan in force as a type of its own, and names.

    Without a plan in force, or a cost of leaving it, trucks of a type stay alike.
    """
    if problem.in_force is None or problem.deviation_cost <= 0.0:
        return problem, tuple((k, None) for k in range(len(problem.trucks)))
    names: list[tuple[int, int | None]] = sorted(
        {(route.truck_type, route.number) for route in problem.in_force.routes}
    )
    known = Counter(k for k, _ in names)
    trucks = [replace(problem.trucks[k], count=1) for k, _ in names]
    for k, truck in enumerate(problem.trucks):
        rest = None if truck.count is None else truck.count - known[k]
        if rest is None or rest > 0:
            names.append((k, None))
            trucks.append(replace(truck, count=rest))
    stops = tuple(
        stop
        if stop.truck_types is None
        else replace(
            stop, truck_types=tuple(i for i, (k, _) in enumerate(names) if k in stop.truck_types)
        )
        for stop in problem.stops
    )
    return replace(problem, trucks=tuple(trucks), stops=stops, in_force=None), tuple(names)


def deviations_of(problem: Problem, names: Names) -> np.ndarray:
    """Cost of each kind of truck serving each stop (kinds, stops)."""
    cost = np.zeros((len(names), len(problem.stops)))
    if problem.in_force is not None:
        for route in problem.in_force.routes:
            own = (route.truck_type, route.number)
            for stop in route.stops:
                cost[[i for i, name in enumerate(names) if name != own], stop] = (
                    problem.deviation_cost
                )
    return cost


def numbers_of(kinds: list[int], names: Names) -> list[tuple[int, int]]:
    """Type and number of the truck of each route, from its kind."""
    taken = {names[i] for i in kinds if names[i][1] is not None}
    told: list[tuple[int, int]] = []
    following: Counter[int] = Counter()
    for i in kinds:
        k, number = names[i]
        if number is None:
            # Numbers of trucks in force stay theirs even if they do not drive.
            own = {n for t, n in names if t == k and n is not None}
            while following[k] in own:
                following[k] += 1
            number = following[k]
            following[k] += 1
        told.append((k, number))
    assert len(set(told)) == len(told) or not taken
    return told
