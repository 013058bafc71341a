"""Whether a plan is what it says, found out from the data alone, without the solver's code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal


def plan_faults(
    chosen: Iterable[str],
    budget: float,
    costs: Mapping[str, float],
    *,
    conflicts: Iterable[tuple[str, str]] = (),
    needs: Iterable[tuple[str, str]] = (),
    stated_cost: float | None = None,
) -> list[str]:
    """Return what is wrong with a plan, in words; nothing if all is right.

    Parameters
    ----------
    costs
        Of every candidate, in the unit of the budget; added up as decimals.
    conflicts, needs
        Pairs that exclude each other; ``(id, what it needs)``.
    stated_cost
        What the plan says it costs.
    """
    names = list(chosen)
    built = set(names)
    faults = [f"{name} is built twice" for name in sorted(built) if names.count(name) > 1]
    faults += [f"{name} is no candidate" for name in sorted(built - set(costs))]
    cost = sum((Decimal(repr(costs[name])) for name in built & set(costs)), Decimal(0))
    if cost > Decimal(repr(float(budget))):
        faults.append(f"it costs {cost} and the budget is {budget:g}")
    if stated_cost is not None and abs(cost - Decimal(repr(stated_cost))) > Decimal("1e-6"):
        faults.append(f"it costs {cost} and says {stated_cost:g}")
    faults += [f"{a} and {b} exclude each other" for a, b in conflicts if {a, b} <= built]
    faults += [f"{a} needs {b}" for a, b in needs if a in built and b not in built]
    return faults
