"""Capacitated electric vehicle routing, as in the competition of IEEE WCCI 2020.

Mavrovouniotis et al., "Benchmark Set for the IEEE WCCI-2020 Competition on Evolutionary
Computation for the Electric Vehicle Routing Problem". The objective is straight-line distance in
double precision, not rounded. Trucks are as many as wanted (``VEHICLES`` is only the least
number that capacity asks for), leave the depot full, and every visit to a station fills the
battery in no time; stations may follow each other. ``OPTIMAL_VALUE`` is an upper bound of the
authors and is not used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optimize.routing.formats.lines import euclidean
from optimize.routing.formats.sections import one_depot, read_sections
from optimize.routing.problem import Charger, ChargingCurve, Problem, Stop, Travel, TruckType
from sim.kernel.errors import InputError

_SPECS = (
    "NAME", "COMMENT", "TYPE", "OPTIMAL_VALUE", "VEHICLES", "DIMENSION", "STATIONS", "CAPACITY",
    "ENERGY_CAPACITY", "ENERGY_CONSUMPTION", "EDGE_WEIGHT_FORMAT", "EDGE_WEIGHT_TYPE",
)  # fmt: skip
_TABLES = ("NODE_COORD_SECTION", "DEMAND_SECTION", "STATIONS_COORD_SECTION", "DEPOT_SECTION")


def read_cevrp(file: Path) -> Problem:
    """Read an instance (``.evrp``); places are nodes 1 to n, then the stations.

    Raises
    ------
    InputError
        Naming the file, the line, the value and what was expected.
    """
    sections = read_sections(file)
    sections.check_known(_SPECS, _TABLES)
    kind, where = sections.spec("TYPE")
    if kind != "EVRP":
        raise InputError("not such a file", where=where, value=kind, expected="EVRP", file=file)
    for name in ("EDGE_WEIGHT_FORMAT", "EDGE_WEIGHT_TYPE"):
        if name in sections.specs and sections.spec(name)[0] != "EUC_2D":
            value, where = sections.spec(name)
            raise InputError(
                "no such distance", where=where, value=value, expected="EUC_2D", file=file
            )
    count, extra = sections.size("DIMENSION", least=2), sections.size("STATIONS", least=0)
    full = sections.amount("ENERGY_CAPACITY")
    xy = sections.by_node("NODE_COORD_SECTION", count + extra, 2)
    demand = sections.by_node("DEMAND_SECTION", count, 1, least=0.0)[:, 0]
    stations = sections.nodes("STATIONS_COORD_SECTION", count + extra)
    depot = one_depot(sections, count)
    if len(stations) != extra or any(station < count for station in stations):
        raise InputError(
            "not the stations that were announced", where="STATIONS_COORD_SECTION",
            value=[station + 1 for station in stations], file=file,
            expected=f"nodes {count + 1} to {count + extra}",
        )  # fmt: skip
    if demand[depot] != 0.0:
        raise InputError(
            "the depot has a demand", where="DEMAND_SECTION", value=float(demand[depot]), file=file,
            expected="0",
        )  # fmt: skip
    distance = euclidean(xy)
    truck = TruckType(
        id="truck",
        capacity=(sections.amount("CAPACITY"),),
        start=depot,
        end=depot,
        battery_kwh=full,
        kwh_per_m=sections.amount("ENERGY_CONSUMPTION"),
        charging=(ChargingCurve((0.0, full), (0.0, 0.0)),),
    )
    names = tuple(str(node) for node in range(1, count + extra + 1))
    return Problem(
        name=file.stem,
        travel=Travel(names, xy, distance, np.array(distance)),
        dimensions=("load",),
        stops=tuple(Stop(names[i], i, (float(demand[i]),)) for i in range(count) if i != depot),
        trucks=(truck,),
        chargers=tuple(Charger(names[i], i) for i in stations),
        recharge="full",
    )
