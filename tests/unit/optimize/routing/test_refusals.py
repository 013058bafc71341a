"""Bad problems are refused by name; what is left out could not have been served, all ways tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from optimize.routing.check import check
from optimize.routing.plan import LeftOut, Plan
from optimize.routing.problem import Break, ChargingCurve, Problem, Travel
from optimize.routing.refusals import refuse, remarks, servable, unservable
from optimize.routing.timetable import Call, timetable
from sim.kernel.errors import InputError, InputErrors
from tests.unit.optimize.routing.cases import (
    HOUR,
    cut,
    plan,
    problem,
    with_site,
    with_stop,
    with_truck,
)

Change = Callable[[Problem], Problem]


def with_travel(of: Problem, **fields: object) -> Problem:
    return replace(of, travel=replace(of.travel, **fields))  # type: ignore[arg-type]


def with_cell(of: Problem, table: str, i: int, j: int, value: float) -> Problem:
    found = getattr(of.travel, table).copy()
    found[i, j] = value
    return with_travel(of, **{table: found})


def far(of: Problem, place: int, metres: float) -> Problem:
    """The problem with one place moved away from all others, there and back."""
    distance, duration = of.travel.distance_m.copy(), of.travel.duration_s.copy()
    others = np.arange(len(distance)) != place
    for table, value in ((distance, metres), (duration, metres / 10.0)):
        table[place, others] = value
        table[others, place] = value
    return with_travel(of, distance_m=distance, duration_s=duration)


def test_a_sound_problem_is_accepted():
    refuse(problem())
    assert servable(problem()).left_out == ()


MALFORMED: dict[str, tuple[str, str, Change]] = {
    "two stops of one id": ("stops", "same id", lambda p: with_stop(p, 1, id="s1")),
    "two sites of one id": ("sites", "same id", lambda p: with_site(p, 1, id="plant")),
    "two trucks of one id": ("trucks", "same id", lambda p: with_truck(p, 1, id="electric")),
    "negative demand": (
        "stops[0] s1: demand[1]",
        "negative",
        lambda p: with_stop(p, 0, demand=(1.0, -1.0)),
    ),
    "a demand too few": (
        "stops[0] s1: demand",
        "not one",
        lambda p: with_stop(p, 0, demand=(1.0,)),
    ),
    "demand that is no number": (
        "stops[0] s1: demand[0]",
        "not a number",
        lambda p: with_stop(p, 0, demand=(math.nan, 0.0)),
    ),
    "negative service": (
        "stops[0] s1: service_s",
        "negative",
        lambda p: with_stop(p, 0, service_s=-1.0),
    ),
    "window reversed": (
        "stops[0] s1: windows[0]",
        "ends before",
        lambda p: with_stop(p, 0, windows=((8.0, 7.0),)),
    ),
    "windows overlap": (
        "stops[0] s1: windows[1]",
        "overlap",
        lambda p: with_stop(p, 0, windows=((0.0, 7.0), (6.0, 9.0))),
    ),
    "no window": ("stops[0] s1: windows", "no window", lambda p: with_stop(p, 0, windows=())),
    "a place that is none": (
        "stops[0] s1: place",
        "no such place",
        lambda p: with_stop(p, 0, place=99),
    ),
    "a start out of range": (
        "trucks[0] electric: start",
        "no such place",
        lambda p: with_truck(p, 0, start=-1),
    ),
    "an end out of range": (
        "trucks[0] electric: end",
        "no such place",
        lambda p: with_truck(p, 0, end=10),
    ),
    "a type that is none": (
        "stops[0] s1: truck_types",
        "no such truck",
        lambda p: with_stop(p, 0, truck_types=(2,)),
    ),
    "negative penalty": (
        "stops[0] s1: penalty",
        "negative",
        lambda p: with_stop(p, 0, penalty=-1.0),
    ),
    "a site that takes nothing": (
        "sites[0] plant: accepts",
        "accepts nothing",
        lambda p: with_site(p, 0, accepts=(False, False)),
    ),
    "accepts too few": (
        "sites[0] plant: accepts",
        "not one",
        lambda p: with_site(p, 0, accepts=(True,)),
    ),
    "unloading backwards": (
        "sites[0] plant: unload_s",
        "negative",
        lambda p: with_site(p, 0, unload_s=-1.0),
    ),
    "no guns": (
        "chargers[0] fast: guns",
        "out of range",
        lambda p: replace(p, chargers=(replace(p.chargers[0], guns=0),)),
    ),
    "negative capacity": (
        "trucks[0] electric: capacity[0]",
        "negative",
        lambda p: with_truck(p, 0, capacity=(-1.0, 0.0)),
    ),
    "more at the start than it carries": (
        "trucks[0] electric: start_load[0]",
        "out of range",
        lambda p: with_truck(p, 0, start_load=(6000.0, 0.0)),
    ),
    "curve convex": (
        "trucks[0] electric: charging[0]",
        "concave",
        lambda p: with_truck(p, 0, charging=(ChargingCurve((0, 50, 100), (0, 3000, 4000)),)),
    ),
    "curve falling": (
        "trucks[0] electric: charging[0]",
        "does not rise",
        lambda p: with_truck(p, 0, charging=(ChargingCurve((0, 50, 40, 100), (0, 1, 2, 3)),)),
    ),
    "curve not to full": (
        "trucks[0] electric: charging[0]",
        "does not run",
        lambda p: with_truck(p, 0, charging=(ChargingCurve((0, 90), (0, 3)),)),
    ),
    "curve of one point": (
        "trucks[0] electric: charging[0]",
        "not a time",
        lambda p: with_truck(p, 0, charging=(ChargingCurve((0,), (0,)),)),
    ),
    "curves without a battery": (
        "trucks[1] diesel: charging",
        "no battery",
        lambda p: with_truck(p, 1, charging=(ChargingCurve((0, 90), (0, 3)),)),
    ),
    "reserve beyond the battery": (
        "trucks[0] electric: reserve_kwh",
        "out of range",
        lambda p: with_truck(p, 0, reserve_kwh=101.0),
    ),
    "start below the reserve": (
        "trucks[0] electric: start_kwh",
        "out of range",
        lambda p: with_truck(p, 0, start_kwh=5.0),
    ),
    "shift reversed": (
        "trucks[0] electric: shift_s[0]",
        "ends before",
        lambda p: with_truck(p, 0, shift_s=(9.0, 8.0)),
    ),
    "break reversed": (
        "trucks[0] electric: breaks[0][0]",
        "ends before",
        lambda p: with_truck(p, 0, breaks=(Break(9.0, 8.0, 1.0),)),
    ),
    "no truck": ("trucks", "no truck", lambda p: replace(p, trucks=())),
    "negative cost": (
        "trucks[1] diesel: cost_per_m",
        "negative",
        lambda p: with_truck(p, 1, cost_per_m=-1.0),
    ),
    "a distance that is no number": (
        "travel.distance_m from p1 to p2",
        "not a number",
        lambda p: with_cell(p, "distance_m", 1, 2, math.nan),
    ),
    "negative distance": (
        "travel.distance_m from p1 to p2",
        "negative",
        lambda p: with_cell(p, "distance_m", 1, 2, -1.0),
    ),
    "far from itself": (
        "travel.duration_s from p1 to p1",
        "not 0",
        lambda p: with_cell(p, "duration_s", 1, 1, 5.0),
    ),
    "a gap in one table": (
        "travel.duration_s from p1 to p2",
        "a gap in one",
        lambda p: with_cell(p, "distance_m", 1, 2, math.inf),
    ),
    "a way back and none there": (
        "travel.distance_m from p1 to p2",
        "none there",
        lambda p: with_cell(cut(p, 1, 2), "duration_s", 1, 2, math.inf),
    ),
    "tables too small": (
        "travel.distance_m",
        "not as large",
        lambda p: with_travel(p, distance_m=np.zeros((9, 9))),
    ),
    "two places of one name": (
        "travel.places",
        "same id",
        lambda p: with_travel(p, places=("depot", *p.travel.places[:-1])),
    ),
    "hours out of order": (
        "travel.factor_from_s",
        "in order",
        lambda p: with_travel(p, factor_from_s=np.array([0.0, 5.0, 4.0])),
    ),
    "nobody moves": (
        "travel.speed_factor",
        "not over 0",
        lambda p: with_travel(p, speed_factor=np.array([1.0, 0.0, 1.0])),
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_meant_is_refused_by_its_place(name: str):
    where, what, change = MALFORMED[name]
    bad = change(problem())
    with pytest.raises(InputErrors) as caught:
        refuse(bad)
    said = {error.where: error.what for error in caught.value.errors}
    assert what in said[where]
    # Nothing that is as it should be is complained of.
    assert {place.split(":")[0] for place in said} == {where.split(":")[0]}
    with pytest.raises(InputErrors):
        servable(bad)


def test_everything_wrong_is_told_at_once():
    bad = with_truck(with_stop(with_stop(problem(), 0, service_s=-1.0), 3, place=77), 1, end=-3)
    with pytest.raises(InputErrors) as caught:
        refuse(bad)
    assert len(caught.value.errors) == 3


HOPELESS: dict[str, tuple[int, str, str, Change]] = {
    "heavier than every truck": (
        4, "heavier than every truck", "9000", lambda p: with_stop(p, 4, demand=(9000.0, 0.0)),
    ),
    "a stream no truck carries": (
        4, "heavier than every truck", "1", lambda p: with_stop(p, 4, demand=(0.0, 1.0)),
    ),
    "heavier than the day allows": (
        1, "heavier than every truck", "9500",
        lambda p: with_stop(with_truck(with_truck(p, 0, capacity=(1e4, 2e3)), 1, count=0), 1,
                            demand=(9500.0, 0.0)),
    ),
    "no truck may": (2, "no truck may serve it", "add such", lambda p: with_truck(p, 0, count=0)),
    "no road": (
        3, "no road leads there", "join", lambda p: far(p, 4, math.inf),
    ),
    "too far": (
        2, "the way there and back", "allow", lambda p: with_truck(p, 0, most_distance_m=5e3),
    ),
    "the window is over before anyone arrives": (
        2, "cannot begin in its window", "shift begin",
        lambda p: with_stop(p, 2, windows=((0.0, 6.01 * HOUR),)),
    ),
    "nobody is back in time": (
        2, "shift ends", "prolong",
        lambda p: with_stop(p, 2, windows=((12.9 * HOUR, 14 * HOUR),)),
    ),
    "out for too long": (
        2, "the route takes", "allow", lambda p: with_truck(p, 0, most_duration_s=1000.0),
    ),
    "released after the shift": (
        2, "shift ends", "prolong", lambda p: with_stop(p, 2, release_s=12.95 * HOUR),
    ),
    "beyond the battery and every charger": (
        2, "beyond the reach of the battery", "kWh more",
        lambda p: with_truck(far(p, 3, 24e3), 0, most_distance_m=math.inf),
    ),
    "beyond the battery without any charger": (
        2, "there is no charger", "kWh more",
        lambda p: with_truck(
            replace(far(p, 3, 24e3), chargers=()), 0, most_distance_m=math.inf),
    ),
    "no site takes it": (
        2, "no site that can be reached accepts food_kg", "let a site",
        lambda p: replace(p, sites=(replace(p.sites[0], accepts=(True, False)), p.sites[1])),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOPELESS)
def test_stops_nobody_can_serve_are_left_out_with_the_reason_and_what_would_help(name: str):
    stop, what, hint, change = HOPELESS[name]
    bad = change(problem())
    part = servable(bad)
    reasons = {out.stop: out.reason for out in part.left_out}
    assert what in reasons[stop]
    assert hint in reasons[stop]
    assert len(part.problem.stops) + len(reasons) == len(bad.stops)
    with pytest.raises(InputError, match=r"stops\["):
        refuse(bad)


def test_a_site_without_a_road_is_refused_by_name():
    with pytest.raises(InputErrors, match=r"sites\[1\] landfill: no road leads there"):
        refuse(far(problem(), 8, math.inf))


def test_the_battery_reaches_exactly_as_far_as_it_is_said_to():
    """The kWh that are said to lack, and a millionth more, make the stop servable."""
    of = with_truck(replace(far(problem(), 3, 24e3), chargers=()), 0, most_distance_m=math.inf)
    reason = servable(of).left_out[0].reason
    short = float(reason.split("; ")[1].split(" kWh")[0])
    truck = of.trucks[0]
    for more, left in ((short - 1e-3, 1), (short + 1e-3, 0)):
        full = (truck.battery_kwh or 0.0) + more
        better = with_truck(
            of, 0, battery_kwh=full, start_kwh=90.0 + more,
            charging=(ChargingCurve((0.0, full), (0.0, 4800.0)),),
        )  # fmt: skip
        assert len(servable(better).left_out) == left


def test_a_plan_for_the_part_is_one_for_the_whole():
    of = with_stop(problem(), 1, demand=(9000.0, 9000.0))
    part = servable(of)
    assert part.stops == (0, 2, 3, 4, 5)
    calls = [Call("stop", 1), Call("site", 0)]
    routes = (timetable(part.problem, 0, 0, calls, leave_s=10.5 * HOUR),)
    small = Plan(routes, (LeftOut(0, "a"), LeftOut(2, "b"), LeftOut(3, "c"), LeftOut(4, "d")))
    report = check(of, part.whole(small))
    assert report.ok, str(report)
    assert report.unserved == ("s1", "s2", "s4", "s5")


def test_the_plan_in_force_loses_what_cannot_be_served():
    of = replace(with_stop(problem(), 1, demand=(9000.0, 9000.0)), in_force=plan())
    part = servable(of)
    assert part.problem.in_force is not None
    assert part.problem.in_force.routes[0].stops == (0, 1, 2)


def test_shorter_detours_and_lost_curves_are_remarked_and_not_refused():
    odd = with_cell(problem(), "distance_m", 0, 5, 20e3)
    odd = replace(odd, chargers=(replace(odd.chargers[0], technology=3),))
    refuse(odd)
    said = remarks(odd)
    assert len(said) == 2
    assert "from depot to p5" in said[0]
    assert "saves 6000" in said[0]
    assert "no charging curve for fast" in said[1]
    assert remarks(problem()) == []


def test_a_window_shorter_than_the_service_is_remarked():
    """Services begin in windows, so it can be kept: published instances are full of them."""
    tight = with_stop(problem(), 2, windows=((8 * HOUR, 8 * HOUR + 599.0),))
    refuse(tight)
    (said,) = remarks(tight)
    assert said.startswith("stops: at 1 no window is as long as the service (s3)")
    assert remarks(with_stop(problem(), 2, windows=((8 * HOUR, 8 * HOUR + 600.0),))) == []


# --- all ways tried -------------------------------------------------------------------------


def random_problem(seed: int) -> Problem:
    """A small city where about half of the stops are out of somebody's reach."""
    draw = np.random.default_rng(seed)
    of = problem()
    n = len(of.travel.places)
    xy = draw.uniform(0, 20e3, size=(n, 2))
    distance = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    stops = tuple(
        replace(
            stop,
            demand=(float(draw.uniform(0, 6000)), float(draw.choice([0.0, 500.0, 2500.0]))),
            windows=((6 * HOUR, float(draw.uniform(6.2, 9.0)) * HOUR),),
            truck_types=None,
            release_s=float(draw.choice([0.0, 6.5 * HOUR])),
        )
        for stop in of.stops
    )
    travel = Travel(of.travel.places, xy, distance, distance / 10.0)
    of = replace(of, travel=travel, stops=stops, recharge=str(draw.choice(["full", "partial"])))
    electric = replace(
        of.trucks[0], kwh_per_m=0.003, shift_s=(6 * HOUR, float(draw.uniform(7, 9)) * HOUR),
        driving_rule=None, breaks=(), start_kwh=float(draw.uniform(40, 100)),
    )  # fmt: skip
    return replace(of, trucks=(electric,), respect_guns=False)


def ways(of: Problem, stop: int) -> Iterator[list[Call]]:
    """Every order of at most two visits to sites and chargers before a stop and two after it."""
    hubs = [Call("site", 0), Call("site", 1), Call("charger", 0), Call("charger", 0, 60.0)]
    for before in (0, 1, 2):
        for first in permutations(hubs, before):
            for after in (0, 1, 2):
                for then in permutations(hubs, after):
                    yield [*first, Call("stop", stop), *then]


@pytest.mark.parametrize("seed", range(6))
def test_no_way_is_found_to_serve_what_is_left_out(seed: int):
    of = random_problem(seed)
    hopeless = unservable(of)
    for stop in hopeless:
        others = tuple(LeftOut(k, "not asked") for k in range(len(of.stops)) if k != stop)
        for calls in ways(of, stop):
            assert not check(of, Plan((timetable(of, 0, 0, calls),), others)).ok


def test_the_random_problems_have_stops_of_both_kinds():
    counts = [len(unservable(random_problem(seed))) for seed in range(6)]
    assert 6 <= sum(counts) <= 30
