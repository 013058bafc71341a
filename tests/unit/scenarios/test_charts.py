"""Charts and tables of two runs whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from scenarios.charts.depth_curves import depth_curves
from scenarios.charts.ledger import amount_text, ledger_html, unit_text
from scenarios.charts.palette import DEPTH_CLASSES, RUN_COLOURS
from scenarios.charts.plan import round_length
from scenarios.charts.recession import (
    MEASURES,
    recession_frame,
    recession_html,
    recession_rows,
    rest_text,
    slowest,
    slowest_rows,
    zones_within_limit,
)
from scenarios.charts.run_view import RunView, time_axis
from scenarios.charts.street_map import has_coordinates, street_map
from scenarios.charts.worst_points import (
    depth_max,
    hours_texts,
    ponding_points,
    waterlogged_hours,
    worst_points,
)
from scenarios.export_csv import csv_bytes
from scenarios.headline import headline
from scenarios.locale import texts
from sim.kernel.recorder import Recorder
from sim.kernel.system import Kpi
from tests.synthetic_runs import HORIZON_S, RAIN_END_S, START, ZONES, after, before

EN, ZH = texts("en"), texts("zh")


@pytest.fixture(scope="module")
def pair() -> tuple[RunView, RunView]:
    return before(), after()


# --- recession table -----------------------------------------------------------------------


def test_rows_follow_the_zones_and_carry_the_limits(pair: tuple[RunView, RunView]) -> None:
    rows = recession_rows(pair, EN)
    assert [row.zone for row in rows] == ["Z1", "Z2", "Z3"]
    assert [row.limit_h for row in rows] == [3.0, 0.5, 4.0]
    last = rows[0].figures["recession_last_point_h"]
    assert [(f.hours, f.status) for f in last] == [(26.0, "over_limit"), (2.0, "ok")]
    assert recession_rows(pair, ZH)[0].name == "老城区"


def test_not_drained_and_dry_are_words_not_hours(pair: tuple[RunView, RunView]) -> None:
    rows = recession_rows(pair, EN)
    figures = rows[2].figures["recession_last_point_h"] + rows[1].figures["recession_last_point_h"]
    assert [f.words(EN) for f in figures] == ["not drained", "9.5", "5.5", "dry"]
    html = recession_html(rows, ["A", "B"], EN)
    assert "not drained" in html
    assert f"{HORIZON_S / 3600:.1f}" not in html


def test_names_from_files_are_escaped(pair: tuple[RunView, RunView]) -> None:
    html = recession_html(recession_rows(pair, EN), ["<i>", "B"], EN)
    assert "East &lt;b&gt;side&lt;/b&gt;" in html
    assert "<b>side" not in html
    assert "<i>" not in html


def test_the_slowest_zone_of_a_run(pair: tuple[RunView, RunView]) -> None:
    rows = recession_rows(pair, EN)
    assert slowest(rows, MEASURES[0], 0).status == "not_drained"
    assert slowest(rows, MEASURES[0], 1).hours == 9.5
    assert slowest([rows[1]], MEASURES[0], 1).status == "dry"
    assert zones_within_limit(rows, 0) == (0, 3)
    assert zones_within_limit(rows, 1) == (2, 3)


def test_a_zone_without_limit_is_neither_good_nor_bad(pair: tuple[RunView, RunView]) -> None:
    kpi = Kpi(name=MEASURES[0], entity="all", value=7.0, unit="h")
    (row,) = recession_rows([replace(pair[0], kpis=[kpi], network=None)], EN)
    assert row.name == "The whole network"
    assert row.figures[MEASURES[0]][0].status == "no_limit"
    assert row.figures[MEASURES[1]][0].words(EN) == "no figure"
    assert zones_within_limit([row], 0) == (0, 0)


def many_zones(late: int, count: int = 20) -> RunView:
    kpis = [
        Kpi(name=MEASURES[0], entity=f"Z{i:02}", unit="h", limit=2.0,
            value=float(i) if i < late else 0.0, status="over_limit" if 2 < i < late else "ok")
        for i in range(count)
    ]  # fmt: skip
    return replace(before(), kpis=kpis, network=None)


def test_a_long_table_is_shortened_to_the_late_zones() -> None:
    rows = recession_rows([many_zones(late=9)], EN)
    shown, left_out = slowest_rows(rows, 8)
    assert [row.zone for row in shown[:6]] == ["Z08", "Z07", "Z06", "Z05", "Z04", "Z03"]
    assert (len(shown), left_out) == (6, 14)
    assert rest_text(rows, shown, EN) == EN("recession.rest_fine", count=14)
    shown, left_out = slowest_rows(recession_rows([many_zones(late=18)], EN), 8)
    assert (len(shown), left_out) == (8, 12)


def test_a_short_table_stays_as_it_is(pair: tuple[RunView, RunView]) -> None:
    rows = recession_rows(pair, EN)
    assert slowest_rows(rows, 8) == (rows, 0)
    assert rest_text(rows, rows, EN) == ""


def test_no_zones_is_said(pair: tuple[RunView, RunView]) -> None:
    html = recession_html(recession_rows([replace(pair[0], kpis=[])], ZH), ["A"], ZH)
    assert ZH("recession.empty") in html


def test_export_has_hours_only_where_they_were_reached(pair: tuple[RunView, RunView]) -> None:
    table = recession_frame(recession_rows(pair, EN), ["before", "works"])
    assert len(table) == len(ZONES) * len(MEASURES) * 2
    drained = table[table.status == "not_drained"]
    assert len(drained) == 3
    assert drained.hours.isna().all()


# --- headline ------------------------------------------------------------------------------


def test_headline_says_what_the_table_says(pair: tuple[RunView, RunView]) -> None:
    found = headline(recession_rows(pair, EN), ["Before", "After"], EN)
    assert found.runs == (
        "Before: some points are still under more than 15 cm of water when the simulation ends.",
        "After: the last ponding point drains 9.5 h after the rain ends.",
    )
    assert found.comparison == ("Zones that drain within their limit: 0 of 3 in A, 2 of 3 in B.",)


def test_headline_of_two_drained_runs_gives_the_gain() -> None:
    views = [replace(before(), kpis=[k for k in before().kpis if k.entity != "Z3"]), after()]
    assert "B is 16.5 h sooner." in headline(recession_rows(views, EN), ["A", "B"], EN).comparison


def test_drained_before_the_rain_ends_is_said_in_words() -> None:
    kpi = Kpi(name=MEASURES[0], entity="Z1", value=0.0, unit="h", limit=3.0)
    found = headline(recession_rows([replace(before(), kpis=[kpi])], EN), ["A"], EN)
    assert found.runs == ("A: every ponding point has drained by the time the rain ends.",)


# --- ponding points ------------------------------------------------------------------------


def test_every_zone_is_shown_before_a_second_point_of_one(pair: tuple[RunView, RunView]) -> None:
    ranked = ponding_points(pair)
    assert ranked[0].node == "J57"  # the deepest, last of the grid
    assert {point.zone for point in worst_points(pair, 3)} == {"Z1", "Z2", "Z3"}
    assert len(worst_points(pair, 5)) == 5
    assert "J00" not in {point.node for point in ranked}  # never wet


def test_hours_waterlogged_from_the_series() -> None:
    # depth = peak (t / 6 h)^2, then peak exp(-t / 8 h): over 0.15 m from 6 sqrt(.15 / .9) h to
    # 8 ln(.9 / .15) h after the end of rain
    expected = 6.0 - 6.0 * np.sqrt(0.15 / 0.9) + 8.0 * np.log(0.9 / 0.15)
    assert waterlogged_hours(before())["J57"] == pytest.approx(expected, abs=1.0 / 6.0)


def test_kpis_win_over_the_series() -> None:
    kpis = [
        Kpi(name="waterlogged_h", entity="J57", value=30.0, unit="h", status="not_drained"),
        Kpi(name="max_depth_m", entity="J57", value=1.25, unit="m"),
    ]
    view = replace(before(), kpis=kpis)
    assert hours_texts(view) == {"J57": "≥ 30.0"}
    assert depth_max(view) == {"J57": 1.25}


# --- depth curves --------------------------------------------------------------------------


def test_curves_have_rain_points_and_stage(pair: tuple[RunView, RunView]) -> None:
    figure = depth_curves(pair, ["J57", "J00"], EN)
    assert len(figure.data) == 1 + 2 * 2 + 1  # one rain, two runs at two points, one stage
    assert figure.layout.yaxis.autorange == "reversed"
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert named == ["A Town, before the works", "B Town, with the works"]
    assert {trace.line.dash for trace in figure.data[1:3]} == {"solid", "dash"}
    titles = [note.text for note in figure.layout.annotations]
    assert any(title.startswith("<b>J57</b> East &lt;b&gt;side") for title in titles)


def test_the_axis_is_local_time_when_the_runs_start_together(
    pair: tuple[RunView, RunView],
) -> None:
    figure = depth_curves(pair, ["J57"], ZH)
    assert str(figure.data[0].x[0]).startswith("2021-07-20T08:00")
    later = replace(pair[1], start=START + timedelta(days=700))
    figure = depth_curves([pair[0], later], ["J57"], EN)
    assert float(figure.data[0].x[-1]) == HORIZON_S / 3600.0


def test_local_time_follows_the_change_of_clocks() -> None:
    start = datetime(2023, 3, 26, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    view = replace(before(), start=start)
    moments = time_axis(view, np.array([3600.0, 7200.0, 10800.0]), calendar=True)
    assert [str(moment)[11:13] for moment in moments] == ["01", "03", "04"]


def test_storms_that_differ_are_both_drawn(pair: tuple[RunView, RunView]) -> None:
    recorder = Recorder()
    rain = recorder.series("drainage", "rain", "mm/h", ["G1"])
    rain.append(0.0, [99.0])
    rain.append(RAIN_END_S, [0.0])
    other = replace(pair[1], record=recorder.record())
    figure = depth_curves([pair[0], other], [], EN)
    assert [trace.name for trace in figure.data[:2]] == ["rain A", "rain B"]
    assert [trace.line.color for trace in figure.data[:2]] == list(RUN_COLOURS[:2])


def test_the_threshold_is_the_scenario_s(pair: tuple[RunView, RunView]) -> None:
    figure = depth_curves([replace(pair[0], waterlogged_m=0.27)], ["J57"], EN)
    lines = [shape for shape in figure.layout.shapes if shape.y0 == shape.y1]
    assert [line.y0 for line in lines] == [0.27]
    assert any("over 27 cm" in note.text for note in figure.layout.annotations)


def test_nothing_recorded_is_no_error() -> None:
    empty = replace(before(), record=Recorder().record())
    assert ponding_points([empty]) == []
    assert len(depth_curves([empty], [], EN).data) == 0


# --- map -----------------------------------------------------------------------------------


def test_every_node_is_in_the_class_of_its_depth(pair: tuple[RunView, RunView]) -> None:
    figure = street_map(pair, EN)
    for axis, view in zip(("x", "x2"), pair, strict=True):
        depths = depth_max(view)
        for depth_class in DEPTH_CLASSES:
            inside = {n for n, d in depths.items() if depth_class.from_m <= d < depth_class.to_m}
            hovers = [
                text
                for trace in figure.data
                if trace.legendgroup == depth_class.key and trace.xaxis == axis
                for text in trace.text or ()
            ]
            assert {hover[3:6] for hover in hovers} == inside  # "<b>J57</b> ..."


def test_works_are_drawn_where_they_are_built(pair: tuple[RunView, RunView]) -> None:
    figure = street_map(pair, EN)
    drawn = [(t.legendgroup, t.xaxis) for t in figure.data if t.mode == "lines" and len(t.x) > 1]
    assert ("channel", "x2") in drawn
    assert ("work", "x2") in drawn
    assert ("channel", "x") not in drawn
    hover = [text for trace in figure.data for text in (trace.text or ())]
    assert "C1 · South channel" in hover


def test_the_aspect_is_true(pair: tuple[RunView, RunView]) -> None:
    layout = street_map(pair, EN).layout
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)
    assert (layout.xaxis2.matches, layout.yaxis2.matches) == ("x", "y")


def test_the_scale_bar_says_its_length(pair: tuple[RunView, RunView]) -> None:
    layout = street_map(pair, EN).layout
    bar = next(shape for shape in layout.shapes if shape.y0 == shape.y1)
    labels = [note.text for note in layout.annotations]
    assert f"{bar.x1 - bar.x0:g} m" in labels


@pytest.mark.parametrize(
    ("length", "expected"), [(1.0, 1.0), (4.9, 2.0), (999.0, 500.0), (1000.0, 1000.0), (70, 50.0)]
)
def test_round_lengths(length: float, expected: float) -> None:
    assert round_length(length) == expected


def test_a_network_without_coordinates_has_no_map(pair: tuple[RunView, RunView]) -> None:
    network = pair[0].network
    assert network is not None
    assert has_coordinates(network)
    bare = network.model_copy(
        update={
            "junctions": tuple(
                j.model_copy(update={"x_m": None, "y_m": None}) for j in network.junctions
            )
        }
    )
    assert not has_coordinates(bare)  # an outfall alone is no map
    assert not has_coordinates(None)


# --- ledger and export ---------------------------------------------------------------------


def test_the_ledger_shows_its_error(pair: tuple[RunView, RunView]) -> None:
    html = ledger_html(pair, EN)
    assert ">Rain<" in html
    assert "1\u202f234\u202f568" in html
    assert "Water (m³)" in html
    recorder = Recorder()
    ledger = recorder.ledger("water", "m3")
    ledger.inflow("rain", 200.0)
    ledger.outflow("outfalls", 199.0)
    assert "5.0e-01 %" in ledger_html([replace(pair[0], record=recorder.record())], EN)


def test_a_run_without_ledger_says_so(pair: tuple[RunView, RunView]) -> None:
    empty = replace(pair[0], record=Recorder().record())
    assert EN("ledger.empty") in ledger_html([empty], EN)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "–"), (0.0, "0"), (1234567.8, "1\u202f234\u202f568"), (2.25, "2.2"), (0.0456, "0.046")],
)
def test_amounts(amount: float | None, text: str) -> None:
    assert amount_text(amount) == text


def test_units_are_printed_with_exponents() -> None:
    assert [unit_text(unit) for unit in ("m3/s", "m2", "h")] == ["m³/s", "m²", "h"]


def test_text_cannot_act_as_a_formula() -> None:
    table = pd.DataFrame({"zone": ["=1+1", "-x", "@a", "fine"], "hours": [-1.5, 2.0, None, 3.0]})
    lines = csv_bytes(table).decode("utf-8-sig").splitlines()
    assert lines == ["zone,hours", "'=1+1,-1.5", "'-x,2.0", "'@a,", "fine,3.0"]
