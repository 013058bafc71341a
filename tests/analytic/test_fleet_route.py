"""One truck's day by hand: times, loads, energy, cost, rests, charging; all in closed form."""

import math
from pathlib import Path

import pytest

from sim.fleet.charging import Curve, Tariff
from tests.fleet_cases import HOUR, Case, did, figures, of_kind

SIX = 6 * HOUR


def test_a_route_is_carried_out_to_the_second_and_to_the_last_watt_hour(tmp_path: Path):
    record = (case := Case(tmp_path)).run(inputs := case.load())
    # 200 kg at each of A, B, C; service 60 + 2 bins of 20 s; unloading 300 + 0.6 x 100 s.
    expected = [
        ("drive", "pA", SIX, SIX + 100, 1.0), ("collect", "pA", SIX + 100, SIX + 200, 200.0),
        ("drive", "pB", SIX + 200, SIX + 300, 1.0), ("collect", "pB", SIX + 300, SIX + 400, 200.0),
        ("drive", "pC", SIX + 400, SIX + 600, 2.0), ("collect", "pC", SIX + 600, SIX + 700, 200.0),
        ("drive", "dump", SIX + 700, SIX + 900, 2.0),
        ("unload", "dump", SIX + 900, SIX + 1260, 600.0),
        ("drive", "D", SIX + 1260, SIX + 1860, 6.0),
    ]  # fmt: skip
    found = [(kind, target, a, b, amount) for _, kind, target, a, b, amount in did(record)]
    for one, other in zip(found, expected, strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:], abs=1e-6)
    driving = 12.0 * 1.0 + 0.1 * (0.2 * 1 + 0.4 * 2 + 0.6 * 2)
    used = driving + 6 * 0.1 + 0.6 * 2
    battery = of_kind(record, "battery")
    assert battery[-1][2] == pytest.approx(100.0 - used, abs=1e-9)
    kpis = figures(inputs, record)
    assert kpis["energy_used_kwh", ""] == pytest.approx(used, abs=1e-9)
    assert kpis["lowest_charge_percent", "T1"] == pytest.approx(100.0 - used, abs=1e-9)
    assert kpis["km", ""] == pytest.approx(12.0)
    assert kpis["collected_t", "residual"] == pytest.approx(0.6)
    assert kpis["collection_rate", ""] == pytest.approx(100.0)


def test_what_does_not_fit_is_taken_on_a_second_trip(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["truck_types"][0]["payload_kg"] = 350
    case.tables["plan"].pop()
    record = case.run()
    kg = [(target, amount) for _, kind, target, _, _, amount in did(record) if kind == "collect"]
    assert kg == [("pA", 200.0), ("pB", 150.0), ("pB", 50.0), ("pC", 200.0)]
    unloaded = [amount for _, kind, _, _, _, amount in did(record) if kind == "unload"]
    assert unloaded == pytest.approx([350.0, 250.0])


def test_the_body_may_be_full_before_the_payload_is_reached(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["truck_types"][0] |= {"body_m3": 1.0, "compaction_ratio": 2.5}
    record = case.run()
    # 2.5 m3 of loose waste at 200 kg/m3
    first = next(amount for _, kind, _, _, _, amount in did(record) if kind == "unload")
    assert first == pytest.approx(500.0)


def test_break_and_driving_rule_come_before_the_way_that_is_too_long(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["shifts"][0] |= {
        "driving_h": 0.1, "rest_min": 20, "break_from_h": 6.2, "break_to_h": 7, "break_min": 30,
    }  # fmt: skip
    rests = [row[2:5] for row in did(case.run()) if row[1] == "rest"]
    # 100 + 100 s driven, and 200 more would be over 360: at C it begins at 600 s, so all of the
    # first three ways fit only with a rest before the third, 400 s; the break is due from 720 s.
    assert rests[0] == ("pC", SIX + 400, SIX + 400 + 1200)
    assert rests[1][0] == "dump"
    assert rests[1][2] - rests[1][1] == pytest.approx(1800.0)


def test_a_window_is_waited_for(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["points"][1] |= {"from_h": 7, "to_h": 9}
    waits = [row[2:5] for row in did(case.run()) if row[1] == "wait"]
    assert waits == [("pB", SIX + 300, 7 * HOUR)]


def test_traffic_slows_the_part_of_the_way_that_falls_into_it(tmp_path: Path):
    case = Case(tmp_path)
    # The way to A takes 100 s at factor 1: from 6:00 at 0.5, from 6:01 at 2.
    case.tables["traffic"] = [
        {"from_h": 0, "speed_factor": 0.5}, {"from_h": 6 + 1 / 60, "speed_factor": 2},
    ]  # fmt: skip
    first = did(case.run())[0]
    assert first[4] - first[3] == pytest.approx(60.0 + (100.0 - 30.0) / 2.0)


def test_charging_on_the_way_takes_what_the_curve_says(tmp_path: Path):
    case = Case(tmp_path, spec={})
    case.tables["trucks"][0]["start_kwh"] = 60
    case.tables["plan"].insert(
        0, {"truck": "T1", "sequence": 0, "kind": "charger", "target": "guns", "until_kwh": 90}
    )
    case.tables["tariff"] = [{"from_h": 0, "cny_per_kwh": 1.0}, {"from_h": 6.25, "cny_per_kwh": 2}]
    record = case.run(inputs := case.load())
    charges = [row for row in did(record) if row[1] == "charge"]
    # arrives at 300 s with 57 kWh: 23 kWh at 100 kW, 10 kWh at 50 kW
    first, second = 23 / 100 * HOUR, 10 / 50 * HOUR
    assert charges[0][3:] == pytest.approx((SIX + 300, SIX + 300 + first, 23.0))
    assert charges[-1][4] == pytest.approx(SIX + 300 + first + second)
    cheap_kwh = (900 - 300) / HOUR * 100.0
    expected = cheap_kwh * 1.0 + (33.0 - cheap_kwh) * 2.0
    assert figures(inputs, record)["cost_cny", "energy"] == pytest.approx(expected)


def test_a_site_limit_is_shared_and_what_one_cannot_take_goes_to_the_other(tmp_path: Path):
    case = Case(tmp_path, hours=48, spec={"charge_after_shift": True})
    case.tables["trucks"] = [
        {"id": "T1", "type": "e", "depot": "D", "shift": "day", "start_kwh": 42},
        {"id": "T2", "type": "e", "depot": "D", "shift": "day", "start_kwh": 92},
    ]
    case.tables["plan"] = [
        {"truck": t, "day": 0, "sequence": 1, "kind": "stop", "target": p}
        for t, p in (("T1", "pA"), ("T2", "pB"))
    ]
    case.tables["points"][0] |= {"opening_share": 0, "service_s": 100, "place": "A"}
    case.tables["points"][1] |= {"opening_share": 0, "service_s": 100, "place": "A"}
    case.tables["truck_types"][0] |= {"lift_kwh": 0, "kwh_per_t_km": 0}
    case.tables["chargers"][0] |= {"place": "D", "guns": 2, "limit_kw": 120}
    record = case.run()
    home = SIX + 100 + 140 + 100
    found = {
        t: [r for r in did(record, 48) if r[0] == t and r[1] == "charge"] for t in ("T1", "T2")
    }
    # T1 with 40 kWh wants 100 kW, T2 with 90 kWh wants 50: 60 each would be fair, T2 takes its 50,
    # T1 gets 70 until T2 is full after 0.2 h, then 100 kW up to 80 kWh, then 50 kW.
    assert found["T2"][-1][4] == pytest.approx(home + 0.2 * HOUR)
    at_80 = home + 0.2 * HOUR + (80 - 40 - 14) / 100 * HOUR
    assert found["T1"][0][5] == pytest.approx(14.0)
    assert found["T1"][-1][4] == pytest.approx(at_80 + 20 / 50 * HOUR)


def test_a_curve_is_integrated_piece_by_piece():
    curve = Curve((0.0, 60.0, 90.0, 100.0), (0.0, 1800.0, 3600.0, 7200.0))
    assert curve.seconds(30.0, 95.0) == pytest.approx(900.0 + 1800.0 + 1800.0)
    assert curve.power_kw(60.0) == pytest.approx(60.0)
    assert curve.power_kw(59.999) == pytest.approx(120.0)
    assert curve.seconds(100.0, 100.0) == 0.0


def test_a_tariff_is_integrated_over_midnight():
    tariff = Tariff([(0.0, 1.0), (6 * HOUR, 3.0)], start_s=20 * HOUR)
    assert tariff.cost(0.0, 12 * HOUR, 2.0) == pytest.approx(2.0 * (4 * 3 + 6 * 1 + 2 * 3))
    assert math.isclose(tariff.cost(5.0, 5.0, 9.0), 0.0)


def test_trucks_queue_for_one_bay_first_come_first_served(tmp_path: Path):
    case = Case(tmp_path)
    case.tables["trucks"].append({"id": "T2", "type": "e", "depot": "D", "shift": "day"})
    case.tables["plan"] = [
        {"truck": t, "sequence": n, "kind": k, "target": x}
        for t, p in (("T1", "pA"), ("T2", "pB"))
        for n, (k, x) in enumerate((("stop", p), ("site", "dump")))
    ]
    record = case.run(inputs := case.load())
    # both arrive after 600 s of driving and 100 s of service; T1 is first by order of the table
    ends = {row[0]: row[4] for row in did(record) if row[1] == "unload"}
    assert ends == pytest.approx({"T1": SIX + 700 + 320, "T2": SIX + 700 + 640})
    assert figures(inputs, record)["wait_bays_h", ""] == pytest.approx(320 / HOUR)
