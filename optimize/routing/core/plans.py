"""From orders of stops to a plan with every visit."""

from __future__ import annotations

import numpy as np

from optimize.routing.core.day_route import calls_of, label_day
from optimize.routing.core.ground import Ground
from optimize.routing.core.individuals import Names, numbers_of
from optimize.routing.core.pool import Order
from optimize.routing.core.timing import timed_route
from optimize.routing.plan import LeftOut, Plan, Route
from optimize.routing.problem import Problem

NO_ROOM = "no truck has room or time left for it"


def route_of(
    problem: Problem, told: Problem, g: Ground, order: Order, name: tuple[int, int]
) -> Route | None:
    """The cheapest day with these stops in order; none if there is none."""
    stops = np.array(order[1:], dtype=np.int64)
    for careful in (False, True):
        y = g.y._replace(exact=int(careful))
        row = label_day(g.d, y, order[0], stops, g.pool, g.tags)
        if row < 0:
            continue
        route, timely = timed_route(problem, name[0], name[1], calls_of(g.pool, g.tags, row))
        if timely:
            return route
    return None


def plan_of(problem: Problem, told: Problem, g: Ground, names: Names, orders: list[Order]) -> Plan:
    """A plan of these routes; stops that none serves are left out."""
    orders = sorted(orders)
    routes = []
    served: set[int] = set()
    for order, name in zip(orders, numbers_of([o[0] for o in orders], names), strict=True):
        route = route_of(problem, told, g, order, name)
        if route is not None:
            routes.append(route)
            served |= set(order[1:])
    left = tuple(LeftOut(c, NO_ROOM) for c in range(len(problem.stops)) if c not in served)
    return Plan(tuple(routes), left)
