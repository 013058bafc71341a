"""Good sets for maximal cover: greedy, annealing from many starts, recombination of the best.

What was measured on 10,000 zones and 1,000 sites near saturation is in
docs/verification/siting.md: annealing is mostly ahead of tabu search, which is left to polish.
"""

from __future__ import annotations

import numpy as np

from optimize.siting.covering.anneal import anneal
from optimize.siting.covering.instance import Cover
from optimize.siting.covering.tables import Tables
from optimize.siting.covering.tabu import greedy, search
from optimize.siting.problem import Ints
from optimize.siting.watch import Watch

_ELITE = 6
LONG = 4_000_000
"""Proposals of one long annealing."""
_HOT = 0.07
"""First temperature, as a fraction of what a site covers on average."""
_COOLING = 50.0
_SLICE = 1_000_000
"""Proposals between two looks at the watch."""


class Heuristic:
    """Sets of sites of one instance, the best kept by how many they are."""

    def __init__(self, cover: Cover, tables: Tables, watch: Watch, seed: int) -> None:
        self._cover, self._tables, self._watch = cover, tables, watch
        self._draw = np.random.default_rng([seed, 7])

    def first(self, count: int, enough: float = np.inf) -> tuple[Ints, float]:
        """Return a set by greedy and a little tabu search; fast."""
        everything = np.ones(len(self._cover.ids), bool)
        start = greedy(self._tables.covers, np.empty(0, np.int64), count, everything)
        return self.polish(start, enough)

    def order(self, count: int) -> Ints:
        """Return sites in the order in which greedy opens them."""
        everything = np.ones(len(self._cover.ids), bool)
        return np.asarray(
            greedy(self._tables.covers, np.empty(0, np.int64), count, everything), np.int64
        )

    def without_least(self, chosen: Ints) -> Ints:
        """Return the set without the site whose zones are best covered by the others."""
        t = self._tables
        times = np.zeros(len(self._cover.weights), np.int64)
        zones = [t.site_zone[t.site_start[k] : t.site_start[k + 1]] for k in chosen]
        for each in zones:
            times[each] += 1
        lost = [self._cover.weights[each[times[each] == 1]].sum() for each in zones]
        return np.delete(chosen, int(np.argmin(lost)))

    def cool(
        self, chosen: Ints, proposals: int, enough: float = np.inf, *, hot: float = _HOT
    ) -> tuple[Ints, float]:
        """Return the best set of one annealing from ``chosen``."""
        chosen = chosen.copy()
        if len(chosen) in (0, len(self._cover.ids)):
            return chosen, self.value(chosen)
        average = self._cover.weights.sum() / len(chosen)
        slices = max(-(-proposals // _SLICE), 1)
        step = _COOLING ** (-1.0 / slices)
        best, value = chosen, -np.inf
        warm = hot * average
        t = self._tables
        for _ in range(slices):
            found = anneal(
                t.covers, t.near_start, t.near_site, chosen, min(proposals, _SLICE), warm,
                warm * step, enough, self._seed(),
            )  # fmt: skip
            if found > value:
                best, value = chosen.copy(), float(found)
            warm *= step
            if value >= enough or self._watch.stop():
                break
        return best, value

    def rounds(
        self, start: Ints, count: int, number: int, enough: float = np.inf, *,
        proposals: int = LONG, hot: float = _HOT,
    ) -> tuple[Ints, float]:  # fmt: skip
        """Return the best of ``number`` annealings, every third from a recombination."""
        elite: list[tuple[float, tuple[int, ...]]] = [
            (self.value(start), tuple(int(k) for k in np.sort(start)))
        ]
        for k in range(number):
            if self._watch.stop() or elite[0][0] >= enough:
                break
            if k % 3 == 2 and len(elite) > 1:
                first, second = self._draw.choice(len(elite), 2, replace=False)
                child = self._recombined(elite[int(first)][1], elite[int(second)][1], count)
                chosen, _ = self.cool(child, proposals // 2, enough, hot=0.3 * hot)
            else:
                fresh = self._draw.choice(len(self._cover.ids), count, replace=False)
                chosen, _ = self.cool(fresh.astype(np.int64), proposals, enough, hot=hot)
            chosen, value = self.polish(chosen, enough)
            one = (value, tuple(int(site) for site in np.sort(chosen)))
            if one not in elite:
                elite = sorted([*elite, one], key=lambda each: (-each[0], each[1]))[:_ELITE]
            self._watch_told(elite[0][0])
        return np.array(elite[0][1], np.int64), elite[0][0]

    def value(self, chosen: Ints) -> float:
        """Return what a set covers, summed afresh."""
        seen = np.zeros(len(self._cover.weights), bool)
        for site in chosen:
            a, b = self._tables.site_start[site : site + 2]
            seen[self._tables.site_zone[a:b]] = True
        return float(self._cover.weights[seen].sum())

    def _watch_told(self, value: float) -> None:
        if self.tells:
            self._watch.told(value=self._cover.covered + value)

    tells = False
    """Whether the watch counts covered weight, and is to be told of it."""

    def polish(self, chosen: Ints, enough: float = np.inf) -> tuple[Ints, float]:
        """Return the best set of a little tabu search."""
        chosen = chosen.copy()
        if 0 < len(chosen) < len(self._cover.ids):
            t = self._tables
            search(t.covers, t.near_start, t.near_site, chosen, 1000, 300, enough, self._seed())
        return chosen, self.value(chosen)

    def _recombined(self, first: tuple[int, ...], second: tuple[int, ...], count: int) -> Ints:
        """Return what both have, filled up greedily with what one of them has."""
        common = np.array(sorted(set(first) & set(second)), np.int64)
        either = np.zeros(len(self._cover.ids), bool)
        either[list(set(first) | set(second))] = True
        return greedy(self._tables.covers, common, count, either)

    def _seed(self) -> int:
        return int(self._draw.integers(1, 2**31 - 2))
