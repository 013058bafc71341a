"""Charging schedules against enumeration of every schedule, and advice against what it promises."""

import itertools
import math
import random
import re
from dataclasses import replace

import pytest

from optimize.routing.charger_schedule.check import violations
from optimize.routing.charger_schedule.problem import (
    ChargingProblem,
    Place,
    Schedule,
    Session,
    Stay,
    Steps,
)
from optimize.routing.charger_schedule.sessions import give_guns, options
from optimize.routing.charger_schedule.solve import solve
from optimize.routing.plan import Limits
from optimize.routing.problem import ChargingCurve
from sim.kernel.errors import InputErrors

HOUR = 3600.0
CURVE = ChargingCurve((0.0, 80.0, 100.0), (0.0, 2880.0, 5040.0))
FLAT = Steps((0.0,), (1.0,))


def small(seed: int, *, stays: int = 4) -> ChargingProblem:
    rng = random.Random(seed)
    price = Steps((0.0, HOUR, 2 * HOUR, 3 * HOUR), tuple(rng.uniform(0.2, 1.2) for _ in range(4)))
    limit = Steps((0.0, 1.5 * HOUR), (rng.choice([150.0, 210.0, math.inf]), 160.0))
    places = (Place("A", rng.choice([1, 2]), limit, price), Place("B", 1, FLAT_KW, price))
    found = []
    for k in range(stays):
        arrive = rng.uniform(0.0, HOUR)
        start = rng.uniform(10.0, 60.0)
        where = (0,) if rng.random() < 0.6 else (0, 1)
        found.append(
            Stay(
                f"s{k}", where, (CURVE,) * len(where), arrive,
                arrive + rng.uniform(1.2, 3.0) * HOUR,
                start, rng.uniform(10.0, 95.0 - start), 900.0, 0.001,
            )
        )  # fmt: skip
    return ChargingProblem(places, tuple(found), 1800.0)


FLAT_KW = Steps((0.0,), (120.0,))


def every_schedule(problem: ChargingProblem) -> tuple[int, float]:
    """Return fewest uncharged and the lowest cost with so few, as the checker judges."""
    best = (len(problem.stays) + 1, math.inf)
    choices = [[None, *options(problem, i)] for i in range(len(problem.stays))]
    for combination in itertools.product(*choices):
        chosen = [o for o in combination if o is not None]
        missing = len(combination) - len(chosen)
        cost = math.fsum(o.cost for o in chosen)
        if (missing, cost) >= best:
            continue
        rows = give_guns([(o.stay, o.place, o.begin_s, o.end_s) for o in chosen])
        left = tuple((i, "left") for i, o in enumerate(combination) if o is None)
        tried = Schedule(tuple(Session(*row) for row in rows), left, cost, -math.inf, "proven", 0.0)
        if not violations(problem, tried) and slots_hold(problem, chosen):
            best = (missing, cost)
    return best


def slots_hold(problem, chosen) -> bool:
    """The solver counts a slot of the grid as taken by whoever touches it."""
    for place_index, place in enumerate(problem.places):
        guns, kw = {}, {}
        for option in chosen:
            if option.place != place_index:
                continue
            for k, power in enumerate(option.slot_kw):
                slot = option.first_slot + k
                guns[slot] = guns.get(slot, 0) + 1
                kw[slot] = kw.get(slot, 0.0) + power
        for slot, number in guns.items():
            span = place.limit_kw.between(slot * problem.step_s, (slot + 1) * problem.step_s)
            if number > place.guns or kw[slot] > min(v for _, _, v in span) + 1e-6:
                return False
    return True


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_schedules_is_found_and_proven(seed):
    problem = small(seed)
    schedule = solve(problem)
    fewest, cost = every_schedule(problem)
    assert len(schedule.uncharged) == fewest
    assert schedule.cost == pytest.approx(cost, rel=1e-6)
    assert schedule.stop_reason == "proven"
    assert schedule.bound <= schedule.cost
    assert schedule.gap <= 1e-5
    assert violations(problem, schedule) == []


def crowd(guns: int = 1, limit_kw: float = math.inf) -> ChargingProblem:
    """Three trucks of an hour each (100 kW) in two hours."""
    curve = ChargingCurve((0.0, 100.0), (0.0, HOUR))
    place = Place("depot", guns, Steps((0.0,), (limit_kw,)), FLAT)
    stays = tuple(Stay(f"t{k}", (0,), (curve,), 0.0, 2 * HOUR, 0.0, 100.0) for k in range(3))
    return ChargingProblem((place,), stays, 1800.0)


def test_too_few_guns_leave_as_few_uncharged_as_possible_and_the_advice_is_enough():
    schedule = solve(crowd())
    assert len(schedule.uncharged) == 1
    assert schedule.cost == pytest.approx(200.0)
    assert any(re.search(r"\b1 guns more at depot", line) for line in schedule.advice)
    assert solve(crowd(guns=2)).uncharged == ()
    later = next(line for line in schedule.advice if "leaving later" in line)
    name, minutes = re.search(r"(t\d) (\d+) min", later).groups()
    problem = crowd()
    eased = tuple(
        replace(s, leave_s=s.leave_s + 60.0 * int(minutes)) if s.id == name else s
        for s in problem.stays
    )
    assert solve(replace(problem, stays=eased)).uncharged == ()


def test_too_little_power_says_how_much_more_is_enough():
    schedule = solve(crowd(guns=3, limit_kw=150.0))
    assert len(schedule.uncharged) == 1
    text = next(line for line in schedule.advice if "kW more" in line)
    more = int(re.search(r"(\d+) kW", text).group(1))
    assert more == 50
    assert solve(crowd(guns=3, limit_kw=150.0 + more)).uncharged == ()


def test_a_stay_too_short_for_its_charge_is_named_with_the_minutes_missing():
    problem = crowd()
    short = replace(problem.stays[0], leave_s=0.5 * HOUR)
    schedule = solve(replace(problem, stays=(short, *problem.stays[1:])))
    reasons = dict(schedule.uncharged)
    assert "30 min missing" in reasons[0]
    assert len(schedule.sessions) == 2


def test_the_check_finds_what_is_wrong():
    problem = crowd(guns=2)
    schedule = solve(problem)
    first, *others = schedule.sessions
    for broken, text in (
        (replace(first, begin_s=first.begin_s + 60.0), "needs 3600 s"),
        (replace(first, begin_s=first.begin_s + 9e3, end_s=first.end_s + 9e3), "late"),
        (replace(first, gun=7), "no gun 7"),
        (replace(first, begin_s=first.begin_s - 60, end_s=first.end_s - 60), "before it arrives"),
    ):
        wrong = replace(schedule, sessions=(broken, *others))
        assert any(text in line for line in violations(problem, wrong))
    assert any("said to cost" in v for v in violations(problem, replace(schedule, cost=1.0)))
    tight = replace(problem.places[0], limit_kw=Steps((0.0,), (150.0,)))
    assert any("draws 200" in v for v in violations(replace(problem, places=(tight,)), schedule))
    one = replace(problem.places[0], guns=1)
    assert violations(replace(problem, places=(one,)), schedule)


def test_bad_input_is_refused_by_name():
    problem = crowd()
    bad = replace(
        problem,
        stays=(
            replace(problem.stays[0], energy_kwh=500.0),
            replace(problem.stays[1], leave_s=-1.0),
            problem.stays[2],
            problem.stays[2],
        ),
        places=(replace(problem.places[0], guns=0, limit_kw=Steps((5.0,), (1.0,))),),
    )
    with pytest.raises(InputErrors) as refused:
        solve(bad)
    text = str(refused.value)
    for part in (
        "stays.t0.energy_kwh: more than the battery holds (got 500.0); expected at most 100 kWh",
        "stays.t1.leave_s", "stays.t2: twice", "places.depot.guns: no guns",
        "places.depot.limit_kw.from_s: moments do not rise from 0",
    ):  # fmt: skip
        assert part in text


def test_same_seed_and_iterations_give_the_same_schedule():
    problem = small(3, stays=9)
    limits = Limits(iterations=200, seed=5)
    first, second = solve(problem, limits), solve(problem, limits)
    assert first.sessions == second.sessions
    assert (first.cost, first.bound) == (second.cost, second.bound)


def test_cancelled_it_returns_what_it_has():
    problem = crowd(guns=2)
    schedule = solve(problem, Limits(cancelled=lambda: True))
    assert schedule.stop_reason == "cancelled"
    assert violations(problem, schedule) == []
    assert len(schedule.sessions) == 3
