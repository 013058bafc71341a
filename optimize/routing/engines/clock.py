"""When an engine stops: one place that asks for time, iterations and cancellation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from optimize.routing.plan import Limits, Progress, StopReason

_REPORT_EVERY_S = 0.25

# Benchmarks on a busy machine put processor time here.
now: Callable[[], float] = time.perf_counter


@dataclass
class Clock:
    """Counts from when it is made.

    Attributes
    ----------
    reserve_s
        Kept back of the time limit for what comes after the search.
    """

    limits: Limits
    reserve_s: float = 0.0
    began: float = field(default=math.nan)
    reason: StopReason = "stalled"
    _reported: float = -math.inf

    def __post_init__(self) -> None:
        self.began = now()

    @property
    def seconds(self) -> float:
        return now() - self.began

    @property
    def left_s(self) -> float:
        return max(self.limits.seconds - self.reserve_s - self.seconds, 0.0)

    def over(self, iterations: int) -> bool:
        """Return whether to stop, and keep the reason."""
        limits = self.limits
        if limits.cancelled is not None and limits.cancelled():
            self.reason = "cancelled"
        elif limits.iterations is not None and iterations >= limits.iterations:
            self.reason = "iterations"
        elif self.left_s <= 0.0:
            self.reason = "time"
        else:
            return False
        return True

    def report(self, iterations: int, trucks: int, cost: float) -> None:
        """Tell how far it is, not too often."""
        if self.limits.progress is not None and self.seconds - self._reported >= _REPORT_EVERY_S:
            self._reported = self.seconds
            self.limits.progress(Progress(self.seconds, iterations, trucks, cost, math.nan))
