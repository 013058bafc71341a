"""The way through the sewers between two nodes, with the heights a longitudinal profile needs."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection
from dataclasses import dataclass

from scenarios.charts.plan import places_of
from sim.drainage.elements import Conduit, Junction, Orifice, Outlet, Pump, Storage, Weir
from sim.drainage.network import Network
from sim.drainage.sections import SectionGeometry

AnyLink = Conduit | Pump | Orifice | Weir | Outlet
#: A pump or a gate has no length of its own; without coordinates it is drawn this long.
STRUCTURE_M = 1.0


@dataclass(frozen=True)
class Station:
    """A node on the way: how far along it lies, its invert and its rim (none at an outfall)."""

    node: str
    chainage_m: float
    invert_m: float
    ground_m: float | None


@dataclass(frozen=True)
class Reach:
    """A link on the way. A conduit has inverts at both ends, seen along the way, and a height.

    The three are none for a pump, gate or weir.
    """

    link: str
    kind: str
    start_invert_m: float | None = None
    end_invert_m: float | None = None
    height_m: float | None = None


@dataclass(frozen=True)
class SewerPath:
    """Stations in order and the reaches between them (one fewer)."""

    stations: tuple[Station, ...]
    reaches: tuple[Reach, ...]

    @property
    def length_m(self) -> float:
        return self.stations[-1].chainage_m

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(station.node for station in self.stations)


def sewer_path(network: Network, start: str, end: str) -> SewerPath | None:
    """Return the shortest way through sewers, pumps and gates; none if there is none.

    Streets and exceedance channels are no sewers. The way may run against the flow.

    Parameters
    ----------
    network
        As built (`Network.built`).
    start, end
        Nodes.
    """
    return _path(network, start, {end}, both_ways=True)


def path_to_outfall(network: Network, start: str) -> SewerPath | None:
    """Return the way the water takes from a node to the nearest outfall; none if there is none.

    It follows the links from ``from_node`` to ``to_node``; where that leads nowhere, any way does.
    """
    outfalls = {outfall.id for outfall in network.outfalls}
    down = _path(network, start, outfalls, both_ways=False)
    return down or _path(network, start, outfalls, both_ways=True)


def underground(network: Network) -> list[AnyLink]:
    """The links that are neither street nor exceedance channel."""
    return [link for link in network.links if getattr(link, "level", "sewer") == "sewer"]


def _path(
    network: Network, start: str, goals: Collection[str], *, both_ways: bool
) -> SewerPath | None:
    """Dijkstra's shortest path by length; of equal ways the one met first in the files."""
    lengths = _lengths(network)
    leaving: dict[str, list[tuple[AnyLink, str]]] = {}
    for link in underground(network):
        leaving.setdefault(link.from_node, []).append((link, link.to_node))
        if both_ways:
            leaving.setdefault(link.to_node, []).append((link, link.from_node))
    best = {start: 0.0}
    came: dict[str, tuple[AnyLink, str]] = {}
    waiting = [(0.0, 0, start)]
    while waiting:
        so_far, _, node = heapq.heappop(waiting)
        if node in goals and node != start:
            return _described(network, lengths, came, node)
        if so_far > best[node]:
            continue
        for link, to in leaving.get(node, ()):
            length = so_far + lengths[link.id]
            if length < best.get(to, math.inf):
                best[to], came[to] = length, (link, node)
                heapq.heappush(waiting, (length, len(came), to))
    return None


def _lengths(network: Network) -> dict[str, float]:
    places = places_of(network)
    found = {}
    for link in network.links:
        if isinstance(link, Conduit):
            found[link.id] = link.length_m
        elif link.from_node in places and link.to_node in places:
            straight = math.dist(places[link.from_node], places[link.to_node])
            found[link.id] = max(straight, STRUCTURE_M)
        else:
            found[link.id] = STRUCTURE_M
    return found


def _described(
    network: Network, lengths: dict[str, float], came: dict[str, tuple[AnyLink, str]], end: str
) -> SewerPath:
    steps: list[tuple[AnyLink, str]] = []
    at = end
    while at in came:
        link, before = came[at]
        steps.append((link, at))
        at = before
    steps.reverse()
    heights = _Heights(network)
    stations = [heights.station(at, 0.0)]
    reaches = []
    for link, to in steps:
        last = stations[-1]
        there = heights.station(to, last.chainage_m + lengths[link.id])
        reaches.append(heights.reach(link, last, there))
        stations.append(there)
    return SewerPath(tuple(stations), tuple(reaches))


class _Heights:
    """Inverts, rims and crowns of one network."""

    def __init__(self, network: Network) -> None:
        self._curves = {curve.id: curve for curve in network.curves}
        self._transects = {transect.id: transect for transect in network.transects}
        self._nodes = {node.id: node for node in network.nodes}
        self._at: dict[str, list[tuple[Conduit, float]]] = {}
        for conduit in network.conduits:
            self._at.setdefault(conduit.from_node, []).append((conduit, conduit.inlet_offset_m))
            self._at.setdefault(conduit.to_node, []).append((conduit, conduit.outlet_offset_m))

    def station(self, name: str, chainage_m: float) -> Station:
        node = self._nodes[name]
        ground = None
        if isinstance(node, Junction | Storage):
            depth = node.max_depth_m
            # As in the engine: a junction without a ponding curve is as deep as its crowns.
            if isinstance(node, Junction) and node.ponding_curve is None:
                crowns = (off + self._height_m(c) for c, off in self._at.get(name, ()))
                depth = max(depth, *crowns, 0.0)
            ground = node.invert_m + depth
        return Station(name, chainage_m, node.invert_m, ground)

    def reach(self, link: AnyLink, before: Station, after: Station) -> Reach:
        if not isinstance(link, Conduit):
            return Reach(link.id, link.kind)
        offsets = [link.inlet_offset_m, link.outlet_offset_m]
        if link.from_node != before.node:
            offsets.reverse()
        return Reach(
            link=link.id,
            kind=link.kind,
            start_invert_m=before.invert_m + offsets[0],
            end_invert_m=after.invert_m + offsets[1],
            height_m=self._height_m(link),
        )

    def _height_m(self, conduit: Conduit) -> float:
        geometry = SectionGeometry.of(
            conduit.section, self._curves, self._transects, where=f"conduits/{conduit.id}/section"
        )
        return geometry.full_depth_m
