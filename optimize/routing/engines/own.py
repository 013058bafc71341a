"""Our own engine, `optimize.routing.core`: charging, trips and windows inside every move."""

from __future__ import annotations

from optimize.routing.core.solver import solve as search
from optimize.routing.engines.features import FEATURES
from optimize.routing.plan import Limits, Solution
from optimize.routing.problem import Problem

SUPPORTED = frozenset(FEATURES)


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan found; guns are seen to afterwards."""
    return search(problem, limits)
