"""The city tables: who needs them, in which columns, always the same bytes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from .rivers import river_lines, stage_series
from .town import Town

DISTRICTS = (("Qibin", "淇滨区"), ("Shancheng", "山城区"), ("Heshan", "鹤山区"), ("Xun", "浚县"),
             ("Qi", "淇县"))  # fmt: skip
STORMS = ("hebi-2021", "hebi-2023")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one table: UTF-8, line feeds, no index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_city(town: Town, folder: Path) -> None:
    """Write districts, zones, buildings, streets and rivers. Every row says it is synthetic."""
    status = town.assumptions.text("case.status")
    _write_districts(town, folder)
    plane = town.plane
    write_csv(
        folder / "street_nodes.csv",
        ("id", "lon", "lat", "x_m", "y_m", "elevation_m", "zone", "kind", "status"),
        (
            (n.id, f"{plane.lon(n.x_m):.7f}", f"{plane.lat(n.y_m):.7f}", f"{n.x_m:.2f}",
             f"{n.y_m:.2f}", f"{n.elevation_m:.3f}", town.zone_of[n.id],
             "underpass" if n.underpass else "junction", status)
            for n in town.graph.nodes.values()
        ),
    )  # fmt: skip
    write_csv(
        folder / "streets.csv",
        ("id", "from", "to", "length_m", "class", "width_m", "lanes", "speed_km_h", "structure",
         "status"),
        (
            (s.id, s.from_node, s.to_node, f"{s.length_m:.1f}", s.street_class, f"{s.width_m:g}",
             s.lanes, f"{s.speed_km_h:g}", s.structure, status)
            for s in town.graph.streets
        ),
    )  # fmt: skip
    write_csv(
        folder / "zones.csv",
        ("id", "name_en", "name_zh", "kind", "allowed_recession_h", "land_use",
         "impervious_percent", "area_km2", "people", "households", "floor_area_m2", "heated_m2",
         "lon", "lat", "x_m", "y_m", "status"),
        (
            (z.id, z.name_en, z.name_zh, z.kind, f"{z.allowed_recession_h:g}", z.land_use,
             f"{z.impervious_percent:g}", f"{z.area_km2:.4f}", z.people, z.households,
             sum(b.floor_area_m2 for b in town.stock if b.zone == z.id),
             sum(b.heated_m2 for b in town.stock if b.zone == z.id),
             f"{plane.lon(z.x_m):.7f}", f"{plane.lat(z.y_m):.7f}", f"{z.x_m:.1f}", f"{z.y_m:.1f}",
             status)
            for z in town.zones
        ),
    )  # fmt: skip
    write_csv(
        folder / "buildings.csv",
        ("zone", "type", "age", "floor_area_m2", "buildings", "storeys", "heated_m2", "status"),
        (
            (b.zone, b.building_type, b.age, b.floor_area_m2, b.buildings, b.storeys, b.heated_m2,
             status)
            for b in town.stock
        ),
    )  # fmt: skip
    write_csv(
        folder / "rivers.csv",
        ("id", "name_en", "name_zh", "sequence", "lon", "lat", "x_m", "y_m", "status"),
        (
            (key, en, zh, index, f"{plane.lon(x):.7f}", f"{plane.lat(y):.7f}", f"{x:.1f}",
             f"{y:.1f}", status)
            for key, en, zh, index, x, y in river_lines(town.assumptions, town.outline, town.rivers)
        ),
    )  # fmt: skip


def _write_districts(town: Town, folder: Path) -> None:
    rows = town.assumptions.rows
    count, number = town.assumptions.count, town.assumptions.number
    write_csv(
        folder / "districts.csv",
        ("id", "name_zh", "people", "area_km2", "tag", "people_source", "area_source"),
        (
            (key, zh, count(f"district.{key}.people"), f"{number(f'district.{key}.area'):g}",
             rows[f"district.{key}.people"].tag, rows[f"district.{key}.people"].source,
             rows[f"district.{key}.area"].source)
            for key, zh in DISTRICTS
        ),
    )  # fmt: skip


def write_river(town: Town, folder: Path) -> None:
    """Write the gauge and its stage series of 2021 and 2023."""
    row = town.assumptions.rows["river.guarantee_stage"]
    text = town.assumptions.text
    write_csv(
        folder / "gauges.csv",
        ("id", "name_en", "name_zh", "lon", "lat", "guarantee_stage_m", "tag", "source"),
        [("xincun", "Xincun", "新村", text("river.gauge_lon"), text("river.gauge_lat"),
          text("river.guarantee_stage"), row.tag, row.source)],
    )  # fmt: skip
    for year in ("2021", "2023"):
        write_csv(
            folder / f"stage_{year}.csv", ("time", "stage_m"),
            (
                (point.time.isoformat(timespec="minutes"), f"{point.stage_m:.3f}")
                for point in stage_series(town.assumptions, f"stage.{year}.")
            ),
        )  # fmt: skip


def write_storms(town: Town, folder: Path) -> None:
    """Write the nested maxima of the recorded events and the depth that holds for the district.

    ``district_mm`` is ``depth_mm`` times the event's areal mean over its total at the gauge: the
    gauge lies at the foot of the hills where it rained most; the district is the plain.
    """
    assumptions = town.assumptions
    rows: list[tuple[object, ...]] = []
    for storm in STORMS:
        prefix = f"storm.{storm}."
        start, peak = assumptions.text(prefix + "start"), assumptions.text(prefix + "peak")
        areal_mm = assumptions.number(prefix + "areal_event")
        depths = {
            key: float(value) for key, value in assumptions.under(prefix).items()
            if key.endswith("h") and key[:-1].isdigit()
        }  # fmt: skip
        share = areal_mm / max(depths.values())
        for key, depth_mm in depths.items():
            row = assumptions.rows[prefix + key]
            rows.append((storm, start, peak, key[:-1], f"{depth_mm:g}", f"{depth_mm * share:.1f}",
                         f"{share:.6f}", row.tag, row.source, row.note))  # fmt: skip
    write_csv(
        folder / "storms.csv",
        ("event", "start", "peak", "duration_h", "depth_mm", "district_mm", "multiplier", "tag",
         "source", "note"),
        rows,
    )  # fmt: skip
