"""A day of 100 trucks, a thousand replications of it, and what keyed draws are worth.

``python -m bench.fleet_speed`` times a day of 100 electric trucks that serve 62 stops each in two
trips, with noise in demand, travel, service and unloading, beside a yardstick in the same run: as
many bare timeouts in SimPy as the day has events in its log. Times are CPU seconds of one process;
the yardstick is what the machine makes of them today.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import simpy

from bench.fleet_case import write_case
from sim.city import simulate
from sim.fleet import SYSTEM
from sim.fleet.luck import Luck
from sim.fleet.spec import Chance, FleetSpec, TerritoryPolicy
from sim.kernel.streams import Streams

START = datetime(2024, 3, 4, tzinfo=UTC)
DAY_S = 86_400.0
EVENTS = 25_000
TRUCKS, STOPS = 100, 90
REPLICATIONS, SAMPLE, WORKERS = 1000, 60, 2
ALLOWED_DAY_MS, ALLOWED_ALL_S, ALLOWED_CUT = 50.0, 30.0, 5.0
NOISE = Chance(travel_cv=0.2, service_cv=0.3, unload_cv=0.2)

_inputs: Any = None


def load(folder: Path, chance: Chance = NOISE) -> Any:
    """Return the inputs of the day."""
    spec = FleetSpec(tables="case", policy=TerritoryPolicy(), chance=chance)
    return SYSTEM.load(spec, folder, START, DAY_S)


def yardstick(events: int = EVENTS) -> float:
    """Return the CPU seconds of so many bare timeouts of 100 processes in SimPy."""

    def ticks(env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        for _ in range(events // 100):
            yield env.timeout(1.0)

    env = simpy.Environment()
    for _ in range(100):
        env.process(ticks(env))
    began = time.process_time()
    env.run()
    return time.process_time() - began


def _cpu_s(run: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    run()
    return time.process_time() - began


def day(inputs: Any, times: int = 15) -> None:
    """Time the day and the yardstick in turn."""
    record = simulate({"fleet": inputs}, START, DAY_S)
    days, sticks = [], []
    for k in range(times):
        sticks.append(yardstick(len(record.events)))
        days.append(_cpu_s(lambda k=k: simulate({"fleet": inputs}, START, DAY_S, 1, k)))
    one, stick = 1e3 * min(days), 1e3 * min(sticks)
    kinds = record.events["kind"].value_counts()
    print(
        f"a day of {TRUCKS} trucks, {kinds['collect']} stops, {len(record.events)} events: "
        f"{one:.0f} ms at best, {1e3 * statistics.median(days):.0f} in the middle (allowed "
        f"{ALLOWED_DAY_MS:g}); as many bare timeouts of SimPy {stick:.0f} ms at best, "
        f"{1e3 * statistics.median(sticks):.0f} in the middle: ratio {one / stick:.2f}"
    )


def _begin(folder: str) -> None:
    global _inputs  # noqa: PLW0603 - a pool's worker keeps what it needs in its module
    _inputs = load(Path(folder))
    simulate({"fleet": _inputs}, START, DAY_S)


def _replication(number: int) -> tuple[float, float]:
    began = time.process_time()
    record = simulate({"fleet": _inputs}, START, DAY_S, 1, number)
    kpis = SYSTEM.kpis(_inputs, record)
    cost = next(k.value for k in kpis if k.name == "cost_cny" and not k.entity)
    return time.process_time() - began, cost or 0.0


def replications(folder: Path, count: int) -> None:
    """Run replications with all their key figures on two processes."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(WORKERS, _begin, (str(folder),)) as pool:
        pool.map(abs, range(WORKERS))  # loaded
        began = time.perf_counter()
        found = pool.map(_replication, range(count), chunksize=5)
        wall_s = time.perf_counter() - began
    cpu_s = sum(cpu for cpu, _ in found) / WORKERS
    scale, costs = REPLICATIONS / count, [cost for _, cost in found]
    how = "measured" if count == REPLICATIONS else f"from {count}"
    print(
        f"{REPLICATIONS} replications with all key figures on {WORKERS} processes: "
        f"{cpu_s * scale:.0f} s by CPU time, {wall_s * scale:.0f} s on the clock (allowed "
        f"{ALLOWED_ALL_S:g}; {how}); cost {statistics.fmean(costs):.0f} +- "
        f"{statistics.stdev(costs):.0f} CNY; the machine's load was {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} cores"
    )


class SharedLuck(Luck):
    """The same laws, but drawn from one stream in the order in which trucks come to points."""

    def __init__(self, inputs: Any, streams: Streams) -> None:
        super().__init__(inputs, streams)
        rng = streams.generator("everybody", "everything")
        # A point's draws are whatever is next when its truck comes by: by truck, in route order.
        order = [p for route in inputs.territories.values() for p in route]
        for table in (self.demand, self.travel, self.service):
            shuffled = np.array(table)
            rng.shuffle(shuffled, axis=0)
            table[order] = shuffled[: len(order)]


def keyed_draws(folder: Path, count: int = 40) -> None:
    """Compare two arms (100 trucks; one truck fewer) with keyed draws and with one shared stream.

    In the second arm the first truck is off and its points are left; with one shared stream all
    others then draw other numbers, with keyed draws they draw the same.
    """
    inputs = load(folder)
    trucks = inputs.tables.of["trucks"]
    fewer = trucks._replace(elements=trucks.elements[1:], lines=trucks.lines[1:])
    tables = replace(inputs.tables, of={**inputs.tables.of, "trucks": fewer})
    other = replace(inputs, tables=tables, truck_codes=inputs.truck_codes[1:])
    import sim.fleet.model as model

    spread = {}
    for name, luck in (("keyed", Luck), ("shared", SharedLuck)):
        model.Luck = luck  # type: ignore[misc]
        differences = []
        for k in range(count):
            costs = []
            for arm in (inputs, other):
                kpis = SYSTEM.kpis(arm, simulate({"fleet": arm}, START, DAY_S, 1, k))
                costs.append(next(x.value for x in kpis if x.name == "wait_bays_h"))
            differences.append(costs[0] - costs[1])
        spread[name] = statistics.variance(differences)
    model.Luck = Luck  # type: ignore[misc]
    cut = spread["shared"] / spread["keyed"]
    print(
        f"waiting at sites with 100 trucks less that with 99, {count} pairs: variance of the "
        f"difference {spread['keyed']:.4g} h2 with keyed draws, {spread['shared']:.4g} with one "
        f"shared stream: {cut:.1f} times less (asked: {ALLOWED_CUT:g})"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fleet_speed")
    parser.add_argument("--all", action="store_true", help=f"run all {REPLICATIONS} replications")
    chosen = parser.parse_args(arguments or [])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case(folder / "case", TRUCKS, STOPS)
        day(load(folder))
        replications(folder, REPLICATIONS if chosen.all else SAMPLE)
        keyed_draws(folder)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
