"""A network as arrays: what the compiled kernels read (`Plant`) and what they change (`State`).

Every node has a table of depth against volume. Its stored water is the conduits' nearer halves, a
manhole shaft, the storage curve, and above the rim the ponding curve with the street reaches beside
it. The half of a conduit beside an outfall belongs to the outfall, whose level is given: it stores
nothing. Volume is the state and depth is looked up, so that what a link moves is conserved to
rounding whatever the shape of the node.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import Conduit, Junction, Outfall, Outlet, Pump, Storage
from sim.drainage.link_rows import link_row
from sim.drainage.network import Network
from sim.drainage.node_tables import (
    MANHOLE_AREA_M2,
    SLOT_FRACTION,
    NodeTable,
    area_to_volume,
    build_tables,
    functional_volume,
)
from sim.drainage.sections import SectionGeometry

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INNER, FREE, NORMAL, STAGE = range(4)  # what bounds a node: its own volume, or an outfall's rule

TABLE_CELLS = 128  # depth cells of a section table, even in the square root of the depth


class Plant(NamedTuple):
    """What does not change during a run. Indices: node n, link l, section g, curve point k."""

    # nodes
    invert_m: Floats
    bound: Ints
    rim_depth_m: Floats
    overflow_volume_m3: Floats  # inf where water ponds
    pond_volume_m3: Floats  # volume below the rim
    watch_volume_m3: Floats  # volume at the waterlogging depth above the rim; inf elsewhere
    table_start: Ints
    table_depth_m: Floats
    table_volume_m3: Floats
    table_area_m2: Floats  # of the cell that begins at this point
    # links
    kind: Ints
    node_1: Ints
    node_2: Ints
    offset_1_m: Floats
    offset_2_m: Floats
    flap: Ints
    # conduits
    section: Ints
    length_m: Floats
    roughness_n: Floats
    barrels: Floats
    sqrt_slope: Floats
    entry_loss: Floats
    exit_loss: Floats
    average_loss: Floats
    max_flow_m3s: Floats  # inf where there is no limit
    # section tables, (G, TABLE_CELLS + 1, 3): area m2, width m, section factor m^(8/3)
    full_depth_m: Floats
    section_table: Floats
    critical_flow_m3s: Floats  # (G, TABLE_CELLS + 1)
    closed: Ints
    # structures
    form: Ints
    coefficient: Floats
    coefficient_2: Floats
    opening_m: Floats
    crest_length_m: Floats
    contractions: Floats
    surcharges: Ints
    close_rate_s: Floats  # fraction per second; inf moves at once
    curve_start: Ints  # per link, CSR; empty without a curve
    curve_x: Floats
    curve_y: Floats


class State(NamedTuple):
    """What a run changes. Copying the arrays is an exact snapshot."""

    volume_m3: Floats
    depth_m: Floats
    cell: Ints  # where in the node's table the depth was found
    net_m3s: Floats  # net inflow of the last step
    lateral_m3s: Floats
    stage_m: Floats
    stage_rate_m_s: Floats
    flow_m3s: Floats
    upstream_area_m2: Floats  # of conduits in the step before; negative where flow ran back
    setting: Floats
    target: Floats
    over: Ints  # 1 while the node is waterlogged
    max_depth_m: Floats
    max_depth_s: Floats
    overflow_m3: Floats
    lateral_m3: Floats
    out_m3: Floats  # left through outfall n
    back_m3: Floats  # came in through outfall n
    clock: Floats  # [time s, next step s, steps taken, longest explicit step s]

    def copy(self) -> State:
        return State._make(array.copy() for array in self)


# --- nodes ------------------------------------------------------------------------------------


def _geometries(network: Network) -> tuple[list[SectionGeometry], dict[str, int]]:
    """Return the distinct sections of conduits and, by conduit id, which one it has."""
    curves = {c.id: c for c in network.curves}
    transects = {t.id: t for t in network.transects}
    found: dict[object, int] = {}
    geometries: list[SectionGeometry] = []
    index: dict[str, int] = {}
    for conduit in network.conduits:
        if conduit.section not in found:
            found[conduit.section] = len(geometries)
            geometries.append(
                SectionGeometry.of(
                    conduit.section, curves, transects, where=f"conduits/{conduit.id}/section"
                )
            )
        index[conduit.id] = found[conduit.section]
    return geometries, index


class _Nodes(NamedTuple):
    columns: dict[str, NDArray[Any]]
    geometry_of: dict[str, int]
    geometries: list[SectionGeometry]
    place: dict[str, int]


def _nodes(
    network: Network,
    waterlogged_depth_m: float,
    manhole_area_m2: float,
    basins_surcharge: bool,
) -> _Nodes:
    geometries, geometry_of = _geometries(network)
    curves = {c.id: c for c in network.curves}
    nodes = network.nodes
    index = {node.id: i for i, node in enumerate(nodes)}
    outfalls = {o.id for o in network.outfalls}

    crown = {node.id: 0.0 for node in nodes}
    for conduit in network.conduits:
        full = geometries[geometry_of[conduit.id]].full_depth_m
        ends = (conduit.from_node, conduit.to_node)
        for node_id, offset in zip(ends, conduit.bed_offsets_m, strict=True):
            crown[node_id] = max(crown[node_id], offset + full)

    tables: list[NodeTable] = []
    overflow_depth = np.full(len(nodes), np.inf)
    rims = np.zeros(len(nodes))
    for i, node in enumerate(nodes):
        rim = 0.0
        if not isinstance(node, Outfall):
            rim = node.max_depth_m
        if isinstance(node, Junction) and node.ponding_curve is None:
            rim = max(rim, crown[node.id])  # SWMM's rule: a junction is as deep as its crowns
        table = NodeTable(rim)
        table.floor_area_m2 = manhole_area_m2
        if isinstance(node, Junction):
            if node.ponding_curve is not None:
                table.pond = area_to_volume(curves[node.ponding_curve].points)
            elif node.ponded_area_m2 > 0:
                # SWMM's ponded area is all there is above the rim
                table.pond = np.array([[0.0, 1.0], [0.0, node.ponded_area_m2]])
                table.pond_holds_streets = True
            else:
                overflow_depth[i] = rim + node.surcharge_depth_m
        elif isinstance(node, Storage):
            stored = (
                area_to_volume(curves[node.curve].points) if node.curve else functional_volume(node)
            )
            table.storage = stored
            table.surcharges = basins_surcharge
            table.floor_area_m2 = 0.0
            if not node.ponds:
                overflow_depth[i] = rim + node.surcharge_depth_m
        rims[i] = rim
        tables.append(table)

    for conduit in network.conduits:
        geometry = geometries[geometry_of[conduit.id]]
        length = conduit.length_m * conduit.barrels
        inlet_m, outlet_m = conduit.bed_offsets_m
        for near, offset in ((conduit.from_node, inlet_m), (conduit.to_node, outlet_m)):
            if near not in outfalls:
                tables[index[near]].add_end(geometry, offset, 0.5 * length)

    built = build_tables(tables)
    start = np.concatenate(([0], np.cumsum([len(points) for points, _, _ in built])))
    depth = np.concatenate([b[0] for b in built])
    volume = np.concatenate([b[1] for b in built])
    area = np.concatenate([b[2] for b in built])

    def volume_at(i: int, level: float) -> float:
        points, volumes, areas = built[i]
        k = max(0, min(int(np.searchsorted(points, level, side="right")) - 1, len(points) - 2))
        return float(volumes[k] + areas[k] * (level - points[k]))

    overflow = np.array(
        [volume_at(i, d) if np.isfinite(d) else np.inf for i, d in enumerate(overflow_depth)]
    )
    watch = np.array(
        [
            volume_at(i, rims[i] + waterlogged_depth_m)
            if isinstance(node, Junction) and not np.isfinite(overflow_depth[i])
            else np.inf
            for i, node in enumerate(nodes)
        ]
    )
    bounds = {"free": FREE, "normal": NORMAL, "fixed": STAGE, "series": STAGE}
    columns: dict[str, NDArray[Any]] = {
        "invert_m": np.array([node.invert_m for node in nodes]),
        "bound": np.array(
            [bounds[n.boundary] if isinstance(n, Outfall) else INNER for n in nodes], dtype=np.int64
        ),
        "rim_depth_m": rims,
        "overflow_volume_m3": overflow,
        "pond_volume_m3": np.array([volume_at(i, rims[i]) for i in range(len(nodes))]),
        "watch_volume_m3": watch,
        "table_start": start.astype(np.int64),
        "table_depth_m": depth,
        "table_volume_m3": volume,
        "table_area_m2": area,
    }
    return _Nodes(columns, geometry_of, geometries, index)


# --- sections ---------------------------------------------------------------------------------


def _section_columns(geometries: list[SectionGeometry]) -> dict[str, NDArray[Any]]:
    count = max(len(geometries), 1)
    table = np.zeros((count, TABLE_CELLS + 1, 3))
    critical = np.zeros((count, TABLE_CELLS + 1))
    full = np.ones(count)
    closed = np.zeros(count, dtype=np.int64)
    root = np.linspace(0.0, 1.0, TABLE_CELLS + 1)
    for g, geometry in enumerate(geometries):
        depth = geometry.full_depth_m * root**2
        area, width = geometry.area(depth), geometry.width(depth)
        slot = SLOT_FRACTION * geometry.max_width_m
        width = np.maximum(width, slot if geometry.closed else 1e-6)
        table[g, :, 0], table[g, :, 1] = area, width
        table[g, :, 2] = geometry.section_factor(depth)
        # a closed section's critical flow runs to infinity at the crown: keep it increasing
        critical[g] = np.maximum.accumulate(area * np.sqrt(9.81 * area / width))
        full[g] = geometry.full_depth_m
        closed[g] = geometry.closed
    return {
        "full_depth_m": full,
        "section_table": table,
        "critical_flow_m3s": critical,
        "closed": closed,
    }


def build_plant(
    network: Network,
    *,
    waterlogged_depth_m: float = 0.15,
    manhole_area_m2: float = MANHOLE_AREA_M2,
    basins_surcharge: bool = True,
) -> tuple[Plant, State]:
    """Return the arrays of a checked network and its state before the first step.

    Parameters
    ----------
    network : Network
        With the works applied (`Network.built`) and without defects (`checks.check_network`).
    waterlogged_depth_m : float
        Depth above the rim whose crossings are recorded.
    manhole_area_m2 : float
        Smallest surface area of a junction below its rim, m2.
    basins_surcharge : bool
        Whether the level at a storage rises as in a narrow slot once its conduits are full. False
        is SWMM's rule with ``SURCHARGE_METHOD EXTRAN``: see `node_tables.NodeTable.surcharges`.

    Raises
    ------
    InputError
        An element the native engine has no model for; the SWMM engine may have one.
    """
    nodes = _nodes(network, waterlogged_depth_m, manhole_area_m2, basins_surcharge)
    inverts = {node.id: node.invert_m for node in network.nodes}
    rows = []
    for link in network.links:
        section = nodes.geometry_of.get(link.id) if isinstance(link, Conduit) else None
        geometry = None if section is None else nodes.geometries[section]
        rows.append(link_row(link, geometry, inverts) | {"section": section or 0})
    flapped = {o.id for o in network.outfalls if o.flap_gate}
    curves = {c.id: c for c in network.curves}
    curve_points = [
        curves[link.curve].points if isinstance(link, Pump | Outlet) and link.curve else ()
        for link in network.links
    ]
    flat = np.array([point for points in curve_points for point in points], dtype=float)
    flat = flat.reshape(-1, 2)

    integers = {"kind", "section", "flap", "form", "surcharges"}
    defaults = {"barrels": 1.0, "length_m": 1.0, "roughness_n": 0.01, "max_flow_m3s": np.inf,
                "close_rate_s": np.inf}  # fmt: skip

    def column(name: str) -> NDArray[Any]:
        values = [row.get(name, defaults.get(name, 0.0)) for row in rows]
        return np.array(values, dtype=np.int64 if name in integers else np.float64)

    names = ("kind", "offset_1_m", "offset_2_m", "section", "length_m", "roughness_n", "barrels",
             "sqrt_slope", "entry_loss", "exit_loss", "average_loss", "max_flow_m3s", "form",
             "coefficient", "coefficient_2", "opening_m", "crest_length_m", "contractions",
             "surcharges", "close_rate_s")  # fmt: skip
    flap = column("flap")
    for i, link in enumerate(network.links):
        if link.to_node in flapped:
            flap[i] = 1  # no flow from the river
        elif link.from_node in flapped:
            flap[i] = -1  # a link filed the other way round
    plant = Plant(
        **nodes.columns,
        **_section_columns(nodes.geometries),
        **{name: column(name) for name in names},
        node_1=np.array([nodes.place[link.from_node] for link in network.links], dtype=np.int64),
        node_2=np.array([nodes.place[link.to_node] for link in network.links], dtype=np.int64),
        flap=flap,
        curve_start=np.concatenate(([0], np.cumsum([len(p) for p in curve_points]))).astype(
            np.int64
        ),
        curve_x=np.ascontiguousarray(flat[:, 0]),
        curve_y=np.ascontiguousarray(flat[:, 1]),
    )
    return plant, _initial(network, plant)


def _initial(network: Network, plant: Plant) -> State:
    count, links = len(network.nodes), len(network.links)
    depth = np.array([0.0 if isinstance(n, Outfall) else n.initial_depth_m for n in network.nodes])
    volume = np.zeros(count)
    cell = plant.table_start[:-1].copy()
    for i in range(count):
        points = plant.table_depth_m[plant.table_start[i] : plant.table_start[i + 1]]
        k = min(int(np.searchsorted(points, depth[i], side="right")) - 1, len(points) - 2)
        k += int(plant.table_start[i])
        cell[i] = k
        volume[i] = plant.table_volume_m3[k] + plant.table_area_m2[k] * (
            depth[i] - plant.table_depth_m[k]
        )
    stage = np.array(
        [
            n.stage_m if isinstance(n, Outfall) and n.stage_m is not None else n.invert_m
            for n in network.nodes
        ]
    )
    setting = np.array(
        [float(link.initially_on) if isinstance(link, Pump) else 1.0 for link in network.links]
    )
    flow = np.array(
        [link.initial_flow_m3s if isinstance(link, Conduit) else 0.0 for link in network.links]
    )
    zeros = np.zeros(count)
    return State(
        volume_m3=volume, depth_m=depth, cell=cell, net_m3s=zeros.copy(),
        lateral_m3s=zeros.copy(), stage_m=stage, stage_rate_m_s=zeros.copy(),
        flow_m3s=flow.reshape(links),
        upstream_area_m2=np.zeros(links), setting=setting.reshape(links),
        target=setting.reshape(links).copy(), over=np.zeros(count, dtype=np.int64),
        max_depth_m=depth.copy(), max_depth_s=zeros.copy(), overflow_m3=zeros.copy(),
        lateral_m3=zeros.copy(), out_m3=zeros.copy(), back_m3=zeros.copy(),
        clock=np.array([0.0, 0.5, 0.0, 0.5]),
    )  # fmt: skip


def pond_volume_m3(plant: Plant, node: int, depth_m: Floats) -> Floats:
    """Return the water above the rim of a node at depths above its invert, m3; any shape."""
    first, last = plant.table_start[node], plant.table_start[node + 1] - 1
    depths, volumes = (
        table[first : last + 1] for table in (plant.table_depth_m, plant.table_volume_m3)
    )
    beyond = plant.table_area_m2[last - 1] * np.clip(depth_m - depths[-1], 0.0, None)
    volume = np.interp(depth_m, depths, volumes) + beyond
    return np.clip(volume - plant.pond_volume_m3[node], 0.0, None)
