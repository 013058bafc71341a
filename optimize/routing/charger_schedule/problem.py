"""The charging problem: stays at chargers, guns, power limit and tariff; and a schedule for it.

A stay is one truck standing where it may charge, such as at the depot overnight. It charges in one
session on one gun, at the power of its curve, without a pause.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from optimize.routing.plan import StopReason
from optimize.routing.problem import ChargingCurve
from sim.kernel.errors import InputError, InputErrors

HOUR_S = 3600.0


@dataclass(frozen=True)
class Steps:
    """A figure by time of day: ``value[k]`` from ``from_s[k]`` until the next; the first is 0.

    Where the horizon runs past midnight, so do the steps (26 h is 02:00).
    """

    from_s: tuple[float, ...]
    value: tuple[float, ...]

    def at(self, moment_s: float) -> float:
        return self.value[max(bisect_right(self.from_s, moment_s) - 1, 0)]

    def between(self, begin_s: float, end_s: float) -> list[tuple[float, float, float]]:
        """Return the pieces (begin, end, value) that make up an interval."""
        cuts = [begin_s, *(at for at in self.from_s if begin_s < at < end_s), end_s]
        return [(a, b, self.at(a)) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


@dataclass(frozen=True)
class Place:
    """Guns behind one transformer.

    Attributes
    ----------
    guns
        Trucks charging at a time.
    limit_kw
        Most power drawn by all of them together; infinite where there is no limit.
    price_per_kwh
        Tariff; may be negative.
    """

    id: str
    guns: int
    limit_kw: Steps
    price_per_kwh: Steps


@dataclass(frozen=True)
class Stay:
    """One truck standing, and what it must take on before it leaves.

    Attributes
    ----------
    places, curves
        Indices of the places where it may charge, and its charging curve at each.
    arrive_s, leave_s
        The session lies between them, unless it is late.
    start_kwh, energy_kwh
        In the battery on arrival, and to be added.
    most_late_s, cost_per_late_s
        How much later than ``leave_s`` it may be done, and what that costs.
    """

    id: str
    places: tuple[int, ...]
    curves: tuple[ChargingCurve, ...]
    arrive_s: float
    leave_s: float
    start_kwh: float
    energy_kwh: float
    most_late_s: float = 0.0
    cost_per_late_s: float = 0.0


@dataclass(frozen=True)
class ChargingProblem:
    """Sessions begin on arrival, as late as possible, or on a grid of ``step_s``."""

    places: tuple[Place, ...]
    stays: tuple[Stay, ...]
    step_s: float = 300.0


@dataclass(frozen=True)
class Session:
    """Stay ``stay`` charges at ``place`` on gun ``gun`` (from 0) from begin to end."""

    stay: int
    place: int
    gun: int
    begin_s: float
    end_s: float


@dataclass(frozen=True)
class Schedule:
    """Sessions for all stays, except those uncharged with the reason.

    Attributes
    ----------
    cost
        Of energy and of lateness.
    bound
        No schedule of as many stays on the same grid costs less.
    advice
        What to relax, and by how much, so that nothing is left uncharged.
    """

    sessions: tuple[Session, ...]
    uncharged: tuple[tuple[int, str], ...]
    cost: float
    bound: float
    stop_reason: StopReason
    seconds: float
    advice: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """How far the cost may be above the best, as a fraction of the cost."""
        return (self.cost - self.bound) / abs(self.cost) if self.cost else 0.0


def refuse_bad(problem: ChargingProblem) -> None:
    """Raise InputErrors naming everything that makes no sense in itself."""
    found = []
    if not (problem.step_s > 0.0 and math.isfinite(problem.step_s)):
        found.append(
            InputError(
                "the grid is no time", where="step_s", value=problem.step_s, expected="seconds > 0"
            )
        )
    for place in problem.places:
        where = f"places.{place.id}"
        if place.guns < 1:
            found.append(
                InputError("no guns", where=f"{where}.guns", value=place.guns, expected="1 or more")
            )
        for name, steps in (
            ("limit_kw", place.limit_kw),
            ("price_per_kwh", place.price_per_kwh),
        ):
            found += _bad_steps(f"{where}.{name}", steps, may_be_negative=name != "limit_kw")
    ids: set[str] = set()
    for stay in problem.stays:
        if stay.id in ids:
            found.append(InputError("twice", where=f"stays.{stay.id}", hint="one id per stay"))
        ids.add(stay.id)
        found += _bad_stay(problem, stay)
    if found:
        raise InputErrors(found)


def _bad_steps(where: str, steps: Steps, *, may_be_negative: bool) -> list[InputError]:
    found = []
    if len(steps.from_s) != len(steps.value) or not steps.from_s:
        return [InputError("moments and values differ in number", where=where)]
    rising = all(a < b for a, b in zip(steps.from_s, steps.from_s[1:], strict=False))
    if steps.from_s[0] != 0.0 or not rising:
        found.append(
            InputError(
                "moments do not rise from 0", where=f"{where}.from_s", value=steps.from_s,
                expected="0 first, then later and later",
            )
        )  # fmt: skip
    if any(math.isnan(v) or (v < 0.0 and not may_be_negative) for v in steps.value) or (
        may_be_negative and any(math.isinf(v) for v in steps.value)
    ):
        found.append(InputError("a value makes no sense", where=where, value=steps.value))
    return found


def _bad_stay(problem: ChargingProblem, stay: Stay) -> list[InputError]:
    where = f"stays.{stay.id}"
    found = []
    if not stay.places or len(stay.places) != len(stay.curves):
        found.append(InputError("needs a place, and a curve for each", where=where))
    if any(not 0 <= place < len(problem.places) for place in stay.places):
        found.append(
            InputError(
                "no such place", where=f"{where}.places", value=stay.places,
                expected=f"0 to {len(problem.places) - 1}",
            )
        )  # fmt: skip
    if not 0.0 <= stay.arrive_s <= stay.leave_s < math.inf:
        found.append(
            InputError(
                "leaves before it arrives", where=f"{where}.leave_s", value=stay.leave_s,
                expected=f"finite, from {stay.arrive_s:g} s on",
            )
        )  # fmt: skip
    if min(stay.energy_kwh, stay.start_kwh, stay.most_late_s, stay.cost_per_late_s) < 0.0:
        found.append(
            InputError("negative", where=where, expected="energy and lateness of 0 or more")
        )
    if not math.isfinite(stay.most_late_s):
        found.append(InputError("lateness without an end", where=f"{where}.most_late_s"))
    for curve in stay.curves:
        if stay.start_kwh + stay.energy_kwh > curve.energy_kwh[-1] + 1e-6:
            found.append(
                InputError(
                    "more than the battery holds", where=f"{where}.energy_kwh",
                    value=stay.energy_kwh,
                    expected=f"at most {curve.energy_kwh[-1] - stay.start_kwh:g} kWh",
                )
            )  # fmt: skip
            break
    return found
