"""Maximal cover from the problem to the answer."""

from __future__ import annotations

import numpy as np

from optimize.siting.covering.bounds import Bounds
from optimize.siting.covering.branch import Branch
from optimize.siting.covering.heuristic import Heuristic
from optimize.siting.covering.instance import Cover, build
from optimize.siting.covering.tables import tables
from optimize.siting.problem import Ints, MaximalCover
from optimize.siting.watch import Watch

_ROUNDS = 24
"""Long annealings at effort 1."""
_HARD = 0.002
"""Relative gap from which searching on pays more than branching at once."""
_SHARE = 0.5
"""Of the time, for searching; the rest is for the bound."""


def solve_maximal(problem: MaximalCover, watch: Watch, seed: int) -> Ints:
    """Return the best set of sites, as indices; the watch knows its value and bound."""
    area = problem.area
    cover = build(area, problem.radius)
    count = problem.count - len(area.kept)
    watch.told(bound=cover.coverable)
    chosen = _chosen(cover, min(count, len(cover.ids)), watch, seed)
    found = cover.chosen(chosen, area)
    # Sites that cover nothing more, where more are asked for than are needed.
    missing = problem.count - len(found)
    unused = np.setdiff1d(area.allowed, found)[:missing]
    return np.sort(np.concatenate([found, unused]))


def _chosen(cover: Cover, count: int, watch: Watch, seed: int) -> Ints:
    if count == 0 or count == len(cover.ids):
        value = cover.covered if count == 0 else cover.coverable
        watch.told(value=value, bound=value)
        return np.arange(count)
    table = tables(cover)
    heuristic = Heuristic(cover, table, watch, seed)
    heuristic.tells = True
    best, value = heuristic.first(count)
    watch.told(value=cover.covered + value)
    if watch.stop():
        return best
    best, value = _better(best, value, *heuristic.cool(best, 300_000), cover, watch)
    bounds = Bounds(cover, table, watch)
    bound = _bound(bounds, cover, count, value, watch)
    if watch.stop():
        return best
    found = heuristic.rounds(best, count, 6, proposals=1_000_000, hot=0.035)
    best, value = _better(best, value, *found, cover, watch)
    bound = _bound(bounds, cover, count, value, watch)
    if not watch.stop() and bound > value * (1 + _HARD):
        began = watch.left
        number = max(round(_ROUNDS * watch.limits.effort), 1)
        found = _search(heuristic, best, count, number, watch, began)
        best, value = _better(best, value, *found, cover, watch)
        bound = _bound(bounds, cover, count, value, watch)
    if watch.stop():
        return best

    def told(value: float, bound: float) -> None:
        watch.told(value=cover.covered + value, bound=cover.covered + bound)

    branch = Branch(cover, table, count, value, watch, told=told, polish=heuristic.polish)
    branch.run(bounds, bound)
    return best if branch.best is None else branch.best


def _search(
    heuristic: Heuristic, best: Ints, count: int, number: int, watch: Watch, began: float
) -> tuple[Ints, float]:
    """Anneal until the number or half of the time is used up."""
    value = heuristic.value(best)
    for _ in range(0, number, 6):
        found, worth = heuristic.rounds(best, count, min(6, number))
        if worth > value:
            best, value = found, worth
        if watch.stop() or watch.left < (1 - _SHARE) * began:
            break
    return best, value


def _bound(bounds: Bounds, cover: Cover, count: int, value: float, watch: Watch) -> float:
    wanted = value + 1 - 1e-6 if cover.whole else value * (1 + 1e-9)
    bound = bounds.most(count, wanted)
    if bound < wanted:
        bound = value
    elif cover.whole:
        bound = float(np.floor(bound + 1e-6))
    watch.told(bound=cover.covered + bound)
    return bound


def _better(
    best: Ints, value: float, other: Ints, worth: float, cover: Cover, watch: Watch
) -> tuple[Ints, float]:
    if worth <= value:
        return best, value
    watch.told(value=cover.covered + worth)
    return other, worth
