"""The watch of one solve: its limits, who may cancel it, and who is told how it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from optimize.siting.answer import Limits, StopReason, relative_gap


@dataclass(frozen=True)
class Report:
    """How a solve stands: the best value so far, the bound so far, seconds since the start."""

    value: float
    bound: float
    gap: float
    seconds: float


Clock = Callable[[], float]


class Watch:
    """Limits, cancelling and progress of one solve.

    Parameters
    ----------
    larger_is_better
        Of values; bounds lie on the other side.
    cancelled
        Asked often; the best so far is returned soon after it says yes.
    progress
        Told whenever the value or the bound has improved.
    clock
        Seconds; `time.process_time` for a limit in seconds of the processor.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        larger_is_better: bool = False,
        cancelled: Callable[[], bool] | None = None,
        progress: Callable[[Report], None] | None = None,
        clock: Clock = time.perf_counter,
    ) -> None:
        self.limits = limits
        self._sign = -1.0 if larger_is_better else 1.0
        self._cancelled, self._progress, self._clock = cancelled, progress, clock
        self._began = clock()
        self._value, self._bound = math.inf, -math.inf  # as of a minimisation
        self._stopped: StopReason | None = None

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._began

    @property
    def left(self) -> float:
        """Seconds until the time limit, never negative."""
        return max(self.limits.seconds - self.seconds, 0.0)

    @property
    def wall_left(self) -> float:
        """Seconds by the wall clock after which to end for certain."""
        return self.left if self._clock is time.perf_counter else 4.0 * self.left + 1.0

    @property
    def value(self) -> float:
        return self._sign * self._value

    @property
    def bound(self) -> float:
        return self._sign * min(self._bound, self._value)

    @property
    def gap(self) -> float:
        return relative_gap(self.value, self.bound)

    @property
    def proved(self) -> bool:
        return self.gap == 0.0

    def told(self, *, value: float | None = None, bound: float | None = None) -> None:
        """Note a value that was found or a bound that was proved, and pass on what is better."""
        better = False
        if value is not None and self._sign * value < self._value:
            self._value, better = self._sign * value, True
        if bound is not None and self._sign * bound > self._bound:
            self._bound, better = self._sign * bound, True
        if better and self._progress is not None:
            self._progress(Report(self.value, self.bound, self.gap, self.seconds))

    def stop(self) -> bool:
        """Say whether to end now: out of time, cancelled, or as good as was asked for."""
        if self._stopped is None:
            if self.proved:
                return True
            if self._cancelled is not None and self._cancelled():
                self._stopped = "cancelled"
            elif self.seconds >= self.limits.seconds:
                self._stopped = "time_limit"
            elif self.gap <= self.limits.gap:
                self._stopped = "gap"
        return self._stopped is not None

    def out_of_time(self) -> None:
        """Note that a solver was ended by the time it was given."""
        self._stopped = self._stopped or "time_limit"

    def reason(self) -> StopReason:
        """Why the solve ended."""
        return "proved" if self.proved else self._stopped or "effort"
