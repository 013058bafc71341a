"""Tiny random problems, and their best values by trying every set of sites."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.optimize import linprog

from optimize.siting.problem import Area, Capacitated

RADIUS = 45.0


def tiny_area(seed: int, *, zones: int = 12, sites: int = 8, whole: bool = True) -> Area:
    """An area with a way missing here and there, one existing and one excluded site by turns."""
    draw = np.random.default_rng(seed)
    distance = draw.integers(0, 100, (zones, sites)).astype(float)
    if not whole:
        distance += draw.random((zones, sites))
    if seed % 4 == 3:
        distance[draw.random((zones, sites)) < 0.15] = np.inf
        distance[:, 2] = 99.0  # so that somebody reaches everybody
    weights = draw.integers(0, 10, zones).astype(float)
    names = tuple(f"S{k}" for k in range(sites))
    return Area(
        tuple(f"Z{k}" for k in range(zones)), names, weights, distance,
        existing=("S2",) if seed % 4 in (1, 3) else (), excluded=("S5",) if seed % 3 == 2 else (),
    )  # fmt: skip


def tiny_capacitated(seed: int, *, single: bool) -> Capacitated:
    """Five sites for seven zones, with about twice the room that is needed."""
    draw = np.random.default_rng([seed, 1])
    area = tiny_area(4 * seed + seed % 3 * 2, zones=7, sites=6)
    area = Area(area.zones, area.sites, area.weights + 1.0, area.distance, area.existing,
                area.excluded)  # fmt: skip
    room = draw.uniform(0.2, 0.6, 6) * area.weights.sum() + 9.0
    return Capacitated(area, draw.integers(50, 900, 6).astype(float), room, single=single)


def sets(area: Area, sizes):
    """Every allowed set of sites, existing ones in it."""
    free = [k for k in area.allowed if k not in area.kept]
    for size in sizes:
        for more in combinations(free, size - len(area.kept)):
            yield sorted([*area.kept, *more])


def nearest(area: Area, chosen) -> np.ndarray:
    return area.distance[:, chosen].min(axis=1) if chosen else np.full(len(area.zones), np.inf)


def best_median(area: Area, count: int) -> float:
    return min(
        float((area.weights * near).sum())
        for chosen in sets(area, [count])
        if np.isfinite(near := nearest(area, chosen)).all()
    )


def best_center(area: Area, count: int, *, weighted: bool) -> float:
    scale = area.weights if weighted else np.ones(len(area.weights))
    return min(
        float((scale * near).max())
        for chosen in sets(area, [count])
        if np.isfinite(near := nearest(area, chosen)).all()
    )


def best_cover(area: Area, count: int, radius: float) -> float:
    return max(
        float(area.weights[nearest(area, chosen) <= radius].sum()) for chosen in sets(area, [count])
    )


def fewest(area: Area, radius: float, need: float) -> int:
    for size in range(len(area.kept), len(area.allowed) + 1):
        if best_cover(area, size, radius) >= need - 1e-9:
            return size
    raise AssertionError("no set covers so much")


def cheapest(area: Area, radius: float, costs) -> float:
    return min(
        float(costs[chosen].sum())
        for chosen in sets(area, range(len(area.kept), len(area.allowed) + 1))
        if (nearest(area, chosen) <= radius).all()
    )


def best_capacitated(problem: Capacitated) -> float:
    """Every set of sites; the transport by linprog, or every assignment for single sourcing."""
    area, best = problem.area, np.inf
    for chosen in sets(area, range(max(len(area.kept), 1), len(area.allowed) + 1)):
        fixed = float(problem.opening[chosen].sum())
        cost, room = problem.cost[:, chosen], problem.capacity[chosen]
        if fixed >= best or room.sum() < area.weights.sum():
            continue
        serve = _single if problem.single else _split
        best = min(best, fixed + serve(cost, area.weights, room, best - fixed))
    return best


def _split(cost, demand, room, _most) -> float:
    zones, sites = cost.shape
    once = np.kron(np.eye(zones), np.ones(sites))
    load = np.kron(demand, np.eye(sites))
    solved = linprog(cost.ravel(), A_ub=load, b_ub=room, A_eq=once, b_eq=np.ones(zones))
    return float(solved.fun) if solved.status == 0 else np.inf


def _single(cost, demand, room, most) -> float:
    def go(zone: int, room: tuple[float, ...], spent: float, most: float) -> float:
        if spent >= most:
            return most
        if zone == len(demand):
            return spent
        for site in range(len(room)):
            if demand[zone] <= room[site] + 1e-9:
                left = (*room[:site], room[site] - demand[zone], *room[site + 1 :])
                most = go(zone + 1, left, spent + float(cost[zone, site]), most)
        return most

    return go(0, tuple(room), 0.0, most)
