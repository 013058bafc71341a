"""The problem: candidates with costs, what excludes and what needs what, budgets, plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sim.kernel.errors import InputError, did_you_mean

Chosen = frozenset[str]
"""Ids of the candidates that are built."""

COST_UNITS = 1_000_000
"""Costs are compared as whole numbers of this fraction, so that sums of decimals are exact."""


@dataclass(frozen=True)
class Candidate:
    """Something that can be built once, and what it costs (any one unit of money)."""

    id: str
    cost: float


@dataclass(frozen=True)
class Problem:
    """Candidates and the rules that hold between them.

    Attributes
    ----------
    candidates
        With unique ids and costs that are not negative.
    conflicts
        Pairs of ids that cannot both be built.
    needs
        ``(id, needed id)``: the first can only be built if the second is.
    """

    candidates: tuple[Candidate, ...]
    conflicts: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    cost_units: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        units: dict[str, int] = {}
        for candidate in self.candidates:
            if candidate.id in units:
                raise InputError("named twice", where="candidates", value=candidate.id)
            if not 0 <= candidate.cost < 1e9:
                raise InputError(
                    "not a cost", where=f"candidates.{candidate.id}.cost", value=candidate.cost,
                    expected="a number from 0 on",
                )  # fmt: skip
            units[candidate.id] = round(candidate.cost * COST_UNITS)
        for where, pairs in (("conflicts", self.conflicts), ("needs", self.needs)):
            for name in (name for pair in pairs for name in pair):
                if name not in units:
                    raise InputError(
                        "no candidate has this id", where=where, value=name,
                        hint=did_you_mean(name, list(units)),
                    )  # fmt: skip
        object.__setattr__(self, "cost_units", units)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.cost_units)

    def cost(self, chosen: Iterable[str]) -> float:
        """Return what a set costs."""
        return sum(self.cost_units[name] for name in chosen) / COST_UNITS

    def affordable(self, chosen: Iterable[str], budget: float) -> bool:
        """Say whether a set costs no more than the budget."""
        return sum(self.cost_units[name] for name in chosen) <= units_of(budget)

    def with_needed(self, chosen: Iterable[str]) -> Chosen:
        """Return the set and all that its members need, directly or not."""
        found = set(chosen)
        while missing := {b for a, b in self.needs if a in found} - found:
            found |= missing
        return frozenset(found)

    def without(self, chosen: Chosen, name: str) -> Chosen:
        """Return the set without `name` and without all that needs it."""
        left = set(chosen) - {name}
        while lost := {a for a, b in self.needs if a in left and b not in left}:
            left -= lost
        return frozenset(left)

    def consistent(self, chosen: Chosen) -> bool:
        """Say whether no conflict is built and nothing that is needed is missing."""
        return not any(a in chosen and b in chosen for a, b in self.conflicts) and not any(
            a in chosen and b not in chosen for a, b in self.needs
        )

    def largest(self) -> Chosen:
        """Return a set to which nothing can be added: everything, if there are no conflicts."""
        found: Chosen = frozenset()
        for name in self.ids:
            wider = self.with_needed(found | {name})
            if self.consistent(wider):
                found = wider
        return found


def units_of(amount: float) -> int:
    """Return an amount of money in whole units of ``1 / COST_UNITS``."""
    return round(amount * COST_UNITS)


BoundKind = Literal["enumeration", "surrogate"]
Status = Literal["optimal", "best_found"]
StopReason = Literal["enumerated", "converged", "evaluation_limit", "time_limit", "cancelled"]


@dataclass(frozen=True)
class Plan:
    """What to build within a budget, how good it is and how it was found.

    Attributes
    ----------
    objective
        The evaluated value of `chosen`; larger is better.
    predicted
        What the surrogate says of `chosen`; none if there was no surrogate.
    bound
        No plan is better, in the sense of `bound_kind`: by ``enumeration``, every set was
        evaluated and the bound holds; by ``surrogate``, it is a proven bound of the fitted
        surrogate over all sets within the budget, and says nothing certain of the simulation.
    gap
        ``(bound - objective) / bound``; 0 if the bound is 0.
    evaluations
        All that the search made when this plan was returned, for all budgets together.
    """

    budget: float
    chosen: Chosen
    cost: float
    objective: float
    predicted: float | None
    bound: float
    bound_kind: BoundKind
    gap: float
    status: Status
    stop_reason: StopReason
    seconds: float
    evaluations: int


def relative_gap(bound: float, objective: float) -> float:
    """Return ``(bound - objective) / |bound|``; 0 if both are equal or the bound is 0."""
    return (bound - objective) / abs(bound) if bound and bound != objective else 0.0
