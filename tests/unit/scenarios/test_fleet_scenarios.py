"""The fleet scenarios of the library: what differs between them, and the date a plant fills.

The date is compared with day-by-day arithmetic done here.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scenarios import content, document
from scenarios.assumptions import assumptions_of
from scenarios.run import prepare
from sim import city
from sim.fleet import SYSTEM
from sim.fleet.trace import activities

ROOT = Path(__file__).resolve().parents[3]
PLANT = ROOT / "data" / "pingdingshan" / "fleet" / "sites.csv"


def plant_row() -> dict[str, str]:
    with PLANT.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    return row


def differences(one: str, other: str) -> set[str]:
    return {path for path, _, _ in content.diff(document.load(one), document.load(other))}


def test_the_variants_differ_from_today_in_what_they_say_and_no_more():
    assert differences("fleet-today", "fleet-all-electric") == {"fleet.trucks", "fleet.plan"}
    assert differences("fleet-today", "three-streets-flooded") == {
        "fleet.outages", "duration_h",
    }  # fmt: skip
    others = differences("fleet-today", "fleet-and-flood")
    assert {path for path in others if not path.startswith("drainage")} == {
        "duration_h", "start", "fleet.streets.flooded",
    }  # fmt: skip


def test_a_week_begins_on_a_monday_for_which_the_bins_were_filled():
    assert document.load("fleet-today").start.isoweekday() == 1


@pytest.mark.parametrize(
    "name", ["fleet-today", "fleet-all-electric", "three-streets-flooded", "fleet-and-flood"]
)
def test_assumptions_of_the_fleet_come_with_it(name):
    found = assumptions_of(document.load(name))
    assert found["fleet.stops.compounds"].tag == "P"
    assert len(found) > 140


def test_the_plant_has_the_published_figures():
    found = assumptions_of(document.load("food-waste-plant"))
    assert found["food_waste_today"].value == 150
    assert found["food_plant_capacity"].value == 300
    row = plant_row()
    assert float(row["other_t_per_day"]) == 150
    assert int(row["lines"]) * float(row["t_per_day_per_line"]) == 300


def plant_kpi(tables: Path, replication: int = 0) -> tuple[float | None, str]:
    scenario = document.load("food-waste-plant", [f'fleet.tables="{tables.as_posix()}"'])
    inputs = SYSTEM.load(
        scenario.sections["fleet"], scenario.folder, scenario.start, scenario.duration_s
    )
    record = city.simulate(
        {"fleet": inputs}, scenario.start, scenario.duration_s, replication=replication
    )
    (found,) = [k for k in SYSTEM.kpis(inputs, record) if k.name == "plant_full_after_d"]
    return found.value, found.status


def test_without_chance_the_plant_fills_on_the_day_that_arithmetic_says(tmp_path):
    """Every noon a day's waste comes in; two lines take 300 t until the next noon."""
    row = plant_row()
    row |= {"other_cv": "0", "growth_sd_per_year": "0", "line_hours_to_failure": ""}
    with (tmp_path / "sites.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    stock, day = 0.0, 0
    while True:
        stock = max(stock - 300.0, 0.0) + 150.0 * 1.10 ** ((day + 0.5) / 365.25)
        if stock >= 900.0:
            break
        day += 1
    assert 7 < day / 365.25 < 8  # a doubling at 10 % a year takes 7.3 years
    assert plant_kpi(tmp_path)[0] == pytest.approx(day + 0.5, abs=1e-6)


def test_the_date_differs_between_replications_by_more_than_the_scatter_of_days():
    dates = [plant_kpi(PLANT.parent, k)[0] for k in range(6)]
    known = [date for date in dates if date is not None]
    assert len(known) >= 5
    assert 5.0 < min(known) / 365.25 < max(known) / 365.25 < 11.0
    assert max(known) - min(known) > 300


# --- the city's fleet on the clock ----------------------------------------------------------


def simulated(name: str, *settings: str):
    scenario = document.load(name, list(settings))
    inputs = prepare(scenario).inputs
    record = city.simulate(inputs, scenario.start, scenario.duration_s)
    kpis = {(k.name, k.entity): k.value for k in SYSTEM.kpis(inputs["fleet"], record)}
    return inputs["fleet"], record, kpis


@pytest.fixture(scope="module")
def two_days():
    return simulated("fleet-today", "duration_h=48")


def test_the_fleet_does_its_work(two_days):
    """As a dispatcher would judge two days: everything served, shifts kept, nobody stranded."""
    inputs, record, kpis = two_days
    planned = sum(row.kind == "stop" for row in inputs.tables["plan"])
    assert kpis["stops_missed", ""] <= 0.01 * planned
    assert kpis["trucks_used", ""] == 64  # Tuesday is the hazardous van's day
    ends = record.events[record.events["kind"] == "shift_ends"]
    assert ends["value"].max() <= 8.0 + 1.5 + 0.5
    assert 4.0 < ends["value"].mean() < 8.0
    assert kpis["lowest_charge_percent", ""] > 5.0


def test_what_is_collected_agrees_with_what_arises_less_what_lies_there(two_days):
    """564.5 t arise on a mean day; November's and the weekdays' factors make it 3 to 8 % less."""
    _, record, kpis = two_days
    book = record.ledgers[record.ledgers["ledger"] == "waste"]
    amount = {(r.account, r.side): r.amount for r in book.itertuples()}
    assert 0.92 * 2 * 564.5 < amount["generated", "inflow"] < 0.97 * 2 * 564.5
    there = amount["in_bins", "opening"] + amount["generated", "inflow"]
    left = amount["in_bins", "closing"] + amount["beside_bins", "closing"]
    assert kpis["collected_t", ""] == pytest.approx(there - left, rel=1e-9)
    # The bins are as full at the end as at the start: the start is a usual midnight.
    assert left == pytest.approx(amount["in_bins", "opening"], rel=0.2)


def test_energy_and_kilometres_are_those_of_such_trucks(two_days):
    inputs, record, _ = two_days
    done = activities(record, 48 * 3600.0)
    type_of = {truck.id: truck.type for truck in inputs.tables["trucks"]}
    done = done.assign(type=done["truck"].map(type_of))
    drives = done[done["kind"] == "drive"]
    km = drives.groupby("truck")["amount"].sum() / 2
    assert 25 < km.median() < 120
    assert km.max() < 160
    spent = record.ledgers[record.ledgers["ledger"] == "energy"].set_index("account")["amount"]
    used = spent[["driving", "lifting", "compaction", "auxiliaries"]].sum()
    electric_km = drives[drives["type"].str.endswith("E")]["amount"].sum()
    # 2.1 to 2.2 kWh/km of an 18 t truck, half of that of the smaller ones, which drive more
    assert 0.8 < used / electric_km < 2.2


def test_a_fleet_with_hardly_any_guns_gets_late_and_goes_on(tmp_path):
    with (ROOT / "data/hebi/fleet/chargers.csv").open(encoding="utf-8", newline="") as stream:
        chargers = list(csv.DictReader(stream))
    few = tmp_path / "chargers.csv"
    with few.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(chargers[0]))
        writer.writeheader()
        writer.writerows(row | {"guns": "1", "limit_kw": "50"} for row in chargers)
    _, _, kpis = simulated("fleet-all-electric", "duration_h=72", f'fleet.chargers="{few}"')
    _, _, usual = simulated("fleet-all-electric", "duration_h=72")
    assert kpis["wait_chargers_h", ""] > 100 * usual["wait_chargers_h", ""]
    assert kpis["collected_t", ""] < 0.95 * usual["collected_t", ""]


def test_closed_streets_lengthen_the_ways_and_planning_anew_saves_some_of_it(two_days):
    _, _, free = two_days
    _, _, kept = simulated("three-streets-flooded", 'fleet.replanning="off"')
    _, _, planned = simulated("three-streets-flooded")
    assert kept["km", ""] > free["km", ""]
    assert planned["km", ""] < kept["km", ""]
    assert planned["routes_changed", ""] > free["routes_changed", ""]


def test_a_flood_closes_streets_to_trucks():
    """The storm of the drainage model reaches the fleet through the street signal alone."""
    _, record, wet = simulated("fleet-and-flood", "duration_h=6.5")
    _, _, dry = simulated("fleet-and-flood", "duration_h=6.5", "drainage.rain_multiplier=0.0")
    changed = record.events[record.events["kind"] == "route_changed"]
    assert set(changed["detail"]) == {"street_changed"}
    assert changed["time_s"].min() > 4 * 3600.0  # not before the rain
    assert wet["routes_changed", ""] > 20
    assert dry["routes_changed", ""] == 0
    assert wet["collected_t", ""] < dry["collected_t", ""]
