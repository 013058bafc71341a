"""The core engine: fewer trucks first, then annealing, with good routes recombined on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from optimize.routing.core.arrays import CAPACITY, COUNT, DEMAND, DEVIATION, PENALTY, REQUIRED
from optimize.routing.core.ground import Ground
from optimize.routing.core.grounds import columns_of, ground_of
from optimize.routing.core.individuals import deviations_of, individuals_of
from optimize.routing.core.plans import plan_of
from optimize.routing.core.pool import Order, RoutePool, flat_of, orders_in
from optimize.routing.core.ruin_recreate import (
    anneal,
    is_better,
    lay_out,
    missing,
    recreate,
    write_best,
)
from optimize.routing.core.state import (
    BEST_ABSENT,
    BEST_ROUTES,
    BEST_TOTAL,
    COST,
    KIND,
    LIMIT,
    MISSES,
    NEXT,
    TOTAL,
    State,
    forget_changes,
    state_of,
)
from optimize.routing.cost import plan_cost
from optimize.routing.plan import Limits, Plan, Progress, Solution, StopReason
from optimize.routing.problem import Problem

Clock = Callable[[], float]

# Share of the time for fewer trucks, where they come first.
FLEET_SHARE = 0.35
# Temperatures at the start and the end, in units of the cost of the first plan per stop.
HOT, COLD = 1.0, 0.01
# Temperature while trucks are saved.
FLEET_HEAT = 0.1
# When good routes are recombined, and for how long at most, as shares of the time.
RECOMBINED_AT = (0.35, 0.6, 0.8, 0.95)
RECOMBINED_SHARE = 0.02
POOL_ROOM = 4000
# Compiled code is left at least this often to look at the clock.
CHUNK_S = 0.01


class Search:
    """One run: the state, the clock, and the best plan so far."""

    def __init__(self, g: Ground, limits: Limits, trucks_first: bool, clock: Clock) -> None:
        self.g = g
        self.limits = limits
        self.trucks_first = trucks_first
        self.clock = clock
        self.begin = clock()
        self.iterations = 0
        self.chunk = 8
        self.stopped: StopReason | None = None
        self.pool = RoutePool(POOL_ROOM)
        self.s = self.fresh()

    def fresh(self) -> State:
        """Nothing served; the number of routes is what the trucks or the stops allow."""
        return state_of(self.g.d, self.limits.seed, self.g.d.stops, columns_of(self.g))

    def share(self) -> float:
        """How much of the time or the iterations is used up."""
        if self.limits.iterations is not None:
            return self.iterations / max(1, self.limits.iterations)
        return (self.clock() - self.begin) / self.limits.seconds

    def over(self) -> bool:
        """Whether to stop; notes why."""
        if self.stopped is None:
            if self.limits.iterations is not None and self.iterations >= self.limits.iterations:
                self.stopped = "iterations"
            elif self.clock() - self.begin >= self.limits.seconds:
                self.stopped = "time"
            elif self.limits.cancelled is not None and self.limits.cancelled():
                self.stopped = "cancelled"
        return self.stopped is not None

    def report(self) -> None:
        """Tell how it goes."""
        if self.limits.progress is not None:
            number, total = self.s.number, self.s.total
            cost = float(total[BEST_TOTAL]) if number[BEST_ABSENT] == 0 else math.inf
            self.limits.progress(
                Progress(
                    self.clock() - self.begin,
                    self.iterations,
                    int(number[BEST_ROUTES]),
                    cost,
                    math.nan,
                )
            )

    def steps(self, hot: float, until: float, stop_when_complete: bool) -> None:
        """Anneal for a chunk at a temperature, no further than a share of all."""
        count = self.chunk
        if self.limits.iterations is not None:
            # The same chunks whatever the machine.
            count = min(50, self.limits.iterations - self.iterations)
            count = min(count, max(1, math.ceil((until - self.share()) * self.limits.iterations)))
        else:
            left = (until - self.share()) * self.limits.seconds
            if left <= 0.0:
                return
        before = self.clock()
        made = anneal(self.g, self.s, self.trucks_first, stop_when_complete, count, hot, hot)
        self.iterations += made
        took = self.clock() - before
        if self.limits.iterations is None:
            if took < 0.5 * CHUNK_S:
                self.chunk = min(2 * self.chunk, 100_000)
            elif took > 2.0 * CHUNK_S:
                self.chunk = max(1, self.chunk // 2)
        self.report()

    def remember(self) -> None:
        """Put the present routes into the pool."""
        s, d = self.s, self.g.d
        for r in range(len(s.route)):
            k = int(s.route[r, KIND])
            if k < 0:
                continue
            order = [k]
            i = int(s.node[d.stops + r, NEXT])
            while i < d.stops:
                order.append(i)
                i = int(s.node[i, NEXT])
            stray = float(d.pair[DEVIATION, k, order[1:]].sum())
            self.pool.add(tuple(order), float(s.sums[r, COST]) + stray)

    def restart(self, orders: list[Order], limit: int) -> None:
        """Go on from a plan, with at most so many trucks."""
        old, s = self.s, self.fresh()
        s.stop[:, MISSES] = old.stop[:, MISSES]
        s.random[:] = old.random
        s.best[:] = old.best
        s.total[BEST_TOTAL] = old.total[BEST_TOTAL]
        s.number[[BEST_ROUTES, BEST_ABSENT]] = old.number[[BEST_ROUTES, BEST_ABSENT]]
        s.number[LIMIT] = limit
        lay_out(self.g, s, flat_of(orders))
        self.s = s
        self.take()

    def take(self) -> None:
        """Note the present plan if it is the best."""
        number = missing(self.g.d, self.s)[0]
        if is_better(self.g.d, self.s, number, self.trucks_first):
            write_best(self.g.d, self.s)
            self.s.number[BEST_ABSENT] = number

    def best(self) -> list[Order]:
        """The best plan so far."""
        return orders_in(self.s.best)

    # --- phases -------------------------------------------------------------------------------

    def construct(self) -> None:
        """A first plan, greedily."""
        recreate(self.g, self.s)
        forget_changes(self.s)
        self.take()

    def save_trucks(self, until: float, unit: float) -> None:
        """Take a route away and try to serve its stops by the others, again and again."""
        d = self.g.d
        capacity = d.truck[:, CAPACITY:].max(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            loads = d.stop[:, DEMAND:].sum(axis=0) / capacity
        least = 1 if d.sites else max(1, math.ceil(np.nanmax(loads, initial=0.0) - 1e-9))
        while self.s.number[BEST_ROUTES] > least and self.share() < until and not self.over():
            routes = self.best()
            routes.sort(key=lambda order: int(self.s.stop[list(order[1:]), MISSES].sum()))
            self.restart(routes[1:], len(routes) - 1)
            goal = len(routes)
            while self.share() < until and not self.over():
                self.steps(unit * FLEET_HEAT, until, True)
                if self.s.number[BEST_ROUTES] < goal and self.s.number[BEST_ABSENT] == 0:
                    break
        self.restart(self.best(), max(1, int(self.s.number[BEST_ROUTES])))

    def recombine(self) -> None:
        """Make the best of the routes seen, and go on from there if it is better."""
        d = self.g.d
        best = self.best()
        costs = {}
        for order in best:
            key = (order[0], frozenset(order[1:]))
            if key not in self.pool.routes:
                return
            costs[key] = self.pool.routes[key]
        penalty = np.where(d.stop[:, REQUIRED] != 0.0, np.inf, d.stop[:, PENALTY])
        per_truck = 10.0 * float(self.s.total[BEST_TOTAL]) if self.trucks_first else 0.0
        seconds = min(5.0, RECOMBINED_SHARE * self.limits.seconds)
        chosen = self.pool.best_plan(
            d.stops, penalty, d.ends[:, COUNT], per_truck, best, seconds, self.limits.seed
        )
        if chosen is not None and set(chosen) != set(best):
            before = float(self.s.total[BEST_TOTAL])
            self.restart(chosen, int(self.s.number[LIMIT]))
            self.gained = before - float(self.s.total[BEST_TOTAL])

    def run(self) -> None:
        """All phases."""
        self.construct()
        unit = max(float(self.s.total[TOTAL]), 1e-9) / max(1, self.g.d.stops)
        base = 0.0
        if self.trucks_first and self.s.number[BEST_ABSENT] == 0:
            self.save_trucks(FLEET_SHARE, unit)
            base = self.share()
        points = list(RECOMBINED_AT)
        turn = 0
        while not self.over():
            share = min(1.0, max(0.0, (self.share() - base) / max(1e-9, 1.0 - base)))
            self.steps(unit * HOT * (COLD / HOT) ** share, 1.0, False)
            turn += 1
            if share > 0.2 and turn % 4 == 0:
                self.remember()
            # HiGHS stops by time, so with a number of iterations it is left out: the same seed
            # gives the same plan.
            if points and share > points[0] and self.limits.iterations is None:
                points.pop(0)
                self.recombine()


def solve(problem: Problem, limits: Limits, clock: Clock = time.perf_counter) -> Solution:
    """Search for a good plan until a limit is reached.

    Parameters
    ----------
    clock
        What time limits are measured by.

    Notes
    -----
    Guns are not counted here: chargers may be used by more trucks at a time than they have guns.
    """
    begin = clock()
    if not problem.stops:
        return Solution(Plan(()), 0, 0.0, 0.0, "proven", 0.0, 0, "core")
    told, names = individuals_of(problem)
    g, _ = ground_of(told, deviations_of(problem, names))
    search = Search(g, limits, problem.objective == "trucks_then_cost", clock)
    search.begin = begin
    search.run()
    plan = plan_of(problem, g, names, search.best())
    cost = plan_cost(problem, plan)
    return Solution(
        plan=plan,
        trucks=cost.trucks,
        cost=cost.total,
        bound=math.nan,
        stop_reason=search.stopped or "time",
        seconds=clock() - begin,
        iterations=search.iterations,
        engine="core",
    )
