"""A small system: leaking tanks filled by random pulses. It shows what a system must have."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim.kernel.errors import InputError
from sim.kernel.recorder import Record
from sim.kernel.schema import Frozen
from sim.kernel.system import Kpi, KpiDefinition, Label, Run


class TankSpec(Frozen):
    """Section ``[tank]``: the table of tanks and what fills and empties them."""

    tanks: str
    pulse_m3: float
    mean_gap_s: float
    leak_per_s: float
    gauges: tuple[str, ...] = ()


@dataclass(frozen=True)
class TankInputs:
    """Tanks as (id, opening volume, volume at which it counts as full)."""

    spec: TankSpec
    tanks: list[tuple[str, float, float]]
    files: tuple[Path, ...]


PEAK = KpiDefinition(
    "peak_volume_m3",
    Label("Largest volume", "最大水量", "m3"),
    "lower",
    Label("Largest recorded volume of a tank", "单个水箱记录的最大水量"),
)
LEAKED = KpiDefinition(
    "leaked_m3",
    Label("Leaked volume", "漏失水量", "m3"),
    "lower",
    Label("Water lost by all tanks", "所有水箱漏失的水量"),
)
TIMES_FULL = KpiDefinition(
    "times_full",
    Label("Times full", "满箱次数"),
    "none",
    Label("How often a tank was full after a pulse", "注水后水箱达到满箱的次数"),
)


class Tank:
    """The system object."""

    name = "tank"
    Spec = TankSpec
    kpi_definitions = (PEAK, LEAKED, TIMES_FULL)
    labels = {
        "volume": Label("Volume", "水量", "m3"),
        "full": Label("Tank full", "水箱已满"),
        "stored": Label("Stored", "蓄水", "m3"),
        "pulses": Label("Pulses", "脉冲注水", "m3"),
        "leak": Label("Leak", "渗漏", "m3"),
    } | {kpi.name: kpi.label for kpi in kpi_definitions}

    def load(self, spec: TankSpec, folder: Path, start: datetime, horizon_s: float) -> TankInputs:
        path = folder / spec.tanks
        if not path.is_file():
            raise InputError("no such file", where="tank.tanks", value=spec.tanks, file=path)
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        tanks = [(row["id"], float(row["volume_m3"]), float(row["full_m3"])) for row in rows]
        return TankInputs(spec, tanks, (path,))

    def start(self, inputs: TankInputs, run: Run) -> None:
        ledger = run.ledger("tank_water", "m3")
        names = [name for name, _, _ in inputs.tanks]
        writer = run.recorder.series(self.name, "volume", "m3", names)
        volumes = {name: volume for name, volume, _ in inputs.tanks}

        def leak(name: str, duration_s: float) -> None:
            before = volumes[name]
            volumes[name] = before * math.exp(-inputs.spec.leak_per_s * duration_s)
            ledger.outflow("leak", before - volumes[name])

        def fill(name: str, full_m3: float) -> Iterator[Any]:
            draws = run.streams.generator(name, "gap between pulses")
            while True:
                gap_s = float(draws.exponential(inputs.spec.mean_gap_s))
                left_s = run.horizon_s - run.clock.now_s
                yield run.clock.env.timeout(min(gap_s, left_s))
                leak(name, min(gap_s, left_s))
                if gap_s >= left_s:
                    return
                volumes[name] += inputs.spec.pulse_m3
                ledger.inflow("pulses", inputs.spec.pulse_m3)
                if volumes[name] >= full_m3:
                    run.recorder.event(run.clock.now_s, self.name, "full", name, volumes[name])

        def watch() -> Iterator[Any]:
            for hour in range(int(run.horizon_s // 3600) + 1):
                yield run.clock.env.timeout(3600.0 * hour - run.clock.now_s)
                writer.append(run.clock.now_s, np.array([volumes[name] for name in names]))

        def close() -> Iterator[Any]:
            yield run.clock.settled(run.horizon_s)
            for name in names:
                ledger.closing("stored", volumes[name])

        for name, volume, full_m3 in inputs.tanks:
            ledger.opening("stored", volume)
            run.clock.env.process(fill(name, full_m3))
        run.clock.env.process(watch())
        run.clock.env.process(close())

    def kpis(self, inputs: TankInputs, record: Record) -> list[Kpi]:
        volume = record.series[self.name, "volume"]
        ledgers, events = record.ledgers, record.events
        leaked = float(ledgers.loc[ledgers["account"] == "leak", "amount"].sum())
        full = float((events["kind"] == "full").sum())
        peaks = [
            Kpi(name=PEAK.name, entity=name, value=float(volume.of(name).max()), unit="m3")
            for name in volume.entities
        ]
        return [
            *peaks,
            Kpi(name=LEAKED.name, entity="", value=leaked, unit="m3"),
            Kpi(name=TIMES_FULL.name, entity="", value=full, unit=""),
        ]

    def example(self) -> tuple[TankSpec, Path]:
        spec = TankSpec(tanks="tanks.csv", pulse_m3=5.0, mean_gap_s=1800.0, leak_per_s=5e-5)
        return spec, Path(__file__).parent


TANK = Tank()
