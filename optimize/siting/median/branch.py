"""Branch and bound over which sites are open, best bound first, with the Lagrangian bound."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.siting.median.lagrangian import CLOSED, FREE, OPEN, ascend, fix
from optimize.siting.median.swap import greedy, interchange
from optimize.siting.watch import Watch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 60
"""Subgradient steps between two looks at the watch."""
_NODES = 20_000
"""Made at effort 1."""


@dataclass
class _Node:
    state: NDArray[np.int8]
    prices: Floats


class Search:
    """One p-median over a (Z, S) cost matrix.

    Parameters
    ----------
    cost : (Z, S) array
        Finite.
    kept : (S,) mask
        Sites that are open in every answer.
    apart : float
        What a pair without a way costs: a set that costs as much is no answer.
    unit : float
        All values are whole multiples of this, so that a bound is rounded up; 0 if unknown.
    """

    def __init__(
        self, cost: Floats, kept: NDArray[np.bool_], count: int, watch: Watch, *,
        unit: float, apart: float = np.inf,
    ) -> None:  # fmt: skip
        self._watch, self._kept, self._count = watch, kept, count
        self._unit, self._apart = unit, apart
        order = np.argsort(cost, axis=1, kind="stable").astype(np.int32)
        self._order, self._cost = order, np.take_along_axis(cost, order, axis=1)
        self._ids = np.arange(cost.shape[1])  # of the columns still there
        self._tried: set[bytes] = set()
        self.best: Ints = np.empty(0, np.int64)
        self.value = np.inf

    def run(self) -> None:
        """Find the best set (`best`, `value`), telling the watch values and bounds."""
        cost, order = self._cost, self._order
        self._improve(greedy(cost, order, self._kept, self._count), swaps=10_000)
        if self._watch.stop():
            return
        state = np.where(self._kept, OPEN, FREE).astype(np.int8)
        # Between the nearest and the next open site is where good prices lie.
        is_open = np.zeros(cost.shape[1], bool)
        is_open[self.best] = True
        at = np.argsort(~is_open[order], axis=1, kind="stable")[:, :2]
        prices = np.take_along_axis(cost, at, axis=1).mean(axis=1)
        root = self._root(state, prices)
        if root is not None:
            self._branch(*root)

    # --- values ------------------------------------------------------------------------------

    def _improve(self, start: Ints, *, swaps: int) -> None:
        chosen = np.array(start, np.int64)
        scale = 1e-12 * (self.value if np.isfinite(self.value) else float(self._cost.sum()))
        value = float(interchange(self._cost, self._order, chosen, self._kept, swaps, scale))
        if value < self.value:
            self.best, self.value = np.sort(self._ids[chosen]), value
            if value < self._apart:
                self._watch.told(value=value)

    def _target(self) -> float:
        """A bound from here on proves that nothing is better than the best value known."""
        if self._unit:
            return self.value - self._unit * (1 - 1e-6)
        return self.value * (1 - 1e-9)

    def _told(self, bound: float) -> None:
        if bound >= self._target():
            bound = self.value
        elif self._unit:
            bound = self._unit * np.ceil(bound / self._unit - 1e-6)
        self._watch.told(bound=bound)

    # --- bounds ------------------------------------------------------------------------------

    def _root(self, state: NDArray[np.int8], prices: Floats) -> tuple[_Node, float, Floats] | None:
        """Raise the root's bound; return the node, its bound and its branching order, if open."""
        agility, best = 1.0, -np.inf
        kept_prices = prices.copy()
        often = np.zeros(self._cost.shape[1])
        for _ in range(40):
            bound, worth, chosen, often, agility = ascend(
                self._cost, self._order, state, prices, self._count, self._target(), _CHUNK, agility
            )
            if bound > best:
                best, kept_prices = float(bound), prices.copy()
            self._told(best)
            if self._watch.stop() or bound >= self._target():
                return None
            before = self.value
            self._improve(np.flatnonzero(chosen), swaps=10_000)
            if fix(state, worth, chosen, bound, self._target()):
                if self._settled(state):
                    self._watch.told(bound=self.value)
                    return None
                stays = self._compress(state)
                state, often = state[stays], often[stays]
            if agility < 2e-4 and before == self.value:
                break
        return _Node(state, kept_prices), best, often

    def _settled(self, state: NDArray[np.int8]) -> bool:
        """Evaluate a node that leaves nothing to decide; say whether it was one."""
        is_open = int((state == OPEN).sum())
        free = int((state == FREE).sum())
        if is_open < self._count < is_open + free:
            return False
        if is_open == self._count:
            self._improve(np.flatnonzero(state == OPEN), swaps=0)
        elif is_open + free == self._count:
            self._improve(np.flatnonzero(state != CLOSED), swaps=0)
        return True

    def _compress(self, state: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Drop closed sites once they are a third of all; return which columns stay."""
        stays = state != CLOSED
        if stays.sum() > 0.7 * len(state):
            return np.ones(len(state), bool)
        keep = stays[self._order]
        shape = (len(self._cost), int(stays.sum()))
        number = (np.cumsum(stays) - 1).astype(np.int32)
        self._cost = self._cost[keep].reshape(shape)
        self._order = number[self._order[keep]].reshape(shape)
        self._ids, self._kept = self._ids[stays], self._kept[stays]
        return stays

    # --- branching ---------------------------------------------------------------------------

    def _branch(self, root: _Node, bound: float, often: Floats) -> None:
        """Take the node with the lowest bound, open and close its most doubtful site."""
        budget = max(round(_NODES * self._watch.limits.effort), 0)
        heap: list[tuple[float, int, _Node, Floats]] = [(bound, 0, root, often)]
        made = 0
        while heap:
            self._told(heap[0][0])
            if heap[0][0] >= self._target():
                return
            if self._watch.stop() or made >= budget:
                return
            above, _, node, often = heapq.heappop(heap)
            free = np.flatnonzero(node.state == FREE)
            site = free[np.argmin(np.abs(often[free] - 0.5))]
            for side in (CLOSED, OPEN):
                made += 1
                child = self._child(node, int(site), side, above)
                if child is not None:
                    heapq.heappush(heap, (child[0], made, child[1], child[2]))
        self._told(self.value)

    def _child(
        self, node: _Node, site: int, side: int, above: float
    ) -> tuple[float, _Node, Floats] | None:
        state, prices = node.state.copy(), node.prices.copy()
        state[site] = side
        bound, agility, often = above, 0.3, np.zeros(len(state))
        for _ in range(3):
            if self._settled(state):
                return None
            raised, worth, chosen, often, agility = ascend(
                self._cost, self._order, state, prices, self._count, self._target(), _CHUNK, agility
            )
            bound = max(bound, float(raised))
            if raised >= self._target():
                return None
            if not fix(state, worth, chosen, raised, self._target()) and agility < 2e-4:
                break
        if self._settled(state):
            return None
        key = np.flatnonzero(chosen).tobytes()
        if key not in self._tried:
            self._tried.add(key)
            self._improve(np.flatnonzero(chosen), swaps=10_000)
        return bound, _Node(state, prices), often
