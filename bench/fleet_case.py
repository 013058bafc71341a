"""A synthetic fleet case of any size for the benchmarks: electric trucks and three sites."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

Row = Sequence[object]


def _table(folder: Path, name: str, header: str, rows: Iterable[Row]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def write_case(
    folder: Path, trucks: int, stops_per_truck: int, *, places: int = 300, seed: int = 1
) -> None:
    """Write the tables of a case: every truck has a territory of so many stops and two trips."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-5000.0, 5000.0, (places, 2))
    xy[:2] = (-2000.0, 0.0), (2000.0, 0.0)  # two depots
    xy[2:5] = (0.0, 6000.0), (-6000.0, -3000.0), (6000.0, -3000.0)  # three sites
    distance = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    names = [f"N{i:03d}" for i in range(places)]
    each = stops_per_truck
    count = trucks * each
    angle = np.argsort(np.arctan2(xy[5:, 1], xy[5:, 0]), kind="stable") + 5
    at = angle[np.arange(count) * (places - 5) // count]
    _table(
        folder, "points",
        "id place stream people shops bins opening_share service_s truck",
        [
            (f"P{i:05d}", names[at[i]], "residual", 200, 1, 3, 0.5, 25, f"T{i // each:03d}")
            for i in range(count)
        ],
    )  # fmt: skip
    _table(
        folder, "streams",
        "id kg_per_person_day kg_per_shop_day density_kg_m3 day_cv household_profile shop_profile"
        " tag source",
        [("residual", 0.4, 10, 150, 0.2, "even", "even", "assumed", "benchmark")],
    )  # fmt: skip
    hours = [1, 1, 1, 1, 1, 2, 4, 6, 6, 4, 4, 4, 5, 4, 4, 4, 5, 7, 9, 9, 7, 5, 3, 2]
    _table(
        folder, "profiles", "profile kind number factor tag source",
        [("even", "hour", h, f, "assumed", "benchmark") for h, f in enumerate(hours)],
    )  # fmt: skip
    _table(
        folder, "truck_types",
        "id streams payload_kg body_m3 battery_kwh reserve_kwh kwh_per_km kwh_per_t_km lift_kwh"
        " lift_s compaction_kwh_per_t auxiliary_kw cny_per_day mean_hours_to_failure",
        [("e18", "residual", 3000, 14, 250, 30, 1.0, 0.05, 0.11, 15, 1.5, 2, 300, 200)],
    )  # fmt: skip
    knots = [(0, 0), (200, 6000), (237.5, 8250), (250, 10000)]
    _table(
        folder, "charging", "truck_type technology energy_kwh time_s",
        [("e18", "dc", e, s) for e, s in knots],
    )  # fmt: skip
    _table(
        folder, "trucks", "id type depot shift",
        [(f"T{i:03d}", "e18", names[i % 2], "day") for i in range(trucks)],
    )  # fmt: skip
    _table(
        folder, "shifts",
        "id from_h to_h overtime_h break_from_h break_to_h break_min driving_h rest_min people"
        " cny_per_h",
        [("day", 6, 14, 3, 9.5, 11.5, 30, 4, 20, 2, 28)],
    )  # fmt: skip
    _table(
        folder, "sites",
        "id place kind streams bays unload_s unload_s_per_t lines t_per_day_per_line",
        [(f"S{i}", names[2 + i], "incinerator", "residual", 4, 480, 20, 2, 400) for i in range(3)],
    )  # fmt: skip
    _table(
        folder, "chargers", "id place technology guns limit_kw",
        [("C0", names[0], "dc", 12, 1000), ("C1", names[1], "dc", 12, 1000)],
    )  # fmt: skip
    _table(folder, "tariff", "from_h cny_per_kwh", [(0, 0.35), (8, 1.0), (22, 0.35)])
    _table(
        folder, "traffic", "from_h speed_factor", [(0, 1), (7, 0.7), (9, 0.9), (17, 0.7), (19, 1)]
    )
    _table(
        folder, "travel", "origin target distance_m duration_s",
        [
            (names[a], names[b], round(distance[a, b], 1), round(distance[a, b] / 8.0, 1))
            for a in range(places)
            for b in range(places)
        ],
    )  # fmt: skip
