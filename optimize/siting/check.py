"""An independent check of an answer: its rules, its value and its bound, from the problem alone.

Plain loops over names, on purpose: it shares no code with what finds the answers.
"""

from __future__ import annotations

import math

from optimize.siting.answer import Answer
from optimize.siting.problem import (
    Capacitated,
    CoverageTarget,
    MaximalCover,
    PCenter,
    PMedian,
    Problem,
    SetCover,
)  # fmt: skip

_ROUNDING = 1e-6


def violations(problem: Problem, answer: Answer) -> list[str]:
    """Return what is wrong with an answer: nothing if it is one."""
    area = problem.area
    found = []
    if len(set(answer.sites)) != len(answer.sites):
        found.append("a site is named twice")
    for name in answer.sites:
        if name not in area.sites:
            found.append(f"{name} is no candidate")
        elif name in area.excluded:
            found.append(f"{name} is excluded")
    found += [f"{name} exists and is not kept" for name in area.existing
              if name not in answer.sites]  # fmt: skip
    if found:
        return found
    if isinstance(problem, PMedian | PCenter | MaximalCover) and len(answer.sites) != problem.count:
        found.append(f"{len(answer.sites)} sites, asked for {problem.count}")
    if isinstance(problem, Capacitated):
        value = _served(problem, answer, found)
    else:
        value = _reached(problem, answer, found)
    tolerance = _ROUNDING * max(abs(value), 1.0)
    if not abs(value - answer.value) <= tolerance:
        found.append(f"worth {value:.12g}, said to be {answer.value:.12g}")
    over = answer.bound - value
    if isinstance(problem, MaximalCover):
        over = -over
    if over > tolerance:
        found.append(f"the bound {answer.bound:.12g} is worse than the value {value:.12g}")
    gap = abs(answer.value - answer.bound)
    if answer.status == "optimal" and gap > tolerance:
        found.append(f"said to be optimal, with a gap of {gap:.6g}")
    return found


def _reached(problem: Problem, answer: Answer, found: list[str]) -> float:
    """Return the value of a problem without capacities, noting who is not served as said."""
    area = problem.area
    column = {name: k for k, name in enumerate(area.sites)}
    opened = [column[name] for name in answer.sites]
    within = problem.radius if isinstance(
        problem, MaximalCover | SetCover | CoverageTarget) else math.inf  # fmt: skip
    total = farthest = covered = covered_by_any = 0.0
    for row, zone in enumerate(area.zones):
        distances = [float(area.distance[row, site]) for site in opened]
        nearest = min(distances, default=math.inf)
        weight = float(area.weights[row])
        is_covered = nearest <= within and nearest < math.inf
        assigned = int(answer.assigned[row])
        if is_covered and (
            assigned not in opened or float(area.distance[row, assigned]) != nearest
        ):
            found.append(f"{zone} is not assigned to its nearest site")
        if not is_covered and assigned != -1:
            found.append(f"{zone} is assigned, but not covered")
        if is_covered:
            covered += weight
            total += weight * nearest
            by_weight = isinstance(problem, PCenter) and problem.weighted
            farthest = max(farthest, weight * nearest if by_weight else nearest)
        elif isinstance(problem, PMedian | PCenter | SetCover):
            found.append(f"{zone} is not served")
        if any(
            float(area.distance[row, site]) <= within
            for name, site in column.items()
            if name not in area.excluded
        ):
            covered_by_any += weight
    if isinstance(problem, PMedian):
        return total
    if isinstance(problem, PCenter):
        return farthest
    if isinstance(problem, MaximalCover):
        return covered
    if isinstance(problem, CoverageTarget):
        whole = covered_by_any if problem.of_coverable else sum(float(w) for w in area.weights)
        if covered < problem.share * whole * (1 - 1e-9):
            found.append(f"covers {covered:.9g} of {whole:.9g}, less than {problem.share:g}")
    if isinstance(problem, SetCover) and problem.costs is not None:
        return sum(float(problem.costs[site]) for site in opened)
    return float(len(opened))


def _served(problem: Capacitated, answer: Answer, found: list[str]) -> float:
    """Return the cost of a capacitated answer, noting what is over capacity or unserved."""
    area, shares = problem.area, answer.shares
    if shares is None:
        found.append("nobody is said to serve anybody")
        return math.nan
    opened = {area.sites.index(name) for name in answer.sites}
    part, load = [0.0] * len(area.zones), [0.0] * len(area.sites)
    cost = sum(float(problem.opening[site]) for site in opened)
    for zone, site, share in zip(shares.zone, shares.site, shares.share, strict=True):
        if int(site) not in opened:
            found.append(f"{area.sites[site]} serves {area.zones[zone]} and is closed")
        if share < 0.0 or (problem.single and abs(share - 1.0) > _ROUNDING):
            found.append(f"{area.zones[zone]} is served to a share of {share:.6g}")
        part[zone] += float(share)
        load[site] += float(share) * float(area.weights[zone])
        cost += float(share) * float(problem.cost[zone, site])
    for zone, served in enumerate(part):
        if abs(served - 1.0) > _ROUNDING:
            found.append(f"{area.zones[zone]} is served to {served:.6g} of 1")
    for site, taken in enumerate(load):
        room = float(problem.capacity[site])
        if taken > room + _ROUNDING * max(room, 1.0):
            found.append(f"{area.sites[site]} serves {taken:.9g}, room for {room:.9g}")
    return cost
