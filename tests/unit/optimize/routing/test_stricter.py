"""The engine for large days, by the independent checker: trips, breaks, traffic, batteries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimize.routing.check import check
from optimize.routing.engines.registry import solve
from optimize.routing.plan import Limits
from optimize.routing.problem import (
    Break,
    Charger,
    ChargingCurve,
    DrivingRule,
    Problem,
    Site,
    Stop,
    Travel,
    TruckType,
)
from sim.kernel.errors import InputErrors

H = 3600.0


def day(seed: int, stops: int, *, battery_kwh: float | None = 120.0) -> Problem:
    """Two streams with trucks of their own, a site each, and slow hours in the morning."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0.0, 8_000.0, (stops + 3, 2))
    metres = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    truck = TruckType(
        id="residual", capacity=(3_000.0, 0.0), start=0, end=0, count=4,
        shift_s=(6 * H, 14 * H), overtime_s=H, must_end_empty=True,
        breaks=(Break(9 * H, 12 * H, 0.5 * H),), driving_rule=DrivingRule(4 * H, 0.3 * H),
        cost_fixed=200.0, cost_per_m=0.002, cost_per_s=0.01, battery_kwh=battery_kwh,
        reserve_kwh=12.0, kwh_per_m=1.2e-3, kwh_per_m_unit=(1e-8, 1e-8),
        charging=(ChargingCurve((0.0, 96.0, 120.0), (0.0, 1.2 * H, 2.0 * H)),),
    )  # fmt: skip
    return Problem(
        name="a day",
        travel=Travel(
            tuple(f"p{i}" for i in range(stops + 3)), xy, metres, metres / 7.0,
            np.array([0.0, 7 * H, 9 * H]), np.array([1.0, 0.6, 0.9]),
        ),
        dimensions=("residual_kg", "food_kg"),
        stops=tuple(
            Stop(f"s{i}", i + 3, (kg, 0.0) if i % 3 else (0.0, kg), service_s=120.0,
                 windows=((5 * H, 15 * H),))
            for i, kg in enumerate(rng.uniform(50.0, 400.0, stops))
        ),
        trucks=(truck, replace(truck, id="food", capacity=(0.0, 2_000.0), count=3)),
        sites=(
            Site("burner", 1, (True, False), 600.0, (0.05, 0.05), ((0.0, 48 * H),)),
            Site("digester", 2, (False, True), 600.0, (0.05, 0.05), ((0.0, 48 * H),)),
        ),
        chargers=(Charger("gun", 0),),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_every_stop_is_served_by_the_rules_of_the_whole_problem(seed):
    problem = day(seed, 40)
    solution, why = solve(problem, "stricter", Limits(iterations=200, seed=seed))
    report = check(problem, solution.plan)
    assert report.ok
    assert solution.plan.left_out == ()
    assert why == "asked for"


def test_small_batteries_are_charged_or_stops_are_left_out_with_a_reason():
    problem = day(1, 30, battery_kwh=120.0)
    thirsty = tuple(replace(t, kwh_per_m=3.5e-3, start_kwh=70.0) for t in problem.trucks)
    problem = replace(problem, trucks=thirsty)
    solution, _ = solve(problem, "stricter", Limits(iterations=100))
    report = check(problem, solution.plan)
    assert report.ok
    assert report.totals.charged_kwh > 0.0 or solution.plan.left_out
    assert all(left.reason for left in solution.plan.left_out)


def test_the_same_iterations_give_the_same_plan():
    problem = day(2, 25)
    plans = [solve(problem, "stricter", Limits(iterations=50, seed=4))[0].plan for _ in range(2)]
    assert plans[0] == plans[1]


def test_too_few_trucks_leave_stops_out_with_a_reason():
    problem = day(0, 120)
    few = replace(problem, trucks=(replace(problem.trucks[0], count=1), problem.trucks[1]))
    solution, _ = solve(few, "stricter", Limits(iterations=100))
    assert check(few, solution.plan).ok
    assert solution.plan.left_out
    assert all(left.reason for left in solution.plan.left_out)


def test_a_truck_that_begins_loaded_unloads_first():
    problem = day(0, 10)
    loaded = replace(problem.trucks[0], start_load=(2_500.0, 0.0), count=1)
    problem = replace(problem, trucks=(loaded, problem.trucks[1]))
    solution, _ = solve(problem, "stricter", Limits(iterations=50))
    assert check(problem, solution.plan).ok
    assert solution.plan.left_out == ()
    (mine,) = [route for route in solution.plan.routes if route.truck_type == 0]
    assert mine.visits[1].kind == "site"


def test_what_it_cannot_represent_is_refused():
    problem = day(0, 10)
    limited = replace(problem.trucks[0], most_stops=3)
    problem = replace(problem, trucks=(limited, problem.trucks[1]))
    with pytest.raises(InputErrors, match="largest number of stops"):
        solve(problem, "stricter", Limits(iterations=5))


def test_a_large_day_is_given_to_it_by_itself():
    solution, why = solve(day(5, 160), "auto", Limits(iterations=5))
    assert solution.engine == "stricter"
    assert "trips, breaks or traffic" in why


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_small_days_cost_little_more_than_the_proven_best(seed):
    problem = day(seed, 7)
    problem = replace(problem, trucks=tuple(replace(t, breaks=()) for t in problem.trucks))
    best = solve(problem, "exact", Limits())[0]
    found = solve(problem, "stricter", Limits(iterations=200))[0]
    assert best.stop_reason == "proven"
    assert best.cost - 1e-6 <= found.cost <= 1.05 * best.cost
