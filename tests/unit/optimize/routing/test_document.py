"""Documents and tables as a fleet office would write them; what is wrong is told all at once."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from optimize.routing.assemble import Assembled, breaks_of, read_problem
from optimize.routing.check import check
from optimize.routing.clock import clock, seconds_of, windows_of
from optimize.routing.plan import LeftOut, Plan
from optimize.routing.plan_tables import plan_csv, plan_geojson
from optimize.routing.refusals import refuse
from optimize.routing.timetable import Call, timetable
from sim.kernel.csv_rows import read_sheet
from sim.kernel.errors import InputError, InputErrors

DOCUMENT = """
name = "town"
dimensions = ["residual_kg", "food_kg"]
deviation_cost = 5.0

[streets]
streets = "streets.csv"
nodes = "nodes.csv"
crs = "EPSG:4547"
limit_m = 60.0
speed_factor = {S4 = 0.0}

[traffic]
begin = ["00:00", "07:00", "09:00"]
factor = [1.0, 0.5, 1.0]

[depots]
rows = [{id = "yard", x_m = 520000.0, y_m = 3956000.0}]

[stops]
file = "stops.csv"
columns = {id = "POINT", x_m = "EAST", y_m = "NORTH", "demand.residual_kg" = "KG", windows = "OPEN"}
defaults = {"demand.food_kg" = 5.0, service_s = 60}

[sites]
rows = [{id = "plant", x_m = 521000.0, y_m = 3956990.0, unload_s = 600.0, windows = "05:00-20:00"}]

[chargers]
file = "chargers.geojson"
columns = {id = "NAME", guns = "GUNS", technology = "KIND"}

[trucks]
file = "trucks.csv"

[[curves]]
truck = "electric"
technology = "dc60"
energy_kwh = [0.0, 80.0, 100.0]
time_s = [0.0, 4800.0, 7200.0]
"""
NODES = """id,x_m,y_m
A,520000,3956000
B,521000,3956000
C,521000,3957000
D,520000,3957000
"""
STREETS = """id,from,to,length_m,speed_km_h
S1,A,B,1000,36
S2,B,C,1000,36
S3,C,D,1000,36
S4,D,A,1000,36
"""
STOPS = """POINT,EAST,NORTH,KG,OPEN,remarks
p1,520500,3956020,200,06:00-08:00 10:00-12:00,at the school
p2,521010,3956500,150,,
p3,520250,3957000,300,,
"""
TRUCKS = """id,start,end,count,capacity.residual_kg,capacity.food_kg,battery_kwh,kwh_per_km,\
shift,breaks,cost_per_km,must_end_empty,rule_driving_s,rule_rest_s,most_distance_m
electric,yard,yard,2,1000,500,100,1.2,06:00-14:00,11:00-12:00/1800,2.5,true,14400,1200,
diesel,yard,yard,,4000,0,,0,05:00-13:00,,3,false,,,50000
"""
CHARGERS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"NAME": "fast", "GUNS": 2, "KIND": "dc60", "note": None},
            "geometry": {"type": "Point", "coordinates": [114.2321929, 35.7357747]},
        }
    ],
}


def write(folder: Path, **changes: str) -> Path:
    """Write the town into a folder; a change is ``name="old=>new"``."""
    files = {
        "town.toml": DOCUMENT, "nodes.csv": NODES, "streets.csv": STREETS, "stops.csv": STOPS,
        "trucks.csv": TRUCKS, "chargers.geojson": json.dumps(CHARGERS),
    }  # fmt: skip
    for key, change in changes.items():
        old, _, new = change.partition("=>")
        name = next(name for name in files if name.partition(".")[0] == key)
        assert old in files[name], "the case changes nothing"
        files[name] = files[name].replace(old, new)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "town.toml"


def town(folder: Path, **changes: str) -> Assembled:
    return read_problem(write(folder, **changes))


def test_the_town_is_read(tmp_path: Path):
    found = town(tmp_path)
    problem = found.problem
    assert [stop.id for stop in problem.stops] == ["p1", "p2", "p3"]
    assert problem.stops[0].demand == (200.0, 5.0)
    assert problem.stops[0].service_s == 60.0
    assert problem.stops[0].windows == ((21600.0, 28800.0), (36000.0, 43200.0))
    assert problem.stops[1].windows == ((0.0, math.inf),)
    assert problem.stops[0].penalty == math.inf
    electric, diesel = problem.trucks
    assert (electric.count, diesel.count) == (2, None)
    assert electric.capacity == (1000.0, 500.0)
    assert electric.kwh_per_m == pytest.approx(0.0012)
    assert electric.cost_per_m == pytest.approx(0.0025)
    assert electric.shift_s == (21600.0, 50400.0)
    assert electric.breaks[0].duration_s == 1800.0
    assert electric.driving_rule is not None
    assert electric.driving_rule.rest_s == 1200.0
    assert electric.must_end_empty
    assert not diesel.must_end_empty
    assert (electric.most_distance_m, diesel.most_distance_m) == (math.inf, 50000.0)
    assert electric.charging[0].energy_kwh == (0.0, 80.0, 100.0)
    assert diesel.charging == ()
    assert (problem.chargers[0].guns, problem.chargers[0].technology) == (2, 0)
    assert problem.sites[0].accepts == (True, True)
    assert problem.travel.speed_factor.tolist() == [1.0, 0.5, 1.0]
    refuse(problem)


def test_travel_is_along_the_streets_with_one_closed(tmp_path: Path):
    found = town(tmp_path)
    travel = found.problem.travel
    places = {name: i for i, name in enumerate(travel.places)}
    # The street from D to A is closed: p3 is 3000 - 250 m from the yard by the other three.
    assert travel.distance_m[places["yard"], places["p3"]] == pytest.approx(2750.0)
    assert travel.duration_s[places["yard"], places["p3"]] == pytest.approx(275.0)
    assert travel.distance_m[places["yard"], places["p1"]] == pytest.approx(500.0)
    assert found.snapped is not None
    assert found.snapped.moved_m[places["p1"]] == pytest.approx(20.0)
    assert found.snapped.moved_m.max() < 60.0
    opened = town(tmp_path, town="speed_factor = {S4 = 0.0}=>")
    assert opened.problem.travel.distance_m[places["yard"], places["p3"]] == pytest.approx(1250.0)


def test_travel_by_a_matrix_and_by_straight_lines(tmp_path: Path):
    names = ("yard", "p1", "p2", "p3", "plant", "fast")
    rows = [
        f"{a},{b},{100 * abs(i - j)},{10 * abs(i - j)}"
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if a != b and (a, b) != ("p1", "p3")
    ]
    (tmp_path / "pairs.csv").write_text(
        "from,to,distance_m,duration_s\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    start, end = DOCUMENT.index("[streets]"), DOCUMENT.index("[traffic]")
    streets = DOCUMENT[start:end]
    with pytest.raises(InputErrors, match="there is a way back and none there"):
        town(tmp_path, town=f"{streets}=>[matrix]\nfile = 'pairs.csv'\n")
    with (tmp_path / "pairs.csv").open("a", encoding="utf-8") as file:
        file.write("p1,p3,150,15\n")
    found = town(tmp_path, town=f"{streets}=>[matrix]\nfile = 'pairs.csv'\n").problem
    index = {name: i for i, name in enumerate(found.travel.places)}
    assert found.travel.distance_m[index["p1"], index["p3"]] == 150.0
    assert found.travel.duration_s[index["yard"], index["plant"]] == 40.0
    straight = "[straight]\nspeed_km_h = 36.0\ndetour = 1.5\n"
    with pytest.raises(InputErrors, match="places of two systems and no plane"):
        town(tmp_path, town=f"{streets}=>{straight}")
    document = write(tmp_path, town=f"{streets}=>{straight}")
    text = document.read_text(encoding="utf-8").replace(
        'file = "chargers.geojson"\ncolumns = {id = "NAME", guns = "GUNS", technology = "KIND"}',
        'rows = [{id = "fast", x_m = 520000.0, y_m = 3956100.0, technology = "dc60"}]',
    )
    document.write_text(text, encoding="utf-8")
    found = read_problem(document).problem
    yard, fast = found.travel.places.index("yard"), found.travel.places.index("fast")
    assert found.travel.distance_m[yard, fast] == pytest.approx(150.0)
    assert found.travel.duration_s[yard, fast] == pytest.approx(15.0)


WRONG = {
    "unknown key": ({"town": 'name = "town"=>name = "town"\ncolour = 1'}, "colour", "extra"),
    "two ways to travel": (
        {"town": "[traffic]=>[straight]\nspeed_km_h = 30.0\n[traffic]"},
        "document",
        "needs one of",
    ),
    "number as text": ({"town": "limit_m = 60.0=>limit_m = 'far'"}, "streets.limit_m", "number"),
    "not TOML": ({"town": "[streets]=>[streets"}, "file", "not TOML"),
    "hours out of order": ({"town": '"07:00", "09:00"=>"09:00", "07:00"'}, "speed profile", "rise"),
    "no such column": ({"town": '"KG"=>"WEIGHT"'}, "line 1, column WEIGHT", "no such column"),
    "no such field": ({"town": "service_s = 60=>servce = 60"}, "stops.defaults.servce", "field"),
    "a cell that is no number": ({"stops": ",200,=>,heavy,"}, "line 2, column KG", "not a number"),
    "a stop twice": ({"stops": "p2,=>p1,"}, "line 3, column id", "the same id"),
    "a window that is none": (
        {"stops": "06:00-08:00=>6 to 8"},
        "line 2, column windows",
        "windows",
    ),
    "too far from a street": ({"stops": "3956020=>3956400"}, "p1", "too far"),
    "no place": ({"stops": "520500,=>,"}, "line 2, column x_m", "no place"),
    "no such depot": ({"trucks": "diesel,yard=>diesel,yart"}, "line 3, column start", "depot"),
    "half a rule": ({"trucks": "14400,1200=>14400,"}, "line 2, column rule_driving_s", "half"),
    "two shifts": (
        {"trucks": "06:00-14:00=>06:00-10:00 11:00-14:00"},
        "line 2, column shift",
        "more than one",
    ),
    "a break that is none": ({"trucks": "/1800=> 1800"}, "line 2, column breaks", "breaks"),
    "an empty cell": ({"trucks": "2,1000=>2,"}, "line 2, column capacity.residual_kg", "empty"),
    "a curve that is none": (
        {"town": "80.0, 100.0=>80.0, 90.0"},
        "trucks[0] electric: charging[0]",
        "full",
    ),
    "a curve of nobody": (
        {"town": 'truck = "electric"=>truck = "eletric"'},
        "curves[0].truck",
        "no",
    ),
    "a technology without a curve": (
        {"town": 'technology = "dc60"=>technology = "ac"'},
        "curves",
        "every technology",
    ),
    "no point": ({"chargers": '"Point"=>"LineString"'}, "feature 1", "not a point"),
    "not JSON": ({"chargers": "{=>["}, "file", "not JSON"),
    "negative demand": ({"stops": ",200,=>,-200,"}, "line 2, column KG", "greater than or equal"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_its_place(tmp_path: Path, name: str):
    changes, where, what = WRONG[name]
    with pytest.raises(InputError) as caught:
        town(tmp_path, **changes)
    said = {error.where: str(error).lower() for error in caught.value.errors}
    assert where in said
    assert what.lower() in said[where]


def test_everything_wrong_in_all_tables_is_told_at_once(tmp_path: Path):
    with pytest.raises(InputErrors) as caught:
        town(tmp_path, stops=",200,=>,heavy,", trucks="2,1000=>2,much", chargers='"Point"=>"Line"')
    files = [error.file.name for error in caught.value.errors if error.file is not None]
    assert sorted(files) == ["chargers.geojson", "stops.csv", "trucks.csv"]


# --- a plan on the map ----------------------------------------------------------------------


def small_plan(found: Assembled) -> Plan:
    calls = [Call("stop", 0), Call("stop", 1), Call("site", 0), Call("charger", 0)]
    return Plan((timetable(found.problem, 0, 0, calls),), (LeftOut(2, "for tomorrow, said Li"),))


def test_a_plan_as_a_table(tmp_path: Path):
    found = town(tmp_path)
    plan = small_plan(found)
    assert check(found.problem, plan).ok
    (tmp_path / "plan.csv").write_text(plan_csv(found.problem, plan), encoding="utf-8")
    sheet = read_sheet(tmp_path / "plan.csv")
    rows = [dict(zip(sheet.header, row.cells, strict=True)) for row in sheet.rows]
    assert [row["kind"] for row in rows] == [
        "start", "stop", "stop", "site", "charger", "end", "left_out",
    ]  # fmt: skip
    assert (rows[1]["id"], rows[1]["arrive"], rows[1]["drive_m"]) == ("p1", "06:00:50", "500.0")
    assert rows[2]["load.residual_kg"] == "350.0"
    assert rows[-1]["reason"] == "for tomorrow, said Li"
    metres = math.fsum(float(row["drive_m"]) for row in rows[:-1])
    assert metres == pytest.approx(check(found.problem, plan).totals.distance_m)


def test_a_plan_on_the_map_runs_along_the_streets(tmp_path: Path):
    found = town(tmp_path)
    plan = small_plan(found)
    document = json.loads(plan_geojson(found.problem, plan, lambda xy: xy, found.journeys))
    line = document["features"][0]
    assert line["geometry"]["type"] == "LineString"
    xy = np.array(line["geometry"]["coordinates"])
    length = float(np.hypot(*np.diff(xy, axis=0).T).sum())
    assert length == pytest.approx(check(found.problem, plan).totals.distance_m, abs=0.01)
    # The corner at B belongs to the line, though nobody stops there.
    assert [521000.0, 3956000.0] in xy.tolist()
    kinds = [feature["properties"]["kind"] for feature in document["features"][1:]]
    assert kinds == ["start", "stop", "stop", "site", "charger", "end", "left_out"]


# --- clocks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"), [("06:30", 23400.0), ("6:30:15", 23415.0), ("26:00", 93600.0)]
)
def test_times_of_day(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["6", "06:60", "06.30", "", "half past six", "-1:00"])
def test_times_that_are_none(text: str):
    with pytest.raises(ValueError, match="time of day"):
        seconds_of(text)


def test_windows_and_breaks():
    assert windows_of("") == ((0.0, math.inf),)
    assert windows_of("06:00-") == ((21600.0, math.inf),)
    assert breaks_of("11:00-12:00/1800 17:00-18:00/600")[1].earliest_s == 61200.0
    with pytest.raises(ValueError, match="windows"):
        windows_of("06:00")
    assert clock(93600.4) == "26:00:00"
    assert clock(-60.0) == "-00:01:00"
    assert clock(math.inf) == ""
