"""Plans made to share guns: against the checker and what can be worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from optimize.routing.charger_schedule.stagger import crowded, stagger
from optimize.routing.check import check
from optimize.routing.plan import Plan
from optimize.routing.problem import Charger, ChargingCurve, Problem, Stop, Travel, TruckType
from optimize.routing.timetable import Call, timetable


def problem(*, latest_s: float = math.inf, guns: int = 1, trucks: int = 3) -> Problem:
    """Each truck drives 10 s to the charger, charges 100 s and serves a stop 10 s further on."""
    metres = np.array([[0.0, 10.0, 20.0], [10.0, 0.0, 10.0], [20.0, 10.0, 0.0]])
    travel = Travel(("depot", "charger", "stop"), np.zeros((3, 2)), metres, metres.copy())
    truck = TruckType(
        "e", (10.0,), 0, 0, count=trucks, battery_kwh=100.0, start_kwh=10.0, kwh_per_m=1.0,
        charging=(ChargingCurve((0.0, 100.0), (0.0, 100.0)),),
    )  # fmt: skip
    stops = tuple(Stop(f"s{k}", 2, (1.0,), windows=((0.0, latest_s),)) for k in range(trucks))
    return Problem(
        "guns", travel, ("kg",), stops, (truck,), chargers=(Charger("C", 1, guns=guns),),
        recharge="full", respect_guns=True,
    )  # fmt: skip


def plan(given: Problem) -> Plan:
    return Plan(
        tuple(
            timetable(given, 0, k, [Call("charger", 0), Call("stop", k)])
            for k in range(len(given.stops))
        )
    )


def test_visits_follow_each_other_without_a_gap():
    given = problem()
    before = plan(given)
    assert crowded(given, before.routes) == {0: 3}
    assert not check(given, before).ok
    after = stagger(given, before)
    assert check(given, after.plan).ok
    assert after.given_up == ()
    begins = sorted(route.visits[1].begin_s for route in after.plan.routes)
    assert begins == pytest.approx([10.0, 110.0, 210.0], abs=0.1)
    assert sorted(after.later_s.values()) == pytest.approx([100.0, 200.0], abs=0.1)


def test_two_guns_let_two_charge_at_once():
    given = problem(guns=2)
    after = stagger(given, plan(given))
    assert check(given, after.plan).ok
    assert sorted(after.later_s.values()) == pytest.approx([100.0], abs=0.1)


def test_where_windows_leave_no_time_the_fewest_stops_are_given_up():
    given = problem(latest_s=220.0)
    after = stagger(given, plan(given))
    assert len(after.given_up) == 1
    assert len(after.plan.left_out) == 1
    assert "no gun free in time at C" in after.plan.left_out[0].reason
    assert check(given, after.plan).ok


def test_a_plan_that_shares_already_is_left_alone():
    given = problem(guns=3)
    before = plan(given)
    assert stagger(given, before).plan is before


def test_a_route_that_charges_twice_moves_as_a_whole():
    given = problem(trucks=2)
    stops = (*given.stops, Stop("again", 2, (1.0,)))
    given = replace(given, stops=stops)
    twice = [Call("charger", 0), Call("stop", 0), Call("charger", 0), Call("stop", 2)]
    routes = (
        timetable(given, 0, 0, twice),
        timetable(given, 0, 1, [Call("charger", 0), Call("stop", 1)]),
    )
    after = stagger(given, Plan(routes))
    assert check(given, after.plan).ok
    assert after.given_up == ()
