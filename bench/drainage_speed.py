"""600 junctions, 24 h of storm and 24 h of recession: the native engine beside EPA SWMM.

Both get the same network, rain and runoff to do, write the same 5-minute results, and use one
core. SWMM runs with the settings of an ordinary study (10 s steps, shortened as it needs); its
time is that of its solver alone, ours that of the whole run without the one-time compilation.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.networks import grid_network
from scenarios.gap import nash_sutcliffe, relative_gap
from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.network import Network
from sim.drainage.reference import run_reference
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.swmm import REFERENCE_OPTIONS
from sim.drainage.tables import write_tables

START = datetime(2021, 7, 20, tzinfo=UTC)
HORIZON_S = 48 * 3600.0
REPEATS = 3
ORDINARY = replace(REFERENCE_OPTIONS, routing_step_s=10.0)
CASES = {"free outfall": None, "river above the low half": 3.0}


def measure(network: Network, folder: Path) -> dict[str, float]:
    """Return seconds of both engines (medians), their ratio, and how far apart they are."""
    write_tables(network, folder)
    spec = DrainageSpec(network=folder.name, rain=NetworkRain())
    inputs = replace(SYSTEM.load(spec, folder.parent, START, HORIZON_S), swmm_options=ORDINARY)
    simulate({"drainage": inputs}, START, 600.0)  # compiles, if this machine has not yet
    ours, theirs = [], []
    for _ in range(REPEATS):
        began = time.process_time()
        record = simulate({"drainage": inputs}, START, HORIZON_S)
        ours.append(time.process_time() - began)
        timings: list[float] = []
        reference = run_reference(inputs, None, HORIZON_S, START, timings.append)
        theirs += timings
    flow, other = (
        r.series["drainage", "outfall_flow"].values.sum(axis=1) for r in (record, reference)
    )
    ponded, swmm_ponded = (
        float(r.series["drainage", "ponded_volume"].of("total").max()) for r in (record, reference)
    )
    sides = record.ledgers.groupby("side")["amount"].sum()
    came = sides["opening"] + sides["inflow"]
    return {
        "junctions": float(len(network.junctions)),
        "native s": statistics.median(ours),
        "swmm s": statistics.median(theirs),
        "times faster": statistics.median(theirs) / statistics.median(ours),
        "outfall NSE": nash_sutcliffe(other, flow),
        "ponded volume %": 100.0 * relative_gap(swmm_ponded, ponded),
        "balance %": 100.0 * float(np.abs(came - sides["outflow"] - sides["closing"]) / came),
    }


def main() -> None:
    for name, river_m in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            found = measure(grid_network(24, 25, river_m=river_m), Path(folder) / "network")
        print(f"{name}: " + ", ".join(f"{key} {value:.3g}" for key, value in found.items()))


if __name__ == "__main__":
    main()
