"""What was evaluated so far: each set once, counted, limited, and stopped on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from optimize.works.problem import Chosen, StopReason

Evaluate = Callable[[Chosen], float]
Mapper = Callable[[Evaluate, Sequence[Chosen]], Iterable[float]]
"""Like the built-in ``map``: results in order, each as soon as it is there."""
Progress = Callable[[int, int], None]
"""Called with the evaluations made and their limit."""


class Stopped(Exception):
    """The search must end now with what it has; ``reason`` says why."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason: StopReason = reason


class Evaluations:
    """Values by set. Nothing is evaluated twice, and never more than `limit` sets.

    Parameters
    ----------
    evaluate
        The value of a set; larger is better.
    limit
        Most evaluations.
    mapper
        Evaluates several sets; in worker processes, say.
    seconds
        Most time, from now on.
    cancelled
        Asked before every evaluation and after every result.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        *,
        limit: int,
        mapper: Mapper = map,
        seconds: float | None = None,
        cancelled: Callable[[], bool] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.values: dict[Chosen, float] = {}
        self.limit = limit
        self._evaluate, self._mapper = evaluate, mapper
        self._until_s = None if seconds is None else time.monotonic() + seconds
        self._cancelled, self._progress = cancelled, progress

    def __len__(self) -> int:
        return len(self.values)

    @property
    def left(self) -> int:
        """How many evaluations may still be made."""
        return self.limit - len(self.values)

    def ask(self, sets: Iterable[Chosen]) -> None:
        """Evaluate those sets that are new, as far as the limit allows.

        Raises
        ------
        Stopped
            At the limit, at the end of the time, or on request. What was evaluated is kept.
        """
        new = [chosen for chosen in dict.fromkeys(sets) if chosen not in self.values]
        batch = new[: max(self.left, 0)]
        self._stop_if_asked()
        for chosen, value in zip(batch, self._mapper(self._evaluate, batch), strict=True):
            self.values[chosen] = float(value)
            if self._progress is not None:
                self._progress(len(self.values), self.limit)
            self._stop_if_asked()
        if len(batch) < len(new):
            raise Stopped("evaluation_limit")

    def _stop_if_asked(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Stopped("cancelled")
        if self._until_s is not None and time.monotonic() >= self._until_s:
            raise Stopped("time_limit")
