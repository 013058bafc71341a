"""Engines against brute force on tiny problems, and the one way to solve around them."""

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest

from optimize.routing.check import check
from optimize.routing.cost import plan_cost
from optimize.routing.engines import ENGINES, BrokenPlan, registry, solve
from optimize.routing.engines.charging_insertion import insert_chargers
from optimize.routing.engines.features import FEATURES, asked
from optimize.routing.plan import LeftOut, Limits, Plan, Solution
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
from optimize.routing.timetable import Call, timetable
from sim.kernel.errors import InputError, InputErrors

PEERS = ("ortools", "pyvrp")
LIMITS = Limits(iterations=300)


def streets(seed: int, places: int) -> Travel:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0.0, 1000.0, (places, 2))
    metres = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    return Travel(tuple(f"p{k}" for k in range(places)), xy, metres, metres / 5.0)


def tiny(seed: int, capacity: float = 8.0, **truck) -> Problem:
    """Four stops at places 1 to 4; the depot is place 0, a site place 5, a charger place 6."""
    rng = random.Random(seed)
    stops = []
    for k in range(1, 5):
        opens = rng.uniform(0.0, 300.0)
        windows = ((opens, opens + 500.0), (opens + 900.0, opens + 1800.0))
        stops.append(Stop(f"s{k}", k, (float(rng.randint(1, 4)),), 30.0, windows))
    kind = {"cost_fixed": 500.0, "count": 4, "shift_s": (0.0, 4000.0)} | truck
    trucks = (TruckType("t", (capacity,), 0, 0, **kind),)
    return Problem("tiny", streets(seed, 7), ("kg",), tuple(stops), trucks)


def every_plan(problem: Problem, sites: bool = False):
    """Yield every plan of full service that leaves as early as it can."""
    count = len(problem.stops)
    for order in itertools.permutations(range(count)):
        for cuts in itertools.product((0, 1, 2) if sites else (0, 1), repeat=count - 1):
            calls = [[Call("stop", order[0])]]
            for stop, cut in zip(order[1:], cuts, strict=True):
                if cut == 1:
                    calls.append([])
                elif cut == 2:
                    calls[-1].append(Call("site", 0))
                calls[-1].append(Call("stop", stop))
            if problem.trucks[0].must_end_empty:
                for one in calls:
                    one.append(Call("site", 0))
            yield Plan(tuple(timetable(problem, 0, k, one) for k, one in enumerate(calls)))


def cheapest(problem: Problem, sites: bool = False) -> tuple[int, float]:
    best = (math.inf, math.inf)
    for plan in every_plan(problem, sites):
        cost = plan_cost(problem, plan)
        key = cost.key(problem)[1:]
        if key < best and check(problem, plan).ok:
            best = key
    return best


@pytest.mark.parametrize("engine", PEERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_windows_and_capacity_as_good_as_every_plan(engine, seed):
    problem = tiny(seed)
    solution, why = solve(problem, engine, LIMITS)
    assert (why, solution.engine, solution.plan.left_out) == ("asked for", engine, ())
    assert solution.cost == pytest.approx(cheapest(problem)[1], rel=1e-6)


@pytest.mark.parametrize("engine", PEERS)
def test_fewest_trucks_come_first_if_asked(engine):
    problem = replace(tiny(3, cost_fixed=0.0), objective="trucks_then_cost")
    solution, _ = solve(problem, engine, LIMITS)
    trucks, cost = cheapest(problem)
    assert solution.trucks == trucks
    assert solution.cost == pytest.approx(cost, rel=1e-6)


@pytest.mark.parametrize("engine", PEERS)
def test_several_trips_to_a_site_as_good_as_every_plan(engine):
    problem = tiny(4, must_end_empty=True)
    stops = tuple(replace(stop, windows=((0.0, math.inf),)) for stop in problem.stops)
    problem = replace(problem, stops=stops, sites=(Site("plant", 5, (True,), 60.0),))
    solution, _ = solve(problem, engine, LIMITS)
    assert solution.cost == pytest.approx(cheapest(problem, sites=True)[1], rel=1e-6)


@pytest.mark.parametrize("engine", PEERS)
def test_a_stop_is_left_out_where_its_penalty_is_less_than_the_way_there(engine):
    problem = tiny(5)
    far = problem.stops[0].place
    metres = problem.travel.distance_m.copy()
    metres[far, :] += 5000.0
    metres[:, far] += 5000.0
    np.fill_diagonal(metres, 0.0)
    stops = (replace(problem.stops[0], penalty=50.0), *problem.stops[1:])
    problem = replace(problem, stops=stops, travel=replace(problem.travel, distance_m=metres))
    solution, _ = solve(problem, engine, LIMITS)
    assert [out.stop for out in solution.plan.left_out] == [0]
    rest = replace(problem, stops=problem.stops[1:])
    assert solution.cost == pytest.approx(50.0 + cheapest(rest)[1], rel=1e-6)


@pytest.mark.parametrize("engine", PEERS)
def test_a_truck_type_that_must_not_serve_a_stop_does_not(engine):
    problem = tiny(6)
    other = replace(problem.trucks[0], id="small", cost_per_m=0.2)
    stops = tuple(replace(s, truck_types=(k % 2,)) for k, s in enumerate(problem.stops))
    problem = replace(problem, trucks=(*problem.trucks, other), stops=stops)
    solution, _ = solve(problem, engine, LIMITS)
    served = {stop: r.truck_type for r in solution.plan.routes for stop in r.stops}
    assert served == {0: 0, 1: 1, 2: 0, 3: 1}


def electric(seed: int, recharge: str) -> Problem:
    curve = ChargingCurve((0.0, 1.8), (0.0, 360.0))
    problem = tiny(
        seed, 100.0, battery_kwh=1.8, kwh_per_m=1e-3, charging=(curve,), shift_s=(0.0, 9000.0)
    )
    stops = tuple(replace(stop, windows=((0.0, math.inf),)) for stop in problem.stops)
    chargers = (Charger("C", 6), Charger("home", 0))
    return replace(problem, stops=stops, chargers=chargers, recharge=recharge)


@pytest.mark.parametrize("engine", PEERS)
@pytest.mark.parametrize("recharge", ["full", "partial"])
def test_charging_keeps_the_battery_and_every_stop(engine, recharge):
    problem = electric(2, recharge)
    solution, _ = solve(problem, engine, LIMITS)
    assert solution.plan.left_out == ()
    assert any(v.kind == "charger" for r in solution.plan.routes for v in r.visits)


@pytest.mark.parametrize("seed", range(6))
def test_full_charging_of_a_fixed_order_is_the_best_of_all_places_for_it(seed):
    problem = electric(seed, "full")
    order = [Call("stop", k) for k in range(4)]
    best = math.inf
    for where in itertools.product((None, 0, 1), repeat=5):
        calls = []
        for k, charger in enumerate(where):
            calls += [Call("charger", charger)] if charger is not None else []
            calls += order[k : k + 1]
        route = timetable(problem, 0, 0, calls)
        plan = Plan((route,))
        if check(problem, plan).ok:
            best = min(best, plan_cost(problem, plan).distance)
    inserted = insert_chargers(problem, 0, order)
    assert (inserted is None) == math.isinf(best)
    if inserted is not None:
        assert inserted[1] == pytest.approx(best, rel=1e-9)


def test_breaks_are_kept_by_the_engine_that_knows_them_and_refused_by_the_other():
    pause = Break(200.0, 260.0, 300.0)
    problem = tiny(7, breaks=(pause,))
    solution, _ = solve(problem, "ortools", LIMITS)
    under_way = [r for r in solution.plan.routes if r.visits[0].end_s < 260.0 < r.visits[-1].end_s]
    assert under_way
    assert all(any(v.kind == "break" for v in r.visits) for r in under_way)
    with pytest.raises(InputErrors, match=r"trucks.t.breaks: .*'pyvrp' cannot represent breaks"):
        solve(problem, "pyvrp", LIMITS)


def test_every_feature_an_engine_claims_exists_and_what_it_lacks_is_named():
    for name in PEERS:
        assert ENGINES[name].supported <= set(FEATURES)
    problem = tiny(1, driving_rule=DrivingRule(100.0, 50.0))
    traffic = replace(
        problem.travel, factor_from_s=np.array([0.0, 60.0]), speed_factor=np.array([1.0, 0.5])
    )
    problem = replace(problem, travel=traffic)
    assert {"traffic", "driving_rule", "several_windows"} <= set(asked(problem))
    for name in PEERS:
        with pytest.raises(InputErrors) as refused:
            solve(problem, name, LIMITS)
        text = str(refused.value)
        assert "travel.speed_factor" in text
        assert "trucks.t.driving_rule" in text


@pytest.mark.parametrize("engine", PEERS)
def test_same_seed_and_iterations_give_the_same_plan(engine):
    problem = tiny(8)
    limits = Limits(iterations=40, seed=3)
    first, second = (solve(problem, engine, limits)[0] for _ in range(2))
    assert repr(first.plan) == repr(second.plan)
    assert first.iterations == second.iterations
    assert first.stop_reason == "iterations"


@pytest.mark.parametrize("engine", PEERS)
def test_cancelling_returns_the_best_so_far_and_progress_is_told(engine):
    told = []
    limits = Limits(iterations=10_000, progress=told.append, cancelled=lambda: len(told) > 0)
    solution, _ = solve(tiny(9), engine, limits)
    assert solution.stop_reason == "cancelled"
    assert told
    assert check(tiny(9), solution.plan).ok


def test_stops_no_truck_can_serve_are_left_out_with_the_reason():
    problem = tiny(1)
    heavy = replace(problem.stops[2], demand=(50.0,))
    problem = replace(problem, stops=(*problem.stops[:2], heavy, problem.stops[3]))
    solution, _ = solve(problem, "pyvrp", LIMITS)
    assert [out.stop for out in solution.plan.left_out] == [2]
    assert solution.plan.left_out[0].reason
    assert {s for r in solution.plan.routes for s in r.stops} == {0, 1, 3}


def test_an_engine_that_breaks_a_rule_is_found_out(monkeypatch):
    class Careless:
        name = "careless"

        def __call__(self, problem, limits):
            route = timetable(problem, 0, 0, [Call("stop", 0)])
            plan = Plan((route, route), (LeftOut(1, "lazy"),))
            return Solution(plan, 1, 0.0, 0.0, "proven", 0.0, 0, "careless")

    monkeypatch.setitem(registry.ENGINES, "careless", Careless())
    with pytest.raises(BrokenPlan, match="(?s)'careless' broke rules.*has route 0 already"):
        solve(tiny(1), "careless", LIMITS)


def test_an_unknown_engine_is_refused_with_the_closest_name():
    with pytest.raises(InputError, match="did you mean 'ortools'"):
        solve(tiny(1), "ortool", LIMITS)


@pytest.mark.slow  # compiles the core
def test_auto_says_why_and_asks_for_a_limit():
    problem = tiny(1)
    solution, why = solve(problem, limits=LIMITS)
    assert solution.engine in ("core", "stricter")
    assert why
    assert solution.cost == pytest.approx(cheapest(problem)[1], rel=1e-6)
    with pytest.raises(InputError, match="nothing says when to stop"):
        solve(problem)
