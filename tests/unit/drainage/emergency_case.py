"""Ponds on a short street, for the tests of pump trucks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd

from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import Conduit, CrossSection, Inflow, Junction, Outfall, Storage, Weir
from sim.drainage.emergency_spec import Depot, Emergency
from sim.drainage.inputs import DrainageInputs
from sim.drainage.network import Network
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.tables import write_tables
from sim.kernel.recorder import Record

START = datetime(2021, 7, 20, 12, tzinfo=timezone(timedelta(hours=8)))
HOUR = 3600.0

#: One km at 36 km/h is 100 s: depot D - A - B - C, a kilometre each, and D - C by 6 km.
STREETS = "id,from,to,length_m,speed_km_h\nS1,D,A,1000,36\nS2,A,B,1000,36\nS3,B,C,1000,36\n"
DETOUR = "S4,D,C,6000,36\n"
NODES = "id,x_m,y_m\nD,0,0\nA,1000,0\nB,2000,0\nC,3000,0\n"


def ponds(**depth_m: float) -> Network:
    """Points A, B, C of 1000 m2, rim 1 m above the invert, with so much water on the street.

    They are joined to the river by weirs far above the water: only trucks can empty them.
    """
    names = ("A", "B", "C")
    section = CrossSection(kind="rect_open", depth_m=1.0, width_m=1.0)
    return Network(
        junctions=tuple(
            Junction(id=name, invert_m=0.0, max_depth_m=1.0, ponded_area_m2=1000.0,
                     initial_depth_m=1.0 + depth_m.get(name, 0.0), x_m=1000.0 * (k + 1), y_m=0.0)
            for k, name in enumerate(names)
        )
        + (Junction(id="end", invert_m=0.0, max_depth_m=1.0),),
        storages=(
            Storage(id="tank", invert_m=0.0, max_depth_m=3.0, area_constant_m2=100.0,
                    x_m=1000.0, y_m=150.0),
        ),
        outfalls=(Outfall(id="river", invert_m=-1.0, x_m=2000.0, y_m=100.0),),
        weirs=tuple(
            Weir(id=f"W{name}", from_node=name, to_node="end", form="transverse", offset_m=9.0,
                 discharge_coefficient=1.8, section=section)
            for name in (*names, "tank")
        ),
        conduits=(
            Conduit(id="outlet", from_node="end", to_node="river", length_m=50.0, roughness_n=0.013,
                    section=CrossSection(kind="circular", depth_m=0.5)),
        ),
    )  # fmt: skip


def drained(network: Network) -> Network:
    """The same network with no water above the rims."""
    return network.model_copy(
        update={
            "junctions": tuple(
                j.model_copy(update={"initial_depth_m": min(j.initial_depth_m, j.max_depth_m)})
                for j in network.junctions
            )
        }
    )


def run(
    network: Network,
    folder: Path,
    hours: float,
    *,
    seed: int = 1,
    replication: int = 0,
    streets: str = STREETS,
    inflows: tuple[Inflow, ...] = (),
    **changes: Any,
) -> Record:
    """Simulate with trucks: one of 720 m3/h at D, half of it given, all delays fixed."""
    inputs = inputs_of(network, folder, hours, streets=streets, inflows=inflows, **changes)
    return simulate({"drainage": inputs}, START, hours * HOUR, seed, replication)


def inputs_of(
    network: Network,
    folder: Path,
    hours: float,
    *,
    streets: str = STREETS,
    inflows: tuple[Inflow, ...] = (),
    **changes: Any,
) -> DrainageInputs:
    """Inputs of `run`."""
    network = network.model_copy(update={"inflows": inflows})
    write_tables(drained(network), folder / "net")
    (folder / "streets.csv").write_text(streets, encoding="utf-8")
    (folder / "nodes.csv").write_text(NODES, encoding="utf-8")
    facts: dict[str, Any] = {
        "streets_file": "streets.csv", "street_nodes_file": "nodes.csv",
        "discharge_nodes": ("river",), "hose_m": 2000.0,
        "depots": (Depot(node="D", nameplate_m3_h=(720.0,)),),
        "detection_median_min": 20.0, "detection_spread": 0.0, "duty_low": 0.5, "duty_high": 0.5,
        "pack_up_min": 5.0,
    }  # fmt: skip
    emergency = Emergency(**(facts | changes))
    spec = DrainageSpec(network="net", rain=NetworkRain(), emergency=emergency)
    inputs = SYSTEM.load(spec, folder, START, hours * HOUR)
    # No document starts on a flooded street; here it makes every time a round number.
    return replace(inputs, network=network)


def events(record: Record, kind: str, **where: str) -> pd.DataFrame:
    """Events of a kind, of an entity or with a detail."""
    found = record.events[record.events["kind"] == kind]
    for column, value in where.items():
        found = found[found[column] == value]
    return found


def times(record: Record, kind: str, **where: str) -> list[float]:
    """When events of a kind happened, s."""
    return [float(value) for value in events(record, kind, **where)["time_s"]]
