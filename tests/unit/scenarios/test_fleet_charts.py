"""Figures, tables and lines of a fleet's run against the record and against arithmetic by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from scenarios import document, fleet_answers
from scenarios.charts.fleet_changes_map import changes_map
from scenarios.charts.fleet_charge import charge_figure
from scenarios.charts.fleet_gantt import gantt
from scenarios.charts.fleet_plan_map import plan_map
from scenarios.charts.fleet_replay import replay_map
from scenarios.charts.fleet_sites import sites_figure
from scenarios.charts.fleet_sizes import sizes_figure
from scenarios.document import Assumption
from scenarios.fleet_basis import basis
from scenarios.fleet_ground import Ground, along, joined
from scenarios.fleet_ground import ground_of as read_ground
from scenarios.fleet_legs import legs_of, position, tracks
from scenarios.fleet_plan_view import PlanView
from scenarios.fleet_tables import (
    named_trucks,
    plan_tracks_geojson,
    points_frame,
    sites_frame,
    tracks_geojson,
    trucks_frame,
)
from scenarios.fleet_view import clock
from scenarios.locale import texts
from scenarios.routes import Request, fleet_inputs
from tests import fleet_town
from tests.fleet_town import Town

EN, ZH = texts("en"), texts("zh")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYCLOCK_STORE", str(tmp_path_factory.mktemp("store")))
        found = fleet_town.town(folder)
        yield found
        found.store.close()


def ground_of(town: Town) -> Ground:
    ground = town.view.ground
    assert ground is not None
    return ground


# --- ground and legs -----------------------------------------------------------------------


def test_the_quickest_way_is_the_street_and_the_long_road_when_it_is_closed(town: Town) -> None:
    ground = ground_of(town)
    straight = ground.line("C", "S")
    assert straight[:, 1].max() == 0.0
    shut = ground.without(["s5", "nowhere"])
    assert shut.closed == ("s5",)
    assert shut.line("B", "S")[:, 1].max() == 3000.0
    assert ground.without([]) is ground


def test_degrees_follow_from_the_table_of_nodes(town: Town) -> None:
    (found,) = ground_of(town).lon_lat(np.array([[9000.0, 3000.0]]))
    assert found == pytest.approx([114.1, 35 + 3000 / 111_000], abs=1e-6)


def test_drives_are_as_long_as_the_record_says(town: Town) -> None:
    legs = legs_of(town.view, "T1", town.view.of_day(0))
    drawn = sum(float(np.hypot(*np.diff(leg.line, axis=0).T).sum()) for leg in legs)
    done = town.view.of_day(0)
    driven = done[(done["truck"] == "T1") & (done["kind"] == "drive")]
    assert drawn / 1e3 == pytest.approx(driven["amount"].sum(), rel=1e-6)
    assert len(legs) == len(driven)


def test_a_truck_is_halfway_in_the_middle_of_its_drive(town: Town) -> None:
    legs = legs_of(town.view, "T1", town.view.of_day(0))
    first = legs[0]
    assert position(legs, first.from_s - 1.0, (7.0, 7.0)) == (7.0, 7.0)
    middle = position(legs, (first.from_s + first.to_s) / 2, (0.0, 0.0))
    assert middle == pytest.approx((500.0, 0.0))
    assert position(legs, 1e9, (0.0, 0.0)) == pytest.approx((0.0, 0.0))


def test_with_the_street_closed_trucks_take_the_road_round(town: Town) -> None:
    legs = legs_of(town.closed, "T1", town.closed.of_day(0))
    assert max(leg.line[:, 1].max() for leg in legs) == pytest.approx(3000.0)
    assert town.closed.closed_at(7 * 3600.0) == ("s3",)
    assert town.closed.closed_at(15 * 3600.0) == ()
    assert town.closed.closed_ever == ("s3",)


def test_lines_are_joined_and_walked_along() -> None:
    line = joined([np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[3.0, 0.0], [3.0, 4.0]])])
    assert line.tolist() == [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]
    assert along(line, 5 / 7) == pytest.approx((3.0, 2.0))
    assert joined([]).shape == (0, 2)


# --- days and tables -----------------------------------------------------------------------


def test_every_activity_belongs_to_one_day(town: Town) -> None:
    days = [town.view.of_day(number) for number in range(town.view.inputs.days)]
    assert sum(map(len, days)) == len(town.view.done)
    assert len(days[0])
    assert len(days[1])


def test_the_table_of_trucks_adds_up_to_the_figures_of_the_run(town: Town) -> None:
    view = town.view
    tables = [
        trucks_frame(view.of_day(k), view.curves, view.batteries, view.day(k)) for k in (0, 1)
    ]
    for name, kpi, factor in (("km", "km", 1.0), ("kg", "collected_t", 1e-3)):
        figure = view.kpi(kpi)
        assert figure is not None
        assert sum(table[name].sum() for table in tables) * factor == pytest.approx(figure.value)
    lowest = view.kpi("lowest_charge_percent")
    assert lowest is not None
    assert min(t["lowest_charge"].min() for t in tables) == pytest.approx(lowest.value, abs=1e-6)


def test_the_table_of_trucks_has_clocks_and_whole_numbers(town: Town) -> None:
    view = town.view
    frame = trucks_frame(view.of_day(0), view.curves, view.batteries, view.day(0))
    shown = named_trucks(frame, ZH)
    assert list(shown[ZH("fleet.truck")]) == ["T1", "T2"]
    assert shown[ZH("fleet.truck_leaves")][0] == "06:00"
    assert list(shown[ZH("fleet.figure_stops")]) == [2, 1]


def test_sites_and_points_have_their_tables(town: Town) -> None:
    sites = sites_frame(town.view, EN)
    assert list(sites[EN("fleet.site_name")]) == ["dump", "guns"]
    assert sites[EN("fleet.site_visits")][0] == 4  # two trucks, two days
    missed = points_frame(town.closed, EN)
    assert len(missed) == len(
        set(town.closed.counts("missed")) | set(town.closed.sums("overflow_kg"))
    )


def test_geojson_holds_drives_and_points_in_degrees(town: Town) -> None:
    found = json.loads(tracks_geojson(town.view, tracks(town.view, ["T1"], town.view.of_day(0))))
    kinds = [f["properties"]["kind"] for f in found["features"]]
    assert kinds.count("point") == 3
    first = found["features"][0]["geometry"]
    assert first["type"] == "LineString"
    assert first["coordinates"][0] == pytest.approx([114.0, 35.0], abs=1e-6)


@pytest.mark.parametrize(
    ("hours", "text"), [(0.0, "00:00"), (23.999, "00:00 +1"), (26.5, "02:30 +1"), (6.25, "06:15")]
)
def test_clock(hours: float, text: str) -> None:
    assert clock(hours) == text


def test_a_figure_is_as_good_as_the_weakest_number_behind_it() -> None:
    stated = {
        "charger.gun_kw": Assumption(value=80, tag="S"), "site.bays": Assumption(value=4, tag="P"),
    }  # fmt: skip
    assert basis("wait_chargers_h", stated) == "S"
    assert basis("wait_bays_h", stated) == "P"
    assert basis("collection_rate", stated) == "S"
    assert basis("co2_kg", stated) == ""


# --- figures -------------------------------------------------------------------------------


@pytest.mark.parametrize("t", [EN, ZH])
def test_gantt_has_a_bar_for_every_activity_at_its_hour(town: Town, t) -> None:  # type: ignore[no-untyped-def]
    done = town.view.of_day(1)
    figure = gantt(done, ["T2", "T1"], t, midnight_s=town.view.day(1)[0], notes={"T2": "9"})
    assert sum(len(trace.y) for trace in figure.data) == len(done)
    drives = next(trace for trace in figure.data if trace.name == t("fleet.activity_drive"))
    assert min(drives.base) == pytest.approx(6.0)
    assert "06:00" in drives.customdata[0]
    assert list(figure.layout.yaxis.categoryarray) == ["T1", "T2"]  # from below


def test_gantt_of_nothing_is_an_empty_day(town: Town) -> None:
    figure = gantt(town.view.done.iloc[:0], [], EN)
    assert list(figure.layout.xaxis.range) == [0.0, 24.0]


def test_charge_is_a_share_of_the_battery_with_its_reserve(town: Town) -> None:
    view = town.view
    figure = charge_figure(view.curves, view.batteries, ["T1", "none"], EN)
    (curve,) = figure.data
    assert curve.y[0] == pytest.approx(view.curves["T1"][1][0])  # of 100 kWh
    assert figure.layout.shapes[0].y0 == pytest.approx(5.0)
    assert EN("fleet.reserve", share="5") in figure.layout.annotations[0].text


def test_the_map_shows_points_trucks_and_a_slider(town: Town) -> None:
    found = tracks(town.view, ["T1", "T2"], town.view.of_day(0))
    figure = replay_map(town.view, ground_of(town), found, EN, closer=True)
    assert len(figure.frames) > 2
    assert len(figure.layout.sliders[0].steps) == len(figure.frames)
    assert {"T1", "T2", EN("fleet.map_depot")} <= {trace.name for trace in figure.data}
    assert all(len(frame.data[0].x) == 2 for frame in figure.frames)


def test_the_map_without_trucks_has_no_slider(town: Town) -> None:
    figure = replay_map(town.closed, ground_of(town), {}, ZH)
    assert not figure.frames
    assert ZH("fleet.map_closed") in {trace.name for trace in figure.data}


def test_changed_routes_are_grey_before_and_coloured_now(town: Town) -> None:
    old, new = (
        {k: [leg.line for leg in v] for k, v in tracks(one, ["T1"], one.of_day(0)).items()}
        for one in (town.view, town.closed)
    )
    moved = {"T1": (("pC",), ())}
    figure = changes_map(town.closed, ground_of(town), old, new, ("s3",), EN, moved=moved)
    names = [trace.name for trace in figure.data]
    assert names.index(EN("fleet.changes_before")) < names.index("T1")
    assert EN("fleet.map_closed") in names
    assert max(y for t in figure.data if t.name == "T1" for y in t.y if y) == pytest.approx(3000.0)


def test_sites_have_a_panel_each_for_stock_queue_and_power(town: Town) -> None:
    figure = sites_figure(town.view, ZH)
    titles = [note.text for note in figure.layout.annotations]
    assert titles == [
        ZH(f"fleet.panel_{n}") for n in ("site_stock", "trucks_waiting", "charging_power")
    ]
    names = {trace.name for trace in figure.data}
    assert names == {"dump", "guns"}


def test_sizes_show_cost_against_service(town: Town) -> None:
    found = fleet_town.sizes(town)
    figure = sizes_figure(found, EN)
    marks = next(t for t in figure.data if t.name == EN("fleet.sizes_guns", guns=1))
    assert [text != "" for text in marks.text] == [s.efficient for s in found.sizes]
    assert list(marks.y) == [s.service.mean for s in found.sizes]
    ring = [t.name for t in figure.data].count(EN("fleet.sizes_recommended"))
    assert ring == (found.recommended is not None)


# --- plans and answers ---------------------------------------------------------------------


def test_a_plan_is_drawn_like_a_run(town: Town) -> None:
    study = fleet_town.study(town)
    plan = PlanView(study, fleet_inputs(town.scenario))
    assert plan.stops("T1") == ("pC", "pB", "pA")
    drives = plan.done[plan.done["kind"] == "drive"]
    assert drives["amount"].sum() == pytest.approx(study.report.totals.distance_m / 1e3)
    line = plan.line("T1", ground_of(town))
    assert np.hypot(*np.diff(line, axis=0).T).sum() == pytest.approx(study.report.totals.distance_m)
    time_s, kwh = plan.curves["T1"]
    assert (np.diff(time_s) >= 0.0).all()
    assert kwh[0] == pytest.approx(plan.batteries["T1"].kwh)
    figure = plan_map(plan, ground_of(town), ["T1"], EN, closer=True)
    assert "T1" in {trace.name for trace in figure.data}
    found = json.loads(plan_tracks_geojson(plan, ground_of(town)))
    assert [f["properties"].get("id") for f in found["features"]] == [None, "pC", "pB", "pA"]


def test_stops_left_out_are_on_the_map_with_their_reason(town: Town) -> None:
    plan = PlanView(fleet_town.study(town, left_out=True), fleet_inputs(town.scenario))
    figure = plan_map(plan, ground_of(town), [], EN)
    (left,) = [t for t in figure.data if t.name == EN("fleet.plan_left_out")]
    assert "no room for it" in left.text[0]


def test_a_study_is_the_same_after_it_was_kept(town: Town) -> None:
    study = fleet_town.study(town)
    kept = json.loads(json.dumps(fleet_answers.to_json(study), allow_nan=False))
    again = fleet_answers.from_json(kept, Request(), town.store)
    assert again.solution.plan == study.solution.plan  # type: ignore[union-attr]
    assert again.figures == study.figures  # type: ignore[union-attr]
    assert again.report.totals == study.report.totals  # type: ignore[union-attr]
    assert np.isnan(again.solution.bound)  # type: ignore[union-attr]


def test_a_plan_that_fits_no_more_is_refused(town: Town) -> None:
    kept = fleet_answers.to_json(fleet_town.study(town))
    kept["plan"]["routes"][0]["visits"][1]["arrive_s"] -= 50.0
    with pytest.raises(fleet_answers.InputError, match="does not fit the scenario"):
        fleet_answers.from_json(kept, Request(), town.store)


def test_sizes_and_responses_are_the_same_after_they_were_kept(town: Town) -> None:
    for found in (fleet_town.sizes(town), fleet_town.response(town)):
        kept = json.loads(json.dumps(fleet_answers.to_json(found), allow_nan=False))
        again = fleet_answers.from_json(kept, None, town.store)
        assert fleet_answers.to_json(again) == fleet_answers.to_json(found)


def test_a_case_without_streets_has_no_ground() -> None:
    assert read_ground(document.load("food-waste-plant")) is None
