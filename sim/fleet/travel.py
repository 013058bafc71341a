"""How far it is between the places of a case, now: tables that change with the streets."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.signals import Signals

Floats = NDArray[np.float64]


class Travel(Protocol):
    """Tables between places (N), and what closed streets do to them.

    Attributes
    ----------
    distance_m, duration_s : (N, N) arrays
        Present tables; replaced, never altered, by `update`.
    """

    distance_m: Floats
    duration_s: Floats

    def fresh(self) -> Travel:
        """Return the state of a new run, with all streets as usual."""
        ...

    def update(self, topic: str, signals: Signals, now_s: float) -> bool:
        """Take over what a topic says of the streets now; whether any way has changed."""
        ...

    def way_from(self, place: int) -> tuple[Floats, Floats]:
        """Return the way to every place, m and s, (N,); from N on ``place`` is a street node."""
        ...

    def street_end(
        self, origin: int, target: int, done: float, now_s: float
    ) -> tuple[float, float, int] | None:
        """Return where a truck that has done a share of a way (in time) can turn off.

        Parameters
        ----------
        origin, target : int
            The way, by the tables of when the truck left; a street node from N on.
        done : float
            Share of the driving time behind it.

        Returns
        -------
        (share, share_m, node) or None
            Shares of the way's time and length at the end of the street it is in, and the street
            node there; none if it goes on to the target.
        """
        ...


class MatrixTravel:
    """Given tables; streets are not known, so nothing changes them."""

    def __init__(self, distance_m: Floats, duration_s: Floats) -> None:
        self.distance_m = distance_m
        self.duration_s = duration_s

    def fresh(self) -> MatrixTravel:
        return self

    def update(self, topic: str, signals: Signals, now_s: float) -> bool:
        return False

    def way_from(self, place: int) -> tuple[Floats, Floats]:
        return self.distance_m[place], self.duration_s[place]

    def street_end(
        self, origin: int, target: int, done: float, now_s: float
    ) -> tuple[float, float, int] | None:
        return None
