"""Works that lift water: pump stations at locked outfalls, stronger underpass pumps, flap gates."""

from __future__ import annotations

from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Curve,
    Junction,
    Outfall,
    Pump,
    Storage,
)  # fmt: skip

from .base import STAGE, pipe_id, rim_m
from .sewers import OutfallSite
from .worksheet import Worksheet


def low_ground_ha(sheet: Worksheet, site: OutfallSite) -> float:
    """Return the drained area of an outfall that lies below the stated level, ha."""
    town, level_m = sheet.town, sheet.number("works.low_ground")
    return sum(
        cell.area_m2 / 1e4
        for node, cell in town.cells.items()
        if town.sewers.site_of.get(node) == site.id and town.graph.nodes[node].elevation_m < level_m
    )


def pump_sites(sheet: Worksheet) -> list[OutfallSite]:
    """Return the outfalls on the Qi with most low ground, as many as stations are to be built."""
    sites = [site for site in sheet.town.sewers.sites if site.water == "qi"]
    sites.sort(key=lambda site: (-low_ground_ha(sheet, site), site.id))
    return sorted(sites[: sheet.count("works.pump_stations")], key=lambda site: site.id)


def pump_stations(sheet: Worksheet, first: int) -> None:
    """Works from number `first`: a station with wet well, pumps and gate at each low outfall."""
    flow_m3s = sheet.number("works.station_flow")
    for offset, site in enumerate(pump_sites(sheet)):
        work = f"W{first + offset:02d}"
        _station(sheet, work, site, flow_m3s)
        sheet.enter(
            work, f"Pump station at outfall {site.id}", f"{site.id}排口强排泵站",
            flow_m3s * sheet.number("cost.pump_station"), f"{flow_m3s:g} m3/s",
        )  # fmt: skip


def _station(sheet: Worksheet, work: str, site: OutfallSite, flow_m3s: float) -> None:
    draft, number = sheet.draft, sheet.number
    terminal, outlet = draft.junction(site.terminal), draft.conduit(pipe_id(site.terminal))
    sheet.replace_conduit(work, outlet, flap_gate=True)
    well, chamber, outfall = f"{work}-well", f"{work}-chamber", f"{work}-out"
    below_m = number("station.well_below_sewer")
    x_m, y_m = site.x_m, site.y_m - number("works.outlet_spacing")
    well_invert_m = round(terminal.invert_m - below_m, 3)
    draft.storages.append(
        Storage(
            id=well, work=work, invert_m=well_invert_m, zone=terminal.zone,
            x_m=round(x_m - number("station.setback"), 2), y_m=round(y_m, 2),
            area_constant_m2=number("station.well_area"),
            max_depth_m=round(rim_m(terminal) + number("station.wall") - well_invert_m, 3),
        )
    )  # fmt: skip
    box = CrossSection(
        kind="rect_closed",
        depth_m=number("station.box_height"),
        width_m=number("station.box_width"),
    )
    draft.conduits.append(
        Conduit(
            id=f"{work}-inlet", work=work, from_node=site.terminal, to_node=well,
            length_m=number("station.inlet_length"), roughness_n=number("works.new_roughness"),
            outlet_offset_m=round(below_m - number("station.inlet_drop"), 3), section=box,
        )
    )  # fmt: skip
    chamber_invert_m = number("station.chamber_invert")
    draft.junctions.append(
        Junction(
            id=chamber, work=work, invert_m=chamber_invert_m, zone=terminal.zone,
            x_m=round(x_m - number("station.setback") / 2, 2), y_m=round(y_m, 2),
            max_depth_m=round(number("station.chamber_top") - chamber_invert_m, 3),
            surcharge_depth_m=number("station.chamber_surcharge"),
        )
    )  # fmt: skip
    out_invert_m = chamber_invert_m - number("station.outlet_drop")
    draft.outfalls.append(
        Outfall(
            id=outfall, work=work, invert_m=round(out_invert_m, 3), x_m=round(x_m, 2),
            y_m=round(y_m, 2), boundary="series", stage_series=STAGE,
        )
    )  # fmt: skip
    draft.conduits.append(
        Conduit(
            id=f"{work}-outlet", work=work, from_node=chamber, to_node=outfall,
            length_m=number("station.outlet_length"), roughness_n=number("works.new_roughness"),
            section=box, flap_gate=True,
        )
    )  # fmt: skip
    pumps = sheet.count("station.pumps")
    curve = f"PUMP-{work}"
    heads_m = sheet.town.assumptions.numbers("station.curve_head")
    shares = sheet.town.assumptions.numbers("station.curve_flow_share")
    draft.curves.append(
        Curve(
            id=curve, work=work, kind="pump",
            points=tuple(
                (head_m, round(share * flow_m3s / pumps, 4))
                for head_m, share in zip(heads_m, shares, strict=True)
            ),
        )
    )  # fmt: skip
    # The pumps wait until the gravity outlet is nearly full: with the river low they stay off.
    full_m = below_m + outlet.section.depth_m
    for index in range(pumps):
        start_m = full_m * number("station.first_start") + index * number("station.start_spacing")
        draft.pumps.append(
            Pump(
                id=f"{work}-pump-{index + 1}", work=work, from_node=well, to_node=chamber,
                pump_type="type3", curve=curve, initially_on=False,
                startup_depth_m=round(start_m, 3),
                shutoff_depth_m=round(below_m + number("station.stop_above_sewer"), 3),
            )
        )  # fmt: skip


def underpass_pumps(sheet: Worksheet, work: str) -> None:
    """Replace the pump of every underpass by a stronger one."""
    draft, flow_m3s = sheet.draft, sheet.number("works.underpass_flow")
    curve = f"PUMP-{work}"
    depth_m = sheet.number("underpass.full_flow_depth")
    draft.curves.append(
        Curve(id=curve, work=work, kind="pump", points=((0.0, 0.0), (depth_m, flow_m3s)))
    )
    old = [pump for pump in draft.pumps if pump.id.startswith("PU-")]
    for pump in old:
        fields = dict(pump) | {
            "id": f"{work}-{pump.id}", "work": work, "replaces": pump.id, "curve": curve,
        }  # fmt: skip
        draft.pumps.append(Pump.model_validate(fields))
    sheet.enter(
        work, "Stronger pumps in the railway underpasses", "铁路下穿泵站提标",
        len(old) * flow_m3s * sheet.number("cost.pump_station"),
        f"{len(old)} x {flow_m3s:g} m3/s",
    )  # fmt: skip


def flap_gates(sheet: Worksheet, work: str) -> None:
    """Put flap gates on all outlets that the 2021 river could enter and that have none yet."""
    draft = sheet.draft
    peak_m = sheet.number("works.gates_below")
    outlets = [
        draft.conduit(pipe_id(site.terminal))
        for site in sheet.town.sewers.sites
        if sheet.town.sewers.invert_m[site.id] < peak_m
    ]
    replaced = {c.replaces for c in draft.conduits}
    todo = [outlet for outlet in outlets if outlet.id not in replaced]
    for outlet in todo:
        sheet.replace_conduit(work, outlet, flap_gate=True)
    sheet.enter(
        work, "Flap gates at the other low outfalls", "其余低位排口拍门",
        len(todo) * sheet.number("cost.flap_gate"), f"{len(todo)} gates",
    )  # fmt: skip
