"""From orders of stops to a plan with every visit."""

from __future__ import annotations

import math

import numpy as np

from optimize.routing.core.day_dominance import COST as LABEL_COST
from optimize.routing.core.day_route import calls_of, label_day
from optimize.routing.core.ground import Ground
from optimize.routing.core.grounds import columns_of
from optimize.routing.core.individuals import Names, numbers_of
from optimize.routing.core.pool import Order, flat_of
from optimize.routing.core.ruin_recreate import lay_out
from optimize.routing.core.state import COST, ROUTE, state_of
from optimize.routing.core.timing import timed_route
from optimize.routing.plan import LeftOut, Plan, Route
from optimize.routing.problem import Problem

NO_ROOM = "no truck has room or time left for it"


def route_of(
    problem: Problem, g: Ground, order: Order, name: tuple[int, int], expected: float
) -> Route | None:
    """Return the cheapest day with these stops in order; none if there is none.

    If it costs more than expected, it is looked for again leaving nothing out.
    """
    stops = np.array(order[1:], dtype=np.int64)
    for careful in (False, True):
        y = g.y._replace(exact=int(careful))
        row = label_day(g.d, y, order[0], stops, g.pool, g.tags)
        if row < 0:
            continue
        if not careful and g.pool[row, LABEL_COST] > expected + 1e-9 * abs(expected):
            continue
        route, timely = timed_route(problem, name[0], name[1], calls_of(g.pool, g.tags, row))
        if timely:
            return route
    return None


def plan_of(problem: Problem, g: Ground, names: Names, orders: list[Order]) -> Plan:
    """Return a plan of these routes; stops that none serves are left out."""
    orders = sorted(orders)
    s = state_of(g.d, 1, max(1, len(orders)), columns_of(g))
    lay_out(g, s, flat_of(orders))
    routes = []
    served: set[int] = set()
    told = numbers_of([order[0] for order in orders], names)
    for order, name in zip(orders, told, strict=True):
        r = int(s.node[order[1], ROUTE])
        expected = float(s.sums[r, COST]) if r >= 0 else math.inf
        route = route_of(problem, g, order, name, expected)
        if route is not None:
            routes.append(route)
            served |= set(order[1:])
    left = tuple(LeftOut(c, NO_ROOM) for c in range(len(problem.stops)) if c not in served)
    return Plan(tuple(routes), left)
