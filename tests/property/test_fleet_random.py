"""Random cases: ledgers balance, nobody loses anything, batteries keep their reserve."""

from pathlib import Path

import numpy as np
import pytest

from sim.fleet.spec import Chance, DailyPolicy, FillPolicy, PlanPolicy, TerritoryPolicy
from sim.fleet.trace import Replay, activities, as_plan
from sim.kernel.ledger import read_ledgers
from tests.fleet_cases import HOUR, Case, did, figures, of_kind

POLICIES = {
    "plan": PlanPolicy(),
    "territory": TerritoryPolicy(),
    "fill": FillPolicy(route_share=0.3, call_share=0.9),
    "daily": DailyPolicy(route_share=0.2),
}


def random_case(folder: Path, seed: int, policy: str) -> Case:
    """Three trucks, thirty points of two streams, two sites, outages, breakdowns, two days."""
    rng = np.random.default_rng(seed)
    case = Case(folder, hours=48)
    t = case.tables
    names = ["D", "D2", "S", "S2", "E", *(f"N{k}" for k in range(15))]
    xy = rng.uniform(0, 9000, (len(names), 2))
    distance = np.abs(xy[:, None] - xy[None, :]).sum(axis=2).round(1)
    t["travel"] = [
        {"origin": a, "target": b, "distance_m": distance[i, j], "duration_s": distance[i, j] / 9}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
    ]
    t["streams"] = [
        t["streams"][0] | {"id": s, "day_cv": 0.3, "kg_per_person_day": 0.6}
        for s in ("residual", "food")
    ]
    t["points"] = [
        {"id": f"p{k}", "place": f"N{k % 15}", "stream": ("residual", "food")[k % 3 == 0],
         "people": int(rng.integers(50, 900)), "shops": int(rng.integers(0, 5)), "bins": 3,
         "bin_m3": 1.1, "opening_share": round(float(rng.uniform(0, 1.2)), 2), "service_s": 60,
         "from_h": 0 if rng.random() < 0.7 else 7, "truck": f"T{1 + k % 3 if k % 3 else 1}"}
        for k in range(30)
    ]  # fmt: skip
    t["truck_types"][0] |= {
        "streams": "residual food", "payload_kg": 1500, "auxiliary_kw": 2, "battery_kwh": 100,
        "mean_hours_to_failure": 6, "median_repair_h": 0.7,
    }  # fmt: skip
    t["trucks"] = [
        {"id": f"T{k}", "type": "e", "depot": "D" if k < 3 else "D2", "shift": "day",
         "start_kwh": int(rng.integers(30, 100))}
        for k in (1, 2, 3)
    ]  # fmt: skip
    t["shifts"][0] |= {
        "to_h": 15, "break_from_h": 9, "break_to_h": 11, "break_min": 30, "driving_h": 2,
    }  # fmt: skip
    site = t["sites"][0] | {
        "streams": "residual food", "lines": 1, "t_per_day_per_line": 20, "buffer_t": 12,
    }  # fmt: skip
    t["sites"] = [site, site | {"id": "other", "place": "S2", "buffer_t": ""}]
    t["chargers"] = [
        {"id": "guns", "place": "E", "technology": "dc", "guns": 1, "limit_kw": 70,
         "gun_hours_to_failure": 5},
        {"id": "home", "place": "D", "technology": "dc", "guns": 1},
    ]  # fmt: skip
    t["plan"] = [
        {"truck": p["truck"], "sequence": n, "kind": "stop", "target": p["id"]}
        for n, p in enumerate(t["points"])
    ]
    t["outages"] = [
        {"kind": "site", "id": "dump", "from_h": float(rng.uniform(6, 12)), "lasts_h": 2},
        {"kind": "truck", "id": "T2", "from_h": float(rng.uniform(6, 12)), "lasts_h": 1},
    ]
    case.spec = {
        "policy": POLICIES[policy], "charge_after_shift": True,
        "chance": Chance(travel_cv=0.3, service_cv=0.3, unload_cv=0.3),
    }  # fmt: skip
    return case


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_whatever_happens(tmp_path: Path, policy: str, seed: int):
    case = random_case(tmp_path, seed, policy)
    inputs = case.load()
    record = case.run(inputs, seed=seed)
    ledgers = read_ledgers(record.ledgers)
    assert set(ledgers) == {"waste", "energy"}
    for ledger in ledgers.values():
        assert ledger.relative_error() < 1e-9, ledger.entries
    table = activities(record, 48 * HOUR)
    collected = table.loc[table["kind"] == "collect", "amount"].sum()
    unloaded = table.loc[table["kind"] == "unload", "amount"].sum()
    entries = record.ledgers
    on_board = entries[(entries["account"] == "on_trucks") & (entries["side"] == "closing")]
    assert collected == pytest.approx(unloaded + 1e3 * on_board["amount"].sum(), rel=1e-9)
    for _, mine in table.groupby("truck"):
        # one thing at a time, without gaps but where it is idle
        assert (mine["to_s"].to_numpy()[:-1] <= mine["from_s"].to_numpy()[1:] + 1e-6).all()
        assert (mine["to_s"] >= mine["from_s"]).all()
    stock = record.series["fleet", "site_stock"].of("dump")
    assert stock.max() <= 12.0 + 1e-9
    kpis = figures(inputs, record)
    assert kpis["lowest_charge_percent", ""] >= 0.0
    assert 0.0 <= kpis["collection_rate", ""] <= 100.0


@pytest.mark.parametrize("seed", range(3))
def test_without_chance_no_battery_goes_below_its_reserve(tmp_path: Path, seed: int):
    case = random_case(tmp_path, seed, "territory")
    case.tables["outages"] = []
    case.tables["truck_types"][0]["auxiliary_kw"] = 0  # it runs on while a truck waits for a bay
    case.spec = {"policy": TerritoryPolicy(), "charge_after_shift": True}
    inputs = case.load()
    record = case.run(inputs)
    assert figures(inputs, record)["lowest_charge_percent", ""] >= 5.0 - 1e-6
    assert any(kind == "charge" for _, kind, *_ in did(record, 48))


def test_a_trace_carried_out_again_is_the_same_day(tmp_path: Path):
    case = random_case(tmp_path, 1, "territory")
    case.tables["outages"] = []
    case.hours = 24
    quiet = {"chance": Chance(demand=False, breakdowns=False), "charge_after_shift": False}
    case.spec = {"policy": TerritoryPolicy(), **quiet}
    first = case.run()
    header, *rows = as_plan(first, 24 * HOUR)
    case.tables["plan"] = [dict(zip(header, row, strict=True)) for row in rows]
    # How far a truck charged is in the trace too.
    for row in case.tables["plan"]:
        row["until_kwh"] = 80 if row["kind"] == "charger" else ""
    case.spec = quiet
    again = case.run()
    served = [[row[:3] for row in did(r, 24) if row[1] == "collect"] for r in (first, again)]
    assert served[0] == served[1]


def test_a_replay_knows_load_and_energy_at_every_moment(tmp_path: Path):
    record = (case := Case(tmp_path)).run()
    replay = Replay(record, case.hours * HOUR)
    (moment,) = replay.at(6 * HOUR + 500)  # half way from B to C
    assert (moment.kind, moment.target, moment.share) == ("drive", "pC", pytest.approx(0.5))
    assert moment.load_kg == pytest.approx(400.0)
    used = 1.02 + 0.2 + 1.02 * 0 + 1.0  # drives to A and B
    assert 94.0 < moment.energy_kwh < 100.0 - used
    (moment,) = replay.at(12 * HOUR)
    assert (moment.kind, moment.load_kg) == ("idle", pytest.approx(0.0))


def test_the_same_point_has_the_same_luck_in_another_plan(tmp_path: Path):
    """Common random numbers: turning a route round changes no point's service time."""
    case = Case(tmp_path, spec={"chance": Chance(service_cv=0.5, breakdowns=False)})
    lasted = []
    for _ in range(2):
        record = case.run()
        lasted.append({r[2]: r[4] - r[3] for r in did(record) if r[1] == "collect"})
        stops = case.tables["plan"][:3]
        for row, sequence in zip(stops, (3, 2, 1), strict=True):
            row["sequence"] = sequence
        case.tables["plan"][3]["sequence"] = 9
    assert lasted[0] == pytest.approx(lasted[1])
    assert len(set(lasted[0].values())) == 3
    assert not of_kind(record, "missed")
