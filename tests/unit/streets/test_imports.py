"""Streets from CSV, OpenStreetMap XML, GraphML and line layers, by small files drawn by hand."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import numpy as np
import pyproj
import pytest
import shapely

from sim.kernel.errors import InputError, InputErrors
from sim.streets.csv_files import StreetColumns, read_csv_streets
from sim.streets.graphml import read_graphml
from sim.streets.imported import speed_km_h
from sim.streets.journeys import Journeys
from sim.streets.layers import LayerColumns, read_street_layer
from sim.streets.osm import read_osm
from sim.streets.snapping import at_node
from tests.gis_files import PLANE, write_layer

# --- CSV ------------------------------------------------------------------------------------

NODES = "name,east,north\na,0,0\nb,300,400\nc,600,0\n"
STREETS = "id,from,to,m,km_h,oneway,class\ns1,a,b,500,36,no,main\ns2,b,c,510,18,yes,side\n"
COLUMNS = StreetColumns(
    node_id="name", x_m="east", y_m="north", length_m="m", speed_km_h="km_h", one_way="oneway",
    kind="class",
)  # fmt: skip


def write_csv(folder: Path, streets: str = STREETS, nodes: str = NODES) -> tuple[Path, Path]:
    (folder / "streets.csv").write_text(streets, encoding="utf-8")
    (folder / "nodes.csv").write_text(nodes, encoding="utf-8")
    return folder / "streets.csv", folder / "nodes.csv"


def test_csv_with_columns_of_other_names(tmp_path: Path):
    graph = read_csv_streets(*write_csv(tmp_path), COLUMNS)
    assert graph.nodes == ("a", "b", "c")
    assert graph.length_m.tolist() == [500.0, 510.0]
    assert graph.free_m_s.tolist() == [10.0, 5.0]
    assert graph.one_way.tolist() == [False, True]
    assert graph.kind == ("main", "side")
    assert (graph.arcs.tail.tolist(), graph.arcs.head.tolist()) == ([0, 1, 1], [1, 2, 0])
    assert graph.xy_m[1].tolist() == [300.0, 400.0]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("s1,a,b", "s1,a,x", "line 2, column to", "no street node"),
        ("500,36", "0,36", "line 2, column m", "not valid"),
        ("500,36", "500,fast", "line 2, column km_h", "not valid"),
        ("s2,b,c", "s1,b,c", "id", "the same street twice"),
        ("yes", "perhaps", "line 3, column oneway", "neither yes nor no"),
        ("km_h", "kmh", "line 1, column km_h", "missing column"),
    ],
)
def test_csv_refusals(tmp_path: Path, old: str, new: str, where: str, what: str):
    with pytest.raises(InputError, match=what) as caught:
        read_csv_streets(*write_csv(tmp_path, STREETS.replace(old, new)), COLUMNS)
    assert caught.value.errors[0].where == where


def test_csv_refuses_a_node_twice(tmp_path: Path):
    with pytest.raises(InputError, match="the same node twice"):
        read_csv_streets(*write_csv(tmp_path, nodes=NODES.replace("c,", "a,")), COLUMNS)


# --- OpenStreetMap --------------------------------------------------------------------------

# A square of about 900 m x 1100 m with a diagonal, a dead end, and what is not for trucks.
OSM = """<?xml version="1.0"?>
<osm version="0.6">
<node id="1" lon="114.29" lat="35.74"/><node id="2" lon="114.30" lat="35.74"/>
<node id="3" lon="114.30" lat="35.75"/><node id="4" lon="114.29" lat="35.75"/>
<node id="5" lon="114.295" lat="35.741"/><node id="6" lon="114.31" lat="35.75"/>
<node id="7" lon="114.32" lat="35.75"/><node id="8" lon="114.33" lat="35.75"/>
<node id="9" lon="114.34" lat="35.75"/>
<way id="10"><nd ref="1"/><nd ref="5"/><nd ref="2"/><nd ref="3"/>
 <tag k="highway" v="primary"/><tag k="maxspeed" v="30 mph"/></way>
<way id="11"><nd ref="3"/><nd ref="4"/><nd ref="1"/>
 <tag k="highway" v="residential"/><tag k="oneway" v="yes"/></way>
<way id="12"><nd ref="3"/><nd ref="6"/><nd ref="99"/>
 <tag k="highway" v="tertiary"/><tag k="maxspeed" v="walk"/></way>
<way id="13"><nd ref="2"/><nd ref="4"/><tag k="highway" v="footway"/></way>
<way id="14"><nd ref="2"/><nd ref="4"/><tag k="highway" v="service"/>
 <tag k="access" v="private"/></way>
<way id="15"><nd ref="7"/><nd ref="8"/><tag k="highway" v="service"/></way>
<way id="16"><nd ref="9"/><nd ref="6"/><tag k="highway" v="service"/><tag k="oneway" v="-1"/></way>
<way id="17"><nd ref="1"/><nd ref="3"/><tag k="building" v="yes"/></way>
</osm>
"""


def write_osm(folder: Path, text: str = OSM) -> Path:
    file = folder / "town.osm"
    file.write_text(text, encoding="utf-8")
    return file


def test_osm(tmp_path: Path):
    found = read_osm(write_osm(tmp_path))
    graph = found.graph
    # Way 10 meets way 11 at its ends only; way 12 joins at node 3, cut at the missing node.
    assert graph.streets == ("10", "11", "12")
    assert set(graph.nodes) == {"1", "3", "6"}
    assert graph.one_way.tolist() == [False, True, False]
    assert graph.free_m_s * 3.6 == pytest.approx([30 * 1.609344, 20.0, 30.0])
    geod = pyproj.Geod(ellps="WGS84")
    expected = geod.line_length([114.29, 114.295, 114.30, 114.30], [35.74, 35.741, 35.74, 35.75])
    assert graph.length_m[0] == pytest.approx(expected, rel=1e-12)
    assert shapely.length(graph.lines[0]) == pytest.approx(expected, rel=1e-5)
    assert len(graph.drawn[0]) == 4
    reasons = dict(found.left_out)
    assert reasons["13"] == "highway=footway is not for trucks"
    assert reasons["14"] == "access=private"
    assert "not reached" in reasons["15"]
    assert "not reached" in reasons["16"]
    assert found.assumed == {
        "20 km/h on residential": 1, "30 km/h on tertiary": 1, "15 km/h on service": 2,
    }  # fmt: skip
    assert found.noted == {
        "a speed that is none: 'walk'": 1,
        "ways with nodes outside of the extract, cut there": 1,
    }
    assert "3 streets, 3 nodes" in str(found)


def test_osm_drives_one_way_streets_one_way(tmp_path: Path):
    graph = read_osm(write_osm(tmp_path)).graph
    tables = Journeys(graph, [at_node(graph, "1"), at_node(graph, "3")]).tables()
    assert tables.distance_m[0, 1] == pytest.approx(graph.length_m[0])
    # Back by the one-way street only if it is quicker: 20 km/h against 48 on way 10.
    assert tables.distance_m[1, 0] == pytest.approx(graph.length_m[0])
    slow = OSM.replace("30 mph", "3 mph")
    graph = read_osm(write_osm(tmp_path, slow)).graph
    tables = Journeys(graph, [at_node(graph, "1"), at_node(graph, "3")]).tables()
    assert tables.distance_m[1, 0] == pytest.approx(graph.length_m[1])
    assert tables.distance_m[0, 1] == pytest.approx(graph.length_m[0])


@pytest.mark.parametrize(
    ("tags", "one_way", "turned"),
    [
        ('<tag k="junction" v="roundabout"/>', True, False),
        ('<tag k="oneway" v="-1"/>', True, True),
        ('<tag k="oneway" v="no"/>', False, False),
        ('<tag k="junction" v="roundabout"/><tag k="oneway" v="no"/>', False, False),
        ('<tag k="oneway" v="reversible"/>', False, False),
    ],
)
def test_osm_directions(tmp_path: Path, tags: str, one_way: bool, turned: bool):
    text = OSM.replace('<tag k="highway" v="primary"/>', f'<tag k="highway" v="primary"/>{tags}')
    text = text.replace('<tag k="oneway" v="yes"/>', '<tag k="oneway" v="no"/>')
    graph = read_osm(write_osm(tmp_path, text)).graph
    i = graph.street_index["10"]
    assert bool(graph.one_way[i]) == one_way
    assert (graph.nodes[graph.start[i]] == "3") == turned


def test_osm_plane_of_choice_and_back(tmp_path: Path):
    found = read_osm(write_osm(tmp_path), crs=PLANE)
    assert found.crs.to_epsg() == 4547
    i = found.graph.index["1"]
    back = found.to_lon_lat(found.graph.xy_m[[i]])
    assert np.allclose(back, [[114.29, 35.74]], atol=1e-9)
    assert np.allclose(found.to_plane(back), found.graph.xy_m[[i]], atol=1e-4)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("</osm>", "", "not XML"),
        ('lon="114.29" lat="35.74"', 'lon="x" lat="35.74"', "not a longitude"),
        ('lon="114.29" lat="35.74"', 'lon="114.29" lat="95"', "not a longitude"),
        ("<osm version", "<!DOCTYPE osm><osm version", "document type"),
    ],
)
def test_osm_refusals(tmp_path: Path, old: str, new: str, what: str):
    with pytest.raises(InputError, match=what):
        read_osm(write_osm(tmp_path, OSM.replace(old, new, 1)))


def test_osm_without_streets_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no drivable way"):
        read_osm(write_osm(tmp_path, OSM.replace("highway", "waterway")))
    with pytest.raises(InputError, match="not a plane in metres"):
        read_osm(write_osm(tmp_path), crs="EPSG:4326")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50.0),
        ("30 mph", 48.28032),
        ("40 km/h", 40.0),
        ("", None),
        ("walk", None),
        ("0", None),
    ],
)
def test_stated_speeds(text: str, value: float | None):
    assert speed_km_h(text) == (value if value is None else pytest.approx(value))


# --- GraphML --------------------------------------------------------------------------------


def write_graphml(folder: Path, **attributes: str) -> Path:
    found = nx.MultiDiGraph(**attributes)
    for name, x, y in (("a", 114.29, 35.74), ("b", 114.30, 35.74), ("c", 114.30, 35.75)):
        found.add_node(name, x=x, y=y)
    for tail, head, length, speed in (
        ("a", "b", 904.0, "50"), ("b", "a", 904.0, "50"), ("b", "c", 1110.0, "['40', '50']"),
        ("c", "a", 1432.0, ""), ("a", "c", 1500.0, "20"),
    ):  # fmt: skip
        found.add_edge(tail, head, length=length, maxspeed=speed, highway="secondary")
    found.edges["a", "c", 0]["geometry"] = "LINESTRING (114.29 35.74, 114.29 35.75, 114.30 35.75)"
    file = folder / "town.graphml"
    nx.write_graphml(found, file)
    return file


def test_graphml(tmp_path: Path):
    found = read_graphml(write_graphml(tmp_path, crs="epsg:4326"))
    graph = found.graph
    assert graph.nodes == ("a", "b", "c")
    assert bool(graph.one_way.all())
    assert sorted(graph.length_m.tolist()) == [904.0, 904.0, 1110.0, 1432.0, 1500.0]
    assert found.assumed == {"40 km/h on secondary": 2}
    assert [len(line) for line in graph.drawn.values()] == [3]
    assert "a-c" in graph.streets
    assert shapely.length(graph.lines[0]) == pytest.approx(904.0, rel=2e-3)
    # Taken by time: a to c over b at 50 and 40 km/h is quicker than straight at 20.
    tables = Journeys(graph, [at_node(graph, "a"), at_node(graph, "c")]).tables()
    assert tables.distance_m[0, 1] == pytest.approx(2014.0)
    assert tables.duration_s[0, 1] == pytest.approx(904 / (50 / 3.6) + 1110 / (40 / 3.6))


def test_graphml_refusals(tmp_path: Path):
    file = write_graphml(tmp_path)
    with pytest.raises(InputError, match="no coordinate system"):
        read_graphml(file)
    assert len(read_graphml(file, source_crs="EPSG:4326").graph.streets) == 5
    text = file.read_text(encoding="utf-8")
    for old, new, what in (
        (">904.0<", ">long<", "not GraphML|not a number"),
        (">LINESTRING", ">POINT", "not a line"),
        ("</graphml>", "", "not XML"),
        ("<graphml ", "<!DOCTYPE a><graphml ", "document type"),
    ):
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(InputError, match=what):
            read_graphml(file, source_crs="EPSG:4326")


# --- layers ---------------------------------------------------------------------------------

EAST, NORTH = 520_000.0, 3_956_000.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(x + EAST, y + NORTH) for x, y in points])


def write_streets(file: Path, **options: object) -> Path:
    """A square whose south side meets a side street in its middle, a bridge, an island."""
    geometry = [
        line((0, 0), (1000, 0)),
        line((1000.2, 0), (1000, 1000)),
        line((1000, 1000), (0, 1000)),
        line((0, 1000), (0, 0.3)),
        line((500, 0.1), (500, 400), (600, 400)),
        line((600, 400), (600, 1200)),  # crosses the north side on a bridge
        line((5000, 0), (5000, 100)),
    ]
    columns = {
        "ID": ["south", "east", "north", "west", "side", "bridge", "island"],
        "SPEED": [50.0, 40.0, None, 40.0, None, 30.0, 30.0],
        "CLASS": ["primary", "primary", "secondary", "primary", "alley", "tertiary", "service"],
        "DIR": ["both", "F", "T", "", "both", "both", "both"],
    }
    write_layer(file, geometry, columns, **options)  # type: ignore[arg-type]
    return file


LAYER = LayerColumns(id="ID", speed_km_h="SPEED", kind="CLASS", one_way="DIR")


@pytest.mark.parametrize("name", ["streets.gpkg", "streets.geojson", "streets.shp"])
def test_layers_of_three_formats(tmp_path: Path, name: str):
    found = read_street_layer(write_streets(tmp_path / name), LAYER, tolerance_m=0.5)
    graph = found.graph
    # "east" and "north" are both one-way to their corner: whoever drives in is not seen again.
    assert set(graph.streets) == {"south:1", "south:2", "west", "side", "bridge"}
    assert dict(found.left_out)["island"].startswith("not reached")
    assert found.noted["crossings without a junction, left as bridges"] == 1
    assert found.assumed["10 km/h on alley, like the slowest"] == 1
    assert found.assumed["40 km/h on secondary"] == 1
    lengths = dict(zip(graph.streets, graph.length_m, strict=True))
    assert lengths["south:1"] == pytest.approx(500.0, abs=0.5)
    assert lengths["side"] == pytest.approx(499.9, abs=0.5)
    at = {node: graph.xy_m[i] for i, node in enumerate(graph.nodes)}
    assert all(math.hypot(*(xy - [EAST, NORTH])) < 2000.0 for xy in at.values())


def test_a_layer_joins_within_the_tolerance_only(tmp_path: Path):
    file = write_streets(tmp_path / "streets.gpkg")
    found = read_street_layer(file, LAYER, tolerance_m=0.05)
    assert found.graph.streets == ("side", "bridge")


def test_a_layer_in_degrees_is_projected(tmp_path: Path):
    to_degrees = pyproj.Transformer.from_crs(PLANE, 4326, always_xy=True)
    drawn = line((0, 0), (1000, 0))
    lon, lat = to_degrees.transform(*np.array(drawn.coords).T)
    file = tmp_path / "streets.geojson"
    write_layer(
        file, [shapely.LineString(np.column_stack((lon, lat)))], {"ID": ["s"]}, crs="EPSG:4326"
    )
    found = read_street_layer(file, LayerColumns(id="ID"))
    assert found.graph.length_m[0] == pytest.approx(1000.0, rel=1e-3)
    assert np.allclose(found.to_lon_lat(found.graph.xy_m), np.column_stack((lon, lat)), atol=1e-9)


def test_layer_refusals(tmp_path: Path):
    file = write_streets(tmp_path / "streets.gpkg")
    with pytest.raises(InputErrors, match="column SPED: no such column"):
        read_street_layer(file, LayerColumns(id="ID", speed_km_h="SPED"))
    with pytest.raises(InputError, match="no such layer"):
        read_street_layer(file, LAYER, layer="rivers")
    with pytest.raises(InputError, match="no such layer"):
        read_street_layer(tmp_path / "nothing.gpkg", LAYER)
    twice = tmp_path / "twice.gpkg"
    write_layer(twice, [line((0, 0), (9, 0)), line((9, 0), (9, 9))], {"ID": ["a", "a"]})
    with pytest.raises(InputErrors, match="the same id as feature 1"):
        read_street_layer(twice, LayerColumns(id="ID"))
    points = tmp_path / "points.gpkg"
    write_layer(points, [shapely.Point(EAST, NORTH)], {"ID": ["a"]})
    with pytest.raises(InputErrors, match="not a line"):
        read_street_layer(points, LayerColumns(id="ID"))
    bare = tmp_path / "bare.shp"
    write_layer(bare, [line((0, 0), (9, 0))], {"ID": ["a"]}, crs=None)
    with pytest.raises(InputError, match="states no coordinate system"):
        read_street_layer(bare, LayerColumns(id="ID"))
    assert read_street_layer(bare, LayerColumns(id="ID"), source_crs=PLANE).graph.streets == ("a",)
