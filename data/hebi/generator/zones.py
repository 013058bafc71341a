"""Zones of the new district: people, households, buildings, imperviousness, allowed recession."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assumptions import Assumptions
from .cells import Cell
from .streets import StreetGraph
from .terrain import Outline

LAND_USE_NAMES = {
    "commercial": ("business", "商务"),
    "old_town": ("older housing", "老居住"),
    "housing": ("housing", "居住"),
    "education": ("campus", "文教"),
    "industry": ("industry", "工业"),
    "riverside": ("riverside", "滨河"),
    "station": ("station", "枢纽"),
}
ROW_NAMES = (("South", "南"), ("Mid-south", "中南"), ("Middle", "中"), ("Mid-north", "中北"),
             ("North", "北"), ("Far north", "北端"))  # fmt: skip


@dataclass(frozen=True)
class CityZone:
    """One zone with its totals; ``kind`` decides the allowed recession time."""

    id: str
    name_en: str
    name_zh: str
    kind: str
    allowed_recession_h: float
    land_use: str
    impervious_percent: float
    area_km2: float
    people: int
    households: int
    x_m: float
    y_m: float


@dataclass(frozen=True)
class BuildingStock:
    """The floor area of one building type and age in a zone; ``heated_m2`` is on the network."""

    zone: str
    building_type: str
    age: str
    floor_area_m2: int
    buildings: int
    storeys: int
    heated_m2: int


def share_out(total: int, weights: list[float]) -> list[int]:
    """Share `total` in whole parts by `weights` (largest remainders): the parts add up exactly."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def assign_zones(
    assumptions: Assumptions,
    outline: Outline,
    graph: StreetGraph,
    generator: np.random.Generator,
) -> dict[str, str]:
    """Return the zone of every junction: nearest of a jittered lattice of centres."""
    rows, columns = (int(v) for v in assumptions.numbers("zones.lattice"))
    jitter = assumptions.number("zones.jitter")
    centres = []
    for row in range(rows):
        for column in range(columns):
            dx, dy = jitter * (2 * generator.random(2) - 1)
            y = outline.south_m + (row + 0.5 + dy) / rows * (outline.north_m - outline.south_m)
            bank = float(outline.bank_x_m(y))
            x = outline.west_m + (column + 0.5 + dx) / columns * (bank - outline.west_m)
            centres.append((x, y))
    cx, cy = np.array(centres).T
    return {
        node.id: f"Z{int(np.argmin((node.x_m - cx) ** 2 + (node.y_m - cy) ** 2)) + 1:02d}"
        for node in graph.nodes.values()
    }


def build_zones(
    assumptions: Assumptions,
    graph: StreetGraph,
    zone_of: dict[str, str],
    cells: dict[str, Cell],
) -> tuple[CityZone, ...]:
    """Return the zones with area, people and households; they add up to the district's."""
    rows, columns = (int(v) for v in assumptions.numbers("zones.lattice"))
    land_uses = assumptions.texts("zones.land_use")
    kinds = assumptions.texts("zones.kind")
    names = sorted(set(zone_of.values()))
    if not len(names) == len(land_uses) == len(kinds) == rows * columns:
        found = f"{len(land_uses)} land uses, {len(kinds)} kinds"
        raise ValueError(f"zones: {len(names)} zones of {rows * columns}, {found}")
    area_m2 = {
        zone: sum(cells[node].area_m2 for node, z in zone_of.items() if z == zone) for zone in names
    }
    weights = [
        area_m2[zone] * assumptions.number(f"zones.{use}.people_weight")
        for zone, use in zip(names, land_uses, strict=True)
    ]
    total = round(
        assumptions.number("district.Qibin.people") * assumptions.number("city.people_share")
    )
    people = share_out(total, weights)
    per_household = assumptions.number("city.people_per_household")
    zones = []
    for index, zone in enumerate(names):
        use, kind = land_uses[index], kinds[index]
        row_en, row_zh = ROW_NAMES[index // columns]
        use_en, use_zh = LAND_USE_NAMES[use]
        column = index % columns + 1
        mine = [graph.nodes[node] for node, z in zone_of.items() if z == zone]
        zones.append(
            CityZone(
                zone, f"{row_en} {column}, {use_en}", f"{row_zh}{column}·{use_zh}片区", kind,
                assumptions.number(f"recession.{kind}.allowed"), use,
                assumptions.number(f"zones.{use}.impervious"),
                round(area_m2[zone] / 1e6, 4), people[index], round(people[index] / per_household),
                round(sum(n.x_m for n in mine) / len(mine), 1),
                round(sum(n.y_m for n in mine) / len(mine), 1),
            )
        )  # fmt: skip
    return tuple(zones)


def build_stock(assumptions: Assumptions, zones: tuple[CityZone, ...]) -> tuple[BuildingStock, ...]:
    """Return the building stock; the heated area adds up to the published one."""
    number = assumptions.number
    ages = assumptions.texts("buildings.ages")
    types = assumptions.texts("buildings.types")
    residential_per_person_m2 = number("buildings.residential_per_person")
    rows: list[tuple[str, str, str, int, int]] = []
    for zone in zones:
        age_shares = assumptions.numbers(f"buildings.{zone.land_use}.age_share")
        for building_type in types:
            if building_type == "residential":
                total_m2 = zone.people * residential_per_person_m2
            else:
                ratios = assumptions.numbers(f"buildings.{zone.land_use}.other_floor_ratio")
                ratio = ratios[types.index(building_type) - 1]
                total_m2 = ratio * zone.area_km2 * 1e6
            storeys = assumptions.numbers(f"buildings.{building_type}.storeys")
            for age, part, high in zip(ages, age_shares, storeys, strict=True):
                if round(total_m2 * part) > 0:
                    rows.append((zone.id, building_type, age, round(total_m2 * part), int(high)))
    connected = dict(zip(ages, assumptions.numbers("buildings.connected_share"), strict=True))
    can_be = {t: number(f"buildings.{t}.heated_weight") for t in types}
    heated = share_out(
        assumptions.count("heat.heated_area"), [r[3] * connected[r[2]] * can_be[r[1]] for r in rows]
    )
    footprint_m2 = number("buildings.footprint")
    stock = []
    for (zone_id, building_type, age, floor_m2, storeys_n), heated_m2 in zip(
        rows, heated, strict=True
    ):
        if heated_m2 > floor_m2:
            raise ValueError(f"{zone_id} {building_type} {age}: heated {heated_m2} > {floor_m2} m2")
        buildings = max(1, round(floor_m2 / (footprint_m2 * storeys_n)))
        stock.append(
            BuildingStock(zone_id, building_type, age, floor_m2, buildings, storeys_n, heated_m2)
        )
    return tuple(stock)
