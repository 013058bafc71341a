"""The cheapest roster by CP-SAT, with a bound.

Duties that a crew cannot both do are those whose times, each lengthened by the rest, overlap. Such
intervals form an interval graph, so an "at most one" for each of its maximal cliques says all there
is, and says it tightly: the rows are totally unimodular.
"""

from __future__ import annotations

import math
import time
from typing import Any

from ortools.sat.python import cp_model

from optimize.routing.crews import greedy
from optimize.routing.crews.may import hindrance, why_undone
from optimize.routing.crews.problem import (
    DAY_S,
    WEEK_DAYS,
    Crew,
    CrewProblem,
    Duty,
    Roster,
    refuse_bad,
)
from optimize.routing.plan import Limits, Progress, StopReason

_PER_MONEY_RANGE = 1e9
_PER_UNIT = 1000


def solve(problem: CrewProblem, limits: Limits | None = None, *, gap: float = 0.0) -> Roster:
    """Return the roster with the fewest duties undone, and among those the cheapest.

    Parameters
    ----------
    limits
        ``iterations`` are thousandths of a unit of CP-SAT's deterministic time.
    gap
        Stop once proven to be within this fraction of the best.

    Raises
    ------
    InputErrors
        Something makes no sense in itself. Too few crews are no error: see `Roster.undone`.
    """
    refuse_bad(problem)
    limits = limits or Limits()
    began = time.perf_counter()
    model = _Model(problem)
    crew_of, rests = greedy.roster(problem)
    model.start_from(crew_of, rests)
    used = 0
    fewest = _must_undone(problem, crew_of)
    proven = not fewest
    if fewest:
        solver, status = model.minimise(model.must_undone, limits, began, 0.0)
        used += _units(solver)
        proven = status == cp_model.OPTIMAL
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            found = model.read(solver)
            if _must_undone(problem, found) <= fewest:
                crew_of, fewest = found, _must_undone(problem, found)
                model.start_from_solver(solver)
    bound = math.nan
    model.model.add(model.must_undone <= fewest)
    near = cost_of(problem, crew_of) * (1.0 - gap) * model.scale
    solver, status = model.minimise(model.cost, limits, began, gap, used, near)
    used += _units(solver)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = model.read(solver)
        if cost_of(problem, found) <= cost_of(problem, crew_of):
            crew_of = found
    if proven:
        bound = solver.best_objective_bound / model.scale
    cost = cost_of(problem, crew_of)
    reason: StopReason = "time"
    if limits.cancelled is not None and limits.cancelled():
        reason = "cancelled"
    elif proven and (status == cp_model.OPTIMAL or cost - bound <= gap * cost):
        reason = "proven"
    elif limits.iterations is not None and used >= limits.iterations:
        reason = "iterations"
    undone = tuple(
        (d, why_undone(problem, problem.duties[d]))
        for d, crew in enumerate(crew_of)
        if crew is None
    )
    seconds = time.perf_counter() - began
    if limits.progress is not None:
        done = len(problem.duties) - len(undone)
        limits.progress(Progress(seconds, used, done, cost, bound))
    must = [d for d, _ in undone if math.isinf(problem.duties[d].penalty)]
    return Roster(
        crew_of=tuple(crew_of),
        undone=undone,
        cost=cost,
        bound=min(bound, cost) if not math.isnan(bound) else bound,
        stop_reason=reason,
        seconds=seconds,
        advice=_advice(problem, must),
    )


def cost_of(problem: CrewProblem, crew_of: list[int | None]) -> float:
    """Return the cost of a roster."""
    work = [0.0] * len(problem.crews)
    cost = 0.0
    for duty, crew in zip(problem.duties, crew_of, strict=True):
        if crew is not None:
            work[crew] += duty.length_s
        elif math.isfinite(duty.penalty):
            cost += duty.penalty
    beyond = []
    for team, seconds in zip(problem.crews, work, strict=True):
        beyond.append(seconds - team.regular_s)
        cost += seconds * team.cost_per_s + max(beyond[-1], 0.0) * team.cost_per_overtime_s
    spread = max(beyond) - min(beyond) if beyond else 0.0
    return cost + problem.rules.fairness_cost_per_s * spread


def _must_undone(problem: CrewProblem, crew_of: list[int | None]) -> int:
    return sum(
        who is None and math.isinf(duty.penalty)
        for who, duty in zip(crew_of, problem.duties, strict=True)
    )


def _maximal_cliques(spans: list[tuple[float, float]]) -> list[list[int]]:
    """Return the maximal sets of half-open intervals that share a moment."""
    moments = sorted(
        [(begin, 1, k) for k, (begin, end) in enumerate(spans) if end > begin]
        + [(end, 0, k) for k, (begin, end) in enumerate(spans) if end > begin]
    )
    found, running, grown = [], set(), False
    for _, starts, k in moments:
        if starts:
            running.add(k)
            grown = True
            continue
        if grown and len(running) > 1:
            found.append(sorted(running))
        grown = False
        running.discard(k)
    return found


def _units(solver: Any) -> int:
    return max(round(solver.response_proto.deterministic_time * _PER_UNIT), 1)


class _Model:
    def __init__(self, problem: CrewProblem) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.does: dict[tuple[int, int], Any] = {
            (c, d): self.model.new_bool_var("")
            for c, crew in enumerate(problem.crews)
            for d, duty in enumerate(problem.duties)
            if not hindrance(crew, duty, problem.rules)
        }
        self.follows: dict[tuple[int, int], Any] = {}
        self.befores: dict[int, Any] = {}
        self.undone = [self.model.new_bool_var("") for _ in problem.duties]
        by_duty: dict[int, list[Any]] = {d: [] for d in range(len(problem.duties))}
        by_crew: dict[int, dict[int, Any]] = {c: {} for c in range(len(problem.crews))}
        for (c, d), does in self.does.items():
            by_duty[d].append(does)
            by_crew[c][d] = does
        for d, undone in enumerate(self.undone):
            self.model.add_exactly_one([undone, *by_duty[d]])
        for c, does in by_crew.items():
            self._rests(c, problem.crews[c], does)
            self._days(problem.crews[c], does)
        self.must_undone = sum(
            undone
            for undone, duty in zip(self.undone, problem.duties, strict=True)
            if math.isinf(duty.penalty)
        ) + self.model.new_constant(0)
        self._cost(by_crew)

    def _rests(self, c: int, crew: Crew, does: dict[int, Any]) -> None:
        """Rests between duties, and one of the week: at its begin, or after one of the duties.

        A duty that the week's rest follows occupies its crew for that much longer.
        """
        duties, rules = self.problem.duties, self.problem.rules
        if not does:
            return
        spans = []
        last = WEEK_DAYS * DAY_S - rules.week_rest_s
        follows = []
        before = self.model.new_bool_var("")
        at_start = max(crew.last_end_s, 0.0)
        if at_start > last:
            self.model.add(before == 0)
        for d, variable in does.items():
            begin, end = duties[d].begin_s, duties[d].end_s
            spans.append((begin, end + rules.rest_s, variable))
            if end <= last and rules.week_rest_s > rules.rest_s:
                follow = self.model.new_bool_var("")
                self.follows[c, d] = follow
                follows.append(follow)
                self.model.add_implication(follow, variable)
                # What it takes beyond the rest that the duty has anyway.
                spans.append((end + rules.rest_s, end + rules.week_rest_s, follow))
            if begin < at_start + rules.week_rest_s:
                self.model.add_implication(before, variable.negated())
        if rules.week_rest_s > rules.rest_s:
            self.befores[c] = before
            self.model.add_bool_or([before, *follows])
        for clique in _maximal_cliques([(begin, end) for begin, end, _ in spans]):
            self.model.add_at_most_one([spans[k][2] for k in clique])

    def _days(self, crew: Crew, does: dict[int, Any]) -> None:
        rules = self.problem.rules
        works = []
        for day in range(WEEK_DAYS):
            of_day = [does[d] for d in does if self.problem.duties[d].day == day]
            works.append(self.model.new_bool_var(""))
            if of_day:
                self.model.add_max_equality(works[day], of_day)
            else:
                self.model.add(works[day] == 0)
        self.model.add(sum(works) <= crew.most_days)
        most = rules.most_days_in_row
        for first in range(WEEK_DAYS - most):
            self.model.add(sum(works[first : first + most + 1]) <= most)
        left = max(most - crew.days_in_row_before, 0)
        if left < min(most, WEEK_DAYS):
            self.model.add(sum(works[: left + 1]) <= left)

    def _cost(self, by_crew: dict[int, dict[int, Any]]) -> None:
        """Money in whole units, rounded down term by term, so that the bound is one."""
        problem = self.problem
        seconds = [math.floor(duty.length_s) for duty in problem.duties]
        rates = [crew.cost_per_s + crew.cost_per_overtime_s for crew in problem.crews]
        most = math.fsum(duty.length_s for duty in problem.duties) * max(rates, default=0.0)
        most += math.fsum(d.penalty for d in problem.duties if math.isfinite(d.penalty))
        most += problem.rules.fairness_cost_per_s * 2.0 * sum(seconds)
        self.scale = _PER_MONEY_RANGE / max(most, 1e-9)
        terms: list[Any] = []
        weights: list[int] = []
        beyond = []
        for c, does in by_crew.items():
            crew = problem.crews[c]
            work = cp_model.LinearExpr.weighted_sum(list(does.values()), [seconds[d] for d in does])
            exact = math.fsum(problem.duties[d].length_s - seconds[d] for d in does)
            self.model.add(work <= math.floor(crew.most_s - min(exact, len(does) * 1.0)))
            for d, variable in does.items():
                terms.append(variable)
                weights.append(
                    math.floor(problem.duties[d].length_s * crew.cost_per_s * self.scale)
                )
            if crew.cost_per_overtime_s > 0.0:
                over = self.model.new_int_var(0, math.ceil(crew.most_s), "")
                self.model.add(over >= work - math.ceil(crew.regular_s))
                terms.append(over)
                weights.append(math.floor(crew.cost_per_overtime_s * self.scale))
            beyond.append(work - math.ceil(crew.regular_s))
        if problem.rules.fairness_cost_per_s > 0.0 and beyond:
            far = round(10 * WEEK_DAYS * 86_400)
            high = self.model.new_int_var(-far, far, "")
            low = self.model.new_int_var(-far, far, "")
            for amount in beyond:
                self.model.add(high >= amount)
                self.model.add(low <= amount)
            rate = math.floor(problem.rules.fairness_cost_per_s * self.scale)
            terms += [high, low]
            weights += [rate, -rate]
        for undone, duty in zip(self.undone, problem.duties, strict=True):
            if math.isfinite(duty.penalty):
                terms.append(undone)
                weights.append(math.floor(duty.penalty * self.scale))
        self.cost = cp_model.LinearExpr.weighted_sum(terms, weights) + self.model.new_constant(0)

    def minimise(
        self,
        what: Any,
        limits: Limits,
        began: float,
        gap: float,
        used: int = 0,
        near: float = math.inf,
    ) -> tuple[Any, Any]:
        """Return solver and status; a bound of ``near`` proves what is known good enough."""
        self.model.minimize(what)
        solver = cp_model.CpSolver()
        # One worker: the same seed and deterministic time give the same roster.
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = limits.seed
        solver.parameters.relative_gap_limit = gap
        if math.isfinite(limits.seconds):
            left = limits.seconds - (time.perf_counter() - began)
            solver.parameters.max_time_in_seconds = max(left, 0.0)
        if limits.iterations is not None:
            left = max(limits.iterations - used, 0)
            solver.parameters.max_deterministic_time = left / _PER_UNIT

        def on_bound(bound: float) -> None:
            if bound >= near:
                solver.stop_search()

        solver.best_bound_callback = on_bound
        return solver, solver.solve(self.model, _Watch(limits))

    def start_from(self, crew_of: list[int | None], rests: set[tuple[int, int]]) -> None:
        """Hint a roster and after which duty each crew has the week's rest."""
        for (c, d), does in self.does.items():
            self.model.add_hint(does, crew_of[d] == c)
        for key, follows in self.follows.items():
            self.model.add_hint(follows, key in rests)
        rested = {c for c, _ in rests}
        for c, before in self.befores.items():
            self.model.add_hint(before, c not in rested)
        for undone, crew in zip(self.undone, crew_of, strict=True):
            self.model.add_hint(undone, crew is None)

    def start_from_solver(self, solver: Any) -> None:
        """Hint what a solver found."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for group in (self.does, self.follows, self.befores, dict(enumerate(self.undone))):
            for variable in group.values():
                self.model.add_hint(variable, solver.boolean_value(variable))

    def read(self, solver: Any) -> list[int | None]:
        crew_of: list[int | None] = [None] * len(self.problem.duties)
        for (c, d), does in self.does.items():
            if solver.boolean_value(does):
                crew_of[d] = c
        return crew_of


class _Watch(cp_model.CpSolverSolutionCallback):
    """Looks for a cancellation at every solution."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def on_solution_callback(self) -> None:
        if self._limits.cancelled is not None and self._limits.cancelled():
            self.stop_search()


def _advice(problem: CrewProblem, undone: list[int]) -> tuple[str, ...]:
    """Return how many crews more are enough for the duties undone: each takes what it can."""
    if not undone:
        return ()
    rules = problem.rules
    standard = Crew("more")
    extra: list[list[Duty]] = []
    for duty in sorted((problem.duties[d] for d in undone), key=lambda d: d.begin_s):
        for duties in extra:
            rested = duty.begin_s >= duties[-1].end_s + rules.rest_s
            hours = math.fsum(d.length_s for d in duties) + duty.length_s
            days = {d.day for d in duties} | {duty.day}
            # A day off of its own keeps the weekly rest and the days in a row.
            if rested and hours <= standard.most_s and len(days) <= min(5, rules.most_days_in_row):
                duties.append(duty)
                break
        else:
            extra.append([duty])
    needs = sorted({need for d in undone for need in problem.duties[d].needs})
    skilled = f" qualified for {', '.join(needs)}" if needs else ""
    return (f"{len(extra)} more crews of {standard.most_s / 3600:g} h{skilled} would be enough",)
