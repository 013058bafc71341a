"""Streets of the three districts: the new one as it is, grids for the older two, trunk roads."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, hypot, radians, sin

import numpy as np

from ..assumptions import Assumptions
from ..plane import Plane
from ..streets import (
    CLASSES,
    Edge,
    Street,
    is_one_piece,
    line_class,
    line_positions,
    thin_out,
)
from ..town import Town
from ..zones import share_out

OLD_DISTRICTS = (("Shancheng", "SC"), ("Heshan", "HS"))
DISTRICTS = ("Qibin", *(name for name, _ in OLD_DISTRICTS))
TRUNKS = ("T1", "T2", "T3", "T4")
PLACES = ("INC", "PARK", "TS")


@dataclass(frozen=True)
class Junction:
    """A street node; ``zone`` and ``land_use`` are empty outside the districts."""

    id: str
    x_m: float
    y_m: float
    district: str
    zone: str
    land_use: str


@dataclass(frozen=True)
class Region:
    """The whole region: streets, people by node, where depots and sites are.

    ``depot`` and ``site`` hold street nodes by district and by site place.
    """

    nodes: dict[str, Junction]
    streets: tuple[Street, ...]
    people: dict[str, int]
    depot: dict[str, str]
    site: dict[str, str]

    def of(self, district: str) -> list[Junction]:
        """Return the nodes of a district."""
        return [node for node in self.nodes.values() if node.district == district]

    def nearest(self, x_m: float, y_m: float) -> Junction:
        """Return the node nearest to a place; the first of several."""
        return nearest(self.nodes, x_m, y_m)


def nearest(nodes: dict[str, Junction], x_m: float, y_m: float) -> Junction:
    """Return the node nearest to a place; the first of several."""
    return min(nodes.values(), key=lambda n: (hypot(n.x_m - x_m, n.y_m - y_m), n.id))


def build_region(town: Town, draws: np.random.Generator) -> Region:
    """Build the streets of all districts as one graph and settle the people on it."""
    assumptions = town.assumptions
    use_of = {zone.id: zone.land_use for zone in town.zones}
    nodes = {
        n.id: Junction(n.id, n.x_m, n.y_m, "Qibin", town.zone_of[n.id],
                       use_of[town.zone_of[n.id]])
        for n in town.graph.nodes.values()
    }  # fmt: skip
    streets = list(town.graph.streets)
    for district, prefix in OLD_DISTRICTS:
        added, edges = _grid(assumptions, town.plane, district, prefix, draws)
        nodes |= added
        streets += _streets(assumptions, prefix, edges, nodes)
    for trunk in TRUNKS:
        _trunk(assumptions, trunk, nodes, streets)
    site = {place: _spur(assumptions, place, nodes, streets) for place in PLACES}
    depot = {
        district: nearest(
            {k: n for k, n in nodes.items() if n.district == district},
            *(1e3 * km for km in assumptions.numbers(f"depot.{district}")),
        ).id
        for district in DISTRICTS
    }
    if not is_one_piece(set(nodes), [(s.from_node, s.to_node) for s in streets]):
        raise ValueError("the streets of the three districts are not one piece")
    return Region(nodes, tuple(streets), _people(town, nodes), depot, site)


def _grid(
    assumptions: Assumptions,
    plane: Plane,
    district: str,
    prefix: str,
    draws: np.random.Generator,
) -> tuple[dict[str, Junction], list[Edge]]:
    """Lay a turned, irregular grid around a district's centre."""
    lon, lat = assumptions.numbers(f"fleet.{district}.centre")
    centre_x, centre_y = plane.x_m(lon), plane.y_m(lat)
    columns, rows = (int(v) for v in assumptions.numbers(f"fleet.{district}.grid"))
    zone_columns, zone_rows = (int(v) for v in assumptions.numbers(f"fleet.{district}.zones"))
    land_uses = assumptions.texts(f"fleet.{district}.land_use")
    if len(land_uses) != zone_columns * zone_rows:
        raise ValueError(f"fleet.{district}.land_use: {len(land_uses)} for {zone_columns} x"
                         f" {zone_rows} zones")  # fmt: skip
    spacing_m = assumptions.number("fleet.grid.spacing")
    jitter_m = assumptions.number("fleet.grid.node_jitter")
    turn = radians(assumptions.number(f"fleet.{district}.turn"))
    line_jitter = assumptions.number("streets.line_jitter")
    across = (line_positions(columns, line_jitter, draws) - 0.5) * columns * spacing_m
    along = (line_positions(rows, line_jitter, draws) - 0.5) * rows * spacing_m
    every = (
        assumptions.count("streets.arterial_every"),
        assumptions.count("streets.collector_every"),
    )
    name: dict[tuple[int, int], str] = {}
    nodes: dict[str, Junction] = {}
    for row in range(rows):
        for column in range(columns):
            dx, dy = jitter_m * (2 * draws.random(2) - 1)
            u, v = across[column] + dx, along[row] + dy
            zone = (row * zone_rows // rows) * zone_columns + column * zone_columns // columns
            key = f"{prefix}{len(nodes) + 1:03d}"
            name[row, column] = key
            nodes[key] = Junction(
                key,
                round(float(centre_x + u * cos(turn) - v * sin(turn)), 2),
                round(float(centre_y + u * sin(turn) + v * cos(turn)), 2),
                district, f"{prefix}{zone + 1}", land_uses[zone],
            )  # fmt: skip
    edges = []
    for (row, column), key in name.items():
        for step, index in (((0, 1), row), ((1, 0), column)):
            beside = (row + step[0], column + step[1])
            if beside in name:
                edges.append(Edge(key, name[beside], line_class(index, *every)))
    share = assumptions.number("fleet.grid.local_gap_share")
    return nodes, thin_out(edges, set(nodes), share, draws)


def _streets(
    assumptions: Assumptions, prefix: str, edges: list[Edge], nodes: dict[str, Junction]
) -> list[Street]:
    return [
        _street(assumptions, f"{prefix}S{index:03d}", edge.a, edge.b, edge.street_class, nodes)
        for index, edge in enumerate(edges, start=1)
    ]


def _street(
    assumptions: Assumptions, key: str, a: str, b: str, street_class: str,
    nodes: dict[str, Junction],
) -> Street:  # fmt: skip
    group = "streets" if street_class in CLASSES else "fleet"
    one, other = nodes[a], nodes[b]
    length_m = assumptions.number("streets.winding") * hypot(one.x_m - other.x_m,
                                                             one.y_m - other.y_m)  # fmt: skip
    return Street(
        key, a, b, round(length_m, 1), street_class,
        assumptions.number(f"{group}.{street_class}.width"),
        assumptions.count(f"{group}.{street_class}.lanes"),
        assumptions.number(f"{group}.{street_class}.speed"), "",
    )  # fmt: skip


def _trunk(
    assumptions: Assumptions, trunk: str, nodes: dict[str, Junction], streets: list[Street]
) -> None:
    """Join two districts: the road ends at the nodes nearest to its first and last point."""
    values = [1e3 * km for km in assumptions.numbers(f"fleet.trunk.{trunk}")]
    via = list(zip(values[::2], values[1::2], strict=True))
    step_m = assumptions.number("fleet.trunk.step")
    first, last = nearest(nodes, *via[0]), nearest(nodes, *via[-1])
    line = [(first.x_m, first.y_m), *via[1:-1], (last.x_m, last.y_m)]
    places = []
    for (xa, ya), (xb, yb) in zip(line, line[1:], strict=False):
        parts = ceil(hypot(xb - xa, yb - ya) / step_m)
        places += [(xa + (xb - xa) * k / parts, ya + (yb - ya) * k / parts) for k in range(parts)]
    chain = [first.id]
    for index, (x, y) in enumerate(places[1:], start=1):
        key = f"{trunk}{index:02d}"
        nodes[key] = Junction(key, round(x, 2), round(y, 2), "", "", "")
        chain.append(key)
    chain.append(last.id)
    for index, (a, b) in enumerate(zip(chain, chain[1:], strict=False), start=1):
        streets.append(_street(assumptions, f"{trunk}S{index:02d}", a, b, "trunk", nodes))


def _spur(
    assumptions: Assumptions, place: str, nodes: dict[str, Junction], streets: list[Street]
) -> str:
    """Put a site beside the nearest street and join it."""
    x_m, y_m = (1e3 * km for km in assumptions.numbers(f"site.{place}"))
    gate = nearest(nodes, x_m, y_m)
    nodes[place] = Junction(place, round(x_m, 2), round(y_m, 2), "", "", "")
    streets.append(_street(assumptions, f"{place}S01", gate.id, place, "collector", nodes))
    return place


def _people(town: Town, nodes: dict[str, Junction]) -> dict[str, int]:
    """Settle the people of the built-up areas on the nodes; they add up to the districts'."""
    number = town.assumptions.number
    people: dict[str, int] = {}
    for zone in town.zones:
        mine = [
            n.id for n in town.graph.nodes.values()
            if not n.underpass and town.zone_of[n.id] == zone.id
        ]  # fmt: skip
        weights = [town.cells[node].area_m2 for node in mine]
        people |= dict(zip(mine, share_out(zone.people, weights), strict=True))
    for district, _ in OLD_DISTRICTS:
        mine_old = [n for n in nodes.values() if n.district == district]
        total = round(number(f"district.{district}.people")
                      * number(f"fleet.{district}.people_share"))  # fmt: skip
        weights = [number(f"zones.{n.land_use}.people_weight") for n in mine_old]
        people |= dict(zip((n.id for n in mine_old), share_out(total, weights), strict=True))
    return people
