"""The synthetic Hebi case: reproducible to the byte, valid, and as large as published."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from data.hebi.generate import main
from data.hebi.generator.assumptions import COLUMNS, Assumptions
from data.hebi.generator.streets import is_one_piece
from data.hebi.generator.zones import share_out
from sim.drainage.checks import check_network
from sim.drainage.network import Network
from sim.drainage.tables import read_tables
from sim.drainage.time_csv import read_series_csv

ROOT = Path(__file__).resolve().parents[3]
HEBI = ROOT / "data" / "hebi"
INPUTS = {"README.md", "assumptions.csv", "fleet_assumptions.csv", "generate.py"}


def rows(name: str, folder: Path = HEBI) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def tables_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in INPUTS
        and not {"generator", "__pycache__"} & set(path.relative_to(folder).parts)
    }  # fmt: skip


@pytest.fixture(scope="module")
def network() -> Network:
    return read_tables(HEBI / "network")


@pytest.fixture(scope="module")
def assumptions() -> Assumptions:
    return Assumptions.read(HEBI / "assumptions.csv")


# --- reproducible ---------------------------------------------------------------------------


def test_regeneration_gives_the_filed_bytes(tmp_path: Path) -> None:
    """Run as a user does, in another process: the files in the repository come out again."""
    subprocess.run(
        [sys.executable, str(HEBI / "generate.py"), "--out", str(tmp_path)],
        check=True, cwd=tmp_path,
    )  # fmt: skip
    again, filed = tables_in(tmp_path), tables_in(HEBI)
    assert [name for name in again if again[name] != filed.get(name)] == []
    stale = {name for name in filed if name.startswith("network/")} - set(again)
    assert stale == set()


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    text = (HEBI / "assumptions.csv").read_text(encoding="utf-8")
    other, changed = re.subn(r"(?m)^city\.seed,2021,", "city.seed,2022,", text)
    assert changed == 1
    table = tmp_path / "assumptions.csv"
    table.write_text(other, encoding="utf-8")
    assert main(["--assumptions", str(table), "--out", str(tmp_path / "out")]) == 0
    assert tables_in(tmp_path / "out")["streets.csv"] != tables_in(HEBI)["streets.csv"]
    check_network(read_tables(tmp_path / "out" / "network"))


def test_files_stay_small() -> None:
    assert sum(len(content) for content in tables_in(HEBI).values()) < 10_000_000


def test_summary_tells_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--summary"]) == 0
    text = capsys.readouterr().out
    assert "SYNTHETIC" in text
    assert "35.0000 km2" in text
    assert "works: 16, 1000.0 million CNY" in text


# --- assumptions ----------------------------------------------------------------------------


def test_every_assumption_has_tag_and_source(assumptions: Assumptions) -> None:
    assert assumptions.text("case.status") == "SYNTHETIC"
    for row in assumptions.rows.values():
        assert row.tag in {"published", "sourced", "assumed"}, row.name
        assert row.value, row.name
        assert row.source, row.name
        assert row.unit, row.name
        assert row.system in {"city", "streets", "drainage", "heat"}, row.name


def test_published_rows_cite_listed_sources(assumptions: Assumptions) -> None:
    listed = {row["id"]: row for row in rows("sources.csv", ROOT / "data")}
    published = [row for row in assumptions.rows.values() if row.tag == "published"]
    assert len(published) > 20
    for row in published:
        cited = re.match(r"([AP]\d\d): ", row.source)
        assert cited, row.name
        figures = listed[cited[1]]["value"].split(";")
        exact = {float(figure) for figure in figures if "-" not in figure}
        derived = row.name in {"river.guarantee_stage", "river.gauge_lon", "river.gauge_lat"}
        assert derived or float(row.value) in exact, row.name


def test_calibration_parameters_are_named(assumptions: Assumptions) -> None:
    names = set(assumptions.under("calibration."))
    assert names == {
        "ponding_area_multiplier", "sewer_roughness", "underpass_pump_flow", "ground_shift",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.b,1,m,guessed,me,city,", "guessed"),
        ("a.b,1,m,assumed,,city,", "source is empty"),
        ("a.b,,m,assumed,me,city,", "value or source is empty"),
        ("a.b,1,m,assumed,me,city,\na.b,2,m,assumed,me,city,", "occurs twice"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, line: str, message: str) -> None:
    table = tmp_path / "assumptions.csv"
    table.write_text(",".join(COLUMNS) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        Assumptions.read(table)


def test_a_row_nobody_uses_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "assumptions.csv"
    text = (HEBI / "assumptions.csv").read_text(encoding="utf-8")
    table.write_text(text + "old.number,1,m,assumed,nobody,city,\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"old\.number"):
        main(["--assumptions", str(table), "--out", str(tmp_path / "out")])


# --- the city -------------------------------------------------------------------------------


def test_streets_are_one_graph_on_the_map() -> None:
    nodes = {row["id"]: row for row in rows("street_nodes.csv")}
    streets = rows("streets.csv")
    assert 590 <= len(nodes) <= 610
    assert is_one_piece(set(nodes), [(s["from"], s["to"]) for s in streets])
    assert all(114.25 < float(n["lon"]) < 114.35 for n in nodes.values())
    assert all(35.71 < float(n["lat"]) < 35.79 for n in nodes.values())
    assert len({frozenset((s["from"], s["to"])) for s in streets}) == len(streets)
    assert all(s["status"] == "SYNTHETIC" for s in [*streets, *nodes.values()])
    assert sum(n["kind"] == "underpass" for n in nodes.values()) >= 4
    assert sum(s["structure"] == "bridge" for s in streets) >= 10


def test_one_degree_of_latitude_is_as_long_as_on_the_ellipsoid() -> None:
    """Known length of a degree of latitude at 35.75 N: 110.95 km, of longitude 90.45 km."""
    nodes = rows("street_nodes.csv")
    north, south = (f(nodes, key=lambda n: float(n["y_m"])) for f in (max, min))
    per_degree = (float(north["y_m"]) - float(south["y_m"])) / (
        float(north["lat"]) - float(south["lat"])
    )
    assert per_degree == pytest.approx(110_950, rel=3e-4)
    east, west = (f(nodes, key=lambda n: float(n["x_m"])) for f in (max, min))
    per_degree = (float(east["x_m"]) - float(west["x_m"])) / (
        float(east["lon"]) - float(west["lon"])
    )
    assert per_degree == pytest.approx(90_450, rel=5e-4)


def test_zones_add_up() -> None:
    zones, buildings, districts = rows("zones.csv"), rows("buildings.csv"), rows("districts.csv")
    assert 24 <= len(zones) <= 40
    assert sum(float(z["area_km2"]) for z in zones) == pytest.approx(35, abs=0.01)
    assert {z["kind"] for z in zones} == {"centre", "elsewhere", "key", "hub"}
    qibin = next(d for d in districts if d["id"] == "Qibin")
    assert sum(int(z["people"]) for z in zones) == round(0.85 * int(qibin["people"]))
    assert sum(int(d["people"]) for d in districts) == 1_627_300
    assert sum(float(d["area_km2"]) for d in districts) == 2137
    assert sum(int(b["heated_m2"]) for b in buildings) == 7_160_000
    assert all(int(b["heated_m2"]) <= int(b["floor_area_m2"]) for b in buildings)


def test_shares_add_up_exactly() -> None:
    assert share_out(10, [1.0, 1.0, 1.0]) == [4, 3, 3]
    assert sum(share_out(7_160_000, [0.1, 0.7, 1.3, 2.9])) == 7_160_000


# --- the network ----------------------------------------------------------------------------


def test_network_is_clean_with_none_all_and_each_work(network: Network) -> None:
    """Islands, dangling names, several links at an outfall, adverse slopes would be found."""
    assert check_network(network) == []
    works = [work.id for work in network.works if work.kind == "work"]
    channels = [work.id for work in network.works if work.kind == "channel"]
    for chosen in ([], works, channels, *([work] for work in works), channels[:1]):
        assert check_network(network.built(chosen)) == []


def test_network_has_the_published_size(network: Network) -> None:
    before = network.built([])
    assert sum(s.area_ha for s in before.subcatchments) == pytest.approx(3500, abs=1e-6)
    assert len(before.subcatchments) == len(before.junctions) == len(rows("street_nodes.csv"))
    assert 8 <= len(before.outfalls) <= 14
    assert all(o.boundary == "series" for o in network.outfalls)
    assert 600 <= sum(c.level == "street" for c in before.conduits) <= 900
    sizes = {c.section.depth_m for c in before.conduits if c.level == "sewer"}
    assert min(sizes) >= 0.6
    assert max(sizes) <= 2.4


def test_works_cost_exactly_the_published_billion() -> None:
    works = rows("works.csv")
    costs = [Decimal(w["cost_million_cny"]) for w in works if w["kind"] == "work"]
    assert len(costs) == 16
    assert sum(costs) == Decimal(1000)
    assert min(costs) > 0
    assert [w["id"] for w in works if w["kind"] == "channel"] == [
        f"CH{index:02d}" for index in range(1, 46)
    ]


def test_every_work_changes_the_network(network: Network) -> None:
    touched = Counter(
        element.work
        for family in ("junctions", "storages", "outfalls", "conduits", "pumps", "orifices")
        for element in getattr(network, family)
        if element.work
    )
    assert set(touched) == {work.id for work in network.works}
    channels = [c for c in network.conduits if c.level == "channel" and c.id.startswith("CH")]
    assert len(channels) == 45


def test_sewers_fall_and_lie_below_the_street(network: Network) -> None:
    before = network.built([])
    invert = {node.id: node.invert_m for node in before.nodes}
    cover = {j.id: j.max_depth_m for j in before.junctions}
    for pipe in (c for c in before.conduits if c.level == "sewer"):
        top = invert[pipe.from_node] + pipe.inlet_offset_m
        assert top > invert[pipe.to_node] + pipe.outlet_offset_m, pipe.id
        assert pipe.section.depth_m < cover[pipe.from_node], pipe.id
    depths = [j.max_depth_m for j in before.junctions]
    assert min(depths) >= 1.5
    assert max(depths) <= 6.0


def test_streets_of_the_network_are_streets_of_the_city(network: Network) -> None:
    city = {row["id"]: row for row in rows("streets.csv")}
    rim = {j.id: round(j.invert_m + j.max_depth_m, 3) for j in network.junctions}
    level = {row["id"]: float(row["elevation_m"]) for row in rows("street_nodes.csv")}
    assert {name: rim[name] for name in level} == level
    for street in (c for c in network.conduits if c.level == "street"):
        row = city[street.id]
        assert {street.from_node, street.to_node} == {row["from"], row["to"]}
        assert street.length_m == float(row["length_m"])
        assert rim[street.from_node] >= rim[street.to_node]
    main = {s for s, r in city.items() if r["class"] != "local" and r["structure"] != "bridge"}
    assert main <= {c.id for c in network.conduits}


def test_ponds_grow_with_depth(network: Network) -> None:
    curves = {c.id: c.points for c in network.curves if c.kind == "ponding"}
    for junction in network.junctions:
        if junction.work:
            continue
        assert junction.ponding_curve is not None
        points = curves[junction.ponding_curve]
        areas = [area for _, area in points]
        assert points[0][0] == 0
        assert 200 <= areas[0] <= 800
        assert areas == sorted(areas)


# --- river and rain -------------------------------------------------------------------------


def stages(year: int) -> list[tuple[datetime, float]]:
    return [
        (datetime.fromisoformat(row["time"]), float(row["stage_m"]))
        for row in rows(f"stage_{year}.csv")
    ]


@pytest.mark.parametrize("year", [2021, 2023])
def test_stages_are_hourly_and_readable(year: int) -> None:
    start = stages(year)[0][0]
    points = read_series_csv(
        HEBI / f"stage_{year}.csv", value_column="stage_m", unit="m", expected_step_s=3600,
        start=start,
    )  # fmt: skip
    assert points[0][0] == 0
    assert len(points) == len(stages(year))


def test_stage_2021_has_the_published_peak_and_duration() -> None:
    points = stages(2021)
    peak_time, peak_m = max(points, key=lambda point: point[1])
    assert (peak_time.isoformat(), peak_m) == ("2021-07-22T08:00:00+08:00", 100.53)
    above = [time for time, stage_m in points if stage_m >= 98.40]
    assert (above[-1] - above[0]).total_seconds() / 3600 == 203


def test_stage_2023_has_the_published_peak() -> None:
    peak_time, peak_m = max(stages(2023), key=lambda point: point[1])
    assert peak_m == 99.20
    assert peak_time.date().isoformat() == "2023-07-30"


def test_the_low_ground_is_locked_in_2021_and_free_otherwise(
    network: Network, assumptions: Assumptions
) -> None:
    peak_m = max(stage_m for _, stage_m in stages(2021))
    rims = [j.invert_m + j.max_depth_m for j in network.junctions if not j.work]
    assert sum(rim < peak_m for rim in rims) >= 50
    assert min(rims) > assumptions.number("river.guarantee_stage")


def test_storms_hold_the_published_maxima() -> None:
    storms = rows("storms.csv")
    depth = {(s["event"], s["duration_h"]): float(s["depth_mm"]) for s in storms}
    assert depth["hebi-2021", "6"] == 351
    assert depth["hebi-2021", "24"] == 614.5
    assert depth["hebi-2021", "120"] == 876
    assert depth["hebi-2023", "1"] == 56.5
    assert depth["hebi-2023", "72"] == 424
    district = {(s["event"], s["duration_h"]): float(s["district_mm"]) for s in storms}
    assert district["hebi-2021", "120"] == 588.1
    for event in ("hebi-2021", "hebi-2023"):
        depths = [float(s["depth_mm"]) for s in storms if s["event"] == event]
        assert depths == sorted(depths)
        assert all(s["tag"] and s["source"] for s in storms if s["event"] == event)
