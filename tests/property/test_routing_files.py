"""Any plan survives being written as JSON, and any instance being written as EVRPTW, bit by bit."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.routing.clock import clock, seconds_of
from optimize.routing.formats.evrptw import read_evrptw, write_evrptw
from optimize.routing.formats.solution import read_solution, solution_text
from optimize.routing.plan import LeftOut, Plan, Route, Visit
from optimize.routing.plan_json import parse_plan_json, plan_json
from optimize.routing.problem import Charger, ChargingCurve, Problem, Stop, Travel, TruckType
from sim.kernel.errors import InputErrors
from tests.unit.optimize.routing.cases import problem

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TOWN = problem()
NAMES = st.text(st.characters(codec="utf-8"), min_size=1)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    kind = draw(st.sampled_from(["start", "stop", "site", "charger", "break", "end"]))
    count = {
        "stop": len(TOWN.stops), "site": len(TOWN.sites), "charger": len(TOWN.chargers), "break": 5,
    }  # fmt: skip
    energy = st.one_of(st.just(math.nan), FINITE)
    return Visit(
        kind=kind,
        index=draw(st.integers(0, count.get(kind, 1) - 1)),
        place=draw(st.integers(0, len(TOWN.travel.places) - 1)),
        arrive_s=draw(FINITE),
        begin_s=draw(FINITE),
        end_s=draw(FINITE),
        energy_arrive_kwh=draw(energy),
        energy_end_kwh=draw(energy),
        load=draw(st.one_of(st.just(()), st.tuples(FINITE, FINITE))),
    )


PLANS = st.builds(
    Plan,
    st.lists(
        st.builds(
            Route, st.integers(0, 1), st.integers(0, 9), st.lists(visits(), max_size=5).map(tuple)
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.builds(LeftOut, st.integers(0, len(TOWN.stops) - 1), st.text())).map(tuple),
)


@settings(max_examples=40)
@given(PLANS)
def test_any_plan_survives_json(plan: Plan):
    # repr tells NaN from numbers and -0.0 from 0.0.
    assert repr(parse_plan_json(TOWN, plan_json(TOWN, plan))) == repr(plan)


@settings(max_examples=40)
@given(PLANS, st.data())
def test_any_spoilt_name_is_told(plan: Plan, data: st.DataObject):
    text = plan_json(TOWN, plan)
    names = [name for name in ("electric", "s3", "plant", "fast") if f'"{name}"' in text]
    if names:
        name = data.draw(st.sampled_from(names))
        with pytest.raises(InputErrors, match="no such"):
            parse_plan_json(TOWN, text.replace(f'"{name}"', '"nobody"'))


@settings(max_examples=40)
@given(PLANS)
def test_any_plan_survives_as_a_list_of_places(plan: Plan):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.sol"
        file.write_text(solution_text(TOWN, plan, 12.5), encoding="utf-8")
        routes, cost = read_solution(file)
    kinds = {"stop": TOWN.stops, "site": TOWN.sites, "charger": TOWN.chargers}
    expected = [
        [kinds[v.kind][v.index].place for v in route.visits if v.kind in kinds]
        for route in plan.routes
    ]
    assert (routes, cost) == (expected, 12.5)


PLACE = st.floats(-1e4, 1e4)
AMOUNT = st.floats(0.0, 1e5)
POSITIVE = st.floats(1e-3, 1e4)


@st.composite
def instances(draw: st.DrawFn) -> Problem:
    xy = np.array(draw(st.lists(st.tuples(PLACE, PLACE), min_size=2, max_size=6)))
    distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    stops, chargers = [], []
    for i in range(1, len(xy)):
        begin, more = draw(AMOUNT), draw(AMOUNT)
        window = ((begin, begin + more),)
        if draw(st.booleans()):
            stops.append(Stop(f"C{i}", i, (draw(AMOUNT),), draw(AMOUNT), window))
        else:
            chargers.append(Charger(f"S{i}", i, windows=window))
    full = draw(POSITIVE)
    truck = TruckType(
        "truck", (draw(POSITIVE),), 0, 0, battery_kwh=full, kwh_per_m=draw(AMOUNT),
        charging=(ChargingCurve((0.0, full), (0.0, draw(AMOUNT))),), shift_s=(0.0, draw(AMOUNT)),
    )  # fmt: skip
    names = ["D0"] + [""] * (len(xy) - 1)
    for thing in (*stops, *chargers):
        names[thing.place] = thing.id
    return Problem(
        "any", Travel(tuple(names), xy, distance, np.array(distance)), ("load",), tuple(stops),
        (truck,), (), tuple(chargers), "full", "trucks_then_cost",
    )  # fmt: skip


@settings(max_examples=60)
@given(instances())
def test_any_instance_survives_evrptw(once: Problem):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.txt"
        write_evrptw(once, file)
        again = read_evrptw(file)
    assert again.stops == once.stops
    assert again.chargers == once.chargers
    assert np.array_equal(again.travel.distance_m, once.travel.distance_m)
    assert np.allclose(again.travel.duration_s, once.travel.duration_s, rtol=1e-12)
    ours, theirs = once.trucks[0], again.trucks[0]
    assert (theirs.battery_kwh, theirs.capacity, theirs.kwh_per_m, theirs.shift_s) == (
        ours.battery_kwh, ours.capacity, ours.kwh_per_m, ours.shift_s,
    )  # fmt: skip
    assert theirs.charging[0].time_s[1] == pytest.approx(ours.charging[0].time_s[1], rel=1e-12)


@given(st.integers(0, 500_000))
def test_any_second_survives_the_clock(seconds: int):
    assert seconds_of(clock(seconds)) == seconds
