"""Our own engine, `optimize.routing.core`: charging, trips and windows inside every move."""

from __future__ import annotations

from optimize.routing.core.grounds import is_straight
from optimize.routing.core.solver import solve as search
from optimize.routing.engines.features import FEATURES
from optimize.routing.plan import Limits, Solution
from optimize.routing.problem import Problem
from sim.kernel.errors import InputError

SUPPORTED = frozenset(FEATURES)
MOST_STOPS_OF_DAYS = 150
"""Stops of a problem with trips, breaks, traffic or the like: its first plan takes long, and the
time limit is only looked at after it."""


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan found; guns are seen to afterwards.

    Raises
    ------
    InputError
        So many stops that the first plan would take longer than anyone waits.
    """
    if len(problem.stops) > MOST_STOPS_OF_DAYS and not is_straight(problem):
        raise InputError(
            "too many stops for the engine 'core' with trips, breaks or traffic", where="stops",
            value=len(problem.stops), expected=f"at most {MOST_STOPS_OF_DAYS}",
            hint="choose the engine 'stricter', or 'auto'",
        )  # fmt: skip
    return search(problem, limits)
