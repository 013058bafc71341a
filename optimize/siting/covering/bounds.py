"""A bound on what so many sites cover, and the sites it decides for good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.siting.covering.instance import Cover
from optimize.siting.covering.lagrangian import descend, fix
from optimize.siting.covering.tables import Tables
from optimize.siting.watch import Watch

_STEPS = 400


class Bounds:
    """The Lagrangian bound of one instance; prices are kept from one number of sites to the next.

    Attributes
    ----------
    state : (S,) array
        Of the last call: 0 free, 1 open, -1 closed in every set that covers more than was asked.
    prices : (Z,) array
        The best found.
    often : (S,) array
        How often each site was chosen lately, 0 to 1.
    """

    def __init__(self, cover: Cover, tables: Tables, watch: Watch) -> None:
        self._cover, self._t, self._watch = cover, tables.covers, watch
        self.prices = 0.5 * cover.weights
        self.state: NDArray[np.int8] = np.zeros(len(cover.ids), np.int8)
        self.often = np.zeros(len(cover.ids))

    def most(self, count: int, wanted: float, rounds: int = 12) -> float:
        """Return a bound on the weight (of the zones here) that ``count`` sites cover.

        Parameters
        ----------
        wanted : float
            Sites are decided such that no set covering at least this is lost. Ends once the bound
            is below.
        """
        self.state[:] = 0
        agility, best = 1.0, float(self._cover.weights.sum())
        for _ in range(rounds):
            bound, worth, chosen, self.often, agility = descend(
                self._t, self.state, self.prices, count, wanted, _STEPS, agility
            )
            if bound < best:
                best = float(bound)
            fix(self.state, worth, chosen, bound, wanted)
            if best < wanted or agility < 1e-3 or self._watch.stop():
                break
            if (self.state == 1).sum() >= count or (self.state != -1).sum() <= count:
                break
        return best
