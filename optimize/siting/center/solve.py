"""p-center by bisection over the distances, each radius decided as a cover (Minieka 1970)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimize.siting.covering.bounds import Bounds
from optimize.siting.covering.heuristic import Heuristic
from optimize.siting.covering.instance import build
from optimize.siting.covering.programs import fewest
from optimize.siting.covering.tables import tables
from optimize.siting.highs import solve
from optimize.siting.problem import Area, Ints, PCenter
from optimize.siting.reach import require_reach, require_sites
from optimize.siting.watch import Watch

_PROPOSALS = 200_000
_NODES = 20_000


def solve_center(problem: PCenter, watch: Watch, seed: int) -> Ints:
    """Return the best set of sites, as indices; the watch knows its value and bound.

    Raises
    ------
    Infeasible
        A zone reaches no site, or so many sites cannot reach every zone.
    """
    area = problem.area
    require_reach(area)
    require_sites(area, problem.count)
    if problem.weighted:
        reached = np.isfinite(area.distance)
        weighted = area.weights[:, None] * np.where(reached, area.distance, 0.0)
        area = replace(area, distance=np.where(reached, weighted, np.inf))
    distance = area.distance[:, area.allowed]
    lowest = float(distance.min(axis=1).max())  # whoever is worst off with every site open
    radii = np.unique(distance[np.isfinite(distance)])
    radii = radii[radii >= lowest]
    best = _fallback(area, problem.count)
    low, high = 0, int(np.searchsorted(radii, _radius(area, best)))
    watch.told(value=float(radii[high]), bound=lowest)
    while low < high and not watch.stop():
        middle = (low + high) // 2
        possible, found = _decide(area, float(radii[middle]), problem.count, watch, seed)
        if possible is None:
            break
        if possible:
            best = found
            high = int(np.searchsorted(radii, _radius(area, best)))
            watch.told(value=float(radii[high]))
        else:
            low = middle + 1
            watch.told(bound=float(radii[low]))
    if low == high:
        watch.told(bound=float(radii[high]))
    return best


def _radius(area: Area, sites: Ints) -> float:
    return float(area.distance[:, sites].min(axis=1).max())


def _fallback(area: Area, count: int) -> Ints:
    """The site nearest to whoever is farthest, again and again (Gonzalez 1985).

    If that leaves somebody unreached, a cover at the largest distance is taken instead.
    """
    chosen = list(area.kept)
    while len(chosen) < count:
        far = area.distance[:, chosen].min(axis=1) if chosen else np.full(len(area.zones), np.inf)
        free = np.setdiff1d(area.allowed, chosen)
        chosen.append(int(free[area.distance[int(far.argmax()), free].argmin()]))
    best = np.sort(np.array(chosen, np.int64))
    if np.isfinite(_radius(area, best)):
        return best
    largest = float(area.distance[np.isfinite(area.distance)].max())
    return _filled(area, _smallest(area, largest), count)


def _smallest(area: Area, radius: float) -> Ints:
    cover = build(area, radius, everyone=True)
    solved = solve(fewest(cover, np.ones(len(cover.ids)), 0.0), unit=1.0)
    assert solved.x is not None
    return cover.chosen(np.flatnonzero(solved.x > 0.5), area)


def _filled(area: Area, sites: Ints, count: int) -> Ints:
    """Add any allowed sites up to the count: it cannot make the radius larger."""
    rest = np.setdiff1d(area.allowed, sites)[: count - len(sites)]
    return np.sort(np.concatenate([sites, rest]))


def _decide(
    area: Area, radius: float, count: int, watch: Watch, seed: int
) -> tuple[bool | None, Ints]:
    """Say whether so many sites cover everybody, with sites that do; none if cut short."""
    nothing = np.empty(0, np.int64)
    cover = build(area, radius, everyone=True)
    most = count - len(area.kept)
    if not len(cover.weights) or most >= len(cover.ids):
        return True, _filled(area, cover.chosen(np.arange(len(cover.ids))[:most], area), count)
    if most <= 0:
        return False, nothing
    everybody = float(cover.weights.sum())
    table = tables(cover)
    if Bounds(cover, table, watch).most(most, everybody - 1e-6, rounds=2) < (everybody - 1e-6):
        return False, nothing
    heuristic = Heuristic(cover, table, watch, seed)
    start, value = heuristic.first(most, everybody)
    if value < everybody:
        start, value = heuristic.cool(start, _PROPOSALS, everybody)
    if value >= everybody:
        return True, _filled(area, cover.chosen(start, area), count)
    if watch.stop():
        return None, nothing
    solved = solve(
        fewest(cover, np.ones(len(cover.ids)), 0.0), watch, unit=1.0,
        nodes=round(_NODES * watch.limits.effort) + 1,
    )  # fmt: skip
    if solved.x is not None and round(solved.value) <= most:
        return True, _filled(area, cover.chosen(np.flatnonzero(solved.x > 0.5), area), count)
    if np.ceil(solved.bound - 1e-6) > most:
        return False, nothing
    return None, nothing
