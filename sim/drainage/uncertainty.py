"""One replication's own network and rain, drawn from what a scenario says is uncertain.

The inputs of a scenario serve many runs and are never altered: a run gets inputs of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.drainage.elements import Conduit, CrossSection
from sim.drainage.inlets import gullies, with_clogged_inlets
from sim.drainage.network import Network
from sim.drainage.uncertainty_spec import ConduitBlockage, InletBlockage, Uncertainty
from sim.kernel.streams import Streams

if TYPE_CHECKING:
    from sim.drainage.inputs import DrainageInputs

CITY = "city"
"""The entity of draws that hold everywhere."""
_SILTS_UP = ("circular", "rect_closed")


def varied(inputs: DrainageInputs, streams: Streams) -> DrainageInputs:
    """Return the inputs of one replication; `inputs` itself if nothing is uncertain.

    Parameters
    ----------
    streams : Streams
        Of the run. Entities and purposes: the city's ``rain_multiplier``, a conduit's
        ``roughness`` and ``silt``, a junction's ``inlet``.
    """
    chance = inputs.spec.uncertainty
    if chance is None:
        return inputs
    factor = rain_multiplier(chance, streams)
    rain = {
        name: hyetograph.scaled(factor) if factor != 1.0 else hyetograph
        for name, hyetograph in inputs.rain.items()
    }
    return replace(inputs, network=varied_network(inputs.network, chance, streams), rain=rain)


def varied_network(network: Network, chance: Uncertainty, streams: Streams) -> Network:
    """Return the network of one replication."""
    conduits = tuple(_conduit(conduit, chance, streams) for conduit in network.conduits)
    network = network.model_copy(update={"conduits": conduits})
    if chance.inlet_blockage is None:
        return network
    openings = clogged_inlets(network, chance.inlet_blockage, streams)
    return with_clogged_inlets(network, openings)


def rain_multiplier(chance: Uncertainty, streams: Streams) -> float:
    """Return what this replication's rain is multiplied by: lognormal, median 1."""
    if chance.rain_spread == 0.0:
        return 1.0
    normal = streams.generator(CITY, "rain_multiplier").standard_normal()
    return math.exp(chance.rain_spread * float(normal))


def uncertainty_notes(network: Network, chance: Uncertainty | None) -> list[str]:
    """Return what the reader must be told of where the draws can act in this network."""
    if chance is None:
        return []
    notes = []
    if chance.inlet_blockage is not None:
        count, runoff = len(gullies(network)), {s.outlet for s in network.subcatchments}
        notes.append(
            f"inlets can clog at {count} of the {len(runoff)} places that take runoff: junctions "
            "that pond, with sewers below and without pumps, weirs, orifices or rules"
        )
    if chance.conduit_blockage is not None:
        count = sum(silts_up(conduit) for conduit in network.conduits)
        notes.append(f"{count} of {len(network.conduits)} conduits can silt up: closed pipes, "
                     "circular or rectangular")  # fmt: skip
    return notes


# --- conduits ---------------------------------------------------------------------------------


def _conduit(conduit: Conduit, chance: Uncertainty, streams: Streams) -> Conduit:
    changes: dict[str, object] = {}
    roughness = conduit.roughness_n * chance.roughness_multiplier
    if chance.roughness_spread > 0.0:
        normal = streams.generator(conduit.id, "roughness").standard_normal()
        roughness *= math.exp(chance.roughness_spread * float(normal))
    if roughness != conduit.roughness_n:
        changes["roughness_n"] = roughness
    if chance.conduit_blockage is not None and silts_up(conduit):
        share = _share(chance.conduit_blockage, conduit.id, "silt", streams)
        if share > 0.0:
            changes |= _silted(conduit, share)
    return conduit.model_copy(update=changes) if changes else conduit


def silts_up(conduit: Conduit) -> bool:
    """Say whether a conduit is of a kind that sediment can narrow here."""
    return conduit.section.kind in _SILTS_UP


def _share(
    blockage: InletBlockage | ConduitBlockage, entity: str, purpose: str, streams: Streams
) -> float:
    """Return the share that is blocked, 0 for most. The first number decides whether, the second
    how much, so that a higher probability only ever adds to what is blocked."""
    whether, how_much = streams.generator(entity, purpose).random(2)
    if whether >= blockage.probability:
        return 0.0
    span = blockage.largest_share - blockage.least_share
    return blockage.least_share + span * float(how_much)


def _silted(conduit: Conduit, share: float) -> dict[str, object]:
    section = conduit.section
    if section.kind == "circular":
        fill_m = circle_fill_m(section.depth_m, share)
        return {"section": CrossSection(kind="filled_circular", depth_m=section.depth_m,
                                        fill_depth_m=fill_m)}  # fmt: skip
    # a box of the rest, which starts as much higher as the sediment is deep
    fill_m = share * section.depth_m
    return {
        "section": section.model_copy(update={"depth_m": section.depth_m - fill_m}),
        "inlet_offset_m": conduit.inlet_offset_m + fill_m,
        "outlet_offset_m": conduit.outlet_offset_m + fill_m,
    }


def circle_fill_m(diameter_m: float, share: float) -> float:
    """Return the depth of the segment that takes a share of a circle's area, m.

    Solves ``a - sin(a) = 2 pi share`` for the angle the segment spans, by bisection.
    """
    low, high = 0.0, 2.0 * math.pi
    for _ in range(60):
        angle = 0.5 * (low + high)
        if angle - math.sin(angle) < 2.0 * math.pi * share:
            low = angle
        else:
            high = angle
    return 0.5 * diameter_m * (1.0 - math.cos(0.25 * (low + high)))


# --- inlets -----------------------------------------------------------------------------------


def clogged_inlets(network: Network, blockage: InletBlockage, streams: Streams) -> dict[str, float]:
    """Return the junctions that drew a blockage, with the opening that is left to each, m2."""
    found = {}
    for name, area_ha in gullies(network).items():
        share = _share(blockage, name, "inlet", streams)
        if share > 0.0:
            found[name] = (1.0 - share) * blockage.opening_m2_per_ha * area_ha
    return found
