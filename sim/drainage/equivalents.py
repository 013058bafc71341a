"""What SWMM says of pumps in terms of its own node volumes, said in the native engine's.

A pump on a type 1 curve reads the volume of its inlet: of a basin its own, by its curve of areas;
of a junction, to which SWMM gives the curve's last volume at the rim, in proportion to depth.
Either is a curve on depth. In the native engine a node also holds the water of its pipes, which is
none of the pump's.

An ideal pump passes what arrives. What a step leaves behind in a junction follows; a basin keeps
the level it has, as in SWMM.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import Curve, Junction, Pump, Storage
from sim.drainage.network import Network
from sim.drainage.node_tables import area_to_volume, functional_volume
from sim.kernel.schema import Pairs

Floats = NDArray[np.float64]


def with_pumps_on_depth(network: Network) -> Network:
    """Return `network` with the curves of type 1 pumps turned into curves on depth (type 2)."""
    curves = {curve.id: curve for curve in network.curves}
    nodes = {node.id: node for node in network.nodes}
    pumps, made = [], []
    for pump in network.pumps:
        curve = _on_depth(pump, nodes.get(pump.from_node), curves)
        if curve is not None:
            made.append(curve)
        on_depth = {} if curve is None else {"pump_type": "type2", "curve": curve.id}
        pumps.append(pump.model_copy(update=on_depth) if on_depth else pump)
    if not made:
        return network
    return network.model_copy(update={"pumps": tuple(pumps), "curves": (*network.curves, *made)})


def ideal_pumps_keep_m3(network: Network, volume_m3: Floats) -> dict[str, float]:
    """Return, by ideal pump, the volume that it leaves in its node: all of a basin's.

    Parameters
    ----------
    volume_m3 : (N,)
        Of every node at the start.
    """
    junctions = {node.id: i for i, node in enumerate(network.nodes) if isinstance(node, Junction)}
    return {
        pump.id: float(volume_m3[junctions[pump.from_node]])
        if pump.from_node in junctions
        else np.inf
        for pump in network.pumps
        if pump.pump_type == "ideal"
    }


def _on_depth(pump: Pump, inlet: object, curves: Mapping[str, Curve]) -> Curve | None:
    if pump.pump_type != "type1" or pump.curve is None or pump.curve not in curves:
        return None
    points = curves[pump.curve].points
    if isinstance(inlet, Storage):
        volume_m3 = np.array([x for x, _ in points])
        depth_m = depth_at(stored_volume(inlet, curves), volume_m3)
    elif isinstance(inlet, Junction) and points[-1][0] > 0.0 and inlet.max_depth_m > 0.0:
        depth_m = np.array([x / points[-1][0] * inlet.max_depth_m for x, _ in points])
    else:
        return None
    by_depth: Pairs = tuple((float(d), float(q)) for d, (_, q) in zip(depth_m, points, strict=True))
    return Curve(id=f"{pump.curve} by the depth at {pump.id}", kind="pump", points=by_depth)


def stored_volume(storage: Storage, curves: Mapping[str, Curve]) -> Floats:
    """Return a basin's own volume by depth, (2, K): depths in m, volumes in m3."""
    if storage.curve:
        return area_to_volume(curves[storage.curve].points)
    return functional_volume(storage)


def volume_at(table: Floats, depth_m: float) -> float:
    """Return the volume at a depth of a `stored_volume`, straight walls above it."""
    depth, volume = table
    area = (volume[-1] - volume[-2]) / (depth[-1] - depth[-2])
    return float(np.interp(depth_m, depth, volume) + area * max(depth_m - depth[-1], 0.0))


def depth_at(table: Floats, volume_m3: Floats) -> Floats:
    """Return the depths of a `stored_volume` at some volumes, straight walls above it."""
    depth, volume = table
    area = (volume[-1] - volume[-2]) / (depth[-1] - depth[-2])
    above = np.clip(volume_m3 - volume[-1], 0.0, None)
    beyond = above / area if area > 0.0 else np.zeros_like(above)
    return np.asarray(np.interp(volume_m3, volume, depth) + beyond, dtype=np.float64)
