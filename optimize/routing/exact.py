"""Exact mode: proves the best plan of a small problem.

Label setting over (set of stops served, last stop) gives the cheapest route through every set;
dynamic programming over sets shares the stops out among the trucks. A plan found by the search
bounds what is looked at.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import (
    COUNT,
    DEVIATION,
    END,
    FIXED,
    MANY,
    PENALTY,
    PER_M,
    START,
    Arrays,
)
from optimize.routing.core.day_sets import day_sets
from optimize.routing.core.ground import Ground
from optimize.routing.core.grounds import ground_of
from optimize.routing.core.individuals import deviations_of, individuals_of
from optimize.routing.core.plans import plan_of
from optimize.routing.core.pool import Order
from optimize.routing.core.set_labels import cheapest_partition, label_sets
from optimize.routing.core.solver import Search
from optimize.routing.cost import plan_cost
from optimize.routing.plan import Limits, Plan, Solution
from optimize.routing.problem import Problem
from sim.kernel.errors import InputError

MOST_STOPS = 16
MOST_STOPS_OF_DAYS = 9
# Iterations of the search that gives the first plan.
SEARCHED = 400

Floats = NDArray[np.float64]


def least_ways(d: Arrays) -> Floats:
    """Least cost between stops, by chargers or not; last come the start (row) and end (column)."""
    n = d.stops
    starts, ends = np.unique(d.ends[:, START]), np.unique(d.ends[:, END])
    chargers = np.arange(n, n + d.chargers)
    before, after = [*range(n), *starts], [*range(n), *ends]
    way = d.distance[np.ix_(before, after)].copy()
    if d.chargers:
        hops = d.distance[np.ix_(chargers, chargers)].copy()
        np.fill_diagonal(hops, 0.0)
        for m in range(d.chargers):
            hops = np.minimum(hops, hops[:, m, None] + hops[None, m])
        to = d.distance[np.ix_(before, chargers)]
        to = (to[:, :, None] + hops[None]).min(axis=1)
        on = d.distance[np.ix_(chargers, after)]
        way = np.minimum(way, (to[:, :, None] + on[None]).min(axis=1))
    least = np.full((n + 1, n + 1), np.inf)
    least[:n, :n] = way[:n, :n]
    least[n, :n] = way[n:, :n].min(axis=0)
    least[:n, n] = way[:n, n:].min(axis=1)
    np.fill_diagonal(least, np.inf)
    per_m = float(d.truck[:, PER_M].min())
    return np.asarray(least * per_m if per_m > 0.0 else np.zeros_like(least))


def _routes(
    g: Ground, ceiling: float, with_cost: bool, in_one: bool
) -> tuple[Floats, list[Callable[[int], tuple[int, ...]]]]:
    """Cheapest cost by type and set, and what gives the order of a set."""
    d = g.d
    way = least_ways(d)
    least = np.minimum(way[:, : d.stops].min(axis=0), d.stop[:, PENALTY])
    least = np.where(np.isnan(least), 0.0, least)
    if not with_cost or not np.isinf(d.stop[:, PENALTY]).all():
        way = np.empty((0, 0))
    if not with_cost:
        truck, pair = d.truck.copy(), d.pair.copy()
        truck[:, [FIXED, PER_M]] = 0.0
        pair[DEVIATION] = np.where(np.isinf(pair[DEVIATION]), np.inf, 0.0)
        d, least, ceiling = d._replace(truck=truck, pair=pair), np.zeros(d.stops), 1.0
    costs, orders = [], []
    for k in range(len(d.truck)):
        room = 32
        while True:
            cost, final, parent, stop, complete = label_sets(
                d, g.w, k, ceiling, least, way, room, int(in_one)
            )
            if complete:
                break
            room *= 2
        costs.append(cost + _deviations(d, k))
        orders.append(_Order(final, parent, stop))
    return np.array(costs), list(orders)


def _deviations(d: Arrays, k: int) -> Floats:
    """Cost of deviations of each set."""
    stray = np.zeros(1)
    for c in range(d.stops):
        own = d.pair[DEVIATION, k, c]
        stray = np.concatenate((stray, stray + (own if np.isfinite(own) else 0.0)))
    return stray


class _Order:
    """The order of stops on the cheapest route of a set."""

    def __init__(self, final: NDArray[np.int64], parent: NDArray[np.int32], stop: NDArray[np.int8]):
        self.final, self.parent, self.stop = final, parent, stop

    def __call__(self, members: int) -> tuple[int, ...]:
        at = int(self.final[members])
        order = []
        while at >= 0 and self.stop[at] >= 0:
            order.append(int(self.stop[at]))
            at = int(self.parent[at])
        return tuple(order[::-1])


def _share_out(
    costs: Floats, per_truck: float, counts: NDArray[np.int64], penalty: Floats
) -> tuple[float, int, list[tuple[int, int]]]:
    """Cost, number of trucks, and type and set of each."""
    best, taken, types = cheapest_partition(costs + per_truck, counts, penalty)
    layer, left = len(best) - 1, best.shape[1] - 1
    total = float(best[layer, left])
    chosen: list[tuple[int, int]] = []
    n = len(penalty)
    while layer > 0 and math.isfinite(total):
        t = int(taken[layer, left])
        if t == 0:
            layer -= 1
            continue
        chosen.append((int(types[layer]), t))
        left ^= t
        if counts[types[layer]] < n:
            layer -= 1
    return total - per_truck * len(chosen), len(chosen), chosen


def solve(
    problem: Problem, limits: Limits, clock: Callable[[], float] = time.perf_counter
) -> Solution:
    """Find and prove the best plan.

    Raises
    ------
    InputError
        If there are more stops than can be enumerated: 16, or 9 if days hold more than windows
        and linear charging (sites, breaks, several windows and the like).
    """
    begin = clock()
    if not problem.stops:
        return Solution(Plan(()), 0, 0.0, 0.0, "proven", 0.0, 0, "exact")
    told, names = individuals_of(problem)
    g, _ = ground_of(told, deviations_of(problem, names))
    most = MOST_STOPS_OF_DAYS if g.whole_days else MOST_STOPS
    if len(problem.stops) > most:
        raise InputError(
            "too many stops to enumerate",
            where="stops",
            value=len(problem.stops),
            expected=f"at most {most}",
            hint="use the engine core",
        )
    trucks_first = problem.objective == "trucks_then_cost"
    search = Search(g, replace(limits, iterations=SEARCHED, seconds=math.inf), trucks_first, clock)
    search.run()
    first = plan_of(problem, g, names, search.best())
    known = plan_cost(problem, first)
    if search.stopped == "cancelled":
        return _solution(problem, first, math.nan, "cancelled", clock() - begin, search.iterations)
    d = g.d
    penalty = d.stop[:, PENALTY]
    counts = np.minimum(d.ends[:, COUNT], MANY)
    per_truck = 0.0
    ceiling = known.total
    fewest_known = known.trucks
    required = bool(np.isinf(penalty).all())
    if g.whole_days:
        costs, orders = day_sets(g, clock, begin + limits.seconds, limits.cancelled)
    else:
        if trucks_first and known.trucks > 1 and math.isfinite(ceiling):
            # Fewer trucks may cost more than the plan known: see first whether there can be.
            possible, _ = _routes(g, math.inf, False, known.trucks == 2 and required)
            _, fewest, _ = _share_out(possible, 1.0, counts, penalty)
            if fewest < known.trucks:
                ceiling, fewest_known = math.inf, fewest
        costs, orders = _routes(g, ceiling, True, trucks_first and fewest_known == 1 and required)
    if trucks_first:
        finite = costs[np.isfinite(costs)]
        per_truck = 2.0 * len(problem.stops) * float(finite.max(initial=1.0))
    total, number, chosen = _share_out(costs, per_truck, counts, penalty)
    plan = first
    if math.isfinite(total) and (not trucks_first or number <= known.trucks):
        found: list[Order] = [(k, *orders[k](t)) for k, t in chosen]
        plan = plan_of(problem, g, names, found)
        if plan_cost(problem, first).key(problem) < plan_cost(problem, plan).key(problem):
            plan = first
    return _solution(problem, plan, None, "proven", clock() - begin, search.iterations)


def _solution(
    problem: Problem, plan: Plan, bound: float | None, reason: str, seconds: float, iterations: int
) -> Solution:
    cost = plan_cost(problem, plan)
    return Solution(
        plan=plan,
        trucks=cost.trucks,
        cost=cost.total,
        bound=cost.total if bound is None else bound,
        stop_reason=reason,  # type: ignore[arg-type]
        seconds=seconds,
        iterations=iterations,
        engine="exact",
    )
