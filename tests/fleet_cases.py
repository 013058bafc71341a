"""Small fleet cases for tests: tables as Python rows, written, loaded and run."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sim.city import simulate
from sim.fleet import SYSTEM
from sim.fleet.inputs import FleetInputs
from sim.fleet.spec import Chance, FleetSpec
from sim.fleet.trace import activities
from sim.kernel.recorder import Record

ZONE = timezone(timedelta(hours=8))
MONDAY = datetime(2024, 3, 4, tzinfo=ZONE)
HOUR = 3600.0

#: Places on a line, m from the depot; 10 m/s everywhere.
LINE = {"D": 0.0, "A": 1000.0, "B": 2000.0, "C": 4000.0, "S": 6000.0, "S2": 9000.0, "E": 3000.0}


def base() -> dict[str, list[dict[str, Any]]]:
    """One electric truck at D, points A B C with a known content, site S, a charger at E."""
    return {
        "points": [
            {"id": f"p{name}", "place": name, "stream": "residual", "bins": 2, "bin_m3": 1.0,
             "opening_share": 0.5, "service_s": 60, "kg_per_day": 0, "truck": "T1"}
            for name in "ABC"
        ],
        "streams": [
            {"id": "residual", "kg_per_person_day": 0.5, "kg_per_shop_day": 10,
             "density_kg_m3": 200, "household_profile": "even", "shop_profile": "even",
             "tag": "assumed", "source": "test"}
        ],
        "profiles": [
            {"profile": "even", "kind": "hour", "number": h, "factor": 1, "tag": "assumed",
             "source": "test"}
            for h in range(24)
        ],
        "truck_types": [
            {"id": "e", "streams": "residual", "payload_kg": 5000, "body_m3": 20,
             "compaction_ratio": 3, "battery_kwh": 100, "reserve_kwh": 5, "kwh_per_km": 1.0,
             "kwh_per_t_km": 0.1, "lift_kwh": 0.1, "lift_s": 20, "compaction_kwh_per_t": 2}
        ],
        "charging": [
            {"truck_type": "e", "technology": "dc", "energy_kwh": e, "time_s": s}
            for e, s in ((0, 0), (80, 2880), (100, 4320))  # 100 kW, then 50 kW
        ],
        "trucks": [{"id": "T1", "type": "e", "depot": "D", "shift": "day"}],
        "shifts": [{"id": "day", "from_h": 6, "to_h": 14, "overtime_h": 2}],
        "sites": [
            {"id": "dump", "place": "S", "kind": "landfill", "streams": "residual", "bays": 1,
             "unload_s": 300, "unload_s_per_t": 100, "lines": 0}
        ],
        "chargers": [{"id": "guns", "place": "E", "technology": "dc", "efficiency": 1.0}],
        "travel": [
            {"origin": a, "target": b, "distance_m": abs(x - y), "duration_s": abs(x - y) / 10.0}
            for a, x in LINE.items()
            for b, y in LINE.items()
        ],
        "plan": [
            {"truck": "T1", "sequence": 1, "kind": "stop", "target": "pA"},
            {"truck": "T1", "sequence": 2, "kind": "stop", "target": "pB"},
            {"truck": "T1", "sequence": 3, "kind": "stop", "target": "pC"},
            {"truck": "T1", "sequence": 4, "kind": "site", "target": "dump"},
        ],
    }  # fmt: skip


@dataclass
class Case:
    """A case in a folder."""

    folder: Path
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=base)
    spec: Mapping[str, Any] = field(default_factory=dict)
    start: datetime = MONDAY
    hours: float = 24.0

    def write(self) -> None:
        """Write the tables."""
        target = self.folder / "t"
        target.mkdir(parents=True, exist_ok=True)
        for name, rows in self.tables.items():
            if not rows:
                (target / f"{name}.csv").unlink(missing_ok=True)
                continue
            header = list(dict.fromkeys(key for row in rows for key in row))
            with (target / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)

    def load(self) -> FleetInputs:
        """Write and load."""
        self.write()
        quiet = {"chance": Chance(demand=False, breakdowns=False), "charge_after_shift": False}
        spec = FleetSpec(tables="t", **{**quiet, **self.spec})
        return SYSTEM.load(spec, self.folder, self.start, self.hours * HOUR)

    def run(self, inputs: FleetInputs | None = None, seed: int = 1, replication: int = 0) -> Record:
        """Load, unless loaded already, and simulate."""
        inputs = inputs or self.load()
        return simulate({"fleet": inputs}, self.start, self.hours * HOUR, seed, replication)


def did(record: Record, hours: float = 24.0) -> list[tuple[str, str, str, float, float, float]]:
    """Return what trucks did: truck, kind, target, from and to in s, amount."""
    table = activities(record, hours * HOUR)
    return [tuple(row) for row in table.itertuples(index=False)]


def of_kind(record: Record, kind: str) -> list[tuple[float, str, float, str]]:
    """Return events of a kind: time, entity, value, detail."""
    events = record.events[record.events["kind"] == kind]
    return list(
        zip(events["time_s"], events["entity"], events["value"], events["detail"], strict=True)
    )


def figures(inputs: FleetInputs, record: Record) -> dict[tuple[str, str], Any]:
    """Return key figures by name and entity."""
    return {(kpi.name, kpi.entity): kpi.value for kpi in SYSTEM.kpis(inputs, record)}
