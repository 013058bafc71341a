"""The street level: which streets carry flood water, and the surface every junction drains."""

from __future__ import annotations

import numpy as np

from sim.drainage.elements import Conduit, CrossSection, Curve, Horton, Junction, Subcatchment

from .assumptions import Assumptions
from .cells import Cell
from .sewers import SewerSystem
from .streets import Street, StreetGraph, StreetNode, other_end
from .terrain import Tributary
from .zones import CityZone

GAUGE = "city"


def ponding_curve_id(node: str) -> str:
    """Return the id of the ponding curve of a junction."""
    return f"PC-{node}"


def street_junctions(
    graph: StreetGraph, sewers: SewerSystem, sump_depth_m: float, zone_of: dict[str, str]
) -> tuple[Junction, ...]:
    """Return one drainage junction per street node; an underpass has a shallow inlet pit."""
    junctions = []
    for node in graph.nodes.values():
        rim_m = node.elevation_m
        invert_m = rim_m - sump_depth_m if node.underpass else sewers.invert_m[node.id]
        junctions.append(
            Junction(
                id=node.id, invert_m=round(invert_m, 3), x_m=node.x_m, y_m=node.y_m,
                zone=zone_of[node.id], max_depth_m=round(rim_m - round(invert_m, 3), 3),
                ponding_curve=ponding_curve_id(node.id),
            )
        )  # fmt: skip
    return tuple(junctions)


def ponding_curves(cells: dict[str, Cell]) -> tuple[Curve, ...]:
    """Return the depth-area curves of all junctions."""
    return tuple(
        Curve(id=ponding_curve_id(node), kind="ponding", points=cell.ponding)
        for node, cell in cells.items()
    )


def wet_streets(graph: StreetGraph) -> tuple[Street, ...]:
    """Return the streets that carry flood water between junctions.

    All arterials and collectors, and from every junction the street that falls most steeply; from
    a bowl the one that rises least, over which it spills when full. Bridges are left out: flood
    water enters the channel below only where an exceedance channel was built.
    """
    chosen: set[str] = set()
    for name, streets in graph.neighbours().items():
        here = graph.nodes[name]
        land = [s for s in streets if s.structure != "bridge"]
        falls = max((_fall(s, here, graph), s.id) for s in land)
        saddle = min((graph.nodes[other_end(s, name)].elevation_m, s.id) for s in land)
        chosen.add(falls[1] if falls[0] > 0 else saddle[1])
    return tuple(
        s for s in graph.streets
        if s.structure != "bridge" and (s.street_class != "local" or s.id in chosen)
    )  # fmt: skip


def _fall(street: Street, here: StreetNode, graph: StreetGraph) -> float:
    there = graph.nodes[other_end(street, here.id)]
    return (here.elevation_m - there.elevation_m) / street.length_m


def street_conduits(
    assumptions: Assumptions, graph: StreetGraph, junctions: dict[str, Junction]
) -> tuple[Conduit, ...]:
    """Return the wet streets as open rectangles at street level, running downhill."""
    depth_m = assumptions.number("surface.street_depth")
    roughness = assumptions.number("surface.street_roughness")
    conduits = []
    for street in wet_streets(graph):
        a, b = street.from_node, street.to_node
        if graph.nodes[a].elevation_m < graph.nodes[b].elevation_m:
            a, b = b, a
        conduits.append(
            Conduit(
                id=street.id, from_node=a, to_node=b, length_m=street.length_m,
                roughness_n=roughness, inlet_offset_m=junctions[a].max_depth_m,
                outlet_offset_m=junctions[b].max_depth_m, level="street",
                section=CrossSection(kind="rect_open", depth_m=depth_m, width_m=street.width_m),
            )
        )  # fmt: skip
    return tuple(conduits)


def subcatchments(
    assumptions: Assumptions,
    cells: dict[str, Cell],
    impervious_percent: dict[str, float],
    zone_of: dict[str, str],
) -> tuple[Subcatchment, ...]:
    """Return one subcatchment per junction; areas are rounded so that they still add up."""
    number = assumptions.number
    infiltration = Horton(
        max_rate_mm_h=number("infiltration.horton_max"),
        min_rate_mm_h=number("infiltration.horton_min"),
        decay_per_h=number("infiltration.horton_decay"),
        drying_time_d=number("infiltration.drying_time"),
    )
    names = list(cells)
    parts = _rounded_to_total([cells[name].area_m2 for name in names], number("city.area") * 1e6)
    flow_path_m = number("runoff.flow_path")
    return tuple(
        Subcatchment(
            id=f"C-{name}", gauge=GAUGE, outlet=name, area_ha=round(area_m2 / 1e4, 5),
            impervious_percent=impervious_percent[name], width_m=round(area_m2 / flow_path_m, 1),
            slope_percent=cells[name].slope_percent,
            n_impervious=number("runoff.n_impervious"), n_pervious=number("runoff.n_pervious"),
            storage_impervious_mm=number("runoff.storage_impervious"),
            storage_pervious_mm=number("runoff.storage_pervious"),
            zero_storage_percent=number("runoff.zero_storage"),
            infiltration=infiltration, zone=zone_of[name],
        )
        for name, area_m2 in zip(names, parts, strict=True)
    )  # fmt: skip


def _rounded_to_total(values: list[float], total: float) -> list[float]:
    """Round to tenths by cumulative sums, so that the rounded parts add up to `total`."""
    scaled = np.cumsum(values) * (total / float(np.sum(values)))
    edges = np.concatenate([[0.0], np.round(scaled, 1)])
    return [round(float(v), 1) for v in np.diff(edges)]


def imperviousness(
    assumptions: Assumptions,
    zones: tuple[CityZone, ...],
    zone_of: dict[str, str],
    generator: np.random.Generator,
) -> dict[str, float]:
    """Return the impervious share of every junction's ground in percent: its zone's, varied."""
    spread = assumptions.number("zones.impervious_spread")
    mean = {zone.id: zone.impervious_percent for zone in zones}
    return {
        node: round(mean[zone] + spread * (2 * float(generator.random()) - 1), 1)
        for node, zone in zone_of.items()
    }


def near_tributary_m(tributary: Tributary, node: StreetNode) -> float:
    """Return the distance north-south between a junction and a tributary, m."""
    return abs(node.y_m - float(tributary.axis_y_m(node.x_m)))
