"""Distributions of recession: censored zones count, limits are met or not, nothing is dropped."""

import math
from dataclasses import replace

import pytest

from scenarios import document
from scenarios.locale import texts
from scenarios.run import prepare
from scenarios.schema import StoredRun
from scenarios.uncertainty import CITY, check_random, hours_of, observed_h, spread
from scenarios.uncertainty_tables import chance_text, headline, hours_text, spread_rows
from sim.kernel.errors import InputError
from sim.kernel.system import Kpi

OBSERVED_H = 20.0
RUN = StoredRun(
    id="b7c9d2f", batch="b7c9d2f", scenario="case", hash="h", document="{}",
    seed=1, replication=0, engine="native", code_version="c0ffee", code_dirty=False,
    code_digest="d", status="done", stage="done", reason="",
    created_at="2026-01-01T08:00:00+00:00", started_at=None,
    finished_at=None, progress=1.0, seconds=1.0, ledger_error=0.0, digest="x",
    cancel_requested=False, host="h", pid=1, born="",
)  # fmt: skip


def last_point(zone: str, hours: float | None, limit: float | None = 3.0) -> Kpi:
    """As the drainage system gives it: infinity for not drained, none for dry."""
    value = None if hours is None or math.isinf(hours) else hours
    status = "dry" if hours is None else "not_drained" if math.isinf(hours) else "ok"
    if value is not None and limit is not None and value > limit:
        status = "over_limit"
    return Kpi(name="recession_last_point_h", entity=zone, value=value, unit="h", limit=limit,
               status=status)  # fmt: skip


def distributions(table: dict[str, list[float | None]], observed_h=OBSERVED_H, limit=3.0):
    count = len(next(iter(table.values())))
    kpis = [[last_point(zone, hours[k], limit) for zone, hours in table.items()]
            for k in range(count)]  # fmt: skip
    runs = [replace(RUN, id=f"r{k}", replication=k) for k in range(count)]
    found = spread(runs, kpis, observed_h).distributions["recession_last_point_h"]
    return {one.entity: one for one in found}


def test_not_drained_is_longer_than_all_and_dry_is_zero():
    found = distributions({"a": [1.0, math.inf, None, 4.0]})["a"]
    assert found.hours == (0.0, 1.0, 4.0, math.inf)
    assert found.statuses == {"ok": 1, "not_drained": 1, "dry": 1, "over_limit": 1}
    assert (found.chance.met, found.chance.of, found.not_drained) == (2, 4, 1)
    assert found.quantiles[0.5].value == 1.0
    assert found.quantiles[0.9].value == math.inf


def test_the_chance_has_wilson_s_interval():
    found = distributions({"a": [1.0] * 81 + [5.0] * 182})["a"]
    share = found.chance.share
    assert (share.value, share.low, share.high) == pytest.approx(
        (81 / 263, 0.2553, 0.3662), abs=5e-5
    )
    assert chance_text(found) == "31 % (26–37)"


def test_a_run_that_ends_before_the_limit_decides_nothing():
    decided = distributions({"a": [1.0, math.inf]}, observed_h=3.0)["a"].chance
    assert (decided.met, decided.undecided) == (1, 0)
    short = distributions({"a": [1.0, math.inf]}, observed_h=2.0)["a"].chance
    assert (short.met, short.undecided) == (1, 1)
    assert short.share.low == decided.share.low
    assert short.share.high == 1.0  # it may yet have met it


def test_the_city_is_the_slowest_zone_of_each_replication():
    found = distributions({"a": [1.0, 2.0, 5.0], "b": [2.0, math.inf, 1.0]})
    assert found[CITY].hours == (2.0, 5.0, math.inf)
    assert found[CITY].chance.met == 1
    assert list(found)[0] == CITY


def test_zones_come_worst_first():
    found = distributions({"good": [1.0, 1.0], "bad": [9.0, 9.0], "dry": [None, None]})
    assert list(found) == [CITY, "bad", "good", "dry"]


def test_without_a_limit_there_is_no_chance():
    found = distributions({"a": [1.0, 2.0]}, limit=None)
    assert found["a"].chance is None
    assert chance_text(found["a"]) == "–"


def test_runs_that_did_not_finish_are_counted_not_hidden():
    runs = [RUN, replace(RUN, id="x", status="failed")]
    assert spread(runs, [[last_point("a", 1.0)]], 9.0).failed == 1
    with pytest.raises(InputError, match="no finished replication"):
        spread(runs[1:], [], 9.0)


def test_where_it_rains_to_the_end_nothing_is_decided():
    raining = Kpi(name="recession_last_point_h", entity="a", value=None, unit="h", limit=3.0,
                  status="raining")  # fmt: skip
    (city, zone) = spread([RUN], [[raining]], 0.0).distributions["recession_last_point_h"]
    assert (city.chance.undecided, zone.chance.undecided) == (1, 1)


def test_a_value_missing_for_another_reason_is_an_error():
    with pytest.raises(ValueError, match="has no value"):
        hours_of(Kpi(name="n", entity="e", value=None, unit="h", status="odd"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tables_say_more_than_instead_of_a_number(language):
    t = texts(language)
    hours: list[float | None] = [1.0] * 10 + [math.inf] * 10
    runs = [replace(RUN, id=f"r{k}", replication=k) for k in range(20)]
    found = spread(runs, [[last_point("a", h)] for h in hours], OBSERVED_H)
    rows = spread_rows(found.distributions["recession_last_point_h"], found, t)
    assert rows[0][0] == t("uncertainty.slowest")
    assert rows[1][:3] == ["a", "3", "50 % (30–70)"]
    assert rows[1][4] == ">20.0 (>20.0–>20.0)"
    assert rows[1][5] == "10 / 20"
    assert "50 %" in headline(found, "recession_last_point_h", t)


def test_what_was_observed_is_counted_from_the_end_of_rain():
    prepared = prepare(document.load("design-storm"))
    assert observed_h(prepared) == pytest.approx(24.0 - 3.0)


def test_a_scenario_without_chance_is_refused_and_one_with_it_is_not():
    with pytest.raises(InputError, match="nothing in this scenario is drawn"):
        check_random(prepare(document.load("swmm-file")))
    check_random(prepare(document.load("swmm-file", ["drainage.uncertainty.rain_spread=0.1"])))


def test_hours_with_an_open_side_show_it():
    hours: list[float | None] = [1.0, 2.0]
    found = distributions({"a": hours})["a"]
    assert hours_text(found, 0.5, 20.0) == "1.0 (?–?)"
    hours.append(math.inf)
    found = distributions({"a": hours})["a"]
    assert hours_text(found, 0.5, 20.0) == "2.0 (?–>20.0)"
