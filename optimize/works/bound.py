"""The surrogate's best set within a budget, with a proven bound, by CP-SAT.

CP-SAT rather than a MILP solver because all unknowns are yes or no: products of two of them and
sets that are excluded are plain clauses to it, and its time limit can be deterministic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from optimize.works.problem import Chosen, Problem, units_of
from optimize.works.surrogate import Surrogate

_STEPS = 10_000_000
"""Whole numbers the largest coefficient is expressed in."""
_NEGLIGIBLE = 2e-4  # of the largest coefficient; what is dropped is added to the bound


@dataclass(frozen=True)
class Optimum:
    """The best set the solver found on a surrogate; ``proven`` if there is no better one.

    ``bound`` holds for the surrogate, rounding and dropped terms included.
    """

    chosen: Chosen
    predicted: float
    bound: float
    proven: bool


def best_of(
    surrogate: Surrogate,
    problem: Problem,
    budget: float,
    *,
    excluded: Iterable[Chosen] = (),
    near: tuple[Chosen, int] | None = None,
    effort: float = 2.0,
    hint: Chosen | None = None,
) -> Optimum | None:
    """Return the surrogate's best set within the budget, or none if no set is left.

    Parameters
    ----------
    excluded
        Sets that may not be returned.
    near
        (set, most candidates in which the answer may differ from it).
    effort
        Deterministic time of the solver, about seconds.
    hint
        Where to start.
    """
    model = cp_model.CpModel()
    x = {name: model.new_bool_var(name) for name in surrogate.ids}
    model.add(sum(problem.cost_units[n] * x[n] for n in x) <= units_of(budget))
    for a, b in problem.conflicts:
        model.add_bool_or(x[a].negated(), x[b].negated())
    for a, b in problem.needs:
        model.add_implication(x[a], x[b])
    for chosen in excluded:
        model.add_bool_or([x[n].negated() if n in chosen else x[n] for n in x])
    if near is not None:
        centre, radius = near
        model.add(sum(1 - x[n] if n in centre else x[n] for n in x) <= radius)

    top = max(float(np.abs(surrogate.single).max(initial=0.0)),
              float(np.abs(surrogate.pair).max(initial=0.0)))  # fmt: skip
    step = top / _STEPS if top > 0 else 1.0
    terms = [round(float(a) / step) * x[n] for n, a in zip(x, surrogate.single, strict=True)]
    slack = len(x) * 0.5 * step  # what rounding can hide
    for i, j in zip(*np.nonzero(surrogate.pair), strict=True):
        weight = float(surrogate.pair[i, j])
        if abs(weight) < _NEGLIGIBLE * top:
            slack += max(weight, 0.0)
            continue
        slack += 0.5 * step
        one, other = x[surrogate.ids[i]], x[surrogate.ids[j]]
        both = model.new_bool_var("")
        if weight > 0:  # the objective pushes up: only what stops it is needed
            model.add_implication(both, one)
            model.add_implication(both, other)
        else:
            model.add_bool_or(one.negated(), other.negated(), both)
        terms.append(round(weight / step) * both)
    model.maximize(sum(terms))
    for name in x if hint is not None else ():
        model.add_hint(x[name], name in (hint or ()))

    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = effort
    solver.parameters.num_workers = 1  # the same answer on any machine, at any load
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    found = frozenset(n for n in x if solver.boolean_value(x[n]))
    bound = surrogate.base + solver.best_objective_bound * step + slack
    return Optimum(found, surrogate.predict(found), bound, status == cp_model.OPTIMAL)
