"""Works that carry water: parallel trunks, box culverts, larger outlets, relief, repaired pipes."""

from __future__ import annotations

from math import hypot

from sim.drainage.elements import Conduit, CrossSection, Outfall

from .base import STAGE, pipe_id, rim_m
from .hydraulics import full_circle_flow_m3s
from .sewers import OutfallSite, Sewer
from .worksheet import Worksheet


def shortage(sheet: Worksheet, site: OutfallSite) -> float:
    """Return the old design flow over what the last pipe carries when full."""
    pipe = sheet.town.sewers.pipes[site.terminal]
    capacity_m3s = pipe.barrels * full_circle_flow_m3s(
        pipe.diameter_m, pipe.slope, sheet.number("calibration.sewer_roughness")
    )
    return pipe.design_flow_m3s / capacity_m3s


def trunk_sites(sheet: Worksheet) -> list[OutfallSite]:
    """Return the outfalls most short of capacity, worst first, one per trunk or culvert work."""
    count = sheet.count("works.trunks") + sheet.count("works.culverts")
    sites = sorted(sheet.town.sewers.sites, key=lambda site: (-shortage(sheet, site), site.id))
    return sites[:count]


def trunks_and_culverts(sheet: Worksheet, first: int) -> None:
    """Works from number `first`: a culvert or a second trunk along the most overloaded paths."""
    culvert = CrossSection(
        kind="rect_closed", depth_m=sheet.number("culvert.height"),
        width_m=sheet.number("culvert.width"),
    )  # fmt: skip
    trunk = CrossSection(kind="circular", depth_m=sheet.number("trunk.diameter"))
    sites = trunk_sites(sheet)
    culverts = sheet.count("works.culverts")
    for offset, site in enumerate(sites):
        work = f"W{first + offset:02d}"
        if offset < culverts:
            length_km = _double(sheet, work, site, culvert, 1e3 * sheet.number("culvert.length"))
            en, zh = f"Box culvert to outfall {site.id}", f"{site.id}排口箱涵"
            unit_million = sheet.number("cost.box_culvert")
        else:
            length_km = _double(sheet, work, site, trunk, 1e3 * sheet.number("trunk.length"))
            en, zh = f"Second trunk sewer to outfall {site.id}", f"{site.id}排口复线干管"
            unit_million = sheet.number("cost.trunk")
        sheet.enter(
            work, en, zh, length_km * unit_million + sheet.number("cost.outlet"),
            f"{length_km:.2f} km and an outlet",
        )  # fmt: skip


def _double(
    sheet: Worksheet, work: str, site: OutfallSite, section: CrossSection, longest_m: float
) -> float:
    """Lay a parallel line up the main path; return its length in km, the outlet's included."""
    sheet.add_outlet(work, site, section, "out")
    path = sheet.town.sewers.main_path(site)
    length_m = path[0].length_m
    for pipe in path[1:]:
        if length_m + pipe.length_m > longest_m or not _fits(sheet, pipe, section.depth_m):
            break
        length_m += pipe.length_m
        sheet.draft.conduits.append(
            Conduit(
                id=f"{work}-{pipe_id(pipe.from_node)}", work=work, from_node=pipe.from_node,
                to_node=pipe.to_node, length_m=pipe.length_m,
                roughness_n=sheet.number("works.new_roughness"), section=section,
            )
        )  # fmt: skip
    return length_m / 1000


def _fits(sheet: Worksheet, pipe: Sewer, height_m: float) -> bool:
    """Tell whether a conduit of `height_m` lies below the street at both ends of a pipe."""
    room_m = min(sheet.draft.junction(node).max_depth_m for node in (pipe.from_node, pipe.to_node))
    return room_m >= height_m + sheet.number("works.least_cover")


def larger_outlets(sheet: Worksheet, work: str) -> None:
    """Add a second outlet at the outfalls on the Qi that got no culvert or trunk."""
    done = {site.id for site in trunk_sites(sheet)}
    section = CrossSection(
        kind="rect_closed", depth_m=sheet.number("culvert.height"),
        width_m=sheet.number("culvert.width"),
    )  # fmt: skip
    sites = [s for s in sheet.town.sewers.sites if s.water == "qi" and s.id not in done]
    length_km = 0.0
    for site in sites:
        sheet.add_outlet(work, site, section, "out")
        length_km += sheet.town.sewers.pipes[site.terminal].length_m / 1000
    million = length_km * sheet.number("cost.box_culvert")
    million += len(sites) * sheet.number("cost.outlet")
    sheet.enter(
        work, "Larger outlets to the Qi", "淇河排口扩建", million,
        f"{len(sites)} outlets, {length_km:.2f} km",
    )  # fmt: skip


def relief_culvert(sheet: Worksheet, work: str) -> None:
    """Lead a trunk's upper area straight into a tributary, above the low ground.

    Of all junctions on large sewers the one with the largest area above is taken whose relief
    culvert, at the least stated slope, still arrives above the tributary's bed.
    """
    town, number = sheet.town, sheet.number
    section = CrossSection(
        kind="rect_closed", depth_m=number("relief.height"), width_m=number("relief.width")
    )
    best: tuple[float, str, float, float, float, float] | None = None
    for pipe in town.sewers.pipes.values():
        node = town.graph.nodes[pipe.from_node]
        site = next(s for s in town.sewers.sites if s.id == town.sewers.site_of[node.id])
        room_m = sheet.draft.junction(node.id).max_depth_m - section.depth_m
        if site.water != "qi" or node.id == site.terminal or room_m < number("works.least_cover"):
            continue
        for river in town.rivers:
            y = float(river.axis_y_m(node.x_m))
            length_m = number("streets.winding") * abs(node.y_m - y)
            bed_m = float(town.terrain.elevation_m(node.x_m, y)) - number("tributary.bed_depth")
            arrive_m = town.sewers.invert_m[node.id] - number("relief.least_slope") * length_m
            if length_m > number("relief.longest") or arrive_m < bed_m:
                continue
            found = (town.sewers.area_ha[node.id], node.id, node.x_m, y, length_m, arrive_m)
            best = max(best, found) if best else found
    if best is None:
        raise ValueError(f"{work}: no junction can be relieved; raise relief.longest")
    area_ha, node_id, x_m, y_m, length_m, arrive_m = best
    outfall = f"{work}-out"
    sheet.draft.outfalls.append(
        Outfall(
            id=outfall, work=work, invert_m=round(arrive_m, 3), x_m=round(x_m, 2),
            y_m=round(y_m, 2), boundary="series", stage_series=STAGE,
        )
    )  # fmt: skip
    sheet.draft.conduits.append(
        Conduit(
            id=f"{work}-relief", work=work, from_node=node_id, to_node=outfall,
            length_m=round(length_m, 1), roughness_n=number("works.new_roughness"),
            section=section, flap_gate=True,
        )
    )  # fmt: skip
    sheet.enter(
        work, f"Relief culvert from {node_id} to the tributary", f"{node_id}高水高排箱涵",
        length_m / 1000 * number("cost.box_culvert") + number("cost.outlet"),
        f"{length_m / 1000:.2f} km, relieves {area_ha:.0f} ha",
    )  # fmt: skip


def repaired_sewers(sheet: Worksheet, work: str) -> None:
    """Renew the small sewers of the older zones, lowest streets first: smooth again."""
    town, number = sheet.town, sheet.number
    old_uses = set(town.assumptions.texts("repair.land_uses"))
    old_zones = {zone.id for zone in town.zones if zone.land_use in old_uses}
    replaced = {conduit.replaces for conduit in sheet.draft.conduits}
    terminals = {site.terminal for site in town.sewers.sites}
    pipes = [
        pipe for pipe in town.sewers.pipes.values()
        if town.zone_of[pipe.from_node] in old_zones and pipe.from_node not in terminals
        and pipe.diameter_m <= number("repair.largest_diameter")
        and pipe_id(pipe.from_node) not in replaced
    ]  # fmt: skip
    pipes.sort(key=lambda pipe: (rim_m(sheet.draft.junction(pipe.from_node)), pipe.from_node))
    length_m = 0.0
    for pipe in pipes:
        if length_m + pipe.length_m > 1e3 * number("repair.length"):
            break
        length_m += pipe.length_m
        old = sheet.draft.conduit(pipe_id(pipe.from_node))
        sheet.replace_conduit(work, old, roughness_n=number("works.new_roughness"))
    sheet.enter(
        work, "Post-disaster repair of old sewers", "灾后老旧雨水管网修复",
        length_m / 1000 * number("cost.sewer"), f"{length_m / 1000:.1f} km",
    )  # fmt: skip


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the straight distance between two points, m."""
    return hypot(a[0] - b[0], a[1] - b[1])
