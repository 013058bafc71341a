"""Any problem survives being written as a document and its tables."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.routing.assemble import read_problem
from optimize.routing.check import check
from optimize.routing.clock import seconds_of
from optimize.routing.plan_json import parse_plan_json, plan_json
from optimize.routing.problem import Problem, Stop
from optimize.routing.write_document import clock_text, write_problem
from sim.kernel.errors import InputError
from tests.unit.optimize.routing.cases import cut, plan, problem, with_truck

TOWN = problem()


def written_and_read(of: Problem) -> Problem:
    with tempfile.TemporaryDirectory() as folder:
        return read_problem(write_problem(of, Path(folder) / "case")).problem


def assert_same(again: Problem, once: Problem) -> None:
    """Everything but the numbers of places, which are told by what lies there."""
    for field in ("name", "dimensions", "recharge", "objective", "deviation_cost", "respect_guns"):
        assert getattr(again, field) == getattr(once, field)
    places: list[tuple[int, int]] = []
    for kind in ("stops", "sites", "chargers"):
        for a, b in zip(getattr(again, kind), getattr(once, kind), strict=True):
            assert replace(a, place=0) == replace(b, place=0)
            places.append((a.place, b.place))
    for a, b in zip(again.trucks, once.trucks, strict=True):
        places += [(a.start, b.start), (a.end, b.end)]
        for field in a.__dataclass_fields__:
            if field in ("start", "end"):
                continue
            mine, theirs = getattr(a, field), getattr(b, field)
            if isinstance(theirs, float):
                assert mine == pytest.approx(theirs, rel=1e-15), field
            elif field in ("kwh_per_m_unit", "compaction_kwh_per_unit", "start_load"):
                given = theirs or (0.0,) * len(once.dimensions)
                assert mine == pytest.approx(given, rel=1e-15), field
            else:
                assert mine == theirs, field
    mine, theirs = (np.array(column) for column in zip(*places, strict=True))
    for table in ("distance_m", "duration_s"):
        ours = getattr(again.travel, table)[np.ix_(mine, mine)]
        assert np.array_equal(ours, getattr(once.travel, table)[np.ix_(theirs, theirs)])
    assert np.array_equal(again.travel.xy_m[mine], once.travel.xy_m[theirs], equal_nan=True)
    assert np.array_equal(again.travel.factor_from_s, once.travel.factor_from_s)
    assert np.array_equal(again.travel.speed_factor, once.travel.speed_factor)


def test_a_problem_with_every_rule_survives():
    again = written_and_read(TOWN)
    # The site that empties nothing by the unit says so in another way.
    sites = (TOWN.sites[0], replace(TOWN.sites[1], unload_s_per_unit=(0.0, 0.0)))
    assert_same(again, replace(TOWN, sites=sites))


def test_a_plan_made_for_one_holds_for_the_other():
    again = written_and_read(TOWN)
    text = plan_json(TOWN, plan(TOWN))
    report = check(again, parse_plan_json(again, text))
    assert report.ok, str(report)
    assert report.totals.cost == pytest.approx(check(TOWN, plan(TOWN)).totals.cost)


MOMENT = st.floats(0.0, 3e6)


@st.composite
def stops(draw: st.DrawFn) -> tuple[Stop, ...]:
    names = draw(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1),
            unique=True, max_size=5,
        )
    )  # fmt: skip
    found = []
    for name in names:
        begin, more = draw(MOMENT), draw(st.one_of(st.just(math.inf), st.floats(0.0, 5e5)))
        amount = st.floats(0.0, 1e9)
        found.append(
            Stop(
                id=name,
                place=draw(st.integers(0, len(TOWN.travel.places) - 1)),
                demand=(draw(amount), draw(amount)),
                service_s=draw(amount),
                windows=((begin, begin + more),),
                energy_kwh=draw(amount),
                truck_types=draw(st.sampled_from([None, (0,), (0, 1)])),
                release_s=draw(MOMENT),
                penalty=draw(st.one_of(st.just(math.inf), amount)),
            )
        )
    return tuple(found)


@settings(max_examples=40)
@given(stops())
def test_any_stops_survive(some: tuple[Stop, ...]):
    sites = (TOWN.sites[0], replace(TOWN.sites[1], unload_s_per_unit=(0.0, 0.0)))
    once = replace(TOWN, stops=some, sites=sites)
    assert_same(written_and_read(once), once)


@given(st.floats(0.0, 3.5e6))
def test_any_moment_survives_the_clock_bit_by_bit(moment: float):
    assert seconds_of(clock_text(moment)) == moment


def test_the_plan_in_force_comes_along():
    again = written_and_read(replace(TOWN, in_force=plan(TOWN)))
    assert again.in_force is not None
    assert [route.stops for route in again.in_force.routes] == [
        route.stops for route in plan(TOWN).routes
    ]
    assert check(again, again.in_force).ok


def test_gaps_stay_gaps():
    closed = cut(cut(TOWN, 1, 2), 2, 1)
    duration = closed.travel.duration_s.copy()
    duration[1, 2] = duration[2, 1] = math.inf
    closed = replace(closed, travel=replace(closed.travel, duration_s=duration))
    again = written_and_read(closed)
    a, b = again.stops[0].place, again.stops[1].place
    assert math.isinf(again.travel.distance_m[a, b])
    assert math.isinf(again.travel.duration_s[b, a])


@pytest.mark.parametrize("moment", [-1.0, math.nan, math.inf])
def test_moments_without_a_clock_are_refused(moment: float):
    with pytest.raises(InputError, match="cannot say"):
        clock_text(moment)


def test_a_truck_whose_name_falls_apart_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="a blank"):
        write_problem(with_truck(TOWN, 0, id="big electric"), tmp_path)
