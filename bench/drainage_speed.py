"""100, 1,000 and 5,000 junctions, a day of storm and recession: the native engine beside EPA SWMM.

Both get the same network, rain and runoff to do, write the same 5-minute results, and use one
core; they take turns, and the best of each counts. SWMM runs with the settings of an ordinary
study (10 s steps, shortened as it needs); its time is that of its solver alone, ours that of the
whole run without the one-time compilation. How far the results are apart is printed beside the
times, as is how cost grows with size: ``cost ~ junctions ** exponent``.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from sim.kernel.recorder import Record

START = datetime(2021, 7, 20, tzinfo=UTC)
HORIZON_S = 24 * 3600.0
SIZES = {(10, 10): 4, (40, 25): 3, (100, 50): 2}  # rows and columns: how often it is run
RIVER_SHARE = 0.25  # of the city's fall, where the river stands above the lowest street
ORDINARY = replace(REFERENCE_OPTIONS, routing_step_s=10.0)
# What must be reached, and what is aimed at.
WANTED = {"free outfall": (5.0, 20.0), "drowned outfall": (2.0, 5.0)}


@dataclass(frozen=True)
class Measured:
    """One network in both engines: CPU seconds, and how far apart the results are."""

    junctions: int
    native_s: float
    swmm_s: float
    outfall_nse: float
    peak_percent: float  # of the outfall's flow
    ponded_percent: float  # largest volume on the streets
    native_error_percent: float  # water that is unaccounted for
    swmm_error_percent: float

    @property
    def ratio(self) -> float:
        return self.swmm_s / self.native_s

    def __str__(self) -> str:
        return (
            f"{self.junctions:5d} junctions: {self.ratio:5.1f} times faster (native "
            f"{self.native_s:.3f} s, SWMM {self.swmm_s:.3f} s); outfall NSE "
            f"{self.outfall_nse:.4f}, peak {self.peak_percent:+.1f} %, ponded "
            f"{self.ponded_percent:+.1f} %; balance {self.native_error_percent:.0e} %, SWMM "
            f"{self.swmm_error_percent:+.2f} %"
        )


def _outflow(record: Record) -> np.ndarray:
    return np.asarray(record.series["drainage", "outfall_flow"].values.sum(axis=1))


def _ponded(record: Record) -> float:
    return float(record.series["drainage", "ponded_volume"].of("total").max())


def _unaccounted_percent(record: Record) -> float:
    """Return the error of a record's balance; of SWMM's, what it books as continuity error."""
    entries = record.ledgers
    own = entries[entries["account"] != "swmm_continuity_error"]
    side = own.groupby("side")["amount"].sum()
    came = side["opening"] + side["inflow"]
    return 100.0 * float((came - side["outflow"] - side["closing"]) / came)


def measure(network: Network, folder: Path, repeats: int, horizon_s: float = HORIZON_S) -> Measured:
    """Run a network in both engines in turn."""
    write_tables(network, folder)
    spec = DrainageSpec(network=folder.name, rain=NetworkRain())
    inputs = replace(SYSTEM.load(spec, folder.parent, START, horizon_s), swmm_options=ORDINARY)
    simulate({"drainage": inputs}, START, 600.0)  # compiles, if this machine has not yet
    ours, theirs = [], []
    for _ in range(repeats):
        began = time.process_time()
        record = simulate({"drainage": inputs}, START, horizon_s)
        ours.append(time.process_time() - began)
        reference = run_reference(inputs, None, horizon_s, START, theirs.append)
    flow, other = _outflow(record), _outflow(reference)
    return Measured(
        junctions=len(network.junctions),
        native_s=min(ours),
        swmm_s=min(theirs),
        outfall_nse=nash_sutcliffe(other, flow),
        peak_percent=100.0 * relative_gap(float(other.max()), float(flow.max())),
        ponded_percent=100.0 * relative_gap(_ponded(reference), _ponded(record)),
        native_error_percent=abs(_unaccounted_percent(record)),
        swmm_error_percent=_unaccounted_percent(reference),
    )


def river_m(rows: int, columns: int) -> float:
    """Return the river's level that drowns the outfall of a grid network and its low streets."""
    inverts = [junction.invert_m for junction in grid_network(rows, columns).junctions]
    return min(inverts) + 3.5 + RIVER_SHARE * (max(inverts) - min(inverts))


def exponent(junctions: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of cost against size, both logarithmic, by least squares."""
    slope, _ = np.polyfit([math.log(n) for n in junctions], [math.log(s) for s in seconds], 1)
    return float(slope)


def main() -> None:
    for name, (wanted, aim) in WANTED.items():
        print(f"{name}: at least {wanted:g} times faster wanted, {aim:g} aimed at", flush=True)
        found = []
        for (rows, columns), repeats in SIZES.items():
            level = None if name == "free outfall" else river_m(rows, columns)
            with tempfile.TemporaryDirectory() as folder:
                network = grid_network(rows, columns, river_m=level)
                found.append(measure(network, Path(folder) / "network", repeats))
            print(f"  {found[-1]}", flush=True)
        sizes = [m.junctions for m in found]
        ours = exponent(sizes, [m.native_s for m in found])
        theirs = exponent(sizes, [m.swmm_s for m in found])
        print(f"  cost ~ junctions ** {ours:.2f}, SWMM's ** {theirs:.2f}", flush=True)


if __name__ == "__main__":
    main()
