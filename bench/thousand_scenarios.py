"""1,000 scenarios of 1,000 junctions on two processes: the time it takes, and how it was got.

Each scenario is a replication of its own: rain, roughness of every pipe and silt drawn anew, its
own network built, 3 h of storm and 6 h of recession simulated, series recorded every 5 minutes and
all key figures computed; nothing is written to disk. By default a sample is run and its time is
extrapolated; ``python -m bench.thousand_scenarios --all`` runs all of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.networks import grid_network
from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.tables import write_tables
from sim.drainage.uncertainty_spec import ConduitBlockage, Uncertainty

START = datetime(2021, 7, 20, tzinfo=UTC)
HORIZON_S = 9 * 3600.0
ROWS, COLUMNS = 40, 25
SCENARIOS, SAMPLE, WORKERS = 1000, 40, 2
ALLOWED_MIN = 15.0
CHANCE = Uncertainty(
    rain_spread=0.2,
    roughness_spread=0.1,
    conduit_blockage=ConduitBlockage(probability=0.1),
)

_inputs: Any = None


def _load(folder: str) -> None:
    """Read the network once in each worker, and compile if this machine has not yet."""
    global _inputs  # noqa: PLW0603 - a pool's worker keeps what it needs in its module
    spec = DrainageSpec(network="network", rain=NetworkRain(), uncertainty=CHANCE)
    _inputs = SYSTEM.load(spec, Path(folder), START, HORIZON_S)
    simulate({"drainage": _inputs}, START, 60.0)


def _ready(_: int) -> int:
    return os.getpid()


def _scenario(number: int) -> tuple[float, float, float]:
    """Run one; return its CPU seconds, its largest ponded volume and its worst recession in h."""
    began = time.process_time()
    record = simulate({"drainage": _inputs}, START, HORIZON_S, 1, number)
    kpis = SYSTEM.kpis(_inputs, record)
    volume = next(k.value for k in kpis if k.name == "ponded_volume_max_m3")
    hours = next(k.value for k in kpis if k.name == "recession_last_point_h")
    never = float("inf") if hours is None else hours
    return time.process_time() - began, volume or 0.0, never


def measure(count: int, workers: int = WORKERS) -> dict[str, float]:
    """Run `count` scenarios; return wall and CPU seconds and what the scenarios said."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        write_tables(grid_network(ROWS, COLUMNS), Path(folder) / "network")
        began = time.perf_counter()
        with context.Pool(workers, _load, (folder,)) as pool:
            pool.map(_ready, range(workers))
            ready = time.perf_counter()
            found = pool.map(_scenario, range(count), chunksize=1)
        ended = time.perf_counter()
    cpu_s, volumes, hours = zip(*found, strict=True)
    return {
        "start-up s": ready - began,
        "wall s": ended - ready,
        "cpu s each": statistics.fmean(cpu_s),
        "ponded m3, least": min(volumes),
        "ponded m3, most": max(volumes),
        "last point h, median": statistics.median(hours),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.thousand_scenarios")
    parser.add_argument("--all", action="store_true", help=f"run all {SCENARIOS}")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="how many otherwise")
    chosen = parser.parse_args(arguments or [])
    count = SCENARIOS if chosen.all else chosen.sample
    found = measure(count)
    minutes = (found["start-up s"] + found["wall s"] * SCENARIOS / count) / 60.0
    how = (
        "measured"
        if count == SCENARIOS
        else f"extrapolated from {count} scenarios in {found['wall s']:.1f} s on the clock"
    )
    # What other programs on the machine took is in the clock, not in the CPU time.
    alone = (found["start-up s"] + found["cpu s each"] * SCENARIOS / WORKERS) / 60.0
    print(
        f"{SCENARIOS} scenarios of {ROWS * COLUMNS} junctions, {HORIZON_S / 3600:g} h each, "
        f"{WORKERS} processes: {minutes:.1f} min ({how}); {alone:.1f} min by CPU time alone, "
        f"{found['cpu s each']:.2f} s each; allowed {ALLOWED_MIN:g} min"
    )
    print(", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    print(f"the machine has {os.cpu_count()} cores; its load was {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
