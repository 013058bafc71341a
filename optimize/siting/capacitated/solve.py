"""Capacitated location from the problem to the answer."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.siting.answer import Infeasible, Relaxation, Shares
from optimize.siting.capacitated.lagrangian import CLOSED, FREE, OPEN, ascend
from optimize.siting.capacitated.programs import location, transport
from optimize.siting.highs import solve
from optimize.siting.problem import Capacitated, Floats, Ints
from optimize.siting.reach import require_reach
from optimize.siting.watch import Watch

_SMALL = 3000
"""Pairs of a zone and a site that may be open, up to which HiGHS takes the whole."""
_STEPS = 60
_NODES = 4000


def solve_capacitated(problem: Capacitated, watch: Watch, seed: int) -> tuple[Ints, Shares]:
    """Return the open sites and who serves whom; the watch knows the cost and its bound.

    Raises
    ------
    Infeasible
        The capacity is not enough, or not where it can be reached.
    """
    require_reach(problem.area)
    _require_capacity(problem)
    search = _Search(problem, watch, seed)
    search.run()
    if search.best is None:
        raise _explained(problem)
    return search.best


def _require_capacity(problem: Capacitated) -> None:
    area = problem.area
    allowed = area.allowed
    demand, room = float(area.weights.sum()), float(problem.capacity[allowed].sum())
    if demand > room * (1 + 1e-9):
        raise Infeasible(
            "all candidates together have too little capacity", where="capacity",
            relaxations=[
                Relaxation("capacity in all", room, demand),
                Relaxation("demand in all", demand, room),
            ],
        )  # fmt: skip
    if problem.single:
        fits = np.isfinite(problem.cost[:, allowed])
        largest = np.where(fits, problem.capacity[allowed], 0.0).max(axis=1)
        for zone in np.flatnonzero(area.weights > largest)[:1]:
            raise Infeasible(
                f"zone {area.zones[zone]} is larger than every site it reaches, and must not be "
                "split",
                where=f"weights/{area.zones[zone]}",
                relaxations=[Relaxation("capacity", float(largest[zone]),
                                        float(area.weights[zone]))],
            )  # fmt: skip


def _explained(problem: Capacitated) -> Infeasible:
    """Return the error with the demand that finds no room even if every allowed site is open."""
    area, allowed = problem.area, problem.area.allowed
    cost = np.where(np.isfinite(problem.cost[:, allowed]), 0.0, np.inf)
    # A site out of nowhere, with all the room it takes: what it serves is what is missing.
    wide = np.concatenate([cost, area.weights[:, None]], axis=1)
    room = np.concatenate([problem.capacity[allowed], [area.weights.sum()]])
    program, _, _ = transport(wide, area.weights, room, single=problem.single)
    missing = solve(program, seconds=30.0).value
    if missing <= 1e-9:
        return Infeasible("no plan was found in the time given", where="limits/seconds")
    within = float(problem.capacity[allowed].sum())
    return Infeasible(
        f"a demand of {missing:.9g} finds no site it can reach with room left", where="capacity",
        relaxations=[Relaxation("capacity within reach of the unserved", within, within + missing)],
    )  # fmt: skip


@dataclass
class _Node:
    state: NDArray[np.int8]
    prices: Floats
    often: Floats


class _Search:
    """Best bound first over which sites are open; what little is left goes to HiGHS."""

    def __init__(self, problem: Capacitated, watch: Watch, seed: int) -> None:
        allowed = problem.area.allowed
        self._problem, self._watch, self._seed, self._allowed = problem, watch, seed, allowed
        self._cost = np.ascontiguousarray(problem.cost[:, allowed])
        self._demand = problem.area.weights
        self._opening, self._capacity = problem.opening[allowed], problem.capacity[allowed]
        finite = self._cost[np.isfinite(self._cost)]
        # Never worth it, and finite, which the compiled bound wants.
        far = 1e3 * (float(finite.max(initial=1.0)) + float(self._opening.max()) + 1.0)
        self._by_site = np.ascontiguousarray(np.where(np.isfinite(self._cost), self._cost, far).T)
        self.best: tuple[Ints, Shares] | None = None
        self.value = np.inf
        self._tried: set[bytes] = set()

    def run(self) -> None:
        kept = np.isin(self._allowed, self._problem.area.kept)
        state = np.where(kept, OPEN, FREE).astype(np.int8)
        if self._cost.size <= _SMALL:
            # So small that HiGHS proves it faster than anything of ours gets going.
            self._program(state)
            if self.best is None:
                self._serve(np.ones(len(state), bool), surely=True)
            return
        prices = np.partition(self._by_site, 1, axis=0)[1] if len(self._by_site) > 1 else (
            self._by_site[0].copy()
        )  # fmt: skip
        node = _Node(state, prices, np.zeros(len(state)))
        self._serve(np.ones(len(state), bool), surely=True)
        bound = -np.inf
        agility = 1.0
        for _ in range(12):
            found, agility = self._raise(node, agility)
            bound = max(bound, found)
            self._watch.told(bound=min(bound, self.value))
            if bound >= self._target() or agility < 1e-3 or self._watch.stop():
                break
            self._open_lately(node)
        if not self._watch.stop():
            self._improve(node)
            self._fix_again(node)
            self._branch(node, bound)

    # --- bound -------------------------------------------------------------------------------

    def _target(self) -> float:
        return self.value * (1 - 1e-9)

    def _raise(self, node: _Node, agility: float) -> tuple[float, float]:
        """Raise a node's bound and fix its sites; return the bound and the steps' length."""
        target = self._target()
        if not np.isfinite(target):
            target = float(self._opening.sum() + self._by_site.min(axis=0).sum())
        bound, if_open, if_closed, often, agility = ascend(
            self._by_site, self._demand, self._opening, self._capacity, node.state, node.prices,
            target, _STEPS, agility,
        )  # fmt: skip
        node.often = often
        if np.isfinite(self.value):
            node.state[(node.state == FREE) & (if_open >= target)] = CLOSED
            node.state[(node.state == FREE) & (if_closed >= target)] = OPEN
        return float(bound), float(agility)

    def _fix_again(self, node: _Node) -> None:
        """One step at the root's prices, to fix what a better value allows."""
        self._raise(node, 1e-3)

    # --- values ------------------------------------------------------------------------------

    def _open_lately(self, node: _Node) -> None:
        """Serve from the sites that were mostly open, and enough of the others."""
        order = np.lexsort((np.arange(len(node.often)), -node.often))
        order = order[node.state[order] != CLOSED]
        room = np.cumsum(self._capacity[order])
        number = int(np.searchsorted(room, self._demand.sum() * (1 - 1e-12))) + 1
        mask = node.state == OPEN
        mask[order[: max(number, int((node.often > 0.5).sum()))]] = True
        self._serve(mask)

    def _improve(self, node: _Node) -> None:
        """Swap, close or open one site of the best plan, among those the bound leaves doubtful."""
        tries = round(60 * self._watch.limits.effort)
        better = True
        while better and tries > 0:
            better = False
            inside = np.zeros(len(node.state), bool)
            if self.best is None:
                return
            inside[np.isin(self._allowed, self.best[0])] = True
            doubtful = np.flatnonzero(node.state == FREE)
            ranked = doubtful[np.argsort(-node.often[doubtful], kind="stable")]
            ins = [k for k in ranked if not inside[k]][:6]
            outs = [k for k in ranked[::-1] if inside[k]][:4]
            moves = [(i, o) for i in [*ins, -1] for o in [*outs, -1] if (i, o) != (-1, -1)]
            for enter, leave in moves:
                mask = inside.copy()
                if enter >= 0:
                    mask[enter] = True
                if leave >= 0:
                    mask[leave] = False
                tries -= 1
                if self._serve(mask):
                    better = True
                    break
                if tries <= 0 or self._watch.stop():
                    return

    def _serve(self, mask: NDArray[np.bool_], *, surely: bool = False) -> bool:
        """Serve everybody from the sites in the mask; say whether that is the best plan so far.

        The first plan is made ``surely``: the watch does not cut it short.
        """
        if mask.tobytes() in self._tried or self._capacity[mask].sum() < self._demand.sum() * (
            1 - 1e-12
        ):
            return False
        self._tried.add(mask.tobytes())
        sites = np.flatnonzero(mask)
        program, zone, site = transport(
            self._cost[:, sites], self._demand, self._capacity[sites], single=self._problem.single
        )
        nodes = 200 if self._problem.single else None
        solved = solve(program, None if surely else self._watch, nodes=nodes)
        if solved.x is None:
            return False
        return self._keep(sites, zone, site, solved.x[len(sites) :])

    def _keep(self, sites: Ints, zone: Ints, site: Ints, share: Floats) -> bool:
        if self._problem.single:
            share = np.round(share)
        used = share > 1e-9
        zone, site, share = zone[used], sites[site[used]], share[used]
        is_open = np.isin(np.arange(len(self._opening)), site)
        is_open |= np.isin(self._allowed, self._problem.area.kept)
        value = float(self._opening[is_open].sum() + (self._cost[zone, site] * share).sum())
        if value >= self.value - 1e-12 * abs(value):
            return False
        self.value = value
        shares = Shares(zone, self._allowed[site], share)
        self.best = self._allowed[is_open], shares
        self._watch.told(value=value)
        return True

    # --- branching ---------------------------------------------------------------------------

    def _branch(self, root: _Node, bound: float) -> None:
        heap = [(bound, 0, root)]
        made, most = 0, round(_NODES * self._watch.limits.effort)
        while heap:
            self._watch.told(bound=min(heap[0][0], self.value))
            if heap[0][0] >= self._target() or made >= most or self._watch.stop():
                if heap[0][0] >= self._target():
                    self._watch.told(bound=self.value)
                return
            above, _, node = heapq.heappop(heap)
            free = np.flatnonzero(node.state == FREE)
            if (node.state != CLOSED).sum() * len(self._demand) <= _SMALL or not len(free):
                left = self._program(node.state)
                if left < self._target():
                    heapq.heappush(heap, (max(above, left), made, node))
                    self._watch.told(bound=min(heap[0][0], self.value))
                    return
                continue
            site = int(free[np.argmin(np.abs(node.often[free] - 0.5))])
            for side in (CLOSED, OPEN):
                made += 1
                child = _Node(node.state.copy(), node.prices.copy(), node.often)
                child.state[site] = side
                lower, agility = above, 0.3
                for _ in range(2):
                    found, agility = self._raise(child, agility)
                    lower = max(lower, found)
                    if lower >= self._target():
                        break
                if lower < self._target():
                    self._open_lately(child)
                    heapq.heappush(heap, (lower, made, child))
        self._watch.told(bound=self.value)

    def _program(self, state: NDArray[np.int8]) -> float:
        """Solve what is left by HiGHS; return a bound on it (the best value, if it is proved)."""
        sites = np.flatnonzero(state != CLOSED)
        if self._capacity[sites].sum() < self._demand.sum() * (1 - 1e-12):
            return self.value
        program, zone, site = location(
            self._cost[:, sites], self._demand, self._opening[sites], self._capacity[sites],
            (state[sites] == OPEN).astype(float), single=self._problem.single,
        )  # fmt: skip
        whole = len(sites) == len(self._allowed)
        solved = solve(program, self._watch, offset_told=0.0 if whole else None, seed=self._seed)
        if solved.x is not None:
            self._keep(sites, zone, site, solved.x[len(sites) :])
        if solved.finished:
            if whole:
                self._watch.told(bound=self.value)
            return self.value
        if whole:
            self._watch.told(bound=min(solved.bound, self.value))
        return solved.bound
