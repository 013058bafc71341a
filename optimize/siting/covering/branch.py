"""Branch and bound for maximal cover with the Lagrangian bound, small remainders by HiGHS."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.siting.covering.bounds import Bounds
from optimize.siting.covering.instance import Cover
from optimize.siting.covering.lagrangian import descend, fix
from optimize.siting.covering.programs import least_uncovered
from optimize.siting.covering.tables import Tables
from optimize.siting.highs import solve
from optimize.siting.problem import Floats, Ints
from optimize.siting.watch import Watch

_STEPS, _TRIES = 150, 2
_SMALL = 60
"""Free sites that HiGHS decides in a hundredth of a second."""
_NODES = 4000
"""At effort 1."""


@dataclass
class _Node:
    state: NDArray[np.int8]
    prices: Floats
    often: Floats


class Branch:
    """Which ``count`` sites cover most, if any cover more than ``value``.

    Attributes
    ----------
    best : array or None
        A set that covers more than was known at the start, if one was found.
    value : float
        What it covers.
    bound : float
        No set covers more.
    """

    def __init__(
        self, cover: Cover, tables: Tables, count: int, value: float, watch: Watch, *,
        told: Callable[[float, float], None], polish: Callable[[Ints], tuple[Ints, float]],
    ) -> None:  # fmt: skip
        self._cover, self._t, self._count, self._watch = cover, tables.covers, count, watch
        self._told, self._polish = told, polish
        self.best: Ints | None = None
        self.value = value
        self.bound = float(cover.weights.sum())
        self._tried: set[bytes] = set()

    def run(self, root: Bounds, bound: float) -> None:
        """Branch from the root's bound until proved, or the watch or the counted effort ends it."""
        self.bound = bound
        first = _Node(root.state.copy(), root.prices.copy(), root.often)
        heap = [(-bound, 0, first)]
        made, most = 0, round(_NODES * self._watch.limits.effort)
        while heap:
            self._lower(-heap[0][0])
            if self.bound <= self.value or made >= most or self._watch.stop():
                return
            minus, _, node = heapq.heappop(heap)
            free = np.flatnonzero(node.state == 0)
            if len(free) <= _SMALL:
                left = self._finish(node, -minus)
                if left is not None:
                    heapq.heappush(heap, (-left, made, node))
                    self._lower(-heap[0][0])
                    return
                continue
            site = int(free[np.argmin(np.abs(node.often[free] - 0.5))])
            for side in (1, -1):
                made += 1
                child = self._child(node, site, side, -minus)
                if child is not None:
                    heapq.heappush(heap, (-child[0], made, child[1]))
        self._lower(self.value)

    def _wanted(self) -> float:
        """What the next set must cover."""
        return self.value + 1 - 1e-6 if self._cover.whole else self.value * (1 + 1e-9)

    def _lower(self, bound: float) -> None:
        if bound < self._wanted():
            bound = self.value
        elif self._cover.whole:
            bound = float(np.floor(bound + 1e-6))
        if bound < self.bound:
            self.bound = bound
        self._told(self.value, self.bound)

    def _child(
        self, parent: _Node, site: int, side: int, bound: float
    ) -> tuple[float, _Node] | None:
        state, prices = parent.state.copy(), parent.prices.copy()
        state[site], agility, often = side, 0.3, parent.often
        for _ in range(_TRIES):
            if (state == 1).sum() >= self._count or (state != -1).sum() <= self._count:
                break
            found, worth, chosen, often, agility = descend(
                self._t, state, prices, self._count, self._wanted(), _STEPS, agility
            )
            bound = min(bound, float(found))
            if bound < self._wanted():
                return None
            fix(state, worth, chosen, found, self._wanted())
            key = np.flatnonzero(chosen)
            if len(key) == self._count and key.tobytes() not in self._tried:
                self._tried.add(key.tobytes())
                self._better(*self._polish(key))
        return bound, _Node(state, prices, often)

    def _finish(self, node: _Node, bound: float) -> float | None:
        """Decide what is left free; return a bound if that was cut short."""
        program, free, forced = least_uncovered(self._cover, self._count, node.state)
        total = float(self._cover.weights.sum())
        if len(forced) > self._count:
            return None
        solved = solve(program, self._watch, unit=self._cover.unit)
        if solved.x is not None and total - solved.value > self.value:
            chosen = np.concatenate([forced, free[solved.x[: len(free)] > 0.5]])
            rest = np.setdiff1d(np.arange(len(self._cover.ids)), chosen)
            self._better(
                np.concatenate([chosen, rest[: self._count - len(chosen)]]), total - solved.value
            )
        return None if solved.finished else min(bound, total - solved.bound)

    def _better(self, chosen: Ints, value: float) -> None:
        if value > self.value + 1e-9 * abs(self.value):
            self.best, self.value = np.sort(chosen), value
            self._told(value, self.bound)
