"""Why not all stays can be charged, and which limit to relax by how much so that they can."""

from __future__ import annotations

import math
from typing import Any

from ortools.sat.python import cp_model

from optimize.routing.charger_schedule.model import Extra, Model
from optimize.routing.charger_schedule.problem import ChargingProblem
from optimize.routing.charger_schedule.sessions import Option, options, powers
from optimize.routing.plan import Limits

# Deterministic units for each question: some seconds.
_EFFORT = 3_000
_MOST_LATER_S = 4 * 3600.0


def alone_impossible(problem: ChargingProblem, index: int) -> str:
    """Return why a stay cannot be charged even with all guns and all power to itself."""
    stay = problem.stays[index]
    lengths, peaks = [], []
    for curve in stay.curves:
        pieces = powers(curve, stay.start_kwh, stay.energy_kwh)
        lengths.append(math.fsum(length_s for length_s, _ in pieces))
        peaks.append(max((kw for _, kw in pieces), default=0.0))
    stands = stay.leave_s + stay.most_late_s - stay.arrive_s
    if min(lengths) > stands:
        short = min(lengths) - stands
        return (
            f"needs {min(lengths) / 60.0:.0f} min of charging and stands {stands / 60.0:.0f} min: "
            f"{short / 60.0:.0f} min missing"
        )
    limits = [
        max(
            value
            for _, _, value in problem.places[place].limit_kw.between(
                stay.arrive_s, stay.leave_s + stay.most_late_s
            )
        )
        for place in stay.places
    ]
    missing = min(peak - limit for peak, limit in zip(peaks, limits, strict=True))
    if missing > 0.0:
        return f"draws {min(peaks):.0f} kW, more than the limit: {missing:.0f} kW missing"
    return "the power limit never lasts long enough for its session"


def advise(problem: ChargingProblem, possible: list[int], limits: Limits) -> tuple[str, ...]:
    """Return what would let every possible stay charge: guns, power or time, each alone.

    Parameters
    ----------
    possible
        Stays that could be charged if they were alone.
    """
    choices = [options(problem, i) for i in possible]
    found = []
    for extra, unit, scale in (("guns", "guns", 1), ("power", "kW", 100)):
        more = _least_extra(problem, choices, extra, limits)  # type: ignore[arg-type]
        if more is not None:
            parts = [
                f"{math.ceil(amount / scale)} {unit} more at {problem.places[place].id}"
                for place, amount in sorted(more.items())
                if amount
            ]
            found.append("enough would be " + ", ".join(parts))
    later = _least_lateness(problem, possible, limits)
    if later is not None:
        found.append(later)
    if not found:
        found.append(
            f"neither guns, nor power, nor leaving up to {_MOST_LATER_S / 3600.0:.0f} h later is "
            "enough alone"
        )
    return tuple(found)


def _effort(limits: Limits) -> Limits:
    return Limits(iterations=_EFFORT, seed=limits.seed, cancelled=limits.cancelled)


def _least_extra(
    problem: ChargingProblem, choices: list[list[Option]], extra: Extra, limits: Limits
) -> dict[int, int] | None:
    model = Model(problem, choices, may_miss=False, extra=extra)
    solver, status = model.minimise(sum(model.extra.values()), _effort(limits))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {place: int(solver.value(variable)) for place, variable in model.extra.items()}


def _least_lateness(problem: ChargingProblem, possible: list[int], limits: Limits) -> str | None:
    choices = [options(problem, i, later_s=_MOST_LATER_S) for i in possible]
    model = Model(problem, choices, may_miss=False)
    takes: list[Any] = [take for row in model.takes for take in row]
    beyond = [
        math.ceil(max(option.late_s - problem.stays[option.stay].most_late_s, 0.0))
        for row in choices
        for option in row
    ]
    total = cp_model.LinearExpr.weighted_sum(takes, beyond)
    solver, status = model.minimise(total, _effort(limits))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    late = {
        problem.stays[row[pick].stay].id: row[pick].late_s
        - problem.stays[row[pick].stay].most_late_s
        for row, pick in zip(choices, model.picks(solver), strict=True)
        if pick is not None
    }
    late = {name: seconds for name, seconds in late.items() if seconds > 0.0}
    named = ", ".join(f"{name} {seconds / 60.0:.0f} min" for name, seconds in sorted(late.items()))
    return f"enough would be leaving later: {named}"
