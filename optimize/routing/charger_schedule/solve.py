"""The cheapest charging schedule, by CP-SAT over the sessions each stay could have.

One 0-1 variable per stay, place and moment of beginning; per slot of the grid, the sessions that
touch it are at most the guns and their power is at most the limit. Unlike variable starts in a
``cumulative`` constraint, this has a linear relaxation that knows the tariff, hence a tight bound
(time-indexed formulation, Sousa and Wolsey 1992, doi:10.1007/BF01585711).

First as many stays as possible are charged, then cost is minimal among those.
"""

from __future__ import annotations

import math
import time

from optimize.routing.charger_schedule import greedy
from optimize.routing.charger_schedule.advice import advise, alone_impossible
from optimize.routing.charger_schedule.model import minimise_cost
from optimize.routing.charger_schedule.problem import (
    ChargingProblem,
    Schedule,
    Session,
    refuse_bad,
)
from optimize.routing.charger_schedule.sessions import Option, give_guns, options
from optimize.routing.plan import Limits, Progress

_ROUNDS = 60


def solve(problem: ChargingProblem, limits: Limits | None = None, *, gap: float = 0.0) -> Schedule:
    """Return the cheapest schedule of as many stays as can be charged.

    Parameters
    ----------
    limits
        ``iterations`` are thousandths of a unit of CP-SAT's deterministic time.
    gap
        Stop once proven to be within this fraction of the best.

    Raises
    ------
    InputErrors
        Something in the problem makes no sense in itself. Too few guns, too little power or too
        little time is no error: see `Schedule.uncharged` and `Schedule.advice`.
    """
    refuse_bad(problem)
    limits = limits or Limits()
    began = time.perf_counter()

    def stop() -> bool:
        return (limits.cancelled is not None and limits.cancelled()) or (
            time.perf_counter() - began >= limits.seconds
        )

    uncharged: dict[int, str] = {}
    wanted: list[int] = []
    choices: list[list[Option]] = []
    for i, stay in enumerate(problem.stays):
        if stay.energy_kwh == 0.0:
            continue
        offered = options(problem, i)
        if offered:
            wanted.append(i)
            choices.append(offered)
        else:
            uncharged[i] = alone_impossible(problem, i)
    start, _ = greedy.schedule(problem, choices, _ROUNDS, stop)
    outcome = minimise_cost(problem, choices, start, limits, began, gap)
    chosen = []
    crowded_out = False
    for i, offered, pick in zip(wanted, choices, outcome.picks, strict=True):
        if pick is None:
            uncharged[i] = "beside the others, no gun and power are free long enough"
            crowded_out = True
        else:
            chosen.append(offered[pick])
    advice: tuple[str, ...] = ()
    if crowded_out and outcome.stop_reason != "cancelled":
        advice = advise(problem, wanted, limits)
    cost = math.fsum(option.cost for option in chosen)
    bound = min(outcome.bound, cost)
    seconds = time.perf_counter() - began
    if limits.progress is not None:
        limits.progress(Progress(seconds, outcome.iterations, len(chosen), cost, bound))
    rows = give_guns([(o.stay, o.place, o.begin_s, o.end_s) for o in chosen])
    return Schedule(
        sessions=tuple(Session(*row) for row in rows),
        uncharged=tuple(sorted(uncharged.items())),
        cost=cost,
        bound=bound,
        stop_reason=outcome.stop_reason,
        seconds=seconds,
        advice=advice,
    )
