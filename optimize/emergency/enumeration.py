"""The best placement of a small problem by trying every one: what the solver is tested with."""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement

import numpy as np
from scipy.optimize import linear_sum_assignment

from optimize.emergency.problem import Coverage


def best_value(problem: Coverage) -> float:
    """Return the largest value of any placement; for a handful of sites and trucks.

    For given trucks the points are an assignment problem (each truck as often as it can serve
    points against each point as often as it has room), which is solved exactly.
    """
    slots = [(need, rank) for need in problem.needs for rank in range(len(need.shares))]
    if not slots:
        return 0.0
    best = 0.0
    for sites in combinations_with_replacement(sorted(problem.room), problem.trucks):
        if any(count > problem.room[site] for site, count in Counter(sites).items()):
            continue
        worth = np.array(
            [
                [problem.worth(site, need, rank) for need, rank in slots]
                for site in sites
                for _ in range(problem.points_per_truck)
            ]
        )
        if worth.size:
            rows, columns = linear_sum_assignment(worth, maximize=True)
            best = max(best, float(worth[rows, columns].sum()))
    return best
