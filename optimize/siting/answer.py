"""Answers: what to open, how good it is, how good anything could be, and why the search ended."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError

Status = Literal["optimal", "feasible"]
StopReason = Literal["proved", "gap", "effort", "time_limit", "cancelled"]

PROVED = 1e-9
"""Relative gap that counts as none."""


@dataclass(frozen=True)
class Shares:
    """Who serves whom where demand may be split: parallel arrays of indices, and shares of 1."""

    zone: NDArray[np.int64]
    site: NDArray[np.int64]
    share: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer and its proof.

    Attributes
    ----------
    sites : tuple of str
        Open sites, in the order of the area's.
    assigned : (Z,) array of int
        Index of the site each zone counts for: the nearest open one, or in capacitated problems
        the one that serves most of it; -1 for a zone that is not covered.
    value : float
        In the problem's own measure.
    bound : float
        No answer is better: at most this for covered weight, at least this for the others.
    gap : float
        ``|value - bound| / |value|``; 0 if both are equal.
    status : {"optimal", "feasible"}
    stop_reason : {"proved", "gap", "effort", "time_limit", "cancelled"}
        Under a time limit the answer may depend on the machine's speed; under the others it is
        the same for the same seed.
    seconds : float
    seed : int
    shares : Shares or None
        Of capacitated problems.
    """

    sites: tuple[str, ...]
    assigned: NDArray[np.int64]
    value: float
    bound: float
    gap: float
    status: Status
    stop_reason: StopReason
    seconds: float
    seed: int
    shares: Shares | None = None


@dataclass(frozen=True)
class Limits:
    """When to stop.

    Attributes
    ----------
    seconds : float
        By the watch; what was found by then is returned.
    effort : float
        Counted work, 1 for the usual amount: unlike seconds the same on every machine.
    gap : float
        Relative gap that is good enough.
    """

    seconds: float = 60.0
    effort: float = 1.0
    gap: float = 0.0

    def __post_init__(self) -> None:
        for where in ("seconds", "effort", "gap"):
            value = getattr(self, where)
            if not value >= 0:
                raise InputError(
                    "not a limit", where=f"limits/{where}", value=value, expected="0 or more"
                )


@dataclass(frozen=True)
class Relaxation:
    """A constraint that could be relaxed, what it asks now, and what it would have to ask."""

    constraint: str
    now: float
    needed: float

    def __str__(self) -> str:
        return f"{self.constraint} {self.needed:.9g} instead of {self.now:.9g}"


class Infeasible(InputError):
    """No answer exists; each of ``relaxations``, alone, would make one possible."""

    def __init__(self, what: str, *, where: str, relaxations: Iterable[Relaxation] = ()) -> None:
        self.relaxations = tuple(relaxations)
        hint = "; or ".join(map(str, self.relaxations))
        super().__init__(what, where=where, hint=hint)

    def __reduce__(self) -> tuple[Any, ...]:
        return _infeasible, (self.what, self.where, self.relaxations)


def _infeasible(what: str, where: str, relaxations: tuple[Relaxation, ...]) -> Infeasible:
    return Infeasible(what, where=where, relaxations=relaxations)


def relative_gap(value: float, bound: float) -> float:
    """Return ``|value - bound| / |value|``; 0 if equal up to rounding, infinite without a value."""
    if not math.isfinite(value) or not math.isfinite(bound):
        return math.inf
    difference = abs(value - bound)
    if difference <= PROVED * max(abs(value), abs(bound)):
        return 0.0
    return difference / abs(value) if value else math.inf
