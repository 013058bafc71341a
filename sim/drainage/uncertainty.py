"""One replication's own network and rain, drawn from what a scenario says is uncertain.

The inputs of a scenario serve many runs and are never altered: a run gets inputs of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.drainage.elements import Conduit, CrossSection, Junction, Orifice
from sim.drainage.network import Network
from sim.drainage.uncertainty_spec import ConduitBlockage, InletBlockage, Uncertainty
from sim.kernel.streams import Streams

if TYPE_CHECKING:
    from sim.drainage.inputs import DrainageInputs

CITY = "city"
"""The entity of draws that hold everywhere."""
SEWER = ":sewer"
"""Added to a junction's id: the manhole below its clogged inlets."""
GULLY = ":gully"
"""Added to a junction's id: the clogged inlets between the street and the manhole."""
DISCHARGE_COEFFICIENT = 0.65  # of a sharp-edged orifice
_HELD_DOWN_M = 100.0  # head the cover bears: its water returns by the inlets, none is lost
_AT_RIM_M = 1e-6
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
        changed = CrossSection(kind="filled_circular", depth_m=section.depth_m, fill_depth_m=fill_m)
    else:
        fill_m = share * section.depth_m
        changed = section.model_copy(update={"depth_m": section.depth_m - fill_m})
    # depths in either section count from the sediment, so the conduit starts that much higher
    return {
        "section": changed,
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


def gullies(network: Network) -> dict[str, float]:
    """Return the junctions whose inlets can clog, with the hectares that drain to each.

    They take runoff, pond, state their depth, have a conduit below the rim, and nothing at them
    is controlled: no pump, weir, orifice, outlet or rule.
    """
    area_ha: dict[str, float] = defaultdict(float)
    for catchment in network.subcatchments:
        area_ha[catchment.outlet] += catchment.area_ha
    structures = (*network.pumps, *network.orifices, *network.weirs, *network.outlets)
    controlled = {name for link in structures for name in (link.from_node, link.to_node)}
    for rule in network.rules:
        for premise in rule.premises:
            controlled |= {premise.id, premise.other_id}
    rims = _rims(network)
    below = {node for conduit in network.conduits for node, _ in _ends_below(conduit, rims)}
    return {
        junction.id: area_ha[junction.id]
        for junction in network.junctions
        if (junction.ponding_curve is not None or junction.ponded_area_m2 > 0.0)
        and area_ha.get(junction.id, 0.0) > 0.0
        and junction.id in below
        and junction.id not in controlled
    }


def clogged_inlets(network: Network, blockage: InletBlockage, streams: Streams) -> dict[str, float]:
    """Return the junctions that drew a blockage, with the opening that is left to each, m2."""
    found = {}
    for name, area_ha in gullies(network).items():
        share = _share(blockage, name, "inlet", streams)
        if share > 0.0:
            found[name] = (1.0 - share) * blockage.opening_m2_per_ha * area_ha
    return found


def with_clogged_inlets(network: Network, opening_m2: Mapping[str, float]) -> Network:
    """Return the network with the street and the manhole of some junctions parted by an orifice.

    Parameters
    ----------
    opening_m2 : dict
        What is open between the two, by junction; 0 parts them altogether.
    """
    parted = {j.id: j for j in network.junctions if j.id in opening_m2}
    if not parted:
        return network
    manholes = [
        Junction(
            id=j.id + SEWER, invert_m=j.invert_m, x_m=j.x_m, y_m=j.y_m, zone=j.zone,
            max_depth_m=j.max_depth_m, initial_depth_m=j.initial_depth_m,
            surcharge_depth_m=_HELD_DOWN_M,
        )
        for j in parted.values()
    ]  # fmt: skip
    inlets = [
        Orifice(
            id=name + GULLY, from_node=name, to_node=name + SEWER, orientation="side",
            discharge_coefficient=DISCHARGE_COEFFICIENT,
            section=CrossSection(kind="circular", depth_m=math.sqrt(4.0 * area / math.pi)),
        )
        for name, area in opening_m2.items() if area > 0.0
    ]  # fmt: skip
    conduits, rims = [], _rims(network)
    for conduit in network.conduits:
        ends = {field: node + SEWER for node, field in _ends_below(conduit, rims)
                if node in parted}  # fmt: skip
        conduits.append(conduit.model_copy(update=ends) if ends else conduit)
    inflows = (
        flow.model_copy(update={"node": flow.node + SEWER}) if flow.node in parted else flow
        for flow in network.inflows
    )
    return network.model_copy(
        update={
            "junctions": (*network.junctions, *manholes),
            "conduits": tuple(conduits),
            "orifices": (*network.orifices, *inlets),
            "inflows": tuple(inflows),
        }
    )


def _rims(network: Network) -> dict[str, float]:
    """The depth of every junction that states one."""
    return {j.id: j.max_depth_m for j in network.junctions if j.max_depth_m > 0.0}


def _ends_below(conduit: Conduit, rims: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    """The ends of a conduit that enter below the rim of their junction, as (node, field)."""
    for node, field, offset_m in (
        (conduit.from_node, "from_node", conduit.inlet_offset_m),
        (conduit.to_node, "to_node", conduit.outlet_offset_m),
    ):
        if node in rims and offset_m < rims[node] - _AT_RIM_M:
            yield node, field
