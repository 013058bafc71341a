"""From the emergency section to what crews need to know: roads, trucks, points, discharges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.drainage.emergency_spec import PREPOSITIONED, Emergency
from sim.drainage.kpis import Point
from sim.drainage.network import Network
from sim.drainage.roads import Roads, read_roads
from sim.kernel.csv_rows import check_columns, parse_number, read_sheet
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.streets.flood_speed import flood_speed

_S_PER_H = 3600.0
AWAY = ""
"""Where a hose leads that leaves the model, in the record."""


@dataclass(frozen=True)
class TruckPlan:
    """A truck before the run: its number, depot, nameplate flow, and where it waits."""

    id: str
    depot: int
    depot_node: str
    nameplate_m3s: float
    node: str


@dataclass(frozen=True)
class Discharge:
    """Where water can be put: a storage of the network (``node``), or out of the model."""

    name: str
    node: str | None
    distance_m: float


@dataclass(frozen=True)
class Place:
    """A ponding point as crews see it: its street node, and discharges in reach, nearest first."""

    point: str
    street_node: str
    discharges: tuple[Discharge, ...]


@dataclass(frozen=True)
class EmergencyInputs:
    """All that a run with pump trucks reads. Nothing in it is altered by a run."""

    spec: Emergency
    roads: Roads
    trucks: tuple[TruckPlan, ...]
    places: Mapping[str, Place]
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def load_emergency(
    spec: Emergency, folder: Path, network: Network, points: Sequence[Point], waterlogged_m: float
) -> EmergencyInputs:
    """Read and check what an emergency section names.

    Raises
    ------
    InputError, InputErrors
        Naming place, value and what was expected.
    """
    where = "drainage.emergency"
    relation = flood_speed(spec.flood_speed, f"{where}.flood_speed")
    files = [folder / spec.streets_file, folder / spec.street_nodes_file]
    roads = read_roads(files[0], files[1], relation)
    _check(spec, roads, waterlogged_m)
    options = _discharge_nodes(spec, network)
    if spec.rivers_file is not None:
        files.append(folder / spec.rivers_file)
        options += _banks(folder / spec.rivers_file)
    if not options:
        raise InputError(
            "the trucks have nowhere to put the water", where=where,
            expected="discharge_nodes, or a rivers_file",
            hint="not the sewer they pump from: an outfall, a storage or a river bank",
        )  # fmt: skip
    places = _places(points, network, roads, options, spec.hose_m)
    out_of_reach = sum(not place.discharges for place in places.values())
    notes = [f"trucks drive by '{relation.id}' ({relation.tag}): {relation.note}"]
    if out_of_reach:
        notes.append(
            f"{out_of_reach} of {len(places)} points have no discharge within {spec.hose_m:g} m "
            "of hose: no truck is sent there"
        )
    return EmergencyInputs(spec, roads, _fleet(spec), places, tuple(files), tuple(notes))


# --- trucks ---------------------------------------------------------------------------------


def _fleet(spec: Emergency) -> tuple[TruckPlan, ...]:
    in_turn = sorted(
        (k, d, flow)
        for d, depot in enumerate(spec.depots)
        for k, flow in enumerate(depot.nameplate_m3_h)
    )
    count = len(in_turn) if spec.trucks is None else spec.trucks
    plans = []
    for number, (_, d, flow) in enumerate(in_turn[:count]):
        home = spec.depots[d].node
        site = spec.sites[number] if spec.start == PREPOSITIONED else home
        plans.append(TruckPlan(f"T{number + 1:02d}", d, home, flow / _S_PER_H, site))
    return tuple(plans)


def _check(spec: Emergency, roads: Roads, waterlogged_m: float) -> None:
    where, errors = "drainage.emergency", []
    named = [(f"{where}.depots[{i}].node", depot.node) for i, depot in enumerate(spec.depots)]
    named += [(f"{where}.sites[{i}]", site) for i, site in enumerate(spec.sites)]
    errors += [
        InputError(
            "no street node has this id", where=at, value=name,
            expected="an id of the street nodes", hint=did_you_mean(name, roads.nodes),
        )
        for at, name in named
        if name not in roads.index
    ]  # fmt: skip
    owned = sum(len(depot.nameplate_m3_h) for depot in spec.depots)
    count = owned if spec.trucks is None else spec.trucks
    if count > owned:
        errors.append(
            InputError(
                "more trucks than the depots have", where=f"{where}.trucks", value=spec.trucks,
                expected=f"at most {owned}", hint="add nameplate flows to a depot",
            )
        )  # fmt: skip
    if spec.start == PREPOSITIONED and len(spec.sites) < count:
        errors.append(
            InputError(
                "a truck has no site to wait at", where=f"{where}.sites",
                value=f"{len(spec.sites)} sites", expected=f"{count}, one for each truck",
            )
        )  # fmt: skip
    if spec.duty_low > spec.duty_high:
        errors.append(
            InputError("the low end is above the high end", where=f"{where}.duty_low",
                       value=spec.duty_low, expected=f"at most {spec.duty_high:g}")
        )  # fmt: skip
    if spec.dry_depth_m >= waterlogged_m:
        errors.append(
            InputError(
                "trucks would never be free, or come and go without end",
                where=f"{where}.dry_depth_m", value=spec.dry_depth_m,
                expected=f"less than the waterlogging depth of {waterlogged_m:g} m",
            )
        )  # fmt: skip
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)


# --- discharges -----------------------------------------------------------------------------

_Option = tuple[str, str | None, float, float]  # name, storage node, x m, y m


def _discharge_nodes(spec: Emergency, network: Network) -> list[_Option]:
    outfalls = {o.id: o for o in network.outfalls}
    storages = {s.id: s for s in network.storages}
    options: list[_Option] = []
    for i, name in enumerate(spec.discharge_nodes):
        at = f"drainage.emergency.discharge_nodes[{i}]"
        node = outfalls.get(name) or storages.get(name)
        if node is None:
            raise InputError(
                "water cannot be put there", where=at, value=name,
                expected="an outfall or a storage of the network",
                hint=did_you_mean(name, (*outfalls, *storages))
                or "a junction leads to the sewer that is drowned",
            )  # fmt: skip
        if node.x_m is None or node.y_m is None:
            raise InputError(
                "this node has no coordinates, so no hose can be laid", where=at, value=name,
            )  # fmt: skip
        options.append((name, name if name in storages else None, node.x_m, node.y_m))
    return options


def _banks(file: Path) -> list[_Option]:
    sheet = read_sheet(file)
    missing = check_columns(sheet, sheet.header, ("id", "x_m", "y_m"))
    if missing:
        raise InputErrors(missing)
    options: list[_Option] = []
    for line, cells in sheet.rows:
        row = dict(zip(sheet.header, cells, strict=True))
        try:
            options.append((row["id"], None, parse_number(row["x_m"]), parse_number(row["y_m"])))
        except ValueError as error:
            raise InputError(
                str(error), where=f"line {line}", file=file, expected="x_m and y_m in metres"
            ) from error
    return options


def _places(
    points: Sequence[Point],
    network: Network,
    roads: Roads,
    options: Sequence[_Option],
    hose_m: float,
) -> dict[str, Place]:
    nodes = {node.id: node for node in network.junctions}
    places = {}
    for point in points:
        node = nodes[point.id]
        if point.id in roads.index:
            street = point.id
            x, y = roads.xy_m[roads.index[street]]
        elif node.x_m is not None and node.y_m is not None:
            x, y = node.x_m, node.y_m
            street = roads.nearest(x, y)
        else:
            raise InputError(
                "this ponding point is on no street", where="drainage.emergency.street_nodes_file",
                value=point.id, expected="a street node of that name, or coordinates of the point",
            )  # fmt: skip
        places[point.id] = Place(point.id, street, _in_reach(float(x), float(y), options, hose_m))
    return places


def _in_reach(
    x_m: float, y_m: float, options: Sequence[_Option], hose_m: float
) -> tuple[Discharge, ...]:
    """Return the discharges within the hose's length, nearest first; of one river the nearest."""
    found: dict[str, Discharge] = {}
    for name, node, x, y in options:
        distance = math.hypot(x - x_m, y - y_m)
        if distance <= hose_m and (name not in found or distance < found[name].distance_m):
            found[name] = Discharge(name, node, distance)
    return tuple(sorted(found.values(), key=lambda d: (d.distance_m, d.name)))
