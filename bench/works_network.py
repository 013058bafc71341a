"""A small district with ten works that help, replace and need one another, for the benchmarks."""

from __future__ import annotations

from pathlib import Path

from bench.networks import grid_network
from sim.drainage.elements import Conduit, CrossSection, Storage, Weir, Work
from sim.drainage.network import Network
from sim.drainage.tables import write_tables

ROWS, COLUMNS = 5, 6
#: id, cost in million CNY, what it is
WORKS = (
    ("TRUNK_LOW", 18.0, "larger trunk, lower half: of little use without the upper"),
    ("TRUNK_HIGH", 14.0, "larger trunk, upper half: moves the flood down without the lower"),
    ("OUTLET", 9.5, "larger outlet: needed before a larger trunk pays"),
    ("ROW1", 6.0, "larger sewer of row 1"),
    ("ROW2", 6.5, "larger sewer of row 2"),
    ("ROW4", 5.5, "larger sewer of row 4"),
    ("TANK1", 16.0, "tank in the middle of the trunk: instead of a larger trunk"),
    ("TANK2", 11.0, "tank at the far end of row 4"),
    ("CHANNEL_A", 2.5, "channel from row 3 to the river"),
    ("CHANNEL_B", 1.5, "channel from beside it: each leaves little to the other"),
)
SCENARIO = """\
start = 2025-07-01T00:00:00+08:00
duration_h = 8
title = {en = "Ten works in a small district", zh = "小片区的十项工程"}

[drainage]
network = "network"
rain = {kind = "network"}
rain_multiplier = 1.6
runoff_step_s = 300
"""


def works_network() -> Network:
    """Return the district, of 30 junctions, with none of its works built."""
    grid = grid_network(ROWS, COLUMNS)
    conduits = {conduit.id: conduit for conduit in grid.conduits}

    def larger(name: str, work: str) -> Conduit:
        old = conduits[name]
        section = CrossSection(kind="circular", depth_m=1.4 * old.section.depth_m)
        return old.model_copy(
            update={"id": f"{name}+", "section": section, "work": work, "replaces": name}
        )

    def channel(number: str, node: str, work: str) -> Conduit:
        depth_m = {j.id: j.max_depth_m for j in grid.junctions}[node]
        return Conduit(
            id=f"C{number}", from_node=node, to_node=f"RIVER{number}", length_m=80.0,
            roughness_n=0.02, section=CrossSection(kind="rect_open", depth_m=1.0, width_m=1.0),
            inlet_offset_m=depth_m, work=work, level="channel",
        )  # fmt: skip

    added = [
        *(larger(f"T{row}", "TRUNK_LOW") for row in (1, 2)),
        *(larger(f"T{row}", "TRUNK_HIGH") for row in (3, 4)),
        larger("OUTLET", "OUTLET"),
        *(larger(f"R{row}_{c}", f"ROW{row}") for row in (1, 2, 4) for c in range(1, COLUMNS)),
        channel("A", "J3_2", "CHANNEL_A"),
        channel("B", "J3_3", "CHANNEL_B"),
    ]
    junctions = {junction.id: junction for junction in grid.junctions}
    tanks, weirs = [], []
    for node, work, area_m2 in (("J2_0", "TANK1", 1200.0), ("J4_5", "TANK2", 700.0)):
        at = junctions[node]
        tanks.append(
            Storage(
                id=f"S{work}", invert_m=at.invert_m, max_depth_m=at.max_depth_m,
                area_constant_m2=area_m2, work=work, x_m=at.x_m, y_m=at.y_m,
            )
        )  # fmt: skip
        weirs.append(
            Weir(
                id=f"V{work}", from_node=node, to_node=f"S{work}", form="transverse",
                offset_m=1.0, discharge_coefficient=1.7, work=work,
                section=CrossSection(kind="rect_open", depth_m=2.0, width_m=1.0),
            )
        )  # fmt: skip
    rivers = [
        grid.outfalls[0].model_copy(
            update={
                "id": f"RIVER{number}", "work": work, "x_m": junctions[node].x_m, "y_m": -100.0,
                "invert_m": junctions[node].invert_m + junctions[node].max_depth_m - 0.5,
            }
        )
        for number, node, work in (("A", "J3_2", "CHANNEL_A"), ("B", "J3_3", "CHANNEL_B"))
    ]  # fmt: skip
    return grid.model_copy(
        update={
            "conduits": (*grid.conduits, *added),
            "storages": tuple(tanks),
            "weirs": tuple(weirs),
            "outfalls": (*grid.outfalls, *rivers),
            "works": tuple(
                Work(
                    id=name, name_en=what, name_zh=what, cost_million_cny=cost,
                    kind="channel" if name.startswith("CHANNEL") else "work",
                )
                for name, cost, what in WORKS
            ),
        }
    )  # fmt: skip


def write_case(folder: Path) -> Path:
    """Write the district and its scenario into a folder; return the scenario's file."""
    write_tables(works_network(), folder / "network")
    file = folder / "ten-works.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file
