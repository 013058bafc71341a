"""Checks of how a network hangs together: self loops, islands, outfalls, ideal pumps."""

from __future__ import annotations

from collections import defaultdict

from sim.drainage.elements import Conduit, Orifice, Outlet, Pump, Weir
from sim.drainage.findings import Finding
from sim.drainage.network import Network

#: Ids an island names before it says how many more there are.
NAMED_NODES = 10
_AnyLink = Conduit | Pump | Orifice | Weir | Outlet


def layout_findings(network: Network) -> list[Finding]:
    """Return the defects in the layout of `network` as built; links to unknown nodes are skipped.

    A pump, weir, orifice or outlet connects two nodes like a conduit does.
    """
    nodes = {node.id for node in network.nodes}
    links = [link for link in network.links if link.from_node in nodes and link.to_node in nodes]
    return [
        *_self_loops(links),
        *_islands(network, links),
        *_outfalls(network, links),
        *_ideal_pumps(network, links),
    ]


def layout_warnings(network: Network) -> list[Finding]:
    """Return what is legal but rarely meant: an outfall that nothing reaches."""
    reached = {node for link in network.links for node in (link.from_node, link.to_node)}
    reached |= {subcatchment.outlet for subcatchment in network.subcatchments}
    reached |= {inflow.node for inflow in network.inflows}
    return [
        Finding(f"outfalls/{outfall.id}", "nothing flows to this outfall")
        for outfall in network.outfalls
        if outfall.id not in reached
    ]


def family_of(link: _AnyLink) -> str:
    """Return the family (table) of a link."""
    return f"{link.kind}s"


def _self_loops(links: list[_AnyLink]) -> list[Finding]:
    return [
        Finding(
            f"{family_of(link)}/{link.id}",
            "the link starts and ends at the same node",
            link.from_node,
            "two different nodes",
            "check from_node and to_node",
        )
        for link in links
        if link.from_node == link.to_node
    ]


def _islands(network: Network, links: list[_AnyLink]) -> list[Finding]:
    neighbours: dict[str, list[str]] = defaultdict(list)
    for link in links:
        neighbours[link.from_node].append(link.to_node)
        neighbours[link.to_node].append(link.from_node)
    ids = list(dict.fromkeys(node.id for node in network.nodes))
    drained = _reachable([outfall.id for outfall in network.outfalls], neighbours)
    findings = []
    for node in ids:
        if node in drained:
            continue
        island = _reachable([node], neighbours)
        drained |= island
        members = [other for other in ids if other in island]
        names = ", ".join(members[:NAMED_NODES])
        if len(members) > NAMED_NODES:
            names += f" and {len(members) - NAMED_NODES} more"
        findings.append(
            Finding(
                f"nodes/{node}",
                f"{len(members)} node{'s' * (len(members) > 1)} without any way to an outfall: "
                f"{names}",
                None,
                "an outfall in every connected part of the network",
                "connect them by a link, add an outfall, or leave them out",
            )
        )
    return findings


def _reachable(starts: list[str], neighbours: dict[str, list[str]]) -> set[str]:
    reached = set(starts)
    front = list(starts)
    while front:
        for node in neighbours.get(front.pop(), ()):
            if node not in reached:
                reached.add(node)
                front.append(node)
    return reached


def _outfalls(network: Network, links: list[_AnyLink]) -> list[Finding]:
    arriving: dict[str, list[str]] = defaultdict(list)
    leaving: dict[str, list[str]] = defaultdict(list)
    for link in links:
        arriving[link.to_node].append(link.id)
        leaving[link.from_node].append(link.id)
    findings = []
    for outfall in network.outfalls:
        touching = [*arriving[outfall.id], *leaving[outfall.id]]
        if len(touching) > 1:
            findings.append(
                Finding(
                    f"outfalls/{outfall.id}",
                    f"{len(touching)} links meet at an outfall: {', '.join(touching)}",
                    None,
                    "one link",
                    "put a junction before the outfall, or give every link its own outfall",
                )
            )
        elif leaving[outfall.id]:
            findings.append(
                Finding(
                    f"outfalls/{outfall.id}",
                    "the only link leads away from the outfall",
                    leaving[outfall.id][0],
                    "a link that ends here",
                    "swap from_node and to_node of the link, and its offsets",
                )
            )
    return findings


def _ideal_pumps(network: Network, links: list[_AnyLink]) -> list[Finding]:
    leaving: dict[str, list[str]] = defaultdict(list)
    for link in links:
        leaving[link.from_node].append(link.id)
    return [
        Finding(
            f"pumps/{pump.id}",
            "an ideal pump passes on all that reaches its node, yet other links leave it too: "
            + ", ".join(link for link in leaving[pump.from_node] if link != pump.id),
            pump.from_node,
            "no other link that leaves the node",
            "give the pump a curve and a type",
        )
        for pump in network.pumps
        if pump.pump_type == "ideal" and len(leaving[pump.from_node]) > 1
    ]
