"""Solve any siting problem: one function for all, one answer from all."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from optimize.siting.answer import Answer, Limits, Shares
from optimize.siting.capacitated.solve import solve_capacitated
from optimize.siting.center.solve import solve_center
from optimize.siting.covering.maximal import solve_maximal
from optimize.siting.covering.target import solve_set_cover, solve_target
from optimize.siting.median.solve import solve_median
from optimize.siting.problem import (
    Capacitated,
    CoverageTarget,
    Ints,
    MaximalCover,
    PCenter,
    PMedian,
    Problem,
    SetCover,
)  # fmt: skip
from optimize.siting.watch import Clock, Report, Watch


def solve(
    problem: Problem, limits: Limits | None = None, *, seed: int = 1,
    cancelled: Callable[[], bool] | None = None, progress: Callable[[Report], None] | None = None,
    clock: Clock = time.perf_counter,
) -> Answer:  # fmt: skip
    """Return the best answer found, with a bound on all others.

    Parameters
    ----------
    seed
        The same seed gives the same answer, unless a time limit ends the search.
    cancelled
        Asked often; once it says yes, the best answer so far is returned.
    progress
        Told the best value and the bound whenever one improves.

    Raises
    ------
    Infeasible
        There is no answer: says which constraint to relax and by how much.
    """
    watch = Watch(
        limits or Limits(), larger_is_better=isinstance(problem, MaximalCover),
        cancelled=cancelled, progress=progress, clock=clock,
    )  # fmt: skip
    shares = None
    match problem:
        case PMedian():
            sites = solve_median(problem, watch)
        case PCenter():
            sites = solve_center(problem, watch, seed)
        case MaximalCover():
            sites = solve_maximal(problem, watch, seed)
        case SetCover():
            sites = solve_set_cover(problem, watch, seed)
        case CoverageTarget():
            sites = solve_target(problem, watch, seed)
        case Capacitated():
            sites, shares = solve_capacitated(problem, watch, seed)
    assigned = _assigned(problem, sites, shares)
    return Answer(
        sites=tuple(problem.area.sites[k] for k in sites),
        assigned=assigned,
        value=watch.value,
        bound=watch.bound,
        gap=watch.gap,
        status="optimal" if watch.proved else "feasible",
        stop_reason=watch.reason(),
        seconds=watch.seconds,
        seed=seed,
        shares=shares,
    )


def _assigned(problem: Problem, sites: Ints, shares: Shares | None) -> Ints:
    """Return by zone the index of the site it counts for, -1 if none."""
    distance = problem.area.distance
    if shares is not None:
        found = np.full(len(distance), -1, np.int64)
        order = np.argsort(shares.share, kind="stable")
        found[shares.zone[order]] = shares.site[order]
        return found
    if not len(sites):
        return np.full(len(distance), -1, np.int64)
    near = distance[:, sites]
    found = sites[near.argmin(axis=1)]
    radius = getattr(problem, "radius", np.finfo(float).max)
    return np.where(near.min(axis=1) <= radius, found, -1)
