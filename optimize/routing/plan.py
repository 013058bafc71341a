"""What a solver returns: routes visit by visit, what was left out and why, and how good it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

VisitKind = Literal["start", "stop", "site", "charger", "break", "end"]
StopReason = Literal["proven", "time", "iterations", "stalled", "cancelled"]


@dataclass(frozen=True)
class Visit:
    """One visit of a route.

    Attributes
    ----------
    index
        Into the problem's stops, sites or chargers, by kind; 0 for start and end; the number of
        the break.
    place
        Index into the travel tables; for a break, the place where the truck stands.
    arrive_s, begin_s, end_s
        Arrival, begin of service after any waiting, departure. At the start and the end all three
        are the moment the route is left or reached.
    energy_arrive_kwh, energy_end_kwh
        In the battery; NaN for a truck without one.
    load
        On board at departure, by dimension.
    """

    kind: VisitKind
    index: int
    place: int
    arrive_s: float
    begin_s: float
    end_s: float
    energy_arrive_kwh: float = math.nan
    energy_end_kwh: float = math.nan
    load: tuple[float, ...] = ()


@dataclass(frozen=True)
class Route:
    """The day of truck ``number`` (from 0) of a type: first visit "start", last "end"."""

    truck_type: int
    number: int
    visits: tuple[Visit, ...]

    @property
    def stops(self) -> tuple[int, ...]:
        """Stops in the order they are served."""
        return tuple(visit.index for visit in self.visits if visit.kind == "stop")


@dataclass(frozen=True)
class LeftOut:
    """A stop that no route serves, and why."""

    stop: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """Routes that together serve every stop except those left out."""

    routes: tuple[Route, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Solution:
    """A plan and how it was come by.

    Attributes
    ----------
    objective
        Trucks used and cost as in `optimize.routing.cost`; the objective compares them in the
        order the problem says.
    bound
        No plan costs less, if proven; NaN if no bound is known.
    iterations
        In the engine's own unit; the same seed and number of iterations give the same plan.
    """

    plan: Plan
    trucks: int
    cost: float
    bound: float
    stop_reason: StopReason
    seconds: float
    iterations: int
    engine: str

    @property
    def gap(self) -> float:
        """How far the cost may be above the best, as a fraction of the cost; NaN if unknown."""
        return (self.cost - self.bound) / self.cost if self.cost > 0.0 else 0.0


@dataclass(frozen=True)
class Progress:
    """A report while solving: seconds, iterations so far, best trucks and cost, bound or NaN."""

    seconds: float
    iterations: int
    trucks: int
    cost: float
    bound: float


@dataclass(frozen=True)
class Limits:
    """When to stop: the first that is reached. ``cancelled`` and ``progress`` are called often."""

    seconds: float = math.inf
    iterations: int | None = None
    seed: int = 1
    cancelled: Callable[[], bool] | None = None
    progress: Callable[[Progress], None] | None = None
