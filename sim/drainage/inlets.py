"""Clogged gullies: the street and the manhole of a junction parted by a grate that lets less in.

In a network's tables street and manhole are one node, so whatever falls on the street is in the
sewer at once, which is right where inlets are ample. Where they are clogged the node is split.
The grate is an orifice in the street's floor: a weir along its rim while the water is shallow and
``Cd A sqrt(2 g h)`` once it is covered, h the depth on the street (Brown, Schall, Morris et al.,
"Urban Drainage Design Manual", HEC-22, FHWA 2009, section 4.4). A sewer whose level stands above
the street comes up through the same opening.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sim.drainage.elements import Conduit, CrossSection, Curve, Junction, Orifice
from sim.drainage.network import Network

SEWER = ":sewer"
"""Added to a junction's id: the manhole below its clogged inlets."""
GULLY = ":gully"
"""Added to a junction's id: the clogged inlets between the street and the manhole."""
DISCHARGE_COEFFICIENT = 0.67  # of a grate, HEC-22
_HELD_DOWN_M = 100.0  # head the cover bears: its water returns by the inlets, none is lost
_AT_RIM_M = 1e-6


def gullies(network: Network) -> dict[str, float]:
    """Return the junctions whose inlets can clog, with the hectares that drain to each.

    They take runoff, pond, state their depth, have a conduit below the rim, and nothing at them
    is controlled: no pump, weir, orifice, outlet or rule. One that ponds on a plain area, which
    holds its streets as well, must have no street of its own.
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
    sewered, street = set[str](), set[str]()
    for conduit in network.conduits:
        for node, _, _, below in _ends(conduit, rims):
            (sewered if below else street).add(node)
    return {
        junction.id: area_ha[junction.id]
        for junction in network.junctions
        if (
            junction.ponding_curve is not None
            or (junction.ponded_area_m2 > 0.0 and junction.id not in street)
        )
        and area_ha.get(junction.id, 0.0) > 0.0
        and junction.id in sewered
        and junction.id not in controlled
    }


def with_clogged_inlets(network: Network, opening_m2: Mapping[str, float]) -> Network:
    """Return the network with the street and the manhole of some junctions parted by a grate.

    The street keeps the junction's id, its ponding, runoff and street links, and has its floor at
    the old rim. Sewers and dry-weather inflows move to the manhole, ``ID:sewer``.

    Parameters
    ----------
    opening_m2 : mapping
        What is open between the two, by junction of `gullies`; 0 parts them altogether.
    """
    if not opening_m2:
        return network
    junctions: list[Junction] = []
    manholes: list[Junction] = []
    curves = list(network.curves)
    for junction in network.junctions:
        if junction.id not in opening_m2:
            junctions.append(junction)
            continue
        street, manhole, added = _parted(junction)
        junctions.append(street)
        manholes.append(manhole)
        curves += added
    grates = [
        Orifice(
            id=name + GULLY, from_node=name, to_node=name + SEWER, orientation="bottom",
            discharge_coefficient=DISCHARGE_COEFFICIENT,
            section=CrossSection(kind="circular", depth_m=math.sqrt(4.0 * area / math.pi)),
        )
        for name, area in opening_m2.items() if area > 0.0
    ]  # fmt: skip
    rims = _rims(network)
    conduits = [_rehung(conduit, rims, opening_m2) for conduit in network.conduits]
    inflows = (
        flow.model_copy(update={"node": flow.node + SEWER}) if flow.node in opening_m2 else flow
        for flow in network.inflows
    )
    return network.model_copy(
        update={
            "junctions": (*junctions, *manholes),
            "conduits": tuple(conduits),
            "orifices": (*network.orifices, *grates),
            "inflows": tuple(inflows),
            "curves": tuple(curves),
        }
    )


def _parted(junction: Junction) -> tuple[Junction, Junction, list[Curve]]:
    """The street and the manhole of a junction, and the ponding curve the street needs, if any."""
    above_m = max(junction.initial_depth_m - junction.max_depth_m, 0.0)
    changes: dict[str, object] = {
        "invert_m": junction.invert_m + junction.max_depth_m,
        "max_depth_m": 0.0,
        "initial_depth_m": above_m,
    }
    added = []
    if junction.ponding_curve is None:
        area = junction.ponded_area_m2
        added.append(Curve(id=junction.id + GULLY, kind="ponding",
                           points=((0.0, area), (1.0, area))))  # fmt: skip
        changes |= {"ponding_curve": junction.id + GULLY, "ponded_area_m2": 0.0}
    manhole = Junction(
        id=junction.id + SEWER,
        invert_m=junction.invert_m,
        x_m=junction.x_m,
        y_m=junction.y_m,
        zone=junction.zone,
        max_depth_m=junction.max_depth_m + _HELD_DOWN_M,
        initial_depth_m=junction.initial_depth_m,
    )
    return junction.model_copy(update=changes), manhole, added


def _rehung(conduit: Conduit, rims: Mapping[str, float], parted: Mapping[str, float]) -> Conduit:
    """The conduit with its ends at parted junctions moved down to the manhole or up to the rim."""
    changes: dict[str, object] = {}
    for node, node_field, offset_field, below in _ends(conduit, rims):
        if node not in parted:
            continue
        if below:
            changes[node_field] = node + SEWER
        else:
            offset_m = getattr(conduit, offset_field) - rims[node]
            changes[offset_field] = max(offset_m, 0.0)
    return conduit.model_copy(update=changes) if changes else conduit


def _rims(network: Network) -> dict[str, float]:
    """The depth of every junction that states one."""
    return {j.id: j.max_depth_m for j in network.junctions if j.max_depth_m > 0.0}


def _ends(conduit: Conduit, rims: Mapping[str, float]) -> Iterable[tuple[str, str, str, bool]]:
    """The ends of a conduit at such junctions: node, its field, its offset's, whether below."""
    for node, node_field, offset_field in (
        (conduit.from_node, "from_node", "inlet_offset_m"),
        (conduit.to_node, "to_node", "outlet_offset_m"),
    ):
        if node in rims:
            below = getattr(conduit, offset_field) < rims[node] - _AT_RIM_M
            yield node, node_field, offset_field, below
