"""The street graph: an irregular grid with classes, gaps, bridges and railway underpasses."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import hypot

import numpy as np

from .assumptions import Assumptions
from .terrain import Outline, Terrain, Tributary

CLASSES = ("arterial", "collector", "local")


@dataclass(frozen=True)
class StreetNode:
    """A street junction, or the bottom of a railway underpass."""

    id: str
    x_m: float
    y_m: float
    elevation_m: float
    underpass: bool = False


@dataclass(frozen=True)
class Street:
    """A street between two nodes. ``structure`` is empty, ``bridge`` or ``underpass``."""

    id: str
    from_node: str
    to_node: str
    length_m: float
    street_class: str
    width_m: float
    lanes: int
    speed_km_h: float
    structure: str


@dataclass(frozen=True)
class StreetGraph:
    """All nodes and streets; one connected piece."""

    nodes: dict[str, StreetNode]
    streets: tuple[Street, ...]
    railway_x_m: float

    def neighbours(self) -> dict[str, list[Street]]:
        """Return the streets at every node."""
        at: dict[str, list[Street]] = defaultdict(list)
        for street in self.streets:
            at[street.from_node].append(street)
            at[street.to_node].append(street)
        return dict(at)


@dataclass
class Edge:
    """A street in the making."""

    a: str
    b: str
    street_class: str
    structure: str = ""


def other_end(street: Street, node: str) -> str:
    """Return the end of `street` that is not `node`."""
    return street.to_node if street.from_node == node else street.from_node


def is_one_piece(nodes: set[str], edges: list[tuple[str, str]]) -> bool:
    """Tell whether every node reaches every other."""
    at: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        at[a].append(b)
        at[b].append(a)
    start = min(nodes)
    seen = {start}
    stack = [start]
    while stack:
        for neighbour in at[stack.pop()]:
            if neighbour not in seen:
                seen.add(neighbour)
                stack.append(neighbour)
    return seen == nodes


def line_positions(count: int, jitter: float, generator: np.random.Generator) -> np.ndarray:
    """Return `count` cell centres of a division of 0..1 into cells of varying width."""
    widths = 1.0 + jitter * (2 * generator.random(count) - 1)
    ends = np.cumsum(widths) / widths.sum()
    return np.asarray(ends - widths / widths.sum() / 2)


def line_class(index: int, arterial_every: int, collector_every: int) -> str:
    """Return the class of a line of the grid."""
    if index % arterial_every == arterial_every // 2:
        return "arterial"
    return "collector" if index % collector_every == 0 else "local"


def _crosses(a: tuple[float, float], b: tuple[float, float], tributary: Tributary) -> bool:
    above_a = a[1] > float(tributary.axis_y_m(a[0]))
    above_b = b[1] > float(tributary.axis_y_m(b[0]))
    return above_a != above_b


def build_streets(
    assumptions: Assumptions,
    outline: Outline,
    terrain: Terrain,
    rivers: tuple[Tributary, ...],
    generator: np.random.Generator,
) -> StreetGraph:
    """Build the graph: grid lines, jitter, classes, the railway, a park, gaps."""
    number, count = assumptions.number, assumptions.count
    columns, rows = count("streets.columns"), count("streets.rows")
    arterial_every = count("streets.arterial_every")
    collector_every = count("streets.collector_every")
    column_at = line_positions(columns, number("streets.line_jitter"), generator)
    row_at = line_positions(rows, number("streets.line_jitter"), generator)
    jitter_m = number("streets.node_jitter")
    bend_m, bend_wave_m = number("streets.bend"), number("streets.bend_wave_length")
    height_m = outline.north_m - outline.south_m

    place: dict[tuple[int, int], tuple[float, float]] = {}
    for row in range(rows):
        for column in range(columns):
            y = outline.south_m + row_at[row] * height_m
            bank = float(outline.bank_x_m(y))
            x = outline.west_m + column_at[column] * (bank - outline.west_m)
            y += bend_m * np.sin(2 * np.pi * x / bend_wave_m)
            x += jitter_m * (2 * generator.random() - 1)
            y += jitter_m * (2 * generator.random() - 1)
            y = min(max(y, outline.south_m + jitter_m), outline.north_m - jitter_m)
            place[row, column] = (float(x), float(y))

    park = _park(assumptions, rows, columns)
    kept = [key for key in place if key not in park]
    name = {key: f"J{index:03d}" for index, key in enumerate(kept, start=1)}
    at = {name[key]: place[key] for key in kept}
    row_class = [line_class(row, arterial_every, collector_every) for row in range(rows)]
    column_class = [line_class(c, arterial_every, collector_every) for c in range(columns)]
    edges: list[Edge] = []
    for row, column in kept:
        for step, street_class in (((0, 1), row_class[row]), ((1, 0), column_class[column])):
            key = (row + step[0], column + step[1])
            if key in name:
                edges.append(Edge(name[row, column], name[key], street_class))

    for edge in edges:
        if any(_crosses(at[edge.a], at[edge.b], river) for river in rivers):
            edge.structure = "bridge"
    edges, underpasses = _railway(assumptions, edges, at)
    share = number("streets.local_gap_share")
    edges = thin_out(edges, set(at) | set(underpasses), share, generator)

    drop_m = number("streets.underpass_drop")
    nodes: dict[str, StreetNode] = {}
    for node, (x, y) in (at | underpasses).items():
        level_m = float(terrain.elevation_m(x, y)) - (drop_m if node in underpasses else 0.0)
        nodes[node] = StreetNode(
            node, round(x, 2), round(y, 2), round(level_m, 3), node in underpasses
        )
    return StreetGraph(nodes, tuple(_finish(assumptions, edges, nodes)), number("railway.x"))


def _park(assumptions: Assumptions, rows: int, columns: int) -> set[tuple[int, int]]:
    """Return the grid places a large park swallows: local corners only, off the main lines."""
    numbers = assumptions.numbers("streets.park_block")
    first_row, first_column, high, wide = (int(v) for v in numbers)
    block = {(first_row + r, first_column + c) for r in range(high) for c in range(wide)}
    if any(r >= rows or c >= columns for r, c in block):
        raise ValueError("streets.park_block lies outside the grid")
    return block


def _railway(
    assumptions: Assumptions, edges: list[Edge], at: dict[str, tuple[float, float]]
) -> tuple[list[Edge], dict[str, tuple[float, float]]]:
    """Cut the streets at the railway; arterials pass under it through a new lowest node."""
    rail_x = assumptions.number("railway.x")
    kept: list[Edge] = []
    underpasses: dict[str, tuple[float, float]] = {}
    for edge in edges:
        (xa, ya), (xb, yb) = at[edge.a], at[edge.b]
        if (xa < rail_x) == (xb < rail_x):
            kept.append(edge)
        elif edge.street_class == "arterial" and not edge.structure:
            key = f"JU{len(underpasses) + 1}"
            # in the middle of the street, so that both ramps have room
            underpasses[key] = ((xa + xb) / 2, (ya + yb) / 2)
            kept.append(Edge(edge.a, key, edge.street_class, "underpass"))
            kept.append(Edge(key, edge.b, edge.street_class, "underpass"))
    return kept, underpasses


def thin_out(
    edges: list[Edge], nodes: set[str], share: float, generator: np.random.Generator
) -> list[Edge]:
    """Drop some local streets, never one that would cut the graph or leave a node one street."""
    kept = list(edges)
    degree: dict[str, int] = defaultdict(int)
    for edge in edges:
        degree[edge.a] += 1
        degree[edge.b] += 1
    for edge in edges:
        draw = generator.random()
        if edge.street_class != "local" or edge.structure or draw >= share:
            continue
        if degree[edge.a] <= 2 or degree[edge.b] <= 2:
            continue
        rest = [e for e in kept if e is not edge]
        if is_one_piece(nodes, [(e.a, e.b) for e in rest]):
            kept = rest
            degree[edge.a] -= 1
            degree[edge.b] -= 1
    if not is_one_piece(nodes, [(e.a, e.b) for e in kept]):
        raise ValueError("the street graph falls apart: the railway or the park cuts it")
    return kept


def _finish(
    assumptions: Assumptions, edges: list[Edge], nodes: dict[str, StreetNode]
) -> list[Street]:
    """Give every edge its length, width, lanes and speed."""
    width = {c: assumptions.number(f"streets.{c}.width") for c in CLASSES}
    lanes = {c: assumptions.count(f"streets.{c}.lanes") for c in CLASSES}
    speed = {c: assumptions.number(f"streets.{c}.speed") for c in CLASSES}
    winding = assumptions.number("streets.winding")
    streets = []
    for index, edge in enumerate(edges, start=1):
        a, b = nodes[edge.a], nodes[edge.b]
        length_m = round(winding * hypot(a.x_m - b.x_m, a.y_m - b.y_m), 1)
        c = edge.street_class
        streets.append(
            Street(f"S{index:04d}", edge.a, edge.b, length_m, c, width[c], lanes[c], speed[c],
                   edge.structure)
        )  # fmt: skip
    return streets
