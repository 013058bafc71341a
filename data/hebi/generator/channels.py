"""The 45 exceedance channels: open ways from low streets to open water or lower streets."""

from __future__ import annotations

from math import hypot

from sim.drainage.elements import Conduit, CrossSection, Outfall, Work

from .base import STAGE, Draft, rim_m
from .cells import standing_m2
from .streets import StreetNode, other_end
from .town import Town

# a junction, the point it leads to, the junction there (none: open water), the length
Way = tuple[str, tuple[float, float], str | None, float]


def add_channels(town: Town, draft: Draft) -> None:
    """Add the channels: to the Qi, to the tributaries, and between streets, each a work."""
    assumptions = town.assumptions
    gathered = gathered_ha(town)
    to_river = _to_river(town, assumptions.count("channel.to_river"), gathered)
    taken = {way[0] for way in to_river}
    to_tributary = _to_tributary(town, assumptions.count("channel.to_tributary"), gathered, taken)
    taken |= {way[0] for way in to_tributary}
    wanted = assumptions.count("channel.count") - len(to_river) - len(to_tributary)
    to_street = _to_street(town, wanted, taken)
    ways = [*to_river, *to_tributary, *to_street]
    if len(ways) != assumptions.count("channel.count"):
        raise ValueError(f"{len(ways)} channels; expected {assumptions.count('channel.count')}")
    for index, way in enumerate(ways, start=1):
        _dig(town, draft, f"CH{index:02d}", way)


def gathered_ha(town: Town) -> dict[str, float]:
    """Return the ground whose surface water passes each junction if streets run full, ha."""
    neighbours = town.graph.neighbours()
    nodes = sorted(
        (n for n in town.graph.nodes.values() if not n.underpass),
        key=lambda node: (-node.elevation_m, node.id),
    )
    gathered = {node.id: town.cells[node.id].area_m2 / 1e4 for node in nodes}
    for node in nodes:
        falls = []
        for street in neighbours[node.id]:
            end = town.graph.nodes[other_end(street, node.id)]
            if not end.underpass and not street.structure and end.elevation_m < node.elevation_m:
                falls.append(((node.elevation_m - end.elevation_m) / street.length_m, end.id))
        if falls:
            gathered[max(falls)[1]] += gathered[node.id]
    return gathered


def _score(town: Town, node: StreetNode, gathered: dict[str, float]) -> float:
    """Return how much a junction needs a way out: water gathered, more where it cannot go on."""
    return gathered[node.id] * (1 + town.cells[node.id].closure)


def _to_river(town: Town, count: int, gathered: dict[str, float]) -> list[Way]:
    reach_m = town.assumptions.number("channel.reach_river")
    ways: list[tuple[float, Way]] = []
    for node in town.graph.nodes.values():
        bank_x = float(town.outline.bank_x_m(node.y_m))
        if not node.underpass and bank_x - node.x_m <= reach_m:
            way: Way = (node.id, (bank_x, node.y_m), None, bank_x - node.x_m)
            ways.append((_score(town, node, gathered), way))
    return _best(ways, count)


def _to_tributary(town: Town, count: int, gathered: dict[str, float], taken: set[str]) -> list[Way]:
    reach_m = town.assumptions.number("channel.reach_tributary")
    ways: list[tuple[float, Way]] = []
    for node in town.graph.nodes.values():
        if node.underpass or node.id in taken:
            continue
        for river in town.rivers:
            y = float(river.axis_y_m(node.x_m))
            if abs(y - node.y_m) <= reach_m:
                way: Way = (node.id, (node.x_m, y), None, abs(y - node.y_m))
                ways.append((_score(town, node, gathered), way))
    return _best(ways, count)


def _best(ways: list[tuple[float, Way]], count: int) -> list[Way]:
    if len(ways) < count:
        raise ValueError(f"only {len(ways)} places for {count} channels: widen the reach")
    ranked = sorted(ways, key=lambda item: (-item[0], item[1][0]))[:count]
    return [way for _, way in sorted(ranked, key=lambda item: item[1][0])]


def _to_street(town: Town, count: int, taken: set[str]) -> list[Way]:
    """Return ways out of the bowls with most standing water: to the nearest lower street."""
    number = town.assumptions.number
    reach_m, fall = number("channel.reach_street"), number("channel.least_slope")
    nodes = [n for n in town.graph.nodes.values() if not n.underpass]
    depth_m = number("works.rank_depth")
    nodes.sort(key=lambda node: (-standing_m2(town.cells[node.id], depth_m), node.id))
    ways: list[Way] = []
    for node in nodes:
        if node.id in taken or len(ways) == count:
            continue
        lower = []
        for other in nodes:
            length_m = number("streets.winding") * hypot(other.x_m - node.x_m, other.y_m - node.y_m)
            drop_m = node.elevation_m - other.elevation_m
            apart = not _crosses_barrier(town, node, other)
            if 0 < length_m <= reach_m and drop_m >= fall * length_m and apart:
                lower.append((length_m, other.id))
        if lower:
            length_m, target = min(lower)
            end = town.graph.nodes[target]
            ways.append((node.id, (end.x_m, end.y_m), target, length_m))
    if len(ways) < count:
        raise ValueError(f"only {len(ways)} of {count} channels between streets found")
    return ways


def _crosses_barrier(town: Town, a: StreetNode, b: StreetNode) -> bool:
    """Tell whether the railway or a tributary lies between two junctions."""
    rail_x = town.graph.railway_x_m
    if (a.x_m < rail_x) != (b.x_m < rail_x):
        return True
    return any(
        (a.y_m > float(r.axis_y_m(a.x_m))) != (b.y_m > float(r.axis_y_m(b.x_m)))
        for r in town.rivers
    )


def _dig(town: Town, draft: Draft, work: str, way: Way) -> None:
    start, (x_m, y_m), target, length_m = way
    number = town.assumptions.number
    junction = draft.junction(start)
    length_m = round(max(length_m, number("channel.least_length")), 1)
    # level with the street: the channel takes over as soon as the sewer spills
    inlet_m = junction.max_depth_m + number("channel.sill")
    depth_m = number("channel.depth")
    if target is None:
        fall_m = max(number("channel.least_fall"), number("channel.slope") * length_m)
        end = f"{work}-out"
        draft.outfalls.append(
            Outfall(
                id=end, work=work, invert_m=round(rim_m(junction) - fall_m, 3),
                x_m=round(x_m, 2), y_m=round(y_m, 2), boundary="series", stage_series=STAGE,
            )
        )  # fmt: skip
        outlet_m = 0.0
        en, zh = f"Channel from {start} to open water", f"{start}入河行泄通道"
    else:
        end, outlet_m = target, draft.junction(target).max_depth_m
        en, zh = f"Channel from {start} to {target}", f"{start}至{target}行泄通道"
    draft.conduits.append(
        Conduit(
            id=f"{work}-way", work=work, from_node=start, to_node=end, length_m=length_m,
            roughness_n=number("channel.roughness"), inlet_offset_m=round(inlet_m, 3),
            outlet_offset_m=outlet_m, flap_gate=target is None, level="channel",
            section=CrossSection(
                kind="trapezoidal", depth_m=depth_m, width_m=number("channel.bottom_width"),
                side_slope_left=number("channel.side_slope"),
                side_slope_right=number("channel.side_slope"),
            ),
        )
    )  # fmt: skip
    million = round(length_m / 1000 * number("cost.channel"), 2)
    draft.works.append(
        Work(id=work, name_en=en, name_zh=zh, kind="channel", cost_million_cny=million)
    )
