"""Engines by name, the choice among them, and one way to solve: refuse, reduce, run, check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

from optimize.routing.charger_schedule.stagger import stagger
from optimize.routing.check import check
from optimize.routing.cost import plan_cost
from optimize.routing.engines.features import asked, refuse_unsupported
from optimize.routing.plan import Limits, Plan, Solution
from optimize.routing.problem import Problem
from optimize.routing.refusals import servable
from sim.kernel.errors import CityClockError, InputError, did_you_mean


class BrokenPlan(CityClockError):
    """An engine returned a plan that breaks a rule; the text names the engine and the rules."""


@dataclass(frozen=True)
class Engine:
    """An engine, loaded when first used.

    Attributes
    ----------
    module
        Has ``solve(problem, limits) -> Solution`` and ``SUPPORTED``, the names of the features it
        can represent (`features.FEATURES`).
    """

    name: str
    module: str
    what: str

    @property
    def supported(self) -> frozenset[str]:
        """Return the features it can represent."""
        return frozenset(import_module(self.module).SUPPORTED)

    def __call__(self, problem: Problem, limits: Limits) -> Solution:
        refuse_unsupported(problem, self.name, self.supported)
        run: Callable[[Problem, Limits], Solution] = import_module(self.module).solve
        return run(problem, limits)


_HERE = "optimize.routing.engines"
ENGINES = {
    engine.name: engine
    for engine in (
        Engine("core", f"{_HERE}.own", "our own search, charging inside every move"),
        Engine("exact", f"{_HERE}.proving", "proves the best plan of small problems"),
        Engine("stricter", f"{_HERE}.stricter", "PyVRP on a stricter day, then made exact"),
        Engine("ortools", f"{_HERE}.ortools_routing", "the routing library of OR-Tools"),
        Engine("pyvrp", f"{_HERE}.pyvrp", "PyVRP, charging inserted afterwards"),
    )
}


def choose(problem: Problem, limits: Limits) -> tuple[str, str]:
    """Return the engine to be used if none is asked for, and why in one line."""
    from optimize.routing.core.grounds import is_straight  # compiles: only when it is used

    if limits.seconds == float("inf") and limits.iterations is None:
        raise InputError(
            "nothing says when to stop", where="limits", expected="seconds or iterations",
            hint="problems this large are searched, not proven",
        )  # fmt: skip
    if not is_straight(problem) and set(asked(problem)) <= ENGINES["stricter"].supported:
        return "stricter", "trips, breaks or traffic: time kept in reserve, then made exact"
    return "core", "charging and windows are weighed in every move"


def solve(
    problem: Problem, engine: str = "auto", limits: Limits | None = None
) -> tuple[Solution, str]:
    """Return a checked solution, and why this engine solved it.

    Stops that no truck can serve are left out with the reason. If the problem respects guns and
    the engine's plan does not, charging visits are staggered.

    Raises
    ------
    InputError, InputErrors
        The problem is malformed, no such engine, or the engine cannot represent the problem.
    BrokenPlan
        The engine returned a plan that breaks a rule.
    """
    if engine != "auto" and engine not in ENGINES:
        raise InputError(
            "no such engine", where="engine", value=engine, expected=", ".join(["auto", *ENGINES]),
            hint=did_you_mean(engine, list(ENGINES)),
        )  # fmt: skip
    limits = limits or Limits()
    part = servable(problem)
    why = "asked for"
    if engine == "auto":
        engine, why = choose(part.problem, limits)
    solution = ENGINES[engine](part.problem, limits)
    plan = part.whole(_without_empty(solution.plan))
    if problem.respect_guns:
        plan = stagger(problem, plan).plan
    report = check(problem, plan)
    if not report.ok:
        raise BrokenPlan(f"the engine '{engine}' broke rules:\n{report}")
    cost = plan_cost(problem, plan)
    return replace(solution, plan=plan, trucks=cost.trucks, cost=cost.served), why


def _without_empty(plan: Plan) -> Plan:
    """Drop routes that serve nothing, as no truck need make them."""
    return Plan(tuple(route for route in plan.routes if route.stops), plan.left_out)
