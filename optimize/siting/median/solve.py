"""p-median from the problem to the answer."""

from __future__ import annotations

import numpy as np

from optimize.siting.median.branch import Search
from optimize.siting.problem import Floats, Ints, PMedian
from optimize.siting.reach import require_reach, require_sites
from optimize.siting.watch import Watch


def solve_median(problem: PMedian, watch: Watch) -> Ints:
    """Return the best set of sites, as indices; the watch knows its value and bound.

    Raises
    ------
    Infeasible
        A zone reaches no site, or so many sites cannot reach every zone.
    """
    area = problem.area
    allowed = area.allowed
    distance = area.distance[:, allowed]
    require_reach(area)
    require_sites(area, problem.count)
    cost = area.weights[:, None] * np.where(np.isfinite(distance), distance, 0.0)
    unit = _unit(cost)
    # Dearer than any answer without it: only an answer that leaves somebody unserved has one.
    apart = 2.0 * float(cost.max(axis=1).sum()) + 1.0
    cost[~np.isfinite(distance)] = apart
    search = Search(
        cost, np.isin(allowed, area.kept), problem.count, watch,
        unit=unit, apart=apart,
    )  # fmt: skip
    search.run()
    return allowed[search.best]


def _unit(cost: Floats) -> float:
    """1 if all costs are whole numbers that add up exactly, else 0."""
    whole = bool((cost == np.floor(cost)).all()) and float(cost.sum()) < 2**52
    return 1.0 if whole else 0.0
