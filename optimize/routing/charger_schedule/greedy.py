"""A schedule at once: each stay in turn takes its cheapest session that still fits.

Stays that found no room, and those that paid most above their cheapest session, go first in the
next round (squeaky wheel optimisation, Joslin and Clements 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from optimize.routing.charger_schedule.problem import ChargingProblem
from optimize.routing.charger_schedule.sessions import Option, slot_limit_kw

_NO_ROOM = 1e12
_TOLERANCE_KW = 1e-9


class Room:
    """Free guns and free power, by place and slot of the grid."""

    def __init__(self, problem: ChargingProblem, slots: int) -> None:
        places = range(len(problem.places))
        self.guns = np.array([[problem.places[p].guns] * slots for p in places], dtype=np.int64)
        self.kw = np.array(
            [
                [
                    slot_limit_kw(problem.places[p].limit_kw, slot, problem.step_s)
                    for slot in range(slots)
                ]
                for p in places
            ]
        ).reshape(len(problem.places), slots)

    def fits(self, option: Option, slot_kw: NDArray[np.float64]) -> bool:
        span = slice(option.first_slot, option.first_slot + len(slot_kw))
        return bool(
            (self.guns[option.place, span] > 0).all()
            and (self.kw[option.place, span] >= slot_kw - _TOLERANCE_KW).all()
        )

    def take(self, option: Option, slot_kw: NDArray[np.float64]) -> None:
        span = slice(option.first_slot, option.first_slot + len(slot_kw))
        self.guns[option.place, span] -= 1
        self.kw[option.place, span] -= slot_kw


def schedule(
    problem: ChargingProblem,
    choices: Sequence[Sequence[Option]],
    rounds: int,
    stop: Callable[[], bool],
) -> tuple[list[int | None], float]:
    """Return which option each stay takes (None: no room), and the cost of those taken.

    Fewest without room first, then lowest cost; the best of ``rounds`` rounds.
    """
    slots = max((o.first_slot + len(o.slot_kw) for c in choices for o in c), default=0)
    arrays = [[np.array(o.slot_kw) for o in c] for c in choices]
    by_cost = [sorted(range(len(c)), key=lambda k: (c[k].cost, k)) for c in choices]
    cheapest = [c[order[0]].cost if c else 0.0 for c, order in zip(choices, by_cost, strict=True)]
    # First those with the fewest places to go.
    order = sorted(range(len(choices)), key=lambda i: (len(choices[i]), i))
    blame = np.zeros(len(choices))
    best: tuple[int, float] = (len(choices) + 1, 0.0)
    taken: list[int | None] = [None] * len(choices)
    empty = Room(problem, slots)
    for _ in range(rounds):
        room = Room.__new__(Room)
        room.guns, room.kw = empty.guns.copy(), empty.kw.copy()
        picks: list[int | None] = [None] * len(choices)
        cost, missing = 0.0, 0
        for i in order:
            pick = next((k for k in by_cost[i] if room.fits(choices[i][k], arrays[i][k])), None)
            picks[i] = pick
            if pick is None:
                missing += 1
                blame[i] += _NO_ROOM
                continue
            room.take(choices[i][pick], arrays[i][pick])
            cost += choices[i][pick].cost
            blame[i] += choices[i][pick].cost - cheapest[i]
        if (missing, cost) < best:
            best, taken = (missing, cost), picks
        if stop() or (not missing and cost <= sum(cheapest)):
            break
        blame *= 0.7
        order = sorted(range(len(choices)), key=lambda i: (-blame[i], len(choices[i]), i))
    return taken, best[1]
