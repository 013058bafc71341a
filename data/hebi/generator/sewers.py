"""The storm sewers before the works: one tree per outfall, sized too small for today."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from math import ceil, hypot, pi

from .assumptions import Assumptions
from .cells import Cell
from .hydraulics import StormFormula, full_circle_flow_m3s
from .streets import StreetGraph, StreetNode, other_end
from .terrain import Outline, Tributary


@dataclass(frozen=True)
class OutfallSite:
    """Where a sewer leaves: a point on the bank and the street junction it starts from."""

    id: str
    x_m: float
    y_m: float
    terminal: str
    water: str


@dataclass
class Sewer:
    """One pipe, named by its upstream junction."""

    from_node: str
    to_node: str
    length_m: float
    diameter_m: float = 0.0
    barrels: int = 1
    design_flow_m3s: float = 0.0
    slope: float = 0.0


@dataclass
class SewerSystem:
    """The pipes by upstream junction, the inverts of all nodes, the outfall of every junction."""

    sites: tuple[OutfallSite, ...]
    pipes: dict[str, Sewer] = field(default_factory=dict)
    invert_m: dict[str, float] = field(default_factory=dict)
    site_of: dict[str, str] = field(default_factory=dict)
    area_ha: dict[str, float] = field(default_factory=dict)

    def main_path(self, site: OutfallSite) -> list[Sewer]:
        """Return the pipes from the outfall upwards, always along the larger drained area."""
        above: dict[str, list[str]] = defaultdict(list)
        for pipe in self.pipes.values():
            above[pipe.to_node].append(pipe.from_node)
        path, node = [], site.terminal
        path.append(self.pipes[node])
        while above[node]:
            node = max(above[node], key=lambda name: (self.area_ha[name], name))
            path.append(self.pipes[node])
        return path


def outfall_sites(
    assumptions: Assumptions,
    outline: Outline,
    rivers: tuple[Tributary, ...],
    graph: StreetGraph,
) -> tuple[OutfallSite, ...]:
    """Return the outfalls: on the Qi at the stated northings, on each tributary at eastings."""
    points = [("qi", float(outline.bank_x_m(y)), y) for y in assumptions.numbers("outfalls.qi_y")]
    side_m = assumptions.number("outfalls.tributary_offset")
    for river in rivers:
        for x, side in zip(
            assumptions.numbers(f"outfalls.{river.id}.x"),
            assumptions.numbers(f"outfalls.{river.id}.side"), strict=True,
        ):  # fmt: skip
            points.append((river.id, x, float(river.axis_y_m(x)) + side * side_m))
    sites: list[OutfallSite] = []
    taken: set[str] = set()
    for index, (water, x, y) in enumerate(points, start=1):
        river_by_id = {river.id: river for river in rivers}
        candidates = [
            node for node in graph.nodes.values()
            if not node.underpass and node.id not in taken
            and _same_bank(node, (x, y), river_by_id.get(water))
        ]  # fmt: skip
        nearest = min(candidates, key=lambda node: (hypot(node.x_m - x, node.y_m - y), node.id))
        taken.add(nearest.id)
        sites.append(OutfallSite(f"O{index:02d}", round(x, 2), round(y, 2), nearest.id, water))
    return tuple(sites)


def _same_bank(node: StreetNode, point: tuple[float, float], river: Tributary | None) -> bool:
    if river is None:
        return True
    above_node = node.y_m > float(river.axis_y_m(node.x_m))
    return above_node == (point[1] > float(river.axis_y_m(point[0])))


def build_sewers(
    assumptions: Assumptions,
    graph: StreetGraph,
    sites: tuple[OutfallSite, ...],
    cells: dict[str, Cell],
    impervious_percent: dict[str, float],
    return_period_years: dict[str, float],
) -> SewerSystem:
    """Lay one tree per outfall along the streets, downhill where possible, and size its pipes."""
    system = SewerSystem(sites)
    parent, order = _trees(assumptions, graph, sites, system)
    _size(assumptions, graph, cells, impervious_percent, return_period_years, system, parent, order)
    return system


def _routes(graph: StreetGraph) -> dict[str, list[tuple[str, str, float]]]:
    """Return where pipes can lie: (neighbour, street class, length in m) by junction.

    Along every street but over bridges; at an underpass a jacked pipe crosses the railway.
    """
    routes: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    at = graph.neighbours()
    pairs = [(s.from_node, s.to_node, s.street_class, s.length_m)
             for s in graph.streets if not s.structure]  # fmt: skip
    for node in graph.nodes.values():
        if node.underpass:
            first, second = at[node.id]
            length_m = round(first.length_m + second.length_m, 1)
            ends = other_end(first, node.id), other_end(second, node.id)
            pairs.append((*ends, first.street_class, length_m))
    for a, b, street_class, length_m in pairs:
        routes[a].append((b, street_class, length_m))
        routes[b].append((a, street_class, length_m))
    return routes


def _trees(
    assumptions: Assumptions,
    graph: StreetGraph,
    sites: tuple[OutfallSite, ...],
    system: SewerSystem,
) -> tuple[dict[str, tuple[str, float]], list[str]]:
    """Return each junction's next one with the pipe length, and the order from the outfalls up.

    Cheapest paths from the outfalls: the cost of a pipe is its length plus a price on every metre
    it would have to climb, so that sewers follow the ground.
    """
    climb_price = assumptions.number("sewer.climb_price")
    least_slope = assumptions.number("sewer.least_slope")
    class_factor = {
        c: assumptions.number(f"sewer.{c}.length_factor")
        for c in ("arterial", "collector", "local")
    }
    routes = _routes(graph)
    parent: dict[str, tuple[str, float]] = {}
    order: list[str] = []
    queue: list[tuple[float, str, str, float]] = []
    by_id = {site.id: site for site in sites}
    terminals = {site.terminal: site for site in sites}
    for site in sites:
        node = graph.nodes[site.terminal]
        length_m = max(
            round(hypot(node.x_m - site.x_m, node.y_m - site.y_m), 1),
            assumptions.number("outfalls.least_pipe_length"),
        )
        heapq.heappush(queue, (0.0, site.terminal, site.id, length_m))
    while queue:
        cost, name, below, length_m = heapq.heappop(queue)
        if name in parent:
            continue
        parent[name] = (below, length_m)
        order.append(name)
        system.site_of[name] = below if below in by_id else system.site_of[below]
        here_m = graph.nodes[name].elevation_m
        for above, street_class, length_m in routes[name]:
            if above in parent or above in terminals:
                continue
            climb_m = max(0.0, here_m - graph.nodes[above].elevation_m + least_slope * length_m)
            step = length_m * class_factor[street_class] + climb_price * climb_m
            heapq.heappush(queue, (cost + step, above, name, length_m))
    missing = [n.id for n in graph.nodes.values() if not n.underpass and n.id not in parent]
    if missing:
        raise ValueError(f"no sewer reaches {missing}: a bridge or the railway cuts them off")
    return parent, order


def _size(
    assumptions: Assumptions,
    graph: StreetGraph,
    cells: dict[str, Cell],
    impervious_percent: dict[str, float],
    return_period_years: dict[str, float],
    system: SewerSystem,
    parent: dict[str, tuple[str, float]],
    order: list[str],
) -> None:
    """Size from the top down by the rational method; inverts follow cover and least slope."""
    number = assumptions.number
    formula = StormFormula.of(assumptions)
    diameters_m = [mm / 1000 for mm in assumptions.numbers("sewer.diameters")]
    roughness = number("sewer.design_roughness")
    paved, green = number("runoff.coefficient_paved"), number("runoff.coefficient_green")
    cover_m, least_slope = number("sewer.cover"), number("sewer.least_slope")
    most_barrels = assumptions.count("sewer.most_barrels")
    steepest = number("sewer.steepest_design_slope")
    effective_ha: dict[str, float] = defaultdict(float)
    minutes: dict[str, float] = defaultdict(lambda: number("sewer.inlet_time"))
    largest_m: dict[str, float] = defaultdict(lambda: diameters_m[0])
    most: dict[str, int] = defaultdict(lambda: 1)
    highest_m: dict[str, float] = {}  # the highest invert the pipes from above allow
    for name in reversed(order):
        below, length_m = parent[name]
        cell = cells[name]
        paved_share = impervious_percent[name] / 100
        coefficient = paved * paved_share + green * (1 - paved_share)
        area_ha = cell.area_m2 / 1e4
        system.area_ha[name] = system.area_ha.get(name, 0.0) + area_ha
        effective_ha[name] += area_ha * coefficient
        rim_m = graph.nodes[name].elevation_m
        ground_slope = (
            (rim_m - graph.nodes[below].elevation_m) / length_m
            if below in graph.nodes else least_slope
        )  # fmt: skip
        slope = min(max(ground_slope, least_slope), steepest)
        intensity = formula.intensity_l_s_ha(return_period_years[name], minutes[name])
        flow_m3s = effective_ha[name] * intensity / 1000
        fitting = [d for d in diameters_m if full_circle_flow_m3s(d, slope, roughness) >= flow_m3s]
        diameter_m = max(fitting[0] if fitting else diameters_m[-1], largest_m[name])
        one_m3s = full_circle_flow_m3s(diameter_m, slope, roughness)
        barrels = min(max(ceil(flow_m3s / one_m3s), most[name]), most_barrels)
        invert_m = rim_m - cover_m - diameter_m
        invert_m = round(min(invert_m, highest_m.get(name, invert_m)), 3)
        system.invert_m[name] = invert_m
        system.pipes[name] = Sewer(name, below, length_m, diameter_m, barrels, flow_m3s)
        velocity_m_s = one_m3s / (pi * diameter_m**2 / 4)
        if below in graph.nodes:
            effective_ha[below] += effective_ha[name]
            system.area_ha[below] = system.area_ha.get(below, 0.0) + system.area_ha[name]
            minutes[below] = max(minutes[below], minutes[name] + length_m / velocity_m_s / 60)
            largest_m[below] = max(largest_m[below], diameter_m)
            most[below] = max(most[below], barrels)
            allowed_m = invert_m - least_slope * length_m
            highest_m[below] = min(highest_m.get(below, allowed_m), allowed_m)
        else:
            system.invert_m[below] = round(invert_m - least_slope * length_m, 3)
    for pipe in system.pipes.values():
        pipe.slope = (
            system.invert_m[pipe.from_node] - system.invert_m[pipe.to_node]
        ) / pipe.length_m
