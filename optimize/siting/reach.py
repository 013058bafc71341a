"""Who can be reached at all, and what to change if somebody cannot."""

from __future__ import annotations

import numpy as np

from optimize.siting.answer import Infeasible, Relaxation
from optimize.siting.problem import Area
from sim.kernel.errors import InputErrors

_MOST = 5


def require_reach(area: Area, radius: float = np.inf) -> None:
    """Raise if a zone has no allowed site within ``radius`` (any that can be reached, if infinite).

    Raises
    ------
    InputErrors
        One `Infeasible` for each such zone, with the radius that would do, or the excluded site
        that would.
    """
    allowed = area.allowed
    limit = min(radius, np.finfo(float).max)
    cut_off = np.flatnonzero(area.distance[:, allowed].min(axis=1) > limit)
    found = []
    for zone in cut_off[:_MOST]:
        name = area.zones[zone]
        nearest = float(area.distance[zone, allowed].min())
        ways = []
        if np.isfinite(nearest) and np.isfinite(radius):
            ways.append(Relaxation("radius", radius, nearest))
        best = int(area.distance[zone].argmin())
        if area.distance[zone, best] <= limit:
            ways.append(Relaxation(f"excluded without {area.sites[best]}: distance of {name}",
                                   nearest, float(area.distance[zone, best])))  # fmt: skip
        what = f"zone {name} is out of reach of every site that may be chosen"
        if not ways:
            what += "; no way leads to any candidate: give it a site or a road, or leave it out"
        found.append(Infeasible(what, where=f"distance/{name}", relaxations=ways))
    if len(cut_off) > _MOST:
        largest = float(area.distance[:, allowed].min(axis=1).max())
        ways = [Relaxation("radius", radius, largest)] if np.isfinite(largest) else []
        what = f"{len(cut_off)} zones are out of reach, {len(cut_off) - _MOST} more than named"
        found.append(Infeasible(what, where="distance", relaxations=ways))
    if found:
        raise found[0] if len(found) == 1 else InputErrors(found)


def require_sites(area: Area, count: int) -> None:
    """Raise if so many sites cannot reach every zone; asked only where some ways are missing.

    Raises
    ------
    Infeasible
        With the smallest number of sites that can.
    """
    if np.isfinite(area.distance[:, area.allowed]).all():
        return
    from optimize.siting.covering.instance import build
    from optimize.siting.covering.programs import fewest
    from optimize.siting.highs import solve

    cover = build(area, np.finfo(float).max, everyone=True)
    if not len(cover.weights):
        return
    solved = solve(fewest(cover, np.ones(len(cover.ids)), 0.0), unit=1.0)
    needed = len(area.kept) + round(solved.value)
    if needed > count:
        raise Infeasible(
            f"{count} sites cannot reach every zone", where="count",
            relaxations=[Relaxation("count", count, needed)],
        )  # fmt: skip
