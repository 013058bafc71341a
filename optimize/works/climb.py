"""The next set to simulate: a good one by the surrogate that was not simulated yet.

Steepest ascent over exchanges of one or two candidates at a time, with a short memory of what was
just exchanged (tabu search; Glover 1989), so that it leaves a summit and looks behind it. It takes
milliseconds; how good its answers are is told by the proven bound of `optimize.works.bound`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from optimize.works.problem import Chosen, Problem, units_of
from optimize.works.surrogate import Surrogate

Floats = NDArray[np.float64]

_STEPS = 60
_MEMORY = 4  # steps for which an exchanged candidate stays as it is
_LOOKED_AT = 40  # best moves of a step that are looked at closely


def next_set(
    surrogate: Surrogate,
    problem: Problem,
    budget: float,
    *,
    starts: Collection[Chosen],
    seen: Collection[Chosen],
    near: tuple[Chosen, int] | None = None,
) -> Chosen | None:
    """Return the best set met that is within the budget and not among `seen`; none if there is
    none.

    Parameters
    ----------
    starts
        Consistent sets within the budget (and `near`) to climb from.
    near
        (set, most candidates in which the answer may differ from it).
    """
    climb = _Climb(surrogate, problem, budget, frozenset(seen), near)
    for start in starts:
        climb.run(start)
    return climb.best


class _Climb:
    def __init__(
        self,
        surrogate: Surrogate,
        problem: Problem,
        budget: float,
        seen: frozenset[Chosen],
        near: tuple[Chosen, int] | None,
    ) -> None:
        self._ids, self._problem, self._seen = surrogate.ids, problem, seen
        self._single = surrogate.single
        self._both: Floats = surrogate.pair + surrogate.pair.T
        # Two exchanges (row, column) at a time; one exchange stands on the diagonal.
        self._cost = np.array([problem.cost_units[name] for name in self._ids], dtype=float)
        self._budget = float(units_of(budget))
        self._centre: Floats | None = None
        self._radius = len(self._ids)
        if near is not None:
            self._centre, self._radius = self._vector(near[0]), near[1]
        self._lower = np.tril_indices(len(self._ids), -1)
        self.best: Chosen | None = None
        self._best_value = -np.inf

    def run(self, start: Chosen) -> None:
        """Climb from a set for a number of steps."""
        x = self._vector(start)
        frozen_until = np.zeros(len(self._ids), dtype=int)
        for step in range(_STEPS):
            move = self._move(x, frozen_until > step)
            if move is None:
                return
            x = x.copy()
            x[list(move)] = 1.0 - x[list(move)]
            frozen_until[list(move)] = step + 1 + _MEMORY

    def _move(self, x: Floats, frozen: NDArray[np.bool_]) -> set[int] | None:
        """Return the best move that the rules allow, and remember the best set not seen yet."""
        sign = 1.0 - 2.0 * x
        alone = sign * (self._single + self._both @ x)
        gain = alone[:, None] + alone[None, :] + np.outer(sign, sign) * self._both
        cost = sign * self._cost
        more = cost[:, None] + cost[None, :]
        np.fill_diagonal(gain, alone)
        np.fill_diagonal(more, cost)
        gain[more > self._budget - self._cost @ x + 0.5] = -np.inf
        if self._centre is not None:
            away = np.where(x == self._centre, 1, -1)
            distance = int(np.abs(x - self._centre).sum())
            steps = away[:, None] + away[None, :]
            np.fill_diagonal(steps, away)
            gain[distance + steps > self._radius] = -np.inf
        gain[self._lower] = -np.inf
        value = float(self._single @ x + x @ self._both @ x / 2.0)
        chosen_move: set[int] | None = None
        order = np.argsort(-gain, axis=None, kind="stable")
        looked_at = 0
        for flat in order:
            i, j = divmod(int(flat), len(self._ids))
            if not np.isfinite(gain[i, j]):
                break
            free = not (frozen[i] or frozen[j])
            better = value + gain[i, j] > self._best_value
            if not better and chosen_move is not None:
                break
            looked_at += 1
            if looked_at > _LOOKED_AT + len(self._seen):
                break
            if not better and not free:
                continue
            chosen = self._set(x, {i, j})
            if not self._problem.consistent(chosen):
                continue
            if chosen not in self._seen and better:
                self.best, self._best_value = chosen, value + float(gain[i, j])
            if chosen_move is None and free:
                chosen_move = {i, j}
        return chosen_move

    def _vector(self, chosen: Chosen) -> Floats:
        return np.array([name in chosen for name in self._ids], dtype=float)

    def _set(self, x: Floats, flipped: set[int]) -> Chosen:
        pairs = enumerate(self._ids)
        return frozenset(name for k, name in pairs if bool(x[k]) != (k in flipped))
