"""What scenarios plug into systems: systems know protocols, not the optimisers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sim.kernel.system import Inputs

if TYPE_CHECKING:
    from sim.fleet.inputs import FleetInputs


def plugged(system: str, inputs: Inputs) -> Inputs:
    """Return the inputs of a system with what its section asks to be plugged in."""
    if system == "fleet":
        fleet = cast("FleetInputs", inputs)
        if fleet.spec.replanning == "optimised":
            from scenarios.routes_planner import OptimisingPlanner

            return fleet.plugged(OptimisingPlanner(fleet))
    return inputs
