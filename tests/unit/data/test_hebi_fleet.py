"""The synthetic fleet case: totals by hand, tables that load, one graph with the drainage case.

Compared with published figures, with sums done here from the tables, and with SciPy on the written
streets; nothing is taken from the generator but its entry point.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from data.hebi.generate import main
from data.hebi.generator.assumptions import Assumptions
from sim.fleet.rows import (
    Charger,
    CurveRow,
    Outage,
    PlanRow,
    Point,
    ProfileRow,
    Shift,
    Site,
    StreamRow,
    TariffRow,
    TrafficRow,
    Truck,
    TruckType,
)
from sim.kernel.row_files import read_rows

ROOT = Path(__file__).resolve().parents[3]
HEBI = ROOT / "data" / "hebi"
FLEET = HEBI / "fleet"
PEOPLE = {"Qibin": 295_000 * 0.85, "Shancheng": 242_800 * 0.80, "Heshan": 129_800 * 0.75}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def points() -> list[dict[str, str]]:
    return rows(FLEET / "points.csv")


@pytest.fixture(scope="module")
def nodes() -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in rows(FLEET / "streets" / "street_nodes.csv")}


@pytest.fixture(scope="module")
def assumptions() -> Assumptions:
    return Assumptions.read(HEBI / "fleet_assumptions.csv")


# --- totals ---------------------------------------------------------------------------------


def test_people_are_the_published_ones_times_the_assumed_shares(nodes, points) -> None:
    by_district: Counter[str] = Counter()
    for node in nodes.values():
        by_district[node["district"]] += int(node["people"])
    assert {d: by_district[d] for d in PEOPLE} == {d: round(n) for d, n in PEOPLE.items()}
    served: Counter[str] = Counter()
    for point in points:
        served[point["stream"]] += int(point["people"])
    assert served == dict.fromkeys(("residual", "food", "recyclable", "hazardous"), 542_340)


def test_shops_are_served_once_by_every_stream_they_put_out(points) -> None:
    served: Counter[str] = Counter()
    for point in points:
        served[point["stream"]] += int(point["shops"])
    assert served["hazardous"] == 0
    # 20 shops to a thousand people
    assert {served[s] for s in ("residual", "food", "recyclable")} == {round(542_340 * 0.02)}


def test_tonnes_of_a_day_by_hand(points) -> None:
    """542,340 people and 10,847 shops at the stated kilograms."""
    streams = {row["id"]: row for row in rows(FLEET / "streams.csv")}
    tonnes: dict[str, float] = defaultdict(float)
    for point in points:
        stream = streams[point["stream"]]
        tonnes[point["stream"]] += (
            int(point["people"]) * float(stream["kg_per_person_day"])
            + int(point["shops"]) * float(stream["kg_per_shop_day"])
        ) / 1e3
    assert tonnes["residual"] == pytest.approx(542.340 * 0.60 + 10.847 * 6)
    assert tonnes["food"] == pytest.approx(542.340 * 0.15 + 10.847 * 5)
    assert tonnes["recyclable"] == pytest.approx(542.340 * 0.05 + 10.847 * 1)
    assert sum(tonnes.values()) == pytest.approx(564.5, abs=1)


def test_published_counts_are_there(points) -> None:
    found = Counter(re.match(r"[A-Z]+", point["id"])[0] for point in points)  # type: ignore[index]
    assert found["MC"] == 34 * 2  # residual and food
    assert found["K"] == 22 * 3  # residual, food and recyclables
    assert (found["RS"], found["RP"], found["RC"]) == (7, 53, 138)
    assert sum(point["kind"] == "compound" for point in points) == 68
    assert sum(point["kind"] == "kiosk" for point in points) == 66
    assert 1_900 <= len(points) <= 2_100


def test_published_rows_cite_listed_sources(assumptions: Assumptions) -> None:
    listed = {row["id"]: row for row in rows(ROOT / "data" / "sources.csv")}
    published = [row for row in assumptions.rows.values() if row.tag == "published"]
    assert len(published) == 5
    for row in published:
        cited = re.match(r"([AP]\d\d): ", row.source)
        assert cited, row.name
        assert row.value in listed[cited[1]]["value"].split(";"), row.name
    assert {row.system for row in assumptions.rows.values()} == {"fleet"}


@pytest.mark.parametrize("variant", ["", "all_electric"])
def test_trucks_depots_and_guns(variant: str) -> None:
    trucks = rows(FLEET / variant / "trucks.csv")
    assert len(trucks) == 64
    assert len({truck["depot"] for truck in trucks}) == 3
    electric = sum(truck["type"].endswith("E") for truck in trucks)
    assert electric == (64 if variant else 30)
    chargers = rows(FLEET / "chargers.csv")
    assert sum(int(charger["guns"]) for charger in chargers) == 24
    assert {charger["place"] for charger in chargers} == {truck["depot"] for truck in trucks}
    sites = rows(FLEET / "sites.csv")
    assert len({site["place"] for site in sites}) == 3


def test_the_variants_keep_everything_but_the_drive() -> None:
    today, electric = (rows(FLEET / v / "trucks.csv") for v in ("", "all_electric"))
    for one, other in zip(today, electric, strict=True):
        assert (one["id"], one["depot"], one["shift"]) == (
            other["id"], other["depot"], other["shift"],
        )  # fmt: skip
        assert one["type"][:-1] == other["type"][:-1]


def test_an_18_t_compactor_charges_as_its_makers_say() -> None:
    """From 15 to 100 % in 3.5 h, 180 to 300 kWh, on a gun of 40 to 200 kW."""
    curve = [r for r in rows(FLEET / "charging.csv") if r["truck_type"] == "C18E"]
    kwh, seconds = ([float(r[c]) for r in curve] for c in ("energy_kwh", "time_s"))
    assert 180 <= kwh[-1] <= 300
    hours = (seconds[-1] - np.interp(0.15 * kwh[-1], kwh, seconds)) / 3600
    assert hours == pytest.approx(3.5, abs=0.15)


# --- tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "count"),
    [
        ("points", Point, 1996), ("streams", StreamRow, 4), ("profiles", ProfileRow, 86),
        ("truck_types", TruckType, 10), ("charging", CurveRow, 20), ("trucks", Truck, 64),
        ("shifts", Shift, 5), ("sites", Site, 4), ("chargers", Charger, 3),
        ("tariff", TariffRow, 6), ("traffic", TrafficRow, 9), ("plan", PlanRow, None),
        ("all_electric/trucks", Truck, 64), ("all_electric/plan", PlanRow, None),
        ("three_streets/outages", Outage, 3),
    ],
)  # fmt: skip
def test_every_table_loads(name: str, model: type, count: int | None) -> None:
    found = read_rows(FLEET / f"{name}.csv", model).elements
    assert len(found) == count or (count is None and len(found) > 2_000)


def test_patterns_have_mean_one() -> None:
    factors: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows(FLEET / "profiles.csv"):
        factors[row["profile"], row["kind"]].append(float(row["factor"]))
    for (_, kind), values in factors.items():
        if kind == "hour":
            assert len(values) == 24
            assert sum(values) == pytest.approx(100, abs=0.5)
        else:
            assert np.mean(values) == pytest.approx(1.0, abs=0.001)


def test_files_stay_small() -> None:
    assert sum(file.stat().st_size for file in FLEET.rglob("*.csv")) < 1_000_000


# --- streets --------------------------------------------------------------------------------


def test_qibin_has_the_streets_of_the_drainage_case(nodes) -> None:
    own = {row["id"]: row for row in rows(FLEET / "streets" / "streets.csv")}
    city = {row["id"]: row for row in rows(HEBI / "streets.csv")}
    assert {key: own[key] for key in city} == city
    for row in rows(HEBI / "street_nodes.csv"):
        assert (nodes[row["id"]]["x_m"], nodes[row["id"]]["y_m"]) == (row["x_m"], row["y_m"])


def test_the_districts_lie_where_they_should_and_are_joined(nodes) -> None:
    index = {node: k for k, node in enumerate(nodes)}
    streets = rows(FLEET / "streets" / "streets.csv")
    tail, head = ([index[s[end]] for s in streets] for end in ("from", "to"))
    metres = [float(s["length_m"]) for s in streets]
    graph = csr_matrix((metres, (tail, head)), shape=(len(nodes), len(nodes)))
    depots = sorted({truck["depot"] for truck in rows(FLEET / "trucks.csv")})
    way_m = dijkstra(graph, directed=False, indices=[index[depot] for depot in depots])
    assert np.isfinite(way_m).all()
    district = {nodes[depot]["district"]: k for k, depot in enumerate(depots)}
    for name, least, most in (("Shancheng", 15e3, 25e3), ("Heshan", 20e3, 30e3)):
        there = index[depots[district[name]]]
        assert least < way_m[district["Qibin"], there] < most
    assert {s["class"] for s in streets} == {"arterial", "collector", "local", "trunk"}


def test_every_place_is_a_street_corner_where_it_says(nodes, points) -> None:
    places = {row["id"]: row for row in rows(FLEET / "streets" / "places.csv")}
    for place, row in places.items():
        assert (row["x_m"], row["y_m"]) == (nodes[place]["x_m"], nodes[place]["y_m"])
    used = {point["place"] for point in points}
    for name, column in (("trucks", "depot"), ("sites", "place"), ("chargers", "place")):
        used |= {row[column] for row in rows(FLEET / f"{name}.csv")}
    assert used == set(places)


def test_water_is_told_of_at_every_junction_of_the_drainage_case() -> None:
    flooded = rows(FLEET / "streets" / "flooded.csv")
    junctions = {row["id"] for row in rows(HEBI / "network" / "junctions.csv")}
    assert {row["point"] for row in flooded} <= junctions
    assert {row["node"] for row in flooded} == {r["id"] for r in rows(HEBI / "street_nodes.csv")}


def test_nobody_puts_waste_out_in_an_underpass(nodes, points) -> None:
    kind = {row["id"]: row["kind"] for row in rows(HEBI / "street_nodes.csv")}
    assert "underpass" not in {kind.get(point["place"]) for point in points}
    assert {point["place"] for point in points} <= set(nodes)


def test_the_flooded_streets_are_underpasses() -> None:
    structure = {row["id"]: row["structure"] for row in rows(HEBI / "streets.csv")}
    outages = rows(FLEET / "three_streets" / "outages.csv")
    assert [structure[row["id"]] for row in outages] == ["underpass"] * 3


# --- territories and the plan ---------------------------------------------------------------


@pytest.mark.parametrize("variant", ["", "all_electric"])
def test_the_plan_serves_every_point_once_and_ends_empty(variant: str, points) -> None:
    stream_of = {point["id"]: point["stream"] for point in points}
    owner = {point["id"]: point["truck"] for point in points}
    accepts = {row["id"]: row["streams"].split() for row in rows(FLEET / "sites.csv")}
    visits: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows(FLEET / variant / "plan.csv"):
        visits[row["truck"]].append((row["kind"], row["target"]))
    stops = [target for tasks in visits.values() for kind, target in tasks if kind == "stop"]
    assert sorted(stops) == sorted(stream_of)
    assert set(visits) == {truck["id"] for truck in rows(FLEET / variant / "trucks.csv")}
    for truck, tasks in visits.items():
        assert tasks[-1][0] == "site"
        streams = {stream_of[target] for kind, target in tasks if kind == "stop"}
        assert len(streams) == 1
        for kind, target in tasks:
            if kind == "site":
                assert streams <= set(accepts[target])
            else:
                assert owner[target] == truck


@pytest.mark.parametrize("variant", ["", "all_electric"])
def test_no_planned_trip_overloads_its_truck_on_a_mean_day(variant: str, points) -> None:
    streams = {row["id"]: row for row in rows(FLEET / "streams.csv")}
    kg = {
        p["id"]: int(p["people"]) * float(streams[p["stream"]]["kg_per_person_day"])
        + int(p["shops"]) * float(streams[p["stream"]]["kg_per_shop_day"])
        for p in points
    }
    density = {p["id"]: float(streams[p["stream"]]["density_kg_m3"]) for p in points}
    types = {row["id"]: row for row in rows(FLEET / "truck_types.csv")}
    trucks = {row["id"]: row for row in rows(FLEET / variant / "trucks.csv")}
    days = {row["id"]: 7 / len(row["weekdays"]) for row in rows(FLEET / "shifts.csv")}
    load, loose = 0.0, 0.0
    for row in rows(FLEET / variant / "plan.csv"):
        truck = trucks[row["truck"]]
        body = types[truck["type"]]
        if row["kind"] == "site":
            load = loose = 0.0
            continue
        amount = kg[row["target"]] * days[truck["shift"]]
        load += amount
        loose += amount / density[row["target"]]
        assert load <= float(body["payload_kg"])
        assert loose <= float(body["body_m3"]) * float(body["compaction_ratio"])


def test_bins_hold_what_arises_between_two_collections(points) -> None:
    streams = {row["id"]: row for row in rows(FLEET / "streams.csv")}
    for point in points:
        stream = streams[point["stream"]]
        day = int(point["people"]) * float(stream["kg_per_person_day"]) + int(
            point["shops"]
        ) * float(stream["kg_per_shop_day"])
        holds = int(point["bins"]) * float(point["bin_m3"]) * float(stream["density_kg_m3"])
        assert holds >= 1.39 * day, point["id"]
        assert 0.0 <= float(point["opening_share"]) < 1.0, point["id"]


# --- the generator --------------------------------------------------------------------------


def test_another_number_of_trucks_is_another_fleet_with_the_same_points(tmp_path: Path) -> None:
    text = (HEBI / "fleet_assumptions.csv").read_text(encoding="utf-8")
    other, changed = re.subn(r"(?m)^(crew\.food_homes\.trucks),5;3;2,", r"\1,8;6;4,", text)
    assert changed == 1
    table = tmp_path / "fleet_assumptions.csv"
    table.write_text(other, encoding="utf-8")
    assert main(["--fleet-assumptions", str(table), "--out", str(tmp_path / "out")]) == 0
    again = tmp_path / "out" / "fleet"
    assert len(rows(again / "trucks.csv")) == 64 + 8
    streets = Path("streets") / "streets.csv"
    assert (again / streets).read_bytes() == (FLEET / streets).read_bytes()
    kept = ("id", "place", "people", "shops", "bins")
    assert [[p[c] for c in kept] for p in rows(again / "points.csv")] == [
        [p[c] for c in kept] for p in rows(FLEET / "points.csv")
    ]


def test_a_wrong_number_of_land_uses_is_refused(tmp_path: Path) -> None:
    text = (HEBI / "fleet_assumptions.csv").read_text(encoding="utf-8")
    table = tmp_path / "fleet_assumptions.csv"
    wrong = text.replace("fleet.Heshan.land_use,housing;", "fleet.Heshan.land_use,")
    table.write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError, match=r"fleet\.Heshan\.land_use: 8 for 3 x 3 zones"):
        main(["--fleet-assumptions", str(table), "--out", str(tmp_path / "out")])


def test_the_summary_tells_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--summary"]) == 0
    text = capsys.readouterr().out
    assert "1996 at" in text
    assert "64, 30 electric today" in text
