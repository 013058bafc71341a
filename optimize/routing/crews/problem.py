"""The week's duties, the crews, the rules of rest; and who does what."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from optimize.routing.plan import Plan, StopReason
from sim.kernel.errors import InputError, InputErrors

DAY_S = 86_400.0
WEEK_DAYS = 7


@dataclass(frozen=True)
class Duty:
    """A route to be driven, in seconds from the week's first midnight.

    Attributes
    ----------
    needs
        Qualifications that the crew must have, such as a licence or a type of truck.
    penalty
        Cost of leaving it undone; infinite if it must be done.
    """

    id: str
    begin_s: float
    end_s: float
    needs: frozenset[str] = frozenset()
    penalty: float = math.inf

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s

    @property
    def day(self) -> int:
        """Day it begins on, from 0; it may end on the next."""
        return int(self.begin_s // DAY_S)


@dataclass(frozen=True)
class Crew:
    """People who work together, or one person.

    Attributes
    ----------
    regular_s, most_s
        Hours of the week paid as regular, and most with overtime.
    cost_per_s, cost_per_overtime_s
        Of all hours worked, and on top of it of those beyond the regular ones.
    most_days
        Days of the week with duties.
    away
        When it cannot work, as (from, to).
    last_end_s
        When its last duty of the week before ended (negative), for the first rest.
    days_in_row_before
        Days worked without a day off just before this week.
    """

    id: str
    qualifications: frozenset[str] = frozenset()
    regular_s: float = 40.0 * 3600.0
    most_s: float = 48.0 * 3600.0
    cost_per_s: float = 0.0
    cost_per_overtime_s: float = 0.0
    most_days: int = 6
    away: tuple[tuple[float, float], ...] = ()
    last_end_s: float = -math.inf
    days_in_row_before: int = 0


@dataclass(frozen=True)
class Rules:
    """Rests that hold for all crews.

    Attributes
    ----------
    rest_s
        Between two duties.
    week_rest_s
        Once in the week, without a break.
    most_days_in_row
        With duties, the week before included.
    fairness_cost_per_s
        Cost of the difference between the crew that works most beyond (or least below) its
        regular hours and the one that works least.
    """

    rest_s: float = 11.0 * 3600.0
    week_rest_s: float = 24.0 * 3600.0
    most_days_in_row: int = 6
    fairness_cost_per_s: float = 0.0


@dataclass(frozen=True)
class CrewProblem:
    """One week."""

    duties: tuple[Duty, ...]
    crews: tuple[Crew, ...]
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class Roster:
    """Which crew does each duty.

    Attributes
    ----------
    crew_of
        Index of the crew by duty; None if undone.
    undone
        (duty, reason).
    cost
        Of hours, overtime, fairness and duties undone that may be.
    bound
        No roster with as few duties undone that must be done costs less.
    advice
        What would be enough so that nothing is undone.
    """

    crew_of: tuple[int | None, ...]
    undone: tuple[tuple[int, str], ...]
    cost: float
    bound: float
    stop_reason: StopReason
    seconds: float
    advice: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """How far the cost may be above the best, as a fraction of the cost."""
        return (self.cost - self.bound) / self.cost if self.cost > 0.0 else 0.0


def duties_of(plan: Plan, day: int, needs: dict[int, frozenset[str]]) -> list[Duty]:
    """Return a duty for each route of a day's plan; ``needs`` are by type of truck."""
    return [
        Duty(
            id=f"day {day} type {route.truck_type} truck {route.number}",
            begin_s=day * DAY_S + route.visits[0].end_s,
            end_s=day * DAY_S + route.visits[-1].end_s,
            needs=needs.get(route.truck_type, frozenset()),
        )
        for route in plan.routes
    ]


def refuse_bad(problem: CrewProblem) -> None:
    """Raise InputErrors naming everything that makes no sense in itself."""
    found = []
    for kind, ids in (
        ("duties", [duty.id for duty in problem.duties]),
        ("crews", [crew.id for crew in problem.crews]),
    ):
        found += [
            InputError("twice", where=f"{kind}.{name}", hint="one id each")
            for name in sorted({name for name in ids if ids.count(name) > 1})
        ]
    for duty in problem.duties:
        if not 0.0 <= duty.begin_s < duty.end_s < math.inf or duty.day >= WEEK_DAYS:
            found.append(
                InputError(
                    "not within the week", where=f"duties.{duty.id}",
                    value=(duty.begin_s, duty.end_s), expected="begins in it and ends later",
                )
            )  # fmt: skip
        if duty.penalty < 0.0 or math.isnan(duty.penalty):
            found.append(
                InputError("no penalty", where=f"duties.{duty.id}.penalty", value=duty.penalty)
            )
    for crew in problem.crews:
        where = f"crews.{crew.id}"
        if not 0.0 <= crew.regular_s <= crew.most_s < math.inf:
            found.append(
                InputError(
                    "more regular hours than hours", where=f"{where}.most_s", value=crew.most_s,
                    expected=f"finite, {crew.regular_s:g} s or more",
                )
            )  # fmt: skip
        if min(crew.cost_per_s, crew.cost_per_overtime_s) < 0.0:
            found.append(InputError("negative cost", where=where))
        if any(begin >= end for begin, end in crew.away):
            found.append(InputError("ends before it begins", where=f"{where}.away"))
    rules = problem.rules
    if min(rules.rest_s, rules.week_rest_s, rules.fairness_cost_per_s) < 0.0:
        found.append(InputError("negative", where="rules"))
    if rules.most_days_in_row < 1:
        found.append(
            InputError("no work at all", where="rules.most_days_in_row", expected="1 or more")
        )
    if found:
        raise InputErrors(found)
