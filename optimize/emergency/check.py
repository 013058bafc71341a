"""An independent check of a placement: its rules and its value, from the problem alone."""

from __future__ import annotations

import math
from collections import Counter

from optimize.emergency.problem import Coverage, Placement

_ROUNDING = 1e-9


def violations(problem: Coverage, placement: Placement) -> list[str]:
    """Return what is wrong with a placement: nothing if it is one."""
    found = []
    if sum(placement.sites.values()) > problem.trucks:
        found.append(f"{sum(placement.sites.values())} trucks, there are {problem.trucks}")
    for site, count in placement.sites.items():
        if not 0 < count <= problem.room.get(site, 0):
            found.append(f"{count} trucks at {site}, room for {problem.room.get(site, 0)}")
    by_site = Counter(site for site, _, _ in placement.covers)
    for site, count in by_site.items():
        if count > problem.points_per_truck * placement.sites.get(site, 0):
            found.append(f"{count} points for {placement.sites.get(site, 0)} trucks at {site}")
    for slot, count in Counter((point, rank) for _, point, rank in placement.covers).items():
        if count > 1:
            found.append(f"{count} trucks are number {slot[1] + 1} at {slot[0]}")
    needs = {need.point: need for need in problem.needs}
    value = 0.0
    for site, point, rank in placement.covers:
        if point not in needs or not 0 <= rank < len(needs[point].shares):
            found.append(f"no room for truck {rank + 1} at {point}")
            continue
        seconds = problem.seconds.get((site, point), math.inf)
        if seconds >= problem.limit_s:
            found.append(f"{point} is out of reach of {site}: {seconds:g} s")
            continue
        need = needs[point]
        value += need.weight * need.shares[rank] * (1.0 - seconds / problem.limit_s)
    if abs(value - placement.value) > _ROUNDING * max(abs(value), 1.0):
        found.append(f"worth {value:.12g}, said to be {placement.value:.12g}")
    if placement.bound < placement.value * (1.0 - _ROUNDING):
        found.append(f"bound {placement.bound:.12g} below the value {placement.value:.12g}")
    return found
