"""How fast traffic flows by the hour, and when a drive ends that begins at a moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sim.kernel.errors import InputError
from sim.streets.graph import Floats


class SpeedProfile:
    """From each moment until the next, everything drives at a factor times its free speed.

    The last factor holds for good, and the first for moments before 0. Whoever leaves later
    arrives later (Ichoua, Gendreau and Potvin 2003, European Journal of Operational Research 144).

    Parameters
    ----------
    from_s, factor : (K,)
        The first moment is 0, the others rise; factors are over 0.

    Raises
    ------
    InputError
        If they are not.
    """

    def __init__(self, from_s: Sequence[float] | Floats, factor: Sequence[float] | Floats) -> None:
        self.from_s = np.asarray(from_s, dtype=float)
        self.factor = np.asarray(factor, dtype=float)
        sound = (
            self.from_s.ndim == 1
            and self.from_s.shape == self.factor.shape
            and self.from_s.size > 0
            and self.from_s[0] == 0.0
            and bool(np.all(np.diff(self.from_s) > 0.0))
            and bool(np.all(np.isfinite(self.from_s)))
            and bool(np.all((self.factor > 0.0) & np.isfinite(self.factor)))
        )
        if not sound:
            raise InputError(
                "not a profile of speeds", where="speed profile",
                value=(self.from_s.tolist(), self.factor.tolist()),
                expected="moments that rise from 0, and as many factors over 0",
            )  # fmt: skip

    @cached_property
    def _driven(self) -> Floats:
        """What is driven until each moment, in seconds at factor 1."""
        return np.concatenate(([0.0], np.cumsum(np.diff(self.from_s) * self.factor[:-1])))

    def arrival_s(self, leave_s: float, free_s: float) -> float:
        """Return when a drive ends that takes `free_s` at factor 1; infinite if that is.

        What is driven until a moment is the integral of the factor, which is inverted.
        """
        if not math.isfinite(free_s):
            return math.inf
        if self.from_s.size == 1 or leave_s >= self.from_s[-1]:
            return leave_s + free_s / float(self.factor[-1])
        if leave_s < 0.0:
            before = leave_s * float(self.factor[0])
        else:
            before = float(np.interp(leave_s, self.from_s, self._driven))
        target = before + free_s
        if target >= self._driven[-1]:
            return float(self.from_s[-1] + (target - self._driven[-1]) / self.factor[-1])
        if target < 0.0:
            return target / float(self.factor[0])
        return float(np.interp(target, self._driven, self.from_s))
