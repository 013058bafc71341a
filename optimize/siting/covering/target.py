"""Fewest sites: for a share of the weight, or for every zone, at equal or different costs."""

from __future__ import annotations

import numpy as np

from optimize.siting.answer import Infeasible, Relaxation
from optimize.siting.covering.bounds import Bounds
from optimize.siting.covering.branch import Branch
from optimize.siting.covering.heuristic import Heuristic
from optimize.siting.covering.instance import Cover, build
from optimize.siting.covering.programs import fewest
from optimize.siting.covering.tables import tables
from optimize.siting.highs import solve
from optimize.siting.problem import CoverageTarget, Floats, Ints, SetCover
from optimize.siting.reach import require_reach
from optimize.siting.watch import Watch

_ROUNDS = 12
"""Long annealings for each number of sites, at effort 1."""
_SEARCH = 0.5
"""Of the time, for searching; the rest is for the bound."""
_NEAR = 0.01
"""Relative distance of the bound from the value from which on HiGHS is asked."""
_NODES = 200


def solve_target(problem: CoverageTarget, watch: Watch, seed: int) -> Ints:
    """Return the fewest sites that cover the share, as indices.

    Raises
    ------
    Infeasible
        All allowed sites together cover less: says how much, and which radius would do.
    """
    area = problem.area
    cover = build(area, problem.radius)
    whole = float(area.weights.sum())
    asked = problem.share * (cover.coverable if problem.of_coverable else whole)
    if cover.coverable < asked * (1 - 1e-12):
        nearest = area.distance[:, area.allowed].min(axis=1)
        order = np.argsort(nearest)
        reached = np.cumsum(area.weights[order]) >= asked * (1 - 1e-12)
        needed = float(nearest[order][reached.argmax()]) if reached.any() else np.inf
        ways = [Relaxation("share", problem.share, cover.coverable / whole)]
        if np.isfinite(needed):
            ways.append(Relaxation("radius", problem.radius, needed))
        what = (
            f"all {len(area.allowed)} candidates cover {cover.coverable / whole:.4%} of the weight"
        )
        raise Infeasible(what, where="share", relaxations=ways)
    found = _fewest(cover, asked - cover.covered, watch, seed, len(area.kept))
    return cover.chosen(found, area)


def solve_set_cover(problem: SetCover, watch: Watch, seed: int) -> Ints:
    """Return the cheapest sites that cover every zone, as indices.

    Raises
    ------
    Infeasible
        A zone is beyond the radius of every allowed site.
    """
    area = problem.area
    require_reach(area, problem.radius)
    costs = problem.costs
    cover = build(area, problem.radius, costs, everyone=True)
    if costs is None or np.ptp(costs) == 0.0:
        price = 1.0 if costs is None else float(costs[0])
        if price > 0.0:
            scaled = _Scaled(watch, price)
            found = _fewest(cover, float(cover.weights.sum()), scaled, seed, len(area.kept))
            return cover.chosen(found, area)
        costs = np.zeros(len(area.sites))
    return cover.chosen(_cheapest(cover, costs, float(costs[area.kept].sum()), watch), area)


class _Scaled(Watch):
    """A watch that is told numbers of sites, and passes on what so many cost."""

    def __init__(self, watch: Watch, price: float) -> None:
        self._watch, self._price, self.limits = watch, price, watch.limits

    def told(self, *, value: float | None = None, bound: float | None = None) -> None:
        self._watch.told(
            value=None if value is None else value * self._price,
            bound=None if bound is None else bound * self._price,
        )

    def stop(self) -> bool:
        return self._watch.stop()

    def out_of_time(self) -> None:
        self._watch.out_of_time()

    @property
    def left(self) -> float:
        return self._watch.left

    @property
    def wall_left(self) -> float:
        return self._watch.wall_left


def _fewest(cover: Cover, need: float, watch: Watch, seed: int, kept: int) -> Ints:
    """Fewest sites of the instance that cover ``need``: a bound, a value, and what lies between."""
    total = float(cover.weights.sum())
    slack = 1e-6 if cover.whole else 1e-12 * max(total, 1.0)
    need = float(np.ceil(need - 1e-6)) if cover.whole else need
    if need <= slack:
        watch.told(value=kept, bound=kept)
        return np.empty(0, np.int64)
    table = tables(cover)
    heuristic, bounds = Heuristic(cover, table, watch, seed), Bounds(cover, table, watch)
    best = _greedy(heuristic, len(cover.ids), need - slack)
    watch.told(value=kept + len(best))
    least = _least(bounds, len(best), need - slack)
    watch.told(bound=kept + least)
    best = _quick(heuristic, best, need - slack, watch, kept)
    began = watch.left
    if len(best) - least <= max(1.0, _NEAR * len(best)):
        # HiGHS proves at once what is nearly integral; where it is not, searching pays more.
        best, least = _program(cover, best, least, total - need + slack, watch, kept)
    best = _shrink(heuristic, best, least, need - slack, watch, kept, began)
    while least < len(best) and not watch.stop():
        # Can `least` sites do it? If not, one more is needed, and so on up to the value.
        bound = bounds.most(least, need - slack)
        branch = Branch(
            cover,
            table,
            least,
            need - 1.0 if cover.whole else (need - slack) * (1 - 2e-9),
            watch,
            told=lambda value, bound: None,
            polish=heuristic.polish,
        )
        if bound >= need - slack:
            branch.run(bounds, bound)
        if branch.best is not None:
            best = branch.best
            watch.told(value=kept + least)
        elif bound < need - slack or branch.bound <= branch.value:
            least += 1
            watch.told(bound=kept + least)
        else:
            break
    return best


def _greedy(heuristic: Heuristic, most: int, need: float) -> Ints:
    """Return a prefix of the greedy order that covers enough."""
    order = heuristic.order(most)
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if heuristic.value(order[:middle]) >= need:
            high = middle
        else:
            low = middle + 1
    return order[:high]


def _least(bounds: Bounds, most: int, need: float) -> int:
    """Return the smallest number of sites the bound does not rule out, by bisection."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if bounds.most(middle, need, rounds=4) < need:
            low = middle
        else:
            high = middle
    while low < most and bounds.most(low + 1, need) < need:
        low += 1
    return low + 1


def _quick(heuristic: Heuristic, best: Ints, need: float, watch: Watch, kept: int) -> Ints:
    """Leave out the least useful site and anneal shortly, as long as that succeeds."""
    while len(best) > 1 and not watch.stop():
        chosen, value = heuristic.cool(heuristic.without_least(best), 1_000_000, need, hot=0.03)
        if value < need:
            return best
        best = chosen
        watch.told(value=kept + len(best))
    return best


def _shrink(
    heuristic: Heuristic, best: Ints, least: int, need: float, watch: Watch, kept: int, began: float
) -> Ints:
    """Anneal long for one site less, as long as that succeeds."""
    number = max(round(_ROUNDS * watch.limits.effort), 1)
    while len(best) > least and not watch.stop():
        found, value = heuristic.without_least(best), -np.inf
        for _ in range(0, number, 3):
            found, value = heuristic.rounds(found, len(best) - 1, min(3, number), need)
            if value >= need or watch.stop() or watch.left < (1 - _SEARCH) * began:
                break
        if value < need:
            return best
        best = found
        watch.told(value=kept + len(best))
    return best


def _program(
    cover: Cover, best: Ints, least: int, spare: float, watch: Watch, kept: int
) -> tuple[Ints, int]:
    """Ask HiGHS for fewer; return the best set and the bound."""
    if least >= len(best) or watch.stop():
        return best, least
    sites = len(cover.ids)
    program = fewest(cover, np.ones(sites), spare, at_least=float(least))
    solved = solve(program, watch, unit=1.0, nodes=round(_NODES * watch.limits.effort) + 1)
    if solved.x is not None and round(solved.value) < len(best):
        best = np.flatnonzero(solved.x[:sites] > 0.5)
        watch.told(value=kept + len(best))
    if np.isfinite(solved.bound):
        least = min(max(least, int(np.ceil(solved.bound - 1e-6))), len(best))
        watch.told(bound=kept + least)
    return best, least


def _cheapest(cover: Cover, costs: Floats, kept: float, watch: Watch) -> Ints:
    """Cheapest cover at different costs: HiGHS on the reduced program, from a greedy start."""
    own = costs[cover.ids]
    if not len(own):
        watch.told(value=kept, bound=kept)
        return np.empty(0, np.int64)
    chosen: list[int] = []
    left = np.ones(len(cover.weights), bool)
    while left.any():
        gains = cover.by_site @ left.astype(float)
        ratio = np.divide(gains, own, out=np.full(len(own), np.inf), where=own > 0)
        site = int(np.argmax(np.where(gains > 0, ratio, -1.0)))
        chosen.append(site)
        left[cover.by_site[site].indices] = False
    start = np.zeros(len(own))
    start[chosen] = 1.0
    watch.told(value=kept + float(own @ start), bound=kept)
    unit = 1.0 if bool((costs == np.floor(costs)).all()) else 0.0
    solved = solve(
        fewest(cover, own, 0.0), watch, start=start, unit=unit,
        nodes=round(100_000 * watch.limits.effort) + 1, offset_told=kept,
    )  # fmt: skip
    x = start if solved.x is None or solved.value > own @ start else solved.x
    watch.told(value=kept + float(own @ np.round(x)))
    if np.isfinite(solved.bound):
        bound = np.ceil(solved.bound - 1e-6) if unit else solved.bound
        watch.told(bound=kept + float(bound))
    return np.flatnonzero(x > 0.5)
