"""All that stays the same while routes are searched."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimize.routing.core.arrays import Arrays
from optimize.routing.core.day_arrays import Day
from optimize.routing.core.detours import Detours


class Ground(NamedTuple):
    """Arrays of the problem, room for labels, and who is near whom.

    Attributes
    ----------
    whole_days
        Whether routes need the labelling of whole days; if not, that of straight labels does.
    near
        Other stops of each, nearest first (stops, some).
    far
        Distance of each stop from where trucks start.
    scan
        How many near stops an absent one may be put beside; 0 for all.
    """

    d: Arrays
    w: Detours
    y: Day
    pool: NDArray[np.float64]
    tags: NDArray[np.int64]
    near: NDArray[np.int32]
    far: NDArray[np.float64]
    whole_days: int
    scan: int
    thrifty: int
