"""Small instance files written by hand: what is read, and what is refused at which line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from optimize.routing.formats.cevrp import read_cevrp
from optimize.routing.formats.evrptw import read_evrptw, write_evrptw
from optimize.routing.formats.nonlinear import read_frvcpy, read_vrprep
from optimize.routing.formats.solution import calls_at, read_solution, solution_text
from optimize.routing.formats.vrplib import read_vrplib
from optimize.routing.formats.waste import read_waste
from optimize.routing.problem import Problem
from optimize.routing.timetable import timetable
from sim.kernel.errors import InputError
from tests.unit.optimize.routing.cases import plan, problem

EVRPTW = """\
StringID Type x y demand ReadyTime DueDate ServiceTime
D0 d 0.0 0.0 0.0 0.0 100.0 0.0
S0 f 0.0 0.0 0.0 0.0 100.0 0.0
C1 c 3.0 4.0 10.0 5.0 50.0 2.5
C2 c 6.0 8.0 20.0 0.0 90.0 2.5

Q Vehicle fuel tank capacity /16.0/
C Vehicle load capacity /30.0/
r fuel consumption rate /1.5/
g inverse refueling rate /2.0/
v average Velocity /0.5/
"""
CEVRP = """\
Name: small
COMMENT: by hand
TYPE: EVRP
OPTIMAL_VALUE: 0
VEHICLES: 1
DIMENSION: 3
STATIONS: 1
CAPACITY: 10
ENERGY_CAPACITY: 20
ENERGY_CONSUMPTION: 1.2
EDGE_WEIGHT_FORMAT: EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 1
DEMAND_SECTION
1 0
2 4
3 5
STATIONS_COORD_SECTION
4
DEPOT_SECTION
1
-1
EOF
"""
MULTI = """\
NAME: small
TYPE: MTVRPTWR
EDGE_WEIGHT_TYPE: EUC_2D
DIMENSION: 3
VEHICLES: 2
CAPACITY: 10
SERVICE_TIME: 9
NODE_COORD_SECTION
1 0 0
2 1 1
3 2 5
DEMAND_SECTION
1 0
2 4
3 8
TIME_WINDOW_SECTION
1 0 100
2 10 20
3 0 50
RELEASE_TIME_SECTION
1 0
2 0
3 7
VEHICLES_RELOAD_DEPOT_SECTION
1 1
2 1
DEPOT_SECTION
1
EOF
"""
MATRIX = """\
NAME: small
TYPE: CVRP
DIMENSION: 3
CAPACITY: 10
EDGE_WEIGHT_TYPE: EXPLICIT
EDGE_WEIGHT_FORMAT: LOWER_ROW
EDGE_WEIGHT_SECTION
4
6 5
DEMAND_SECTION
1 0
2 4
3 8
DEPOT_SECTION
1
-1
EOF
"""
WASTE = """\
280.0 // vehicle capacity
400.0 // of a day
500 // stops
3600 // lunch
40 // speed: MPH
Stop_ID X Y Early_St_Time Late_St_Time Svice_Time Load Stop_Type
0 0.00 0.00 0400 1500 0 9999.00 0
1 5280.00 5280.00 0000 2400 1600 9999.00 2
2 0.00 5280.00 730 1200 180 12.00 1
"""
FRVCPY = json.dumps(
    {
        "max_q": 16000.0,
        "t_max": 10.0,
        "css": [{"node_id": 2, "cs_type": 0}],
        "process_times": [0, 0.5, 0],
        "time_matrix": [[0, 1, 2], [1, 0, 1], [2, 1, 0]],
        "energy_matrix": [[0, 100, 200], [100, 0, 100], [200, 100, 0]],
        "breakpoints_by_type": [
            {"cs_type": 0, "time": [0, 0.5, 1.5], "charge": [0, 12000.0, 16000.0]}
        ],
    },
    indent=1,
)
VRPREP = """\
<instance><network><nodes>
<node id="0" type="0"><cx>0</cx><cy>0</cy></node>
<node id="1" type="1"><cx>3</cx><cy>4</cy></node>
<node id="2" type="2"><cx>0</cx><cy>1</cy><custom><cs_type>slow</cs_type></custom></node>
</nodes><euclidean/><decimals>14</decimals></network>
<fleet><vehicle_profile type="0"><departure_node>0</departure_node><arrival_node>0</arrival_node>
<max_travel_time>10</max_travel_time><speed_factor>40</speed_factor><custom>
<consumption_rate>125</consumption_rate><battery_capacity>16000</battery_capacity>
<charging_functions><function cs_type="slow">
<breakpoint><battery_level>0</battery_level><charging_time>0</charging_time></breakpoint>
<breakpoint><battery_level>16000</battery_level><charging_time>2</charging_time></breakpoint>
</function></charging_functions></custom></vehicle_profile></fleet>
<requests><request id="1" node="1"><service_time>0.5</service_time></request></requests></instance>
"""


def dimacs(file: Path) -> Problem:
    return read_vrplib(file, "dimacs")


READERS: dict[str, tuple[str, str, Callable[[Path], Problem]]] = {
    "evrptw": ("small.txt", EVRPTW, read_evrptw),
    "cevrp": ("small.evrp", CEVRP, read_cevrp),
    "multi": ("small.vrp", MULTI, dimacs),
    "matrix": ("small.vrp", MATRIX, read_vrplib),
    "waste": ("small.txt", WASTE, read_waste),
    "frvcpy": ("small.json", FRVCPY, read_frvcpy),
    "vrprep": ("small.xml", VRPREP, read_vrprep),
}


def read(kind: str, folder: Path, old: str = "", new: str = "") -> Problem:
    """Read a small file of a kind, with one piece of its text replaced."""
    name, text, reader = READERS[kind]
    assert old in text, "the case replaces nothing"
    file = folder / name
    file.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return reader(file)


def test_evrptw(tmp_path: Path):
    found = read("evrptw", tmp_path)
    assert found.travel.distance_m[0, 3] == 10.0
    assert found.travel.duration_s[0, 3] == 20.0
    truck = found.trucks[0]
    assert (truck.battery_kwh, truck.kwh_per_m, truck.count) == (16.0, 1.5, None)
    assert truck.charging[0].time_s == (0.0, 32.0)
    assert truck.shift_s == (0.0, 100.0)
    assert found.stops[0].windows == ((5.0, 50.0),)
    assert [charger.id for charger in found.chargers] == ["S0"]
    assert (found.objective, found.recharge) == ("trucks_then_cost", "full")


def test_evrptw_survives_being_written(tmp_path: Path):
    once = read("evrptw", tmp_path)
    write_evrptw(once, tmp_path / "small.txt")
    again = read_evrptw(tmp_path / "small.txt")
    assert (again.stops, again.chargers, again.trucks) == (once.stops, once.chargers, once.trucks)
    assert np.array_equal(again.travel.duration_s, once.travel.duration_s)


def test_evrptw_does_not_write_what_it_cannot_say(tmp_path: Path):
    with pytest.raises(InputError, match="more than one truck type"):
        write_evrptw(problem(), tmp_path / "no.txt")


def test_cevrp(tmp_path: Path):
    found = read("cevrp", tmp_path)
    assert found.travel.distance_m[1, 2] == 5.0
    truck = found.trucks[0]
    assert (truck.battery_kwh, truck.kwh_per_m, truck.count) == (20.0, 1.2, None)
    assert truck.charging[0].time_s == (0.0, 0.0)
    assert [stop.demand for stop in found.stops] == [(4.0,), (5.0,)]
    assert found.recharge == "full"


def test_multi_trip_in_tenths(tmp_path: Path):
    found = read("multi", tmp_path)
    assert found.travel.distance_m[0, 1] == math.floor(10 * math.sqrt(2))
    assert found.travel.distance_m[0, 2] == math.floor(10 * math.sqrt(29))
    assert found.trucks[0].count == 2
    assert found.trucks[0].shift_s == (0.0, 1000.0)
    assert [(s.windows[0], s.service_s, s.release_s) for s in found.stops] == [
        ((100.0, 200.0), 90.0, 0.0), ((0.0, 500.0), 90.0, 70.0),
    ]  # fmt: skip
    assert [site.place for site in found.sites] == [0]


def test_rounding_to_the_nearest(tmp_path: Path):
    read("multi", tmp_path)
    found = read_vrplib(tmp_path / "small.vrp", "nearest")
    assert found.travel.distance_m[0].tolist() == [0.0, 1.0, 5.0]
    assert found.stops[0].service_s == 9.0


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ("LOWER_ROW", "4 6 5"),
        ("UPPER_ROW", "4 6 5"),
        ("LOWER_DIAG_ROW", "0 4 0 6 5 0"),
        ("UPPER_DIAG_ROW", "0 4 6 0 5 0"),
        ("FULL_MATRIX", "0 4 6 4 0 5 6 5 0"),
    ],
)
def test_matrices_of_every_form(tmp_path: Path, form: str, numbers: str):
    text = MATRIX.replace("LOWER_ROW", form).replace("4\n6 5\n", numbers + "\n")
    (tmp_path / "small.vrp").write_text(text, encoding="utf-8")
    found = read_vrplib(tmp_path / "small.vrp")
    assert found.travel.distance_m.tolist() == [[0, 4, 6], [4, 0, 5], [6, 5, 0]]


def test_waste(tmp_path: Path):
    found = read("waste", tmp_path)
    truck = found.trucks[0]
    assert found.travel.distance_m[0, 1] * truck.cost_per_m == pytest.approx(2.0)
    assert found.travel.duration_s[0, 1] == pytest.approx(180.0)
    assert found.stops[0].windows == ((7.5 * 3600.0, 12 * 3600.0),)
    assert truck.breaks[0].earliest_s == 11 * 3600.0
    assert truck.must_end_empty


@pytest.mark.parametrize("kind", ["frvcpy", "vrprep"])
def test_nonlinear(tmp_path: Path, kind: str):
    found = read(kind, tmp_path)
    truck = found.trucks[0]
    assert truck.most_duration_s == 36000.0
    assert truck.battery_kwh == 16.0
    assert truck.cost_per_s * 3600.0 == pytest.approx(1.0)
    if kind == "frvcpy":
        assert truck.charging[0].energy_kwh == (0.0, 12.0, 16.0)
        assert truck.charging[0].time_s == (0.0, 1800.0, 5400.0)
        assert found.travel.distance_m[0, 1] * truck.kwh_per_m == pytest.approx(0.1)
    else:
        assert found.travel.distance_m[0, 1] * truck.kwh_per_m == pytest.approx(0.625)
        assert found.travel.duration_s[0, 1] == pytest.approx(450.0)


REFUSED = [
    ("evrptw", "StringID", "Name", "line 1", "header"),
    ("evrptw", "C1 c 3.0", "C1 c three", "line 4, x", "number"),
    ("evrptw", "C1 c 3.0", "C1 c", "line 4", "7 columns"),
    ("evrptw", "C1 c", "C1 x", "line 4, Type", "no such type"),
    ("evrptw", "C2 c", "C1 c", "line 5, StringID", "same id twice"),
    ("evrptw", "10.0 5.0 50.0", "-10.0 5.0 50.0", "line 4, demand", "range"),
    ("evrptw", "10.0 5.0 50.0", "10.0 55.0 50.0", "line 4, DueDate", "window"),
    ("evrptw", "/16.0/", "/0/", "line 7, Q", "range"),
    ("evrptw", "/16.0/", "/nan/", "line 7, Q", "number"),
    ("evrptw", "v average Velocity /0.5/", "", "end of file", "missing"),
    ("evrptw", "D0 d", "D0 f", "column Type", "not one depot"),
    ("cevrp", "TYPE: EVRP", "TYPE: CVRP", "line 3, TYPE", "not such a file"),
    ("cevrp", "DIMENSION: 3", "DIMENSION: three", "line 6, DIMENSION", "number"),
    ("cevrp", "DIMENSION: 3", "DIMENSION: 4", "NODE_COORD_SECTION", "missing"),
    ("cevrp", "CAPACITY: 10\n", "CAPACTIY: 10\n", "CAPACTIY", "unknown"),
    ("cevrp", "CAPACITY: 10\n", "", "CAPACITY", "missing"),
    ("cevrp", "2 3 4", "2 3", "line 14, NODE_COORD_SECTION", "1 columns|2 columns"),
    ("cevrp", "2 3 4", "1 3 4", "line 14, NODE_COORD_SECTION", "same node"),
    ("cevrp", "2 3 4", "9 3 4", "line 14, NODE_COORD_SECTION", "no such node"),
    ("cevrp", "2 4\n", "2 -4\n", "line 19, DEMAND_SECTION", "range"),
    ("cevrp", "1 0\n2 4", "1 1\n2 4", "DEMAND_SECTION", "the depot has a demand"),
    ("cevrp", "STATIONS_COORD_SECTION\n4", "STATIONS_COORD_SECTION\n3", "STATIONS", "announced"),
    ("cevrp", "DEPOT_SECTION\n1\n", "DEPOT_SECTION\n1\n2\n", "DEPOT_SECTION", "not one depot"),
    ("cevrp", "EOF\n", "EOF\nmore\n", "line 27", "behind"),
    ("cevrp", "Name: small", "by hand", "line 1", "neither"),
    ("multi", "3 0 50", "3 60 50", "line 19, TIME_WINDOW_SECTION", "window"),
    ("multi", "\n2 1\nDEPOT", "\nDEPOT", "VEHICLES_RELOAD_DEPOT_SECTION", "some vehicles"),
    ("multi", "\n2 1\nDEPOT", "\n2 2\nDEPOT", "line 26", "the depot"),
    ("multi", "EUC_2D", "GEO", "line 3, EDGE_WEIGHT_TYPE", "no such distance"),
    ("multi", "3 7\n", "3 seven\n", "line 23, RELEASE_TIME_SECTION", "number"),
    ("matrix", "6 5", "6", "EDGE_WEIGHT_SECTION", "not as many numbers"),
    ("matrix", "LOWER_ROW", "LOWER_COL", "line 6, EDGE_WEIGHT_FORMAT", "no such form"),
    ("waste", "280.0 //", "big //", "line 1", "number"),
    ("waste", "500 //", "500.5 //", "line 3", "whole"),
    ("waste", "Stop_ID", "Id", "line 6", "header"),
    ("waste", "2 0.00 5280.00 730", "2 0.00 5280.00 760", "line 9, Early_St_Time", "time of day"),
    ("waste", "730 1200", "1230 1200", "line 9", "window"),
    ("waste", "12.00 1", "12.00 3", "line 9, Stop_Type", "no such type"),
    ("waste", "12.00 1", "12.00", "line 9", "7 columns"),
    ("waste", "9999.00 0", "9999.00 1", "column Stop_Type", "not one depot"),
    ("frvcpy", '"max_q"', '"max"', "max", "unknown key"),
    ("frvcpy", "16000.0,", "16000.0", "line 3", "not JSON"),
    ("frvcpy", '"node_id": 2', '"node_id": 7', "css[0]", "no such node"),
    ("frvcpy", "16000.0,", "NaN,", "file", "finite"),
    ("frvcpy", "0.5,\n    1.5", "0.5,\n    0.6", "breakpoints_by_type[0]", "concave"),
    ("vrprep", "</instance>", "", "line 14", "not XML"),
    ("vrprep", "<instance>", "<!DOCTYPE a><instance>", "file", "document type"),
    ("vrprep", "<cx>3</cx>", "<cx>x</cx>", "node 1, cx", "number"),
    ("vrprep", "<cs_type>slow", "<cs_type>fast", "node 2", "no such charging"),
    ("vrprep", 'node="1"', 'node="2"', "request 1", "not a customer"),
]


@pytest.mark.parametrize(("kind", "old", "new", "where", "what"), REFUSED)
def test_malformed_files_are_refused_by_line(
    tmp_path: Path, kind: str, old: str, new: str, where: str, what: str
):
    with pytest.raises(InputError, match=what) as caught:
        read(kind, tmp_path, old, new)
    error = caught.value.errors[0]
    assert error.where.startswith(where)
    assert error.file == tmp_path / READERS[kind][0]


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, kind: str):
    with pytest.raises(InputError, match="cannot be read"):
        READERS[kind][2](tmp_path / "nowhere")


@pytest.mark.parametrize("kind", READERS)
def test_a_file_cut_off_anywhere_is_read_or_refused_and_nothing_else(tmp_path: Path, kind: str):
    name, text, reader = READERS[kind]
    for end in range(0, len(text), 7):
        (tmp_path / name).write_text(text[:end], encoding="utf-8")
        with suppress(InputError):
            reader(tmp_path / name)


def test_solutions_are_written_and_read(tmp_path: Path):
    of = problem()
    text = solution_text(of, plan(of), 1234.5)
    assert text.splitlines()[0] == "Route #1: 1 2 7 9 3 4 7"
    (tmp_path / "small.sol").write_text(text, encoding="utf-8")
    routes, cost = read_solution(tmp_path / "small.sol")
    assert routes == [[1, 2, 7, 9, 3, 4, 7], [9], [5, 8]]
    assert cost == 1234.5


def test_places_of_a_solution_become_visits_again():
    of = problem()
    calls = calls_at(of, [1, 2, 7, 9, 3, 4, 7])
    route = timetable(of, 0, 0, calls)
    expected = [(v.kind, v.index) for v in plan(of).routes[0].visits if v.kind != "break"]
    assert [(v.kind, v.index) for v in route.visits] == expected
    with pytest.raises(InputError, match="not one thing"):
        calls_at(of, [0])


def test_a_solution_with_other_words_is_refused(tmp_path: Path):
    (tmp_path / "small.sol").write_text("Route #1: 1 2\nTour 3\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: neither a route"):
        read_solution(tmp_path / "small.sol")
