"""What a figure of the fleet rests on: the weakest kind of number behind it."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.document import Assumption

#: Beginnings of the names of the assumptions behind a figure; all of a scenario's for others.
_BEHIND: dict[str, tuple[str, ...]] = {
    "km": ("fleet.stops", "fleet.trunk", "fleet.grid", "plan.", "depot."),
    "trucks_used": ("crew.", "truck.", "shift."),
    "energy_used_kwh": ("truck.",),
    "energy_charged_kwh": ("truck.", "charger."),
    "diesel_l": ("truck.litre", "fleet_diesel"),
    "co2_kg": ("truck.", "fleet_grid_co2", "fleet_diesel_co2"),
    "cost_cny": ("truck.", "shift.cny", "tariff.", "fleet_diesel_price"),
    "wait_bays_h": ("site.",),
    "wait_chargers_h": ("charger.",),
}
_WEAKEST_FIRST = ("A", "K", "S", "X", "P")


def basis(figure: str, assumptions: Mapping[str, Assumption]) -> str:
    """Return the tag of the weakest assumption behind a figure; empty if nothing is stated."""
    starts = _BEHIND.get(figure, ("",))
    tags = {one.tag for name, one in assumptions.items() if name.startswith(starts)}
    return next((tag for tag in _WEAKEST_FIRST if tag in tags), "")
