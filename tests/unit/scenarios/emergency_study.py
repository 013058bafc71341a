"""A scenario of two ponds and two trucks that takes seconds, for tests of the comparison."""

from __future__ import annotations

from pathlib import Path

from sim.drainage.elements import Inflow, Series
from sim.drainage.network import Network
from sim.drainage.tables import write_tables
from tests.unit.drainage.emergency_case import NODES, STREETS, ponds

DOCUMENT = """
start = 2021-07-20T12:00:00+08:00
duration_h = 6

[title]
en = "Ponds"
zh = "积水点"

[drainage]
network = "net"

[drainage.rain]
kind = "network"
"""
TRUCKS = """
[drainage.emergency]
streets_file = "streets.csv"
street_nodes_file = "nodes.csv"
discharge_nodes = ["river"]
hose_m = 2000
trucks_per_point = 2

[[drainage.emergency.depots]]
node = "D"
nameplate_m3_h = [720, 1440]

[drainage.emergency.failures]
mean_time_to_failure_h = 2
median_repair_h = 0.5
"""


def write(folder: Path, text: str) -> Path:
    write_tables(_filled({"A": 0.28, "C": 0.5}), folder / "net")
    # one more node that stays dry, beside C
    (folder / "streets.csv").write_text(f"{STREETS}S5,C,E,200,36\nS6,D,E,9000,36\n", "utf-8")
    (folder / "nodes.csv").write_text(f"{NODES}E,3200,0\n", encoding="utf-8")
    path = folder / "ponds.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _filled(depth_m: dict[str, float]) -> Network:
    """Ponds of 1000 m2 that a burst fills to a depth within the first minute."""
    bursts = {name: 1000.0 * depth / 30.0 for name, depth in depth_m.items()}
    return ponds().model_copy(
        update={
            "inflows": tuple(Inflow(node=name, series=f"burst-{name}") for name in bursts),
            "series": tuple(
                Series(id=f"burst-{name}", points=((0.0, flow), (60.0, 0.0)))
                for name, flow in bursts.items()
            ),
        }
    )
