"""Bins against sums over hours, overflow by hand, and a plant's backlog by its recursion."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from sim.fleet.demand import accumulate, contents, reach
from sim.fleet.spec import Chance
from tests.fleet_cases import HOUR, MONDAY, Case, figures, of_kind

DAY = 24 * HOUR


def patterned(tmp_path: Path, hours: float = 24 * 10, **point: object) -> Case:
    """One point with households and shops of different patterns, and no truck."""
    case = Case(tmp_path, hours=hours, start=MONDAY + timedelta(hours=5.3))
    case.tables |= {"trucks": [], "plan": [], "travel": [], "shifts": [], "truck_types": []}
    case.tables["charging"] = []
    case.tables["chargers"] = []
    rng = np.random.default_rng(4)
    rows = []
    for name in ("home", "shop"):
        for kind, first, count in (("hour", 0, 24), ("weekday", 1, 7), ("month", 1, 12)):
            rows += [
                {"profile": name, "kind": kind, "number": first + k,
                 "factor": round(float(rng.uniform(0.2, 3)), 3), "tag": "assumed", "source": "test"}
                for k in range(count)
            ]  # fmt: skip
    case.tables["profiles"] = rows
    case.tables["streams"][0] |= {"household_profile": "home", "shop_profile": "shop"}
    plain = {"id": "p", "place": "A", "stream": "residual", "people": 900, "shops": 7}
    case.tables["points"] = [plain | point]
    return case


def put_out_kg(case: Case, upto_s: float) -> float:
    """Add up hour by hour, from the tables alone."""
    factor = {
        (row["profile"], row["kind"], row["number"]): row["factor"]
        for row in case.tables["profiles"]
    }
    total, now = 0.0, 0.0
    while now < upto_s - 1e-9:
        at = case.start + timedelta(seconds=now)
        step = min(HOUR - (at.minute * 60 + at.second + at.microsecond / 1e6), upto_s - now)
        for name, base in (("home", 900 * 0.5), ("shop", 7 * 10)):
            day = sum(factor[name, "hour", h] for h in range(24))
            share = factor[name, "hour", at.hour] / day * step / HOUR
            total += (
                base * share * factor[name, "weekday", at.isoweekday()]
                * factor[name, "month", at.month]
            )  # fmt: skip
        now += step
    return total


def test_content_is_the_sum_over_hours_weekdays_and_months(tmp_path: Path):
    case = patterned(tmp_path, hours=24 * 40)  # into April
    bins = case.load().bins
    accumulate(bins)
    for upto_s in (0.0, 100.0, 2.5 * HOUR, 30.1 * HOUR, 29 * DAY, 39.9 * DAY):
        assert contents(bins, upto_s)[0] == pytest.approx(put_out_kg(case, upto_s), rel=1e-9)


def test_a_level_is_reached_at_its_exact_moment(tmp_path: Path):
    bins = patterned(tmp_path).load().bins
    accumulate(bins)
    for level in (0.5, 37.0, 400.0, 1234.5, 4000.0):
        at = reach(bins, np.array([level]))[0]
        assert contents(bins, at)[0] == pytest.approx(level, rel=1e-9)
    assert reach(bins, np.array([0.0]))[0] == 0.0
    assert reach(bins, np.array([1e9]))[0] == np.inf


def test_overflow_begins_lasts_and_weighs_what_it_should(tmp_path: Path):
    case = Case(tmp_path, hours=24)
    # 480 kg a day are 20 kg an hour; 400 kg of bins with 200 kg in them are full after 10 h.
    for point in case.tables["points"]:
        point["kg_per_day"] = 480 if point["id"] == "pC" else 0
    case.tables["plan"] = [p for p in case.tables["plan"] if p["target"] != "pC"]
    inputs = case.load()
    record = case.run(inputs)
    (event,) = of_kind(record, "overflow")
    assert event[0] == pytest.approx(10 * HOUR)
    kpis = figures(inputs, record)
    assert kpis["overflow_h", ""] == pytest.approx(14.0)
    assert kpis["overflow_kg", ""] == pytest.approx(280.0)
    assert kpis["overflow_points", ""] == 1.0
    ledger = record.ledgers
    beside = ledger[(ledger["account"] == "beside_bins")]["amount"].iloc[0]
    assert beside == pytest.approx(0.28)


def test_a_collection_ends_the_overflow(tmp_path: Path):
    case = Case(tmp_path, hours=24)
    case.tables["points"][0] |= {"kg_per_day": 2400}  # 100 kg/h: full at 2 h, served at 6:01:40
    inputs = case.load()
    kpis = figures(inputs, case.run(inputs))
    # ... and full again 4 h later, with 400 kg collected from empty
    served_h = 6 + 100 / HOUR
    assert kpis["overflow_events", ""] == 2.0
    assert kpis["overflow_h", ""] == pytest.approx((served_h - 2) + (24 - served_h - 4))


def plant_only(tmp_path: Path, days: int, **site: object) -> Case:
    """Return a food-waste plant and what is delivered to it every day, nothing else."""
    case = patterned(tmp_path, hours=24 * days)
    case.start = MONDAY
    case.tables |= {"points": [], "streams": [], "profiles": []}
    plant = {
        "id": "plant", "place": "P", "kind": "food_plant", "streams": "food", "lines": 2,
        "t_per_day_per_line": 150, "buffer_t": 600, "other_t_per_day": 150,
    }  # fmt: skip
    case.tables["sites"] = [plant | site]
    case.spec = {"report_step_s": 5 * DAY}
    return case


def test_backlog_and_the_date_it_fills_follow_the_recursion(tmp_path: Path):
    days, growth = 3500, 0.10
    case = plant_only(tmp_path, days, growth_per_year=growth)
    inputs = case.load()
    record = case.run(inputs)
    stock, full = 0.0, None
    for day in range(days):
        noon = day + 0.5
        stock = max(stock - 300.0 * (1.0 if day else 0.5), 0.0)
        stock += 150.0 * (1 + growth) ** (noon / 365.25)
        if full is None and stock >= 600.0:
            full = noon
    stock = max(stock - 150.0, 0.0)
    kpis = figures(inputs, record)
    assert kpis["plant_full_after_d", "plant"] == pytest.approx(full)
    assert kpis["plant_backlog_t", "plant"] == pytest.approx(stock, rel=1e-9)
    # Capacity is reached after ln 2 / ln 1.1 years; the buffer holds for some weeks more.
    reached = 365.25 * np.log(2.0) / np.log(1.1)
    assert reached < full < reached + 120


def test_growth_is_uncertain_if_the_daily_amount_is(tmp_path: Path):
    case = plant_only(tmp_path, 400, other_t_per_day=280, growth_per_year=0.1, other_cv=0.3)
    inputs = case.load()
    found = {
        figures(inputs, case.run(inputs, replication=r))["plant_full_after_d", "plant"]
        for r in range(3)
    }
    assert len(found) == 3


def test_a_line_that_fails_halves_the_rate(tmp_path: Path):
    case = plant_only(tmp_path, 10, other_t_per_day=300, buffer_t=5000)
    case.tables["outages"] = [{"kind": "line", "id": "plant", "from_h": 60, "lasts_h": 48}]
    inputs = case.load()
    kpis = figures(inputs, case.run(inputs))
    # 300 t arrive at noon and take a day; two days at half the rate leave 300 t, plus half a day's
    assert kpis["plant_backlog_t", "plant"] == pytest.approx(300.0 + 150.0)


def test_a_transfer_station_hauls_on_in_lots(tmp_path: Path):
    case = plant_only(tmp_path, 4, other_t_per_day=50, buffer_t=100, kind="transfer")
    case.tables["sites"][0] |= {"onward": "burner", "haul_t": 20, "haul_trucks": 1}
    case.tables["sites"].append(
        {"id": "burner", "place": "Q", "kind": "incinerator", "streams": "residual",
         "unload_s": 600, "lines": 1, "t_per_day_per_line": 0}
    )  # fmt: skip
    inputs = case.load()
    record = case.run(inputs)
    # 200 t in four days: ten lots, all of them gone by the end
    assert len(of_kind(record, "hauled")) == 10
    assert figures(inputs, record)["plant_backlog_t", "burner"] == pytest.approx(200.0)


def test_demand_varies_from_day_to_day_around_its_mean(tmp_path: Path):
    case = patterned(tmp_path, hours=24 * 300)
    case.tables["streams"][0]["day_cv"] = 0.4
    case.spec = {"chance": Chance(breakdowns=False)}
    inputs = case.load()
    steady = put_out_kg(case, 300 * DAY)
    found = [
        case.run(inputs, replication=r).series["fleet", "in_bins"].of("residual")[-1] * 1e3
        for r in range(4)
    ]
    assert len(set(found)) == 4
    # The mean of 1,200 days is within four standard errors, which factors of days widen a little.
    assert np.mean(found) == pytest.approx(steady, rel=4 * 0.4 / np.sqrt(1200) * 1.5)
