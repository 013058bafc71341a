"""Engines on a few public instances: the best values known are met, never beaten where proven."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.routing.cases import cases
from optimize.routing.check import check
from optimize.routing.engines import ENGINES
from optimize.routing.engines.charging_insertion import insert_chargers
from optimize.routing.formats.nonlinear import read_frvcpy
from optimize.routing.plan import Limits, Plan
from optimize.routing.timetable import Call, timetable

BENCH = os.environ.get("CITYCLOCK_BENCH")
pytestmark = pytest.mark.skipif(
    BENCH is None, reason="CITYCLOCK_BENCH names no folder with routing/"
)


def case(family: str, name: str):
    return next(c for c in cases(Path(BENCH) / "routing", family) if c.name == name)


# The core takes a minute to compile.
@pytest.mark.parametrize("engine", [pytest.param("core", marks=pytest.mark.slow), "ortools"])
@pytest.mark.parametrize("name", ["c101C5", "r104C5", "rc105C5"])
@pytest.mark.parametrize("variant", ["full", "partial"])
def test_proven_optima_of_small_electric_instances(engine, name, variant):
    known = case(f"evrptw-small-{variant}", name)
    problem = known.open()
    solution = ENGINES[engine](problem, Limits(iterations=4000))
    assert check(problem, solution.plan).ok
    assert solution.plan.left_out == ()
    assert (solution.trucks, solution.cost) >= (known.trucks, known.cost - 1e-3)
    if engine == "core":
        assert solution.trucks == known.trucks
        assert solution.cost == pytest.approx(known.cost, abs=1e-3)


def test_pyvrp_on_several_trips_with_release_times():
    known = case("mtvrptw", "C201R0.25")
    problem = known.open()
    solution = ENGINES["pyvrp"](problem, Limits(iterations=1500))
    report = check(problem, solution.plan)
    assert report.ok
    assert report.totals.cost == pytest.approx(solution.cost)
    assert known.cost <= solution.cost <= 1.05 * known.cost


def test_pyvrp_with_charging_inserted_on_a_competition_file():
    known = case("cevrp", "E-n51-k5")
    problem = known.open()
    solution = ENGINES["pyvrp"](problem, Limits(iterations=1500))
    assert check(problem, solution.plan).ok
    assert known.cost - 1e-6 <= solution.cost <= 1.02 * known.cost


def test_charging_inserted_in_a_published_route_costs_what_its_authors_say():
    """Route 0-40-12-33-38-16-0 of tc0c40s8cf0 takes 7.339 h in the documentation of frvcpy."""
    problem = read_frvcpy(Path(BENCH) / "routing" / "evrpnl" / "frvcpy-instance.json")
    ids = {stop.id: index for index, stop in enumerate(problem.stops)}
    calls = [Call("stop", ids[name]) for name in ("40", "12", "33", "38", "16")]
    inserted = insert_chargers(problem, 0, calls)
    assert inserted is not None
    plan = Plan((timetable(problem, 0, 0, inserted[0]),))
    report = check(problem, plan)
    assert [v for v in report.violations if v.kind != "stop_once"] == []
    assert report.totals.cost == pytest.approx(inserted[1], rel=1e-9)
    assert inserted[1] == pytest.approx(7.339, abs=5e-4)


def test_the_check_rejects_a_published_instance_with_a_stop_forgotten():
    problem = case("cevrp", "E-n22-k4").open()
    plan = ENGINES["pyvrp"](problem, Limits(iterations=200)).plan
    first, *others = plan.routes
    lost = replace(first, visits=tuple(v for v in first.visits if v.kind != "stop"))
    assert not check(problem, replace(plan, routes=(lost, *others))).ok
