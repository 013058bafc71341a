"""Profile, hydrographs, flood map, Gantt and table of runs, held against the data behind them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scenarios.charts.flood_map import flood_map
from scenarios.charts.hydrographs import Element, elements, hydrographs, usual_elements
from scenarios.charts.many_runs import (
    MOST_RUNS,
    figures_table,
    parameters_table,
    volume_overlay,
    volume_panels,
)
from scenarios.charts.palette import DEPTH_CLASSES, RUN_COLOURS, RUN_DASHES
from scenarios.charts.profile import grade_line, profile, worst_path
from scenarios.charts.recession_gantt import gantt_rows, left_out_text, recession_gantt
from scenarios.charts.run_view import RunView, time_axis
from scenarios.charts.sewer_path import path_to_outfall, sewer_path
from scenarios.charts.time_slider import moments, rows_at
from scenarios.locale import texts
from sim.drainage.elements import Conduit, CrossSection, Junction, Outfall, Pump
from sim.drainage.kpis import waterlogged_spells
from sim.drainage.network import Network
from sim.kernel.recorder import Recorder
from tests.synthetic_levels import (
    HOUR_S,
    OPEN_SPELL,
    SPELLS,
    after_with_levels,
    before_with_levels,
)
from tests.synthetic_runs import HORIZON_S, SPACING_M, START, before

EN, ZH = texts("en"), texts("zh")
PIPE = CrossSection(kind="circular", depth_m=1.0)


@pytest.fixture(scope="module")
def pair() -> tuple[RunView, RunView]:
    return before_with_levels(), after_with_levels()


def conduit(name: str, a: str, b: str, length_m: float, level: str = "sewer") -> Conduit:
    return Conduit.model_validate(
        {"id": name, "from_node": a, "to_node": b, "length_m": length_m, "roughness_n": 0.013,
         "section": PIPE, "inlet_offset_m": 0.25, "level": level}
    )  # fmt: skip


def line_of_three() -> Network:
    """M1 to M2 by a long and a short pipe, a pump to M3, a pipe to the outfall; streets beside."""
    return Network(
        junctions=(
            Junction(id="M1", invert_m=10.0, max_depth_m=3.0),
            Junction(id="M2", invert_m=9.0, max_depth_m=0.0),
            Junction(id="M3", invert_m=11.0, max_depth_m=2.0),
            Junction(id="M4", invert_m=12.0, max_depth_m=2.0),
        ),
        outfalls=(Outfall(id="O", invert_m=8.0),),
        conduits=(
            conduit("long", "M1", "M2", 500.0),
            conduit("short", "M1", "M2", 200.0),
            conduit("last", "M3", "O", 300.0),
            conduit("road", "M1", "O", 10.0, "street"),
            conduit("ditch", "M4", "O", 10.0, "channel"),
        ),
        pumps=(Pump(id="P", from_node="M2", to_node="M3", pump_type="ideal"),),
    )


# --- path ----------------------------------------------------------------------------------


def test_the_path_is_the_shortest_through_the_sewers() -> None:
    path = sewer_path(line_of_three(), "M1", "O")
    assert path is not None
    assert [reach.link for reach in path.reaches] == ["short", "P", "last"]
    assert path.nodes == ("M1", "M2", "M3", "O")
    assert [s.chainage_m for s in path.stations] == [0.0, 200.0, 201.0, 501.0]


def test_heights_are_the_network_s_seen_along_the_way() -> None:
    network = line_of_three()
    down, up = sewer_path(network, "M1", "M2"), sewer_path(network, "M2", "M1")
    assert down is not None
    assert up is not None
    (reach,), (back,) = down.reaches, up.reaches
    assert (reach.start_invert_m, reach.end_invert_m, reach.height_m) == (10.25, 9.0, 1.0)
    assert (back.start_invert_m, back.end_invert_m) == (9.0, 10.25)
    # M2 has no depth of its own: its rim is the highest crown, as in the engine
    assert [s.ground_m for s in down.stations] == [13.0, 10.0]


def test_streets_and_channels_are_no_sewers() -> None:
    network = line_of_three()
    assert sewer_path(network, "M4", "O") is None
    assert path_to_outfall(network, "M4") is None
    found = path_to_outfall(network, "M2")
    assert found is not None
    assert found.nodes == ("M2", "M3", "O")
    assert sewer_path(network, "M1", "nowhere") is None


def test_the_way_to_the_outfall_follows_the_flow_if_it_can() -> None:
    network = Network(
        junctions=tuple(Junction(id=n, invert_m=5.0, max_depth_m=2.0) for n in "AB"),
        outfalls=(Outfall(id="far", invert_m=4.0), Outfall(id="near", invert_m=4.0)),
        conduits=(
            conduit("a", "A", "B", 900.0),
            conduit("b", "B", "far", 900.0),
            conduit("c", "near", "A", 10.0),
        ),
    )
    found = path_to_outfall(network, "A")
    assert found is not None
    assert found.nodes == ("A", "B", "far")
    only_up = path_to_outfall(network.model_copy(update={"conduits": network.conduits[2:]}), "A")
    assert only_up is not None
    assert only_up.nodes == ("A", "near")


# --- profile -------------------------------------------------------------------------------


def path_of(view: RunView, start: str = "J00", end: str = "J03"):  # type: ignore[no-untyped-def]
    assert view.network is not None
    path = sewer_path(view.network.built(view.works), start, end)
    assert path is not None
    return path


def test_the_grade_line_at_a_node_is_invert_plus_depth(pair: tuple[RunView, RunView]) -> None:
    for view in pair:
        path = path_of(view)
        line = grade_line(view, path)
        table = view.series("node_depth")
        assert line is not None
        assert table is not None
        inverts = {node.id: node.invert_m for node in view.network.nodes}  # type: ignore[union-attr]
        for i, station in enumerate(path.stations):
            at = np.flatnonzero(line.station == i)
            expected = inverts[station.node] + table.of(station.node)
            # of a station's points at least one is the node itself, the others pipe ends
            assert any(np.array_equal(line.head_m[:, p], expected) for p in at)
            assert (line.chainage_m[at] == i * SPACING_M).all()


def test_the_grade_line_is_never_under_the_pipe_it_is_in() -> None:
    network = line_of_three()
    recorder = Recorder()
    depth = recorder.series("drainage", "node_depth", "m", [n.id for n in network.nodes])
    depth.append(0.0, [0.1, 0.5, 0.2, 0.0, 0.0])
    view = replace(before(), network=network, record=recorder.record())
    path = sewer_path(network, "M1", "O")
    assert path is not None
    line = grade_line(view, path)
    assert line is not None
    # M1 at 10.1 is below its pipe's invert at 10.25: the line starts in the pipe's bottom
    assert line.head_m[0, :4].tolist() == pytest.approx([10.1, 10.25, 9.5, 9.5])
    assert math.isnan(line.head_m[0, 4])  # broken at the pump
    assert line.head_m[0, 5] == pytest.approx(11.2)


def test_the_profile_s_frames_and_envelope_come_from_the_record(
    pair: tuple[RunView, RunView],
) -> None:
    path = path_of(pair[0])
    figure = profile(pair, path, EN)
    steps = moments(pair, "node_depth", 300)
    assert [frame.name for frame in figure.frames] == list(steps.labels)
    lines = [grade_line(view, path) for view in pair]
    for k in (0, 20, len(figure.frames) - 1):
        frame = figure.frames[k]
        for view, line, data in zip(pair, lines, frame.data, strict=True):
            table = view.series("node_depth")
            assert line is not None
            assert table is not None
            row = rows_at(table, steps.time_s[k : k + 1])[0]
            assert np.allclose(data.y, line.head_m[row], atol=1e-4)
    envelopes = [t for t in figure.data if (t.name or "").endswith("highest level")]
    for line, trace in zip(lines, envelopes, strict=True):
        assert line is not None
        assert np.allclose(trace.y, line.head_m.max(axis=0), atol=1e-4)
    shown = figure.data[figure.frames[0].traces[0]]
    active = figure.layout.sliders[0].active
    assert np.array_equal(shown.y, figure.frames[active].data[0].y)


def test_on_paper_the_profile_stands_at_its_fullest_moment(pair: tuple[RunView, RunView]) -> None:
    figure = profile(pair, path_of(pair[0]), EN, animated=False)
    assert not figure.frames
    assert not figure.layout.sliders
    assert "Level lines: 07-20 14:00" in figure.layout.xaxis.title.text  # the formula's peak


def test_a_run_without_the_path_has_no_line(pair: tuple[RunView, RunView]) -> None:
    bare = replace(pair[1], record=Recorder().record())
    path = path_of(pair[0])
    assert grade_line(bare, path) is None
    figure = profile([pair[0], bare], path, EN)
    assert len(figure.frames[0].data) == 1
    assert not profile([bare], path, EN).frames


def test_the_worst_path_starts_at_the_worst_point_that_has_one(
    pair: tuple[RunView, RunView],
) -> None:
    # in the town without works no sewer reaches the outfall
    assert worst_path([pair[0]]) is None
    assert worst_path([replace(pair[0], network=None)]) is None
    network = line_of_three()
    recorder = Recorder()
    ponded = recorder.series("drainage", "ponded_depth", "m", ["M1", "M2", "M4"])
    ponded.append(0.0, [0.2, 0.3, 0.9])
    ponded.append(3600.0, [0.2, 0.3, 0.9])
    view = replace(before(), network=network, record=recorder.record(), kpis=[])
    found = worst_path([view])
    assert found is not None
    assert found.nodes == ("M2", "M3", "O")  # M4 is deepest but has no sewer


# --- slider --------------------------------------------------------------------------------


def test_moments_are_round_and_few(pair: tuple[RunView, RunView]) -> None:
    steps = moments(pair, "node_depth", 100)
    assert steps.every_min == 30.0
    assert len(steps.labels) == 97 == len(set(steps.labels))
    assert steps.labels[:2] == ("07-20 08:00", "07-20 08:30")
    assert steps.samples == HORIZON_S / 600 + 1
    assert "97 moments, one every 30 min, of 289 recorded" in steps.note(EN)
    later = replace(pair[1], start=START + timedelta(days=700))
    assert moments([pair[0], later], "node_depth", 100).labels[1] == "0.50 h"


def test_a_moment_shows_the_latest_sample(pair: tuple[RunView, RunView]) -> None:
    table = pair[0].series("node_depth")
    assert table is not None
    times = np.array([0.0, 599.0, 600.0, HORIZON_S, HORIZON_S + 1])
    assert rows_at(table, times).tolist() == [0, 0, 1, 288, -1]


# --- hydrographs ---------------------------------------------------------------------------


def test_hydrographs_draw_what_was_recorded(pair: tuple[RunView, RunView]) -> None:
    chosen = [Element("outfall", "OUT"), Element("node", "J12"), Element("link", "SJ00J01")]
    figure = hydrographs(pair, chosen, EN)
    view = pair[0]
    curves = [trace for trace in figure.data if trace.legendgroup == "run0"]
    assert len(curves) == 4  # the outfall's flow and level, the node's level, the link's flow
    expected = [
        view.series("outfall_flow").of("OUT"),  # type: ignore[union-attr]
        view.series("stage").of("OUT"),  # type: ignore[union-attr]
        58.0 + view.series("node_depth").of("J12"),  # type: ignore[union-attr]
        view.series("link_flow").of("SJ00J01"),  # type: ignore[union-attr]
    ]
    for trace, values in zip(curves, expected, strict=True):
        assert np.allclose(trace.y, values, atol=1e-4)
    assert figure.layout.yaxis.autorange == "reversed"  # rain from the top
    levels = [shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1]
    assert levels == [58.0, 61.0]  # invert and rim of J12
    titles = " ".join(str(note.text) for note in figure.layout.annotations)
    assert "J00 → J01" in titles


def test_elements_are_named_and_chosen(pair: tuple[RunView, RunView]) -> None:
    known = elements(pair)
    assert known[0] == Element("outfall", "OUT")
    assert len(known) == len(set(known))
    assert Element("node", "OUT") not in known
    usual = usual_elements(pair)
    assert [element.kind for element in usual] == ["outfall", "node", "link"]
    assert all(Element.parse(str(element)) == element for element in known)
    assert Element.parse("tower:X") is Element.parse("node:") is None


def test_an_element_of_one_run_only_has_one_curve(pair: tuple[RunView, RunView]) -> None:
    figure = hydrographs(pair, [Element("link", "C1")], EN)  # built in B
    assert [t.legendgroup for t in figure.data if t.legendgroup] == ["run1"]
    assert elements([]) == usual_elements([]) == []


# --- flood map -----------------------------------------------------------------------------


def test_map_frames_carry_the_depths(pair: tuple[RunView, RunView]) -> None:
    figure = flood_map(pair, EN)
    steps = moments(pair, "ponded_depth", 200)
    assert len(figure.frames) == len(steps.labels) == 145
    for k in (5, 30, len(figure.frames) - 1):
        frame = figure.frames[k]
        for view, data, place in zip(pair, frame.data, frame.traces, strict=True):
            table = view.series("ponded_depth")
            assert table is not None
            depth = table.values[rows_at(table, steps.time_s[k : k + 1])[0]]
            assert np.array_equal(data.marker.color, np.floor(depth * 100 + 1e-9))
            names = [text.split(">")[1].split("<")[0] for text in figure.data[place].text]
            assert names == list(table.entities)


def test_map_classes_are_the_legend_s(pair: tuple[RunView, RunView]) -> None:
    figure = flood_map(pair[:1], ZH)
    frame = figure.frames[30]
    for cm, size in zip(frame.data[0].marker.color, frame.data[0].marker.size, strict=True):
        if cm < 1:
            assert size == 3
            continue
        found = next(c for c in DEPTH_CLASSES if c.from_m <= cm / 100 < c.to_m)
        assert size == round(found.size_px)
    named = [trace.name for trace in figure.data if trace.name]
    assert named[:2] == [ZH("map.dry"), ZH("depth_class.under_15cm")]


def test_a_map_has_one_or_two_runs(pair: tuple[RunView, RunView]) -> None:
    assert figure_letters(flood_map([pair[1]], EN, letters=["C"])) == ["C"]
    with pytest.raises(ValueError, match="one or two runs, not 3"):
        flood_map([*pair, pair[0]], EN)


def figure_letters(figure) -> list[str]:  # type: ignore[no-untyped-def]
    return [note.text[3] for note in figure.layout.annotations if note.text.startswith("<b>")]


# --- Gantt ---------------------------------------------------------------------------------


def test_the_last_to_drain_is_on_top(pair: tuple[RunView, RunView]) -> None:
    rows = gantt_rows(pair, EN)
    assert [row.node for row in rows] == ["J33", "J57", "J44", "J12"]
    assert rows[0].last_s == math.inf
    assert [row.limit_h for row in rows] == [0.5, 4.0, 0.5, 3.0]
    assert rows[0].spells[1] == ()


def test_bars_are_the_spells(pair: tuple[RunView, RunView]) -> None:
    view = pair[0]
    figure = recession_gantt(pair, EN)
    rows = gantt_rows(pair, EN)
    bars = {
        (rows[int(y)].node, str(base), float(x))
        for trace in figure.data
        if trace.type == "bar" and trace.name.startswith("A ")
        for y, base, x in zip(trace.y, trace.base, trace.x, strict=True)
    }
    expected = {
        (
            node,
            str(time_axis(view, np.array([start]), True)[0]),
            (min(end, HORIZON_S) - start) * 1e3,
        )
        for node, spells in waterlogged_spells(view.record).items()
        for start, end in spells
    }
    assert bars == expected
    assert len(bars) == len(SPELLS) + 1


def test_an_open_spell_is_hatched_to_the_end_of_the_run(pair: tuple[RunView, RunView]) -> None:
    figure = recession_gantt(pair[:1], EN)
    (trace,) = [t for t in figure.data if t.type == "bar" and t.marker.pattern.shape]
    assert trace.name == "A not drained"
    assert trace.x[0] == (HORIZON_S - OPEN_SPELL[1] * HOUR_S) * 1e3
    assert "≥ 42.0 h" in trace.text[0]


def test_the_end_of_rain_and_the_limits_are_marked(pair: tuple[RunView, RunView]) -> None:
    figure = recession_gantt(pair, EN)
    (rain,) = figure.layout.shapes  # the same moment in both runs
    assert str(rain.x0).startswith("2021-07-20T14:00")
    marks = next(trace for trace in figure.data if trace.name == EN("gantt.limit"))
    moments_of = [str(x)[:16] for x in marks.x[::3]]
    # end of rain (14:00) plus 0.5, 4, 0.5 and 3 h, from the top
    assert [moment[11:] for moment in moments_of] == ["14:30", "18:00", "14:30", "17:00"]


def test_while_it_still_rains_nothing_is_marked(pair: tuple[RunView, RunView]) -> None:
    events = pair[0].record.events
    record = replace(pair[0].record, events=events[events["kind"] != "rain_end"])
    figure = recession_gantt([replace(pair[0], record=record)], EN)
    assert not figure.layout.shapes
    assert not next(t for t in figure.data if t.name == EN("gantt.limit")).showlegend


def test_runs_of_other_days_share_hours(pair: tuple[RunView, RunView]) -> None:
    later = replace(pair[0], start=START + timedelta(days=700))
    figure = recession_gantt([pair[0], later], EN)
    bar = next(trace for trace in figure.data if trace.type == "bar")
    assert float(bar.base[0]) == 4.0
    assert float(bar.x[0]) == 26.0


def test_a_long_gantt_says_what_it_leaves_out(pair: tuple[RunView, RunView]) -> None:
    rows = gantt_rows(pair, EN)
    assert left_out_text(rows, 3, EN) == EN("gantt.rest", count=1)
    assert left_out_text(rows, 4, EN) == ""
    figure = recession_gantt(pair, EN, most=3)
    assert len(figure.layout.yaxis.tickvals) == 3
    assert gantt_rows([pair[1]], EN) == []


# --- many runs -----------------------------------------------------------------------------


def test_every_run_has_its_row_and_the_best_is_bold(pair: tuple[RunView, RunView]) -> None:
    html = figures_table(pair, EN)
    assert html.count("<tr>") == 3
    assert "<strong>12\u202f500</strong>" in html
    assert "<strong>41\u202f000</strong>" not in html
    assert "<strong>2 / 3</strong>" in html
    assert "East" not in html
    same = figures_table([pair[0], pair[0]], EN)
    assert "<strong>" not in same  # nobody is better


def test_only_settings_that_differ_are_listed(pair: tuple[RunView, RunView]) -> None:
    html = parameters_table([pair[0], pair[1], pair[0]], EN)
    assert "works" in html
    assert "rain" not in html
    assert html.count("<tr>") == 2
    assert EN("many.same") in parameters_table([pair[0], pair[0]], EN)


@pytest.mark.parametrize("count", [1, 2, 5, MOST_RUNS])
def test_volumes_of_up_to_twelve_runs(pair: tuple[RunView, RunView], count: int) -> None:
    views = [pair[i % 2] for i in range(count)]
    overlay, panels = volume_overlay(views, EN), volume_panels(views, EN)
    assert len(overlay.data) == count
    looks = {(trace.line.color, trace.line.dash) for trace in overlay.data}
    assert len(looks) == count
    for i, view in enumerate(views):
        total = view.series("ponded_volume").of("total")  # type: ignore[union-attr]
        assert np.allclose(overlay.data[i].y, total, atol=0.06)
        axis = "x" if i == 0 else f"x{i + 1}"
        mine = [t for t in panels.data if t.xaxis == axis and t.line.color == RUN_COLOURS[i]]
        assert len(mine) == 1
        assert np.allclose(mine[0].y, total, atol=0.06)


def test_twelve_runs_look_different() -> None:
    assert len(set(zip(RUN_COLOURS, RUN_DASHES, strict=True))) == MOST_RUNS == 12
