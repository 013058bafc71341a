"""PyVRP (Wouda, Lan and Kool 2024, doi:10.1287/ijoc.2023.0055): iterated local search.

Knows neither batteries nor breaks. For electric trucks it finds the order of stops as if they had
none, and charging is inserted afterwards (`charging_insertion`): good without tight time windows,
poor with them. Overtime is used up to its end but not priced in the search; energy is priced at
half load; deviations from a plan in force are counted but not avoided.
"""

from __future__ import annotations

import math

import pyvrp as library
from pyvrp.IteratedLocalSearch import (
    IteratedLocalSearch,
    IteratedLocalSearchCallbacks,
    IteratedLocalSearchParams,
)

from optimize.routing.engines.clock import Clock
from optimize.routing.engines.features import refuse_unsupported
from optimize.routing.engines.pyvrp_model import Translation, Translator
from optimize.routing.engines.routes import plan_of, solution_of
from optimize.routing.plan import Limits, Solution
from optimize.routing.problem import Problem

NAME = "pyvrp"
SUPPORTED = frozenset({
    "several_windows", "release", "optional_stops", "compatibility", "sites", "end_empty",
    "most_distance", "most_duration", "overtime", "batteries", "batteries_and_sites",
    "charger_windows", "several_charger_windows", "nonlinear_charging", "consumption_by_load",
    "energy_cost", "deviation", "mixed_fleet", "fleet_first",
})  # fmt: skip
# Time kept back for charging and timetables after the search: a multiple of what they took once.
_FINISHING = 2.5


class _Stop:
    """PyVRP asks it before every iteration whether to stop."""

    def __init__(self, clock: Clock, translation: Translation) -> None:
        self.clock, self.iterations = clock, 0
        self._price = translation.price
        self.trucks = 0

    def __call__(self, best_cost: int) -> bool:
        if self.clock.over(self.iterations):
            return True
        self.iterations += 1
        feasible = best_cost < 1 << 62
        cost = best_cost / self._price if feasible else math.inf
        self.clock.report(self.iterations, self.trucks, cost)
        return False


class _Watch(IteratedLocalSearchCallbacks):
    """Keeps the number of trucks; at the first plan, measures how long finishing one takes."""

    def __init__(self, stop: _Stop, translation: Translation) -> None:
        self._stop, self._translation = stop, translation

    def on_start(self, search: IteratedLocalSearch) -> None:
        self._measure(search.initial_solution)

    def on_best(self, best: library.Solution) -> None:
        self._stop.trucks = best.num_routes()
        if best.is_feasible():
            self._measure(best)

    def _measure(self, solution: library.Solution) -> None:
        clock = self._stop.clock
        if not math.isfinite(clock.limits.seconds) or clock.reserve_s:
            return
        began = clock.seconds
        plan_of(self._translation.problem, self._translation.orders(solution), "not served")
        clock.reserve_s = _FINISHING * (clock.seconds - began)


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan found; ``iterations`` are those of the local search.

    Raises
    ------
    InputErrors
        The problem has features that PyVRP cannot represent.
    """
    refuse_unsupported(problem, NAME, SUPPORTED)
    clock = Clock(limits)
    translation = Translator(problem).translate()
    stop = _Stop(clock, translation)
    params = library.SolveParams(ils=IteratedLocalSearchParams(callbacks=_Watch(stop, translation)))
    result = library.solve(
        translation.data, stop, seed=limits.seed, collect_stats=False, params=params
    )
    orders = translation.orders(result.best) if result.best.is_feasible() else []
    why = "PyVRP found no feasible plan in its limits" if not orders else "not worth its penalty"
    plan = plan_of(problem, orders, why)
    return solution_of(problem, plan, clock.reason, clock.seconds, stop.iterations, NAME)
