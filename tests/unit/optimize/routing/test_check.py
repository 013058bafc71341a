"""The checker against plans that break one rule each: the one broken is named, and no other."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimize.routing import check as check_module
from optimize.routing.check import check
from optimize.routing.check_route import Kind, driven_until_s
from optimize.routing.cost import plan_cost
from optimize.routing.plan import LeftOut, Plan
from optimize.routing.problem import Break, Charger, ChargingCurve, DrivingRule, Problem
from optimize.routing.timetable import Call, arrival_s, timetable
from tests.unit.optimize.routing.cases import (
    DEPOT,
    HOUR,
    LANDFILL,
    changed,
    cut,
    plan,
    problem,
    travel,
    visit_of,
    with_site,
    with_stop,
    with_truck,
)

Case = Callable[[Problem, Plan], tuple[Problem, Plan]]


def test_the_plan_keeps_every_rule_and_its_totals_are_worked_out_by_hand():
    of = problem()
    found = plan(of)
    report = check(of, found)
    assert str(report) == "no rule is broken"
    assert report.ok
    assert report.unserved == ()
    # Metres along the axes: depot s1 s2 plant fast depot ... by hand from the coordinates.
    first = 4000 + 3000 + 3000 + 4000 + 5000 + 11000 + 4000 + 8000
    second = 4000 + 4000
    third = 14000 + 8000 + 6000
    assert report.totals.distance_m == pytest.approx(first + second + third)
    # 9000 kg of residual and 2300 kg of food on the electric truck, 0.5 kWh twice.
    taking_on = 0.001 * 8000 + 0.002 * 2300 + 1.0
    loaded = (
        1e-7 * (2000 * 3000 + 4500 * 3000 + 2000 * 11000 + 3500 * 4000)
        + 2e-7 * (500 * 3000 + 800 * 3000 + 700 * 11000 + 1500 * 4000)
    )  # fmt: skip
    electric = 0.002 * (first + second) + taking_on + loaded
    assert report.totals.energy_kwh == pytest.approx(electric + 0.004 * third)
    assert report.totals.cost_terms["fixed"] == 800.0
    assert report.totals.cost_terms["left_out"] == 400.0
    assert report.totals.cost == pytest.approx(plan_cost(of, found).total, rel=1e-12)


def test_the_checker_shares_no_code_with_what_it_judges():
    allowed = {"optimize.routing.check_route", "optimize.routing.plan", "optimize.routing.problem"}
    folder = Path(check_module.__file__).parent
    for name in ("check.py", "check_route.py", "plan.py", "problem.py"):
        for node in ast.walk(ast.parse((folder / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optimize"):
                assert node.module in allowed
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("sim")


def stand_still(of: Problem, found: Plan, route: int, kind: str, seconds: float) -> Plan:
    """The plan with one service cut short by so much, and all that follows on time again."""
    visit = visit_of(found, route, kind)
    end = found.routes[route].visits[visit].end_s
    return changed(found, route, visit, end_s=end - seconds)


def redone(of: Problem, calls: list[Call], **options: float) -> Plan:
    """The plan with its first route timed anew."""
    before = plan(of)
    return replace(before, routes=(timetable(of, 0, 0, calls, **options), *before.routes[1:]))


def renumbered(found: Plan, route: int, number: int) -> Plan:
    """The plan with another number on one truck."""
    routes = list(found.routes)
    routes[route] = replace(routes[route], number=number)
    return replace(found, routes=tuple(routes))


FIRST = [
    Call("stop", 0), Call("stop", 1), Call("site", 0), Call("charger", 0, 95.0),
    Call("break", 0), Call("stop", 2), Call("stop", 3), Call("site", 0),
]  # fmt: skip


def without(kind: str, nth: int = 0) -> list[Call]:
    calls = list(FIRST)
    calls.remove([call for call in FIRST if call.kind == kind][nth])
    return calls


CASES: dict[str, tuple[set[Kind], Case]] = {
    "arrival told too early": (
        {"time"},
        lambda p, f: (p, changed(f, 0, 1, arrive_s=f.routes[0].visits[1].arrive_s - 0.001)),
    ),
    "arrival told too late": (
        {"time"},
        lambda p, f: (p, changed(f, 0, 9, arrive_s=f.routes[0].visits[9].arrive_s + 0.001,
                                 begin_s=f.routes[0].visits[9].begin_s + 0.001,
                                 end_s=f.routes[0].visits[9].end_s + 0.001)),
    ),
    "begun before arrival": (
        {"time"},
        lambda p, f: (p, changed(f, 0, 2, begin_s=f.routes[0].visits[2].arrive_s - 1.0)),
    ),
    "a time that is no number": (
        {"structure"}, lambda p, f: (p, changed(f, 0, 2, begin_s=math.nan)),
    ),
    "service cut short": (
        {"service", "time"}, lambda p, f: (p, stand_still(p, f, 0, "stop", 1.0)),
    ),
    "unloading cut short": (
        {"service", "time"}, lambda p, f: (p, stand_still(p, f, 0, "site", 1.0)),
    ),
    "break cut short": (
        {"service", "time"}, lambda p, f: (p, stand_still(p, f, 0, "break", 1.0)),
    ),
    "charging cut short": (
        {"charging", "time"}, lambda p, f: (p, stand_still(p, f, 0, "charger", 1.0)),
    ),
    "charging curve slower than told": (
        {"charging"},
        lambda p, f: (with_truck(p, 0, charging=(ChargingCurve((0, 100), (0, 9000)),)), f),
    ),
    "window of a stop": (
        {"window"}, lambda p, f: (with_stop(p, 0, windows=((6.5 * HOUR, 8 * HOUR),)), f),
    ),
    "between two windows": (
        {"window"},
        lambda p, f: (with_stop(p, 0, windows=((0, 6 * HOUR), (6.5 * HOUR, 8 * HOUR))), f),
    ),
    "window of a site": (
        {"window"}, lambda p, f: (with_site(p, 0, windows=((7 * HOUR, 12 * HOUR),)), f),
    ),
    "window of a charger": (
        {"window"},
        lambda p, f: (replace(p, chargers=(replace(p.chargers[0], windows=((0, 9 * HOUR),)),)), f),
    ),
    "speed by the hour": (
        {"time"},
        lambda p, f: (replace(p, travel=replace(p.travel, speed_factor=np.ones(3))), f),
    ),
    "no way": ({"no_way"}, lambda p, f: (cut(p, 5, LANDFILL), f)),
    "capacity of one dimension": (
        {"capacity"}, lambda p, f: (with_truck(p, 0, capacity=(5000.0, 1400.0)), f),
    ),
    "a dimension the truck does not carry": (
        {"capacity"}, lambda p, f: (with_truck(p, 1, capacity=(0.0, 9000.0)), f),
    ),
    "load at the start": (
        {"capacity", "load", "energy", "service", "charging", "end_empty"},
        lambda p, f: (with_truck(p, 0, start_load=(1000.0, 0.0)), f),
    ),
    "capacity of the day": (
        {"day_capacity"}, lambda p, f: (with_truck(p, 0, day_capacity=(9000.0, 2200.0)), f),
    ),
    "load told wrongly": ({"load"}, lambda p, f: (p, changed(f, 0, 2, load=(4500.0, 801.0)))),
    "a load missing": ({"structure"}, lambda p, f: (p, changed(f, 0, 2, load=(4500.0,)))),
    "not emptied at the end": (
        {"end_empty"}, lambda p, f: (p, redone(p, FIRST[:-1])),
    ),
    "a site that does not take it all": (
        {"end_empty", "load", "capacity", "energy", "charging", "end_energy"},
        lambda p, f: (with_site(p, 0, accepts=(True, False)), f),
    ),
    "energy told wrongly": (
        {"energy"},
        lambda p, f: (p, changed(f, 0, 2, energy_arrive_kwh=71.60001)),
    ),
    "energy not told": (
        {"energy"}, lambda p, f: (p, changed(f, 0, 2, energy_end_kwh=math.nan)),
    ),
    "lifting left out": ({"energy"}, lambda p, f: (with_stop(p, 3, energy_kwh=0.6), f)),
    "compaction left out": (
        {"energy", "charging"},
        lambda p, f: (with_truck(p, 0, compaction_kwh_per_unit=(0.002, 0.002)), f),
    ),
    "consumption without the load": (
        {"energy"}, lambda p, f: (with_truck(p, 0, kwh_per_m_unit=(0.0, 0.0)), f),
    ),
    "below the reserve": ({"reserve"}, lambda p, f: (with_truck(p, 0, reserve_kwh=30.0), f)),
    "below the end's": ({"end_energy"}, lambda p, f: (with_truck(p, 0, end_kwh=30.0), f)),
    "not full, though it must be": ({"charging"}, lambda p, f: (replace(p, recharge="full"), f)),
    "charged beyond the battery": (
        {"charging", "energy"},
        lambda p, f: (p, changed(f, 1, 1, energy_end_kwh=100.1)),
    ),
    "discharged at a charger": (
        {"charging", "energy"},
        lambda p, f: (p, changed(f, 1, 1, energy_end_kwh=80.0)),
    ),
    "a charger it has no curve for": (
        {"charger", "energy", "reserve", "end_energy"},
        lambda p, f: (replace(p, chargers=(replace(p.chargers[0], technology=1),)), f),
    ),
    "a break too late": (
        {"break"}, lambda p, f: (with_truck(p, 0, breaks=(Break(8 * HOUR, 8.5 * HOUR, 900.0),)), f),
    ),
    "no break": ({"break"}, lambda p, f: (p, redone(p, without("break")))),
    "a break twice": (
        {"break"}, lambda p, f: (p, redone(p, [*FIRST[:5], Call("break", 0), *FIRST[5:]])),
    ),
    "at the wheel without a rest": (
        {"driving_rule"},
        lambda p, f: (with_truck(p, 0, driving_rule=DrivingRule(0.7 * HOUR, HOUR)), f),
    ),
    "started before the shift": (
        {"shift"}, lambda p, f: (with_truck(p, 1, shift_s=(5.1 * HOUR, 11 * HOUR)), f),
    ),
    "ended after the overtime": (
        {"shift"}, lambda p, f: (with_truck(p, 0, shift_s=(6 * HOUR, 9 * HOUR)), f),
    ),
    "too far": ({"distance"}, lambda p, f: (with_truck(p, 0, most_distance_m=41e3), f)),
    "too long": ({"duration"}, lambda p, f: (with_truck(p, 0, most_duration_s=4.5 * HOUR), f)),
    "too many stops": ({"stops"}, lambda p, f: (with_truck(p, 0, most_stops=3), f)),
    "a type that may not": (
        {"compatibility"}, lambda p, f: (with_stop(p, 1, truck_types=(1,)), f),
    ),
    "a trip before the release": (
        {"release"}, lambda p, f: (with_stop(p, 1, release_s=6.1 * HOUR), f),
    ),
    "the second trip before the release": (
        {"release"}, lambda p, f: (with_stop(p, 2, release_s=6.9 * HOUR), f),
    ),
    "more trucks than there are": ({"fleet"}, lambda p, f: (with_truck(p, 0, count=1), f)),
    "one truck twice": (
        {"fleet"},
        lambda p, f: (p, renumbered(f, 1, 0)),
    ),
    "a truck type that is none": (
        {"fleet"},
        lambda p, f: (p, replace(f, routes=(*f.routes[:2], replace(f.routes[2], truck_type=2)))),
    ),
    "a stop forgotten": ({"stop_once"}, lambda p, f: (p, replace(f, left_out=()))),
    "a stop twice": (
        {"stop_once"},
        lambda p, f: (p, replace(f, left_out=(*f.left_out, LeftOut(4, "also served")))),
    ),
    "left out for no reason": (
        {"stop_once"}, lambda p, f: (p, replace(f, left_out=(LeftOut(5, " "),))),
    ),
    "two trucks at one gun": (
        {"guns"},
        lambda p, f: (p, replace(f, routes=(
            f.routes[0],
            timetable(p, 0, 1, [Call("charger", 0, 91.0)], leave_s=7 * HOUR),
            f.routes[2],
        ))),
    ),
    "a stop at another place": ({"structure"}, lambda p, f: (p, changed(f, 0, 2, place=3))),
    "a stop that is none": (
        {"structure", "stop_once"}, lambda p, f: (p, changed(f, 0, 2, index=17)),
    ),
    "a break elsewhere": ({"structure"}, lambda p, f: (p, changed(f, 0, 5, place=DEPOT))),
    "no end": (
        {"structure"},
        lambda p, f: (p, replace(f, routes=(
            replace(f.routes[0], visits=f.routes[0].visits[:-1]), *f.routes[1:]
        ))),
    ),
    "two starts": (
        {"structure"},
        lambda p, f: (p, replace(f, routes=(
            replace(f.routes[0], visits=(f.routes[0].visits[0], *f.routes[0].visits)),
            *f.routes[1:]
        ))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_broken_rule_is_found_and_named(name: str):
    kinds, change = CASES[name]
    of = problem()
    report = check(*change(of, plan(of)))
    assert {violation.kind for violation in report.violations} == kinds, str(report)


def test_every_kind_of_violation_has_a_case():
    told = set().union(*(kinds for kinds, _ in CASES.values()))
    assert told == set(Kind.__args__)


def test_a_violation_says_where():
    of = problem()
    (violation,) = check(with_stop(of, 1, truck_types=(1,)), plan(of)).violations
    assert (violation.route, violation.visit) == (0, 2)
    assert str(violation) == "compatibility: route 0, visit 2: electric may not serve s2"


def test_guns_are_a_finding_of_their_own_where_a_schedule_follows():
    of = replace(problem(), respect_guns=False)
    found = plan(of)
    second = timetable(of, 0, 1, [Call("charger", 0, 91.0)], leave_s=7 * HOUR)
    report = check(of, replace(found, routes=(found.routes[0], second, found.routes[2])))
    assert [finding.kind for finding in report.guns] == ["guns"]
    assert report.ok
    more = replace(of, chargers=(replace(of.chargers[0], guns=2),))
    assert check(more, replace(found, routes=(found.routes[0], second, found.routes[2]))).guns == ()


def test_one_truck_may_come_as_another_leaves():
    of = problem()
    found = plan(of)
    gone = found.routes[0].visits[visit_of(found, 0, "charger")].end_s
    for early, guns in ((0.0, 0), (1.0, 1)):
        second = timetable(
            of, 0, 1, [Call("charger", 0, 91.0, not_before_s=gone - early)], leave_s=6 * HOUR
        )
        report = check(of, replace(found, routes=(found.routes[0], second, found.routes[2])))
        assert len(report.guns) == guns


def test_a_stop_that_must_be_served_is_told_apart():
    of = with_stop(problem(), 5, penalty=math.inf)
    report = check(of, plan(of))
    assert report.ok
    assert report.unserved == ("s6",)
    assert plan_cost(of, plan(of)).total == math.inf
    assert plan_cost(of, plan(of)).served == pytest.approx(report.totals.cost)


def test_deviations_from_the_plan_in_force_cost():
    of = problem()
    found = plan(of)
    swapped = replace(found, routes=(replace(found.routes[0], number=1), *found.routes[2:]))
    changed_problem = replace(of, in_force=found)
    report = check(changed_problem, swapped)
    assert report.totals.cost_terms["deviation"] == 50.0 * 4
    assert plan_cost(changed_problem, swapped).deviation == 50.0 * 4
    assert check(changed_problem, found).totals.cost_terms["deviation"] == 0.0


def test_whoever_is_back_before_the_break_or_starts_after_it_needs_none():
    of = with_truck(problem(), 0, breaks=(Break(12 * HOUR, 13 * HOUR, 1800.0),))
    found = replace(plan(of), routes=(
        timetable(of, 0, 0, without("break")), *plan(of).routes[1:]
    ))  # fmt: skip
    assert not [v for v in check(of, found).violations if v.kind == "break"]


def test_two_ways_to_drive_by_the_hour_agree():
    """Interval by interval in the checker, by the inverted integral in timetables."""
    streets = travel()
    for start, end in ((0, 5), (5, 0), (8, 4), (0, 0)):
        for leave in [-7200.0, 0.0, *(k * 977.0 for k in range(40))]:
            seconds = float(streets.duration_s[start, end])
            expected = driven_until_s(streets, leave, seconds)
            assert arrival_s(streets, start, end, leave) == pytest.approx(expected, abs=1e-7)


def test_nobody_overtakes_by_leaving_later():
    streets = travel()
    arrivals = [driven_until_s(streets, 60.0 * k, 1400.0) for k in range(700)]
    assert all(b > a for a, b in zip(arrivals, arrivals[1:], strict=False))


def test_zero_time_at_a_charger_takes_no_gun():
    of = with_truck(problem(), 0, charging=(ChargingCurve((0.0, 100.0), (0.0, 0.0)),))
    of = replace(of, chargers=(Charger("fast", 9, 0, 1),))
    calls = [Call("charger", 0, 91.0)]
    both = Plan(
        (timetable(of, 0, 0, calls), timetable(of, 0, 1, calls)),
        tuple(LeftOut(k, "not today") for k in range(6)),
    )
    assert check(of, both).guns == ()
