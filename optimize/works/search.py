"""The search: learn from simulated sets, ask the surrogate's optimum, simulate it, learn again.

First every candidate alone, what these suggest for each budget, and everything but each candidate:
the first and the last marginal gain, between which interactions lie. Then, for each budget in
turn, a surrogate fitted around the best set so far gives the best set that was not simulated yet,
within a radius that shrinks when the answer disappoints and grows when it does not (Conn, Gould
and Toint, Trust-Region Methods, 2000). A set found for one budget serves all budgets that can pay
for it. At the end members of a plan are left out one by one: what was of no use goes, and what
each is worth within its plan is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimize.works.bound import best_of
from optimize.works.climb import next_set
from optimize.works.evaluations import Evaluate, Evaluations, Mapper, Progress, Stopped
from optimize.works.problem import Chosen, Plan, Problem, StopReason, relative_gap
from optimize.works.surrogate import Surrogate, fit
from sim.kernel.errors import InputError

PATIENCE = 8
"""Simulated disappointments in a row after which a budget is left alone."""
_SMALLEST_RADIUS = 2  # one for another
_LEAVE_OUT_SHARE = 0.25  # of all evaluations, kept for leaving members out
_WORTHWHILE = 1e-6  # relative improvement that counts


@dataclass(frozen=True)
class Member:
    """A candidate in a plan: what the plan loses without it.

    ``simulated`` tells a simulated loss from one the surrogate estimates. ``lost_with`` are those
    that need it and go with it.
    """

    id: str
    cost: float
    loss: float
    simulated: bool
    lost_with: tuple[str, ...] = ()

    @property
    def loss_per_cost(self) -> float:
        return self.loss / self.cost if self.cost > 0 else float("inf")


@dataclass(frozen=True)
class Found:
    """Plans by budget, their members ranked by loss per cost, and every value that was found."""

    plans: tuple[Plan, ...]
    members: Mapping[float, tuple[Member, ...]]
    values: Mapping[Chosen, float]
    surrogate_error: float


class Search:
    """One search over several budgets.

    Parameters
    ----------
    evaluate
        The value of a set, larger is better; called once for each set.
    budgets
        At least one, none negative; in the unit of the candidates' costs.
    limit
        Most evaluations for all budgets together.
    mapper, seconds, cancelled, progress
        See `Evaluations`.
    on_better
        Told the best set of each budget whenever one was improved.
    """

    def __init__(
        self,
        problem: Problem,
        evaluate: Evaluate,
        budgets: Sequence[float],
        *,
        limit: int = 300,
        mapper: Mapper = map,
        seconds: float | None = None,
        cancelled: Callable[[], bool] | None = None,
        progress: Progress | None = None,
        on_better: Callable[[Mapping[float, Chosen]], None] | None = None,
    ) -> None:
        for budget in budgets:
            if not budget >= 0:
                raise InputError(
                    "not a budget", where="budgets", value=budget, expected="a number from 0 on"
                )
        if not budgets or limit < 1:
            raise InputError(
                "nothing to search", where="budgets" if not budgets else "evaluations",
                expected="at least one budget and one evaluation",
            )  # fmt: skip
        self._problem, self._budgets = problem, tuple(dict.fromkeys(budgets))
        self._known = Evaluations(
            evaluate, limit=limit, mapper=mapper, seconds=seconds, cancelled=cancelled,
            progress=progress,
        )  # fmt: skip
        self._on_better = on_better
        self._told: dict[float, Chosen] = {}

    def run(self) -> Found:
        """Search until nothing improves, or the limit, the time or a request ends it."""
        began = time.perf_counter()
        reason: StopReason = "converged"
        try:
            self._known.ask([frozenset()])
            self._first_look()
            self._improve()
            self._leave_out()
        except Stopped as stopped:
            reason = stopped.reason
        if frozenset() not in self._known.values:
            raise InputError("stopped before anything was evaluated", where="search", value=reason)
        return self._found(reason, began)

    # --- phases ----------------------------------------------------------------------------

    def _first_look(self) -> None:
        problem = self._problem
        largest = problem.largest()
        self._known.ask([problem.with_needed({name}) for name in problem.ids
                         if problem.consistent(problem.with_needed({name}))])  # fmt: skip
        self._tell()
        # A plan for every budget before the second half, so that a search that is ended early has
        # something to show.
        self._known.ask(self._proposals(dict.fromkeys(self._budgets)).values())
        self._tell()
        self._known.ask([largest, *(problem.without(largest, name) for name in problem.ids)])
        self._tell()

    def _improve(self) -> None:
        """Ask the surrogate for each budget, simulate all answers, until no budget gets better."""
        radius = dict.fromkeys(self._budgets, len(self._problem.ids))
        failures = dict.fromkeys(self._budgets, 0)
        while active := [b for b in self._budgets if failures[b] < PATIENCE]:
            # Every other disappointment, look everywhere: the best may be far from here.
            proposals = self._proposals({b: None if failures[b] % 2 else radius[b] for b in active})
            for budget in active:
                if budget not in proposals:
                    failures[budget] = PATIENCE
            if self._known.left - len(proposals) < self._kept():
                return
            before = {budget: self._value(budget) for budget in proposals}
            self._known.ask(proposals.values())
            for budget, value in before.items():
                if self._value(budget) > value + _WORTHWHILE * abs(value):
                    failures[budget] = 0
                    radius[budget] = min(2 * radius[budget], len(self._problem.ids))
                else:
                    failures[budget] += 1
                    radius[budget] = max(radius[budget] // 2, _SMALLEST_RADIUS)
            self._tell()

    def _kept(self) -> int:
        """How many evaluations are kept for leaving members out."""
        members = sum(len(self._best(budget)) for budget in self._budgets)
        return min(members, round(_LEAVE_OUT_SHARE * self._known.limit))

    def _proposals(self, radii: Mapping[float, int | None]) -> dict[float, Chosen]:
        """A new set for each budget, no two the same; budgets without one are left out."""
        proposals: dict[float, Chosen] = {}
        for budget, radius in radii.items():
            proposal = self._propose(budget, radius, set(proposals.values()))
            if proposal is not None:
                proposals[budget] = proposal
        return proposals

    def _propose(self, budget: float, radius: int | None, taken: set[Chosen]) -> Chosen | None:
        problem, values = self._problem, self._known.values
        best = self._best(budget)
        model = fit(problem.ids, values, around=best if radius is not None else None)
        starts, near = {best: None}, None
        if radius is not None:
            near = (best, radius)
        else:  # from the best of other budgets as well, cut down to this one
            for other in self._budgets:
                starts[self._cut(self._best(other), budget, model)] = None
        return next_set(model, problem, budget, starts=starts, seen=[*values, *taken], near=near)

    def _cut(self, chosen: Chosen, budget: float, model: Surrogate) -> Chosen:
        """Leave members out of a set until it is affordable, what is worth least for its cost
        first."""
        problem = self._problem
        while not problem.affordable(chosen, budget):
            whole = model.predict(chosen)
            ways = [problem.without(chosen, name) for name in sorted(chosen)]
            chosen = min(
                ways,
                key=lambda rest: (
                    (whole - model.predict(rest))
                    / max(problem.cost(chosen) - problem.cost(rest), 1e-9)
                ),
            )
        return chosen

    def _leave_out(self) -> None:
        """Leave the members of each plan out one by one, as long as that improves a plan."""
        for budget in self._budgets:
            best: Chosen | None = None
            while best != (best := self._best(budget)):
                self._known.ask(self._problem.without(best, name) for name in sorted(best))
                self._tell()

    # --- the best so far ----------------------------------------------------------------------

    def _best(self, budget: float) -> Chosen:
        """The best set within the budget; of equals the cheapest, then the first by name."""
        problem, values = self._problem, self._known.values
        within = [chosen for chosen in values if problem.affordable(chosen, budget)]
        return min(within, key=lambda s: (-values[s], problem.cost(s), sorted(s)))

    def _value(self, budget: float) -> float:
        return self._known.values[self._best(budget)]

    def _tell(self) -> None:
        now = {budget: self._best(budget) for budget in self._budgets}
        if self._on_better is not None and now != self._told:
            self._on_better(now)
        self._told = now

    # --- the answer ---------------------------------------------------------------------------

    def _found(self, reason: StopReason, began: float) -> Found:
        problem, values = self._problem, self._known.values
        effort = 0.1 if reason == "cancelled" else 1.0
        everywhere = fit(problem.ids, values)
        plans, members = [], {}
        for budget in self._budgets:
            best = self._best(budget)
            model = fit(problem.ids, values, around=best)
            top = best_of(model, problem, budget, effort=effort, hint=best)
            # Without an answer from the solver the best known set is all there is to bound with.
            bound = max(top.bound if top is not None else values[best], values[best])
            members[budget] = self._members(best, model)
            plans.append(
                Plan(
                    budget=budget,
                    chosen=best,
                    cost=problem.cost(best),
                    objective=values[best],
                    predicted=model.predict(best),
                    bound=bound,
                    bound_kind="surrogate",
                    gap=relative_gap(bound, values[best]),
                    status="best_found",
                    stop_reason=reason,
                    seconds=time.perf_counter() - began,
                    evaluations=len(values),
                )  # fmt: skip
            )
        return Found(tuple(plans), members, dict(values), everywhere.error)

    def _members(self, best: Chosen, model: Surrogate) -> tuple[Member, ...]:
        values, rows = self._known.values, []
        for name in sorted(best):
            rest = self._problem.without(best, name)
            simulated = rest in values
            loss = (
                values[best] - values[rest]
                if simulated
                else model.predict(best) - model.predict(rest)
            )
            with_it = tuple(sorted(best - rest - {name}))
            rows.append(Member(name, self._problem.cost([name]), loss, simulated, with_it))
        return tuple(sorted(rows, key=lambda row: (-row.loss_per_cost, row.id)))
