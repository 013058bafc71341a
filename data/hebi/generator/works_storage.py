"""Works that hold water back: covered tanks under low streets, open basins in green spaces."""

from __future__ import annotations

from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    Junction,
    Orifice,
    Premise,
    Pump,
    Rule,
    Storage,
)  # fmt: skip

from .base import pipe_id, rim_m
from .cells import standing_m2
from .works_trunks import distance_m
from .worksheet import Worksheet


def _bowls(sheet: Worksheet, land_uses: set[str], taken: set[str], wanted: int) -> list[Junction]:
    """Return the junctions with most standing water in zones of the given uses, well apart."""
    town, spacing_m = sheet.town, sheet.number("works.storage_spacing")
    zones = {zone.id for zone in town.zones if zone.land_use in land_uses}
    terminals = {site.terminal for site in town.sewers.sites}
    nodes = [
        node for node in town.graph.nodes.values()
        if not node.underpass and town.zone_of[node.id] in zones and node.id not in terminals
    ]  # fmt: skip
    depth_m = sheet.number("works.rank_depth")
    nodes.sort(key=lambda node: (-standing_m2(town.cells[node.id], depth_m), node.id))
    chosen = [town.graph.nodes[name] for name in sorted(taken)]
    found: list[str] = []
    for node in nodes:
        apart = all(distance_m((node.x_m, node.y_m), (c.x_m, c.y_m)) >= spacing_m for c in chosen)
        if apart and len(found) < wanted:
            chosen.append(node)
            found.append(node.id)
    if len(found) < wanted:
        raise ValueError(f"only {len(found)} places for storage in {sorted(land_uses)}")
    taken.update(found)
    return [sheet.draft.junction(name) for name in found]


def tanks(sheet: Worksheet, first: int, taken: set[str]) -> None:
    """Works from number `first`: a covered tank beside each of the worst inner-city bowls."""
    uses = set(sheet.town.assumptions.texts("tank.land_uses"))
    volume_m3 = sheet.number("tank.volume")
    for offset, junction in enumerate(_bowls(sheet, uses, taken, sheet.count("works.tanks"))):
        work = f"W{first + offset:02d}"
        _tank(sheet, work, junction, volume_m3)
        sheet.enter(
            work, f"Detention tank at {junction.id}", f"{junction.id}调蓄池",
            volume_m3 * sheet.number("cost.tank") / 1e6, f"{volume_m3:g} m3",
        )  # fmt: skip


def _tank(sheet: Worksheet, work: str, junction: Junction, volume_m3: float) -> None:
    number, draft = sheet.number, sheet.draft
    depth_m, cover_m = number("tank.depth"), number("tank.cover")
    area_m2 = round(volume_m3 / depth_m, 1)
    shaft_m2, shaft_m = number("tank.shaft_area"), number("tank.shaft_above_street")
    tank, curve, pump = f"{work}-tank", f"{work}-tank-area", f"{work}-pump"
    max_depth_m = depth_m + cover_m + shaft_m
    draft.curves.append(
        Curve(
            id=curve, work=work, kind="storage",
            points=(
                (0.0, area_m2), (depth_m, area_m2), (depth_m + number("tank.roof"), shaft_m2),
                (max_depth_m, shaft_m2),
            ),
        )
    )  # fmt: skip
    draft.storages.append(
        Storage(
            id=tank, work=work, invert_m=round(rim_m(junction) - cover_m - depth_m, 3),
            x_m=round((junction.x_m or 0.0) + number("works.storage_offset"), 2), y_m=junction.y_m,
            zone=junction.zone, max_depth_m=max_depth_m, curve=curve,
        )
    )  # fmt: skip
    pipe = draft.conduit(pipe_id(junction.id))
    diameter_m = number("tank.inlet_diameter")
    # water turns into the tank once the sewer is full, and drops in near the roof
    offset_m = min(pipe.section.depth_m, junction.max_depth_m - diameter_m)
    arrive_m = depth_m - diameter_m
    draft.conduits.append(
        Conduit(
            id=f"{work}-inlet", work=work, from_node=junction.id, to_node=tank,
            length_m=number("works.storage_offset"), roughness_n=number("works.new_roughness"),
            inlet_offset_m=round(offset_m, 3), outlet_offset_m=round(arrive_m, 3),
            section=CrossSection(kind="circular", depth_m=diameter_m),
        )
    )  # fmt: skip
    draft.curves.append(
        Curve(
            id=f"PUMP-{work}", work=work, kind="pump",
            points=((0.0, 0.0), (number("tank.full_flow_depth"), number("tank.pump_flow"))),
        )
    )  # fmt: skip
    draft.pumps.append(
        Pump(
            id=pump, work=work, from_node=tank, to_node=junction.id, pump_type="type4",
            curve=f"PUMP-{work}", initially_on=False,
        )
    )  # fmt: skip
    draft.rules.append(
        Rule(
            id=f"{work}-empty", work=work,
            premises=(
                Premise(
                    join="if", object="node", id=junction.id, attribute="depth", relation="<",
                    value=round(number("tank.empty_below") * pipe.section.depth_m, 3),
                ),
            ),
            then=(Action(link=pump, setting=1.0),), otherwise=(Action(link=pump, setting=0.0),),
        )
    )  # fmt: skip


def basins(sheet: Worksheet, work: str, taken: set[str]) -> None:
    """Dig open basins in green spaces beside bowls; they empty by gravity through a gate."""
    uses = set(sheet.town.assumptions.texts("basin.land_uses"))
    places = _bowls(sheet, uses, taken, sheet.count("works.basins"))
    volume_m3 = sheet.number("basin.volume")
    for index, junction in enumerate(places, start=1):
        _basin(sheet, work, f"{work}-basin-{index}", junction, volume_m3)
    sheet.enter(
        work, "Open detention basins in parks", "公园调蓄塘",
        len(places) * volume_m3 * sheet.number("cost.basin") / 1e6,
        f"{len(places)} x {volume_m3:g} m3",
    )  # fmt: skip


def _basin(sheet: Worksheet, work: str, basin: str, junction: Junction, volume_m3: float) -> None:
    number, draft = sheet.number, sheet.draft
    depth_m, bank_m = number("basin.depth"), number("basin.bank")
    area_m2 = round(volume_m3 / depth_m, 1)
    curve = f"{basin}-area"
    draft.curves.append(
        Curve(id=curve, work=work, kind="storage",
              points=((0.0, area_m2), (depth_m + bank_m, area_m2)))
    )  # fmt: skip
    draft.storages.append(
        Storage(
            id=basin, work=work, invert_m=round(rim_m(junction) - depth_m, 3),
            x_m=junction.x_m, y_m=round((junction.y_m or 0.0) + number("works.storage_offset"), 2),
            zone=junction.zone, max_depth_m=depth_m + bank_m, curve=curve, ponds=True,
        )
    )  # fmt: skip
    draft.conduits.append(
        Conduit(
            id=f"{basin}-inlet", work=work, from_node=junction.id, to_node=basin,
            length_m=number("works.storage_offset"), roughness_n=number("channel.roughness"),
            inlet_offset_m=round(junction.max_depth_m - number("basin.sill"), 3),
            outlet_offset_m=round(depth_m - number("basin.sill") - number("basin.inlet_drop"), 3),
            section=CrossSection(
                kind="rect_open", depth_m=number("basin.inlet_depth"),
                width_m=number("basin.inlet_width"),
            ),
            level="channel",
        )
    )  # fmt: skip
    below = draft.conduit(pipe_id(junction.id)).to_node
    draft.orifices.append(
        Orifice(
            id=f"{basin}-drain", work=work, from_node=basin, to_node=below, orientation="side",
            discharge_coefficient=number("basin.drain_coefficient"), flap_gate=True,
            section=CrossSection(kind="circular", depth_m=number("basin.drain_diameter")),
        )
    )  # fmt: skip
