"""The exact mode, `optimize.routing.exact`: small problems, proven."""

from __future__ import annotations

from optimize.routing.engines.features import FEATURES
from optimize.routing.exact import solve as prove
from optimize.routing.plan import Limits, Solution
from optimize.routing.problem import Problem

# Breaks are not always placed as the rules want them.
SUPPORTED = frozenset(FEATURES) - {"breaks"}


def solve(problem: Problem, limits: Limits) -> Solution:
    """Return the best plan, proven; guns are seen to afterwards.

    Raises
    ------
    InputError
        More stops than can be enumerated.
    """
    return prove(problem, limits)
