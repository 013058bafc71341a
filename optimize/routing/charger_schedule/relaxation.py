"""The linear relaxation of the schedule: a bound, and which sessions a good one may contain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from optimize.routing.charger_schedule.problem import ChargingProblem
from optimize.routing.charger_schedule.sessions import Option, slot_limit_kw


@dataclass(frozen=True)
class Relaxation:
    """``bound`` on the cost, and by stay and option how much dearer a schedule with it is."""

    bound: float
    reduced_costs: list[NDArray[np.float64]]


def relax(
    problem: ChargingProblem, choices: Sequence[Sequence[Option]], missing: int
) -> Relaxation | None:
    """Solve it with HiGHS, with at most ``missing`` stays left out; None if it has no solution."""
    capacity: dict[tuple[str, int, int], tuple[int, float]] = {}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    costs: list[float] = []
    owner: list[int] = []

    def row(kind: str, place: int, slot: int, most: float) -> int:
        return capacity.setdefault((kind, place, slot), (len(capacity), most))[0]

    limits: dict[tuple[int, int], float] = {}
    for k, stay_options in enumerate(choices):
        for option in stay_options:
            place = problem.places[option.place]
            for offset, kw in enumerate(option.slot_kw):
                slot = option.first_slot + offset
                rows.append(row("guns", option.place, slot, place.guns))
                columns.append(len(costs))
                values.append(1.0)
                if (option.place, slot) not in limits:
                    limits[option.place, slot] = slot_limit_kw(place.limit_kw, slot, problem.step_s)
                limit = limits[option.place, slot]
                if math.isfinite(limit):
                    rows.append(row("power", option.place, slot, limit))
                    columns.append(len(costs))
                    values.append(kw)
            costs.append(option.cost)
            owner.append(k)
    taken = len(costs)
    if missing:
        out = row("missing", 0, 0, missing)
        for k in range(len(choices)):
            rows.append(out)
            columns.append(len(costs))
            values.append(1.0)
            costs.append(0.0)
            owner.append(k)
    count = len(costs)
    above = sparse.csr_matrix((values, (rows, columns)), shape=(len(capacity), count))
    once = sparse.csr_matrix((np.ones(count), (owner, range(count))), shape=(len(choices), count))
    result = linprog(
        costs,
        A_ub=above,
        b_ub=[most for _, most in capacity.values()],
        A_eq=once,
        b_eq=np.ones(len(choices)),
        method="highs-ds",
    )
    if not result.success:
        return None
    dual_capacity, dual_once = result.ineqlin.marginals, result.eqlin.marginals
    reduced = np.array(costs) - above.T @ dual_capacity - once.T @ dual_once
    # The value of the duals, which is a bound whatever the solver's tolerances on the primal; a
    # reduced cost below zero can be taken once per stay.
    bound = float(np.dot(dual_capacity, [most for _, most in capacity.values()]) + dual_once.sum())
    ends = np.cumsum([len(stay_options) for stay_options in choices])
    by_stay = np.split(reduced[:taken], ends[:-1])
    bound += math.fsum(min(float(r.min()), 0.0) for r in by_stay)
    return Relaxation(bound, by_stay)
