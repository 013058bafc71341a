"""The city as every system shares it, put together in one place and one order of draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assumptions import Assumptions
from .cells import Cell, build_cells
from .plane import Plane
from .sewers import SewerSystem, build_sewers, outfall_sites
from .streets import StreetGraph, build_streets
from .surface import imperviousness
from .terrain import Outline, Terrain, Tributary, tributaries
from .zones import BuildingStock, CityZone, assign_zones, build_stock, build_zones


@dataclass(frozen=True)
class Town:
    """Terrain, streets, zones, buildings and the sewers before the works."""

    assumptions: Assumptions
    plane: Plane
    outline: Outline
    rivers: tuple[Tributary, ...]
    terrain: Terrain
    graph: StreetGraph
    cells: dict[str, Cell]
    zone_of: dict[str, str]
    zones: tuple[CityZone, ...]
    stock: tuple[BuildingStock, ...]
    impervious_percent: dict[str, float]
    sewers: SewerSystem


def build_town(assumptions: Assumptions) -> Town:
    """Build the town; the same assumptions give the same town."""
    seed = assumptions.count("city.seed")

    def draws(purpose: int) -> np.random.Generator:
        # one stream per purpose: a change in one part leaves the draws of the others alone
        return np.random.Generator(np.random.PCG64([seed, purpose]))

    outline = Outline.of(assumptions)
    rivers = tributaries(assumptions)
    terrain = Terrain(assumptions, outline, rivers, draws(1))
    graph = build_streets(assumptions, outline, terrain, rivers, draws(2))
    cells = build_cells(assumptions, outline, terrain, graph)
    zone_of = assign_zones(assumptions, outline, graph, draws(3))
    zones = build_zones(assumptions, graph, zone_of, cells)
    stock = build_stock(assumptions, zones)
    paved = imperviousness(assumptions, zones, zone_of, draws(4))
    use_of = {zone.id: zone.land_use for zone in zones}
    return_period = {
        node: assumptions.number(f"zones.{use_of[zone]}.sewer_return_period")
        for node, zone in zone_of.items()
    }
    sites = outfall_sites(assumptions, outline, rivers, graph)
    sewers = build_sewers(assumptions, graph, sites, cells, paved, return_period)
    return Town(
        assumptions, Plane.of(assumptions), outline, rivers, terrain, graph, cells, zone_of, zones,
        stock, paved, sewers,
    )  # fmt: skip
